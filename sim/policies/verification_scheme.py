"""Verification scheme: a register and a seal of approved online pharmacies."""

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
class VerificationScheme(OfferedPolicy):
    """Register and seal: those who look a seller up see through illicit ones; those who only glance at a seal are reassured by forged ones.

    References
    ----------
    EAASM 2008: 86 % of seals forged. ASOP 2017: 95 % unaware of tools to verify a pharmacy.
    """

    purpose: ClassVar[str] = "Let people tell licensed pharmacies from illicit ones."
    evidence: ClassVar[str] = (
        "[us-verify-awareness], [pharm-quality-eaasm], [student-rogue-detection]; uptake and what a glance does assumed."
    )
    can_fail: ClassVar[str] = (
        "Forged seals reassure those who glance instead of looking up; people who know and want an illicit source do not care."
    )
    place: ClassVar[str] = (
        "A register for people who live there, and the seals that they are shown: for all of them; `segments` and `share_of_people` say who is told of it."
    )
    extent: ClassVar[str] = (
        "`awareness` is a rate: each week a new draw decides who learns of it. `glancing` is one of looks at a seal."
    )

    counts: ClassVar[str] = "contacts"

    programmes: ClassVar[tuple[Programme, ...]] = (Programme.LESSONS,)

    kind: Literal["verification_scheme"] = "verification_scheme"
    awareness: float = Field(
        default=0.05, ge=0, le=1, description="consumers who learn of the scheme in a week (share, assumed 0.01 to 0.1)"
    )
    uptake: float = Field(
        default=0.05, ge=0, le=1, description="habit of looking up gained when learning of it (probability, assumed)"
    )
    register_gain: float = Field(
        default=0.35,
        ge=0,
        le=0.4,
        description="what the register adds to the chance that a look-up shows an illicit seller",
    )
    glancing: float = Field(
        default=0.15, ge=0, le=1, description="consumers who glance at the seal instead (share, assumed 0.05 to 0.4)"
    )
    reassured: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="illicit sellers with a forged seal who are no longer seen through at a glance (share, assumed 0.2 to 0.8)",
    )
    alarmed: float = Field(
        default=0.43,
        ge=0,
        le=5,
        description="illicit sellers without a seal who are seen through at a glance besides (ratio to those without a scheme, assumed 0.2 to 1)",
    )
    usd_per_consumer: float = Field(
        default=0.02, ge=0, le=10, description="cost of running it (USD per consumer and year, assumed 0.005 to 0.1)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Teach the habit, open the register, show the seal."""
        s, where, whom = self.strength, self.where(state), self.offered_to(state, levers)
        levers.verification_reach[whom] += s * self.awareness
        levers.verification_message[whom] += s * self.awareness * self.uptake
        levers.lookup[where] += s * self.register_gain
        levers.glance[where] *= 1.0 - self.reassured * s * self.glancing
        levers.unsealed[where] *= 1.0 + self.alarmed * s * self.glancing

    def deed(self, state: MarketState) -> Deed:
        """Contacts made."""
        contacts = self._contacts(state)
        return Deed(contacts, contacts)

    def _contacts(self, state: MarketState) -> float:
        """Contacts of today, weekly ones spread over the week."""
        return self.reached(state, self.strength * self.awareness / 7.0)

    def cost(self, state: MarketState) -> float:
        """Running cost and contacts."""
        contacts = self._contacts(state) * state.p.costs.campaign_contact
        return contacts + self.strength * self.usd_per_consumer * self.consumers(state) / 365.0
