"""Who people are when they are first seen: those of the start, and later those who are new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NEVER, Considering, Membership, Segment, Sex
from sim.agents.consumers import WEEK, WEEKS
from sim.market.people.life import TRIES, ages
from sim.streams import Draw, normals, pick, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

STREAMS = 16
"""Draws of one stream of a newcomer's."""
HALF = 0.5
"""Of patients who are men (assumed: as of everybody)."""


def draw_people(state: MarketState, rows: np.ndarray, newcomers: bool) -> None:
    """Draw the people of these ``rows``, whose jurisdiction is set: segment, age, sex, needs, means, knowledge and standing.

    ``newcomers`` are new today; others have been there for a while. A
    patient's row is a patient's again.
    """
    w, d, seed, c = state.p.world, state.p.demand, state.seed, state.consumers.columns

    def uniform(stream: int, k: int = 0) -> np.ndarray:
        if newcomers:
            return uniforms(seed, Draw.NEWCOMER, rows, state.day, STREAMS * stream + k)
        return uniforms(seed, Draw.CONSUMER_TRAITS, rows, stream, k)

    def normal(k: int) -> np.ndarray:
        if newcomers:
            return normals(seed, Draw.NEWCOMER, rows, state.day, STREAMS + k)
        return normals(seed, Draw.CONSUMER_TRAITS, rows, 1, k)

    u, z = [uniform(0, k) for k in range(10)], [normal(k) for k in range(4)]
    drawn = pick(
        np.cumsum([w.patients, 1.0 - w.patients - w.dependents - w.suppliers, w.dependents, w.suppliers]), u[0]
    )
    if newcomers:
        patient = is_patient(c.segment[rows], c.origin[rows])
        others = np.cumsum([1.0 - w.patients - w.dependents - w.suppliers, w.dependents, w.suppliers])
        drawn = np.where(patient, int(Segment.PATIENT), 1 + pick(others / others[-1], u[0]))
        blank(state, rows)
    segment = drawn.astype(np.int64)
    c.segment[rows] = segment
    c.origin[rows] = np.where(segment == Segment.PATIENT, int(Segment.PATIENT), int(Segment.RECREATIONAL))
    patient = segment == Segment.PATIENT
    trial = np.stack([[uniform(6 + t, k) for k in range(3)] for t in range(1 if newcomers else TRIES)])
    sex = np.where(uniform(5 + 1 + TRIES) < np.where(patient, HALF, w.male), int(Sex.MALE), int(Sex.FEMALE))
    c.sex[rows] = sex
    stay = np.where(patient, w.patient_years, w.use_years)
    c.born[rows] = np.floor(state.day / WEEK - ages(trial, stay, sex, newcomers) * WEEKS)
    jurisdiction = c.jurisdiction[rows]
    substance = np.zeros(len(rows), np.int64)
    for g in range(len(Segment)):
        at = segment == g
        substance[at] = pick(state.substances.needs[g], u[2][at])
    c.substance[rows] = substance
    median = np.array([d.patient_rate, d.recreational_rate, d.dependent_rate, d.supplier_rate])[segment]
    c.need_rate[rows] = np.minimum(median * np.exp(d.rate_spread * z[0]), 2.0)
    c.budget[rows] = np.clip(d.budget_spread * z[1], -3, 3)
    c.price_sensitivity[rows] = state.p.choice.price_sensitivity * (0.5 + u[3])
    c.skill[rows] = np.clip(z[2], -4, 4)
    legitimate = state.world.legitimate[jurisdiction]
    c.access[rows] = np.clip(np.where(patient, 2.0 * legitimate * u[4] ** 2, 0.15 * legitimate), 0.0, 1.0)
    c.considering[rows] = u[5] < w.considering * np.exp(0.3 * z[2])
    c.misbelief[rows] = u[6] < 0.5
    c.verification[rows] = state.p.learning.verification_floor
    c.support_knowledge[rows] = u[7] * 0.5
    c.dependence[rows] = np.where(segment == Segment.DEPENDENT, 0.4 + 0.5 * u[8], 0.05 * u[8])
    table, floor = state.substances, state.p.consumption.tolerance_floor
    often = c.need_rate[rows] * (1.0 + d.dependence_rate * c.dependence[rows])
    daily = often * np.exp(c.budget[rows]) * table.doses_per_order[substance]
    used = np.minimum(daily / table.doses_per_day[substance], 1.0)
    c.tolerance[rows] = floor + (1.0 - floor) * np.where(table.opioid[substance] > 0, used, 0.0)
    c.practice[rows] = np.clip(state.p.consumption.practice_normal + 0.2 * z[3], 0, 1)
    c.trust_police[rows] = np.clip(state.p.learning.trust_normal + 0.3 * (u[9] - 0.5), 0, 1)
    c.stigma[rows] = np.clip(state.p.learning.stigma_normal + 0.3 * (u[8] - 0.5), 0, 1)
    wait = -np.log(uniform(2)) / c.need_rate[rows]
    c.next_day[rows] = np.minimum(state.day + wait.astype(np.int64), NEVER - 1)
    c.stash_substance[rows] = substance[:, None]
    if newcomers:
        c.came[rows] = state.day
        seek(state, rows, uniform(3))


def is_patient(segment: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Who needs medicines, or did before becoming dependent."""
    return np.where(segment < Segment.DEPENDENT, segment, origin) == Segment.PATIENT


def blank(state: MarketState, rows: np.ndarray) -> None:
    """Forget all of whoever was in these rows, but for where they live and when programmes reach them; columns of an author's own are at their defaults."""
    people = state.consumers
    for name, column in people.declared.items():
        if name not in ("jurisdiction", "turn"):
            people.column(name)[rows] = column.default


def seek(state: MarketState, rows: np.ndarray, u: np.ndarray) -> None:
    """Newcomers know no market; those who consider one look for it sooner or later."""
    c = state.consumers.columns
    later = np.minimum(state.day + 1 - np.log(u) * state.p.migration.recheck_days, NEVER - 1)
    seeks = c.considering[rows] > Considering.NOT_YET
    c.market_state[rows] = np.where(seeks, int(Membership.LAPSED), int(Membership.NONE))
    c.market_until[rows] = np.where(seeks, later, NEVER)
