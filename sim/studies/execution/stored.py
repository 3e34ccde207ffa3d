"""A study as its folder holds it: read back with its runs, so that its answer can be made again and nothing is run."""

from __future__ import annotations

from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.scenario import Scenario, ScenarioError, meant, no_own_code
from sim.studies import kinds
from sim.studies.errors import RequestError, StudyError
from sim.studies.execution.driver import Driver
from sim.studies.execution.events import only_what_all_must_know
from sim.studies.execution.executors import Inline
from sim.studies.execution.identity import Order, Planner
from sim.studies.methods.factors import Factor
from sim.studies.runs.simulate import default_model
from sim.studies.store.folder import ANSWER, PLAN, STUDY, read_study
from sim.studies.store.own import RECORD, UNREADABLE, refuse_links
from sim.studies.store.store import PARTS, Store
from sim.studies.study import ReadyStudy, StudyFile

if TYPE_CHECKING:
    from sim.studies.methods.factors import Point


class Kept(NamedTuple):
    """A folder of a study: the study, its runs, and whether it has ended."""

    study: ReadyStudy
    runs: StoredRuns
    ended: bool


class LackingError(StudyError):
    """A run that an answer cannot do without was not done yet."""


class StoredRuns(Driver):
    """Answers from the runs that are there, and does none.

    Parameters
    ----------
    study, store
        The study, and its runs (open).
    version
        Version of the model that they were made with.
    planned
        Runs that the ended study is made of; 0 for one that has not ended.
    """

    def __init__(self, study: ReadyStudy, store: Store, version: str, planned: int) -> None:
        super().__init__(study, store, Inline(), lambda: 1, default_model(), only_what_all_must_know)
        self.planner, self.planned = Planner(study, version), planned
        self.lacking: dict[str, Order] = {}
        self.whole = False
        """Whether a run that is not there is an error, and not a row without outcomes."""

    def affords(self, runs: int) -> bool:
        """Whether the study had room for so many more; hours that were spent are seen in the runs that are there."""
        budget = self.study.file.budget
        if self.lacking:
            return False
        if budget.hours is not None and self.order:
            return len(self.order) + runs <= self.planned
        return budget.runs is None or len(self.order) + runs <= budget.runs

    def _do(self, orders: dict[str, Order]) -> None:
        """Take note of what was asked for, and of what is not there."""
        self.order |= {run: order for run, order in orders.items() if run not in self.order}
        self.lacking |= {run: order for run, order in orders.items() if run not in self.store}
        if self.lacking and self.whole:
            raise LackingError(f"{len(self.lacking)} runs are not there yet")


def read_back(folder: str | Path, run_code: bool = False) -> Kept:
    """Read the study of a folder, ended or not.

    Parameters
    ----------
    folder
        Folder that `odm study` or `odm compare` wrote.
    run_code
        Whether Python files that its scenarios use may be executed.

    Raises
    ------
    RequestError
        If it is no such folder, or cannot be read as one.
    """
    place = meant(folder)
    refuse_links(place, (STUDY, PLAN, RECORD, PARTS, ANSWER), "read")
    described = read_study(place)
    import_module("sim.policies")
    try:
        with nullcontext() if run_code else no_own_code():
            study = _study(described)
        version = str(described["model"])
    except ScenarioError as error:
        raise RequestError(f"{place} cannot be read: {error.problems[0]}{_code_note(described)}") from None
    except UNREADABLE as error:
        raise RequestError(f"{place / STUDY} does not describe a study ({type(error).__name__}: {error})") from None
    store = Store(place)
    if store.parts.is_dir():
        store.open(repair=False)
    ended = (place / RECORD).is_file() and (place / PLAN).is_file()
    return Kept(study, StoredRuns(study, store, version, _planned(place) if ended else 0), ended)


def _study(described: dict[str, Any]) -> ReadyStudy:
    """The study that a folder describes, as it was checked when it began."""
    kind = kinds.get(described["study"]["kind"])
    scenarios = {label: Scenario.load(entry["resolved"]) for label, entry in described["scenarios"].items()}
    for label, entry in described["scenarios"].items():
        if scenarios[label].digest != entry["digest"]:
            raise RequestError(
                f"{label} means something else to this version than to the one that ran it ({described['model']}): "
                "what that version wrote is in the folder `answer`; for a new report take that version, or do the runs again"
            )
    factors = {word: tuple(map(Factor.model_validate, described[word])) for word in ("uncertainties", "levers")}
    ensemble: tuple[Point, ...] = tuple(described.get("ensemble", ()))
    file = StudyFile.model_validate(described["study"] | factors)
    settings = kind.Settings.model_validate({**kind.before, **described["settings"]})
    weights = tuple(described.get("weights", ()))
    varied = (factors["uncertainties"], factors["levers"])
    return ReadyStudy(file, scenarios, *varied, settings, ensemble=ensemble, weights=weights)


def _code_note(described: dict[str, Any]) -> str:
    uses = any(entry.get("resolved", {}).get("uses") for entry in described.get("scenarios", {}).values())
    return "; its scenarios use code of their author's own: --run-code runs that, with all your rights" if uses else ""


def _planned(place: Path) -> int:
    """Runs that an ended study is made of."""
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(place / PLAN).num_rows)
    except (OSError, ValueError) as error:
        raise RequestError(f"{place / PLAN} cannot be read: {error}") from None
