"""Patterns that enforcement shows over 20 paired seeds: nothing below is scripted, and no seed or window was chosen for it."""

from __future__ import annotations

import functools
import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim.agents.codes import NO_SLOT, Channel, PlatformStatus
from sim.evidence.parameters import load_parameters
from sim.market.enforcement.arrests import arrest
from sim.market.enforcement.raids import take_down
from sim.market.entry_exit.exit import abandon, close_platform
from sim.model import MarketModel
from tests.worlds import branched, example, ran, world

SEEDS = range(20)
MOST = 15
"""Of 20 paired seeds, how many must show a sign: by chance alone 15 or more do in 2 of 100 cases."""
SEVERAL = [0.34, 0.26, 0.16, 0.11, 0.07, 0.06]
QUIET = {
    "platforms": {"closure_days": 1e6, "hack_base": 0.0},
    "enforcement": {"platform_case": 1e6},
    "supply": {"crypto_vendors": 0.02},
}
"""No closure but the one that a test makes, and enough vendors to count."""

pytestmark = pytest.mark.slow


def at_day_0(seed: int, consumers: int = 4000) -> MarketModel:
    fields: dict[str, Any] = {
        "consumers": consumers,
        "burn_in": 60,
        "days": 200,
        "platforms": {"cryptomarkets": SEVERAL},
    }
    return ran(world(**fields, parameters=QUIET), seed, 0)


def leader(model: MarketModel) -> int:
    slots = model.crypto_slots()
    return int(slots[np.argmax(model.platform_table.columns.trade60[slots])])


def online_vendors(model: MarketModel) -> np.ndarray:
    v, n = model.vendors.columns, model.vendors.n
    return (v.alive[:n] == 1) & (v.channel[:n] == Channel.CRYPTOMARKET)


# Publicity ------------------------------------------------------------------------------------------------------------
def trade_with_and_without_publicity(draws: float) -> np.ndarray:
    """(20, 2) cryptomarket orders of 120 days with monthly arrests of five random vendors, quiet and with harsh publicity; ``draws`` is publicity_draws."""
    found = []
    for seed in SEEDS:
        start = at_day_0(seed)
        wave = {"kind": "vendor_arrests", "count": 5, "target": "random", "monthly": True}
        changes = {"parameters": QUIET | {"learning": {"publicity_draws": draws}}}
        models = [branched(start, 120, **changes, policies=[{**wave, "publicity": p}]) for p in (0.0, 2.0)]
        found.append([m.daily()["orders_cryptomarket"].sum() for m in models])
    return np.array(found)


def test_harsh_publicity_alone_can_raise_trade():
    """The same arrests, made known: trade rises where news brings newcomers in, as after the sentence of 2015 (Ladegaard 2018), and falls where it does not.

    Both ends of the plausible range; at its middle the two nearly cancel.
    """
    spec = load_parameters().specs["learning.publicity_draws"]
    for draws, sign in ((spec.low, -1), (spec.high, 1)):
        quiet, loud = trade_with_and_without_publicity(draws).T
        assert np.sign(loud.sum() - quiet.sum()) == sign
        assert (np.sign(loud - quiet) == sign).sum() >= MOST


# Closures -------------------------------------------------------------------------------------------------------------
def test_pairs_who_deal_directly_go_on_when_their_market_is_closed():
    alone, struck = [], []
    for seed in SEEDS:
        start = at_day_0(seed)
        for policies, found in (([], alone), ([example("takedown", count=1)], struck)):
            daily = branched(start, 84, policies=policies).daily()
            found.append(daily[["orders_direct", "orders_cryptomarket"]].sum().to_numpy())
    direct, market = (np.array(struck) / np.array(alone)).T
    assert (market < 1).sum() >= MOST
    assert (direct > market).sum() >= MOST
    assert np.sum(struck, axis=0)[0] > 0.95 * np.sum(alone, axis=0)[0]


