"""Dates in the place of days: one date of day 0, and every date counted from it."""

from __future__ import annotations

import re
from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from sim import Study, compare
from sim import run as run_scenario
from sim.report.figures.style import Picture, months
from sim.report.figures.trade import trade_figure
from sim.scenario import Scenario, ScenarioError
from sim.studies.runs.simulate import load_scenario
from tests.worlds import example, lever_values, neutral_levers, run, world

DAY0 = "2027-01-01"


def dated(**fields) -> Scenario:
    return world(day0=DAY0, **fields)


def refused(**fields) -> str:
    with pytest.raises(ScenarioError) as error:
        world(**fields)
    return str(error.value)


# Reading --------------------------------------------------------------------------------------------------------------
def test_dates_are_counted_from_day_0():
    policy = dated(policies=[{"kind": "takedown", "start": "2027-01-11", "end": "2027-02-01"}]).policies[0]
    assert (policy.start, policy.end) == (10, 31)


def test_days_before_day_0_have_dates_too():
    assert dated(policies=[{"kind": "takedown", "start": "2026-12-27"}]).policies[0].start == -5


def test_the_calendar_knows_leap_years():
    policy = Scenario(day0="2028-01-01", policies=[{"kind": "takedown", "start": "2028-03-01"}]).policies[0]
    assert policy.start == 60


def test_a_run_with_dates_is_the_run_with_their_days():
    with_dates = run(dated(policies=[example("naloxone", start="2027-01-11", end="2027-01-31")])).daily()
    with_days = run(world(policies=[example("naloxone", start=10, end=30)])).daily()
    assert_frame_equal(with_dates, with_days)


def test_set_takes_dates():
    scenario = dated(policies=[{"kind": "takedown", "start": 3}]).override(["policies.takedown.start=2027-01-15"])
    assert scenario.policies[0].start == 14
    assert (
        Scenario(policies=[{"kind": "takedown"}])
        .override(["day0=2027-01-01", "policies.takedown.start=2027-03-01"])
        .policies[0]
        .start
        == 59
    )


def test_a_run_may_end_on_a_date_which_is_not_run_any_more():
    assert dated(days="2028-01-01").days == 365
    assert dated().override(["days=2027-03-01"]).days == 59
    assert load_scenario(world(), days="2027-02-01", overrides=["day0=2027-01-01"]).days == 31


def test_the_date_on_which_a_run_ends_is_counted_once():
    """Days stay days: who moves day 0 moves the end along, as policies move."""
    assert dated(days="2027-02-01").override(["day0=2030-01-01"]).days == 31


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"days": "2028-01-01"}, "or a date, where the scenario has the date of day 0"),
        ({"days": "2027-01-01", "day0": DAY0}, "days: given '2027-01-01'; allowed: a date after day 0"),
        (
            {"days": "2126-01-01", "day0": DAY0},
            "days: given 36159; allowed: a whole number, at least 1 and at most 32,000",
        ),
        ({"days": "soon", "day0": DAY0}, "days: given 'soon'"),
        ({"days": "2028-01-01", "day0": "never"}, "day0: given 'never'"),
    ],
)
def test_a_date_that_ends_no_run_is_refused(fields, words):
    message = refused(**fields)
    assert words in message
    assert message.startswith("1 problem")


def test_a_scenario_with_a_calendar_goes_through_its_plain_data_and_yaml(tmp_path):
    scenario = dated(policies=[{"kind": "takedown", "start": "2027-01-11"}])
    (tmp_path / "again.yaml").write_text(scenario.to_yaml(), encoding="utf-8")
    for again in (Scenario(scenario.resolved()), Scenario.load(tmp_path / "again.yaml")):
        assert again == scenario
        assert again.digest == scenario.digest
    assert scenario.day0 == date(2027, 1, 1)
    assert Scenario({**scenario.resolved(), "day0": date(2027, 1, 1)}) == scenario


def test_without_a_calendar_the_digest_is_that_of_before():
    assert "day0" not in world().canonical()
    assert dated().digest != world().digest


# What is refused ------------------------------------------------------------------------------------------------------
def test_a_date_without_a_day_0_is_refused_with_the_way_out():
    assert "--set day0=2027-01-01" in refused(policies=[{"kind": "takedown", "start": "2027-01-11"}])


@pytest.mark.parametrize("text", ["2027-02-30", "soon", "11.1.2027", ""])
def test_what_is_no_date_is_refused_with_one(text):
    message = refused(day0=DAY0, policies=[{"kind": "takedown", "start": text}])
    assert "policies.0.start" in message
    assert "a date such as 2027-03-01" in message


@pytest.mark.parametrize("value", ["2027-13-01", "1066-10-14", 5, True, "tomorrow", datetime(2027, 1, 1, 5)])
def test_what_is_no_date_of_day_0_is_refused_with_the_range(value):
    assert "at least 1900-01-01 and at most 2200-01-01" in refused(day0=value)


def test_a_date_outside_of_the_run_is_told_with_the_dates_of_the_run():
    message = refused(day0=DAY0, policies=[{"kind": "takedown", "start": "2030-01-01"}])
    assert "1096 (2030-01-01)" in message
    assert "44 (2027-02-14)" in message


@pytest.mark.parametrize("start", [10**12, -(10**12)])
def test_a_day_that_no_calendar_has_is_refused_in_words(start):
    assert "policies.0.start" in refused(day0=DAY0, policies=[{"kind": "takedown", "start": start}])


# Studies --------------------------------------------------------------------------------------------------------------
STUDY = {"kind": "sweep", "scenarios": ["baseline", "takedown"], "replications": 1}


