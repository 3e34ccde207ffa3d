"""Folders that appear complete or not at all, and files that carry their own dictionary."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sim.measures.dictionary import ColumnSpec
from sim.measures.kept.rows import as_arrow
from sim.studies.errors import RequestError
from sim.studies.store import lock
from sim.studies.store.lock import LOCK
from sim.studies.store.names import file_name
from sim.studies.store.own import RECORD, strangers
from sim.studies.store.parts import StoreError

if TYPE_CHECKING:
    from pandas import DataFrame

PASSING = "odm-runs-"
"""How the name of a folder begins that is there only while runs are done."""

UNFINISHED = ".unfinished"
"""What stands behind the name of a folder in which the rows of a run's large tables are while it goes on."""
TABLES = "tables"
"""Folder of the tables that runs write, below that of a study."""

STUDY_COLUMNS: dict[str, ColumnSpec] = {
    spec.name: spec
    for spec in (
        ColumnSpec("scenario", "string", "name", "Scenario."),
        ColumnSpec("seed", "uint64", "id", "Run seed; runs of equal seed are paired."),
        ColumnSpec("key", "string", "name", "What people or orders are grouped by; several with colons between."),
        ColumnSpec("member", "string", "name", "The group, such as patient."),
        ColumnSpec(
            "size", "float64", "people or orders", "People of the group in the baseline, or its orders over the run."
        ),
        ColumnSpec("too_small", "bool", "flag", "Whether the group is too small for an interval."),
        ColumnSpec("outcome", "string", "name", "Outcome; see the data dictionary."),
        ColumnSpec("group", "string", "name", "Group of the outcome."),
        ColumnSpec("unit", "string", "name", "Unit of what stands beside it: baseline, mean, low and high, or ratio."),
        ColumnSpec("baseline", "float64", "as in unit", "Mean over the baseline runs."),
        ColumnSpec("mean", "float64", "as in unit", "Mean over seeds of scenario minus baseline."),
        ColumnSpec("low", "float64", "as in unit", "Lower end of the interval of the mean."),
        ColumnSpec("high", "float64", "as in unit", "Upper end of the interval of the mean."),
        ColumnSpec("percent", "float64", "% of baseline", "The mean effect in per cent of the baseline."),
        ColumnSpec("same_sign", "float64", "share", "Share of runs whose effect has the sign of the mean effect."),
        ColumnSpec("runs", "int64", "runs", "Pairs of runs behind the effect."),
        ColumnSpec("interval", "string", "name", "Kind of interval."),
        ColumnSpec(
            "excludes_zero", "bool", "flag", "Whether the interval leaves zero out; never for a distance or a price."
        ),
        ColumnSpec("cost", "float64", "USD", "Mean over pairs of what the interventions cost above the baseline."),
        ColumnSpec("parameter_set", "int64", "id", "Set of an ensemble that the run was made in, from 0 on."),
        ColumnSpec("chance_low", "float64", "as in unit", "Lower end of the interval of chance alone (95 %)."),
        ColumnSpec("chance_high", "float64", "as in unit", "Upper end of the interval of chance alone (95 %)."),
        ColumnSpec("parameters_low", "float64", "as in unit", "Lower end of where 95 of 100 parameter sets lie."),
        ColumnSpec("parameters_high", "float64", "as in unit", "Upper end of where 95 of 100 parameter sets lie."),
        ColumnSpec("parameter_share", "float64", "share", "Share of the variance that is due to parameters."),
        ColumnSpec("sets", "int64", "sets", "Parameter sets that the pairs were run in."),
        ColumnSpec(
            "sets_same_sign", "float64", "share", "Share of the sets that have the sign of the mean, but for luck."
        ),
        ColumnSpec("p", "float64", "probability", "What the interval of chance and parameters stands for."),
        ColumnSpec("doubt", "string", "name", "Which kind of doubt is the larger."),
        ColumnSpec("averted", "float64", "as in outcome", "Mean over pairs of how much less there is of the outcome."),
        ColumnSpec("averted_low", "float64", "as in outcome", "Lower end of its interval (paired t, 95 %)."),
        ColumnSpec("averted_high", "float64", "as in outcome", "Upper end of its interval (paired t, 95 %)."),
        ColumnSpec("ratio", "float64", "as in unit", "Cost of averting one; null where none can be given."),
        ColumnSpec("ratio_low", "float64", "as in unit", "Lower end of its interval (Fieller, 95 %)."),
        ColumnSpec("ratio_high", "float64", "as in unit", "Upper end of its interval (Fieller, 95 %)."),
        ColumnSpec("n", "int64", "pairs", "Pairs in which both have a value."),
        ColumnSpec("verdict", "string", "name", "Whether a ratio is given, or why not; whether a conclusion holds."),
        ColumnSpec("submodel", "string", "name", "Part of the model whose rule was changed."),
        ColumnSpec("rival", "string", "name", "The rule in its place."),
        ColumnSpec(
            "rival_told", "bool", "flag", "Whether the effect is told from zero, allowing for how many are looked at."
        ),
        ColumnSpec("usual_baseline", "float64", "as in unit", "Mean over the baseline runs by the usual rules."),
        ColumnSpec("usual", "float64", "as in unit", "The mean effect by the usual rules."),
        ColumnSpec("usual_low", "float64", "as in unit", "Lower end of its interval."),
        ColumnSpec("usual_high", "float64", "as in unit", "Upper end of its interval."),
        ColumnSpec("usual_told", "bool", "flag", "Whether it is told from zero by the usual rules."),
        ColumnSpec("sign_kept", "bool", "flag", "Whether both mean effects have the same sign."),
        ColumnSpec("flips", "bool", "flag", "Whether both are told from zero, with opposite signs."),
        ColumnSpec("rank", "float64", "rank", "Rank of the scenario by its mean; 1 is best, null without a direction."),
        ColumnSpec("usual_rank", "float64", "rank", "The same by the usual rules."),
        ColumnSpec("overtakes", "string", "name", "Scenarios that it is told to be ahead of here, and behind usually."),
    )
}


