"""How kernels are compiled: cached on disk, without the interpreter lock, and without wrappers that nobody calls.

Numba looks only at a function's own file to tell whether what it cached is still good. The cache therefore stands in a folder named by a hash of every
source file that holds kernels or the tuples that they take: whoever changes a rule gets it, also where other files use it.
"""

import hashlib
import os
import shutil
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir
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
            digest.update(str(path.relative_to(_PACKAGE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where compiled kernels are kept: beside the package when that can be written, else in the user's cache folder, else in a temporary one."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "online-drug-markets"
    for base in (_PACKAGE / "__pycache__" / "kernels", user, Path(gettempdir()) / "online-drug-markets"):
        folder = base / source_hash()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
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

from sim.compiling import announce  # noqa: E402

numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # pyright: ignore
numba.config.DISABLE_INTEL_SVML = 1  # pyright: ignore
CACHE = Path(os.environ["NUMBA_CACHE_DIR"])
"""The folder in which compiled kernels are kept."""
announce(CACHE)

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
