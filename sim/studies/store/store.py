"""The store of a study: a folder of parts, and an index of what is in them. Runs are found by their identity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.measures.dictionary import split
from sim.studies.store import parts
from sim.studies.store.digests import DIGEST, table_digests
from sim.studies.store.own import rename
from sim.studies.store.parts import ABORTED, FAILED, OK, OUTCOME, PLAIN, Row, StoreError

if TYPE_CHECKING:
    import pyarrow as pa
    from pandas import DataFrame

PARTS = "parts"
DAMAGED = "damaged"
RUNS_A_PART = 256
"""Runs in a part of a finished study."""
_BEST_FIRST = (OK, FAILED, ABORTED)
"""Which row of a run counts that is there more than once."""


class Store:
    """The runs of a study.

    Parameters
    ----------
    folder
        Folder of the study; `open` must be called before anything else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts = folder / PARTS
        self._files: list[Path] = []
        self._rows: list[int] = []
        self._where: dict[str, tuple[int, str]] = {}

    def open(self, retry: bool = False, repair: bool = True) -> list[str]:
        """Read the index; parts that are damaged are put aside, so that their runs are done again.

        Parameters
        ----------
        retry
            Whether runs that failed count as not done.
        repair
            Whether anything may be written; else a damaged part is an error. Where it may, runs that were lost with their workers
            count as not done.

        Returns
        -------
        list of str
            What was found damaged, in words.

        Raises
        ------
        RequestError
            If there is a part that another study or nobody here wrote.
        StoreError
            If the folder cannot be written.
        """
        try:
            if repair:
                self.parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror or error}") from error
        self._files, self._rows, self._where = [], [], {}
        again = ((ABORTED, FAILED) if retry else (ABORTED,)) if repair else ()
        damaged = []
        mark = parts.mark_of(self.folder)
        if repair:
            for path in (*self.folder.iterdir(), *self.parts.iterdir()):
                if parts.UNFINISHED.fullmatch(path.name):
                    path.unlink(missing_ok=True)
        for path in sorted(self.parts.iterdir()):
            if path.suffix == ".parquet":
                parts.refuse_foreign(path, mark)
                found = _identities(path) if parts.is_whole(path) else None
                if found is None and not repair:
                    raise StoreError(f"{path} is damaged")
                if found is None:
                    damaged.append(self._put_aside(path))
                else:
                    self._add(path, found, again)
        return damaged

    def _put_aside(self, path: Path) -> str:
        place = self.folder / DAMAGED
        place.mkdir(exist_ok=True)
        rename(path, place / path.name)
        return f"{path.name} is damaged: it was moved to {place}, and its runs are done again"

    def _add(self, path: Path, found: Iterable[tuple[str, str]], again: Sequence[str] = ()) -> None:
        number, found = len(self._files), list(found)
        self._files.append(path)
        self._rows.append(len(found))
        for run, status in found:
            before = self._where.get(run)
            if status not in again and (before is None or _rank(status) < _rank(before[1])):
                self._where[run] = (number, status)

    def add(self, path: Path, found: Iterable[tuple[str, str]]) -> None:
        """Take note of a part that was written, and of the state of each of its runs."""
        self._add(path, found)

    def __contains__(self, run: str) -> bool:
        return run in self._where

    def __len__(self) -> int:
        return len(self._where)

    def runs(self) -> list[str]:
        """Every run that is there."""
        return list(self._where)

    def ok(self, run: str) -> bool:
        """Whether a run is there and went well."""
        return self.status(run) == OK

    def status(self, run: str) -> str:
        """The state of a run; empty for one that is not there."""
        return self._where.get(run, (0, ""))[1]

    def rows(self, runs: Iterable[str], columns: Sequence[str] | None = None) -> DataFrame:
        """The rows of runs that are there, a row each, in the order of the parts."""
        import pandas as pd

        wanted: dict[int, set[str]] = {}
        for run in runs:
            if run in self._where:
                wanted.setdefault(self._where[run][0], set()).add(run)
        frames = []
        for number, names in sorted(wanted.items()):
            table = parts.read(self._files[number], columns)
            frames.append(table.filter(_among(table, names)).to_pandas())
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(columns or PLAIN))

    def check(self) -> tuple[dict[str, str], list[str], int]:
        """The digest of every run that has one, worked out from its numbers; the runs whose own digest is another; and how many have none."""
        found: dict[str, str] = {}
        wrong: list[str] = []
        without = 0
        for number, path in enumerate(self._files):
            table = parts.read(path)
            stated = table[DIGEST].to_pylist() if DIGEST in table.column_names else [None] * table.num_rows
            for run, made, said in zip(table["run"].to_pylist(), table_digests(table), stated, strict=True):
                if self._where[run][0] == number:
                    found[run] = made if said is not None else ""
                wrong += [run] if said is not None and said != made else []
                without += said is None
        return found, wrong, without

    def digests(self) -> dict[str, str]:
        """The digest of every run, as it was made where the run was done; empty for one that has none."""
        found = self.rows(self.runs(), ["run", DIGEST])
        said = found[DIGEST] if DIGEST in found else [None] * len(found)
        return {run: digest or "" for run, digest in zip(found["run"], said, strict=True)}

    def outcomes(self, runs: Iterable[str], names: Sequence[str] = ()) -> DataFrame:
        """Status and outcomes of runs by identity; all outcomes of everybody where no names are given."""
        columns = ["run", "status", *(OUTCOME + name for name in names)] if names else None
        if columns is None:
            have = {name for path in self._files[:1] + self._files[-1:] for name in _names(path)}
            have |= {name for path in self._files for name in _names(path)} if len(self._files) < 512 else set()
            columns = [
                "run",
                "status",
                *sorted(name for name in have if name.startswith(OUTCOME) and not split(name)[1]),
            ]
        frame = self.rows(runs, columns).set_index("run")
        return frame.rename(columns=lambda name: str(name).removeprefix(OUTCOME))

    def by_group(self, runs: Iterable[str]) -> DataFrame:
        """Outcomes of groups of runs by identity, a column each, named as in `sim.measures.dictionary.of_group`."""
        names = {name for path in self._files for name in _names(path) if name.startswith(OUTCOME) and split(name)[1]}
        frame = self.rows(runs, ["run", *sorted(names)]).set_index("run")
        return frame.rename(columns=lambda name: str(name).removeprefix(OUTCOME))

    def consolidate(self, order: Sequence[str]) -> None:
        """Put all runs into parts of `RUNS_A_PART` in the given order, and drop the ones that they were in.

        The parts that result depend on nothing but what the runs are and gave: not on batches, workers or interruptions.
        A crash in between leaves runs that are there twice, which the next `open` sorts out.
        """
        known = dict.fromkeys(run for run in order if run in self._where)
        runs = [*known, *sorted(set(self._where) - set(known))]
        kept: dict[Path, list[tuple[str, str]]] = {}
        cache: dict[int, pa.Table] = {}
        for start in range(0, len(runs), RUNS_A_PART):
            chunk = runs[start : start + RUNS_A_PART]
            stem = f"runs-{start // RUNS_A_PART:06d}"
            path = self._there(chunk, stem) or parts.write_part(self.parts, stem, self._gather(chunk, cache))
            kept[path] = [(run, self._where[run][1]) for run in chunk]
        mark = parts.mark_of(self.folder)
        old = [path for path in self.parts.glob("*.parquet") if path not in kept and parts.is_own(path, mark)]
        self._files, self._rows, self._where = [], [], {}
        for path, found in kept.items():
            self._add(path, found)
        for path in old:
            path.unlink(missing_ok=True)

    def drop_damaged(self) -> None:
        """Delete the parts that were put aside, and nothing else."""
        place = self.folder / DAMAGED
        if place.is_dir():
            for path in place.iterdir():
                if parts.NAME.fullmatch(path.name):
                    path.unlink()
            if not any(place.iterdir()):
                place.rmdir()

    def _there(self, runs: Sequence[str], stem: str) -> Path | None:
        """The part of that name that holds these runs and no others already, if there is one."""
        numbers = {self._where[run][0] for run in runs}
        number = numbers.pop()
        fits = not numbers and self._rows[number] == len(runs) and self._files[number].name.startswith(f"{stem}-")
        return self._files[number] if fits else None

    def _gather(self, runs: Sequence[str], cache: dict[int, pa.Table]) -> pa.Table:
        """The rows of some runs in their order; parts read stay in the cache as long as neighbours may need them."""
        import pyarrow as pa

        numbers = dict.fromkeys(self._where[run][0] for run in runs)
        for number in [number for number in cache if number not in numbers]:
            del cache[number]
        pieces = []
        for number in numbers:
            if number not in cache:
                cache[number] = parts.read(self._files[number])
            names = {run for run in runs if self._where[run][0] == number}
            pieces.append(cache[number].filter(_among(cache[number], names)))
        table = pa.concat_tables(pieces, promote_options="default")
        place = {run: k for k, run in enumerate(table["run"].to_pylist())}
        table = table.take(pa.array([place[run] for run in runs]))
        full = [name for name in table.column_names if name in PLAIN or table[name].null_count < table.num_rows]
        first = [name for name in PLAIN if name in full]
        return table.select([*first, *sorted(name for name in full if name not in PLAIN)])


def _among(table: pa.Table, runs: set[str]) -> pa.Array:
    """Which rows of a part are wanted; a run that is there twice counts once, as it went well if it ever did."""
    import pyarrow as pa

    status = table["status"].to_pylist() if "status" in table.column_names else None
    best: dict[str, int] = {}
    for k, run in enumerate(table["run"].to_pylist()):
        if run in runs and (run not in best or (status is not None and _rank(status[k]) < _rank(status[best[run]]))):
            best[run] = k
    rows = set(best.values())
    return pa.array([k in rows for k in range(table.num_rows)])


def _rank(status: str) -> int:
    """The place of a state among the rows of a run; a word that nobody knows comes last."""
    return _BEST_FIRST.index(status) if status in _BEST_FIRST else len(_BEST_FIRST)


def _identities(path: Path) -> list[tuple[str, str]] | None:
    """The runs of a part and the state of each; None when it cannot be read."""
    try:
        table = parts.read(path, ("run", "status"))
        return list(zip(table["run"].to_pylist(), table["status"].to_pylist(), strict=True))
    except (StoreError, KeyError):
        return None


def _names(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    return pq.read_schema(path).names


def single(row: Row) -> pa.Table:
    """A part of one row."""
    return parts.to_table([row])
