"""Random numbers that are keyed, not drawn in turn: a draw is a function of who decides what, and when."""

from sim.streams.draws import Draw
from sim.streams.philox import (
    exponential,
    exponentials,
    gumbel,
    normal,
    normals,
    pair,
    philox,
    philox_numpy,
    poisson,
    uniform,
    uniform4,
    uniforms,
)
from sim.streams.picks import pick, picked
from sim.streams.quantiles import exponential_from, gumbel_from, normal_from, poisson_from
from sim.streams.seeds import seed_from

__all__ = [
    "Draw",
    "exponential",
    "exponential_from",
    "exponentials",
    "gumbel",
    "gumbel_from",
    "normal",
    "normal_from",
    "normals",
    "pair",
    "philox",
    "philox_numpy",
    "pick",
    "picked",
    "poisson",
    "poisson_from",
    "seed_from",
    "uniform",
    "uniform4",
    "uniforms",
]
