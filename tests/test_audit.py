"""Money, orders, escrow, places in treatment and people are accounted for, and the audit would notice otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.agents.codes import OrderOutcome, Settlement
from sim.evidence.parameters import load_parameters
from sim.measures.audit import AuditError, identities, violations
from sim.model import MarketModel
from sim.scenario import Scenario
from sim.streams import uniforms
from tests.worlds import ALL_TABLES, KINDS, branched, example, ran, run, world

CLOSURES = {
    "platforms": {
        "closure_days": 40.0,
        "cryptomarket_entry": 0.2,
        "frailty": 0.3,
        "scam_income_days": 5.0,
        "hack_base": 0.02,
    },
    "vendors": {"own_scam": 0.005},
    "choice": {"crypto": 0.5},
}
SPECS = list(load_parameters().specs.values())


def evening(model: MarketModel) -> MarketModel:
    """The market after its day, with nothing left to settle."""
    model.day -= 1
    o = model.books.open_orders
    model.books.due = np.flatnonzero(o.columns.due[: o.n] == model.day)
    return model


def test_every_identity_holds_every_day_without_a_policy():
    run(world(), audit=True)


@pytest.mark.parametrize("kind", KINDS)
def test_every_identity_holds_every_day_under_a_policy(kind):
    branched(ran(world(), until=0, audit=True), world().days, policies=[example(kind, start=3, end=30)])


def test_every_identity_holds_when_markets_close_in_every_way():
    covert = example("takedown", start=10, count=2, covert_days=14)
    model = run(
        world(parameters=CLOSURES, policies=[example("takedown", start=5, count=1), covert], consumers=3000, days=120),
        audit=True,
        tables=("events",),
    )
    closed = model.table("events").query("kind == 'platform_closed'")
    assert {"raid", "exit scam", "hack", "voluntary"} <= set(closed["cause"])
    money = model.books.ledger
    assert min(money.stolen, money.seized, money.refunds, money.fees, money.processor_fees, money.vendor_income) > 0


def anything_plausible(number: int) -> Scenario:
    """A world with every parameter somewhere in its plausible range, and two policies."""
    u = uniforms(number, 1, np.arange(len(SPECS) + 10), 0)
    parameters: dict[str, dict[str, float]] = {}
    for spec, x in zip(SPECS, u, strict=False):
        parameters.setdefault(spec.group, {})[spec.name] = float(spec.low + x * (spec.high - spec.low))
    parameters["platforms"]["closure_days"] = 60.0
    first, second = (KINDS[int(x * len(KINDS))] for x in u[-2:])
    return world(
        consumers=300,
        parameters=parameters,
        policies=[example(first, start=-5), example(second, start=5, end=20)],
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_every_identity_holds_anywhere_in_the_plausible_ranges(number):
    run(anything_plausible(number), seed=number, audit=True)


def test_tolerance_may_fall_to_the_lowest_plausible_floor():
    run(world(parameters={"consumption": {"tolerance_floor": 0.02}}), audit=True)


# What the audit would notice -----------------------------------------------------------------------------------------
def earn(model: MarketModel) -> None:
    model.vendors.columns.income[0] += 1


def charge(model: MarketModel) -> None:
    model.platform_table.columns.fees[0] += 1


def pay(model: MarketModel) -> None:
    model.books.ledger.payments += 1


def take_from_escrow(model: MarketModel) -> None:
    rows = np.flatnonzero(model.books.open_orders.columns.held[: model.books.open_orders.n] > 0)
    model.platform_table.columns.escrow[model.books.open_orders.columns.platform[rows[0]]] -= 1


def move_escrow(model: MarketModel) -> None:
    model.platform_table.columns.escrow[:2] += (1, -1)


def lose_an_order(model: MarketModel) -> None:
    model.books.open_orders.next_number += 1


def close_without_an_outcome(model: MarketModel) -> None:
    model.books.order_counts[OrderOutcome.IN_TRANSIT] += 1
    model.books.order_counts[OrderOutcome.DELIVERED] -= 1


def close_one(model: MarketModel) -> int:
    """An order that is closed today as it should be; its row."""
    o = model.books.open_orders
    row = int(np.flatnonzero(o.columns.held[: o.n] == 0)[0])
    o.columns.settlement[row], o.columns.due[row] = Settlement.PAID, model.day
    o.columns.outcome[row] = OrderOutcome.DELIVERED
    model.books.closed = np.array([row])
    model.books.due = np.append(model.books.due, row)
    model.books.order_counts[OrderOutcome.DELIVERED] += 1
    return row


def forget_the_money(model: MarketModel) -> None:
    model.books.open_orders.columns.settlement[close_one(model)] = Settlement.UNSETTLED


def keep_in_escrow(model: MarketModel) -> None:
    row = close_one(model)
    o = model.books.open_orders.columns
    o.held[row] = 1
    model.platform_table.columns.escrow[o.platform[row]] += 1
    model.books.ledger.payments += 1


def wait_for_nothing(model: MarketModel) -> None:
    o, n = model.books.open_orders.columns, model.books.open_orders.n
    o.outcome[np.flatnonzero((o.due[:n] <= model.day) & (o.held[:n] > 0))[0]] = OrderOutcome.LOST


def seize_what_was_not_posted(model: MarketModel) -> None:
    row = close_one(model)
    o = model.books.open_orders.columns
    o.parcels[row], o.seized[row] = 0, 1


def admit_twice(model: MarketModel) -> None:
    model.treatment[0].used += 1


def jump_the_queue(model: MarketModel) -> None:
    model.consumers.columns.waiting_day[7] = model.day


def vanish(model: MarketModel) -> None:
    model.books.dead += 1


def oversell(model: MarketModel) -> None:
    model.vendors.columns.stock[3] = -1.0


def overtrust(model: MarketModel) -> None:
    model.consumers.columns.trust_police[5] = 1.01


def misprice(model: MarketModel) -> None:
    model.vendors.columns.log_price[5] = np.nan


def overcharge(model: MarketModel) -> None:
    model.platform_table.columns.fee[5] = 2.0


def pay_a_supplier_twice(model: MarketModel) -> None:
    model.vendors.columns.passed[3] += 7


def receive_from_nobody(model: MarketModel) -> None:
    model.supplier_table.columns.revenue[2] += 5


def send_nowhere(model: MarketModel) -> None:
    model.upstream.sent += 0.01


def find_doses(model: MarketModel) -> None:
    model.consumers.columns.stash[4] += 0.01 * model.books.goods.arrived


def invent_a_gift(model: MarketModel) -> None:
    model.consumers.columns.from_friends[6] += 1


PLANTED: dict[str, Callable[[MarketModel], None]] = {
    "payments = vendor income + fees + escrow + refunds + losses + seizures": pay,
    "escrow of platforms = money held for open orders": take_from_escrow,
    "escrow by platform": move_escrow,
    "income of vendors = income in the ledger": earn,
    "fees of platforms = fees in the ledger": charge,
    "money that vendors passed on = upstream in the ledger": pay_a_supplier_twice,
    "receipts of suppliers = upstream + paid among them": receive_from_nobody,
    "goods sent by suppliers = arrived + seized": send_nowhere,
    "orders = settled + under way": lose_an_order,
    "no settled order is still in transit": close_without_an_outcome,
    "no order closes with its money unsettled": forget_the_money,
    "no order closes with money in escrow": keep_in_escrow,
    "money waits for goods that came": wait_for_nothing,
    "no more parcels are seized than were posted": seize_what_was_not_posted,
    "places in treatment taken = people in treatment": admit_twice,
    "people on the waiting list = people who wait": jump_the_queue,
    "people of the start and come = living + dead + left": vanish,
    "doses at the start and arrived = used + discarded + taken along + at hand": find_doses,
    "money got from friends = money paid to friends": invent_a_gift,
    "stock of a vendor is negative": oversell,
    "consumers: trust_police": overtrust,
    "vendors: log_price": misprice,
    "platforms: fee": overcharge,
}


def test_an_untouched_evening_is_in_order():
    model = evening(ran(world()))
    assert violations(model) == []
    close_one(model)
    assert violations(model) == []


@pytest.mark.parametrize("identity", PLANTED)
def test_a_planted_violation_is_found(identity):
    model = evening(ran(world()))
    PLANTED[identity](model)
    found = violations(model)
    assert any(line.startswith(identity) for line in found), found
    assert len(found) <= 3, "one fault, named where it is"


def test_every_identity_has_its_planted_violation():
    named = {each.what for each in identities(evening(ran(world())))}
    assert named
    assert named <= set(PLANTED)


@pytest.mark.parametrize(
    "identity", ["escrow by platform", "people of the start and come = living + dead + left", "vendors: log_price"]
)
def test_a_run_with_the_audit_on_stops_at_the_day_of_a_violation(identity):
    model = ran(world(), until=10, audit=True)
    PLANTED[identity](model)
    with pytest.raises(AuditError, match=f"^day 10: .*{re.escape(identity)}"):
        model.run_for(1)


def test_a_run_with_the_audit_off_goes_on():
    model = ran(world(), until=10)
    PLANTED["people of the start and come = living + dead + left"](model)
    model.run_for(1)
    assert model.day == 11


def test_a_violation_says_what_differs_from_what():
    model = evening(ran(world()))
    model.books.ledger.payments += 7
    assert str(model.books.ledger.payments) in violations(model)[0]


# Identities that the tables let anyone check -------------------------------------------------------------------------
def test_what_buyers_paid_is_what_the_ledger_holds():
    model = ran(world(), tables=ALL_TABLES)
    assert 100 * model.table("orders")["price_usd"].sum() == pytest.approx(model.books.ledger.payments)


def test_orders_not_served_for_want_of_stock_cost_nothing():
    """With one order in stock at each vendor and no growth, most orders cannot be served; money still adds up."""
    scarce = {"supply": {"stock_floor": 1.0, "stock_days": 1.0, "growth_cap": 0.0}}
    model = run(world(parameters=scarce), audit=True)
    assert model.daily()["orders"].sum() < ran(world()).daily()["orders"].sum()
    assert (model.vendors.get("stock") >= 0).all()
