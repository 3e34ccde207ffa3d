"""The report of a folder: what `odm report` writes, of a comparison or a study of any kind, ended or not."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sim.measures.scale import told
from sim.report.html.render import page
from sim.report.pages import answer_page, pairs_page
from sim.report.parts.validation import read_validation
from sim.scenario import meant, no_own_code
from sim.studies import deeds, kinds
from sim.studies.errors import RequestError, StudyError
from sim.studies.execution.stored import Kept, LackingError, read_back
from sim.studies.findings.rivals import rivals_of_pairs
from sim.studies.findings.values import listed
from sim.studies.kinds import Answer
from sim.studies.kinds._worlds import evaluate, parameter_sets
from sim.studies.runs.compare import PairedRuns
from sim.studies.store.own import RECORD, REPORT, is_report
from sim.studies.store.parts import POLICIES, StoreError, write_whole
from sim.studies.store.plain import plain_runs

if TYPE_CHECKING:
    from sim.report.parts.material import Material
    from sim.studies.study import ReadyStudy

People = Literal["real", "simulated", "both"]
PEOPLE: tuple[People, ...] = ("real", "simulated", "both")
TOTALS = ("real", "simulated")
FIXED = ("optimise", "calibrate", "discover")
"""Kinds whose limits, targets and failures are amounts, so that they mean something else for other people than those of the study."""


def report(
    folder: str | Path, people: People | None = None, run_code: bool = False, validation: str | Path | None = None
) -> str:
    """The report of a folder as one HTML page.

    Parameters
    ----------
    folder
        Folder that `odm compare` or `odm study` wrote, ended or not.
    people
        Whose totals it shows: those of ``real`` people, of the ``simulated`` consumers, or ``both``, apart. By default those of the study, which
        are real people's unless it says otherwise.
    run_code
        Whether Python files that its scenarios use may be executed.
    validation
        Folder that `odm validate` wrote, or its ``validation.json``; by default one in the folder, if there is one, and the one that ships otherwise.

    Returns
    -------
    str
        HTML that needs no other file and no script.

    Raises
    ------
    RequestError
        If there is no such folder, it holds nothing that can be reported on, or the totals asked for cannot be told.
    """
    place = Path(folder)
    if people is not None and people not in PEOPLE:
        raise RequestError(f"people: given {people!r}, allowed: {', '.join(PEOPLE)}")
    _check(place)
    found = read_validation(Path(validation) if validation is not None else place)
    if validation is not None and found is None:
        raise RequestError(f"validation: there is none in {validation}")
    kept = read_back(place, run_code)
    if kept.study.file.kind == "sweep" and not kept.study.varied:  # what `odm run --runs` keeps
        raise RequestError(_one_scenario(place))
    with nullcontext() if run_code else no_own_code():
        materials = [_material(kept, totals) for totals in _totals(kept.study, people)]
    return page(materials, place, found)


def write_report(
    folder: str | Path,
    out: str | Path | None = None,
    people: People | None = None,
    run_code: bool = False,
    validation: str | Path | None = None,
) -> Path:
    """Write the report of a folder; see `report`.

    Parameters
    ----------
    folder, people, run_code, validation
        As `report` has them.
    out
        File to write; by default `report.html` in the folder, beside its record, which binds the one in `answer`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    RequestError
        As `report`, or if the file cannot be written.
    """
    file = meant(out) if out is not None else Path(folder) / REPORT
    if file.is_dir() or file.is_symlink():
        raise RequestError(
            f"output: {file} is {'a folder' if file.is_dir() else 'a symbolic link'}; give the name of a file"
        )
    if file.exists() and not is_report(file):
        raise RequestError(f"output: {file} is no report of this program; give another name with --out")
    text = report(folder, people, run_code, validation)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text.encode("utf-8"))
    except (OSError, StoreError) as error:
        raise RequestError(f"output: {file} cannot be written: {error}") from None
    return file


def open_in_browser(file: Path) -> bool:
    """Show a report in the browser of whoever is there; whether there was one."""
    return webbrowser.open(file.resolve().as_uri())


def _check(place: Path) -> None:
    if not place.is_dir():
        raise RequestError(f"{place} is no folder" if place.exists() else f"there is no folder {place}")
    if plain_runs(place) is not None:
        raise RequestError(_one_scenario(place))
    if (place / RECORD).is_file() and not (place / "study.json").is_file():
        raise RequestError(
            f"{place} holds a comparison that was saved without its runs (`Comparison.save`); its report is {REPORT} in it. "
            "With `out` (--out) a comparison keeps every run, and can be reported on anew"
        )


def _one_scenario(place: Path) -> str:
    return f"{place} holds runs of one scenario, which are compared with nothing; `odm compare` or `odm study` write what a report tells"


def _totals(study: ReadyStudy, people: People | None) -> Sequence[str]:
    """Whose totals are shown, the study's own first."""
    own = "real" if _is_comparison(study) else study.file.totals
    wanted = [own] if people is None else [people] if people != "both" else sorted(TOTALS, key=lambda word: word != own)
    fixed = study.file.kind in FIXED or _absolute(study)
    if fixed and any(totals != own for totals in wanted):
        raise RequestError(
            f"people: the limits, targets or precision of this study are amounts of {study.scale}, and mean something else for others; "
            f"only --people {own} can be told"
        )
    return wanted


