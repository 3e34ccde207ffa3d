"""From a uniform number to another distribution, by inversion: compiled functions for use in kernels.

Inversion takes one uniform number and grows with it, so a small change of a parameter changes a draw little; that keeps
paired comparisons tight.

References
----------
Wichura M.J. (1988) Algorithm AS 241: the percentage points of the normal distribution. Applied Statistics 37(3):
477-484. 10.2307/2347330
"""

from __future__ import annotations

import math

from numba import njit

import sim.kernels  # noqa: F401 - says where compiled kernels are kept

# fmt: off
# AS 241, PPND16: numerator and denominator, highest power first, for the centre, the tails, and the far tails.
CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)
TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0),
)
FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)
# fmt: on

LARGEST_MEAN = 1e9
"""Poisson means above this are taken as this; the sum would take longer than a millisecond."""


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _polynomial(coefficients: tuple[float, ...], x: float) -> float:
    value = coefficients[0]
    for c in coefficients[1:]:
        value = value * x + c
    return value


@njit("float64(float64)", cache=True, nogil=True, error_model="numpy", forceinline=True)
def normal_from(u: float) -> float:
    """Return the standard normal quantile of `u` in (0, 1), to about 1e-15 of its size (algorithm AS 241)."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _polynomial(CENTRE[0], r) / _polynomial(CENTRE[1], r)
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        z = _polynomial(TAIL[0], r - 1.6) / _polynomial(TAIL[1], r - 1.6)
    else:
        z = _polynomial(FAR_TAIL[0], r - 5.0) / _polynomial(FAR_TAIL[1], r - 5.0)
    return -z if q < 0.0 else z


@njit("float64(float64)", cache=True, nogil=True, error_model="numpy", forceinline=True)
def exponential_from(u: float) -> float:
    """Return the quantile of `u` in (0, 1) of the exponential distribution of mean 1."""
    return -math.log(1.0 - u)  # exact as it stands for the numbers of `streams.uniform`: multiples of 2**-53


@njit("float64(float64)", cache=True, nogil=True, error_model="numpy", forceinline=True)
def gumbel_from(u: float) -> float:
    """Return the standard Gumbel quantile of `u` in (0, 1). The largest utility + Gumbel number is a logit choice."""
    return -math.log(-math.log(u))


@njit("int64(float64, float64)", cache=True, nogil=True, error_model="numpy")
def poisson_from(u: float, mean: float) -> int:
    """Return the Poisson quantile of `u` in (0, 1): the smallest k with P(X <= k) >= u.

    Sums the mass function upwards from 0 or, for means over 81, from nine standard deviations below the mean (less than
    1e-17 of the mass lies below); time grows with the square root of the mean. Probabilities are right to 1e-11.

    Parameters
    ----------
    u
        Uniform number in (0, 1).
    mean
        Mean of the distribution. Zero, negative or not a number gives 0; above `LARGEST_MEAN` counts as that.
    """
    if not mean > 0.0:
        return 0
    mean = min(mean, LARGEST_MEAN)
    k = math.floor(max(0.0, mean - 9.0 * math.sqrt(mean)))
    p = math.exp(-mean) if k == 0 else math.exp(k * math.log(mean) - mean - math.lgamma(k + 1.0))
    below = p
    while below < u and (k < mean or p > 1e-18):
        k += 1
        p *= mean / k
        below += p
    return k
