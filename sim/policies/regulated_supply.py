"""Regulated supply: prescriptions, telemedicine and safer supply in the place of illicit sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Channel, Programme
from sim.market.demand.rates import needs_of_a_day
from sim.policies.deeds import Deed
from sim.policies.offered import LastingPolicy
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class RegulatedSupply(LastingPolicy):
    """Cover more needs by licensed supply: of medicines, and of substances that have a legal counterpart (a column of their table).

    For others it gives nothing and costs nothing. Those covered may still choose other sources. Some of what dependent consumers get is passed on to friends,
    and fewer of them ask for treatment.

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
        "Prescribers of these jurisdictions, for people who live there; there is a share of needs for each segment. What is passed on follows `jurisdictions` alone."
    )
    extent: ClassVar[str] = "Shares of needs are chances, drawn at each need of those who take part."

    counts: ClassVar[str] = "consultations"
    idle: ClassVar[str] = "gave nothing: what these people need has no legal counterpart"

    programmes: ClassVar[tuple[Programme, ...]] = (Programme.SUPPLY,)

    kind: Literal["regulated_supply"] = "regulated_supply"
    patients: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="needs covered beyond the usual, of patients who take part (share, assumed 0.1 to 0.9)",
    )
    recreational: float = Field(
        default=0.0, ge=0, le=1, description="needs covered, of recreational consumers and social suppliers (share)"
    )
    dependent: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="needs covered, of dependent consumers who take part (share, assumed 0.1 to 0.9)",
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
        whom, where = self.offered_to(state, levers), self.where(state)
        covered = self.strength * shares[whom[1]]
        levers.legal_access[whom] = 1.0 - (1.0 - levers.legal_access[whom]) * (1.0 - covered)
        levers.diversion[where] = 1.0 - (1.0 - levers.diversion[where]) * (1.0 - self.strength * self.diversion)

    def deed(self, state: MarketState) -> Deed:
        """Needs meant to be covered, and consultations for those that something can be prescribed for."""
        return Deed(*self._covered(state))

    def _covered(self, state: MarketState) -> tuple[float, float]:
        """Needs of a day that are meant, of those who take part, and those of them for a substance with a legal counterpart."""
        shares = np.array([self.patients, self.recreational, self.dependent, self.recreational])
        segment = state.consumers.columns.segment[: state.consumers.n]
        meant = self.strength * needs_of_a_day(state) * shares[segment] * self.inside(state)
        return float(meant.sum()), float((meant * self._possible(state)).sum())

    def _possible(self, state: MarketState) -> np.ndarray:
        """(consumers,) share of the needs of each that are for a substance with a legal counterpart."""
        c, n, d, table = state.consumers.columns, state.consumers.n, state.p.demand, state.substances
        legal = ((table.medical >= 0) | (table.sold[Channel.LICENSED_PHARMACY] == 1)).astype(float)
        others = np.diff(table.needs, axis=1, prepend=0.0) @ legal
        return d.own_substance * legal[c.substance[:n]] + (1.0 - d.own_substance) * others[c.segment[:n]]

    def cost(self, state: MarketState) -> float:
        """A consultation for every need for which something can be prescribed, and telling people of it, as many as have such needs."""
        told = self.strength * self.offers(state) * float(self._possible(state).mean())
        return self._covered(state)[1] * state.p.costs.prescription + told * state.p.costs.campaign_contact
