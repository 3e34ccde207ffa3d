"""What must be known of effects by group: how many are chance, and which groups are too small to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.by_group import CROSS, ORDERS
from sim.measures.dictionary import outcome
from sim.studies.findings import numbers
from sim.studies.findings.effects import is_tested, told_apart
from sim.studies.runs.by_group import FEWEST

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN = 8
"""Groups that are named in a line."""


PLACES = {
    "north_america": "North America",
    "united_kingdom_europe": "United Kingdom and Europe",
    "oceania": "Oceania",
    "rest_of_world": "rest of the world",
}
"""What people call the places of the world that ships."""


def member_name(member: str) -> str:
    """What people call a group: ``North America``, ``social supplier``; crossed groups with commas between."""
    return ", ".join(PLACES.get(part, part.replace("_", " ")) for part in member.split(CROSS))


def size_in_words(row: Mapping[str, Any] | Any) -> str:
    """How large a group is: ``1,200 people``, or orders where these are grouped."""
    return f"{numbers.level(float(row['size']), '')} {'orders' if _of_orders(row['key']) else 'people'}"


def _of_orders(key: str) -> bool:
    return any(part in ORDERS for part in key.split(":"))


def notes(effects: DataFrame) -> list[str]:
    """What a reader of effects by group must know: how much is chance, and which groups are too small."""
    tested = effects[[is_shown(name) for name in effects["outcome"]]]
    told = tested[np.isfinite(tested["low"].to_numpy(dtype=float))]
    told = told[(told["low"] != 0) | (told["high"] != 0)]  # what is zero in every run leaves chance nothing
    clear = int(told["excludes_zero"].sum())
    lines = [
        f"By group: {clear} of {len(told):,} intervals leave zero out, where chance alone gives about {0.05 * len(told):.0f} (effects that are "
        "zero in every run are not counted); a group is told "
        "from zero by its own interval, and two groups from each other only where their intervals lie apart."
    ]
    small = effects[effects["too_small"]]
    names = list(
        dict.fromkeys(f"{member_name(str(row['member']))} ({size_in_words(row)})" for row in small.to_dict("records"))
    )
    if names:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        lines.append(
            f"Too small for an interval, with fewer than {FEWEST} simulated people or orders in the baseline: {', '.join(names[:SHOWN])}{more}."
        )
    return lines


def told_by_group(effects: DataFrame) -> list[dict[str, Any]]:
    """The effects on groups that are findings, allowing for all outcomes and groups that were looked at in a scenario.

    Parameters
    ----------
    effects
        As `sim.studies.runs.by_group.effects_by_group` gives it. Where an outcome is both counted and expected, the expected one speaks for it.
    """
    found: list[dict[str, Any]] = []
    shown = effects[[is_shown(name) for name in effects["outcome"]]]
    for _, part in shown.groupby("scenario", sort=False):
        names = set(part["outcome"])
        counted = {spec.counted for spec in map(outcome, names) if spec.counted in names}
        rows: list[Any] = part[~part["outcome"].isin(counted)].to_dict("records")
        found += [row for row, told in zip(rows, told_apart(rows), strict=True) if told]
    return found


def is_shown(name: str) -> bool:
    """Whether an outcome is one of those that are printed and tested."""
    return is_tested(name) and not outcome(name).detail
