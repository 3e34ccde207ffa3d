"""Whatever the disk refuses, and when: a folder holds what it held or can be gone on with, and nothing that was said to be done is lost."""

import errno
import json
from contextlib import suppress
from pathlib import Path

import pytest

from sim.studies.errors import StudyError
from sim.studies.execution.conduct import How, conduct
from sim.studies.execution.verify import verify
from sim.studies.kinds import Answer, get
from sim.studies.store.output import staging
from sim.studies.store.parts import Row, StoreError, to_table, write_part
from sim.studies.store.store import Store
from sim.studies.study_files import Study
from tests.failing_disk import Disk, failing
from tests.study_market import StudyMarket, compare_study

pytestmark = pytest.mark.slow

READY = Study.load(compare_study(scenarios=compare_study()["scenarios"][:2], replications=2))
BREAKS = [pytest.param(True, errno.ENOSPC, id="full from then on"), pytest.param(False, errno.EIO, id="once")]
ROWS = [Row(f"{k:032x}", "plain", k, "{}", "ok", outcomes={"orders": float(k)}) for k in range(6)]


# The store alone ------------------------------------------------------------------------------------------------------
def write_rows(folder, told):
    """Write parts of two rows, then put them together; `told` are the runs that were said to be written."""
    store = Store(folder)
    store.open()
    for start in range(0, len(ROWS), 2):
        rows = [row for row in ROWS[start : start + 2] if row.run not in store]
        if rows:
            path = write_part(store.parts, f"batch-{start:02d}", to_table(rows))
            store.add(path, [(row.run, row.status) for row in rows])
            told += [row.run for row in rows]
    store.consolidate([row.run for row in ROWS])
    return store


def asked_of(work, folder):
    """How many things work asks of the disk."""
    with failing(Disk(folder)) as disk:
        work(folder)
    return len(disk.asked)


@pytest.mark.parametrize(("stays", "number"), BREAKS)
def test_whatever_fails_the_store_loses_nothing_that_it_said_was_written(tmp_path, stays, number):
    total = asked_of(lambda folder: write_rows(folder, []), tmp_path / "whole")
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole" / "parts").iterdir()}
    assert total > 30
    broke = 0
    for n in range(total):
        folder, told = tmp_path / f"{n}", []
        with failing(Disk(folder, n, stays, number)):
            try:
                write_rows(folder, told)
            except (StoreError, OSError):
                broke += 1
        there = Store(folder)
        assert not there.open(), f"after {n}: nothing is damaged"
        assert set(told) <= set(there.runs()), f"after {n}"
        write_rows(folder, [])
        assert {path.name: path.read_bytes() for path in (folder / "parts").iterdir()} == whole, f"after {n}"
    assert broke > total / 2


EVERY = pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 11], ids=["each", "some"])
"""Of the things that a study asks of the disk, which fail: each in turn, or every eleventh."""


# A whole study --------------------------------------------------------------------------------------------------------
@pytest.fixture
def quick(monkeypatch):
    """A study whose answer is a table of its runs: what the disk does to it matters, and not what is made of it."""

    def evaluated(study, driver):
        return Answer({"runs": driver.evaluate([{}])[["scenario", "seed"]]}, files={"notes/a.txt": "text"})

    monkeypatch.setattr(get("compare"), "conduct", evaluated, raising=False)
    monkeypatch.setattr("sim.studies.store.record.code_version", dict)
    monkeypatch.setattr("sim.studies.store.record.library_versions", dict)


def do(folder, tell=None, resume=False):
    how = How(executor="inline", model_class=StudyMarket, resume=resume, on_event=tell)
    return conduct(READY, folder, how, lambda *what: (what[-1] / "report.md").write_text("report\n", encoding="utf-8"))


def go_on(folder, tell=None):
    return do(folder, tell, resume=(folder / "study.json").exists())


def bits(folder):
    return json.loads((folder / "record.json").read_text(encoding="utf-8"))["hash"]


