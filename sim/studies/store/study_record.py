"""The record of a study: `record.json` binds what went in, the code, the libraries, the machine and every file that came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.studies.store.digests import all_runs
from sim.studies.store.folder import PLAN, STUDY
from sim.studies.store.lock import LOCK
from sim.studies.store.own import RECORD, files_below
from sim.studies.store.parts import NAME
from sim.studies.store.record import write_record
from sim.studies.store.store import PARTS

if TYPE_CHECKING:
    from sim.studies.study import ReadyStudy


def write_study_record(
    folder: Path,
    study: ReadyStudy,
    version: str,
    seconds: Sequence[float],
    digests: Mapping[str, str],
    answer: Sequence[str],
) -> None:
    """Write `record.json` over all files of a finished study.

    Parameters
    ----------
    folder
        Folder of the study.
    study, version
        The study, and the version of the model that its runs were made with.
    seconds
        Seconds on the wall of the runs done just now; outside the hashed part.
    digests
        The digest of every run in the store.
    answer
        The files of the answer, by their path below the folder. What else somebody put there is bound by no record.
    """
    files = [path for path in files_below(folder) if path.is_file()]
    ours = {RECORD, STUDY, PLAN, *answer}
    unbound = {LOCK: None}
    for path in files:
        name = path.relative_to(folder).as_posix()
        part = path.parent == folder / PARTS and NAME.fullmatch(path.name)
        if path.is_symlink() or not (name in ours or part):
            unbound[name] = None
    write_record(
        folder,
        kind=f"study: {study.file.kind}",
        scenarios=study.scenarios,
        seeds=study.seeds,
        settings={"study": study.name, "model": version, "described_in": STUDY},
        timings={"runs_done": len(seconds), "runs_s": round(sum(seconds), 3)},
        unbound=list(unbound),
        runs=all_runs(digests),
    )
