"""Services and consumers: treatment and its waiting list, naloxone, information, regulated supply, early warning, roles that people take and leave."""

from __future__ import annotations

import functools
import json

import numpy as np
import pandas as pd
import pytest

from sim.agents.codes import NEVER, Channel, Content, EventKind, ExitCause, OrderOutcome, Segment
from sim.agents.services import SIGNS
from sim.evidence.parameters import load_parameters
from sim.evidence.tables import load_substances
from sim.market.books import Tally
from sim.market.entry_exit.roles import change_roles, take_role
from sim.market.health import treatment
from sim.market.health.consumption import consumption
from sim.market.health.early_warning import detect, watch
from sim.market.health.harm import hill_overdose
from sim.model import MarketModel
from tests.worlds import NEEDS, branched, ran, world

DEPENDENTS = {"world": {"patients": 0.05, "dependents": 0.7}, "consumption": {"entry_rate": 0.02}}
DAYS = 60
FENTANYL = 1.5
"""Strength, in heroin doses, of a dose of fentanyl that is sold as such."""


def start(parameters: dict | None = None, consumers: int = 2000, seed: int = 1, until: int = 0) -> MarketModel:
    """A market at day 0 with these parameters, with all events."""
    fields = {"parameters": parameters} if parameters else {}
    return ran(world(consumers=consumers, days=90, burn_in=20, **fields), seed, until, tables=("events", "orders"))


def after(model: MarketModel, *policies: dict, days: int = DAYS) -> MarketModel:
    """The market some days on, with these policies and for the rest the same random numbers."""
    return branched(model, days, policies=list(policies))


def total(model: MarketModel, outcome: str) -> float:
    return float(model.daily()[outcome].sum())


@functools.cache
def days_under(policy: str, parameters: str, seed: int) -> pd.DataFrame:
    """The days of a run under a policy: several outcomes are read off it."""
    return after(start(json.loads(parameters), seed=seed), *json.loads(policy)).daily()


def pairs(
    kind: str,
    outcome: str,
    parameters: dict | None = None,
    seeds: int = 2,
    strengths: tuple[float, ...] = (0.0, 0.5, 1.0),
    **fields,
) -> np.ndarray:
    """(seeds, strengths) an outcome at each strength of a policy; at strength 0 it is not there."""
    policies = [json.dumps([{"kind": kind, "strength": s, **fields}] if s else []) for s in strengths]
    return np.array(
        [[days_under(p, json.dumps(parameters), seed)[outcome].sum() for p in policies] for seed in range(seeds)], float
    )


# Treatment ------------------------------------------------------------------------------------------------------------
def full(parameters: dict | None = None) -> MarketModel:
    """A market whose treatment services have no place left and no queue."""
    model = start(parameters or DEPENDENTS)
    treatment.give_up(model, model.care.waiting_list)
    for service in model.treatment:
        service.slots = service.used
    return model


def test_people_keep_their_turn_on_the_waiting_list():
    model = full()
    c = model.consumers.columns
    c.waiting_day[:], model.care.waiting_list = NEVER, np.empty(0, np.int64)
    able = np.flatnonzero((c.jurisdiction == 0) & (c.treatment_day == NEVER) & (c.alive == 1))
    early, late = able[-5:], able[:5]
    treatment.ask(model, early)
    model.day += 1
    treatment.ask(model, np.concatenate([late, early]))  # asking twice is no help
    assert len(model.care.waiting_list) == 10
    for place in range(1, 11):
        model.treatment[0].slots += 1
        treatment.admit(model)
        assert np.sum(c.treatment_day[early] < NEVER) == min(place, 5)
        assert np.sum(c.treatment_day[late] < NEVER) == max(place - 5, 0)
    assert not len(model.care.waiting_list)


