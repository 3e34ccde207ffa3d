"""Figures laid out in inches: words wrapped by their measured width, a heading and a key above the panels, words below them.

Nothing is placed by guess: a figure is as high as what stands on it, so that no name is cut and no two texts meet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.textpath import TextToPath
from matplotlib.ticker import MaxNLocator

from sim.report.figures.style import FAINT, INK, QUIET, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.text import Text

MARGIN = 0.14
"""Inches between what is drawn and the edge."""
FAMILY = "DejaVu Sans"
ROUNDING = 1.01
"""Pixels make a text a little wider than its outlines are."""
MISSING = "\u25a1"
"""What stands for a letter that the font lacks."""
TITLE, WORDS, KEY, NAME, SMALL = 12.0, 8.5, 8.5, 8.0, 7.0
"""Sizes of text in points: title of a figure, how to read it, its key, names of rows and panels, axes and notes."""


class Mark(NamedTuple):
    """An entry of a key: what it says, and how its mark is drawn (properties of a line)."""

    words: str
    look: Mapping[str, Any]


def line_height(size: float) -> float:
    """Inches that a line of text takes."""
    return 1.2 * size / 72


@lru_cache(maxsize=20_000)
def _width(text: str, size: float, bold: bool) -> float:
    font = FontProperties(family=FAMILY, size=size, weight="bold" if bold else "normal")
    return float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0]) / 72 * ROUNDING


def width_of(text: str, size: float, bold: bool = False) -> float:
    """Inches that the widest line of a text takes."""
    return max(_width(line, size, bold) for line in text.split("\n"))


@lru_cache(maxsize=5_000)
def _drawable(letter: str) -> str:
    if letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp"):
        return " "
    known = unicodedata.category(letter) != "Cs" and get_font(findfont(FontProperties(family=FAMILY))).get_char_index(
        ord(letter)
    )
    return letter if known else MISSING


def drawable(text: str) -> str:
    """A text of letters that can be drawn: one blank for what is no letter, a box for what the font lacks."""
    return " ".join("".join(map(_drawable, text)).split())


def wrap(text: str, inches: float, size: float, bold: bool = False, most: int = 0) -> str:
    """Break a text into lines of a width, between words, else within names after their marks, else anywhere.

    Parameters
    ----------
    text
        Any text.
    inches, size, bold
        Room for a line, and the letters.
    most
        Lines at most; what does not fit ends with an ellipsis. 0 is no limit.
    """
    lines = [""]
    for word in drawable(text).split(" "):
        for number, piece in enumerate(_pieces(word, inches, size, bold)):
            glue = " " if number == 0 and lines[-1] else ""
            if lines[-1] and _width(lines[-1] + glue + piece, size, bold) > inches:
                lines.append(piece)
            else:
                lines[-1] += glue + piece
    if most and len(lines) > most:
        last = lines[most - 1]
        while last and _width(f"{last}…", size, bold) > inches:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last}…"]
    return "\n".join(lines)


def _pieces(word: str, inches: float, size: float, bold: bool) -> list[str]:
    """A word whole, or in pieces that fit."""
    if _width(word, size, bold) <= inches:
        return [word]
    pieces = [""]
    for letter in word:
        full = pieces[-1] and _width(pieces[-1] + letter, size, bold) > inches
        if full:
            cut = max(pieces[-1].rfind(mark) for mark in "_-./:,") + 1
            if cut < len(pieces[-1]) / 2:
                cut = len(pieces[-1])
            pieces[-1:] = [pieces[-1][:cut], pieces[-1][cut:]]
        pieces[-1] += letter
    return [piece for piece in pieces if piece]


def lines_in(texts: Iterable[str]) -> int:
    """Lines of the longest of several wrapped texts; one at least."""
    return max((text.count("\n") + 1 for text in texts), default=1)


class Page:
    """A figure under a heading: title, how to read it, and a key; then panels placed in inches, and words below.

    Parameters
    ----------
    width, body
        Inches of the whole figure across, and of the panels down.
    title, words
        What is shown, and how to read it.
    key
        What the marks mean, in the order in which they are written.
    below
        Paragraphs under the panels.
    """

    def __init__(  # what stands on a page, by name
        self,
        width: float,
        body: float,
        title: str,
        words: str = "",
        key: Sequence[Mark] = (),
        below: Sequence[str] = (),
    ) -> None:
        self.width, room = width, width - 2 * MARGIN
        top = MARGIN
        parts: list[tuple[float, str, dict[str, Any]]] = []
        for text, size, bold, colour in ((title, TITLE, True, INK), (words, WORDS, False, QUIET)):
            if text:
                text = wrap(text, room, size, bold)
                parts.append(
                    (top, text, {"fontsize": size, "fontweight": "bold" if bold else "normal", "color": colour})
                )
                top += (text.count("\n") + 1) * line_height(size) + 0.06
        marks, top = _flow(key, room, top)
        self.top = top + 0.08
        bottom = self.top + body
        for text in below:
            text = wrap(text, room, SMALL + 0.5)
            parts.append((bottom, text, {"fontsize": SMALL + 0.5, "color": QUIET}))
            bottom += (text.count("\n") + 1) * line_height(SMALL + 0.5) + 0.05
        self.height = bottom + MARGIN
        self.figure = Picture(figsize=(self.width, self.height))
        for y, text, look in parts:
            self.figure.text(MARGIN / width, 1 - y / self.height, text, va="top", linespacing=1.2, **look)
        for x, y, mark, text in marks:
            self._mark(x, y, mark, text)

    def _mark(self, x: float, y: float, mark: Mark, text: str) -> None:
        """Draw an entry of the key at inches from the top left."""
        across, up = x / self.width, 1 - (y + 0.5 * line_height(KEY)) / self.height
        wide = 0.24 / self.width
        xs = [across + share * wide for share in ((0.5,) if mark.look.get("linestyle") == "" else (0.0, 0.5, 1.0))]
        line = Line2D(xs, [up] * len(xs), transform=self.figure.transFigure, markevery=[len(xs) // 2], **mark.look)
        self.figure.add_artist(line)
        self.figure.text(across + 1.25 * wide, 1 - y / self.height, text, va="top", fontsize=KEY, linespacing=1.2)

    def panel(self, left: float, top: float, width: float, height: float, **more: Any) -> Axes:
        """Axes at inches from the left edge and from the top of the body."""
        down = self.top + top + height
        place = (left / self.width, 1 - down / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(place, **more)
        axes.set_axisbelow(True)
        axes.tick_params(length=2.5, labelsize=SMALL)
        return axes

    def write(self, left: float, top: float, text: str, **look: Any) -> Text:
        """Write a wrapped text at inches from the left edge and from the top of the body."""
        look = {"va": "top", "linespacing": 1.2, "fontsize": NAME, **look}
        return self.figure.text(left / self.width, 1 - (self.top + top) / self.height, text, **look)


def _flow(key: Sequence[Mark], room: float, top: float) -> tuple[list[tuple[float, float, Mark, str]], float]:
    """Entries of a key from left to right, line below line: their places, and where the next thing goes."""
    placed, x, high = [], 0.0, 0
    for mark in key:
        text = wrap(mark.words, min(room - 0.4, 3.4), KEY)
        wide = 0.3 + width_of(text, KEY) + 0.22
        if x and x + wide > room:
            top, x, high = top + high * line_height(KEY) + 0.05, 0.0, 0
        placed.append((MARGIN + x, top, mark, text))
        x, high = x + wide, max(high, text.count("\n") + 1)
    return placed, top + high * line_height(KEY) + (0.05 if key else 0.0)


def number(value: float, _place: float | None = None) -> str:
    """A number on an axis: six digits at most, millions and billions in words."""
    for size, word in ((1e9, " bn"), (1e6, " m")):
        if size <= abs(value) < 1000 * size or (size == 1e9 and 1e12 <= abs(value) < 1e15):
            return f"{value / size:.5g}{word}".replace("-", "\u2212")
    text = f"{value:,.0f}" if abs(value) >= 1000 and abs(value) < 1e6 and value == int(value) else f"{value:.5g}"
    return text.replace("-", "\u2212")


def scale(axis: Axis, steps: int = 4, whole: bool = False) -> None:
    """Few round numbers on an axis, all in one unit (thousands, millions or billions), without an offset written apart."""
    axis.set_major_locator(MaxNLocator(nbins=steps, steps=[1, 2, 2.5, 5, 10], min_n_ticks=2, integer=whole))

    def one_unit(value: float, _place: float | None = None) -> str:
        most = max(map(abs, axis.get_view_interval()))
        for size, word in ((1e9, " bn"), (1e6, " m")):
            if size <= most < 1000 * size and 0 < abs(value) < size:
                return f"{value / size:.5g}{word}".replace("-", "\u2212")
        return number(value)

    axis.set_major_formatter(one_unit)


def short(value: float) -> str:
    """A number with two digits that count, for where there is little room: 160, 3,000, 1.2 m, 0.053."""
    if not value:
        return "0"
    rounded = float(f"{value:.2g}")
    if abs(rounded) >= 1e6:
        return number(rounded) if abs(rounded) < 1e12 else f"{rounded:.0e}".replace("-", "\u2212")
    return (f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:.2g}").replace("-", "\u2212")


def title_of(axes: Axes, text: str, size: float = NAME) -> None:
    """Write a wrapped title over a panel."""
    axes.set_title(text, fontsize=size, fontweight="bold", loc="left", pad=4, linespacing=1.2)


def guides(axes: Axes, axis: str = "y") -> None:
    """Faint lines that lead the eye."""
    axes.grid(axis=axis, color=FAINT, linewidth=0.5)  # type: ignore[arg-type]


def rest(shown: int, there: int, what: str) -> list[str]:
    """Say that a figure leaves something out, and where it is."""
    return (
        [f"{shown} of {there} {what}, in the order of the data dictionary; the rest is in the table."]
        if shown < there
        else []
    )
