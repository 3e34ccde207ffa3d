"""Platforms' self-regulation: some ban substances, some warn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.policies.base import SUBSTANCE, LocalPolicy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class PlatformSelfRegulation(LocalPolicy):
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
        "Banned goods are sold on markets without a ban, or under the names of others, with less known of what is in them; a warning stops the undecided "
        "only, who search on."
    )
    place: ClassVar[str] = (
        "Bans: cryptomarkets hosted and apps with their seat there, for all their users. Warnings: what people who live there are shown."
    )
    extent: ClassVar[str] = (
        "`banning` is drawn once a platform and substance: a larger share takes in the platforms of a smaller one. `warning` is a chance, drawn at each visit."
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
        where = self.where(state)
        for k, name in enumerate(state.scenario.substances):
            if name in self.substances:
                open_to_all = (1.0 - levers.listing_ban[where, k]) * (1.0 - self.strength * self.banning)
                levers.listing_ban[where, k] = 1.0 - open_to_all
        levers.warning[where] = 1.0 - (1.0 - levers.warning[where]) * (1.0 - self.strength * self.warning)

    def cost(self, state: MarketState) -> float:
        """Negotiation and oversight."""
        return self.strength * self.usd_per_consumer * self.consumers(state) / 365.0
