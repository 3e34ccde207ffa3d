"""A comparison and a validation done again under rival rules: what turns is said, and nothing that chance leaves open."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from sim import compare, run_study, validate
from sim.report.comparison_page import page
from sim.report.folder import write_report
from sim.report.text.validation import rival_rows
from sim.scenario import Scenario, ScenarioError, Submodels
from sim.studies.execution.verify import verify
from sim.studies.findings.rivals import Rival, chosen, names_of, rivals_table
from sim.studies.findings.turns import rival_sentences, rival_summary
from sim.studies.runs.effects import paired_effects
from sim.studies.study_files import Study
from tests import fake_market
from tests.study_market import MEASURES, PATH, StudyMarket, compare_study, undrawn
from tests.test_validation import PricedMarket, facts, goal


class Contested(StudyMarket):
    """Publicity lowers orders; by share it raises them, among buyers at random it does nothing, and by overlap the quiet way does more than the loud one."""

    def daily(self):
        days, rules = self.scenario.days, self.scenario.submodels
        luck, answer = np.random.default_rng(self.seed).normal(size=(2, days))
        publicity = sum(getattr(policy, "publicity", 0.0) for policy in self.scenario.policies)
        push = -15 * publicity * (1 + 0.1 * answer)
        if rules.fear == "share":
            push = -push
        if rules.vendor_choice == "random":
            push = 40 * publicity * answer
        if rules.migration == "overlap" and publicity:
            push = -15 * (2.2 - publicity) * (1 + 0.1 * answer)
        deaths = 2.0 + 0.3 * luck - 0.25 * publicity * (1 + 0.1 * answer)
        frame = {"orders": 200 + 20 * luck + push, "deaths_expected": deaths, "policy_cost_usd": np.full(days, 50.0 * publicity)}  # fmt: skip
        return pd.DataFrame(frame, index=pd.RangeIndex(days, name="day"))


ASKED = {"replications": 5, "compare": {"submodels": ["vendor_choice=random", "overdose=logistic", "fear=share"]}}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("rivals") / "out"
    study = compare_study(**ASKED)
    with undrawn():
        yield run_study(study, out, executor="inline", model_class=Contested)


def row(table: pd.DataFrame, **where: str) -> pd.Series:
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_every_scenario_and_outcome_stands_under_each_rival_beside_the_usual_rules(done):
    table = done.answer.tables["submodels"]
    assert len(table) == 3 * 2 * len(MEASURES)
    assert done.runs == 5 * 3 * (1 + 3)
    usual = done.answer.tables["effects"]
    for name in ("orders", "deaths_expected"):
        mine = row(table, rival="logistic", scenario="loud", outcome=name)
        there = row(usual, scenario="loud", outcome=name)
        assert (mine["usual"], mine["usual_low"], mine["usual_high"]) == (there["mean"], there["low"], there["high"])
        assert (mine["mean"], mine["low"]) == (there["mean"], there["low"]), "this rival changes nothing here"
        assert mine["rival_told"]
        assert not mine["flips"]


def test_an_effect_with_the_other_sign_is_found_and_said(done):
    table, said = done.answer.tables["submodels"], "\n".join(done.answer.findings)
    turned = table[table["flips"]]
    assert set(zip(turned["rival"], turned["outcome"], strict=True)) == {("share", "orders")}
    assert set(turned["scenario"]) == {"quiet", "loud"}
    assert "Under fear by share of trade loud raises orders" in said
    assert "by the usual rules it lowers it" in said


def test_what_has_zero_inside_turns_nothing(done):
    table, said = done.answer.tables["submodels"], done.answer.findings
    chance = row(table, rival="random", scenario="loud", outcome="orders")
    assert chance["low"] < 0 < chance["high"]
    assert not chance["flips"]
    assert not chance["rival_told"]
    assert chance["usual_told"]
    lines = [line for line in said if line.startswith("Under random vendor choice")]
    assert lines
    assert not any("raises" in line or "ahead" in line for line in lines)
    assert any("no longer told" in line and "orders" in line for line in lines)


def test_an_order_of_interventions_that_is_the_other_way_round_is_said(done):
    table = done.answer.tables["submodels"]
    deaths = table[table["outcome"] == "deaths_expected"]
    assert (deaths["overtakes"] == "").all()
    assert (deaths["rank"] == deaths["usual_rank"]).all()
    wide = done.answer.tables["outcomes"].drop(columns="scale")
    worse = wide.assign(deaths_expected=-wide["deaths_expected"])
    found = {Rival("fear", "share"): worse.assign(status="ok")}
    turned = rivals_table(wide, found, "plain", lambda rows: paired_effects(rows, "plain"))
    mine = row(turned, scenario="quiet", outcome="deaths_expected")
    assert mine["overtakes"] == "loud"
    assert mine["rank"] < row(turned, scenario="loud", outcome="deaths_expected")["rank"]
    assert any("Under fear by share of trade quiet is ahead of loud by" in line for line in rival_sentences(turned))


def test_the_usual_answer_is_what_it_is_without_rivals(done, tmp_path):
    alone = run_study(compare_study(replications=5), tmp_path / "out", executor="inline", model_class=Contested)
    for name in ("effects", "ranking", "outcomes"):
        pd.testing.assert_frame_equal(alone.answer.tables[name], done.answer.tables[name])
    assert set(alone.answer.findings) <= set(done.answer.findings)


def test_runs_under_rivals_are_kept_gone_on_with_and_verified(done):
    told = []
    again = run_study(
        Study.load(compare_study(**ASKED)), done.folder, executor="inline", model_class=Contested, resume=True, on_event=told.append
    )  # fmt: skip
    assert again.runs == done.runs
    assert next(event for event in told if event["event"] == "started")["there"] == done.runs
    pd.testing.assert_frame_equal(again.answer.tables["submodels"], done.answer.tables["submodels"])
    checked = verify(done.folder, 4, model_class=Contested, seed=3)
    assert checked["ok"], checked["problems"]


def test_rivals_are_named_and_the_nearest_is_offered():
    problems: list = []
    worlds = {"plain": Scenario(consumers=300)}
    asked = ["fear=share", "fear=share", "vendor_choice=radnom", "migraton=size", "prices=cost", "overdose"]
    assert chosen(asked, worlds, problems) == (Rival("fear", "share"),)
    assert [(p.path, p.nearest) for p in problems] == [
        ("submodels.vendor_choice", "random"), ("submodels.migraton", "migration"), ("submodels.prices", None), ("submodels", None),
    ]  # fmt: skip
    assert len(chosen(["all"], worlds, [])) == sum(len(names_of(name)) - 1 for name in Submodels.model_fields) == 7
    other = {"plain": worlds["plain"].override(["submodels.fear=share"])}
    assert Rival("fear", "seen") in chosen(["all"], other, [])
    with pytest.raises(ScenarioError, match="did you mean 'random'"):
        Study.load(compare_study(compare={"submodels": ["vendor_choice=randm"]}))


class Depending(Contested):
    """What publicity does to deaths hangs on a parameter, much the same whatever the seed."""

    def daily(self):
        frame = super().daily()
        publicity = sum(getattr(policy, "publicity", 0.0) for policy in self.scenario.policies)
        x = self.scenario.parameters["choice"]["legal_risk_weight"]
        return frame.assign(deaths_expected=frame["deaths_expected"] + 0.01 * x * publicity)


def test_in_parameter_sets_rivals_are_judged_by_the_sets_as_the_usual_rules_are(tmp_path):
    """An effect that four sets leave open is not told under a rival either, though 16 seeds by themselves would tell it."""
    study = compare_study(
        replications=16,
        uncertainties=[{"path": PATH, "low": 0, "high": 35}],
        compare={"submodels": ["overdose=logistic"], "members": 4},
    )
    with undrawn():
        answer = run_study(study, tmp_path / "out", executor="inline", model_class=Depending).answer
    table, usual = answer.tables["submodels"], answer.tables["effects"]
    for scenario in ("quiet", "loud"):
        for name in ("orders", "deaths_expected"):
            mine, there = (row(each, scenario=scenario, outcome=name) for each in (table, usual))
            assert (mine["usual_low"], mine["usual_high"]) == (there["low"], there["high"])
            assert (mine["low"], mine["high"]) == (there["low"], there["high"]), "this rival changes nothing here"
    deaths = row(table, scenario="loud", outcome="deaths_expected")
    assert not deaths["usual_told"]
    assert not deaths["rival_told"]
    runs = answer.tables["outcomes"].drop(columns=["scale", "parameter_set"])
    assert row(paired_effects(runs, "plain"), scenario="loud", outcome="deaths_expected")["excludes_zero"]


# A comparison ---------------------------------------------------------------------------------------------------------
class Turning(fake_market.FakeMarket):
    """By chance a closure does the opposite to orders."""

    def daily(self):
        frame = super().daily()
        if self.scenario.name == "closure" and self.scenario.submodels.vendor_choice == "random":
            frame["orders"] *= 1.2 / 0.9
        return frame


WORLDS = fake_market.world(), [fake_market.world("closure"), fake_market.world("advice")]
SAID = "Under random vendor choice closure raises orders"


@pytest.fixture(scope="module")
def comparison():
    return compare(*WORLDS, runs=4, workers=1, model_class=Turning, submodels=["vendor_choice=random", "fear=share"])


def test_a_comparison_says_what_turns(comparison):
    table = comparison.submodels
    assert row(table, rival="random", scenario="closure", outcome="orders")["flips"]
    assert table["flips"].sum() == 1
    text = page(comparison)
    assert "## Under rival rules" in text
    assert SAID in text
    rows = json.loads(json.dumps(comparison.to_json()))["submodels"]
    assert any(each["flips"] and each["outcome"] == "orders" for each in rows)
    summary = {each[:3]: each[3:] for each in rival_summary(table)}
    assert summary["vendor_choice", "random", "closure"][3] == "1"
    assert summary["fear", "share", "closure"][3] == "0"
    assert compare(*WORLDS, runs=2, workers=1, model_class=Turning).submodels is None


@pytest.mark.slow
def test_what_turns_stands_in_the_files_and_the_page_of_a_comparison(tmp_path):
    compare(*WORLDS, runs=4, workers=1, model_class=Turning, out=tmp_path / "out", submodels="vendor_choice=random")
    answer = tmp_path / "out" / "answer"
    assert pd.read_csv(answer / "submodels.csv")["flips"].sum() == 1
    html = (answer / "report.html").read_text(encoding="utf-8")
    assert "Doubt of rules" in html
    assert SAID in html
    assert "Effects by the usual rules and under each rival" in html
    assert (answer / "figures" / "submodels.svg").is_file()
    again = write_report(tmp_path / "out", people="both").read_text(encoding="utf-8")
    assert again.count(SAID) >= 2, "for real people and for the simulated consumers"


def test_totals_under_rivals_are_those_of_real_people_too(comparison):
    found = comparison
    own, real = (
        row(each.submodels, rival="random", scenario="closure", outcome="orders") for each in (found, found.real())
    )
    for name in ("mean", "low", "usual", "usual_baseline"):
        assert real[name] == pytest.approx(own[name] * found.weight)
    assert real["percent"] == own["percent"]


# A validation ---------------------------------------------------------------------------------------------------------
class Dear(PricedMarket):
    """Buyers at random pay twice as much."""

    def table(self, name):
        frame = super().table(name)
        if name == "orders" and self.scenario.submodels.vendor_choice == "random":
            frame["price_usd"] *= 2
        return frame


def test_rivals_are_held_against_the_same_facts(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.studies.execution.conduct.default_model", lambda: Dear)
    monkeypatch.setattr("sim.report.validation_page.save_figure", lambda figure, stem: stem.with_suffix(".png").touch())
    goals = facts(near=goal(), dear=goal(value=30, low=29, high=31, use="validation"))
    result = validate(goals, runs=2, workers=1, out=tmp_path / "out", submodels=["vendor_choice=random", "fear=share"])
    assert result.last_line == "in range: calibration 1 of 1, validation 0 of 1"
    assert rival_rows(result) == [
        ("usual rules", "1 of 1 / 0 of 1", "1 of 1 / 0 of 1"),
        ("random vendor choice", "0 of 1 / 1 of 1", "0 of 1 / 1 of 1"),
        ("fear by share of trade", "1 of 1 / 0 of 1", "1 of 1 / 0 of 1"),
    ]
    kept = json.loads((tmp_path / "out" / "answer" / "validation.json").read_text())
    assert [(each["rival"], each["in_range"]) for each in kept["rivals"]] == [
        ("random", "in range: calibration 0 of 1, validation 1 of 1"), ("share", "in range: calibration 1 of 1, validation 0 of 1"),
    ]  # fmt: skip
    assert "| random vendor choice |" in (tmp_path / "out" / "answer" / "report.md").read_text()
