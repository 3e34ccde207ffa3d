"""The data dictionary describes all that a run writes."""

import pytest

from sim.agents.codes import Channel
from sim.measures.dictionary import GROUPS, column, families, outcome, outcomes, tables

# What a comparison must report, and what the tables must hold at least.
REPORTED = [
    "orders",
    "volume_usd",
    "price_index",
    "purity_mean",
    "purity_sd",
    "counterfeit_share",
    "scam_rate",
    "seizure_rate",
    "vendor_gini",
    "top1_vendor_share",
    "platform_hhi",
    "adverse_events",
    "adverse_events_expected",
    "overdoses",
    "overdoses_expected",
    "deaths",
    "deaths_expected",
    "harm_reduction_share",
    "treatment_entries",
    "in_treatment",
    "dalys",
    "initiations",
    "violence_incidents",
    "consumers_criminalised",
    "victims_of_fraud",
    "privacy_intrusions",
    "trust_in_police",
    "stigma",
    "organised_crime_revenue",
    "vendor_arrests",
    "displacement_channel",
    "displacement_jurisdiction",
    "officer_days",
    "policy_cost_usd",
    "nps_detection_lag_days",
    "net_social_cost_usd",
]
COLUMNS = {
    "orders": "order day consumer vendor platform channel substance quantity price_usd processor outcome outcome_day "
    "rating content first_time_pair",
    "platforms": "day platform channel status listings vendors active_buyers orders volume_usd escrow_usd visibility",
    "vendors": "vendor kind jurisdiction entry_day exit_day exit_cause identity revenue_usd orders platforms_used",
    "accounts": "vendor platform open_day close_day sales rating_mean identity_kept",
    "networks": "day network nodes links density centralisation communities modularity broker_share assortativity "
    "path_mean largest_share sampled",
    "consumers": "consumer segment jurisdiction orders spent_usd vendors_used harms treatment_days criminalised alive",
    "events": "day kind subject agency policy cause amount",
    "daily": "day orders deaths_expected",
}
SPECS = [*outcomes().values(), *families().values()]


@pytest.mark.parametrize("name", REPORTED)
def test_every_outcome_that_comparisons_report_is_described(name):
    assert name in outcomes()


@pytest.mark.parametrize("channel", [channel.name.lower() for channel in Channel])
def test_every_channel_has_its_share_and_its_orders(channel):
    assert outcomes()[f"share_{channel}"].unit == "share"
    assert outcomes()[f"orders_{channel}"].aggregate == "sum"


@pytest.mark.parametrize("table", COLUMNS)
def test_every_column_of_the_tables_is_described(table):
    assert set(COLUMNS[table].split()) <= set(tables()[table])


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_an_outcome_is_fully_described(spec):
    assert spec.group in GROUPS
    assert spec.aggregate in ("sum", "mean", "last")
    assert spec.better in ("lower", "higher", "none")
    assert spec.unit
    assert spec.text.endswith(".")
    assert "\n" not in spec.text


def test_a_share_is_never_summed_over_days():
    assert [spec.name for spec in SPECS if spec.unit in ("share", "index") and spec.aggregate == "sum"] == []


@pytest.mark.parametrize("harm", ["overdose", "death", "adverse", "violence", "dependence", "medicine"])
def test_healthy_life_years_name_every_harm_that_costs_some(harm):
    assert harm in outcomes()["dalys"].text


def test_no_two_outcomes_carry_the_same_label():
    labels = [spec.label for spec in outcomes().values()]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    "spec", [spec for columns in tables().values() for spec in columns.values()], ids=lambda spec: spec.name
)
def test_a_column_is_fully_described(spec):
    assert spec.dtype
    assert spec.unit
    assert spec.text.endswith(".")


def test_displacement_belongs_to_comparisons_and_not_to_a_run():
    assert not {"displacement_channel", "displacement_jurisdiction"} & set(tables()["daily"])


def test_a_member_of_a_family_is_described_by_name():
    spec = outcome("share_from_north_america")
    assert spec.unit == "share"
    assert "north america" in spec.text


def test_an_unknown_outcome_is_an_error_and_an_unknown_column_is_nothing():
    with pytest.raises(KeyError, match="no outcome 'ordres'"):
        outcome("ordres")
    assert column("orders", "colour") is None


def test_a_column_is_looked_up_in_its_table_before_the_outcomes():
    assert column("platforms", "orders") != column("daily", "orders")