@contextmanager
def staging(folder: str | Path) -> Iterator[Path]:
    """Give a temporary sibling of a folder to write into, and put it in the folder's place at the end.

    What goes wrong inside leaves the folder as it was. A folder that an earlier run wrote is replaced.

    Parameters
    ----------
    folder
        The folder that is to appear.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    RequestError
        At the start, if the folder cannot be written or holds files that no earlier run wrote.
    StoreError
        If it cannot be written later, as on a full disk.
    """
    target = Path(folder).expanduser().resolve()
    foreign = _foreign_files(target)
    if foreign:
        raise RequestError(
            f"output: {folder} holds files that no earlier run wrote, or that were changed since "
            f"({', '.join(foreign)}); give another folder"
        )
    if target.exists() and Path.cwd().is_relative_to(target):
        raise RequestError(
            f"output: {folder} is the current folder or holds it, and would be replaced by another; "
            "give the name of a folder that is to appear, for example --out results"
        )
    for left in target.parent.glob(f".{glob.escape(target.name)}.writing-*") if target.parent.is_dir() else ():
        _clear(left)
    outside = target.with_name(f".{target.name}.writing-{os.getpid()}")
    place = outside / target.name
    new_parents = [parent for parent in target.parents if not parent.exists()]
    try:
        place.mkdir(parents=True)
        (place / RECORD).touch()
        (place / RECORD).unlink()
    except OSError as error:
        _remove(outside, new_parents)
        raise RequestError(f"output: {folder} cannot be written: {error.strerror or error}") from error
    try:
        with lock.held(outside):
            yield place
            _put_in_place(place, target)
        shutil.rmtree(outside, ignore_errors=True)
    except BaseException as error:
        _remove(outside, new_parents)
        if isinstance(error, OSError):  # whatever breaks a run is none: it is told as such
            raise StoreError(
                f"{folder} cannot be written: {error.strerror or error}. Nothing was kept; make room, or give another folder"
            ) from error
        raise


