"""Tables of long runs go to disk as they grow; a run that is stopped keeps what it has, and one that breaks off leaves what was full."""

import pandas as pd
import pytest

from sim import run
from sim.cli import progress as watching
from sim.measures.kept import rows
from sim.model import MarketModel
from sim.scenario import Scenario
from sim.studies.errors import RequestError, RunFailedError
from sim.studies.execution.several import run_several
from sim.studies.execution.verify import verify
from sim.studies.store.output import growing

LARGE = ("orders", "platforms")


@pytest.fixture(scope="module")
def scenario():
    return Scenario.load("baseline").with_(consumers=400, days=20, burn_in=5)


@pytest.fixture(scope="module")
def in_memory(scenario):
    return run(scenario, tables=LARGE)


class Broken(MarketModel):
    """Breaks off on a day."""

    def step(self):
        super().step()
        if self.day == 15:
            raise ArithmeticError("on purpose")


def test_tables_on_disk_are_those_in_memory(scenario, in_memory, tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 30)
    (kept,) = run_several(scenario, out=tmp_path / "out", tables=LARGE)
    assert kept.outcomes == pytest.approx(in_memory.outcomes, abs=0, rel=0, nan_ok=True)
    for name in LARGE:
        written = pd.read_parquet(tmp_path / "out" / f"{name}.parquet")
        pd.testing.assert_frame_equal(written, in_memory.tables[name], check_dtype=False)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert verify(tmp_path / "out", sample=1)["ok"]


def test_a_model_keeps_no_more_than_a_batch_in_memory(scenario, tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 30)
    model = MarketModel(scenario, rng="scenario", tables=LARGE, folder=tmp_path)
    model.run_for(25)
    for kept in (model.recorder.orders, model.recorder.platforms):
        assert kept.many < 30
        assert len(kept.files) > 1
        assert kept.batches == []
    assert len(model.table("orders")) == len(set(model.table("orders")["order"]))


def test_a_run_that_breaks_off_leaves_every_full_batch(scenario, in_memory, tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 30)
    with pytest.raises(RunFailedError, match="on purpose"):
        run_several(scenario, out=tmp_path / "out", tables=("orders",), model_class=Broken)
    left = pd.read_parquet(tmp_path / "out.unfinished")
    whole = in_memory.tables["orders"]
    assert len(left) >= 30
    pd.testing.assert_frame_equal(left, whole[: len(left)], check_dtype=False, check_categorical=False)
    assert not (tmp_path / "out").exists()
    run_several(scenario, out=tmp_path / "out", tables=("orders",))
    assert not (tmp_path / "out.unfinished").exists()


def test_a_batch_that_cannot_be_written_ends_the_run(scenario, tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 30)
    model = MarketModel(scenario, rng="scenario", tables=("orders",), folder=tmp_path / "gone")
    with pytest.raises(FileNotFoundError, match="orders-000000"):
        model.run_for(25)


def test_what_no_run_wrote_is_not_touched(tmp_path):
    (tmp_path / "out.unfinished").mkdir()
    (tmp_path / "out.unfinished" / "thesis.docx").write_text("years of work")
    with pytest.raises(RequestError, match=r"thesis\.docx"), growing(tmp_path / "out"):
        pass
    assert (tmp_path / "out.unfinished" / "thesis.docx").read_text() == "years of work"


def test_a_run_that_is_stopped_has_the_days_until_then(scenario, in_memory, tmp_path):
    told = []
    (short,) = run_several(
        scenario, out=tmp_path / "out", tables=("orders",), progress=lambda done, total: told.append(done) or done == 12
    )
    assert told[-1] == 12
    assert short.days == 12 - scenario.burn_in
    pd.testing.assert_frame_equal(short.daily, in_memory.daily[: short.days])
    assert short.outcomes["orders"] == in_memory.daily["orders"][: short.days].sum()
    assert verify(tmp_path / "out", sample=1)["ok"]


def test_a_run_that_is_stopped_before_day_0_gives_nothing(scenario, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_several(scenario, out=tmp_path / "out", tables=("orders",), progress=lambda *_: True)
    assert list(tmp_path.iterdir()) == []


def test_progress_says_days_a_second_and_memory(monkeypatch):
    clock = iter([0.0, 10.0, 12.0])
    monkeypatch.setattr(watching, "monotonic", lambda: next(clock))
    monkeypatch.setattr(watching, "memory_gb", lambda: 1.25)
    pace = watching.Pace()
    assert pace.words(20) == ", 1.2 GB"  # compiling is no pace
    clock = iter([12.0])
    assert pace.words(120) == ", 50 days/s, 1.2 GB"


def test_long_runs_are_told_in_lines_where_there_is_no_terminal(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(watching, "monotonic", lambda: now[0])
    with watching.run_progress("baseline", quiet=False) as tell:
        tell(10, 500)
        now[0] = 40.0
        tell(110, 500)
    said = capsys.readouterr().err
    assert "110 of 500 days, 2.5 days/s" in said
    assert "0:02:36 left" in said
