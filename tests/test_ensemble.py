"""Studies in the parameter sets of a calibration: which sets are drawn, that runs stay what they are, and that two kinds of doubt are told apart."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from sim import Scenario, compare, run_study
from sim.cli.main import app
from sim.report.folder import report
from sim.report.parts import change, doubt, tables
from sim.report.parts.headline import verdicts
from sim.report.parts.material import of_answer, of_pairs
from sim.scenario import ScenarioError
from sim.studies import kinds
from sim.studies.errors import RequestError
from sim.studies.execution import stored
from sim.studies.execution.stored import read_back
from sim.studies.execution.verify import verify
from sim.studies.findings.doubt import DEPENDS, HOLD, MORE, OPEN, conclusions, said
from sim.studies.methods import components, worlds
from sim.studies.methods.worlds import ParameterSets, drawn_worlds, members_for
from sim.studies.runs.compare_tables import cost_table, over_sets, ranking_table
from sim.studies.runs.effects import paired_effects
from sim.studies.store.folder import read_study
from sim.studies.study_files import Study, StudyFileError
from sim.studies.validation.ensemble import load_ensemble
from sim.studies.validation.files import TargetsError
from tests.fake_market import FakeMarket, world
from tests.study_market import PATH, StudyMarket, compare_study, not_drawn, sweep_study

OTHER = "choice.price_weight"
POINTS = [{PATH: 10.0 + k, OTHER: 1.0 + 0.01 * k} for k in range(5)]
WEIGHTS = [4.0, 2.0, 1.0, 1.0, 0.0]


@pytest.fixture(scope="module", autouse=True)
def _without_drawing():
    """Figures take most of the time, and what they look like does not matter here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.report.study_page.draw", lambda *_: None)
        patch.setattr("sim.report.study_page.save_figure", not_drawn)
        for name in ("effects_figure", "trade_figure"):
            patch.setattr(f"sim.report.figures.{name}", lambda *_: None)
        patch.setattr("sim.report.figures.save_figure", not_drawn)
        yield


def written(folder, points=POINTS, weights=None):
    file = folder / "ensemble.json"
    file.write_text(json.dumps({"points": points, **({"weights": weights} if weights else {})}))
    return str(file)


def scenarios():
    return [Scenario.load(each) for each in compare_study()["scenarios"]]


class Contested(FakeMarket):
    """A closure lowers orders in every parameter set, if by more in some; what it does to deaths turns with the parameter; trust has only luck."""

    def daily(self):
        frame = super().daily()
        x = self.scenario.parameters["choice"]["legal_risk_weight"] - 12.0
        if self.scenario.name == "closure":
            luck = np.random.default_rng([self.seed, 7]).normal(0, 1, 2)
            frame["orders"] *= 1 + 0.01 * x + 0.005 * luck[0]
            frame["deaths_expected"] *= 1 + 0.05 * x + 0.005 * luck[1]
            frame["trust_in_police"] += np.random.default_rng([self.seed, 8]).normal(0.01, 0.01)
        return frame


# Which parameter sets are drawn ---------------------------------------------------------------------------------------
@settings(max_examples=30, deadline=None)
@given(
    weights=st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any),
    number=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_each_set_is_drawn_as_often_as_its_weight_says_up_to_rounding(weights, number, seed):
    sets = ParameterSets(tuple({"x": k} for k in range(len(weights))), tuple(map(float, weights)))
    drawn = [point["x"] for point in drawn_worlds(sets, (), "lhs", number, seed)]
    assert len(drawn) == number
    for k, weight in enumerate(weights):
        share = number * weight / sum(weights)
        assert np.floor(share - 1e-9) <= drawn.count(k) <= np.ceil(share + 1e-9)


