"""Goods among friends: what is bought for others reaches them, with what it holds, and nothing is made or lost on the way."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import Content, EventKind, Segment
from sim.agents.consumers import STASHES
from sim.kernels import kernel
from sim.market import views
from sim.market.books import Tally
from sim.market.demand.demand import demand
from sim.market.demand.needs import FROM_STASH
from sim.market.health.stash import put
from sim.market.views import narrow
from sim.model import MarketModel
from tests.test_rules import everybody_needs
from tests.worlds import ran, world

OWN = {"own_substance": 1.0, "wholesale_share": 0.0}


def start(**wants: float) -> MarketModel:
    """Everybody needs the own substance today, and nobody has any."""
    model = ran(world(consumers=600, burn_in=5, parameters={"demand": {**OWN, **wants}}), 1, 0, tables=("events",))
    model = everybody_needs(model)
    model.consumers.columns.stash[:] = 0.0
    model.today = Tally()
    return model


def stocked(model: MarketModel) -> int:
    """A consumer who holds a hundred usual orders of what at least two friends use as well, with something in it."""
    c, friends = model.consumers.columns, model.world.friends
    for giver in range(model.consumers.n):
        mine = friends.who[friends.start[giver] : friends.start[giver + 1]]
        same = np.unique(mine[c.substance[mine] == c.substance[giver]])
        if len(same[same != giver]) > 1:
            c.stash[giver, 1] = 100.0 * model.substances.doses_per_order[c.substance[giver]]
            c.stash_substance[giver, 1], c.stash_potency[giver, 1] = c.substance[giver], 3.0
            c.stash_content[giver, 1] = 1
            return giver
    raise AssertionError("nobody has friends who use the same")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_friend_who_has_some_to_spare_meets_a_need_as_a_gift_or_for_money(share):
    model = start(friends_pay=share)
    c, giver = model.consumers.columns, stocked(model)
    s, before = c.substance[giver], float(c.stash[giver, 1])
    needs = demand(model)
    met = needs.due[(needs.substance == FROM_STASH) & (needs.due != giver)]
    friends = model.world.friends.who[model.world.friends.start[giver] : model.world.friends.start[giver + 1]]
    assert len(met) > 1
    assert set(met) == set(friends[(c.substance[friends] == s) & np.isin(friends, needs.due)])
    assert c.stash[met].sum() == pytest.approx(model.today.passed_on, rel=1e-5)
    assert before - c.stash[giver, 1] == pytest.approx(model.today.passed_on, rel=1e-4)
    assert (c.stash_potency[met, 0] == 3.0).all()
    assert (c.stash_content[met, 0] == 1).all()
    assert int(c.from_friends.sum()) == 0
    assert (c.from_friends[giver] > 0) == (share > 0)
    assert (model.today.paid_to_friends > 0) == (share > 0)
    told = model.books.events.rows[: model.books.events.n]
    told = told[(told["kind"] == EventKind.PASSED_ON) & (told["day"] == model.day)]
    assert set(told["subject"]) == set(met)


def test_friends_keep_what_they_need_themselves():
    model = start()
    c, giver = model.consumers.columns, stocked(model)
    c.stash[giver, 1] = model.p.consumption.kept * model.substances.doses_per_order[c.substance[giver]]
    before = float(c.stash[giver, 1])
    needs = demand(model)
    assert c.stash[giver, 1] == before
    assert (needs.substance[needs.due != giver] != FROM_STASH).all()


def test_nobody_buys_for_others_while_some_is_left():
    model = start(wholesale_share=1.0)
    c, table = model.consumers.columns, model.substances
    suppliers = np.flatnonzero(c.segment == Segment.SOCIAL_SUPPLIER)
    kept = model.p.consumption.kept * table.doses_per_order[c.substance]
    c.stash[suppliers, 0] = np.where(suppliers % 2 == 0, 1.1, 0.9) * kept[suppliers]
    c.stash_substance[:, 0] = c.substance
    needs = demand(model)
    at = np.isin(needs.due, suppliers)
    assert ((needs.substance[at] == FROM_STASH) == (needs.due[at] % 2 == 0)).all()
    assert len(set(needs.due[at] % 2)) == 2


@kernel
def put_each(consumers, rows, s, doses, table):
    lost = 0.0
    for c in rows:
        lost += put(consumers, c, s, doses, 1.0, 0, table, 0.5)
    return lost


@kernel
def put_one_by_one(consumers, rows, s, doses, strength, content, table, draws):
    for i in range(len(rows)):
        put(consumers, rows[i], s, doses, strength, content, table, draws[i])


def test_what_is_put_together_is_one_of_the_two_in_content_and_strength_and_as_strong_on_average_as_what_came():
    model = ran(world(consumers=2000, burn_in=0), 1, 0)
    c, table, many = model.consumers.columns, model.substances, model.consumers.n
    heroin = list(model.scenario.substances).index("heroin")
    view, rows, draws = narrow(c, views.ConsumptionConsumers), np.arange(many), (np.arange(many) + 0.5) / many
    c.stash[:] = 0.0
    put_one_by_one(view, rows, heroin, 3.0, 1.5, Content.AS_SOLD, table, draws)
    put_one_by_one(view, rows, heroin, 1.0, 0.0, Content.SUBSTITUTED, table, draws)
    assert (c.stash[:, 0] == 4.0).all()
    assert (c.stash_content[:, 0] == Content.SUBSTITUTED).mean() == pytest.approx(0.25, abs=0.001)
    assert (c.stash_potency[c.stash_content[:, 0] == Content.SUBSTITUTED, 0] == 0.0).all(), "flour holds no opioid"
    assert (c.stash_potency[c.stash_content[:, 0] == Content.AS_SOLD, 0] == 1.5).all(), "nor is the rest diluted"
    assert (c.stash[:, 0] * c.stash_potency[:, 0]).mean() == pytest.approx(3.0 * 1.5, rel=0.001)


def test_another_substance_leaves_what_is_at_hand_and_want_of_a_place_takes_the_least():
    model = start()
    c, table = model.consumers.columns, model.substances
    view, one = narrow(c, views.ConsumptionConsumers), np.array([7])
    for s in range(STASHES):
        assert put_each(view, one, s, (s + 1.0) * table.doses_per_order[s], table) == 0.0
    assert sorted(c.stash_substance[7]) == list(range(STASHES))
    assert put_each(view, one, 1, 5.0, table) == 0.0
    assert c.stash[7].sum() == pytest.approx(sum((s + 1.0) * table.doses_per_order[s] for s in range(STASHES)) + 5.0)
    assert put_each(view, one, STASHES, 5.0, table) == pytest.approx(table.doses_per_order[0])
    assert 0 not in c.stash_substance[7]


def test_doses_are_used_discarded_or_at_hand_and_a_good_part_went_from_friend_to_friend():
    model = ran(world(consumers=1500, days=40, burn_in=30), 1, audit=True)
    goods, daily = model.books.goods, model.daily()
    c = model.consumers.columns
    assert goods.start + goods.arrived == pytest.approx(
        goods.used + goods.discarded + goods.taken + c.stash.sum(dtype=float), rel=1e-5
    )
    assert daily["doses_from_friends"].sum() > 0.02 * daily["doses_used"].sum()
    assert goods.discarded < 0.05 * goods.arrived
    people = model.table("consumers")
    assert people["from_friends_usd"].sum() == pytest.approx(0.0, abs=1e-6)
    assert people["from_friends_usd"].abs().sum() == pytest.approx(2.0 * daily["paid_to_friends_usd"].sum(), rel=0.5)


def test_bad_doses_are_as_many_as_came_whatever_they_are_put_with():
    """They are used, at hand, or were given up, and goods that came as they were sold do not turn bad beside them."""
    small = {"demand": {"wholesale_share": 0.0}}
    model = ran(world(consumers=600, days=240, burn_in=20, parameters=small), 1, tables=("orders", "doses"))
    orders, used, c = model.table("orders"), model.table("doses"), model.consumers.columns
    came = orders[(orders["outcome"] == "delivered") & ~orders["discarded"] & (orders["content"] != "as_sold")]
    bad = used["doses"][used["content"] != "as_sold"].sum() + c.stash[c.stash_content > 0].sum()
    assert 0.75 < bad / came["quantity"].sum() < 1.1
