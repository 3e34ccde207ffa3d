"""Levels of needs, and what people know and think when they begin: waits that follow a shock, and where newcomers and markets come into view."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from sim.agents.codes import NEVER, NO_SLOT, Channel, Membership, Segment
from sim.market import views
from sim.market.choice.joining import participation
from sim.market.choice.memory import learn_of
from sim.market.demand.rates import at_level, follow_level
from sim.market.entry_exit.roles import take_role
from sim.market.learning.considering import BEGINS, STOPS, turn_to_markets
from sim.market.people.who import draw_people
from sim.market.views import narrow
from tests.worlds import model_of, run, world

RATE = 0.05


@numba.njit
def learn(consumers, c, m, spare):
    """`learn_of`, as kernels call it."""
    learn_of(consumers, c, m, spare)


@numba.njit
def chance(seed, c, value, street_open, consumers, choice, migration):
    """`participation`, likewise."""
    return participation(seed, c, value, street_open, consumers, choice[0], migration[0])


def waiting(many: int = 4000):
    """A model in which everybody waits for a need that comes at `RATE` a day."""
    model = model_of(world(consumers=many, burn_in=0))
    c = model.consumers.columns
    c.need_rate[:], c.dependence[:], c.treatment_day[:] = RATE, 0.0, NEVER
    u = np.random.default_rng(7).random(many)
    c.next_day[:] = model.day - 1 + np.maximum(np.ceil(-np.log(u) / RATE), 1)
    return model, c


def rate_of(model) -> float:
    """The rate that waits speak of: a need comes within a day with 1 - exp(-rate)."""
    return -math.log1p(-1.0 / (model.consumers.columns.next_day.astype(float) - model.day + 1).mean())


@pytest.mark.parametrize("level", [0.25, 0.5, 0.8, 1.7, 3.0])
def test_waits_that_run_follow_the_level_of_needs_and_come_back_with_it(level):
    model, c = waiting()
    before = c.next_day.copy()
    model.levers.need[:] = level
    follow_level(model)
    assert rate_of(model) == pytest.approx(level * RATE, rel=0.08)
    assert ((c.next_day >= before) if level < 1 else (c.next_day <= before)).all(), (
        "everybody's wait, in the same order"
    )
    model.levers.need[:] = 1.0
    follow_level(model)
    assert rate_of(model) == pytest.approx(RATE, rel=0.08)


def test_nobody_needs_anything_while_needs_are_at_zero_and_all_do_again_afterwards():
    model, c = waiting()
    model.levers.need[:] = 0.0
    follow_level(model)
    assert (c.next_day > model.day + 10_000).all()
    model.levers.need[:] = 1.0
    follow_level(model)
    assert rate_of(model) == pytest.approx(RATE, rel=0.08)


def test_newcomers_of_a_shock_need_as_seldom_as_others():
    model, c = waiting()
    model.levers.need[:] = 0.5
    follow_level(model)
    rows = np.arange(model.consumers.n)
    c.next_day[:] = model.day - 1 + np.maximum(np.ceil(-np.log(np.random.default_rng(8).random(len(rows))) / RATE), 1)
    at_level(model, rows)
    assert rate_of(model) == pytest.approx(0.5 * RATE, rel=0.08)


@pytest.mark.parametrize(("level", "others"), [(1.0, 1.0), (0.0, 1.0), (0.5, 1.0), (1.0, 0.25), (0.0, 0.5)])
def test_who_changes_segment_needs_as_often_as_those_there_from_that_day_on(level, others):
    """In normal times, and in a shock to the needs of the segment that is left or of the one that is joined."""
    model, c = waiting()
    c.segment[:], d = Segment.RECREATIONAL, model.p.demand
    model.levers.need[:, Segment.RECREATIONAL], model.levers.need[:, Segment.DEPENDENT] = level, others
    follow_level(model)
    take_role(model, np.arange(model.consumers.n), int(Segment.DEPENDENT), "dependent")
    follow_level(model)
    assert rate_of(model) == pytest.approx(RATE * others * d.dependent_rate / d.recreational_rate, rel=0.08)


def test_a_shock_at_full_length_stops_orders_and_leaves_the_market_as_it_was():
    def orders(policies: list) -> np.ndarray:
        return run(world(consumers=800, days=90, policies=policies)).daily()["orders"].to_numpy()

    usual = orders([])
    shock = orders(
        [{"kind": "demand_shock", "needs": 0.0, "street_lost": 0.0, "initiation": 1.0, "start": 10, "end": 40}]
    )
    assert shock[:10].tolist() == usual[:10].tolist()
    assert shock[12:40].sum() < 0.02 * usual[12:40].sum(), "who ordered in vain tries again"
    assert shock[60:].sum() == pytest.approx(usual[60:].sum(), rel=0.15)


def test_a_market_that_is_known_is_known_once_whatever_was_forgotten_before_it():
    model = model_of(world())
    c = narrow(model.consumers.columns, views.MigrationConsumers)
    who = int((c.memory > 0).nonzero()[0][0])
    memory, spare = c.memory[who], model.consumers.spare["memory"]
    c.known[memory], c.bad[memory] = [NO_SLOT, 5, 6, NO_SLOT], [0.0, 3.0, 1.0, 0.0]
    learn(c, who, 5, spare)
    assert c.known[memory].tolist() == [NO_SLOT, 5, 6, NO_SLOT]
    assert c.bad[memory, 1] == 3.0, "nor is what was held against it forgotten"
    learn(c, who, 7, spare)
    assert c.known[memory].tolist() == [7, 5, 6, NO_SLOT]


def test_a_closed_or_dangerous_street_makes_more_people_join_a_market():
    model = model_of(world())
    c = narrow(model.consumers.columns, views.MigrationConsumers)
    places = model.world.n_jurisdictions

    def chances(street_lost: float) -> np.ndarray:
        street = np.full(places, math.log(1.0 - street_lost))
        return np.array(
            [chance(1, who, 0.0, street, c, model.given.choice, model.given.migration) for who in range(200)]
        )

    usual, closed = chances(0.0), chances(0.6)
    assert (closed > usual).all()
    assert np.log(closed / (1 - closed)) - np.log(usual / (1 - usual)) == pytest.approx(-math.log(0.4))
    c.danger[:] = 20.0
    assert (chances(0.0) > usual).all()


def test_newcomers_consider_online_sources_as_others_do_and_fewer_where_the_inflow_is_less():
    model = model_of(world(consumers=6000))
    rows, c = np.arange(model.consumers.n), model.consumers.columns
    there = (c.considering > 0).mean()
    draw_people(model, rows, newcomers=True)
    assert (c.considering > 0).mean() == pytest.approx(there, abs=0.03)
    model.levers.initiation[:] = 0.0
    draw_people(model, rows, newcomers=True)
    assert (c.considering == 0).all()


def test_who_begins_to_consider_markets_is_not_counted_with_those_whose_market_closed():
    model = model_of(world())
    c = model.consumers.columns
    who = int((c.considering == 0).nonzero()[0][0])
    starts = np.zeros(model.consumers.n, np.uint8)
    starts[who] = BEGINS
    turn_to_markets(model.day, starts, c)
    assert c.market_state[who] == Membership.LAPSED
    assert c.market_until[who] == model.day + 1


def test_who_no_longer_considers_markets_uses_none():
    model = model_of(world())
    c = model.consumers.columns
    who, c.home[:] = 7, model.crypto_slots()[0]
    starts = np.zeros(model.consumers.n, np.uint8)
    starts[who] = STOPS
    turn_to_markets(model.day, starts, c)
    assert c.home[who] == NO_SLOT


def test_only_vendors_of_channels_on_which_people_rate_begin_with_ratings():
    model = model_of(world())
    v, n = model.vendors.columns, model.vendors.n
    rated = v.channel[:n] == Channel.CRYPTOMARKET
    assert (v.positive[:n, 0][rated] > 0).mean() > 0.5
    assert not v.positive[:n][~rated].any()


def test_how_dependent_somebody_is_says_nothing_of_stigma():
    c = model_of(world(consumers=6000, parameters={"world": {"dependents": 0.5}})).consumers.columns
    dependent = c.segment == Segment.DEPENDENT
    assert abs(np.corrcoef(c.dependence[dependent], c.stigma[dependent])[0, 1]) < 0.08
