"""Parts: Parquet files that hold the runs of a batch, a row a run. A part appears whole or not at all, and its name is a hash of its bytes.

Outcomes of a run are exact (float64). Daily values are float32; those that are no whole numbers keep `KEPT_BITS` of their
fraction, which is a relative error below 0.1 %, unless a study asks for `exact_daily`: then they are float64, in every bit.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.studies.errors import RequestError, StudyError
from sim.studies.store.digests import DIGEST, table_digests
from sim.studies.store.own import UNREADABLE, rename

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # it gives back what it does not need, others keep it

if TYPE_CHECKING:
    import pyarrow as pa

Daily = NDArray[np.float32] | NDArray[np.float64]
"""Daily values of an outcome, as they are stored."""
KEPT_BITS = 9
_MANTISSA = 23
_MANY_VALUES = 512
NAME = re.compile(r"(batch|runs)-[0-9a-f]+-[0-9a-f]{20}\.parquet")
UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.writing")
MARK = b"study"
"""Key under which a part says, in its metadata, to which study it belongs."""
_BROKEN = (errno.EIO, errno.ENOSPC, getattr(errno, "EDQUOT", errno.EIO))
HASH = re.compile(r"-([0-9a-f]{20})\.parquet$")
OUTCOME, DAILY, POLICIES = "outcome.", "daily.", "policies"
PLAIN = ("run", "scenario", "seed", "inputs", "status", "error", "trace")
"""Columns of every part beside outcomes and daily values."""
OK, FAILED, ABORTED = "ok", "failed", "aborted"
"""States of a run: it has its outcomes; something in it broke; it was lost with its worker, and is done again when the study is gone on with."""


class StoreError(StudyError, RuntimeError):
    """Results cannot be written or read; what was finished before is kept."""


@dataclass(frozen=True)
class Row:
    """One run as it is stored.

    Attributes
    ----------
    run, scenario, seed, inputs
        Identity, label, seed, and what the point changed, as JSON.
    status, error, trace
        `ok`; `failed` or `aborted` with what broke and where.
    outcomes
        Every outcome of the run.
    daily, policies
        Values from day 0 on, by outcome; what its policies did, as JSON, empty where it had none.
    """

    run: str
    scenario: str
    seed: int
    inputs: str
    status: str
    error: str = ""
    trace: str = ""
    outcomes: Mapping[str, float] = field(default_factory=dict)
    daily: Mapping[str, Daily] = field(default_factory=dict)
    policies: str = ""


def shorten(values: NDArray[Any], exact: bool) -> Daily:
    """Daily values as they are stored; whole numbers and what is not finite stay as they are, and all where they are to be exact."""
    if exact:
        return np.ascontiguousarray(values, dtype=np.float64)
    found = np.ascontiguousarray(values, dtype=np.float32)
    finite = np.isfinite(found)
    if np.array_equal(found[finite], np.rint(found[finite])):
        return found
    bits = found.view(np.uint32).astype(np.uint64)
    drop = np.uint64(_MANTISSA - KEPT_BITS)
    one = np.uint64(1)
    bits += (one << (drop - one)) - one + ((bits >> drop) & one)  # to nearest, ties to even
    short = ((bits >> drop) << drop).astype(np.uint32).view(np.float32)
    return np.where(finite, short, found)


def to_table(rows: Sequence[Row]) -> pa.Table:
    """The rows of a part as a table, each with its digest; outcomes that only some runs have are null in the others."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name in PLAIN:
        kind = pa.uint64() if name == "seed" else pa.string()
        columns[name] = pa.array([getattr(row, name) for row in rows], kind)
    for name in dict.fromkeys(name for row in rows for name in row.outcomes):
        columns[OUTCOME + name] = pa.array([row.outcomes.get(name) for row in rows], pa.float64())
    for name in dict.fromkeys(name for row in rows for name in row.daily):
        values = [row.daily.get(name) for row in rows]
        exact = any(found is not None and found.dtype == np.float64 for found in values)
        columns[DAILY + name] = pa.array(values, pa.list_(pa.float64() if exact else pa.float32()))
    columns[POLICIES] = pa.array([row.policies or None for row in rows], pa.string())
    table = pa.table(columns)
    return table.append_column(DIGEST, pa.array(table_digests(table), pa.string()))


