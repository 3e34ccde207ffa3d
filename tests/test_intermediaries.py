"""Intermediaries of the open web: search, access, apps, forums; what policies ask of them and how sellers and buyers answer."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.agents.codes import NO_SLOT, Channel, Considering, OrderOutcome, Post, Written
from sim.agents.intermediaries import AccessProvider, SearchEngine
from sim.evidence.parameters import load_parameters
from sim.model import MarketModel
from sim.streams import Draw, uniforms
from tests.worlds import branched, example, lever_values, model_of, neutral_levers, ran, run, world

PLATFORMS = load_parameters().defaults("platforms")
SHOPPERS = {
    "world": {"patients": 0.9, "considering": 0.95, "dependents": 0.02},
    "choice": {"search_medicine": 1.5},
    "demand": {"patient_rate": 0.1},
}
"""A world in which most people look for medicines on the web."""


def shop(seed: int = 1, consumers: int = 2000) -> MarketModel:
    return ran(world(consumers=consumers, days=400, parameters=SHOPPERS), seed, 0)


LONGEST = 90
"""Days for which such a world is run without a policy, once for all who compare with it."""


@functools.cache
def days_under(policies: str, seed: int, days: int) -> pd.DataFrame:
    return branched(shop(seed), days, policies=json.loads(policies)).daily()


def pharmacy_orders(
    policies: list, days: int = 60, seeds: int = 3, outcome: str = "orders_illicit_pharmacy"
) -> np.ndarray:
    """(2,) orders from illicit pharmacies without and with the policies."""
    found = np.zeros(2)
    for seed in range(seeds):
        without, with_ = days_under("[]", seed, LONGEST)[:days], days_under(json.dumps(policies), seed, days)
        found += [without[outcome].sum(), with_[outcome].sum()]
    return found


# Search ---------------------------------------------------------------------------------------------------------------
def reranked(wanted: float, days: int, p=PLATFORMS) -> float:
    engine, demoted = SearchEngine(model_of(world()), np.ones(3)), np.zeros(1)
    for _ in range(days):
        demoted = engine.rerank(demoted, wanted, p)
    return float(demoted[0])


def test_demotion_settles_where_what_is_taken_is_what_sellers_win_back():
    back = PLATFORMS.domain_rate + PLATFORMS.hijack_rate
    take = 1 / PLATFORMS.demotion_days
    assert reranked(0.9, 1000) == pytest.approx(0.9 * take / (take + back))


def test_sellers_who_poison_results_fast_undo_demotion():
    fast = PLATFORMS._replace(hijack_rate=0.06, domain_rate=0.08)
    assert reranked(0.9, 500, fast) < 0.6 * reranked(0.9, 500)


def test_demoted_sites_come_back_when_nobody_demotes_them():
    start = shop()
    on = branched(start, 60, policies=[example("search_demotion", end=60)])
    slots = on.open_slots(Channel.ILLICIT_PHARMACY)
    high = on.search.demoted[slots].mean()
    on.run_for(90)
    assert 0.1 < high < 0.5
    assert on.search.demoted[slots].mean() < 0.3 * high


def test_demotion_costs_illicit_pharmacies_orders():
    without, with_ = pharmacy_orders([example("search_demotion", demotion=0.9)], seeds=8)
    assert with_ < 0.98 * without  # about one in twenty is lost


def test_a_seized_programme_comes_back_under_domains_that_nobody_has_listed():
    start = shop()
    both = [example("search_demotion"), example("isp_block", coverage=0.9)]
    seizure = example("takedown", channel="illicit_pharmacy", count=2, start=40)
    left, taken = branched(start, 46, policies=both), branched(start, 46, policies=[*both, seizure])
    fresh = (left.platform_table.columns.listed > 0.3) & (taken.platform_table.columns.listed < 0.25)
    assert fresh.sum() == 2
    fresh = np.flatnonzero(fresh)
    assert (taken.search.demoted[fresh] < 0.6 * left.search.demoted[fresh]).all()


# Access ---------------------------------------------------------------------------------------------------------------
def test_block_lists_lag_and_never_hold_every_domain():
    listed = np.zeros(1)
    course = []
    for _ in range(400):
        listed = AccessProvider.relist(listed, PLATFORMS)
        course.append(float(listed[0]))
    assert course[0] < 0.1
    find = 1 / PLATFORMS.listing_days
    assert course[-1] == pytest.approx(find / (find + PLATFORMS.domain_rate), rel=1e-3)


LISTED_SOON = {"platforms": {"listing_days": 3.0}}


@functools.cache
def not_blocked(seed: int, days: int) -> MarketModel:
    return branched(shop(seed, consumers=4000), days, parameters=LISTED_SOON)


def blocked(coverage: float = 1.0, days: int = 120, seed: int = 1, **fields) -> tuple[MarketModel, MarketModel]:
    policy = example("isp_block", coverage=coverage, **fields)
    start = shop(seed, consumers=4000)
    return not_blocked(seed, days), branched(start, days, parameters=LISTED_SOON, policies=[policy])


def web_orders(model: MarketModel, who: np.ndarray) -> int:
    """Consumers among ``who`` who last bought from an illicit pharmacy."""
    c, n = model.consumers.columns, model.consumers.n
    return int((c.habit[:n][who] == Channel.ILLICIT_PHARMACY).sum())


def test_blocking_works_where_it_is_done():
    buyers = np.zeros((2, 2))
    for seed in (1, 2, 3):
        pair = blocked(seed=seed, jurisdictions=["north_america"])
        j = pair[0].consumers.columns.jurisdiction[: pair[0].consumers.n]
        here = j == list(pair[0].scenario.jurisdictions).index("north_america")
        buyers += [[web_orders(model, here), web_orders(model, ~here)] for model in pair]
    inside, elsewhere = buyers[1] / buyers[0]
    assert inside < 0.85
    assert elsewhere == pytest.approx(1.0, abs=0.05)


def test_who_is_with_a_provider_that_does_not_block_is_not_held_back():
    """A provider blocks or does not: the half whose providers do bear all of it."""
    without, with_ = blocked(coverage=0.5)
    people = np.arange(without.consumers.n)
    theirs = uniforms(without.seed, Draw.PROVIDER, people, 0) < 0.5
    kept = [web_orders(with_, who) / web_orders(without, who) for who in (theirs, ~theirs)]
    assert kept[0] < 0.9
    assert kept[1] == pytest.approx(1.0, abs=0.04)


def test_the_skilled_are_held_back_least():
    without, with_ = blocked()
    skill = without.consumers.columns.skill[: without.consumers.n]
    kept = [web_orders(with_, who) / web_orders(without, who) for who in (skill < -0.5, skill > 0.5)]
    assert kept[0] < kept[1]


def test_blocking_bites_only_when_domains_are_on_the_lists():
    first = pharmacy_orders([example("isp_block", coverage=1.0)], days=5)
    later = pharmacy_orders([example("isp_block", coverage=1.0)], days=90)
    assert later[1] / later[0] < first[1] / first[0]


# Warnings and information ---------------------------------------------------------------------------------------------
def test_warnings_turn_some_back():
    without, with_ = pharmacy_orders([example("platform_self_regulation", substances=[], warning=1.0)], days=30)
    assert 0.6 * without < with_ < without - 10, "they click again, so that most buy after all"


def test_information_brings_patients_to_licensed_pharmacies():
    policy = example("safe_purchasing_information", shown=1.0, recognised=0.9)
    without, with_ = pharmacy_orders([policy], outcome="orders_licensed_pharmacy")
    assert with_ > without
    without, with_ = pharmacy_orders([policy])
    assert with_ < without


def test_lessons_of_information_and_a_scheme_add_up():
    scheme, information = example("verification_scheme"), example("safe_purchasing_information")
    levers = run(world(policies=[scheme, information]), until=1).levers
    assert levers.verification_message[0] == pytest.approx(
        scheme["awareness"] * scheme["uptake"] + information["reach"] * information["lesson"], rel=1e-6
    )


# Apps -----------------------------------------------------------------------------------------------------------------
def test_removed_sellers_are_back_under_another_name_with_fewer_followers():
    start = ran(world(consumers=3000), until=0)
    after = branched(
        start, 1, policies=[example("social_moderation", removal=20)], parameters={"vendors": {"removed_exit": 0.0}}
    )
    before, v = start.vendors.columns, after.vendors.columns
    n = start.vendors.n
    renamed = np.flatnonzero(v.identity[:n] > before.identity[:n])
    mine = renamed[before.channel[renamed] == Channel.SOCIAL_APP]
    assert len(mine) > 0
    assert (v.alive[mine] == 1).mean() > 0.8
    sold = mine[before.sales[mine] > 1]
    assert (v.sales[sold] < before.sales[sold]).all()


def test_moderation_hides_adverts_and_they_come_back():
    start = ran(world(), until=0)
    on = branched(start, 30, policies=[example("social_moderation", end=30)])
    seen = on.trade.ads_seen
    assert start.trade.ads_seen > 0.98
    assert seen < 0.5
    on.run_for(60)
    assert on.trade.ads_seen > 0.97


def test_fewer_adverts_mean_fewer_people_who_begin_to_consider_it():
    many = {"learning": {"advertising": 0.003, "word_of_mouth": 0.0}}
    start = ran(world(consumers=3000, parameters=many, days=90), until=0)

    def considering(**changes) -> int:
        model = branched(start, 60, **changes)
        return int((model.consumers.columns.considering[: model.consumers.n] > 0).sum())

    began = int((start.consumers.columns.considering[: start.consumers.n] > 0).sum())
    without, with_ = considering() - began, considering(policies=[example("social_moderation")]) - began
    assert with_ < 0.75 * without


def test_moderation_moves_orders_away_from_apps():
    start = ran(world(consumers=4000), until=0)
    without, with_ = (
        branched(start, 45, **changes).daily()["orders_social_app"].sum()
        for changes in ({}, {"policies": [example("social_moderation")]})
    )
    assert with_ < 0.95 * without


# Bans -----------------------------------------------------------------------------------------------------------------
def carried(model: MarketModel, substance: str) -> int:
    """Vendors on cryptomarkets and apps who offer a substance."""
    v, n = model.vendors.columns, model.vendors.n
    bit = list(model.scenario.substances).index(substance)
    here = (v.alive[:n] == 1) & np.isin(v.channel[:n], (Channel.CRYPTOMARKET, Channel.SOCIAL_APP))
    return int((here & (v.carries[:n] >> bit & 1 == 1) & (v.account[:n] != NO_SLOT).any(axis=1)).sum())


def ban(**fields) -> dict:
    return example("platform_self_regulation", **{"substances": ["nps"], "banning": 1.0, "warning": 0.0, **fields})


def test_a_ban_everywhere_leaves_those_who_sell_under_cover_names():
    had = kept = 0
    for seed in (1, 2, 3):
        start = ran(world(consumers=4000, parameters={"supply": {"crypto_vendors": 0.05}}), seed, 0)
        before, after = branched(start, 1), branched(start, 1, policies=[ban()])
        had, kept = had + carried(before, "nps"), kept + carried(after, "nps")
        assert carried(after, "cannabis") >= 0.9 * carried(before, "cannabis")
    assert kept == pytest.approx(start.p.vendors.evasion * had, rel=0.5)


def test_a_line_is_taken_up_again_after_the_ban():
    start = ran(world(consumers=3000), until=0)
    after = branched(start, 20, policies=[ban(end=10)])
    assert not after.vendors.columns.dropped.any()
    assert carried(after, "nps") > 0.7 * carried(start, "nps")


def test_under_a_partial_ban_vendors_leave_the_markets_that_ban():
    start = ran(
        world(consumers=4000, parameters={"vendors": {"evasion": 0.1}, "supply": {"crypto_vendors": 0.03}}), until=0
    )
    bit = list(start.scenario.substances).index("cannabis")
    after = branched(start, 1, policies=[ban(substances=["cannabis"], banning=0.5)])
    v, n = after.vendors.columns, start.vendors.n
    main = (start.vendors.columns.main[:n] == bit) & (v.channel[:n] == Channel.CRYPTOMARKET) & (v.alive[:n] == 1)
    several = (start.vendors.columns.account[:n] != NO_SLOT).sum(axis=1) > 1
    fewer = (v.account[:n] != NO_SLOT).sum(axis=1) < (start.vendors.columns.account[:n] != NO_SLOT).sum(axis=1)
    assert (main & several & fewer).sum() > 0.2 * (main & several).sum()


def test_who_may_sell_nothing_anywhere_opens_no_account_until_it_may_again():
    """Under a ban on all that is sold, who does not evade it leaves the markets once, and lists again when it is over."""
    start = ran(
        world(consumers=4000, parameters={"vendors": {"evasion": 0.1}, "supply": {"crypto_vendors": 0.03}}), until=0
    )
    everything = ban(substances=list(start.scenario.substances), end=20)
    v, n = start.vendors.columns, start.vendors.n
    sells = (v.channel[:n] == Channel.CRYPTOMARKET) & (v.alive[:n] == 1)
    used = v.platforms_used[:n].copy()
    early, late, again = (branched(start, days, policies=[everything]).vendors.columns for days in (2, 20, 60))
    barred = sells & (early.carries[:n] == 0)
    assert barred.sum() > 20
    live = late.alive[:n] == 1
    assert (late.account[:n][barred] == NO_SLOT).all()
    assert (late.platforms_used[:n] <= used + 1)[barred & live].all()
    back = barred & (again.alive[:n] == 1)
    assert (again.carries[:n][back] > 0).all()
    assert (again.account[:n][back] != NO_SLOT).any(axis=1).mean() > 0.8


# Forums ---------------------------------------------------------------------------------------------------------------
def test_false_posts_drown_what_a_forum_knows(monkeypatch):
    forum = held(monkeypatch, false_signal=0.4).forum
    readable = forum.readable
    assert np.mean(readable[:, Post.STATE] == Written.FALSE) == pytest.approx(0.4, abs=0.03)
    assert forum.worth == pytest.approx(0.6, abs=0.03)
    assert held(monkeypatch).forum.worth == 1.0


def held(monkeypatch: pytest.MonkeyPatch, parameters: dict | None = None, **levers: float) -> MarketModel:
    def hold(model: MarketModel, *_: Any) -> None:
        for name, value in levers.items():
            getattr(model.levers, name)[:] = value

    monkeypatch.setattr("sim.model.apply_policies", hold)
    return run(world(consumers=3000, parameters=parameters or {}))


def standing(model: MarketModel) -> float:
    """Share of bad ratings of honest cryptomarket vendors."""
    v, n = model.vendors.columns, model.vendors.n
    honest = (v.channel[:n] == Channel.CRYPTOMARKET) & (v.alive[:n] == 1) & (v.ships[:n] > 0.8)
    bad, good = v.negative[:n][honest].sum(), v.positive[:n][honest].sum()
    return float(bad / (bad + good))


def test_false_ratings_stain_honest_vendors(monkeypatch):
    assert standing(held(monkeypatch, false_signal=0.5)) > 1.5 * standing(held(monkeypatch))


def board(about: int, many: int, day: int, **fields: int) -> np.ndarray:
    posts = np.zeros((many, len(Post)), np.int32)
    posts[:, Post.DAY], posts[:, Post.VENDOR] = day, about
    for name, value in fields.items():
        posts[:, Post[name.upper()]] = value
    return posts


def test_who_reads_of_a_cheat_keeps_away_and_who_reads_advice_uses_with_more_care():
    start = run(world(consumers=2000, parameters={"learning": {"posts_read": 40}}))
    cheat = int(np.flatnonzero(start.vendors.columns.channel[: start.vendors.n] == Channel.CRYPTOMARKET)[0])
    away, care = [], []
    for warned, advised in ((0, 0), (1, 0), (0, 1)):
        model = branched(start, 0)
        model.forum.write(board(cheat, 50_000, model.day, bad=warned, advice=advised))
        model.run_for(7)
        c = model.consumers.columns
        readers = (c.alive == 1) & (c.considering > Considering.NOT_YET)
        known = (c.vendor[readers] == cheat) & (c.bought[readers] == 0)
        away.append(float(known.any(axis=1).mean()))
        care.append(float(c.practice[readers].mean()))
    assert away[1] > 0.5 > 10 * away[0]
    assert care[2] > care[0] + 0.01
    assert away[2] == pytest.approx(away[0], abs=0.02)


def test_a_warning_is_come_upon_as_often_however_many_people_are_simulated():
    """On boards that grow with the people who write on them, as many posts warn of a vendor: as many of the readers hear of it in a week."""
    told = []
    for people in (2000, 8000):
        model = run(world(consumers=people, parameters={"learning": {"posts_read": 40}}))
        c, v, n = model.consumers.columns, model.vendors.columns, model.vendors.n
        sells = np.flatnonzero((v.channel[:n] == Channel.CRYPTOMARKET) & (v.alive[:n] == 1))
        cheat = min(sells, key=lambda row: np.count_nonzero(c.vendor == row))
        model.forum.write(board(cheat, people // 2 - 50, model.day))
        model.forum.write(board(cheat, 50, model.day, bad=1))
        model.run_for(7)
        readers = (c.alive == 1) & (c.considering > Considering.NOT_YET)
        told.append(float(((c.vendor[readers] == cheat) & (c.bought[readers] == 0)).any(axis=1).mean()))
    assert told == pytest.approx([0.18, 0.18], abs=0.03)


def test_posts_are_written_by_buyers_and_read_for_a_month():
    model = run(world(consumers=3000))
    posts = model.forum.posts
    assert len(posts) > 5
    assert model.day - posts[:, Post.DAY].min() <= 31
    assert np.all(np.diff(posts[:, Post.DAY]) >= 0)
    assert np.isin(posts[:, Post.BAD], (0, 1)).all()
    model.forum.forget(model.day + 1)
    assert len(model.forum.posts) == 0
    assert model.forum.worth == 0.0


# A week of action -----------------------------------------------------------------------------------------------------
def test_in_the_week_of_action_more_parcels_are_seized_and_then_no_longer():
    start = ran(world(consumers=4000, days=120), until=0)
    policy = example("international_operation", days=7, inspection=10.0, sites=0.0, arrests=0.0)
    without, with_ = (
        branched(start, 100, **changes).daily()["seizure_rate"] for changes in ({}, {"policies": [policy]})
    )
    soon, late = slice(5, 32), slice(60, 100)
    assert np.nanmean(with_[soon]) > 1.3 * np.nanmean(without[soon])
    assert np.nanmean(with_[late]) < 0.75 * np.nanmean(with_[soon])


def test_seized_programmes_are_back_within_the_month_and_regain_their_rank():
    start = shop()
    policy = example("international_operation", days=7, sites=1.0, arrests=0.0, inspection=1.0)
    slots = start.open_slots(Channel.ILLICIT_PHARMACY).copy()
    after = branched(start, 1, policies=[policy])
    seen = after.platform_table.columns.visibility
    assert (seen[slots] < 0.2).all()
    assert not len(after.open_slots(Channel.ILLICIT_PHARMACY))
    assert after.daily()["orders_illicit_pharmacy"][0] == 0, "nobody pays a site that is gone, by card or by coin"
    after.run_for(30)
    assert (after.open_slots(Channel.ILLICIT_PHARMACY) == slots).all()
    after.run_for(240)
    assert (after.platform_table.columns.visibility[slots] > 0.8).mean() > 0.7


def test_it_comes_back_every_year_where_it_should():
    def seizures(yearly: bool) -> set[int]:
        policy = example("international_operation", days=7, yearly=yearly, sites=1.0)
        model = run(world(consumers=200, days=740, policies=[policy]), tables=("events",))
        events = model.table("events")
        return set(events[events["policy"] == "international_operation"]["day"])

    assert seizures(False) == {0}
    assert seizures(True) == {0, 365, 730}


def test_only_those_who_take_part_act():
    policy = example("international_operation", jurisdictions=["oceania"], sites=1.0)
    model = run(world(policies=[policy]), until=1, tables=("events",))
    where = list(model.scenario.jurisdictions).index("oceania")
    events = model.table("events").query("kind == 'takedown' and policy == 'international_operation'")
    host = model.platform_table.columns.jurisdiction[events["subject"].to_numpy(int)]
    assert len(host) > 0
    assert set(host) == {where}
    into = (model.levers.inspection != 1).all(axis=0)
    assert into.tolist() == [k == where for k in range(model.world.n_jurisdictions)]


# Dose and response ----------------------------------------------------------------------------------------------------
LEVERS = {
    "search_demotion": ("demotion",),
    "isp_block": ("isp_block",),
    "social_moderation": ("moderation",),
    "platform_self_regulation": ("listing_ban", "warning"),
    "safe_purchasing_information": ("verification_reach", "recognition"),
    "international_operation": ("inspection", "postal_staff", "moderation"),
}


@pytest.mark.parametrize(("kind", "lever"), [(kind, lever) for kind, levers in LEVERS.items() for lever in levers])
def test_more_strength_moves_the_lever_further(kind, lever):
    day_0 = ran(world(), until=0)
    none, half, full = (
        float(lever_values(branched(day_0, 1, policies=[example(kind, strength=s)]).levers)[lever].max())
        for s in (0.0, 0.5, 1.0)
    )
    assert none == neutral_levers(model_of(world()))[lever].max()
    assert none < half < full


# What it is for -------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_more_purchases_through_checked_supply_mean_fewer_adverse_events_an_order():
    """Over 20 paired seeds, where many look for medicines on the web and a register and information bring them to licensed pharmacies."""
    policies = [example("verification_scheme"), example("safe_purchasing_information", shown=1.0, recognised=0.9)]
    rate, licensed = [], []
    for seed in range(20):
        start = shop(seed, consumers=4000)
        daily = [branched(start, 120, policies=given).daily() for given in ([], policies)]
        without, with_ = (d["adverse_events_expected"].sum() / d["orders"].sum() for d in daily)
        rate.append(with_ - without)
        without, with_ = (d["orders_licensed_pharmacy"].sum() / d["orders"].sum() for d in daily)
        licensed.append(with_ - without)
    assert sum(x > 0 for x in licensed) == 20
    assert sum(x < 0 for x in rate) >= 16


def test_every_order_from_a_blocked_or_warned_market_is_still_settled_once():
    """Levers of the open web leave the books in order."""
    policies = [example(kind, start=2) for kind in LEVERS]
    model = run(world(consumers=1500, days=60, parameters=SHOPPERS, policies=policies), audit=True, tables=("orders",))
    orders = model.table("orders")
    settled = orders["outcome"].notna()
    assert orders["order"].is_unique
    assert (orders.loc[settled, "outcome"] != OrderOutcome.IN_TRANSIT.name.lower()).all()
