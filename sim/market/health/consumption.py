"""Consumption: what arrived is used, checked or discarded; adverse events, overdoses and deaths follow; tolerance and dependence move.

Every probability that is drawn against is also summed, so that rare harms are reported both as they happened and as expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import (
    MOST_COUNTED,
    N_SUMS,
    SUM_ADVERSE,
    SUM_DEATH,
    SUM_DISABILITY,
    SUM_DOSES,
    SUM_OVERDOSE,
    SUM_UNMET,
    SUM_UNMET_DISABILITY,
    EventKind,
)
from sim.agents.consumers import STASHES
from sim.evidence.groups import ConsumptionParameters
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_blocks
from sim.market.groups import Friends, Moment
from sim.market.health.affected import NOBODY_AT_ALL, Affected
from sim.market.health.alerts import FULL_PRACTICE, dose_warned_of
from sim.market.health.doses import at_hand, count_doses
from sim.market.health.early_warning import novel_substances, watch
from sim.market.health.harm import at_least_one, fatality, is_maintained, overdose_per_dose, treatment_hazard, use_left
from sim.market.health.naloxone import OWN, among_friends, kits_today
from sim.market.health.programmes import note_checked, willing
from sim.market.health.receipt import LICENSED, SUPPLY, Offered, Received, receive, threats
from sim.market.health.stash import AS_SOLD, beside_sedative, place_of
from sim.market.health.treatment import admit, ask, give_up, leave_treatment
from sim.market.health.violence import learn_of_violence
from sim.market.views import narrow
from sim.streams import Draw, uniform, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

USE, USE_DAY, TREATMENT = int(Draw.USE), int(Draw.USE_DAY), int(Draw.TREATMENT)
TRACE = 1e-4
"""Tolerance above its floor that counts as none."""

# what a consumer's day can bring: bits of ``happened``
ADVERSE, OVERDOSE, DEATH, WANTS_TREATMENT, LEFT_TREATMENT, GAVE_UP, NOVEL, FROM = 1, 2, 4, 8, 16, 32, 64, 7
"""``FROM`` is the number of the first of the bits that say from which place of the stash an overdose came."""


@kernel
def tolerance_step(tolerance: float, used: float, agonist: bool, p: ConsumptionParameters) -> float:
    """Opioid tolerance moves in about 20 days towards opioid use as a share of daily use, and without any to its floor; agonist treatment keeps it."""
    target = p.tolerance_floor + (1.0 - p.tolerance_floor) * min(1.0, used)
    if agonist:
        target = max(target, p.tolerance_in_treatment)
    return tolerance + (target - tolerance) / p.tolerance_days


class Users(NamedTuple):
    """Consumers and what is about them, as they use."""

    consumers: Any  # columns: `views.ConsumptionConsumers`
    table: Any  # `views.UsedSubstances`
    kits: np.ndarray  # see `kits_today`
    friends: Friends
    supplied: np.ndarray  # (J, 4, 100) share of needs that regulated supply covers for those in it
    dropout: np.ndarray  # (J, 4, 100) what they do to leaving it
    warned: np.ndarray  # (J, 4, 100) fall of the dose among those who heed an alert of a strong opioid
    heeds: float  # how far they do, by their practice
    given: np.ndarray  # parameters of consumption: see `handed_over`
    rule: int  # `Overdose`


@kernel
def consume(
    first: int,
    last: int,
    n: int,
    block: int,
    when: Moment,
    users: Users,
    happened: np.ndarray,
    each: np.ndarray,
    sums: np.ndarray,
) -> None:
    """One day of use in the blocks ``first:last`` of ``n`` rows: fills ``happened`` (bits) and adds to the ``sums`` (blocks, N_SUMS) of each block.

    Where ``each`` has rows, what a consumer adds goes there too.
    """
    apart = len(each) > 0
    for k in range(first, last):
        mine, today = sums[k], uniform4(when.seed, USE_DAY, (k * block) >> 2, when.day, 0)
        for c in range(k * block, min((k + 1) * block, n)):
            if c & 3 == 0:
                today = uniform4(when.seed, USE_DAY, c >> 2, when.day, 0)  # one number for each of four consumers
            if apart:
                for s in range(N_SUMS):
                    each[c, s] = mine[s]
            happened[c] = live_through(c, today[c & 3], when, users, mine) if users.consumers.alive[c] == 1 else 0
            if apart:
                for s in range(N_SUMS):
                    each[c, s] = mine[s] - each[c, s]


@inner
def go_without(c: int, day: int, users: Users, sums: np.ndarray) -> None:
    """A day on which a patient misses a medicine, unless it has come meanwhile."""
    consumers, s = users.consumers, users.consumers.substance[c]
    if place_of(consumers, c, s) >= 0:
        consumers.unmet_until[c] = day
        return
    sums[SUM_UNMET] += 1.0
    sums[SUM_UNMET_DISABILITY] += users.table.unmet[s]


@inner
def live_through(c: int, whether: float, when: Moment, users: Users, sums: np.ndarray) -> int:
    """A consumer's day; ``whether`` decides if it is one of use. Returns bits."""
    consumers, table, p = users.consumers, users.table, users.given[0]
    dependence = consumers.dependence[c]
    treated = consumers.treatment_day[c] <= when.day
    opioid = table.opioid[consumers.substance[c]]
    agonist = treated and is_maintained(when.seed, c, consumers.treatment_day[c], opioid, p)
    if consumers.unmet_until[c] > when.day:
        go_without(c, when.day, users, sums)
    had = 0  # bits of the places of the stash that hold anything
    for k in range(STASHES):
        had |= (consumers.stash[c, k] > 0.0) << k
    served = treated or consumers.waiting_day[c] < when.day or dependence >= p.dependent_from
    tolerant = agonist or consumers.tolerance[c] > p.tolerance_floor + TRACE
    if had == 0 and not served:
        if dependence > 0.0:
            consumers.dependence[c] = dependence * (1.0 - p.dependence_decay)
        if tolerant:
            consumers.tolerance[c] = tolerance_step(consumers.tolerance[c], 0.0, agonist, p)
        return 0
    bits = 0
    if served:
        bits |= treatment_turn(c, when, dependence, treated, users)
    if dependence >= p.dependent_from:
        sums[SUM_DISABILITY] += table.disability[consumers.substance[c]] * dependence
    left = use_left(when.day - consumers.treatment_day[c], agonist, p) if treated else 1.0
    gain = opioids = 0.0
    idle, likely = True, p.use_days + (1.0 - p.use_days) * dependence
    for k in range(STASHES):
        if k > 0 and (had >> k) & 1:
            whether = uniform(when.seed, USE_DAY, c, when.day, k)
        none = ((had >> k) & 1 == 0) | ((bits & DEATH) > 0)
        if none | (whether >= likely):  # one branch, since neither is foreseeable
            continue
        s, stash = consumers.stash_substance[c, k], consumers.stash[c, k]
        normal = table.doses_per_day[s]
        use = min(stash, left * max(1.0, normal * (p.occasional_use + (1.0 - p.occasional_use) * dependence)))
        if consumers.stash_potency[c, k] > 0.0:
            opioids += use / normal
        bits |= use_today(c, k, use, had, when, users, sums)
        consumers.stash[c, k] = max(0.0, stash - use)
        gain += table.dependence[s] * use * (1.0 - dependence)
        idle = False
    if idle or treated:
        dependence *= 1.0 - p.dependence_decay
    consumers.dependence[c] = min(1.0, dependence + gain)
    if tolerant or opioids > 0.0:
        consumers.tolerance[c] = tolerance_step(consumers.tolerance[c], opioids, agonist, p)
    return bits


