"""Sweeps: a response is told from luck or said not to be, what has no value is said, and what can be chosen is on the axis."""

import numpy as np
import pytest

from sim.studies import kinds
from sim.studies.kinds.sweep import SweepSettings
from sim.studies.methods.factors import Factor
from sim.studies.methods.functions import FunctionDriver
from sim.studies.study import StudyFile
from sim.studies.study_files import Study

LEVER = (Factor(path="effort", values=(0.0, 1.0, 2.0, 3.0), distribution="choice"),)
WORLD = (Factor(path="demand", low=0.0, high=1.0, distribution="uniform"),)


def sweep(function, seeds=4, uncertainties=(), scenarios=("baseline",), measures=("orders", "stigma")):
    file = StudyFile(
        kind="sweep",
        scenarios=scenarios,
        levers=LEVER,
        uncertainties=uncertainties,
        measures=measures,
        replications=seeds,
    )
    study = Study(file, dict.fromkeys(scenarios), uncertainties, LEVER, SweepSettings(levels=3))
    return kinds.get("sweep").conduct(study, FunctionDriver(function, tuple(scenarios), study.seeds))


def market(point, scenario, seed):
    """Orders fall with effort; stigma is luck."""
    rng = np.random.default_rng([seed, int(point["effort"]), len(scenario)])
    return {"orders": 100 + 20 * seed - 10 * point["effort"] + rng.normal(), "stigma": rng.normal()}


def test_a_response_is_found_with_both_ends_and_their_intervals():
    result = sweep(market)
    assert result.findings[0].startswith("baseline, Orders: from ")
    assert "at effort = 3 (" not in result.findings[0]
    assert " at effort = 3 to " in result.findings[0]
    assert result.findings[0].endswith("at effort = 0")


def test_luck_is_no_response():
    result = sweep(market)
    assert result.findings[1:] == [
        "No clear response, no difference between points is told from luck: Stigma (baseline)."
    ]


def test_worlds_without_any_response_hardly_ever_give_one():
    claims = 0
    for shift in range(60):

        def luck(point, scenario, seed, shift=shift):
            rng = np.random.default_rng([seed, int(point["effort"]), shift])
            return {"orders": 100 + 20 * seed + rng.normal(), "stigma": rng.normal()}

        claims += any(" from " in line for line in sweep(luck).findings if "No clear" not in line)
    assert claims <= 8


def test_one_seed_tells_no_response_from_luck():
    (line,) = sweep(market, seeds=1).findings
    assert "not told from luck" in line


def test_an_effect_whose_interval_holds_zero_is_said_to_be_none():
    def policy(point, scenario, seed):
        rng = np.random.default_rng([seed, int(point["effort"]), len(scenario)])
        gone = 20 * point["effort"] * (scenario == "policy")
        return {"orders": 100 + 20 * seed - gone + rng.normal()}

    (line,) = sweep(policy, seeds=6, scenarios=("baseline", "policy"), measures=("orders",)).findings
    assert line.startswith("policy, effect on Orders: from -")
    assert line.endswith(", not told from zero at effort = 0")


def test_what_has_no_value_is_said_and_is_no_failed_run():
    def lag(point, scenario, seed):
        return {"orders": 1.0, "nps_detection_lag_days": np.nan if point["effort"] > 0 else 30.0}

    result = sweep(lag, measures=("orders", "nps_detection_lag_days"))
    notes = " ".join(result.notes)
    assert "Detection lag of new substances has no value in 12 of 16 runs that went well" in notes
    assert "failed" not in notes


@pytest.mark.parametrize("figure", ["sweep", "effects"])
def test_the_lever_is_on_the_axis_and_not_what_nobody_can_choose(figure):
    def both(point, scenario, seed):
        return {"orders": 100 * point["demand"] - point["effort"]}

    result = sweep(both, uncertainties=WORLD, scenarios=("baseline", "policy"), measures=("orders",))
    assert result.figures[figure].of[1] == ["effort", "demand"]
