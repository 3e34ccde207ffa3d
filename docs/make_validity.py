"""Write the page of what the model reproduces and misses from the validation that is kept in results/reference/validation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from make_deciding import deciding
from pandas import read_csv

from sim.report.text.markdown import escaped
from sim.report.text.tables import conclusions_markdown
from sim.report.text.validation import number, span
from sim.scenario import read_yaml
from sim.studies.findings.doubt import DEPENDS, HOLD, HOW, MORE, OPEN, said
from sim.studies.findings.rivals import Rival
from sim.studies.validation.targets import LEVELS, USES

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "results" / "reference"
KEPT = REFERENCE / "validation" / "validation.json"
OVER_ENSEMBLE = KEPT.with_name("ensemble.json")
RIVALS = REFERENCE / "validation" / "rivals.json"
MAKEFILE = ROOT / "Makefile"
CONCLUSIONS = REFERENCE / "ensemble" / "conclusions.csv"
MISSES = Path(__file__).with_name("misses.yaml")
KINDS = {
    "values": "values of parameters",
    "mechanism": "a rule that the model lacks",
    "counting": "the source counts otherwise",
    "luck": "luck, or a few per cent out of range",
    "unknown": "not known",
}
"""What can stand behind a miss, in the order in which the page counts them."""

HEAD = """# What the model reproduces, and what it misses

Written by `make_tables.py` from [the validation that is kept](../results/reference/validation/validation.json), which `make validate` does again;
[how to hold the model against facts](how-to-validate.md) says how to read it, and [replications](replications.md)
which published results as a whole it gives and which not. The defaults were fitted to the facts for calibration of the
world without policies (decisions [0030](decisions/0030-defaults-are-calibrated.md),
[0031](decisions/0031-the-size-of-a-market-follows-from-published-trade.md), [0035](decisions/0035-looking-again-sooner-buying-less.md),
[0036](decisions/0036-a-first-order-shows-what-it-is-like.md) and
[0038](decisions/0038-newcomers-are-found-and-vendors-ask-what-they-like.md)), thirty of them by the calibration of which
the ensemble ships ([0040](decisions/0040-the-default-point-is-a-member-near-the-centre.md)), and
fear of raids to two regimes after closures, a recovery and a long fall
([0034](decisions/0034-fear-weighs-against-as-many-orders-as-buyers-have.md)), of which facts for validation on platforms and
enforcement are no strangers; what people are at the start, and what a dose adds to dependence, to what a world left alone keeps and to published shares
who become dependent ([0046](decisions/0046-a-world-left-alone-stays-as-it-is.md)); they were fitted to no other,
and no range was moved after a look at the model. Runs with the default
parameters have seeds with which nothing was fitted ([0041](decisions/0041-a-validation-runs-on-luck-that-no-calibration-has-seen.md)).
Seven facts say little of the model,
since a parameter is set by the same source: what is discarded after a check (`checked_misold_discard`), how the street divides into friends and
dealers (`fallback_friends`, `fallback_dealers`, of which only what friends hand over of their own is no input),
what banks authorise and pharmacies settle (`card_authorised`, `orders_settled`), and how prices spread
(`price_dispersion`) and how many listings are sold through escrow (`escrow_listings`).
A conclusion that rests on something missed here deserves no more trust than the miss leaves it.
"""


def validity() -> str:
    """Return the page."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    rows = kept["targets"]
    worlds = kept["worlds"].values()
    sizes = [f"{size:,}" for size in sorted({world["consumers"] for world in worlds})]
    sets = f"{kept['parameter_sets']} parameter sets" if kept["ensemble"] else "the default parameters"
    runs = f"{kept['runs_of_each']} run{'s' if kept['runs_of_each'] > 1 else ''} of each"
    parts = [
        HEAD,
        f"**{escaped(kept['in_range'])}**, of {len(rows)} facts, with {sets}, {runs} of {len(kept['worlds'])} scenarios of {' or '.join(sizes)} "
        f"simulated consumers, model version `{kept['model']}`.\n",
        totals(kept["totals"]),
    ]
    for level in LEVELS:
        here = [row for row in rows if row["level"] == level]
        if here:
            parts += [f"## {level.capitalize()}\n", facts(here), unmeasured(here)]
    parts += reasons(rows)
    parts += over_ensemble(rows, kept["model"]) if OVER_ENSEMBLE.is_file() else []
    parts += across() if CONCLUSIONS.is_file() else []
    parts.append(deciding(kept["model"]))
    return "\n".join(part for part in [*parts, rivals()] if part)


