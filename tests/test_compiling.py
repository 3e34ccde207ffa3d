"""Nobody waits a minute without a word: who hears that the model is compiled, and that it can be done beforehand."""

import json
import os
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest

from sim import kernels
from sim.studies.execution import driver

ROOT = Path(__file__).parents[1]
TOTAL = kernels.kernels_in_all()


def fill(folder: Path, kernels: int) -> None:
    for number in range(kernels):
        (folder / f"{number}.nbi").touch()


def compiles(module: str) -> SimpleNamespace:
    """What Numba says when it compiles a function of a module."""
    return SimpleNamespace(data={"dispatcher": SimpleNamespace(py_func=SimpleNamespace(__module__=module))})


class Listening:
    """An announcer with a clock that the test turns, and all that it said."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.now = 0.0
        self.announcer = kernels.Announcer(folder, self.said.append, lambda: self.now)

    def compile(self, at: float, module: str = "sim.market.trade.booking") -> None:
        self.now = at
        self.announcer.on_start(compiles(module))


def test_it_is_said_once_and_then_how_far_it_is_every_ten_seconds(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    listening.compile(at=1)
    fill(tmp_path, 7)
    for second in (4, 9, 11.5, 12):
        listening.compile(at=second)
    assert listening.said == [kernels.COMPILING, f"  7 of {TOTAL} kernels"]


def test_nobody_is_told_of_the_few_kernels_that_a_policy_has_for_itself(tmp_path: Path) -> None:
    fill(tmp_path, TOTAL - 3)
    listening = Listening(tmp_path)
    listening.compile(at=1)
    listening.compile(at=30)
    assert listening.said == []


@pytest.mark.parametrize("module", ["sim.streams.philox", "numba.np.arraymath", "somebody.else"])
def test_only_the_kernels_of_the_model_begin_it(tmp_path: Path, module: str) -> None:
    listening = Listening(tmp_path)
    listening.compile(at=1, module=module)
    assert listening.said == []


def test_a_worker_process_keeps_quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "parent_process", lambda: "the process that started this one")
    listening = Listening(tmp_path)
    listening.compile(at=1)
    assert listening.said == []


def test_numba_tells_us_what_it_compiles_and_we_say_so_on_the_standard_error(tmp_path: Path) -> None:
    code = "from sim.market.beliefs import event_risk\nevent_risk(1.0, 1.0, 1.0, 1.0)\n"
    run = [subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
                          capture_output=True, text=True, check=True) for _ in range(2)]  # fmt: skip
    assert [(once.stdout, once.stderr) for once in run] == [("", f"{kernels.COMPILING}\n"), ("", "")]


def test_a_study_speaks_for_the_worker_that_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CACHE": tmp_path, "SOON": 0.0, "PATIENCE": 0.0}.items():
        monkeypatch.setattr(driver, name, value)
    worker: Future[float] = Future()
    said: list[str] = []

    def tell(event: dict[str, str]) -> None:
        said.append(event["text"])
        fill(tmp_path, 9)
        if len(said) == 2:
            worker.set_result(1.0)

    driver.speak_for(worker, tell)
    assert said == [kernels.COMPILING, f"  9 of {TOTAL} kernels"]


def test_a_study_says_nothing_of_a_worker_that_finds_all_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, TOTAL)
    for name, value in {"CACHE": tmp_path, "SOON": 0.0}.items():
        monkeypatch.setattr(driver, name, value)
    said: list[dict] = []
    driver.speak_for(Future(), said.append)
    assert said == []


@pytest.mark.slow
def test_nothing_is_left_to_compile_for_any_scenario_or_table_after_prepare(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [str(Path(sys.executable).with_name("odm")), "doctor", "--prepare", "--json"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert kernels.COMPILING in run.stderr
    ready = json.loads(run.stdout)["kernels"]
    assert ready > 100
    code = """
from sim.cli.listing import scenarios
from sim.kernels import CACHE
from sim.kernels import kernels_there
from sim.model import MarketModel
from sim.studies.runs.simulate import check_tables, load_scenario, simulate, warm_up
for row in scenarios():
    warm_up(load_scenario(row["name"]), MarketModel)
small = load_scenario("baseline", days=40, burn_in=10, consumers=500)
model = simulate(small, 1, MarketModel, threads=2, tables=check_tables(["all"]), audit=True).model
for name in check_tables(["all"]):
    model.table(name)
print(kernels_there(CACHE))
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert (int(run.stdout), run.stderr) == (ready, "")
