"""Published results looked for in the model: the measures on cases worked out by hand, and, slow, each number that is reproduced and each that is missed."""

import functools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.replications import (
    NAMES,
    attack_modes,
    buyer_memory,
    hidden_quality,
    interdiction,
    load,
    market_survival,
    migration,
    opioid_arms,
    order_values,
    vendor_sizes,
    virtual_markets,
)
from experiments.replications.__main__ import main
from experiments.replications.common import Run, World, replicate
from experiments.replications.findings import Finding, over_seeds, pooled, verdict_of
from sim.evidence.sources import load_sources
from sim.studies.execution.conduct import How

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "results" / "reference" / "replications"


KNOWN = [name for name in NAMES if (KEPT / f"{name}.json").exists()]
"""Replications of which something is kept; the page says of the others that they were not run yet."""


def near(value, within=1e-9):
    return pytest.approx(value, rel=within, abs=within)


def kept(name):
    return json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8"))


# What counts as reproduced -------------------------------------------------------------------------------------------
def finding(mean, low=math.nan, high=math.nan, **published):
    return Finding("x", "a number", "", mean, low, high, **published)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (finding(0.5, lowest=0.4, highest=0.6), "reproduced"),
        (finding(0.7, lowest=0.4, highest=0.6), "missed"),
        (finding(-0.7, highest=0.6), "reproduced"),
        (finding(0.0, lowest=0.0), "reproduced"),
        (finding(0.7, 0.65, 0.75, lowest=0.4, highest=0.6, null=0.0), "reproduced in sign"),
        (finding(0.7, -0.1, 1.5, lowest=0.4, highest=0.6, null=0.0), "missed"),
        (finding(0.7, 0.6, 0.8, null=1.0, side="below"), "reproduced in sign"),
        (finding(0.7, 0.6, 0.8, null=1.0), "missed"),
        (finding(0.9, 0.7, 1.1, null=1.0, side="below"), "missed"),
        (finding(math.nan, lowest=0.4), "missed"),
        (finding(0.7, 0.6, 0.8), "not judged"),
    ],
)
def test_a_number_is_reproduced_in_its_range_and_in_sign_where_its_whole_interval_is_on_the_side(found, verdict):
    assert found.verdict == verdict


def test_one_miss_keeps_a_replication_from_being_reproduced():
    assert verdict_of(["reproduced", "reproduced", "not judged"]) == "reproduced: 2 reproduced of 2"
    assert verdict_of(["reproduced", "reproduced in sign"]).startswith("reproduced in sign:")
    assert verdict_of(["reproduced", "missed"]) == "reproduced in part: 1 reproduced, 1 missed of 2"
    assert verdict_of(["missed", "missed"]) == "missed: 2 missed of 2"


def test_intervals_are_those_of_student_and_the_jackknife_of_a_mean_is_the_same():
    found = over_seeds([1.0, 2.0, 3.0, math.nan])
    assert (found["mean"], found["high"] - found["mean"]) == (near(2.0), near(2.919985580 / math.sqrt(3), 1e-6))
    again = pooled([1.0, 2.0, 3.0], lambda them: float(np.mean(them)))
    assert [again[k] for k in ("mean", "low", "high")] == near([found[k] for k in ("mean", "low", "high")])


@pytest.mark.parametrize("path", ["choice.crypto", "parameters.choice.crypto", "demand.recreational_rate"])
def test_a_replication_may_change_no_parameter(path):
    with pytest.raises(ValueError, match="no parameter of the model"):
        World("baseline", 1000, 30, set={path: 1.0}).load()


