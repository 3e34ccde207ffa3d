"""More sheets of the answer: days, where trade goes, cost, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from htmltools import HTML, Tag, TagList, tags

from sim.app import name_of, say
from sim.app.plan import DAILY, HARM, Package, Plan
from sim.app.reading import Early, Reading
from sim.app.shown import charts
from sim.app.shown.answer import plain, records_of
from sim.measures.dictionary import outcome
from sim.report.parts import change as changing
from sim.report.parts import doubt, flows
from sim.report.parts.material import of_pairs
from sim.report.text import caveats
from sim.studies.findings import numbers, ratios

if TYPE_CHECKING:
    from pandas import DataFrame

EARLY = ("short", "time")
"""Sheets that show the first pair while it is at work."""


def over_time(reading: Reading, scale: str, plan: Plan) -> TagList:
    """Trade by channel and harm over the days of the run, with the starts of interventions."""
    comparison = reading.of(scale)
    titles = {label: reading.titles[label] for label in comparison.scenarios}
    return TagList(
        *_days(comparison.daily, titles, plan, plan.size.days),
        tags.p(say("time.caption", pairs=reading.pairs, scale=say(f"answer.{scale}")), class_="hint"),
    )


def so_far(early: Early, scale: str, plan: Plan) -> TagList:
    """The first pair while it is at work: what it is, what it is not, and its days so far."""
    labels = list(early.titles)
    begin = {label: _first_day(plan.packages[plan.labels.index(label)]) for label in labels[1:]}
    later = [
        tags.p(say("early.later", package=early.titles[label], start=f"{start:,}"))
        for label, start in begin.items()
        if start >= early.day
    ]
    words = say("early.what", day=f"{early.day:,}", days=f"{early.days:,}")
    return TagList(
        tags.div(tags.h3(say("early.title")), tags.p(words), *later, class_="early"),
        *_days(early.of(scale), early.titles, plan, early.day),
        tags.p(say("early.caption", scale=say(f"answer.{scale}")), class_="hint"),
    )


def _starts(package: Package) -> list[int]:
    """The days on which interventions of a package begin, as far as these are fixed."""
    return [entry["start"] for entry in package.policies if isinstance(entry.get("start"), int)]


def _first_day(package: Package) -> int:
    """The first day on which a package can do anything, as far as its interventions say; 0 where one of them does not."""
    starts = [entry.get("start", 0) for entry in package.policies]
    return min((start if isinstance(start, int) else 0 for start in starts), default=0)


def _days(daily: DataFrame, titles: Mapping[str, str], plan: Plan, days: int) -> list[Any]:
    """Pictures of so many days of trade and harm: of the baseline, whose title comes first, and of packages."""
    baseline = next(iter(titles))
    starts = {label: _starts(package) for label, package in zip(plan.labels, plan.packages, strict=True)}

    def picture(name: str) -> Tag:
        bands = {label: charts.band_of(daily, label, name) for label in titles}
        title = outcome(name).label.partition(": ")[2] or outcome(name).label
        first, *others = bands.items()
        text = say(
            "time.plot", label=outcome(name).label, days=days, baseline=numbers.level(first[1].mean, ""),
            others=", ".join(say("time.other", name=titles[label], level=numbers.level(band.mean, "")) for label, band in others),
        )  # fmt: skip
        svg = charts.days_picture(bands, baseline, starts, text, say("package.day", day="").strip(), plan.size.days)
        return tags.figure(tags.figcaption(title[:1].upper() + title[1:]), HTML(svg))

    there = [name for name in DAILY if name in daily.columns]
    trade, harm = [name for name in there if name not in HARM], [name for name in there if name in HARM]
    return [
        legend(list(titles.values())[1:]),
        tags.h3(say("time.trade")), tags.div(*map(picture, trade), class_="pictures"),
        tags.h3(say("time.harm")), tags.div(*map(picture, harm), class_="pictures"),
    ]  # fmt: skip


def legend(packages: Sequence[str]) -> Tag:
    """Which line is which."""
    names = [say("answer.baseline"), *packages]
    dashes = ("4 3", *charts.DASHES)
    items = [
        tags.li(HTML(charts.key("base" if k == 0 else f"s{k}", dashes[k])), name) for k, name in enumerate(names)
    ]  # fmt: skip
    return tags.ul(*items, class_="legend")


def moves(reading: Reading, scale: str) -> TagList:
    """Where trade goes: shares of channels and of places with nothing new and in each package, and how far it moved."""
    effects = reading.real.effects
    parts: list[Any] = [
        tags.p(say("moves.lead")),
        tags.p(say("moves.scale", scale=say(f"answer.{scale}")), class_="hint"),
    ]
    shown = reading.of(scale)
    moved = {label: flows.flows(shown.outcomes, shown.baseline, label) for label in shown.others}
    for name in ("displacement_channel", "displacement_jurisdiction"):
        lines = [
            say("moves.distance", package=reading.titles[row["scenario"]], **_level(row))
            for row in records_of(effects[effects["outcome"] == name])
        ]
        prefix = "share_from_" if name == "displacement_jurisdiction" else "share_"
        rows = [
            row for row in records_of(effects)
            if row["outcome"].startswith(prefix) and (prefix == "share_from_") == row["outcome"].startswith("share_from_")
        ]  # fmt: skip
        if rows:
            head = say("moves.places" if prefix == "share_from_" else "moves.channels")
            between = flows.PLACES if prefix == "share_from_" else flows.CHANNELS
            told = [
                f"{reading.titles[label]}: {flows.said(found[between], between)}"
                for label, found in moved.items()
                if between in found
            ]
            parts += [tags.h3(head), _list(told), _shares(reading, rows), _list(lines)]
    return TagList(*parts, tags.p(say("moves.caption", pairs=reading.pairs), class_="hint"))


def _level(row: Mapping[str, Any]) -> dict[str, str]:
    """A distance with its interval, as text; none is below zero."""
    return {
        word: numbers.level(max(row[key], 0.0), "share")
        for word, key in (("share", "mean"), ("low", "low"), ("high", "high"))
    }


def _shares(reading: Reading, rows: Sequence[Mapping[str, Any]]) -> Tag:
    """A bar a share for nothing new and for each package, with the change in words."""
    names = list(dict.fromkeys(row["outcome"] for row in rows))
    blocks = []
    for name in names:
        mine = [row for row in rows if row["outcome"] == name]
        place = name.removeprefix("share_from_")
        label = name_of(place) if place != name else outcome(name).label.partition(": ")[2] or outcome(name).label
        lines = [_bar(say("answer.baseline"), mine[0]["baseline"], "base", "")]
        for number, scenario in enumerate(reading.others, 1):
            row = next((each for each in mine if each["scenario"] == scenario), None)
            if row is not None:
                words = f"{numbers.effect(row['mean'], 'share')} ({numbers.interval(row['low'], row['high'], 'share')})"
                lines.append(_bar(reading.titles[scenario], row["baseline"] + row["mean"], f"s{number}", plain(words)))
        blocks.append(tags.div(tags.h4(label[:1].upper() + label[1:]), *lines, class_="share"))
    return tags.div(*blocks, class_="shares")


def _bar(name: str, value: float, look: str, words: str) -> Tag:
    """A share as a bar, of which the whole width is all trade."""
    wide = 100 * min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0
    return tags.div(
        tags.span(name, class_="who"),
        tags.span(
            tags.span(class_=f"fill {look}", style=f"width:{wide:.1f}%"), class_="meter", **{"aria-hidden": "true"}
        ),
        tags.span(numbers.level(value, "share"), tags.small(words) if words else None, class_="number"),
        class_="bar-line",
    )


def cost(reading: Reading, scale: str) -> TagList:
    """What each package costs and what that buys, as a table, a picture and sentences."""
    real = reading.of(scale)
    per = ratios.cost_per(real.outcomes, real.effects, real.baseline)
    found = {(row["scenario"], row["outcome"]): row for row in records_of(real.effects)}
    spots, rows = [], []
    for label in real.others:
        spent, net, deaths = (
            found.get((label, name)) for name in ("policy_cost_usd", "net_social_cost_usd", "deaths_expected")
        )
        if spent is not None and deaths is not None:
            spots.append(
                charts.Spot(
                    reading.titles[label],
                    (-deaths["mean"], -deaths["high"], -deaths["low"]),
                    (spent["mean"], spent["low"], spent["high"]),
                )
            )
        cells = [_amount(row, word) for row, word in ((spent, "price"), (net, "net"))]
        said = [ratios.said(row) for row in records_of(per[per["scenario"] == label])] if len(per) else []
        rows.append(
            tags.tr(
                tags.th(reading.titles[label], scope="row"),
                *cells,
                tags.td(*[tags.div(plain(line[:1].upper() + line[1:] + ".")) for line in said]),
            )
        )
    head = tags.thead(
        tags.tr(
            tags.th(""),
            *[tags.th(say(f"cost.{word}"), scope="col") for word in ("price", "net")],
            tags.th(say("cost.ratio"), scope="col"),
        )
    )
    words = (
        f"{say('cost.chart')} {say('answer.n', pairs=reading.pairs)}. {say('answer.scale')} {say(f'answer.{scale}')}."
    )
    picture = HTML(charts.plane(spots, (say("cost.x"), say("cost.y")), say("cost.chart"))) if spots else None
    return TagList(
        tags.p(say("cost.lead")), tags.figure(picture, tags.figcaption(words, class_="hint")),
        tags.div(tags.table(head, tags.tbody(*rows), class_="plain"), class_="wide"), tags.p(say("cost.limits"), class_="hint"),
    )  # fmt: skip


def _amount(row: Mapping[str, Any] | None, word: str) -> Tag:
    """An amount of money with its interval below."""
    head = {"data-head": say(f"cost.{word}")}
    if row is None:
        return tags.td(numbers.NOTHING, class_="number", **head)
    between = numbers.interval(row["low"], row["high"], "USD")
    return tags.td(plain(numbers.effect(row["mean"], "USD")), tags.small(plain(between)), class_="number", **head)


def sure(reading: Reading, scale: str) -> TagList:
    """What would change the conclusion, what doubt is of chance and what of assumed numbers, and what to know before believing any of it."""
    pairs = reading.of(scale)
    material = of_pairs(pairs)
    change = [_titled(line, reading) for line in changing.would_change(material)]
    wanted = [
        say(
            "sure.more",
            package=reading.titles[each.scenario],
            outcome=each.outcome,
            interval=each.interval,
            pairs=each.wanted,
        )
        for each in changing.open_questions(material)
    ]
    warned = caveats.few_pairs(pairs.runs)
    return TagList(
        *[tags.p(line[:1].upper() + line[1:], class_="alert") for line in warned],
        tags.h3(say("sure.change")), _list([*change, *wanted] or [say("sure.nothing")]),
        tags.h3(say("sure.chance")), _list(doubt.chance(material)),
        tags.h3(say("sure.parameters")), _list(doubt.parameters(material)),
        tags.h3(say("sure.assumed")), *[tags.p(*_bold(line)) for line in caveats.preface(pairs.scenarios, pairs.runs, pairs.baseline)],
        tags.h3(say("sure.limits")), _list(caveats.limits(pairs.scenarios, pairs.baseline)),
    )  # fmt: skip


def _list(lines: Sequence[str]) -> Tag:
    return tags.ul(*[tags.li(plain(line.replace("`", ""))) for line in lines])


def _titled(line: str, reading: Reading) -> str:
    """A sentence that begins with the label of a package, with the package's name instead."""
    label, _, rest = line.partition(": ")
    return f"{reading.titles[label]}: {rest}" if label in reading.titles and rest else line


def _bold(line: str) -> list[Any]:
    """A line in which what stands between two stars is strong, and code is code."""
    return [tags.strong(part) if k % 2 else part.replace("`", "") for k, part in enumerate(line.split("**"))]