def test_sets_that_count_alike_all_come_before_any_comes_again():
    study = Study.load(compare_study(uncertainties=[PATH]))
    sets = ParameterSets(tuple({PATH: 10.0 + k} for k in range(5)))
    drawn = [point[PATH] for point in drawn_worlds(sets, study.uncertainties, "lhs", 8, 3)]
    assert len(set(drawn[:5])) == 5
    assert drawn == [point[PATH] for point in drawn_worlds(sets, study.uncertainties, "lhs", 8, 3)]


@pytest.mark.parametrize(
    ("pairs", "asked", "there", "found"),
    [(8, None, 0, 4), (8, None, 200, 4), (64, None, 10, 10), (9, None, 200, 4), (3, None, 200, 1), (8, 2, 200, 2)],
)
def test_pairs_are_shared_out_so_that_each_set_has_two_at_least(pairs, asked, there, found):
    assert members_for(pairs, asked, there) == found


# The same runs whoever does them --------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def contested(tmp_path_factory):
    """A comparison of three scenarios in eight of twenty parameter sets, with its folder."""
    folder = tmp_path_factory.mktemp("contested")
    points = [{PATH: 11.0 + 0.1 * k, OTHER: 1.0 + 0.01 * k} for k in range(21)]
    ensemble = written(folder, points, [1.0 + k % 3 for k in range(21)])
    asked = [world(), [world("closure"), world("advice")]]
    found = compare(*asked, runs=24, workers=1, model_class=Contested, ensemble=ensemble, out=folder / "out", members=8)
    return found, folder


def test_every_scenario_is_run_in_every_set_with_the_seeds_of_that_set(contested):
    comparison, _ = contested
    runs = comparison.outcomes
    assert len(comparison.points) == 8
    by_scenario = {label: rows.set_index("seed")["parameter_set"] for label, rows in runs.groupby("scenario")}
    assert all((sets == by_scenario["baseline"]).all() for sets in by_scenario.values())
    assert by_scenario["baseline"].value_counts().tolist() == [3] * 8


def test_the_same_ensemble_gives_the_same_runs_whatever_order_they_end_in(tmp_path):
    study = Study.load(compare_study(ensemble=written(tmp_path, weights=WEIGHTS)))
    with ThreadPoolExecutor(3) as threads:
        one, two = (
            run_study(study, tmp_path / name, executor=how, workers=3, model_class=StudyMarket).answer.tables
            for name, how in (("one", "inline"), ("two", threads))
        )
    assert one["outcomes"].equals(two["outcomes"])
    assert one["effects"].equals(two["effects"])


@pytest.mark.slow
def test_the_same_ensemble_gives_the_same_runs_whatever_the_workers(tmp_path):
    base, *others = scenarios()
    ensemble = written(tmp_path, weights=WEIGHTS)
    one, two = (
        compare(base, others, runs=8, workers=workers, model_class=StudyMarket, ensemble=ensemble) for workers in (1, 2)
    )
    assert one.outcomes.equals(two.outcomes)
    assert one.effects.equals(two.effects)
    assert one.points == two.points
    drawn = {point[PATH] for point in one.points}
    assert 10.0 in drawn, "the set with half of the weight is drawn"
    assert 14.0 not in drawn, "one that does not count is not"


def test_a_comparison_in_an_ensemble_is_gone_on_with_and_its_runs_can_be_done_again(tmp_path):
    base, *others = scenarios()
    how = {"runs": 6, "workers": 1, "model_class": StudyMarket, "ensemble": written(tmp_path), "members": 3}
    whole = compare(base, others, **how)

    def stop(event):
        if event["event"] == "progress" and event["done"] >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(base, others, out=tmp_path / "out", on_event=stop, **how)
    with pytest.raises(RequestError, match=r"another study.*members"):
        compare(base, others, out=tmp_path / "out", resume=True, **{**how, "members": 2})
    written(tmp_path, [{**point, PATH: point[PATH] + 1} for point in POINTS])
    with pytest.raises(RequestError, match=r"another study.*ensemble\.0"):
        compare(base, others, out=tmp_path / "out", resume=True, **how)
    written(tmp_path)
    again = compare(base, others, out=tmp_path / "out", resume=True, **how)
    assert again.outcomes.equals(whole.outcomes)
    again.save(tmp_path / "saved")
    for folder in ("out", "saved"):
        found = verify(tmp_path / folder, 6, StudyMarket)
        assert found["ok"], found["problems"]
        assert len(found["runs_again"]) == 6