def test_the_page_has_every_replication_and_says_which_were_not_run():
    page = (ROOT / "docs" / "replications.md").read_text(encoding="utf-8")
    assert page.count("| not run with this model yet |") == len(NAMES) - len(KNOWN)
    assert all(load(name).title in page for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_scenarios_can_be_run(name):
    assert all(world.load().consumers >= 2000 for world in load(name).worlds.values())


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_kept_is_of_the_scenarios_that_are_run(name):
    replication, found = load(name), kept(name)
    for label, world in replication.worlds.items():
        scenario = world.load()
        assert {"consumers": scenario.consumers, "days": scenario.days}.items() <= found["worlds"][label].items()
    assert found["runs"] == replication.runs
    assert all(set(row["sources"]) <= set(load_sources()) for row in found["findings"])
    assert all(row["sources"] for row in found["findings"] if row["verdict"] != "not judged")


def test_nothing_that_is_only_recalled_is_tested_against():
    for name in KNOWN:
        for row in kept(name)["findings"]:
            if row["verdict"] != "not judged":
                assert all(load_sources()[source].status != "memory" for source in row["sources"]), row["id"]


@pytest.mark.parametrize("name", KNOWN)
def test_the_page_tells_every_miss(name):
    page = (ROOT / "docs" / "replications.md").read_text(encoding="utf-8")
    part = page.partition(f"\n## {kept(name)['title']}\n")[2].partition("\n## ")[0]
    missed = [row for row in kept(name)["findings"] if row["verdict"] == "missed"]
    assert part.count("| **missed** |") == len(missed)


def test_a_name_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["market-survivel"])
    assert "there are market-survival" in capsys.readouterr().err


# How long markets live -----------------------------------------------------------------------------------------------
FIVE = pd.DataFrame({"days": [10, 20, 20, 30, 40], "cause": ["scam", "raided", "alive", "scam", "alive"]})


def test_survival_and_causes_of_five_markets():
    """At 10 days 1 of 5 ends (4/5 left), at 20 1 of 4 (3/5), at 30 1 of 2 (3/10)."""
    assert market_survival.survival(FIVE, [5, 10, 20, 35]) == near([1.0, 0.8, 0.6, 0.3])
    found = market_survival.incidence(FIVE, [5, 10, 20, 35])
    assert found["scam"] == near([0.0, 0.2, 0.2, 0.5])
    assert found["raided"] == near([0.0, 0.0, 0.2, 0.2])


def test_the_real_markets_give_what_was_published():
    real = market_survival.real_markets()
    assert len(real) == 81
    assert market_survival.survival(real, market_survival.AGES).round(2).tolist() == [0.77, 0.57, 0.41, 0.14, 0.12]
    assert market_survival.weibull_shape(real) == near(0.78, 0.01)


def test_the_log_rank_score_is_that_of_scipy_and_a_group_does_not_differ_from_itself():
    from scipy import stats

    real = market_survival.real_markets()
    one, other = real.iloc[:40], real.iloc[40:]
    data = [
        stats.CensoredData(
            uncensored=g["days"][g["cause"] != "alive"].to_numpy(float),
            right=g["days"][g["cause"] == "alive"].to_numpy(float),
        )
        for g in (one, other)
    ]
    score, ratio = market_survival.log_rank(one, other)
    assert score == near(stats.logrank(*data).statistic)
    assert ratio > 1
    assert market_survival.log_rank(real, real) == near((0.0, 1.0))


def test_lives_are_counted_from_day_0_and_what_is_open_at_the_end_has_been_seen_until_then():
    platforms = pd.DataFrame({"platform": [1, 2, 3, 4], "channel": ["cryptomarket"] * 3 + ["street"]})
    rows = [(-5, "platform_opened", 1, None), (10, "platform_opened", 2, None), (40, "platform_closed", 2, "exit scam"),
            (50, "platform_opened", 3, None), (60, "platform_opened", 4, None), (70, "platform_closed", 1, "raid")]  # fmt: skip
    events = pd.DataFrame(rows, columns=["day", "kind", "subject", "cause"])
    found = market_survival.lifetimes(events, platforms, 100)
    assert found.to_dict("list") == {"days": [30, 49], "cause": ["scam", "alive"]}


# Sizes of vendors, values of orders ----------------------------------------------------------------------------------
def test_unequal_sizes_by_hand():
    """Of 0, 0, 0 and 1 all is with one: Gini 3/4; the largest half of 1, 2, 3, 4 has 7/10, the largest 30 % 4.6/10."""
    assert vendor_sizes.gini(np.array([0.0, 0, 0, 1])) == near(0.75)
    assert vendor_sizes.gini(np.ones(5)) == near(0.0)
    assert vendor_sizes.top_share(np.array([1.0, 2, 3, 4]), 0.5) == near(0.7)
    assert vendor_sizes.top_share(np.array([1.0, 2, 3, 4]), 0.3) == near(0.46)
    assert vendor_sizes.distance(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])) == near(0.5)
    assert vendor_sizes.critical(100, 100) == near(0.19206, 1e-4)