def reasons(rows: list[dict[str, Any]]) -> list[str]:
    """Why facts are missed, as far as `misses.yaml` has it; of what nobody has looked into, that."""
    told = read_yaml(MISSES)
    missed = [row["target"] for row in rows if row["mean"] is not None and not row["in_range"]]
    if not missed:
        return []
    found = {name: told["misses"].get(name, {"kind": "unknown", "why": "Nobody has looked yet."}) for name in missed}
    counts = [f"{words} {n}" for kind, words in KINDS.items() if (n := sum(m["kind"] == kind for m in found.values()))]
    lines = ["| Missed | What stands behind it | What was seen |", "|---|---|---|"]
    lines += [f"| `{name}` | {KINDS[m['kind']]} | {m['why']} |" for name, m in found.items()]
    return [
        "## Why facts are missed\n",
        f"As far as somebody has looked ([misses.yaml](misses.yaml)), with numbers of the validation {told['seen']}. "
        f"Of {len(missed)}: {'; '.join(counts)}. What stands here is an explanation after the fact, and none has been tested by a change of the model.\n",
        "\n".join(lines) + "\n",
    ]


def over_ensemble(defaults: list[dict[str, Any]], model: str) -> list[str]:
    """How many facts sets of the ensemble meet together, and which fall otherwise than with the ``defaults``, which a ``model`` of this version has."""
    kept = json.loads(OVER_ENSEMBLE.read_text(encoding="utf-8"))
    before = {row["target"]: row["in_range"] for row in defaults}
    now = {row["target"]: row["in_range"] for row in kept["targets"]}
    came, went = (
        [f"`{name}`" for name, hit in now.items() if hit is good and before.get(name) is not good]
        for good in (True, False)
    )
    older = (
        "Rules and questions of targets have changed since ([0044](decisions/0044-rules-read-anew.md), "
        "[0045](decisions/0045-targets-measure-what-their-sources-measured.md), [0046](decisions/0046-a-world-left-alone-stays-as-it-is.md)), "
        "and the ensemble was fitted to those of before: it says how the model stood then.\n"
    )
    return [
        "## Over the ensemble\n",
        f"**{escaped(kept['in_range'])}** with {kept['parameter_sets']} sets of [the ensemble that ships](how-to-calibrate.md), drawn "
        f"in proportion to their weights, one run of each of "
        f"{len(kept['worlds'])} scenarios a set, model version `{kept['model']}` "
        f"(`odm validate --ensemble default --members {kept['parameter_sets']} --seed 1`). The mean over them is what must be in range.\n",
        *([older] if kept["model"] != model else []),
        totals(kept["totals"]),
        f"In range over the ensemble and not with the defaults: {', '.join(came) or 'none'}. The other way round: {', '.join(went) or 'none'}.\n",
    ]


def rivals() -> str:
    """How many facts each rival rule meets, where that is kept; nothing otherwise."""
    if not RIVALS.is_file():
        return ""
    kept = json.loads(RIVALS.read_text(encoding="utf-8"))
    worlds = kept["worlds"]
    sizes = " or ".join(f"{size:,}" for size in sorted({world["consumers"] for world in worlds.values()}))
    every = [row for rule in kept["rules"] for row in rule["totals"]]
    levels = list(dict.fromkeys(row["level"] for row in every if any(row[f"{use}_of"] for use in USES)))
    lacking = [level for level in dict.fromkeys(row["level"] for row in every) if level not in levels]
    left = f" Nothing could be measured of: {', '.join(lacking)}." if lacking else ""
    lines = [f"| Rule | {' | '.join(levels)} |", "|---|" + "---|" * len(levels)]
    for rule in kept["rules"]:
        name = Rival(rule["submodel"], rule["rival"]).words if rule["rival"] else "usual rules"
        by_level = {row["level"]: row for row in rule["totals"]}
        counts = [
            " / ".join(f"{by_level[level][f'{use}_hits']} of {by_level[level][f'{use}_of']}" for use in USES)
            for level in levels
        ]
        lines.append(f"| {name} | {' | '.join(counts)} |")
    which = f"each of {len(worlds)} scenarios" if len(worlds) > 1 else f"the world `{next(iter(worlds))}`"
    runs = f"{kept['runs_of_each']} run{'s' if kept['runs_of_each'] > 1 else ''} of {which}"
    return (
        f"""## Rival rules

[Rivals](how-to-use-rivals.md) of contested rules held against the same facts: in range of those measured, calibration / validation, with {runs} of {sizes} simulated
consumers, model version `{kept["model"]}`. So few runs measure fewer facts than those above (what depends on which markets closed
differs from rule to rule), and differences of a few are luck.{left} No rival was fitted, and none is told here to be better or worse than the usual rule.

"""
        + "\n".join(lines)
        + "\n"
    )


