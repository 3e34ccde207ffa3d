"""Digests of runs: a hash of all that a run gave, made where it was run, kept beside its numbers and checked for every run."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from pandas import DataFrame

DIGEST = "digest"
DIGITS = 32
WORDS = ("run", "scenario", "seed", "inputs", "status")
PREFIXES = ("outcome.", "daily.")
"""How the columns of a part that hold numbers begin."""


def table_digests(table: pa.Table) -> list[str]:
    """The digest of each row of a part: which run it is, every outcome and every daily value, bit for bit; empty cells do not count."""
    hashes = [hashlib.sha256() for _ in range(table.num_rows)]
    for name in WORDS:
        for found, value in zip(hashes, table[name].to_pylist(), strict=True):
            found.update(f"{value}\0".encode())
    for name in sorted(name for name in table.column_names if name.startswith(PREFIXES)):
        for row, content in _cells(table[name].combine_chunks()):
            hashes[row].update(name.encode() + b"\0" + content)
    return [found.hexdigest()[:DIGITS] for found in hashes]


def _cells(column: Any) -> list[tuple[int, bytes]]:
    """The number of the row and the bytes of each cell of a column that is not empty."""
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)).tolist()
    if not hasattr(column, "offsets"):
        values = column.to_numpy(zero_copy_only=False).astype(np.float64)
        return [(row, values[row].tobytes()) for row in rows]
    ends = column.offsets.to_numpy()
    values = column.values.to_numpy(zero_copy_only=False)  # float32, or float64 where a study keeps them exact
    return [(row, values[ends[row] : ends[row + 1]].tobytes()) for row in rows]


def frame_digests(frame: DataFrame, label: str) -> dict[str, str]:
    """The digest of each row of a table of outcomes, by scenario and seed; `label` is the scenario where no column says it."""
    names = sorted(str(name) for name in frame.columns if name not in ("scenario", "seed"))
    found = {}
    for row in frame.to_dict("records"):
        numbers = [(name, float(row[name])) for name in names if row[name] is not None]
        content = b"".join(
            name.encode() + b"\0" + struct.pack("<d", value) for name, value in numbers if value == value
        )
        found[f"{row.get('scenario', label)}, seed {int(row['seed'])}"] = hashlib.sha256(content).hexdigest()[:DIGITS]
    return found


def all_runs(digests: Mapping[str, str]) -> str:
    """One hash over the digests of many runs, whatever their order."""
    text = "".join(f"{run} {digest}\n" for run, digest in sorted(digests.items()))
    return hashlib.sha256(text.encode()).hexdigest()