def test_the_real_vendors_give_what_was_published():
    real = vendor_sizes.real_sizes()
    assert len(real) == 2615
    assert vendor_sizes.gini(real) == near(0.889, 0.001)
    assert vendor_sizes.top_share(real, 0.01) == near(0.36, 0.01)
    assert (real < 1000).mean() == near(0.368, 0.001)


def test_vendors_are_live_who_have_an_account_on_a_cryptomarket_at_the_end():
    platforms = pd.DataFrame({"platform": [1, 2], "channel": ["cryptomarket", "street"]})
    accounts = pd.DataFrame({"vendor": [7, 8, 9, 10], "platform": [1, 1, 2, 1], "close_day": [None, 50, None, None]})
    orders = pd.DataFrame({
        "channel": ["cryptomarket", "cryptomarket", "street", "cryptomarket"], "day": [3, -3, 5, 99], "vendor": [7, 7, 7, 8],
        "price_usd": [10.0, 100.0, 1000.0, 5.0],
    })  # fmt: skip
    accounts["close_day"] = accounts["close_day"].astype("Int32")
    assert vendor_sizes.live_sizes(orders, accounts, platforms, 100).tolist() == [10.0, 0.0]


def test_orders_fall_into_the_bins_of_their_value():
    bins = pd.DataFrame({"left": [0.0, 1.0, 2.0], "orders": [1, 1, 2], "revenue_usd": [5.0, 50.0, 500.0]})
    orders, money = order_values.binned(np.array([1.0, 9.0, 10.0, 5000.0]), bins)
    assert orders == near([0.5, 0.25, 0.25])
    assert money == near(np.array([10.0, 10.0, 5000.0]) / 5020)
    assert order_values.gap(orders, np.array([0.25, 0.25, 0.5])) == near(0.25)
    assert order_values.real_median(order_values.real_orders()) == near(59, 0.1)


# Memory and tails ----------------------------------------------------------------------------------------------------
def deals(*pairs, **more):
    """Orders of buyers with sellers in the order of time, a day each."""
    table = pd.DataFrame(pairs, columns=["consumer", "vendor"]).assign(
        order=range(len(pairs)), day=range(len(pairs)), platform=0, substance="a", channel="cryptomarket", price_usd=1.0
    )
    return table.assign(**more)


def test_what_a_buyer_had_behind_is_counted_order_by_order():
    found = buyer_memory.history(deals((1, 5), (1, 6), (2, 5), (1, 5), (1, 5)))
    assert found["with_seller"].tolist() == [0, 0, 0, 1, 2]
    assert found["sellers"].tolist() == [0, 1, 0, 2, 2]
    assert found["before"].tolist() == [0, 1, 0, 2, 3]


def test_loyalty_is_the_share_of_the_one_chosen_beyond_an_even_draw():
    """After two orders with 5 and one with 6, 5 is chosen: 2/3 less 1/2; in proportion it would be 5/9 less 1/2."""
    gain, ratio = buyer_memory.loyalty(deals((1, 5), (1, 5), (1, 6), (1, 5)))
    assert (gain, ratio) == (near(1 / 6), near(3.0))


def test_who_always_comes_back_does_so_beyond_chance_and_who_buys_anywhere_does_not():
    rng = np.random.default_rng(1)
    people = np.tile(np.arange(30), 20)
    faithful = deals(*zip(people, people, strict=True)).assign(day=0)
    anywhere = deals(*zip(people, rng.integers(0, 30, 600), strict=True)).assign(day=0)
    assert buyer_memory.beyond_chance(faithful, 1) == near(0.95 - 0.27, 0.1)
    assert abs(buyer_memory.beyond_chance(anywhere, 1)) < 0.05