def test_people_who_wait_lose_heart():
    def queue(lost: float) -> MarketModel:
        parameters = {**DEPENDENTS, "consumption": {"entry_rate": 0.02, "waiting_lost": lost}}
        model = full(parameters)
        model.run_for(30)
        return model

    patient, impatient = queue(0.0), queue(0.2)
    assert len(impatient.care.waiting_list) < 0.5 * len(patient.care.waiting_list)
    waiting = np.flatnonzero(patient.consumers.columns.waiting_day < NEVER)
    assert set(waiting) == set(patient.care.waiting_list)


@pytest.mark.slow
def test_more_places_bring_more_people_into_treatment_and_fewer_wait():
    parameters = {**DEPENDENTS, "consumption": {"entry_rate": 0.1}}
    inside = pairs("treatment_capacity", "in_treatment", parameters, places=2.0, dropout=1.0)
    waiting = pairs("treatment_capacity", "waiting_for_treatment", parameters, places=2.0, dropout=1.0)
    assert (np.diff(inside, axis=1) > 0).all()
    assert (np.diff(waiting, axis=1) < 0).all()


def test_places_stay_empty_where_nobody_asks():
    """The policy can fail: capacity is not what binds."""
    parameters = {"consumption": {"entry_rate": 0.001}}
    inside = pairs("treatment_capacity", "in_treatment", parameters, strengths=(0.0, 1.0), places=2.0, dropout=1.0)
    assert inside[:, 1] == pytest.approx(inside[:, 0])


@pytest.mark.slow
def test_people_who_drop_out_less_stay_longer():
    inside = pairs("treatment_capacity", "in_treatment", DEPENDENTS, places=0.0, dropout=0.2)
    assert (np.diff(inside, axis=1) > 0).all()


def relapse_risk(agonist_share: float) -> float:
    """Risk of a usual dose at relapse after 40 days of treatment and more, relative to the same people's risk before."""
    parameters = {
        "world": {"patients": 0.05, "dependents": 0.7},
        "consumption": {"entry_rate": 0.05, "agonist_share": agonist_share},
    }
    before = start(parameters, consumers=4000)
    model = branched(before, 80)
    was, c, p = before.consumers.columns, model.consumers.columns, model.p.consumption
    opioid = model.substances.opioid[was.substance] > 0
    long = (c.treatment_day <= model.day - 40) & (was.treatment_day == NEVER) & opioid & (was.tolerance > 0.5)
    assert long.sum() > 10

    def risk(tolerance: np.ndarray, dependence: np.ndarray) -> np.ndarray:
        dose = p.occasional_dose + (1.0 - p.occasional_dose) * dependence
        return np.array([hill_overdose(float(r), p.r50, p.hill) for r in dose * tolerance**-p.tolerance_exponent])

    return float(
        np.mean(risk(c.tolerance[long], was.dependence[long]) / risk(was.tolerance[long], was.dependence[long]))
    )


def test_relapse_after_drug_free_treatment_is_dangerous_because_tolerance_is_lost():
    assert relapse_risk(0.0) > 1.4
    assert relapse_risk(1.0) < 1.2


# Naloxone -------------------------------------------------------------------------------------------------------------
def test_naloxone_prevents_deaths_and_no_overdoses():
    parameters = {**DEPENDENTS, "services": {"naloxone_days": 90.0}}
    deaths = pairs("naloxone", "deaths_expected", parameters, carriage=0.5, outreach=0.0)
    overdoses = pairs("naloxone", "overdoses_expected", parameters, carriage=0.5, outreach=0.0)
    assert (np.diff(deaths, axis=1) < 0).all()
    assert overdoses[:, 2] == pytest.approx(overdoses[:, 0], rel=0.05)


def test_naloxone_builds_up_and_is_lost_again():
    policy = {"kind": "naloxone", "carriage": 0.4, "end": 40}
    carried = [after(start(), policy, days=days).outreach.carried.mean() for days in (10, 40, 60)]
    assert 0 < carried[0] < carried[1] < 0.4
    assert carried[2] < carried[1]


