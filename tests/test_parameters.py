"""Every parameter does something: moved across its plausible range, it changes what happens in a run."""

from __future__ import annotations

import functools
import hashlib
import math
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from experiments.screen import ONLY_WITH, main
from sim.agents.enforcement import TARGETS
from sim.evidence.parameters import ParameterSpec, load_parameters
from sim.scenario import Scenario
from sim.studies.execution.executors import Inline
from tests.worlds import BUSY, model_of, run, world

SOURCE = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[1] / "sim").rglob("*.py"))
)
SPECS = load_parameters().specs
ALWAYS_TESTED = 24
"""One in so many is tested in every run of the tests, the others with the slow ones."""


def far_and_near(spec: ParameterSpec) -> tuple[float, float]:
    """Ends of the plausible range: the one further from the default first."""
    scale = math.log if spec.distribution == "loguniform" else float
    low, value, high = (scale(x) for x in (spec.low, spec.value, spec.high))
    return (spec.low, spec.high) if value - low >= high - value else (spec.high, spec.low)


def days(scenario: Scenario, seed: int) -> Iterator[bytes]:
    """What happens on each day: orders that close or are under way, events, where the money is, outcomes."""
    model = model_of(scenario, seed, tables=("orders", "events"), audit=True)
    written = 0
    for _ in range(scenario.burn_in + scenario.days):
        model.run_for(1)
        events = model.books.events
        digest = hashlib.sha256(events.rows[written : events.n].tobytes() + repr(events.texts).encode())
        written = events.n
        digest.update(repr(vars(model.books.ledger)).encode())
        for column in model.recorder.orders.waiting[-1].values():
            digest.update(column.tobytes())
        orders = model.books.open_orders
        for column in orders.columns:
            digest.update(column[: orders.n].tobytes())
        if model.day > 0:
            digest.update(model.recorder.values[model.recorder.days - 1].tobytes())
        yield digest.digest()


def busy(path: str) -> Scenario:
    return world(**BUSY).with_(**ONLY_WITH.get(path, {}))


@functools.cache
def usual(seed: int, path: str = "") -> list[bytes]:
    return list(days(busy(path), seed))


def first_difference(spec: ParameterSpec, value: float, seed: int = 1) -> int | None:
    """The first day on which the run with the parameter at ``value`` differs from the usual one of that seed."""
    without = usual(seed, spec.path) if spec.path in ONLY_WITH else usual(seed)
    moved = busy(spec.path).with_(parameters={spec.group: {spec.name: value}})
    for day, (one, other) in enumerate(zip(days(moved, seed), without, strict=True), start=-moved.burn_in):
        if one != other:
            return day
    return None


def row(path: str):
    marks = [pytest.mark.slow] if zlib.crc32(path.encode()) % ALWAYS_TESTED else []
    return pytest.param(path, marks=marks)


@pytest.mark.parametrize("path", [row(path) for path in SPECS])
def test_it_changes_what_happens(path):
    spec = SPECS[path]
    there = busy(path).resolved()["parameters"].get(spec.group, {}).get(spec.name, spec.value)
    tried = [(value, seed) for seed in (1, 2, 3) for value in far_and_near(spec) if value != there]
    assert any(first_difference(spec, value, seed) is not None for value, seed in tried)


def test_the_usual_run_is_the_same_twice():
    """Otherwise everything would seem to act."""
    spec = SPECS["choice.habit"]
    assert first_difference(spec, spec.value) is None


@pytest.mark.parametrize("path", SPECS)
def test_it_is_read_somewhere(path):
    name = SPECS[path].name
    by_target = path.startswith("enforcement.share_") and name.removeprefix("share_") in TARGETS
    assert by_target or re.search(rf"\.{name}\b", SOURCE)


SEEN_ONLY = {"shipping.not_five_stars"}
"""What moves a published fact (the share of five stars) and no outcome; see the last test."""


# The screening table --------------------------------------------------------------------------------------------------
def test_a_screening_says_what_each_parameter_moves(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("experiments.screen.ProcessPoolExecutor", lambda *_, **__: Inline())
    table = tmp_path / "screening.csv"
    assert main(["choice.habit", "--seeds", "1", "--workers", "1", "--out", str(table)]) == 0
    row = pd.read_csv(table).iloc[0]
    assert (row["parameter"], row["low"], row["high"]) == (
        "choice.habit",
        SPECS["choice.habit"].low,
        SPECS["choice.habit"].high,
    )
    assert row["outcomes_moved"] > 10
    assert row["change"] > 0
    with pytest.raises(SystemExit):
        main(["choice.habits"])
    assert "no such parameter: choice.habits" in capsys.readouterr().err


def test_the_kept_screening_knows_every_parameter_and_finds_each_at_work():
    kept = pd.read_csv(Path(__file__).parents[1] / "results" / "reference" / "screening.csv").set_index("parameter")
    assert set(kept.index) == set(SPECS)
    at_work = (kept["outcomes_moved"] > 0) | (kept["runs_with_other_events"] > 0)
    assert set(kept.index[~at_work]) <= SEEN_ONLY


def test_four_stars_in_place_of_five_are_seen_and_change_nothing_else():
    """Buyers take both for good."""
    few, many = (
        run(world(consumers=1500, parameters={"shipping": {"not_five_stars": share}}), tables=("orders",)).table(
            "orders"
        )
        for share in (0.0, 1.0)
    )
    assert not (few["rating"] == 4).any()
    assert (many["rating"] == 4).sum() == (few["rating"] == 5).sum() > 0
    pd.testing.assert_frame_equal(few.drop(columns="rating"), many.drop(columns="rating"))