def test_sellers_found_in_proportion_to_sales_have_an_exponent_near_one_and_at_random_near_none():
    rng = np.random.default_rng(2)
    accounts = pd.DataFrame({"vendor": range(200), "open_day": 0, "close_day": pd.array([None] * 200, dtype="Int32")})
    slopes = []
    for power in (1.0, 0.0):
        sales, rows = np.ones(200), []
        for day in range(140):
            chosen = rng.choice(200, 100, p=sales**power / (sales**power).sum())
            rows += [(day * 100 + k, int(v)) for k, v in enumerate(chosen)]
            np.add.at(sales, chosen, 1)
        orders = deals(*rows).assign(day=np.repeat(np.arange(140), 100))
        slopes.append(buyer_memory.attachment(orders, accounts, 140)[0])
    assert slopes[0] == near(1.0, 0.15)
    assert abs(slopes[1]) < 0.15


def test_an_exponential_law_has_a_spread_of_one():
    rng = np.random.default_rng(3)
    assert buyer_memory.spread(rng.exponential(5.0, 100_000)) == near(1.0, 0.02)
    assert buyer_memory.spread(rng.lognormal(0, 1.5, 100_000)) > 2
    assert buyer_memory.tail_of(np.array([1.0, 1, 2, 4]), np.array([0.4, 1.0, 3.0])).tolist() == [1.0, 0.5, 0.0]


# Migration, attacks, networks ----------------------------------------------------------------------------------------
def test_shares_around_a_closure_follow_the_two_markets_that_gain_most():
    days = range(-60, 80)
    usd = pd.DataFrame({1: [50.0 if d < 0 else 0.0 for d in days], 2: [30.0 if d < 0 else 70.0 for d in days],
                        3: [20.0 if d < 0 else 30.0 for d in days], 4: [0.0 for _ in days]}, index=list(days))  # fmt: skip
    found = migration.shares_around(usd, 1, 0)
    assert found.loc[-1].tolist() == near([0.5, 0.3, 0.2])
    assert found.loc[40].tolist() == near([0.0, 0.7, 0.3])
    assert migration.trade_left(usd, usd * 2, 0, 6) == near(0.5)


def test_the_day_of_a_gain_is_told_from_orders_of_all_closures_together():
    """Orders at the destination are 10 before and 20 from day 5 on; means over three days rise from day 4."""
    usd = pd.DataFrame({1: 9.0, 2: 1.0, 3: 5.0}, index=range(-28, 43))
    usd.loc[5:, 2] = 30.0
    orders = pd.DataFrame({1: 0.0, 2: [10.0 if d < 5 else 20.0 for d in usd.index], 3: 7.0}, index=usd.index)
    path = migration.at_destination(usd, orders, 1, 0)
    assert (migration.day_of_gain([path, path], 0.2), migration.day_of_gain([path], 0.9)) == (4.0, 6.0)
    assert math.isnan(migration.day_of_gain([path[::-1]], 0.2)), "nothing is gained"


def test_the_main_destination_is_the_market_that_most_movers_use_most():
    usd = pd.DataFrame({1: [9.0] * 30, 2: [5.0] * 30, 3: [1.0] * 30}, index=range(-30, 0))
    before = [(c, 1, -1) for c in range(3)]
    after = [(0, 3, 1), (1, 3, 2), (1, 3, 3), (1, 2, 4), (2, 2, 5), (9, 2, 6), (9, 2, 7)]
    orders = pd.DataFrame([*before, *after], columns=["consumer", "platform", "day"]).assign(channel="cryptomarket")
    assert migration.led_by_size(orders, usd, 1, 0) == 0.0, (
        "two of three movers go to the smaller; 9 was not there before"
    )


def test_trade_after_an_attack_is_that_on_cryptomarkets_from_its_first_day():
    rows = [(29, 1, True), (30, 1, False), (40, 2, True), (41, 2, False)]
    orders = pd.DataFrame(rows, columns=["day", "consumer", "first_time_pair"])
    orders["channel"] = "cryptomarket"
    orders.loc[len(orders)] = (50, 3, True, "street")
    assert attack_modes.trade(orders) == {"orders": 3, "buyers": 2, "each": 1.5, "known": near(2 / 3)}


