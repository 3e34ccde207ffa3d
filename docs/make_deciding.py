"""Write which assumed values decide most of what interventions change, for the page of validity, from what is kept in results/reference/deciding."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from sim.report.text.markdown import escaped
from sim.report.text.names import outcome_name
from sim.report.text.validation import number

KEPT = Path(__file__).parents[1] / "results" / "reference" / "deciding" / "deciding.json"
PLACE = "../results/reference/deciding"
HEAD = "## Which assumed values decide most\n"
MISSING = "Not looked for with this model yet: `make deciding` does it, in half an hour on two slow cores.\n"
UNLEARNT, WIDE = 0.25, 0.1
READ = """**Alone** is the share of what these values change about an effect that a value changes by itself: what would go if it were known. **In all** is the
share that it has a part in, with others (first-order and total index of Sobol). Luck is no part of either: they are of what a Gaussian process has learnt of
the effect from all of these worlds, and in brackets is what 95 % of the functions say that agree with them. What values that do nothing would get is taken
off, so that small shares may lie below 0. A value is *told* where its interval in all begins above those of three columns of random numbers that the
process learnt from beside the values; one that is not told may matter all the same, and what values do together is the hardest to learn
(`python -m experiments.deciding --samples 512 --out FOLDER` takes more). Effects are numbers of orders, people or deaths of the simulated consumers, so
that what sets the size of a market counts as deciding too. No share is that of a value that was not moved.
"""


def deciding(model: str, path: Path = KEPT) -> str:
    """The section; ``model`` is the model whose validation the page holds."""
    if not path.is_file():
        return f"{HEAD}\n{MISSING}"
    kept = json.loads(path.read_text(encoding="utf-8"))
    values = {value["parameter"]: value for value in kept["values"]}
    parts = [HEAD, done(kept), behind(kept, model), READ]
    parts += ["\n".join(f"- **{title(effect)}.** {said(effect, values)}" for effect in kept["effects"]) + "\n"]
    for scenario in dict.fromkeys(effect["scenario"] for effect in kept["effects"]):
        here = [effect for effect in kept["effects"] if effect["scenario"] == scenario]
        if not any(drawn(effect) for effect in here):
            continue
        parts.append(f"### {here[0]['title']}: shares\n")
        if (path.parent / f"{scenario}.png").is_file():
            parts.append(f"![Shares of what decides the effects: {here[0]['title']}]({PLACE}/{scenario}.png)\n")
        parts += [table(effect, values) for effect in here if drawn(effect)]
    return "\n".join(part for part in parts if part)


def done(kept: dict[str, Any]) -> str:
    """What was done."""
    lost = f" {kept['failed']} runs failed." if kept["failed"] else ""
    return (
        f"{len(kept['values'])} assumed values were moved together over all of their plausible ranges (`{kept['method']}`, N = {kept['samples']}), each "
        f"world with {kept['seeds']} seeds of its own without and with each intervention: {kept['runs']:,} runs of {kept['consumers']:,} simulated consumers over "
        f"{kept['days']} days after {kept['burn_in']} of burn-in, model version `{kept['model']}` ([kept]({PLACE}/deciding.json); `make deciding` does it "
        f"again).{lost} {escaped(kept['rule'])}\n"
    )


def behind(kept: dict[str, Any], model: str) -> str:
    """Say when it was done with another version of the code than the validation."""
    if kept["model"] == model:
        return ""
    return (
        f"**Done with another version of the code** than the validation on this page (`{model}`): where rules or defaults have moved between them, so have "
        "shares.\n"
    )


def title(effect: dict[str, Any]) -> str:
    """Intervention and outcome."""
    return f"{effect['title']}: {outcome_name(effect['outcome'])}"


def drawn(effect: dict[str, Any]) -> list[dict[str, Any]]:
    """The values that have indices, the largest part in all first."""
    return sorted((row for row in effect["values"] if "ST" in row), key=lambda row: -row["ST"][0])


def said(effect: dict[str, Any], values: dict[str, Any]) -> str:
    """What decides an effect, in words, and how sure that is."""
    rows, luck, explained = drawn(effect), effect["luck"], effect["explained"]
    words = [
        f"{number(effect['mean'])} on average, with a standard deviation of {number(effect['sd'])} between worlds."
    ]
    if luck is not None:
        words.append(f"Luck is {luck:.0%} of that variance" + (
            "." if explained is None else f", and the values explain {explained:.0%} of it in worlds that were left out."
        ))  # fmt: skip
    if not rows:
        return " ".join([*words, f"No shares: {effect['why_no_index']}."])
    if luck is not None and explained is not None and 1 - luck - explained > UNLEARNT:
        words.append("Much of what they do has not been learnt: what they do together may be missing.")
    told = [row for row in rows if row["ST"][3] == "yes"]
    if told:
        most = [
            f"{escaped(values[row['parameter']]['text'])} (`{row['parameter']}`, in all {share(row['ST'])})"
            for row in told
        ]
        words.append(f"Told: {'; '.join(most)}.")
    else:
        words.append("No value is told from luck.")
    half = median((row["ST"][2] - row["ST"][1]) / 2 for row in rows)
    if half > WIDE:
        words.append(f"Half of the intervals are wider than ±{half:.2f}: neighbours in this order are not told apart.")
    return " ".join(words)


def share(index: list[Any]) -> str:
    """An index with its interval."""
    value, low, high = (f"{round(end, 2) + 0.0:.2f}" for end in index[:3])
    return f"{value} ({low} to {high})"


def table(effect: dict[str, Any], values: dict[str, Any]) -> str:
    """Every value that was moved, with its shares of an effect."""
    lines = [f"{outcome_name(effect['outcome'])}:\n", "| Value | What it is | Range | Alone | In all | |", "|---|---|---|---|---|---|"]  # fmt: skip
    for row in drawn(effect):
        value = values[row["parameter"]]
        unit = "" if value["unit"] in ("", "1") else f" {value['unit']}"
        ends = f"{number(value['low'])} to {number(value['high'])}{unit}"
        alone = share(row["S1"]) if "S1" in row else ""
        told = "told" if row["ST"][3] == "yes" else "not told"
        lines.append(
            f"| `{row['parameter']}` | {escaped(value['text'])} | {escaped(ends)} | {alone} | {share(row['ST'])} | {told} |"
        )
    return "\n".join(lines) + "\n"
