"""Demand shock: needs, access to the street and the inflow of online buyers change, from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Segment
from sim.policies.base import SUBSTANCE, LocalPolicy, SegmentName
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class DemandShock(LocalPolicy):
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
    place: ClassVar[str] = "Needs, streets and newcomers where people live."
    instead: ClassVar[dict[str, str]] = {"segment": "segments", "jurisdiction": "jurisdictions"}
    exogenous: ClassVar[bool] = True

    kind: Literal["demand_shock"] = "demand_shock"
    segments: tuple[SegmentName, ...] = Field(default=(), description="segments whose needs change (empty: all)")
    substance: str | None = Field(
        default=None, json_schema_extra=SUBSTANCE, description="only those who mostly need this substance (empty: all)"
    )
    needs: float = Field(default=1.0, ge=0, le=5, description="rate of needs against the usual (ratio)")
    street_lost: float = Field(default=0.5, ge=0, le=0.99, description="access to the street that is lost (share)")
    initiation: float = Field(
        default=1.5, ge=0, le=10, description="inflow of people who look online, against the usual (ratio)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Change needs, access and inflow."""
        table, where = list(state.scenario.substances), self.where(state)
        segments = [k for k in Segment if not self.segments or k.name.lower() in self.segments]
        substances = np.arange(len(table)) if self.substance is None else np.array([table.index(self.substance)])
        levers.need[np.ix_(where, segments, substances)] *= 1.0 + self.strength * (self.needs - 1.0)
        levers.street_access[where] *= 1.0 - self.strength * self.street_lost
        levers.initiation[where] *= 1.0 + self.strength * (self.initiation - 1.0)
