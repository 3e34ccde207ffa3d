"""Platforms' self-regulation: some ban substances, some warn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.policies.base import SUBSTANCE, Policy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class PlatformSelfRegulation(Policy):
    """Platforms are moved to ban listings of some substances, and search engines and apps to warn before illicit offers.

    References
    ----------
    Three large cryptomarkets banned fentanyl in 2016-2018 (press). Prichard et al. 2022: 38-52 % turned back at a warning against 27 % without.
    """

    purpose: ClassVar[str] = "Take the most dangerous goods off the shelves; warn people before they buy."
    evidence: ClassVar[str] = (
        "[market-fentanyl-bans] (no effect known), [warning-message-rct] (another offence, one session); shares of platforms assumed."
    )
    can_fail: ClassVar[str] = (
        "Banned goods are sold under cover names or on markets without a ban, and mixed into others; a warning stops the undecided only, half of whom go on "
        "searching."
    )

    kind: Literal["platform_self_regulation"] = "platform_self_regulation"
    substances: tuple[str, ...] = Field(
        json_schema_extra=SUBSTANCE,
        default=("opioid_analgesic", "nps"),
        description="substances that are banned, by name",
    )
    banning: float = Field(
        default=0.5, ge=0, le=1, description="cryptomarkets and apps that ban them (share, assumed 0.2 to 0.8)"
    )
    warning: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="visits to illicit pharmacies and app sellers with a warning (share, assumed 0.1 to 0.8)",
    )
    usd_per_consumer: float = Field(
        default=0.01,
        ge=0,
        le=10,
        description="negotiation and oversight (USD per consumer and year, assumed 0.002 to 0.1)",
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Ask platforms to ban and to warn."""
        for k, name in enumerate(state.scenario.substances):
            if name in self.substances:
                levers.listing_ban[k] = 1.0 - (1.0 - levers.listing_ban[k]) * (1.0 - self.strength * self.banning)
        levers.warning[0] = 1.0 - (1.0 - levers.warning[0]) * (1.0 - self.strength * self.warning)

    def cost(self, state: MarketState) -> float:
        """Negotiation and oversight."""
        return self.strength * self.usd_per_consumer * state.consumers.n / 365.0
