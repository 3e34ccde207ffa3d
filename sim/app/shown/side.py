"""The sheet on which two answers stand side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from htmltools import HTML, Tag, TagList, tags

from sim.app import say
from sim.app.beside import Beside, Side
from sim.app.shown import charts
from sim.app.shown.answer import look_of, plain, select, verdict
from sim.measures.dictionary import GROUPS, outcome
from sim.studies.findings import numbers

SIDES = ("one", "other")


def ask(link: str) -> Tag:
    """The box for the link of another answer."""
    box = tags.input(
        type="text",
        id="beside-link",
        value=link,
        class_="input",
        placeholder=say("beside.none"),
        **{"data-set": "beside:"},
    )
    return tags.div(
        tags.label(say("beside.link"), for_="beside-link", class_="label"), box, tags.p(say("beside.help"), class_="hint"), class_="field"
    )  # fmt: skip


def choices(titles: Sequence[Mapping[str, str]], chosen: Sequence[str]) -> Tag:
    """Which package of each answer is looked at."""
    made = [
        select(f"beside-{name}", say(f"beside.{name}"), each, label) for name, each, label in zip(SIDES, titles, chosen, strict=True)
    ]  # fmt: skip
    return tags.div(*made, class_="choices")


def sheet(sides: Sequence[Side], both: Beside, scale: str) -> TagList:
    """Headlines and effects of two packages, and their difference."""
    heads = []
    for place, side in enumerate(sides, 1):
        told, found = side.reading.told(scale)[side.label], side.reading.found(scale)[side.label]
        size = say("beside.size", consumers=f"{side.plan.size.consumers:,}", days=side.plan.size.days)
        heads.append(
            tags.div(
                tags.p(side.plan.question, class_="aside"),
                verdict(side.title, place, told, found),
                tags.p(f"{say('answer.n', pairs=side.reading.pairs)}; {size}", class_="hint"),
            )
        )
    first, second = (side.title for side in sides)
    words = say("beside.caption", one=first, other=second, scale=say(f"answer.{scale}"))
    note = say("beside.pairs", pairs=both.seeds) if both.difference else say("beside.why_not", why=both.why_not)
    return TagList(
        tags.div(*heads, class_="verdicts pair"),
        tags.p(note, class_="note" if both.difference else "alert", id="beside-note"),
        tags.div(tags.table(tags.caption(words), _head(sides, both), tags.tbody(*_body(both)), class_="effects beside"), class_="wide"),
    )  # fmt: skip


def _limit(both: Beside) -> float:
    rows = list(both.difference.values())
    return charts.axis_limit([row["percent"] for row in rows], [row["verdict"] == "found" for row in rows])


def _head(sides: Sequence[Side], both: Beside) -> Tag:
    names = [tags.th(say("effects.outcome"), scope="col")]
    names += [
        tags.th(tags.span(class_=f"swatch s{place}"), side.title, scope="col") for place, side in enumerate(sides, 1)
    ]
    if both.difference:
        limit = _limit(both)
        axis = say("beside.axis", low=f"\u2212{limit:g}", high=f"+{limit:g}")
        names += [tags.th(word, scope="col") for word in (say("beside.difference"), axis, say("effects.evidence"))]
    return tags.thead(tags.tr(*names))


def _body(both: Beside) -> list[Tag]:
    limit = _limit(both) if both.difference else 1.0
    found: list[Tag] = []
    for group in GROUPS:
        names = [name for name in both.one if name in both.other and outcome(name).group == group]
        if names:
            span = "6" if both.difference else "3"
            found.append(tags.tr(tags.th(say(f"group.{group}"), colspan=span, scope="colgroup"), class_="group"))
            found += [_row(name, both, limit) for name in names]
    return found


def _row(name: str, both: Beside, limit: float) -> Tag:
    spec = outcome(name)
    difference = both.difference.get(name)
    cells: list[Any] = [_amount(both.one[name], "one"), _amount(both.other[name], "other")]
    look = "unclear"
    if difference is not None:
        look = look_of(spec, difference["mean"], difference["verdict"] == "found")
        cells += [
            _amount(difference, "difference"),
            tags.td(_picture(difference, limit, look, spec.label), class_="picture"),
        ]
        cells.append(tags.td(say(f"effects.{difference['verdict']}"), class_=f"sure {difference['verdict']}"))
    return tags.tr(tags.th(spec.label, scope="row", title=spec.text), *cells, class_=look)


def _amount(row: Mapping[str, Any], word: str) -> Tag:
    """An effect with its interval below."""
    unit = outcome(row["outcome"]).unit
    between = numbers.interval(row["low"], row["high"], unit) if math.isfinite(row["low"]) else ""
    return tags.td(
        plain(numbers.effect(row["mean"], unit)), tags.small(plain(between)) if between else None,
        class_="number", **{"data-head": say(f"beside.{word}")},
    )  # fmt: skip


def _picture(row: Mapping[str, Any], limit: float, look: str, label: str) -> Any:
    if not math.isfinite(row["percent"]):
        return None
    per = 100 / abs(row["baseline"])
    said = say(
        "effects.plot", label=label, change=numbers.percent(row["percent"]),
        interval=numbers.interval(row["low"], row["high"], outcome(row["outcome"]).unit),
    )  # fmt: skip
    return HTML(charts.whisker(row["percent"], row["low"] * per, row["high"] * per, limit, look, said))
