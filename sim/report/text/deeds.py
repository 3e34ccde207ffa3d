"""What policies did, in words and as a table: where they did less than they were meant for, and what became of a budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.report.text import numbers

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.scenario import Scenario

SHOWN_SEEDS = 6


def shortfalls(policies: DataFrame | None) -> list[str]:
    """Say, for each policy that did nothing or less than it was meant for in some run, in which and why.

    Parameters
    ----------
    policies
        A row a run and policy; see the table `policies` of the dictionary, with scenario and seed in front.
    """
    if policies is None or not len(policies):
        return []
    several = policies["scenario"].nunique() > 1
    lines = []
    for (scenario, _), (rows, nothing, less) in _short(policies).items():
        name = _name(rows.iloc[0]) + (f" in {scenario}" if several else "")
        if len(nothing):
            lines.append(_nothing(name, rows, nothing))
        if len(less):
            lines.append(_less(name, rows, less))
    return lines


def in_short(policies: DataFrame | None) -> dict[tuple[str, int], str]:
    """The same in a few words, by scenario and place of the policy in it; none where a policy did all that it was meant for."""
    found = {}
    for key, (rows, nothing, less) in _short(policies).items():
        parts = [("did nothing", len(nothing)), ("did less than asked", len(less))]
        of = "" if len(rows) == 1 else f" of {len(rows)} runs"
        words = [what + (f" in {number}{of}" if of else "") for what, number in parts if number]
        if words:
            found[key] = ", ".join(words)
    return found


def _short(policies: DataFrame | None) -> dict[tuple[str, int], tuple[DataFrame, DataFrame, DataFrame]]:
    """By scenario and place of a policy its rows, and of them those in which it did nothing, or less than it was meant for."""
    if policies is None or not len(policies):
        return {}
    meant = policies[~policies["note"].astype(str).str.startswith("strength 0")]
    return {
        (str(key[0]), int(str(key[1]))): (
            rows, rows[rows["done"] <= 0], rows[(rows["done"] > 0) & (rows["done"] < rows["asked"] * (1 - 1e-9))],
        )
        for key, rows in meant.groupby(["scenario", "place"], sort=False)
    }  # fmt: skip


def _nothing(name: str, rows: DataFrame, nothing: DataFrame) -> str:
    why = "; ".join(dict.fromkeys(str(note) for note in nothing["note"]))
    if len(rows) == 1:
        return f"{name} did nothing: it {_said(why)}."
    seeds = [str(seed) for seed in nothing["seed"]]
    shown = ", ".join(seeds[:SHOWN_SEEDS]) + (
        f" and {len(seeds) - SHOWN_SEEDS} more" if len(seeds) > SHOWN_SEEDS else ""
    )
    where = "" if len(nothing) == len(rows) else f" and not with seed{'s' if len(seeds) > 1 else ''} {shown}"
    return f"{name} acted in {len(rows) - len(nothing)} of {len(rows)} runs{where}: it {_said(why)}."


def _less(name: str, rows: DataFrame, less: DataFrame) -> str:
    how = (
        f"{numbers.level(less['done'].mean(), '')} of {numbers.level(less['asked'].mean(), '')} {less.iloc[0]['unit']}"
    )
    when = "" if len(rows) == 1 else f" in {len(less)} of {len(rows)} runs"
    mean = "" if len(less) == 1 else " on average"
    why = "; ".join(dict.fromkeys(_said(str(note)) for note in less["note"] if note))
    return f"{name} did less than it was meant for{when}: {how}{mean}" + (f", since it {why}." if why else ".")


def _said(note: str) -> str:
    """A note as the rest of a sentence that begins with the policy."""
    if note.startswith("the budget paid"):
        return "was cut by the budget"
    return note or "found nothing to act on"


def budgets(policies: DataFrame | None, scenarios: Mapping[str, Scenario]) -> list[str]:
    """Say of each scenario with a budget how much of it was spent, and whether it was enough."""
    if policies is None or not len(policies):
        return []
    lines = []
    for label, scenario in scenarios.items():
        if scenario.budget is None:
            continue
        rows = policies[policies["scenario"] == label]
        paid = {
            place
            for place, policy in enumerate(scenario.policies)
            if not (policy.exogenous or policy.imposed)
            and (scenario.budget.over == "policies" or set(policy.names) & set(scenario.budget.over))
        }
        spent = rows[rows["place"].isin(paid)].groupby("seed")["cost_real_usd"].sum()
        cut = rows[rows["note"].astype(str).str.startswith("the budget paid")]["seed"].nunique()
        over = "all policies" if scenario.budget.over == "policies" else ", ".join(scenario.budget.over)
        runs = "" if len(spent) == 1 else f" on average over {len(spent)} runs"
        end = "it was enough" if cut == 0 else "it was not enough" + ("" if len(spent) == 1 else f" in {cut} of them")
        lines.append(
            f"{label}: budget of {numbers.level(scenario.budget.usd, 'USD')} in real money over {over}; "
            f"{numbers.level(float(spent.mean()) if len(spent) else 0.0, 'USD')} spent{runs}; {end}."
        )
    return lines


TITLES = ("Scenario", "Policy", "Meant for (mean)", "Did (mean)", "Unit", "Acted in", "Cost, real (mean)")


def markdown(policies: DataFrame) -> str:
    """A table in Markdown: a row a scenario and policy, means over runs."""
    lines = ["| " + " | ".join(TITLES) + " |", "|---|---|---:|---:|---|---:|---:|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in cells(policies))])


def cells(policies: DataFrame) -> list[tuple[str, ...]]:
    """The same table as rows of text, under `TITLES`."""
    found = []
    for (scenario, _), rows in policies.groupby(["scenario", "place"], sort=False):
        first = rows.iloc[0]
        found.append((
            str(scenario), _name(first), numbers.level(rows["asked"].mean(), ""), numbers.level(rows["done"].mean(), ""),
            str(first["unit"]), f"{int((rows['done'] > 0).sum())} of {len(rows)}", numbers.level(rows["cost_real_usd"].mean(), "USD"),
        ))  # fmt: skip
    return found


def _name(row: Any) -> str:
    """What a policy is called: its label, or its kind."""
    label, kind = row["label"], str(row["policy"]).replace("_", " ")
    return kind if label is None or label != label else f"{label} ({kind})"