def test_a_mapping_is_an_ensemble_as_a_file_is(tmp_path):
    base, *others = scenarios()
    how = {"runs": 4, "workers": 1, "model_class": StudyMarket}
    file = compare(base, others, ensemble=written(tmp_path, weights=WEIGHTS), **how)
    assert compare(base, others, ensemble={"points": POINTS, "weights": WEIGHTS}, **how).effects.equals(file.effects)


# Every kind of study --------------------------------------------------------------------------------------------------
def test_a_study_that_compares_draws_its_sets_by_weight(tmp_path):
    study = Study.load(compare_study(ensemble=written(tmp_path, weights=WEIGHTS), replications=8))
    done = run_study(study, tmp_path / "out", executor="inline", model_class=StudyMarket)
    seen = done.results.outcomes().groupby(PATH)["seed"].nunique()
    assert seen[10.0] == 4
    assert set(done.answer.tables["effects"]["sets"]) == {4}
    assert set(done.answer.tables["conclusions"]["verdict"]) == {HOLD}
    kept = read_back(tmp_path / "out").study
    assert (kept.ensemble, kept.weights) == (study.ensemble, study.weights)
    assert kept.describe()["weights"] == WEIGHTS


@pytest.mark.parametrize(
    "kind",
    [
        {"kind": "sweep"},
        pytest.param(
            {"kind": "sensitivity", "sensitivity": {"method": "morris", "samples": 4, "resamples": 10}, "uncertainties": ["choice.crypto"]},
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda kind: kind["kind"],
)  # fmt: skip
def test_a_design_is_run_with_each_seed_in_a_set_that_all_points_share(tmp_path, kind):
    study = Study.load(sweep_study(ensemble=written(tmp_path), replications=3, **kind))
    assert {factor.path for factor in study.varied} == {"policies.takedown.publicity", *kind.get("uncertainties", ())}
    runs = run_study(study, tmp_path / "out", executor="inline", model_class=StudyMarket).results.outcomes()
    assert (runs.groupby("seed")[PATH].nunique() == 1).all()
    assert runs[PATH].nunique() == 3
    kept = read_back(tmp_path / "out")
    assert kinds.get(study.file.kind).conduct(kept.study, kept.runs).findings
    assert not kept.runs.lacking


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (compare_study(kind="calibrate", uncertainties=[PATH], calibrate={"targets": [{"measure": "orders", "value": 1, "sd": 1}]}), "none: it makes an ensemble"),
        (sweep_study(uncertainties=[PATH]), f"one that sets {PATH} too"),
        (compare_study(kind="sweep"), "beside what the ensemble sets"),
        (compare_study(kind="sensitivity"), "two or more that the ensemble does not set"),
        (compare_study(compare={"members": 5}), r"compare\.members.*at most 4"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_with_an_ensemble_is_said_with_the_reason(tmp_path, study, said):
    with pytest.raises(StudyFileError, match=said):
        Study.load({**study, "ensemble": written(tmp_path)})


# What is no ensemble, and the one that ships --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "a file that a calibration wrote"),
        ("[]", "a file that a calibration wrote"),
        ('{"points": [{"choice.price_wait": 1}]}', "did you mean"),
        ('{"points": [{"choice.crypto": 1}, {"choice.price_weight": 1}]}', "differ in what they set"),
        ('{"points": [{"choice.crypto": 0.1}], "weights": [0]}', r"ensemble\.weights.*1 numbers"),
    ],
)
def test_what_is_no_ensemble_is_refused_by_all_who_take_one(tmp_path, content, said):
    file = tmp_path / "ensemble.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(StudyFileError, match=said):
        Study.load(compare_study(ensemble=str(file)))
    with pytest.raises(ScenarioError, match=said):
        compare("baseline", "takedown", ensemble=str(file), runs=4)
    if "did you mean" not in said:
        with pytest.raises(TargetsError, match=said):
            load_ensemble(file)


def test_too_few_pairs_and_members_without_an_ensemble_are_refused():
    with pytest.raises(RequestError, match="at least 4"):
        compare("baseline", "takedown", runs=3, ensemble={"points": POINTS})
    with pytest.raises(RequestError, match="drawn from an ensemble"):
        compare("baseline", "takedown", runs=8, members=2)


def test_the_ensemble_that_ships_is_named_default_everywhere(tmp_path, monkeypatch):
    monkeypatch.setattr(worlds, "SHIPPED", (tmp_path / "none.json", tmp_path / "ensemble.json"))
    for ask in (
        lambda: compare("baseline", "takedown", runs=4, ensemble="default"),
        lambda: Study.load(compare_study(ensemble="default")),
        lambda: load_ensemble("default"),
    ):
        with pytest.raises(ScenarioError, match="no ensemble ships with this version"):
            ask()
    for command in (
        ["compare", "baseline", "takedown", "--ensemble", "default"],
        ["study", "policy-ranking", "--ensemble", "default", "--dry-run"],
        ["validate", "--ensemble", "default"],
    ):
        answer = CliRunner().invoke(app, command)
        assert answer.exit_code == 2
        assert "no ensemble ships with this version" in re.sub(r"\s+", " ", answer.stderr)
    written(tmp_path, weights=WEIGHTS)
    base, *others = scenarios()
    found = compare(base, others, runs=4, workers=1, model_class=StudyMarket, ensemble="default")
    assert len(found.points) == 2
    assert Study.load(compare_study(ensemble="default")).weights == tuple(WEIGHTS)
    assert load_ensemble("default").weights == tuple(WEIGHTS)


def test_what_ships_if_it_does_is_an_ensemble_that_the_model_takes():
    if worlds.shipped_ensemble() is None:
        pytest.skip("none ships yet")
    study = Study.load({**compare_study(), "ensemble": "default"})
    assert len(study.ensemble) >= 10


# The two kinds of doubt -----------------------------------------------------------------------------------------------
def split(values, sets):
    return components.doubt(np.asarray(values, dtype=float), np.asarray(sets))


def made(rng, sets, runs, apart, luck, mean=1.0):
    """Differences with known components, and the set of each; sets are of unequal size where `runs` is no whole number."""
    of = np.arange(int(sets * runs)) % sets
    return mean + rng.normal(0, apart, sets)[of] + rng.normal(0, luck, of.size), of


@settings(max_examples=25, deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_in_one_set_all_doubt_is_chance_and_the_interval_that_of_student(values):
    found = split(values, np.zeros(len(values), dtype=int))
    mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))
    assert found.parameters_low == pytest.approx(mean, abs=1e-9)
    assert (found.low, found.high) == (found.chance_low, found.chance_high)
    assert found.sets_same_sign == 1
    from sim.studies.runs.effects import quantile

    assert found.high - found.low == pytest.approx(2 * quantile(0.95, len(values)) * error, rel=1e-6, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(effects=st.lists(st.integers(-1000, 1000), min_size=2, max_size=12), runs=st.integers(2, 5))
def test_runs_that_all_agree_within_their_sets_leave_no_chance(effects, runs):
    found = split(effects * runs, list(range(len(effects))) * runs)
    assert found.chance_low == pytest.approx(found.mean, abs=1e-9)
    assert found.chance_high == pytest.approx(found.mean, abs=1e-9)
    assert np.isnan(found.parameter_share) or found.parameter_share == pytest.approx(1)
    assert (
        found.sets_same_sign == pytest.approx(np.mean(np.sign(effects) == np.sign(found.mean)))
        or abs(found.mean) < 1e-9
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.integers(0, 4)), min_size=1, max_size=30))
def test_the_total_holds_both_kinds_and_the_order_of_pairs_means_nothing(pairs):
    values, sets = zip(*pairs, strict=True)
    found = split(values, sets)
    if np.isnan(found.low):
        assert len(set(sets)) == len(sets), "with two pairs in a set there is an interval"
        return
    edge = 1e-9 * max(1.0, *map(abs, values))
    assert found.low - edge <= found.chance_low <= found.mean + edge
    assert found.mean - edge <= found.chance_high <= found.high + edge
    turned = split(values[::-1], sets[::-1])
    assert (turned.low, turned.high, turned.p) == pytest.approx((found.low, found.high, found.p), rel=1e-6, abs=1e-6)
    assert (
        (found.p <= 0.05 + 1e-6) == (found.low > -edge or found.high < edge)
        or abs(found.p - 0.05) < 1e-3
        or found.low * found.high <= edge
    )


