"""Who people are when they are first seen: those of the start, and later those who are new."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import NEVER, Considering, Membership, Segment, Sex
from sim.agents.consumers import ADULT, WEEK, WEEKS
from sim.evidence.groups import WorldParameters
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_rows
from sim.market.people.life import OLDEST, survival
from sim.market.views import narrow
from sim.streams import Draw, normal_from, picked, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

NEWCOMER, TRAITS = int(Draw.NEWCOMER), int(Draw.CONSUMER_TRAITS)
PATIENT, RECREATIONAL, DEPENDENT = int(Segment.PATIENT), int(Segment.RECREATIONAL), int(Segment.DEPENDENT)
MALE, FEMALE = int(Sex.MALE), int(Sex.FEMALE)
NOT_YET, NONE, LAPSED = int(Considering.NOT_YET), int(Membership.NONE), int(Membership.LAPSED)
KEPT = ("jurisdiction", "turn", "segment", "origin", "memory")
"""Columns of a row that its next one begins with."""
FIRST_TRIAL, TRIES = 6, 12
"""Stream of the first draw of an age, and after how many somebody is as old as the last one says, however unlikely it is to live so long."""
STREAMS = 16
"""Draws of one stream of a newcomer's."""
MOST_SKILL, MOST_BUDGET, MOST_NEEDS = 4, 3, 2
"""Bounds of what is drawn, as those of the columns guard."""
DAYS_OF_A_YEAR = 365.0
HALF = 0.5
"""The middle of an even draw, and of patients who are men, as of everybody."""


class Drawn(NamedTuple):
    """What the traits of somebody are drawn with: by who they are at the start, by the day on which they came later."""

    seed: int
    day: int
    newcomers: bool


class Kinds(NamedTuple):
    """Who there is, and what the kinds of people are like."""

    shares: np.ndarray  # (3 or 4,) cumulative shares of segments; without patients for newcomers
    rates: np.ndarray  # (4,) needs a day, by segment
    legitimate: np.ndarray  # (J,) legitimate access to medicines
    needs: np.ndarray  # (4, S) cumulative shares of needs
    price_sensitivity: float
    verification: float
    trust: float
    stigma: float
    practice: float
    support: float
    skill: float  # how digital skill opens the web search
    dependent_from: float
    online: np.ndarray  # (J,) what multiplies the chance to consider an online source; 1 for who is there at the start


@inner
def trait(c: int, drawn: Drawn, stream: int, k: int) -> float:
    """A uniform number of a person's own."""
    if drawn.newcomers:
        return uniform(drawn.seed, NEWCOMER, c, drawn.day, STREAMS * stream + k)
    return uniform(drawn.seed, TRAITS, c, stream, k)


@inner
def normal_trait(c: int, drawn: Drawn, k: int) -> float:
    """A standard normal number of a person's own."""
    return normal_from(trait(c, drawn, 1, k))


@inner
def age_when_seen(c: int, drawn: Drawn, stay: float, sex: int) -> float:
    """Years of age: people take up use from 18 on at a rate of 1 / ``stay`` a year, and stay for as long on average.

    Newcomers are 18 + Exp(stay) years old; those who are there, 18 + Gamma(2, stay), less those who would have died by then.
    """
    now = ADULT - stay * math.log(trait(c, drawn, FIRST_TRIAL, 0))
    for trial in range(0 if drawn.newcomers else TRIES):
        start = ADULT - stay * math.log(trait(c, drawn, FIRST_TRIAL + trial, 0))
        now = start - stay * math.log(trait(c, drawn, FIRST_TRIAL + trial, 1))
        if trait(c, drawn, FIRST_TRIAL + trial, 2) < survival(start, now, sex):
            break
    return min(now, float(OLDEST))


@inner
def is_patient(segment: int, origin: int) -> bool:
    """Who needs medicines, or did before becoming dependent."""
    return (segment if segment < DEPENDENT else origin) == PATIENT


@inner
def within(x: float, low: float, high: float) -> float:
    """``x``, or the end of the range that it is beyond."""
    return min(max(x, low), high)


@inner
def differing(usual: float, spread: float, u: float) -> float:
    """A trait of a person that is even about what is ``usual``, between ends that are ``spread`` times that apart."""
    return usual * (1.0 + spread * (u - HALF))


