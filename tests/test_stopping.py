"""A comparison is a study: what has ended is kept, however it was stopped, and several runs of a scenario are kept likewise."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from sim import Results, compare, run_study
from sim.cli import app
from sim.kernels import COMPILING
from sim.studies.errors import RequestError, StudyError
from sim.studies.execution import driver
from sim.studies.execution.several import run_several
from sim.studies.execution.verify import verify
from sim.studies.runs.simulate import load_scenario
from sim.studies.store.output import PASSING, passing_folder, staging
from tests.fake_market import FakeMarket, SlowMarket, world
from tests.study_market import StudyMarket, compare_study, not_drawn, sweep_study

pytestmark = pytest.mark.slow  # together two minutes of the quick tests' fifteen: `make test-slow`

ROOT = Path(__file__).parents[1]
PAIR = (world(), [world("closure")])
COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what stands behind an & in a shell ignores it
from tests import fake_market, study_market
from sim.report import comparison, comparison_page
from sim.studies.execution import several
from sim.studies.runs import one_run
comparison_page.figures.save_figure = study_market.not_drawn
market = getattr(fake_market, sys.argv.pop(1))
for module in (comparison, one_run, several):
    module.default_model = lambda: market
from sim.cli import main
main()
"""


def odm(*words, market="SlowMarket", folder=None, **env):
    """The command in a session of its own, with a market of made-up numbers."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, market, *map(str, words)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), **env}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def until(condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def parts(folder):
    return list((folder / "parts").glob("*.parquet"))


def session(process):
    """Every process of the session that a command leads, but for those that have ended."""
    found = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(process.pid)], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "Z" not in line.split()[1]]


@pytest.fixture
def scenarios(tmp_path):
    for name in ("plain", "closure", "advice"):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\nconsumers: 300\ndays: 20\nburn_in: 5\n")
    return ("plain.yaml", "closure.yaml", "advice.yaml")


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    """Figures take longer than all else here; `test_studies` looks at them."""
    for page in ("study_page", "comparison_page.figures"):  # one takes its own from the other
        monkeypatch.setattr(f"sim.report.{page}.save_figure", not_drawn)


def answer(folder):
    """The numbers of an answer, bit by bit."""
    return {path.name: path.read_bytes() for path in (folder / "answer").glob("*.csv")}


class TestStopped:
    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
    def test_a_comparison_keeps_what_has_ended_leaves_nobody_and_goes_on(self, tmp_path, scenarios, how):
        words = ("compare", *scenarios, "--runs", 6, "--workers", 2, "--out", "out")
        begun = odm(*words, folder=tmp_path, FAKE_MARKET_SLEEP="0.3")
        until(lambda: len(parts(tmp_path / "out")) >= 3)
        if how == signal.SIGKILL:
            begun.kill()
        else:
            os.killpg(begun.pid, how)  # as a terminal does
        _, said = begun.communicate(timeout=60)
        until(lambda: not session(begun), 20)
        if how != signal.SIGKILL:
            assert begun.returncode == 130
            assert "What was finished is kept in out; go on with --resume." in said
            assert "Traceback" not in said
        there = len(Results(tmp_path / "out").runs())
        assert 3 <= there < 18
        with pytest.raises(
            RequestError, match="its study has not ended; go on with the command that began it, with --resume"
        ):
            verify(tmp_path / "out", 1, SlowMarket)
        given = [str(tmp_path / name) for name in scenarios]
        how = {"runs": 6, "workers": 1, "model_class": SlowMarket}
        with pytest.raises(RequestError, match="go on with it with --resume"):
            compare(given[0], given[1:], out=tmp_path / "out", **how)
        said = []
        compare(given[0], given[1:], out=tmp_path / "out", resume=True, on_event=said.append, **how)
        assert next(event["there"] for event in said if event["event"] == "started") == there
        compare(given[0], given[1:], out=tmp_path / "whole", **how)
        assert answer(tmp_path / "out") == answer(tmp_path / "whole")
        assert verify(tmp_path / "out", 2, SlowMarket)["ok"]

    def test_without_a_folder_it_says_that_nothing_was_kept_and_how_to_keep_it(self, tmp_path, scenarios):
        temporary = tmp_path / "tmp"
        temporary.mkdir()
        begun = odm(
            "compare", *scenarios, "--workers", 1, folder=tmp_path, FAKE_MARKET_SLEEP="0.2", TMPDIR=str(temporary)
        )
        until(lambda: list(temporary.glob(f"{PASSING}*/parts/*.parquet")))
        begun.send_signal(signal.SIGINT)
        _, said = begun.communicate(timeout=60)
        assert begun.returncode == 130
        assert "Nothing was kept; with --out DIR, runs that have ended are kept, and --resume goes on." in said
        assert list(temporary.iterdir()) == []

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
    def test_several_runs_of_a_scenario_are_kept_as_they_end_and_gone_on_with(self, tmp_path, scenarios, how):
        words = ("run", "plain.yaml", "--runs", 12, "--out", "out")
        begun = odm(*words, folder=tmp_path, FAKE_MARKET_SLEEP="0.3")
        until(lambda: len(parts(tmp_path / "out")) >= 3)
        begun.send_signal(how)
        _, said = begun.communicate(timeout=60)
        if how != signal.SIGKILL:
            assert begun.returncode == 130
            assert "What was finished is kept in out; go on with --resume." in said
        there = len(Results(tmp_path / "out").outcomes())
        assert 3 <= there < 12
        again = odm(*words, folder=tmp_path)
        assert "go on with it with --resume" in again.communicate(timeout=60)[1]
        whole = odm(*words, "--resume", "--json", folder=tmp_path)
        told, _ = whole.communicate(timeout=60)
        runs = json.loads(told)
        assert [run["seed"] for run in runs] == list(range(1, 13))
        assert sum(run["elapsed_s"] is None for run in runs) == there  # those that were there took no time
        given = load_scenario(str(tmp_path / "plain.yaml"))
        run_several(given, 12, out=tmp_path / "whole", model_class=SlowMarket)
        assert answer(tmp_path / "out") == answer(tmp_path / "whole")
        assert verify(tmp_path / "out", 2, SlowMarket)["ok"]
        assert Results(tmp_path / "out").outcomes()["orders"].tolist() == [run["outcomes"]["orders"] for run in runs]

    def test_runs_that_are_kept_nowhere_are_told_with_the_way_to_the_others(self, tmp_path, scenarios):
        begun = odm("run", "plain.yaml", "--runs", 500, folder=tmp_path, FAKE_MARKET_SLEEP="0.05")
        time.sleep(12)
        begun.send_signal(signal.SIGINT)
        _, said = begun.communicate(timeout=60)
        ended = int(re.search(r"Interrupted\. (\d+) of 500 runs had ended", said)[1])
        assert f"for the others: --seed {ended + 1} --runs {500 - ended}. With --out DIR" in said
        assert begun.returncode == 130


class TestLeftBehind:
    def left(self, path, pid):
        """What a killed process leaves: its lock and half of its files."""
        path.mkdir()
        holder = {"pid": pid, "host": os.uname().nodename, "began": None}
        (path / ".lock").write_text(json.dumps(holder))
        (path / "half.parquet").write_text("half")

    def test_what_a_killed_process_left_goes_with_the_next_and_nothing_else(self, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        gone = subprocess.Popen(["true"])
        gone.wait()
        dead = (tmp_path / f".out.writing-{gone.pid}", tmp_path / f"{PASSING}dead")
        for path in dead:
            self.left(path, gone.pid)
        mine = (tmp_path / ".out.writing-notes", tmp_path / f"{PASSING}notes")
        for path in mine:
            path.mkdir()
            (path / "notes.md").write_text("notes")
        with staging(tmp_path / "out") as place:
            at_work = place.parent
            with passing_folder():
                assert at_work.is_dir()
            (place / "a").write_text("a")
        assert [path for path in dead if path.exists()] == []
        assert all((path / "notes.md").exists() for path in mine)
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a"]

    def test_of_a_killed_comparison_without_a_folder_nothing_stays_behind(self, tmp_path, scenarios):
        """Its workers notice that nobody waits for them: they remove the runs, and end."""
        temporary = tmp_path / "tmp"
        temporary.mkdir()
        begun = odm(
            "compare", *scenarios, "--workers", 2, folder=tmp_path, FAKE_MARKET_SLEEP="0.2", TMPDIR=str(temporary)
        )
        until(lambda: list(temporary.glob(f"{PASSING}*/parts/*.parquet")))
        assert len(session(begun)) >= 3
        begun.kill()
        begun.communicate()
        until(lambda: session(begun) == [] and list(temporary.iterdir()) == [], 20)

    def test_what_is_being_written_is_left_alone(self, tmp_path):
        begun = subprocess.Popen(
            [sys.executable, "-c", "import sys, time\nfrom sim.studies.store.output import staging\n"
             f"with staging({str(tmp_path / 'out')!r}) as place:\n  print(place.parent, flush=True); sys.stdin.read()"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        other = Path(begun.stdout.readline().strip())
        with staging(tmp_path / "out") as place:
            (place / "a").write_text("a")
        assert other.is_dir()
        begun.kill()
        begun.communicate()
        (tmp_path / "out" / "a").unlink()
        with staging(tmp_path / "out") as place:
            (place / "a").write_text("a")
        assert not other.exists()


def in_a_pool(_):
    with pytest.warns(RuntimeWarning, match="all runs are done in it"):
        return compare(*PAIR, runs=2, workers=2, model_class=FakeMarket).effects


class TestWhereRunsAreDone:
    def test_in_somebodys_pool_they_are_done_in_its_worker(self):
        with multiprocessing.get_context("fork").Pool(1) as pool:
            (found,) = pool.map(in_a_pool, [None])
        here = compare(*PAIR, runs=2, workers=1, model_class=FakeMarket).effects
        pd.testing.assert_frame_equal(found, here)

    SCRIPT = """
