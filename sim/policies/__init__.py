"""Policies: one file per intervention. Importing this package registers them all."""

from sim.agents import enforcement, intermediaries, payments, services  # noqa: F401  scenarios may replace these agents by name
from sim.policies import (
    deflection,
    drug_checking,
    education_campaign,
    international_operation,
    isp_block,
    payment_block,
    platform_self_regulation,
    safe_purchasing_information,
    search_demotion,
    social_moderation,
    takedown,
    vendor_arrests,
    verification_scheme,
)
from sim.policies.base import Policy

__all__ = [
    "Policy",
    "deflection",
    "drug_checking",
    "education_campaign",
    "international_operation",
    "isp_block",
    "payment_block",
    "platform_self_regulation",
    "safe_purchasing_information",
    "search_demotion",
    "social_moderation",
    "takedown",
    "vendor_arrests",
    "verification_scheme",
]
