"""Study files: where they lie, how they are read, and the study that each describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

from sim.scenario import Problem, ScenarioError, is_file, meant, nearest, one_of, parse_changes, quote, read_yaml
from sim.studies.study import ReadyStudy
from sim.studies.study_checks import StudyFileError, check


class Study(ReadyStudy):
    """A study that can be done, from its file."""

    @classmethod
    def load(
        cls, source: str | PathLike[str] | Mapping[str, Any] | ReadyStudy, settings: Sequence[str] = (), **changes: Any
    ) -> ReadyStudy:
        """A study from a file, by its name below ``experiments/studies``, or from the mapping that a file holds.

        Parameters
        ----------
        source
            Name, path or mapping; a study is returned as it is.
        settings
            Changes as ``path=value``, such as ``"sensitivity.samples=64"`` or ``"set.consumers=1000"``.
        **changes
            Top-level keys to put in the place of the file's, for example ``replications=2``.

        Raises
        ------
        StudyFileError
            With every problem at once.
        """
        if isinstance(source, ReadyStudy):
            return source
        import_module("sim.policies")
        content, folder = _read(source)
        named = "" if isinstance(source, Mapping) else str(source)
        return check(cls, _with({**content, **changes}, settings), folder, named)


def study_files() -> dict[str, Path]:
    """Every study that can be named: below ``experiments/studies`` here, of the source checkout, or installed with the package."""
    package = Path(__file__).resolve().parents[1]
    found: dict[str, Path] = {}
    for folder in (package / "study_files", package.parent / "experiments" / "studies", Path("experiments/studies")):
        found |= {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return dict(sorted(found.items()))


def _read(source: str | PathLike[str] | Mapping[str, Any]) -> tuple[dict[str, Any], Path]:
    """The mapping of a study file, and the folder that its paths start from."""
    if isinstance(source, Mapping):
        return dict(source), Path()
    text = str(source)
    path = meant(text)
    if not is_file(path):
        known = study_files()
        if text not in known:
            raise StudyFileError([Problem("", f"{quote(text)} (no such file)", _choices(known), nearest(text, known))])
        path = known[text]
    try:
        return read_yaml(path), path.parent
    except ScenarioError as error:
        raise StudyFileError([Problem(p.path, p.given, "a study in YAML") for p in error.problems]) from None


def _with(content: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """The mapping of a study with ``path=value`` changes: of a key, of a key in a section, or of a path in `set`."""
    found: dict[str, Any] = dict(content)
    problems: list[Problem] = []
    for (section, *steps), value in parse_changes(settings, problems):
        key, inside = ".".join(steps), found.get(section) or {}
        if key and not isinstance(inside, dict):
            problems.append(
                Problem(f"{section}.{key}", quote(key), f"no path below {section}: it holds {quote(inside)}")
            )
        else:
            found[section] = {**inside, key: value} if key else value
    if problems:
        raise StudyFileError(problems, str(content.get("name", ""))[:80])
    return found


def _choices(known: Mapping[str, Path]) -> str:
    return f"the path of a study file, or {one_of(known)}" if known else "the path of a study file"
