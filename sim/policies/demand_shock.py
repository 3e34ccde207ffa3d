"""Demand shock: needs, access to the street and the inflow of online buyers change, from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Segment
from sim.policies.base import JURISDICTION, SUBSTANCE, Policy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class DemandShock(Policy):
    """Needs of a segment or for a substance rise or fall, the street is harder to reach, more people look online.

    References
    ----------
    Bergeron et al. 2021; Nadini et al. 2022 (direct pairs went on trading through the pandemic).
    """

    purpose: ClassVar[str] = "Ask what a change of demand from outside does, such as a pandemic that closes the street."
    evidence: ClassVar[str] = "[u2u-survive-closure], [covid-delivery-failure] for the direction; sizes assumed."
    can_fail: ClassVar[str] = (
        "Not a policy: a shock. People who came online because the street was closed may stay there when it opens again."
    )
    exogenous: ClassVar[bool] = True

    kind: Literal["demand_shock"] = "demand_shock"
    segment: Literal["patient", "recreational", "dependent", "social_supplier"] | None = Field(
        default=None, description="only needs of this segment (empty: all)"
    )
    substance: str | None = Field(
        default=None, json_schema_extra=SUBSTANCE, description="only those who mostly need this substance (empty: all)"
    )
    jurisdiction: str | None = Field(
        default=None,
        json_schema_extra=JURISDICTION,
        description="where the street is harder to reach, by jurisdiction (empty: all)",
    )
    needs: float = Field(default=1.0, ge=0, le=5, description="rate of needs against the usual (ratio)")
    street_lost: float = Field(default=0.5, ge=0, le=0.99, description="access to the street that is lost (share)")
    initiation: float = Field(
        default=1.5, ge=0, le=10, description="inflow of people who look online, against the usual (ratio)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Change needs, access and inflow."""
        table, places = list(state.scenario.substances), list(state.scenario.jurisdictions)
        segments = np.arange(len(Segment)) if self.segment is None else np.array([Segment[self.segment.upper()]])
        substances = np.arange(len(table)) if self.substance is None else np.array([table.index(self.substance)])
        levers.need[np.ix_(segments, substances)] *= 1.0 + self.strength * (self.needs - 1.0)
        rows = np.arange(len(places)) if self.jurisdiction is None else np.array([places.index(self.jurisdiction)])
        levers.street_access[rows] *= 1.0 - self.strength * self.street_lost
        levers.initiation[:] *= 1.0 + self.strength * (self.initiation - 1.0)