@pytest.mark.parametrize(("apart", "luck"), [(0.0, 1.0), (1.0, 1.0), (2.0, 0.5)])
def test_known_components_are_recovered_and_the_total_covers_the_effect_of_a_set(apart, luck):
    rng = np.random.default_rng(5)
    shares, spreads, same, covered, chance = [], [], [], [], []
    for _ in range(200):
        values, sets = made(rng, 12, 2.5, apart, luck)
        found = split(values, sets)
        truth = 1.0 + rng.normal(0, apart)
        covered.append(found.low <= truth <= found.high)
        chance.append(found.chance_high - found.chance_low)
        spreads.append(((found.parameters_high - found.mean) / 1.96) ** 2)
        shares.append(found.parameter_share)
        same.append(found.sets_same_sign)
    from scipy.stats import norm

    assert np.mean(spreads) == pytest.approx(apart**2, abs=0.12 * (apart**2 + luck**2) + 0.05)
    assert np.mean(chance) == pytest.approx(2 * 2.1 * luck / np.sqrt(30), rel=0.1)
    assert np.mean(covered) >= 0.92
    assert np.median(shares) == pytest.approx(apart**2 * 13 / 12 / (apart**2 * 13 / 12 + luck**2 / 30), abs=0.1)
    if apart:
        assert np.mean(same) == pytest.approx(norm.cdf(1 / apart), abs=0.04)


