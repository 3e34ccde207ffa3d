"""When policies begin: after others, again, when a level is crossed; what is said when they never can."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.scenario import Scenario, ScenarioError
from tests.worlds import KINDS, branched, example, fingerprint, frames, ran, run, same_frames, world

EVERY_KIND = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if i % 4 == 0 else [pytest.mark.slow]) for i, kind in enumerate(KINDS)]
)
"""When a policy is on does not depend on what it does: one in four is tested in every run of the tests, the others with the slow ones."""
ALWAYS = {"outcome": "orders", "above": 0, "over_days": 3}
NEVER = {"outcome": "orders", "above": 1e9, "over_days": 3}


def paid(*policies: dict, **fields) -> list[int]:
    """The days, from day 0 on, on which these policies cost something."""
    cost = ran(world(policies=list(policies), **fields)).daily()["policy_cost_usd"]
    return np.flatnonzero(cost > 0).tolist()


def began(*policies: dict, until: int | None = None, **fields) -> list[list[int]]:
    """The days on which each of these policies began."""
    model = run(world(policies=list(policies), **fields), until=until)
    return [course.began for course in model.policy_plan.courses]


def campaign(**fields) -> dict:
    return example("education_campaign", **fields)


def takedown(**fields) -> dict:
    return example("takedown", **{"count": 1, **fields})


def problems(*policies: dict, **fields) -> dict[str, str]:
    with pytest.raises(ScenarioError) as caught:
        world(policies=list(policies), **fields)
    return {problem.path: str(problem) for problem in caught.value.problems}


# After another --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["takedown", "closure"])
@pytest.mark.parametrize("order", [1, -1])
def test_a_policy_begins_some_days_after_the_one_it_names_by_kind_or_label(name, order):
    first, then = takedown(start=10, label="closure"), campaign(after={"policy": name, "days": 5}, lasting=4)
    assert paid(*[first, then][::order]) == [10, 15, 16, 17, 18]


def test_with_no_days_between_both_begin_on_the_same_day_wherever_they_stand():
    third = campaign(after={"policy": "deflection"}, lasting=2)
    second = example("deflection", after={"policy": "takedown"}, lasting=1)
    assert began(third, second, takedown(start=7)) == [[7], [7], [7]]


def test_a_start_puts_off_what_follows_and_an_end_closes_it():
    then = campaign(after={"policy": "takedown", "days": 2}, start=20, end=23)
    assert paid(takedown(start=10), then) == [10, 20, 21, 22]


def test_what_follows_a_repeated_policy_follows_each_time():
    then = example("vendor_arrests", monthly=False, after={"policy": "takedown", "days": 3})
    assert began(takedown(start=5, every=15), then) == [[5, 20, 35], [8, 23, 38]]


def test_a_policy_without_strength_is_followed_by_nobody():
    then = campaign(after={"policy": "takedown"})
    assert paid(takedown(start=5, strength=0.0), then) == []


# Again ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["deflection", "drug_checking"])
def test_a_policy_that_begins_again_without_a_gap_is_billed_as_one_that_goes_on(kind):
    busy = {"enforcement": {"contacts_per_day": 60.0}, "consumption": {"checking_base": 0.5}}
    start = ran(world(parameters=busy), until=0)
    bills = [
        branched(start, 20, policies=[example(kind, **again)]).daily()["policy_cost_usd"].to_numpy()
        for again in ({}, {"every": 1}, {"every": 4}, {"every": 4, "lasting": 4})
    ]
    assert (bills[0][2:] > bills[0][0]).any(), "referrals and checks"
    for bill in bills[1:]:
        assert np.array_equal(bill, bills[0])


def test_a_policy_is_repeated_and_lasts_each_time():
    assert paid(campaign(start=4, every=20, lasting=3)) == [4, 5, 6, 24, 25, 26, 44]


def test_what_happens_on_the_first_day_happens_each_time():
    model = run(world(policies=[takedown(start=3, every=14, end=40)]), tables=("events",))
    events = model.table("events")
    mine = events[(events["kind"] == "takedown") & (events["policy"] == "takedown")]
    assert mine["day"].tolist() == [3, 17, 31]


def test_repetition_may_begin_in_the_burn_in():
    assert began(takedown(start=-20, every=30), days=45) == [[-20, 10, 40]]


def test_lasting_is_an_end_counted_from_the_start():
    assert paid(campaign(start=6, lasting=5)) == paid(campaign(start=6, end=11)) == [6, 7, 8, 9, 10]


# When a level is crossed ----------------------------------------------------------------------------------------------
def test_a_condition_is_first_looked_at_when_enough_days_are_known():
    assert began(campaign(when={**ALWAYS, "over_days": 9})) == [[9]]


def test_until_it_no_longer_holds_without_a_length():
    """On while the mean of the last five days is above what it was around the middle of the run."""
    orders = ran(world()).daily()["orders"]
    scale = 100_000 / world().consumers
    means = orders.rolling(5).mean().to_numpy() * scale
    distinct = np.unique(means[5:])
    level = float(
        distinct[len(distinct) // 2 - 1 :][:2].mean()
    )  # between two of them, so that rounding decides nothing
    quiet = campaign(when={"outcome": "orders", "above": level, "over_days": 5}, effect_smd=0.0, lesson=0.0)
    expected = [day for day in range(5, world().days) if means[day - 1] > level]
    assert 5 < len(expected) < world().days - 5
    assert paid(quiet) == expected
    below = {"outcome": "orders", "below": level, "over_days": 5}
    assert paid({**quiet, "when": below}) == [day for day in range(5, world().days) if means[day - 1] < level]


def test_it_stays_on_for_its_length_once_begun_rests_and_begins_again():
    policy = campaign(when={**ALWAYS, "cooldown": 10}, lasting=6)
    assert paid(policy) == [*range(3, 9), *range(19, 25), *range(35, 41)]


def test_it_begins_no_more_often_than_it_is_told():
    assert began(campaign(when={**ALWAYS, "times": 2}, lasting=4)) == [[3, 7]]


def test_with_every_it_is_looked_at_on_these_days_only():
    assert began(campaign(start=1, every=10, when=ALWAYS, lasting=2)) == [[11, 21, 31, 41]]


def test_with_after_it_is_looked_at_from_then_on():
    assert began(takedown(start=12), campaign(after={"policy": "takedown", "days": 4}, when=ALWAYS)) == [[12], [16]]


def test_a_rate_is_compared_as_it_is_and_a_count_for_100_000_consumers_a_day():
    """The same level means the same in a world of another size."""
    for consumers in (400, 1600):
        model = ran(world(consumers=consumers), until=30)
        days = model.daily()[-7:]
        plan = world(policies=[
            campaign(when={"outcome": "orders", "above": 1, "over_days": 7}),
            campaign(when={"outcome": "trust_in_police", "above": 1, "over_days": 7}),
        ]).policies  # fmt: skip
        assert plan[0].when.value(model, model.recorder) == pytest.approx(days["orders"].mean() * 100_000 / consumers)
        assert plan[1].when.value(model, model.recorder) == pytest.approx(days["trust_in_police"].mean())


@pytest.mark.parametrize("outcome", ["mean_age", "supply_routes", "supply_concentration", "alerts"])
def test_what_is_the_same_in_a_world_of_any_size_is_compared_as_it_is(outcome):
    model = ran(world(), until=30)
    when = world(policies=[campaign(when={"outcome": outcome, "above": 1, "over_days": 7})]).policies[0].when
    assert when.value(model, model.recorder) == pytest.approx(model.daily()[outcome][-7:].mean())


def test_of_what_sums_up_all_days_itself_the_last_day_is_compared():
    model = ran(world(parameters={"services": {"novel_per_year": 600.0}}), until=30)
    lag = {"outcome": "nps_detection_lag_days", "above": 1, "over_days": 20}
    days = model.daily()["nps_detection_lag_days"][-20:]
    found = world(policies=[campaign(when=lag)]).policies[0].when.value(model, model.recorder)
    assert found == days.iloc[-1] != pytest.approx(days.mean())


def test_an_outcome_without_a_value_is_neither_above_nor_below():
    lag = {"outcome": "nps_detection_lag_days", "over_days": 1}
    nothing = world(parameters={"services": {"novel_per_year": 0}}).resolved()["parameters"]
    assert began(campaign(when={**lag, "above": -1}), parameters=nothing) == [[]]
    assert began(campaign(when={**lag, "below": 1e9}), parameters=nothing) == [[]]


def test_an_event_is_waited_for_without_keeping_the_table_of_events():
    closure, answer = takedown(start=10), campaign(when={"event": "takedown", "above": 0, "over_days": 4})
    model = run(world(policies=[closure, answer], parameters={"platforms": {"closure_days": 365}}))
    assert model.policy_plan.courses[1].began[0] == 11
    assert model.books.events.n == 0
    assert np.flatnonzero(model.daily()["policy_cost_usd"] > 0).tolist() == [10, 11, 12, 13, 14]


def test_an_alert_starts_drug_checking():
    busy = {"services": {"novel_per_year": 400, "alert_base": 0.01}}
    checking = example("drug_checking", when={"event": "alert", "above": 0, "over_days": 7}, lasting=10)
    model = run(world(policies=[checking], parameters=busy), tables=("events",))
    events = model.table("events")
    alerts = events[(events["kind"] == "alert") & (events["day"] >= 0)]["day"]
    assert model.policy_plan.courses[0].began[0] == alerts.min() + 1


# Whatever the policy --------------------------------------------------------------------------------------------------
@EVERY_KIND
def test_any_policy_can_follow_repeat_and_wait(kind):
    """It does on its day what it does on a date."""
    day_0 = ran(world(), until=0)
    dated, followed, waited = (
        branched(day_0, 10, policies=[takedown(start=3), example(kind, **fields)])
        for fields in (
            {"start": 9},
            {"after": {"policy": "takedown", "days": 6}},
            {"when": {**ALWAYS, "over_days": 9}},
        )
    )
    assert fingerprint(followed) == fingerprint(dated)
    assert fingerprint(waited) == fingerprint(dated)
    repeated = branched(day_0, 20, policies=[example(kind, start=1, every=7, lasting=2)])
    assert [course.began for course in repeated.policy_plan.courses] == [[1, 8, 15]]


@EVERY_KIND
def test_a_condition_that_is_never_met_moves_nothing(kind):
    day_0 = ran(world(), until=0, tables=("events",))
    waiting = branched(day_0, world().days, policies=[example(kind, when=NEVER, lasting=5)])
    assert fingerprint(waiting) == fingerprint(ran(world()))
    assert same_frames(waiting.table("events"), frames(world())["events"])
    assert same_frames(waiting.daily(), ran(world()).daily())


@EVERY_KIND
def test_at_zero_strength_a_condition_that_is_met_moves_nothing(kind):
    met = branched(ran(world(), until=0), world().days, policies=[example(kind, when=ALWAYS, strength=0.0)])
    assert fingerprint(met) == fingerprint(ran(world()))


# State ----------------------------------------------------------------------------------------------------------------
ADAPTIVE = [
    takedown(start=2, every=13, label="wave"),
    campaign(after={"policy": "wave", "days": 4}, lasting=5),
    example("deflection", when={**ALWAYS, "cooldown": 6}, lasting=7),
    example("drug_checking", when={"event": "takedown", "above": 1, "over_days": 14}),
]


@pytest.mark.parametrize("copied", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy], ids=["pickle", "deepcopy"])
@pytest.mark.parametrize("day", [-3, 5, 17])
def test_a_copy_goes_on_with_its_conditions(copied, day):
    scenario = world(policies=ADAPTIVE)
    whole = ran(scenario)
    half = ran(scenario, until=day)
    twin = copied(half)
    for model in (half, twin):
        model.run_for(scenario.days - day)
        assert fingerprint(model) == fingerprint(whole)
        assert [c.began for c in model.policy_plan.courses] == [c.began for c in whole.policy_plan.courses]


def test_a_branch_under_another_scenario_remembers_what_stayed():
    start = run(world(policies=[takedown(start=5)]), until=20)
    more = branched(start, 10, policies=[takedown(start=5), campaign(after={"policy": "takedown", "days": 18})])
    assert [course.began for course in more.policy_plan.courses] == [[5], [23]]


def test_what_is_on_says_since_when_and_the_scenario_stays_as_it_was():
    model = run(world(policies=ADAPTIVE), until=20)
    wave, following = (course.now for course in model.policy_plan.courses[:2])
    assert (wave.start, wave.first_day(model), wave.days_on(model)) == (15, False, 5)
    assert (following.start, following.end) == (19, 24)
    assert model.scenario.policies[1].start == 0


# What is wrong --------------------------------------------------------------------------------------------------------
def test_unknown_names_come_with_the_nearest():
    found = problems(
        campaign(when={"outcome": "death", "above": 1}),
        campaign(when={"event": "alerts", "above": 0}),
        campaign(after={"policy": "takdown"}),
        takedown(label="closure"),
        campaign(when={"outcome": "share_from_ocenia", "above": 0.1}),
        campaign(when={"outcome": "orders", "abov": 1}),
    )
    assert "did you mean 'deaths'?" in found["policies.0.when.outcome"]
    assert "did you mean 'alert'?" in found["policies.1.when.event"]
    assert "did you mean 'takedown'?" in found["policies.2.after.policy"]
    assert "did you mean 'share_from_oceania'?" in found["policies.4.when.outcome"]
    assert "did you mean 'above'?" in found["policies.5.when.abov"]
    assert set(found) >= {f"policies.{k}.{p}" for k, p in [(0, "when.outcome"), (2, "after.policy")]}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"when": {"outcome": "orders"}}, "when"),
        ({"when": {"outcome": "orders", "above": 1, "below": 2}}, "when"),
        ({"when": {"above": 1}}, "when"),
        ({"when": {"outcome": "orders", "event": "alert", "above": 1}}, "when"),
        ({"when": {**ALWAYS, "over_days": 0}}, "when.over_days"),
        ({"when": {"outcome": "displacement_channel", "above": 1}}, "when.outcome"),
        ({"every": 0}, "every"),
        ({"every": 10, "lasting": 11}, "lasting"),
        ({"after": {"days": 3}}, "after.policy"),
        ({"after": {"policy": "education_campaign"}}, "after.policy"),
        ({"after": "takedown"}, "after"),
        ({"when": {**ALWAYS, "over_days": 45}}, "when.over_days"),
        ({"when": {**ALWAYS, "over_days": 10}, "end": 10}, "when.over_days"),
        ({"label": "Two words"}, "label"),
    ],
)
def test_what_cannot_be_is_named_by_its_place(fields, path):
    assert list(problems(campaign(**fields))) == [f"policies.0.{path}"]


def test_a_policy_that_can_only_begin_after_the_run_is_an_error():
    assert list(problems(takedown(start=30), campaign(after={"policy": "takedown", "days": 15}))) == [
        "policies.1.after.days"
    ]
    scenario = world(policies=[takedown(start=10), campaign(after={"policy": "takedown", "days": 15})])
    with pytest.raises(ScenarioError, match=r"policies\.1\.after\.days: .* before day 25; .* by day 19"):
        scenario.override(["days=20"])


def test_policies_that_wait_for_each_other_are_an_error():
    circle = [takedown(after={"policy": "education_campaign"}), campaign(after={"policy": "takedown"})]
    assert list(problems(*circle)) == ["policies.0.after.policy", "policies.1.after.policy"]


def test_a_policy_to_set_is_offered_by_its_label_and_kind():
    scenario = world(policies=[takedown(label="first")])
    with pytest.raises(ScenarioError, match="allowed: 0, first, takedown"):
        scenario.override(["policies.second.strength=1"])


def test_a_label_is_there_once():
    assert list(problems(takedown(label="one"), campaign(label="one"))) == ["policies.1.label"]


def test_the_command_says_so_and_ends_with_2(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "extends: baseline\npolicies:\n- {kind: takedown, when: {outcome: deahts, above: 1}}\n"
        "- {kind: deflection, after: {policy: takdown}}\n"
    )
    answer = CliRunner().invoke(app, ["run", str(file)])
    assert answer.exit_code == 2
    assert "did you mean 'deaths'?" in answer.stderr
    assert "did you mean 'takedown'?" in answer.stderr


def test_conditions_survive_yaml_and_can_be_set():
    scenario = world(policies=ADAPTIVE)
    assert Scenario(scenario.resolved()).digest == scenario.digest
    changed = scenario.override(["policies.wave.every=11", "policies.deflection.when.above=2.5"])
    assert (changed.policies[0].every, changed.policies[2].when.above) == (11, 2.5)
