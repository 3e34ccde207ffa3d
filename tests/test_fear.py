"""Fear of police comes from what people see and are told: their own market, their own vendors, friends and forums."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import NEVER, NO_SLOT, Channel, Considering, Membership, PlatformStatus, RiskGroup
from sim.market.choice.choice import choice
from sim.market.demand.demand import demand
from sim.market.enforcement.arrests import arrest
from sim.market.enforcement.contacts import friends_of
from sim.market.entry_exit.exit import close_platform
from sim.market.learning.fear import caught_by_market, spread_news
from sim.model import MarketModel
from tests.worlds import branched, ran, world

MANY_BUYERS = {"supply": {"crypto_vendors": 0.02}, "world": {"market_users": 0.9}}
ALL_MARKETS = int(RiskGroup.CRYPTO)


def market(**parameters: dict[str, float]) -> MarketModel:
    """A market on day 0, after forty days of trade."""
    return ran(world(consumers=2000, burn_in=40, parameters={**MANY_BUYERS, **parameters}), 1, 0)


def by_users(model: MarketModel) -> list[int]:
    """Open cryptomarkets, the one with most users first."""
    home = model.consumers.columns.home
    return sorted(model.crypto_slots().tolist(), key=lambda slot: -np.count_nonzero(home == slot))


def raid(model: MarketModel, *slots: int) -> np.ndarray:
    """Raid markets on one day, and let everybody hear of it. Returns what was added to perceived legal risk of all markets."""
    c, n = model.consumers.columns, model.consumers.n
    before = c.legal_hits[:n, ALL_MARKETS].copy()
    for slot in slots:
        close_platform(model, slot, PlatformStatus.SEIZED, "raid", 1.0)
    spread_news(model)
    return c.legal_hits[:n, ALL_MARKETS] - before


def perceived(model: MarketModel) -> np.ndarray:
    """Perceived legal risk of cryptomarkets as such."""
    c, n, p = model.consumers.columns, model.consumers.n, model.p.choice
    hits, calm = c.legal_hits[:n, ALL_MARKETS], c.legal_calm[:n, ALL_MARKETS]
    return (p.risk_a + hits) / (p.risk_a + p.risk_b + hits + calm)


def test_news_of_a_raid_reaches_users_more_than_others():
    model = market()
    c, n = model.consumers.columns, model.consumers.n
    slot = by_users(model)[0]
    users = c.home[:n] == slot
    others = ~users & (c.considering[:n] > Considering.NOT_YET)
    fright = raid(model, slot)
    assert fright[users].mean() > fright[others].mean() > 0.0
    assert not fright[c.considering[:n] == Considering.NOT_YET].any()


def test_a_raid_frightens_more_where_friends_lost_their_market_too():
    """The same person, whose own market falls: among friends who use it too, and among friends whose markets stay."""
    risk = []
    for together in (True, False):
        model = market()
        c, n = model.consumers.columns, model.consumers.n
        mine, other = by_users(model)[:2]
        users = np.flatnonzero((c.home[:n] == mine) & (c.considering[:n] > Considering.NOT_YET))
        who = users[: len(users) // 4]
        friends = np.setdiff1d(friends_of(model, who), who)
        c.home[friends] = mine if together else other
        raid(model, mine)
        risk.append(perceived(model)[who])
    assert (risk[0] >= risk[1]).all()
    assert risk[0].mean() > 1.3 * risk[1].mean()


def test_nobody_is_frightened_by_how_much_a_market_traded():
    fright = []
    for trade in (0.01, 1e4):
        model = market()
        slot = by_users(model)[0]
        for mean in ("trade7", "trade60", "trade180"):
            getattr(model.platform_table.columns, mean)[slot] = trade
        fright.append(raid(model, slot))
    assert (fright[0] == fright[1]).all()


def test_raids_add_up_and_those_of_one_day_are_one_piece_of_news():
    model = market()
    c, n = model.consumers.columns, model.consumers.n
    first, second = by_users(model)[:2]
    users = np.flatnonzero(c.home[:n] == first)
    never = perceived(model)[users]
    raid(model, first)
    once = perceived(model)[users]
    model.day += 60
    c.home[users] = second
    raid(model, second)
    twice = perceived(model)[users]
    assert never.mean() < once.mean() < twice.mean()
    assert (twice > once).mean() > 0.9
    together, apart = market(), market()
    at_once = raid(together, first, second)
    raid(apart, first)
    assert (at_once[users] >= 0.99 * (apart.consumers.columns.legal_hits - market().consumers.columns.legal_hits)[users, ALL_MARKETS]).all()  # fmt: skip
    assert at_once[users].max() <= model.p.learning.raid_own + model.p.learning.raid_friends * 60


def test_a_small_market_is_not_found_by_more_people_because_a_large_one_fell():
    """Lookers who would take the small market if they knew of it: as many find it the day after as the day before."""
    found = []
    for fallen in (False, True):
        model = market(migration={"herding": 0.0, "noise": 0.1}, choice={"crypto": 5.0, "taste_weight": 0.5})
        c, n, t = model.consumers.columns, model.consumers.n, model.platform_table.columns
        large, small = by_users(model)[0], by_users(model)[2]
        t.attraction[small] = 100.0
        lookers = np.flatnonzero((c.considering[:n] > Considering.NOT_YET) & (c.home[:n] == NO_SLOT))
        c.vendor[lookers], c.bought[lookers] = -1, 0
        model.consumers.at(lookers).set("known", NO_SLOT)
        c.market_state[lookers], c.market_until[lookers] = Membership.LAPSED, model.day
        if fallen:
            close_platform(model, large, PlatformStatus.CLOSED, "voluntary", 0.0)
        choice(model, demand(model))
        found.append(np.count_nonzero(c.home[lookers] == small))
    assert len(lookers) > 100
    assert found[0] > 5
    assert found[1] == pytest.approx(found[0], rel=0.2)


def test_a_market_that_closes_in_order_leaves_the_fear_of_others_as_it_was():
    """What happened there is felt at its like by hearsay on the day; that the market is gone adds nothing."""
    model = market()
    c, v, n = model.consumers.columns, model.vendors.columns, model.consumers.n
    slot = by_users(model)[0]
    here = np.flatnonzero((v.account[: model.vendors.n] == slot).any(axis=1) & (v.alive[: model.vendors.n] == 1))
    arrest(model, here[::2], "")
    spread_news(model)
    before = c.legal_hits[:n, ALL_MARKETS].copy()
    assert (before[c.home[:n] == slot] > 0.0).any()
    close_platform(model, slot, PlatformStatus.CLOSED, "voluntary", 0.0)
    spread_news(model)
    assert (c.legal_hits[:n, ALL_MARKETS] == before).all()


# Arrests --------------------------------------------------------------------------------------------------------------
CHANNELS = [
    (Channel.STREET, RiskGroup.OFFLINE),
    (Channel.CRYPTOMARKET, RiskGroup.CRYPTO),
    (Channel.SOCIAL_APP, RiskGroup.OPEN_WEB),
]


@pytest.mark.parametrize(("channel", "group"), CHANNELS)
def test_an_arrest_frightens_the_buyers_of_that_vendor_most_and_their_friends_less(channel, group):
    model = market()
    c, v, n = model.consumers.columns, model.vendors.columns, model.consumers.n
    rows = np.flatnonzero((v.channel[: model.vendors.n] == channel) & (v.alive[: model.vendors.n] == 1))
    buyers = {row: ((c.vendor[:n] == row) & (c.bought[:n] > 0)).any(axis=1) for row in rows}
    row = max(buyers, key=lambda row: buyers[row].sum())
    bought, before = buyers[row], (c.legal_hits[:n].copy(), model.consumers.get("market_hits"))
    friends = np.zeros(n, bool)
    friends[friends_of(model, np.flatnonzero(bought))] = True
    customers = np.isin(model.consumers.get("known"), v.account[row][v.account[row] != NO_SLOT]).any(axis=1)
    arrest(model, np.array([row]), "")
    spread_news(model)
    rise = c.legal_hits[:n] - before[0]
    felt = rise[:, group] + (model.consumers.get("market_hits") - before[1]).sum(axis=1)
    assert bought.sum() > 3
    assert (felt[bought] > 0).all()
    assert (felt[friends] > 0).all()
    assert felt[bought].min() > felt[friends & ~bought].mean()
    assert not felt[~bought & ~friends & ~customers].any()
    elsewhere = {RiskGroup.OPEN_WEB, RiskGroup.OFFLINE, RiskGroup.DIRECT} - {group}
    elsewhere -= {RiskGroup.DIRECT} if group == RiskGroup.CRYPTO else set()
    assert not rise[:, sorted(elsewhere)].any()


def test_many_arrests_on_a_market_are_felt_by_all_who_know_it_and_there_more_than_elsewhere():
    model = market()
    c, v, n = model.consumers.columns, model.vendors.columns, model.consumers.n
    struck, spared = by_users(model)[:2]
    model.consumers.set("known", [struck, spared, NO_SLOT, NO_SLOT]).set("market_hits", 0.0)
    c.home[:n] = struck
    here = np.flatnonzero((v.account[: model.vendors.n] == struck).any(axis=1) & (v.alive[: model.vendors.n] == 1))
    v.account[here] = np.where(v.account[here] == struck, struck, NO_SLOT)
    arrest(model, here[::2], "")
    spread_news(model)
    think = model.consumers.get("market_hits")[c.considering[:n] > Considering.NOT_YET]
    assert (think[:, 0] > 0.0).all()
    assert not think[:, 1].any()


def test_where_half_of_a_markets_vendors_are_arrested_the_forums_say_half():
    model = market()
    v, slot = model.vendors.columns, by_users(market())[0]
    here = np.flatnonzero((v.account[: model.vendors.n] == slot).any(axis=1) & (v.alive[: model.vendors.n] == 1))
    model.platform_table.columns.vendors[slot] = len(here)
    arrest(model, here[::2], "")
    assert caught_by_market(model)[slot] == pytest.approx(len(here[::2]) / len(here))


def test_people_leave_a_market_that_they_fear_for_another():
    """Of those who know two markets, fewer order where police struck, and more at the other one."""
    start = market()
    c, n = start.consumers.columns, start.consumers.n
    a, b = by_users(start)[:2]
    start.consumers.set("known", [a, b, NO_SLOT, NO_SLOT]).set("good", 0.0).set("bad", 0.0)
    c.bought[:n], c.home[:n] = 0, NO_SLOT
    c.market_state[:n], c.considering[:n], c.next_day[:n], c.market_until[:n] = (
        Membership.ACTIVE, Considering.BOUGHT, start.day, NEVER,
    )  # fmt: skip
    chosen = {}
    for hits in (0.0, 2.0):
        model = branched(start, 0)
        model.consumers.set("market_hits", [hits, 0.0, 0.0, 0.0])
        platform = choice(model, demand(model)).platform
        chosen[hits] = [np.count_nonzero(platform == slot) for slot in (a, b)]
    assert chosen[2.0][0] < 0.5 * chosen[0.0][0]
    assert chosen[2.0][1] > chosen[0.0][1]
