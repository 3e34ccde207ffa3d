"""Says that the model is being compiled: once, on the standard error, with how far it is every ten seconds.

Numba tells of every function that it compiles, and of none that it finds in its cache. Whoever runs the model hears of it, from the command line, a script
or a notebook; worker processes keep quiet, since whoever starts them compiles first or speaks for them.
"""

import re
import sys
from collections.abc import Callable
from multiprocessing import parent_process
from pathlib import Path
from time import monotonic
from typing import Any

from numba.core.event import Listener, register

COMPILING = "compiling the model, once for this version: about a minute"
PATIENCE = 10.0
"""Seconds between two lines."""
_PACKAGE = Path(__file__).parent
_KERNEL = re.compile(r"^@(kernel|maker|inner|njit)\b", re.MULTILINE)
_EAGER = ("sim.streams",)
"""Modules that compile when they are imported, in a few seconds, also where no model is run."""


def kernels_there(folder: Path) -> int:
    """How many compiled kernels a cache folder holds."""
    return sum(1 for _ in folder.rglob("*.nbi"))


def kernels_in_all() -> int:
    """How many kernels the package has."""
    return sum(len(_KERNEL.findall(path.read_text(encoding="utf-8"))) for path in _PACKAGE.rglob("*.py"))


def is_cold(folder: Path) -> bool:
    """Whether most of the model is still to be compiled; a policy's own kernel or two take a second, and nobody has to be told."""
    return kernels_there(folder) < kernels_in_all() / 2


def how_far(folder: Path) -> str:
    """How many kernels are compiled, in words."""
    return f"  {kernels_there(folder)} of {kernels_in_all()} kernels"


def _say(text: str) -> None:
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)


class Announcer(Listener):
    """Listens to Numba.

    Parameters
    ----------
    folder
        Where compiled kernels are kept.
    say
        What to do with a line.
    clock
        Seconds that pass.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = _say, clock: Callable[[], float] = monotonic) -> None:
        self.folder, self.say, self.clock = folder, say, clock
        self.said_at: float | None = None
        self.quiet = parent_process() is not None

    def on_start(self, event: Any) -> None:
        """Say that compilation begins, or how far it is."""
        module = event.data["dispatcher"].py_func.__module__
        if self.quiet or not module.startswith("sim.") or module.startswith(_EAGER):
            return
        now = self.clock()
        if self.said_at is None:
            self.quiet = not is_cold(self.folder)
            if not self.quiet:
                self.say(COMPILING)
                self.said_at = now
        elif now - self.said_at >= PATIENCE:
            self.say(how_far(self.folder))
            self.said_at = now

    def on_end(self, event: Any) -> None:
        """Nothing to say."""


def announce(folder: Path) -> None:
    """Say it when kernels are compiled into a folder from now on."""
    register("numba:compile", Announcer(folder))