def test_a_star_is_all_hierarchy_and_a_market_of_one():
    star = virtual_markets.network_measures(deals(*((k, 0) for k in range(10))))
    assert (star["hierarchy"], star["degree"], star["concentration"], star["density"]) == (near(1.0), 1.0, 1.0, 1.0)
    pairs = virtual_markets.network_measures(deals(*((k, k) for k in range(10))))
    assert (pairs["hierarchy"], pairs["degree"], pairs["concentration"], pairs["density"], pairs["path"]) == (
        0,
        0.1,
        near(0.1),
        0.1,
        1.0,
    )


# Services, interdiction, hidden quality ------------------------------------------------------------------------------
def ran(**outcomes):
    return Run("", 1, World("baseline", 1000, 10).load(), outcomes, pd.DataFrame(), lambda name: pd.DataFrame())


def test_deaths_averted_are_a_share_of_those_without_seed_by_seed():
    none = [ran(deaths_expected=10.0, overdoses_expected=110.0), ran(deaths_expected=20.0, overdoses_expected=120.0)]
    arm = [ran(deaths_expected=5.0, overdoses_expected=115.0), ran(deaths_expected=19.0, overdoses_expected=69.0)]
    assert opioid_arms.averted(arm, none) == near([0.5, 0.05])
    assert opioid_arms.more_survived(arm, none) == near([0.1, -0.5])
    assert opioid_arms.concordance([0.9, 0.5, 0.1], [290, 173, 100]) == near(1.0)
    assert opioid_arms.concordance([0.9, 0.1, 0.5], [290, 173, 100]) == near(1 / 3)


def test_goods_in_a_seized_load_are_what_is_seized_over_the_loads():
    """From day 120 on a tenth of 50 orders a day is seized for 10 days, in 5 loads: 10 a load."""
    daily = pd.DataFrame({"supply_seized": 0.1, "orders": 50.0, "supply_routes": 2.0}, index=range(130))
    events = pd.DataFrame({"day": [119, 120, 129], "kind": "consignment_seizure", "amount": [7.0, 3.0, 2.0]})
    run = Run("", 1, World("baseline", 1000, 130).load(), {}, daily, {"events": events}.get)
    found = interdiction.state_of(run)
    assert (found["loads"], found["size"], found["routes"], found["seized"]) == (5.0, near(10.0), near(2.0), near(0.1))
    assert interdiction.month_by_month(np.arange(70.0)).tolist() == [14.5, 44.5]


def test_a_market_where_quality_is_certain_clears_in_the_middle():
    assert hidden_quality.market(0.0, 0.5, 0.0, 1, sessions=5) == near((50.5, 50.0))


# What is reproduced and what is missed (slow) ------------------------------------------------------------------------
@functools.cache
def done(name, folder):
    """What a replication finds now, its runs done once."""
    found = replicate(load(name), folder / load(name).runs_in, How(resume=True))
    return {row["id"]: row for row in found["findings"]}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("replications")


def claims():
    """Every number that is judged: those that are missed are failures to be mended, and noticed when they are."""
    for name in KNOWN:
        for row in kept(name)["findings"]:
            if row["verdict"] == "not judged":
                continue
            reason = load(name).misses.get(row["id"])
            marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
            yield pytest.param(name, row["id"], marks=marks, id=f"{name}:{row['id']}")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), list(claims()))
def test_what_is_published_is_reproduced(name, number, folder):
    row = done(name, folder)[number]
    assert row["verdict"] in ("reproduced", "reproduced in sign"), (
        f"{row['text']}: {row['got']}, published {row['wanted']}"
    )


def test_the_misses_that_are_kept_are_those_that_are_known():
    for name in KNOWN:
        missed = {row["id"] for row in kept(name)["findings"] if row["verdict"] == "missed"}
        assert missed == set(load(name).misses), name


def test_markets_where_nobody_buys_in_the_week_after_a_closure_count_for_what_comes_back():
    """One of two worlds has no trade in that week: the ratio is that of the means, and no division by nothing."""
    assert migration.came_back([(0.0, 0.5), (0.4, 0.5)]) == near(2.5)
    assert math.isnan(migration.came_back([(0.0, 0.5)]))
    assert math.isnan(migration.came_back([]))
