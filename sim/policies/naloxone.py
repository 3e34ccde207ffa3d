"""Naloxone: outreach hands out kits, with which people rescue their friends."""

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
class Naloxone(LastingPolicy):
    """Hand out naloxone to people who use: those who take kits rescue friends, and can be rescued with their own. Kits spread over months and are lost again.

    References
    ----------
    Walley et al. 2013 (communities with low and high enrolment: rate ratios of death 0.73 and 0.54).
    """

    purpose: ClassVar[str] = "Keep overdoses from being fatal."
    evidence: ClassVar[str] = (
        "[naloxone-oend], [naloxone-prescribing]; carriage [naloxone-carried], [naloxone-carried-scotland]; at home [overdose-at-home]; take-up and leaving assumed."
    )
    can_fail: ClassVar[str] = (
        "Nobody can give it to somebody who uses alone; most kits stay at home, where they help who lives there; those who trust services least take none, "
        "and nor may anybody's friends; "
        "kits expire; it prevents deaths and no overdoses."
    )
    place: ClassVar[str] = "Kits for people who live there; their friends elsewhere are rescued with them too."
    extent: ClassVar[str] = (
        "`carriage` is the chance that somebody who took kits has one with them, at each overdose anew (at one of their own at home the kit is there); "
        "who is told by `outreach` is drawn anew each week."
    )

    counts: ClassVar[str] = "kits"

    programmes: ClassVar[tuple[Programme, ...]] = (Programme.NALOXONE, Programme.SUPPORT)

    kind: Literal["naloxone"] = "naloxone"
    carriage: float = Field(
        default=0.26,
        ge=0,
        le=1,
        description="those who take kits who have one with them (share, 0.05 to 0.64)",
    )
    outreach: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="consumers whom outreach also tells of services in a week (share, assumed 0 to 0.1)",
    )
    knowledge: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="knowledge of services gained per contact of outreach (share of what is missing, assumed 0.01 to 0.1)",
    )

    @property
    def offering(self) -> tuple[Programme, ...]:
        """Kits, and with outreach information on services."""
        return self.programmes if self.outreach > 0 else self.programmes[:1]

    def move(self, state: MarketState, levers: Levers) -> None:
        """Give people kits; tell those met of services."""
        whom = self.offered_to(state, levers)
        for lever, share in ((levers.naloxone_kept, 1.0), (levers.naloxone, self.carriage)):
            lever[whom] = 1.0 - (1.0 - lever[whom]) * (1.0 - self.strength * share)
        share = self.strength * self.outreach
        levers.support_reach[whom] += share
        levers.support_message[whom] += share * self.knowledge

    def deed(self, state: MarketState) -> Deed:
        """Kits handed out."""
        kits = self._kits(state)
        return Deed(kits, kits)

    def _kits(self, state: MarketState) -> float:
        """Kits of today: all who take kits get one, whatever they use and wherever they keep it, and another when it is used, lost or expired."""
        return self.strength * np.count_nonzero(self.inside(state)) / state.p.services.naloxone_days

    def cost(self, state: MarketState) -> float:
        """Kits for all who take them, and contacts of outreach."""
        contacts = self.reached(state, self.strength * self.outreach / 7.0)
        return self._kits(state) * state.p.costs.naloxone_kit + contacts * state.p.costs.campaign_contact