@inner
def use_today(c: int, place: int, use: float, had: int, when: Moment, users: Users, sums: np.ndarray) -> int:
    """Harms of ``use`` doses today of what is at a ``place`` of the stash, beside what is at the places ``had`` (bits); returns bits."""
    consumers, table, p = users.consumers, users.table, users.given[0]
    bits, hr = 0, consumers.practice[c]
    j, g, k = consumers.jurisdiction[c], consumers.segment[c], consumers.turn[c]
    u2, u3, u4, _ = uniform4(when.seed, USE, c, when.day, place)
    s, content = consumers.stash_substance[c, place], consumers.stash_content[c, place]
    sums[SUM_DOSES] += use
    per_use = (
        table.adverse[j, s] * (p.adverse_bad_content if content != AS_SOLD else 1.0) * (1.0 - p.practice_protects * hr)
    )
    adverse = at_least_one(min(per_use, 1.0), use)
    sums[SUM_ADVERSE] += adverse
    if u2 < adverse:
        bits |= (ADVERSE | NOVEL) if s == table.novel else ADVERSE
        consumers.harms[c] = min(consumers.harms[c] + 1, MOST_COUNTED)
    strength = consumers.stash_potency[c, place]
    if strength <= 0.0:
        return bits
    intended = (p.occasional_dose + (1.0 - p.occasional_dose) * consumers.dependence[c]) * (1.0 - p.practice_dose * hr)
    intended *= 1.0 - users.warned[j, g, k] * min(users.heeds * hr, 1.0)
    ratio = strength * intended * max(consumers.tolerance[c], p.tolerance_floor) ** -p.tolerance_exponent
    if content != AS_SOLD:
        ratio *= p.unexpected_content
    per_dose = overdose_per_dose(users.rule, strength * intended, ratio, consumers.tolerance[c], p)
    both = beside_sedative(c, had, consumers, table)
    overdose = at_least_one(per_dose, use * p.with_benzodiazepine if both else use)
    company = min(1.0, p.company + p.practice_company * (hr - p.practice_normal))
    own, around = 0.0, p.naloxone_carried
    if len(users.kits) > 0:
        own, around = users.kits[c, OWN], min(around + among_friends(c, users.kits, users.friends), 1.0)
    fatal = fatality(company, consumers.trust_police[c], own, around, p)
    sums[SUM_OVERDOSE] += overdose
    sums[SUM_DEATH] += overdose * fatal
    if u3 < overdose:
        bits |= OVERDOSE | (1 << (FROM + place))
        consumers.harms[c] = min(consumers.harms[c] + 1, MOST_COUNTED)
        consumers.practice[c] = hr + p.practice_own_event * (1.0 - hr)
        if u4 < fatal:
            bits |= DEATH
            consumers.alive[c] = 0
    return bits


