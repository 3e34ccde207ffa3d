"""Network attack: strike the structure of a trade network instead of a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Channel
from sim.market.enforcement.arrests import arrest
from sim.market.enforcement.attacks import cut_links, post_false_ratings, weak_links
from sim.measures.networks import vendor_centrality
from sim.policies.base import LocalPolicy, affordable
from sim.policies.deeds import IDLE, Deed
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState

WORK = {"targeted": 1.0, "weak_link": 0.1, "signal": 0.05}
"""Officer-days for a vendor attacked relative to an arrest (assumed)."""


@register_policy
class NetworkAttack(LocalPolicy):
    """Attack the most central share of cryptomarket vendors: arrest them, cut their weak links, or bury their ratings in false ones.

    ``targeted`` arrests those who lead by sales, by buyers (``degree``) or by betweenness in the trade network. ``weak_link`` writes to the buyers who
    bought once from the vendors with most such buyers. ``signal`` posts ratings that say nothing on the accounts of those who lead. What follows is left
    to vendors and buyers: others take customers over, memories and ratings form again.

    References
    ----------
    Duxbury and Haynie 2020, PLoS ONE 15(9):e0238019.
    """

    purpose: ClassVar[str] = "Break the trade network where it is most vulnerable for the effort."
    evidence: ClassVar[str] = (
        "[duxbury2020-abm], [duxbury2020-result]: targeted attacks do best only at large scale, weak-link and signal attacks when a small part is hit. "
        "Sizes and effort assumed."
    )
    can_fail: ClassVar[str] = (
        "Others grow into the gap; buyers who lose a tie buy from strangers, with more bad products and fraud; false ratings hurt honest vendors most and "
        "teach buyers to deal with those whom they trust; letters to buyers intrude on privacy."
    )
    place: ClassVar[str] = "Vendors who ship from these jurisdictions, wherever their buyers are."
    extent: ClassVar[str] = "`share` is one of these vendors, the first by rank."

    counts: ClassVar[str] = "vendors"

    kind: Literal["network_attack"] = "network_attack"
    mode: Literal["targeted", "weak_link", "signal"] = Field(default="targeted", description="what is attacked")
    by: Literal["sales", "betweenness", "degree"] = Field(
        default="sales",
        description="who comes first, except with weak_link: there those with most buyers who bought once",
    )
    share: float = Field(default=0.05, ge=0.0001, le=1, description="share of cryptomarket vendors attacked at a time")
    noise: float = Field(default=0.5, ge=0, le=10, description="false ratings posted for each true one (ratio; signal)")
    posts: float = Field(
        default=0.0,
        ge=0,
        le=0.9,
        description="posts about these vendors in forums that are false while it lasts (share; signal)",
    )
    monthly: bool = Field(default=False, description="repeat the attack every 30 days")
    officer_days_each: float = Field(
        default=60.0,
        ge=0,
        le=2000,
        description="officer-days for an arrest (assumed 20 to 200); a tenth for letters, a twentieth for ratings",
    )

    def _today(self, state: MarketState) -> bool:
        return self.first_day(state) or (self.monthly and self.days_on(state) % 30 == 0)

    def targets(self, state: MarketState) -> np.ndarray:
        """Rows of the vendors who are attacked, in order of their rows."""
        rows, wanted = self._ranked(state)
        return np.sort(rows[:wanted])

    def _vendors(self, state: MarketState) -> np.ndarray:
        """Rows of the vendors on cryptomarkets who ship from the jurisdictions in which it acts."""
        v, n = state.vendors.columns, state.vendors.n
        there = np.isin(v.jurisdiction[:n], self.where(state))
        return np.flatnonzero((v.alive[:n] == 1) & (v.channel[:n] == Channel.CRYPTOMARKET) & there)

    def _ranked(self, state: MarketState) -> tuple[np.ndarray, int]:
        """Rows of the vendors on cryptomarkets in the order in which they are attacked, and how many are."""
        v, rows = state.vendors.columns, self._vendors(state)
        if self.mode == "weak_link":
            value = weak_links(state)[rows]
        else:
            value = v.sales[rows] if self.by == "sales" else vendor_centrality(state, self.by, rows)
        order = np.lexsort((rows, -v.sales[rows], -value))
        return rows[order], round(self.strength * self.share * len(rows))

    def act(self, state: MarketState) -> Deed:
        """Attack those who come first; each takes officer-days."""
        if not self._today(state):
            return IDLE
        ranked, wanted = self._ranked(state)
        usd_each = self.officer_days_each * WORK[self.mode] * state.p.costs.officer_day * state.scenario.weight
        paid = affordable(state, wanted, usd_each)
        rows = np.sort(ranked[:paid])
        if self.mode == "targeted":
            arrest(state, rows, self.kind)
        elif self.mode == "weak_link":
            cut_links(state, rows, self.kind)
        else:
            post_false_ratings(state, rows, self.noise, self.kind)
        return Deed(wanted or self.strength * self.share * len(ranked), len(rows), len(rows) * usd_each, wanted - paid)

    def move(self, state: MarketState, levers: Levers) -> None:
        """Post falsely in forums, about these vendors."""
        if self.mode == "signal":
            where = self.where(state)
            levers.false_signal[where] = 1.0 - (1.0 - levers.false_signal[where]) * (1.0 - self.strength * self.posts)

    def cost(self, state: MarketState) -> float:
        """False posts: in a month as much work as false ratings for that share of the vendors; nothing else besides the attacks."""
        if self.mode != "signal" or self.posts == 0.0:
            return 0.0
        ranked, _ = self._ranked(state)
        work = self.officer_days_each * WORK[self.mode] * self.strength * self.posts * len(ranked) / 30.0
        return work * state.p.costs.officer_day
