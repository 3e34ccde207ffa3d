"""How kernels are compiled: cached on disk, without the interpreter lock, and without wrappers that nobody calls.

Whoever runs the model hears that it is compiled, from the command line, a script or a notebook: once, on the standard error, with how far it is every ten
seconds. Worker processes keep quiet, since whoever starts them compiles first or speaks for them.

Numba looks only at a function's own file to tell whether what it cached is still good. The cache therefore stands in a folder named by a hash of every
source file that holds kernels or the tuples that they take: whoever changes a rule gets it, also where other files use it.
"""

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import version
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from time import monotonic
from typing import Any

os.environ.setdefault(
    "NUMBA_DISABLE_INTEL_SVML", "1"
)  # its vector functions may differ from the scalar ones in the last bit


_PACKAGE = Path(__file__).parent
_SOURCES = ("kernels.py", "streams/*.py", "population/columns.py", "agents/*.py", "market/**/*.py")


def source_hash() -> str:
    """Hash of the sources on which compiled kernels depend."""
    digest = hashlib.sha256(version("numba").encode())
    for pattern in _SOURCES:
        for path in sorted(_PACKAGE.glob(pattern)):
            digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where compiled kernels are kept: beside the package when that can be written, else in the user's cache folder, else in a temporary one."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "online-drug-markets"
    for base in (_PACKAGE / "__pycache__" / "kernels", user, Path(gettempdir()) / "online-drug-markets"):
        folder = base / source_hash()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=folder):  # what permissions say is not the whole truth on every system
                pass
        except OSError:
            continue
        if base.parent == _PACKAGE / "__pycache__":
            for old in base.iterdir():
                if old.name != folder.name:
                    shutil.rmtree(old, ignore_errors=True)
        return folder
    return Path(gettempdir())


_given = os.environ.get("NUMBA_CACHE_DIR")
if _given is None:
    os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
elif Path(_given).name != source_hash():
    os.environ["NUMBA_CACHE_DIR"] = str(Path(_given) / source_hash())

import mesa  # noqa: E402, F401 - it looks through all modules loaded before it: cheapest before numba's many
import numba  # noqa: E402 - it reads the settings above, unless somebody imported it before
from numba import njit  # noqa: E402
from numba.core.event import Listener, register  # noqa: E402

numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # pyright: ignore
numba.config.DISABLE_INTEL_SVML = 1  # pyright: ignore
CACHE = Path(os.environ["NUMBA_CACHE_DIR"])
"""The folder in which compiled kernels are kept."""

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}

kernel: Any = njit(**_OPTIONS, _nrt=False)  # pyright: ignore
"""For functions that Python calls and that make no arrays.

Callers hold the arrays for as long as a kernel runs, so it counts no references to them. Counted, they took two thirds of the time of a choice, and threads
waited for each other at the counters.
"""

maker: Any = njit(**_OPTIONS)  # pyright: ignore
"""For functions that Python calls and that make arrays; what loops over many rows in them is better an `inner` function."""

inner: Any = njit(**_OPTIONS, _nrt=False, no_cpython_wrapper=True, forceinline=True)  # pyright: ignore
"""For functions that only kernels call: they take whole tuples of columns, and a wrapper for Python would double the time to compile them."""


COMPILING = "compiling the model, once for this version: about a minute"
PATIENCE = 10.0
"""Seconds between two lines."""
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


announce(CACHE)
