"""Operator exit: from a date on an operator leaves, with the money or in order; a historical event for event studies, no intervention of anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.market.entry_exit.exit import abandon
from sim.policies.base import Policy
from sim.policies.deeds import IDLE, Deed
from sim.registry import register_policy
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState


@register_policy
class OperatorExit(Policy):
    """The operator of a cryptomarket closes it in order on the first day, or keeps what falls due from then on and closes it later.

    An exit scam takes ``platforms.scam_withholds`` days. It is imposed from outside, so that what follows can be studied.

    References
    ----------
    Van Buskirk et al. 2017: the exit scam of Evolution (March 2015) cost more vendor aliases than the raids of November 2014.
    """

    purpose: ClassVar[str] = "Impose the exit of an operator on a date, to study what follows it."
    evidence: ClassVar[str] = "[evolution-exit-vendor-drop], [exit-scam-losses]; the date and the market are history."
    can_fail: ClassVar[str] = (
        "It is an event and no measure: escrow is lost in an exit scam, buyers and vendors scatter, and rivals take the trade over."
    )
    place: ClassVar[str] = "The world: a cryptomarket is one place, whose users are everywhere."

    imposed: ClassVar[bool] = True
    counts: ClassVar[str] = "platforms"

    kind: Literal["operator_exit"] = "operator_exit"
    mode: Literal["exit_scam", "voluntary"] = Field(
        default="exit_scam",
        description="whether the operator takes the escrow along, or pays it out (all of it; a share cannot be set)",
    )
    rank: int = Field(default=1, ge=1, le=60, description="rank of the market by recent trade (1 is the largest)")
    name: str | None = Field(
        default=None, description="name of one platform, such as cryptomarket-22, instead of a rank"
    )
    publicity: float = Field(
        default=0.3, ge=0, le=2, description="publicity (0 none, 1 that of a usual raid, 2 twice that)"
    )

    inquiry_days: float = Field(
        default=20.0,
        ge=0,
        le=1000,
        description="effort of the inquiry that follows (officer-days, assumed 0 to 100)",
    )

    def target(self, state: MarketState) -> int | None:
        """Slot of the market, None where there is no such market."""
        slots = state.crypto_slots()
        if self.name is not None:
            return next((int(s) for s in slots if f"cryptomarket-{s}" == self.name), None)
        order = np.lexsort((slots, -state.platform_table.columns.trade60[slots]))
        return int(slots[order][self.rank - 1]) if self.rank <= len(slots) else None

    def act(self, state: MarketState) -> Deed:
        """Let the operator leave, or start to keep the money, on the first day; an inquiry follows. What users lose is counted by the model."""
        if state.day != self.start:
            return IDLE
        slot = self.target(state)
        if slot is None:
            return Deed(1.0, 0.0)
        if uniform(int(state.seed), int(Draw.POLICY), slot, self.start, 100) >= self.strength:
            return IDLE
        usd = self.inquiry_days * state.p.costs.officer_day
        abandon(state, slot, self.mode == "exit_scam", self.publicity, policy=self.kind)
        return Deed(1.0, 1.0, usd)

    def cost(self, state: MarketState) -> float:
        """Nothing besides the inquiry."""
        return 0.0