def across() -> list[str]:
    """Which conclusions hold across the ensemble, from the comparison that is kept; see `make conclusions`."""
    table = read_csv(CONCLUSIONS)
    sets, pairs = int(table["sets"].max()), int(table["n"].max())
    size = f"{int(re.findall(r'CONCLUDED.* --consumers ([0-9]+)', MAKEFILE.read_text(encoding='utf-8'))[0]):,}"
    told = [f"- {escaped(label)}: {escaped(words)}" for label, words in said(table).items()]
    counts = table.groupby("verdict", sort=False).size()
    words = ", ".join(f"{counts.get(which, 0)}: {which}" for which in (HOLD, DEPENDS, MORE, OPEN))
    return [
        "## Which conclusions hold\n",
        f"{pairs} pairs of runs of {size} simulated consumers over {sets} parameter sets of the ensemble that ships "
        f"([kept](../results/reference/ensemble/conclusions.csv), with the rules of before [decision 0044](decisions/0044-rules-read-anew.md); "
        f"`make conclusions` does them again). {HOW}\n",
        f"Of {len(table)} effects of {table['scenario'].nunique()} interventions, {words}. Totals are those of the simulated consumers.\n",
        "\n".join(told) + "\n",
        conclusions_markdown(table) + "\n",
    ]


def totals(rows: list[dict[str, Any]]) -> str:
    """How many are in range by level and use."""
    lines = [f"| Level | {' | '.join(f'{use}: in range' for use in USES)} | not measured |", "|---|---|---|---|"]
    for row in rows:
        counts = [f"{row[f'{use}_hits']} of {row[f'{use}_of']}" for use in USES]
        name = "**all**" if row["level"] == "all" else row["level"]
        lines.append(f"| {name} | {' | '.join(counts)} | {sum(row[f'{use}_unmeasured'] for use in USES)} |")
    return "\n".join(lines) + "\n"


def facts(rows: list[dict[str, Any]]) -> str:
    """The facts that were measured: those missed first, the farthest before the others."""
    measured = [row for row in rows if row["mean"] is not None]
    measured.sort(key=lambda row: (row["in_range"], -abs(row["distance"] or 0)))
    lines = ["| Fact | Use | Observed | Model | |", "|---|---|---|---|---|"]
    for row in measured:
        value, ends = number(row["observed"]), span(row["observed_low"], row["observed_high"])
        model = number(row["mean"]) + (f" ({span(row['low'], row['high'])})" if row["low"] is not None else "")
        observed = f"{value} ({ends})" if value else ends
        verdict = row["verdict"] if row["in_range"] else f"**{row['verdict']}**"
        unit = f" ({row['unit']})" if row["unit"] and row["unit"] not in row["statistic"] else ""
        lines.append(f"| {escaped(row['statistic'] + unit)} | {row['use']} | {observed} | {model} | {verdict} |")
    return "\n".join(lines) + "\n" if measured else ""


def unmeasured(rows: list[dict[str, Any]]) -> str:
    """What was not measured, and why."""
    lines = [f"- `{row['target']}`: {escaped(row['unmeasured'])}" for row in rows if row["mean"] is None]
    return "Not measured:\n\n" + "\n".join(lines) + "\n" if lines else ""
