"""What the page of a policy says can go wrong does go wrong, where the conditions for it are there, and not where they are missing."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest

from sim.agents.codes import Channel, Content
from sim.model import MarketModel
from tests.worlds import branched, example, ran, world

MANY_VENDORS = {"supply": {"crypto_vendors": 0.05}}


@functools.cache
def _started(burn_in: int) -> MarketModel:
    return ran(world(consumers=3000, days=200, burn_in=burn_in, parameters=MANY_VENDORS), 1, 0, tables=("orders",))


def with_(*policies: dict, days: int, parameters: dict | None = None) -> MarketModel:
    """A market some days after day 0 with these policies."""
    changes = {} if parameters is None else {"parameters": {**MANY_VENDORS, **parameters}}
    return branched(_started(30), days, policies=list(policies), **changes)


# Parcels that wait ----------------------------------------------------------------------------------------------------
@functools.cache
def inspected(staff: float) -> MarketModel:
    """Day 90 of three times as many inspections of parcels from abroad."""
    return with_(example("postal_interdiction", inspections=3.0, staff=staff), days=90)


def from_abroad(model: MarketModel) -> pd.DataFrame:
    """Orders on cryptomarkets abroad, made on the days 10 to 40, that arrived."""
    orders = model.table("orders").query("10 <= day < 40 and outcome == 'delivered' and channel == 'cryptomarket'")
    home = model.consumers.columns.jurisdiction[orders["consumer"].to_numpy()]
    return orders[model.vendors.columns.jurisdiction[orders["vendor"].to_numpy()] != home]


def test_parcels_that_wait_for_inspectors_are_given_up_disputed_and_rated_badly():
    waited, prompt = from_abroad(inspected(1.0)), from_abroad(inspected(3.0))
    days = [(orders["outcome_day"] - orders["day"]).mean() for orders in (waited, prompt)]
    assert days[0] > days[1] + 3
    assert (prompt["settlement"] == "refunded").sum() == 0, "what arrives in time is not refunded"
    assert (waited["settlement"] == "refunded").mean() > 0.1
    bad = [(orders["rating"].dropna() <= 3).mean() for orders in (waited, prompt)]
    assert bad[0] > 2 * bad[1]


def test_buyers_of_parcels_that_came_late_do_not_count_them_as_good_orders():
    """Memories of sellers abroad do not form while the post is late."""

    def good_orders_abroad(model: MarketModel) -> int:
        c, n, v = model.consumers.columns, model.consumers.n, model.vendors.columns
        seller = np.maximum(c.vendor[:n], 0)
        away = v.jurisdiction[seller] != c.jurisdiction[:n, None]
        return int(c.bought[:n][away & (v.channel[seller] == Channel.CRYPTOMARKET)].sum())

    assert good_orders_abroad(inspected(1.0)) < 0.9 * good_orders_abroad(inspected(3.0))


@pytest.mark.parametrize(("staff", "late"), [(1.0, True), (10.0, False)])
def test_a_week_of_action_leaves_parcels_behind_where_nobody_helps_the_post(staff, late):
    policy = example("international_operation", days=7, inspection=5.0, staff=staff, sites=0.0, arrests=0.0)
    model = with_(policy, days=8)
    assert all((post.backlog > 5) == late for post in model.posts)


# Bans -----------------------------------------------------------------------------------------------------------------
def test_what_is_sold_under_other_names_is_less_often_what_it_was_sold_as():
    """Everybody goes on selling under cover names: nothing is gained by the ban, and buyers know less of what they get."""
    every = list(_started(30).scenario.substances)
    ban = example("platform_self_regulation", substances=every, banning=1.0, warning=0.0)
    careless = {"vendors": {"evasion": 1.0}, "shipping": {"carelessness": 0.5}}
    free, banned = (with_(*policies, days=150, parameters=careless) for policies in ((), (ban,)))
    orders = [model.table("orders").query("channel == 'cryptomarket' and day >= 0") for model in (free, banned)]
    false = [(o["content"] != str(Content.AS_SOLD)).mean() for o in orders]
    assert len(orders[1]) == pytest.approx(len(orders[0]), rel=0.15)
    assert false[1] > 1.5 * false[0]
    assert banned.vendors.columns.covered.any()
    banned.scenario = banned.scenario.with_(policies=[])
    banned.run_for(2)
    v = banned.vendors.columns
    assert not v.covered[v.alive == 1].any(), "goods go by their own names again"


# Privacy of cooperation -----------------------------------------------------------------------------------------------
def test_what_lies_on_a_seized_server_is_read_by_more_agencies_under_a_treaty():
    raid = example("takedown", count=2)
    treaty = example("international_cooperation", ratification_days=0, closed=1.0)
    alone, together, members = (
        with_(*policies, days=1).daily()["privacy_intrusions"].iloc[0]
        for policies in ([raid], [raid, treaty], [raid, {**treaty, "members": ["oceania", "rest_of_world"]}])
    )
    assert together > 1.2 * alone
    assert alone <= members < together


# Staff ----------------------------------------------------------------------------------------------------------------
CROWDED = {"world": {"patients": 0.05, "dependents": 0.7}, "consumption": {"entry_rate": 0.1}}


@functools.cache
def treated(**fields: float) -> pd.DataFrame:
    start = ran(world(consumers=2000, days=90, burn_in=20, parameters=CROWDED), 1, 0)
    capacity = example("treatment_capacity", **{"places": 2.0, "dropout": 1.0, **fields})
    return branched(start, 90, policies=[capacity]).daily()


def test_places_open_as_slowly_as_staff_is_found():
    soon, late = treated(hiring_days=1), treated(hiring_days=900)
    assert late["in_treatment"].mean() < 0.7 * soon["in_treatment"].mean()
    assert late["waiting_for_treatment"].mean() > soon["waiting_for_treatment"].mean()
    assert late["policy_cost_usd"].sum() < 0.2 * soon["policy_cost_usd"].sum(), "nobody is paid who was not found"


def test_people_drop_out_of_places_without_staff():
    """As many places are open, with and without staff; people leave the latter sooner."""
    staffed, bare = treated(hiring_days=1), treated(hiring_days=900, unstaffed=1.0)
    assert bare["treatment_entries"].sum() > staffed["treatment_entries"].sum()
    assert bare["in_treatment"].iloc[-1] < 0.95 * staffed["in_treatment"].iloc[-1]


def test_who_waits_waits_longer_where_there_are_fewer_places_and_more_lose_heart():
    few, many = treated(places=0.0), treated(places=5.0, hiring_days=1)
    assert few["treatment_wait_days"].mean() > 2 * many["treatment_wait_days"].mean()
    assert few["stopped_waiting"].sum() > 1.5 * many["stopped_waiting"].sum() > 0
