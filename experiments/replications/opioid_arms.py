"""Which of naloxone, opioid agonist treatment and drug checking averts most deaths, and which averts overdoses.

Deaths and overdoses are expected ones, and what varies is who takes what: one death a year is expected in a world of 2,000 people, six in one of 10,000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.replications.common import Replication, Run, Runs, World
from experiments.replications.findings import Finding, Result, over_seeds
from sim.report.figures.layout import SMALL, Mark, Page, guides, title_of
from sim.report.figures.style import BASELINE, BETTER, style

ARMS = {"naloxone": "take-home naloxone", "treatment": "opioid agonist treatment", "checking": "drug checking"}
AVERTED = {"naloxone": 290, "treatment": 173, "checking": 100}
"""Deaths averted in a year of 295.4 in the publication, each arm from nobody to everybody."""
DEATHS = 295.4
NOT_HERE = {"less fentanyl": 248, "supervised consumption": 124}
"""What the publication also tried and this model has no lever for."""
SOURCE = ("toronto-opioid-arms",)


def deaths(run: Run) -> float:
    """Expected deaths from use."""
    return run.outcomes["deaths_expected"]


def survived(run: Run) -> float:
    """Expected overdoses that are survived."""
    return run.outcomes["overdoses_expected"] - run.outcomes["deaths_expected"]


def averted(arm: Sequence[Run], none: Sequence[Run]) -> np.ndarray:
    """Deaths that an arm averts, as a share of those without, seed by seed."""
    return np.array([1 - deaths(a) / deaths(b) for a, b in zip(arm, none, strict=True)])


def more_survived(arm: Sequence[Run], none: Sequence[Run]) -> np.ndarray:
    """Change of overdoses that are survived, as a share of those without, seed by seed."""
    return np.array([survived(a) / survived(b) - 1 for a, b in zip(arm, none, strict=True)])


def concordance(one: Sequence[float], other: Sequence[float]) -> float:
    """Kendall's tau of two rankings: 1 where all pairs are in the same order, -1 where none is."""
    from scipy import stats

    return float(stats.kendalltau(one, other).statistic)


def measure(runs: Runs) -> Result:
    """Each arm against none, and the order of the arms."""
    none = runs["without"]
    saved = {arm: averted(runs[arm], none) for arm in ARMS}
    read = {"basis": "the direction; the size depends on where use of the service starts", "sources": SOURCE}
    findings = [
        Finding(
            f"deaths_{arm}",
            f"share of deaths averted by {words}",
            "share of deaths",
            **over_seeds(saved[arm]),
            published=round(AVERTED[arm] / DEATHS, 3),
            null=0.0,
            **read,
        )
        for arm, words in ARMS.items()
    ]
    order = {"basis": "the order of deaths averted at full scale", "sources": SOURCE, "null": 0.0}
    ranks = [concordance([saved[arm][k] for arm in ARMS], list(AVERTED.values())) for k in range(len(none))]
    findings += [
        Finding(
            "naloxone_over_treatment",
            "deaths averted by naloxone less those by treatment",
            "share of deaths",
            **over_seeds(saved["naloxone"] - saved["treatment"]),
            **order,
        ),
        Finding(
            "treatment_over_checking",
            "deaths averted by treatment less those by checking",
            "share of deaths",
            **over_seeds(saved["treatment"] - saved["checking"]),
            **order,
        ),
        Finding(
            "ranks",
            "agreement of the order of arms (Kendall's tau)",
            "tau (-1 to 1)",
            **over_seeds(ranks),
            published=1.0,
            **order,
        ),
        Finding(
            "survived_checking",
            "change of overdoses that are survived with drug checking",
            "share of overdoses",
            **over_seeds(more_survived(runs["checking"], none)),
            null=0.0,
            side="below",
            basis="only checking and less fentanyl avert overdoses that are survived",
            sources=SOURCE,
        ),
        Finding(
            "survived_naloxone",
            "change of overdoses that are survived with naloxone",
            "share of overdoses",
            **over_seeds(more_survived(runs["naloxone"], none)),
            lowest=0.0,
            basis="naloxone averts none of them",
            sources=SOURCE,
        ),
        Finding(
            "survived_treatment",
            "change of overdoses that are survived with treatment",
            "share of overdoses",
            **over_seeds(more_survived(runs["treatment"], none)),
            lowest=0.0,
            basis="treatment averts none of them, as reported",
            sources=SOURCE,
        ),
    ]
    drawn = {
        "averted": {arm: over_seeds(saved[arm]) for arm in ARMS},
        "survived": {arm: over_seeds(more_survived(runs[arm], none)) for arm in ARMS},
    }
    return Result(tuple(findings), drawn)


