"""Calibration: parameters that made synthetic data are found again, with honest intervals."""

import json

import numpy as np
import pytest

from sim import run_study
from sim.studies import kinds
from sim.studies.kinds.calibrate import CalibrateSettings, weights
from sim.studies.methods.factors import Factor
from sim.studies.methods.functions import FunctionDriver
from sim.studies.study import StudyFile
from sim.studies.study_files import Study, StudyFileError
from tests.study_market import PATH, SIZE, StudyMarket, compare_study

FACTORS = (
    Factor(path="rate", low=0.1, high=10.0, distribution="loguniform"),
    Factor(path="share", low=0.0, high=1.0, distribution="uniform"),
    Factor(path="idle", low=0.0, high=1.0, distribution="uniform"),
)


def town(point, scenario, seed):
    """Two outcomes of two parameters, with luck; the third parameter moves nothing."""
    key = [seed, int(1e6 * point["rate"]), int(1e6 * point["share"])]
    luck = np.random.default_rng(key).normal(0, 0.2, 2)
    return {
        "trade": 5 * point["rate"] + 2 * point["share"] + luck[0],
        "harm": 10 * point["share"] + point["rate"] + luck[1],
    }


def calibrate(truth, seeds=4, **settings):
    exact = {name: np.mean([town(truth, "", seed)[name] for seed in range(1000, 1400)]) for name in ("trade", "harm")}
    targets = [{"measure": name, "value": value, "sd": 0.3} for name, value in exact.items()]
    file = StudyFile(kind="calibrate", scenarios=("plain",), uncertainties=FACTORS, replications=seeds)
    section = CalibrateSettings(**{"targets": targets, **settings})
    study = Study(file, {"plain": None}, FACTORS, (), section)
    return kinds.get("calibrate").conduct(study, FunctionDriver(town, ("plain",), study.seeds))


@pytest.mark.parametrize("truth", [{"rate": 0.9, "share": 0.3}, {"rate": 4.0, "share": 0.8}])
def test_the_parameters_behind_synthetic_data_are_found_again(truth):
    result = calibrate({**truth, "idle": 0.5})
    posterior = result.tables["posterior"].set_index("factor")
    for name, value in truth.items():
        assert posterior.loc[name, "low"] < value < posterior.loc[name, "high"]
        assert posterior.loc[name, "range_ruled_out"] > 0.7
    assert posterior.loc["idle", "range_ruled_out"] < 0.25, "nothing was learnt of what moves nothing"
    assert result.tables["fit"]["standard_errors_off"].abs().max() < 0.7
    assert not [note for note in result.notes if "WARNING" in note]


def test_waves_narrow_the_search():
    waves = calibrate({"rate": 2.0, "share": 0.5, "idle": 0.5}).tables["waves"]
    assert waves["share_of_space"].iloc[-1] < 0.2
    assert waves["plausible"].iloc[-1] > waves["plausible"].iloc[0]


def test_weights_undo_that_waves_look_more_closely_at_some_places():
    rng = np.random.default_rng(1)
    boxes = [np.array([[0.0, 1.0]]), np.array([[0.2, 0.4]])]
    places = np.concatenate([rng.random((4000, 1)), 0.2 + 0.2 * rng.random((4000, 1))])
    weight = weights(places, boxes, np.zeros((8000, 1)), 4000)
    assert weight[(places[:, 0] > 0.2) & (places[:, 0] < 0.4)].sum() == pytest.approx(0.2, abs=0.02)


def test_targets_out_of_reach_are_said():
    result = calibrate({"rate": 40.0, "share": 0.5, "idle": 0.5}, waves=2)
    assert any("cannot meet them together" in note for note in result.notes)


def file(**fields):
    return {
        **compare_study(name="fit", kind="calibrate", scenarios=[{"name": "plain", **SIZE}], replications=2),
        "uncertainties": [PATH],
        "calibrate": {
            "targets": [{"measure": "orders", "value": 2250, "sd": 8}],
            "points": 20,
            "waves": 2,
            "ensemble": 12,
        },
        **fields,
    }


def test_a_study_writes_its_ensemble(tmp_path):
    done = run_study(file(), tmp_path / "out", executor="inline", model_class=StudyMarket)
    points = json.loads((tmp_path / "out/answer/ensemble.json").read_text())["points"]
    assert len(points) == 12
    assert done.runs == 20 * 2 * 2
    assert all(set(point) == {PATH} for point in points)


@pytest.mark.parametrize(
    ("section", "words"),
    [({"targets": [{"measure": "order", "value": 1, "sd": 1}]}, "did you mean .orders."), ({}, "targets")],
)
def test_what_cannot_be_done_is_said(section, words):
    with pytest.raises(StudyFileError, match=words):
        Study.load(file(calibrate=section))


class TestWithoutValue:
    @staticmethod
    def do(function, **settings):
        file = StudyFile(kind="calibrate", scenarios=("plain",), uncertainties=FACTORS, replications=2)
        section = CalibrateSettings(
            targets=[{"measure": "trade", "value": 5, "sd": 0.3}], points=60, waves=2, **settings
        )
        study = Study(file, {"plain": None}, FACTORS, (), section)
        return kinds.get("calibrate").conduct(study, FunctionDriver(function, ("plain",), study.seeds))

    def test_where_no_point_could_be_judged_there_is_no_posterior(self):
        result = self.do(lambda point, scenario, seed: {"trade": np.nan})
        assert result.findings[0] == "Nothing can be said of the parameters: no point could be judged."
        assert "trade has no value in 60 of 60 points" in result.findings[1]
        assert not result.files
        assert "posterior" not in result.tables

    def test_points_without_a_value_are_said_and_have_no_weight(self):
        def some(point, scenario, seed):
            return {"trade": np.nan if point["share"] < 0.5 else town(point, scenario, seed)["trade"]}

        result = self.do(some)
        points = result.tables["points"]
        assert (points.loc[points["share"] < 0.5, "weight"] == 0).all()
        assert any("trade has no value in" in note and "They have no weight" in note for note in result.notes)

    def test_what_nothing_was_learnt_of_is_no_finding(self):
        result = self.do(lambda point, scenario, seed: {"trade": 5.0 + 0.1 * seed})
        (line,) = result.findings
        assert line.startswith("Nothing clear was learnt of rate, share and idle")
