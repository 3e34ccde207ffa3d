"""Validating: worlds are run once for all targets, each run is measured, and what is missed is said."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from sim import validate
from sim.cli import app
from sim.studies.errors import RequestError
from sim.studies.validation.calibration.settings import load_calibration
from sim.studies.validation.ensemble import Ensemble, load_ensemble
from sim.studies.validation.files import TargetsError, load, load_targets
from sim.studies.validation.worlds import FRESH, planned
from tests.fake_market import FakeMarket

ROOT = Path(__file__).parents[1]
SIZE = {"consumers": 250, "days": 6, "burn_in": 1}
PRICE = "SELECT avg(price_usd) AS value FROM orders"


class PricedMarket(FakeMarket):
    """Two orders, of 10 and 20 USD and as many cents more as the run has in its number; policies halve them, a pack is as much dearer as a parameter says."""

    def table(self, name):
        frame = super().table(name)
        if name == "orders":
            factor = (0.5 if self.scenario.policies else 1) * self.scenario.parameters["payment"]["online_pack"]
            cents = (self.seed - FRESH + 1) / 100
            frame["price_usd"] = [(10 + cents) * factor, (20 + cents) * factor]
        return frame

    runs = 0

    breaks = 0
    """Seed with which a run with policies breaks off."""

    def run_for(self, duration):
        super().run_for(duration)
        if self.seed == PricedMarket.breaks and self.scenario.policies and self.scenario.consumers == 250:
            raise RuntimeError("broken off")

    def outcomes(self):
        PricedMarket.runs += self.scenario.consumers == 250  # not the one that warms up
        return super().outcomes()


@pytest.fixture(autouse=True)
def market(monkeypatch):
    monkeypatch.setattr("sim.studies.execution.conduct.default_model", lambda: PricedMarket)
    monkeypatch.setattr("sim.report.validation_page.save_figure", lambda figure, stem: stem.with_suffix(".png").touch())
    PricedMarket.runs = PricedMarket.breaks = 0


@pytest.fixture
def no_page(monkeypatch):
    monkeypatch.setattr("sim.report.validation._write", lambda *what: None)


def goal(**changes):
    plain = {
        "level": "market", "use": "calibration", "world": "calm", "statistic": "mean price", "sql": PRICE,
        "value": 15, "low": 14, "high": 16, "band": "assumed", "reason": "a width for tests",
    }  # fmt: skip
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def facts(**goals):
    size = {**SIZE, "set": {"payment.online_pack": 1}}
    return {
        "worlds": {
            "calm": {"scenario": "baseline", **size},
            "calm_too": {"scenario": "baseline", **size},
            "raided": {"scenario": "takedown", **size, "set": {"policies.takedown.start": 2, "payment.online_pack": 1}, "paired": True},
        },
        "targets": goals,
    }  # fmt: skip


GOALS = facts(
    hit=goal(),
    miss=goal(world="calm_too", use="validation", value=20, low=19, high=21),
    halved=goal(world="raided", level="platforms", value=0.5, low=0.4, high=0.6, compare="ratio"),
    raided=goal(world="raided", value=7.5, low=7, high=8),
    daily=goal(sql="SELECT count(*) AS value FROM daily WHERE orders IS NOT NULL", value=6, low=6, high=6),
    rare=goal(sql="SELECT 1 AS part, 2 AS whole FROM world", low=0, high=1, value=0.5, fewest=50, cases="closures"),
)


def test_worlds_that_are_equal_are_run_once_and_the_other_arm_only_where_it_is_compared_with():
    study, arms = planned(load(GOALS), Ensemble(), 2)
    assert list(study.scenarios) == ["calm", "raided"]
    assert arms["calm_too"].runs == "calm"
    assert arms["raided"] == ("raided", "calm"), "a raid on the baseline, without the raid, is the baseline"
    without = load(facts(raided=goal(world="raided")))
    assert list(planned(without, Ensemble(), 2)[0].scenarios) == ["raided"]


def test_what_is_in_range_missed_and_not_measured_is_said(tmp_path):
    result = validate(GOALS, runs=3, workers=1, out=tmp_path / "out")
    assert PricedMarket.runs == 6
    found = {each.target.id: each for each in result.estimates}
    assert {name: each.verdict for name, each in found.items()} == {
        "hit": "in range", "miss": "missed", "halved": "in range", "raided": "in range", "daily": "in range", "rare": "not measured",
    }  # fmt: skip
    assert found["hit"].mean == pytest.approx(15.02)
    assert found["hit"].low == pytest.approx(15.011)
    assert found["halved"].mean == pytest.approx(0.5)
    assert found["rare"].unmeasured == "6 closures, 50 needed"
    assert result.last_line == "in range: calibration 4 of 4, validation 0 of 1"
    page = (tmp_path / "out/answer/report.md").read_text()
    assert "miss (validation): the model gives 15 (15 to 15), observed is 20 (19 to 21)" in page
    assert "rare (calibration): 6 closures, 50 needed" in page
    kept = json.loads((tmp_path / "out/answer/validation.json").read_text())
    assert kept == json.loads(json.dumps(result.to_json()))
    assert sorted(path.stem for path in (tmp_path / "out/answer/figures").iterdir()) == [
        "all-targets",
        "daily",
        "halved",
        "hit",
        "miss",
        "raided",
    ]
    readings = pd.read_csv(tmp_path / "out/answer/readings.csv")
    assert len(readings[readings["target"] == "halved"]) == 6


def test_a_validation_that_is_stopped_and_gone_on_with_gives_the_same_numbers(tmp_path, no_page):
    whole = validate(GOALS, runs=2, workers=1)
    PricedMarket.runs = 0

    def stop(event):
        if event["event"] == "progress" and event["done"] >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        validate(GOALS, runs=2, workers=1, out=tmp_path / "out", on_event=stop)
    with pytest.raises(RequestError, match="--resume"):
        validate(GOALS, runs=2, workers=1, out=tmp_path / "out")
    before = PricedMarket.runs
    again = validate(GOALS, runs=2, workers=1, out=tmp_path / "out", resume=True)
    assert 0 < before < 4
    assert PricedMarket.runs == 4
    assert again.to_json() == whole.to_json()


def test_a_run_that_fails_is_left_out_of_both_arms_and_counted():
    PricedMarket.breaks = FRESH + 1
    result = validate(
        facts(halved=goal(world="raided", value=0.5, low=0.4, high=0.6, compare="ratio")), runs=3, workers=1
    )
    assert result.failed == 1
    (halved,) = result.estimates
    assert halved.cases == 2
    assert halved.values == pytest.approx((0.5, 0.5))
    assert sorted(result.readings["seed"] - FRESH) == [0, 0, 1, 2, 2]


def test_the_command_says_that_runs_failed_and_ends_with_1(tmp_path):
    PricedMarket.breaks = FRESH
    (tmp_path / "facts.yaml").write_text(json.dumps(facts(raided=goal(world="raided"))))
    answer = CliRunner().invoke(
        app, ["validate", "--targets", str(tmp_path / "facts.yaml"), "--runs", "1", "--workers", "1"]
    )
    assert answer.exit_code == 1
    assert "Warning: 1 runs have no outcomes and are left out." in answer.stdout
    assert "raided (calibration): no run of its world went well" in answer.stdout


def test_other_questions_are_asked_of_the_runs_that_are_there(tmp_path, no_page):
    validate(facts(one=goal()), runs=2, workers=1, out=tmp_path / "out")
    other = facts(two=goal(sql="SELECT max(price_usd) AS value FROM orders", value=20, low=19, high=21))
    result = validate(other, runs=2, workers=1, out=tmp_path / "out", resume=True)
    assert PricedMarket.runs == 2
    assert result.estimates[0].mean == pytest.approx(20.015)


def test_members_of_an_ensemble_are_run_with_seeds_of_their_own_and_count_by_weight(tmp_path):
    file = tmp_path / "ensemble.json"
    points = [{"payment.online_pack": 1.0}, {"payment.online_pack": 2.0}]
    file.write_text(json.dumps({"study": "x", "points": points, "weights": [3, 1]}))
    result = validate(facts(one=goal()), ensemble=file, runs=2, workers=1)
    assert sorted(result.readings["seed"] - FRESH) == [0, 1, 2, 3]
    assert result.readings["member"].tolist() == [0, 0, 1, 1]
    (one,) = result.estimates
    assert one.values == pytest.approx((15.015, 30.07))
    assert one.mean == pytest.approx((3 * 15.015 + 30.07) / 4)
    assert one.in_range is False
    assert result.to_json()["parameter_sets"] == 2


def test_a_validation_runs_on_luck_that_no_calibration_has_seen():
    wanted = load_targets()
    held, _ = planned(wanted, Ensemble(), 100)
    fitted = [load_calibration(ROOT / "experiments" / name) for name in ("calibration.yaml", "calibration_small.yaml")]
    used = {seed for each in fitted for seed in range(each.file.seed, each.file.seed + each.seeds)}
    assert len(used) >= 600
    assert not used & set(held.seeds)
    assert not used & set(planned(wanted, load_ensemble("default", members=50), 1)[0].seeds)


def test_some_members_of_an_ensemble_are_drawn_by_their_weights_and_count_alike(tmp_path):
    file = tmp_path / "ensemble.json"
    points = [{"payment.online_pack": 1.0}, {"payment.online_pack": 2.0}, {"payment.online_pack": 4.0}]
    file.write_text(json.dumps({"points": points, "weights": [3, 1, 0]}))
    drawn = load_ensemble(file, members=8)
    packs = [point["payment.online_pack"] for point in drawn.points]
    assert sorted(packs) == [1.0] * 6 + [2.0] * 2
    assert set(drawn.weights) == {1.0}
    assert load_ensemble(file, members=8) == drawn, "the same ones every time, so that a validation goes on"
    result = validate(facts(one=goal()), ensemble=file, members=4, workers=1)
    assert len(result.estimates[0].values) == result.to_json()["parameter_sets"] == 4
    with pytest.raises(RequestError, match="members: given 4 without parameter sets"):
        load_ensemble(None, members=4)


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0], "equal", [1, None]])
def test_weights_that_fit_no_ensemble_are_refused(tmp_path, weights):
    file = tmp_path / "ensemble.json"
    file.write_text(json.dumps({"points": [{"a": 1}, {"a": 2}], "weights": weights}))
    with pytest.raises(TargetsError, match=r"ensemble\.weights.*2 numbers"):
        load_ensemble(file)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"levels": ["vendor"]}, "did you mean 'vendors'"),
        ({"levels": ["health"]}, "none is left"),
        ({"resume": True}, "without a folder"),
        ({"runs": 0}, "runs: "),
        ({"ensemble": "no-such-file.json"}, "ensemble: given 'no-such-file.json'"),
        ({"ensemble": "typo.json"}, r"ensemble\.points\.0.*did you mean 'price_weight'"),
        ({"consumers": 3}, r"worlds\.calm\.consumers"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_run(more, said, tmp_path, monkeypatch):
    (tmp_path / "typo.json").write_text(json.dumps({"points": [{"choice.price_wait": 1.0}]}))
    monkeypatch.chdir(tmp_path)
    with pytest.raises((TargetsError, RequestError), match=said):
        validate(facts(one=goal()), workers=1, **more)
    assert PricedMarket.runs == 0


@pytest.mark.parametrize(
    ("world", "said"),
    [
        ({"scenario": "baselin"}, r"worlds\.w.*did you mean 'baseline'"),
        ({"scenario": "baseline", "set": {"choice.price_wait": 2}}, r"worlds\.w\..*did you mean 'price_weight'"),
        ({"scenario": "baseline", "days": 5}, r"targets\.one\.window.*up to day 4"),
        (
            {
                "scenario": "takedown",
                "days": 9,
                "set": {"policies.takedown.start": 2},
                "paired": True,
                "against": [{"kind": "takedwn"}],
            },
            r"worlds\.w\.against\.0.*did you mean 'takedown'",
        ),
    ],
)
def test_a_world_that_cannot_be_is_named(world, said):
    given = {
        "worlds": {"w": world},
        "targets": {"one": goal(world="w", window=[0, 8], compare="ratio" if "paired" in world else "none")},
    }
    with pytest.raises(TargetsError, match=f"(?s){said}"):
        planned(load(given), Ensemble(), 1)


def test_the_command_prints_a_table_misses_and_totals_and_the_result_last(tmp_path):
    file = tmp_path / "facts.yaml"
    file.write_text(json.dumps(GOALS))
    answer = CliRunner().invoke(app, ["validate", "--targets", str(file), "--runs", "2", "--workers", "1"])
    assert answer.exit_code == 0, answer.output
    lines = answer.stdout.splitlines()
    assert lines[-1] == "in range: calibration 4 of 4, validation 0 of 1"
    assert any(line.startswith("- miss (validation): the model gives 15") for line in lines)
    assert any(line.split()[:2] == ["hit", "15"] and "in range" in line for line in lines)
    as_json = CliRunner().invoke(
        app, ["validate", "--targets", str(file), "--level", "platforms", "--runs", "1", "--workers", "1", "--json"]
    )
    found = json.loads(as_json.stdout)
    assert [target["target"] for target in found["targets"]] == ["halved"]
    assert found["in_range"] == "in range: calibration 1 of 1, validation 0 of 0"
    wrong = CliRunner().invoke(app, ["validate", "--targets", str(tmp_path / "none.yaml")])
    assert wrong.exit_code == 2
    assert "none.yaml" in wrong.stderr


def test_every_shipped_world_can_be_had_and_every_question_asked():
    study, arms = planned(load_targets(), Ensemble(), 1, consumers=500)
    assert set(arms) == set(load_targets().needed())
    assert all(scenario.consumers == 500 for scenario in study.scenarios.values())
