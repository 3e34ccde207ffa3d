"""`odm study`, `odm results` and `odm verify` as their users meet them."""

import json
import os
import re
import runpy
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from sim.cli import app, progress
from sim.studies.execution.executors import Inline
from tests.study_market import StudyMarket, compare_study, not_drawn, sweep_study

ROOT = Path(__file__).parents[1]


@pytest.fixture
def files(tmp_path, monkeypatch, request):
    """Studies in the current folder, and a market of made-up numbers in the place of the model."""
    (tmp_path / "loudness.yaml").write_text(yaml.safe_dump(compare_study()))
    (tmp_path / "response.yaml").write_text(yaml.safe_dump(sweep_study()))
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(compare_study(replicatons=2, measures=["deaths_expectd"])))
    (tmp_path / "broken.yaml").write_text("name: [")
    monkeypatch.chdir(tmp_path)
    for module in ("execution.conduct", "execution.dry_run", "execution.verify"):
        monkeypatch.setattr(f"sim.studies.{module}.default_model", lambda: StudyMarket)
    if "findings_printed" not in request.node.name:  # one test looks at figures
        monkeypatch.setattr("sim.report.study_page.save_figure", not_drawn)
        monkeypatch.setattr("sim.report.html.render.inline_svg", lambda *_: "<svg></svg>")
    monkeypatch.setattr("sim.studies.execution.conduct.hire", lambda workers, runs: Inline())
    monkeypatch.setattr("sim.cli.studies.awake", lambda workers, runs: nullcontext())
    return tmp_path


