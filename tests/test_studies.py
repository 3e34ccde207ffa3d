"""Single runs, paired comparisons, records and the self-check."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim import Results, Scenario, ScenarioError, compare
from sim.measures.dictionary import outcome, outcomes, tables
from sim.studies import doctor
from sim.studies.errors import RequestError, RunFailedError
from sim.studies.execution.several import run_several
from sim.studies.execution.verify import verify
from sim.studies.runs import machine
from sim.studies.runs.compare import load_all
from sim.studies.runs.effects import add_displacement, change, paired_effects, t_interval
from sim.studies.runs.one_run import run
from sim.studies.store import record
from sim.studies.store.output import staging, write_frame
from tests.fake_market import EFFECTS, DyingMarket, FailingMarket, FakeMarket, world
from tests.preloaded import forked_workers
from tests.study_market import not_drawn

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def comparison():
    others = [world("closure"), world("advice"), world("baseline")]
    return compare(world(), others, runs=6, workers=1, model_class=FakeMarket)


SMALL = {"consumers": 400, "days": 20, "burn_in": 10}


@pytest.fixture(scope="module")
def result():
    """A run of the market itself."""
    return run("baseline", seed=1, tables=["all"], audit=True, **SMALL)


@pytest.fixture(scope="module")
def campaign():
    return Scenario(name="campaign", policies=[{"kind": "education_campaign", "start": 5}], **SMALL)


def effect(comparison, scenario, outcome):
    rows = comparison.effects
    return rows[(rows["scenario"] == scenario) & (rows["outcome"] == outcome)].iloc[0]


class TestRun:
    def test_a_run_covers_the_days_after_burn_in(self):
        result = run(world(), seed=3, model_class=FakeMarket)
        assert list(result.daily.index) == list(range(20))
        assert (result.days, result.seed, result.consumers) == (20, 3, 300)

    def test_settings_of_the_call_win_over_those_of_the_scenario(self):
        result = run(world(), days=7, burn_in=0, consumers=400, model_class=FakeMarket)
        assert (result.days, result.scenario.burn_in, result.consumers) == (7, 0, 400)
        assert len(result.daily) == 7

    def test_without_a_seed_the_scenario_gives_it(self):
        assert run(world(seed=17), model_class=FakeMarket).seed == 17

    def test_progress_counts_up_to_all_days_with_burn_in(self):
        seen = []
        run(world(), model_class=FakeMarket, progress=lambda done, total: seen.append((done, total)))
        assert seen[-1] == (25, 25)
        assert [done for done, _ in seen] == sorted({done for done, _ in seen})

    def test_json_holds_what_the_command_promises(self):
        result = run(world(), model_class=FakeMarket)
        result.outcomes["nps_detection_lag_days"] = float("nan")
        found = json.loads(json.dumps(result.to_json(), allow_nan=False))
        keys = ["scenario", "seed", "days", "consumers", "weight", "compile_s", "elapsed_s"]
        assert list(found) == [*keys, "outcomes", "outcomes_real", "policies"]
        assert found["outcomes"]["nps_detection_lag_days"] is None

    def test_only_the_tables_asked_for_are_made(self):
        assert list(run(world(), tables=["events"], model_class=FakeMarket).tables) == ["events"]
        everything = run(world(), tables=["all"], model_class=FakeMarket).tables
        assert {"orders", "platforms", "vendors", "accounts", "consumers", "events"} <= set(everything)

    def test_an_unknown_table_is_refused_with_the_nearest_name(self):
        with pytest.raises(RequestError, match="none called 'oders'; nearest: orders"):
            run(world(), tables=["oders"], model_class=FakeMarket)

    def test_no_threads_are_refused(self):
        with pytest.raises(RequestError, match="threads: given 0"):
            run(world(), threads=0, model_class=FakeMarket)

    def test_settings_that_no_run_can_have_are_refused_all_at_once(self):
        with pytest.raises(ScenarioError) as caught:
            run(world(), days=0, consumers=5, model_class=FakeMarket)
        assert {problem.path for problem in caught.value.problems} == {"days", "consumers"}


class TestFiles:
    def test_a_run_writes_its_tables_with_units_and_a_record_that_fits(self, tmp_path):
        run_several(world(), tables=["orders", "daily"], out=tmp_path / "out", model_class=FakeMarket)
        names = {path.name for path in (tmp_path / "out").iterdir()}
        assert names == {
            "daily.parquet",
            "daily.csv",
            "orders.parquet",
            "outcomes.parquet",
            "outcomes.csv",
            "outcomes_real.csv",
            "record.json",
        }
        field = pq.read_schema(tmp_path / "out" / "orders.parquet").field("price_usd")
        assert field.metadata[b"unit"] == b"USD"
        assert b"buyer paid" in field.metadata[b"description"]
        assert record.verify_record(tmp_path / "out") == []

    def test_what_is_read_back_is_what_was_run(self, tmp_path):
        result = run(world(), model_class=FakeMarket)
        result.save(tmp_path / "out")
        back = pd.read_parquet(tmp_path / "out" / "daily.parquet").set_index("day")
        pd.testing.assert_frame_equal(back, result.daily, check_names=False, check_index_type=False)

    def test_several_runs_take_the_next_seeds_and_are_kept_like_a_study(self, tmp_path):
        results = run_several(world(), 3, seed=5, tables=["events"], out=tmp_path / "out", model_class=FakeMarket)
        assert [result.seed for result in results] == [5, 6, 7]
        assert (tmp_path / "out" / "tables" / "baseline" / "seed-7" / "events.parquet").exists()
        assert list(pd.read_csv(tmp_path / "out" / "answer" / "outcomes.csv")["seed"]) == [5, 6, 7]
        one = run(world(), seed=6, model_class=FakeMarket)
        pd.testing.assert_frame_equal(results[1].daily, one.daily, check_like=True, check_index_type=False)
        assert results[1].outcomes == one.outcomes
        again = run_several(
            world(), 3, seed=5, tables=["events"], out=tmp_path / "out", resume=True, model_class=FakeMarket
        )
        assert all(np.isnan(result.elapsed_s) for result in again)  # nothing was run
        assert [result.outcomes for result in again] == [result.outcomes for result in results]

    def test_going_on_needs_something_to_go_on_with(self, tmp_path):
        with pytest.raises(RequestError, match="resume: without a folder"):
            run_several(world(), 3, resume=True, model_class=FakeMarket)
        with pytest.raises(RequestError, match="resume: one run is there as a whole or not at all"):
            run_several(world(), out=tmp_path / "out", resume=True, model_class=FakeMarket)
        run_several(world(), 2, out=tmp_path / "out", model_class=FakeMarket)
        with pytest.raises(RequestError, match=r"holds another study.*seed"):
            run_several(world(), 2, seed=9, out=tmp_path / "out", resume=True, model_class=FakeMarket)

    def test_tables_without_a_folder_are_refused(self):
        with pytest.raises(RequestError, match="give a folder"):
            run_several(world(), tables=["orders"], model_class=FakeMarket)
        with pytest.raises(RequestError, match="give a folder"):
            compare(world(), [world("closure")], tables=["orders"], model_class=FakeMarket)

    def test_an_unwritable_folder_is_found_before_the_first_run(self, tmp_path):
        (tmp_path / "file").write_text("in the way")
        for target in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere/out")):
            with pytest.raises(RequestError, match="output: "):
                run_several(world(), out=target, model_class=FailingMarket, seed=2)
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def test_a_run_that_fails_leaves_nothing_behind_and_of_several_those_that_had_ended(self, tmp_path):
        with pytest.raises(RunFailedError, match="scenario baseline, seed 2: ValueError: more parcels than orders"):
            run_several(world(), seed=2, out=tmp_path / "deep" / "out", model_class=FailingMarket)
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(RunFailedError, match="scenario baseline, seed 2: ValueError: more parcels than orders"):
            run_several(world(), 2, seed=1, out=tmp_path / "out", model_class=FailingMarket)
        assert list(Results(tmp_path / "out").outcomes()["seed"]) == [1]

    def test_a_run_that_fails_leaves_the_earlier_results(self, tmp_path):
        run_several(world(), seed=2, out=tmp_path / "out", model_class=FakeMarket)
        with pytest.raises(RunFailedError):
            run_several(world(), seed=2, out=tmp_path / "out", model_class=FailingMarket)
        assert record.verify_record(tmp_path / "out") == []
        assert [path.name for path in tmp_path.iterdir()] == ["out"]

    def test_results_of_an_earlier_run_are_replaced_as_a_whole(self, tmp_path):
        run_several(world(), out=tmp_path / "out", model_class=FakeMarket)
        run_several(world(), tables=["orders"], out=tmp_path / "out", model_class=FakeMarket)
        assert (tmp_path / "out" / "orders.parquet").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["out"]

    @pytest.mark.parametrize(
        ("asked", "what"),
        [({"seed": 2, "tables": ["orders"]}, "seed"), ({}, "tables"), ({"days": 9, "tables": ["orders"]}, "scenario")],
    )
    def test_another_run_is_not_deleted(self, tmp_path, asked, what):
        run_several(world(), tables=["orders"], out=tmp_path / "out", model_class=FakeMarket)
        before = (tmp_path / "out" / "record.json").read_bytes()
        days = {"days": asked.pop("days")} if "days" in asked else {}
        with pytest.raises(RequestError, match=rf"holds another run.*\({what}\).*another folder"):
            run_several(world().with_(**days), **asked, out=tmp_path / "out", model_class=FakeMarket)
        assert (tmp_path / "out" / "record.json").read_bytes() == before

    def test_a_folder_with_somebody_elses_files_is_left_alone(self, tmp_path):
        run_several(world(), out=tmp_path / "out", model_class=FakeMarket)
        (tmp_path / "out" / "notes.txt").write_text("mine")
        with pytest.raises(RequestError, match=r"no earlier run wrote.*notes\.txt"):
            run_several(world(), out=tmp_path / "out", model_class=FakeMarket)
        assert (tmp_path / "out" / "notes.txt").read_text() == "mine"

    def test_a_folder_appears_when_it_is_complete(self, tmp_path):
        with staging(tmp_path / "out") as place:
            (place / "half").write_text("done")
            assert not (tmp_path / "out").exists()
        assert (tmp_path / "out" / "half").read_text() == "done"

    def test_a_column_that_the_dictionary_does_not_know_is_written_without_text(self, tmp_path):
        write_frame(pd.DataFrame({"colour": [1]}), "orders", tmp_path / "x.parquet")
        assert b"unit" not in (pq.read_schema(tmp_path / "x.parquet").field("colour").metadata or {})


class TestRecord:
    @pytest.fixture
    def folder(self, tmp_path):
        run_several(world(), out=tmp_path / "out", model_class=FakeMarket)
        return tmp_path / "out"

    def test_it_holds_scenario_seed_code_and_libraries(self, folder):
        content = json.loads((folder / "record.json").read_text())["run"]
        assert content["scenarios"]["baseline"]["resolved"] == json.loads(json.dumps(world().resolved()))
        assert content["scenarios"]["baseline"]["digest"] == world().digest
        assert content["seeds"] == [1]
        assert len(content["code"]["source_sha256"]) == 64
        assert {"python", "numpy", "numba", "mesa"} <= set(content["libraries"])

    def test_equal_runs_have_equal_hashes(self, folder, tmp_path):
        run_several(world(), out=tmp_path / "again", model_class=FakeMarket)
        first, second = (json.loads((place / "record.json").read_text()) for place in (folder, tmp_path / "again"))
        assert first["hash"] == second["hash"]

    def test_a_changed_a_missing_and_an_added_file_are_found(self, folder):
        (folder / "daily.csv").write_text("0")
        (folder / "outcomes.csv").unlink()
        (folder / "new").write_text("1")
        assert record.verify_record(folder) == [
            "daily.csv was changed after it was written",
            "new is not in the record",
            "outcomes.csv is missing",
        ]

    def test_a_changed_record_is_found(self, folder):
        content = json.loads((folder / "record.json").read_text())
        content["run"]["seeds"] = [2]
        (folder / "record.json").write_text(json.dumps(content))
        assert record.verify_record(folder) == ["record.json was changed after it was written"]

    def test_a_changed_outcome_is_found_though_the_record_fits_the_files(self, folder):
        path = folder / "outcomes.parquet"
        frame = pd.read_parquet(path)
        write_frame(frame.assign(orders=2 * frame["orders"]), "outcomes", path)
        held = json.loads((folder / "record.json").read_text())
        held["run"]["files"] = record.file_hashes(folder)
        held["hash"] = record.content_hash(held["run"])
        (folder / "record.json").write_text(json.dumps(held))
        assert record.verify_record(folder) == []
        (problem,) = verify(folder, sample=0)["problems"]
        assert "other numbers than when they were written" in problem

    def test_a_folder_without_a_record_is_said_to_have_none(self, tmp_path):
        assert "cannot be read" in record.verify_record(tmp_path)[0]


class TestEffects:
    def test_the_interval_is_the_paired_t_interval(self):
        # Student (1908), the sleep data: mean difference 1.58, 95 % interval 0.70 to 2.46.
        values = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
        assert t_interval(values) == pytest.approx((1.58, 0.7001, 2.4599), abs=1e-4)

    def test_one_run_has_an_effect_and_no_interval(self):
        mean, low, high = t_interval(np.array([3.0]))
        assert mean == 3
        assert np.isnan([low, high]).all()

    def test_no_value_at_all_gives_nothing(self):
        assert np.isnan(t_interval(np.array([]))).all()

    @pytest.mark.parametrize("scenario", ["closure", "advice"])
    def test_the_planted_effects_are_found(self, comparison, scenario):
        for name, planted in EFFECTS[scenario].items():
            row = effect(comparison, scenario, name)
            truth = planted if row["unit"] == "share" else planted * row["baseline"]
            assert row["mean"] == pytest.approx(truth, rel=0.05)
            assert row["same_sign"] == 1
            assert row["excludes_zero"] == (name != "policy_cost_usd"), "a price is no finding"

    def test_luck_that_runs_share_does_not_widen_the_interval(self, comparison):
        row = effect(comparison, "closure", "orders")
        between = comparison.outcomes.groupby("scenario")["orders"].std()["baseline"]
        assert row["high"] - row["low"] < between / 4

    def test_a_scenario_equal_to_the_baseline_has_no_effect_at_all(self, comparison):
        control = comparison.effects[comparison.effects["scenario"] == "baseline (2)"]
        assert (control[["mean", "low", "high"]].to_numpy() == 0).all()
        assert not control["excludes_zero"].any()

    def test_an_outcome_that_a_run_lacks_leaves_the_other_pairs(self):
        frame = pd.DataFrame(
            {
                "scenario": ["a"] * 3 + ["b"] * 3,
                "seed": [1, 2, 3] * 2,
                "nps_detection_lag_days": [10.0, np.nan, 30.0, 12.0, 20.0, 34.0],
            }
        )
        row = paired_effects(frame, "a").iloc[0]
        assert (row["runs"], row["mean"], row["baseline"]) == (2, 3.0, 20.0)

    def test_rows_are_paired_by_seed_and_not_by_place(self):
        frame = pd.DataFrame(
            {"scenario": ["a", "a", "b", "b"], "seed": [1, 2, 2, 1], "orders": [10.0, 50.0, 51.0, 11.0]}
        )
        row = paired_effects(frame, "a").iloc[0]
        assert (row["mean"], row["low"], row["high"]) == (1, 1, 1)

    def test_the_rounding_of_a_sum_is_no_effect(self):
        level = np.array([0.1 + 0.2, 14_600.0, 5.0])
        assert list(change(np.array([0.3, 14_600.0 + 2e-12, 5.0 + 1e-6]), level) != 0) == [False, False, True]

    def test_the_share_of_runs_with_the_sign_of_the_mean(self):
        frame = pd.DataFrame(
            {"scenario": ["a"] * 4 + ["b"] * 4, "seed": [1, 2, 3, 4] * 2, "orders": [0.0] * 4 + [5.0, 5.0, 5.0, -1.0]}
        )
        assert paired_effects(frame, "a").iloc[0]["same_sign"] == 0.75

    def test_displacement_is_the_share_of_trade_that_moved(self):
        frame = pd.DataFrame(
            {
                "scenario": ["a", "b"],
                "seed": [1, 1],
                "share_street": [0.5, 0.6],
                "share_cryptomarket": [0.3, 0.1],
                "share_direct": [0.2, 0.3],
                "share_from_europe": [0.5, 0.75],
                "share_from_oceania": [0.5, 0.25],
            }
        )
        found = add_displacement(frame, "a")
        assert list(found["displacement_channel"]) == pytest.approx([0, 0.2])
        assert list(found["displacement_jurisdiction"]) == pytest.approx([0, 0.25])

    def test_displacement_cannot_be_negative_so_its_interval_is_no_test(self, comparison):
        row = effect(comparison, "closure", "displacement_channel")
        assert row["low"] > 0
        assert not row["excludes_zero"]


class TestCompare:
    def test_a_setting_of_a_policy_is_for_the_scenarios_that_have_it(self):
        options = {"days": 60, "overrides": ["policies.takedown.start=10", "choice.habit=1.1"]}
        plain, raid = load_all(["baseline", "takedown"], options)
        assert raid.policies[0].start == 10
        assert plain.parameters["choice"]["habit"] == raid.parameters["choice"]["habit"] == 1.1
        with pytest.raises(ScenarioError, match=r"policies\.takedwn"):
            load_all(["baseline", "takedown"], {"overrides": ["policies.takedwn.start=10"]})

    def test_every_scenario_is_run_with_every_seed(self, comparison):
        pairs = comparison.outcomes.groupby("scenario")["seed"].apply(list)
        assert set(pairs.index) == {"baseline", "closure", "advice", "baseline (2)"}
        assert all(seeds == [1, 2, 3, 4, 5, 6] for seeds in pairs)
        assert len(comparison.daily) == 4 * 6 * 20

    def test_json_holds_what_the_command_promises(self, comparison):
        found = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
        keys = ["baseline", "runs", "weight", "effects", "effects_real", "policies", "cost_effectiveness"]
        assert list(found) == keys
        assert list(found["effects"]) == ["closure", "advice", "baseline (2)"]
        assert list(found["effects"]["closure"]["orders"]) == ["baseline", "mean", "low", "high", "same_sign"]

    def test_one_run_gives_json_without_intervals(self):
        single = compare(world(), [world("closure")], runs=1, workers=1, model_class=FakeMarket)
        assert single.to_json()["effects"]["closure"]["orders"]["low"] is None

    def test_one_scenario_may_be_named_without_a_list(self):
        single = compare(world(), world("closure"), runs=1, workers=1, model_class=FakeMarket)
        assert single.others == ["closure"]

    def test_a_comparison_writes_all_its_files(self, tmp_path):
        compare(
            world(),
            [world("closure")],
            runs=2,
            workers=1,
            tables=["events"],
            out=tmp_path / "out",
            model_class=FakeMarket,
        )
        files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
        (part,) = (name for name in files if name.startswith("parts/"))
        assert files - {part} == {
            ".lock",
            "study.json",
            "plan.parquet",
            "answer/cost_effectiveness.parquet",
            "answer/cost_effectiveness.csv",
            "answer/effects_real.csv",
            "answer/outcomes_real.csv",
            "record.json",
            "answer/effects.parquet",
            "answer/effects.csv",
            "answer/outcomes.parquet",
            "answer/outcomes.csv",
            "answer/daily.parquet",
            "answer/report.html",
            "answer/report.md",
            "answer/figures/effects.png",
            "answer/figures/effects.svg",
            "answer/figures/trade-by-channel.png",
            "answer/figures/trade-by-channel.svg",
            "tables/baseline/seed-1/events.parquet",
            "tables/baseline/seed-2/events.parquet",
            "tables/closure/seed-1/events.parquet",
            "tables/closure/seed-2/events.parquet",
        }
        assert record.verify_record(tmp_path / "out") == []

    @pytest.mark.parametrize(
        ("settings", "message"),
        [({"runs": 0}, "runs: given 0"), ({"workers": 0}, "workers: given 0"), ({"tables": ["day"]}, "nearest: daily")],
    )
    def test_what_cannot_be_done_is_refused(self, settings, message):
        with pytest.raises(RequestError, match=message):
            compare(world(), [world("closure")], model_class=FakeMarket, **settings)

    def test_nothing_to_compare_with_is_refused(self):
        with pytest.raises(RequestError, match="at least one"):
            compare(world(), [], model_class=FakeMarket)

    def test_what_is_wrong_with_several_scenarios_is_said_at_once(self):
        with pytest.raises(ScenarioError) as caught:
            compare("no-such-market", ["nor-this-one"], model_class=FakeMarket)
        assert "no-such-market" in str(caught.value)
        assert "nor-this-one" in str(caught.value)

    def test_a_failing_run_is_named(self):
        with pytest.raises(RunFailedError, match="scenario baseline, seed 2: ValueError: more parcels than orders"):
            compare(world(), [world("closure")], runs=2, workers=1, model_class=FailingMarket)


class TestWorkers:
    @pytest.fixture
    def forked(self):
        """Workers that are there at once; `TestWithTheModel` and scripts have workers that start as those of a user do."""
        with forked_workers():
            yield

    @pytest.mark.usefixtures("forked")
    def test_worker_processes_give_the_numbers_of_this_process(self, comparison):
        others = [world("closure"), world("advice"), world("baseline")]
        seen = []
        spread = compare(world(), others, runs=6, workers=2, model_class=FakeMarket, progress=seen.append)
        pd.testing.assert_frame_equal(spread.effects, comparison.effects)
        pd.testing.assert_frame_equal(spread.daily, comparison.daily)
        assert (seen[-1].runs_done, seen[-1].days_done) == (18, 18 * 25), (
            "what is run twice under two names is run once"
        )

    @pytest.mark.usefixtures("forked")
    def test_a_run_that_fails_in_a_worker_is_named_with_its_trace(self):
        with pytest.raises(RunFailedError, match="seed 2: ValueError: more parcels than orders") as caught:
            compare(world(), [world("closure")], runs=2, workers=2, model_class=FailingMarket)
        assert "fake_market.py" in caught.value.__notes__[0]

    @pytest.mark.usefixtures("forked")
    def test_a_worker_that_dies_is_reported_with_what_it_was_doing(self):
        with pytest.raises(RunFailedError, match=r"scenario .*, seed 2: a worker process ended abruptly .*memory"):
            compare(world(), [world("closure")], runs=2, workers=2, model_class=DyingMarket)

    def test_a_plain_script_needs_no_main_guard(self, tmp_path):
        script = tmp_path / "study.py"
        script.write_text(
            "from tests.fake_market import FakeMarket, world\n"
            "from sim import compare\n"
            "found = compare(world(), [world('closure')], runs=2, workers=2, model_class=FakeMarket)\n"
            "print('runs', found.runs)\n"
        )
        answer = self.python(script)
        assert (answer.returncode, answer.stdout) == (0, "runs 2\n"), answer.stderr

    def test_a_model_defined_in_an_unguarded_script_is_refused_in_words(self, tmp_path):
        script = tmp_path / "study.py"
        script.write_text(
            "from tests.fake_market import FakeMarket, world\n"
            "from sim import compare\n"
            "class Mine(FakeMarket):\n"
            "    pass\n"
            "compare(world(), [world('closure')], runs=2, workers=2, model_class=Mine)\n"
        )
        answer = self.python(script)
        assert answer.returncode != 0
        assert "if __name__ == '__main__':" in answer.stderr

    @staticmethod
    def python(script):
        command = [sys.executable, str(script)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": str(ROOT)}, check=False
        )


class TestWithTheModel:
    """The same with the market itself, in a small world."""

    def test_a_run_has_every_outcome_of_the_dictionary_and_no_other(self, result):
        expected = {name for name, spec in outcomes().items() if not spec.paired}
        assert expected <= set(result.outcomes)
        assert all(outcome(name).text for name in result.outcomes)
        assert list(result.daily.index) == list(range(20))
        assert set(result.daily.columns) == set(result.outcomes)

    @pytest.mark.parametrize("table", [name for name in tables() if not name.startswith("daily")])
    def test_a_table_has_the_columns_of_the_dictionary_and_no_other(self, result, table):
        assert set(result.tables[table].columns) == set(tables()[table])

    @pytest.mark.parametrize("table", [name for name in tables() if not name.startswith("daily")])
    def test_a_table_is_written_with_the_types_of_the_dictionary(self, result, table, tmp_path):
        write_frame(result.tables[table], table, tmp_path / "table.parquet")
        written = pq.read_schema(tmp_path / "table.parquet")
        for name, spec in tables()[table].items():
            if spec.dtype != "category":
                assert written.field(name).type == pa.type_for_alias(spec.dtype), name

    def test_sums_and_means_over_days_are_those_of_the_dictionary(self, result):
        assert result.outcomes["orders"] == pytest.approx(result.daily["orders"].sum())
        assert result.outcomes["trust_in_police"] == pytest.approx(result.daily["trust_in_police"].mean())

    def test_workers_give_the_numbers_of_this_process(self, result, campaign):
        found = compare("baseline", [campaign], runs=2, workers=2, **SMALL)
        here = result.daily.reset_index(drop=True)
        there = found.daily.query("scenario == 'baseline' and seed == 1")[list(result.daily.columns)]
        pd.testing.assert_frame_equal(there.reset_index(drop=True), here, check_dtype=False, check_names=False)

    def test_before_a_campaign_starts_its_runs_are_those_of_the_baseline(self, campaign):
        daily = compare("baseline", [campaign], runs=1, workers=1, **SMALL).daily.set_index(["scenario", "day"])
        baseline, other = daily.loc["baseline"], daily.loc["campaign"]
        pd.testing.assert_frame_equal(other.loc[:4], baseline.loc[:4])
        assert not other.equals(baseline)

    def test_the_self_check_passes(self):
        assert doctor.self_check(Scenario.load("baseline").with_(**SMALL))["identical"]


class TestDoctor:
    def test_equal_runs_are_found_equal(self):
        report = doctor.examine(FakeMarket, world())
        assert report["ok"]
        assert json.loads(json.dumps(report)) == report
        assert any("bit-identical" in line for line in doctor.in_words(report))

    def test_runs_that_differ_in_one_number_are_found(self):
        class Drifting(FakeMarket):
            count = 0

            def daily(self):
                Drifting.count += 1
                frame = super().daily()
                frame.loc[3, "deaths"] += 1e-12 * Drifting.count
                return frame

        report = doctor.examine(Drifting, world())
        assert not report["ok"]
        assert report["self_check"]["differing"] == ["deaths"]
        assert any("deaths" in line for line in doctor.in_words(report))

    def test_usable_cores_respect_the_quota(self, monkeypatch):
        monkeypatch.setattr(machine, "cpu_limit", lambda: 1.5)
        assert machine.usable_cores() <= 2
        monkeypatch.setattr(machine, "cpu_limit", lambda: 0.2)
        assert machine.usable_cores() == 1


class TestSeeds:
    @pytest.mark.parametrize("seed", [2**63, 2**63 - 1, 2**64 - 2])
    def test_large_seeds_are_filed_as_they_are(self, tmp_path, monkeypatch, seed):
        monkeypatch.setattr("sim.report.figures.save_figure", not_drawn)
        run_several(world(), 2, seed=seed, out=tmp_path / "runs", model_class=FakeMarket)
        compare(
            world(), [world(name="b")], runs=2, seed=seed, workers=1, out=tmp_path / "pairs", model_class=FakeMarket
        )
        for file in ("runs/answer/outcomes.parquet", "pairs/answer/outcomes.parquet", "pairs/answer/daily.parquet"):
            assert set(pd.read_parquet(tmp_path / file)["seed"]) == {seed, seed + 1}, file
        assert set(pd.read_csv(tmp_path / "runs" / "answer" / "outcomes.csv")["seed"]) == {seed, seed + 1}

    def test_a_series_that_ends_beyond_the_last_seed_is_refused_before_its_first_run(self, tmp_path):
        class Untouched(FakeMarket):
            def run_for(self, duration):
                raise AssertionError("a run was begun")

        with pytest.raises(RequestError, match=r"all 2 seeds are below 2\^64"):
            run_several(world(), 2, seed=2**64 - 1, out=tmp_path / "runs", model_class=Untouched)
        with pytest.raises(RequestError, match=r"below 2\^64"):
            compare(world(), [world(name="b")], runs=3, seed=2**64 - 2, workers=1, model_class=Untouched)
        for seed in (-1, 2**64, 1.5, "1"):
            with pytest.raises(RequestError, match="seed: given"):
                run(world(), seed=seed, model_class=Untouched)
        assert list(tmp_path.iterdir()) == []

    def test_a_seed_of_another_library_is_a_seed(self):
        assert run(world(), seed=np.uint64(2**63 + 1), model_class=FakeMarket).seed == 2**63 + 1
