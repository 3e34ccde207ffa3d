"""Policies: one file per intervention. Importing this package registers them all."""

from sim.agents import enforcement, intermediaries, payments, services  # noqa: F401  scenarios may replace these agents by name
from sim.policies import deflection, drug_checking, education_campaign, takedown, vendor_arrests, verification_scheme
from sim.policies.base import Policy

__all__ = [
    "Policy",
    "deflection",
    "drug_checking",
    "education_campaign",
    "takedown",
    "vendor_arrests",
    "verification_scheme",
]
