"""Supplier interdiction: effort against the groups that supply vendors, their consignments and their recruitment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.market.supply.turnover import arrest_group
from sim.policies.base import JURISDICTION, LocalPolicy, affordable, legs
from sim.policies.deeds import IDLE, Deed
from sim.registry import register_policy
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class SupplierInterdiction(LocalPolicy):
    """Work on groups: more effort on cases and loads, searches at some borders, a wave of arrests on the first day, or less recruitment.

    References
    ----------
    Magliocca et al. 2019 (NarcoLogic: more interdiction, more routes); Prieto-Curiel et al. 2023 (recruitment against arrests).
    """

    purpose: ClassVar[str] = "Take groups and their goods out of the chain, or keep people from joining them."
    evidence: ClassVar[str] = "[cartel-recruitment] for the order of cuts and arrests, from memory; all sizes assumed."
    can_fail: ClassVar[str] = (
        "Goods go through other jurisdictions, in more and smaller loads and stronger; vendors find another supplier and successors "
        "take over, with violence; shortage raises prices, "
        "cutting and potency, and with inelastic demand the revenue of those who are left."
    )
    place: ClassVar[str] = (
        "Groups that work there and agencies of these jurisdictions; `origin` and `destination` say at which borders loads are searched."
    )
    extent: ClassVar[str] = "`arrested` is a chance, drawn once for each group."

    kind: Literal["supplier_interdiction"] = "supplier_interdiction"
    effort: float = Field(
        default=2.0,
        ge=1,
        le=20,
        description="effort on cases and consignments against the usual (ratio, assumed 1 to 5)",
    )
    arrested: float = Field(default=0.0, ge=0, le=1, description="groups arrested on the first day (share)")
    case_days: float = Field(
        default=1500.0,
        ge=0,
        le=100_000,
        description="real work on the case of a group (officer-days, assumed 500 to 5,000)",
    )
    searches: float = Field(
        default=1.0, ge=1, le=50, description="chance that a load is seized at the borders that it covers (ratio)"
    )
    origin: str | None = Field(
        default=None, json_schema_extra=JURISDICTION, description="`searches` of loads from here only (empty: all)"
    )
    destination: str | None = Field(
        default=None, json_schema_extra=JURISDICTION, description="`searches` of loads into here only (empty: all)"
    )
    recruitment_cut: float = Field(
        default=0.0, ge=0, le=1, description="branches that are not recruited (share, assumed 0 to 0.5)"
    )
    recruit_cost: float = Field(
        default=5000.0, ge=0, le=100_000, description="cost of keeping one person from being recruited (USD, assumed)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Raise effort; cut recruitment."""
        where = self.where(state)
        levers.group_effort[where] *= 1.0 + self.strength * (self.effort - 1.0)
        levers.recruitment[where] *= 1.0 - self.strength * self.recruitment_cut
        levers.searches[:] *= 1.0 + self.strength * (self.searches - 1.0) * self.borders(state)

    def borders(self, state: MarketState) -> np.ndarray:
        """(J, J) 1 on the borders, origin by destination, where loads are searched."""
        return legs(state, self.origin, self.destination)

    @property
    def counts(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Groups where some are to be arrested, else days."""
        return "groups" if self.arrested > 0 else "days in force"

    def act(self, state: MarketState) -> Deed | None:
        """Arrest groups on the first day, each with the chance ``arrested``; each is a case with officer-days of its own."""
        if self.arrested == 0:
            return None
        if state.day != self.start:
            return IDLE
        s, n = state.supplier_table.columns, state.supplier_table.n
        live = np.flatnonzero(
            (s.alive[:n] == 1) & (s.organised[:n] == 1) & np.isin(s.jurisdiction[:n], self.where(state))
        )
        u = uniforms(int(state.seed), Draw.POLICY, live, self.start, 2)
        chosen = live[u < self.strength * self.arrested]
        usd_each = self.case_days * state.p.costs.officer_day
        paid = chosen[: affordable(state, len(chosen), usd_each)]
        for i in paid:
            arrest_group(state, int(i), policy=self.kind)
        return Deed(len(chosen), len(paid), len(paid) * usd_each, len(chosen) - len(paid))

    def cost(self, state: MarketState) -> float:
        """Officer-days of the added effort and searches; people kept from being recruited."""
        p, where = state.p.enforcement, self.where(state)
        days = (
            sum(a.officer_days for a in state.agencies if a.jurisdiction in where)
            * p.share_suppliers
            * self.strength
            * (self.effort - 1.0)
        )
        size = np.array([float(a.officer_days) for a in state.agencies])
        into = np.bincount([a.jurisdiction for a in state.agencies], size, state.world.n_jurisdictions)
        others = max(state.world.n_jurisdictions - 1, 1)  # nobody has a border with itself
        covered = float((self.borders(state).sum(axis=0) / others) @ into)
        days += covered * p.share_suppliers * self.strength * (self.searches - 1.0)
        supply = state.p.supply
        recruits = supply.entry_rate * float(state.world.would_sell.sum()) * supply.organised_share
        if not self.everyone(state):
            recruits *= float(state.world.vendor_weight[where].sum())
        kept = self.strength * self.recruitment_cut * recruits
        return days * state.p.costs.officer_day + kept * self.recruit_cost
