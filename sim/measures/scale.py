"""From simulated consumers to the real people whom they stand for: totals times ``weight``, everything else as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sim.measures.dictionary import outcome

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame

SIMULATED, REAL = "simulated consumers", "real people"
"""Whose totals are, as ``scale`` says it."""

AMOUNTS = ("baseline", "mean", "low", "high", "chance_low", "chance_high", "parameters_low", "parameters_high")
"""Columns of a table of effects that are in the unit of the outcome."""


Size = Mapping[str, Any]
"""What decides for how many people a consumer stands: consumers, and people or weight."""


def weight_of(size: Size) -> float:
    """Real people for whom one simulated consumer stands, in a scenario as plain data."""
    return float(size["weight"] if "weight" in size else size["people"] / size["consumers"])


def told(table: DataFrame, whose: str) -> DataFrame:
    """A table of results with a column ``scale`` that says whose totals it holds, where it holds amounts of outcomes."""
    named = [column for column in ("outcome", "measure", "benefit") if column in table]
    amounts = bool(named) or any(scales(str(name).rpartition(".")[2]) for name in table.columns)
    return table.assign(scale=whose) if amounts and "scale" not in table else table


def scales(name: str) -> bool:
    """Whether an outcome is a total that scales; False for a name that the dictionary does not know."""
    try:
        return outcome(name).scales
    except KeyError:
        return False


def real_values[Amount: (float, np.ndarray)](values: Mapping[str, Amount], weight: float) -> dict[str, Amount]:
    """Outcomes by name as those of real people.

    Parameters
    ----------
    values
        Outcomes of the simulated consumers, or their values day by day.
    weight
        Real people for whom one of them stands.
    """
    return {name: value * weight if scales(name) else value for name, value in values.items()}


def real_frame(frame: DataFrame, weight: Any) -> DataFrame:
    """A table with a column an outcome, totals as those of real people; other columns stay as they are.

    Parameters
    ----------
    frame
        A row a day or a run; totals of the simulated consumers.
    weight
        Real people for whom one of them stands: a number, or a Series with one a row.
    """
    return frame.assign(**{str(name): frame[name] * weight for name in frame.columns if scales(str(name))})


def real_effects(effects: DataFrame, weight: float, amounts: Iterable[str] = AMOUNTS) -> DataFrame:
    """A table of effects, a row an outcome, with the amounts of totals as those of real people, and a column ``scale`` that says so."""
    factor = effects["outcome"].map(lambda name: weight if scales(str(name)) else 1.0)
    return effects.assign(**{name: effects[name] * factor for name in amounts if name in effects}, scale=REAL)