def to_bytes(table: pa.Table, mark: str = "") -> bytes:
    """A table as Parquet: each column in the form that makes it smaller, one row group, a checksum on every page, and its study's mark."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = table.combine_chunks()
    few: list[str] = []
    split: dict[str, str] = {}
    for name in table.column_names:
        lists = name.startswith(DAILY)
        if not lists and not name.startswith(OUTCOME):
            few.append(name)
            continue
        path = f"{name}.list.element" if lists else name
        values = table[name].combine_chunks().flatten() if lists else table[name].combine_chunks()
        if len(values) > _MANY_VALUES and len(values.unique()) > _MANY_VALUES:
            split[path] = "BYTE_STREAM_SPLIT"
        else:
            few.append(path)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="zstd",
        use_dictionary=few,  # pyright: ignore
        column_encoding=split or None,
        write_statistics=["run", "scenario", "seed", "status"],  # pyright: ignore
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        writer.write_table(table, max(1, table.num_rows))
        writer.add_key_value_metadata({MARK.decode(): mark})
    return sink.getvalue().to_pybytes()


def digest(content: bytes) -> str:
    """The hash that stands in the name of a part."""
    return hashlib.sha256(content).hexdigest()[:20]


def write_part(folder: Path, stem: str, table: pa.Table) -> Path:
    """Write a part; it takes its name only when all of it is on the disk.

    Raises
    ------
    StoreError
        If the disk is full or the folder cannot be written.
    """
    content = to_bytes(table, mark_of(folder.parent))
    path = folder / f"{stem}-{digest(content)}.parquet"
    if is_whole(path):
        return path
    write_whole(path, content)
    return path


def mark_of(folder: Path) -> str:
    """The mark of a study: the hash of its first description, or nothing where it has none.

    Raises
    ------
    StoreError
        If the description is there and cannot be read: a part without its mark would be nobody's.
    """
    path = folder / "study.json"
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        return str(described.get("mark") or described["hash"])
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror or error})") from error
    except UNREADABLE:
        return ""


def is_own(path: Path, mark: str) -> bool:
    """Whether a part has the name and the mark of a study's; one that cannot be read has the benefit of the doubt."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not NAME.fullmatch(path.name) or path.is_symlink():
        return False
    try:
        return (pq.read_metadata(path).metadata or {}).get(MARK, b"").decode() == mark
    except (OSError, ValueError, pa.ArrowException):
        return not is_whole(path)


def refuse_foreign(path: Path, mark: str) -> None:
    """See that a part is the study's own, since its rows count as runs.

    Raises
    ------
    RequestError
        If it is not.
    """
    if not is_own(path, mark):
        raise RequestError(f"{path} was not written by this study, and its rows are no runs of it; move it elsewhere")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, and give it its own when all of it is on the disk.

    Raises
    ------
    StoreError
        If that cannot be done; nothing is left behind.
    """
    unfinished = path.with_name(f".{uuid.uuid4().hex}.writing")
    try:
        try:
            with unfinished.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            rename(unfinished, path)
            _sync(path.parent)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent} cannot be written: {error.strerror or error}") from error


def _sync(folder: Path) -> None:
    """See that names in a folder are on the disk, where the system can be asked for that.

    Raises
    ------
    OSError
        If it was asked, and the disk is full or broken.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in _BROKEN:
            raise


def is_whole(path: Path) -> bool:
    """Whether the bytes of a part are those that were written.

    Raises
    ------
    StoreError
        If they cannot be read, which says nothing about them.
    """
    stated = HASH.search(path.name)
    try:
        return stated is not None and digest(path.read_bytes()) == stated[1]
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read ({error.strerror or error}); if that stays so, move it away, and "
            "the command that made it does its runs again, with --resume"
        ) from error


def read(path: Path, columns: Iterable[str] | None = None) -> pa.Table:
    """The columns of a part that it has, or all of them.

    Raises
    ------
    StoreError
        If the part cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as part:
            have = set(part.schema_arrow.names)
            return part.read(None if columns is None else [name for name in columns if name in have])
    except (OSError, pa.ArrowException) as error:
        said = " ".join(str(error).split())[:200]
        raise StoreError(
            f"{path} cannot be read ({said}); `odm verify` says what is damaged, and "
            "the command that made it does its runs again, with --resume"
        ) from error
