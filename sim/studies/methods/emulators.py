"""What a target is at places where nothing was run: a Gaussian process over a linear trend, with the noise of the runs that it learnt from.

All axes bend the trend; those along which the target moves most also enter the process, each with a length of its own (the active inputs of the literature
on history matching); what the others do besides is a nugget. Errors of leaving one point out come in closed form and widen what is too sure.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.studies.errors import RequestError, extra

Floats = NDArray[np.float64]
ACTIVE = 8
"""Axes along which a target may be no straight line."""
MOST_FITTED = 400
"""Points from which lengths are learnt; all points count for what is said of a place."""
TREND = 4.0
"""Prior variance of the slope along each axis, in units of the spread of target and points."""
MOST_AT_ONCE = 4_000
FEWEST = 20
MISSED, FAR = 0.1, 3.0
"""Share of points left out that may lie beyond so many standard errors."""
SURE = 3.0
"""Times by which an emulator may have been too sure before it is set aside."""
FEATURES = 1_000
"""Random features of the covariance from which functions are drawn."""


class Check(NamedTuple):
    """How an emulator does where a point was left out.

    Attributes
    ----------
    explained, luck
        Share of the variance that it explains, and the share that is luck.
    beyond, inflation
        Share of the points that lie beyond `FAR` standard errors, and the times by which its variance was too small.
    """

    explained: float
    beyond: float
    inflation: float
    luck: float


@dataclass(frozen=True)
class Emulator:
    """A target anywhere, on the scale of its goal.

    Attributes
    ----------
    check
        How it does where a point was left out.
    missed
        By how many standard errors each point was missed that was left out; NaN for one that was not measured.
    """

    check: Check
    missed: Floats
    _shift: Floats
    _spread: Floats
    _level: float
    _size: float
    _active: NDArray[np.intp]
    _lengths: Floats
    _amplitude: float
    _nugget: float
    _places: Floats
    _inverse: Floats
    _weights: Floats

    def __call__(self, places: Floats) -> tuple[Floats, Floats]:
        """Mean and variance at places (rows), the luck of runs apart."""
        parts = [self._part(places[k : k + MOST_AT_ONCE]) for k in range(0, len(places), MOST_AT_ONCE)]
        mean, variance = (np.concatenate(found) for found in zip(*parts, strict=True))
        return self._level + self._size * mean, self._size**2 * self.check.inflation * np.maximum(variance, 1e-10)

    def draws(self, places: Floats, count: int, rng: np.random.Generator) -> Floats:
        """What the function may be at the places, the luck of runs apart: a draw a row.

        Draws of the process before anything was run, from random Fourier features of its covariance, are moved by what was learnt (Matheron's
        rule, as in Wilson and others 2020), so that a draw is one function however many the places are.
        """
        x = (places - self._shift) / self._spread
        turned = rng.standard_normal((FEATURES, len(self._active))) / self._lengths
        begun = rng.uniform(0, 2 * np.pi, FEATURES)
        weights = rng.standard_normal((FEATURES, count)) * np.sqrt(2 * self._amplitude / FEATURES)
        slopes = rng.standard_normal((1 + x.shape[1], count)) * np.sqrt(TREND)

        def before(at: Floats) -> Floats:
            return np.cos(at[:, self._active] @ turned.T + begun) @ weights + slopes[0] + at @ slopes[1:]

        seen = before(self._places)
        seen += rng.standard_normal(seen.shape) * np.sqrt(self._nugget + self.check.luck)
        parts = []
        for k in range(0, len(x), MOST_AT_ONCE):
            here = x[k : k + MOST_AT_ONCE]
            across = _covariance(here, self._places, self._active, self._lengths, self._amplitude)
            mean = (across @ self._weights)[:, None]
            parts.append(mean + np.sqrt(self.check.inflation) * (before(here) - across @ (self._inverse @ seen)))
        return self._level + self._size * np.vstack(parts).T

    def _part(self, places: Floats) -> tuple[Floats, Floats]:
        x = (places - self._shift) / self._spread
        across = _covariance(x, self._places, self._active, self._lengths, self._amplitude)
        own = self._amplitude + TREND * (1 + (x**2).sum(axis=1)) + self._nugget
        return across @ self._weights, own - ((across @ self._inverse) * across).sum(axis=1)


def _covariance(one: Floats, other: Floats, active: NDArray[np.intp], lengths: Floats, amplitude: float) -> Floats:
    """Between places: of process and trend together."""
    a, b = one[:, active] / lengths, other[:, active] / lengths
    apart = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T
    return amplitude * np.exp(-0.5 * np.maximum(apart, 0.0)) + TREND * (1 + one @ other.T)


def emulate(places: Floats, values: Floats, noise: float, seed: int = 0) -> Emulator | str:
    """An emulator of a target, or why there can be none.

    Parameters
    ----------
    places, values
        Points in the unit cube (rows), and the mean of the target over runs there, on the scale of its goal; NaN where it was not measured.
    noise
        Variance that luck gives such a mean.
    seed
        Which points lengths are learnt from where there are many.
    """
    known = np.isfinite(values)
    share = known.mean() if len(known) else 0.0
    if known.sum() < FEWEST or share < 0.5:
        return f"measured at {int(known.sum())} of {len(known)} points"
    places, values = places[known], values[known]
    size = float(values.std())
    if not size > 1e-9 * max(1.0, abs(float(values.mean()))):
        return "the same at every point"
    luck = noise / size**2
    shift, spread = places.mean(axis=0), np.maximum(places.std(axis=0), 1e-3)
    x, level = (places - shift) / spread, float(values.mean())
    y = (values - level) / size
    active = most_active(x, y)
    chosen = np.random.default_rng(seed).permutation(len(x))[:MOST_FITTED]
    amplitude, lengths, nugget = _learnt(x, y, chosen, active, max(luck, 1e-8))
    whole = _covariance(x, x, active, lengths, amplitude) + (nugget + luck + 1e-8) * np.eye(len(x))
    inverse = np.linalg.inv(whole)
    inverse = (inverse + inverse.T) / 2
    weights = inverse @ y
    variance = 1 / np.diag(inverse)
    errors = weights * variance
    off = errors**2 / variance
    check = Check(
        float(1 - np.mean(errors**2)), float((np.sqrt(off) > FAR).mean()), float(max(1.0, off.mean())), float(luck)
    )
    if check.explained < 0.02:
        return "no parameter moves it beyond the luck of runs"
    if check.beyond > MISSED or check.inflation > SURE:
        return f"{check.beyond:.0%} of points left out lie beyond {FAR:g} standard errors"
    missed = np.full(len(known), np.nan)
    missed[known] = errors / np.sqrt(variance)
    return Emulator(check, missed, shift, spread, level, size, active, lengths, amplitude, nugget, x, inverse, weights)


def most_active(x: Floats, y: Floats) -> NDArray[np.intp]:
    """The axes along which a target moves most: straight, or bent once the straight part is taken off."""
    design = np.column_stack([np.ones(len(x)), x])
    gram = design.T @ design + 1e-3 * len(x) * np.eye(design.shape[1])
    slopes = np.linalg.solve(gram, design.T @ y)
    rest = y - design @ slopes
    bent = x**2 - (x**2).mean(axis=0)
    bent /= np.maximum(bent.std(axis=0), 1e-9)
    score = np.maximum(np.abs(slopes[1:]), np.abs(bent.T @ rest) / len(x))
    return np.sort(np.argsort(-score, kind="stable")[:ACTIVE])


def _learnt(
    x: Floats, y: Floats, chosen: NDArray[np.intp], active: NDArray[np.intp], luck: float
) -> tuple[float, Floats, float]:
    """Amplitude, lengths and nugget of what the straight trend leaves."""
    x, y = x[chosen], y[chosen]
    design = np.column_stack([np.ones(len(x)), x])
    slopes = np.linalg.solve(design.T @ design + np.eye(design.shape[1]) / TREND * max(luck, 0.01), design.T @ y)
    parts = learning()
    kernel = parts.ConstantKernel(0.3, (1e-4, 1e2)) * parts.RBF(np.full(len(active), 2.0), (0.3, 30.0))
    kernel = kernel + parts.WhiteKernel(0.05, (1e-5, 1.0))
    process = parts.Process(kernel, alpha=luck, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lengths at their ends are axes that do not matter
        process.fit(x[:, active], y - design @ slopes)
    found = process.kernel_
    return float(found.k1.k1.constant_value), np.atleast_1d(found.k1.k2.length_scale), float(found.k2.noise_level)


class _Parts(NamedTuple):
    Process: Any
    ConstantKernel: Any
    RBF: Any
    WhiteKernel: Any
    shrunk: Any


def learning() -> _Parts:
    """What is used of scikit-learn.

    Raises
    ------
    RequestError
        If it is not installed.
    """
    try:
        processes: Any = import_module("sklearn.gaussian_process")
        shrunk: Any = import_module("sklearn.covariance").ledoit_wolf
    except ImportError:
        raise RequestError(f"calibration: emulators need {extra('studies')}") from None
    kernels = processes.kernels
    return _Parts(processes.GaussianProcessRegressor, kernels.ConstantKernel, kernels.RBF, kernels.WhiteKernel, shrunk)
