"""Studies survive what goes wrong: every fault here ends in the same bits as a study that nothing disturbed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim import run_study
from sim.cli.progress import in_words
from sim.studies.errors import RequestError, StudyError
from sim.studies.execution.verify import verify
from sim.studies.store import lock
from sim.studies.store.own import recorded
from sim.studies.store.parts import read, write_part
from sim.studies.store.results import Results
from sim.studies.store.store import Store
from tests.preloaded import forked_workers
from tests.study_market import PATH, StudyMarket, compare_study, sweep_study, undrawn

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True, scope="module")
def _undrawn():
    with undrawn():
        yield


@pytest.fixture
def forked():
    """Workers that are there at once; `TestProcesses` and scripts have workers that start as those of a user do."""
    with forked_workers():
        yield


def do(out, study=None, **options):
    options = {"executor": "inline", "model_class": StudyMarket, **options}
    return run_study(study or compare_study(), out, **options)


def bits(folder):
    """The hash that binds study, code and every file of the results."""
    return json.loads((Path(folder) / "record.json").read_text())["hash"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    do(folder / "out")
    return bits(folder / "out")


def script(folder, how="workers=2", **env):
    """A study in a process of its own, by default with two workers."""
    code = (
        "from sim import run_study\n"
        "from tests.study_market import PATH, StudyMarket, compare_study, undrawn\n"
        "with undrawn():\n"
        f"    run_study(compare_study(), {str(folder)!r}, {how}, model_class=StudyMarket)\n"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **env}, stderr=subprocess.PIPE)


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def parts(folder):
    return list((folder / "parts").glob("*.parquet"))


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in found.split()]


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


class TestRunsThatFail:
    def test_a_failure_is_a_row_and_the_others_go_on(self, tmp_path, monkeypatch):
        monkeypatch.setenv("STUDY_MARKET_FAIL", "3")
        done = do(tmp_path / "out")
        assert (done.runs, done.failed) == (24, 3)
        failures = done.results.failures()
        assert list(failures["seed"]) == [3, 3, 3]
        assert failures["error"].str.contains("ValueError: more parcels than orders").all()
        assert failures["trace"].str.contains("Traceback").all()
        assert set(done.answer.tables["effects"]["n"]) == {7}
        assert "Runs that failed" in (tmp_path / "out" / "answer" / "report.md").read_text()

    def test_a_run_whose_table_cannot_be_made_is_a_failure_and_does_not_end_the_study(self, tmp_path):
        done = do(tmp_path / "out", {**SMALL, "tables": ["orders"]})
        assert done.failed == done.runs == 4
        assert done.results.failures()["error"].str.contains("ValueError: orders").all()

    def test_resume_leaves_failures_and_retry_does_them_again(self, tmp_path, monkeypatch, undisturbed):
        monkeypatch.setenv("STUDY_MARKET_FAIL", "3")
        do(tmp_path / "out")
        monkeypatch.delenv("STUDY_MARKET_FAIL")
        assert do(tmp_path / "out", resume=True).failed == 3
        assert do(tmp_path / "out", retry=True).failed == 0
        assert bits(tmp_path / "out") == undisturbed


def answered(folder):
    """What a record binds of the answer, and the digests of the runs."""
    run = json.loads((folder / "record.json").read_text())["run"]
    return {name: found for name, found in recorded(folder).items() if name.startswith("answer/")}, run["runs"]


class TestStudiesThatGrow:
    """More replications than were asked for at first are added to those that are there."""

    MORE = compare_study(replications=12)

    @pytest.mark.parametrize("study", [MORE, sweep_study(replications=5)], ids=["compare", "sweep"])
    def test_its_runs_and_answer_are_those_of_one_that_asked_for_all_and_none_is_done_again(self, tmp_path, study):
        do(tmp_path / "grown", {**study, "replications": 3})
        said = []
        grown = do(tmp_path / "grown", study, resume=True, on_event=said.append)
        (began,) = (event for event in said if event["event"] == "started")
        assert began["there"] == 3 * grown.runs / study["replications"]
        do(tmp_path / "all", study)
        files, digests = zip(*map(answered, (tmp_path / "grown", tmp_path / "all")), strict=True)
        assert files[0] == files[1]
        assert digests[0] == digests[1]
        assert verify(tmp_path / "grown", 0)["ok"]
        assert (
            do(tmp_path / "grown", {**study, "replications": 13}, resume=True).runs
            == 13 * grown.runs / study["replications"]
        )

    def test_stopped_meanwhile_it_is_what_it_was_and_goes_on(self, tmp_path, undisturbed):
        def stop(event):
            if event["event"] == "progress" and event["done"] > 24:
                raise KeyboardInterrupt

        do(tmp_path / "out")
        with pytest.raises(KeyboardInterrupt):
            do(tmp_path / "out", self.MORE, resume=True, on_event=stop)
        assert json.loads((tmp_path / "out" / "study.json").read_text())["study"]["replications"] == 8
        done = do(tmp_path / "out", self.MORE, resume=True)
        assert (done.runs, set(done.answer.tables["effects"]["n"])) == (36, {12})

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ({}, {"replications": 7}, "replications was 8, is now 7"),
            ({"uncertainties": [PATH]}, {"uncertainties": [PATH], "replications": 9}, "replications was 8, is now 9"),
        ],
        ids=["fewer", "drawn worlds"],
    )
    def test_what_would_leave_runs_over_is_refused(self, tmp_path, before, after, said):
        do(tmp_path / "out", compare_study(**before))
        with pytest.raises(RequestError, match=said):
            do(tmp_path / "out", compare_study(**after), resume=True)


SMALL = compare_study(scenarios=compare_study()["scenarios"][:2], replications=2)


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """A study in which one run killed its worker each time, and what it said."""
    said = []
    with pytest.MonkeyPatch.context() as patch, forked_workers():
        patch.setenv("STUDY_MARKET_DIE", "2")
        out = tmp_path_factory.mktemp("lost") / "out"
        return do(out, SMALL, executor="processes", workers=1, on_event=said.append), said


@pytest.mark.usefixtures("forked")
class TestRunsThatAreLost:
    """A run at which workers keep dying is neither done nor failed: it is done again when the study is gone on with."""

    @pytest.fixture
    def out(self, lost, tmp_path):
        return Path(shutil.copytree(lost[0].folder, tmp_path / "out"))

    def test_it_is_lost_alone_and_counted_apart_from_failures(self, lost):
        done, said = lost
        assert (done.runs, done.failed, done.aborted) == (4, 0, 1)
        assert list(done.failures[["scenario", "seed", "status"]].iloc[0]) == ["quiet", 2, "aborted"]
        assert done.failures["error"].str.contains("SIGKILL").all()
        assert [event["seed"] for event in said if event["event"] == "aborted"] == [2]
        last = [event for event in said if event["event"] == "progress"][-1]
        assert (last["done"], last["failed"], last["aborted"]) == (4, 0, 1)
        assert "1 lost with their workers" in in_words(last)

    def test_the_report_the_results_and_the_check_name_it(self, lost):
        folder = lost[0].folder
        page = (folder / "answer" / "report.md").read_text()
        assert "4 runs, 1 of which were lost with their workers" in page
        assert "were lost with their workers and have no outcomes. The pairs that they belong to are left out" in page
        assert "## Runs that were lost with their workers\n\n- quiet, seed 2: a worker process ended abruptly" in page
        assert "failed" not in page
        counts = Results(folder).sql("select status, count(*) as n from runs group by all")
        assert dict(zip(counts["status"], counts["n"], strict=True)) == {"aborted": 1, "ok": 3}
        checked = verify(folder, 3, StudyMarket)
        assert checked["ok"]
        assert checked["runs"] == 4
        assert any("1 of the runs were lost with their workers" in note for note in checked["notes"])

    def test_it_is_done_again_on_resume_and_the_end_is_that_of_an_undisturbed_study(self, out, tmp_path):
        done = do(out, SMALL, resume=True)
        assert (done.failed, done.aborted) == (0, 0)
        do(tmp_path / "undisturbed", SMALL)
        assert bits(out) == bits(tmp_path / "undisturbed")

    def test_it_counts_as_lost_until_it_is_done(self, out, monkeypatch):
        """Neither a second loss nor a stop in between makes it a failure."""
        monkeypatch.setenv("STUDY_MARKET_DIE", "2")
        again = do(out, SMALL, resume=True, executor="processes", workers=1)
        assert (again.failed, again.aborted) == (0, 1)
        assert len(again.results.runs()) == 4
        monkeypatch.delenv("STUDY_MARKET_DIE")
        monkeypatch.setenv("STUDY_MARKET_FAIL", "2")
        failed = do(out, SMALL, resume=True)
        assert (failed.failed, failed.aborted) == (1, 0)

    def test_of_a_run_that_is_there_several_times_the_best_row_counts(self, tmp_path):
        do(tmp_path / "out", SMALL)
        (part,) = parts(tmp_path / "out")
        table = read(part).slice(0, 1)
        run = table["run"][0].as_py()
        place = table.column_names.index("status")
        for word in ("failed", "aborted"):
            write_part(tmp_path / "out" / "parts", "batch-00", table.set_column(place, "status", [[word]]))
        store = Store(tmp_path / "out")
        store.open(repair=False)
        assert store.status(run) == "ok"
        assert Results(tmp_path / "out").sql(f"select status from runs where run = '{run}'")["status"].tolist() == [
            "ok"
        ]
        part.unlink()
        store.open(repair=False)
        assert store.status(run) == "failed"
        assert Results(tmp_path / "out").runs()["status"].tolist() == ["failed"]


@pytest.mark.usefixtures("forked")
class TestKilled:
    def test_a_worker_that_is_killed_is_replaced(self, tmp_path, monkeypatch, undisturbed):
        monkeypatch.setenv("STUDY_MARKET_DIE_ONCE", str(tmp_path / "died"))
        events = []
        done = do(tmp_path / "out", executor="processes", workers=2, on_event=events.append)
        assert (tmp_path / "died").exists()
        assert any("done again" in event.get("text", "") for event in events)
        assert done.failed == 0
        assert bits(tmp_path / "out") == undisturbed

    def test_a_parent_that_is_killed_takes_its_workers_along_and_can_be_gone_on_with(self, tmp_path, undisturbed):
        parent = script(tmp_path / "out", STUDY_MARKET_SLEEP="0.2")
        until(lambda: len(parts(tmp_path / "out")) >= 2)
        workers = children(parent.pid)
        assert workers
        parent.kill()
        parent.communicate()
        until(lambda: all(gone(pid) for pid in workers), 10)
        there = len(parts(tmp_path / "out"))
        events = []
        do(tmp_path / "out", resume=True, on_event=events.append)
        assert any("which is gone, was taken over" in event.get("text", "") for event in events)
        assert next(event["there"] for event in events if event["event"] == "started") >= there
        assert bits(tmp_path / "out") == undisturbed

    def test_what_an_interruption_left_unfinished_is_done_again_and_nothing_else(self, tmp_path, undisturbed):
        class EnoughError(Exception):
            pass

        def stop(event):
            if event["event"] == "progress" and event["done"] >= 10:
                raise EnoughError

        with pytest.raises(EnoughError):
            do(tmp_path / "out", on_event=stop)
        with pytest.raises(RequestError, match="go on with it with --resume"):
            do(tmp_path / "out")
        last = []
        do(tmp_path / "out", resume=True, on_event=last.append)
        found = [event for event in last if event["event"] == "progress"][-1]["found"]
        assert 10 <= found < 24
        assert bits(tmp_path / "out") == undisturbed


@pytest.mark.usefixtures("forked")
class TestDisk:
    def test_a_full_disk_stops_in_words_and_loses_nothing(self, tmp_path, monkeypatch, undisturbed):
        monkeypatch.setenv("STUDY_MARKET_QUOTA", "2000")
        with pytest.raises(StudyError, match=r"parts cannot be written: File too large\. What was finished is kept"):
            do(tmp_path / "out", executor="processes", workers=2)
        assert not (tmp_path / "out" / "record.json").exists()
        assert not list((tmp_path / "out" / "parts").glob(".*")), "no unfinished file is left"
        monkeypatch.delenv("STUDY_MARKET_QUOTA")
        do(tmp_path / "out", resume=True)
        assert bits(tmp_path / "out") == undisturbed

    @pytest.mark.parametrize("harm", ["one byte", "cut short", "empty"])
    def test_a_damaged_part_is_put_aside_and_its_runs_done_again(self, tmp_path, harm, undisturbed):
        do(tmp_path / "out")
        (part,) = parts(tmp_path / "out")
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.write_bytes({"one byte": content, "cut short": content[:-40], "empty": b""}[harm])
        events = []
        do(tmp_path / "out", resume=True, on_event=events.append)
        assert any("is damaged" in event.get("text", "") for event in events)
        assert bits(tmp_path / "out") == undisturbed

    def test_a_run_that_is_there_twice_counts_once(self, tmp_path, undisturbed):
        do(tmp_path / "out")
        (part,) = parts(tmp_path / "out")
        write_part(tmp_path / "out" / "parts", "batch-00", read(part).slice(0, 6))
        done = do(tmp_path / "out", resume=True)
        assert len(done.results.runs()) == 24
        assert bits(tmp_path / "out") == undisturbed


class TestFolder:
    def test_a_second_study_on_a_folder_is_refused_while_the_first_works(self, tmp_path, undisturbed):
        first = script(tmp_path / "out", how="executor='inline'", STUDY_MARKET_SLEEP="0.2")
        held = tmp_path / "out" / lock.LOCK
        until(lambda: held.exists() and "pid" in held.read_text())
        with pytest.raises(RequestError, match=rf"another study is at work in .*process {first.pid} on"):
            do(tmp_path / "out", resume=True)
        assert first.wait(60) == 0
        first.communicate()
        assert bits(tmp_path / "out") == undisturbed

    def test_a_lock_of_another_machine_is_not_taken_over(self, tmp_path):
        (tmp_path / lock.LOCK).write_text(json.dumps({"pid": 1, "host": "elsewhere", "began": "1"}))
        with pytest.raises(RequestError, match=r"process 1 on elsewhere.*delete .*\.lock"):
            do(tmp_path)

    def test_another_study_or_a_changed_scenario_is_refused_and_nothing_is_mixed(self, tmp_path):
        do(tmp_path / "out", compare_study(replications=2))
        before = bits(tmp_path / "out")
        changed = compare_study(replications=2, set={"policies.takedown.publicity": 1.5})
        with pytest.raises(RequestError, match=r"scenarios.quiet.policies.0.publicity was 0.2, is now 1.5"):
            do(tmp_path / "out", changed, resume=True)
        with pytest.raises(RequestError, match="name was 'loudness', is now 'response'"):
            do(tmp_path / "out", sweep_study(), resume=True)
        assert bits(tmp_path / "out") == before
        assert len(parts(tmp_path / "out")) == 1

    def test_runs_of_another_model_are_not_gone_on_with(self, tmp_path):
        do(tmp_path / "out", compare_study(replications=2))

        class OtherMarket(StudyMarket):
            pass

        with pytest.raises(RequestError, match=r"model was 'StudyMarket \w+', is now"):
            do(tmp_path / "out", compare_study(replications=2), resume=True, model_class=OtherMarket)

    def test_other_peoples_files_are_left_alone(self, tmp_path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(RequestError, match=re.escape("files that no study wrote (thesis.txt)")):
            do(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} <= {"thesis.txt", lock.LOCK}

    def test_a_budget_may_grow_on_resume(self, tmp_path, undisturbed):
        do(tmp_path / "out", compare_study(budget={"runs": 500}))
        again = do(tmp_path / "out", compare_study(budget={"runs": 600}), resume=True)
        assert again.runs == 24


class TestProcesses:
    def test_workers_die_with_a_parent_that_gives_up(self):
        from sim.studies.execution.executors import Processes

        pool = Processes(2)
        futures = [pool.submit(time.sleep, 30) for _ in range(2)]
        until(lambda: len(pool.pids) == 2 and all(future.running() for future in futures))
        pids = pool.pids
        pool.shutdown(wait=True, cancel_futures=True)
        until(lambda: all(gone(pid) for pid in pids), 10)

    def test_workers_that_were_woken_do_the_study_that_comes_and_the_others_go(self):
        from sim.studies.execution.executors import early, hire

        with early(1, most=5):
            pool = hire(1, 5)
            woken = pool.pids
            assert (pool.awake, len(woken)) == (True, 1)
            assert pool.submit(os.getpid).result(60) == woken[0]
            assert pool.submit(eval, "'sim.model' in __import__('sys').modules").result(60), "it has loaded the model"
        assert pool.submit(int, "5").result(60) == 5, "those that were hired are kept"
        pool.shutdown()
        with early(2, most=1):
            other = hire(1, 0)
            assert (other is pool, other.pids) == (False, [])

    def test_an_error_comes_back_and_the_worker_goes_on(self):
        from sim.studies.execution.executors import Processes

        pool = Processes(1)
        with pytest.raises(ValueError, match="invalid literal"):
            pool.submit(int, "x").result(60)
        first = pool.pids
        assert pool.submit(os.getpid).result(60) == first[0]
        with pytest.raises(Exception, match="SIGKILL"):
            pool.submit(os.kill, first[0], signal.SIGKILL).result(60)
        assert pool.submit(os.getpid).result(60) not in first
        pool.shutdown()
