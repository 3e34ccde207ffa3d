"""Tables say what the data dictionary says, and agree with each other."""

import pandas as pd
import pytest

from sim import MarketModel, Scenario
from sim.measures.dictionary import outcomes, tables


@pytest.fixture(scope="module")
def model() -> MarketModel:
    policies = [{"kind": "takedown", "start": 20}, {"kind": "deflection", "start": 0}]
    scenario = Scenario.load("baseline").with_(consumers=1500, days=90, burn_in=20, policies=policies)
    model = MarketModel(scenario, rng=2, tables=("all",), audit=True)
    model.run_for(110)
    return model


@pytest.mark.parametrize("name", [name for name in tables() if name != "daily"])
def test_a_table_has_the_columns_of_the_dictionary(model: MarketModel, name: str) -> None:
    assert list(model.table(name).columns) == list(tables()[name])


def test_every_outcome_of_the_dictionary_is_recorded_daily(model: MarketModel) -> None:
    assert {name for name, spec in outcomes().items() if not spec.paired} <= set(model.daily().columns)
    assert len(model.daily()) == 90


def test_orders_agree_with_daily_counts_and_with_consumers(model: MarketModel) -> None:
    orders, daily, consumers = model.table("orders"), model.daily(), model.table("consumers")
    since = orders[orders.day >= 0]
    counted = since.groupby("day").size().reindex(range(90), fill_value=0)
    assert (counted.to_numpy() == daily.orders.to_numpy()).all()
    assert consumers.orders.sum() == len(since)
    assert consumers.spent_usd.sum() == pytest.approx(since.price_usd.sum(), rel=1e-4)
    assert since.price_usd.sum() == pytest.approx(daily.volume_usd.sum(), rel=1e-9)


def test_orders_under_way_have_no_outcome_and_all_others_have_one(model: MarketModel) -> None:
    orders = model.table("orders")
    assert orders.outcome.isna().sum() == model.open_orders.n > 0
    assert orders.order.is_unique
    assert set(orders.outcome.dropna().unique()) <= {"delivered", "seized", "lost", "scammed", "refunded"}
    assert orders.rating.dropna().between(0, 5).all()


def test_events_agree_with_daily_counts(model: MarketModel) -> None:
    events, daily = model.table("events"), model.daily()
    since = events[events.day >= 0]
    for kind, outcome in (
        ("overdose", "overdoses"),
        ("death", "deaths"),
        ("adverse_event", "adverse_events"),
        ("violence", "violence_incidents"),
        ("criminalised", "consumers_criminalised"),
        ("treatment_entry", "treatment_entries"),
        ("initiation", "initiations"),
    ):
        assert (since.kind == kind).sum() == daily[outcome].sum(), kind


def test_the_takedown_is_in_the_tables(model: MarketModel) -> None:
    events, platforms, accounts = model.table("events"), model.table("platforms"), model.table("accounts")
    taken = events[(events.kind == "takedown") & (events.policy == "takedown")]
    assert len(taken) == 1
    assert taken.day.item() == 20
    slot = taken.subject.item()
    status = platforms[(platforms.platform == slot)].set_index("day").status
    assert status[19] == "open"
    assert status[20] == "seized"
    assert (accounts[(accounts.platform == slot)].close_day <= 20).all()


def test_vendors_who_left_have_a_day_and_a_cause(model: MarketModel) -> None:
    vendors = model.table("vendors")
    gone = vendors.exit_day.notna()
    assert (vendors.exit_cause.notna() == gone).all()
    assert gone.any()
    assert (vendors.exit_day[gone] >= vendors.entry_day[gone]).all()


def test_an_unknown_table_or_one_not_kept_is_named(model: MarketModel) -> None:
    with pytest.raises(ValueError, match="no table 'order'"):
        model.table("order")
    plain = MarketModel(Scenario.load("baseline").with_(consumers=300, days=2, burn_in=0), rng=1)
    with pytest.raises(ValueError, match="was not kept"):
        plain.table("orders")
    assert isinstance(plain.table("vendors"), pd.DataFrame)
