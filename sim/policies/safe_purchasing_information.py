"""Information on safe purchasing: how to look a pharmacy up, and what an illicit one looks like."""

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
class SafePurchasingInformation(OfferedPolicy):
    """Patients are taught to look a pharmacy up before they buy; signs of illicit ones are shown where they search.

    References
    ----------
    Snyder and Hamilton 1999: campaigns that teach a new behaviour move some 12 of 100 in the short term. ASOP 2017: 95 % know no tool to verify.
    """

    purpose: ClassVar[str] = "Let people who buy medicines online find licensed supply themselves."
    evidence: ClassVar[str] = (
        "[snyder-1999-types], [us-verify-awareness], [student-rogue-detection]; reach and what is shown at search assumed."
    )
    can_fail: ClassVar[str] = (
        "The lesson fades; people without a prescription know and do not care; who turns back may go without medicine or to the street."
    )
    place: ClassVar[str] = "Taught and shown to people who live there."
    extent: ClassVar[str] = (
        "`reach` is a rate: each week a new draw decides who of those for whom it is meant is reached. `shown` is a chance, drawn at each search."
    )

    counts: ClassVar[str] = "contacts"

    programmes: ClassVar[tuple[Programme, ...]] = (Programme.LESSONS,)

    kind: Literal["safe_purchasing_information"] = "safe_purchasing_information"
    reach: float = Field(
        default=0.02, ge=0, le=1, description="consumers reached in a week (share, assumed 0.005 to 0.1)"
    )
    lesson: float = Field(
        default=0.12,
        ge=0,
        le=1,
        description="habit of looking up gained by those reached (probability, [snyder-1999-types] 0.12, short term)",
    )
    shown: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="searches at which signs of illicit pharmacies are explained (share, assumed 0.05 to 0.5)",
    )
    recognised: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="illicit pharmacies recognised by who reads them (probability, assumed 0.1 to 0.5)",
    )
    searches: float = Field(
        default=0.1,
        ge=0,
        le=10,
        description="searches of a consumer in a week, for the cost of what is shown at them (number a week, assumed 0.02 to 0.5)",
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Teach, and explain at search."""
        reach, whom = self.strength * self.reach, self.offered_to(state, levers)
        levers.verification_reach[whom] += reach
        levers.verification_message[whom] += reach * self.lesson
        unseen = 1.0 - self.strength * self.shown * self.recognised
        levers.recognition[whom] = 1.0 - (1.0 - levers.recognition[whom]) * unseen

    def deed(self, state: MarketState) -> Deed:
        """Contacts made."""
        contacts = self._contacts(state)
        return Deed(contacts, contacts)

    def _contacts(self, state: MarketState) -> float:
        """Contacts of today, weekly ones spread over the week."""
        return self.reached(state, self.strength * (self.reach + self.searches * self.shown) / 7.0)

    def cost(self, state: MarketState) -> float:
        """Contacts, weekly lessons and explanations at search."""
        return self._contacts(state) * state.p.costs.campaign_contact
