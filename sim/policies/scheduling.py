"""Scheduling: the legal status of a substance becomes stricter or laxer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.policies.base import SUBSTANCE, LocalPolicy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class Scheduling(LocalPolicy):
    """Change the legal status of a substance in some jurisdictions by steps: over the counter, prescription, controlled, prohibited.

    Prescribers, illicit sellers and consumers respond: fewer prescriptions, higher illicit prices, some turn to a substitute and some stop. Within a status (as from
    one schedule of controlled medicines to another) half a step or less changes prescriptions and prices alone.

    References
    ----------
    Martin et al. 2018 (hydrocodone: sales moved to cryptomarkets). Jones et al. 2016 (prescriptions -22 %). Van Hout and Brennan 2012 (10 of 22 went on).
    """

    purpose: ClassVar[str] = "Make a harmful substance harder to get."
    evidence: ClassVar[str] = (
        "[martin-2018-rescheduling], [hcp-prescriptions-2016], [mephedrone-interviews], [bzp-ban], [bzp-displacement]; price response assumed."
    )
    can_fail: ClassVar[str] = (
        "People without a prescription turn to illicit sources; substitutes may be worse; the price premium pays illicit sellers."
    )
    place: ClassVar[str] = "The law of these jurisdictions, for people who live there and what is sold to them."

    kind: Literal["scheduling"] = "scheduling"
    substance: str = Field(
        default="nps", json_schema_extra=SUBSTANCE, description="name of the substance in the scenario's table"
    )
    steps: float = Field(
        default=1.0,
        ge=-3,
        le=3,
        description="steps stricter, negative for laxer (ratio of one step of status, -3 to 3)",
    )
    usd_per_consumer: float = Field(
        default=0.01,
        ge=0.0001,
        le=1,
        description="cost of law and control (USD per consumer and year, assumed 0.001 to 0.1)",
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Change the status today."""
        s = list(state.scenario.substances).index(self.substance)
        levers.scheduling[self.where(state), s] += self.strength * self.steps

    def cost(self, state: MarketState) -> float:
        """Law and control."""
        return self.strength * self.usd_per_consumer * self.consumers(state) / 365.0
