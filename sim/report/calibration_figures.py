"""Pictures of a calibration: each parameter before and after, the pairs that only runs together can tell apart, and targets before and after."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from sim.report.figures.layout import MARGIN, NAME, SMALL, Mark, Page, line_height, lines_in, number, width_of, wrap
from sim.report.figures.style import BASELINE, BETTER, QUIET, WORSE, style
from sim.report.figures.targets import RANGE, distances
from sim.report.text.names import factor_name, target_name
from sim.studies.validation.calibration.calibrate import pairs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.studies.methods.factors import Factor
    from sim.studies.validation.calibration.calibrate import Calibrated

WIDTH, ACROSS, HIGH = 7.0, 4, 0.62
FAR = 6.0
"""Standard units beyond which a target stands at the edge."""
BINS = 20


@style()
def parameters(result: Calibrated) -> Figure:
    """The posterior of each parameter along its range, over what was assumed before."""
    places = result.matched.places
    wide = (WIDTH - 2 * MARGIN) / ACROSS
    room = wide - 0.14
    names = [wrap(factor_name(factor.path), room, SMALL) for factor in result.factors]
    above = lines_in(names) * line_height(SMALL) + 0.06
    cell = above + HIGH + line_height(SMALL) + 0.2
    key = [
        Mark("after", {"color": BETTER, "linewidth": 7, "alpha": 0.6, "solid_capstyle": "butt"}),
        Mark("before: even", {"color": BASELINE, "linewidth": 1.2, "linestyle": "--"}),
    ]
    words = "Where each lies between the ends of its plausible range, which stand below it; higher: more of the ensemble there."
    page = Page(WIDTH, ceil(len(names) / ACROSS) * cell, "What is known of parameters", words, key)
    for k, factor in enumerate(result.factors):
        left, top = MARGIN + (k % ACROSS) * wide, (k // ACROSS) * cell
        axes = page.panel(left, top + above, room, HIGH)
        axes.hist(places[:, k], bins=BINS, range=(0, 1), density=True, color=BETTER, alpha=0.6)
        axes.axhline(1.0, color=BASELINE, linewidth=1.2, linestyle="--")
        axes.set_xlim(0, 1)
        axes.set_xticks([])
        axes.set_yticks([])
        page.write(left, top + above - names[k].count("\n") * line_height(SMALL) - line_height(SMALL) - 0.04, names[k], fontsize=SMALL)  # fmt: skip
        low, high = (wrap(end, room / 2 - 0.05, SMALL, most=1) for end in _ends(factor))
        page.write(left, top + above + HIGH + 0.04, low, fontsize=SMALL, color=QUIET)
        page.write(left + room - width_of(high, SMALL), top + above + HIGH + 0.04, high, fontsize=SMALL, color=QUIET)
    return page.figure


def _ends(factor: Factor) -> tuple[str, str]:
    """The ends of the range of a factor."""
    low, high = (factor.at(share) for share in (0.0, 1.0))
    return tuple(number(end) if isinstance(end, int | float) and not isinstance(end, bool) else str(end) for end in (low, high))  # type: ignore[return-value] # fmt: skip


@style()
def correlated(result: Calibrated) -> Figure:
    """The pairs of parameters that are most correlated in the posterior."""
    found, places = pairs(result), result.matched.places
    names = [wrap(factor_name(factor.path), 1.35, SMALL) for factor in result.factors]
    tall = lines_in(names) * line_height(SMALL)
    across = 3 if tall < 0.6 else 2
    wide = (WIDTH - 2 * MARGIN) / across
    side = wide - tall - 0.3
    block = side + tall + 0.45
    words = "The pairs most correlated after calibration, with the correlation of their ranks; a dot a parameter set, axes from end to end of the plausible ranges."
    page = Page(WIDTH, ceil(len(found) / across) * block, "Parameters that make up for each other", words)
    for n, (i, j, value) in enumerate(found):
        left, top = MARGIN + (n % across) * wide + tall + 0.12, (n // across) * block + 0.22
        axes = page.panel(left, top, side, side)
        axes.plot(places[:, j], places[:, i], ".", markersize=2, color=BETTER, alpha=0.4)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(names[j], fontsize=SMALL, linespacing=1.2)
        axes.set_ylabel(names[i], fontsize=SMALL, linespacing=1.2)
        axes.set_title(f"{value:+.2f}".replace("-", "\u2212"), fontsize=NAME, pad=2)
    return page.figure


@style()
def fit(result: Calibrated) -> Figure:
    """Distance of each target from what is published, at the defaults and over the ensemble."""
    plain = {"linestyle": "", "marker": "o", "markersize": 4.5}
    looks = {
        "at the defaults": {**plain, "color": QUIET, "markerfacecolor": "white"},
        "ensemble, in range": {**plain, "color": BETTER},
        "ensemble, missed": {**plain, "color": WORSE},
        "farther than the picture": {**plain, "marker": ">", "color": QUIET},
    }
    names, rows = [], []
    for before, after in zip(result.before, result.after, strict=True):
        if after.distance is not None:
            names.append(target_name(after.target.id))
            spots = [] if before.distance is None else [(before.distance, {"color": QUIET, "markerfacecolor": "white", "marker": "o"})]  # fmt: skip
            rows.append([*spots, (after.distance, {"color": BETTER if after.in_range else WORSE, "marker": "o"})])
    key = [RANGE, *(Mark(words, look) for words, look in looks.items())]
    words = f"{result.last_line[:1].upper()}{result.last_line[1:]}."
    return distances("Targets before and after", words, key, names, rows, FAR)