def odm(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.usefixtures("files")
class TestStudy:
    def test_a_study_is_done_and_its_findings_printed(self, files):
        answer = odm("study", "loudness.yaml", "--out", "out")
        assert answer.exit_code == 0, answer.output
        assert "24 runs, 0 failed. Written to out" in answer.stdout
        assert "- loud: " in answer.stdout
        assert "24 of 24 runs done, 0 failed" in answer.stderr, "plain lines where there is no terminal"
        assert (files / "out/answer/effects.csv").exists()
        assert (files / "out/answer/figures/cost-effectiveness.png").exists()

    def test_json_is_one_object_a_line(self):
        answer = odm("study", "response.yaml", "--json")
        events = [json.loads(line) for line in answer.stdout.splitlines()]
        assert [events[0]["event"], events[-1]["event"]] == ["started", "finished"]
        progress = [event for event in events if event["event"] == "progress"]
        assert set(progress[-1]) == {
            "event", "done", "failed", "aborted", "running", "runs", "found", "runs_per_second", "seconds_left",
        }  # fmt: skip
        assert (progress[-1]["done"], progress[-1]["runs"]) == (27, 27)
        assert {event["running"] for event in progress} <= {0, 1}, (
            "one worker does one run at a time, however many wait in its batch"
        )
        assert answer.stderr == ""
        assert Path("results/response/record.json").exists()

    def test_failures_are_named_and_the_exit_code_is_1(self, monkeypatch):
        monkeypatch.setenv("STUDY_MARKET_FAIL", "2")
        answer = odm("study", "loudness.yaml", "--out", "out")
        assert answer.exit_code == 1
        assert (
            "3 of 24 runs have no outcomes:\n  failed: plain, seed 2: ValueError: more parcels than orders"
            in answer.stderr
        )
        monkeypatch.delenv("STUDY_MARKET_FAIL")
        assert odm("study", "loudness.yaml", "--out", "out", "--retry").exit_code == 0

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["study", "wrong.yaml"], ["2 problems in study 'loudness'", "'replications'", "'deaths_expected'"]),
            (["study", "broken.yaml"], ["unreadable YAML"]),
            (["study", "nowhere.yaml"], ["no such file"]),
            (["study", "loudness.yaml", "--executor", "cloud"], ["processes", "dask"]),
            (["study", "loudness.yaml", "--scheduler", "tcp://x:1"], ["executor dask"]),
            (["study", "loudness.yaml", "--out", "/proc/nowhere/out"], ["cannot be written"]),
            (["results", "."], ["not the folder of a study"]),
            (["verify", "."], ["record.json"]),
        ],
    )
    def test_what_cannot_be_done_is_said_with_exit_code_2(self, words, said):
        answer = odm(*words)
        assert answer.exit_code == 2
        assert [word for word in said if word not in answer.stderr] == []
        assert "Traceback" not in answer.stderr

    def test_a_study_that_is_there_is_gone_on_with_only_when_asked(self):
        assert odm("study", "loudness.yaml", "--out", "out").exit_code == 0
        again = odm("study", "loudness.yaml", "--out", "out")
        assert again.exit_code == 2
        assert "--resume" in again.stderr
        assert odm("study", "loudness.yaml", "--out", "out", "--resume").exit_code == 0

    def test_a_dry_run_says_what_it_would_take_and_writes_nothing(self, files):
        before = sorted(files.iterdir())
        answer = odm("study", "loudness.yaml", "--dry-run", "--workers", 2)
        assert answer.exit_code == 0
        assert "at most 24 runs" in answer.stdout
        assert "kB a run" in answer.stdout
        assert json.loads(odm("study", "loudness.yaml", "--dry-run", "--json").stdout)["runs"] == 24
        assert sorted(files.iterdir()) == before

    def test_an_interruption_keeps_what_is_done(self, monkeypatch):
        def stop(event):
            if event["event"] == "progress" and event["done"] >= 5:
                raise KeyboardInterrupt

        monkeypatch.setattr(progress._Lines, "tell", lambda self, event: stop(event))
        answer = odm("study", "loudness.yaml", "--out", "out")
        assert answer.exit_code == 130
        assert "What was finished is kept in out; go on with --resume" in answer.stderr
        assert len(list(Path("out/parts").glob("*.parquet"))) > 0

    def test_results_can_be_asked_in_sql(self):
        odm("study", "loudness.yaml", "--out", "out")
        shown = odm("results", "out").stdout
        assert "loud" in shown
        assert "Totals here are those of the simulated consumers" in shown  # reports have those of real people
        query = "select scenario, count(*) as n, max(orders) as most from outcomes group by all order by all"
        rows = json.loads(odm("results", "out", "--sql", query, "--json").stdout)
        assert [(row["scenario"], row["n"]) for row in rows] == [("loud", 8), ("plain", 8), ("quiet", 8)]
        assert odm("results", "out", "--sql", query, "--csv").stdout.startswith("scenario,n,most\nloud,8,")
        wrong = odm("results", "out", "--sql", "select * from nothing")
        assert wrong.exit_code == 2
        assert "nothing" in wrong.stderr
        for empty in ("", "-- only words"):
            answer = odm("results", "out", "--sql", empty)
            assert (answer.exit_code, "given nothing to ask" in answer.stderr) == (2, True)

    def test_verification_passes_until_a_byte_is_changed(self):
        odm("study", "loudness.yaml", "--out", "out")
        good = odm("verify", "out", "--sample", 2)
        assert good.exit_code == 0, good.output
        assert "24 runs their digests; 2 runs done again gave the same bits" in good.stdout
        named = re.findall(r"^  run .*\(.*, seed \d+\)$", good.stdout, re.MULTILINE)
        seed = re.search(r"Done again, 2 of 24 runs \(--seed (\d+) takes the same\)", good.stdout)
        assert len(named) == 2
        assert seed is not None
        assert odm("verify", "out", "--sample", 2, "--seed", seed[1]).stdout == good.stdout
        table = Path("out/answer/effects.csv")
        table.write_bytes(table.read_bytes().replace(b"8", b"9", 1))
        bad = odm("verify", "out")
        assert bad.exit_code == 1
        assert "answer/effects.csv was changed after it was written" in bad.stdout


