"""Takedown: police seize platforms, at once or after running them covertly, or take their moderators away."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Channel
from sim.market.enforcement.attacks import stop_moderation
from sim.market.enforcement.raids import run_covertly, take_down
from sim.policies.base import JURISDICTION, Policy, affordable
from sim.policies.deeds import IDLE, Deed
from sim.registry import register_policy
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState


@register_policy
class Takedown(Policy):
    """Seize the platforms that match, on the first day; with ``covert_days`` police run them first and gather evidence.

    With mode ``moderators`` a cryptomarket stays up, but its disputes are not decided and no feedback is taken until the operator has found others.

    References
    ----------
    Van Buskirk et al. 2017 (Onymous), TNO 2017 (Bayonet); recovery is not scripted: it comes out of substitutes, trust and ties.
    """

    purpose: ClassVar[str] = "Take places of trade away, frighten their users, gather evidence."
    evidence: ClassVar[str] = (
        "[onymous-vendor-drop], [bayonet-user-survey], [booter-takedown-2022]; sizes by default assumed."
    )
    can_fail: ClassVar[str] = (
        "Without moderators honest buyers lose most: fraud goes unpunished and bad goods unnoticed. "
        "Displacement to rivals and direct deals; loss of forum knowledge; publicity draws newcomers; covert running intrudes on privacy."
    )
    place: ClassVar[str] = "`host` says where the platforms are hosted; their users are everywhere."
    instead: ClassVar[dict[str, str]] = {"jurisdictions": "host"}

    counts: ClassVar[str] = "platforms"

    kind: Literal["takedown"] = "takedown"
    mode: Literal["seize", "moderators"] = Field(
        default="seize", description="seize the platform, or take away its moderators and leave it up (cryptomarkets)"
    )
    channel: Literal["cryptomarket", "illicit_pharmacy"] = Field(default="cryptomarket", description="channel")
    rank: int = Field(default=1, ge=1, le=60, description="rank of the first target by recent trade (1 is the largest)")
    count: int = Field(default=1, ge=1, le=60, description="number of platforms, from that rank downwards")
    name: str | None = Field(
        default=None, description="name of one platform, such as cryptomarket-22, instead of a rank"
    )
    host: str | None = Field(
        default=None, json_schema_extra=JURISDICTION, description="only platforms hosted in this jurisdiction"
    )
    publicity: float = Field(default=1.0, ge=0, le=2, description="publicity (0 none, 1 usual, 2 twice the usual)")
    operators_arrested: bool = Field(default=True, description="whether operators are arrested too")
    covert_days: int = Field(default=0, ge=0, le=365, description="days on which police run the platform first")
    case_days: float = Field(
        default=550.0,
        ge=0,
        le=100_000,
        description="real work on the case of a platform (officer-days, assumed 100 to 900)",
    )
    covert_work: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="work added by each 30 days of running it (ratio to the case, assumed 0.3 to 2)",
    )

    def targets(self, state: MarketState) -> np.ndarray:
        """Slots of the platforms that match, largest first."""
        slots = state.open_slots(Channel[self.channel.upper()])
        t = state.platform_table.columns
        if self.name is not None:
            return np.array([s for s in slots if f"{self.channel}-{s}" == self.name], int)
        if self.host is not None:
            slots = slots[t.jurisdiction[slots] == list(state.scenario.jurisdictions).index(self.host)]
        order = np.lexsort((slots, -t.trade60[slots]))
        return slots[order][self.rank - 1 : self.rank - 1 + self.count]

    def act(self, state: MarketState) -> Deed:
        """Seize the targets on the first day, begin to run them, or take their moderators away; each is a case with officer-days of its own."""
        if not self.first_day(state):
            return IDLE
        found = self.targets(state)
        chosen = [s for s in found if uniform(int(state.seed), int(Draw.POLICY), int(s), self.start, 0) < self.strength]
        wanted = max((1 if self.name is not None else self.count) - len(found), 0) + len(chosen)
        dark = self.channel == "cryptomarket"
        covert = self.covert_days if dark and self.mode == "seize" else 0
        usd_each = self.case_days * (1.0 + self.covert_work * covert / 30.0) * state.p.costs.officer_day
        if self.mode == "moderators" and not dark:
            chosen = []
        there, chosen = len(chosen), chosen[: affordable(state, len(chosen), usd_each)]
        for slot in chosen:
            if self.mode == "moderators":
                stop_moderation(state, int(slot), self.publicity, self.kind)
            elif covert:
                last = state.day + covert
                until = last if self.end is None else min(last, self.end)
                run_covertly(state, int(slot), until, self.publicity, self.kind, self.operators_arrested)
            else:
                take_down(state, int(slot), self.publicity, policy=self.kind, operators=self.operators_arrested)
        return Deed(wanted, len(chosen), len(chosen) * usd_each, there - len(chosen))

    def cost(self, state: MarketState) -> float:
        """Nothing besides the cases."""
        return 0.0
