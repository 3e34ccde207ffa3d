"""Runs that differ in policies alone share their days until one of these can act, and no number of any run depends on it."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any

import pytest

from sim.model import MarketModel
from sim.report.comparison import compare
from sim.studies.runs import common_days
from sim.studies.runs.common_days import first_day, keep, parting, partings_of, recall, worlds_of
from sim.studies.runs.simulate import WARM_CONSUMERS, load_scenario, simulate
from tests.worlds import ALL_TABLES, KINDS, example, fingerprint, run, same_frames, world

DAY = 12
TAKEDOWN = {"kind": "takedown", "start": DAY}
SHOCK = example("supply_shock", start=3)
LATE: dict[str, list[dict[str, Any]]] = {
    "two at once": [TAKEDOWN, example("drug_checking", start=DAY)],
    "one after another": [TAKEDOWN, {**example("education_campaign"), "after": {"policy": "takedown", "days": 4}, "start": DAY}],
    "again and again": [{**TAKEDOWN, "every": 9, "lasting": 3}],
    "when an outcome falls": [{**TAKEDOWN, "start": 0, "when": {"outcome": "orders", "below": 1e9, "over_days": DAY, "times": 2}}],
    "an end": [example("drug_checking", start=DAY, end=DAY + 5)],
    "nothing at all": [{**TAKEDOWN, "start": 0, "strength": 0.0}, example("naloxone", start=DAY)],
    "what happens in both": [SHOCK, TAKEDOWN],
}  # fmt: skip
"""Policies of which none that others have not can act before `DAY`."""


def same(shared, alone, tables):
    """Whether two markets are equal to the last bit, and so is all that was kept of them."""
    return (
        fingerprint(shared) == fingerprint(alone)
        and shared.outcomes().keys() == alone.outcomes().keys()
        and same_frames(shared.daily(), alone.daily())
        and all(same_frames(shared.table(table), alone.table(table)) for table in tables)
    )


@pytest.fixture
def nothing_kept(monkeypatch):
    monkeypatch.setattr(common_days, "_kept", OrderedDict())


@pytest.fixture
def days_run(monkeypatch):
    """The days that are simulated, other than to compile."""
    days: list[int] = []
    real = MarketModel.step

    def step(model):  # of this name, as a model that is kept finds it by that
        if model.scenario.consumers != WARM_CONSUMERS:
            days.append(model.day)
        real(model)

    monkeypatch.setattr(MarketModel, "step", step)
    return days


@pytest.fixture(scope="module")
def kept():
    """A world without policies whose days until `DAY` are kept."""
    common_days._kept.clear()
    without = world(days=25)
    simulate(without, 1, MarketModel, tables=ALL_TABLES, share=(DAY,))
    return without


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if i % 4 == 0 else [pytest.mark.slow]) for i, kind in enumerate(KINDS)]
)
@pytest.mark.parametrize("start", [0, DAY])
def test_a_run_that_shares_its_first_days_is_the_run_that_does_not(kept, days_run, kind, start):
    scenario = kept.with_(policies=[example(kind, start=start)])
    shared = simulate(scenario, 1, MarketModel, tables=ALL_TABLES, share=()).model
    assert days_run == list(range(start, 25))
    assert same(shared, run(scenario, tables=ALL_TABLES), ALL_TABLES)


@pytest.mark.parametrize("policies", LATE.values(), ids=LATE)
@pytest.mark.parametrize("more", [{}, {"audit": True}, {"by": ("segment",)}], ids=["plain", "audit", "groups"])
def test_runs_part_on_the_first_day_on_which_what_differs_can_act(nothing_kept, days_run, policies, more):
    common = [SHOCK] if SHOCK in policies else []
    first, second = (world(days=25, policies=each) for each in (common, policies))
    assert parting(first, second) == parting(second, first) == DAY
    simulate(first, 1, MarketModel, tables=("orders", "events"), share=(DAY,), **more)
    days_run.clear()
    shared = simulate(second, 1, MarketModel, tables=("orders", "events"), share=(DAY,), **more).model
    assert days_run == list(range(DAY, 25))
    alone = run(second, tables=("orders", "events"), **more)
    assert same(shared, alone, ("orders", "events", "policies"))


def test_worlds_of_another_setting_part_from_none():
    fair, other = world(days=25), world(days=25).with_(consumers=301)
    assert fair.consumers != other.consumers
    scenarios = {
        "fair": fair,
        "taken": fair.with_(policies=[TAKEDOWN]),
        "other": other.with_(policies=[example("naloxone", start=15)]),
    }
    assert partings_of(scenarios) == {"fair": {DAY, math.inf}, "taken": {DAY, math.inf}, "other": {math.inf}}


@pytest.mark.parametrize("order", [(15, 25), (25, 15)], ids=["shorter first", "longer first"])
def test_a_shorter_run_is_the_first_days_of_a_longer_one(nothing_kept, days_run, order):
    scenarios = {str(days): world(days=days) for days in order} | {"taken": world(days=20, policies=[TAKEDOWN])}
    partings = partings_of(scenarios)
    assert partings == {"15": {DAY, 15, math.inf}, "25": {DAY, 15, math.inf}, "taken": {DAY, math.inf}}
    shared = {
        name: simulate(each, 1, MarketModel, tables=ALL_TABLES, share=partings[name]).model
        for name, each in scenarios.items()
    }
    assert sorted(day for day in days_run if day >= 0) == sorted([*range(25), *range(DAY, 20)])
    for name, model in shared.items():
        assert same(model, run(scenarios[name], tables=ALL_TABLES), ALL_TABLES)
        assert not model.running  # pyright: ignore


def test_a_budget_is_spread_over_the_days_of_its_own_run(nothing_kept):
    paid = [example("naloxone", start=DAY)]
    for days in (18, 25):
        scenario = world(days=days, policies=paid, budget={"usd": 1e4})
        shared = simulate(scenario, 1, MarketModel, share=(DAY,)).model
        assert same(shared, run(scenario), ("policies",))


def test_whichever_comes_first_the_others_go_on_from_there(nothing_kept, days_run):
    worlds = [world(days=20, policies=each) for each in ([TAKEDOWN], [], [example("naloxone", start=15)])]
    shared = [simulate(each, 1, MarketModel, share=(DAY, 15)).model for each in worlds]
    assert len(days_run) == (20 + 20) + 8 + 5
    for model, scenario in zip(shared, worlds, strict=True):
        assert same(model, run(scenario), ("policies",))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["takedown", "coordinated", "serial-closures", "european-package", "onymous-2014", "novel-opioid-answered"]
)
def test_what_ships_is_the_same_with_and_without_sharing(nothing_kept, name):
    ships = load_scenario(name, consumers=800, burn_in=20, days=420)
    baseline = ships.with_(policies=[policy for policy in ships.policies if policy.exogenous])
    simulate(baseline, 3, MarketModel, share=(parting(ships, baseline),))
    shared = simulate(ships, 3, MarketModel, share=()).model
    assert same(shared, run(ships, 3), ("policies", "vendors", "consumers"))


def test_a_policy_can_act_from_its_start_whatever_it_waits_for_and_never_without_strength():
    waits = {**TAKEDOWN, "when": {"outcome": "deaths", "above": 0.0, "over_days": 28}}
    nothing = {**TAKEDOWN, "strength": 0.0}
    follows = {**TAKEDOWN, "after": {"policy": "naloxone", "days": 9}}
    scenario = world(policies=[TAKEDOWN, waits, nothing, follows, {"kind": "naloxone"}])
    assert [first_day(policy) for policy in scenario.policies] == [DAY, 28, math.inf, DAY, 0]


def days_of(scenario, *days):
    """The days before which a run's world is kept."""
    return sorted(worlds_of(scenario, 1, (), False, days))


