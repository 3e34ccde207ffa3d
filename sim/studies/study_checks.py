"""Whether a study can be done: everything that is wrong with a file is said at once, with what is allowed and the nearest valid name."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.evidence.parameters import load_parameters
from sim.measures.by_group import KEYS, groups_of
from sim.measures.dictionary import outcomes, tables
from sim.scenario import (
    Faults,
    Problem,
    Scenario,
    ScenarioError,
    fill,
    no_such_name,
    one_of,
    own_code_refused,
    plain_data,
    problems_from_pydantic,
    quote,
    scenario_files,
)
from sim.studies import kinds
from sim.studies.errors import SEEDS
from sim.studies.factor_checks import check_factors, somewhere
from sim.studies.factor_dates import dates_as_days
from sim.studies.methods.factors import complete
from sim.studies.methods.paths import assignment, has_path
from sim.studies.methods.worlds import read_ensemble, spanned
from sim.studies.runs.effects import DISPLACEMENT
from sim.studies.runs.simulate import BY_GROUP
from sim.studies.study import MAX_PATHS, MAX_SCENARIOS, ReadyStudy, StudyFile, labelled


class StudyFileError(ScenarioError):
    """A study that cannot be done."""

    def __str__(self) -> str:
        return self.told("study", f" in study {self.name or 'file'!r}")


def check[StudyType: ReadyStudy](
    study_type: type[StudyType], content: Mapping[str, Any], folder: Path, source: str
) -> StudyType:
    """The study that a mapping describes.

    Raises
    ------
    StudyFileError
        With every problem at once.
    """
    problems = Faults(StudyFileError)
    name = str(content.get("name", ""))[:80]
    content = plain_data(content, problems) or {}
    if problems:  # what is no plain data can be put nowhere
        raise StudyFileError(problems, name)
    kind = kinds.find(content.get("kind"), problems)
    plain, section = _parted(content, kind, problems)
    scenarios = _scenarios(content.get("scenarios"), folder, problems)
    file = read_model(StudyFile, dates_as_days(plain, scenarios, problems), "", problems)
    settings = None if kind is None else read_model(kind.Settings, section, kind.name, problems)
    if file is None:
        raise StudyFileError(problems, name)
    _measures(file, kind, scenarios, problems)
    scenarios = _set(file.set, scenarios, problems)
    factors = {
        word: tuple(complete(f, f"{word}.{i}", problems) for i, f in enumerate(getattr(file, word)))
        for word in ("uncertainties", "levers")
    }
    ensemble, weights = read_ensemble(file.ensemble, folder, problems)
    if ensemble and kind is not None:
        check_ensemble(kind, {f.path for group in factors.values() for f in group} & set(ensemble[0]), problems)
    factors["uncertainties"] = spanned(ensemble, factors["uncertainties"])
    clashes = check_factors(factors, file.set, scenarios, problems)
    if problems or kind is None or settings is None:
        raise StudyFileError(problems, name)
    study = study_type(
        file, scenarios, factors["uncertainties"], factors["levers"], settings, source, ensemble, weights
    )
    problems += () if kind.leaves_out else clashes
    kind.check(study, problems)
    kinds.check_pairs(study, kind.pairs(study), problems)
    most = kind.most_seeds(study)
    if file.seed + most > SEEDS:
        problems.append(
            Problem("seed", f"{file.seed} and the {most - 1} after it", f"at most {SEEDS - most}: seeds end at 2^64")
        )
    if problems:
        raise StudyFileError(problems, name)
    return study


def check_ensemble(kind: kinds.Kind, both: set[str], problems: list[Problem]) -> None:
    """Whether a kind can use an ensemble, and whether what a design is to vary is in it too."""
    if kind.no_ensemble:
        problems.append(Problem("ensemble", f"one, in a study of the kind {kind.name}", f"none: {kind.no_ensemble}"))
    elif both and kind.varies_beside:
        allowed = "paths that the ensemble does not set: its members set theirs together, and the design varies others"
        problems.append(Problem("ensemble", f"one that sets {', '.join(sorted(both))} too", allowed))


def _parted(content: Mapping[str, Any], kind: kinds.Kind | None, problems: list[Problem]) -> tuple[dict[str, Any], Any]:
    """What a study of any kind may say, and the section of its own kind."""
    sections = {key: content[key] for key in kinds.names() if key in content}
    if kind is not None:
        problems += (
            Problem(key, f"a section of another kind ({key})", f"a section named {kind.name}")
            for key in sections
            if key != kind.name
        )
    plain = {key: _factors(key, value) for key, value in content.items() if key not in sections}
    plain.setdefault("kind", "")
    section = None if kind is None else sections.get(kind.name)
    return plain, {} if section is None else section


def _factors(key: str, value: Any) -> Any:
    """Factors given by their path alone, as mappings; `all`, or a pattern such as `choice.*`, is every parameter that fits it."""
    if key in ("uncertainties", "levers") and value == "all":
        value = ["*"]
    if key in ("uncertainties", "levers") and isinstance(value, list | tuple):
        found = (
            {"path": path} if isinstance(path, str) else path
            for entry in value
            for path in (_matching(entry) if isinstance(entry, str) and "*" in entry else [entry])
        )
        return list(islice(found, MAX_PATHS + 1))
    return value


def _matching(pattern: str) -> list[str]:
    """The parameters with a range that a pattern fits; the pattern itself if there is none."""
    specs = load_parameters().specs
    return [name for name in fnmatch.filter(specs, pattern) if specs[name].low < specs[name].high] or [pattern]


def read_model[Model: BaseModel](model: type[Model], given: Any, prefix: str, problems: list[Problem]) -> Model | None:
    """A declared model filled from plain data, or None with the problems."""
    if not isinstance(given, dict):
        problems.append(Problem(prefix, quote(given), f"a mapping of {one_of(model.model_fields)}"))
        return None
    unknown_keys = [key for key in given if key not in model.model_fields]
    problems += (no_such_name(f"{prefix}.{key}".strip("."), key, model.model_fields) for key in unknown_keys)
    given = {key: value for key, value in given.items() if key in model.model_fields}
    try:
        return fill(model, given)
    except ValidationError as error:
        problems += [p for p in problems_from_pydantic(error, model, given, prefix) if p not in problems]
        return None


def _scenarios(given: Any, folder: Path, problems: list[Problem]) -> dict[str, Scenario]:
    """The scenarios of a study, each under a name of its own; relative paths start from the folder of the study's file."""
    found: list[Scenario] = []
    for i, entry in enumerate(given[:MAX_SCENARIOS] if isinstance(given, list) else ()):
        if not isinstance(entry, str | Mapping):
            continue
        if own_code_refused() and isinstance(entry, str) and entry not in scenario_files():
            problems.append(Problem(f"scenarios.{i}", quote(entry), "the name of a scenario that ships: no files here"))
            continue
        try:
            found.append(Scenario.load(entry, beside=folder))
        except ScenarioError as error:
            problems += [
                Problem(".".join(filter(None, (f"scenarios.{i}", p.path))), p.given, p.allowed, p.nearest)
                for p in error.problems
            ]
    return labelled(found)


