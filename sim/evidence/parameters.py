"""The parameters of the model: values, units, plausible ranges and sources, read from ``parameters.yaml``.

Each group of the file becomes a named tuple of floats, for example ``ChoiceParameters``, that kernels take as one
argument.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import namedtuple
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sim.evidence import yaml_files
from sim.evidence.ranges import legal

Status = Literal["read", "computed", "assumed"]
Distribution = Literal["uniform", "loguniform", "normal", "lognormal", "beta", "fixed"]

_KEYS = ("value", "unit", "low", "high", "distribution", "source", "status", "text")


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One entry of ``parameters.yaml``.

    Attributes
    ----------
    group, name
        where it belongs; ``group.name`` is its path.
    value, unit
        default and what it is measured in.
    low, high, distribution
        plausible range, and how sensitivity analyses draw from it.
    source, status
        where the value comes from: read in a publication, computed from open data, or assumed.
    text
        what it means, in a line.
    minimum, maximum
        lowest and highest value that a scenario may give: by default those of the unit (`sim.evidence.ranges`).
    """

    group: str
    name: str
    value: float
    unit: str
    low: float
    high: float
    distribution: Distribution
    source: str
    status: Status
    text: str
    minimum: float
    maximum: float

    @property
    def path(self) -> str:
        """``group.name``, as scenarios and the command line write it."""
        return f"{self.group}.{self.name}"

    @property
    def allowed(self) -> str:
        """What a scenario may set, in words."""
        return f"a number from {self.minimum:,.12g} to {self.maximum:,.12g}"


@dataclass(frozen=True, slots=True)
class ParameterBook:
    """All parameters.

    Attributes
    ----------
    groups
        the named-tuple type of each group, in the order of the file.
    specs
        the entry behind each ``group.name``.
    """

    groups: dict[str, type[Any]]
    specs: dict[str, ParameterSpec]

    def names(self, group: str) -> tuple[str, ...]:
        """The parameters of a group, in the order of the file."""
        return self.groups[group]._fields

    def defaults(self, group: str) -> Any:
        """The group's named tuple with every default."""
        kind = self.groups[group]
        return kind._make(self.specs[f"{group}.{name}"].value for name in kind._fields)


def class_name(group: str) -> str:
    """The name of a group's type: ``vendor_entry`` -> ``VendorEntryParameters``."""
    return "".join(word.capitalize() for word in group.split("_")) + "Parameters"


def _group_type(group: str, names: tuple[str, ...]) -> type[Any]:
    """The named-tuple type of a group, importable from this module.

    A kernel cached on disk is found again by the types of its arguments, and Numba takes two named tuples of n floats
    for the same type when their class has the same name, whatever their fields. The name to import it by therefore ends
    in a hash of the fields: a group whose fields change is a new type, and no kernel reads a field from where it was.
    """
    kind = namedtuple(class_name(group), names)  # type: ignore[misc]
    kind.__module__ = __name__
    kind.__qualname__ = f"{kind.__name__}_{hashlib.sha256(' '.join(names).encode()).hexdigest()[:8]}"
    kind.__doc__ = f"Parameters of the group `{group}`, all floats."
    globals()[kind.__name__] = globals()[kind.__qualname__] = kind
    return kind


def _spec(group: str, name: str, entry: Any) -> ParameterSpec:
    """The entry checked; a wrong file is a defect of the package, so the first fault raises."""
    path = f"parameters.yaml, {group}.{name}"
    if not isinstance(entry, dict) or any(key not in entry for key in _KEYS):
        raise ValueError(f"{path}: needs {', '.join(_KEYS)}")
    value, low, high = (float(entry[key]) for key in ("value", "low", "high"))
    if not low <= value <= high:
        raise ValueError(f"{path}: value {value:g} is outside its range {low:g} to {high:g}")
    if entry["status"] not in get_args(Status) or entry["distribution"] not in get_args(Distribution):
        raise ValueError(f"{path}: status {entry['status']!r} or distribution {entry['distribution']!r} is not known")
    unknown = set(entry) - {*_KEYS, "minimum", "maximum"}
    if unknown:
        raise ValueError(f"{path}: unknown {', '.join(sorted(unknown))}")
    try:
        by_unit = legal(str(entry["unit"]), low) if not {"minimum", "maximum"} <= set(entry) else ()
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    minimum, maximum = (
        float(entry.get(key, end)) for key, end in zip(("minimum", "maximum"), by_unit or (0, 0), strict=True)
    )
    if not -math.inf < minimum <= low <= high <= maximum < math.inf:
        allowed = f"{minimum:g} to {maximum:g}"
        raise ValueError(f"{path}: the plausible range {low:g} to {high:g} is outside the legal one, {allowed}")
    return ParameterSpec(
        group=group,
        name=name,
        value=value,
        unit=str(entry["unit"]),
        low=low,
        high=high,
        distribution=entry["distribution"],
        source=str(entry["source"]),
        status=entry["status"],
        text=str(entry["text"]),
        minimum=minimum,
        maximum=maximum,
    )


def read_book(content: dict[str, dict[str, Any]]) -> ParameterBook:
    """The book of a parsed ``parameters.yaml``; creates the type of each group in this module.

    Raises
    ------
    ValueError
        when an entry lacks a key, has a value outside its range, or a name that cannot be a field.
    """
    specs: dict[str, ParameterSpec] = {}
    groups: dict[str, type[Any]] = {}
    for group, entries in content.items():
        if not entries:
            continue
        for name, entry in entries.items():
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(
                    f"parameters.yaml, {group}.{name}: a name is lower-case letters, digits and underscores"
                )
            specs[f"{group}.{name}"] = _spec(group, name, entry)
        groups[group] = _group_type(group, tuple(entries))
    return ParameterBook(groups, specs)


_BOOK = read_book(yaml_files.load("parameters.yaml"))


def load_parameters() -> ParameterBook:
    """The parameters that ship with the model.

    Examples
    --------
    >>> book = load_parameters()
    >>> "choice" in book.groups
    True
    """
    return _BOOK


def __getattr__(name: str) -> Any:
    """A stand-in for the type of a group before its fields changed: old kernel caches load, and are passed over."""
    if re.fullmatch(r"[A-Z]\w*Parameters_[0-9a-f]{8}", name):
        return globals().setdefault(name, type(name, (tuple,), {"_fields": (), "__module__": __name__}))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
