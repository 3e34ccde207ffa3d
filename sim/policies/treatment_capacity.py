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
        "Places stay empty where stigma keeps people away; places without staff raise drop-out; those who leave drug-free care have lost their tolerance."
    )
    place: ClassVar[str] = "Services of these jurisdictions; added places are kept for those for whom it is meant."

    counts: ClassVar[str] = "place-days"

    kind: Literal["treatment_capacity"] = "treatment_capacity"
    places: float = Field(
        default=1.0, ge=0, le=10, description="places added (share of the present ones, assumed 0.2 to 2)"
    )
    dropout: float = Field(
        default=0.9, ge=0.1, le=3, description="rate of dropping out relative to before (ratio, assumed 0.7 to 1.2)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Open places; change how long people stay."""
        whom = self.whom(state)
        levers.treatment_slots[whom] *= 1.0 + self.strength * self.places
        levers.dropout[whom] *= 1.0 + self.strength * (self.dropout - 1.0)

    def deed(self, state: MarketState) -> Deed:
        """Places added, for a day each."""
        places = self._places(state)
        return Deed(places, places)

    def _places(self, state: MarketState) -> float:
        """Places added."""
        return self.strength * self.places * self.places_there(state)

    def cost(self, state: MarketState) -> float:
        """The added places, staffed whether taken or not."""
        return self._places(state) * state.p.costs.treatment_day
