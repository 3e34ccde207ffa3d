"""What is said of indices of sensitivity: what matters most, where luck would give as much, and what a reader must know of how they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.studies.findings.values import no_value
from sim.studies.methods.sensitivity import METHODS, Analysis, Method

if TYPE_CHECKING:
    from pandas import DataFrame

WIDE = 0.1
"""Half width of an interval of a share of variance above which the notes say that there are too few samples."""
NOISY = 0.2
UNLEARNT = 0.25
"""Share of the variance between points that is no luck and not learnt, above which the notes warn."""
TOO_FEW, DULL = "too few points with a value", "does not vary"
"""Why an outcome has no index."""


def findings(indices: DataFrame, noises: DataFrame, main: str) -> list[str]:
    """The three things that matter most for each outcome, as far as luck alone would not give them."""
    found = []
    top = indices[(indices["index"] == main) & (indices["other"] == "")]
    if (top["told"] == "unknown").any():
        found.append(
            "With one seed nobody knows how much of these indices is luck; `replications: 2` or more tells. As they are:"
        )
    nothing = []
    for (label, what, name), rows in top.groupby(["scenario", "of", "outcome"], sort=False):
        kept = rows[(rows["told"] == "yes") | ((rows["told"] == "unknown") & ~(rows["low"] <= 0))]
        if not len(kept):
            nothing.append(f"{name} ({what}, {label})")
            continue
        best = kept.sort_values("value", ascending=False).head(3)
        words = ", ".join(f"{r.factor} {r.value:.3g} ({r.low:.3g} to {r.high:.3g})" for r in best.itertuples())
        left = len(rows) - len(kept)
        rest = f"; {left} of {len(rows)} factors are not told from noise" if left else ""
        found.append(f"{label}, {what} of {name}: {main} {words}{rest}")
    found = found[:40]
    if nothing:
        found.append(f"No clear effect of any factor, none is told from noise: {', '.join(nothing)}.")
    few = [_name(row) for row in noises[noises["why_no_index"] == TOO_FEW].itertuples()]
    if few:
        found.append(f"No index, since too few points have a value: {', '.join(few)}.")
    unlearnt = noises[~noises["why_no_index"].isin(["", TOO_FEW, DULL])]
    if len(unlearnt):
        each = ", ".join(f"{_name(row)}: {row.why_no_index}" for row in unlearnt.itertuples())
        found.append(f"No index, since there is no emulator that could be trusted: {each}.")
    return found


def notes(
    analysis: Analysis, resamples: int, seeds: int, beside: str, indices: DataFrame, noises: DataFrame
) -> list[str]:
    """What a reader must know: method, samples, where there are too few, how much is noise.

    Parameters
    ----------
    analysis, resamples, seeds
        What was done: method, factors and samples; resamples or drawn functions behind intervals; and seeds.
    beside
        What else points share, in words that follow how many seeds there are.
    indices, noises
        The tables of the answer.
    """
    method = METHODS[analysis.method]
    notes = [
        f"{analysis.method} with N = {analysis.samples}, {len(analysis.names)} factors, {seeds} seeds{_shared(method)}{beside}. "
        f"{_intervals(method, resamples, seeds)} `told` says whether noise alone would not give the index (no: it is not told from noise). "
        "Indices are on the scale of the distributions of the factors."
    ]
    if analysis.samples < method.fewest:
        notes.append(
            f"WARNING: N = {analysis.samples} is too small for {analysis.method}: take {method.fewest} or more before believing numbers."
        )
    widths = (indices["high"] - indices["low"])[indices["index"].isin(["S1", "ST"])] / 2
    if len(widths) and widths.max() > WIDE:
        notes.append(
            f"WARNING: {(widths > WIDE).mean():.0%} of intervals are wider than ±{WIDE}: N is too small for them."
        )
    if seeds == 1:
        notes.append("One seed: noise is not told from interactions; give `replications: 2` or more to know its share.")
    loud = noises[noises["noise"] > NOISY]
    if len(loud):
        words = ", ".join(f"{r.outcome} ({r.of}, {r.scenario}: {r.noise:.0%})" for r in loud.head(8).itertuples())
        notes.append(
            f"WARNING: more than {NOISY:.0%} of the variance between points is noise: {words}; add replications."
        )
    poor = noises[1 - noises["noise"] - noises["explained"] > UNLEARNT]
    if len(poor):
        words = ", ".join(f"{_name(r)}: {r.explained:.0%} of {1 - r.noise:.0%}" for r in poor.head(8).itertuples())
        notes.append(
            f"WARNING: emulators have not learnt more than {UNLEARNT:.0%} of the variance between points, besides luck (explained at points left out, of what is no "
            f"luck: {words}). What factors do together may be missing; add samples."
        )
    failed = int(noises["failed_points"].max()) if len(noises) else 0
    what = "are replaced by the mean" if not analysis.block else "are left out with their block"
    if failed:
        notes.append(f"At {failed} points a run failed; they {what}.")
    rows: list[Any] = list(noises.itertuples())
    lacking = {_name(r): (int(r.points_without_value), int(r.points)) for r in rows}
    lines = no_value(lacking, "points")
    notes += [*lines, f"Points without a value {what}."] if lines else []
    dull = int((noises["why_no_index"] == DULL).sum())
    if dull:
        notes.append(f"{dull} outcomes do not vary, and have no indices.")
    return notes


def _shared(method: Method) -> str:
    return " of its own for every point" if method.noise == "idle" else ", the same at every point"


def _intervals(method: Method, resamples: int, seeds: int) -> str:
    if method.noise == "idle":
        return (
            f"Indices are of {resamples} functions or more drawn from what a Gaussian process has learnt of each outcome, without luck: shares of the variance "
            "that the factors make. Intervals: 95 % of these functions; what columns get that nothing depends on is taken off."
        )
    widened = ", widened by what the luck of the seeds gives an index" if seeds > 1 else ""
    return f"Intervals: bootstrap, 95 %, {resamples} resamples{widened}."


def _name(row: Any) -> str:
    return f"{row.outcome} ({row.of}, {row.scenario})"
