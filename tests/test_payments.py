"""Payments: accounts that end and are found anew, acquirers that are fined, coins that are delisted, money that is followed."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import NEVER, Channel
from sim.agents.payments import COIN, FIRST_ACQUIRER, MOST_ACCOUNTS, Exchange, Merchant
from sim.market.enforcement.cases import payment_cases
from sim.market.trade.coins import coins
from sim.market.trade.payments import disputed, end_account, offer_coins
from sim.model import MarketModel
from tests.worlds import branched, example, model_of, neutral_levers, ran, run, world

SHOPPERS = {
    "world": {"patients": 0.9, "considering": 0.95, "dependents": 0.02},
    "choice": {"search_medicine": 1.5},
    "demand": {"patient_rate": 0.1},
}
"""A world in which most people look for medicines on the web."""


def shop(**fields) -> MarketModel:
    return ran(world(consumers=2000, days=400, parameters=SHOPPERS), fields.pop("seed", 1), 0, **fields)


def programmes(model: MarketModel) -> np.ndarray:
    return model.open_slots(Channel.ILLICIT_PHARMACY)


def acquirers_in_use(model: MarketModel) -> set[int]:
    return {row for merchant in model.merchants.values() for row, _ in merchant.accounts}


# Merchant accounts ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("recent", "wanted"), [(0.0, 1), (1.9, 1), (2.0, 2), (6.5, 4), (100.0, MOST_ACCOUNTS)])
def test_programmes_keep_more_accounts_the_more_they_lost_lately(recent, wanted):
    merchant = Merchant(model_of(world()), 0, FIRST_ACQUIRER)
    merchant.recent = recent
    assert merchant.wanted(0.5) == wanted


def test_a_programme_with_one_account_is_without_cards_until_it_has_found_another():
    model = shop()
    t, slot = model.platform_table.columns, int(programmes(model)[0])
    merchant = model.merchants[slot]
    merchant.accounts, merchant.recent = [(int(t.processor[slot]), -NEVER)], 0.0
    end_account(model, slot, "compliance")
    assert t.processor_day[slot] > model.day
    assert len(merchant.accounts) == 1
    assert merchant.accounts[0] == (t.processor[slot], t.processor_day[slot])


def test_a_programme_with_two_accounts_goes_on_taking_cards():
    model = shop()
    t, slot = model.platform_table.columns, int(programmes(model)[0])
    other = FIRST_ACQUIRER + (int(t.processor[slot]) - FIRST_ACQUIRER + 1) % 3
    t.processor_day[slot] = model.day
    model.merchants[slot].accounts = [(int(t.processor[slot]), -NEVER), (other, model.day)]
    model.processors[other].accounts += 1
    end_account(model, slot, "complaint")
    assert t.processor[slot] == other
    assert t.processor_day[slot] <= model.day


def test_accounts_are_counted_where_they_are():
    model = run(
        world(consumers=1000, days=120, parameters=SHOPPERS, policies=[example("payment_block", purchases=20)]), 2
    )
    held = [row for merchant in model.merchants.values() for row, _ in merchant.accounts]
    assert [held.count(bank.row) for bank in model.processors] == [bank.accounts for bank in model.processors]
    for slot in programmes(model):
        assert model.platform_table.columns.processor[slot] in {row for row, _ in model.merchants[int(slot)].accounts}


def test_undisturbed_a_few_acquirers_hold_nearly_all_accounts():
    """Three banks took 95 % of payments (Levchenko et al. 2011)."""
    top = []
    for seed in range(5):
        model = model_of(world(), seed)
        top.append(sum(sorted(bank.accounts for bank in model.processors)[-3:]) / len(model.merchants))
    assert np.mean(top) > 0.85


@pytest.mark.slow
def test_complaints_spread_programmes_over_more_acquirers():
    """25 banks for 40 programmes after the complaints of 2012 (McCoy et al. 2012)."""
    counts = []
    for seed in range(4):
        start = shop(seed=seed)
        calm = branched(start, 150)
        hit = branched(start, 150, policies=[example("payment_block", purchases=15)])
        counts.append((len(acquirers_in_use(calm)), len(acquirers_in_use(hit))))
    calm, hit = np.sum(counts, axis=0)
    assert hit > calm


def test_payments_go_through_as_often_as_in_test_purchases():
    """Of 120 test orders 63 % were authorised and 47 % settled, twice the standard error either way [pharm-order-funnel]."""
    model = ran(world(consumers=4000, days=300, parameters=SHOPPERS), tables=("orders", "platforms"))
    tried = model.table("platforms").query("channel == 'illicit_pharmacy'")
    cards = model.table("orders").query("channel == 'illicit_pharmacy' and processor.str.startswith('acquirer')")
    attempts = tried["orders"].sum() + tried["unpaid"].sum()
    assert attempts > 1000
    assert 0.54 < (len(cards) + tried["unsettled"].sum()) / attempts < 0.72
    assert 0.38 < tried["orders"].sum() / attempts < 0.56


@pytest.mark.parametrize("target", ["largest", "any"])
def test_test_purchases_cost_pharmacies_orders_at_first(target):
    lost = []
    for seed in range(4):
        start = shop(seed=seed)
        policy = example("payment_block", purchases=60, target=target)
        lost.append(
            [
                branched(start, 30, **changes).daily()["orders_illicit_pharmacy"].sum()
                for changes in ({}, {"policies": [policy]})
            ]
        )
    without, with_ = np.array(lost).sum(axis=0)
    assert with_ < 0.9 * without


def test_purchases_aimed_at_the_largest_acquirer_touch_no_other_on_the_first_day():
    start = shop()
    top = max(start.processors[FIRST_ACQUIRER:], key=lambda bank: bank.accounts)
    before = {bank.row: bank.fines for bank in start.processors}
    after = branched(start, 1, policies=[example("payment_block", purchases=1000)])
    fined = {bank.row for bank in after.processors if bank.fines > before[bank.row]}
    assert fined == {top.row}


def test_more_strength_ends_more_accounts():
    def complaints(strength: float) -> int:
        policy = example("payment_block", purchases=10, strength=strength)
        ended = 0
        for seed in range(4):
            start = shop(seed=seed)
            before = sum(bank.fines for bank in start.processors)
            ended += sum(bank.fines for bank in branched(start, 30, policies=[policy]).processors) - before
        return ended

    none, half, full = (complaints(strength) for strength in (0.0, 0.5, 1.0))
    assert none < half < full


def test_two_who_buy_twice_a_week_end_as_many_accounts_as_one_who_buys_four_times():
    """Each draws for itself: what one does not find, the other may."""

    def ended(*purchases: float) -> int:
        policies = [example("payment_block", purchases=each, target="any") for each in purchases]
        total = 0
        for seed in (1, 2):
            model = run(world(consumers=200, days=90, policies=policies), seed, tables=("events",))
            total += int((model.table("events")["policy"] == "payment_block").sum())
        return total

    one, two, twice = ended(2.0), ended(2.0, 2.0), ended(4.0)
    assert two > 1.4 * one > 0
    assert two == pytest.approx(twice, rel=0.25)


def test_test_purchases_where_no_programme_is_hosted_are_not_made_and_not_billed():
    here = next(iter(world().jurisdictions))
    model = run(world(policies=[example("payment_block", target="any", jurisdictions=[here])]), until=0)
    model.platform_table.columns.jurisdiction[programmes(model)] = 1
    model.run_for(2)
    row = model.table("policies").iloc[0]
    assert row["asked"] > 0
    assert row["done"] == row["cost_real_usd"] == 0


def test_a_fined_acquirer_takes_fewer_merchants_and_forgets():
    model = shop()
    bank = model.processors[FIRST_ACQUIRER]
    bank.fine(0.3)
    assert bank.laxity == pytest.approx(0.7 * bank.usual_laxity, rel=0.1)
    for _ in range(3000):
        bank.forget(365.0)
    assert bank.laxity == pytest.approx(bank.usual_laxity, rel=0.01)


def test_a_programme_without_cards_offers_coins_to_more_visitors():
    model = shop()
    t, slot = model.platform_table.columns, int(programmes(model)[0])
    t.processor_day[slot] = 300
    offered = float(t.coin_offered[slot])
    model.run_for(60)
    assert t.coin_offered[slot] > offered + 0.2
    assert t.coin_offered[slot] <= 1


def test_a_programme_that_can_take_cards_again_offers_coins_to_as_many_as_before():
    model = shop()
    t, slot = model.platform_table.columns, int(programmes(model)[0])
    usual = model.p.payment.crypto_offered
    t.processor_day[slot], t.coin_offered[slot] = model.day, 0.9
    before = float(t.coin_offered[slot])
    slots = np.array([slot])
    for day in range(model.day, model.day + 60):
        offer_coins(slots, day, t.processor_day, np.float32(usual), np.float32(0.05), t.coin_offered)
        assert usual <= t.coin_offered[slot] < before
        before = float(t.coin_offered[slot])
    assert before == pytest.approx(usual, abs=0.05)


def test_with_accounts_that_come_and_go_programmes_do_not_go_over_to_coins():
    """Nothing done, they offer coins as often in the third year as in the first."""
    model = shop()
    t, p = model.platform_table.columns, model.p.payment
    slots, days = programmes(model), round(p.account_life + p.reacquire_days)
    offered = []
    for day in range(3 * 365):
        away = (day + 31 * slots) % days < p.reacquire_days
        t.processor_day[slots] = np.where(away, day + 1, day)
        offer_coins(
            slots, day, t.processor_day, np.float32(p.crypto_offered), np.float32(p.coin_adoption), t.coin_offered
        )
        offered.append(float(t.coin_offered[slots].mean()))
    years = np.array(offered).reshape(3, 365).mean(axis=1)
    assert years[2] < 1.15 * years[0]


# Coins ----------------------------------------------------------------------------------------------------------------
def pressed(days: int, **values: float) -> MarketModel:
    """A market whose exchanges are under this pressure for so many days, nothing else going on."""
    model = model_of(world())
    for _ in range(days):
        for name, value in values.items():
            getattr(model.levers, name)[:] = value
        coins(model)
    return model


def test_without_pressure_access_to_coins_is_the_parameter():
    model = pressed(100)
    assert model.trade.coin_access == pytest.approx(np.full(model.world.n_jurisdictions, model.p.payment.coin_access))


def test_exchanges_serve_everybody_between_them():
    assert sum(e.usual for e in model_of(world()).exchanges) == pytest.approx(1)


def test_when_an_exchange_closes_its_customers_lose_access_and_move():
    first, later = pressed(1, exchange_closure=0.6), pressed(120, exchange_closure=0.6)
    usual = first.p.payment.coin_access
    assert (first.trade.coin_access < 0.7 * usual).all()
    assert later.trade.coin_access == pytest.approx(np.full(4, usual), rel=0.01)


def test_when_every_exchange_closes_coins_are_had_from_person_to_person_only():
    model = pressed(200, exchange_closure=1.0)
    assert model.trade.coin_access == pytest.approx(
        np.full(4, model.p.payment.coin_access * model.p.payment.informal_coin), rel=0.01
    )


def test_when_the_main_coin_is_delisted_people_turn_to_one_that_is_harder_to_trace():
    calm, first, later = pressed(300), pressed(1, main_delisting=0.9), pressed(300, main_delisting=0.9)
    assert (first.trade.coin_access < 0.5 * calm.trade.coin_access).all()
    assert (later.trade.coin_access > 1.3 * first.trade.coin_access).all()
    assert later.processors[COIN].traceability < 0.95 * calm.processors[COIN].traceability


def test_when_the_privacy_coin_is_delisted_payments_are_easier_to_trace():
    calm, hit = pressed(300), pressed(300, privacy_delisting=0.9)
    assert hit.processors[COIN].traceability > calm.processors[COIN].traceability
    assert (hit.trade.coin_access > 0.97 * calm.trade.coin_access).all()


def test_shares_of_coins_sum_to_one():
    model = pressed(250, main_delisting=0.7, exchange_closure=0.5)
    assert sum(coin.share for coin in model.coins) == pytest.approx(np.ones(4))


def test_large_exchanges_give_way_first():
    model = model_of(world())
    assert [e.reluctance for e in model.exchanges] == sorted(e.reluctance for e in model.exchanges)
    assert [e.usual for e in model.exchanges] == sorted((e.usual for e in model.exchanges), reverse=True)
    exchange = Exchange(model, 0.5, 0.4, 2)
    exchange.obey(np.array([0.3, 0.7]))
    assert exchange.open == pytest.approx([1.0, 0.5])
    assert exchange.customers == pytest.approx([0.5, 0.25])
    assert exchange.sells(np.array([0.4, 0.7])) == pytest.approx([1.0, 0.5])


@pytest.mark.parametrize("lever", ["main_delisting", "exchange_closure"])
def test_access_to_coins_falls_step_by_step_with_the_pressure_on_exchanges(lever):
    access = np.array([pressed(1, **{lever: p}).trade.coin_access[0] for p in (0.0, 0.1, 0.3, 0.6, 1.0)])
    lost = -np.diff(access) / (access[0] - access[-1])
    assert (lost > 0.05).all()
    assert lost[0] < 0.2, "a little pressure takes a little"


def test_exchanges_are_pressed_only_where_the_policy_says():
    policy = example("payment_block", mode="coins", coin="main", delisting=1.0, jurisdictions=["oceania"])
    model = run(world(policies=[policy]), until=5)
    where = list(model.scenario.jurisdictions).index("oceania")
    low = model.trade.coin_access < 0.9 * model.p.payment.coin_access
    assert low.tolist() == [k == where for k in range(model.world.n_jurisdictions)]


def test_a_market_whose_coins_cannot_be_had_loses_orders():
    start = ran(world(consumers=2000), until=0)
    policy = example("payment_block", mode="coins", coin="main", delisting=1.0, closure=1.0)
    without, with_ = (
        branched(start, 30, **changes).daily()["orders_cryptomarket"].sum() for changes in ({}, {"policies": [policy]})
    )
    assert with_ < 0.6 * without


# Traces ---------------------------------------------------------------------------------------------------------------
def test_money_followed_is_evidence_on_markets_and_more_so_when_coins_are_traced():
    def found(traceability: float) -> float:
        model = ran(world(), until=0)
        model.processors[COIN].traceability = traceability
        evidence = model.platform_table.columns.evidence
        before = float(evidence.sum())
        agencies = len(model.agencies)
        payment_cases(model, np.ones(agencies), np.ones((agencies, model.world.n_jurisdictions)), 1.0)
        return float(evidence.sum()) - before

    assert 0 == found(0.0) < found(0.1) < found(0.5)
    assert found(0.5) == pytest.approx(5 * found(0.1), rel=1e-3)


def disputed_of(*days: tuple[int, int]) -> bool:
    """Whether networks act on a month with so many card payments to programmes, and of them for what did not come, a day."""
    model = model_of(world())
    for day, counts in enumerate(days):
        model.trade.by_card[day] = counts
    return disputed(model)


def test_networks_count_the_disputes_of_a_month_against_its_payments_and_not_day_by_day():
    """Disputes are those to be expected of orders that failed: they are as many in a small world as in a large one."""
    few, many = (1, 1), (499, 0)
    assert not disputed_of()
    assert not disputed_of(*[few, many] * 10)
    p = model_of(world()).p
    limit = p.payment.chargeback_threshold / p.shipping.chargeback
    for size in (100, 100_000):
        assert disputed_of((size, round(1.2 * limit * size)))
        assert not disputed_of((size, round(0.8 * limit * size)))


def test_a_month_of_payments_is_remembered_and_no_longer():
    model = ran(
        world(consumers=2000, days=40, parameters={**SHOPPERS, "shipping": {"chargeback": 1.0}}), tables=("orders",)
    )
    assert model.trade.by_card.shape == (30, 2)
    orders = model.table("orders").query("channel == 'illicit_pharmacy' and processor.str.startswith('acquirer')")
    closed = orders[orders["outcome_day"] >= model.day - 30]
    assert model.trade.by_card[:, 0].sum() == len(closed) > 10
    assert 0 < model.trade.by_card[:, 1].sum() < len(closed)


# Dose and response ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "lever"),
    [
        ({"mode": "coins", "coin": "main"}, "main_delisting"),
        ({"mode": "coins", "coin": "privacy"}, "privacy_delisting"),
        ({"mode": "coins", "closure": 0.8}, "exchange_closure"),
    ],
)
def test_more_strength_presses_exchanges_more(fields, lever):
    def value(strength: float) -> float:
        model = run(world(policies=[example("payment_block", strength=strength, **fields)]), until=1)
        return float(getattr(model.levers, lever).max())

    none, half, full = (value(strength) for strength in (0.0, 0.5, 1.0))
    assert none == neutral_levers(model_of(world()))[lever].max()
    assert none < half < full
