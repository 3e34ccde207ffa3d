"""Figures inside a page: SVG with a name and a text for those who do not see it, no script, and ids that no other figure has."""

from __future__ import annotations

import re
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

from sim.report.figures.style import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEFT_OUT = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL)
_ID = re.compile(r'(\bid="|href="#|url\(#)')
_LONG = re.compile(r"(?<![\d.])([1-9]\d*\.\d\d)\d+")
"""Digits of points that nobody sees; factors below 1 keep theirs."""
_HEAD = re.compile(r'<svg([^>]*?) width="([\d.]+)pt" height="([\d.]+)pt"([^>]*)>')


def inline_svg(figure: Figure | str, name: str, title: str, words: str) -> str:
    """A figure as an `svg` element for a page: letters are outlines, so that it looks the same everywhere.

    Parameters
    ----------
    figure
        The figure, or the text of an SVG file that `save_figure` wrote.
    name
        Goes before every id in it; unique in the page, made of letters, digits and dashes.
    title, words
        What it shows, and what it says, for those who do not see it.

    Returns
    -------
    str
        The element; title and words are escaped, everything else was drawn.

    Raises
    ------
    ValueError
        If the name can be no id, or the text is no SVG that Matplotlib wrote.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
        raise ValueError(f"{name!r} can be no id")
    text = _LEFT_OUT.sub("", figure if isinstance(figure, str) else _drawn(figure))
    head = _HEAD.search(text)
    if head is None or "<script" in text.lower():
        raise ValueError("this is no SVG of a figure")
    body = _ID.sub(lambda found: f"{found[1]}{name}-", text[head.end() :])
    body = _LONG.sub(r"\1", re.sub(r"\s*\n\s*", " ", body)).strip()
    wide = round(float(head[2]) * 4 / 3)
    return (
        f'<svg{head[1]}{head[4]} role="img" width="{wide}" aria-labelledby="{name}-title {name}-words">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-words">{escape(words)}</desc>{body}'
    )


def _drawn(figure: Figure) -> str:
    buffer = StringIO()
    with style():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