def _measures(
    file: StudyFile, kind: kinds.Kind | None, scenarios: Mapping[str, Scenario], problems: list[Problem]
) -> None:
    """Whether every table that is named exists, and every outcome is one of a run of some scenario, or one that the comparison of runs adds."""
    known = list(dict.fromkeys(name for scenario in scenarios.values() for name in kinds.measurable([scenario])))
    paired = [name for name, spec in outcomes().items() if spec.paired]
    daily = file.daily if isinstance(file.daily, tuple) else ()
    for i, name in enumerate(file.tables):
        if name not in ("all", *tables()):
            problems.append(no_such_name(f"tables.{i}", name, ("all", *tables())))
        elif name == BY_GROUP and not file.by:
            problems.append(
                Problem(f"tables.{i}", quote(name), "a key `by` that says what to group by, or another table")
            )
    for i, text in enumerate(file.by):
        try:
            for scenario in scenarios.values():
                groups_of(scenario, [text])
        except KeyError as error:
            problems.append(no_such_name(f"by.{i}", error.args[0], KEYS))
        except ValueError as error:
            problems.append(Problem(f"by.{i}", quote(text), f"another grouping: {error}"))
    for word, names in (("measures", file.measures), ("daily", daily)):
        for i, name in enumerate(names):
            where = f"{word}.{i}"
            if name in paired and (word == "daily" or (kind is not None and kind.name != "compare")):
                given = f"{quote(name)}, which only a comparison has"
                problems.append(Problem(where, given, "an outcome of runs; see `odm list outcomes`"))
            elif name in paired and not any(other.startswith(DISPLACEMENT[name]) for other in names):
                given = f"{quote(name)} without the shares that it is made of"
                problems.append(Problem(where, given, f"outcomes {DISPLACEMENT[name]}... beside it, or no list"))
            elif name not in paired and scenarios and name not in known:
                problems.append(no_such_name(where, name, known))


def _set(given: Mapping[str, Any], scenarios: dict[str, Scenario], problems: list[Problem]) -> dict[str, Scenario]:
    """The scenarios with what the study sets for all of them."""
    changed = dict(scenarios)
    somewhere("set", list(given), scenarios, problems)
    for label, scenario in scenarios.items():
        here = [assignment(path, value) for path, value in given.items() if has_path(scenario, path)]
        try:
            changed[label] = scenario.override(here) if here else scenario
        except ScenarioError as error:
            found = [Problem(f"set.{p.path}", p.given, p.allowed, p.nearest) for p in error.problems]
            problems += [problem for problem in found if problem not in problems]
    return changed
