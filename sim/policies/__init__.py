"""Policies: one file per intervention. Importing this package registers them all."""

from sim.agents import enforcement, intermediaries, payments, services  # noqa: F401  scenarios may replace these agents by name
from sim.policies import (
    deflection,
    demand_shock,
    drug_checking,
    education_campaign,
    international_operation,
    isp_block,
    operator_exit,
    payment_block,
    platform_self_regulation,
    postal_interdiction,
    safe_purchasing_information,
    search_demotion,
    social_moderation,
    supplier_interdiction,
    supply_shock,
    takedown,
    vendor_arrests,
    verification_scheme,
)
from sim.policies.base import Policy

__all__ = [
    "Policy",
    "deflection",
    "demand_shock",
    "drug_checking",
    "education_campaign",
    "international_operation",
    "isp_block",
    "operator_exit",
    "payment_block",
    "platform_self_regulation",
    "postal_interdiction",
    "safe_purchasing_information",
    "search_demotion",
    "social_moderation",
    "supplier_interdiction",
    "supply_shock",
    "takedown",
    "vendor_arrests",
    "verification_scheme",
]
