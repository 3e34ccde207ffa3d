"""Results do not depend on where runs are done: this process, threads, processes, or a Dask cluster that loses a worker."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sim import run_study
from sim.studies.errors import RequestError
from tests.study_market import SIZE, StudyMarket, compare_study, undrawn

ROOT = Path(__file__).parents[1]
REAL = {
    "name": "real",
    "kind": "compare",
    "scenarios": ["baseline", "takedown"],
    "set": {**SIZE, "policies.takedown.start": 4},
    "replications": 2,
    "measures": ["orders", "deaths_expected"],
}


@pytest.fixture(autouse=True, scope="module")
def _undrawn():
    with undrawn():
        yield


def bits(folder):
    return json.loads((Path(folder) / "record.json").read_text())["hash"]


@pytest.fixture
def cluster(tmp_path):
    """A Dask scheduler and two workers as processes of their own; the address, and the file that makes a worker die once."""
    file = tmp_path / "scheduler.json"
    quiet = {"DASK_LOGGING__DISTRIBUTED": "error", "STUDY_MARKET_DIE_ONCE": str(tmp_path / "died")}
    env = {**os.environ, **quiet, "PYTHONWARNINGS": "ignore"}
    common = {"cwd": ROOT, "env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    processes = [
        subprocess.Popen(
            [*dask, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)], **common
        )
    ]
    end = time.monotonic() + 60
    while not file.exists() or not file.read_text().strip():
        assert time.monotonic() < end
        time.sleep(0.1)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1"]
    local = ["--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(tmp_path / "scratch")]
    processes += [subprocess.Popen([*worker, *local], **common) for _ in range(2)]
    yield json.loads(file.read_text())["address"], tmp_path / "died", processes[1:]
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_gives_the_same_bits_though_one_of_its_workers_dies(cluster, tmp_path):
    pytest.importorskip("distributed")
    scheduler, died, workers = cluster
    run_study(compare_study(), tmp_path / "here", executor="inline", model_class=StudyMarket)
    there = run_study(
        compare_study(), tmp_path / "there", executor="dask", scheduler=scheduler, model_class=StudyMarket
    )
    assert died.exists()
    assert sum(worker.poll() is not None for worker in workers) == 1
    assert there.failed == 0
    assert bits(tmp_path / "there") == bits(tmp_path / "here")


def test_the_market_itself_gives_the_same_bits_in_any_number_of_processes_and_can_be_verified(tmp_path):
    from sim.studies.execution.verify import verify

    for name, options in {"one": {"executor": "inline"}, "two": {"workers": 2}}.items():
        done = run_study(REAL, tmp_path / name, **options)
        assert (done.runs, done.failed) == (4, 0)
    assert bits(tmp_path / "one") == bits(tmp_path / "two")
    report = verify(tmp_path / "two", sample=1)
    assert report["ok"]
    assert len(report["runs_again"]) == 1


def test_any_executor_will_do(tmp_path):
    run_study(compare_study(), tmp_path / "here", executor="inline", model_class=StudyMarket)
    with ThreadPoolExecutor(3) as pool:
        run_study(compare_study(), tmp_path / "there", executor=pool, workers=3, model_class=StudyMarket)
    assert bits(tmp_path / "there") == bits(tmp_path / "here")


def test_what_no_executor_can_do_is_refused(tmp_path):
    with pytest.raises(RequestError, match="allowed: processes, dask, inline"):
        run_study(compare_study(), tmp_path / "out", executor="cloud")
    with pytest.raises(RequestError, match="goes with the executor dask"):
        run_study(compare_study(), tmp_path / "out", scheduler="tcp://127.0.0.1:1")
