"""The plain twin, the docking test and the benchmark: that they work, and that a comparison can fail."""

import ast
import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import bench, dock, throughput
from benchmarks.plain_mesa import PlainMarket
from benchmarks.plain_mesa.goods import LICENSED
from benchmarks.plain_mesa.memory import REMEMBERED, Risk, Vendors
from benchmarks.sides import order_table
from benchmarks.statistics import MARGINS, Run, heed, statistics, top_share
from sim.scenario import Scenario

TWIN = Path(dock.__file__).parent / "plain_mesa"


@pytest.fixture(scope="module")
def world():
    return Scenario.load(dock.WORLD).with_(consumers=400, days=60, burn_in=5)


@pytest.fixture(scope="module")
def market(world):
    model = PlainMarket(world, rng=1)
    model.run_for(65)
    return model


def run_of(market):
    illicit = [vendor for vendor in market.vendors if vendor.channel != LICENSED]
    reputation = np.array([vendor.reputation for vendor in illicit])
    log_price = np.array([vendor.log_price for vendor in illicit])
    facts = dict.fromkeys(("active on cryptomarkets", "buying online", "with a direct tie"), 0.5)
    sellers = dict(Counter(vendor.channel for vendor in market.vendors))
    return Run(order_table(market.closed), market.size, 60, reputation, log_price, sellers, facts)


def test_the_twin_shares_nothing_that_acts_with_the_model():
    imported = set()
    for path in TWIN.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
            elif isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
    from_sim = {name for name in imported if name.split(".")[0] == "sim"}
    assert from_sim <= {"sim.scenario", "sim.evidence.parameters"}


def test_every_order_of_the_twin_is_settled_once_or_under_way(market):
    settled = list(market.closed)
    under_way = [order for orders in market.open_orders.values() for order in orders]
    assert len({id(order) for order in settled + under_way}) == len(settled) + len(under_way)
    assert all(order.due < market.day for order in settled)
    assert all(order.due >= market.day for order in under_way)
    assert len(settled) > 300


def test_money_that_buyers_of_the_twin_do_not_release_waits_for_the_clock_of_the_market(world):
    for share in (0, 1):
        model = PlainMarket(world.override([f"shipping.left_to_clock={share}", "shipping.clock_days=10"]), rng=1)
        model.run_for(45)
        held = [order for order in model.closed if order.escrow and order.arrived]
        assert {order.paid_day - max(order.due, order.day + 10 * share) for order in held} == {0}
        assert any(order.paid_day > order.due for order in held) == bool(share)
        assert all(o.paid_day == o.due for o in model.closed if not o.arrived), "disputes are decided at once"
        waiting = {id(order) for orders in model.unpaid.values() for order in orders}
        assert waiting == {id(o) for o in model.closed if o.escrow and o.paid_day >= model.day}


def test_vendors_of_the_twin_sell_what_they_carry_where_they_have_an_account(market):
    for order in market.closed:
        assert order.drug in order.vendor.carries
        assert order.channel == "direct" or order.platform in order.vendor.accounts
        assert order.price >= 1.0


def test_stock_of_the_twin_never_turns_negative(market):
    assert all(vendor.stock >= 0.0 for vendor in market.vendors)


def test_equal_seeds_give_the_twin_equal_runs(world):
    first, second = (PlainMarket(world, rng=3) for _ in range(2))
    first.run_for(8)
    second.run_for(8)
    assert [order.price for order in first.closed] == [order.price for order in second.closed]
    assert first.closed


def test_consumers_go_back_to_the_licensed_pharmacy_that_they_know(market):
    visits = {}
    for order in market.closed:
        if order.channel == LICENSED:
            visits[order.consumer] = visits.get(order.consumer, 0) + 1
    assert max(visits.values()) > 1


def test_what_is_bought_in_bulk_is_passed_on_to_friends_and_nothing_is_lost(market):
    kept = market.p.consumption.kept
    bulk = [
        order for order in market.closed if order.arrived and order.quantity > 3 * kept * order.drug.doses_per_order
    ]
    assert bulk
    for order in bulk[:20]:
        buyer, drug = order.consumer, order.drug
        buyer.stash = {}
        buyer.receive(order)
        assert buyer.stash[drug] == pytest.approx(order.quantity * order.share)
        friend = buyer.friends[0]
        before = friend.stash.get(drug, 0.0)
        for other in friend.friends:
            other.stash[drug] = 1e6 if other is buyer else 0.0
        assert friend.supplied_by_friend(drug)
        assert friend.stash[drug] - before == pytest.approx(1e6 - buyer.stash[drug])


