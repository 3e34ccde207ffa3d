"""Naloxone works through the people who are there: those who took kits rescue their friends, and are rescued with their own."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from sim.agents.codes import SUM_DEATH, SUM_OVERDOSE, Programme, Segment, Stage
from sim.market.health.consumption import consumption
from sim.market.health.naloxone import NOT_THERE, WITH_THEM, kits_today
from sim.model import MarketModel
from sim.policies.naloxone import Naloxone
from tests.worlds import branched, example, fingerprint, ran, world

DEPENDENTS = {"world": {"patients": 0.05, "dependents": 0.7}}
TOOK_NONE = 1 << Programme.NALOXONE
CARRIED = 0.5
KITS = example("naloxone", outreach=0.0, carriage=1.0, taken_up=0.9, segments=["dependent"])


@functools.cache
def _start() -> MarketModel:
    return ran(world(consumers=2000, parameters=DEPENDENTS), 1, 0, by=("segment",))


def town(carried: float = CARRIED, takers: float = 0.1) -> tuple[MarketModel, np.ndarray]:
    """A market in which a share of people took kits, ``carried`` of which are at hand; and who took some."""
    model = branched(_start(), 0)
    took = np.random.default_rng(5).random(model.consumers.n) < takers
    model.consumers.columns.declined[: model.consumers.n] = np.where(took, 0, TOOK_NONE)
    model.outreach.kept[:] = model.outreach.carried[:] = carried
    return model, took


def risks(model: MarketModel) -> tuple[np.ndarray, np.ndarray]:
    """Overdoses and deaths that are expected today, person by person; kits are neither handed out nor lost meanwhile."""
    kept, carried = model.outreach.kept.copy(), model.outreach.carried.copy()
    model.levers.naloxone_kept[:], model.levers.naloxone[:] = kept, carried
    model.books.happened.forget(model.consumers.n)
    consumption(model)
    assert np.array_equal(model.outreach.kept, kept)
    assert np.array_equal(model.outreach.carried, carried)
    return model.books.happened.sums[:, SUM_OVERDOSE], model.books.happened.sums[:, SUM_DEATH]


def among_friends(model: MarketModel, marked: np.ndarray) -> np.ndarray:
    """Share of each one's friends who are marked and are there."""
    friends, c, n = model.world.friends, model.consumers.columns, model.consumers.n
    there = marked & (c.alive[:n] == 1) & (c.stage[:n] != Stage.LEAVING)
    counted = np.add.reduceat(np.append(there[friends.who], 0), friends.start[:-1])
    return counted / np.diff(friends.start)


def unmoved(now: np.ndarray, before: np.ndarray, who: np.ndarray) -> bool:
    """Whether a risk is the same for all of ``who``, up to what is lost where it is read off running sums."""
    return bool(who.any()) and np.allclose(now[who], before[who], rtol=1e-9, atol=1e-15)


# Whom kits save -------------------------------------------------------------------------------------------------------
def test_friends_of_people_who_took_kits_die_less_whoever_took_them():
    (_, usual), (with_kits, took) = risks(town(0.0)[0]), town()
    overdoses, deaths = risks(with_kits)
    none = ~took & (overdoses > 0.0)
    share = among_friends(with_kits, took)
    some, many = none & (share > 0.0) & (share < 0.25), none & (share >= 0.25)
    assert unmoved(deaths, usual, none & (share == 0.0))
    assert (deaths[none & (share > 0.0)] < usual[none & (share > 0.0)]).all()
    assert deaths[many].sum() / usual[many].sum() < deaths[some].sum() / usual[some].sum() < 1.0


def test_who_took_a_kit_is_rescued_with_it_by_others():
    (_, usual), (with_kits, took) = risks(town(0.0)[0]), town()
    overdoses, deaths = risks(with_kits)
    alone = (overdoses > 0.0) & (among_friends(with_kits, took) == 0.0)
    assert (deaths[alone & took] < usual[alone & took]).all()
    assert unmoved(deaths, usual, alone & ~took)


def test_a_kit_left_at_home_saves_who_took_it_there_and_nobody_else():
    """Kits that nobody carries are at hand at 65 % of the overdoses of those who took them."""
    model, took = town(takers=0.5)
    model.outreach.kept[:], model.outreach.carried[:] = 1.0, 0.0
    without, carried = branched(model, 0), branched(model, 0)
    without.outreach.kept[:] = 0.0
    carried.outreach.kept[:] = carried.outreach.carried[:] = model.p.services.overdoses_at_home
    (overdoses, deaths), (_, usual), (_, all_carry) = risks(model), risks(without), risks(carried)
    use = overdoses > 0.0
    alone = among_friends(model, took) == 0.0
    assert (deaths[use & took] < usual[use & took]).all()
    assert unmoved(deaths, usual, use & ~took)
    assert unmoved(deaths, all_carry, use & took & alone)


def test_kits_prevent_no_overdose():
    (overdoses, _), (usual, _) = risks(town()[0]), risks(town(0.0)[0])
    assert unmoved(overdoses, usual, usual > 0.0)