def factor(**fields):
    given = {"path": "policies.takedown.start", **fields}
    return Study.load({**STUDY, "set": {"day0": DAY0}, "levers": [given]}).levers[0]


def test_a_range_of_dates_is_one_of_days():
    found = factor(low="2027-03-01", high="2027-09-01")
    assert (found.low, found.high, found.distribution) == (59, 243, "integer")


def test_dates_to_choose_from_are_days_to_choose_from():
    assert factor(values=["2027-03-01", 90]).values == (59, 90)


def test_set_of_a_study_takes_dates():
    study = Study.load({**STUDY, "kind": "compare", "set": {"day0": DAY0, "policies.takedown.start": "2027-03-01"}})
    assert study.scenarios["takedown"].policies[0].start == 59


def test_dates_of_scenarios_that_disagree_on_day_0_are_refused():
    scenarios = [{"extends": "takedown", "name": f"from-{year}", "day0": f"{year}-01-01"} for year in (2027, 2028)]
    lever = {"path": "policies.takedown.start", "values": ["2029-01-01"]}
    with pytest.raises(ScenarioError, match="agree on day0"):
        Study.load({**STUDY, "scenarios": scenarios, "levers": [lever]})


def test_a_date_where_no_day_is_meant_stays_what_it_is():
    with pytest.raises(ScenarioError, match=re.escape("levers.0.low: given '2027-03-01'; allowed: a number")):
        factor(path="policies.takedown.count", low="2027-03-01", high=3)


# Results --------------------------------------------------------------------------------------------------------------
def test_daily_tables_and_events_have_dates_beside_days():
    model = run(dated(policies=[{"kind": "takedown", "start": "2027-01-11"}]), tables=("events",))
    for name in ("daily", "events"):
        table = model.table(name)
        assert list(table.columns[:2]) == ["day", "date"]
        days = (table["date"] - pd.Timestamp(DAY0)).dt.days
        assert (days == table["day"]).all()
    takedown = model.table("events").query("policy == 'takedown'")
    assert set(takedown["date"].dt.date) == {date(2027, 1, 11)}


def test_without_a_calendar_no_table_has_dates():
    model = run(world(days=5), tables=("events",))
    assert not any("date" in model.table(name).columns for name in ("daily", "events"))


def test_files_of_a_run_have_dates(tmp_path):
    run_scenario(dated(days=3, consumers=300)).save(tmp_path / "out")
    table = pq.read_table(next((tmp_path / "out").rglob("daily.parquet")))
    assert table.column("date").to_pylist() == [date(2027, 1, day) for day in (1, 2, 3)]
    assert table.schema.field("date").metadata[b"unit"] == b"date"
    first = next((tmp_path / "out").rglob("daily.csv")).read_text().splitlines()[1]
    assert first.startswith("0,2027-01-01,")


def test_a_comparison_has_dates_and_its_figure_months(tmp_path):
    scenarios = [dated(name=name, consumers=300, days=40, policies=policies) for name, policies in (("a", []), ("b", [example("naloxone")]))]  # fmt: skip
    found = compare(*scenarios, runs=1, workers=1)
    found.save(tmp_path / "out")
    table = pq.read_table(next((tmp_path / "out").rglob("daily.parquet"))).to_pandas()
    assert set(table["date"].astype(str).str[:7]) == {"2027-01", "2027-02"}
    figure = trade_figure(found)
    labels = [text.get_text() for axes in figure.axes for text in axes.get_xticklabels()]
    assert "Feb" in labels
    assert "day" not in {axes.get_xlabel() for axes in figure.axes}


@pytest.mark.parametrize("days", [20, 120, 730, 4000])
def test_ticks_of_a_calendar_stand_at_the_days_that_they_name(days):
    axes = Picture().add_subplot()
    axes.set_xlim(-30, days)
    months(axes, date(2027, 1, 15))
    ticks = axes.get_xticks()
    assert 2 <= len(ticks) <= 6
    assert (ticks >= -30).all()
    assert (ticks <= days).all()
    dates = [np.datetime64("2027-01-15") + np.timedelta64(int(tick), "D") for tick in ticks]
    for found, label in zip(dates, (text.get_text() for text in axes.get_xticklabels()), strict=True):
        stamp = pd.Timestamp(found)
        assert label in (f"{stamp:%b}", f"{stamp:%Y}", f"{stamp:%d}", f"{stamp:%b %d}"), (label, stamp)


# All of it ------------------------------------------------------------------------------------------------------------
def test_a_package_for_half_the_people_of_a_place_from_january_on_is_written_in_one_file():
    scenario = Scenario.load("european-package").with_(consumers=2000, burn_in=5)
    assert {scenario.day0 and policy.start for policy in scenario.policies} == {184}
    before, model = run(scenario, until=184), run(scenario, until=185, tables=("events",))
    neutral, there = neutral_levers(model), list(scenario.jurisdictions).index("united_kingdom_europe")
    assert all((lever_values(before.levers)[name] == value).all() for name, value in neutral.items())
    now = lever_values(model.levers)
    for name in ("checking_reach", "check_uptake", "naloxone"):
        assert (now[name][there, :, :50] != neutral[name][there, :, :50]).all()
        assert (now[name][there, :, 50:] == neutral[name][there, :, 50:]).all()
        assert (np.delete(now[name], there, axis=0) == np.delete(neutral[name], there, axis=0)).all()
    events = model.table("events").query("policy == 'takedown'")
    assert set(events["date"].dt.date) <= {date(2027, 1, 1)}
    closed = events["subject"].to_numpy(int)
    assert (model.platform_table.columns.jurisdiction[closed] == there).all()
