"""Social moderation: apps remove more accounts that sell."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Channel
from sim.policies.base import LocalPolicy
from sim.policies.deeds import Deed
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class SocialModeration(LocalPolicy):
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
    place: ClassVar[str] = (
        "Apps that have their seat there, for all their users: a company moderates its app as a whole. Seats are dealt out over the jurisdictions in turn (assumed)."
    )
    extent: ClassVar[str] = "`removal` is a rate: each account may be removed on each day."

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
        levers.moderation[self.where(state)] += self.strength * self.removal

    def deed(self, state: MarketState) -> Deed:
        """A day in force where there is an app to bear on."""
        return Deed(1.0, float(len(state.open_slots(Channel.SOCIAL_APP)) > 0))

    def cost(self, state: MarketState) -> float:
        """Moderators and tools."""
        seats = [company.platform.jurisdiction for company in state.media]
        part = 1.0 if self.everyone(state) or not seats else float(np.isin(seats, self.where(state)).mean())
        return self.strength * self.usd_per_consumer * part * state.consumers.n / 365.0
