"""The `odm` command, and workers of studies, in processes of their own that need not import everything again: forked from one that has."""

import multiprocessing
import os
import runpy
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

from sim.cli import main

PRELOADED = ["sim.cli.main", "sim.studies.execution.several", "sim.studies.execution.conduct", "sim.report", "pandas"]
"""What commands would import; no kernel runs before the fork, so that no thread is lost in it."""


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def can_fork() -> bool:
    """Whether this system has it."""
    return "forkserver" in multiprocessing.get_all_start_methods()


@contextmanager
def forked_workers() -> Iterator[None]:
    """Workers of studies are forked where that can be, for statements about what a study does when it has workers, however they start."""
    if not can_fork():
        yield
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)

    def process(
        target: Callable[..., None], args: tuple[Any, ...], daemon: bool
    ) -> multiprocessing.process.BaseProcess:
        return context.Process(target=_in_surroundings, args=(dict(os.environ), target, args), daemon=daemon)

    forked = SimpleNamespace(get_context=lambda _: SimpleNamespace(Pipe=context.Pipe, Process=process))
    with patch("sim.studies.execution.executors.multiprocessing", forked):
        yield


def _in_surroundings(environment: dict[str, str], target: Callable[..., None], args: tuple[Any, ...]) -> None:
    """Do something with the environment variables of who asks, and not of the process that was forked."""
    os.environ.clear()
    os.environ.update(environment)
    target(*args)


def odm(words: list[str], folder: Path, seconds: float) -> Said:
    """Do a command in a folder; raises `TimeoutError` where it takes longer."""
    return _forked(_odm, words, folder, seconds)


def python(words: list[str], folder: Path, seconds: float) -> Said:
    """Run a script in a folder; raises `TimeoutError` where it takes longer."""
    return _forked(_script, words, folder, seconds)


def _forked(done: Callable[[list[str]], None], words: list[str], folder: Path, seconds: float) -> Said:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    places = [folder.parent / f"{folder.name}-{stream}.txt" for stream in ("stdout", "stderr")]
    process = context.Process(target=_do, args=(done, words, str(folder), *map(str, places)))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"{' '.join(words)}: not done in {seconds} seconds")
    out, err = (place.read_text(encoding="utf-8") for place in places)
    return Said(process.exitcode or 0, out, err)


def _do(done: Callable[[list[str]], None], words: list[str], folder: str, out: str, err: str) -> None:
    os.chdir(folder)
    for place, stream in ((out, 1), (err, 2)):
        with Path(place).open("wb") as file:
            os.dup2(file.fileno(), stream)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8")  # noqa: SIM115 - to the end
    sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8")  # noqa: SIM115 - to the end
    done(words)


def _odm(words: list[str]) -> None:
    sys.argv = ["odm", *words]
    main()


def _script(words: list[str]) -> None:
    file = str(Path(words[0]).absolute())
    sys.argv = [file, *words[1:]]
    sys.path.insert(0, str(Path(file).resolve().parent))
    runpy.run_path(file, run_name="__main__")
