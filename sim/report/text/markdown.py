"""Text from files in a Markdown page: as it was written, whatever it looks like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_MARKS = re.compile(r"[\\`*\[\]|]")
_BEGINS = re.compile(r"^(\d*)(#|[-+.)](?=\s)|~{3}|[-_=]{3})")


def escaped(text: str, code: bool = False) -> str:
    """A text on one line in which nothing is a mark of Markdown and nothing a tag of HTML.

    Parameters
    ----------
    text
        Any text; what is no letter (a control character, half a pair) becomes a box.
    code
        Whether what stands between two backticks is code, and between pairs of asterisks bold, as in texts of the program itself.
    """
    line = " ".join("".join(map(_letter, text)).split())
    if code and line.count("`") % 2 == 0:
        parts = line.split("`")
        return "`".join(
            part if number % 2 else _plain(part).replace(r"\*\*", "**") for number, part in enumerate(parts)
        )
    return _plain(line)


def bullets(lines: Iterable[str]) -> str:
    """Lines of the program's own as a list, code and bold kept; no text where there are none."""
    return "\n".join(f"- {escaped(line, code=True)}" for line in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table, its cells written as in `bullets`."""
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(escaped(str(cell), code=True) for cell in row)} |" for row in rows)])


def code(text: str) -> str:
    """A name as code, whatever backticks are in it."""
    line = " ".join("".join(map(_letter, text)).split())
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    blank = " " if "`" in line else ""
    return f"{fence}{blank}{line}{blank}{fence}"


def _letter(letter: str) -> str:
    if letter.isspace():
        return " "
    return "\ufffd" if unicodedata.category(letter) in ("Cc", "Cf", "Cs") else letter


def _plain(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MARKS.sub(lambda found: "\\" + found[0], text)
    return _BEGINS.sub(r"\1\\\2", text)
