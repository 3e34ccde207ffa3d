"""Whatever a scenario may set, it may set to the end: at both ends of every legal range a run works, and what was observed is a number."""

from __future__ import annotations

import functools
import json
import math
import re
import zlib
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import annotated_types
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from sim.agents.codes import Channel
from sim.cli import app
from sim.evidence.parameters import load_parameters, read_book
from sim.evidence.ranges import LEGAL
from sim.evidence.tables import Jurisdiction, Needs, Substance
from sim.measures.dictionary import UNOBSERVED, NoNumberError
from sim.measures.outcomes import outcomes_of_day
from sim.policies.conditions import After, When
from sim.registry import policy_kinds
from sim.scenario import Scenario, ScenarioError, Settings
from sim.scenario.policies import Budget
from sim.scenario.sections import MOST_CODES
from tests.worlds import BUSY, KINDS, example, model_of, run, world

SPECS = load_parameters().specs
TINY: dict[str, Any] = {"consumers": 500, "burn_in": 3, "days": 8}
TABLES = (Substance, Needs, Jurisdiction)
MODELS = (*policy_kinds().values(), *TABLES, Settings, After, When, Budget)
DATES = {"start": (-TINY["burn_in"], TINY["days"] - 1), "end": (3, 2**31)}
"""Fields of policies whose range follows from the length of the run, with its ends; a policy may end long after it."""
NAMED = ("seed", "days", "burn_in", "consumers", "people")
"""Settings, which are tried one by one below."""
QUICK = 60
"""One case in so many is tried in every run of the tests, the others with the slow ones."""


def numeric(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo, type]]:
    """The fields of a model that hold one number: name, declaration, and type of the number."""
    for name, field in model.model_fields.items():
        kinds = {*(get_args(field.annotation) or (field.annotation,))} - {type(None)}
        if kinds in ({int}, {float}):
            yield field.alias or name, field, kinds.pop()


def ends(field: FieldInfo) -> tuple[float | None, float | None]:
    """The least and the most that a field may hold."""
    found: dict[type, Any] = {type(bound): bound for bound in field.metadata}
    low, high = found.get(annotated_types.Ge), found.get(annotated_types.Le)
    return (low and low.ge) if low is None or low.ge else 0, (high and high.le) if high is None or high.le else 0


def choices(field: FieldInfo) -> tuple[Any, ...]:
    """The words, or yes and no, that a field may be."""
    if field.annotation is bool:
        return (False, True)
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()


# What is legal --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", SPECS)
def test_a_parameter_has_a_closed_range_that_holds_what_is_plausible(path):
    spec = SPECS[path]
    assert -math.inf < spec.minimum <= spec.low <= spec.value <= spec.high <= spec.maximum < math.inf


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_number_in_a_policy_table_or_setting_has_a_closed_range_that_holds_its_default(model):
    for name, field, _ in numeric(model):
        if name in DATES:
            continue
        low, high = ends(field)
        if name == "seed":
            high = 2**64 - 1
        assert None not in (low, high), f"{model.__name__}.{name} has an open end"
        if not field.is_required() and field.default is not None:
            assert low <= field.default <= high


def test_every_unit_of_the_list_is_that_of_a_parameter():
    assert set(LEGAL) <= {spec.unit for spec in SPECS.values()}


def entry(**fields: Any) -> dict[str, Any]:
    whole = {"value": 1, "low": 0.5, "high": 2, "unit": "ratio", "distribution": "uniform", "status": "assumed"}
    return {"nothing": {"at_all": {**whole, "source": "assumed", "text": "a ratio", **fields}}}


def test_a_unit_that_nobody_knows_needs_a_range_of_its_own():
    with pytest.raises(ValueError, match=r"nothing.at_all: no legal range is known for the unit 'furlongs'"):
        read_book(entry(unit="furlongs"))
    spec = read_book(entry(unit="furlongs", minimum=0, maximum=8)).specs["nothing.at_all"]
    assert (spec.minimum, spec.maximum) == (0, 8)


def test_what_is_plausible_is_legal():
    with pytest.raises(ValueError, match=r"plausible range 0.5 to 2 is outside the legal one, 0.75 to 1000"):
        read_book(entry(minimum=0.75))


@pytest.mark.parametrize("path", [path for path in SPECS if zlib.crc32(path.encode()) % 10 == 0])
def test_beyond_the_range_a_value_is_refused_with_the_range(path):
    spec = SPECS[path]
    for value in (spec.minimum - 1, spec.maximum * 1.01 + 1):
        with pytest.raises(ScenarioError, match=f"{path}: .*allowed: a number from .* to .*"):
            Scenario(parameters={spec.group: {spec.name: value}})


@pytest.mark.parametrize(
    "setting",
    [
        "services.naloxone_days=0",
        "consumption.tolerance_days=0",
        "learning.reputation_days=0",
        "payment.account_life=0",
        "supply.seizure=1",
        "supply.honest_a=0",
        "supply.suppliers=0",
        "world.acquirers=0",
        "supply.crypto_vendors=1e6",
    ],
)
def test_what_the_model_cannot_calculate_with_is_said_before_the_run(setting):
    with pytest.raises(ScenarioError, match=setting.split("=")[0]):
        world().override([setting])


