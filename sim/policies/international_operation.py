"""International operation: domains, adverts, parcels and sellers in many jurisdictions in one week, once or every year."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Channel
from sim.market.enforcement.arrests import arrest
from sim.market.enforcement.raids import take_down
from sim.policies.base import LocalPolicy, borne
from sim.policies.deeds import IDLE, Deed
from sim.registry import register_policy
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class InternationalOperation(LocalPolicy):
    """A week of action like operation Pangea: sites seized, adverts removed, parcels inspected, sellers arrested.

    References
    ----------
    INTERPOL, Pangea IV-XVII: 13,495 sites in 2011 of some 37,000 active; 19,000 adverts and 237 arrests in 2014; up to a million parcels inspected.
    """

    purpose: ClassVar[str] = "Hit many parts of the trade in medicines at once, and be seen to."
    evidence: ClassVar[str] = (
        "[pangea-4-2011], [pangea-7-2014], [pangea-11-2018], [pharm-active-count], [pangea-seizure-per-inspected]; what a count is in shares of the market "
        "is assumed where no stock is known."
    )
    can_fail: ClassVar[str] = (
        "Sites are back in days under new domains, adverts in weeks; where the post has too few staff for it parcels from abroad are late, also after the "
        "week; publicity tells people that such sites exist."
    )
    place: ClassVar[str] = (
        "Who takes part: parcels into these jurisdictions, programmes hosted, sellers who live and apps that have their seat there."
    )
    extent: ClassVar[str] = (
        "`sites` and `arrests` are chances, drawn for each programme and seller; a pharmacy or an app serves people everywhere."
    )

    kind: Literal["international_operation"] = "international_operation"
    days: int = Field(default=7, ge=1, le=60, description="length (days)")
    yearly: bool = Field(default=False, description="repeat it every 365 days")
    sites: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="pharmacy programmes whose domains are seized (share; 13,495 of some 37,000 sites)",
    )
    adverts: float = Field(
        default=0.1, ge=0, le=1, description="sellers' exposure in apps that is removed (share, assumed)"
    )
    inspection: float = Field(
        default=3.0,
        ge=1,
        le=20,
        description="parcels inspected on their way in, in that time (ratio to the usual, assumed 1.5 to 6)",
    )
    staff: float = Field(
        default=2.0, ge=1, le=20, description="staff of the post in that time (ratio to the usual, assumed 1 to 4)"
    )
    arrests: float = Field(
        default=0.01, ge=0, le=1, description="sellers of pharmacies and apps arrested (share, assumed 0.001 to 0.02)"
    )
    publicity: float = Field(
        default=0.5, ge=0, le=2, description="publicity (0 none, 1 usual of a raid, 2 twice the usual)"
    )
    officer_days: float = Field(
        default=3500.0,
        ge=0,
        le=1_000_000,
        description="effort at full participation (officer-days; assumed 500 to 36,000: five officers in each of 100 countries for a week)",
    )

    def _days_in(self, state: MarketState) -> int:
        """Days since it, or its latest repetition, began."""
        since = state.day - self.start
        return since % 365 if self.yearly else since

    def _part(self, state: MarketState) -> float:
        """Share of consumers who live where it takes place."""
        share = state.world.consumer_weight
        return float(share[self.where(state)].sum() / share.sum())

    def move(self, state: MarketState, levers: Levers) -> None:
        """Inspect more parcels, with officers who help the post; remove more accounts."""
        if self._days_in(state) >= self.days:
            return
        where = self.where(state)
        levers.inspection[:, where] *= 1.0 + self.strength * (self.inspection - 1.0)
        levers.postal_staff[where] *= 1.0 + self.strength * (self.staff - 1.0)
        levers.moderation[where] += self.strength * self.adverts * 30.0 / self.days

    @property
    def counts(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Pharmacy programmes where some are to be seized, else days."""
        return "platforms" if self.sites > 0 else "days in force"

    def act(self, state: MarketState) -> Deed:
        """Seize domains and arrest sellers on the first day."""
        since = self._days_in(state)
        if since != 0:
            return Deed(1.0, 1.0) if self.sites == 0 and since < self.days else IDLE
        where, seed, draw = self.where(state), int(state.seed), 2 * state.today.operations
        state.today.operations += 1
        t, v, n = state.platform_table.columns, state.vendors.columns, state.vendors.n
        slots = state.open_slots(Channel.ILLICIT_PHARMACY)
        slots = slots[np.isin(t.jurisdiction[slots], where)]
        seized = slots[uniforms(seed, Draw.COORDINATED, slots, state.day, draw) < self.strength * self.sites]
        for slot in seized:
            take_down(state, int(slot), self.publicity, policy=self.kind)
        sells = (v.channel[:n] == Channel.ILLICIT_PHARMACY) | (v.channel[:n] == Channel.SOCIAL_APP)
        rows = np.flatnonzero((v.alive[:n] == 1) & sells & np.isin(v.jurisdiction[:n], where))
        chosen = uniforms(seed, Draw.COORDINATED, v.key[rows], state.day, draw + 1) < self.strength * self.arrests
        arrest(state, rows[chosen], self.kind)
        return Deed(len(seized) if len(slots) else 1.0, len(seized)) if self.sites > 0 else Deed(1.0, 1.0)

    def cost(self, state: MarketState) -> float:
        """Officer-days, spread over the week."""
        if self._days_in(state) >= self.days:
            return 0.0
        usd = self.strength * self._part(state) * self.officer_days / self.days * state.p.costs.officer_day
        return borne(state, usd)