@pytest.mark.slow
def test_naloxone_cannot_save_those_who_use_alone():
    alone, together = (
        {**DEPENDENTS, "consumption": {"company": company}, "services": {"naloxone_days": 90.0}}
        for company in (0.7, 0.9)
    )
    cut = [
        np.diff(np.log(pairs("naloxone", "deaths_expected", p, carriage=1.0, outreach=0.0)[:, [0, 2]]), axis=1).mean()
        for p in (alone, together)
    ]
    assert cut[1] < cut[0] < 0


# Information on support -----------------------------------------------------------------------------------------------
def test_information_is_learned_and_stigma_falls():
    fields = {"reach": 0.5, "knowledge": 0.2, "stigma_relief": 0.05}
    assert (np.diff(pairs("support_information", "support_knowledge", **fields), axis=1) > 0).all()
    assert (np.diff(pairs("support_information", "stigma", **fields), axis=1) < 0).all()


def test_those_who_know_of_services_and_feel_less_stigma_ask_for_treatment():
    fields = {"reach": 1.0, "knowledge": 0.5, "stigma_relief": 0.2}
    parameters = {**DEPENDENTS, "consumption": {"entry_rate": 0.004}}
    entries = pairs("support_information", "treatment_entries", parameters, seeds=3, strengths=(0.0, 1.0), **fields)
    assert entries[:, 1].sum() > 1.1 * entries[:, 0].sum()


def test_information_that_blames_adds_stigma():
    stigma = pairs("support_information", "stigma", reach=0.5, stigma_relief=-0.05)
    assert (np.diff(stigma, axis=1) > 0).all()


def test_what_is_known_of_services_is_lost_again():
    policy = {"kind": "support_information", "reach": 1.0, "knowledge": 0.5, "end": 20}
    parameters = {"learning": {"support_days": 120.0}}
    model = after(start(parameters), policy, days=20)
    told = model.consumers.get("support_knowledge").mean()
    model.run_for(120)
    floor = model.p.learning.support_floor
    assert floor < model.consumers.get("support_knowledge").mean() < floor + 0.7 * (told - floor)


def test_friends_pass_on_what_they_know_of_services():
    def spread(peers: float) -> float:
        model = start({"learning": {"support_peers": peers, "support_days": 1000.0}})
        c = model.consumers.columns
        c.support_knowledge[:] = 0.0
        c.support_knowledge[::2] = 1.0
        model.run_for(30)
        return float(c.support_knowledge[1::2].mean())

    assert spread(0.05) > spread(0.005) > 0


# Decriminalisation ----------------------------------------------------------------------------------------------------
BUSY_POLICE = {"enforcement": {"contacts_per_day": 10.0}}


def test_without_charges_nobody_is_criminalised_and_stigma_falls():
    fields = {"dropped": 1.0, "referred": 0.0, "stigma": 0.5}
    charged = pairs("decriminalisation", "consumers_criminalised", BUSY_POLICE, **fields)
    assert (charged[:, 0] > charged[:, 1]).all()
    assert (charged[:, 2] == 0).all()
    assert (np.diff(pairs("decriminalisation", "stigma", BUSY_POLICE, **fields), axis=1) < 0).all()


def found_by_checks(substance: str, strength: float, content: Content) -> float:
    """Share of parcels of a substance, with so much opioid in a dose, that a check finds not to be as expected, where everybody has them checked."""
    strong = {"fentanyl": {"like": "heroin", "opioid": FENTANYL, "source": {"default": "assumed"}}}
    sure = {"consumption": {"check_sensitivity": 1.0}}
    model = ran(world(consumers=2000, days=60, parameters=sure, substances={**NEEDS, **strong}))
    o = model.books.open_orders.columns
    due = model.books.due = np.arange(model.books.open_orders.n)
    o.outcome[due], o.share[due], o.content[due], o.potency[due] = OrderOutcome.DELIVERED, 1.0, content, strength
    o.substance[due], o.channel[due] = list(model.scenario.substances).index(substance), Channel.STREET
    model.levers.check_uptake[:], model.levers.checking_reach[:] = 1e6, 1.0
    before = model.checking.samples, model.checking.bad
    consumption(model)
    samples, bad = model.checking.samples - before[0], model.checking.bad - before[1]
    assert samples > 10
    return bad / samples


