"""The `odm` command in a process of its own that need not import everything again: forked from one that has."""

import multiprocessing
import os
import sys
from pathlib import Path
from typing import NamedTuple

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


def odm(words: list[str], folder: Path, seconds: float) -> Said:
    """Do a command in a folder; raises `TimeoutError` where it takes longer."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    places = [folder.parent / f"{folder.name}-{stream}.txt" for stream in ("stdout", "stderr")]
    process = context.Process(target=_do, args=(words, str(folder), *map(str, places)))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"odm {' '.join(words)}: not done in {seconds} seconds")
    out, err = (place.read_text(encoding="utf-8") for place in places)
    return Said(process.exitcode or 0, out, err)


def _do(words: list[str], folder: str, out: str, err: str) -> None:
    os.chdir(folder)
    for place, stream in ((out, 1), (err, 2)):
        with Path(place).open("wb") as file:
            os.dup2(file.fileno(), stream)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8")  # noqa: SIM115 - to the end
    sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8")  # noqa: SIM115 - to the end
    sys.argv = ["odm", *words]
    main()
