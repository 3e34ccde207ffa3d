"""Naloxone: outreach hands out kits, so that whoever is present at an overdose has one."""

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
    """Hand out naloxone around people who use; carriage builds up over months and is lost again when the programme ends.

    References
    ----------
    Walley et al. 2013 (communities with low and high enrolment: rate ratios of death 0.73 and 0.54).
    """

    purpose: ClassVar[str] = "Keep overdoses from being fatal."
    evidence: ClassVar[str] = "[naloxone-oend], [naloxone-prescribing]; carriage, take-up and leaving assumed."
    can_fail: ClassVar[str] = (
        "Nobody can give it to somebody who uses alone; those who trust services least take no kits; kits expire; it prevents deaths and no overdoses."
    )
    place: ClassVar[str] = "Kits around people who live there."
    extent: ClassVar[str] = (
        "`carriage` is the chance that somebody at hand carries a kit, drawn at each overdose; who is told by `outreach` is drawn anew each week."
    )

    counts: ClassVar[str] = "kits"

    programmes: ClassVar[tuple[Programme, ...]] = (Programme.NALOXONE, Programme.SUPPORT)

    kind: Literal["naloxone"] = "naloxone"
    carriage: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="people around those who take kits whom the programme means to equip (share, 0.1 to 1)",
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

    def move(self, state: MarketState, levers: Levers) -> None:
        """Equip people; tell those met of services."""
        whom = self.offered_to(state, levers)
        levers.naloxone[whom] = 1.0 - (1.0 - levers.naloxone[whom]) * (1.0 - self.strength * self.carriage)
        share = self.strength * self.outreach
        levers.support_reach[whom] += share
        levers.support_message[whom] += share * self.knowledge / self.taken_up

    def deed(self, state: MarketState) -> Deed:
        """Kits handed out."""
        kits = self._kits(state)
        return Deed(kits, kits)

    def _kits(self, state: MarketState) -> float:
        """Kits of today, for people around those who use opioids and take kits."""
        c, n = state.consumers.columns, state.consumers.n
        around = np.count_nonzero((state.substances.opioid[c.substance[:n]] > 0) & self.inside(state))
        return self.strength * self.carriage * around / state.p.services.naloxone_days

    def cost(self, state: MarketState) -> float:
        """Kits that are handed out to people around those who use opioids, and contacts of outreach."""
        contacts = self.reached(state, self.strength * self.outreach / 7.0)
        return self._kits(state) * state.p.costs.naloxone_kit + contacts * state.p.costs.campaign_contact