def test_nothing_done_gives_nothing_of_any_kind(contested):
    comparison, _ = contested
    effects = comparison.effects.set_index(["scenario", "outcome"])
    nothing = effects.loc[("advice", "orders")]
    ends = [f"{kind}{end}" for kind in ("", "chance_", "parameters_") for end in ("low", "high")]
    assert not nothing[ends].any()
    assert nothing["p"] == 1
    assert np.isnan(nothing["parameter_share"])
    assert tables.doubt.cells({"outcome": "orders", **nothing}) == ("-",) * 4


def test_what_holds_and_what_depends_on_the_parameters_is_told_apart(contested):
    comparison, _ = contested
    told = comparison.conclusions.set_index(["scenario", "outcome"])
    assert told.loc[("closure", "orders"), "verdict"] == HOLD
    assert told.loc[("closure", "deaths_expected"), "verdict"] == DEPENDS
    assert told.loc[("closure", "deaths_expected"), "doubt"] == "mostly what is not known about the parameters"
    assert told.loc[("closure", "trust_in_police"), "doubt"] == "mostly chance"
    assert told.loc[("advice", "orders"), "verdict"] == OPEN
    words = said(comparison.conclusions)["closure"]
    assert re.search(r"the sign depends on the parameters for deaths \(expected\) \(\d of 8 parameter sets\)", words)
    as_json = comparison.to_json()
    assert as_json["parameter_sets"] == 8
    assert {"scenario": "closure", "outcome": "deaths_expected", "verdict": DEPENDS} in as_json["conclusions"]
    assert as_json["effects"]["closure"]["orders"]["chance_low"] < as_json["effects"]["closure"]["orders"]["mean"]


