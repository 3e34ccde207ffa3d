"""A folder of results keeps what is not its own, writes through no link, and refuses what it did not write."""

import json
import os
from pathlib import Path

import pytest

from sim import run_study
from sim.report.folder import report
from sim.studies.errors import RequestError, StudyError
from sim.studies.execution.several import run_several
from sim.studies.execution.verify import verify
from sim.studies.store.lock import LOCK
from sim.studies.store.output import staging
from sim.studies.store.own import content_hash, put_in_place
from sim.studies.store.record import file_hashes
from sim.studies.store.results import Results
from tests.fake_market import FakeMarket, world
from tests.study_market import StudyMarket, compare_study, undrawn

STUDY = compare_study(replications=2)
OWN = ["study.json", "plan.parquet", "record.json", ".lock"]


@pytest.fixture(autouse=True)
def _undrawn():
    with undrawn():
        yield


def do(out, study=STUDY, **options):
    return run_study(study, out, executor="inline", model_class=StudyMarket, **options)


@pytest.fixture
def done(tmp_path):
    do(tmp_path / "out")
    return tmp_path / "out"


def everything(folder):
    """The bytes of every file below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestLinks:
    @pytest.mark.parametrize("name", OWN)
    def test_a_link_in_the_place_of_a_file_is_refused_and_what_it_leads_to_stays(self, done, tmp_path, name):
        target = tmp_path / "precious"
        target.write_bytes((done / name).read_bytes() or b"{}")
        before = target.read_bytes()
        (done / name).unlink()
        (done / name).symlink_to(target)
        with pytest.raises(RequestError, match=f"{name} is a symbolic link"):
            do(done, resume=True)
        assert target.read_bytes() == before

    @pytest.mark.parametrize("name", ["parts", "answer", "damaged", ".answer.writing"])
    def test_a_link_in_the_place_of_a_folder_is_refused_and_what_it_leads_to_stays(self, done, tmp_path, name):
        target = tmp_path / "precious"
        if (done / name).exists():
            (done / name).rename(target)
        else:
            target.mkdir()
        (target / "mine.parquet").write_text("mine")
        (done / name).symlink_to(target)
        before = everything(target)
        with pytest.raises(RequestError, match=f"{name} is a symbolic link"):
            do(done, resume=True)
        assert everything(target) == before

    def test_a_new_study_writes_through_no_link_either(self, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "precious").write_text("mine")
        (tmp_path / "out" / "plan.parquet").symlink_to(tmp_path / "precious")
        with pytest.raises(RequestError, match="symbolic link"):
            do(tmp_path / "out")
        assert (tmp_path / "precious").read_text() == "mine"

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")
    @pytest.mark.parametrize("name", [*OWN, "parts/runs-000001-169352d27b9e8dda6ee9.parquet"])
    @pytest.mark.timeout(60)
    def test_a_pipe_in_the_place_of_a_file_is_refused_and_nobody_waits_for_its_end(self, done, name):
        (done / name).unlink(missing_ok=True)
        os.mkfifo(done / name)
        said = f"{Path(name).name} is neither a file nor a folder|saved without its runs|is not the folder of a study"
        readers = [Results, verify, report] if name != ".lock" else []
        for does in (*readers, lambda folder: do(folder, resume=True)):
            with pytest.raises(RequestError, match=said):
                does(done)

    def test_a_folder_that_is_named_by_a_link_is_written_to(self, tmp_path):
        (tmp_path / "disk").mkdir()
        (tmp_path / "out").symlink_to(tmp_path / "disk")
        do(tmp_path / "out")
        assert (tmp_path / "disk" / "record.json").is_file()


class TestStudy:
    def test_notes_and_an_edited_report_outlive_going_on(self, done):
        (done / "answer" / "my-notes.md").write_text("my notes")
        (done / "notes.md").write_text("more notes")
        report = done / "answer" / "report.md"
        written = report.read_text()
        report.write_text("my report")
        said = []
        for _ in range(2):  # what was kept once is kept again
            do(done, resume=True, on_event=said.append)
            assert (done / "answer" / "my-notes.md").read_text() == "my notes"
            assert (done / "notes.md").read_text() == "more notes"
            assert (done / "answer" / "report.md.kept").read_text() == "my report"
            assert report.read_text() == written
        assert any("my-notes.md, report.md.kept" in event.get("text", "") for event in said)
        assert verify(done, 1, StudyMarket)["ok"]
        (done / "answer" / "my-notes.md").write_text("other notes")
        assert verify(done, 1, StudyMarket)["ok"], "notes are bound by no record"

    def test_what_an_interrupted_exchange_left_behind_is_kept_the_next_time(self, tmp_path):
        for name, word in (("answer", "old"), (".answer.old-1", "older"), ("new", "new")):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a").write_text(word)
        assert put_in_place(tmp_path / "new", tmp_path / "answer", {}) == ["a.kept", "a.kept-2"]
        assert {path.read_text() for path in (tmp_path / "answer").iterdir()} == {"old", "older", "new"}
        assert [path.name for path in tmp_path.iterdir()] == ["answer"]

    @pytest.mark.parametrize("own_name", [True, False])
    def test_the_part_of_another_study_does_not_become_rows(self, done, tmp_path, own_name):
        do(tmp_path / "other", compare_study(replications=3))
        (part,) = (tmp_path / "other" / "parts").iterdir()
        foreign = done / "parts" / (part.name if own_name else "mine.parquet")
        foreign.write_bytes(part.read_bytes())
        for reads in (lambda: do(done, resume=True), lambda: Results(done).runs()):
            with pytest.raises(RequestError, match="was not written by this study"):
                reads()
        assert foreign.read_bytes() == part.read_bytes()
        foreign.unlink()
        assert len(do(done, resume=True).results.runs()) == 6

    def test_a_file_of_another_kind_among_the_parts_stays(self, done):
        (done / "parts" / "mine.writing").write_text("mine")
        (done / "damaged").mkdir()
        (done / "damaged" / "mine").write_text("mine")
        do(done, resume=True)
        assert (done / "parts" / "mine.writing").read_text() == "mine"
        assert (done / "damaged" / "mine").read_text() == "mine"

    @pytest.mark.parametrize("name", ["mine.txt", LOCK, "parts/mine.parquet"])
    def test_a_folder_that_is_refused_is_left_as_it_was(self, tmp_path, name):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
        before = everything(tmp_path)
        with pytest.raises(RequestError, match="holds files that no study wrote"):
            do(tmp_path)
        assert everything(tmp_path) == before

    def test_a_record_is_whole_or_the_one_before(self, done, monkeypatch):
        before = (done / "record.json").read_bytes()

        def full(descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StudyError, match="No space left"):
            do(done, resume=True)
        assert (done / "record.json").read_bytes() == before
        monkeypatch.undo()
        assert not list(done.glob(".*.writing"))

    def test_checking_writes_nothing(self, done):
        (part,) = (done / "parts").iterdir()
        part.write_bytes(part.read_bytes()[:-100])
        held = json.loads((done / "record.json").read_text())
        held["run"]["files"] = file_hashes(done, held["run"]["unbound"])
        held["hash"] = content_hash(held["run"])
        (done / "record.json").write_text(json.dumps(held))
        before = everything(done)
        assert "is damaged" in verify(done, 1, StudyMarket)["problems"][0]
        assert everything(done) == before


class TestRun:
    def test_a_file_that_was_changed_since_is_not_replaced(self, tmp_path):
        run_several(world(), out=tmp_path / "out", model_class=FakeMarket)
        (tmp_path / "out" / "daily.csv").write_text("mine")
        with pytest.raises(RequestError, match=r"changed since \(daily.csv\)"):
            run_several(world(), out=tmp_path / "out", model_class=FakeMarket)
        assert (tmp_path / "out" / "daily.csv").read_text() == "mine"

    @pytest.mark.parametrize("fits", [True, False])
    def test_a_record_that_lists_what_is_there_makes_it_nobodys(self, tmp_path, fits):
        (tmp_path / "thesis.md").write_text("years of work")
        content = {"files": {"thesis.md": "0" * 64}}
        (tmp_path / "record.json").write_text(
            json.dumps({"run": content, "hash": content_hash(content) if fits else ""})
        )
        with pytest.raises(RequestError, match=r"thesis\.md"), staging(tmp_path):
            pass
        assert (tmp_path / "thesis.md").read_text() == "years of work"

    def test_a_record_that_is_a_link_makes_what_is_there_nobodys(self, tmp_path):
        run_several(world(), out=tmp_path / "out", model_class=FakeMarket)
        record = (tmp_path / "out" / "record.json").rename(tmp_path / "mine.json")
        (tmp_path / "out" / "record.json").symlink_to(record)
        with pytest.raises(RequestError, match="holds files that no earlier run wrote"), staging(tmp_path / "out"):
            pass

    def test_a_link_in_a_folder_of_results_is_a_strangers(self, tmp_path):
        run_several(world(), out=tmp_path / "out", model_class=FakeMarket)
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "out" / "link").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(RequestError, match="link"), staging(tmp_path / "out"):
            pass

    @pytest.mark.parametrize("out", [".", ".."])
    def test_the_folder_in_which_one_stands_is_not_replaced(self, tmp_path, monkeypatch, out):
        (tmp_path / "here" / "below").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "here")
        with pytest.raises(RequestError, match="output: "), staging(out):
            pass
        assert (tmp_path / "here").samefile(Path.cwd())
        assert list(Path.cwd().iterdir()) == [Path.cwd() / "below"]

    def test_a_folder_that_no_run_wrote_is_not_walked_through(self, monkeypatch):
        monkeypatch.setattr("os.walk", lambda *_: pytest.fail("walked"))
        monkeypatch.setattr("pathlib.Path.rglob", lambda *_: pytest.fail("walked"))
        with pytest.raises(RequestError, match="holds files that no earlier run wrote"), staging("/"):
            pass