def test_those_who_keep_their_name_earn_more_after_migration_than_those_who_give_it_up():
    """Vendors who sold on the seized leader only and give up their name: their orders of 90 days, against their own if all keep their names.

    Vendors differ by more than a name: each is compared with itself.
    """
    ratio = []
    for seed in SEEDS:
        before = at_day_0(seed)
        slot, v, n = leader(before), before.vendors.columns, before.vendors.n
        only = (
            online_vendors(before) & (v.account[:n] == slot).any(axis=1) & ((v.account[:n] != NO_SLOT).sum(axis=1) == 1)
        )
        gained = []
        for keep in (before.p.vendors.keep_identity, 1.0):
            after = pickle.loads(pickle.dumps(before))
            after.p = after.p._replace(vendors=after.p.vendors._replace(keep_identity=keep))
            close_platform(after, slot, PlatformStatus.SEIZED, "raid", 0.5)
            if keep < 1.0:
                rows = np.flatnonzero(only & (after.vendors.columns.identity[:n] > v.identity[:n]))
            after.run_for(90)
            gained.append(after.vendors.columns.orders[rows].sum() - v.orders[rows].sum())
        ratio.append(gained[1] / gained[0])
    assert np.median(ratio) > 1.0
    assert (np.array(ratio) > 1.0).sum() >= MOST


def test_an_exit_scam_of_the_leader_costs_more_vendors_than_a_raid():
    """The same leader, robbed by its operator or seized a week later, as loudly; vendors who are gone after 30 more days. Vendors retire over what they lost."""
    lost = []
    for seed in SEEDS:
        row = []
        for robbed in (True, False):
            before = at_day_0(seed, 10_000)
            after = pickle.loads(pickle.dumps(before))
            slot, days = leader(before), round(before.p.platforms.scam_withholds)
            if robbed:
                abandon(after, slot, True, 0.5)
            after.run_for(days)
            if not robbed:
                take_down(after, slot, 0.5, operators=False)
            after.run_for(30)
            assert after.platform_table.columns.status[slot] == (
                PlatformStatus.EXIT_SCAMMED if robbed else PlatformStatus.SEIZED
            )
            row.append(int((online_vendors(before) & ~online_vendors(after)[: before.vendors.n]).sum()))
        lost.append(row)
    scam, raid = np.array(lost).T
    assert scam.sum() > raid.sum()
    assert (scam > raid).sum() >= MOST


# Limited effort (Kleiman 1993) ----------------------------------------------------------------------------------------
LITTLE, MUCH = 20.0, 2.0
"""Officer-days that an arrest takes: much work, so that effort does little, or little; the plausible range of the parameter holds both."""


class Street(NamedTuple):
    """Street vendors after one month and after five, over their number at the start; takings of each (USD a day) after one, arrests of each a month after five."""

    month: float
    later: float
    income: float
    risk: float


@functools.cache
def street(seed: int, each: float, load: float, wave: bool) -> Street:
    """The street at the same effort; the wave arrests nine in ten of its vendors on day 0."""
    parameters = {
        "platforms": {"closure_days": 1e6, "hack_base": 0.0},
        "enforcement": {"arrest_days": each, "learning": 0.0},
        "supply": {"street_vendors": load},
    }
    model = ran(world(consumers=2000, burn_in=10, days=160, parameters=parameters), seed, 0)
    rows = there(model)
    if wave:
        arrest(model, rows[: int(0.9 * len(rows))])
    model.run_for(30)
    month, income = len(there(model)), float(model.trade.income[Channel.STREET])
    model.run_for(120)
    risk = float(model.policing.vendor_risk[Channel.STREET])
    return Street(month / len(rows), len(there(model)) / len(rows), income, risk)


def there(model: MarketModel) -> np.ndarray:
    """Rows of the street vendors in business."""
    v, n = model.vendors.columns, model.vendors.n
    return np.flatnonzero((v.alive[:n] == 1) & (v.channel[:n] == Channel.STREET))


def test_the_same_effort_is_much_risk_for_each_of_few_vendors_and_little_for_each_of_many():
    """The same officers and the same customers."""
    few, many = (np.array([street(s, MUCH, load, False).risk for s in SEEDS]) for load in (0.01, 0.04))
    assert (few > 1.4 * many).sum() >= MOST


def test_a_wave_of_arrests_is_made_good_by_those_whom_the_takings_of_the_arrested_draw():
    """Those who are left earn more, for as long as newcomers take to come. So the street has one state at each effort: arrests alone do not tip it."""
    for each in (LITTLE, MUCH):
        left, struck = (np.array([street(s, each, 0.04, wave) for s in SEEDS]).T for wave in (False, True))
        month, later, income, _ = Street(*(struck / left))
        assert (month < 0.6).sum() >= MOST
        assert (income > 1.2).sum() >= MOST
        assert (later > 0.5).sum() >= MOST
