"""Policies: one file per intervention. Importing this package registers them all."""

from sim.agents import enforcement, intermediaries, payments, services  # noqa: F401  scenarios may replace these agents by name
from sim.policies import (
    cyber_capability,
    deflection,
    drug_checking,
    education_campaign,
    enforcement_reallocation,
    international_cooperation,
    network_attack,
    takedown,
    vendor_arrests,
    verification_scheme,
)
from sim.policies.base import Policy

__all__ = [
    "Policy",
    "cyber_capability",
    "deflection",
    "drug_checking",
    "education_campaign",
    "enforcement_reallocation",
    "international_cooperation",
    "network_attack",
    "takedown",
    "vendor_arrests",
    "verification_scheme",
]
