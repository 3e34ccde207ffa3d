"""Cyber capability: units are trained and equipped, and yield more evidence from an officer-day."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.agents.enforcement import Unit
from sim.policies.base import LocalPolicy
from sim.policies.deeds import Deed
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class CyberCapability(LocalPolicy):
    """Raise the capability of cyber units step by step until it is full after ``years``."""

    purpose: ClassVar[str] = "More evidence on platforms, online vendors and suppliers from the same officer-days."
    evidence: ClassVar[str] = (
        "[onymous-scale] shows what a capable unit can do in one operation; the prototype found more raids and no fall in trade. Gain, time and cost assumed."
    )
    can_fail: ClassVar[str] = (
        "More raids move trade to rivals and direct deals; forum knowledge is lost with markets; more people's messages are read; the effect is late and "
        "the cost is not."
    )
    place: ClassVar[str] = "Cyber units of these jurisdictions; they work on cases everywhere, as before."

    kind: Literal["cyber_capability"] = "cyber_capability"
    gain: float = Field(
        default=0.5, ge=0, le=10, description="what full capability adds to the usual (share; assumed 0.2 to 1)"
    )
    years: float = Field(
        default=2.0, ge=0, le=10, description="time until capability is full (in units of 365 days; assumed 1 to 4)"
    )
    usd_per_officer_day: float = Field(
        default=100.0,
        ge=0,
        le=10_000,
        description="cost of training and equipment that doubles what an officer-day yields (USD per officer-day of cyber units; assumed 20 to 300)",
    )

    def grown(self, state: MarketState) -> float:
        """Share of the gain that there is today."""
        return min(1.0, (self.days_on(state) + 1) / max(365.0 * self.years, 1.0))

    def move(self, state: MarketState, levers: Levers) -> None:
        """Raise the capability of every cyber unit."""
        levers.capability[self.where(state)] *= 1.0 + self.strength * self.gain * self.grown(state)

    def deed(self, state: MarketState) -> Deed:
        """A day in force where there are officers of cyber units."""
        return Deed(1.0, float(self._days(state) > 0))

    def _days(self, state: MarketState) -> float:
        """Officer-days of the cyber units where it acts."""
        where = self.where(state)
        units = [a for a in state.agencies if a.unit == Unit.CYBER and a.jurisdiction in where]
        return sum(float(agency.officer_days) for agency in units)

    def cost(self, state: MarketState) -> float:
        """Training and equipment, in proportion to what full capability adds, from the first day on."""
        return self.strength * self.gain * self._days(state) * self.usd_per_officer_day
