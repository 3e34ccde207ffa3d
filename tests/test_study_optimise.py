"""Optimisation: known fronts are found, limits are kept, and what comes out can be run."""

import numpy as np
import pandas as pd
import pytest

from sim import run_study
from sim.scenario import Scenario
from sim.studies import kinds
from sim.studies.kinds._fronts import undominated
from sim.studies.kinds.optimise import OptimiseSettings
from sim.studies.methods.factors import Factor
from sim.studies.methods.functions import FunctionDriver
from sim.studies.study import StudyFile
from sim.studies.study_files import Study, StudyFileError
from tests.study_market import SIZE, StudyMarket, compare_study

LEVERS = (
    Factor(path="x", low=0.0, high=1.0, distribution="uniform"),
    Factor(path="waste", low=0.0, high=1.0, distribution="uniform"),
)
WORLD = (Factor(path="w", low=0.5, high=1.5, distribution="uniform"),)
OBJECTIVES = [{"measure": "harm", "enough": -5}, {"measure": "cost"}]


def trade(point, scenario, seed):
    """Effort lowers harm and costs; waste costs only. Without waste, all efforts are undominated."""
    if scenario == "baseline":
        return {"harm": 100.0 + seed, "cost": 0.0}
    return {"harm": 100.0 + seed - 10 * point["w"] * point["x"], "cost": 10 * point["x"] + 20 * point["waste"]}


def optimise(**settings):
    file = StudyFile(
        kind="optimise", scenarios=("baseline", "policy"), uncertainties=WORLD, levers=LEVERS, replications=1
    )
    section = OptimiseSettings(**{"objectives": OBJECTIVES, "worlds": 3, "confirm": 6, "generations": 12, **settings})
    study = Study(file, {"baseline": None, "policy": None}, WORLD, LEVERS, section)
    return kinds.get("optimise").conduct(study, FunctionDriver(trade, tuple(study.scenarios), study.seeds))


@pytest.fixture(scope="module")
def found():
    return optimise()


def test_the_search_learns_to_waste_nothing(found):
    table = found.tables["portfolios"]
    assert table[table["generation"] == 11]["waste"].median() < 0.5 * table[table["generation"] == 0]["waste"].median()
    assert found.tables["pareto"]["waste"].max() < 0.35
    assert np.ptp(found.tables["pareto"]["x"]) > 0.5


def test_equal_seeds_give_equal_searches(found):
    pd.testing.assert_frame_equal(optimise().tables["second_look"], found.tables["second_look"])


def test_a_budget_is_kept():
    result = optimise(at_most={"cost": 4.0})
    assert (result.tables["pareto"]["objective.1"] <= 4.0).all()
    assert (result.tables["portfolios"]["objective.1"] > 4.0).any()


def test_the_second_look_says_worst_regret_and_good_enough(found):
    second = found.tables["second_look"]
    harm = second[second["measure"] == "harm"].set_index("trial")
    x = found.tables["pareto"].set_index("trial")["x"]
    assert harm["mean"].to_dict() == pytest.approx((-10 * x).to_dict(), rel=0.06)
    assert (harm["worst"] >= harm["mean"]).all()
    assert harm.loc[x.idxmax(), "regret"] == pytest.approx(0, abs=1e-9)
    assert harm.loc[x.idxmin(), "regret"] > 0
    assert harm.loc[x.idxmax(), "good_enough"] > harm.loc[x.idxmin(), "good_enough"]


def test_nothing_within_the_limits_is_said():
    assert optimise(at_most={"cost": -1.0}, generations=1).findings == ["No portfolio is within the limits."]


def test_undominated_rows():
    values = np.array([[0.0, 3.0], [1.0, 1.0], [3.0, 0.0], [2.0, 2.0], [1.0, 1.0]])
    assert undominated(values).tolist() == [True, True, True, False, True]


def file(**fields):
    scenarios = [
        {"name": "plain", **SIZE},
        {"name": "all", "policies": [{"kind": "takedown", "start": 3, "publicity": 2.0}], **SIZE},
    ]
    return {
        **compare_study(name="best", kind="optimise", scenarios=scenarios, replications=1),
        "levers": [
            {"path": "policies.takedown.publicity", "low": 0, "high": 2},
            {"path": "policies.takedown.start", "values": [2, 4]},
        ],
        "optimise": {
            "objectives": [{"measure": "orders"}, {"measure": "policy_cost_usd"}],
            "population": 4,
            "generations": 2,
            "keep": 2,
        },
        **fields,
    }


def test_portfolios_are_written_as_scenarios_that_can_be_run(tmp_path):
    done = run_study(file(), tmp_path / "out", executor="inline", model_class=StudyMarket)
    written = sorted((tmp_path / "out/answer/scenarios").glob("*.yaml"))
    kept = done.answer.tables["pareto"].set_index("trial")
    assert len(written) == len(kept)
    for path in written:
        scenario = Scenario.load(path)
        row = kept.loc[int(scenario.name.split("-")[-1])]
        assert scenario.policies[0].publicity == pytest.approx(row["policies.takedown.publicity"])
        assert scenario.policies[0].start == row["policies.takedown.start"]
    assert (tmp_path / "out/answer/figures/pareto.png").is_file()