@inner
def draw_body(c: int, drawn: Drawn, people: Any, kinds: Kinds, w: WorldParameters) -> int:
    """Segment, sex, age and needs of a person; returns the segment."""
    if drawn.newcomers:
        patient = is_patient(people.segment[c], people.origin[c])
        segment = PATIENT if patient else 1 + picked(kinds.shares, trait(c, drawn, 0, 0))
    else:
        segment = picked(kinds.shares, trait(c, drawn, 0, 0))
    patient = segment == PATIENT
    people.segment[c], people.origin[c] = segment, PATIENT if patient else RECREATIONAL
    sex = MALE if trait(c, drawn, FIRST_TRIAL + TRIES, 0) < (HALF if patient else w.male) else FEMALE
    people.sex[c] = sex
    age = age_when_seen(c, drawn, w.patient_years if patient else w.use_years, sex)
    people.born[c] = math.floor(drawn.day / WEEK - age * WEEKS)
    people.substance[c] = picked(kinds.needs[segment], trait(c, drawn, 0, 2))
    people.stash_substance[c, :] = people.substance[c]
    return segment


@inner
def draw_mind(c: int, drawn: Drawn, segment: int, people: Any, kinds: Kinds, w: WorldParameters) -> None:
    """What a person can pay and do, knows and thinks."""
    skill = normal_trait(c, drawn, 2)
    people.price_sensitivity[c] = differing(kinds.price_sensitivity, w.people_spread, trait(c, drawn, 0, 3))
    people.skill[c] = within(skill, -MOST_SKILL, MOST_SKILL)
    legitimate, u = kinds.legitimate[people.jurisdiction[c]], trait(c, drawn, 0, 4)
    covered = w.prescribed_most * (u * u) if segment == PATIENT else w.prescribed_others
    people.access[c] = within(legitimate * covered, 0.0, 1.0)
    considering = w.considering * kinds.online[people.jurisdiction[c]]
    people.considering[c] = trait(c, drawn, 0, 5) < considering * math.exp(kinds.skill * skill)
    people.misbelief[c] = trait(c, drawn, 0, 6) < w.misbelief
    people.verification[c] = kinds.verification
    people.support_knowledge[c] = min(2 * kinds.support * trait(c, drawn, 0, 7), 1.0)
    u = trait(c, drawn, 0, 8)
    people.dependence[c] = kinds.dependent_from + (1.0 - kinds.dependent_from) * u if segment == DEPENDENT else 0.0
    people.practice[c] = within(differing(kinds.practice, w.people_spread, trait(c, drawn, 1, 3)), 0.0, 1.0)
    people.trust_police[c] = within(differing(kinds.trust, w.people_spread, trait(c, drawn, 0, 9)), 0.0, 1.0)
    people.stigma[c] = within(differing(kinds.stigma, w.people_spread, trait(c, drawn, 0, 10)), 0.0, 1.0)


@kernel
def draw(
    lo: int, hi: int, rows: np.ndarray, drawn: Drawn, people: Any, kinds: Kinds, world: np.ndarray, demand: np.ndarray
) -> None:
    """Draw the people of ``rows[lo:hi]``: see `draw_people`."""
    w, d = world[0], demand[0]
    for c in rows[lo:hi]:
        segment = draw_body(c, drawn, people, kinds, w)
        draw_mind(c, drawn, segment, people, kinds, w)
        people.need_rate[c] = min(
            kinds.rates[segment] * math.exp(d.rate_spread * normal_trait(c, drawn, 0)), float(MOST_NEEDS)
        )
        people.budget[c] = within(d.budget_spread * normal_trait(c, drawn, 1), -MOST_BUDGET, MOST_BUDGET)
        wait = -math.log(trait(c, drawn, 2, 0)) / people.need_rate[c]
        people.next_day[c] = min(drawn.day + np.int64(wait), NEVER - 1)


@kernel
def used_to(rows: np.ndarray, size: np.ndarray, people: Any, table: Any, by_dependence: float, floor: float) -> None:
    """Tolerance of the people of these rows: that of who uses what they need, in orders of so many times the usual ``size`` (rows,)."""
    for i in range(len(rows)):
        c = rows[i]
        s = people.substance[c]
        often = people.need_rate[c] * (np.float32(1.0) + by_dependence * people.dependence[c])
        daily = np.float64(often * size[i]) * table.doses_per_order[s]
        used = min(daily / table.doses_per_day[s], 1.0) if table.opioid[s] > 0.0 else 0.0
        people.tolerance[c] = floor + (1.0 - floor) * used


