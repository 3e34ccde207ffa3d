"""Novel opioid: a strong synthetic enters adulterated supply. A shock, not a measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.policies.base import Policy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class NovelOpioid(Policy):
    """From a day on, more of the opioids and sedatives that are not what they are sold as hold a strong synthetic.

    References
    ----------
    Two fifths of counterfeit pills bought in one place held fentanyl; 88 new synthetic opioids in Europe since 2009.
    """

    purpose: ClassVar[str] = (
        "Ask what a strong synthetic opioid in adulterated supply does, and which services answer it."
    )
    evidence: ClassVar[str] = "[mexico-pharmacy-pills], [opioid-nps], [insite-check]; the share by default assumed."
    can_fail: ClassVar[str] = "It is a shock: it does harm; where little is adulterated it hardly shows."
    place: ClassVar[str] = (
        "The world: it comes with the goods of suppliers and vendors whose parcels go everywhere, and the table of substances holds one content for all."
    )
    extent: ClassVar[str] = "`share` is one of counterfeits, drawn for each batch."

    imposed: ClassVar[bool] = True

    kind: Literal["novel_opioid"] = "novel_opioid"
    share: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="misrepresented opioids and sedatives that hold it beyond the usual (share, assumed 0.1 to 0.8)",
    )
    response_usd: float = Field(
        default=0.01,
        ge=0.0001,
        le=10,
        description="cost of analyses and inquests (USD per consumer and year, assumed 0.001 to 0.1)",
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """It is in the supply today."""
        levers.contaminant[0] = 1.0 - (1.0 - levers.contaminant[0]) * (1.0 - self.strength * self.share)

    def cost(self, state: MarketState) -> float:
        """Analyses and inquests."""
        return self.strength * self.response_usd * state.consumers.n / 365.0
