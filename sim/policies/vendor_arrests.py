"""Vendor arrests: a wave of arrests of vendors beyond what agencies do anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Channel
from sim.market.enforcement.arrests import arrest
from sim.market.entry_exit.news import announce
from sim.policies.base import LocalPolicy, affordable
from sim.policies.deeds import IDLE, Deed
from sim.registry import register_policy
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState


@register_policy
class VendorArrests(LocalPolicy):
    """Arrest vendors of a channel on the first day, and again every month where ``monthly``."""

    purpose: ClassVar[str] = "Remove sellers and deter others."
    evidence: ClassVar[str] = (
        "[onymous-scale]: 17 arrests; Duxbury and Haynie 2020 on targets; [sentencing-publicity]: trade grew after a harsh sentence. Number and cost assumed."
    )
    can_fail: ClassVar[str] = (
        "Others take the customers over; the arrest of the largest hits buyers' ties, that of random ones hardly anybody. "
        "Publicity draws newcomers."
    )
    place: ClassVar[str] = (
        "Vendors who ship from, or sell in, these jurisdictions, wherever their buyers are; `count` stays the number per 20,000 consumers of the world."
    )

    counts: ClassVar[str] = "vendors"

    kind: Literal["vendor_arrests"] = "vendor_arrests"
    channel: Literal["cryptomarket", "social_app", "street", "illicit_pharmacy"] = Field(
        default="cryptomarket", description="channel"
    )
    target: Literal["largest", "random", "newest"] = Field(default="largest", description="who is arrested first")
    count: int = Field(default=10, ge=1, le=10_000, description="vendors arrested in a wave, per 20,000 consumers")
    monthly: bool = Field(default=False, description="repeat the wave every 30 days")
    publicity: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description="publicity of a wave and its trials (0 none, 1 as of a raid on a market, 2 twice that)",
    )
    officer_days_each: float = Field(
        default=60.0, ge=0, le=2000, description="officer-days for an arrest (assumed 20 to 200)"
    )

    def _today(self, state: MarketState) -> bool:
        return self.first_day(state) or (self.monthly and self.days_on(state) % 30 == 0)

    def _number(self, state: MarketState) -> int:
        return round(self.strength * self.count * state.consumers.n / 20_000)

    def act(self, state: MarketState) -> Deed:
        """Arrest the vendors that come first; each takes officer-days."""
        if not self._today(state):
            return IDLE
        v, n = state.vendors.columns, state.vendors.n
        sells = (v.alive[:n] == 1) & (v.channel[:n] == Channel[self.channel.upper()])
        rows = np.flatnonzero(sells & np.isin(v.jurisdiction[:n], self.where(state)))
        by = {"largest": -v.sales[rows], "newest": -v.entry_day[rows].astype(float)}
        key = by.get(self.target, uniforms(int(state.seed), Draw.POLICY, v.key[rows], self.start, 1))
        wanted = self._number(state)
        usd_each = self.officer_days_each * state.p.costs.officer_day * state.scenario.weight
        paid = affordable(state, wanted, usd_each)
        taken = np.sort(rows[np.lexsort((rows, key))][:paid])
        arrest(state, taken, self.kind)
        announce(state, self.strength * self.publicity * (1.0 if paid == wanted else paid / wanted))
        asked = wanted or self.strength * self.count * state.consumers.n / 20_000
        return Deed(asked, len(taken), len(taken) * usd_each, wanted - paid)

    def cost(self, state: MarketState) -> float:
        """Nothing besides the arrests."""
        return 0.0
