"""Treatment capacity: more places, and care that people stay in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.policies.base import AimedPolicy
from sim.policies.deeds import Deed
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class TreatmentCapacity(AimedPolicy):
    """Add places in treatment and let fewer people drop out of it.

    References
    ----------
    Drop-out and protection follow a published county model; direction of use in treatment: Hayhurst et al. 2019.
    """

    purpose: ClassVar[str] = "Let those who ask for treatment have it soon, and stay."
    evidence: ClassVar[str] = "[diversion-classA-meta] for use in treatment; places and retention assumed."
    can_fail: ClassVar[str] = (
        "Places stay empty where stigma keeps people away; they open as slowly as staff is found, and those opened without it raise drop-out; those who "
        "leave drug-free care have lost their tolerance."
    )
    place: ClassVar[str] = "Services of these jurisdictions; added places are kept for those for whom it is meant."

    counts: ClassVar[str] = "place-days"
    fewer: ClassVar[str] = "found staff for less than all places"

    kind: Literal["treatment_capacity"] = "treatment_capacity"
    places: float = Field(
        default=1.0, ge=0, le=10, description="places added (share of the present ones, assumed 0.2 to 2)"
    )
    hiring_days: int = Field(
        default=180, ge=1, le=3650, description="days until staff is found for all of them (assumed 30 to 730)"
    )
    unstaffed: float = Field(
        default=0.0, ge=0, le=1, description="share of the places still without staff that are opened all the same"
    )
    dropout: float = Field(
        default=0.9, ge=0.1, le=3, description="rate of dropping out relative to before (ratio, assumed 0.7 to 1.2)"
    )

    def staffed(self, state: MarketState) -> float:
        """Share of the added places for which staff has been found by today."""
        return min(1.0, (self.days_on(state) + 1) / self.hiring_days)

    def move(self, state: MarketState, levers: Levers) -> None:
        """Open places; change how long people stay: the longer, the fewer there are to one of the staff."""
        whom, found = self.whom(state), self.staffed(state)
        staffed = self.strength * self.places * found
        opened = staffed + self.strength * self.places * (1.0 - found) * self.unstaffed
        levers.treatment_slots[whom] += opened
        levers.dropout[whom] *= (1.0 + self.strength * (self.dropout - 1.0)) * (1.0 + opened) / (1.0 + staffed)

    def deed(self, state: MarketState) -> Deed:
        """Places to be added, and those with staff, for a day each."""
        places = self._places(state)
        return Deed(places, places * self.staffed(state))

    def _places(self, state: MarketState) -> float:
        """Places to be added."""
        return self.strength * self.places * self.places_there(state)

    def cost(self, state: MarketState) -> float:
        """The staff of the added places, whether these are taken or not."""
        return self._places(state) * self.staffed(state) * state.p.costs.treatment_day
