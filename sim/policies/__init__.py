"""Policies: one file per intervention. Importing this package registers them all."""

from sim.policies import (
    deflection,
    demand_shock,
    drug_checking,
    education_campaign,
    postal_interdiction,
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
    "postal_interdiction",
    "supplier_interdiction",
    "supply_shock",
    "takedown",
    "vendor_arrests",
    "verification_scheme",
]
