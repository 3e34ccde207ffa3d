"""Social moderation: apps remove more accounts that sell."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.policies.base import Policy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class SocialModeration(Policy):
    """Accounts that sell are removed; sellers come back under new ones with fewer followers, adverts are seen less, fewer people begin.

    References
    ----------
    McCulloch and Furlong 2019: 24 % of 16-24-year-olds see drugs advertised in apps.
    """

    purpose: ClassVar[str] = "Fewer adverts for drugs in young people's feeds, fewer sellers with followers."
    evidence: ClassVar[str] = "[volteface-exposure], [young-online-purchase]; rate of removal assumed."
    can_fail: ClassVar[str] = (
        "Sellers are back at once; regular buyers keep their contact; others turn to the street, so that harm hardly falls."
    )

    kind: Literal["social_moderation"] = "social_moderation"
    removal: float = Field(
        default=3.0,
        ge=0,
        le=30,
        description="accounts removed a month beyond the usual (share; above 1: several times; assumed 0.5 to 15)",
    )
    usd_per_consumer: float = Field(
        default=0.05, ge=0, le=10, description="moderators and tools (USD per consumer and year, assumed 0.01 to 0.5)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Have apps remove more."""
        levers.moderation[0] += self.strength * self.removal

    def cost(self, state: MarketState) -> float:
        """Moderators and tools."""
        return self.strength * self.usd_per_consumer * state.consumers.n / 365.0
