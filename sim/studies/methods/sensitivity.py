"""SALib's methods under one roof: points in the unit cube, and indices of what came out, by the names of the factors.

Points are places in the distributions of the factors (0 to 1), so indices do not depend on units. An analysis is by name from end
to end: SALib's lists of positions are turned into names here and nowhere else.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.studies.methods import emulated
from sim.studies.methods.emulators import Emulator
from sim.studies.methods.threads import one_thread

Floats = NDArray[np.float64]
LEVEL = 0.95
HARMONICS = 4
LEAST_SHARE, LEAST_POINTS, LEAST_BLOCKS, LEAST_CURVE = 0.5, 30, 4, 0.95
"""There is no index from less than this share of a design, fewer points or blocks, or less than this share of the curves of fast."""


@dataclass(frozen=True)
class Index:
    """An index of a factor or group, or of a pair, with both ends of its interval (NaN where the method gives none).

    `told` says whether noise alone would not give it: yes, no, or unknown; see `sim.studies.methods.noise`.
    """

    factor: str
    other: str
    name: str
    value: float
    low: float
    high: float
    told: str = "unknown"


@dataclass(frozen=True)
class Method:
    """A method of SALib.

    Attributes
    ----------
    main
        The index that says how much a factor matters.
    indices
        Names of SALib's results that are reported, and of their half widths.
    block
        Points that belong together, by the number of factors or groups; 0 if all do.
    fewest
        Samples below which numbers are too uncertain to be used, from SALib's documentation and the methods' authors; that of `emulator` is assumed.
    noise
        How luck enters: as a share of the variance, into squares, added, as results in random order (`shuffle`) would show it, or not at all, where
        columns that nothing depends on show it (`idle`).
    groups, smooth
        Whether factors may be grouped, and whether steps between values are too small for lists and whole numbers.
    """

    main: str
    indices: Mapping[str, str]
    block: Callable[[int], int]
    fewest: int
    noise: Literal["share", "square", "add", "shuffle", "idle"] = "share"
    groups: bool = False
    smooth: bool = False


METHODS: dict[str, Method] = {
    "morris": Method(
        "mu_star",
        {"mu_star": "mu_star_conf", "mu": "", "sigma": ""},
        lambda width: width + 1,
        10,
        "square",
        groups=True,
    ),
    "sobol": Method("ST", {"S1": "S1_conf", "ST": "ST_conf"}, lambda width: 2 * width + 2, 512, groups=True),
    "sobol_first": Method("ST", {"S1": "S1_conf", "ST": "ST_conf"}, lambda width: width + 2, 512, groups=True),
    "fast": Method("ST", {"S1": "S1_conf", "ST": "ST_conf"}, lambda width: 0, 257),
    "emulator": Method("ST", {"S1": "", "ST": ""}, lambda width: 1, 200, "idle"),
    "rbd_fast": Method("S1", {"S1": "S1_conf"}, lambda width: 1, 300, "shuffle"),
    "delta": Method("delta", {"delta": "delta_conf", "S1": "S1_conf"}, lambda width: 1, 500, "shuffle"),
    "pawn": Method("median", {"median": "", "maximum": ""}, lambda width: 1, 500, "shuffle"),
    "dgsm": Method("dgsm", {"dgsm": "dgsm_conf", "vi": ""}, lambda width: width + 1, 50, "add", smooth=True),
}
"""`sobol` gives pairs too; `sobol_first` gives first and total order for half the runs, `emulator` those of a Gaussian process that has learnt from the runs."""


class Analysis:
    """One method over named factors.

    Parameters
    ----------
    method
        A key of `METHODS`.
    names
        Names of the factors.
    samples
        SALib's N: trajectories (morris), base points (sobol, dgsm), points a curve (fast), or points.
    seed
        Seed of points and resampling.
    groups
        Group: names in it; a factor in none is a group of its own.
    levels, delta
        Levels of the grid of morris; step of dgsm, as a share of the range.
    """

    def __init__(
        self,
        method: str,
        names: Sequence[str],
        samples: int,
        seed: int,
        groups: Mapping[str, Sequence[str]] | None = None,
        levels: int = 4,
        delta: float = 0.05,
    ) -> None:
        self.method, self.samples, self.levels, self.delta = method, samples, levels, delta
        self.seed = 1 + seed % (2**32 - 2)  # SALib takes 0 for no seed, and no more than 32 bits
        self.names = list(names)
        self.problem: dict[str, Any] = {
            "num_vars": len(self.names),
            "names": self.names,
            "bounds": [[0.0, 1.0]] * len(self.names),
        }
        if groups:
            inside = {name: group for group, members in groups.items() for name in members}
            self.problem["groups"] = [inside.get(name, name) for name in self.names]

    @property
    def subjects(self) -> list[str]:
        """What indices are of: the groups, or the factors."""
        return list(dict.fromkeys(self.problem.get("groups", self.names)))

    @property
    def block(self) -> int:
        """Points that belong together; a block with a point that failed is left out."""
        return METHODS[self.method].block(len(self.subjects))

    @property
    def size(self) -> int:
        """Number of points."""
        return self.samples * (self.block or len(self.names))

    def points(self) -> Floats:
        """The design, a row a point and a column a factor in the order of `names`."""
        place = {"morris": "morris", "fast": "fast_sampler", "dgsm": "finite_diff"}
        module = _salib("sample", "sobol" if self._sobol else place.get(self.method, "latin"))
        more: dict[str, Any] = {}
        if self._sobol:
            more = {"calc_second_order": self.method == "sobol"}
        elif self.method == "morris":
            more = {"num_levels": self.levels}
        elif self.method == "fast":
            more = {"M": HARMONICS}
        elif self.method == "dgsm":
            more = {"delta": self.delta}
        with _quiet():
            return np.clip(module.sample(dict(self.problem), self.samples, seed=self.seed, **more), 0.0, 1.0)

    @property
    def _sobol(self) -> bool:
        return self.method.startswith("sobol")

    def whole(self, results: Floats) -> NDArray[np.bool_]:
        """Which points belong to a block without failures; where all points belong together, all of them."""
        seen = np.isfinite(results)
        if not self.block:
            return np.ones(len(results), dtype=bool)
        return np.repeat(seen.reshape(-1, self.block).all(axis=1), self.block)

    @property
    def noise(self) -> str:
        """How luck enters the indices; see `Method`."""
        return METHODS[self.method].noise

    def enough(self, results: Floats) -> bool:
        """Whether so many results have a value that an index means something."""
        if not self.block:
            return float(np.isfinite(results).mean()) >= LEAST_CURVE
        kept = int(self.whole(results).sum())
        least = LEAST_POINTS if self.block == 1 else LEAST_BLOCKS * self.block
        return kept >= max(least, LEAST_SHARE * len(results))

    def fitted(self, points: Floats, results: Floats, luck: float) -> Emulator | str | None:
        """What `indices` need of results of which a share is luck: an emulator, or why there is none; None where the method takes none."""
        if self.method != "emulator" or not self.enough(results):
            return None
        with one_thread():
            return emulated.fitted(points, results, luck, self.seed)

    def indices(
        self, points: Floats, results: Floats, resamples: int = 100, emulator: Emulator | str | None = None
    ) -> list[Index]:
        """Indices of what came out at the points; empty where it is everywhere the same or too little of it has a value.

        An emulator that is not given is made as if there were no luck.
        """
        made = self.fitted(points, results, 0.0) if emulator is None else emulator
        if not self.enough(results) or isinstance(made, str):
            return []
        if made is not None:
            with one_thread():
                found = emulated.shares(made, self.names, resamples, self.seed, LEVEL)
            return [Index(row.factor, "", row.index, row.value, row.low, row.high, row.told) for row in found]
        kept = self.whole(results)
        if not self.block and not np.isfinite(results).all():
            results = np.where(np.isfinite(results), results, np.nanmean(results))
        x, y = points[kept], results[kept]
        if np.ptp(y) <= 1e-12 * float(np.abs(y).max()):
            return []
        with one_thread():
            found = self._analyse(x, y, resamples)
            rows = self._single(found)
            if self.method == "pawn":
                rows = self._resampled(rows, x, y, resamples)
        rows += self._pairs(found) if self.method == "sobol" else []
        return [row for row in rows if np.isfinite(row.value)]

    def _analyse(self, x: Floats, y: Floats, resamples: int) -> Mapping[str, Any]:
        module = _salib("analyze", "sobol" if self._sobol else self.method)
        problem, more = dict(self.problem), {"num_resamples": resamples, "conf_level": LEVEL, "seed": self.seed}
        with _quiet():
            if self._sobol:
                return module.analyze(problem, y, calc_second_order=self.method == "sobol", **more)
            if self.method == "fast":
                return module.analyze(problem, y, M=HARMONICS, **more)
            if self.method == "morris":
                return module.analyze(problem, x, y, num_levels=self.levels, **more)
            if self.method == "pawn":
                return module.analyze(problem, x, y, seed=self.seed)
            if self.method == "delta":
                found = module.analyze(problem, x, y, **more)  # named otherwise from SALib 1.6 on
                return found if "delta" in found else {k.replace("delta_raw", "delta"): v for k, v in found.items()}
            return module.analyze(problem, x, y, **more)

    def _single(self, found: Mapping[str, Any]) -> list[Index]:
        names = [str(name) for name in found["names"]] if self.method == "morris" else self.subjects
        rows = []
        for index, half in METHODS[self.method].indices.items():
            values = np.ma.filled(np.ma.asarray(found[index], dtype=float), np.nan)
            widths = (
                np.ma.filled(np.ma.asarray(found[half], dtype=float), np.nan) if half else np.full_like(values, np.nan)
            )
            rows += [
                Index(name, "", index, float(value), float(value - width), float(value + width))
                for name, value, width in zip(names, values, widths, strict=True)
            ]
        return rows

    def _pairs(self, found: Mapping[str, Any]) -> list[Index]:
        names, values, widths = self.subjects, np.asarray(found["S2"]), np.asarray(found["S2_conf"])
        return [
            Index(one, names[k], "S2", float(s2 := values[j, k]), float(s2 - widths[j, k]), float(s2 + widths[j, k]))
            for j, one in enumerate(names)
            for k in range(j + 1, len(names))
        ]

    def _resampled(self, rows: list[Index], x: Floats, y: Floats, resamples: int) -> list[Index]:
        """PAWN with intervals, which SALib does not give it; resamples are shifted to the estimate, which they exceed by construction."""
        rng = np.random.default_rng(self.seed)
        drawn: dict[tuple[str, str], list[float]] = {}
        for _ in range(resamples):
            pick = rng.integers(0, len(y), len(y))
            for row in self._single(self._analyse(x[pick], y[pick], 0)):
                drawn.setdefault((row.factor, row.name), []).append(row.value)
        ends = {
            key: np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) - np.mean(values)
            for key, values in drawn.items()
        }
        return [
            replace(row, low=row.value + float(ends[key][0]), high=row.value + float(ends[key][1]))
            for row in rows
            for key in [(row.factor, row.name)]
        ]


def _salib(what: str, name: str) -> Any:
    return import_module(f"SALib.{what}.{name}")


@contextmanager
def _quiet() -> Iterator[None]:
    """SALib warns of old habits and of divisions that come out as NaN, seeds the global generator, and changes how warnings look."""
    state, look = np.random.get_state(), warnings.formatwarning  # noqa: NPY002
    try:
        with warnings.catch_warnings(record=True), np.errstate(all="ignore"):
            warnings.simplefilter("always")
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
        warnings.formatwarning = look
