"""What is traded and where: substances, channels and jurisdictions as plain objects, read from a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.scenario import Scenario

LICENSED, PHARMACY, APP, CRYPTO, DIRECT, STREET = (
    "licensed_pharmacy", "illicit_pharmacy", "social_app", "cryptomarket", "direct", "street",
)  # fmt: skip
SEARCH = PHARMACY
"""The open web stands where illicit pharmacies would: nobody chooses those, people meet them while searching."""

ABSTAIN = "abstain"
CHANNELS = (LICENSED, PHARMACY, APP, CRYPTO, DIRECT, STREET)
SEGMENTS = ("patient", "recreational", "dependent", "social_supplier")
LAWS = ("over_the_counter", "prescription", "controlled", "prohibited")


@dataclass(frozen=True, eq=False, slots=True)
class Drug:
    """A substance, as consumers and vendors meet it."""

    name: str
    dose_usd: float
    doses_per_order: float
    doses_per_day: float
    dependence_per_use: float
    sold_by: frozenset[str]
    law: dict[str, str]
    """Legal status by jurisdiction."""


@dataclass(frozen=True, eq=False, slots=True)
class Country:
    """A jurisdiction."""

    name: str
    share: float
    vendor_share: float
    border: float
    domestic_intercept: float
    legitimate_access: float
    price_factor: float


def drugs(scenario: Scenario) -> list[Drug]:
    """The substances of a scenario."""
    places = list(scenario.jurisdictions)
    return [
        Drug(
            name, s.dose_usd, s.doses_per_order, s.doses_per_day, s.dependence_per_use, frozenset(s.sold_by),
            {place: s.legal_status(place) for place in places},
        )
        for name, s in scenario.substances.items()
    ]  # fmt: skip


def countries(scenario: Scenario) -> list[Country]:
    """The jurisdictions of a scenario."""
    return [
        Country(
            name, j.share, j.vendor_share, j.border, j.domestic_intercept, j.legitimate_access, j.price_factor,
        )
        for name, j in scenario.jurisdictions.items()
    ]  # fmt: skip


def needs(scenario: Scenario) -> dict[str, list[float]]:
    """How often each segment needs each substance, relative to its other needs; in the order of the table."""
    return {segment: [getattr(s.needs, segment) for s in scenario.substances.values()] for segment in SEGMENTS}