def test_a_portfolio_that_ends_before_it_starts_is_marked_and_left_out(tmp_path):
    dates = [
        {"path": "policies.takedown.start", "low": 0, "high": 8, "distribution": "integer"},
        {"path": "policies.takedown.end", "low": 3, "high": 11, "distribution": "integer"},
        {"path": "policies.takedown.publicity", "low": 0, "high": 2},
    ]
    search = {"objectives": [{"measure": "orders"}, {"measure": "policy_cost_usd"}], "population": 12, "generations": 3}
    study = file(levers=dates, optimise={**search, "keep": 2})
    study["scenarios"][1]["policies"][0]["end"] = 6
    answer = run_study(study, tmp_path / "out", executor="inline", model_class=StudyMarket).answer
    table = answer.tables["portfolios"]
    impossible = table["policies.takedown.end"] <= table["policies.takedown.start"]
    assert impossible.any()
    assert not table.loc[impossible, ["feasible", "undominated"]].to_numpy().any()
    assert table.loc[impossible, "objective.0"].isna().all()
    assert table.loc[~impossible, "feasible"].all()
    assert set(table.loc[impossible, "judged"]) == {"not allowed"}
    assert any(f"{impossible.sum()} of {len(table)} portfolios are left out" in note for note in answer.notes)
    assert not any("run failed" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("fields", "words"), [({"levers": []}, "one lever"), ({"measures": ["orders"]}, "policy_cost_usd")]
)
def test_what_cannot_be_done_is_said(fields, words):
    with pytest.raises(StudyFileError, match=words):
        Study.load(file(**fields))


class TestWithoutValue:
    @staticmethod
    def do(function, **settings):
        file = StudyFile(kind="optimise", scenarios=("baseline", "policy"), levers=LEVERS, replications=1)
        section = {"objectives": OBJECTIVES, "worlds": 2, "confirm": 6, "generations": 2, "population": 6, **settings}
        study = Study(file, {"baseline": None, "policy": None}, (), LEVERS, OptimiseSettings(**section))
        return kinds.get("optimise").conduct(study, FunctionDriver(function, tuple(study.scenarios), study.seeds))

    def test_portfolios_without_a_value_are_not_said_to_be_outside_the_limits(self):
        result = self.do(lambda point, scenario, seed: {"harm": np.nan, "cost": 1.0})
        (line,) = result.findings
        assert line.startswith("No portfolio could be judged: harm has no value in 12 of 12 portfolios;")
        assert set(result.tables["portfolios"]["judged"]) == {"no value"}

    def test_both_are_told_apart(self):
        def some(point, scenario, seed):
            return {"harm": np.nan, "cost": 10.0 * (scenario == "policy") * (point["waste"] > 0.5)}

        result = self.do(some, at_most={"cost": 4.0})
        assert set(result.tables["portfolios"]["judged"]) == {"no value", "beyond a limit"}
        assert "No portfolio is within the limits; " in result.findings[0]
        assert "could not be judged" in result.findings[0]

    def test_worlds_without_a_value_count_neither_as_good_nor_as_bad(self):
        def later(point, scenario, seed):
            lost = seed > 1 and scenario == "policy"  # the seed of the second look
            return {
                "harm": np.nan if lost else -3.0 * (scenario == "policy"),
                "cost": point["x"] * (scenario == "policy"),
            }

        result = self.do(later)
        harm = result.tables["second_look"].query("measure == 'harm'")
        assert harm["good_enough"].isna().all()
        assert (harm["n"] == 0).all()
        assert any("it has no value in any world" in line for line in result.findings)


def test_luck_that_worlds_with_one_seed_share_is_no_finding():
    """Of portfolios that do nothing, where half of the variance of what luck gives them is that of the seed."""

    def shared(point, scenario, seed):
        luck = [np.random.default_rng(key).normal() for key in ([seed, 1], [seed, int(1e9 * point["w"])])]
        return {"harm": sum(luck) * (scenario == "policy"), "cost": point["x"] * (scenario == "policy")}

    section = OptimiseSettings(objectives=OBJECTIVES, worlds=2, confirm=16, generations=1, population=4, keep=1)
    told = 0
    for seed in range(0, 4000, 100):
        file = StudyFile(
            kind="optimise",
            scenarios=("baseline", "policy"),
            uncertainties=WORLD,
            levers=LEVERS,
            replications=1,
            seed=seed,
        )
        study = Study(file, {"baseline": None, "policy": None}, WORLD, LEVERS, section)
        result = kinds.get("optimise").conduct(study, FunctionDriver(shared, tuple(study.scenarios), study.seeds))
        told += "no clear effect" not in result.findings[0]
    assert told <= 40 * 0.15


def test_an_effect_that_luck_would_give_is_no_finding():
    def luck(point, scenario, seed):
        rng = np.random.default_rng([seed, int(1e6 * point["x"]), int(1e6 * point["w"]), len(scenario)])
        return {"harm": rng.normal(), "cost": point["x"] * (scenario == "policy")}

    file = StudyFile(
        kind="optimise", scenarios=("baseline", "policy"), uncertainties=WORLD, levers=LEVERS, replications=1
    )
    section = OptimiseSettings(objectives=OBJECTIVES, worlds=4, confirm=16, generations=1, population=4, keep=2)
    study = Study(file, {"baseline": None, "policy": None}, WORLD, LEVERS, section)
    result = kinds.get("optimise").conduct(study, FunctionDriver(luck, tuple(study.scenarios), study.seeds))
    assert result.findings[0].startswith("Least harm: no clear effect")
