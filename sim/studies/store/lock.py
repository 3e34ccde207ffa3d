"""One study at a time in a folder: a lock that says who holds it, and that the system lets go when its holder dies."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.studies.errors import RequestError

try:
    import fcntl
except ImportError:  # Windows: the process id alone tells
    fcntl = None

LOCK = ".lock"


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
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        free = _take(descriptor)
        before = _holder(descriptor)
        here = platform.node()
        dead = before is not None and before.get("host") == here and not _alive(before)
        if not free or (before is not None and not dead):
            raise RequestError(_busy(folder, path, before or {}, free, here))
        _write(descriptor, {"pid": os.getpid(), "host": here, "began": _began(os.getpid())})
        try:
            yield None if before is None else f"process {before.get('pid')} on {before.get('host')}"
        finally:
            _write(descriptor, None)
    finally:
        os.close(descriptor)


def is_own(folder: Path) -> bool:
    """Whether a folder's lock, if it has one, is a study's and no file that somebody else gave this name."""
    try:
        content = (folder / LOCK).read_bytes()
        return not content.strip(b"\0") or "pid" in json.loads(content)
    except FileNotFoundError:
        return True
    except (OSError, ValueError, TypeError):
        return False


def _take(descriptor: int) -> bool:
    """Ask the system for the lock, without waiting; where a disk knows no locks, what the file says must do."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _holder(descriptor: int) -> dict[str, Any] | None:
    """Who the lock says holds it."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        found = json.loads(os.read(descriptor, 4096) or b"null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _write(descriptor: int, holder: dict[str, Any] | None) -> None:
    os.ftruncate(descriptor, 0)
    if holder is not None:
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _alive(holder: dict[str, Any]) -> bool:
    """Whether the process that took the lock is still there, and not another that has its number now."""
    pid = holder.get("pid")
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _began(pid) == holder.get("began")


def _began(pid: int) -> str | None:
    """When a process began, in the system's own count; None where the system does not say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19]
    except (OSError, IndexError, ValueError):
        return None


def _busy(folder: Path, path: Path, holder: dict[str, Any], free: bool, here: str) -> str:
    who = f"process {holder.get('pid', '?')} on {holder.get('host', '?')}"
    text = f"output: another study is at work in {folder} ({who}); wait for it, or give another folder"
    if free and holder.get("host") != here:
        text += f". If that process is gone, delete {path}: nothing else is lost"
    return text
