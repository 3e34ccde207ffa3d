"""Regulated supply: prescriptions, telemedicine and safer supply in the place of illicit sources."""

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
class RegulatedSupply(LocalPolicy):
    """Cover more needs by licensed supply: patients by prescription and telemedicine, dependent consumers by a medicine of the same class.

    Those covered may still choose other sources. Some of what dependent consumers get is passed on to friends, and fewer of them ask for treatment.

    References
    ----------
    Ivsins et al. 2020 (less street use reported). Nguyen et al. 2024 and Slaunwhite et al. 2024 point in opposite directions, from memory.
    """

    purpose: ClassVar[str] = "Give people a legal source of known content instead of an illicit one."
    evidence: ClassVar[str] = (
        "[safer-supply-interviews], [safer-supply-bc] (unverified), [us-motives]; coverage and diversion assumed."
    )
    can_fail: ClassVar[str] = (
        "Diverted medicines reach people without tolerance; easy supply crowds treatment out; those who want another drug do not come."
    )
    place: ClassVar[str] = (
        "Prescribers of these jurisdictions, for people who live there; there is a share for each segment."
    )
    extent: ClassVar[str] = "Shares are chances, drawn at each need."

    counts: ClassVar[str] = "consultations"

    kind: Literal["regulated_supply"] = "regulated_supply"
    patients: float = Field(
        default=0.2, ge=0, le=1, description="needs of patients covered beyond the usual (share, assumed 0.05 to 0.5)"
    )
    recreational: float = Field(
        default=0.0, ge=0, le=1, description="needs of recreational consumers and social suppliers covered (share)"
    )
    dependent: float = Field(
        default=0.15, ge=0, le=1, description="needs of dependent consumers covered (share, assumed 0.05 to 0.5)"
    )
    diversion: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="supply to dependent consumers that is passed on (share, assumed 0 to 0.3)",
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Widen access by segment; what is given out unsupervised is diverted in part."""
        shares = np.array([self.patients, self.recreational, self.dependent, self.recreational])
        where = self.where(state)
        levers.legal_access[where] = 1.0 - (1.0 - levers.legal_access[where]) * (1.0 - self.strength * shares)
        levers.diversion[where] = 1.0 - (1.0 - levers.diversion[where]) * (1.0 - self.strength * self.diversion)

    def deed(self, state: MarketState) -> Deed:
        """Needs covered by a consultation."""
        covered = self._covered(state)
        return Deed(covered, covered)

    def _covered(self, state: MarketState) -> float:
        """Needs covered today: of those that people have on average, each at a rate of their own, where a medicine of the class exists."""
        c, n, d, table = state.consumers.columns, state.consumers.n, state.p.demand, state.substances
        segment, main = c.segment[:n], c.substance[:n]
        rate = c.need_rate[:n] * (1.0 + d.dependence_rate * c.dependence[:n])
        rate *= c.alive[:n] == 1
        legal = (table.medical >= 0) | (table.sold[Channel.LICENSED_PHARMACY] > 0)
        others = (
            np.diff(table.needs, axis=1, prepend=0.0) @ legal / table.needs[:, -1]
        )  # (4,) of needs for what is not one's own
        rate *= d.own_substance * legal[main] + (1.0 - d.own_substance) * others[segment]
        needs = np.bincount(segment, rate if self.everyone(state) else rate * self.meant(state), 4)
        shares = np.array([self.patients, self.recreational, self.dependent, self.recreational])
        return self.strength * float((needs * shares).sum())

    def cost(self, state: MarketState) -> float:
        """A consultation for every need that is covered."""
        return self._covered(state) * state.p.costs.prescription