def test_sets_that_agree_and_are_too_few_are_no_finding():
    rows = [{"scenario": "a", "seed": k, "parameter_set": k % 3, "orders": 100.0} for k in range(6)]
    rows += [
        {"scenario": "b", "seed": k, "parameter_set": k % 3, "orders": 90.0 + 4 * (k % 3) + 0.1 * k} for k in range(6)
    ]
    effects = paired_effects(pd.DataFrame(rows), "a")
    assert not effects.iloc[0]["excludes_zero"]
    assert effects.iloc[0]["sets_same_sign"] == 1
    told = conclusions(effects)
    assert told is not None
    assert told["verdict"].tolist() == [MORE]


def test_a_policy_that_changes_nothing_gains_nothing_where_some_of_its_runs_failed():
    """In every set one seed is lucky and one is not; the policy lacks the unlucky ones of three sets."""
    rows = [
        {"scenario": label, "seed": 1 + k + 8 * luck, "parameter_set": k, "deaths_expected": 1000.0 + k + 100 * luck}
        for label in ("plain", "idle", "lost")
        for k in range(8)
        for luck in (0, 1)
    ]
    runs = pd.DataFrame(rows).assign(policy_cost_usd=0.0)
    runs["policy_cost_usd"] = 10.0 * (runs["scenario"] != "plain")
    failed = (runs["scenario"] == "idle") & runs["seed"].between(9, 11) | (runs["scenario"] == "lost")
    runs.loc[failed, ["deaths_expected", "policy_cost_usd"]] = np.nan
    for seen in (runs, runs[~failed]):
        counted = over_sets(seen)
        plane = cost_table(counted, "plain", "policy_cost_usd", "deaths_expected", ()).set_index("scenario").loc["idle"]
        assert (plane["gain"], plane["gain_low"], plane["gain_high"], plane["n"]) == (0, 0, 0, 8)
        both = over_sets(seen[seen["scenario"] != "lost"])
        assert (ranking_table(both, ["deaths_expected"])["rank"] == 1.5).all()


def test_a_finding_is_stated_only_where_both_kinds_together_leave_zero_out(contested):
    comparison, _ = contested
    material = of_pairs(comparison.real())
    (closure, _) = verdicts(material)
    named = {change.name for change in closure.changes}
    assert "orders" in named
    assert "deaths (expected)" not in named
    deaths = comparison.effects.set_index(["scenario", "outcome"]).loc[("closure", "deaths_expected")]
    assert deaths["chance_low"] * deaths["chance_high"] > 0, "chance alone would have told it"
    assert any("8 of 8 parameter sets" in each.pairs for each in closure.changes)
    words = " ".join([*doubt.chance(material), *doubt.parameters(material), *change.would_change(material)])
    assert "shared out over 8 parameter sets" in words
    assert "Not looked at here" not in words
    assert "Each pair of runs had a world of its own" not in words
    assert "deaths (expected)" not in {each.outcome for each in change.open_questions(material)}, (
        "no number of pairs tells"
    )


def test_terminal_and_both_reports_show_the_kinds_of_doubt(contested, capsys):
    from sim.cli.finished import print_comparison

    comparison, _ = contested
    print_comparison(comparison, None)
    printed = " ".join(capsys.readouterr().out.split())
    assert "24 paired runs of each scenario (seeds 1 to 24) in 8 parameter sets" in printed
    assert "Across the parameters:" in printed


