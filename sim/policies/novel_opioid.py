"""Novel opioid: a strong synthetic comes within reach of suppliers. A shock, not a measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.market.supply.mixing import offer
from sim.policies.base import LocalPolicy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.market.state import MarketState


@register_policy
class NovelOpioid(LocalPolicy):
    """A strong synthetic is at hand; suppliers take it up as they look for what to mix in, and put it into heroin and into counterfeit medicines.

    Those who work there take it; groups elsewhere get it from their manufacturers. Two such shocks are two substances.

    References
    ----------
    Two fifths of counterfeit pills bought in one place held fentanyl; 88 new synthetic opioids in Europe since 2009.
    """

    purpose: ClassVar[str] = (
        "Ask what a strong synthetic opioid in adulterated supply does, and which services answer it."
    )
    evidence: ClassVar[str] = "[mexico-pharmacy-pills], [opioid-nps], [insite-check]; the share by default assumed."
    can_fail: ClassVar[str] = (
        "It is a shock: it does harm; where little is adulterated, or few suppliers take it up, it hardly shows."
    )
    place: ClassVar[str] = (
        "Suppliers who work in these jurisdictions; their goods go wherever they and their vendors sell."
    )
    extent: ClassVar[str] = "`share` is one of the goods of suppliers who took it up, drawn for each batch."

    imposed: ClassVar[bool] = True

    kind: Literal["novel_opioid"] = "novel_opioid"
    share: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="opioids, and sedatives and medicines where they are counterfeit, of a supplier who took it up that hold it (share, assumed 0.1 to 0.8)",
    )
    potency: float = Field(
        default=1.0,
        ge=0.1,
        le=100,
        description="strength of goods that hold it, relative to those with other strong synthetics (ratio, assumed 0.5 to 3)",
    )
    response_usd: float = Field(
        default=0.01,
        ge=0.0001,
        le=10,
        description="cost of analyses and inquests (USD per consumer and year, assumed 0.001 to 0.1)",
    )

    def act(self, state: MarketState) -> None:
        """It is at hand today."""
        what = self.model_dump_json(exclude={"strength"})
        offer(state, what, self.where(state), self.potency, self.strength * self.share, self.kind)

    def cost(self, state: MarketState) -> float:
        """Analyses and inquests where it is at hand."""
        share = float(state.world.consumer_weight[self.where(state)].sum())
        return self.strength * self.response_usd * share * state.consumers.n / 365.0
