"""Tables that fit: columns are chosen by width, texts wrapped between words, and names never lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

GAP = 2
"""Blanks between columns."""
BROAD = 16
"""Letters to which a column that wraps may be narrowed whatever its words are."""
PIECES = re.compile(r"[^\s_./:,=&-]*[_./:,=&-]+|[^\s_./:,=&-]+")


class Column(NamedTuple):
    """A column: its title, whether it is to the right, whether its texts may wrap and to what width, and how early it is left out (0: never)."""

    title: str
    right: bool = False
    wraps: bool = False
    drop: int = 0
    style: str = ""
    least: int = 0


class Cell(NamedTuple):
    """A text with a style."""

    text: str
    style: str = ""


class Heading(NamedTuple):
    """A row that is one text across."""

    text: str


Row = Sequence[str | Cell] | Heading


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of a width: between words, else after the marks within names, else anywhere."""
    from rich.cells import cell_len, set_cell_size

    lines: list[str] = []
    for paragraph in text.split("\n"):
        current = ""
        for word in paragraph.split(" "):
            pieces = [word] if cell_len(word) <= width else PIECES.findall(word)
            for number, piece in enumerate(pieces):
                glue = " " if number == 0 and current else ""
                if current and cell_len(current + glue + piece) > width:
                    lines.append(current)
                    current, glue = "", ""
                current += glue + piece
                while cell_len(current) > width:
                    part = set_cell_size(current, width).rstrip() if width > 1 else current[:1]
                    lines.append(part)
                    current = current[len(part) :]
        lines.append(current)
    return lines


def lay_out(columns: Sequence[Column], rows: Iterable[Row], width: int, rest: str = "") -> Table | Text:
    """A table in a width, or each row below the other where no table has room.

    Parameters
    ----------
    columns
        The columns. Those that may be left out go first where there is no room, the highest number of `drop` before the others.
    rows
        A cell for every column, or a heading.
    width
        Letters across.
    rest
        Where what is left out can be found.
    """
    rows = list(rows)
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows if not isinstance(row, Heading)]  # fmt: skip
    sizes = [_sizes(column, [row[k].text for row in cells]) for k, column in enumerate(columns)]
    shown = list(range(len(columns)))
    while _across([sizes[k][0] for k in shown]) > width:
        worst = max(shown, key=lambda k: columns[k].drop)
        if not columns[worst].drop:
            return _stacked(columns, rows, width)
        shown.remove(worst)
    widths = _shared({k: sizes[k] for k in shown}, width - GAP * (len(shown) - 1))
    return _table(columns, rows, widths, _left_out(columns, shown, rest), width)


def _left_out(columns: Sequence[Column], shown: Sequence[int], rest: str) -> str:
    missing = [" ".join(column.title.split()) for k, column in enumerate(columns) if k not in shown]
    if not missing:
        return ""
    names = ", ".join(missing[:8]) + (f" and {len(missing) - 8} more" if len(missing) > 8 else "")
    return f"No room for: {names}{f'; {rest}' if rest else ''}."


def _sizes(column: Column, texts: Sequence[str]) -> tuple[int, int]:
    """Least and full width of a column."""
    from rich.cells import cell_len

    title = max(map(cell_len, column.title.split("\n")))
    full = max([title, *(cell_len(line) for text in texts for line in text.split("\n"))])
    if not column.wraps:
        return full, full
    words = {piece for text in texts for word in text.split() for piece in PIECES.findall(word)}
    longest = max(map(cell_len, words), default=0)
    return min(full, max(title, column.least, min(longest, BROAD))), full


def _across(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _shared(sizes: dict[int, tuple[int, int]], room: int) -> dict[int, int]:
    """Widths between least and full; what room is left goes where it saves most."""
    widths = {k: least for k, (least, _) in sizes.items()}
    left = room - sum(widths.values())
    while left > 0:
        k = max(sizes, key=lambda k: sizes[k][1] / widths[k] if widths[k] else 0)
        if widths[k] >= sizes[k][1]:
            break
        widths[k] += 1
        left -= 1
    return widths


def _table(columns: Sequence[Column], rows: Sequence[Row], widths: dict[int, int], caption: str, width: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, GAP // 2), header_style="bold", caption_justify="left")
    if caption:
        table.caption = Text("\n".join(wrapped(caption, width)), style="dim")
    for k, room in widths.items():
        column = columns[k]
        title = Text("\n".join(wrapped(column.title, room)))
        table.add_column(title, justify="right" if column.right else "left", width=room, no_wrap=True, overflow="crop", style=column.style)  # fmt: skip
    first = next(iter(widths))
    for row in rows:
        if isinstance(row, Heading):
            lines = wrapped(row.text, widths[first])
            table.add_row(Text("\n".join(lines), style="bold cyan"))
            continue
        shown = [row[k] for k in widths]
        made = [cell if isinstance(cell, Cell) else Cell(cell) for cell in shown]
        texts = [_indented(cell.text, room) for cell, room in zip(made, widths.values(), strict=True)]
        table.add_row(*(Text(text, style=cell.style) for text, cell in zip(texts, made, strict=True)))
    return table


def _indented(text: str, width: int) -> str:
    """Wrap a text; lines that follow keep the blanks that it begins with, and two more."""
    blanks = len(text) - len(text.lstrip(" "))
    if not blanks:
        return "\n".join(wrapped(text, width))
    first, *rest = wrapped(text[blanks:], max(1, width - blanks - 2))
    return "\n".join([" " * blanks + first, *(" " * (blanks + 2) + line for line in rest)])


def _stacked(columns: Sequence[Column], rows: Sequence[Row], width: int) -> Text:
    """Each row as its name, then what is said of it, indented."""
    from rich.text import Text

    text = Text()
    for row in rows:
        if isinstance(row, Heading):
            text.append("\n".join(wrapped(row.text, width)) + "\n", style="bold cyan")
            continue
        said = [(c, cell if isinstance(cell, Cell) else Cell(cell)) for c, cell in zip(columns, row, strict=True)]
        said = [(column, cell) for column, cell in said if cell.text.strip()]
        for number, (column, cell) in enumerate(said):
            title = " ".join(column.title.split())
            blanks = "" if number == 0 else "    "
            plain = number == 0 or title in ("text", "title", "question")
            lines = wrapped(
                cell.text.strip() if plain else f"{title}: {cell.text.strip()}", max(8, width - len(blanks))
            )
            style = "bold" if number == 0 else cell.style
            text.append("".join(f"{blanks}{line}\n" for line in lines), style=style)
    text.rstrip()
    return text
