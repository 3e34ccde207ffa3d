"""What is printed decides nothing about the work: streams that lack a letter, are closed or full lose words, and no results.

`settle` prepares both streams once, before the command; `ended` says with which code a command ends when words were lost.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
import unicodedata
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Buffer

    from rich.console import Console

NARROW = 118
"""Columns below which tables take one scenario at a time."""
PIPE_WIDTH = 140
"""Columns of what is written to a file or a pipe, where COLUMNS says nothing."""
LEAST_WIDTH = 40

PLAIN = {
    "…": "...", "–": "-", "—": "-", "−": "-", "×": "x", "±": "+/-", "·": "*", "•": "*", "≤": "<=", "≥": ">=",
    "‘": "'", "’": "'", "“": '"', "”": '"', "→": "->", "≈": "~", "█": "#", "░": "-",
}  # fmt: skip
"""What stands for signs that an output cannot show; letters lose their accents, and a question mark stands for all others."""
HANDLER = "odm-plain"


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """The next best letters, for the codecs of the standard library."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(letter: str) -> str:
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return PLAIN.get(letter) or bare or "?"


class Tolerant(io.RawIOBase):
    """A raw stream that remembers what went wrong, and swallows what it cannot write."""

    lost: OSError | None = None

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Buffer, /) -> int:
        """Write all of the data, or nothing once a write has failed."""
        view = memoryview(data).cast("B")
        done = 0
        while self.lost is None and done < len(view):
            try:
                done += self.raw.write(view[done:]) or self._wait()
            except OSError as error:
                self.lost = error
        return len(view)

    def _wait(self) -> int:
        """Wait for a reader of a stream that does not block."""
        select.select([], [self.raw.fileno()], [], 1.0)
        return 0

    def fileno(self) -> int:
        """Of the stream itself."""
        return self.raw.fileno()

    def isatty(self) -> bool:
        """Whether somebody looks at it."""
        return self.raw.isatty()


_kept: list[Path] = []


def settle() -> None:
    """Make both standard streams tolerant; one that is missing is replaced by one that leads nowhere."""
    codecs.register_error(HANDLER, _replaced)
    _hold_places()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8", errors=HANDLER))  # noqa: SIM115 - to the end
            continue
        if not isinstance(stream, io.TextIOWrapper):
            continue
        stream.flush()
        raw = Tolerant(getattr(stream.buffer, "raw", stream.buffer))
        setattr(
            sys,
            name,
            io.TextIOWrapper(
                io.BufferedWriter(raw),
                encoding=stream.encoding,
                errors=HANDLER,
                line_buffering=stream.line_buffering,
                write_through=stream.write_through,
            ),
        )


def _hold_places() -> None:
    """Occupy the numbers of standard streams that are closed, so that no file of results gets one of them."""
    while (place := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(place)


def kept(folder: Path | None) -> None:
    """Say that the results are in a folder, so that nothing is lost with what is printed."""
    if folder is not None:
        _kept.append(folder)


def ended(code: Any) -> Any:
    """The code with which a command ends, that of the command unless printed results were lost and are nowhere else.

    Parameters
    ----------
    code
        Code with which the command would end.

    Returns
    -------
    int or None
        As given; 141 where a reader went away, 1 where the words could not be written for another reason.
    """
    lost = _flushed(sys.stdout)
    gone = isinstance(lost, BrokenPipeError) or (lost is not None and lost.errno == errno.EINVAL and os.name == "nt")
    if lost is not None and not gone:
        where = f"; the results are in {_kept[-1]}" if _kept else ""
        say(f"odm: what was printed is incomplete: {lost.strerror or lost}{where}")
    _flushed(sys.stderr)
    if lost is None or code or _kept:
        return code
    return 141 if gone else 1


def _flushed(stream: Any) -> OSError | None:
    """Write out what is buffered, and return what went wrong with the stream."""
    stream.flush()
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    return raw.lost if isinstance(raw, Tolerant) else None


def say(text: str) -> None:
    """Write a line to the standard error."""
    print(clean(text), file=sys.stderr, flush=True)


def clean(text: str) -> str:
    """A text without what would move a terminal's cursor, colour it or turn its direction: a box in its place."""
    return "".join(letter if letter in "\n\t" or _harmless(letter) else "\ufffd" for letter in text)


def _harmless(letter: str) -> bool:
    return (letter.isascii() and letter.isprintable()) or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")


def width() -> int:
    """Columns of the output: of the window, or as COLUMNS says; wide where neither is known."""
    return max(LEAST_WIDTH, get_terminal_size((PIPE_WIDTH, 24)).columns)


def console() -> Console:
    """A console on the standard output that takes every text as it is, brackets included."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, width=width())


def line(text: str = "", style: str = "") -> None:
    """Print a line; it is broken between words where somebody looks or COLUMNS is set, and whole for programs."""
    from rich.text import Text

    broken = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    console().print(Text(clean(text), style=style), soft_wrap=not broken)
