"""The report of a calibration: what it cost and ruled out, how targets are met before and after, and what is known of each parameter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.report import calibration_figures as figures
from sim.report.figures import save_figure
from sim.report.text.markdown import bullets, table
from sim.report.text.validation import number, span
from sim.studies.methods.factors import parameter_of
from sim.studies.validation.calibration.calibrate import defaults, moved_rows, pairs, posterior, target_rows

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.validation.calibration.calibrate import Calibrated

FEW = 50
"""Effective members below which the ensemble is not to be believed."""
LEARNT = 0.2
"""How much narrower than before an interval is where something was learnt."""


def write_page(result: Calibrated, failures: DataFrame, place: Path) -> None:
    """Write `report.md` and the pictures that it shows into a folder."""
    drawn = place / "figures"
    drawn.mkdir()
    for name, draw in (("targets", figures.fit), ("parameters", figures.parameters), ("pairs", figures.correlated)):
        save_figure(draw(result), drawn / name)
    (place / "report.md").write_text(page(result, failures), encoding="utf-8", newline="\n")


def page(result: Calibrated, failures: DataFrame) -> str:
    """The text of the page."""
    parts = [
        "# Calibration",
        how(result),
        f"**{result.last_line}**",
        *_warnings(result),
        *_ruled_out(result),
        *_met(result),
    ]
    parts += [*_without_say(result), *_learnt(result)]
    if result.moved:
        chosen = [r for r in moved_rows(result) if r["calibrated"]]
        head = ("parameter", "targets moved", "most clearly", "standard errors")
        body = [(r["parameter"], r["targets_moved"], r["clearest"], f"{r['standard_errors']:.1f}") for r in chosen]
        parts += ["## How the parameters were picked", table(head, body)]
    if len(failures):
        lost = [f"{r['scenario']}, seed {r['seed']}: {r['error']}" for r in failures.head(20).to_dict("records")]
        parts += [f"## {len(failures)} runs without outcomes", bullets(lost)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _ruled_out(result: Calibrated) -> list[str]:
    """The waves, and where no place can be."""
    file = result.calibration.file
    head = (
        "wave",
        "points",
        "targets emulated",
        "out of reach",
        "within the cut",
        "share of the space left",
        "down to",
    )
    rows = [
        (w["wave"], w["points"], w["emulated"], w["out_of_reach"], w["within_cut"], f"{w['share_left']:.2g}", f"{w['level']:.2g}")
        for w in result.matched.history
    ]  # fmt: skip
    return [
        "## What was ruled out",
        table(head, rows),
        f"A place is ruled out where the emulators put more than {file.ignored} targets beyond {file.cut:g} standard deviations, with the range of each target "
        f"read as its 95 % interval and a discrepancy of {file.discrepancy:g} standard errors that the model is not asked to explain. Within the cut: points of the "
        "wave whose own runs are. Down to: the standard deviations within which that share of the space lies, more than the cut where no place is within it.",
    ]


def _met(result: Calibrated) -> list[str]:
    """Every target at the defaults and over the ensemble."""
    rows = []
    for r in target_rows(result):
        ends = "" if r["after_low"] is None else f" ({span(r['after_low'], r['after_high'])})"
        observed = f"{number(r['observed'])} ({span(r['observed_low'], r['observed_high'])})"
        rows.append((r["target"], observed, number(r["before"]), number(r["after"]) + ends, r["after_verdict"]))
    head = ("target", "observed", "at the defaults", "over the ensemble", "verdict")
    return ["## Targets before and after", "![targets](figures/targets.png)", table(head, rows)]


def _without_say(result: Calibrated) -> list[str]:
    """Targets that rule nothing out, and why."""
    aside = [f"{result.targets[k].id}: {why}" for k, why in result.matched.waves[-1].aside.items()]
    parts = ["## Targets set aside", "They have no emulator in the last wave, and no say.", bullets(aside) or "None."]
    if result.calibration.left_out:
        said = "Targets for calibration in worlds that were not run, which are not fitted to:"
        parts += [said, bullets(result.calibration.left_out)]
    unreached = [result.targets[k].id for k in result.matched.unreached]
    if unreached:
        said = "No plausible place comes near them; they rule nothing out, and have no say in the posterior."
        parts += ["## Targets out of reach", said, bullets(unreached)]
    return parts


def _learnt(result: Calibrated) -> list[str]:
    """What is known of the parameters now that was not known before."""
    known = sorted(posterior(result), key=lambda r: -r["narrower"])
    learnt = [
        f"{r['parameter']}: {r['median']:.4g} ({r['low']:.4g} to {r['high']:.4g}), before {r['prior_low']:.4g} to {r['prior_high']:.4g}"
        for r in known
        if r["narrower"] >= LEARNT
    ]
    return [
        "## Parameters",
        "![parameters](figures/parameters.png)",
        bullets(learnt) or "Nothing clear was learnt of any.",
        "Intervals hold 90 % of the posterior. Of those that are not named little was learnt. The pairs that make up for each other most:",
        "![pairs](figures/pairs.png)",
        bullets(
            f"{result.factors[i].path} and {result.factors[j].path}: {value:+.2f}" for i, j, value in pairs(result)
        ),
        "## Where the defaults stand",
        *_defaults(result),
    ]


def _defaults(result: Calibrated) -> list[str]:
    """How central and how likely the defaults are among what is left."""
    found, file = defaults(result), result.calibration.file
    beyond = [
        f"{r['parameter']}: {spec.value:.4g} ({r['low']:.4g} to {r['high']:.4g})"
        for r in posterior(result)
        if (spec := parameter_of(r["parameter"])) is not None and not r["low"] <= spec.value <= r["high"]
    ]
    return [
        f"{found.farther:.0%} of the posterior lie farther from its centre than the defaults, and {found.less_likely:.0%} are less likely by the last emulators. "
        f"But for the {file.ignored} targets that may be missed, the defaults miss none by more than {found.implausibility:.2g} standard deviations: they are "
        f"{'' if found.implausibility > file.cut else 'not '}ruled out.",
        "Beyond the interval of 90 % of the posterior are the defaults of:"
        if beyond
        else "No default is beyond the interval of 90 % of the posterior.",
        bullets(beyond),
    ]


def how(result: Calibrated) -> str:
    """What was done."""
    m, file = result.matched, result.calibration.file
    return (
        f"{len(result.targets)} targets for calibration, {len(result.factors)} parameters, {len(m.history)} waves with {file.replicates} runs of each point, and an "
        f"ensemble of {len(m.members)} sets, which count like {m.effective:.0f} by their weights, checked with {file.replicates} runs each on fresh seeds. "
        "Targets for validation were not read."
    )


def _warnings(result: Calibrated) -> list[str]:
    m = result.matched
    notes = list(m.notes)
    if m.effective < min(FEW, len(m.members) / 2):
        notes.append("The weights leave few members that count: more points or waves before the ensemble is believed.")
    return [f"WARNING: {note}" for note in notes]
