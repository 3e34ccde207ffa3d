"""The timeline of a package: a bar an intervention over the days of the run, its ends to be dragged or moved with keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from htmltools import Tag, tags

from sim.app import say
from sim.app.cards import cards
from sim.app.plan import Plan


def timeline(plan: Plan, number: int, editing: tuple[int, int] | None) -> Tag:
    """A bar an intervention over the days of the run; each opens its card."""
    package, days = plan.packages[number], plan.size.days
    rows = []
    for place, entry in enumerate(package.policies):
        start, end = span_of(entry, days)
        here, card = editing == (number, place), cards()[str(entry["kind"])]
        waits = bool(entry.get("when") or entry.get("after"))
        rows.append(
            tags.div(
                tags.button(
                    tags.span(title(entry), class_="what"), tags.span(when(entry, plan), class_="when"),
                    type="button", class_="intervention open" if here else "intervention",
                    **{"data-do": f"edit:{number}:{place}", "aria-expanded": str(here).lower()},
                ),
                tags.div(
                    tags.span(
                        class_="bar waits" if waits else "bar", title=say("package.drag"),
                        style=f"left:{100 * start / days:.1f}%;width:{max(1.5, 100 * (end - start) / days):.1f}%",
                    ),
                    *[
                        _grip(word, f"policy:{number}:{place}:{word}", title(entry), day, days)
                        for word, day, known in (("start", start, "start" in card.paths), ("end", end, "end" in card.paths)) if known
                    ],
                    class_="track", **{"data-days": str(days)},
                ),
                class_="on-timeline",
            )
        )  # fmt: skip
    scale = tags.div(
        tags.span(say("package.day", day=0)), tags.span(say("package.day", day=f"{days:,}")), class_="scale", **{"aria-hidden": "true"}
    )  # fmt: skip
    words = say("package.timeline", name=package.name, count=len(package.policies), days=days)
    return tags.div(*rows, scale, class_="timeline", role="group", **{"aria-label": words})


def _grip(word: str, where: str, name: str, day: float, days: int) -> Tag:
    """An end of a bar: dragged with a mouse or a finger, or moved with the arrow keys."""
    words = say(f"package.{word}", name=name)
    return tags.span(
        class_=f"grip {word}", id=f"grip-{where}".replace(":", "-"), role="slider", tabindex="0", style=f"left:{100 * day / days:.1f}%",
        **{
            "data-grip": where, "aria-label": words, "aria-valuemin": "0", "aria-valuemax": str(days), "aria-valuenow": f"{day:g}",
            "aria-valuetext": say("package.day", day=f"{day:g}"),
        },
    )  # fmt: skip


def span_of(entry: Mapping[str, Any], days: int) -> tuple[float, float]:
    """First day and end of an intervention inside the run, as far as they are days."""
    start, end = entry.get("start", 0), entry.get("end")
    first = min(max(float(start), 0.0), float(days)) if isinstance(start, int | float) else 0.0
    last = min(float(end), float(days)) if isinstance(end, int | float) else float(days)
    return first, max(last, first)


def title(entry: Mapping[str, Any]) -> str:
    """What people call an intervention."""
    card = cards().get(str(entry.get("kind")))
    return card.title if card else str(entry.get("kind"))


def when(entry: Mapping[str, Any], plan: Plan) -> str:
    """When an intervention is on, in a few words."""
    after = entry.get("after")
    if isinstance(after, Mapping):
        return say("package.after", days=after.get("days", 0), what=after.get("policy", ""))
    words = say("package.from", day=entry.get("start", 0))
    if entry.get("end") is not None:
        words += " " + say("package.until", day=entry["end"])
    return f"{words}, {say('package.when')}" if entry.get("when") else words


def summary(entry: Mapping[str, Any], plan: Plan) -> str:
    """An intervention in a few words."""
    return f"{title(entry)} ({when(entry, plan)})"