@contextmanager
def growing(folder: str | Path) -> Iterator[Path]:
    """A folder beside the one of a run, with `.unfinished` behind its name, for rows of large tables while the run goes on.

    It is gone when the run has ended or was interrupted; a run that breaks off leaves its full batches there, each a Parquet file, until the next one.

    Raises
    ------
    RequestError
        If it cannot be written, holds anything else, or another run is at work there.
    """
    target = Path(folder).expanduser().resolve()
    place = target.with_name(f"{target.name}{UNFINISHED}")
    try:
        place.mkdir(parents=True, exist_ok=True)
        with lock.held(place):
            left = [path for path in place.iterdir() if path.name != LOCK]
            strange = [path.name for path in left if path.suffix not in (".parquet", ".writing") or path.is_symlink()]
            if strange:
                raise RequestError(
                    f"output: {place} holds files that no run wrote ({', '.join(strange[:3])}); move them"
                )
            for path in left:
                path.unlink()
            try:
                yield place
            except (KeyboardInterrupt, RequestError):
                shutil.rmtree(place, ignore_errors=True)
                raise
            shutil.rmtree(place, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {error.strerror or error}") from error


def _foreign_files(target: Path) -> list[str]:
    """The first few files in a folder that are not its own; the folder itself if it is a file."""
    if not target.exists():
        return []
    return list(islice(strangers(target), 3)) if target.is_dir() else [target.name]


def _put_in_place(place: Path, target: Path) -> None:
    """Rename the finished folder to its name, and only then drop the one that was there."""
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    try:
        place.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove(place: Path, new_parents: list[Path]) -> None:
    """Remove an unfinished folder and the empty parents that were made for it."""
    shutil.rmtree(place, ignore_errors=True)
    for parent in new_parents:
        try:
            parent.rmdir()
        except OSError:
            return


@contextmanager
def passing_folder() -> Iterator[Path]:
    """A folder for runs that nobody wants to keep; one that a killed process left behind goes with the next."""
    for old in Path(tempfile.gettempdir()).glob(f"{PASSING}*"):
        _clear(old)
    with tempfile.TemporaryDirectory(prefix=PASSING, ignore_cleanup_errors=True) as place:
        yield Path(place)


def _clear(folder: Path) -> None:
    """Remove a folder that a killed process left behind: one that holds the lock of a process of this machine that is gone."""
    try:
        if folder.is_symlink() or not (folder / LOCK).is_file() or not lock.is_own(folder):
            return
        with lock.held(folder):
            pass
        shutil.rmtree(folder, ignore_errors=True)
    except (OSError, RequestError):  # somebody else's, or at work
        return


def write_tables(frames: Mapping[str, DataFrame], folder: Path, steps: Sequence[str]) -> None:
    """Write the tables of a run below ``tables/`` in the folder of a study, each whole or not at all, and through no link.

    Raises
    ------
    StoreError
        If that cannot be done.
    """
    steps = [file_name(step) for step in steps]
    place = folder.joinpath(TABLES, *steps)
    try:
        place.mkdir(parents=True, exist_ok=True)
        if place.resolve() != folder.resolve().joinpath(TABLES, *steps):
            raise StoreError(f"{place} leads elsewhere through a symbolic link, and results are written through none")
        for left in place.glob(".*.writing"):  # by a worker that was killed at this run
            left.unlink(missing_ok=True)
        for name, frame in frames.items():
            unfinished = place / f".{uuid.uuid4().hex}.writing"
            try:
                write_frame(frame, name, unfinished)
                unfinished.replace(place / f"{name}.parquet")
            finally:
                unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {error.strerror or error}") from error


def table_place(label: str, seed: int, run: str, changed: object) -> tuple[str, str]:
    """The folders, below ``tables/``, of the tables of a run; one in which a point changed something has its identity in the name."""
    return file_name(label), file_name(f"seed-{seed}" + (f"-{run[:8]}" if changed else ""))


def table_files(folder: Path, names: Sequence[str]) -> list[Path]:
    """The files that `write_tables` wrote for the runs of a study."""
    found = (path for name in names for path in folder.glob(f"{TABLES}/*/*/{name}.parquet"))
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def write_frame(frame: DataFrame, table: str, path: Path) -> None:
    """Write a table as Parquet; every column has the type, the unit and the text that the data dictionary gives it.

    Parameters
    ----------
    frame
        The rows; its index is not written.
    table
        Name in the data dictionary, or of one of the tables that studies make.
    path
        The file.
    """
    import pyarrow.parquet as pq

    pq.write_table(as_arrow(frame, table, STUDY_COLUMNS), path, compression="zstd")
