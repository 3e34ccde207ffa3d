"""Education campaign: messages against illicit sources and lessons in checking a pharmacy."""

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

LOGIT_PER_SMD = 1.81
"""A standardised mean difference as a difference of log odds: pi / sqrt(3)."""


@register_policy
class EducationCampaign(OfferedPolicy):
    """Reach consumers week by week; the effect on use is null on average and can backfire, the effect on checking is a modest adoption.

    References
    ----------
    Allara, Ferri et al. 2015 (Cochrane): SMD of use -0.02 (-0.15 to 0.12). Snyder 1999: adoption 12 points, short term.
    """

    purpose: ClassVar[str] = "Tell people about the risks of illicit sources and how to tell a licensed pharmacy."
    evidence: ClassVar[str] = (
        "[cochrane-use], [cochrane-iatrogenic], [snyder-1999-types], [campaign-duration]; decay unverified [campaign-decay]."
    )
    can_fail: ClassVar[str] = (
        "Null on average for use; those who trust little do not listen; a message can backfire (positive effect_smd); what is learned fades within weeks."
    )
    place: ClassVar[str] = "Told to people who live there."
    extent: ClassVar[str] = (
        "`reach` is a rate: each week a new draw decides who of those for whom it is meant is reached. Effects are means over "
        "those reached, so that those who listen take more from it."
    )

    counts: ClassVar[str] = "contacts"

    programmes: ClassVar[tuple[Programme, ...]] = (Programme.WARNINGS, Programme.LESSONS)

    kind: Literal["education_campaign"] = "education_campaign"
    reach: float = Field(default=0.3, ge=0, le=1, description="consumers reached in a week (share)")
    effect_smd: float = Field(
        default=-0.02,
        ge=-0.5,
        le=0.5,
        description="effect on use of illicit sources among those fully exposed (SMD; -0.15 to 0.12)",
    )
    lesson: float = Field(
        default=0.01,
        ge=0,
        le=0.2,
        description="habit of looking a pharmacy up gained per contact (probability; 0 to 0.02)",
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Send messages."""
        share, whom = self.strength * self.reach, self.offered_to(state, levers)
        per_contact = -self.effect_smd * LOGIT_PER_SMD / (state.p.learning.caution_days / 7.0 / 0.693)
        levers.caution_reach[whom] += share
        levers.caution_message[whom] += share * per_contact
        levers.verification_reach[whom] += share
        levers.verification_message[whom] += share * self.lesson

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
