"""What a run has come to while it is at work: it is what the run has at its end, counts for nothing, and goes."""

import numpy as np
import pytest

from sim import run_study
from sim.studies.runs import so_far
from sim.studies.runs.simulate import default_model, load_scenario, series_of, simulate
from sim.studies.store.names import SO_FAR
from sim.studies.store.results import Results
from sim.studies.study_files import Study

NAMES = ("orders", "deaths_expected")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(so_far, "EVERY_SECONDS", 0.0)


def test_what_is_written_on_the_way_is_what_the_run_has_at_its_end(tmp_path):
    scenario = load_scenario("baseline", consumers=200, days=12, burn_in=3)
    writer = so_far.Writer(tmp_path, "a1", "baseline", scenario.days, NAMES)
    seen = []

    def watch(done, total, model):
        writer(done, total, model)
        seen.append([(run.scenario, run.days, run.day) for run in so_far.read(tmp_path)])

    model = simulate(scenario, 3, default_model(), on_day=watch).model
    assert seen[:3] == [[]] * 3, "burn-in is no day of the run"
    assert seen[3:] == [[("baseline", 12, day)] for day in range(1, 13)]
    (last,) = so_far.read(tmp_path)
    for name in NAMES:
        assert np.array_equal(last.daily[name], series_of(model)[name].astype(np.float32))
    so_far.forget(tmp_path)
    assert so_far.read(tmp_path) == []


def test_who_is_watched_has_the_numbers_of_who_is_not(tmp_path):
    scenario = load_scenario("takedown", consumers=200, days=20, burn_in=3, overrides=["policies.takedown.start=5"])
    writer = so_far.Writer(tmp_path, "a1", "takedown", scenario.days, NAMES)
    watched, alone = (simulate(scenario, 3, default_model(), on_day=on_day).model for on_day in (writer, None))
    for name, days in series_of(alone).items():
        assert np.array_equal(days, series_of(watched)[name], equal_nan=True), name


def test_what_is_damaged_or_cannot_be_written_is_nothing_and_stops_nothing(tmp_path):
    (tmp_path / SO_FAR).write_text("in the way")
    writer = so_far.Writer(tmp_path, "a1", "baseline", 2, NAMES)
    simulate(load_scenario("baseline", consumers=200, days=2, burn_in=0), 3, default_model(), on_day=writer)
    (tmp_path / SO_FAR).unlink()
    (tmp_path / SO_FAR).mkdir()
    (tmp_path / SO_FAR / "a1.npz").write_bytes(b"PK not quite")
    assert so_far.read(tmp_path) == []


def test_a_study_writes_down_its_first_pair_and_nothing_of_it_is_left(tmp_path, monkeypatch):
    found = []
    forget = so_far.forget
    monkeypatch.setattr(so_far, "forget", lambda folder: (found.extend(so_far.read(folder)), forget(folder)))
    study = {
        "name": "two", "kind": "compare", "replications": 2, "daily": ["orders"],
        "scenarios": [
            {"extends": "baseline", "name": "nothing-new", "consumers": 200, "days": 10, "burn_in": 2},
            {"extends": "baseline", "name": "closed", "consumers": 200, "days": 10, "burn_in": 2, "policies": [{"kind": "takedown", "start": 4}]},
        ],
    }  # fmt: skip
    run_study(Study.load(study), tmp_path / "out", workers=1, executor="inline")
    assert [(run.scenario, run.day) for run in sorted(found, key=lambda run: run.scenario)] == [
        ("closed", 10),
        ("nothing-new", 10),
    ], "of the first seed, and not of the second"
    assert not (tmp_path / "out" / SO_FAR).exists()
    stored = Results(tmp_path / "out").daily("orders")
    first = stored[(stored["scenario"] == "closed") & (stored["seed"] == stored["seed"].min())]
    orders = next(run for run in found if run.scenario == "closed").daily["orders"]
    assert np.array_equal(first["orders"].to_numpy(dtype=np.float32), orders)
