"""Agencies and what they do to markets: mandates, cases abroad, attacks on how a market works, privacy and trust."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import NO_SLOT, Channel, Post, RiskGroup, Written
from sim.agents.enforcement import PAYMENTS, PLATFORMS, POST, REFERRALS, TARGETS, USERS, VENDORS, Agency, Unit, mandates
from sim.market.enforcement.arrests import ONLINE, arrest, responsible
from sim.market.enforcement.attacks import weak_links
from sim.market.enforcement.cases import payment_cases
from sim.market.enforcement.contacts import charge_or_refer, friends_of, user_contacts
from sim.market.enforcement.enforcement import efforts_today
from sim.market.enforcement.raids import run_covert, run_covertly, take_down
from sim.registry import policy_kinds
from tests.worlds import BUSY, branched, example, model_of, ran, run, same_frames, world

BIG = world(consumers=4000, days=60, burn_in=40, parameters={"supply": {"crypto_vendors": 0.02}})
near = pytest.approx


def at_day_0(seed: int = 1, **changes):
    return ran(BIG.with_(**changes), seed, 0, tables=("orders", "events"))


def policy(kind: str, **fields):
    return policy_kinds()[kind](kind=kind, **fields)


def efforts(model):
    agencies = list(model.agencies)
    where = np.array([a.jurisdiction for a in agencies])
    return efforts_today(model, agencies, where), where


# Who does what --------------------------------------------------------------------------------------------------------
def test_every_jurisdiction_has_police_a_cyber_unit_and_a_border_agency():
    model = model_of(world())
    found = [(a.jurisdiction, a.unit) for a in model.agencies]
    assert found == [(j, int(unit)) for j in range(model.world.n_jurisdictions) for unit in Unit]


@pytest.mark.parametrize("shares", [(0.2, 0.4), (0.0, 1.0), (1.0, 0.0)])
def test_the_agencies_of_a_jurisdiction_share_out_all_effort_on_each_target(shares):
    share = mandates(*shares)
    assert share.sum(axis=0) == near(np.ones(len(TARGETS)))
    assert (share >= 0).all()
    assert share[Unit.CYBER, PLATFORMS] == share[Unit.BORDER, POST] == share[Unit.POLICE, USERS] == 1.0


def test_their_budgets_add_up_to_that_of_the_jurisdiction():
    model = model_of(world())
    for k, j in enumerate(model.scenario.jurisdiction_table):
        budget = sum(a.officer_days for a in model.agencies if a.jurisdiction == k)
        assert budget == near(j.police_days_per_100k * model.consumers.n / 1e5 * j.share)


def test_an_agency_learns_within_its_mandate_only():
    agency = Agency(
        model_of(world()),
        0,
        1.0,
        1.0,
        mandates(0.2, 0.4)[Unit.POLICE],
        1.0,
        Unit.POLICE,
        mandates(0.2, 0.4)[Unit.POLICE],
    )
    agency.records.work(agency.effort()[None])
    agency.credit[[PLATFORMS, POST]] = 1000.0
    before = agency.allocation.copy()
    agency.learn(0.5, 0.05)
    assert agency.allocation == near(before), "what others earned teaches nothing"
    agency.credit[USERS] = 10.0
    agency.learn(0.5, 0.05)
    assert agency.allocation[USERS] > before[USERS]
    assert agency.allocation.sum() == near(1.0)
    assert not agency.allocation[[PLATFORMS, POST]].any()


def taught(paid: dict[int, float], left: dict[int, float], months: int) -> np.ndarray:
    """Allocation of local police after months in which an officer-day earned ``paid`` by target, from effort ``left`` on each."""
    mandate = np.zeros(len(TARGETS))
    mandate[list(paid)] = 1.0
    agency = Agency(model_of(world()), 0, 10.0, 10.0, mandate, 1.0, Unit.POLICE, mandate)
    agency.allocation[:] = 0.0
    agency.allocation[list(left)] = list(left.values())
    for _ in range(months):
        days = 30.0 * agency.effort()
        agency.records.work(days[None])
        agency.credit[list(paid)] += days[list(paid)] * list(paid.values())
        agency.learn(0.1, 0.05)
    return agency.allocation


def test_effort_taken_off_a_target_comes_back_where_an_officer_day_pays_as_much_as_elsewhere():
    after = taught({USERS: 2.0, VENDORS: 2.0}, {USERS: 0.25, VENDORS: 0.75}, 60)
    assert after[[USERS, VENDORS]] == near([0.5, 0.5], abs=0.01)


def test_effort_goes_where_an_officer_day_pays_and_not_where_most_of_it_is_spent():
    after = taught({USERS: 1.0, VENDORS: 3.0}, {USERS: 0.9, VENDORS: 0.1}, 60)
    assert after[[USERS, VENDORS]] == near([0.25, 0.75], abs=0.01)


def test_a_target_that_pays_nothing_keeps_the_least_share():
    assert taught({USERS: 0.0, VENDORS: 1.0}, {USERS: 0.5, VENDORS: 0.5}, 60)[USERS] == near(0.05, abs=0.003)


@pytest.mark.parametrize("kind", ["vendor_arrests", "network_attack"])
def test_what_a_policy_pays_for_does_not_teach_an_agency_that_its_own_officer_days_pay(kind):
    start = at_day_0()
    without, with_ = branched(start, 1), branched(start, 1, policies=[example(kind)])
    assert with_.daily()["vendor_arrests"].sum() > without.daily()["vendor_arrests"].sum()
    for mine, same in zip(with_.agencies, without.agencies, strict=True):
        assert 0.9 * same.credit[VENDORS] <= mine.credit[VENDORS] <= same.credit[VENDORS]


def test_a_wave_of_arrests_counts_as_a_months_risk_for_other_vendors_and_fades():
    model = at_day_0()
    v, n, risk = model.vendors.columns, model.vendors.n, model.policing.vendor_risk
    street = np.flatnonzero((v.alive[:n] == 1) & (v.channel[:n] == Channel.STREET))
    before = risk.copy()
    arrest(model, street[: len(street) // 3], "vendor_arrests")
    assert risk[Channel.STREET] - before[Channel.STREET] == near(len(street) // 3 / len(street))
    assert (np.delete(risk, Channel.STREET) == np.delete(before, Channel.STREET)).all()
    high = risk[Channel.STREET]
    model.run_for(60)
    assert before[Channel.STREET] < risk[Channel.STREET] < 0.3 * high


def test_an_offer_of_services_earns_police_what_comes_of_it_a_referral_or_a_charge():
    start = at_day_0(parameters={"enforcement": {"charged": 0.2}})
    none, refused, taken = (
        sum(agency.credit[USERS] for agency in branched(start, 1, policies=policies).agencies)
        - sum(agency.credit[USERS] for agency in start.agencies)
        for policies in ([], *([example("deflection", taken_up=share)] for share in (0.01, 1.0)))
    )
    assert none > 0
    assert refused == near(none, rel=0.3)
    assert taken > 2 * none


def test_officer_days_on_payments_reach_less_abroad_and_more_with_capability():
    def ended(reach: float) -> np.ndarray:
        model = model_of(world())
        agencies = len(model.agencies)
        payment_cases(model, np.ones(agencies), np.full((agencies, model.world.n_jurisdictions), reach), 1.0)
        return np.array([agency.credit[PAYMENTS] for agency in model.agencies])

    assert (ended(1.0) > 0).all()
    assert ended(0.3) == near(0.3 * ended(1.0))


def test_vendors_online_are_the_cyber_units_and_those_nearby_the_polices():
    model = model_of(world())
    agencies = list(model.agencies)
    for channel in Channel:
        agency = agencies[responsible(model, 2, channel)]
        assert agency.jurisdiction == 2
        assert agency.unit == (Unit.CYBER if ONLINE[channel] else Unit.POLICE)


# Effort ---------------------------------------------------------------------------------------------------------------
def test_at_usual_effort_and_cooperation_the_rates_of_arrest_are_as_stated():
    model = run(world(days=5, burn_in=0), until=5)
    assert model.policing.vendor_effort == near(np.ones_like(model.policing.vendor_effort))


@pytest.mark.parametrize("target", ["platforms", "suppliers", "payments", "post", "referrals", "vendors"])
def test_officer_days_are_moved_and_not_lost(target):
    model = model_of(world())
    before, where = efforts(model)
    policy("enforcement_reallocation", give_to=target, share=0.4).move(model, model.levers)
    after, _ = efforts(model)
    k = TARGETS.index(target)
    assert after[:, USERS].sum() == near(0.6 * before[:, USERS].sum())
    for j in range(model.world.n_jurisdictions):
        assert after[where == j].sum() == near(before[where == j].sum()), "no officer leaves the country"
    assert after[:, k].sum() - before[:, k].sum() == near(0.4 * before[:, USERS].sum())


def test_officer_days_of_each_policy_go_where_it_says():
    model = model_of(world())
    before, _ = efforts(model)
    policies = [
        policy("enforcement_reallocation", take_from="users", give_to="referrals", share=0.8),
        policy("enforcement_reallocation", take_from="post", give_to="suppliers", share=0.5),
    ]
    for each in policies:
        each.move(model, model.levers)
    gained = (efforts(model)[0] - before).sum(axis=0)
    users, post = 0.8 * before[:, USERS].sum(), 0.5 * before[:, POST].sum()
    expected = {"users": -users, "referrals": users, "post": -post, "suppliers": post}
    assert gained == near([expected.get(name, 0.0) for name in TARGETS])


def test_officers_hired_add_to_every_target_and_dismissed_ones_are_missing():
    model = model_of(world())
    before, _ = efforts(model)
    policy("enforcement_reallocation", share=0.0, hired=0.5).move(model, model.levers)
    assert efforts(model)[0] == near(1.5 * before)
    model.levers.reset()
    policy("enforcement_reallocation", share=0.0, hired=-0.4).move(model, model.levers)
    assert efforts(model)[0] == near(0.6 * before)


@pytest.mark.parametrize("kind", ["enforcement_reallocation", "cyber_capability", "international_cooperation"])
def test_dose_and_response(kind):
    """At strength 0, a half and 1 the levers move step by step."""
    found = []
    for strength in (0.0, 0.5, 1.0):
        model = model_of(world())
        measure = policy(**example(kind, strength=strength, start=model.day))
        measure.move(model, model.levers)
        x = model.levers
        found.append(np.r_[1 - x.effort_kept.ravel(), x.effort_gained.ravel(), x.capability - 1, x.cooperation.ravel()])
    assert not found[0].any()
    assert found[2].any()
    assert found[1] == near(found[2] / 2)


def test_a_treaty_binds_those_who_joined_once_it_is_in_force():
    model = model_of(world())
    names = list(model.scenario.jurisdictions)
    treaty = policy(
        "international_cooperation", members=tuple(names[:2]), start=model.day, ratification_days=10, closed=0.7
    )
    treaty.move(model, model.levers)
    assert (model.cooperation_today() == model.world.cooperation).all(), "not ratified yet"
    model.day += 10
    treaty.move(model, model.levers)
    gained = model.cooperation_today() - model.world.cooperation
    assert gained[0, 1] == gained[1, 0] == near(0.7 * (1 - model.world.cooperation[0, 1]))
    gained[[0, 1], [1, 0]] = 0.0
    assert gained == near(np.zeros_like(gained))


def test_two_treaties_do_not_bind_those_who_joined_different_ones():
    model = model_of(world())
    names = list(model.scenario.jurisdictions)
    for members in (names[:2], names[2:]):
        treaty = policy(
            "international_cooperation", members=tuple(members), start=model.day, ratification_days=0, closed=0.7
        )
        treaty.move(model, model.levers)
    gained, missing = model.cooperation_today() - model.world.cooperation, 1 - model.world.cooperation
    assert gained[:2, :2] == near(0.7 * missing[:2, :2])
    assert gained[2:, 2:] == near(0.7 * missing[2:, 2:])
    assert (gained[:2, 2:] == 0).all()
    assert (gained[2:, :2] == 0).all()


def test_capability_costs_what_the_field_says_where_an_officer_day_comes_to_yield_twice_as_much():
    model = model_of(world())
    double, half = (policy("cyber_capability", start=0, years=0.0, gain=gain) for gain in (1.0, 0.5))
    days = sum(a.officer_days for a in model.agencies if a.unit == Unit.CYBER)
    assert double.cost(model) == near(days * double.usd_per_officer_day)
    assert half.cost(model) == near(0.5 * double.cost(model))
    assert "doubles what an officer-day yields" in type(double).model_fields["usd_per_officer_day"].description


def test_capability_grows_year_by_year():
    model = model_of(world())
    slow = policy("cyber_capability", start=0, years=2.0)
    grown = []
    for model.day in (0, 182, 365, 729, 2000):
        grown.append(slow.grown(model))
    assert grown == sorted(grown)
    assert grown[0] < 0.01
    assert grown[2] == near(0.5, abs=0.01)
    assert grown[3:] == near([1.0, 1.0])


@pytest.mark.parametrize("kind", ["cyber_capability", "international_cooperation"])
def test_capability_and_cooperation_bring_more_evidence_and_more_arrests_online(kind):
    start = at_day_0()
    without, with_ = branched(start, 1), branched(start, 1, policies=[example(kind)])
    t = without.crypto_slots()
    assert (with_.platform_table.columns.evidence[t] > without.platform_table.columns.evidence[t]).all()
    assert (with_.policing.vendor_effort[:, 1] > 1.05 * without.policing.vendor_effort[:, 1]).all()
    assert with_.policing.vendor_effort[:, 0] == near(without.policing.vendor_effort[:, 0]), (
        "streets are nobody's business abroad"
    )


def test_officer_days_moved_from_users_charge_fewer_and_gather_more_on_platforms():
    start = at_day_0(parameters={"enforcement": {"contacts_per_day": 10.0}})
    moved = example("enforcement_reallocation", share=0.8)
    without, with_ = branched(start, 40), branched(start, 40, policies=[moved])
    assert with_.daily()["consumers_criminalised"].sum() < 0.6 * without.daily()["consumers_criminalised"].sum()
    assert with_.daily()["officer_days"].sum() == near(without.daily()["officer_days"].sum(), rel=1e-6)
    first = branched(start, 1, policies=[moved]), branched(start, 1)
    with_now, without_now = (m.platform_table.columns.evidence[m.crypto_slots()].sum() for m in first)
    assert with_now > without_now


def test_officer_days_on_referrals_lead_people_to_services_and_charge_nobody():
    start = at_day_0(parameters={"enforcement": {"contacts_per_day": 10.0, "learning": 0.0}})
    moved = example("enforcement_reallocation", give_to="referrals", share=1.0)
    without, with_ = branched(start, 20), branched(start, 20, policies=[moved])
    events = [m.table("events").query("day >= 0")["kind"] for m in (without, with_)]
    referred, charged = ([(kinds == kind).sum() for kinds in events] for kind in ("referral", "criminalised"))
    assert 0 < referred[0] < 0.5 * referred[1]
    assert charged[0] > 0 == charged[1]


# Attacks on how a market works ----------------------------------------------------------------------------------------
def test_without_moderators_disputes_are_not_decided_and_nobody_rates():
    start = at_day_0()
    slot = int(start.crypto_slots()[np.argmax(start.platform_table.columns.trade60[start.crypto_slots()])])
    attack = [example("takedown", mode="moderators", count=1)]
    models = (
        branched(start, 20),
        branched(start, 20, policies=attack, parameters={"enforcement": {"moderators_back": 1e6}}),
    )
    assert slot in models[1].crypto_slots(), "the site stays up"
    refunded, rated = [], []
    for model in models:
        orders = model.table("orders")
        mine = orders[(orders["platform"] == slot) & (orders["outcome_day"] >= 1)]
        refunded.append((mine["settlement"] == "refunded").sum())
        rated.append(mine["rating"].notna().sum())
    assert refunded[0] > 0
    assert rated[0] > 20
    assert refunded[1] == rated[1] == 0


@pytest.mark.slow
def test_a_market_finds_moderators_again_and_other_markets_keep_theirs():
    start = at_day_0()
    model = branched(start, 1, policies=[example("takedown", mode="moderators", count=1)])
    share = model.platform_table.columns.moderation
    slots = model.crypto_slots()
    assert (share[slots] < 0.1).sum() == 1
    assert (share[slots] == 1.0).sum() == len(slots) - 1
    low = share[slots].min()
    model.run_for(45)
    assert low < share[slots].min() < 0.8
    model.run_for(400)
    assert (share == 1.0).all()
    assert not model.trade.unmoderated


def test_what_was_written_in_a_forum_is_lost_with_its_market_or_the_moderators():
    start = at_day_0()
    whole = branched(start, 1).forum
    for how in ({"mode": "moderators"}, {}):
        forum = branched(start, 1, policies=[example("takedown", count=1, **how)]).forum
        lost = forum.posts[:, Post.STATE] == Written.GONE
        assert 0.0 < forum.worth == pytest.approx(1.0 - lost.mean())
        assert forum.worth < whole.worth
        assert len(np.unique(forum.posts[lost, Post.MARKET])) == 1


def test_the_more_markets_lose_their_moderators_the_stronger_the_policy():
    start = ran(BIG, 3, 0)
    hit = []
    for strength in (0.0, 0.5, 1.0):
        attack = [example("takedown", mode="moderators", count=60, strength=strength)]
        hit.append(len(branched(start, 1, policies=attack).trade.unmoderated))
    assert hit[0] == 0
    assert hit[0] < hit[1] < hit[2]


@pytest.mark.parametrize("by", ["sales", "betweenness", "degree"])
def test_a_targeted_attack_arrests_those_who_lead(by):
    start = at_day_0()
    attack = policy("network_attack", by=by, share=0.1)
    v, n = start.vendors.columns, start.vendors.n
    rows = np.flatnonzero((v.alive[:n] == 1) & (v.channel[:n] == Channel.CRYPTOMARKET))
    hit = attack.targets(start)
    assert len(hit) == round(0.1 * len(rows))
    assert v.sales[hit].mean() > (1 if by == "betweenness" else 2) * v.sales[rows].mean(), "brokers need not sell most"
    after = branched(start, 1, policies=[attack.model_dump()])
    assert not after.vendors.columns.alive[hit].any()


@pytest.mark.parametrize("heeded", [0.0, 0.4, 1.0])
def test_a_weak_link_attack_takes_links_from_those_who_heed_the_letter_and_leaves_vendors(heeded):
    start = at_day_0(parameters={"enforcement": {"letter_heeded": heeded}})
    attack = policy("network_attack", mode="weak_link", share=0.3)
    hit, weak = attack.targets(start), weak_links(start)
    crypto = np.flatnonzero(start.vendors.columns.channel[: len(weak)] == Channel.CRYPTOMARKET)
    assert weak[hit].sum() > 0.4 * weak[crypto].sum()
    without, with_ = branched(start, 1), branched(start, 1, policies=[attack.model_dump()])
    left = weak_links(with_)[hit].sum() / weak_links(without)[hit].sum()
    assert left == near(1.0 - heeded, abs=0.12)
    fright = [model.consumers.columns.legal_hits[:, RiskGroup.CRYPTO].sum() for model in (without, with_)]
    assert fright[1] > fright[0], "who keeps the vendor has read the letter too"
    v = with_.vendors.columns
    assert v.alive[hit].sum() == without.vendors.columns.alive[hit].sum()
    assert with_.daily()["privacy_intrusions"][0] > without.daily()["privacy_intrusions"][0]


def test_a_signal_attack_makes_reputation_say_less():
    start = at_day_0()
    attack = policy("network_attack", mode="signal", share=0.5, noise=1.0)
    hit = attack.targets(start)
    without, with_ = branched(start, 1), branched(start, 1, policies=[attack.model_dump()])

    def bad(model):
        v = model.vendors.columns
        return v.negative[hit].sum() / (v.positive[hit] + v.negative[hit]).sum()

    assert bad(with_) == near(0.5 * bad(without) + 0.25, abs=0.02)


def test_false_posts_in_forums_drown_true_ones_while_they_last_and_cost_work():
    start = at_day_0()
    quiet, loud = (example("network_attack", mode="signal", share=0.0001, posts=posts) for posts in (0.0, 0.5))
    without, with_ = branched(start, 5, policies=[quiet]), branched(start, 5, policies=[loud])
    false = [np.mean(m.forum.posts[:, Post.STATE] == Written.FALSE) for m in (without, with_)]
    assert false == near([0.0, 0.5], abs=0.1)
    assert (with_.daily()["policy_cost_usd"][1:] > 0).all()
    assert (without.daily()["policy_cost_usd"][1:] == 0).all()


def test_false_posts_aimed_at_some_jurisdictions_are_about_vendors_there_alone():
    start = at_day_0()
    v, n, places = start.vendors.columns, start.vendors.n, list(start.scenario.jurisdictions)
    sells = (v.alive[:n] == 1) & (v.channel[:n] == Channel.CRYPTOMARKET)
    here = int(np.bincount(v.jurisdiction[:n][sells]).argmax())
    attack = example("network_attack", mode="signal", share=0.0001, noise=0.0, posts=0.5, jurisdictions=[places[here]])
    without, with_ = branched(start, 1), branched(start, 1, policies=[attack])
    more = (with_.vendors.columns.negative[:n] - without.vendors.columns.negative[:n]).sum(axis=1)
    assert (more[sells & (v.jurisdiction[:n] == here)] > 0).any()
    assert (more[v.jurisdiction[:n] != here] == 0).all()
    posts = with_.forum.posts
    false, about = posts[:, Post.STATE] == Written.FALSE, with_.vendors.columns.jurisdiction[posts[:, Post.VENDOR]]
    assert (about[false] == here).all()
    assert false.sum() == near(np.count_nonzero(~false & (about == here)), abs=1), (
        "half of the posts about vendors there"
    )


def test_a_false_rating_for_each_sale_is_one_however_many_accounts_a_vendor_has():
    start = at_day_0()
    attack = example("network_attack", mode="signal", share=0.0001, noise=0.0, posts=0.5)
    without, with_ = branched(start, 1), branched(start, 1, policies=[attack])
    v, n = with_.vendors.columns, start.vendors.n
    more = (v.negative[:n] - without.vendors.columns.negative[:n]).sum(axis=1)
    several = ((v.account[:n] != NO_SLOT).sum(axis=1) > 1) & (v.alive[:n] == 1)
    assert several.sum() > 3
    assert more[several] == near(0.5 * v.recent[:n][several], rel=0.1, abs=1e-3)


def test_false_posts_about_as_many_vendors_cost_as_many_times_more_as_one_stands_for():
    posts = example("network_attack", mode="signal", share=0.0001, posts=0.5)
    bills = [
        run(world(policies=[posts], weight=weight, days=2)).table("policies")["cost_real_usd"].sum()
        for weight in (1.0, 100.0)
    ]
    assert bills[1] == near(100.0 * bills[0])
    assert bills[0] > 0


@pytest.mark.parametrize("mode", ["targeted", "weak_link", "signal"])
def test_an_attack_with_more_strength_hits_more_and_costs_more(mode):
    start = at_day_0()
    hit, cost = [], []
    for strength in (0.0, 0.5, 1.0):
        model = branched(start, 1, policies=[example("network_attack", mode=mode, share=0.4, strength=strength)])
        hit.append((model.table("events")["policy"] == "network_attack").sum())
        cost.append(model.daily()["policy_cost_usd"][0])
    assert hit[0] == cost[0] == 0
    assert hit[0] < hit[1] < hit[2]
    assert cost[0] < cost[1] < cost[2]


@pytest.mark.parametrize("mode", ["weak_link", "signal"])
def test_at_zero_strength_nothing_changes(mode):
    off = ran(world(policies=[example("network_attack", mode=mode, strength=0.0)]))
    assert same_frames(off.daily(), ran(world()).daily())


# Operators ------------------------------------------------------------------------------------------------------------
def raided(operators: bool, days: int = 1, **enforcement: float):
    quiet = {"platforms": {"cryptomarket_entry": 0.0}, "enforcement": enforcement}
    start = at_day_0(parameters=quiet)
    return branched(start, days, policies=[example("takedown", count=1, operators_arrested=operators)])


@pytest.mark.slow
def test_an_operator_at_large_opens_again_and_one_who_was_arrested_does_not():
    for arrested in (True, False):
        model = raided(arrested, 60, moderators_back=10.0)
        events = model.table("events").query("day >= 0 and kind == 'platform_opened'")
        assert len(events) == (0 if arrested else 1)
    t, was = model.platform_table.columns, model.table("events").query("kind == 'takedown'")["subject"].iloc[0]
    new = events["subject"].iloc[0]
    assert t.security[new] == t.security[was], "the same operator"


def test_with_the_operator_the_keys_are_caught_and_leads_follow():
    keys, none = (raided(arrested).vendors.columns.evidence.sum() for arrested in (True, False))
    assert none == near(0.1 * keys, rel=0.01)


def test_others_open_no_market_for_a_while_after_an_operator_was_arrested():
    assert raided(True).policing.operator_risk > 0.1 > raided(False).policing.operator_risk
    opened = []
    for risk in (0.0, 3.0):
        model = branched(at_day_0(), 0, parameters={"platforms": {"cryptomarket_entry": 1.0}})
        model.policing.operator_risk = risk
        model.run_for(20)
        opened.append(model.platform_table.n)
    assert opened[1] < opened[0] - 1


# Letters --------------------------------------------------------------------------------------------------------------
def test_a_seized_parcel_can_lead_to_a_letter_or_to_a_charge():
    model = at_day_0()
    c, who = model.consumers.columns, np.arange(500)
    for letter, pursued in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
        model.p = model.p._replace(
            enforcement=model.p.enforcement._replace(
                letter=letter, buyer_pursued=pursued, charged=1.0, contacts_per_day=0.0
            )
        )
        model.levers.reset()
        model.books.intercepted = who, np.full(len(who), int(Channel.CRYPTOMARKET), np.uint8)
        hits, charged = c.legal_hits[who].copy(), c.criminalised[who].sum()
        user_contacts(model)
        rise = (c.legal_hits[who] - hits).sum(axis=1)
        if pursued:
            assert c.criminalised[who].sum() == charged + c.alive[who].sum()
        else:
            assert c.criminalised[who].sum() == charged
            assert rise == near(np.full(len(who), letter * model.p.enforcement.arrest_fright), abs=1e-5)


def test_who_is_called_on_after_a_seized_parcel_or_a_covert_operation_counts_as_an_intrusion_once():
    model = branched(at_day_0(), 0)
    p = model.p.enforcement._replace(buyer_pursued=1.0, contacts_per_day=1e9, server_read=0.25, record_attention=1.0)
    model.p = model.p._replace(enforcement=p)
    model.levers.reset()
    c, who = model.consumers.columns, np.arange(500)
    street = np.full(300, int(Channel.STREET), np.uint8)
    model.books.settled, model.policing.user_effort[:] = (who[:300], street), 1.0
    model.books.intercepted = who[200:], np.full(300, int(Channel.CRYPTOMARKET), np.uint8)
    before = model.today.privacy
    user_contacts(model)
    assert model.today.privacy - before == c.alive[who].sum(), "those stopped, those called on, and both once"
    slot = int(np.bincount(c.home[c.home != NO_SLOT]).argmax())
    users = np.count_nonzero(c.home == slot)
    run_covertly(model, slot, model.day, 0.0)
    model.platform_table.columns.trade7[slot], before = 0.0, model.today.privacy
    run_covert(model)
    assert model.today.privacy - before == near(users), "a quarter was read, and all were called on"


def test_innocent_post_is_opened_and_counted_the_more_is_inspected():
    start = at_day_0()
    found = []
    for inspections in (0.0, 1.0):
        policies = [example("postal_interdiction", inspections=4.0, advance_data=0.0, strength=inspections)]
        model = branched(start, 1, policies=policies)
        found.append((model.yesterday.opened, model.today.opened, model.daily()["privacy_intrusions"][0]))
    e = start.p.shipping.opened_in_vain * start.consumers.n / 365e3
    usual, more = max(found[0][:2]), max(found[1][:2])
    assert usual == near(e, rel=0.5)
    assert more > 2 * usual
    assert found[1][2] - found[0][2] > 0.9 * (more - usual)


# Privacy and trust ----------------------------------------------------------------------------------------------------
def test_friends_of_somebody_charged_lose_trust_too():
    model = at_day_0()
    c = model.consumers.columns
    who = np.flatnonzero(np.diff(model.world.friends.start) > 2)[:5]
    told = np.setdiff1d(friends_of(model, who), who)
    assert set(told) == {
        f for w in who for f in model.world.friends.who[model.world.friends.start[w] : model.world.friends.start[w + 1]]
    } - set(who)
    before, stigma = c.trust_police[: model.consumers.n].copy(), c.stigma[told].copy()
    model.p = model.p._replace(enforcement=model.p.enforcement._replace(charged=1.0))
    model.levers.reset()
    charge_or_refer(model, who)
    lost = before - c.trust_police[: model.consumers.n]
    own = model.p.enforcement.contact_trust
    assert lost[who].min() == near(own, abs=1e-6)
    assert lost[told] == near(np.minimum(before[told], own / 5), abs=1e-6), "a fifth of what they lose who were charged"
    assert (c.stigma[told] == stigma).all()
    lost[np.r_[told, who]] = 0
    assert not lost.any()


def test_seized_servers_give_leads_and_intrude_on_privacy():
    start = at_day_0()
    raid = [example("takedown", count=1)]
    without, with_ = branched(start, 1), branched(start, 1, policies=raid)
    assert with_.vendors.columns.evidence.sum() > 0 == without.vendors.columns.evidence.sum()
    assert with_.daily()["privacy_intrusions"][0] > without.daily()["privacy_intrusions"][0] + 10


def test_the_seized_sites_of_a_pharmacy_programme_give_leads_without_any_keys():
    model = branched(at_day_0(), 0)
    v, n, t = model.vendors.columns, model.vendors.n, model.platform_table.columns
    slot = int(np.bincount(v.account[:n, 0][(v.channel[:n] == Channel.ILLICIT_PHARMACY) & (v.alive[:n] == 1)]).argmax())
    here = ((v.account[:n] == slot).any(axis=1) & (v.alive[:n] == 1)).nonzero()[0]
    assert t.channel[slot] == Channel.ILLICIT_PHARMACY
    assert v.recent[here].sum() > 0
    before = v.evidence[here].copy()
    take_down(model, slot, 0.0)
    p = model.p.enforcement
    assert v.evidence[here] - before == near(p.server_leads * p.server_read * v.recent[here], rel=1e-4)


def test_leads_raise_the_risk_of_vendors_online_and_grow_cold():
    start = at_day_0()
    strong = {"enforcement": {"arrest_days_online": 60.0, "server_leads": 60.0, "lead_days": 60.0}}
    model = branched(start, 2, policies=[example("takedown", count=1)], parameters=strong)
    none = branched(
        start,
        2,
        policies=[example("takedown", count=1)],
        parameters={"enforcement": {**strong["enforcement"], "server_leads": 1.0}},
    )
    assert model.policing.vendor_risk[Channel.CRYPTOMARKET] > none.policing.vendor_risk[Channel.CRYPTOMARKET]
    evidence = model.vendors.columns.evidence.copy()
    model.run_for(60)
    row = int(np.argmax(evidence * model.vendors.columns.alive[: len(evidence)]))
    assert model.vendors.columns.evidence[row] == near(evidence[row] / 2, rel=0.02)


def test_the_referral_share_of_effort_is_the_polices():
    model = run(world(**{**BUSY, "policies": []}), until=5)
    for agency in model.agencies:
        assert (agency.allocation[REFERRALS] > 0) == (agency.unit == Unit.POLICE)
        assert (agency.allocation[VENDORS] > 0) == (agency.unit != Unit.BORDER)
