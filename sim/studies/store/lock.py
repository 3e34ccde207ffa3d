"""One study at a time in a folder: a lock that says who holds it, and that the system lets go when its holder dies.

The system's own lock decides: `flock`, or on Windows `msvcrt.locking`. The file says in words who has it. Where a disk knows no locks, and where another
machine may have other ones, what the file says must do.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from sim.studies.errors import RequestError
from sim.studies.store.own import UNREADABLE

LOCK = ".lock"
MOST_BYTES = 4_096
ASKED_BY_SIGNAL = os.name == "posix"
"""Whether signal 0 asks whether a process is there; on Windows it would be Ctrl-C."""
_FAR = 2**30
"""The byte that is locked on Windows, behind all content: what is locked there, nobody else can read."""


def _module(name: str) -> Any:
    """A module of the standard library that some systems lack."""
    try:
        return import_module(name)
    except ImportError:
        return None


fcntl, msvcrt = _module("fcntl"), _module("msvcrt")


@contextmanager
def held(folder: Path) -> Iterator[str | None]:
    """Hold the lock of a folder.

    Yields
    ------
    str or None
        Who held it before and died without letting go, in words.

    Raises
    ------
    RequestError
        If another study is at work in the folder.
    """
    path = folder / LOCK
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o644)
    try:
        free = _take(descriptor)
        before = _holder(descriptor)
        here = platform.node()
        if free is False or (before is not None and not _gone(before, free, here)):
            raise RequestError(_busy(folder, path, before or {}, free is not False, here))
        _write(descriptor, holder(os.getpid()))
        try:
            yield None if before is None else f"process {before.get('pid')} on {before.get('host')}"
        finally:
            with suppress(OSError):  # what it says then is of a process that is gone, or of this one
                _write(descriptor, None)
            _let_go(descriptor)
    finally:
        os.close(descriptor)


def holder(pid: int) -> dict[str, Any]:
    """What tells a process of this machine from every other: its number, the machine, and when it began."""
    return {"pid": pid, "host": platform.node(), "began": _began(pid)}


def at_work(holder: dict[str, Any]) -> bool:
    """Whether a process, as `holder` described it, is still there; of one of another machine nothing is known."""
    if holder.get("host") != platform.node():
        return False
    return _alive(holder) if ASKED_BY_SIGNAL else _began(holder.get("pid", 0)) is not None


def is_own(folder: Path) -> bool:
    """Whether a folder's lock, if it has one, is a study's and no file that somebody else gave this name."""
    try:
        with (folder / LOCK).open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        return not content.strip(b"\0") or (len(content) <= MOST_BYTES and "pid" in json.loads(content))
    except FileNotFoundError:
        return True
    except UNREADABLE:
        return False


def _take(descriptor: int) -> bool | None:
    """Ask the system for the lock, without waiting: whether it gave it; None where disk or system know no locks."""
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif msvcrt is not None:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            return None
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


def _let_go(descriptor: int) -> None:
    """Give the lock back at once, where closing the file may take a while to do it."""
    if fcntl is None and msvcrt is not None:
        with suppress(OSError):
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)


def _holder(descriptor: int) -> dict[str, Any] | None:
    """Who the lock says holds it."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        found = json.loads(os.read(descriptor, MOST_BYTES) or b"null")
    except UNREADABLE:
        return None
    return found if isinstance(found, dict) else None


def _write(descriptor: int, holder: dict[str, Any] | None) -> None:
    os.ftruncate(descriptor, 0)
    if holder is not None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, json.dumps(holder).encode())


def _gone(holder: dict[str, Any], free: bool | None, here: str) -> bool:
    """Whether who took the lock is there no more, as far as this machine can tell."""
    if holder.get("host") != here:
        return False
    if free and holder.get("pid") == os.getpid():  # it was this process, and the disk would not take the end of it
        return True
    return not _alive(holder) if ASKED_BY_SIGNAL else free is True


def _alive(holder: dict[str, Any]) -> bool:
    """Whether the process that took the lock is still there, and not another that has its number now."""
    pid = holder.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return _began(pid) == holder.get("began")


def _began(pid: int) -> str | None:
    """When a process began, in the system's own count; None where the system does not say, and for one that has ended and is only not yet forgotten."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return None if said[0] == "Z" else said[19]
    except (OSError, IndexError, ValueError):
        return None


def _busy(folder: Path, path: Path, holder: dict[str, Any], free: bool, here: str) -> str:
    who = f"process {holder.get('pid', '?')} on {holder.get('host', '?')}"
    text = f"output: another study is at work in {folder} ({who}); wait for it, or give another folder"
    if free and (holder.get("host") != here or not ASKED_BY_SIGNAL):
        text += f". If that process is gone, delete {path}: nothing else is lost"
    return text
