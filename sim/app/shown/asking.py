"""The left side of the page: packages with their timelines, the cards, the size; HTML made of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from htmltools import Tag, tags

from sim.app import name_of, say
from sim.app.cards import Card, Setting, cards
from sim.app.plan import MOST_INTERVENTIONS, MOST_PACKAGES, Plan
from sim.app.shown.timeline import summary, timeline

CONSUMERS = (1_000, 2_000, 5_000, 10_000, 20_000)
YEARS = (1, 2, 3, 5)
PAIRS = (4, 8, 16, 32)


def button(words: str, do: str, look: str = "quiet", **more: Any) -> Tag:
    """A button that says to the server what to do."""
    return tags.button(words, type="button", class_=f"button {look}", **{"data-do": do}, **more)


def question(plan: Plan) -> Tag:
    """The question in words, to be changed."""
    words = say("start.question")
    box = tags.textarea(
        plan.question, rows="5", maxlength="2000", class_="input", **{"data-set": "question:", "aria-label": words}
    )
    return tags.div(box, tags.p(words, class_="hint"), class_="question")


def packages(plan: Plan, editing: tuple[int, int] | None) -> Tag:
    """Every package with its name, its timeline and its interventions."""
    found = [_package(plan, number, editing) for number in range(len(plan.packages))]
    if len(plan.packages) < MOST_PACKAGES:
        found.append(button(say("package.new"), "package", "wide"))
    else:
        found.append(tags.p(say("package.most", most=MOST_PACKAGES), class_="hint"))
    if plan.happens:
        what = ", ".join(summary(entry, plan) for entry in plan.happens)
        found.insert(0, tags.p(say("start.anyway", what=what), class_="hint"))
    return tags.div(*found, class_="packages")


def _package(plan: Plan, number: int, editing: tuple[int, int] | None) -> Tag:
    package = plan.packages[number]
    name = tags.input(
        type="text", value=package.name, maxlength="80", class_="name", id=f"name-{number}",
        **{"data-set": f"name:{number}", "aria-label": say("package.name")},
    )  # fmt: skip
    full = len(package.policies) >= MOST_INTERVENTIONS
    return tags.section(
        tags.div(tags.span(class_=f"swatch s{number + 1}"), name, class_="package-head"),
        timeline(plan, number, editing) if package.policies else tags.p(say("package.empty"), class_="hint"),
        tags.div(
            None if full else button(say("package.add"), f"choose:{number}", "small strong", id=f"add-{number}"),
            button(say("package.copy"), f"copy:{number}", "small") if len(plan.packages) < MOST_PACKAGES else None,
            button(say("package.save"), f"save:{number}", "small"),
            button(
                say("package.remove"),
                f"drop:{number}",
                "small",
                **{"aria-label": f"{say('package.remove')} {package.name}"},
            ),
            class_="row",
        ),
        class_=f"package s{number + 1}",
    )


def chooser(number: int) -> Tag:
    """Every card that can be added to a package."""
    found = [_offer(card, number) for card in sorted(cards().values(), key=lambda card: (card.outside, card.title))]
    return tags.div(
        tags.div(tags.h3(say("card.choose"), id="panel-title"), button(say("card.close"), "close", "small"), class_="panel-head"),
        tags.input(type="search", placeholder=say("card.search"), class_="search", **{"data-filter": ".offer", "aria-label": say("card.search")}),
        tags.div(*found, class_="offers"),
        class_="panel", role="dialog", **{"aria-labelledby": "panel-title"},
    )  # fmt: skip


def _offer(card: Card, number: int) -> Tag:
    return tags.div(
        tags.div(
            tags.h4(card.title, tags.span(say("card.outside"), class_="tag") if card.outside else None),
            button(
                say("card.add"),
                f"add:{number}:{card.kind}",
                "small strong",
                **{"aria-label": f"{say('card.add')}: {card.title}"},
            ),
            class_="panel-head",
        ),
        tags.p(card.purpose or card.about),
        tags.details(tags.summary(say("card.does")), _about(card)),
        class_="offer",
    )


def _about(card: Card) -> Tag:
    """What a card says, in pairs of a word and a text."""
    lines = [
        ("does", card.about),
        ("evidence", card.evidence),
        ("fail", card.can_fail),
        ("cost", card.cost),
        ("place", card.place),
        ("extent", card.extent),
    ]
    return tags.dl(*[each for word, text in lines if text for each in (tags.dt(say(f"card.{word}")), tags.dd(text))])


def editor(plan: Plan, number: int, place: int) -> Tag:
    """The card of an intervention that is in a package, with everything that can be set of it."""
    entry = plan.packages[number].policies[place]
    card = cards()[str(entry["kind"])]
    at = f"{number}:{place}"
    groups = (("times", card.times), ("whom", card.whom), ("own", card.own))
    shown = [
        tags.fieldset(tags.legend(say(f"card.{word}")), *[_field(each, entry, at, plan) for each in settings])
        for word, settings in groups
        if settings
    ]
    conditions = tags.details(
        tags.summary(say("card.conditions")),
        tags.p(say("card.conditions_help"), class_="hint"),
        *[_field(each, entry, at, plan) for each in card.conditions],
        open="" if any(each in entry for each in ("when", "after", "every", "lasting")) else None,
    )
    return tags.div(
        tags.div(tags.h3(card.title, id="panel-title"), button(say("card.done"), "close", "small strong"), class_="panel-head"),
        tags.p(card.purpose, class_="purpose"),
        tags.details(tags.summary(say("card.does")), _about(card)),
        *shown,
        conditions,
        button(say("card.remove"), f"remove:{at}", "small warn"),
        class_="panel", role="dialog", **{"aria-labelledby": "panel-title"},
    )  # fmt: skip


def value_of(entry: Mapping[str, Any], path: str) -> Any:
    """The value of a setting in an intervention; None where it is not set."""
    outer, _, inner = path.partition(".")
    found = entry.get(outer)
    return (found.get(inner) if isinstance(found, Mapping) else None) if inner else found


def _field(setting: Setting, entry: Mapping[str, Any], at: str, plan: Plan) -> Tag:
    """A setting with its widget, and what its text says of range and source."""
    name = f"set-{at}-{setting.path}".replace(":", "-").replace(".", "-")
    given = value_of(entry, setting.path)
    mark = {"data-set": f"policy:{at}:{setting.path}"}
    widget: Any
    if setting.widget in ("several", "flag"):
        widget = _ticks(setting, given, name, mark)
        head = None if setting.widget == "flag" else tags.span(setting.name, class_="label", id=f"{name}-label")
    else:
        widget = _widget(setting, given, name, mark, plan)
        head = tags.label(setting.name, for_=name, class_="label")
    return tags.div(head, widget, tags.p(setting.text, class_="hint", id=f"{name}-hint"), class_="field")


def _ticks(setting: Setting, given: Any, name: str, mark: dict[str, str]) -> Tag:
    if setting.widget == "flag":
        on = bool(setting.default if given is None else given)
        box = tags.input(type="checkbox", id=name, checked="" if on else None, **mark)
        return tags.label(box, setting.name, class_="tick", for_=name)
    chosen = set(given or ())
    boxes = [
        tags.label(
            tags.input(type="checkbox", value=each, checked="" if each in chosen else None, **mark),
            name_of(each),
            class_="tick",
        )
        for each in setting.choices
    ]
    return tags.div(*boxes, class_="ticks", role="group", **{"aria-labelledby": f"{name}-label", "data-several": ""})


def _widget(setting: Setting, given: Any, name: str, mark: dict[str, str], plan: Plan) -> Any:
    hint = {"aria-describedby": f"{name}-hint"}
    now = setting.default if given is None else given
    if setting.widget == "choice":
        options = (
            []
            if (setting.default is not None and given is None) or setting.default is not None
            else [("", say("card.none"))]
        )
        options += [(each, name_of(each)) for each in setting.choices]
        return tags.select(
            *[tags.option(words, value=value, selected="" if str(now if now is not None else "") == value else None) for value, words in options],
            id=name, class_="input", **mark, **hint,
        )  # fmt: skip
    text = "" if now is None else f"{now:g}" if isinstance(now, float) else str(now)
    low, high, step = (
        (0.0, float(plan.size.days), 1.0) if setting.widget == "day" else (setting.low, setting.high, setting.step)
    )
    box = tags.input(
        type="number" if setting.widget in ("slider", "number", "day") else "text", id=name, value=text, class_="input number",
        step="any", maxlength="200", placeholder=say("package.always") if setting.path == "end" else say("card.none") if text == "" else None, **mark, **hint,
    )  # fmt: skip
    if setting.widget not in ("slider", "day"):
        return box
    slide = tags.input(
        type="range", min=f"{low:g}", max=f"{high:g}", step=f"{step:g}", value=text or f"{high:g}",
        **{"data-twin": name, "aria-label": setting.name, "aria-describedby": f"{name}-hint"},
    )  # fmt: skip
    ends = tags.span(f"{low:,g}", tags.span(f"{high:,g}"), class_="ends", **{"aria-hidden": "true"})
    return tags.div(tags.div(slide, ends, class_="slide"), box, class_="slider")


def size(plan: Plan, limits: str) -> Tag:
    """How large the comparison is, and what the server allows, said before."""
    rows = (
        ("consumers", plan.size.consumers, CONSUMERS, say("size.consumers_help")),
        ("days", plan.size.days, tuple(365 * year for year in YEARS), ""),
        ("pairs", plan.size.pairs, PAIRS, say("size.pairs_help")),
    )
    return tags.div(*[_choice(*row) for row in rows], tags.p(limits, class_="hint"))


def _choice(name: str, now: int, usual: Sequence[int], text: str) -> Tag:
    """A number with the usual ones offered."""
    return tags.div(
        tags.label(say(f"size.{name}"), for_=f"size-{name}", class_="label"),
        tags.input(
            type="number", id=f"size-{name}", value=str(now), list=f"usual-{name}", min="1", class_="input number", **{"data-set": f"size:{name}"}
        ),
        tags.datalist(*[tags.option(value=str(each)) for each in usual], id=f"usual-{name}"),
        tags.p(text, class_="hint") if text else None,
        class_="field line",
    )  # fmt: skip
