"""How the model compares with evidence: what `odm validate` stored, by default what ships with the model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sim.report.text.validation import number, span
from sim.studies.errors import RequestError
from sim.studies.store.folder import ANSWER, STUDY
from sim.studies.store.own import UNREADABLE

FILE = "validation.json"
SHIPPED = (
    Path(__file__).resolve().parents[2] / "reference" / FILE,  # of the package that is installed
    Path(__file__).resolve().parents[3] / "results" / "reference" / "validation" / FILE,  # of a checkout
)
"""Where the validation that ships lies; it is there once, and the wheel takes it from the checkout."""
NOT_RUN = "No validation was run: how far the model agrees with what was observed is not part of this report."


class Target(NamedTuple):
    """Something that was observed: what it is, on what level and what for, the values observed and of the model, the verdict, and whether it is in range."""

    name: str
    level: str
    use: str
    observed: str
    modelled: str
    verdict: str
    in_range: bool | None


class Validation(NamedTuple):
    """A stored validation.

    Attributes
    ----------
    summary
        How many targets are in range, in a line.
    made
        With what it was made, in a sentence.
    model
        Version of the model that was validated; empty where it is not known.
    targets
        Every target, those that are missed first.
    ships
        Whether it is the one that ships with the model.
    """

    summary: str
    made: str
    model: str
    targets: tuple[Target, ...]
    ships: bool = False

    def met(self, levels: Sequence[str] = ()) -> tuple[int, int]:
        """How many facts are in range, and how many were measured: on some levels, or on all of them."""
        known = [
            one.in_range for one in self.targets if one.in_range is not None and (not levels or one.level in levels)
        ]
        return sum(known), len(known)

    def by_level(self) -> dict[str, tuple[int, int]]:
        """`met` of each level that has a fact, in order of names."""
        return {level: self.met([level]) for level in sorted({one.level for one in self.targets if one.level})}

    def caution(self, model: str) -> str:
        """A word of caution where another model was validated than the one that gave the results; empty where it was the same."""
        if not self.model or self.model == model:
            return ""
        if not model:
            return f"The validation is of version {self.model} of the model; which one gave these results is not known here."
        return f"The validation is of another version of the model ({self.model}) than the one that gave these results ({model})."


def shipped_validation() -> Validation | None:
    """The validation that ships; None where there is none."""
    file = next((path for path in SHIPPED if path.is_file()), None)
    found = read_validation(file) if file is not None else None
    return found._replace(ships=True) if found is not None else None


def read_validation(path: Path) -> Validation | None:
    """Read what `odm validate` wrote.

    Parameters
    ----------
    path
        Its folder (``--out``), the file ``validation.json``, or a folder that holds that file.

    Returns
    -------
    Validation or None
        None where there is none.

    Raises
    ------
    RequestError
        If there is such a file, and it holds no validation.
    """
    places = (path, path / FILE, path / ANSWER / FILE)
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        targets = sorted((_target(row) for row in found["targets"]), key=lambda target: _ORDER[target.in_range])
        sets, runs = int(found["parameter_sets"]), int(found["runs_of_each"])
        of = f"{sets} sets of parameters" if sets > 1 else "the default parameters"
        made = f"{len(targets)} targets, {runs} run{'s' if runs != 1 else ''} of each world with {of}."
        model = str(found.get("model") or model_of(file))
        return Validation(str(found["in_range"]), made, model, tuple(targets))
    except UNREADABLE as error:
        raise RequestError(f"{file} holds no validation ({type(error).__name__}: {error})") from None


_ORDER = {False: 0, True: 1, None: 2}


def _target(row: Mapping[str, Any]) -> Target:
    value, unit = number(row["observed"]), str(row["unit"] or "")
    among = span(row["observed_low"], row["observed_high"])
    observed = f"{value} ({among})" if value else among
    modelled = number(row["mean"])
    if modelled and row["low"] is not None:
        modelled = f"{modelled} ({span(row['low'], row['high'])})"
    statistic = str(row["statistic"])
    return Target(
        f"{statistic[:1].upper()}{statistic[1:]}",
        str(row.get("level", "")),
        str(row["use"]),
        f"{observed} {unit}".strip(),
        modelled,
        str(row["verdict"] or row["unmeasured"]),
        None if row["in_range"] is None else bool(row["in_range"]),
    )


def model_of(file: Path) -> str:
    """Version of the model that gave what stands in the folder of a study, or one folder below; empty where that is not known."""
    for place in (file.parent / STUDY, file.parent.parent / STUDY):
        try:
            return str(json.loads(place.read_text(encoding="utf-8"))["model"])
        except UNREADABLE:
            continue
    return ""
