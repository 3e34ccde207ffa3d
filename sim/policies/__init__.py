"""Policies: one file per intervention. Importing this package registers them all."""

from sim.policies import (
    deflection,
    drug_checking,
    education_campaign,
    operator_exit,
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
    "operator_exit",
    "takedown",
    "vendor_arrests",
    "verification_scheme",
]
