"""What the commands share: errors in words, progress on the standard error, JSON and tables on the standard output."""

from __future__ import annotations

import errno
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sim.cli.output import say

if TYPE_CHECKING:
    from sim.studies.runs.profile import Profile

OnDay = Callable[[int, int], bool | None]
TRACEBACK = "ODM_TRACEBACK"
"""Environment variable that asks for the traceback of whatever goes wrong."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn what can go wrong into a message on the standard error and an exit code, without a traceback.

    A request that cannot be carried out is 2, a run that failed or a study that had to stop 1, an interruption 130, a closed pipe 141.
    """
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except KeyboardInterrupt:
        say("Interrupted. Nothing was written.")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        _drop_output()
        raise typer.Exit(141) from None
    except Exception as error:
        code = exit_code(error)
        if code is None or os.environ.get(TRACEBACK):
            raise
        say(f"odm: {_said(error)}")
        if type(error).__name__ == "RunFailedError":
            say(f"{_whose(str(error))}. {TRACEBACK}=1 in the environment shows where it broke.")
        raise typer.Exit(code) from None


@contextmanager
def loading() -> Iterator[None]:
    """Look for no rubbish while modules are imported, which make many objects and none; what they made counts as old from then on."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()  # into the oldest generation, which is seldom looked through
        gc.enable()


def _said(error: Exception) -> str:
    """An error in words; of a file, what the system says and its name in short."""
    from sim.scenario import ScenarioError
    from sim.studies.errors import names_in_words

    if isinstance(error, ScenarioError):
        return str(names_in_words(error))
    if not isinstance(error, OSError):
        return str(error)
    from sim.scenario import quote

    return f"{error.strerror}: {quote(str(error.filename))}"


def _whose(told: str) -> str:
    """Where to look for the fault of a run that broke off."""
    from sim.studies.errors import NO_NUMBER, OWN

    if OWN in told:
        return "The fault is in the file of yours that is named above"
    if NO_NUMBER in told:
        return (
            "Values that are allowed each take the model where it cannot calculate; `odm show` says what the scenario "
            "changes: bring it nearer to the defaults"
        )
    return "This is a defect of the model"


def exit_code(error: Exception) -> int | None:
    """Return the exit code of an error that is not a defect of the program; None for one that is."""
    from sim.scenario import ScenarioError
    from sim.studies.errors import RequestError, StudyError

    if isinstance(error, ScenarioError | RequestError):
        return 2
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return 2
    return 1 if isinstance(error, StudyError) else None


def _drop_output() -> None:
    """Send further output nowhere, so that the interpreter does not complain on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(content: Any) -> None:
    """Print plain data as JSON."""
    print(json.dumps(content, indent=1, allow_nan=False))


def namesake(folder: Path) -> Path | None:
    """What in a folder `import sim` would take in the place of this package; None if nothing."""
    ours = Path(__file__).resolve().parents[1] / "__init__.py"
    for found in (folder / "sim" / "__init__.py", folder / "sim.py"):
        if found.is_file() and found.resolve() != ours:
            return found
    return None


def say_namesake(folder: Path) -> None:
    """Say it where a folder has a `sim` that Python would take for this package."""
    other = namesake(folder)
    if other is not None:
        say(
            f"Note: `odm` is right here, but `import sim` in Python takes {other.absolute()} in this folder, which is not this package. "
            "Give it another name, work elsewhere, or write `import online_drug_markets` first."
        )


def path(text: str) -> Path:
    """A path as a person gives it: ``~`` is the home folder, as in `--out=~/results`, which a shell leaves alone."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise typer.BadParameter(f"given {text!r}: there is no such home folder") from None


def ensemble(text: str) -> str:
    """An ensemble as a person names it: the one that ships, or a file, whole."""
    return text if text == "default" else str(path(text).resolve())


def names(text: str) -> tuple[str, ...]:
    """Split names at commas."""
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def profile_of(runs: int) -> AbstractContextManager[Profile]:
    """Profile the one run that is made inside.

    Raises
    ------
    RequestError
        When several were asked for.
    """
    from sim.studies.errors import RequestError
    from sim.studies.runs.profile import profiled

    if runs > 1:
        raise RequestError("profile: it looks at one run, so leave --runs out")
    return profiled()


@contextmanager
def stopped_between_days(progress: OnDay | None) -> Iterator[OnDay]:
    """Progress that ends a run after an interruption (Ctrl-C, or the signal of a cluster's time limit); a second one ends it at once."""
    asked: list[int] = []

    def note(number: int, frame: Any) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        say("Stopping with the days that are done; a second Ctrl-C stops at once, without them.")

    before = {each: signal.signal(each, note) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda done, total: bool(asked) or (progress is not None and progress(done, total))
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
