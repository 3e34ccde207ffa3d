"""Supply shock: part of production fails, from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.policies.base import SUBSTANCE, LocalPolicy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class SupplyShock(LocalPolicy):
    """Production of a substance or in a jurisdiction fails, at once or over ``ramp_days``; pharmacies may be short of it, and staff of the post missing.

    What follows is left to stocks, prices, purity and buyers: stocks run down first, then goods get dearer, weaker and scarce.

    References
    ----------
    UNODC 2023 (opium ban); Bergeron et al. 2021 (deliveries in the pandemic).
    """

    purpose: ClassVar[str] = "Ask what a failed harvest, a ban, precursor control or a pandemic does to these markets."
    evidence: ClassVar[str] = (
        "[opium-ban-2022] from memory; [covid-delivery-failure] for the direction in the post; sizes assumed."
    )
    can_fail: ClassVar[str] = (
        "Not a policy: a shock. Stocks can hide it for months; scarce goods are cut and replaced, and people who are used to less are at risk later."
    )
    place: ClassVar[str] = "Makers, pharmacies and the post of these jurisdictions."
    instead: ClassVar[dict[str, str]] = {"jurisdiction": "jurisdictions"}
    exogenous: ClassVar[bool] = True

    kind: Literal["supply_shock"] = "supply_shock"
    substance: str | None = Field(
        default=None, json_schema_extra=SUBSTANCE, description="only this substance of the table (empty: all)"
    )
    lost: float = Field(default=0.5, ge=0, le=1, description="production lost (share)")
    ramp_days: int = Field(default=0, ge=0, le=1000, description="days until all of it is lost")
    prescriptions_lost: float = Field(
        default=0.0, ge=0, le=1, description="prescriptions that pharmacies cannot fill when all of it is lost (share)"
    )
    staff_lost: float = Field(default=0.0, ge=0, le=0.9, description="staff of the post who are missing (share)")

    def move(self, state: MarketState, levers: Levers) -> None:
        """Take production, prescriptions and staff away."""
        grown = 1.0 if self.ramp_days == 0 else min(1.0, (state.day - self.start + 1) / self.ramp_days)
        table, rows = list(state.scenario.substances), self.where(state)
        columns = np.arange(len(table)) if self.substance is None else np.array([table.index(self.substance)])
        levers.production[np.ix_(rows, columns)] *= 1.0 - self.strength * self.lost * grown
        levers.prescriptions[np.ix_(rows, columns)] *= 1.0 - self.strength * self.prescriptions_lost * grown
        levers.postal_staff[rows] *= 1.0 - self.strength * self.staff_lost * grown
