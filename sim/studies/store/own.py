"""What in a folder of results is the folder's own: what its record lists and that is still as it was written. All else is kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.studies.errors import RequestError

RECORD = "record.json"
REPORT = "report.html"
MARK = b'<meta name="generator" content="online-drug-markets">'
"""What a report begins with, so that no other file is replaced."""
LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that desktops leave in folders on their own."""
KEPT_AS = ".kept"
"""Ending of a file that somebody changed, where the new one has its name."""
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a file of JSON can raise that somebody else wrote: it is missing, no JSON, of another shape, or nested without end."""


PATIENCE = (0.05, 0.2, 1.0) if os.name == "nt" else ()
"""Seconds to wait before a name is given once more: on Windows that fails for a moment while a virus scanner or an indexer has the file open."""


def rename(path: Path, target: Path) -> None:
    """Give a file or folder its name, in the place of a file that has it."""
    for seconds in PATIENCE:
        try:
            path.replace(target)
        except PermissionError:
            time.sleep(seconds)
        else:
            return
    path.replace(target)


def content_hash(content: Any) -> str:
    """Hash plain data: SHA-256 of its JSON with sorted keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_report(path: Path) -> bool:
    """Whether a path is a report that this program wrote."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return MARK in stream.read(2000)


def recorded(folder: Path) -> dict[str, str]:
    """The hash of each file that the record of a folder lists; none if there is no record, it is a link, or it was changed."""
    if not (folder / RECORD).is_file() or (folder / RECORD).is_symlink():
        return {}
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        fits = content_hash(record["run"]) == record["hash"]
        return {str(name): str(found) for name, found in record["run"]["files"].items()} if fits else {}
    except UNREADABLE:
        return {}


def strangers(folder: Path) -> Iterator[str]:
    """Files and links below a folder that its record does not list, or that are not any more what it lists."""
    ours = recorded(folder)
    if not ours:  # nothing below can be the folder's own, so that nobody need walk through it
        yield from (item.name for item in sorted(folder.iterdir()) if item.name not in LITTER)
        return
    for path in files_below(folder):
        label = path.relative_to(folder).as_posix()
        if label != RECORD and path.name not in LITTER and not _as_written(path, ours.get(label)):
            yield label


def files_below(folder: Path) -> list[Path]:
    """Every file and every link below a folder, in order; no link is followed.

    Raises
    ------
    OSError
        If the folder cannot be read to its end: whoever deletes what is not listed here must know.
    """

    def stop(error: OSError) -> None:
        raise error

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=stop):
        here = Path(place)
        found += [here / name for name in (*names, *folders) if name in names or (here / name).is_symlink()]
    return sorted(found)


def refuse_links(folder: Path, names: tuple[str, ...], done: str = "written") -> None:
    """See that nothing that a folder of results is read from or written to is a symbolic link, which would lead elsewhere, or a pipe, which never ends.

    Raises
    ------
    RequestError
        If one is.
    """
    for name in names:
        path = folder / name
        inside = sorted(path.iterdir()) if path.is_dir() and not path.is_symlink() else []
        for found in (path, *inside):
            if found.is_symlink():
                raise RequestError(
                    f"output: {found} is a symbolic link, and results are {done} through none; "
                    "remove it, or give another folder"
                )
            if found.exists() and not (found.is_file() or found.is_dir()):
                raise RequestError(f"output: {found} is neither a file nor a folder; remove it, or give another folder")


def put_in_place(place: Path, target: Path, ours: Mapping[str, str]) -> list[str]:
    """Put a finished folder in the place of another, and into it what in the other is somebody else's.

    Parameters
    ----------
    place, target
        The finished folder, and the one that it replaces, side by side.
    ours
        The hash of each file of the old one that may go, by its path below the old one.

    Returns
    -------
    list of str
        What was kept, by its path below the folder. A file whose name is taken now has `KEPT_AS` behind it.
    """
    before = f".{target.name}.old-"
    if target.exists():
        rename(target, target.with_name(before + uuid.uuid4().hex))
    rename(place, target)
    kept = []
    for old in sorted(target.parent.glob(before + "*")):  # an earlier one may have been interrupted here
        for path in files_below(old):
            name = path.relative_to(old).as_posix()
            new = target / name
            if path.name in LITTER or _as_written(path, ours.get(name)):
                continue
            if new.is_file() and _as_written(path, file_hash(new)):
                continue
            number = 1
            while os.path.lexists(new):
                new = target / f"{name}{KEPT_AS}{'' if number == 1 else f'-{number}'}"
                number += 1
            new.parent.mkdir(parents=True, exist_ok=True)
            rename(path, new)
            kept.append(new.relative_to(target).as_posix())
        shutil.rmtree(old, ignore_errors=True)
    return kept


def _as_written(path: Path, stated: str | None) -> bool:
    """Whether a path is a file with the stated hash, and no link to one."""
    return stated is not None and not path.is_symlink() and path.is_file() and file_hash(path) == stated