def test_a_need_is_met_from_a_stash_of_the_same_kind_and_wholesale_buyers_buy_again_when_theirs_is_gone(world):
    model = PlainMarket(world.override(["demand.own_substance=1", "demand.wholesale_share=1"]), rng=2)

    def shops(consumer, drug, orders=1e4):
        consumer.next_need, consumer.stash, model.shoppers = model.day, {drug: orders * drug.doses_per_order}, []
        for friend in consumer.friends:
            friend.stash = {}
        consumer.wake()
        return bool(model.shoppers)

    dealer = next(c for c in model.consumers if c.segment == "social_supplier")
    user = next(c for c in model.consumers if c.segment == "recreational")
    other = next(drug for drug in model.drugs if drug is not user.drug)
    assert not shops(dealer, dealer.drug)
    assert shops(dealer, dealer.drug, 4)
    assert not shops(user, user.drug, 4)
    assert shops(user, other)


def test_who_needs_more_often_is_likelier_to_hold_a_stash_at_the_start(world):
    model = PlainMarket(world.with_(consumers=1500), rng=4)
    by_rate = sorted(model.consumers, key=lambda c: c.need_rate)
    seldom, often = (np.mean([sum(c.stash.values()) > 0 for c in part]) for part in (by_rate[:500], by_rate[-500:]))
    assert 0.2 < seldom < often - 0.2 < 0.8


def test_vendors_who_care_less_dilute_more(market):
    street = sorted((v for v in market.vendors if v.channel == "street"), key=lambda v: v.quality)
    assert street[0].purity < street[-1].purity <= 1.0
    assert all(v.purity == 1.0 for v in market.vendors if v.channel == LICENSED)


def test_vendors_without_sales_count_among_all():
    counts = np.array([5, 3, 1, 1])
    assert top_share(counts, share=0.25) == 0.5
    assert top_share(counts, among=8, share=0.25) == 0.8


def test_a_vendor_bought_from_least_makes_room_for_a_new_one():
    memory = Vendors()
    for vendor in range(REMEMBERED):
        memory.good_order(vendor)
        memory.good_order(vendor)
    memory.ties[2].bought = 1
    memory.good_order(99)
    assert {tie.vendor for tie in memory.ties} == {0, 1, 3, 99}


def test_perceived_risk_has_the_published_value_without_events():
    assert Risk(0.0, 16.0).value(0.001, 0.5) < 0.0001 < Risk(0.5, 0.0).value(0.001, 0.5)


def test_statistics_cover_every_margin(market):
    found = statistics(run_of(market))
    assert set(found) == set(MARGINS)
    shares = sum(found[name] for name in found if name.startswith("share ") and "vendor" not in name)
    assert 0.9 < shares <= 1.0, "all but direct deals"
    assert 0.0 <= found["market buyers who deal directly"] < 1.0


def test_new_customers_who_heed_no_rating_get_as_many_badly_rated_vendors_as_sell():
    """A good and a bad vendor with as many orders: half of the new customers go to each, or all to the good one."""
    rows = [
        (day, f"old {day}", vendor, 5.0 if vendor == "good" else 1.0)
        for day in range(-9, 0)
        for vendor in ("good", "bad")
    ]
    ratio = {}
    for name, chosen in (("blind", ("good", "bad")), ("heeding", ("good", "good"))):
        orders = pd.DataFrame(
            rows + [(0, f"new {k}", vendor, np.nan) for k, vendor in enumerate(chosen)],
            columns=["day", "consumer", "vendor", "rating"],
        )
        ratio[name] = heed(orders.assign(first=orders["day"] == 0))
    assert ratio == {"blind": pytest.approx(1.0), "heeding": 0.0}


def verdict(difference, seeds, spread=0.05, margin=0.05):
    rng = np.random.default_rng(7)
    noise = rng.normal(size=(2, seeds))
    noise = (noise - noise.mean(axis=1, keepdims=True)) / noise.std(axis=1, ddof=1, keepdims=True)
    return dock.compare("x", 1.0 + difference + spread * noise[0], 1.0 + spread * noise[1], margin)


def test_equal_means_agree_when_there_are_enough_seeds():
    assert verdict(0.0, 40).word == "agrees"


def test_too_few_seeds_decide_nothing():
    assert verdict(0.0, 3).word == "UNDECIDED"


def test_a_difference_beyond_the_margin_is_told():
    assert verdict(0.15, 40).word == "DIFFERS"


def test_a_difference_at_the_margin_does_not_agree():
    assert not verdict(0.05, 400).agrees


def test_a_certain_difference_within_the_margin_agrees():
    small = verdict(0.02, 400)
    assert small.agrees
    assert not small.differs


def test_docking_fails_when_a_statistic_differs_or_a_spoiled_rule_goes_unnoticed(monkeypatch, capsys):
    rng = np.random.default_rng(1)

    def runs(effect):
        return [{n: 1.0 + effect.get(n, 0.0) + 0.001 * rng.normal() for n in MARGINS} for _ in range(12)]

    def outcome(model_effect, control_effect):
        def run_all(pool, side, seeds, changes=()):
            return runs({} if side == "twin" else (control_effect if changes else model_effect))

        monkeypatch.setattr(dock, "run_all", run_all)
        monkeypatch.setattr(dock, "run_model", lambda *_: None)
        return dock.main(["--seeds", "12", "--workers", "1"])

    noticed = {control.shows_in: 0.5 for control in dock.controls(Scenario.load(dock.WORLD))}
    assert outcome({}, noticed) == 0
    assert outcome({"delivered": 0.1}, noticed) == 1
    assert outcome({}, {**noticed, "seized, of posted": 0.0}) == 1
    assert "interception doubled: not noticed" in capsys.readouterr().out


