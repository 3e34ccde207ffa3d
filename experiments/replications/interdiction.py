"""What searching loads at borders does to routes, to the size of what is seized, and to what arrives.

What is counted are loads of suppliers, of which there are as many in a world of any size (some 930 seized in eight months without more searches, with 10,000
people and with 30,000), so that larger worlds tell no more of routes and seizures; in one of 2,000 orders, which the goods in a load are reckoned from, vary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.replications.common import Replication, Run, Runs, World
from experiments.replications.findings import Finding, Result, over_seeds
from sim.report.figures.layout import SMALL, Mark, Page, guides, title_of
from sim.report.figures.style import BASELINE, SERIES, style

STARTS, SETTLED = 60, 120
MONTH = 30
ARMS = {"everywhere": "five times as many searches at every border", "one": "twenty times as many at one border"}
ONE = {"origin": "rest_of_world", "destination": "united_kingdom_europe"}
SOURCE = ("narcologic-2019",)
COUPLED = ("narcologic-coupled",)


def seized_loads(events: pd.DataFrame, first: int, last: int) -> float:
    """Loads of suppliers seized between two days."""
    rows = events[(events["kind"] == "consignment_seizure") & events["day"].between(first, last)]
    return float(rows["amount"].sum())


def month_by_month(values: np.ndarray) -> np.ndarray:
    """Means over months of 30 days; what is left over is left out."""
    whole = len(values) // MONTH * MONTH
    return values[:whole].reshape(-1, MONTH).mean(axis=1)


def state_of(run: Run) -> dict[str, float]:
    """Routes, share of goods seized, loads seized, goods seized a load (in orders that were to be filled from it), and trade, from `SETTLED` on."""
    late = run.daily.iloc[SETTLED:]
    loads = seized_loads(run.tables("events"), SETTLED, len(run.daily) - 1)
    goods = float((late["supply_seized"] * late["orders"]).sum())
    return {
        "routes": float(late["supply_routes"].mean()),
        "seized": float(late["supply_seized"].mean()),
        "loads": loads,
        "size": goods / loads if loads else float("nan"),
        "trade": float(late["orders"].sum()),
    }


def measure(runs: Runs) -> Result:
    """Both kinds of interdiction against none, seed by seed."""
    found = {name: pd.DataFrame([state_of(run) for run in them]) for name, them in runs.items()}

    def ratio(arm: str, what: str) -> dict[str, float]:
        return over_seeds(found[arm][what] / found["without"][what])

    more = {"null": 1.0, "side": "above"}
    findings = []
    for arm, words in ARMS.items():
        findings += [
            Finding(
                f"routes_{arm}",
                f"routes over which a supplier spreads loads with {words}, over those without",
                "ratio",
                **ratio(arm, "routes"),
                **more,
                basis="interdiction spreads traffickers over more routes and areas",
                sources=SOURCE,
            ),
            Finding(
                f"seized_{arm}",
                f"share of goods seized with {words}, over that without",
                "ratio",
                **ratio(arm, "seized"),
                **more,
                basis="more is seized",
                sources=COUPLED,
            ),
            Finding(
                f"size_{arm}",
                f"goods in a seized load with {words}, over that without",
                "ratio",
                **ratio(arm, "size"),
                null=1.0,
                side="below",
                basis="the value of a seized shipment falls",
                sources=COUPLED,
            ),
            Finding(
                f"trade_{arm}",
                f"orders of all goods with {words}, over those without",
                "ratio",
                **ratio(arm, "trade"),
                basis="drugs go on moving; no number was read",
                sources=SOURCE,
            ),
        ]
    lines = {
        what: {
            name: np.mean([month_by_month(run.daily[column].to_numpy(dtype=float)) for run in them], axis=0)
            for name, them in runs.items()
        }
        for what, column in (("routes", "supply_routes"), ("seized", "supply_seized"))
    }
    return Result(
        tuple(findings),
        {
            "lines": lines,
            "change": {arm: {what: ratio(arm, what) for what in ("routes", "seized", "size", "trade")} for arm in ARMS},
        },
    )


def picture(drawn: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Figure:
    """Routes month by month, and each change over the published direction."""
    looks = {"without": BASELINE, "everywhere": SERIES[0], "one": SERIES[1]}
    words = {"without": "no more searches", **ARMS}
    wanted = {
        "routes": "routes\n(published: more)",
        "seized": "share seized\n(published: more)",
        "size": "goods in a seized load\n(published: less)",
        "trade": "orders of all goods\n(no number read)",
    }
    with style():
        page = Page(
            6.4, 2.45, "Interdiction, and how suppliers adapt",
            "Left: routes of a supplier, in means over months. Right: with more searches over without, 90 % intervals.",
            [Mark(words[name], {"color": colour, "lw": 1.8}) for name, colour in looks.items()],
        )  # fmt: skip
        axes = page.panel(0.55, 0.25, 2.5, 1.7)
        for name, colour in looks.items():
            line = drawn["lines"]["routes"][name]
            axes.plot((np.arange(len(line)) + 0.5) * MONTH, line, color=colour, lw=1.8)
        axes.axvline(STARTS, color=BASELINE, lw=1, ls=":")
        guides(axes)
        title_of(axes, "routes of a supplier")
        axes.set_xlabel("days (dotted: searches begin)", fontsize=SMALL)
        right = page.panel(4.45, 0.25, 1.75, 1.7)
        right.axvline(1, color=BASELINE, lw=0.8)
        for k, what in enumerate(wanted):
            for n, arm in enumerate(ARMS):
                row = drawn["change"][arm][what]
                right.plot([row["mean"]], [k + 0.22 * (n - 0.5)], "o", color=looks[arm], ms=4.5)
                if row["low"] is not None:
                    right.plot([row["low"], row["high"]], [k + 0.22 * (n - 0.5)] * 2, color=looks[arm], lw=1.4)
        right.set(ylim=(3.6, -0.6), yticks=range(4), xscale="log", xticks=(0.5, 1, 2, 5))
        right.set_xticklabels(("0.5", "1", "2", "5"))
        right.xaxis.set_minor_formatter("")
        right.set_yticklabels(wanted.values(), fontsize=SMALL)
        guides(right, "x")
        title_of(right, "with over without")
    return page.figure


def _searches(times: float, **borders: str) -> tuple[Mapping[str, Any], ...]:
    return ({"kind": "supplier_interdiction", "start": STARTS, "effort": 1.0, "searches": times, **borders},)


REPLICATION = Replication(
    name="interdiction",
    title="Interdiction, and how suppliers adapt",
    paper=(
        "Magliocca N. R., McSweeney K., Sesnie S. E., Tellman E., Devine J. A., Nielsen E. A., Pearson Z., Wrathall D. J. (2019) Modeling cocaine "
        "traffickers and counterdrug interdiction forces as a complex adaptive system. PNAS 116(16):7784-7792"
    ),
    published=(
        "In the agent-based model NarcoLogic interdiction spreads traffickers over more routes and into new areas, and drugs go on moving. In a later "
        "model coupled to an optimal placing of forces more is seized, the value of a seized shipment falls, and as many or more nodes are active. Read "
        "in abstracts: no number was seen, so that only directions are judged."
    ),
    worlds={
        "without": World("baseline", 10_000, 360, 60),
        "everywhere": World("baseline", 10_000, 360, 60, policies=_searches(5.0)),
        "one": World("baseline", 10_000, 360, 60, policies=_searches(20.0, **ONE)),
    },
    runs=5,
    tables=("events",),
    measure=measure,
    picture=picture,
    differs=(
        "There routes are nodes and edges on a map of Central America; here they are ways between four jurisdictions, direct or through a third, and "
        "suppliers' rule for spreading loads is taken from that publication, so that what is looked for is whether it shows where seizures are drawn "
        "and beliefs are learned. Goods in a seized load are reckoned from the share seized and from orders."
    ),
    misses={
        "routes_one": (
            "where one border alone is searched more, suppliers seem to leave it for ways that are as safe as before, and so use fewer; that was not followed up"
        ),
        "size_one": "too little more is seized for loads to be made smaller, if suppliers leave the one border; that was not followed up",
    },
    minutes=1,
)
