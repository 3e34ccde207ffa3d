"""PRIM and feature scoring by ema_workbench, behind functions of plain data; nothing else here knows that package.

A box is limits for some of the factors: a range of numbers, or a set of values. What a box is worth is counted here, so that it can be counted
on points that PRIM never saw.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.methods.factors import Factor

Bools = NDArray[np.bool_]
Limits = Mapping[str, Any]
"""For each restricted factor a pair of ends (None: open), or a frozenset of values."""
SIMPLER = 0.02
"""How much of its score a box may lose for each restriction that is taken away."""


@dataclass(frozen=True)
class Worth:
    """What a box holds: share of all failures (coverage), share of its points that fail (density), both counts, and the share that fails anywhere."""

    coverage: float
    density: float
    inside: int
    failures: int
    base: float

    @property
    def score(self) -> float:
        """Harmonic mean of coverage and density."""
        total = self.coverage + self.density
        return 2 * self.coverage * self.density / total if total > 0 else 0.0


def inside(limits: Limits, table: DataFrame) -> Bools:
    """Which rows lie in a box."""
    found = np.ones(len(table), dtype=bool)
    for path, limit in limits.items():
        column = table[path]
        if isinstance(limit, frozenset):
            found &= column.isin(list(limit)).to_numpy()
        else:
            low, high = limit
            values = column.to_numpy(dtype=float)
            found &= (low is None or values >= low) & (high is None or values <= high)
    return found


def worth(limits: Limits, table: DataFrame, fails: Bools) -> Worth:
    """What a box is worth on some points."""
    there = inside(limits, table)
    hits, count, total = int(fails[there].sum()), int(there.sum()), int(fails.sum())
    return Worth(hits / total if total else np.nan, hits / count if count else np.nan, count, hits, float(fails.mean()))


def numbered(table: DataFrame) -> NDArray[np.intp]:
    """A number for each row, the same for rows that are equal, in the order in which they come."""
    seen: dict[Any, int] = {}
    rows = table.itertuples(index=False, name=None)
    return np.array([seen.setdefault(row, len(seen)) for row in rows], dtype=np.intp)


def by_luck(value: Worth, members: NDArray[np.intp]) -> tuple[float, float, float]:
    """Both ends of the interval of a density (Wilson, 95 %), and how likely luck gives one as high (binomial); NaN for no points.

    Parameters
    ----------
    value
        What a box is worth on some points.
    members
        The parameter set of each point in it. Points of one set have their luck in common: so many count as there are sets, or fewer where some have
        more points than others (Kish's effective number).
    """
    from scipy.special import betainc, ndtri

    if not value.inside:
        return np.nan, np.nan, np.nan
    counts = np.bincount(members)
    n, z = float(counts.sum() ** 2 / (counts**2).sum()), float(ndtri(0.975))
    share, hits = value.density, value.density * n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    p = float(betainc(hits, n - hits + 1, value.base)) if hits > 0 else 1.0
    return max(0.0, float(middle - half)), min(1.0, float(middle + half)), p


def boxes(table: DataFrame, fails: Bools, factors: Sequence[Factor], most: int, mass: float) -> list[Limits]:
    """Boxes that hold many failures and little else, the best first; each is sought among the points that the ones before left.

    Parameters
    ----------
    table
        A column for each factor.
    fails
        Whether each row is a failure.
    factors
        What the columns are.
    most
        Boxes at most.
    mass
        Least share of the points that a box holds.
    """
    found: list[Limits] = []
    left = np.ones(len(table), dtype=bool)
    for _ in range(most):
        if fails[left].sum() < 5 or fails[left].all():
            break
        here, failed = table[left], fails[left]
        limits = _simplest(_peeled(here, failed, factors, mass), here, failed)
        if not limits:
            break
        found.append(limits)
        left &= ~inside(limits, table)
    return found


def _peeled(table: DataFrame, fails: Bools, factors: Sequence[Factor], mass: float) -> list[Limits]:
    """Every box on PRIM's way from all points to few."""
    with _quiet():
        prim = _ema("prim").Prim(_columns(table, factors), fails.astype(int), mass_min=mass)
        box = prim.find_box()
    if box is None:
        return []
    ways: list[Limits] = []
    for lims in box.box_lims:
        limits: dict[str, Any] = {}
        for factor in factors:
            if factor.path not in lims.columns:
                continue  # the same value everywhere
            first, now = prim.box_init[factor.path], lims[factor.path]
            if isinstance(now.iloc[0], set):
                if now.iloc[0] != first.iloc[0]:
                    limits[factor.path] = frozenset(now.iloc[0])
                continue
            low = None if now.iloc[0] <= first.iloc[0] else _plain(now.iloc[0])
            high = None if now.iloc[1] >= first.iloc[1] else _plain(now.iloc[1])
            if low is not None or high is not None:
                limits[factor.path] = (low, high)
        ways.append(limits)
    return ways


def _plain(value: Any) -> Any:
    return getattr(value, "item", lambda: value)()


def _simplest(ways: Sequence[Limits], table: DataFrame, fails: Bools) -> Limits:
    """The box of the highest score, without the restrictions that hardly add to it; none if it is no denser than chance."""
    if not ways:
        return {}
    best = max(ways, key=lambda limits: worth(limits, table, fails).score)
    while len(best) > 1:
        fewer = [{path: limit for path, limit in best.items() if path != gone} for gone in best]
        chosen = max(fewer, key=lambda limits: worth(limits, table, fails).score)
        if worth(chosen, table, fails).score < worth(best, table, fails).score - SIMPLER:
            break
        best = chosen
    value = worth(best, table, fails)
    return best if best and value.density > value.base else {}


def feature_scores(table: DataFrame, results: NDArray[Any], factors: Sequence[Factor], seed: int) -> dict[str, float]:
    """How much each factor helps to tell results apart: importance in extra trees, summing to 1; classes for flags, else numbers."""
    numbers = table.copy()
    for factor in factors:
        if factor.values is not None:
            numbers[factor.path] = table[factor.path].map({value: k for k, value in enumerate(factor.values)})
    kinds = _ema("scenario_discovery_util").RuleInductionType
    mode = kinds.CLASSIFICATION if results.dtype == bool else kinds.REGRESSION
    with _quiet():
        scores, _ = _ema("feature_scoring").get_ex_feature_scores(
            numbers.astype(float), results, mode=mode, max_features=max(1, round(len(factors) / 3)), random_state=seed
        )
    return {str(name): float(row.iloc[0]) for name, row in scores.iterrows()}


def _columns(table: DataFrame, factors: Sequence[Factor]) -> DataFrame:
    """Numbers as floats or whole numbers, all else as categories; a list of numbers counts as numbers."""
    import pandas as pd

    def typed(factor: Factor) -> Any:
        column = table[factor.path]
        if factor.values is None or all(type(value) in (int, float) for value in factor.values):
            return column.astype("int64" if factor.distribution == "integer" else "float64")
        return column.astype(object)

    return pd.DataFrame({factor.path: typed(factor) for factor in factors}).reset_index(drop=True)


def _ema(module: str) -> Any:
    """A module of ema_workbench, whose import warns of packages that are not needed here."""
    with _quiet():
        return import_module(f"ema_workbench.analysis.{module}")


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("EMA").setLevel(logging.ERROR)
        yield
