"""The `odm` command as its users meet it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.measures.dictionary import outcomes
from sim.model import MarketModel
from sim.scenario import Scenario
from sim.studies.runs.simulate import warm_up
from sim.studies.store.record import verify_record
from tests.fake_market import FailingMarket, FakeMarket

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "pandas", "numba", "mesa", "scipy", "matplotlib", "pydantic", "pyarrow", "networkx")


@pytest.fixture
def market(monkeypatch):
    """Put a market of made-up numbers in the place of the model."""

    def use(model_class):
        for module in ("sim.studies.runs.one_run", "sim.report.comparison", "sim.studies.doctor"):
            monkeypatch.setattr(f"{module}.default_model", lambda: model_class)

    use(FakeMarket)
    return use


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with small scenarios, as the current one."""
    size = "consumers: 300\ndays: 20\nburn_in: 5\n"
    for name in ("plain", "closure", "advice"):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\n{size}")
    (tmp_path / "wrong.yaml").write_text(f"name: wrong\nconsumer: 5\ndays: many\n{size.replace('days: 20', '')}")
    (tmp_path / "circle.yaml").write_text("extends: circle.yaml\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def odm(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


class TestStart:
    def test_help_takes_less_than_half_a_second_of_processor_time(self):
        def seconds():
            before = os.times()
            subprocess.run([sys.executable, "-m", "sim.cli", "--help"], check=True, capture_output=True, cwd=ROOT)
            after = os.times()
            return sum(after[2:4]) - sum(before[2:4])  # of children

        assert min(seconds() for _ in range(3)) < 0.5

    @pytest.mark.parametrize("statement", ["import sim", "import sim.cli"])
    def test_nothing_heavy_is_loaded_at_the_start(self, statement):
        code = f"{statement}, sys; print([name for name in {HEAVY} if name in sys.modules])"
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
        assert answer.stdout == "[]\n"

    def test_every_public_name_is_there_when_asked_for(self):
        import sim

        assert {"Scenario", "MarketModel", "run", "compare", "Comparison", "RunResult"} <= set(dir(sim))
        assert callable(sim.run)
        assert sim.Scenario.load is not None
        with pytest.raises(AttributeError, match="no attribute 'Scenrio'"):
            _ = sim.Scenrio

    def test_help_names_the_commands(self):
        answer = odm("--help")
        assert answer.exit_code == 0
        assert all(word in answer.stdout for word in ("run", "compare", "list", "show", "doctor"))

    def test_the_version_is_printed(self):
        assert odm("--version").stdout.startswith("odm 0.")


@pytest.mark.usefixtures("market", "files")
class TestRun:
    def test_a_run_prints_its_outcomes_by_group(self):
        answer = odm("run", "plain.yaml", "--seed", 4)
        assert answer.exit_code == 0
        assert "seed 4" in answer.stdout
        assert "real people for whom they stand, 20,000 each" in answer.stdout
        groups = [
            line
            for line in map(str.rstrip, answer.stdout.splitlines())
            if line in ("Market", "Health", "People", "Crime", "State")
        ]
        assert groups == ["Market", "Health", "People", "Crime", "State"]
        assert "below 20,000 simulated consumers" in answer.stdout

    def test_json_is_one_object_and_nothing_else(self):
        answer = odm("run", "plain.yaml", "--days", 9, "--burn-in", 2, "--consumers", 250, "--json")
        found = json.loads(answer.stdout)
        assert answer.stderr == ""
        assert list(found) == [
            "scenario",
            "seed",
            "days",
            "consumers",
            "weight",
            "compile_s",
            "elapsed_s",
            "outcomes",
            "outcomes_real",
            "policies",
        ]
        assert (found["scenario"], found["days"], found["consumers"]) == ("plain", 9, 250)
        assert {name for name, spec in outcomes().items() if not spec.paired} <= set(found["outcomes"])

    def test_json_of_several_runs_is_a_list(self):
        found = json.loads(odm("run", "plain.yaml", "--runs", 3, "--seed", 7, "--json").stdout)
        assert [run["seed"] for run in found] == [7, 8, 9]

    def test_results_go_where_they_are_asked_to(self, files):
        answer = odm("run", "plain.yaml", "--out", "results/first", "--tables", "orders, events", "--audit")
        assert answer.exit_code == 0
        assert "Written to results/first" in answer.stdout
        assert (files / "results/first/events.parquet").exists()
        assert verify_record(files / "results/first") == []

    def test_set_changes_a_value_of_the_scenario(self):
        found = json.loads(odm("run", "plain.yaml", "--set", "consumers=777", "--set", "days=3", "--json").stdout)
        assert (found["consumers"], found["days"]) == (777, 3)

    def test_a_run_that_fails_is_named_without_a_traceback(self, market):
        market(FailingMarket)
        answer = odm("run", "plain.yaml", "--seed", 2)
        assert answer.exit_code == 1
        assert answer.stderr.startswith(
            "odm: scenario plain, seed 2: ValueError: more parcels than orders (fake_market.py"
        )
        assert "Traceback" not in answer.stderr

    def test_the_traceback_of_a_run_that_fails_is_there_on_request(self, market, monkeypatch):
        market(FailingMarket)
        monkeypatch.setenv("ODM_TRACEBACK", "1")
        assert "seed 2" in str(odm("run", "plain.yaml", "--seed", 2).exception)

    def test_the_market_itself_runs_from_the_command_line(self):
        warm_up(Scenario.load("baseline"), MarketModel)  # or the command says that it compiles
        size = ("--consumers", "300", "--days", "10", "--burn-in", "5")
        command = [sys.executable, "-m", "sim.cli", "run", "baseline", *size, "--audit", "--json"]
        answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        found = json.loads(answer.stdout)
        assert answer.stderr == ""
        assert (found["consumers"], found["days"]) == (300, 10)
        assert found["outcomes"]["orders"] > 0

    def test_an_interruption_ends_in_words_and_leaves_nothing(self, market, files):
        class Interrupted(FakeMarket):
            def run_for(self, duration):
                raise KeyboardInterrupt

        market(Interrupted)
        before = sorted(files.iterdir())
        answer = odm("run", "plain.yaml", "--out", "out")
        assert (answer.exit_code, answer.stderr) == (130, "Interrupted. Nothing was written.\n")
        assert sorted(files.iterdir()) == before


@pytest.mark.usefixtures("market", "files")
class TestCompare:
    def test_effects_are_printed_and_said_in_words(self):
        answer = odm("compare", "plain.yaml", "closure.yaml", "advice.yaml", "--runs", 3, "--workers", 1)
        assert answer.exit_code == 0
        assert "paired t, 95 %, n = 3 pairs" in answer.stdout
        assert "closure: 4 of " in answer.stdout
        assert "advice: 3 of " in answer.stdout

    def test_json_is_one_object_and_nothing_else(self):
        answer = odm("compare", "plain.yaml", "closure.yaml", "--runs", 2, "--workers", 1, "--json")
        found = json.loads(answer.stdout)
        assert answer.stderr == ""
        assert (found["baseline"], found["runs"]) == ("plain", 2)
        assert list(found["effects"]["closure"]["orders"]) == ["baseline", "mean", "low", "high", "same_sign"]

    def test_results_are_written_with_figures(self, files):
        answer = odm("compare", "plain.yaml", "advice.yaml", "--runs", 2, "--workers", 1, "--out", "out", "--days", 10)
        assert answer.exit_code == 0
        assert (files / "out/answer/figures/effects.png").exists()
        assert verify_record(files / "out") == []

    def test_a_narrow_window_shows_one_intervention_at_a_time(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "90")
        answer = odm("compare", "plain.yaml", "closure.yaml", "advice.yaml", "--runs", 2, "--workers", 1)
        assert "closure against plain" in answer.stdout
        assert max(len(line) for line in answer.stdout.splitlines() if " * " in line) <= 90


@pytest.mark.usefixtures("market", "files")
class TestBadRequests:
    def test_a_problem_of_several_scenarios_names_its_own_and_one_of_all_is_said_once(self):
        Path("late.yaml").write_text("name: late\npolicies: [{kind: takedown, start: 3, rank: 0}]\n", encoding="utf-8")
        Path("other.yaml").write_text("substances: {tea: 3}\n", encoding="utf-8")
        said = odm("compare", "plain.yaml", "late.yaml", "other.yaml").stderr
        assert "late: policies.0.rank: given 0" in said
        assert "other: substances.tea: given 3" in said
        said = odm("compare", "plain.yaml", "closure.yaml", "--consumers", 1).stderr
        assert said.startswith("odm: 1 problem:\n  consumers: given 1")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["run", "wrong.yaml"], ["consumer", "'consumers'", "days"]),
            (["run", "circle.yaml"], ["circle"]),
            (["run", "nowhere.yaml"], ["nowhere.yaml"]),
            (["run", "no-such-scenario"], ["no-such-scenario"]),
            (["run", "plain.yaml", "--consumers", "0"], ["consumers", "given 0"]),
            (
                ["run", "plain.yaml", "--days", "0"],
                ["days: given 0; allowed: a whole number, at least 1 and at most 32,000"],
            ),
            (["run", "plain.yaml", "--days", "soon"], ["days: given 'soon'; allowed: a whole number"]),
            (["run", "plain.yaml", "--runs", "0"], ["--runs"]),
            (["run", "plain.yaml", "--consumer", "5"], ["--consumer"]),
            (["run", "plain.yaml", "--set", "days"], ["path=value"]),
            (["run", "plain.yaml", "--set", "choice.trust_wait=1"], ["trust_wait", "trust_weight"]),
            (["run", "plain.yaml", "--tables", "oders", "--out", "out"], ["oders", "orders"]),
            (["run", "plain.yaml", "--tables", "orders"], ["folder"]),
            (["run", "plain.yaml", "--out", "plain.yaml"], ["output", "plain.yaml"]),
            (["compare", "plain.yaml"], ["OTHER"]),
            (["compare", "plain.yaml", "wrong.yaml", "nowhere.yaml"], ["'consumers'", "nowhere.yaml"]),
            (["compare", "plain.yaml", "closure.yaml", "--out", "/proc/nowhere/out"], ["output"]),
            (["compare", "plain.yaml", "closure.yaml", "--workers", "0"], ["--workers"]),
            (["list", "outcome"], ["outcome"]),
            (["show", "nowhere"], ["nowhere"]),
            (["runn"], ["runn"]),
        ],
    )
    def test_it_is_said_on_the_standard_error_with_exit_code_2(self, words, said, files):
        before = sorted(files.iterdir())
        answer = odm(*words)
        assert answer.exit_code == 2
        assert answer.stdout == ""
        assert [word for word in said if word not in answer.stderr] == []
        assert "Traceback" not in answer.stderr
        assert sorted(files.iterdir()) == before

    def test_a_defect_of_the_program_is_not_dressed_up(self, monkeypatch):
        def broken(*_, **__):
            raise ZeroDivisionError

        monkeypatch.setattr("sim.studies.execution.several.run_several", broken)
        assert isinstance(odm("run", "plain.yaml").exception, ZeroDivisionError)


