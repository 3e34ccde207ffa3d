"""Enforcement reallocation: the same officer-days on other targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.agents.enforcement import TARGETS
from sim.policies.base import LocalPolicy
from sim.policies.deeds import Deed
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState

Target = Literal["platforms", "vendors", "suppliers", "payments", "post", "users", "referrals"]


@register_policy
class EnforcementReallocation(LocalPolicy):
    """Move a share of the officer-days on one target, users by default, to another, and hire or dismiss officers.

    Staff go to the agencies of the same jurisdiction that work on the target.
    """

    purpose: ClassVar[str] = "Stop charging users and pursue those above them with the same budget."
    evidence: ClassVar[str] = (
        "[market-closure-causes]: raids were the least common way for markets to end. The prototype found fewer people criminalised and no fall in trade "
        "or in the money of organised crime. Share and cost of retraining assumed."
    )
    can_fail: ClassVar[str] = (
        "What is gained in health may come from the trust of users alone; more raids and supplier arrests shift trade and may raise adulteration; agencies "
        "learn their way back to where credit is easy."
    )
    place: ClassVar[str] = "Agencies of these jurisdictions; officer-days stay within each."
    extent: ClassVar[str] = "`share` is one of officer-days, not of people."

    counts: ClassVar[str] = "officer-days"

    kind: Literal["enforcement_reallocation"] = "enforcement_reallocation"
    take_from: Target = Field(default="users", description="target that loses officer-days")
    give_to: Target = Field(default="platforms", description="target that gains them")
    share: float = Field(default=0.5, ge=0, le=1, description="share of the officer-days on the target that is moved")
    hired: float = Field(
        default=0.0,
        ge=-1,
        le=10,
        description="officer-days added on every target (ratio to those there are; negative: dismissed)",
    )
    retraining_usd_per_day: float = Field(
        default=20.0, ge=0, le=1000, description="cost of retraining (USD per officer-day moved; assumed 0 to 100)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Take officer-days off one target and send them to the other; what is hired is paid for as officer-days are."""
        where = self.where(state)
        levers.police_effort[where] *= 1.0 + self.strength * self.hired
        lost, gained = TARGETS.index(self.take_from), TARGETS.index(self.give_to)
        levers.effort_kept[where, lost] *= 1.0 - self.strength * self.share
        levers.effort_gained[where, lost, gained] += self.strength * self.share

    def deed(self, state: MarketState) -> Deed:
        """Officer-days moved, of those that there are."""
        days = self.strength * self.share * self._days(state)
        return Deed(days, days)

    def _days(self, state: MarketState) -> float:
        """Officer-days on the target that loses them, where it acts."""
        k, where = TARGETS.index(self.take_from), self.where(state)
        days = sum(float(agency.effort()[k]) for agency in state.agencies if agency.jurisdiction in where)
        return days * (1.0 + self.strength * self.hired)

    def cost(self, state: MarketState) -> float:
        """Retraining of those who are moved."""
        return self.strength * self.share * self._days(state) * self.retraining_usd_per_day
