"""How the model compares with evidence: what a stored validation says, where there is one.

This is the seam to whatever validates the model. A validation is one JSON file with the keys of `Validation`: nothing of how it came about is known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sim.studies.errors import RequestError
from sim.studies.store.own import UNREADABLE

FILE = "validation.json"
"""Where a validation is looked for: in the folder that is reported on."""
NOT_RUN = "No validation was run: how far the model agrees with what was observed is not part of this report."


class Pattern(NamedTuple):
    """A pattern that was observed: what it is, what was seen, what the model gives, whether the two agree, and the source."""

    name: str
    observed: str
    modelled: str
    agrees: bool | None
    source: str


class Validation(NamedTuple):
    """A stored validation.

    Attributes
    ----------
    model
        Version of the model that was validated.
    patterns
        What it was compared with.
    notes
        What must be known to judge it.
    """

    model: str
    patterns: tuple[Pattern, ...]
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """How many patterns agree, in a sentence."""
        agree = sum(pattern.agrees is True for pattern in self.patterns)
        unknown = sum(pattern.agrees is None for pattern in self.patterns)
        words = f"{agree} of {len(self.patterns)} patterns agree with what was observed"
        return f"{words}; of {unknown} it cannot be said." if unknown else f"{words}."


def read_validation(path: Path) -> Validation | None:
    """Read a validation from a file, or from the one of a folder; None where there is none.

    Raises
    ------
    RequestError
        If there is a file and it holds no validation.
    """
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        patterns = tuple(_pattern(row) for row in found["patterns"])
        return Validation(str(found["model"]), patterns, tuple(map(str, found.get("notes", ()))))
    except UNREADABLE as error:
        raise RequestError(f"{file} holds no validation ({type(error).__name__}: {error})") from None


def _pattern(row: Mapping[str, Any]) -> Pattern:
    agrees = row["agrees"]
    if agrees not in (True, False, None):
        raise ValueError("agrees is true, false or null")
    return Pattern(*(str(row[word]) for word in ("name", "observed", "modelled")), agrees, str(row.get("source", "")))
