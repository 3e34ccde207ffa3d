"""Early warning: more eyes, faster reports, alerts that reach more users."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sim.policies.base import AimedPolicy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class EarlyWarningSystem(AimedPolicy):
    """See more of what circulates, report it sooner and reach more users; an eager system also cries wolf.

    References
    ----------
    Grifell et al. 2022 (drug checking finds what others do not); detections a year: EMCDDA. No study of the effect of alerts was found.
    """

    purpose: ClassVar[str] = "Find dangerous new substances sooner and tell those who might use them."
    evidence: ClassVar[str] = "[dcs-novel-nps], [nps-new-per-year]; sight, speed, reach and false alarms assumed."
    can_fail: ClassVar[str] = (
        "An alert that reaches nobody changes nothing; false and frequent alarms wear attention down. That some seek out what is called strong is not modelled."
    )
    place: ClassVar[str] = (
        "The early warning of these jurisdictions sees more, tells sooner and errs more often; `segments` and `share_of_people` say whom its alerts reach "
        "better. Others hear of what it finds as far as they work together (`international_cooperation`)."
    )
    extent: ClassVar[str] = (
        "`reach` multiplies the share of users whom each alert reaches, among those for whom it is meant."
    )

    kind: Literal["early_warning"] = "early_warning"
    sight: float = Field(
        default=3.0,
        ge=1,
        le=20,
        description="samples, reports, seizures and forums analysed, relative to before (ratio, assumed 1.5 to 10)",
    )
    delay: float = Field(
        default=0.3,
        ge=0.02,
        le=1,
        description="days from detection to alert, relative to before (ratio, assumed 0.1 to 0.8)",
    )
    reach: float = Field(
        default=1.6, ge=1, le=5, description="users whom an alert reaches, relative to before (ratio, assumed 1.1 to 2)"
    )
    false_alarms: float = Field(
        default=1.5, ge=1, le=50, description="false alarms relative to before (ratio, assumed 1 to 5)"
    )
    usd_per_consumer: float = Field(
        default=0.1,
        ge=0.001,
        le=10,
        description="cost of laboratories and reporting (USD per consumer and year, assumed 0.02 to 0.5)",
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Look closer, report faster, reach more; false alarms come with it."""
        s = self.strength
        levers.warning_sight[self.where(state)] *= 1.0 + s * (self.sight - 1.0)
        levers.warning_delay[self.where(state)] *= 1.0 + s * (self.delay - 1.0)
        levers.alert_reach[self.whom(state)] *= 1.0 + s * (self.reach - 1.0)
        levers.false_alarms[self.where(state)] *= 1.0 + s * (self.false_alarms - 1.0)

    def cost(self, state: MarketState) -> float:
        """Laboratories and reporting."""
        there = state.world.consumer_weight[self.where(state)].sum() / state.world.consumer_share[-1]
        return self.strength * self.usd_per_consumer * state.consumers.n * float(there) / 365.0
