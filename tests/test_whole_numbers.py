"""Whole numbers as people have them: of any library, and as the floats that a table with one empty cell makes of them. Everywhere, or nowhere."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ValidationError

from sim import Scenario, Study, compare, run
from sim.registry import policy_kinds
from sim.scenario import ScenarioError, Settings, fill, whole
from sim.streams import seed_from
from sim.studies import kinds
from sim.studies.errors import RequestError
from sim.studies.execution.several import run_several
from sim.studies.methods.paths import resolve
from sim.studies.study import Budget, StudyFile
from tests.fake_market import FakeMarket
from tests.study_market import SIZE, compare_study, sweep_study

WHOLE = [
    np.int64(300),
    np.uint16(300),
    300.0,
    np.float64(300),
    np.float32(300),
    Fraction(300),
    Decimal("300.0"),
    Decimal("3e2"),
]
NO_WHOLE = [
    300.5,
    np.float64(300.5),
    Fraction(601, 2),
    Decimal("300.5"),
    "300.0",
    "300",
    True,
    np.True_,
    1e300,
    float("nan"),
    [300.0],
]

MODELS = [Settings, StudyFile, Budget, *policy_kinds().values(), *(kinds.get(name).Settings for name in kinds.names())]
FIELDS = [
    (model, name)
    for model in MODELS
    for name, field in model.model_fields.items()
    if field.annotation in (int, int | None)
]


def refused(make, *given, **fields):
    with pytest.raises((ScenarioError, RequestError, TypeError)):
        make(*given, **fields)
    return True


def faults(model, data):
    """The fields that are wrong, or missing."""
    try:
        fill(model, data)
    except ValidationError as error:
        return {item["loc"][0] for item in error.errors()}
    return set()


@pytest.mark.parametrize("given", WHOLE, ids=repr)
def test_a_whole_number_is_taken_wherever_a_scenario_has_one(given):
    policy = {"kind": "takedown", "rank": 2}
    expected = Scenario(days=400, consumers=300, policies=[{**policy, "start": 300}])
    assert Scenario(days=400, consumers=given, policies=[{**policy, "start": given}]) == expected
    assert expected.with_(consumers=1000).with_(consumers=given) == expected
    assert expected.override(["consumers=1000"]).with_(consumers=given).digest == expected.digest
    assert type(Scenario(consumers=given).consumers) is int


@pytest.mark.parametrize("given", NO_WHOLE, ids=repr)
def test_what_is_no_whole_number_is_refused_wherever_a_scenario_has_one(given):
    assert refused(Scenario, consumers=given)
    assert refused(Scenario().with_, consumers=given)
    assert refused(Scenario, days=400, policies=[{"kind": "takedown", "start": given}])
    assert refused(Study.load, compare_study(replications=given))


def test_overrides_take_a_whole_number_with_a_point_and_no_other():
    scenario = Scenario(days=400, policies=[{"kind": "takedown"}])
    changed = scenario.override(["consumers=3e2", "policies.takedown.start=300.0", "seed=7.0"])
    assert (changed.consumers, changed.policies[0].start, changed.seed) == (300, 300, 7)
    for text in ("300.5", "true", '"300.0"', "[300]"):
        assert refused(scenario.override, [f"consumers={text}"])


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_every_whole_number_that_is_declared_is_one(model: type[BaseModel], name):
    """Of settings, policies, studies and every kind of them, with the smallest value that is allowed."""
    field = model.model_fields[name]
    least = max([int(bound.ge) for bound in field.metadata if hasattr(bound, "ge")], default=5)
    assert faults(model, {name: float(least)}) == faults(model, {name: least}) == faults(model, {}) - {name}
    for wrong in (least + 0.5, str(least), True):
        assert name in faults(model, {name: wrong})


def test_a_row_of_a_table_is_a_scenario_whatever_type_the_table_gave_it():
    table = pd.DataFrame({"days": [30, 60], "seed": [3, 4], "people": [2.5e6, 1e6], "consumers": [300, np.nan]})
    row = table.iloc[0]
    assert row["days"] == 30.0
    assert row.dtype == float
    expected = Scenario(days=30, seed=3, people=2.5e6, consumers=300)
    assert (
        Scenario(row.to_dict()) == Scenario(row) == Scenario.load(row) == Scenario().with_(**row.to_dict()) == expected
    )
    assert refused(Scenario, table.iloc[1])


def test_a_study_takes_them_for_levers_seeds_and_sections():
    lever = {"path": "policies.takedown.start", "values": [1.0, 2.0, 3.0]}
    study = Study.load(sweep_study(replications=2.0, seed=np.float64(5), levers=[lever], budget={"runs": 90.0}))
    assert (study.seeds, study.file.budget.runs) == ((5, 6), 90)
    scenario = next(s for s in study.scenarios.values() if s.policies)
    starts = [resolve(scenario, [(lever["path"], value)]).policies[0].start for value in study.levers[0].ends]
    assert starts == [1, 3]
    assert Study.load(sweep_study(levers=[lever]), ["replications=3.0"]).file.replications == 3


def test_runs_and_seeds_are_whole_numbers_of_any_library():
    world = Scenario(**SIZE)
    for seed in (3.0, np.float64(3), np.int8(3), Fraction(3), Decimal(3)):
        assert run(world, seed=seed, model_class=FakeMarket).seed == 3
    assert [found.seed for found in run_several(world, np.float64(2), seed=3.0, model_class=FakeMarket)] == [3, 4]
    pairs = compare(world, [world.with_(name="b")], runs=2.0, seed=np.float64(3), workers=1.0, model_class=FakeMarket)
    assert set(pairs.outcomes["seed"]) == {3, 4}
    assert run(world, seed=Decimal(2**63 + 1), model_class=FakeMarket).seed == 2**63 + 1
    for wrong in (2.5, True, "2", float("nan"), 1e18):
        assert refused(run, world, seed=wrong, model_class=FakeMarket)
        assert refused(run_several, world, wrong, model_class=FakeMarket)
        assert refused(compare, world, [world.with_(name="b")], runs=wrong, model_class=FakeMarket)


def test_mesas_rng_takes_a_float_that_is_whole_and_exact():
    assert seed_from(np.float64(3), 1) == seed_from(3.0, 1) == seed_from(np.int8(3), 1) == 3
    assert seed_from([1.0, 2], 1) == seed_from([1, 2], 1)
    for wrong in (1.5, True, float("nan"), float("inf"), 2.0**60):
        assert refused(seed_from, wrong, 1)


def test_a_float_too_large_to_tell_one_whole_number_from_the_next_is_none():
    assert whole(2.0**53 - 1) == 2**53 - 1
    assert whole(2.0**53) is None
    assert whole(Decimal(2**63 + 1)) == 2**63 + 1
    with pytest.raises(ScenarioError, match="written without a point"):
        Scenario(seed=2.0**60)
    for strange in (Fraction(10**400), Decimal("1e400"), Decimal("sNaN"), Decimal("NaN"), Decimal("1e1000000")):
        assert whole(strange) is None
        assert refused(Scenario, people=strange)
