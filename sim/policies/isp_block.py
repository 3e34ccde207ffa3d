"""Access blocking: internet service providers block listed domains of illicit pharmacies."""

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
class IspBlock(LocalPolicy):
    """Customers of providers that block cannot open listed domains, unless they know how to get around it.

    References
    ----------
    Vu et al. 2025: seized domains were back under new names in one or two days, which block lists follow with a lag.
    """

    purpose: ClassVar[str] = "Keep people from opening the sites of illicit pharmacies."
    evidence: ClassVar[str] = (
        "[booter-takedown-2022] on how fast domains are replaced; share of providers, lag of lists and circumvention assumed."
    )
    can_fail: ClassVar[str] = (
        "Lists lag behind new domains; digital skill gets around; who is determined is the least held back; legal sites may be blocked by mistake (not in "
        "the model), and circumvention does not spread by learning here, so that the effect is a ceiling."
    )
    place: ClassVar[str] = "Access providers of these jurisdictions, for the people who live there."
    extent: ClassVar[str] = (
        "`coverage` is drawn once a person: who is with a provider that blocks stays with it, whatever is opened."
    )

    kind: Literal["isp_block"] = "isp_block"
    coverage: float = Field(
        default=0.5, ge=0, le=1, description="customers of providers that block (share, assumed 0.2 to 0.9)"
    )
    usd_per_consumer: float = Field(
        default=0.02, ge=0, le=10, description="lists and filters (USD per consumer and year, assumed 0.005 to 0.2)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Have providers block."""
        where = self.where(state)
        levers.isp_block[where] = 1.0 - (1.0 - levers.isp_block[where]) * (1.0 - self.strength * self.coverage)

    def deed(self, state: MarketState) -> Deed:
        """A day in force where there is an illicit pharmacy to bear on."""
        return Deed(1.0, float(len(state.open_slots(Channel.ILLICIT_PHARMACY)) > 0))

    def cost(self, state: MarketState) -> float:
        """Lists and filters."""
        return self.strength * self.usd_per_consumer * self.consumers(state) / 365.0