from tests.fake_market import FakeMarket, world
from sim import compare
class Mine(FakeMarket):
    pass
if __name__ == "__main__":
    found = compare(world(), [world("closure")], runs=2, workers=2, model_class=Mine)
    print("runs", found.runs)
"""

    def python(self, *words, text=None):
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, *words], input=text, capture_output=True, text=True, env=env, timeout=120, check=False
        )

    def test_a_model_of_a_script_is_the_same_model_in_its_workers(self, tmp_path):
        (tmp_path / "script.py").write_text(self.SCRIPT)
        found = self.python(str(tmp_path / "script.py"))
        assert (found.returncode, found.stdout) == (0, "runs 2\n"), found.stderr

    def test_a_model_that_workers_cannot_find_is_refused_with_the_way_out(self):
        found = self.python("-", text=self.SCRIPT)
        assert "Mine is defined in a notebook or at a prompt" in found.stderr
        assert "workers=1" in found.stderr
        alone = self.python("-", text=self.SCRIPT.replace("workers=2", "workers=1"))
        assert alone.stdout == "runs 2\n", alone.stderr

    @pytest.mark.parametrize("does", ["compare", "study"])
    def test_a_model_made_inside_a_function_is_refused_with_the_way_out(self, tmp_path, does):
        class Mine(FakeMarket):
            pass

        how = {
            "compare": lambda: compare(*PAIR, workers=2, model_class=Mine),
            "study": lambda: run_study(compare_study(), tmp_path / "out", model_class=Mine),
        }
        with pytest.raises(RequestError, match=r"Mine is defined inside a function.*workers=1.*inline"):
            how[does]()

    def test_a_study_of_an_unguarded_script_ends_at_once_in_words(self, tmp_path):
        (tmp_path / "script.py").write_text(
            "from sim import run_study\nfrom tests.study_market import StudyMarket, compare_study\n"
            "class Mine(StudyMarket):\n    pass\n"
            f"run_study(compare_study(), {str(tmp_path / 'out')!r}, workers=2, model_class=Mine)\n"
        )
        found = self.python(str(tmp_path / "script.py"))
        assert found.returncode != 0
        assert "a worker process could not start" in found.stderr
        assert "if __name__ == '__main__':" in found.stderr

    def test_what_takes_long_is_said_to_who_asked_for_nothing(self, monkeypatch, capfd):
        monkeypatch.setattr(driver, "SOON", 0.0)
        monkeypatch.setattr(driver, "is_cold", lambda folder: True)
        compare(*PAIR, runs=1, workers=2, model_class=FakeMarket)
        assert COMPILING in capfd.readouterr().err


class TestFullDisk:
    def test_runs_stop_in_words(self, tmp_path, scenarios):
        begun = odm("run", "plain.yaml", "--runs", 3, "--out", "out", market="FullDisk", folder=tmp_path)
        _, said = begun.communicate(timeout=60)
        assert begun.returncode == 1
        assert re.search(r"^odm: .*cannot be written: File too large\. What was finished is kept", said, re.MULTILINE)
        assert "Traceback" not in said
        assert list(Results(tmp_path / "out").runs()["seed"]) == [1]

    def test_a_comparison_stops_in_words_and_goes_on_when_there_is_room(self, tmp_path, scenarios):
        words = ("compare", *scenarios[:2], "--runs", 3, "--workers", 1, "--out", "out")
        begun = odm(*words, market="FullDisk", folder=tmp_path)
        _, said = begun.communicate(timeout=60)
        assert begun.returncode == 1
        assert "cannot be written: File too large. What was finished is kept" in said
        assert "Traceback" not in said
        assert len(Results(tmp_path / "out").runs()) >= 2

    def test_a_full_disk_for_passing_files_is_said_with_the_way_out(self, tmp_path, scenarios):
        begun = odm("compare", *scenarios[:2], "--runs", 3, "--workers", 1, market="FullDisk", folder=tmp_path)
        _, said = begun.communicate(timeout=60)
        assert begun.returncode == 1
        assert "File too large. Nothing was kept; with a folder (out, --out) it is, and can be gone on with" in said


class TestRead:
    def test_runs_of_a_scenario_are_read_like_those_of_a_study(self, tmp_path):
        given = run_several(world(), 2, seed=2**63, out=tmp_path / "many", model_class=FakeMarket)
        run_several(world(), out=tmp_path / "one", model_class=FakeMarket)
        many = Results(tmp_path / "many")
        assert list(many.outcomes()["seed"]) == [2**63, 2**63 + 1]
        assert many.outcomes()["orders"].tolist() == [run.outcomes["orders"] for run in given]
        days = many.daily("orders", where=f"seed = {2**63 + 1}")
        assert days["orders"].tolist() == given[1].daily["orders"].tolist()
        assert days["day"].tolist() == list(range(20))
        assert list(many.runs()["status"]) == ["ok", "ok"]
        assert len(Results(tmp_path / "one").daily("orders")) == 20
        assert len(many.sql("select * from plan")) == 2

    def test_a_comparison_is_read_like_a_study_and_its_days_are_exact(self, tmp_path):
        found = compare(*PAIR, runs=2, workers=1, out=tmp_path / "out", model_class=FakeMarket)
        read = Results(tmp_path / "out")
        pd.testing.assert_frame_equal(read.answer("effects"), found.effects, check_dtype=False)
        days = read.daily("volume_usd", where="scenario = 'closure' and seed = 2")
        mine = found.daily[(found.daily["scenario"] == "closure") & (found.daily["seed"] == 2)]
        assert days["volume_usd"].tolist() == mine["volume_usd"].tolist()

    def test_a_number_that_was_changed_is_found(self, tmp_path):
        compare(*PAIR, runs=2, workers=1, out=tmp_path / "out", tables=["events"], model_class=FakeMarket)
        assert verify(tmp_path / "out", 4, FakeMarket)["ok"]
        table = tmp_path / "out/tables/closure/seed-1/events.parquet"
        table.write_bytes(table.read_bytes() + b" ")
        assert verify(tmp_path / "out", 0, FakeMarket)["problems"] == [
            "tables/closure/seed-1/events.parquet was changed after it was written"
        ]

    def test_a_comparison_that_is_saved_by_itself_can_be_verified(self, tmp_path):
        compare(*PAIR, runs=2, workers=1, model_class=FakeMarket).save(tmp_path / "out")
        assert (tmp_path / "out" / "report.md").exists()
        report = verify(tmp_path / "out", 1, FakeMarket)
        assert (report["ok"], report["runs"]) == (True, 4)

    def test_another_comparison_is_not_mixed_in(self, tmp_path):
        compare(*PAIR, runs=2, workers=1, out=tmp_path / "out", model_class=FakeMarket)
        with pytest.raises(RequestError, match=r"study\.tables"):
            compare(
                *PAIR, runs=2, workers=1, out=tmp_path / "out", tables=["events"], resume=True, model_class=FakeMarket
            )

    def test_nothing_to_go_on_with_is_said(self):
        with pytest.raises(RequestError, match="resume: without a folder"):
            compare(*PAIR, resume=True, model_class=FakeMarket)

    def test_a_run_that_failed_is_done_again(self, tmp_path, monkeypatch):
        monkeypatch.setenv("STUDY_MARKET_FAIL", "2")
        with pytest.raises(StudyError, match="seed 2: ValueError"):
            compare(*PAIR, runs=3, workers=1, out=tmp_path / "out", model_class=StudyMarket)
        assert len(Results(tmp_path / "out").runs()) >= 3
        monkeypatch.delenv("STUDY_MARKET_FAIL")
        monkeypatch.setattr("sim.report.comparison.Comparison.write", lambda self, place: None)
        assert compare(*PAIR, runs=3, workers=1, out=tmp_path / "out", resume=True, model_class=StudyMarket).runs == 3


class TestPairs:
    @pytest.mark.parametrize(
        ("name", "here", "there"), [("days", 21, 20), ("burn_in", 4, 5), ("consumers", 301, 300), ("people", 1e6, 6e6)]
    )
    def test_worlds_of_another_length_or_size_are_no_pairs(self, name, here, there):
        with pytest.raises(
            ValueError, match=f"closure: {name}: given {here:.12g}; allowed: {there:.12g}, as in baseline"
        ):
            compare(world(), [world("closure", **{name: here})], model_class=FakeMarket)

    @pytest.mark.parametrize("name", ["days", "burn_in", "consumers", "people"])
    @pytest.mark.parametrize("kind", ["compare", "sweep", "discover", "optimise", "sensitivity"])
    def test_nor_are_they_in_any_kind_of_study_that_pairs(self, kind, name):
        with pytest.raises(ValueError, match=f"quiet: {name}"):
            run_study(self.study(kind, **{name: 1000}), "nowhere")

    def test_a_real_closure_is_not_paired_with_a_longer_baseline(self, monkeypatch):
        monkeypatch.setattr("sim.report.comparison.default_model", lambda: FakeMarket)
        answer = CliRunner().invoke(app, ["compare", "baseline", "bayonet-2017", "--workers", "1"])
        assert answer.exit_code == 2
        assert "bayonet-2017: days: given 365; allowed: 730, as in baseline" in answer.stderr
        assert "bayonet-2017: burn_in" in answer.stderr
        assert "with --set days=730" in answer.stderr
        same = ["--days", "60", "--burn-in", "5", "--consumers", "300", "--runs", "1"]
        answer = CliRunner().invoke(app, ["compare", "baseline", "bayonet-2017", "--workers", "1", *same])
        assert answer.exit_code == 0
        assert "bayonet-2017 differs from baseline in more than policies (platforms)" in answer.stderr
        assert "Nothing was kept; --out DIR keeps every run" in answer.stdout

    def test_a_study_of_levels_takes_any(self):
        from sim import Study

        study = self.study("sensitivity", days=30)
        study["sensitivity"]["of"] = ["level"]
        assert Study.load(study).scenarios["quiet"].days == 30

    def test_a_lever_of_a_portfolio_does_not_change_how_large_totals_are(self):
        study = self.study("optimise")
        study["levers"].append({"path": "consumers", "low": 300, "high": 600, "distribution": "integer"})
        with pytest.raises(ValueError, match=r"levers.1.path: given 'consumers'"):
            run_study(study, "nowhere")

    def test_what_else_differs_is_said_first_and_in_the_answer(self, tmp_path):
        other = world("closure", parameters={"choice": {"legal_risk_weight": 3.0}})
        said = []
        compare(world(), [other], runs=1, workers=1, model_class=FakeMarket, on_event=said.append, out=tmp_path / "out")
        notes = [
            event["text"] for event in said[: [event["event"] for event in said].index("progress")] if "text" in event
        ]
        assert "closure differs from baseline in more than policies (parameters)" in " ".join(notes)
        report = (tmp_path / "out" / "answer" / "report.md").read_text()
        assert "closure differs from baseline in more than policies (parameters)" in report

    @staticmethod
    def study(kind, **other):
        sections = {
            "compare": {},
            "sweep": {},
            "discover": {"fails": [{"measure": "orders", "above": 0}]},
            "optimise": {"objectives": [{"measure": "orders"}, {"measure": "deaths_expected"}]},
            "sensitivity": {"method": "morris", "of": ["effect"]},
        }
        study = (compare_study if kind == "compare" else sweep_study)(kind=kind)
        study["scenarios"] = [study["scenarios"][0], {**study["scenarios"][1], **other}]
        if kind in ("discover", "sensitivity"):
            study["uncertainties"] = ["choice.legal_risk_weight", "choice.trust_weight"]
            del study["levers"]
        return {**study, kind: sections[kind]}
