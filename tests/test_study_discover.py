"""Discovery: the worlds in which a policy was made to fail are found, and judged on worlds that were held out."""

import numpy as np
import pytest
from scipy.stats import binomtest

from sim import run_study
from sim.studies import kinds
from sim.studies.kinds.discover import DiscoverSettings
from sim.studies.methods.discovery import Worth, by_luck
from sim.studies.methods.factors import Factor
from sim.studies.methods.functions import FunctionDriver
from sim.studies.study import StudyFile
from sim.studies.study_files import Study, StudyFileError
from tests.study_market import PATH, SIZE, StudyMarket, compare_study

FACTORS = (
    *(Factor(path=name, low=0.0, high=10.0, distribution="uniform") for name in "abcd"),
    Factor(path="kind", values=("x", "y", "z"), distribution="choice"),
)


def planted(point, scenario, seed):
    """The policy helps by 10 % save where a is high, b is low and the kind is x."""
    fails = point["a"] > 6 and point["b"] < 5 and point["kind"] == "x"
    return {"y": 100 + seed - (0 if scenario == "baseline" else (-5 if fails else 10))}


def discover(function=planted, seeds=2, **settings):
    file = StudyFile(kind="discover", scenarios=("baseline", "policy"), uncertainties=FACTORS, replications=seeds)
    fails = [{"measure": "y", "of": "percent", "above": -1}]
    section = DiscoverSettings(**{"fails": fails, "points": 600, "mass": 0.03, "boxes": 2, **settings})
    study = Study(file, {"baseline": None, "policy": None}, FACTORS, (), section)
    return kinds.get("discover").conduct(study, FunctionDriver(function, tuple(study.scenarios), study.seeds))


@pytest.fixture(scope="module")
def found():
    return discover()


def test_the_planted_box_is_found_and_no_other(found):
    limits = found.tables["limits"].set_index("factor")
    assert set(limits.index) == {"a", "b", "kind"}
    assert limits.loc["a", "low"] == pytest.approx(6, abs=0.8)
    assert limits.loc["a", "high"] == 10
    assert limits.loc["b", "high"] == pytest.approx(5, abs=0.8)
    assert limits.loc["kind", "values"] == "x"


def test_a_box_is_judged_on_worlds_that_it_was_not_found_on(found):
    quality = found.tables["boxes"].set_index("worlds")
    assert quality.loc["held out", "coverage"] > 0.85
    assert quality.loc["held out", "density"] > 0.85
    assert quality.loc["held out", "low"] < quality.loc["held out", "density"] <= quality.loc["held out", "high"]
    assert quality.loc["held out", "p"] < 1e-3
    assert quality["inside"].sum() == found.tables["worlds"]["box_1"].sum()


def test_factors_that_matter_score_highest(found):
    scores = found.tables["scores"].query("of == 'fails'").set_index("factor")["score"]
    assert set(scores.nlargest(3).index) == {"a", "b", "kind"}
    assert scores.sum() == pytest.approx(1)


def test_where_failure_is_luck_no_box_survives_the_worlds_held_out():
    def luck(point, scenario, seed):
        bad = int(point["d"] * 1e6) % 4 == 0
        return {"y": 100 + (scenario == "policy") * (5 if bad else -10)}

    quality = discover(luck, seeds=1, boxes=1).tables["boxes"]
    assert not (quality.query("worlds == 'held out'")["p"] < 0.01).any()


def test_where_failure_is_luck_no_box_survives_though_parameter_sets_come_again():
    """A set that is drawn again is the same world with the same seeds: it fails again, and says no more than it did at first."""

    def luck(point, scenario, seed):
        return {"y": 100 + (scenario == "policy") * (5 if int(point["d"] * 1e6) % 4 == 0 else -10)}

    factors = tuple(Factor(path=name, low=0.0, high=10.0, distribution="uniform") for name in "abcdefgh")
    places = 10 * np.random.default_rng(6).random((60, 8))
    sets = tuple(dict(zip("abcdefgh", row, strict=True)) for row in places.tolist())
    for first in (1, 2, 3, 4):
        file = StudyFile(kind="discover", scenarios=("baseline", "policy"), replications=1, seed=first)
        section = DiscoverSettings(fails=({"measure": "y", "above": -1},), points=300, boxes=1, mass=0.03)
        study = Study(file, {"baseline": None, "policy": None}, factors, (), section, ensemble=sets)
        result = kinds.get("discover").conduct(study, FunctionDriver(luck, tuple(study.scenarios), study.seeds))
        worlds = result.tables["worlds"]
        assert worlds.groupby("a")["held_out"].nunique().max() == 1, "a set is held out as a whole"
        assert (worlds["held_out"].mean(), len(worlds)) == (pytest.approx(0.3), 300)
        assert not (result.tables["boxes"].query("worlds == 'held out'")["p"] < 0.05).any()
        assert any("of 60 parameter sets" in note for note in result.notes)