@EVERY
@pytest.mark.parametrize(("stays", "number"), BREAKS)
def test_whatever_fails_a_study_stops_in_words_and_goes_on_to_the_same_bits(tmp_path, quick, stays, number, every):
    total = asked_of(do, tmp_path / "whole")
    assert total > 60
    stopped = 0
    for n in range(every // 2, total, every):
        folder, said, said_why = tmp_path / f"{n}", [], "cannot"
        with failing(Disk(folder, n, stays, number)):
            try:
                do(folder, said.append)
            except StudyError as error:
                stopped, said_why = stopped + 1, str(error)
        assert "cannot" in said_why, f"after {n}: {said_why}"
        told = max((event["done"] for event in said if event["event"] == "progress"), default=0)
        found = []
        go_on(folder, found.append)
        first = next(event for event in found if event["event"] == "started")
        assert first["there"] >= told, f"after {n}: {told} runs were said to be done, {first['there']} are there"
        assert not [event for event in found if "damaged" in event.get("text", "")], f"after {n}"
        assert bits(folder) == bits(tmp_path / "whole"), f"after {n}"
        assert not [path for path in folder.rglob(".*") if path.name != ".lock"], (
            f"after {n}: nothing half-written stays"
        )
    assert stopped > total / every / 2


@EVERY
@pytest.mark.parametrize(("stays", "number"), BREAKS)
def test_whatever_fails_a_finished_study_keeps_its_runs_and_notes(tmp_path, quick, stays, number, every):
    do(tmp_path / "whole")
    (tmp_path / "whole" / "answer" / "mine.md").write_text("mine")
    total = asked_of(go_on, tmp_path / "whole")
    assert verify(tmp_path / "whole", 0, StudyMarket)["ok"]
    for n in range(every // 2, total, every):
        folder = tmp_path / f"{n}"
        do(folder)
        (folder / "answer" / "mine.md").write_text("mine")
        with failing(Disk(folder, n, stays, number)), suppress(StudyError):
            go_on(folder)
        assert len(list((folder / "parts").glob("*.parquet"))) == 1, f"after {n}"
        go_on(folder)
        assert (folder / "answer" / "mine.md").read_text() == "mine", f"after {n}"
        assert bits(folder) == bits(tmp_path / "whole"), f"after {n}"


# A run or a comparison ------------------------------------------------------------------------------------------------
def replace_results(folder):
    with staging(folder) as place:
        for name in ("a.csv", "b.csv"):
            (place / name).write_bytes(b"new")


def test_whatever_fails_once_a_folder_of_results_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.studies.store.output._foreign_files", lambda target: [])
    with failing(Disk(tmp_path / "whole")) as disk:  # what is asked of what stands beside the folder counts too
        replace_results(tmp_path / "whole" / "out")
    assert len(disk.asked) > 8
    for n in range(len(disk.asked) + 4):
        base = tmp_path / f"base-{n}"
        folder = base / "out"
        folder.mkdir(parents=True)
        (folder / "old.csv").write_bytes(b"old")
        with failing(Disk(base, n, stays=False)), suppress(StudyError, OSError):
            replace_results(folder)
        held = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert held in ({"old.csv": b"old"}, {"a.csv": b"new", "b.csv": b"new"}), f"after {n}"


def test_notes_in_a_folder_that_cannot_be_read_to_its_end_are_not_deleted(tmp_path, quick):
    """What is in the way of a new answer is looked through before it goes; looked through in vain is not empty."""
    do(tmp_path / "out")
    (tmp_path / "out" / "answer" / "mine.md").write_text("mine")
    with failing(Disk(tmp_path / "out")) as disk:
        go_on(tmp_path / "out")
    looks = [n for n, what in enumerate(disk.asked) if what.startswith("scandir .answer.old-")]
    assert looks
    with failing(Disk(tmp_path / "out", looks[0], stays=False)), pytest.raises(StudyError, match="cannot be written"):
        go_on(tmp_path / "out")
    go_on(tmp_path / "out")
    assert (tmp_path / "out" / "answer" / "mine.md").read_text() == "mine"


def test_a_part_that_cannot_be_read_for_now_is_not_taken_for_damaged(tmp_path):
    """A read that fails says nothing about what is on the disk: hours of work are not put aside for it."""
    write_rows(tmp_path, [])
    (part,) = (tmp_path / "parts").iterdir()
    real = Path.read_bytes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Path,
            "read_bytes",
            lambda path: real(path) if path != part else (_ for _ in ()).throw(OSError(5, "Input/output error")),
        )
        with pytest.raises(StoreError, match=r"cannot be read \(Input/output error\)"):
            Store(tmp_path).open()
    assert part.exists()