def test_what_could_look_back_or_ahead_shares_less(tmp_path):
    counts = {"kind": "takedown", "when": {"event": "takedown", "above": 0, "over_days": 30}}
    assert days_of(world(policies=[counts]), DAY) == []
    assert days_of(world(policies=[TAKEDOWN]), 5, 20) == [0, 5, DAY, 20]
    assert days_of(world(policies=[TAKEDOWN], budget={"usd": 1e6}), 5, 20) == [0, 5, DAY]
    own = tmp_path / "own.py"
    own.write_text("", encoding="utf-8")
    assert days_of(world(policies=[TAKEDOWN], uses=[str(own)]), 5, 20) == [0]
    assert days_of(world(policies=[TAKEDOWN | {"start": -5}], uses=[str(own)]), 5, 20) == []
    assert days_of(world(burn_in=0), 5) == [5]
    mine, longer = (worlds_of(world(uses=[str(own)], days=days), 1, (), False)[0] for days in (25, 44))
    assert mine != longer


@pytest.mark.parametrize(
    "changes",
    [
        {"consumers": 301},
        {"burn_in": 19},
        {"parameters": {"choice": {"legal_risk_weight": 3.0}}},
        {"policies": [{**TAKEDOWN, "start": -5}]},
        {"policies": [SHOCK]},
    ],
)
def test_other_worlds_share_nothing(changes):
    assert worlds_of(world(**changes), 1, (), False, (DAY,))[DAY] != worlds_of(world(), 1, (), False, (DAY,))[DAY]
    assert worlds_of(world(), 1, (), False)[0] != worlds_of(world(), 2, (), False)[0]
    assert worlds_of(world(), 1, (), False)[0] != worlds_of(world(), 1, ("orders",), False)[0]


def test_a_world_that_cannot_be_pickled_or_takes_too_much_room_is_not_shared_and_breaks_nothing(
    nothing_kept, monkeypatch
):
    model, worlds = run(world(), until=0), worlds_of(world(), 1, (), False)
    keep(worlds[0], model)
    assert recall(worlds, world()) is not None
    common_days._kept.clear()
    with monkeypatch.context() as small:
        small.setattr(common_days, "ROOM", 1000)
        keep(worlds[0], model)
    monkeypatch.setattr(model, "notes", lambda: None, raising=False)
    keep(worlds[0], model)
    assert not common_days._kept
    assert recall(worlds, world()) is None


def test_the_worlds_that_are_kept_take_limited_room(nothing_kept, monkeypatch):
    simulate(world(), 1, MarketModel, share=())
    (size,) = map(len, common_days._kept.values())
    monkeypatch.setattr(common_days, "ROOM", 2 * size + size // 2)
    for seed in (2, 3, 4):
        simulate(world(), seed, MarketModel, share=())
    assert [each.seed for each in common_days._kept] == [3, 4]


def test_a_comparison_simulates_what_its_scenarios_have_in_common_once_a_seed(nothing_kept, days_run):
    together = compare(world(days=20), [world(days=20, policies=[TAKEDOWN], name="closure")], runs=2, workers=1)
    assert len(days_run) == 2 * (20 + 20 + (20 - DAY))
    daily = together.daily[together.daily["scenario"] == "closure"]
    alone = run(world(days=20, policies=[TAKEDOWN]), int(daily["seed"].iloc[0])).daily()
    assert (daily["orders"].to_numpy()[:20] == alone["orders"].to_numpy()).all()
