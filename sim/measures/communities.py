"""Communities of a network by the method of Louvain (Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008).

Moves and random numbers are those of `networkx.community.louvain_communities`, which walks through Python's dictionaries: their order, which decides between
equal gains, is kept here. Links weigh whole numbers, so that sums of them are exact in any order.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import numpy as np

from sim.kernels import maker

THRESHOLD = 1e-7
"""Gain of modularity up to which another level is not worth it."""


class Level(NamedTuple):
    """A network whose nodes may stand for several each.

    Attributes
    ----------
    start, links
        Neighbours of node k are ``links[start[k]:start[k + 1]]``, in the order in which links to them came.
    weights
        Of these links.
    loops
        (n,) weight of the links among those for whom a node stands.
    degrees
        (n,) weight of all links that end at a node: those among the ones it stands for do so twice.
    """

    start: np.ndarray
    links: np.ndarray
    weights: np.ndarray
    loops: np.ndarray
    degrees: np.ndarray


class Communities(NamedTuple):
    """(n,) number of the community that each node is in, and the modularity of all."""

    of: np.ndarray
    modularity: float


@maker
def in_turn(words: np.ndarray, n: int) -> tuple[np.ndarray, int]:
    """``n`` nodes, shuffled as `random.shuffle` does it with these outputs of its generator, and how many of the outputs that took."""
    order, used = np.arange(n), 0
    for i in range(n - 1, 0, -1):
        bits, j = 0, i + 1
        while (i + 1) >> bits:
            bits += 1
        while j > i:
            j = np.int64(words[used]) >> (32 - bits)
            used += 1
        order[i], order[j] = order[j], order[i]
    return order, used


@maker
def moves(level: Level, order: np.ndarray) -> np.ndarray:
    """(n,) community of each node: first each has its own, then all move in this order to the neighbouring one that gains most, until none gains."""
    n, whole = len(order), 0.5 * level.degrees.sum()
    of, total, moved = np.arange(n), level.degrees.copy(), True
    weight, near, known = np.zeros(n), np.empty(n, np.int64), np.zeros(n, np.bool_)
    while moved:
        moved = False
        for node in order:
            mine, degree, count = of[node], level.degrees[node], 0
            for k in range(level.start[node], level.start[node + 1]):
                c = of[level.links[k]]
                if not known[c]:
                    known[c], near[count] = True, c
                    count += 1
                weight[c] += level.weights[k]
            total[mine] -= degree
            best, most = mine, weight[mine] * whole - 0.5 * (total[mine] * degree)
            for c in near[:count]:
                gain = weight[c] * whole - 0.5 * (total[c] * degree)
                if gain > most:
                    best, most = c, gain
                known[c], weight[c] = False, 0.0
            total[best] += degree
            moved |= best != mine
            of[node] = best
    return of


def ends(level: Level) -> tuple[np.ndarray, np.ndarray]:
    """The nodes at both ends of the links, each link once from either side."""
    return np.repeat(np.arange(len(level.loops)), np.diff(level.start)), level.links


def modularity(level: Level, of: np.ndarray) -> float:
    """How much more of the links is within communities than chance has it (Newman 2010, page 224)."""
    a, b = ends(level)
    inside, total = (of[a] == of[b]) & (a < b), np.bincount(of, level.degrees)
    within = np.bincount(of[a[inside]], level.weights[inside], len(total)) + np.bincount(of, level.loops)
    whole = level.degrees.sum()
    return sum((within / (whole / 2) - total * total * (1 / whole**2)).tolist())


def merged(level: Level, of: np.ndarray) -> Level:
    """The network of communities."""
    a, b = ends(level)
    once, n = a < b, int(of.max()) + 1
    a, b = of[a[once]], of[b[once]]
    pairs, first, which = np.unique(np.minimum(a, b) * n + np.maximum(a, b), return_index=True, return_inverse=True)
    weights, (low, high) = np.bincount(which, level.weights[once]), np.divmod(pairs, n)
    loops = np.bincount(of, level.loops, n) + np.bincount(low[low == high], weights[low == high], n)
    apart = low != high
    source, target = np.r_[low[apart], high[apart]], np.r_[high[apart], low[apart]]
    turn = np.lexsort((np.tile(first[apart], 2), source))
    start = np.append(0, np.cumsum(np.bincount(source, minlength=n)))
    return Level(start, target[turn], np.tile(weights[apart], 2)[turn], loops, np.bincount(of, level.degrees))


def louvain(start: np.ndarray, links: np.ndarray, seed: int) -> Communities:
    """Communities of a network of at least one link.

    Parameters
    ----------
    start, links
        Neighbours of node k are ``links[start[k]:start[k + 1]]``, sorted.
    seed
        Of the order in which nodes have their turns.
    """
    n, chance, words = len(start) - 1, Random(seed), np.empty(0, np.uint32)
    degrees = np.diff(start).astype(float)
    level = Level(start.astype(np.int64), links.astype(np.int64), np.ones(len(links)), np.zeros(n), degrees)
    found = Communities(np.arange(n), modularity(level, np.arange(n)))
    while True:
        count = len(level.loops)
        more = 3 * count + 200  # a turn takes fewer than two on average
        words = np.append(words, np.frombuffer(chance.getrandbits(32 * more).to_bytes(4 * more, "little"), "<u4"))
        order, used = in_turn(words, count)
        words = words[used:]
        of = np.unique(moves(level, order), return_inverse=True)[1]
        before, found = found.modularity, Communities(of[found.of], modularity(level, of))
        if found.modularity - before <= THRESHOLD:
            return found
        level = merged(level, of)
