"""Decriminalisation: users are not charged any longer; supply stays illegal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.agents.codes import Programme
from sim.policies.base import LocalPolicy
from sim.policies.deeds import Parts
from sim.policies.offered import offer
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class Decriminalisation(LocalPolicy):
    """Replace charges of users by nothing or by a referral to services; people return to less stigma.

    Police still meet users and still work against supply: moving their effort elsewhere is another policy.

    References
    ----------
    Rego et al. 2021 (Portugal: encouraging trends, no causal effect of the law alone, stigma persists).
    """

    purpose: ClassVar[str] = "Keep users out of court, and let them ask for help without fear."
    evidence: ClassVar[str] = (
        "[portugal-decriminalisation], [youth-diversion-campbell]; share of charges dropped and stigma assumed."
    )
    can_fail: ClassVar[str] = (
        "Supply stays illegal and its content unknown; without services behind it little changes for health; less risk may bring in newcomers."
    )
    place: ClassVar[str] = "The law and police of these jurisdictions, for the people who live there."
    extent: ClassVar[str] = "`dropped` and `referred` are chances, drawn at each stop by police."

    kind: Literal["decriminalisation"] = "decriminalisation"
    dropped: float = Field(
        default=0.95, ge=0, le=1, description="charges of users that fall away (share, assumed 0.7 to 1)"
    )
    referred: float = Field(
        default=0.1, ge=0, le=1, description="users stopped to whom services are offered (share, assumed 0 to 0.4)"
    )
    taken_up: float = Field(
        default=0.8,
        ge=0.01,
        le=1,
        description="those referred who take it, at usual stigma, trust and knowledge; the law spares the others too (share, assumed 0.5 to 0.95)",
    )
    stigma: float = Field(
        default=0.9,
        ge=0.2,
        le=1.5,
        description="stigma to which people return, relative to before (ratio, assumed 0.7 to 1)",
    )
    newcomers: float = Field(
        default=1.0,
        ge=0.5,
        le=3,
        description="inflow of people who consider an illicit online source (ratio, 1 is no effect; 1 to 1.3)",
    )
    usd_per_consumer: float = Field(
        default=0.02,
        ge=0.001,
        le=10,
        description="cost of commissions and law (USD per consumer and year, assumed 0.005 to 0.1)",
    )
    usd_per_referral: float = Field(
        default=500.0, ge=0, le=20_000, description="cost of a referral (USD, assumed 100 to 3,000)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Drop charges, refer some, change what is thought of users."""
        s, where = self.strength, self.where(state)
        levers.charges[where] *= 1.0 - s * self.dropped
        levers.referral[where] = 1.0 - (1.0 - levers.referral[where]) * (1.0 - s * self.referred)
        if self.referred > 0:
            offer(levers, (where, slice(None), slice(None), Programme.SERVICES), s, self.taken_up)
        levers.stigma[where] *= 1.0 + s * (self.stigma - 1.0)
        levers.initiation[where] *= 1.0 + s * (self.newcomers - 1.0)

    def cost(self, state: MarketState) -> float:
        """Commissions, and those whom they referred yesterday."""
        standing = self.strength * self.usd_per_consumer * self.consumers(state) / 365.0
        return standing + self.parts(state).taken * self.usd_per_referral

    def parts(self, state: MarketState) -> Parts:
        """Users to whom its commissions offered services yesterday, and those who took it."""
        return self.referrals(state, self.strength * self.referred)
