"""Files that people write, as text and as mappings: of a size that is read at once, in UTF-8, without surprises."""

from __future__ import annotations

from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import Any

import yaml

from sim.evidence import yaml_files
from sim.scenario.errors import Problem, ScenarioError

MAX_BYTES = 1_000_000
"""Size above which a file is refused; a scenario with every value written out has about 100,000."""


class UnreadableFileError(ScenarioError):
    """A file that cannot be read."""


def unreadable(path: Path, given: str, allowed: str) -> UnreadableFileError:
    """The error of a file: what it is, and what it should be."""
    return UnreadableFileError([Problem(str(path), given, allowed)])


def meant(text: str | PathLike[str], folder: Path | None = None) -> Path:
    """The path that somebody means: `~` is the home folder, and a relative one starts from a folder, here by default."""
    path = Path(text)
    with suppress(RuntimeError, ValueError):  # a home that nobody has
        path = path.expanduser()
    return path if folder is None else folder / path


def is_file(path: Path) -> bool:
    """Whether there is such a file; none has a name that the system refuses, as one that is too long."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is such a folder."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def read_text(path: Path, what: str) -> str:
    """The text of a file.

    Parameters
    ----------
    path, what
        the file, and what it should be, such as ``YAML``.

    Raises
    ------
    UnreadableFileError
        when it cannot be read, is larger than `MAX_BYTES`, or is not UTF-8.
    """
    if "\0" in str(path):
        raise unreadable(path, "a name that no file can have", f"a readable {what} file")
    try:
        other = path.exists() and not path.is_file()
    except OSError as error:
        raise unreadable(path, (error.strerror or "a bad name").lower(), f"a readable {what} file") from None
    if other:
        raise unreadable(path, "a folder" if path.is_dir() else "no plain file", f"a readable {what} file")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        given = (error.strerror or "a file that cannot be read").lower()
        raise unreadable(path, given, f"a readable {what} file") from None
    if len(raw) > MAX_BYTES:
        raise unreadable(path, "a larger file", f"a {what} file of at most {MAX_BYTES:,} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        given = f"bytes that are not UTF-8 text (at byte {error.start})"
        raise unreadable(path, given, f"a {what} file in UTF-8") from None


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds, unchecked.

    Raises
    ------
    UnreadableFileError
        when it cannot be read, is not YAML in UTF-8, or is not a mapping.
    """
    text = read_text(path, "YAML")
    try:
        content = yaml_files.parse(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        given = f"unreadable YAML: {error.problem or error.context}{where}"
        raise unreadable(path, given, "a mapping in YAML") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        given = f"unreadable YAML: {' '.join(str(error).split())[:160]}"
        raise unreadable(path, given, "a mapping in YAML") from None
    if not isinstance(content, dict):
        given = "an empty file" if content is None else f"a {type(content).__name__}"
        raise unreadable(path, given, "a mapping of keys, for example `extends: baseline`")
    return content


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping of a scenario or study, unchecked, which is called as its file where it has no name of its own.

    Raises
    ------
    UnreadableFileError
        when it cannot be read; see `read_mapping`.
    """
    return {**(content := read_mapping(path)), "name": content.get("name", path.stem)}