class TestListing:
    @pytest.mark.parametrize("what", ["scenarios", "policies", "outcomes", "parameters", "tables"])
    def test_everything_can_be_listed_for_people_and_for_programs(self, what):
        rows = json.loads(odm("list", what, "--json").stdout)
        text = odm("list", what).stdout
        assert rows
        first = next(iter(rows[0].values()))
        assert str(first) in text

    def test_outcomes_carry_unit_direction_and_text(self):
        rows = {row["name"]: row for row in json.loads(odm("list", "outcomes", "--json").stdout)}
        assert rows["deaths"]["better"] == "lower"
        assert rows["volume_usd"]["unit"] == "USD"

    def test_policies_say_what_every_field_may_be(self):
        rows = {row["kind"]: row for row in json.loads(odm("list", "policies", "--json").stdout)}
        assert all(row["purpose"] and row["cost"] and row["evidence"] and row["can_fail"] for row in rows.values())
        assert [f["name"] for row in rows.values() for f in row["fields"] if not f["allowed"]] == []
        fields = {field["name"]: field for field in rows["takedown"]["fields"]}
        assert fields["channel"]["allowed"] == "cryptomarket, illicit_pharmacy"
        assert fields["operators_arrested"]["allowed"] == "true, false"
        assert fields["host"]["allowed"] == "text or null"
        assert fields["rank"]["allowed"] == "a whole number, at least 1 and at most 60"
        assert fields["when"]["allowed"].startswith("a mapping of outcome, event, above")
        assert rows["deflection"]["fields"][-1]["unit"] == "months"

    def test_policies_are_printed_with_evidence_keys_and_shared_fields_once(self):
        text = odm("list", "policies").stdout
        assert "[lead-arrest-6m]" in text
        assert len(re.findall(r"^\s+strength\b", text, re.MULTILINE)) == 1
        assert all(word in text for word in ("true, false", "can fail", "every policy"))

    def test_parameters_carry_their_source(self):
        rows = json.loads(odm("list", "parameters", "--json").stdout)
        assert all(row["source"] and row["status"] in ("read", "computed", "assumed") for row in rows)

    def test_a_scenario_is_shown_in_full_with_what_was_set(self, files):
        answer = odm("show", "plain.yaml", "--full", "--set", "choice.trust_weight=3.5")
        assert answer.exit_code == 0
        line = next(line for line in answer.stdout.splitlines() if "trust_weight" in line)
        assert "3.5" in line
        assert "utility" in line

    def test_a_scenario_is_shown_in_short_with_what_it_asks_does_and_changes(self):
        answer = odm("show", "hydra-2022")
        assert answer.exit_code == 0
        lines = answer.stdout.splitlines()
        assert len(lines) < 40
        assert lines[0].startswith("hydra-2022: ")
        assert any(line.startswith("  1. takedown from day 28") for line in lines)
        assert "  choice.border_post" not in answer.stdout
        assert "  parameters.choice.border_post: 1.6 (baseline 0.8)" in lines
        assert not [line for line in lines if ".source" in line]

    def test_what_is_set_on_the_command_line_is_shown_beside_the_baseline(self):
        lines = odm(
            "show", "takedown", "--set", "policies.takedown.publicity=0.5", "--set", "choice.trust_weight=3.5"
        ).stdout.splitlines()
        assert any("takedown from day 365; publicity 0.5 (default 1)" in line for line in lines)
        assert next(line for line in lines if line.startswith("  parameters.")).startswith(
            "  parameters.choice.trust_weight: 3.5 (baseline "
        )

    def test_the_baseline_differs_from_itself_in_nothing(self):
        assert "iffers from" not in odm("show", "baseline").stdout

    @pytest.mark.parametrize("width", [60, 100])
    def test_a_short_form_keeps_to_the_width_that_is_asked_for(self, width, monkeypatch):
        monkeypatch.setenv("COLUMNS", str(width))
        assert max(map(len, odm("show", "coordinated").stdout.splitlines())) <= width

    def test_a_program_reads_a_scenario_as_json(self):
        assert json.loads(odm("show", "takedown", "--json").stdout)["policies"][0]["kind"] == "takedown"

    def test_a_reader_who_goes_away_is_no_error(self):
        command = f"{sys.executable} -m sim.cli list parameters | head -1"
        answer = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT, check=True)
        assert answer.stderr == ""
        assert answer.stdout.startswith("parameter")


