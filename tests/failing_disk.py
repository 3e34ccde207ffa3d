"""A disk that fails at the n-th thing that is asked of it, and stays broken or works again; and how many things are asked."""

from __future__ import annotations

import errno
import io
import os
from contextlib import contextmanager
from pathlib import Path

ASKED = ("open", "write", "ftruncate", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir", "scandir", "listdir")
NOT_WORDS = {errno.ENOSPC: "No space left on device", errno.EIO: "Input/output error"}


class Disk:
    """Counts what is asked of a folder, and fails from the n-th thing on.

    Parameters
    ----------
    folder
        Only what is asked about things below it counts; by descriptor, everything.
    fails_at
        Number of the first thing that fails, from 0; None for none.
    stays
        Whether everything fails from then on; otherwise only that.
    number
        What the system says.
    """

    def __init__(
        self, folder: Path, fails_at: int | None = None, stays: bool = True, number: int = errno.ENOSPC
    ) -> None:
        self.folder, self.fails_at, self.stays, self.number = str(folder.resolve()), fails_at, stays, number
        self.asked: list[str] = []

    def ask(self, what: str, place: object = None) -> None:
        """Count a thing, and fail if it is its turn."""
        if isinstance(place, str | bytes | os.PathLike):
            path = os.path.abspath(os.fsdecode(place))  # noqa: PTH100 - asks the disk for nothing
            if not path.startswith(self.folder):
                return
            what = f"{what} {Path(path).name}"
        self.asked.append(what)
        n = len(self.asked) - 1
        if self.fails_at is not None and (n == self.fails_at or (self.stays and n > self.fails_at)):
            raise OSError(self.number, NOT_WORDS[self.number])


class _File(io.FileIO):
    """A file of which every write is asked for."""

    disk: Disk

    def write(self, data):
        self.disk.ask("write")
        return super().write(data)


@contextmanager
def failing(disk: Disk):
    """Whoever asks something of the system in here asks this disk first."""
    real = {name: getattr(os, name) for name in ASKED}
    real_open = io.open

    def asking(name):
        def ask(place, *rest, **options):
            disk.ask(name, None if isinstance(place, int) else place)
            return real[name](place, *rest, **options)

        return ask

    def asked_open(place, mode="r", *rest, **options):
        if isinstance(place, int):
            return real_open(place, mode, *rest, **options)
        disk.ask(f"open {mode}", place)
        if mode == "wb" and os.path.abspath(os.fsdecode(place)).startswith(disk.folder):  # noqa: PTH100
            raw = _File(place, "w")
            raw.disk = disk
            return io.BufferedWriter(raw)
        return real_open(place, mode, *rest, **options)

    try:
        for name in ASKED:
            setattr(os, name, asking(name))
        io.open = asked_open
        yield disk
    finally:
        io.open = real_open
        for name, function in real.items():
            setattr(os, name, function)
