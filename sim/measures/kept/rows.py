"""Event-level tables as they grow: in batches, on disk where a run is given a folder for them, so that memory does not grow with the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.measures.dictionary import ColumnSpec, column
from sim.measures.dictionary import tables as dictionary

if TYPE_CHECKING:
    import pyarrow as pa

type Raw = dict[str, np.ndarray]
type Dress = Callable[[Raw], pd.DataFrame]
BATCH = 100_000
"""Rows after which a batch is full."""


def joined(name: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Parts of a table in one, with the columns of the dictionary and then those of the author's own."""
    columns = list(dictionary()[name])
    if not parts:
        return pd.DataFrame(columns=columns)
    own = [each for each in parts[-1] if each not in columns]
    return pd.concat(parts, ignore_index=True)[columns + own]


def as_arrow(frame: pd.DataFrame, table: str, more: Mapping[str, ColumnSpec] | None = None) -> pa.Table:
    """A table for Arrow and Parquet; every column has the type, the unit and the text that the data dictionary gives it.

    Parameters
    ----------
    frame
        The rows; its index is left out.
    table
        Name in the data dictionary.
    more
        What columns mean that are not in the dictionary.
    """
    import pyarrow as pa

    raw = pa.Table.from_pandas(frame, preserve_index=False)
    fields = []
    for entry in raw.schema:
        spec = column(table, entry.name) or (more or {}).get(entry.name)
        notes = {} if spec is None else {b"unit": spec.unit.encode(), b"description": spec.text.encode()}
        plain = None if spec is None or spec.dtype == "category" else pa.type_for_alias(spec.dtype)
        fields.append((entry if plain is None else entry.with_type(plain)).with_metadata(notes))
    metadata = {**(raw.schema.metadata or {}), b"table": table.encode()}
    return raw.cast(pa.schema(fields, metadata=metadata), safe=False)


class Rows:
    """The rows of one table in the order in which they came.

    Parameters
    ----------
    name
        Name of the table in the data dictionary.
    folder
        Where batches go as they are full, each a Parquet file that is whole: what a run that breaks off leaves is every row up to its last full batch.
        None keeps them in memory.
    """

    def __init__(self, name: str, folder: Path | None = None) -> None:
        self.name, self.folder = name, folder
        self.waiting: list[Raw] = []
        self.batches: list[pd.DataFrame] = []
        self.files: list[Path] = []
        self.many = 0
        self._writer: ThreadPoolExecutor | None = None
        self._at_work: Future[None] | None = None

    def __getstate__(self) -> dict[str, object]:
        self.settle()
        return {**vars(self), "_writer": None}

    def add(self, raw: Raw, dress: Dress) -> None:
        """Add the rows of a day, as plain arrays; ``dress`` makes the table of a full batch."""
        self.waiting.append(raw)
        self.many += len(next(iter(raw.values())))
        if self.many >= BATCH:
            batch = self._dressed(dress)
            if self.folder is None:
                self.batches.append(batch)
            else:
                self._put_down(self.folder, batch)
            self.waiting, self.many = [], 0

    def _dressed(self, dress: Dress) -> pd.DataFrame:
        return dress({key: np.concatenate([raw[key] for raw in self.waiting]) for key in self.waiting[0]})

    def _put_down(self, folder: Path, batch: pd.DataFrame) -> None:
        """Have a batch written while the run goes on, once the one before is; no more than one is in memory for it."""
        self.settle()
        self.files.append(folder / f"{self.name}-{len(self.files):06}.parquet")
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1)
        self._at_work = self._writer.submit(_write_batch, batch, self.name, self.files[-1])

    def settle(self) -> None:
        """Wait until every full batch is on disk.

        Raises
        ------
        OSError
            When one could not be written.
        """
        work, self._at_work = self._at_work, None
        if work is not None:
            work.result()

    def parts(self, dress: Dress) -> Iterator[pd.DataFrame]:
        """The rows, a batch after the other."""
        self.settle()
        for path in self.files:
            yield pd.read_parquet(path)
        yield from self.batches
        if self.waiting:
            yield self._dressed(dress)

    def write(self, path: Path, dress: Dress, last: pd.DataFrame | None = None) -> None:
        """Write all rows, and those of ``last`` after them, as one Parquet file, with no more than a batch in memory."""
        import pyarrow.parquet as pq

        self.settle()
        writer = None
        try:
            for rows in chain(self._written(), self._not_written(dress, last)):
                if writer is None:
                    writer = pq.ParquetWriter(path, rows.schema, compression="zstd")
                writer.write_table(rows.cast(writer.schema))
        finally:
            if writer is not None:
                writer.close()

    def _written(self) -> Iterator[pa.Table]:
        """Batches on disk, as they are to stand in the file of all rows."""
        import pyarrow.parquet as pq

        schema = None
        for path in self.files:
            rows = pq.read_table(path)
            if schema is None:
                schema = as_arrow(joined(self.name, [rows.slice(0, 0).to_pandas()]), self.name).schema
            yield rows.select(schema.names).cast(schema)

    def _not_written(self, dress: Dress, last: pd.DataFrame | None) -> Iterator[pa.Table]:
        """The rows after those on disk."""
        waiting = [self._dressed(dress)] if self.waiting else []
        for part in chain(self.batches, waiting, [] if last is None else [last]):
            yield as_arrow(joined(self.name, [part]), self.name)


def _write_batch(batch: pd.DataFrame, name: str, path: Path) -> None:
    """Write a batch, under its name only when it is whole."""
    import pyarrow.parquet as pq

    unfinished = path.with_suffix(".writing")
    pq.write_table(as_arrow(batch, name), unfinished, compression="zstd")
    unfinished.replace(path)
