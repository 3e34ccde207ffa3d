"""Policies: one file per intervention. Importing this package registers them all."""

from sim.agents import enforcement, intermediaries, payments, services  # noqa: F401  scenarios may replace these agents by name
from sim.policies import (
    decriminalisation,
    deflection,
    drug_checking,
    early_warning,
    education_campaign,
    naloxone,
    novel_opioid,
    regulated_supply,
    scheduling,
    support_information,
    takedown,
    treatment_capacity,
    vendor_arrests,
    verification_scheme,
)
from sim.policies.base import Policy

__all__ = [
    "Policy",
    "decriminalisation",
    "deflection",
    "drug_checking",
    "early_warning",
    "education_campaign",
    "naloxone",
    "novel_opioid",
    "regulated_supply",
    "scheduling",
    "support_information",
    "takedown",
    "treatment_capacity",
    "vendor_arrests",
    "verification_scheme",
]