def picture(drawn: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Figure:
    """Deaths averted of the model beside those published, and overdoses that are survived."""
    published, model = {"color": BASELINE, "marker": "s", "ls": ""}, {"color": BETTER, "marker": "o", "ls": ""}
    with style():
        page = Page(
            6.4, 1.9, "Opioid arms: what averts most deaths",
            "Each arm alone at full scale, against the same seeds without, with 90 % intervals. Published: each from nobody to everybody who uses.",
            [Mark("published (Toronto, 2019)", published), Mark("model", model)],
        )  # fmt: skip
        axes = page.panel(1.75, 0.3, 2.1, 1.1)
        right = page.panel(4.25, 0.3, 1.95, 1.1)
        for k, arm in enumerate(ARMS):
            axes.plot([AVERTED[arm] / DEATHS], [k - 0.12], ms=5, **published)
            for each, what in ((axes, "averted"), (right, "survived")):
                row = drawn[what][arm]
                each.plot([row["mean"]], [k + 0.12], ms=5, **model)
                if row["low"] is not None:
                    each.plot([row["low"], row["high"]], [k + 0.12] * 2, color=BETTER, lw=1.5)
        right.axvline(0, color=BASELINE, lw=0.8)
        least = min(drawn["averted"][arm]["low"] or 0.0 for arm in ARMS)
        axes.set(xlim=(min(-0.05, least - 0.03), 1.05), ylim=(2.6, -0.6), yticks=range(3))
        axes.set_yticklabels(ARMS.values(), fontsize=SMALL + 0.5)
        right.set(ylim=(2.6, -0.6), yticks=())
        for each in (axes, right):
            guides(each, "x")
        title_of(axes, "share of deaths averted")
        title_of(right, "change of overdoses survived")
    return page.figure


REPLICATION = Replication(
    name="opioid-arms",
    title="Opioid arms: what averts most deaths",
    paper=(
        "Gallant K., Lukeman R. (2024) An individual-based dynamic model to assess interventions to mitigate opioid overdose risk. "
        "Harm Reduction Journal, doi 10.1186/s12954-024-01069-9"
    ),
    published=(
        "In an individual-based model of people who use unregulated opioids in Toronto (295.4 deaths and 3,690.6 non-fatal overdoses in 2019), "
        "take-home naloxone at full scale averts 290 deaths, no fentanyl in the supply 248, opioid agonist treatment 173, supervised consumption sites "
        "124 and drug checking 100; only checking and less fentanyl avert non-fatal overdoses. Of the model of Pinellas County only the code was seen, "
        "and no result: it is not tested against."
    ),
    worlds={
        "without": World("baseline", 10_000, 365, 60),
        "naloxone": World("baseline", 10_000, 365, 60, policies=({"kind": "naloxone", "start": 0, "carriage": 1.0, "taken_up": 1.0},)),
        "treatment": World("baseline", 10_000, 365, 60, policies=({"kind": "treatment_capacity", "start": 0, "places": 10.0, "hiring_days": 1, "dropout": 1.0},)),
        "checking": World("baseline", 10_000, 365, 60, policies=({"kind": "drug_checking", "start": 0, "reach": 1.0, "taken_up": 1.0},)),
    },
    runs=5,
    tables=("events",),
    measure=measure,
    picture=picture,
    differs=(
        "There all of those who use opioids take part; here naloxone meets people who use alone, treatment has places for all but not everybody asks, "
        "and checking is used by some of those who have it within reach; and deaths are those of all who use drugs. The usual services of this model go "
        "on in every arm. Supervised consumption and a supply without fentanyl have no lever here."
    ),
    misses={
        "deaths_treatment": (
            "places are not what is short: 74 people are in treatment and 10 wait, and with ten times the places 87 are in treatment and nobody waits"
        ),
        **dict.fromkeys(
            ("deaths_checking", "treatment_over_checking", "survived_checking"),
            "six deaths and 136 overdoses are expected in a year of a world of this size, and five pairs of runs do not tell what checking does to them from "
            "chance (larger worlds would); adverse events fall by 4 %"
        ),
    },
    minutes=1,
)  # fmt: skip