def test_checking_finds_what_differs_from_what_was_sold_and_no_strong_goods_that_were_sold_as_such():
    strong = load_parameters().specs["consumption.strong_dose"].value
    weak = load_substances()["opioid_analgesic"].opioid
    for substance, expected in (("heroin", 1.0), ("fentanyl", FENTANYL), ("opioid_analgesic", weak)):
        assert found_by_checks(substance, 0.99 * strong * expected, Content.AS_SOLD) == 0.0
        assert found_by_checks(substance, 1.01 * strong * expected, Content.AS_SOLD) == 1.0
        assert found_by_checks(substance, 0.5 * expected, Content.ADULTERATED) == 1.0


def test_referrals_need_a_stop_by_police():
    refer = {"kind": "decriminalisation", "referred": 1.0}
    quiet, busy = (after(start(p), refer) for p in ({"enforcement": {"contacts_per_day": 0.01}}, BUSY_POLICE))
    count = [int((m.table("events")["kind"] == EventKind.REFERRAL.name.lower()).sum()) for m in (quiet, busy)]
    assert count[1] > 5 * max(count[0], 1)


# Regulated supply -----------------------------------------------------------------------------------------------------
SUPPLY = {"patients": 0.4, "dependent": 0.5, "diversion": 0.0, "taken_up": 1.0}


def test_regulated_supply_moves_orders_to_licensed_pharmacies():
    licensed = pairs("regulated_supply", "orders_licensed_pharmacy", DEPENDENTS, **SUPPLY)
    assert (np.diff(licensed, axis=1) > 0).all()


def test_regulated_supply_of_known_content_lowers_overdoses():
    overdoses = pairs("regulated_supply", "overdoses_expected", DEPENDENTS, seeds=3, strengths=(0.0, 1.0), **SUPPLY)
    assert overdoses[:, 1].sum() < overdoses[:, 0].sum()


def test_what_is_passed_on_reaches_people_who_are_not_dependent():
    def held(diversion: float) -> float:
        model = after(start(DEPENDENTS), {"kind": "regulated_supply", **SUPPLY, "diversion": diversion})
        c, medicine = model.consumers.columns, list(model.scenario.substances).index("opioid_analgesic")
        others = (c.segment != Segment.DEPENDENT)[:, None] & (c.stash_substance == medicine)
        return float(c.stash[others].sum())

    assert held(0.8) > 1.5 * held(0.0)


def passed_on(legal: float, access: float, declined: bool = False) -> float:
    """Share of what dependent people got from licensed pharmacies that goes to friends, where all that can be passed on is."""
    model = ran(world(consumers=600, days=60, parameters={"world": {"patients": 0.0, "dependents": 1.0}}))
    o, c = model.books.open_orders.columns, model.consumers.columns
    due = model.books.due = np.arange(model.books.open_orders.n)
    o.outcome[due], o.share[due], o.quantity[due], o.channel[due] = (
        OrderOutcome.DELIVERED,
        1.0,
        1.0,
        Channel.LICENSED_PHARMACY,
    )
    o.substance[due] = list(model.scenario.substances).index("opioid_analgesic")
    c.segment[:], c.access[:] = Segment.DEPENDENT, access
    c.declined[:] = 255 if declined else 0
    model.levers.diversion[:], model.levers.legal_access[:] = 1.0, legal
    model.today = Tally()
    consumption(model)
    assert len(due) > 20
    return model.today.passed_on / len(due)


