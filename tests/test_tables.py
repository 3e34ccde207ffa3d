"""The tables of a run are those of the data dictionary, and they agree with each other and with the outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.agents.codes import Channel
from sim.measures.by_group import key_of
from sim.measures.dictionary import outcome, split, tables
from sim.measures.kept.recorder import ALWAYS
from tests.worlds import ALL_TABLES, example, model_of, ran, run, world

LIVELY = world(
    consumers=3000,
    days=60,
    parameters={
        "platforms": {"closure_days": 60.0, "cryptomarket_entry": 0.1},
        "enforcement": {"contacts_per_day": 3.0, "supplier_case": 60.0},
        "world": {"dependents": 0.4, "suppliers": 0.1},
        "demand": {"dependent_rate": 0.2, "recreational_rate": 0.045},
        "consumption": {"fatal_alone": 0.8},
        "vendors": {"own_scam": 0.002},
    },
    policies=[example("takedown", start=20, count=1, label="raid"), example("deflection", offer=0.5), example("vendor_arrests", count=40),
              example("regulated_supply", start=1)],
)  # fmt: skip
COLUMNS = [
    (table, column) for table, columns in tables().items() if not table.startswith("daily") for column in columns
]
EVERY = (*ALL_TABLES, "daily_by_group")
KINDS = {
    "int64": pd.api.types.is_integer_dtype,
    "int32": pd.api.types.is_integer_dtype,
    "float32": pd.api.types.is_float_dtype,
    "float64": pd.api.types.is_float_dtype,
    "bool": pd.api.types.is_bool_dtype,
    "category": lambda dtype: isinstance(dtype, pd.CategoricalDtype),
}


@pytest.fixture(scope="module")
def model():
    return run(LIVELY, tables=EVERY, by=("segment",))


@pytest.fixture(scope="module")
def table(model):
    return {name: model.table(name) for name in EVERY}


# The dictionary -------------------------------------------------------------------------------------------------------
def test_there_is_a_table_for_each_entry_of_the_dictionary():
    assert set(EVERY) == set(tables())


@pytest.mark.parametrize("name", EVERY)
def test_a_table_has_the_documented_columns_in_order(table, name):
    documented = list(tables()[name])
    if name.startswith("daily"):
        assert set(documented) <= set(table[name])
        assert all(outcome(column) for column in table[name] if column not in ("day", "key", "member"))
    else:
        assert list(table[name]) == documented
    assert len(table[name]) > (10 if name != "policies" else 2)


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_a_column_is_of_the_documented_kind(table, name, column):
    assert KINDS[tables()[name][column].dtype](table[name][column].dtype)


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_a_column_is_empty_only_where_the_dictionary_says_so(table, name, column):
    spec = tables()[name][column]
    assert table[name][column].notna().any(), "never filled"
    if table[name][column].isna().any():
        assert "null" in spec.text


@pytest.mark.parametrize("name", ["orders", "platforms", "events", "accounts", "networks", "doses"])
def test_a_table_that_was_not_asked_for_is_an_error_that_says_how_to_get_it(name):
    with pytest.raises(ValueError, match=f"tables=\\('{name}',\\)"):
        ran(world()).table(name)


@pytest.mark.parametrize("name", ALWAYS)
def test_some_tables_are_always_there(name):
    assert len(ran(world(policies=[example("naloxone")])).table(name))


def test_a_table_by_group_is_there_where_groups_are_asked_for():
    with pytest.raises(ValueError, match="by="):
        ran(world()).table("daily_by_group")


def test_a_table_that_does_not_exist_is_an_error():
    with pytest.raises(ValueError, match="there is no table 'oders'"):
        ran(world()).table("oders")


@pytest.mark.parametrize("name", EVERY)
def test_all_means_all(name):
    assert len(run(world(policies=[example("naloxone")]), until=3, tables=("all",), by=("segment",)).table(name))


# Orders ---------------------------------------------------------------------------------------------------------------
def test_orders_are_numbered_once_each_and_none_is_missing(table, model):
    assert sorted(table["orders"]["order"]) == list(range(model.books.open_orders.next_number))


def test_an_order_has_an_outcome_unless_it_is_under_way(table, model):
    orders = table["orders"]
    due = model.books.open_orders.columns.due[: model.books.open_orders.n]
    assert orders["outcome"].isna().sum() == np.count_nonzero(due >= model.day)
    closed = orders.dropna(subset="outcome")
    assert (closed["outcome_day"] >= closed["day"]).all()
    assert set(closed["outcome"]) == {"delivered", "seized", "lost", "scammed"}
    assert (orders["price_usd"] > 0).all()
    assert (orders["quantity"] > 0).all()


def test_ratings_and_content_belong_to_orders_that_ended(table):
    orders = table["orders"]
    assert set(orders["rating"].dropna()) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert orders.loc[orders["outcome"].isna(), ["rating", "content"]].isna().all(axis=None)
    lost = orders[orders["outcome"].isin(["scammed", "seized", "lost"])]
    assert lost["content"].isna().all()
    delivered = orders[orders["outcome"] == "delivered"]
    assert delivered["content"].notna().all()


def test_the_orders_of_a_day_are_those_of_the_outcomes(table):
    orders, daily = table["orders"], table["daily"].set_index("day")
    counted = orders[orders["day"] >= 0].groupby("day").size().reindex(daily.index, fill_value=0)
    assert (counted == daily["orders"]).all()
    volume = orders[orders["day"] >= 0].groupby("day")["price_usd"].sum().reindex(daily.index, fill_value=0)
    assert volume.to_numpy() == pytest.approx(daily["volume_usd"].to_numpy())


@pytest.mark.parametrize("channel", [channel.name.lower() for channel in Channel])
def test_the_orders_of_a_channel_are_those_of_the_outcomes(table, channel):
    orders, daily = table["orders"], table["daily"]
    mine = orders[(orders["day"] >= 0) & (orders["channel"] == channel)]
    assert len(mine) == daily[f"orders_{channel}"].sum() > 0
    assert daily[f"share_{channel}"].to_numpy() == pytest.approx(
        (daily[f"orders_{channel}"] / daily["orders"]).to_numpy()
    )


def test_what_becomes_of_orders_is_told_alike_by_the_orders_and_the_outcomes(table):
    orders, daily = table["orders"], table["daily"].set_index("day")
    closed = orders[(orders["outcome_day"] >= 0) & (orders["channel"] != "licensed_pharmacy")]
    goods = closed[closed["outcome"] == "delivered"]
    counterfeit = (goods["content"] != "as_sold").groupby(goods["outcome_day"].astype(int)).mean()
    posted = closed[closed["parcels"] > 0]
    seized = (posted["outcome"] == "seized").groupby(posted["outcome_day"].astype(int)).mean()
    for name, found in (("counterfeit_share", counterfeit), ("seizure_rate", seized)):
        assert found.reindex(daily.index).to_numpy() == pytest.approx(daily[name].to_numpy(), nan_ok=True), name
    assert (counterfeit > 0).any()
    assert (seized > 0).any()


def test_shares_sum_to_one(table):
    daily = table["daily"]
    assert daily[[f"share_{c.name.lower()}" for c in Channel]].sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert daily.filter(regex="^share_from_").sum(axis=1).to_numpy() == pytest.approx(1.0)


def test_channels_take_the_payments_that_they_take(table):
    orders = table["orders"]
    by = orders.groupby("channel", observed=True)["processor"].agg(lambda x: set(x.dropna()))
    assert by["cryptomarket"] == by["direct"] == {"coin"}
    assert by["licensed_pharmacy"] == {"cards"}
    assert by["street"] == by["social_app"] == set()
    assert "coin" in by["illicit_pharmacy"] or len(by["illicit_pharmacy"]) > 1


def test_no_channel_sells_what_it_does_not_carry(table, model):
    sold = table["orders"].groupby(["channel", "substance"], observed=True).size().index
    for channel, substance in sold:
        assert channel in model.scenario.substances[substance].sold_by


# Consumers ------------------------------------------------------------------------------------------------------------
def test_the_orders_of_a_consumer_are_those_since_day_0(table):
    mine = table["orders"].query("day >= 0").groupby("consumer")["price_usd"].agg(["size", "sum"])
    people = by_number(table, ["orders", "spent_usd"])
    mine = mine.reindex(people.index, fill_value=0)
    assert (mine["size"] == people["orders"]).all()
    assert mine["sum"].to_numpy() == pytest.approx(people["spent_usd"].to_numpy(), rel=1e-4, abs=0.01)


def test_nobody_orders_after_death(table):
    events, people = table["events"], table["consumers"].query("not alive")
    died = events[events["kind"].isin(["death", "death_other"]) & (events["day"] >= 0)].groupby("subject")["day"].max()
    assert len(died)
    still = people[people["gone_day"].isna()]["consumer"]
    dead = table["orders"][table["orders"]["consumer"].isin(still)]
    assert (dead["day"] <= died.reindex(dead["consumer"], fill_value=0).to_numpy()).all()
    assert set(died.index) <= set(people["consumer"])


def by_number(table: dict, columns: list[str]) -> pd.DataFrame:
    """Sums over all who were consumer number so and so, one after the other."""
    return table["consumers"].groupby("consumer")[columns].sum()


def counter(table: dict, kinds: list[str]) -> pd.Series:
    """Events of these kinds by consumer, from day 0 on."""
    events = table["events"]
    mine = events[events["kind"].isin(kinds) & (events["day"] >= 0)].groupby("subject").size()
    return mine.reindex(by_number(table, ["harms"]).index, fill_value=0)


def test_the_harms_of_a_consumer_are_those_since_day_0(table):
    harms = counter(table, ["adverse_event", "overdose", "violence"])
    assert (harms == by_number(table, ["harms"])["harms"]).all()


def test_whoever_was_charged_since_day_0_is_criminalised(table):
    charged = counter(table, ["criminalised"]) > 0
    assert (charged == (by_number(table, ["criminalised"])["criminalised"] > 0)).all()


def test_nobody_was_in_treatment_for_longer_than_the_run(table):
    assert table["consumers"]["treatment_days"].max() <= LIVELY.days


# Vendors, accounts and platforms --------------------------------------------------------------------------------------
def test_the_orders_of_a_vendor_are_all_orders_since_the_start(table, model):
    orders = table["orders"].groupby("vendor").size().reindex(table["vendors"]["vendor"], fill_value=0)
    before = model_of(LIVELY).vendors
    sold = table["vendors"]["orders"].to_numpy().copy()
    sold[: before.n] -= before.columns.orders[: before.n]
    assert (orders.to_numpy() == sold).all()


def test_a_vendor_who_left_has_a_cause_and_sells_no_more(table):
    vendors, orders = table["vendors"], table["orders"]
    left = vendors.dropna(subset="exit_day")
    assert left["exit_cause"].notna().all()
    assert vendors[vendors["exit_day"].isna()]["exit_cause"].isna().all()
    assert (left["exit_day"] >= left["entry_day"]).all()
    last = orders.groupby("vendor")["day"].max().reindex(left["vendor"]).to_numpy()
    assert not (last > left["exit_day"].astype(int).to_numpy()).any()


def test_exits_of_vendors_are_events(table):
    events, vendors = table["events"], table["vendors"]
    exits = events[events["kind"] == "vendor_exit"].set_index("subject")
    left = vendors.dropna(subset="exit_day").set_index("vendor")
    assert set(exits.index) == set(left.index)
    assert (exits["day"].reindex(left.index) == left["exit_day"]).all()
    assert (exits["cause"].reindex(left.index).astype(str) == left["exit_cause"].astype(str)).all()


def test_accounts_are_opened_before_they_are_closed_and_once_at_a_time(table):
    accounts = table["accounts"]
    closed = accounts.dropna(subset="close_day")
    assert len(closed)
    assert (closed["close_day"] >= closed["open_day"]).all()
    open_now = accounts[accounts["close_day"].isna()]
    assert not open_now.duplicated(["vendor", "platform"]).any()
    assert set(open_now["vendor"]) <= set(table["vendors"].query("exit_day.isna()")["vendor"])
    assert accounts["rating_mean"].dropna().between(0, 5).all()


def test_the_sales_of_accounts_are_the_orders_on_them(table):
    by = ["vendor", "platform"]
    orders = table["orders"][~table["orders"]["channel"].isin(["direct"])]
    sold = orders.groupby(by).size()
    accounts = table["accounts"].groupby(by)["sales"].sum()
    assert (sold.reindex(accounts.index, fill_value=0) == accounts).all()


def test_an_account_under_a_new_name_is_not_marked_as_one_that_buyers_know():
    """Nobody keeps the name when the only market is seized; accounts opened afterwards carry new ones."""
    scenario = world(
        consumers=2000,
        platforms={"cryptomarkets": [0.5, 0.3, 0.2]},
        parameters={"vendors": {"keep_identity": 0.0, "multi_base": -9.0}, "supply": {"crypto_vendors": 0.03}},
        policies=[example("takedown", start=5, count=1)],
    )
    model = run(scenario, tables=EVERY)
    renamed = model.table("vendors").query("identity > 0")["vendor"]
    accounts = model.table("accounts")
    reopened = accounts[accounts["vendor"].isin(renamed) & (accounts["open_day"] >= 5)]
    assert len(reopened)
    assert not reopened["identity_kept"].any()


def test_the_platform_table_follows_orders_and_money(table, model):
    platforms, orders = table["platforms"], table["orders"]
    day = platforms[platforms["day"] == LIVELY.days - 1].set_index("platform")
    today = orders[orders["day"] == LIVELY.days - 1].groupby("platform")["price_usd"].agg(["size", "sum"])
    today = today.reindex(day.index, fill_value=0)
    assert (today["size"] == day["orders"]).all()
    assert today["sum"].to_numpy() == pytest.approx(day["volume_usd"].to_numpy(), rel=1e-4)
    held = np.bincount(
        model.books.open_orders.columns.platform[: model.books.open_orders.n],
        model.books.open_orders.columns.held[: model.books.open_orders.n],
        len(day),
    )
    assert held / 100 == pytest.approx(day["escrow_usd"].to_numpy(), rel=1e-4)


def test_platforms_that_closed_stay_closed_and_take_no_orders(table):
    events, platforms, orders = table["events"], table["platforms"], table["orders"]
    closed = events[events["kind"] == "platform_closed"].set_index("subject")["day"]
    assert len(closed) > 3
    for slot, day in closed.items():
        after = platforms[(platforms["platform"] == slot) & (platforms["day"] >= day)]
        assert set(after["status"]) <= {"seized", "exit_scammed", "hacked", "closed"}
        assert not (orders.loc[orders["platform"] == slot, "day"] >= day).any()
        assert (after["escrow_usd"] == 0).all()
        assert (table["accounts"].query("platform == @slot")["close_day"] <= day).all()


# Events ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "cause", "column"),
    [
        ("overdose", None, "overdoses"),
        ("death", None, "deaths"),
        ("adverse_event", None, "adverse_events"),
        ("violence", None, "violence_incidents"),
        ("treatment_entry", None, "treatment_entries"),
        ("criminalised", None, "consumers_criminalised"),
        ("initiation", None, "initiations"),
        ("arrest", "vendor", "vendor_arrests"),
    ],
)
def test_events_of_a_day_are_those_of_the_outcomes(table, kind, cause, column):
    events, daily = table["events"], table["daily"].set_index("day")
    mine = events[(events["kind"] == kind) & (events["day"] >= 0)]
    if cause is not None:
        mine = mine[mine["cause"] == cause]
    counted = mine.groupby("day").size().reindex(daily.index, fill_value=0)
    assert (counted == daily[column]).all()
    assert counted.sum() > 0


def test_events_are_in_order_of_days(table):
    assert table["events"]["day"].is_monotonic_increasing


def test_seized_parcels_are_events():
    model = run(LIVELY, tables=("orders", "events"))
    seized = (model.table("orders")["outcome"] == "seized").sum()
    assert seized > 0
    assert (model.table("events")["kind"] == "parcel_seizure").sum() > 0


def test_the_actor_of_an_event_exists(table, model):
    events = table["events"]
    assert events["agency"].between(-1, len(model.agencies) - 1).all()
    kinds = {"vendor_entry": model.vendors.n, "overdose": model.consumers.n, "takedown": model.platform_table.n}
    for kind, count in kinds.items():
        subjects = events.loc[events["kind"] == kind, "subject"]
        assert subjects.between(0, count - 1).all()


def test_in_treatment_is_what_entered_less_what_left(table):
    """From one day to the next; who is admitted at the end of a day is counted on that day, as is who was let go."""
    events, daily = table["events"], table["daily"].set_index("day")
    came, went = (
        events[events["kind"] == f"treatment_{end}"].groupby("day").size().reindex(range(LIVELY.days), fill_value=0)
        for end in ("entry", "exit")
    )
    change = daily["in_treatment"].diff().iloc[1:].to_numpy()
    assert (change == came.to_numpy()[1:] - went.to_numpy()[1:]).all()


# Outcomes of a run ----------------------------------------------------------------------------------------------------
def test_the_outcomes_of_a_run_are_its_days_taken_together(model):
    daily, whole = model.daily(), model.outcomes()
    assert {name for name in whole if not split(name)[1]} == set(daily)
    by_group = model.table("daily_by_group").set_index(["key", "member"])
    for name, value in whole.items():
        base, group = split(name)
        daily = by_group.loc[key_of(group)] if group else model.daily()
        name = base
        how = {"sum": "sum", "mean": "mean", "last": lambda x: x.dropna().iloc[-1]}[outcome(name).aggregate]
        assert value == pytest.approx(daily[name].agg(how), nan_ok=True), name


def test_expected_harms_are_near_what_happens(model):
    daily = model.daily()
    for name in ("adverse_events", "violence"):
        happened = daily[name if name == "adverse_events" else "violence_incidents"].sum()
        expected = daily[f"{name}_expected"].sum()
        assert abs(happened - expected) < 5 * np.sqrt(expected)


def test_shares_are_shares(model):
    daily = model.daily()
    for name in daily:
        if outcome(name).unit == "share":
            assert daily[name].dropna().between(0, 1 + 1e-9).all(), name
