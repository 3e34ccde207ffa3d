"""Keyed random numbers: a draw is a function of (run seed, decision, entity, day, draw index).

Philox 4x32-10 turns the key (the run seed) and a counter (who decides what, and when) into four random words. Nothing
is drawn in turn, so no draw can move another one: not a new decision, not the order of agents, not the number of
threads. Two scenarios run with one seed see the same numbers wherever they make the same decision, which is what makes
a comparison paired.

The counter is ``(entity, entity >> 32, day, decision << 16 | draw)``: 64 bits of entity, 32 bits of day (negative
during burn-in), and below 65,536 decisions with below 65,536 draws each. Decisions are named in `Draw`.

The functions of one draw are compiled and made to be called from compiled kernels; any integers are accepted, and a
member of `Draw` is one. The plural ones take an array of entities. Both give the same numbers, bit for bit.

References
----------
Salmon J.K., Moraes M.A., Dror R.O., Shaw D.E. (2011) Parallel random numbers: as easy as 1, 2, 3. SC '11.
10.1145/2063384.2063405
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

import sim.kernels  # noqa: F401 - says where compiled kernels are kept
from sim.streams.quantiles import exponential_from, gumbel_from, normal_from, poisson_from

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

type Seed = int | np.uint64

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
"""What the words are multiplied by in a round (Salmon et al. 2011)."""
STEPS = (0x9E3779B9, 0xBB67AE85)
"""What the key words grow by a round: the fractions of the golden ratio and of the square root of 3, times 2**32."""

_WORD, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_M0, _M1 = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
_S0, _S1 = np.uint64(STEPS[0]), np.uint64(STEPS[1])

# One signature each, so that a call with a new combination of integer types (or of literals) compiles nothing anew.
_DRAW = "(uint64, int64, int64, int64, int64)"


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _rounds(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Ten rounds over words held in 64-bit integers, each below 2**32."""
    for _ in range(ROUNDS):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _WORD, (p0 >> _HALF) ^ c3 ^ k1, p0 & _WORD
        k0, k1 = (k0 + _S0) & _WORD, (k1 + _S1) & _WORD
    return c0, c1, c2, c3


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _words(seed: Any, decision: Any, entity: Any, day: Any, draw: Any) -> Any:
    who, which = np.uint64(entity), (np.uint64(decision) << np.uint64(16)) | np.uint64(draw)
    return _rounds(who & _WORD, who >> _HALF, np.uint64(day) & _WORD, which & _WORD, seed & _WORD, seed >> _HALF)


@njit("UniTuple(uint32, 4)(uint32, uint32, uint32, uint32, uint32, uint32)", cache=True, nogil=True)
def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> Any:
    """Return the four words of a counter.

    Parameters
    ----------
    c0, c1, c2, c3
        Counter, words of 32 bits.
    k0, k1
        Key, words of 32 bits.

    Returns
    -------
    tuple of four uint32
    """
    w0, w1, w2, w3 = _rounds(np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3), np.uint64(k0), np.uint64(k1))
    return np.uint32(w0), np.uint32(w1), np.uint32(w2), np.uint32(w3)


@njit("float64" + _DRAW, cache=True, nogil=True, error_model="numpy", forceinline=True)
def uniform(seed: Seed, decision: int, entity: int, day: int, draw: int) -> float:
    """Return a number strictly between 0 and 1: an odd multiple of 2**-53, made of 52 bits of words 0 and 1.

    Parameters
    ----------
    seed
        Run seed, 64 bits.
    decision
        A member of `Draw`.
    entity
        Who or what it is about: a row, an order's number, a `pair`. 64 bits.
    day
        Day; may be negative.
    draw
        Which draw of this decision, below 65,536.
    """
    w0, w1, _, _ = _words(seed, decision, entity, day, draw)
    bits = np.int64((w0 << np.uint64(20)) | (w1 >> np.uint64(12)))
    return (np.float64(bits) + 0.5) * 2.0**-52


@njit("UniTuple(float64, 4)" + _DRAW, cache=True, nogil=True, error_model="numpy", forceinline=True)
def uniform4(seed: Seed, decision: int, entity: int, day: int, draw: int) -> Any:
    """Return four numbers strictly between 0 and 1 for the price of one, of 32 bits each: (word + 1/2) * 2**-32."""
    w0, w1, w2, w3 = _words(seed, decision, entity, day, draw)
    return (
        (np.float64(np.int64(w0)) + 0.5) * 2.0**-32,
        (np.float64(np.int64(w1)) + 0.5) * 2.0**-32,
        (np.float64(np.int64(w2)) + 0.5) * 2.0**-32,
        (np.float64(np.int64(w3)) + 0.5) * 2.0**-32,
    )


