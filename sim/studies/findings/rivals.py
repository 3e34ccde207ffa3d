"""Rival rules in a study: the same runs again under each rule that contests with the one in force, one at a time, and what of the conclusion turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np

from sim.measures.dictionary import outcome
from sim.scenario import Problem, Submodels, no_such_name, one_of, quote
from sim.studies.findings.effects import tell
from sim.studies.findings.many import pairs_of
from sim.studies.methods.components import SET
from sim.studies.runs.compare_tables import over_sets
from sim.studies.runs.effects import add_displacement, change, paired_effects, t_interval
from sim.studies.store.parts import OK

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.scenario import Scenario
    from sim.studies.methods.factors import Point

ALL = "all"
EXAMPLE = "all, or NAME=VALUE such as vendor_choice=random"
COLUMNS = (
    "submodel", "rival", "scenario", "outcome", "group", "unit", "baseline", "mean", "low", "high", "percent", "n", "rival_told",
    "usual_baseline", "usual", "usual_low", "usual_high", "usual_told", "sign_kept", "flips", "rank", "usual_rank", "overtakes",
)  # fmt: skip
HEAD = ("point", "scenario", "seed", "run", "status", SET)
WORDS = {
    "memory": "vendor choice by memory", "logit": "vendor choice by logit", "random": "random vendor choice",
    "size": "migration by size", "overlap": "migration by overlap", "vendors": "migration after vendors",
    "hill": "the Hill form of overdose", "logistic": "the logistic form of overdose",
    "cost": "prices by cost", "anchored": "anchored prices", "seen": "fear by what is seen", "share": "fear by share of trade",
}  # fmt: skip
"""What each rule is called in a sentence."""


class Rival(NamedTuple):
    """A rule in the place of the one in force: the part that it belongs to, and its name."""

    submodel: str
    rival: str

    @property
    def point(self) -> dict[str, str]:
        """What it changes in a scenario, as a point of a study."""
        return {f"submodels.{self.submodel}": self.rival}

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return WORDS[self.rival]


def names_of(submodel: str) -> tuple[str, ...]:
    """The rules of a part, the usual one first."""
    return get_args(Submodels.model_fields[submodel].annotation)


def chosen(given: Sequence[str], scenarios: Mapping[str, Scenario], problems: list[Problem]) -> tuple[Rival, ...]:
    """The rivals that were asked for, each once.

    Parameters
    ----------
    given
        ``all``, or ``NAME=VALUE`` each.
    scenarios
        What is compared: a rival is another rule than the first of them has.
    problems
        Gets what is wrong.
    """
    own = next(iter(scenarios.values())).submodels.model_dump() if scenarios else Submodels().model_dump()
    found: dict[Rival, None] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if text == ALL:
            found |= {Rival(part, rule): None for part in own for rule in names_of(part) if rule != own[part]}
        elif not equals:
            problems.append(Problem("submodels", quote(text), EXAMPLE))
        elif name not in own:
            problems.append(no_such_name(f"submodels.{name}", name, own))
        elif value not in names_of(name):
            problems.append(no_such_name(f"submodels.{name}", value, names_of(name)))
        elif value == own[name]:
            others = [rule for rule in names_of(name) if rule != value]
            problems.append(Problem(f"submodels.{name}", f"{value}, which is in force", one_of(others)))
        else:
            found[Rival(name, value)] = None
    return tuple(found)


def outcomes_under(
    rivals: Sequence[Rival],
    evaluate: Callable[..., DataFrame],
    seeds: Sequence[int],
    worlds: Sequence[Point] | None = None,
) -> dict[Rival, DataFrame]:
    """Outcomes of all scenarios under each rival, as `Driver.evaluate` gives them, of the pairs of which every run is there.

    Parameters
    ----------
    rivals, evaluate
        The rivals, and `Driver.evaluate`.
    seeds, worlds
        Seeds, and what else each is run with: a world of its own where there are uncertainties.
    """
    if not rivals:
        return {}
    each = worlds if worlds is not None else [{}] * len(seeds)
    points = [{**world, **rival.point} for rival in rivals for world in each]
    rows = evaluate(points, seeds=[*seeds] * len(rivals), crossed=False)
    good = rows.assign(rival=rows["point"] // len(seeds))
    whole = good.groupby(["rival", "seed"])["status"].transform(lambda states: bool((states == OK).all())).astype(bool)
    good = good[whole]
    return {rival: good[good["rival"] == k].drop(columns="rival") for k, rival in enumerate(rivals)}


def rivals_table(
    usual: DataFrame, found: Mapping[Rival, DataFrame], baseline: str, effects: Callable[[DataFrame], DataFrame]
) -> DataFrame:
    """What every scenario changes under each rival, beside what it changes by the usual rules.

    Parameters
    ----------
    usual
        A row a run by the usual rules: scenario, seed, outcomes, and the `parameter_set` where runs were made in several: a seed has the same under a rival.
    found
        The same under each rival; see `outcomes_under`.
    baseline
        Label of the baseline.
    effects
        Makes a table of effects of such rows.

    Returns
    -------
    DataFrame
        submodel, rival, scenario, outcome, group, unit; baseline, mean, low, high, percent, n and whether that is told (a finding, see
        `sim.studies.findings.effects`) under the rival; usual_baseline, usual, usual_low, usual_high and usual_told by the usual rules;
        sign_kept: both means have one sign; flips (told in both, with opposite signs); rank and usual_rank of the scenario (1 is best; NaN without a
        direction); overtakes: scenarios told to be
        ahead by the usual rules and told to be behind under the rival.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    before, ranks = _by_name(effects(usual)), _ranks(usual)
    for rival, outcomes in found.items():
        if not len(outcomes):
            continue
        mine = add_displacement(outcomes.drop(columns=["point", "run", "status"], errors="ignore"), baseline)
        if SET in usual:
            mine[SET] = mine["seed"].map(usual.drop_duplicates("seed").set_index("seed")[SET])
        now, passed = _ranks(mine), _overtaken(usual, mine)
        for key, row in _by_name(effects(mine)).items():
            if (was := before.get(key)) is None or outcome(row["outcome"]).detail:
                continue
            both = row["told"] and was["told"]
            opposite = row["mean"] * was["mean"] < 0
            rows.append(
                {
                    "submodel": rival.submodel,
                    "rival": rival.rival,
                    **{name: row[name] for name in ("scenario", "outcome", "group", "unit", "baseline", "mean", "low", "high", "percent")},
                    "n": pairs_of(row),
                    "rival_told": row["told"],
                    "usual_baseline": was["baseline"],
                    "usual": was["mean"],
                    "usual_low": was["low"],
                    "usual_high": was["high"],
                    "usual_told": was["told"],
                    "sign_kept": bool(row["mean"] * was["mean"] > 0 or row["mean"] == was["mean"]),
                    "flips": bool(both and opposite),
                    "rank": now.get(key, np.nan),
                    "usual_rank": ranks.get(key, np.nan),
                    "overtakes": "; ".join(passed.get(key, ())),
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def rivals_of_pairs(
    usual: DataFrame, given: Sequence[str], scenarios: Mapping[str, Scenario], evaluate: Callable[..., DataFrame]
) -> DataFrame | None:
    """The table of rivals of a comparison of pairs of runs; None where no rivals were asked for.

    Parameters
    ----------
    usual
        A row a run by the usual rules: scenario, seed, outcomes.
    given, scenarios
        What was asked for, see `chosen`, and the scenarios by label, the baseline first.
    evaluate
        `Driver.evaluate`.
    """
    asked, baseline = chosen(given, scenarios, []), next(iter(scenarios))
    if not asked:
        return None
    seeds = [int(seed) for seed in dict.fromkeys(usual["seed"])]
    return rivals_table(
        usual, outcomes_under(asked, evaluate, seeds), baseline, lambda rows: paired_effects(rows, baseline)
    )


def _by_name(effects: DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """Effects by scenario and outcome, each with whether it is told."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for label, table in effects.groupby("scenario", sort=False):
        rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
        names = tell(row for row in rows if not outcome(row["outcome"]).detail).names
        found |= {(str(label), row["outcome"]): {**row, "told": row["outcome"] in names} for row in rows}
    return found


def _directed(outcomes: DataFrame) -> list[str]:
    """Outcomes that have a better and a worse."""
    names = [str(name) for name in outcomes.columns if name not in HEAD]
    return [name for name in names if outcome(name).better != "none" and not outcome(name).paired]


def _ranks(outcomes: DataFrame) -> dict[tuple[str, str], float]:
    """Rank of each scenario by its mean of each outcome that has a direction."""
    names = _directed(outcomes)
    means = outcomes.groupby("scenario", sort=False)[names].mean()
    ranks = means.mul([-1.0 if outcome(name).better == "higher" else 1.0 for name in names]).rank(method="min")
    values = ranks.to_numpy(dtype=float)
    return {
        (str(label), name): float(values[i, k]) for i, label in enumerate(ranks.index) for k, name in enumerate(names)
    }


def _overtaken(usual: DataFrame, rival: DataFrame) -> dict[tuple[str, str], tuple[str, ...]]:
    """Scenarios that each is told to be ahead of under the rival, and behind by the usual rules."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    names = [name for name in _directed(rival) if name in usual and not outcome(name).detail]
    tables = [over_sets(rows).set_index(["seed", "scenario"])[names].astype(float).unstack("scenario") for rows in (usual, rival)]  # fmt: skip
    labels = [str(label) for label in dict.fromkeys(rival["scenario"])]
    for name in names:
        was, now = (table[name] for table in tables)
        sign = -1.0 if outcome(name).better == "higher" else 1.0
        for one in labels:
            passed = tuple(
                other
                for other in labels
                if other != one and _ahead(sign, was, other, one) and _ahead(sign, now, one, other)
            )
            if passed:
                found[one, name] = passed
    return found


def _ahead(sign: float, levels: Any, one: str, other: str) -> bool:
    """Whether ``one`` is told to be better than ``other``: the interval of their difference over pairs leaves zero out."""
    difference = change(sign * levels[other].to_numpy(), sign * levels[one].to_numpy())
    _, low, _ = t_interval(difference[np.isfinite(difference)])
    return bool(low > 0)
