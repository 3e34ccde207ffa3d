"""Doing a study: from its file to a folder with every run, the answer, its report, and a record that binds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.scenario import meant
from sim.studies.execution.conduct import Conducted, How, conduct
from sim.studies.store.names import file_name
from sim.studies.study_files import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from sim.studies.execution.events import OnEvent
    from sim.studies.kinds import Drawing
    from sim.studies.runs.simulate import ModelClass
    from sim.studies.study import ReadyStudy


def run_study(
    study: ReadyStudy | str | PathLike[str] | Mapping[str, Any],
    out: str | PathLike[str] | None = None,
    *,
    resume: bool = False,
    retry: bool = False,
    workers: int | None = None,
    executor: str | Executor = "processes",
    scheduler: str | None = None,
    model_class: ModelClass | None = None,
    on_event: OnEvent | None = None,
) -> Conducted:
    """Do a study, or go on with one.

    Parameters
    ----------
    study
        A study, its name below ``experiments/studies``, the path of its file, or the mapping that a file holds.
    out
        Folder; by default ``results/`` and the study's name.
    resume
        Go on with what is in the folder; runs that are there are not done again, but those that were lost with their workers.
    retry
        The same, and do runs again that failed.
    workers
        Worker processes of this machine, one thread each; by default one a usable core.
    executor
        ``processes``; ``dask``; ``inline`` for this process; or any `concurrent.futures.Executor`.
    scheduler
        Address or file of a Dask scheduler; without it, Dask runs on this machine.
    model_class
        Model to run instead of `MarketModel`.
    on_event
        Told what happens; see `sim.studies.execution.events`.

    Returns
    -------
    Conducted

    Raises
    ------
    StudyFileError
        If the study cannot be done, with every reason.
    RequestError
        If something else that was asked for is not possible.
    StudyError
        If it had to stop; what was finished is kept.

    Examples
    --------
    >>> from sim import run_study
    >>> run_study("takedown-timing-sweep", workers=2).answer.tables["sweep"]  # doctest: +SKIP
    """
    ready = Study.load(study)
    how = How(resume, retry, workers, executor, scheduler, model_class, on_event)
    done = conduct(ready, meant(out) if out is not None else Path("results") / file_name(ready.name), how, _write_page)
    did = done.answer.tables.get("policies")
    figures = {name: partial(_draw, drawing, did) for name, drawing in done.answer.figures.items()}
    return replace(done, answer=replace(done.answer, figures=figures))


def _write_page(*what: Any) -> None:
    """See `sim.report.study_page.write_page`; what draws is loaded when all is done, and not before."""
    from sim.report.study_page import write_page

    write_page(*what)


def _draw(drawing: Drawing | Callable[[], Figure], did: DataFrame | None) -> Figure:
    """A figure of the answer, for whoever asks for it."""
    from sim.report.figures import draw
    from sim.report.text.deeds import shortfalls

    return draw(drawing, shortfalls(did))
