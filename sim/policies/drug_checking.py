"""Drug checking: a service that tells people what they have before they use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Programme
from sim.policies.deeds import Deed
from sim.policies.offered import LastingPolicy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class DrugChecking(LastingPolicy):
    """Offer checking to more people and make it easier to use; those warned discard or use less, ratings and early warning learn from it.

    References
    ----------
    Measham 2019 (uptake 1 in 5, two thirds of mis-sold discarded), Karamouzian et al. 2018 (36 % reduce the dose, OR of overdose 0.41).
    """

    purpose: ClassVar[str] = "Let people know what they have; let early warning see what circulates."
    evidence: ClassVar[str] = (
        "[loop-2016]: a fifth came to a service, [fts-ri-uptake]: 77 % used strips that they were given; [insite-check]; reach, leaving and outreach assumed."
    )
    can_fail: ClassVar[str] = (
        "How often people check binds, not how many are offered it; trust in services and stigma decide who comes; some leave."
    )
    place: ClassVar[str] = "A service for people who live there; what it sees feeds the early warning of the place."
    extent: ClassVar[str] = "`reach` is a chance, drawn for each parcel that arrives for those who take part."

    counts: ClassVar[str] = "checks"

    programmes: ClassVar[tuple[Programme, ...]] = (Programme.CHECKING,)

    kind: Literal["drug_checking"] = "drug_checking"
    reach: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="parcels at which those who take part have it within reach (share, assumed 0.1 to 1)",
    )
    uptake: float = Field(
        default=1.0,
        ge=0.1,
        le=5,
        description="how much easier it is to use than usual (ratio; 4 when strips are handed out)",
    )
    usd_per_consumer: float = Field(
        default=0.1,
        ge=0,
        le=10,
        description="cost of outreach at full reach (USD per consumer for whom it is meant and year, assumed 0.02 to 0.5)",
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Widen reach and ease uptake."""
        whom = self.offered_to(state, levers)
        levers.checking_reach[whom] += self.strength * self.reach
        levers.check_uptake[whom] *= 1.0 + self.strength * (self.uptake - 1.0)

    def deed(self, state: MarketState) -> Deed:
        """Checks of the day before beyond the usual ones."""
        checks = self._extra(state)
        return Deed(checks, checks)

    def _extra(self, state: MarketState) -> float:
        """Checks of the day before that it brought about, of those for whom it is meant; where several programmes overlap, each has its part of them."""
        who, every = state.yesterday.checked, state.yesterday.easier
        if not len(who) or self.new_today(state):  # when it begins, all were brought about by others
            return 0.0
        ours = slice(None) if self.everyone(state) else self.meant(state)[who]
        eased = np.log1p(self.strength * (self.uptake - 1.0))  # these add up over programmes, factors do not
        mine = self.strength * self.reach + state.p.consumption.checking_base * eased
        return float(np.clip(mine / np.maximum(every[ours], 1e-300), 0.0, 1.0).sum())

    def cost(self, state: MarketState) -> float:
        """Checks of the day before beyond the usual ones, and outreach to those reached."""
        outreach = self.strength * self.reach * self.usd_per_consumer * self.consumers(state) / 365.0
        return self._extra(state) * state.p.costs.check + outreach