@inner
def treatment_turn(c: int, when: Moment, dependence: float, treated: bool, users: Users) -> int:
    """Whether a dependent person asks for treatment today, stops waiting for it, or leaves it."""
    consumers, p = users.consumers, users.given[0]
    u1, u2, u3, _ = uniform4(when.seed, TREATMENT, c, when.day, 0)
    j, s = consumers.jurisdiction[c], consumers.substance[c]
    if not treated:
        if consumers.waiting_day[c] < when.day:
            return GAVE_UP if u3 < p.waiting_lost else 0
        rate = p.entry_rate * dependence * willing(c, consumers, p)
        given = users.table.medical[s] >= 0 or users.table.sold[LICENSED, s] == 1  # by regulated supply
        if given and not consumers.declined[c] & SUPPLY:
            rate *= 1.0 - p.crowding_out * min(users.supplied[j, consumers.segment[c], consumers.turn[c]], 1.0)
        return WANTS_TREATMENT if u1 < rate else 0
    consumers.treatment_days[c] += 1
    hazard = treatment_hazard(when.day - consumers.treatment_day[c], p.dropout_a, p.dropout_b, p.dropout_c) / 30.4
    hazard *= users.dropout[j, consumers.segment[c], consumers.turn[c]]
    return LEFT_TREATMENT if u2 < hazard else 0


def consumption(state: MarketState) -> None:
    """Phase 10: parcels are checked and used; harms, treatment and novel substances."""
    p, c, n, levers = state.given.consumption, state.consumers.columns, state.consumers.n, state.levers
    o, due = state.books.open_orders.columns, state.books.due
    goods, buyers = narrow(o, views.ConsumptionOrders), narrow(c, views.ConsumptionConsumers)
    extra, signs = np.zeros(len(due), np.uint8), np.zeros((state.world.n_jurisdictions, 3), np.int64)
    got = Received(*receive(
        due, state.moment.seed, goods, buyers, Offered(levers.checking_reach, levers.check_uptake, levers.legal_access, levers.diversion),
        state.world.friends, narrow(state.substances, views.ReceivedSubstances), p, extra, signs,
    ))  # fmt: skip
    state.today.checks = got.checked
    if got.checked:
        note_checked(state, o.consumer[due[extra == 1]].astype(np.int64))
    state.checking.samples += got.checked
    state.checking.bad += got.bad
    state.today.passed_on += got.passed
    to_whom = state.books.happened
    hurt, risk = to_whom.hurt, to_whom.risk = np.zeros(len(due), np.uint8), np.zeros(len(due))
    rivalry = 1.0 + state.p.supply.rivalry * state.upstream.contested
    state.today.violence, state.today.violence_expected = threats(
        due, state.moment.seed, goods, buyers, state.vendors.columns.kind, hurt, risk, rivalry, p
    )
    if state.today.violence:
        violent = due[hurt == 1]
        state.consumer_events(EventKind.VIOLENCE, o.consumer[violent])
        learn_of_violence(state, violent)
    happened, before = np.zeros(n, np.uint16), at_hand(state)
    state.outreach.supply(levers.naloxone_kept, levers.naloxone, state.p.services.naloxone_days)
    users = Users(
        buyers, narrow(state.substances, views.UsedSubstances), kits_today(state), state.world.friends, levers.legal_access,
        levers.dropout, dose_warned_of(state), FULL_PRACTICE, p, state.rules.overdose,
    )  # fmt: skip
    state.today.sums = over_blocks(state.pool, consume, n, N_SUMS, state.moment, users, happened, to_whom.sums)
    state.books.goods.add(got.arrived, got.lost, float(state.today.sums[SUM_DOSES]))
    met = Affected.of(happened)
    adverse, overdosed, dead = met.by(ADVERSE), met.by(OVERDOSE), met.by(DEATH)
    today = state.today
    today.adverse, today.overdoses, today.deaths = len(adverse), len(overdosed), len(dead)
    state.consumer_events(EventKind.ADVERSE_EVENT, adverse)
    state.consumer_events(EventKind.OVERDOSE, overdosed)
    state.consumer_events(EventKind.DEATH, dead)
    if state.books.doses.kept:
        count_doses(state, before, overdosed, happened[overdosed] >> FROM, (happened[overdosed] & DEATH) > 0)
    state.books.dead += today.deaths
    leave_treatment(state, met.by(LEFT_TREATMENT | DEATH))
    give_up(state, met.by(GAVE_UP | DEATH))
    today.gave_up = len(met.by(GAVE_UP))
    wanting = met.by(WANTS_TREATMENT)
    if len(state.care.referred):
        wanting = np.union1d(wanting, state.care.referred)
        state.care.referred = NOBODY_AT_ALL
    ask(state, wanting)
    admit(state)
    watch(state, signs, met.by(NOVEL), overdosed)
    novel_substances(state)