def test_progress_in_words():
    event = {
        "done": 10,
        "failed": 1,
        "aborted": 0,
        "running": 2,
        "runs": 3000,
        "runs_per_second": 0.5,
        "seconds_left": 5980.0,
    }
    said = "10 of 3,000 runs done, 1 failed, 2 running, 30.0 runs/min, 1:39:40 left"
    assert progress.in_words(event) == said
    assert "1 failed, 3 lost with their workers, 2 running" in progress.in_words({**event, "aborted": 3})


NO_STUDIES = {"calibration", "collinear", "deciding", "page_answers", "reference", "rivals", "screen"}
ALL_SCRIPTS = {path.stem for path in (ROOT / "experiments").glob("*.py")}
SCRIPTS = {
    name for name in ALL_SCRIPTS if (ROOT / "experiments" / "studies" / f"{name.replace('_', '-')}.yaml").is_file()
}


def test_a_script_does_a_study_of_its_name_or_is_known_for_something_else():
    assert ALL_SCRIPTS - SCRIPTS - {"__init__"} == NO_STUDIES


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_scripts_do_the_study_of_their_name_and_go_on_with_it(script, monkeypatch):
    calls = []
    monkeypatch.setattr("sim.Study.load", lambda name, **changes: name)
    done = SimpleNamespace(results=SimpleNamespace(answer=lambda table: pd.DataFrame()))
    monkeypatch.setattr("sim.run_study", lambda *study, **how: calls.append((*study, how)) or done, raising=False)
    runpy.run_path(str(ROOT / "experiments" / f"{script}.py"), run_name="__main__")
    name = script.replace("_", "-")
    assert calls == [(name, {"resume": True})]


class TestClusterFiles:
    @pytest.mark.slow
    def test_the_slurm_job_does_a_study_and_goes_on_with_it(self, tmp_path):
        """With the commands of the cluster played by this machine: srun starts a command as often as it has tasks."""
        tools, place = tmp_path / "tools", tmp_path / "shared"
        tools.mkdir()
        place.mkdir()
        srun = tools / "srun"
        srun.write_text(
            "#!/bin/bash\nshift; n=${1#--ntasks=}; shift\npids=()\n"
            'for _ in $(seq "$n"); do "$@" & pids+=($!); done\n'
            "trap 'kill \"${pids[@]}\"' TERM\nwait\nwait\n"
        )
        srun.chmod(0o755)
        study = {"name": "tiny", "kind": "compare", "scenarios": ["baseline", "takedown"], "replications": 2}
        study |= {
            "set": {"consumers": 300, "days": 10, "burn_in": 2, "policies.takedown.start": 3},
            "measures": ["orders"],
        }
        (place / "tiny.yaml").write_text(yaml.safe_dump(study))
        env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "ODM_ENV": sys.prefix, "PYTHONPATH": str(ROOT)}
        env |= {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "PYTHONWARNINGS": "ignore"}
        for _ in range(2):
            done = subprocess.run(
                ["bash", str(ROOT / "experiments/cluster/slurm.sh"), "tiny.yaml"],
                cwd=place, env=env, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            assert "4 runs, 0 failed" in done.stdout
        assert (place / "results/tiny/record.json").exists()
        assert not list((place / "results").glob(".dask-*"))

    def test_the_kubernetes_file_is_whole(self):
        documents = list(yaml.safe_load_all((ROOT / "experiments/cluster/kubernetes.yaml").read_text()))
        assert [document["kind"] for document in documents] == [
            "PersistentVolumeClaim",
            "Service",
            "Deployment",
            "Deployment",
            "Job",
        ]
        claims = {
            volume["persistentVolumeClaim"]["claimName"]
            for d in documents[2:]
            for volume in d["spec"]["template"]["spec"]["volumes"]
            if "persistentVolumeClaim" in volume
        }
        assert claims == {documents[0]["metadata"]["name"]}
        for deployment in documents[2:4]:
            spec = deployment["spec"]
            assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
