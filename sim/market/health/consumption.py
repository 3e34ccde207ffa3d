"""Consumption: what arrived is used, checked or discarded; adverse events, overdoses and deaths follow; tolerance and dependence move.

Every probability that is drawn against is also summed, so that rare harms are reported both as they happened and as expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import (
    N_SUMS,
    SUM_ADVERSE,
    SUM_DEATH,
    SUM_DISABILITY,
    SUM_DOSES,
    SUM_OVERDOSE,
    Content,
    EventKind,
    Segment,
)
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_blocks, rows_marked
from sim.market.health.early_warning import dose_warned_of, novel_substances, watch
from sim.market.health.harm import (
    at_least_one,
    fatality,
    hill_overdose,
    rti_overdose,
    treatment_hazard,
    treatment_protection,
)
from sim.market.health.receipt import receive, threats
from sim.market.health.treatment import admit, ask, give_up, leave_treatment
from sim.market.views import narrow
from sim.streams import Draw, uniform, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

USE, USE_DAY, TREATMENT, SETTING = int(Draw.USE), int(Draw.USE_DAY), int(Draw.TREATMENT), int(Draw.SETTING)
AS_SOLD = int(Content.AS_SOLD)

# what a consumer's day can bring: bits of ``happened``
ADVERSE, OVERDOSE, DEATH, WANTS_TREATMENT, LEFT_TREATMENT, GAVE_UP = 1, 2, 4, 8, 16, 32


@kernel
def tolerance_step(tolerance: float, used: float, normal_use: float, treated: bool, p: Any) -> float:
    """Tolerance moves towards use relative to habit in about 20 days; agonist treatment keeps it."""
    target = p.tolerance_floor + (1.0 - p.tolerance_floor) * min(1.0, used / normal_use)
    if treated:
        target = max(target, p.tolerance_in_treatment)
    return tolerance + (target - tolerance) / p.tolerance_days


@inner
def consume(
    lo: int,
    hi: int,
    seed: int,
    day: int,
    consumers: Any,
    table: Any,
    carriage: np.ndarray,
    entry_factor: np.ndarray,
    dropout: np.ndarray,
    warned: float,
    p: Any,
    happened: np.ndarray,
    sums: np.ndarray,
) -> None:
    """One day of use for the rows ``lo:hi``: fills ``happened`` (bits) and adds to ``sums`` (N_SUMS).

    ``carriage`` is the share of consumers who carry naloxone by jurisdiction, ``entry_factor`` what services do to treatment entry,
    ``dropout`` to leaving it, ``warned`` the fall of the dose among those who heed an alert of a strong opioid.
    """
    today = uniform4(seed, USE_DAY, lo >> 2, day, 0)
    for c in range(lo, hi):
        if c & 3 == 0:
            today = uniform4(seed, USE_DAY, c >> 2, day, 0)  # one number for each of four consumers
        happened[c] = 0
        if consumers.alive[c] == 0:
            continue
        s = consumers.stash_substance[c]
        dependence = consumers.dependence[c]
        treated = consumers.treatment_day[c] <= day
        agonist = treated and uniform(seed, SETTING, c, consumers.treatment_day[c], 0) < p.agonist_share
        stash = consumers.stash[c]
        served = treated or consumers.waiting_day[c] < day or dependence >= p.dependent_from
        if stash <= 0.0 and not served:
            if consumers.tolerance[c] > p.tolerance_floor and table.opioid[consumers.substance[c]] > 0.0:
                consumers.tolerance[c] = tolerance_step(consumers.tolerance[c], 0.0, 1.0, agonist, p)
            continue
        bits = 0
        if served:
            bits |= treatment_turn(seed, c, day, dependence, treated, consumers, entry_factor, dropout, p)
            dependence = consumers.dependence[c]
        if dependence >= p.dependent_from:
            sums[SUM_DISABILITY] += table.disability[consumers.substance[c]] * dependence
        normal = table.doses_per_day[s]
        use = 0.0
        if stash > 0.0 and today[c & 3] < p.use_days + (1.0 - p.use_days) * dependence:
            use = min(stash, max(1.0, normal * (p.occasional_use + (1.0 - p.occasional_use) * dependence)))
            if treated and table.opioid[s] > 0.0:
                use *= p.use_in_treatment if agonist else p.use_drug_free
            bits |= use_today(seed, c, s, day, use, agonist, consumers, table, carriage, warned, p, sums)
            consumers.stash[c] = max(0.0, stash - use)
            gain = table.dependence[s] * use * (1.0 - dependence)
            consumers.dependence[c] = min(1.0, dependence + gain)
        else:
            consumers.dependence[c] = dependence * (1.0 - p.dependence_decay)
        if table.opioid[s] > 0.0 or consumers.stash_potency[c] > 0.0:
            consumers.tolerance[c] = tolerance_step(consumers.tolerance[c], use, normal, agonist, p)
        happened[c] = bits


@inner
def use_today(
    seed: int,
    c: int,
    s: int,
    day: int,
    use: float,
    agonist: bool,
    consumers: Any,
    table: Any,
    carriage: np.ndarray,
    warned: float,
    p: Any,
    sums: np.ndarray,
) -> int:
    """Harms of ``use`` doses today; returns bits."""
    bits = 0
    u2, u3, u4, _ = uniform4(seed, USE, c, day, 0)
    hr = consumers.practice[c]
    content = consumers.stash_content[c]
    sums[SUM_DOSES] += use
    per_use = (
        table.adverse[s] * (p.adverse_bad_content if content != AS_SOLD else 1.0) * (1.0 - p.practice_protects * hr)
    )
    adverse = at_least_one(min(per_use, 1.0), use)
    sums[SUM_ADVERSE] += adverse
    if u2 < adverse:
        bits |= ADVERSE
        consumers.harms[c] += 1
    strength = consumers.stash_potency[c]
    if strength <= 0.0:
        return bits
    intended = (p.occasional_dose + (1.0 - p.occasional_dose) * consumers.dependence[c]) * (1.0 - p.practice_dose * hr)
    intended *= 1.0 - warned * min(2.0 * hr, 1.0)
    ratio = strength * intended * max(consumers.tolerance[c], p.tolerance_floor) ** -p.tolerance_exponent
    if content != AS_SOLD:
        ratio *= p.unexpected_content
    if p.rti_rule > 0.5:
        tolerated = max(consumers.tolerance[c], p.tolerance_floor) * p.mme_per_dose
        per_dose = rti_overdose(strength * intended * p.mme_per_dose, tolerated)
    else:
        per_dose = hill_overdose(ratio, p.r50, p.hill) * p.severity_share
    overdose = at_least_one(per_dose, use)
    company = min(1.0, p.company + p.practice_company * (hr - p.practice_normal))
    fatal = fatality(company, consumers.trust_police[c], carriage[consumers.jurisdiction[c]], p)
    if agonist:
        fatal *= 1.0 - treatment_protection(
            day - consumers.treatment_day[c], p.treatment_protects, p.treatment_full_days
        )
    sums[SUM_OVERDOSE] += overdose
    sums[SUM_DEATH] += overdose * fatal
    if u3 < overdose:
        bits |= OVERDOSE
        consumers.harms[c] += 1
        consumers.practice[c] = hr + p.practice_own_event * (1.0 - hr)
        if u4 < fatal:
            bits |= DEATH
            consumers.alive[c] = 0
    return bits


@inner
def treatment_turn(
    seed: int,
    c: int,
    day: int,
    dependence: float,
    treated: bool,
    consumers: Any,
    entry_factor: np.ndarray,
    dropout: np.ndarray,
    p: Any,
) -> int:
    """Whether a dependent person asks for treatment today, stops waiting for it, or leaves it."""
    u1, u2, u3, _ = uniform4(seed, TREATMENT, c, day, 0)
    j = consumers.jurisdiction[c]
    if not treated:
        if consumers.waiting_day[c] < day:
            return GAVE_UP if u3 < p.waiting_lost else 0
        help_known = p.support_base + (1.0 - p.support_base) * consumers.support_knowledge[c]
        rate = (
            p.entry_rate
            * dependence
            * (1.0 - consumers.stigma[c])
            * (p.check_trust_base + p.check_trust_slope * consumers.trust_police[c])
        )
        return WANTS_TREATMENT if u1 < rate * help_known * entry_factor[j] else 0
    consumers.treatment_days[c] += 1
    consumers.dependence[c] = dependence * (1.0 - p.recovery)
    hazard = treatment_hazard(day - consumers.treatment_day[c], p.dropout_a, p.dropout_b, p.dropout_c) / 30.4
    hazard *= dropout[j]
    return LEFT_TREATMENT if u2 < hazard else 0


@kernel
def consume_blocks(
    first: int,
    last: int,
    n: int,
    block: int,
    seed: int,
    day: int,
    consumers: Any,
    table: Any,
    carriage: np.ndarray,
    entry_factor: np.ndarray,
    dropout: np.ndarray,
    warned: float,
    p: Any,
    happened: np.ndarray,
    sums: np.ndarray,
) -> None:
    """`consume` for the blocks ``first:last`` of ``n`` rows, each with sums of its own."""
    for k in range(first, last):
        lo, hi = k * block, min((k + 1) * block, n)
        consume(lo, hi, seed, day, consumers, table, carriage, entry_factor, dropout, warned, p, happened, sums[k])


def consumption(state: MarketState) -> None:
    """Phase 10: parcels are checked and used; harms, treatment and novel substances."""
    p, c, n, day, o = (
        state.p.consumption,
        state.consumers.columns,
        state.consumers.n,
        state.day,
        state.books.open_orders.columns,
    )
    levers = state.levers
    goods, users = narrow(o, views.ConsumptionOrders), narrow(c, views.ConsumptionConsumers)
    seen = np.zeros(len(state.books.due), np.uint8)
    checked, bad, novel, novel_posted, strong = receive(
        state.books.due, state.seed, goods, users, levers.checking_reach, levers.check_uptake, levers.diversion,
        state.world.friends.start, state.world.friends.who, state.substances, p, seen,
    )  # fmt: skip
    state.today.checks = checked
    state.checking.samples += checked
    state.checking.bad += bad
    hurt = np.zeros(len(state.books.due), np.uint8)
    state.today.violence, state.today.violence_expected = threats(
        state.books.due, state.seed, goods, users, state.vendors.columns.kind, hurt, p
    )
    state.consumer_events(EventKind.VIOLENCE, o.consumer[state.books.due[hurt == 1]])
    happened = np.zeros(n, np.uint8)
    state.outreach.supply(levers.naloxone, state.p.services.naloxone_days)
    carriage = np.minimum(p.naloxone_carried + state.outreach.carried, 1.0)
    state.today.sums = over_blocks(
        state.pool,
        consume_blocks,
        n,
        N_SUMS,
        state.seed,
        day,
        users,
        state.substances,
        carriage,
        1.0 - p.crowding_out * np.minimum(levers.legal_access[:, Segment.DEPENDENT], 1.0),
        levers.dropout,
        dose_warned_of(state),
        p,
        happened,
    )
    affected = rows_marked(happened)
    bits = happened[affected]
    for name, bit, kind in (
        ("adverse", ADVERSE, EventKind.ADVERSE_EVENT), ("overdoses", OVERDOSE, EventKind.OVERDOSE), ("deaths", DEATH, EventKind.DEATH),
    ):  # fmt: skip
        who = affected[(bits & bit) > 0]
        setattr(state.today, name, len(who))
        state.consumer_events(kind, who)
    state.books.dead += state.today.deaths
    leave_treatment(state, affected[(bits & (LEFT_TREATMENT | DEATH)) > 0])
    give_up(state, affected[(bits & (GAVE_UP | DEATH)) > 0])
    wanting = affected[(bits & WANTS_TREATMENT) > 0]
    ask(state, np.union1d(wanting, state.care.referred) if len(state.care.referred) else wanting)
    state.care.referred = np.empty(0, np.int64)
    admit(state)
    watch(state, novel, novel_posted, strong, affected[(bits & ADVERSE) > 0], state.today.overdoses)
    novel_substances(state)