@pytest.mark.usefixtures("market")
class TestDoctor:
    def test_it_looks_at_the_machine_and_compares_two_runs(self):
        report = json.loads(odm("doctor", "--json").stdout)
        assert report["self_check"]["identical"]
        assert report["processors"]["usable"] >= 1
        answer = odm("doctor")
        assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "All is well.")

    def test_on_request_it_only_compiles(self):
        assert set(json.loads(odm("doctor", "--prepare", "--json").stdout)) == {"folder", "kernels", "seconds"}
        answer = odm("doctor", "--prepare")
        assert answer.exit_code == 0
        assert "kernels are ready" in answer.stdout
        assert "self-check" not in answer.stdout

    def test_runs_that_differ_make_it_fail(self, market):
        class Drifting(FakeMarket):
            count = 0

            def daily(self):
                Drifting.count += 1
                return super().daily() + Drifting.count

        market(Drifting)
        answer = odm("doctor")
        assert answer.exit_code == 1
        assert "DIFFERENT" in answer.stdout


# Paths ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words",
    [
        ["results", "~/full"],
        ["verify", "~/full"],
        ["run", "baseline", "--out=~/full"],
        ["compare", "baseline", "takedown", "--workers=1", "--out=~/full"],
        ["study", "sobol-core", "--out=~/full"],
        ["study", "budget-portfolio", "--dry-run", "--ensemble=~/full"],
    ],
)
def test_the_home_folder_is_meant_by_its_sign_in_every_path(tmp_path, monkeypatch, market, words):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "of_somebody_else.txt").write_text("x")
    answer = odm(*words)
    assert answer.exit_code in (1, 2)
    assert str(tmp_path / "full") in (answer.stderr + answer.stdout).replace("\n", "")
    assert not (tmp_path / "~").exists()