@kernel
def depend_by_now(
    rows: np.ndarray, size: np.ndarray, drawn: Drawn, people: Any, table: Any, years: float, given: np.ndarray
) -> None:
    """Dependence of those of these rows who are not dependent, after so many ``years`` of use on average, in orders of ``size`` times the usual.

    It grows by what the doses of a day add and falls on days without use, so that it goes towards a balance. Who would be dependent by now has recovered before,
    and is somewhere on the way again.
    """
    p = given[0]
    for i in range(len(rows)):
        c = rows[i]
        if people.segment[c] == DEPENDENT:
            continue
        s = people.substance[c]
        daily = np.float64(people.need_rate[c]) * size[i] * table.doses_per_order[s]
        gain = table.dependence[s] * daily
        fall = p.dependence_decay * (1.0 - min(daily / max(1.0, table.doses_per_day[s] * p.occasional_use), 1.0))
        days = -DAYS_OF_A_YEAR * years * math.log(trait(c, drawn, 2, 1))
        by_now = gain / max(gain + fall, 1e-12) * -math.expm1(-(gain + fall) * days)
        again = p.dependent_from * trait(c, drawn, 2, 2)
        people.dependence[c] = by_now if by_now < p.dependent_from else again


def draw_people(state: MarketState, rows: np.ndarray, newcomers: bool) -> None:
    """Draw the people of these ``rows``, whose jurisdiction is set: segment, age, sex, needs, means, knowledge and standing.

    ``newcomers`` are new today; others have been there for a while. A
    patient's row is a patient's again.
    """
    p, c = state.p, state.consumers.columns
    w, d = p.world, p.demand
    each = w.patients, 1.0 - w.patients - w.dependents - w.suppliers, w.dependents, w.suppliers
    shares = list(accumulate(each[1:] if newcomers else each))
    if newcomers:
        shares = [share / shares[-1] for share in shares]
        blank(state, rows)
    kinds = Kinds(
        np.array(shares), np.array([d.patient_rate, d.recreational_rate, d.dependent_rate, d.supplier_rate]), state.world.legitimate, state.substances.needs,
        p.choice.price_sensitivity, p.learning.verification_floor, p.learning.trust_normal, p.learning.stigma_normal, p.consumption.practice_normal,
        p.learning.support_floor, p.choice.skill_search, p.consumption.dependent_from,
        state.levers.initiation if newcomers else np.ones(state.world.n_jurisdictions),
    )  # fmt: skip
    drawn = Drawn(state.moment.seed, state.day, newcomers)
    people = narrow(c, views.NewConsumers)
    over_rows(state.pool, draw, len(rows), rows, drawn, people, kinds, state.given.world, state.given.demand)
    size, table = np.exp(c.budget[rows]), narrow(state.substances, views.UsualSubstances)
    if not newcomers:
        depend_by_now(rows, size, drawn, people, table, w.use_years, state.given.consumption)
    used_to(rows, size, people, table, np.float32(d.dependence_rate), p.consumption.tolerance_floor)
    if newcomers:
        c.came[rows] = state.day
        seek(rows, drawn, narrow(c, views.SeekingConsumers), p.migration.recheck_days)


def blank(state: MarketState, rows: np.ndarray) -> None:
    """Forget all of whoever was in these rows, but for where they live, when programmes reach them, and whether it was a patient.

    Columns of an author's own are at their defaults.
    """
    people = state.consumers
    memory = people.columns.memory[rows]
    for values, (name, column) in zip(people.columns, people.schema.items(), strict=True):
        if name not in KEPT:
            values[memory if column.few else rows] = column.default
    for name, column in people.own.schema.items():
        people.own.arrays[name][rows] = column.default


@kernel
def seek(rows: np.ndarray, drawn: Drawn, people: Any, recheck_days: float) -> None:
    """Newcomers know no market; those who consider one look for it sooner or later."""
    for c in rows:
        later = min(drawn.day + 1 - math.log(trait(c, drawn, 3, 0)) * recheck_days, NEVER - 1.0)
        seeks = people.considering[c] > NOT_YET
        people.market_state[c] = LAPSED if seeks else NONE
        people.market_until[c] = later if seeks else NEVER
