"""Consumption: what arrived is used, checked or discarded; adverse events, overdoses and deaths follow; tolerance and dependence move.

Every probability that is drawn against is also summed, so that rare harms are reported both as they happened and as expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import (
    N_SUMS,
    NEVER,
    SUM_ADVERSE,
    SUM_DEATH,
    SUM_DISABILITY,
    SUM_DOSES,
    SUM_OVERDOSE,
    Channel,
    Content,
    EventKind,
    OrderOutcome,
    VendorKind,
)
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_blocks
from sim.market.early_warning import novel_substances
from sim.market.harm import at_least_one, fatality, hill_overdose, treatment_hazard, treatment_protection
from sim.market.views import narrow
from sim.streams import Draw, uniform4

if TYPE_CHECKING:
    from sim.model import MarketModel

USE, CHECK, TREATMENT, THREAT = int(Draw.USE), int(Draw.CHECK), int(Draw.TREATMENT), int(Draw.THREAT)
DELIVERED, AS_SOLD = int(OrderOutcome.DELIVERED), int(Content.AS_SOLD)
SOCIAL = int(VendorKind.SOCIAL_SUPPLIER)
APP, CRYPTO, DIRECT, STREET = (
    int(Channel.SOCIAL_APP),
    int(Channel.CRYPTOMARKET),
    int(Channel.DIRECT),
    int(Channel.STREET),
)

# what a consumer's day can bring: bits of ``happened``
ADVERSE, OVERDOSE, DEATH, WANTS_TREATMENT, LEFT_TREATMENT = 1, 2, 4, 8, 16


@kernel
def receive(rows, seed, orders, consumers, reach, uptake, table, p, seen):
    """Put what arrived into the stash; some have it checked first, and discard or later use less. Returns parcels checked and found bad.

    ``reach`` is the share of consumers that drug checking reaches by jurisdiction; ``seen[o]`` becomes 1 where a check found bad content.
    """
    checked, bad, novel = 0, 0, 0
    for i in range(len(rows)):
        o = rows[i]
        if orders.outcome[o] != DELIVERED or orders.share[o] <= 0.0:
            continue
        c, s = orders.consumer[o], orders.substance[o]
        doses = orders.quantity[o] * orders.share[o]
        strength, content = orders.potency[o], orders.content[o]
        u1, u2, u3, u4 = uniform4(seed, CHECK, c, orders.day[o], 0)
        offered = p.checking_base + reach[consumers.jurisdiction[c]]
        takes = (
            offered
            * p.check_uptake
            * uptake[consumers.jurisdiction[c]]
            * (p.check_trust_base + p.check_trust_slope * consumers.trust_police[c])
        )
        if orders.channel[o] > 1 and u1 < takes:
            checked += 1
            if s == table.novel:
                novel += 1
            found = u2 < p.check_sensitivity and (content != AS_SOLD or strength > p.strong_dose)
            if found:
                bad += 1
                seen[i] = 1
                consumers.practice[c] = min(1.0, consumers.practice[c] + p.practice_bad_check)
                discard = p.discard_opioid if table.opioid[s] > 0.0 else p.discard_missold
                if u3 < discard:
                    continue
                if u4 < p.reduce_share:
                    strength *= p.reduced_dose
            elif u3 < p.discard_as_sold:
                continue
        held = consumers.stash[c]
        if held <= 0.0 or consumers.stash_substance[c] != s:
            consumers.stash[c], consumers.stash_potency[c], consumers.stash_content[c] = doses, strength, content
            consumers.stash_substance[c] = s
        else:
            total = held + doses
            consumers.stash_potency[c] = (held * consumers.stash_potency[c] + doses * strength) / total
            consumers.stash[c] = total
            consumers.stash_content[c] = max(consumers.stash_content[c], content)
    return checked, bad, novel


@kernel
def threats(rows, seed, orders, consumers, kind, p):
    """Threats and violence in the purchases settled today: count and expectation (rates by channel fitted to Barratt et al. 2016)."""
    count, expected = 0, 0.0
    for i in range(len(rows)):
        o = rows[i]
        channel, v = orders.channel[o], orders.vendor[o]
        u1, u2, _, _ = uniform4(seed, THREAT, orders.consumer[o], orders.day[o], 0)
        if channel == STREET:
            risk = (
                p.threat_friend
                if kind[v] == SOCIAL
                else (p.threat_stranger if u2 < p.stranger_share else p.threat_dealer)
            )
        elif channel == APP:
            risk = p.threat_app
        elif channel == CRYPTO or channel == DIRECT:
            risk = p.threat_crypto
        else:
            continue
        expected += risk
        if u1 < risk:
            count += 1
            c = orders.consumer[o]
            consumers.harms[c] += 1
    return count, expected


@kernel
def tolerance_step(tolerance, used, normal_use, treated, p):
    """Tolerance moves towards use relative to habit in about 20 days; agonist treatment keeps it."""
    target = p.tolerance_floor + (1.0 - p.tolerance_floor) * min(1.0, used / normal_use)
    if treated:
        target = max(target, p.tolerance_in_treatment)
    return tolerance + (target - tolerance) / p.tolerance_days


@kernel
def consume(lo, hi, seed, day, consumers, table, carriage, entry_factor, p, happened, sums):
    """One day of use for the rows ``lo:hi``: fills ``happened`` (bits) and adds to ``sums`` (N_SUMS).

    ``carriage`` is the share of consumers who carry naloxone by jurisdiction, ``entry_factor`` what services do to treatment entry.
    """
    for c in range(lo, hi):
        happened[c] = 0
        if consumers.alive[c] == 0:
            continue
        s = consumers.stash_substance[c]
        dependence = consumers.dependence[c]
        treated = consumers.treatment_day[c] <= day
        stash = consumers.stash[c]
        if stash <= 0.0 and dependence < p.dependent_from:
            if consumers.tolerance[c] > p.tolerance_floor and table.opioid[consumers.substance[c]] > 0.0:
                consumers.tolerance[c] = tolerance_step(consumers.tolerance[c], 0.0, 1.0, treated, p)
            continue
        u1, u2, u3, u4 = uniform4(seed, USE, c, day, 0)
        bits = 0
        if dependence >= p.dependent_from:
            sums[SUM_DISABILITY] += table.disability[consumers.substance[c]] * dependence
            bits |= treatment_turn(seed, c, day, dependence, treated, consumers, entry_factor, p)
        normal = table.doses_per_day[s]
        use = 0.0
        if stash > 0.0 and u1 < p.use_days + (1.0 - p.use_days) * dependence:
            use = min(stash, max(1.0, normal * (p.occasional_use + (1.0 - p.occasional_use) * dependence)))
            if treated and table.opioid[s] > 0.0:
                use *= p.use_in_treatment
            bits |= use_today(seed, c, s, day, use, u2, u3, u4, treated, consumers, table, carriage, p, sums)
            consumers.stash[c] = max(0.0, stash - use)
            gain = table.dependence[s] * use * (1.0 - dependence)
            consumers.dependence[c] = min(1.0, dependence + gain)
        else:
            consumers.dependence[c] = dependence * (1.0 - p.dependence_decay)
        if table.opioid[s] > 0.0 or consumers.stash_potency[c] > 0.0:
            consumers.tolerance[c] = tolerance_step(consumers.tolerance[c], use, normal, treated, p)
        happened[c] = bits


@inner
def use_today(seed, c, s, day, use, u2, u3, u4, treated, consumers, table, carriage, p, sums):
    """Harms of ``use`` doses today; returns bits."""
    bits = 0
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
    ratio = strength * intended * max(consumers.tolerance[c], p.tolerance_floor) ** -p.tolerance_exponent
    if content != AS_SOLD:
        ratio *= p.unexpected_content
    per_dose = hill_overdose(ratio, p.r50, p.hill) * p.severity_share
    overdose = at_least_one(per_dose, use)
    company = min(1.0, p.company + p.practice_company * (hr - p.practice_normal))
    fatal = fatality(company, consumers.trust_police[c], carriage[consumers.jurisdiction[c]], p)
    if treated:
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
def treatment_turn(seed, c, day, dependence, treated, consumers, entry_factor, p):
    """Whether a dependent person asks for treatment today, or leaves it."""
    u1, u2, _, _ = uniform4(seed, TREATMENT, c, day, 0)
    j = consumers.jurisdiction[c]
    if not treated:
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
    return LEFT_TREATMENT if u2 < hazard else 0


def consumption(model: MarketModel) -> None:
    """Phase 10: parcels are checked and used; harms, treatment and novel substances."""
    p, c, n, day, o = (
        model.p.consumption,
        model.consumers.columns,
        model.consumers.n,
        model.day,
        model.open_orders.columns,
    )
    levers = model.levers
    goods, users = narrow(o, views.ConsumptionOrders), narrow(c, views.ConsumptionConsumers)
    seen = np.zeros(len(model.due), np.uint8)
    checked, bad, novel = receive(
        model.due, model.seed, goods, users, levers.checking_reach, levers.check_uptake, model.substances, p, seen
    )
    model.today.checks = checked
    model.checking.samples += checked
    model.checking.bad += bad
    model.today.violence, model.today.violence_expected = threats(
        model.due, model.seed, goods, users, model.vendors.columns.kind, p
    )
    happened = np.zeros(n, np.uint8)
    carriage = np.minimum(p.naloxone_carried + levers.naloxone, 1.0)
    model.today.sums = over_blocks(
        model.pool,
        consume,
        n,
        N_SUMS,
        model.seed,
        day,
        users,
        model.substances,
        carriage,
        np.ones(model.n_jurisdictions),
        p,
        happened,
    )
    affected = np.flatnonzero(happened)
    bits = happened[affected]
    for name, bit, kind in (
        ("adverse", ADVERSE, EventKind.ADVERSE_EVENT), ("overdoses", OVERDOSE, EventKind.OVERDOSE), ("deaths", DEATH, EventKind.DEATH),
    ):  # fmt: skip
        who = affected[(bits & bit) > 0]
        setattr(model.today, name, len(who))
        model.consumer_events(kind, who)
    model.dead += model.today.deaths
    leavers = affected[(bits & (LEFT_TREATMENT | DEATH)) > 0]
    leavers = leavers[c.treatment_day[leavers] <= day]
    c.treatment_day[leavers] = NEVER
    for service in model.treatment:
        service.used -= int(np.sum(c.jurisdiction[leavers] == service.jurisdiction))
    model.consumer_events(EventKind.TREATMENT_EXIT, leavers)
    model.admit(np.concatenate([affected[(bits & WANTS_TREATMENT) > 0], model.referred]))
    model.referred = np.empty(0, np.int64)
    novel_substances(model, novel)