def _absolute(study: ReadyStudy) -> bool:
    precision = getattr(study.settings, "precision", None)
    return precision is not None and not precision.relative


def _is_comparison(study: ReadyStudy) -> bool:
    """Whether `odm compare` made it: a study without a file of its own."""
    file = study.file
    return (file.name, file.kind, file.totals, file.daily, file.exact_daily) == (
        "comparison",
        "compare",
        "simulated",
        "all",
        True,
    )


def _material(kept: Kept, totals: str) -> Material:
    study, runs = kept.study, kept.runs
    if _is_comparison(study):
        return _of_comparison(kept, totals)
    study = replace(study, file=study.file.model_copy(update={"totals": totals}))
    runs.study, runs.planner.study = study, study
    runs.lacking, runs.order = {}, {}
    runs.whole = study.file.kind not in ("compare", "sweep")
    kind = kinds.get(study.file.kind)
    try:
        answer = kind.conduct(study, runs) if len(runs.store) else Answer({})
    except LackingError:
        answer = Answer({}, ["No finding yet: this kind of study says something only when all of its runs are there."])
    except StudyError as error:
        answer = Answer({}, [f"No finding: {error}."])
    there = [run for run in runs.order if runs.store.ok(run)]
    did = deeds.of_runs(
        runs.store.rows(there, ["run", "scenario", "seed", "inputs", POLICIES]).set_index("run").reindex(there),
        POLICIES,
    )
    tables = {name: told(table, study.scale) for name, table in answer.tables.items()} | (
        {"policies": did} if len(did) else {}
    )
    broken = [run for run in runs.order if run in runs.store and not runs.store.ok(run)]
    failures = runs.store.rows(broken, ["run", "scenario", "seed", "inputs", "status", "error"])
    return answer_page(
        study,
        replace(answer, tables=tables),
        runs=len([run for run in runs.order if run in runs.store]),
        failures=failures,
        lacking=len(runs.lacking),
        ended=kept.ended and not runs.lacking,
        model=runs.planner.version,
    )


def _of_comparison(kept: Kept, totals: str) -> Material:
    """A comparison from the pairs of which every run is there."""
    study, runs = kept.study, kept.runs
    found = evaluate(study, runs, study.seeds)
    good = found.groupby("seed")["status"].agg(lambda states: bool((states == "ok").all()))
    seeds = [seed for seed in study.seeds if good[seed]]
    about = {"lacking": len(runs.lacking), "ended": kept.ended and not runs.lacking, "model": runs.planner.version}
    if not seeds:
        title = f"{listed([label for label in study.scenarios if label != study.baseline])} against {study.baseline}"
        untold = replace(study, file=study.file.model_copy(update={"title": title, "totals": totals}))
        return answer_page(
            untold, Answer({}, ["No finding yet: no pair of runs is there."]), runs=len(runs.store), **about
        )
    rows = found[found["seed"].isin(seeds)].reset_index(drop=True)
    pairs = replace(PairedRuns.of(study, rows, runs.store, {}, parameter_sets(study)), seeds=tuple(seeds))
    pairs = replace(
        pairs, submodels=rivals_of_pairs(pairs.outcomes, study.settings.submodels, study.scenarios, runs.evaluate)
    )
    about |= {"lacking": len(runs.lacking), "ended": kept.ended and not runs.lacking}
    return pairs_page(pairs.real() if totals == "real" else pairs, **about)
