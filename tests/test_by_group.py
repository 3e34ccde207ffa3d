"""Outcomes by group: who gains and who loses, in sums that are those of everybody."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sim import Results, ScenarioError, Study, compare, run_study
from sim import run as run_once
from sim.cli.main import app
from sim.measures.by_group import KEYS, MOST_GROUPS, Grouping, key_of
from sim.measures.dictionary import families, outcome, outcomes, split
from sim.model import MarketModel
from sim.report import figures
from sim.studies.errors import RequestError
from sim.studies.execution.verify import verify
from sim.studies.findings.groups import size_in_words
from sim.studies.runs.by_group import FEWEST
from tests.study_market import not_drawn
from tests.worlds import example, fingerprint, run, world

BUSY = world(
    consumers=900,
    days=25,
    parameters={
        "enforcement": {"contacts_per_day": 5.0},
        "world": {"dependents": 0.4, "suppliers": 0.1},
        "demand": {"dependent_rate": 0.3, "recreational_rate": 0.1},
        "consumption": {"fatal_alone": 0.5, "r50": 3.0, "entry_rate": 0.01, "threat_dealer": 0.2},
    },
    policies=[example("takedown", start=5)],
)
BY = (*KEYS, "segment:jurisdiction", "channel:segment")
SMALL = {"consumers": 400, "days": 15, "burn_in": 5}


@pytest.fixture(scope="module")
def grouped():
    return run(BUSY, by=BY)


@pytest.fixture(scope="module")
def table(grouped):
    return grouped.table("daily_by_group")


# Sums -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", BY)
def test_groups_add_up_to_everybody(grouped, table, key):
    """Every count exactly, every sum of money, doses or probabilities but for the rounding of its last bits."""
    daily, mine = grouped.daily(), table[table["key"] == key]
    totals = [name for name in mine.dropna(axis=1, how="all") if name in daily and outcome(name).scales]
    assert len(totals) > (20 if "channel" not in key and "substance" not in key else 9)
    found = mine.groupby("day")[totals].sum()
    for name in totals:
        if outcome(name).unit in ("USD", "DALYs", "doses") or name.endswith("_expected"):
            np.testing.assert_allclose(found[name], daily[name], rtol=1e-9, atol=1e-9, err_msg=name)
        else:
            assert found[name].tolist() == daily[name].tolist(), name


def test_what_is_rare_happened_at_all(grouped):
    """Otherwise the sums above would be sums of nothing."""
    found = grouped.outcomes()
    for name in ("deaths", "overdoses", "adverse_events", "violence_incidents", "consumers_criminalised", "treatment_entries",
                 "initiations", "victims_of_fraud", "waiting_for_treatment", "in_treatment"):  # fmt: skip
        assert found[name] > 0, name


def test_a_mean_over_people_is_that_of_its_groups_by_their_size(grouped, table):
    mine = table[table["key"] == "segment:jurisdiction"]
    living = mine.pivot_table(index="day", columns="member", values="living_consumers", observed=True)
    for name in ("trust_in_police", "stigma", "harm_reduction_share", "support_knowledge"):
        each = mine.pivot_table(index="day", columns="member", values=name, observed=True)
        found = (each * living).sum(axis=1) / living.sum(axis=1)
        np.testing.assert_allclose(found, grouped.daily()[name], rtol=1e-9)


def test_the_orders_of_a_channel_are_those_that_everybody_makes_there(grouped):
    found = grouped.outcomes()
    for channel in ("street", "cryptomarket", "licensed_pharmacy"):
        assert found[f"orders[channel={channel}]"] == found[f"orders_{channel}"]
        assert found[f"share_{channel}[channel={channel}]"] == 1.0


def test_only_the_dependent_are_counted_as_dependent(grouped):
    found = grouped.outcomes()
    assert found["dependent_consumers[segment=dependent]"] == found["living_consumers[segment=dependent]"] > 0
    assert found["dependent_consumers[segment=patient]"] == 0


def test_a_group_without_orders_has_no_price_and_no_shares(table):
    nobody = table[(table["orders"] == 0) & table["key"].isin(["segment", "segment:jurisdiction"])]
    assert len(nobody)
    assert nobody[["price_index", "share_street"]].isna().all(axis=None)


# What asking changes --------------------------------------------------------------------------------------------------
def test_asking_for_groups_moves_no_number(grouped):
    plain = run(BUSY)
    assert plain.daily().equals(grouped.daily())
    assert fingerprint(plain) == fingerprint(grouped)
    assert plain.outcomes() == pytest.approx({k: v for k, v in grouped.outcomes().items() if not split(k)[1]}, nan_ok=True, rel=0, abs=0)  # fmt: skip


def test_nothing_is_kept_of_whom_things_happen_to_unless_somebody_asks():
    happened = run(world(consumers=300, days=3), until=3).books.happened
    assert not happened.kept
    assert not happened.people
    assert not len(happened.sums)


# The dictionary -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("spec", [*outcomes().values(), *families().values()], ids=lambda spec: spec.name)
def test_an_outcome_can_be_had_by_group_or_the_dictionary_says_why_not(spec):
    assert (spec.by in ("orders", "people")) != bool(spec.why_not)


def test_the_name_of_an_outcome_of_a_group_says_all_of_it():
    spec = outcome("deaths_expected[segment=patient,jurisdiction=oceania]")
    assert (spec.unit, spec.scales, spec.better) == ("deaths", True, "lower")
    assert "segment=patient" in spec.text
    assert key_of(split(spec.name)[1]) == ("segment:jurisdiction", "patient, oceania")
    with pytest.raises(KeyError):
        outcome("deats[segment=patient]")


CUBE = "substance:channel:segment:jurisdiction"


@pytest.mark.parametrize(
    ("by", "told"),
    [("segmnt", "nearest: segment"), ("segment:segment", "twice"), (CUBE, f"at most {MOST_GROUPS}")],
)
def test_a_grouping_that_is_none_is_refused_in_words(by, told):
    with pytest.raises(RequestError, match="by: ") as error:
        run_once("baseline", by=by, **SMALL)
    assert told in str(error.value)


def test_a_table_by_group_needs_groups():
    with pytest.raises(RequestError, match="daily_by_group"):
        run_once("baseline", tables=("daily_by_group",), **SMALL)


def test_codes_of_crossed_keys_name_the_right_group(grouped):
    grouping = Grouping("segment:jurisdiction", grouped.scenario)
    consumers = grouped.table("consumers")
    consumers = consumers[consumers["gone_day"].isna()]
    named = [grouping.groups[code] for code in grouping.of_consumers(grouped)]
    assert named == [
        f"segment={s},jurisdiction={j}" for s, j in zip(consumers["segment"], consumers["jurisdiction"], strict=True)
    ]


# Comparisons ----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """Deflection in one jurisdiction only, where police stop many."""
    fields = {**SMALL, "days": 30, "parameters": {"enforcement": {"contacts_per_day": 40.0}}}
    here = example("deflection", start=0, jurisdictions=["north_america"])
    scenarios = [world(name="plain", **fields), world(name="deflected", **fields, policies=[here])]
    folder = tmp_path_factory.mktemp("by") / "group"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "save_figure", not_drawn)
        return compare(
            scenarios[0], scenarios[1], runs=3, workers=1, by=("jurisdiction", "channel"), out=folder
        ), folder


def effect(frame: pd.DataFrame, key: str, member: str, name: str) -> pd.Series:
    rows = frame[(frame["key"] == key) & (frame["member"] == member) & (frame["outcome"] == name)]
    return rows.iloc[0]


def test_a_policy_in_one_place_helps_those_who_live_there(comparison):
    found = comparison[0].effects_by_group
    here, there = (effect(found, "jurisdiction", place, "consumers_criminalised") for place in ("north_america", "united_kingdom_europe"))  # fmt: skip
    assert here["mean"] < -0.5 * here["baseline"] < 0, "who does not take the services is charged"
    assert abs(there["mean"]) < 0.2 * there["baseline"]


def test_effects_on_groups_add_up_to_the_effect_on_everybody(comparison):
    by, whole = comparison[0].effects_by_group, comparison[0].effects.set_index("outcome")
    for name in ("orders", "volume_usd", "consumers_criminalised", "dalys"):
        mine = by[(by["key"] == "jurisdiction") & (by["outcome"] == name)]
        assert mine["mean"].sum() == pytest.approx(whole.loc[name, "mean"], rel=1e-9, abs=1e-9)


def test_a_group_that_is_too_small_has_no_interval_and_says_so(comparison):
    found = comparison[0].effects_by_group
    small = found[found["too_small"]]
    assert len(small)
    assert (small["size"] < FEWEST).all()
    assert small[["low", "high"]].isna().all(axis=None)
    assert not small["excludes_zero"].any()
    large = effect(found, "jurisdiction", "north_america", "orders")
    assert large["low"] < large["mean"] < large["high"]
    report = (comparison[1] / "answer" / "report.md").read_text(encoding="utf-8")
    assert "Too small for an interval" in report
    assert (comparison[1] / "answer" / "figures" / "effects-by-channel.txt").is_file()


def test_totals_of_groups_are_told_for_real_people_too(comparison):
    plain, real = (effect(c.effects_by_group, "jurisdiction", "north_america", "orders") for c in (comparison[0], comparison[0].real()))  # fmt: skip
    assert real["mean"] == pytest.approx(plain["mean"] * comparison[0].weight)
    assert real["size"] == pytest.approx(plain["size"] * comparison[0].weight)
    told = json.loads(json.dumps(comparison[0].to_json()))["effects_by_group_real"]["deflected"]
    assert told["jurisdiction"]["north_america"]["orders"]["mean"] == pytest.approx(real["mean"])


def test_what_was_kept_by_group_can_be_read_and_checked(comparison):
    results = Results(comparison[1])
    frame = results.by_group("jurisdiction")
    assert len(frame) == 2 * 3 * frame["member"].nunique()
    asked = results.sql("SELECT sum(orders) AS orders FROM groups WHERE key = 'jurisdiction'")["orders"][0]
    assert asked == results.outcomes()["orders"].sum()
    assert not [name for name in results.outcomes() if split(name)[1]]
    with pytest.raises(RequestError, match="kept are channel, jurisdiction"):
        results.by_group("segment")
    assert verify(comparison[1], sample=1)["ok"]


def test_runs_by_group_are_printed_written_and_checked(tmp_path):
    folder = tmp_path / "runs"
    words = ["run", "baseline", "--by", "segment", "--runs", "2", "--out", str(folder), "--tables", "daily_by_group"]
    done = CliRunner().invoke(app, [*words, *(f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items())])
    assert done.exit_code == 0, done.output
    assert "By segment" in done.output
    assert "social supplier" in " ".join(done.output.split())
    results = Results(folder)
    assert results.by_group().groupby("seed")["orders"].sum().tolist() == results.outcomes()["orders"].tolist()
    assert (
        len(pd.read_parquet(folder / "tables" / "baseline" / "seed-1" / "daily_by_group.parquet")) == 4 * SMALL["days"]
    )
    assert verify(folder, sample=1)["ok"]


def test_the_figure_has_a_panel_for_each_group_and_names_the_small_ones(comparison):
    drawn = comparison[0].plot_by_group("jurisdiction")
    words = [text.get_text() for axes in drawn.axes for text in axes.texts] + [text.get_text() for text in drawn.texts]
    assert "North America" in words
    assert "rest of the world" in words
    assert any("Too small" in text for text in words)
    with pytest.raises(ValueError, match="segment"):
        comparison[0].plot_by_group("segment")


def test_a_study_answers_by_group(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.report.study_page.save_figure", not_drawn)
    scenarios = [
        {"name": "plain", **SMALL},
        {"name": "taught", **SMALL, "policies": [example("education_campaign", start=0)]},
    ]
    study = {
        "name": "for-whom",
        "kind": "compare",
        "scenarios": scenarios,
        "replications": 2,
        "measures": ["orders", "stigma"],
    }
    with pytest.raises(ScenarioError, match=r"by\.0.*segmnt.*segment"):
        Study.load({**study, "by": ["segmnt"]})
    run_study({**study, "by": ["segment"]}, tmp_path / "study", executor="inline")
    found = Results(tmp_path / "study").answer("effects_by_group")
    assert set(found["outcome"]) == {"orders", "stigma"}
    report = (tmp_path / "study" / "answer" / "report.md").read_text(encoding="utf-8")
    assert "where chance alone gives" in report
    small = found[found["too_small"]].to_dict("records")
    assert "Too small for an interval" in report
    assert size_in_words(small[0]) in report, "as many real people as the tables say"
    assert set(found["member"]) == {"patient", "recreational", "dependent", "social_supplier"}
    assert (tmp_path / "study" / "answer" / "figures" / "effects-by-segment.txt").is_file()


class Breaks(MarketModel):
    """As things are, the run of the second seed fails."""

    def __init__(self, scenario, rng=None, **options):
        self.own_seed = rng
        super().__init__(scenario, rng=rng, **options)

    def run_for(self, duration):
        if not self.scenario.policies and int(self.own_seed) == 2:
            raise ValueError("broken on purpose")
        super().run_for(duration)


def test_a_study_by_group_ends_though_a_run_of_the_baseline_failed(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.report.study_page.save_figure", not_drawn)
    tiny = {"consumers": 200, "days": 6, "burn_in": 2}
    study = {"name": "f", "kind": "compare", "scenarios": ["baseline", "verification"], "set": tiny, "replications": 4}
    done = run_study({**study, "by": ["segment"]}, tmp_path / "study", executor="inline", model_class=Breaks)
    assert done.failed == 1
    found = Results(tmp_path / "study").answer("effects_by_group")
    assert set(found.loc[found["outcome"] == "orders", "n"]) == {3}, "the pair of the run that failed is left out"
    assert set(Results(tmp_path / "study").answer("outcomes_by_group")["seed"]) == {1, 3, 4}