def test_with_three_people_there_who_all_may_carry_the_chances_are_those_of_the_formula():
    """Everybody took kits: naloxone is at hand with 1 - (1 - 0.5) (1 - 0.01 - 0.5)^3."""
    model, _ = town(takers=1.0)
    p = model.p.consumption
    at_hand = [1.0 - (1.0 - p.naloxone_carried) ** p.company_size]
    at_hand.append(1.0 - (1.0 - CARRIED) * (1.0 - p.naloxone_carried - CARRIED) ** p.company_size)
    c, n = model.consumers.columns, model.consumers.n
    c.practice[:n], c.trust_police[:n] = p.practice_normal, 0.4
    without = branched(model, 0)
    without.outreach.kept[:] = without.outreach.carried[:] = 0.0
    (overdoses, saved), (_, usual) = risks(model), risks(without)
    unaided = (1.0 - p.ambulance - p.ambulance_trust * 0.4) * (1.0 - p.lay_rescue)
    few, many = (1.0 - p.company * (1.0 - unaided * (1.0 - h * p.naloxone_works)) for h in at_hand)
    use = (overdoses > 0.0) & (c.stage[:n] != Stage.LEAVING)
    assert saved[use].sum() / usual[use].sum() == pytest.approx(many / few, rel=1e-5)


@pytest.mark.parametrize("gone", ["dead", "leaving"])
def test_friends_who_are_dead_or_leave_help_nobody(gone):
    model, took = town()
    others = ~took
    if gone == "dead":
        model.consumers.columns.alive[: model.consumers.n][took] = 0
    else:
        model.consumers.columns.stage[: model.consumers.n][took] = Stage.LEAVING
    without = branched(model, 0)
    without.outreach.kept[:] = without.outreach.carried[:] = 0.0
    (overdoses, deaths), (_, usual) = risks(model), risks(without)
    assert overdoses[others].sum() > 0.0
    assert unmoved(deaths, usual, others)


def test_company_is_made_up_of_the_living():
    """Where those who took no kits have died, the friends who are left all have one."""
    model, took = town(takers=0.5)
    c, n = model.consumers.columns, model.consumers.n
    mixed = branched(model, 0)
    c.alive[:n][~took] = 0
    (overdoses, deaths), (_, usual) = risks(model), risks(mixed)
    both = took & (overdoses > 0.0) & (among_friends(mixed, took) > 0.0) & (among_friends(mixed, took) < 1.0)
    assert both.any()
    assert (deaths[both] < usual[both]).all()


# A programme ----------------------------------------------------------------------------------------------------------
def offered(days: int, **fields: object) -> MarketModel:
    return branched(_start(), days, policies=[example("naloxone", **{"outreach": 0.0, **fields})])


def test_kits_that_nobody_gets_change_no_number():
    none, some, without = offered(30, strength=0.0), offered(30), branched(_start(), 30)
    assert fingerprint(none) == fingerprint(without)
    assert not some.daily()["deaths_expected"].equals(without.daily()["deaths_expected"])


def test_kits_left_at_home_save_fewer_than_those_that_are_carried():
    without, home, carried = (
        model.daily()["deaths_expected"].sum()
        for model in (branched(_start(), 60), offered(60, carriage=0.0), offered(60, carriage=1.0))
    )
    assert carried < home < without


def test_kits_for_some_save_others_too():
    """Offered to dependent people alone, kits lower deaths of their friends who are none."""
    some, without = (branched(_start(), 60, **p) for p in ({"policies": [KITS]}, {}))
    segment = some.consumers.columns.segment[: some.consumers.n]
    others = segment != Segment.DEPENDENT
    policy = some.scenario.policies[0]
    assert not policy.inside(some)[others].any()
    fatal, usual = (
        deaths[others].sum() / overdoses[others].sum() for overdoses, deaths in (risks(some), risks(without))
    )
    assert fatal < 0.95 * usual


def test_the_number_of_threads_moves_nothing():
    one, two = (
        ran(world(consumers=11000, days=5, burn_in=5, policies=[KITS]), 1, None, threads=threads) for threads in (1, 2)
    )
    assert one.outreach.carried.any()
    assert fingerprint(one) == fingerprint(two)


def test_kits_are_counted_and_paid_for_whoever_took_them():
    model = offered(10, taken_up=0.5)
    policy = model.scenario.policies[0]
    assert isinstance(policy, Naloxone)
    takers = np.count_nonzero(policy.inside(model))
    daily = takers / model.p.services.naloxone_days
    assert takers == pytest.approx(0.5 * model.consumers.n, rel=0.15)
    assert policy.deed(model).done == pytest.approx(daily)
    assert policy.cost(model) == pytest.approx(daily * model.p.costs.naloxone_kit)
    assert policy.model_copy(update={"carriage": 0.9}).cost(model) == policy.cost(model)


def test_when_a_programme_is_over_nobody_gets_a_kit_who_had_none():
    on, over = offered(41, taken_up=0.3), offered(41, taken_up=0.3, end=40)
    kept, left = (float(kits[kits[:, WITH_THEM] != NOT_THERE].mean()) for kits in (kits_today(on), kits_today(over)))
    assert 0.9 * kept < left < kept