@njit("float64" + _DRAW, cache=True, nogil=True, error_model="numpy", forceinline=True)
def normal(seed: Seed, decision: int, entity: int, day: int, draw: int) -> float:
    """Return a standard normal number; it grows with `uniform` of the same arguments."""
    return normal_from(uniform(seed, decision, entity, day, draw))


@njit("float64" + _DRAW, cache=True, nogil=True, error_model="numpy", forceinline=True)
def exponential(seed: Seed, decision: int, entity: int, day: int, draw: int) -> float:
    """Return an exponential number of mean 1; it grows with `uniform` of the same arguments."""
    return exponential_from(uniform(seed, decision, entity, day, draw))


@njit("float64" + _DRAW, cache=True, nogil=True, error_model="numpy", forceinline=True)
def gumbel(seed: Seed, decision: int, entity: int, day: int, draw: int) -> float:
    """Return a standard Gumbel number; it grows with `uniform` of the same arguments."""
    return gumbel_from(uniform(seed, decision, entity, day, draw))


@njit("int64(uint64, int64, int64, int64, int64, float64)", cache=True, nogil=True, error_model="numpy")
def poisson(seed: Seed, decision: int, entity: int, day: int, draw: int, mean: float) -> int:
    """Return a Poisson count of the given mean (at most 1e9); it grows with `uniform` of the same arguments."""
    return poisson_from(uniform(seed, decision, entity, day, draw), mean)


@njit("int64(int64, int64)", cache=True, nogil=True, error_model="numpy", forceinline=True)
def pair(first: int, second: int) -> int:
    """Return one entity for two, both below 2**31: draws about a pair do not depend on who else is compared."""
    return (first << 32) | second


@njit(cache=True, nogil=True, error_model="numpy")
def _uniforms(seed: Seed, decision: int, entities: Any, day: int, draw: int, out: Any) -> None:
    for i in range(entities.size):
        out[i] = uniform(seed, decision, entities[i], day, draw)


@njit(cache=True, nogil=True, error_model="numpy")
def _normals(seed: Seed, decision: int, entities: Any, day: int, draw: int, out: Any) -> None:
    for i in range(entities.size):
        out[i] = normal(seed, decision, entities[i], day, draw)


@njit(cache=True, nogil=True, error_model="numpy")
def _exponentials(seed: Seed, decision: int, entities: Any, day: int, draw: int, out: Any) -> None:
    for i in range(entities.size):
        out[i] = exponential(seed, decision, entities[i], day, draw)


def _array(many: Any, seed: Seed, decision: int, entities: ArrayLike, day: int, draw: int) -> NDArray[np.float64]:
    ids = np.asarray(entities)
    if ids.dtype.kind not in "iu" and ids.size:
        raise TypeError(f"entities are integers, not {ids.dtype}")
    ids, out = np.ascontiguousarray(ids, np.int64), np.empty(ids.shape)
    if ids.size:
        many(np.uint64(seed), int(decision), ids.ravel(), int(day), int(draw), out.ravel())
    return out


def uniforms(seed: Seed, decision: int, entities: ArrayLike, day: int, draw: int = 0) -> NDArray[np.float64]:
    """Return `uniform` for each of an array of entities, in its shape."""
    return _array(_uniforms, seed, decision, entities, day, draw)


def normals(seed: Seed, decision: int, entities: ArrayLike, day: int, draw: int = 0) -> NDArray[np.float64]:
    """Return `normal` for each of an array of entities, in its shape."""
    return _array(_normals, seed, decision, entities, day, draw)


def exponentials(seed: Seed, decision: int, entities: ArrayLike, day: int, draw: int = 0) -> NDArray[np.float64]:
    """Return `exponential` for each of an array of entities, in its shape."""
    return _array(_exponentials, seed, decision, entities, day, draw)


def philox_numpy(counter: ArrayLike, key: ArrayLike) -> NDArray[np.uint32]:
    """Return the words of many counters, in plain NumPy: the reference that the compiled functions are checked against.

    Parameters
    ----------
    counter
        (n, 4) words.
    key
        (2,) words.

    Returns
    -------
    (n, 4) uint32
    """
    c0, c1, c2, c3 = np.asarray(counter, np.uint64).T
    k0, k1 = (int(word) for word in np.asarray(key, np.uint64))
    for _ in range(ROUNDS):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ np.uint64(k0), p1 & _WORD, (p0 >> _HALF) ^ c3 ^ np.uint64(k1), p0 & _WORD
        k0, k1 = (k0 + STEPS[0]) % 2**32, (k1 + STEPS[1]) % 2**32
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)