def test_every_spoiled_rule_changes_the_world_and_names_a_statistic():
    world = Scenario.load(dock.WORLD)
    for control in dock.controls(world):
        assert world.override(control.changes).digest != world.digest
        assert control.shows_in in MARGINS


def row(side, speed, threads=1, consumers=10_000, **more):
    return {"side": side, "consumers": consumers, "days": 365, "threads": threads, "consumer_days_per_s": speed, "crowded": 1.5,
            "peak_bytes": 2e8, "grown_bytes": 1e7, "elapsed_s": consumers * 365 / speed, "state_bytes": 150 * consumers, **more}  # fmt: skip


def measured(speed):
    """What `bench.measure` finds of a model that does so many consumer-days a second."""
    return {
        "pairs": [row("core twin", 1e5), row("core", speed), row("core", speed, 2), row("twin", 9e4), row("model", speed), row("model", speed, 2)],
        "years": [row("model", speed, threads, n) for n, (threads, _) in bench.YEARS.items()],
        "tables": [row("model", speed), row("tables", speed / 1.3)],
        "shell": {"consumers": 5_000, "shell_ms": 1e7 / speed, "kernel_ms": 1.0, "crowded": 1.5},
        "sizes": [row("model", speed), row("model", speed / 1.5, 2, 1_000_000)],
        "start": {"first_day_s": 2e7 / speed, "run_s": 2.0, "crowded": 1.5},
        "compiling": {"compile_s": 50.0, "crowded": 1.5},
    }  # fmt: skip


def test_bars_are_missed_by_a_slow_model_and_passed_by_a_fast_one(monkeypatch, capsys):
    def result(speed):
        monkeypatch.setattr(bench, "measure", lambda quick, large: measured(speed))
        code = bench.main(["--json"])
        return code, json.loads(capsys.readouterr().out)["bars"]

    slow, bars = result(2e6)
    missed = [bar["text"] for bar in bars if not bar["passed"]]
    assert slow == 1
    assert [text.split(" consumers")[0] for text in missed[:4]] == [f"a year of {n:,}" for n in bench.YEARS]
    assert any(text.startswith("shell of a day") for text in missed)
    assert any("doing the twin's work, 10,000 consumers, 2 thread(s)" in text for text in missed)
    assert not any("the complete model" in text for text in missed)  # that is to know
    fast, bars = result(2e7)
    assert fast == 0
    assert all(bar["passed"] and bar["reached"] for bar in bars)
    assert all(bar["crowded"] == 1.5 for bar in bars)


def test_a_bar_says_whether_its_goal_is_reached_too_and_how_crowded_the_cores_were():
    said = {
        value: bench.verdict(bench.checked("a year", value, bench.Limit(0.6, 0.9), "s", 1.25))
        for value in (0.5, 0.8, 1.0)
    }
    assert said[0.5] == "pass  a year: 0.5 s (under 0.9 s, goal 0.6 reached)   [two loops at once: 1.25]"
    assert said[0.8] == "pass  a year: 0.8 s (under 0.9 s, goal 0.6)   [two loops at once: 1.25]"
    assert said[1.0].startswith("MISS  a year: 1 s")


def test_the_report_has_a_line_for_every_measurement_and_bar():
    found = measured(1e7)
    report = list(bench.lines(found, list(bench.bars(found))))
    assert sum(line.startswith(("core", "twin", "model", "tables")) for line in report) == 14
    assert sum(line.startswith(("pass", "MISS")) for line in report) == 11


def test_a_study_may_take_a_twentieth_more_than_its_runs_alone():
    found = {"consumers": 100, "runs": 10, "workers": 2, "single_s": [0.9, 1.1], "parent_megabytes": 300.0, "kilobytes_per_run": 25.0}  # fmt: skip
    assert [bar.passed for bar in throughput.bars({**found, "study_s": 5.2})] == [True, True, False]
    assert [bar.passed for bar in throughput.bars({**found, "study_s": 5.3})] == [False, True, False]


def test_a_study_is_timed_without_its_pauses(monkeypatch, tmp_path):
    monkeypatch.setattr(throughput, "PAUSE_EVERY", 0.5)
    waits = []
    command = [sys.executable, "-c", "import time; time.sleep(1.2)"]
    begun = time.perf_counter()
    seconds, memory = throughput.timed_study(command, lambda: waits.append(time.sleep(0.4)), tmp_path / "log.txt")
    assert waits
    assert memory > 1.0
    assert time.perf_counter() - begun - seconds >= 0.4 * len(waits)