def test_only_what_regulated_supply_gave_is_passed_on():
    """Not the prescriptions that people have without it, nor those of people who take no part."""
    assert passed_on(legal=0.5, access=0.0) > 0.8
    assert passed_on(legal=0.5, access=0.5) == pytest.approx(0.5 * passed_on(legal=0.5, access=0.0), abs=0.2)
    assert passed_on(legal=0.0, access=0.5) == 0.0
    assert passed_on(legal=0.5, access=0.0, declined=True) == 0.0


def test_regulated_supply_keeps_nobody_from_treatment_to_whom_it_gives_nothing():
    def asked(crowding: float) -> tuple[float, float]:
        parameters = {**DEPENDENTS, "consumption": {"entry_rate": 0.02, "crowding_out": crowding}}
        supply = {"kind": "regulated_supply", "dependent": 1.0, "patients": 0.0, "taken_up": 1.0}
        model = after(start(parameters), supply, days=30)
        c, table = model.consumers.columns, model.substances
        gets = ((table.medical >= 0) | (table.sold[Channel.LICENSED_PHARMACY] == 1))[c.substance]
        asks = ((c.treatment_day < NEVER) | (c.waiting_day < NEVER)) & (c.came < -1)
        return float(asks[gets].sum()), float(asks[~gets].sum())

    free, crowded = asked(0.0), asked(0.6)
    assert crowded[0] < 0.9 * free[0]
    assert crowded[1] == pytest.approx(free[1], rel=0.05)
    assert free[1] > 20


def test_easy_supply_crowds_treatment_out():
    ask = []
    for crowding in (0.0, 0.6):
        town = start({**DEPENDENTS, "consumption": {"entry_rate": 0.02, "crowding_out": crowding}})
        model = after(town, {"kind": "regulated_supply", "dependent": 1.0, "patients": 0.0, "taken_up": 1.0})
        ask.append(total(model, "treatment_entries") + model.daily()["waiting_for_treatment"].iloc[-1])
    assert ask[1] < 0.9 * ask[0], "fewer get a place or wait for one"


# Early warning --------------------------------------------------------------------------------------------------------
MANY_NOVEL = {"services": {"novel_per_year": 2000.0}}


def alerts_out(model: MarketModel) -> int:
    return len(model.early_warning.lags(model.day))


def test_early_warning_that_sees_more_and_reports_faster_finds_more():
    world_ = start(MANY_NOVEL)
    found = [
        alerts_out(after(world_, {"kind": "early_warning", "strength": s, "sight": 20.0})) for s in (0.0, 0.5, 1.0)
    ]
    assert found[0] < found[1] < found[2]


def test_each_source_of_early_warning_finds_substances():
    """Samples, harms reported, parcels seized and forums: each is enough, where it sees something."""
    base = start(MANY_NOVEL, consumers=4000)
    for post in base.posts:
        post.border = 0.9
    policies = [{"kind": "early_warning", "delay": 0.05}, {"kind": "drug_checking", "reach": 0.9, "uptake": 4.0}]
    blind, seeing = (
        branched(base, 45, parameters={"services": {"alert_base": 0.0, "alert_reported": x}}, policies=policies)
        for x in (0.0, 1.0)
    )
    ews = seeing.early_warning
    assert (ews.novel.max(axis=0) > 0).all(), "every source sees something"
    assert alerts_out(seeing) > alerts_out(blind)
    for place in (None, *range(len(SIGNS))):
        ews.novel[:], ews.strong[:], ews.known[:] = 0.0, 0.0, ews.NOT_DETECTED
        if place is not None:
            ews.novel[:, place] = 50.0
        detect(seeing, ews.live, ews.reached(ews.live, seeing.day, seeing.p.services.novel_spread_days))
        assert (ews.known != ews.NOT_DETECTED).any() == (place is not None)


