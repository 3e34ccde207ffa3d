"""The right side of the page: what a reading of a study says, as HTML; every finding is that of `sim.studies.findings`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from htmltools import HTML, Tag, TagList, tags

from sim.app import name_of, say
from sim.app.reading import Answer, Reading
from sim.app.shown import charts
from sim.measures.dictionary import GROUPS, OutcomeSpec, outcome
from sim.report.parts.validation import Validation, shipped_validation
from sim.report.text.caveats import few_pairs
from sim.studies.findings import numbers
from sim.studies.findings.effects import Told, change, is_tested, per_cent_ends

MINUS = "\u2212"
LEVELS = {
    "market": ("consumers", "vendors", "platforms", "market"),
    "health": ("health",),
    "people": (),
    "crime": ("enforcement",),
    "state": (),
}
"""Levels of published facts that each group of outcomes is held against."""


def headline(reading: Answer, scale: str, coming: int = 0) -> Tag:
    """What gets better, worse and otherwise, package by package; that nothing can be told from chance; or, while pairs are coming that it takes, so."""
    told, found = reading.told(scale), reading.found(scale)
    if coming and not any(each.tested for each in told.values()):
        left = [tags.p(say("answer.pending", packages=", ".join(reading.pending)))] if reading.pending else []
        return tags.div(
            tags.h3(say("answer.early")), tags.p(say("answer.coming", coming=coming)), *left, class_="early"
        )
    boxes = [verdict(reading.titles[label], place, told[label], found[label]) for place, label in enumerate(told, 1)]
    how = f"{say('answer.how', pairs=reading.pairs)} {say('answer.scale')} {say(f'answer.{scale}')}."
    few = [tags.p(f"{line[:1].upper()}{line[1:]}", class_="alert") for line in few_pairs(reading.pairs)]
    return tags.div(*few, tags.div(*boxes, class_="verdicts"), tags.p(how, class_="hint"))


def verdict(title: str, place: int, told: Told, lines: Sequence[str]) -> Tag:
    """What gets better, worse and otherwise with a package; ``place`` gives its colour, ``lines`` are its findings in sentences."""
    sides: dict[str, list[Mapping[str, Any]]] = {"better": [], "worse": [], "other": []}
    for row in told.found:
        sides[look_of(outcome(row["outcome"]), row["mean"], True)].append(row)
    boxes = [
        tags.div(
            tags.h4(say(f"answer.{side}")), tags.ul(*[tags.li(_sentence(row)) for row in rows]), class_=f"side {side}"
        )
        for side, rows in sides.items()
        if rows
    ]
    if not told.found:
        boxes = [tags.p(plain(lines[0][:1].upper() + lines[0][1:]), class_="none")]
    rest = [line for line in lines[1:] if not line.startswith(tuple(f"{group.capitalize()}:" for group in GROUPS))]
    return tags.section(
        tags.h3(tags.span(class_=f"swatch s{place}"), title, tags.small(say("answer.against", baseline=say("answer.baseline")))),
        *boxes,
        *[tags.p(plain(line), class_="aside") for line in rest],
        class_="verdict",
    )  # fmt: skip


def _sentence(row: Mapping[str, Any]) -> str:
    text = plain(change(row))
    return text[:1].upper() + text[1:]


def plain(text: str) -> str:
    """A text with true minus signs before numbers."""
    return re.sub(r"(?<![\w-])-(?=[$\d])", MINUS, text)


def look_of(spec: OutcomeSpec, mean: float, clear: bool) -> str:
    """Whether a change is better, worse, a matter of judgement, or not told."""
    if not clear:
        return "unclear"
    if spec.better == "none":
        return "other"
    return "better" if (mean > 0) == (spec.better == "higher") else "worse"


def evidence_on(group: str, found: Validation | None) -> str:
    """How many published facts on a group of outcomes the model meets, in words; empty where no validation is known."""
    if found is None:
        return ""
    hits, of = found.met(LEVELS[group]) if LEVELS[group] else (0, 0)
    return say("effects.facts", hits=hits, of=of) if of else say("effects.no_facts")


def effects(reading: Answer, scale: str) -> TagList:
    """Every effect with its interval, by group of outcomes, a table a package."""
    every, facts = reading.rows(scale), shipped_validation()
    limit = charts.axis_limit([row["percent"] for row in every], [row["verdict"] == "found" for row in every])
    parts: list[Any] = [tags.p(say("effects.key"), class_="hint")]
    for place, label in enumerate(reading.others, 1):
        rows = [row for row in every if row["scenario"] == label]
        caption = say(
            "effects.caption", package=reading.titles[label], pairs=reading.pairs, scale=say(f"answer.{scale}")
        )
        body: list[Any] = []
        for group in GROUPS:
            mine = [row for row in rows if row["group"] == group]
            if mine:
                head = tags.th(
                    say(f"group.{group}"), tags.small(evidence_on(group, facts)), colspan="5", scope="colgroup"
                )
                body.append(tags.tr(head, class_="group"))
                body += [_effect(row, limit) for row in mine]
        parts.append(
            tags.div(
                tags.h3(tags.span(class_=f"swatch s{place}"), reading.titles[label]),
                tags.table(tags.caption(caption), _head(limit), tags.tbody(*body), class_="effects"),
                class_="wide",
            )
        )
    return TagList(*parts)


def _head(limit: float, first: str = "effects.outcome") -> Tag:
    axis = say("effects.axis", low=f"{MINUS}{limit:g}", high=f"+{limit:g}")
    names = [say(first), say("effects.level"), say("effects.change"), axis, say("effects.evidence")]
    return tags.thead(tags.tr(*[tags.th(name, scope="col") for name in names]))


def _effect(row: Mapping[str, Any], limit: float, name: Any = None) -> Tag:
    """A row: what it is, its level without the package, the change with interval, the picture, and a word on how sure it is."""
    spec = outcome(row["outcome"])
    verdict = str(row.get("verdict", "unclear"))
    known = math.isfinite(row["low"])
    look = look_of(spec, row["mean"], verdict == "found")
    words = numbers.effect(row["mean"], spec.unit)
    between = numbers.interval(row["low"], row["high"], spec.unit) if known else ""
    picture: Any = None
    if math.isfinite(row["percent"]):
        said = say(
            "effects.plot",
            label=spec.label,
            change=numbers.percent(row["percent"]),
            interval=between or say("effects.one"),
        )
        picture = HTML(charts.whisker(row["percent"], *per_cent_ends(row), limit, look, said))
    unit = (
        ""
        if spec.unit in ("index", "share", "USD", spec.label.lower()) or spec.unit in spec.label.lower()
        else spec.unit
    )
    percent = f" ({numbers.percent(row['percent'])})" if spec.unit != "share" and math.isfinite(row["percent"]) else ""
    return tags.tr(
        tags.th(name or spec.label, tags.small(unit) if unit else None, scope="row", title=spec.text),
        tags.td(numbers.level(row["baseline"], spec.unit), class_="number", **{"data-head": say("effects.level")}),
        tags.td(tags.span(plain(words + percent)), tags.small(plain(between)) if between else None, class_="number"),
        tags.td(picture, class_="picture"),
        tags.td(
            say(f"effects.{verdict if known else 'one' if math.isfinite(row['mean']) else 'nothing'}"),
            class_=f"sure {verdict}",
        ),
        class_=look,
    )


def groups(reading: Reading, scale: str, key: str, name: str) -> Tag:
    """An outcome group by group: kinds of consumer, or places."""
    table = reading.of(scale).effects_by_group
    if table is None or not len(table):
        return tags.p(say("whom.none"))
    mine = table[(table["key"] == key) & (table["outcome"] == name)]
    rows: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in mine.to_dict("records")]
    for row in rows:
        row["verdict"] = "chance" if row["excludes_zero"] else "unclear"
    limit = charts.axis_limit([row["percent"] for row in rows], [bool(row["excludes_zero"]) for row in rows])
    body: list[Any] = []
    for place, label in enumerate(reading.others, 1):
        head = tags.th(tags.span(class_=f"swatch s{place}"), reading.titles[label], colspan="5", scope="colgroup")
        body.append(tags.tr(head, class_="group"))
        for row in rows:
            if row["scenario"] == label:
                size = say(
                    "whom.orders" if outcome(name).by == "orders" else "whom.size", size=numbers.level(row["size"], "")
                )
                words = f"{size}, {say('whom.small')}" if row["too_small"] else size
                member = name_of(str(row["member"]))
                body.append(_effect(row, limit, TagList(member[:1].upper() + member[1:], tags.small(words))))
    caption = say(
        "whom.caption",
        outcome=outcome(name).label,
        key=say(f"whom.{key}"),
        pairs=reading.pairs,
        scale=say(f"answer.{scale}"),
    )
    return tags.div(
        tags.table(tags.caption(caption), _head(limit, "whom.member"), tags.tbody(*body), class_="effects"),
        class_="wide",
    )


def group_outcomes(reading: Reading, key: str) -> dict[str, str]:
    """The outcomes that can be had by a grouping, with what people call them; harm first."""
    table = reading.real.effects_by_group
    if table is None:
        return {}
    there = dict.fromkeys(table.loc[table["key"] == key, "outcome"])
    first = [
        name
        for name in ("deaths_expected", "overdoses_expected", "unmet_need_days", "consumers_criminalised")
        if name in there
    ]
    rest = [name for name in there if name not in first and is_tested(name) and not outcome(name).detail]
    return {name: outcome(name).label for name in (*first, *rest)}


def group_choices(key: str, names: Mapping[str, str], chosen: str) -> Tag:
    """What to group by, and which outcome to look at."""
    keys = {each: say(f"whom.{each}").capitalize() for each in ("segment", "jurisdiction")}
    return tags.div(
        select("group-key", say("whom.key"), keys, key),
        select("group-outcome", say("whom.outcome"), names, chosen),
        class_="choices",
    )


def select(name: str, words: str, options: Mapping[str, str], chosen: str) -> Tag:
    """A choice among options, with its label."""
    made = [tags.option(text, value=value, selected="" if value == chosen else None) for value, text in options.items()]
    box = tags.select(*made, id=name, class_="input", **{"data-input": name.replace("-", "_")})
    return tags.div(tags.label(words, for_=name, class_="label"), box)


def records_of(frame: Any) -> list[dict[str, Any]]:
    """The rows of a frame."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
