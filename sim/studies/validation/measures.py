"""Measures in Python, for what is awkward in SQL. A targets file names one with its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from sim.studies.validation.database import Asker

Window = tuple[int, int] | None


class Measure(NamedTuple):
    """A measure: what it gives, the arguments that it takes, and the function."""

    text: str
    arguments: Mapping[str, str]
    ask: Callable[[Asker, Window, Mapping[str, Any]], tuple[float, float]]


def kaplan_meier(entered: np.ndarray, lasted: np.ndarray, ended: np.ndarray, at: float) -> float:
    """The share that lasts longer than a time, by the estimator of Kaplan and Meier, entered late or not.

    Parameters
    ----------
    entered
        Age at which each is first seen: 0 for those seen from the start of their lives, who are at risk from age 0 on.
    lasted
        Age at the end, or when last seen.
    ended
        Whether it ended, and was not just last seen.
    at
        The age.

    Returns
    -------
    float
        NaN where nobody is at risk at some age before.
    """
    share = 1.0
    for age in np.unique(lasted[ended & (lasted <= at)]):
        risk = int((((entered < age) | (entered <= 0)) & (lasted >= age)).sum())
        share *= 1 - int((ended & (lasted == age)).sum()) / risk if risk else np.nan
    seen = (lasted >= at).any() or bool(share == 0)
    return share if seen else np.nan


def _survival(asker: Asker, window: Window, arguments: Mapping[str, Any]) -> tuple[float, float]:
    """See `MEASURES`."""
    rows = asker.rows(str(arguments["sql"]), window)
    last = window[1] if window is not None else asker.about.days - 1
    start = rows["start_day"].to_numpy(dtype=float)
    end = rows["end_day"].to_numpy(dtype=float, na_value=np.inf)
    ended = end <= last
    lasted = np.where(ended, end, last) - start
    known = lasted >= 0
    share = kaplan_meier(np.zeros(int(known.sum())), lasted[known], ended[known], float(arguments["at"]))
    return share, float(known.sum())


MEASURES: dict[str, Measure] = {
    "survival": Measure(
        "share that lasts longer than `at` days (Kaplan-Meier), of the rows start_day, end_day that `sql` gives; n is their number",
        {"sql": "a SELECT of start_day and end_day (null while it lasts)", "at": "days"},
        _survival,
    ),
}
"""Measures by name."""


def problem_of(name: str, arguments: Mapping[str, Any]) -> str:
    """What arguments a measure takes where these are not they; empty where they are."""
    wanted = MEASURES[name].arguments
    if set(arguments) == set(wanted):
        return ""
    return "; ".join(f"{key}: {text}" for key, text in wanted.items())
