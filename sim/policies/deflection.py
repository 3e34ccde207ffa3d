"""Deflection: police refer users to community treatment and support instead of charging them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.agents.codes import Programme
from sim.policies.deeds import Deed, Parts
from sim.policies.offered import OfferedPolicy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class Deflection(OfferedPolicy):
    """Offer services to users who are stopped; places in treatment grow with it.

    References
    ----------
    Collins et al. 2017, 2019 (LEAD: odds of arrest 60 % lower, legal cost about 8,000 USD a person lower); Schiff et al. 2016; Wilson et al. 2018.
    """

    purpose: ClassVar[str] = "Keep people out of court and bring them to help."
    evidence: ClassVar[str] = (
        "[lead-arrest-6m], [lead-utilisation-cost], [youth-diversion-campbell], [angel-placement]: 4 % of those who came themselves changed their mind; "
        "offer, take-up and places assumed."
    )
    can_fail: ClassVar[str] = (
        "Those who trust police least do not take it and are charged; without places in treatment it only spares the charge; contacts with police remain."
    )
    place: ClassVar[str] = (
        "Offered by police and services to people who live there; added places are kept for those for whom it is meant."
    )
    extent: ClassVar[str] = "`offer` is a chance, drawn at each stop by police."

    counts: ClassVar[str] = "referrals"
    fewer: ClassVar[str] = "was not taken up by all to whom it was offered"

    programmes: ClassVar[tuple[Programme, ...]] = (Programme.SERVICES,)

    kind: Literal["deflection"] = "deflection"
    offer: float = Field(default=0.5, ge=0, le=1, description="users stopped who are offered services (share)")
    places: float = Field(default=0.1, ge=0, le=5, description="treatment places added (share of the present ones)")
    taken_up: float = Field(
        default=0.8,
        ge=0.01,
        le=1,
        description="those offered services who take them, at usual stigma, trust and knowledge (share, assumed 0.5 to 0.95)",
    )
    months: float = Field(default=6.0, ge=0, le=24, description="case management per person referred (months)")

    def move(self, state: MarketState, levers: Levers) -> None:
        """Refer instead of charging; add places."""
        whom = self.offered_to(state, levers)
        levers.referral[whom] = 1.0 - (1.0 - levers.referral[whom]) * (1.0 - self.strength * self.offer)
        levers.treatment_slots[whom] += self.strength * self.places

    def deed(self, state: MarketState) -> Deed:
        """Users to whom it offered services yesterday, and those of them who were referred."""
        offered, referred, _, _ = self.parts(state)
        return Deed(offered, referred)

    def parts(self, state: MarketState) -> Parts:
        """Users to whom it offered services yesterday, and those who took it."""
        return self.referrals(state, self.strength * self.offer)

    def cost(self, state: MarketState) -> float:
        """Case management of those whom its offer referred yesterday, and the added places."""
        slots = self.places_there(state)
        return (
            self.parts(state).taken * self.months * state.p.costs.case_month
            + self.strength * self.places * slots * state.p.costs.treatment_day
        )