def test_every_parcel_seized_is_a_sign_also_where_the_rest_of_the_order_came():
    model = start()
    o, home = model.books.open_orders.columns, model.consumers.columns.jurisdiction
    due = model.books.due = np.flatnonzero(home[o.consumer[: model.books.open_orders.n]] == 0)[:3]
    assert len(due) == 3
    o.substance[due] = list(model.scenario.substances).index("heroin")
    o.outcome[due] = OrderOutcome.DELIVERED, OrderOutcome.SEIZED, OrderOutcome.SEIZED

    def sign(*seized: int) -> float:
        model.early_warning.strong[:], o.seized[due] = 0.0, seized
        watch(model, np.zeros((len(model.early_warning.strong), 3)), due[:0], due[:0])
        return float(model.early_warning.strong[0, SIGNS.index("seized")])

    assert sign(0, 1, 0) > 0.0
    assert sign(1, 0, 0) == sign(0, 1, 0)
    assert sign(2, 1, 1) == pytest.approx(4.0 * sign(0, 1, 0))


def test_false_and_frequent_alarms_wear_attention_down():
    world_ = start()
    calm, shrill = (
        after(world_, {"kind": "early_warning", "sight": 1.0, "false_alarms": f}).early_warning for f in (1.0, 50.0)
    )
    assert (shrill.attention < calm.attention).all()
    assert (calm.attention <= 1.0).all()


def test_alerts_change_practice_where_people_hear_them():
    model = start(MANY_NOVEL)
    deaf, heard = (
        branched(model, 45, parameters={"consumption": {"practice_bad_check": x}}).consumers.get("practice").mean()
        for x in (0.0, 0.1)
    )
    assert heard > deaf


# Roles ----------------------------------------------------------------------------------------------------------------
def at_the_weekly_look(model: MarketModel) -> MarketModel:
    while model.day % 7 != 3:
        model.day += 1
    return model


def test_dependence_makes_people_dependent_consumers_and_recovery_brings_them_back():
    model = at_the_weekly_look(start())
    c = model.consumers.columns
    patient = np.flatnonzero((c.segment == Segment.PATIENT) & (c.alive == 1))[:5]
    rate = c.need_rate[patient].copy()
    c.dependence[patient] = 0.6
    change_roles(model)
    assert (c.segment[patient] == Segment.DEPENDENT).all()
    assert (c.need_rate[patient] > rate).all()
    c.dependence[patient] = 0.05
    change_roles(model)
    assert (c.segment[patient] == Segment.PATIENT).all()
    assert c.need_rate[patient] == pytest.approx(rate, rel=1e-5)


def test_people_begin_to_supply_friends_and_stop_again():
    parameters = {
        "vendors": {"supply_start": 0.001, "supply_stop": 0.004},
        "world": {"considering": 0.9, "market_users": 0.9},
    }
    causes = after(start(parameters)).table("events").groupby("cause", observed=True).size()
    assert causes["began to supply friends"] > 0
    assert causes["stopped supplying friends"] > 0


def test_a_vendor_who_no_longer_supplies_friends_is_a_consumer_only():
    parameters = {
        "vendors": {"social_entry": 0.001},
        "world": {"considering": 0.9, "market_users": 0.9, "suppliers": 0.1},
    }
    model = at_the_weekly_look(start(parameters, until=30))
    v, c = model.vendors.columns, model.consumers.columns
    rows = np.flatnonzero((v.person[: model.vendors.n] >= 0) & (v.alive[: model.vendors.n] == 1))
    assert len(rows)
    take_role(model, v.person[rows], int(Segment.RECREATIONAL), "stopped supplying friends")
    model.run_for(1)
    assert (v.alive[rows] == 0).all()
    assert (v.exit_cause[rows] == ExitCause.ROLE_ENDED).all()
    assert (c.alive[v.person[rows]] == 1).any()


def test_the_number_of_dependent_consumers_does_not_run_away():
    shares = start(until=90).daily()["dependent_consumers"]
    assert shares.iloc[-1] == pytest.approx(shares.iloc[0], rel=0.15)
