"""International cooperation: a treaty under which cases abroad lose less, and alerts are passed on sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.policies.base import JURISDICTION, Policy
from sim.policies.deeds import Deed
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class InternationalCooperation(Policy):
    """Jurisdictions that join a treaty make up part of what is missing to full cooperation among them, after it is ratified."""

    purpose: ClassVar[str] = (
        "Let agencies pursue platforms, vendors and suppliers abroad, and let early warning hear sooner what others found."
    )
    evidence: ClassVar[str] = (
        "[onymous-scale]: what an operation of many countries could do. The prototype took cooperation from 0.3 to 0.8 under a treaty and found more raids "
        "without an effect on trade; lag and cost assumed. [ews-network]: alerts shared among national systems."
    )
    can_fail: ClassVar[str] = (
        "Platforms and suppliers in jurisdictions that stay outside go on; trade displaced by more raids comes back elsewhere; what is found on a server is "
        "read by more agencies, where its users live too; ratification takes years."
    )
    place: ClassVar[str] = "`members` says which jurisdictions join."
    instead: ClassVar[dict[str, str]] = {"jurisdictions": "members"}

    idle: ClassVar[str] = "was not in force: not ratified in time, or by fewer than two members"

    kind: Literal["international_cooperation"] = "international_cooperation"
    closed: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="share of what is missing to full cooperation that the treaty makes up (assumed: 0.3 becomes 0.8)",
    )
    members: tuple[str, ...] = Field(
        default=(),
        json_schema_extra=JURISDICTION,
        description="names of the jurisdictions that join, each a jurisdiction of the scenario; none named: all",
    )
    ratification_days: int = Field(
        default=365, ge=0, le=7300, description="days from signing until the treaty is in force (assumed 180 to 1,500)"
    )
    usd_per_officer_day: float = Field(
        default=10.0, ge=0, le=1000, description="cost of liaison (USD per officer-day of the members; assumed 2 to 50)"
    )

    def joined(self, state: MarketState) -> np.ndarray:
        """(J,) whether each jurisdiction is a member."""
        return np.array([not self.members or name in self.members for name in state.scenario.jurisdictions])

    def move(self, state: MarketState, levers: Levers) -> None:
        """Once in force, raise cooperation among members."""
        if self.days_on(state) < self.ratification_days:
            return
        missing, joined = (1.0 - levers.cooperation) * (1.0 - self.strength * self.closed), self.joined(state)
        levers.cooperation[:] = np.where(np.outer(joined, joined), 1.0 - missing, levers.cooperation)

    def deed(self, state: MarketState) -> Deed:
        """A day in force from ratification on, if there are two members or more."""
        due = self.days_on(state) >= self.ratification_days
        return Deed(float(due), float(due and int(self.joined(state).sum()) > 1))

    def cost(self, state: MarketState) -> float:
        """Liaison officers, from signing on."""
        inside = self.joined(state)
        days = sum(float(agency.officer_days) for agency in state.agencies if inside[agency.jurisdiction])
        return self.strength * days * self.usd_per_officer_day