@pytest.mark.slow
def test_the_page_shows_the_kinds_of_doubt_and_without_an_ensemble_says_how_to_look(contested, tmp_path):
    _, folder = contested
    html = report(folder / "out")
    assert "chance alone: " in html
    assert "mostly what is not known about the parameters" in html
    assert re.search(r'<th scope="row">closure</th><td data-head="Outcome">Orders</td>', html)
    assert "ensemble={" in html
    comparison = compare(world(), world("closure"), runs=4, workers=1, model_class=Contested, out=tmp_path / "out")
    assert not {"chance_low", "sets"} & set(comparison.effects.columns)
    assert comparison.conclusions is None
    html = report(tmp_path / "out")
    assert "chance alone: " not in html
    assert "--ensemble default" in html


def test_the_short_report_has_the_conclusions(contested):
    _, folder = contested
    page = (folder / "out/answer/report.md").read_text(encoding="utf-8")
    assert "## Which conclusions hold" in page
    assert re.search(r"\| closure \| Deaths \(expected\) .*\| depends on the parameters \|", page)


def test_a_folder_of_before_in_which_each_pair_had_a_world_of_its_own_is_still_told(tmp_path):
    study = compare_study(uncertainties=[PATH], replications=8)
    now = run_study({**study, "compare": {"members": 0}}, tmp_path / "out", executor="inline", model_class=StudyMarket)
    assert "chance_low" not in now.answer.tables["effects"]
    described = read_study(tmp_path / "out")
    del described["settings"]["members"]  # as folders of before are
    kept = read_back(tmp_path / "out")
    before = stored._study(described)
    assert before == kept.study
    again = kinds.get("compare").conduct(before, kept.runs)
    assert not kept.runs.lacking
    words = " ".join(doubt.parameters(of_answer(before, again)))
    assert "Each pair of runs had a world of its own" in words


@pytest.mark.slow
def test_more_runs_reach_a_precision_of_chance_whatever_the_parameters_do(tmp_path):
    asked = {"precision": {"measure": "orders", "half_width": 0.02}, "step": 4, "most": 48, "members": 4}
    study = compare_study(
        ensemble=written(tmp_path, [{PATH: 10.0 + 25 * k} for k in range(4)]), replications=8, compare=asked
    )
    done = run_study(study, tmp_path / "out", executor="inline", model_class=StudyMarket)
    effects = done.answer.tables["effects"].set_index(["scenario", "outcome"])
    loud = effects.loc[("loud", "orders")]
    assert (loud["chance_high"] - loud["chance_low"]) / 2 <= 0.02 * loud["baseline"]
    assert loud["n"] % 4 == 0
    assert any("precision asked for was reached" in note for note in done.answer.notes)


def test_groups_have_both_kinds_of_doubt_too(contested):
    from sim.studies.runs.by_group import effects_by_group

    comparison, _ = contested
    runs = comparison.outcomes[["scenario", "seed", "parameter_set", "orders", "deaths_expected"]]
    frame = runs.assign(key="segment", member="patient", living_consumers=100.0)
    found = effects_by_group(frame, "baseline").set_index(["scenario", "outcome"])
    whole = comparison.effects.set_index(["scenario", "outcome"])
    assert found.loc[("closure", "orders"), "chance_low"] == whole.loc[("closure", "orders"), "chance_low"]
    small = effects_by_group(frame.assign(living_consumers=10.0), "baseline")
    assert small[["low", "chance_low", "parameters_high"]].isna().all(axis=None)


def test_totals_of_real_people_scale_every_interval(contested):
    comparison, _ = contested
    here, real = comparison.effects, comparison.real().effects
    orders = here["outcome"] == "orders"
    for name in ("mean", "low", "chance_low", "parameters_high"):
        np.testing.assert_allclose(real.loc[orders, name], here.loc[orders, name] * comparison.weight)
    assert (real["p"] == here["p"]).all()
    assert replace(comparison, scale="x").points == comparison.points
