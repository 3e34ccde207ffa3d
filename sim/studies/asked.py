"""The study that a comparison is which was asked for by names and options, without a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.studies import kinds
from sim.studies.errors import RequestError, at_least, seeds_from
from sim.studies.factor_checks import check_factors
from sim.studies.methods.worlds import read_ensemble, spanned
from sim.studies.runs.compare import load_all
from sim.studies.runs.simulate import check_by
from sim.studies.study import MAX_REPLICATIONS, MAX_SCENARIOS, ReadyStudy, StudyFile, labelled

if TYPE_CHECKING:
    from sim.scenario import Problem, Scenario

Source = str | PathLike[str] | Mapping[str, Any]
"""An ensemble: a path, `default`, or the mapping that such a file holds."""
FEWEST_PAIRS = 4
"""Pairs of runs at least with an ensemble: two parameter sets with two pairs each."""


def comparison(
    baseline: Scenario | str,
    others: Sequence[Scenario | str] | Scenario | str,
    options: Mapping[str, Any],
    *,
    runs: int,
    seed: int | None,
    ensemble: Source | None = None,
    members: int | None = None,
    submodels: tuple[str, ...] = (),
    **fields: Any,
) -> ReadyStudy:
    """The study that a comparison is; see `sim.report.comparison.compare`.

    Parameters
    ----------
    options
        Settings for all scenarios, as `sim.studies.runs.simulate.load_scenario` takes them.
    **fields
        Further keys of a study file.
    """
    from sim.scenario import Scenario, ScenarioError

    sources = [baseline, others] if isinstance(others, str | Scenario) else [baseline, *others]
    if (runs := at_least("runs", runs, 1)) > MAX_REPLICATIONS:
        raise RequestError(f"runs: given {runs}, at most {MAX_REPLICATIONS:,}")
    if len(sources) < 2:
        raise RequestError("others: name at least one scenario to compare with the baseline")
    if len(sources) > MAX_SCENARIOS:
        raise RequestError(f"others: given {len(sources) - 1}, at most {MAX_SCENARIOS - 1}")
    if members is not None and ensemble is None:
        raise RequestError("members: they are drawn from an ensemble; name one (--ensemble default, or a file)")
    if submodels and ensemble is not None:
        raise RequestError(
            "submodels: not together with an ensemble; ask for rivals of the rules and for parameter sets one after the other"
        )
    scenarios = labelled(load_all(sources, options))
    seeds = seeds_from(next(iter(scenarios.values())).seed if seed is None else seed, runs)
    kind = kinds.get("compare")
    file = StudyFile(
        name="comparison",
        kind=kind.name,
        scenarios=tuple(scenarios),
        replications=len(seeds),
        seed=seeds[0],
        daily="all",
        exact_daily=True,
        totals="simulated",  # which `Comparison.real` makes those of real people
        **fields,
    )
    problems: list[Problem] = []
    study = ReadyStudy(file, scenarios, (), (), kind.Settings(submodels=submodels))
    if ensemble is not None:
        study = _in_ensemble(study, ensemble, members, problems)
    check_by(study.file.by, scenarios.values())
    kind.check(study, problems)
    kinds.check_pairs(study, kind.pairs(study), problems)
    if problems:
        raise ScenarioError(problems)
    return study


def _in_ensemble(study: ReadyStudy, ensemble: Source, members: int | None, problems: list[Problem]) -> ReadyStudy:
    """The same study with its pairs shared out over members of an ensemble."""
    pairs = study.file.replications
    if members is not None:
        members = at_least("members", members, 1)
    if pairs < FEWEST_PAIRS and members != 1:
        raise RequestError(
            f"runs: given {pairs}; with an ensemble at least {FEWEST_PAIRS}: two parameter sets with two pairs of runs each tell luck from what "
            "parameters do"
        )
    given = ensemble if isinstance(ensemble, Mapping) else fspath(ensemble)
    points, weights = read_ensemble(given, Path(), problems)
    factors = spanned(points, ())
    check_factors({"ensemble": factors}, {}, study.scenarios, problems)
    settings = study.settings.model_copy(update={"members": members})
    return replace(study, uncertainties=factors, settings=settings, ensemble=points, weights=weights)
