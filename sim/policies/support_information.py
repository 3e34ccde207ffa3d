"""Support information: what help there is, told without stigma."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.agents.codes import Programme
from sim.policies.deeds import Deed
from sim.policies.offered import OfferedPolicy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class SupportInformation(OfferedPolicy):
    """Tell people which services help, without stigma: those reached know more of them and feel less stigma; both fade.

    References
    ----------
    No trial of such information for buyers in online markets was found; what help people find when it is offered: Schiff et al. 2016.
    """

    purpose: ClassVar[str] = "Let people who want help find it, and let fewer stay away out of shame."
    evidence: ClassVar[str] = (
        "[angel-placement] shows that people come when help is offered openly; reach and effects assumed."
    )
    can_fail: ClassVar[str] = (
        "Those who feel most stigma listen least; "
        "where treatment has no places it only lengthens the waiting list; knowledge fades; wording that blames adds stigma (negative stigma_relief)."
    )
    place: ClassVar[str] = "Told to people who live there."
    extent: ClassVar[str] = (
        "`reach` is a rate: each week a new draw decides who of those for whom it is meant is reached. Effects are means over "
        "those reached, so that those who listen take more from it."
    )

    counts: ClassVar[str] = "contacts"

    programmes: ClassVar[tuple[Programme, ...]] = (Programme.SUPPORT,)

    kind: Literal["support_information"] = "support_information"
    reach: float = Field(
        default=0.1, ge=0, le=1, description="consumers reached in a week (share, assumed 0.02 to 0.3)"
    )
    knowledge: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="knowledge of services gained per contact (share of what is missing, assumed 0.01 to 0.1)",
    )
    stigma_relief: float = Field(
        default=0.01, ge=-0.1, le=0.2, description="stigma lost per contact (share of what is felt, assumed 0 to 0.03)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Send information."""
        share, whom = self.strength * self.reach, self.offered_to(state, levers)
        levers.support_reach[whom] += share
        levers.support_message[whom] += share * self.knowledge
        levers.stigma_message[whom] += share * self.stigma_relief

    def deed(self, state: MarketState) -> Deed:
        """Contacts made."""
        contacts = self._contacts(state)
        return Deed(contacts, contacts)

    def _contacts(self, state: MarketState) -> float:
        """Contacts of today, weekly ones spread over the week."""
        return self.reached(state, self.strength * self.reach / 7.0)

    def cost(self, state: MarketState) -> float:
        """Contacts."""
        return self._contacts(state) * state.p.costs.campaign_contact
