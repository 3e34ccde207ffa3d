"""Calibrating the model: from a file to an ensemble, a report and data; and what it will cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from sim.scenario import meant
from sim.studies.execution.conduct import How
from sim.studies.validation.calibration.budget import Budget, budget
from sim.studies.validation.calibration.calibrate import Calibrated, run_calibration, study_of
from sim.studies.validation.calibration.settings import Calibration, load_calibration

if TYPE_CHECKING:
    from sim.studies.execution.events import OnEvent
    from sim.studies.runs.simulate import ModelClass


def calibrate(
    source: str | PathLike[str] | Mapping[str, Any] | Calibration,
    out: str | PathLike[str],
    *,
    changes: Sequence[tuple[str, Any]] = (),
    workers: int | None = None,
    resume: bool = False,
    model_class: ModelClass | None = None,
    on_event: OnEvent | None = None,
) -> Calibrated:
    """Find the parameters that agree with targets, and write an ensemble of them.

    Parameters
    ----------
    source
        A calibration file, the mapping that one holds, or a calibration.
    out
        Folder that keeps runs, readings, data and report.
    changes
        Keys and values in the place of those of the file, such as ``("points", 100)``.
    workers
        Worker processes; by default one a core.
    resume
        Go on with what is in the folder: no run that is there is done again.
    model_class
        Another model than the one that ships.
    on_event
        Told what happens; see `sim.studies.execution.events`.

    Raises
    ------
    CalibrationError, TargetsError
        If the file or its targets are not as they must be, with every reason.
    RequestError
        If something else that was asked for is not possible.
    StudyError
        If it had to stop; what was finished is kept.
    """
    calibration = source if isinstance(source, Calibration) else load_calibration(source, changes)
    how = How(resume=resume, workers=workers, model_class=model_class, on_event=on_event)
    return run_calibration(calibration, meant(out), how, _write)


def cost(calibration: Calibration, workers: int | None = None, model_class: ModelClass | None = None) -> Budget:
    """What a calibration costs, from a run that is timed."""
    study, _, _ = study_of(calibration)
    return budget(calibration.stages(len(study.scenarios)), study.scenarios, workers, model_class)


def _write(*what: Any) -> None:
    """See `sim.report.calibration_page.write_page`; what draws is loaded when all is done, and not before."""
    from sim.report.calibration_page import write_page

    write_page(*what)