def test_worlds_of_one_set_count_as_one_in_what_luck_may_do():
    value = Worth(0.5, 0.6, 10, 6, 0.3)
    alone = by_luck(value, np.arange(10))
    test = binomtest(6, 10, 0.3, alternative="greater")
    assert alone[2] == pytest.approx(test.pvalue)
    assert alone[:2] == pytest.approx(tuple(binomtest(6, 10).proportion_ci(0.95, method="wilson")))
    twice = by_luck(Worth(0.5, 0.6, 20, 12, 0.3), np.repeat(np.arange(10), 2))
    assert twice == pytest.approx(alone)
    assert by_luck(Worth(0.5, 0.0, 4, 0, 0.3), np.arange(4))[2] == 1


def test_a_policy_that_never_fails_has_no_box():
    result = discover(lambda point, scenario, seed: {"y": 100.0 - 20 * (scenario == "policy")}, points=60)
    assert result.findings == ["The policy fails in none of the worlds."]
    assert result.tables["boxes"].empty
    assert any("not to be believed" in note for note in result.notes)


def file(**fields):
    scenarios = [
        {"name": "plain", **SIZE},
        {"name": "loud", "policies": [{"kind": "takedown", "start": 3, "publicity": 2.0}], **SIZE},
    ]
    return {
        **compare_study(name="where", kind="discover", scenarios=scenarios, replications=1),
        "uncertainties": [PATH],
        "levers": [{"path": "policies.takedown.publicity", "low": 0, "high": 2}],
        "discover": {"fails": [{"measure": "orders", "of": "effect", "above": -80}], "points": 60},
        **fields,
    }


def test_a_study_is_written_with_figures(tmp_path):
    done = run_study(file(), tmp_path / "out", executor="inline", model_class=StudyMarket)
    limits = done.answer.tables["limits"].set_index("factor")
    assert limits.loc["policies.takedown.publicity", "high"] < 1.6
    drawn = {path.name for path in (tmp_path / "out/answer/figures").glob("*.png")}
    assert drawn == {"boxes.png", "worlds.png", "feature-scores.png"}


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"fails": [{"measure": "orders"}]}, "either above or below"),
        ({"fails": [{"measure": "order", "above": 1}]}, "did you mean .orders."),
        ({"fails": [{"measure": "orders", "above": 1}], "scenario": "lout"}, "did you mean .loud."),
    ],
)
def test_what_cannot_be_done_is_said(section, words):
    with pytest.raises(StudyFileError, match=words):
        Study.load(file(discover=section))


class TestWithoutValue:
    """A world that cannot be judged is neither one in which the policy fails nor one in which it does not."""

    def test_where_none_could_be_judged_nothing_is_said_of_failure(self):
        result = discover(lambda point, scenario, seed: {"y": 0.0 if scenario == "baseline" else 3.0}, points=60)
        assert result.findings == [
            "Whether the policy fails cannot be said in any of the worlds.",
            "y (in per cent of the baseline) has no value in 60 of 60 worlds; nothing is concluded from those.",
        ]
        assert result.tables["worlds"].empty
        assert result.tables["boxes"].empty
        assert not [note for note in result.notes if "run failed" in note]

    def test_shares_are_of_the_worlds_that_could_be_judged(self):
        def half(point, scenario, seed):
            return {"y": 0.0} if point["d"] < 5 else planted(point, scenario, seed)

        result = discover(half, boxes=1)
        judged = result.tables["worlds"]
        assert (judged["d"] >= 5).all()
        assert f"of the {len(judged)} worlds that could be judged ({600 - len(judged)} could not)" in result.findings[0]

    def test_one_criterion_that_is_met_is_enough_whatever_the_others_lack(self):
        def market(point, scenario, seed):
            return {"y": 0.0, "z": 5.0 if point["a"] > 5 else 0.0}

        fails = [{"measure": "y", "above": 1}, {"measure": "z", "of": "level", "above": 1}]
        worlds = discover(market, points=60, fails=fails).tables["worlds"]
        assert worlds["fails"].all()
        assert (worlds["a"] > 5).all()


def test_a_box_that_chance_would_give_is_no_finding():
    def luck(point, scenario, seed):
        return {"y": 100 + (scenario == "policy") * (5 if int(point["d"] * 1e6) % 4 == 0 else -10)}

    result = discover(luck, seeds=1, boxes=1)
    assert not [line for line in result.findings if line.startswith("Box 1: ")]
