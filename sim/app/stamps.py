"""The stamp of a figure that is taken away: what it answers, with which version, of which study, how old, and that it is simulated."""

from __future__ import annotations

import io
import re
import textwrap
from html import escape
from pathlib import Path

from sim._version import __version__
from sim.app import say
from sim.app.plan import Plan

LETTERS = 120
"""Letters of a line of the stamp, at most."""
LINE, EDGE = 13.0, 6.0
"""Height of a line, and room around the stamp, in points."""
POINTS_PER_INCH = 72
SIZE = re.compile(rb'<svg [^>]*?height="([0-9.]+)pt"[^>]*?viewBox="0 0 ([0-9.]+) ([0-9.]+)"', re.DOTALL)


def lines(plan: Plan, identity: str, made: str) -> list[str]:
    """The stamp of a study, line by line.

    Parameters
    ----------
    plan
        What it asks.
    identity
        Which study it is.
    made
        When its runs were done.
    """
    question = textwrap.shorten(plan.question, 2 * LETTERS, placeholder=" \u2026") or say("stamp.none")
    rest = say(
        "stamp.rest",
        version=__version__,
        identity=identity,
        made=made,
        pairs=plan.size.pairs,
        consumers=f"{plan.size.consumers:,}",
    )
    return [*textwrap.wrap(question, LETTERS), *textwrap.wrap(rest, LETTERS)]


def stamped(name: str, content: bytes, text: list[str]) -> bytes:
    """A figure with the stamp below it; what is no figure that can be stamped stays as it is.

    Parameters
    ----------
    name
        Name of the file; its ending says which kind of figure it is.
    content
        The figure.
    text
        Lines of the stamp.
    """
    if name.endswith(".svg"):
        return _on_svg(content, text)
    return _on_png(content, text) if name.endswith(".png") else content


def _on_svg(content: bytes, text: list[str]) -> bytes:
    found = SIZE.search(content)
    if found is None:
        return content
    width, height = float(found[2]), float(found[3])
    more = len(text) * LINE + 2 * EDGE
    head = found[0].replace(b'height="' + found[1], b'height="%g' % (float(found[1]) + more))
    head = head.replace(b"0 0 " + found[2] + b" " + found[3], b"0 0 %g %g" % (width, height + more))
    size = min(8.0, 1.9 * width / LETTERS)
    rows = "".join(
        f'<text x="{EDGE}" y="{height + EDGE + (k + 0.8) * LINE:g}" font-size="{size:g}" fill="#535c66" '
        f'font-family="sans-serif">{escape(line)}</text>'
        for k, line in enumerate(text)
    )
    paper = f'<rect x="0" y="{height:g}" width="{width:g}" height="{more:g}" fill="#ffffff"/>'
    body = content.replace(found[0], head, 1)
    start, end, rest = body.rpartition(b"</svg>")
    return start + f'<g class="stamp">{paper}{rows}</g>'.encode() + end + rest


def _on_png(content: bytes, text: list[str]) -> bytes:
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.open(io.BytesIO(content)).convert("RGB")
    dots = picture.info.get("dpi", (200, 200))[0] / POINTS_PER_INCH
    line, edge = round(LINE * dots), round(EDGE * dots)
    size = max(8, round(min(8.0 * dots, 1.9 * picture.width / LETTERS)))
    font = ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
    whole = Image.new("RGB", (picture.width, picture.height + len(text) * line + 2 * edge), "white")
    whole.paste(picture, (0, 0))
    pen = ImageDraw.Draw(whole)
    for k, words in enumerate(text):
        pen.text((edge, picture.height + edge + k * line), words, fill="#535c66", font=font)
    buffer = io.BytesIO()
    whole.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
