"""What the tables say of payment, escrow, drug checks and novel substances is what the rules say of them."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import Channel
from sim.market.entry_exit.entry import open_cryptomarket, opened
from tests.worlds import example, model_of, ran, run, world

MONEY = world(
    consumers=8000,
    days=60,
    parameters={
        "payment": {"issuer_decline": 0.25, "settles": 0.75, "crypto_offered": 0.0, "coin_access": 0.8, "account_life": 1e6, "threshold_hazard": 0.0},
        "platforms": {"card_availability": 0.8},
        "choice": {"direct": 4.0},
        "learning": {"tie_chance": 0.8},
    },
)  # fmt: skip
CHECKED = world(
    consumers=2000,
    parameters={"consumption": {"discard_missold": 1.0, "discard_opioid": 0.0, "discard_as_sold": 0.0}},
    policies=[example("drug_checking", start=0)],
)


# Payment --------------------------------------------------------------------------------------------------------------
def payments(channel: str) -> tuple[int, int, int]:
    """Orders of a channel, attempts that came to nothing at payment, and those of them whose card was authorised, over the whole run."""
    rows = ran(MONEY, tables=("platforms",)).table("platforms").query("channel == @channel")
    return int(rows["orders"].sum()), int(rows["unpaid"].sum()), int(rows["unsettled"].sum())


def attempts(channel: str) -> tuple[int, int]:
    """The first two of them."""
    return payments(channel)[:2]


def close_to(part: int, whole: int, share: float) -> bool:
    """Whether chance explains the distance of a part from its expected share."""
    return abs(part / whole - share) < 4 * np.sqrt(share * (1 - share) / whole)


def test_as_many_cards_are_authorised_as_acquirers_and_issuers_let_through():
    paid, unpaid, unsettled = payments("illicit_pharmacy")
    assert paid + unpaid > 300
    assert close_to(paid + unsettled, paid + unpaid, 0.8 * (1 - 0.25))


def test_pharmacies_drop_a_share_of_the_orders_whose_card_was_authorised():
    paid, unpaid, unsettled = payments("illicit_pharmacy")
    assert unsettled <= unpaid
    assert close_to(paid, paid + unsettled, 0.75)


def test_payments_are_told_of_however_many_platforms_open():
    market = model_of(world(days=5), tables=("platforms",))
    before = market.platform_table.capacity
    while market.platform_table.n <= before:
        opened(market, open_cryptomarket(market, market.day), "entry")
    market.step()
    rows = market.table("platforms")
    assert rows["platform"].max() == before
    assert (rows["unpaid"] >= 0).all()


@pytest.mark.parametrize("channel", ["cryptomarket", "direct"])
def test_who_gets_no_coins_does_not_order(channel):
    paid, unpaid = attempts(channel)
    assert paid + unpaid > 50
    assert close_to(paid, paid + unpaid, 0.8)


@pytest.mark.parametrize("channel", ["licensed_pharmacy", "social_app", "street"])
def test_cash_and_the_cards_of_licensed_pharmacies_never_fail(channel):
    paid, unpaid = attempts(channel)
    assert paid > 0
    assert unpaid == 0


# Escrow ---------------------------------------------------------------------------------------------------------------
def test_only_cryptomarkets_hold_money_and_they_hold_that_of_the_orders_in_escrow():
    model = ran(MONEY, tables=("orders", "platforms"))
    orders, day = model.table("orders"), model.table("platforms").query("day == @model.day - 1").set_index("platform")
    assert set(orders.loc[orders["escrow"], "channel"]) == {"cryptomarket"}
    held = orders[orders["escrow"] & orders["settlement"].isna()].groupby("platform")["price_usd"].sum()
    still = day[day["status"] == "open"].index.intersection(held.index)
    assert len(still)
    fee = 1 - model.p.payment.coin_fee
    assert fee * held[still].to_numpy() == pytest.approx(day.loc[still, "escrow_usd"].to_numpy(), rel=1e-3)


def test_the_better_known_a_vendor_the_less_goes_into_escrow():
    model = ran(MONEY, tables=("orders", "accounts"))
    accounts = model.table("accounts")
    crypto = model.platform_table.columns.channel[accounts["platform"]] == Channel.CRYPTOMARKET
    assert accounts.loc[~crypto, "escrow"].isna().all()
    mine = accounts[crypto]
    assert (mine.loc[mine["rating_mean"].isna(), "escrow"] == 1.0).all()
    assert mine.loc[mine["rating_mean"] > 4.5, "escrow"].mean() < 0.95
    orders = model.table("orders").query("channel == 'cryptomarket'")
    share = orders.merge(mine.drop_duplicates(["vendor", "platform"], keep="last"), on=["vendor", "platform"])
    late = share[share["day"] >= share["day"].max() - 20]
    assert late["escrow_x"].mean() == pytest.approx(late["escrow_y"].mean(), abs=0.1)


def test_where_markets_insist_on_it_all_goes_into_escrow():
    model = ran(world(parameters={"platforms": {"escrow_share": 1.0}}), tables=("orders", "accounts"))
    orders = model.table("orders").query("channel == 'cryptomarket'")
    assert len(orders)
    assert orders["escrow"].all()
    assert (model.table("accounts")["escrow"].dropna() == 1.0).all()


# Drug checks ----------------------------------------------------------------------------------------------------------
def test_what_is_found_to_be_something_else_is_thrown_away_as_often_as_told():
    model = ran(CHECKED, tables=("orders",))
    orders = model.table("orders")
    checked = orders.dropna(subset="check")
    assert len(checked) == model.checking.samples > 50
    bad = checked[checked["check"] == "not_as_sold"]
    assert len(bad) == model.checking.bad > 5
    opioid = bad["substance"].map({name: s.class_ == "opioid" for name, s in model.scenario.substances.items()})
    assert bad.loc[~opioid.astype(bool), "discarded"].all()
    assert not orders[~orders["order"].isin(bad["order"])]["discarded"].any()


def test_a_check_finds_what_is_not_as_sold_and_takes_nothing_else_for_it():
    checked = ran(CHECKED, tables=("orders",)).table("orders").dropna(subset="check")
    harmless = checked[~checked["substance"].isin(["heroin", "opioid_analgesic"])]
    assert (harmless.loc[harmless["check"] == "not_as_sold", "content"] != "as_sold").all()
    assert set(checked["outcome"]) == {"delivered"}


# Novel substances -----------------------------------------------------------------------------------------------------
def test_a_novel_substance_goes_once_after_it_has_come_and_the_rest_circulates():
    model = run(
        world(days=90, parameters={"services": {"novel_per_year": 600.0, "novel_exit": 2.0}}), tables=("events",)
    )
    events = model.table("events")
    came, gone = (
        events[events["kind"] == f"novel_{what}"].set_index("subject")["day"] for what in ("substance", "gone")
    )
    assert gone.index.is_unique
    assert len(gone) > 20
    assert (gone >= came.reindex(gone.index)).all()
    assert set(came.index) - set(gone.index) == set(model.early_warning.live.tolist())


def test_recording_changes_no_number():
    with_tables, without = (
        model_of(CHECKED, tables=kept) for kept in (("orders", "platforms", "events", "accounts"), ())
    )
    for model in (with_tables, without):
        model.run_for(CHECKED.burn_in + 10)
    assert with_tables.daily().equals(without.daily())
