"""Search demotion: engines take rank from illicit pharmacies."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.agents.codes import Channel
from sim.policies.base import LocalPolicy
from sim.policies.deeds import Deed
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class SearchDemotion(LocalPolicy):
    """Illicit results lose rank; programmes win it back with hijacked hosts and new domains.

    References
    ----------
    Leontiadis, Moore and Christin 2011: a third of results for drug queries were hijacked hosts.
    """

    purpose: ClassVar[str] = "Let searches for medicines end at licensed pharmacies."
    evidence: ClassVar[str] = "[search-redirect-share], [opioid-search-illegal]; size and speed of demotion assumed."
    can_fail: ClassVar[str] = (
        "Sellers poison results again, so that speed counts more than size; for controlled medicines nearly all results are illicit, and little changes "
        "until nearly all are demoted; people who buy regularly do not search."
    )
    place: ClassVar[str] = (
        "What search engines show people who live there: the results of each place are the same for all of them."
    )
    extent: ClassVar[str] = "`demotion` is one of rank, not of people."

    kind: Literal["search_demotion"] = "search_demotion"
    demotion: float = Field(
        default=0.5, ge=0, le=1, description="rank taken from illicit sites (share, assumed 0.2 to 0.9)"
    )
    usd_per_consumer: float = Field(
        default=0.01,
        ge=0,
        le=10,
        description="reports to and by engines (USD per consumer and year, assumed 0.002 to 0.1)",
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Ask engines to demote."""
        where = self.where(state)
        levers.demotion[where] = 1.0 - (1.0 - levers.demotion[where]) * (1.0 - self.strength * self.demotion)

    def deed(self, state: MarketState) -> Deed:
        """A day in force where there is an illicit pharmacy to bear on."""
        return Deed(1.0, float(len(state.open_slots(Channel.ILLICIT_PHARMACY)) > 0))

    def cost(self, state: MarketState) -> float:
        """Reports."""
        return self.strength * self.usd_per_consumer * self.consumers(state) / 365.0
