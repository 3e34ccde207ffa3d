"""`odm run --profile`: where the time of a day goes, and that looking changes nothing."""

import json
import sys
import time

import pytest
from numba.core.registry import CPUDispatcher
from typer.testing import CliRunner

import sim.model
from sim.cli import app
from sim.report.text.profile import KERNEL, SHELL, bar
from sim.studies.errors import RequestError
from sim.studies.runs.one_run import run
from sim.studies.runs.profile import Profile, profiled, together

SIZE = {"consumers": 600, "days": 14, "burn_in": 10}
DAYS = 24


def watched() -> bool:
    """Whether anything is watched now."""
    return "__call__" in vars(CPUDispatcher) or sys.monitoring.get_tool(sys.monitoring.PROFILER_ID) is not None


@pytest.fixture(scope="module")
def profile():
    """A profiled run: its profile and its result."""
    with profiled() as profile:
        result = run("baseline", seed=3, **SIZE)
    return profile, result


def test_a_profile_moves_no_number_and_leaves_nothing_behind(profile):
    assert not watched()
    plain = run("baseline", seed=3, **SIZE)
    assert plain.daily.equals(profile[1].daily)
    assert not watched()


def test_every_day_of_the_run_is_timed_or_weighed_and_none_before_it(profile):
    assert profile[0].timed + profile[0].weighed == DAYS
    assert profile[0].weighed == 3


def test_its_phases_are_those_of_the_day_in_their_order(profile):
    names = [row["phase"] for row in profile[0].rows()]
    assert names[:3] == ["begin_day", "apply_policies", "enforce"]
    assert names[-4:] == ["consumption", "learning", "record", "end_day"]
    assert [name for name in sim.model.MarketModel.step.__code__.co_names if name in names] == names
    assert len(names) == 19


def test_phases_together_take_most_of_the_run_and_no_more(profile):
    found, result = profile
    spent = sum(phase.seconds for phase in found.phases)
    assert 0.3 * result.elapsed_s * found.timed / DAYS < spent < result.elapsed_s


def test_kernels_and_the_python_around_them_are_told_apart(profile):
    rows = {row["phase"]: row for row in profile[0].rows()}
    assert all(row["kernel_ms"] + row["shell_ms"] == pytest.approx(row["ms"]) for row in rows.values())
    assert all(row["kernel_ms"] >= 0 and row["shell_ms"] > 0 for row in rows.values())
    assert rows["apply_policies"]["kernel_calls"] == 0
    assert rows["consumption"]["kernel_ms"] > 0
    assert rows["consumption"]["threads"] == pytest.approx(1.0)


def test_bytes_are_those_of_the_columns_that_kernels_are_given(profile):
    rows = {row["phase"]: row for row in profile[0].rows()}
    least = 600 * 8 / 1e6  # one column of eight bytes
    assert all(rows[name]["touched_mb"] > least for name in ("demand", "choice", "consumption", "learning"))
    assert rows["begin_day"]["touched_mb"] < least, "no column of people"
    assert rows["learning"]["asked_mb"] > 0


def test_python_that_is_slow_is_seen_in_its_phase(monkeypatch):
    usual = sim.model.price

    def price(state):
        time.sleep(0.01)
        usual(state)

    monkeypatch.setattr(sim.model, "price", price)
    with profiled() as found:
        run("baseline", consumers=200, days=3, burn_in=0)
    rows = {row["phase"]: row for row in found.rows()}
    assert rows["price"]["shell_ms"] > 10
    assert rows["price"]["kernel_ms"] < 10


def test_intervals_of_several_threads_count_once_where_they_overlap():
    assert together([]) == 0
    assert together([(0, 2), (1, 3), (5, 6), (5.5, 5.7)]) == 4


def test_who_looks_already_is_not_disturbed():
    with profiled(), pytest.raises(RequestError, match="another profiler"), profiled():
        pass
    assert not watched()


def test_bars_show_kernels_and_shell_to_one_scale():
    assert bar({"ms": 10.0, "kernel_ms": 5.0}, 10.0) == KERNEL * 15 + SHELL * 15
    assert bar({"ms": 1.0, "kernel_ms": 1.0}, 10.0) == KERNEL * 3
    assert bar({"ms": 0.0, "kernel_ms": 0.0}, 0.0) == ""
    assert Profile().rows() == []


def test_the_command_prints_a_table_or_json():
    words = ["run", "baseline", "--consumers", "200", "--days", "2", "--burn-in", "0", "--profile"]
    printed = CliRunner().invoke(app, words, env={"COLUMNS": "140"})
    assert printed.exit_code == 0, printed.output
    assert all(word in printed.stdout for word in ("Phase", "Kernels", "Shell", "consumption", "the day", SHELL))
    found = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert found["profile"]["days_timed"] + found["profile"]["days_weighed"] == 2
    assert len(found["profile"]["phases"]) == 19
    refused = CliRunner().invoke(app, [*words, "--runs", "2"])
    assert refused.exit_code == 2
    assert "one run" in refused.stderr
