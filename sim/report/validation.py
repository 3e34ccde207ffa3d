"""Validating the model: from targets and parameter sets to a table, a report with a picture a target, and data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from os import PathLike
from typing import TYPE_CHECKING, Any

from sim.scenario import meant, no_such_name
from sim.studies.errors import RequestError
from sim.studies.execution.conduct import How
from sim.studies.runs.simulate import one_or_several
from sim.studies.store.output import passing_folder
from sim.studies.validation.ensemble import load_ensemble
from sim.studies.validation.files import TargetsError, load
from sim.studies.validation.targets import LEVELS, Targets
from sim.studies.validation.validate import Validation, run_validation

if TYPE_CHECKING:
    from sim.studies.execution.events import OnEvent

RUNS = 4
"""Runs of each world where there is one parameter set; members of an ensemble get one each."""


def validate(
    targets: str | PathLike[str] | Mapping[str, Any] | Targets | None = None,
    *,
    ensemble: str | PathLike[str] | None = None,
    members: int | None = None,
    runs: int | None = None,
    levels: Sequence[str] = (),
    consumers: int | None = None,
    seed: int | None = None,
    submodels: Sequence[str] | str = (),
    workers: int | None = None,
    out: str | PathLike[str] | None = None,
    resume: bool = False,
    on_event: OnEvent | None = None,
) -> Validation:
    """Hold the model against facts.

    Parameters
    ----------
    targets
        Targets, the path of a file of them, or the mapping that one holds; by default those that ship.
    ensemble
        File of parameter sets; by default the defaults alone.
    members
        Sets of it that are drawn in proportion to their weights; by default all are run, and count by them.
    runs
        Runs of each parameter set in each world, by default 4 of the defaults and 1 of each member of an ensemble.
    levels
        Only targets of these levels.
    consumers
        Simulated consumers of every world, in the place of its own.
    seed
        Seed of the first run, by default 10,001, since calibrations use those from 1 on; every run has one of its own.
    submodels
        Rival rules that are held against the same facts in the same worlds and seeds: ``all``, or ``NAME=VALUE`` each.
    workers
        Worker processes; by default one a core.
    out
        Folder that keeps runs, data and report; without it, nothing is kept.
    resume
        Go on with what is in the folder. Other questions in the same worlds are asked of the runs that are there.
    on_event
        Told what happens; see `sim.studies.execution.events`.

    Raises
    ------
    TargetsError
        If targets, worlds or parameter sets are not as they must be, with every reason.
    RequestError
        If something else that was asked for is not possible.
    StudyError
        If it had to stop; what was finished is kept.

    Examples
    --------
    >>> from sim import validate
    >>> validate(levels=["vendors"], consumers=2000).last_line  # doctest: +SKIP
    'in range: calibration 5 of 14, validation 4 of 9'
    """
    wrong = [no_such_name("level", level, LEVELS) for level in levels if level not in LEVELS]
    if wrong:
        raise TargetsError(wrong)
    if resume and out is None:
        raise RequestError("resume: without a folder (--out) there is nothing to go on with")
    chosen = load(targets).of(levels)
    sets = load_ensemble(ensemble, members)
    each = runs if runs is not None else RUNS if len(sets) == 1 else 1
    how = How(resume=resume, workers=workers, on_event=on_event)
    with passing_folder() if out is None else nullcontext(meant(out)) as folder:
        write = None if out is None else _write
        return run_validation(chosen, sets, folder, how, each, consumers, seed, write, one_or_several(submodels))


def _write(*what: Any) -> None:
    """See `sim.report.validation_page.write_page`; what draws is loaded when all is done, and not before."""
    from sim.report.validation_page import write_page

    write_page(*what)
