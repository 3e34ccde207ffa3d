"""The table of doses is what was used and what came of it."""

from __future__ import annotations

import pytest

from tests.worlds import ran, world

USING = world(
    consumers=3000,
    days=60,
    parameters={
        "world": {"dependents": 0.4},
        "demand": {"dependent_rate": 0.2, "recreational_rate": 0.045},
        "consumption": {"fatal_alone": 0.8, "severity_share": 0.25},
    },
)


def of_days(column: str):
    return ran(USING, tables=("doses",)).table("doses").query("day >= 0").groupby("day")[column].sum()


@pytest.mark.parametrize(
    ("column", "outcome"), [("doses", "doses_used"), ("overdoses", "overdoses"), ("deaths", "deaths")]
)
def test_doses_overdoses_and_deaths_of_a_day_are_those_of_the_outcomes(column, outcome):
    told = of_days(column)
    daily = ran(USING, tables=("doses",)).daily()[outcome]
    assert told.reindex(daily.index, fill_value=0).to_numpy() == pytest.approx(daily.to_numpy(), rel=1e-4)
    assert told.sum() > 0


def test_overdoses_come_from_opioids_and_from_what_holds_them():
    model = ran(USING, tables=("doses",))
    hurt = model.table("doses").query("overdoses > 0")
    opioids = {name for name, s in model.scenario.substances.items() if s.class_ == "opioid"}
    as_sold = hurt[hurt["content"] == "as_sold"]
    assert len(as_sold)
    assert set(as_sold["substance"]) <= opioids


def test_what_was_used_had_come():
    """Of each substance no more is used than was at hand at the start, and was bought."""
    model = ran(USING, tables=("doses", "orders"))
    used = model.table("doses").groupby("substance", observed=True)["doses"].sum()
    orders = model.table("orders")
    bought = orders[orders["outcome"] == "delivered"].groupby("substance", observed=True)["quantity"].sum()
    rest = model.books.goods.start
    assert (used <= bought.reindex(used.index, fill_value=0) + rest + 1.0).all()
    assert used.sum() == pytest.approx(model.books.goods.used, rel=1e-4)


def test_staff_on_the_spot_attend_more_than_what_counts():
    doses = ran(USING, tables=("doses",)).table("doses")
    assert (doses["attended"] == doses["overdoses"] / 0.25).all()
    assert doses["overdoses"].sum() > 3


def test_nothing_is_counted_where_nobody_asks():
    assert ran(USING).books.doses.parts == []