# At the ends ----------------------------------------------------------------------------------------------------------
@functools.cache
def busy() -> Scenario:
    """Eleven days of a small world in which everything happens that can."""
    soon = [policy for policy in BUSY["policies"] if policy["start"] < TINY["days"]]
    return Scenario(**{**BUSY, **TINY, "policies": soon})


def works(scenario: Scenario) -> None:
    """Run it with every check of the books, of every column and of every outcome."""
    assert len(run(scenario, audit=True).daily()) == scenario.days


def parameter_cases() -> Iterator[tuple[str, Any]]:
    for path, spec in SPECS.items():
        for end in (spec.minimum, spec.maximum):
            yield f"{path}={end:g}", {"parameters": {spec.group: {spec.name: end}}}


def policy_cases() -> Iterator[tuple[str, Any]]:
    for kind in KINDS:
        model = policy_kinds()[kind]
        for name, field, _ in numeric(model):
            for end in DATES.get(name) or ends(field):
                fields = {"start": 2, name: end} if name != "lasting" else {"start": 2, "every": 32_000, name: end}
                yield f"{kind}.{name}={end:g}", {"policies": [example(kind, **fields)]}
        for name, field in model.model_fields.items():
            for choice in choices(field) if name != "kind" else ():
                yield f"{kind}.{name}={choice}", {"policies": [example(kind, start=2, **{name: choice})]}


def condition_cases() -> Iterator[tuple[str, Any]]:
    first = example("naloxone", start=0, label="first")
    for end in (0, TINY["days"] - 1):  # later it would never begin, and is refused
        yield f"after.days={end}", {"policies": [first, example("takedown", after={"policy": "first", "days": end})]}
    for name, field, _ in numeric(When):
        for end in ends(field) if name != "over_days" else (1, TINY["days"] - 1):
            when = {"outcome": "orders", "over_days": 2} | ({} if name == "below" else {"above": 0}) | {name: end}
            yield f"when.{name}={end:g}", {"policies": [example("takedown", when=when)]}
    for end in ends(Budget.model_fields["usd"]):
        yield f"budget.usd={end:g}", {"policies": [first, example("takedown")], "budget": {"usd": end}}


def row_cases() -> Iterator[tuple[str, Any]]:
    for row in ("opioid_analgesic", "cannabis"):
        for name, field, _ in numeric(Substance):
            for end in ends(field):
                yield f"substances.{row}.{name}={end:g}", {"substances": {row: {name: end}}}
        for name, field, _ in numeric(Needs):
            for end in ends(field):
                yield f"substances.{row}.needs.{name}={end:g}", {"substances": {row: {"needs": {name: end}}}}
        for other in (0, 1000):
            yield f"substances.{row}.substitutes={other}", {"substances": {row: {"substitutes": {"heroin": other}}}}
        for name, field in Substance.model_fields.items():
            for choice in choices(field):
                yield f"substances.{row}.{name}={choice}", {"substances": {row: {field.alias or name: choice}}}
    shipped = list(Scenario().jurisdictions)
    for name, field, _ in numeric(Jurisdiction):
        for end in ends(field):
            rows: dict[str, Any] = {shipped[0]: {name: end}}
            if name in ("share", "vendor_share"):  # the others have the rest
                rows = {other: {name: (1.0 - end) / (len(shipped) - 1)} for other in shipped} | rows
            yield f"jurisdictions.{shipped[0]}.{name}={end:g}", {"jurisdictions": rows}
    for end in (0, 1):
        alone = {shipped[0]: {"cooperation": dict.fromkeys(shipped[1:], end)}}
        yield f"jurisdictions.{shipped[0]}.cooperation={end}", {"jurisdictions": alone}


def setting_cases() -> Iterator[tuple[str, Any]]:
    yield "seed", {"seed": 2**64 - 1}
    yield "seed=0", {"seed": 0}
    yield "days=1", {"days": 1}
    yield "burn_in=0", {"burn_in": 0}
    yield "consumers=200", {"consumers": 200}
    for people in ends(Settings.model_fields["people"]):
        yield f"people={people:g}", {"people": people}
    yield "one market", {"platforms": {"cryptomarkets": [1.0]}}
    yield "sixty markets", {"platforms": {"cryptomarkets": [1 / 60] * 60}}


CASES = {
    name: (plain, changes)
    for plain, cases in (
        ("busy", parameter_cases()),
        ("small", policy_cases()),
        ("small", condition_cases()),
        ("busy", row_cases()),
        ("small", setting_cases()),
    )
    for name, changes in cases
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_and_every_choice_of_a_policy_is_tried(kind):
    for name, field in policy_kinds()[kind].model_fields.items():
        if name != "kind" and re.search(r"\b(int|float|bool|Literal)\b", str(field.annotation).split("tuple")[0]):
            assert len([case for case in CASES if case.startswith(f"{kind}.{name}=")]) >= 2, name


def case(name: str):
    return pytest.param(name, marks=[pytest.mark.slow] if zlib.crc32(name.encode()) % QUICK else [])


@pytest.mark.parametrize("name", [case(name) for name in CASES])
def test_at_the_end_of_its_range_a_run_works(name):
    where, changes = CASES[name]
    works((busy() if where == "busy" else Scenario(**TINY)).with_(**changes))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, _ in parameter_cases()])
