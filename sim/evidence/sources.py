"""The published facts that values, ranges and targets rest on, by id."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sim.evidence import yaml_files


@dataclass(frozen=True, slots=True)
class Source:
    """One published fact, an entry of ``sources.yaml``.

    Attributes
    ----------
    id
        what other files cite in brackets: ``[customs-intercept]``.
    quantity, value, range, population
        what was measured, the result, its interval where given, and in whom.
    source
        who reported it.
    status
        read in the publication or an account of it, computed from open data, or recalled from memory and not verified.
    note
        what to keep in mind.
    """

    id: str
    quantity: str
    value: str
    source: str
    status: Literal["read", "computed", "memory"]
    range: str = ""
    population: str = ""
    note: str = ""


@functools.cache
def load_sources() -> Mapping[str, Source]:
    """Every source by id.

    Examples
    --------
    >>> load_sources()["customs-intercept"].value
    '12%'
    """
    return {name: Source(id=name, **entry) for name, entry in yaml_files.load("sources.yaml").items()}


def cited(text: str) -> list[str]:
    """The ids that a text cites.

    Parameters
    ----------
    text
        for example the source of a parameter: "computed: 74 USD a gram [dnm2017-price-dispersion]".

    Returns
    -------
    list of str
        what stands in brackets, alone or between commas, and looks like an id: a letter first, a hyphen inside.
    """
    inside = [word.strip() for group in re.findall(r"\[([^\[\]]*)\]", text) for word in group.split(",")]
    return [word for word in inside if re.fullmatch(r"[a-zA-Z][\w.]*(-[\w.]+)+", word)]
