"""The teaching notebooks: where they lie, a copy to work on, and Jupyter on it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkstemp
from typing import NamedTuple

from sim.studies.errors import RequestError

COPIED, THERE, YOURS = "copied", "there already", "left as it is: it differs from the one that ships"
JUPYTERS = ("jupyterlab", "notebook")
"""Modules that start Jupyter in a browser, the first that is installed."""
MISSING = (
    "Jupyter is not installed beside this program. The extra `notebooks` brings it: `pip install '.[notebooks]'` in a checkout, or `pip install "
    '"FILE.whl[notebooks]"` with the wheel that this was installed from; `pip install jupyterlab` does the same. Then ask again; '
    "any other editor for notebooks will do, with {python} as its Python"
)


class Copy(NamedTuple):
    """A notebook in the folder of whoever works on it, and what became of it: `COPIED`, `THERE` or `YOURS`."""

    path: Path
    state: str


def notebook_files() -> dict[str, Path]:
    """The notebooks and the page about them, by file name: installed with the package, or of the source checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "notebooks", package.parent / "notebooks"):
        found = sorted([*folder.glob("[0-9]*.ipynb"), *folder.glob("README.md")])
        if found:
            return {path.name: path for path in found}
    raise RequestError("the notebooks are not in this installation: it was made without them, so install it again")


def copy_notebooks(folder: Path) -> list[Copy]:
    """Copy the notebooks into a folder; what is there and differs, such as one that was worked on, is left as it is.

    Parameters
    ----------
    folder
        Made where it does not exist.

    Returns
    -------
    list of Copy
        One for each file, in order.

    Raises
    ------
    RequestError
        If the folder cannot be made or written.
    """
    files = notebook_files()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_copy(source, folder / name) for name, source in files.items()]
    except OSError as error:
        raise RequestError(f"{folder}: the notebooks cannot be copied there: {error.strerror or error}") from None


def _copy(source: Path, target: Path) -> Copy:
    content = source.read_bytes()
    if target.exists() or target.is_symlink():
        same = target.is_file() and target.read_bytes() == content
        return Copy(target, THERE if same else YOURS)
    place, name = mkstemp(dir=target.parent, prefix=f".{target.name}.")
    with os.fdopen(place, "wb") as file:
        file.write(content)
    Path(name).chmod(0o644)
    Path(name).rename(target)  # all of it, or nothing
    return Copy(target, COPIED)


def jupyter() -> list[str]:
    """The command that starts Jupyter with this Python.

    Raises
    ------
    RequestError
        If it is not installed; says what is to be installed.
    """
    for module in JUPYTERS:
        if find_spec(module) is not None:
            return [sys.executable, "-m", module]
    raise RequestError(MISSING.format(python=sys.executable))


def start_jupyter(folder: Path) -> int:
    """Start Jupyter on a folder, and return its exit code when it ends; Ctrl-C goes to Jupyter, which asks before it stops.

    Raises
    ------
    RequestError
        If it is not installed.
    """
    process = subprocess.Popen([*jupyter(), str(folder)])
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