def test_at_the_end_of_its_range_a_quiet_world_works_too(name):
    works(Scenario(**TINY).with_(**CASES[name][1]))


@pytest.mark.parametrize("seed", range(8))
def test_however_unlike_operators_are_their_columns_hold_it(seed):
    """Which operators there are is chance, so that one world is no proof."""
    spread = {
        path: SPECS[path].maximum for path in ("supply.opsec_spread", "platforms.frailty", "platforms.appeal_spread")
    }
    changes = [f"{path}={value}" for path, value in spread.items()]
    works(Scenario(**TINY | {"days": 1}, seed=seed).override([*changes, "platforms.closure_days=1"]))


def test_at_the_end_of_the_longest_run_a_slow_parcel_is_still_on_its_way():
    """Days are kept in two bytes: one that lies beyond them would be long past."""
    post = {"domestic_days": 3650, "border_days": 3650, "patience_days": 3650}
    model = model_of(Scenario(**TINY | {"days": 31_990}, parameters={"shipping": post}))
    model.run_for(3)
    model.day = 31_985
    model.run_for(1)
    orders = model.books.open_orders
    sent = orders.columns.channel[: orders.n] != Channel.STREET
    assert sent.any()
    assert (orders.columns.due[: orders.n] >= 0)[sent].all()


# More than the model can hold -----------------------------------------------------------------------------------------
def crowd(section: str, count: int) -> dict[str, Any]:
    """A table with so many rows in all, those of jurisdictions with equal shares."""
    shipped = list(getattr(Scenario(), section))
    names = [*shipped, *(f"new_{k}" for k in range(count - len(shipped)))]
    rows: dict[str, dict[str, Any]] = {name: {"like": shipped[0]} for name in names if name not in shipped}
    if section == "jurisdictions":
        for name in names:
            rows[name] = rows.get(name, {}) | {"share": 1 / count, "vendor_share": 1 / count}
    return {section: rows}


@pytest.mark.parametrize("section", ["substances", "jurisdictions"])
def test_a_table_may_have_as_many_rows_as_there_are_bits_to_tell_them_apart(section):
    works(Scenario(**TINY, **crowd(section, MOST_CODES)))


@pytest.mark.parametrize("section", ["substances", "jurisdictions"])
def test_one_row_more_is_refused_with_the_limit(section):
    with pytest.raises(ScenarioError, match=f"{section}: given .* 33 with those that are there; allowed: at most 32"):
        Scenario(**crowd(section, MOST_CODES + 1))


# What is no number ----------------------------------------------------------------------------------------------------
def test_an_outcome_that_was_observed_and_is_no_number_ends_the_run_with_its_name():
    model = run(Scenario(**TINY), until=2)
    model.today.violence_expected = math.nan
    with pytest.raises(NoNumberError, match="the outcome dalys on day 2, but nan") as said:
        model.recorder.record(model)
    assert "violence_expected" in str(said.value)


def test_what_there_was_nothing_to_observe_of_is_no_fault():
    model = run(Scenario(**TINY), until=1)
    today = outcomes_of_day(model)
    assert today["nps_detection_lag_days"] is UNOBSERVED or math.isfinite(today["nps_detection_lag_days"])
    model.consumers.columns.alive[:] = 0
    assert outcomes_of_day(model)["stigma"] is UNOBSERVED
    model.recorder.record(model)
    assert math.isnan(model.recorder.column("stigma")[-1])


def test_the_command_line_does_not_call_it_a_defect_of_the_model(monkeypatch):
    def broken(state: Any) -> dict[str, float]:
        return outcomes_of_day(state) | {"deaths": math.inf}

    monkeypatch.setattr("sim.measures.kept.recorder.outcomes_of_day", broken)
    answer = CliRunner().invoke(app, ["run", "baseline", "--consumers", "300", "--days", "2", "--burn-in", "1"])
    assert answer.exit_code == 1
    assert "outcome deaths on day 0, but inf" in answer.stderr
    assert "defect of the model" not in answer.stderr
    assert "nearer to the defaults" in answer.stderr


# Where the range is said ----------------------------------------------------------------------------------------------
def test_the_range_is_listed_and_shown():
    spec = SPECS["services.naloxone_days"]
    listed = CliRunner().invoke(app, ["list", "parameters", "--json"])
    (row,) = (row for row in json.loads(listed.stdout) if row["path"] == spec.path)
    assert (row["minimum"], row["maximum"]) == (1, 3650)
    (line,) = (line for line in Scenario().to_yaml().splitlines() if line.strip().startswith("naloxone_days:"))
    assert "days, 1 to 3,650;" in line
