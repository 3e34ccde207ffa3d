"""Calibration in many dimensions: emulators know what they do not know, thin regions are found, and truths come back with honest intervals."""

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from sim.evidence.parameters import load_parameters
from sim.report.calibration import calibrate, cost
from sim.studies.errors import RequestError
from sim.studies.execution.conduct import How
from sim.studies.matching import sampling
from sim.studies.matching.goals import goal, ranked
from sim.studies.matching.recovery import coverage, recovered
from sim.studies.matching.screening import picked, screened
from sim.studies.matching.standing import standing
from sim.studies.matching.wave import Found, Plan, Wave, correlation, costs, hopeless, learnt, luck, within, worst
from sim.studies.matching.waves import matched
from sim.studies.methods import designs
from sim.studies.methods.emulators import emulate
from sim.studies.methods.factors import Factor
from sim.studies.methods.threads import one_thread
from sim.studies.validation.calibration.asking import Asking
from sim.studies.validation.calibration.calibrate import study_of
from sim.studies.validation.calibration.proof import HONEST, run_proof
from sim.studies.validation.calibration.settings import CalibrationError, load_calibration
from sim.studies.validation.ensemble import load_ensemble
from sim.studies.validation.files import TargetsError, load, load_targets
from sim.studies.validation.measuring import Reading
from sim.studies.validation.worlds import Arms
from tests.fake_market import FakeMarket

# A town of 20 parameters, of which 6 matter, bent and together; ten targets with luck: three are positive, three are shares ---------------------
WIDTH, MATTER, GOALS = 20, 6, 10
SLOPES = np.random.default_rng(5).normal(size=(GOALS, MATTER)) * 0.7
LUCK = np.array([6.0] * 3 + [0.03] * 3 + [0.15] * 4)
ERROR = np.array([12.0] * 3 + [0.05] * 3 + [0.25] * 4)


def town(places):
    x = places[:, :MATTER] * 2 - 1
    k = np.arange(GOALS)
    found = x @ SLOPES.T + 0.6 * np.sin(2.5 * x[:, k % MATTER]) + 0.5 * x[:, k % MATTER] * x[:, (k + 1) % MATTER]
    found[:, :3] = 100 * np.exp(0.5 * found[:, :3])
    found[:, 3:6] = 1 / (1 + np.exp(-found[:, 3:6]))
    return found


def asked(stage, places, replicates=3):
    mean, key = town(places), sum(map(ord, stage))
    each = []
    for k in range(replicates):
        shared = np.random.default_rng([key, k]).normal(size=GOALS) * 0.3
        each.append(mean + LUCK * (shared + np.random.default_rng([key, k, 1]).normal(size=mean.shape)))
    found = np.stack(each, axis=2)
    found[:, :3] = np.maximum(found[:, :3], 0)
    found[:, 3:6] = np.clip(found[:, 3:6], 0, 1)
    return Found(found.mean(axis=2), found)


def goals_at(values):
    return [
        goal(f"g{k}", v, max(v - 1.96 * e, v / 4) if k < 6 else v - 1.96 * e, min(v + 1.96 * e, 1.0) if 3 <= k < 6 else v + 1.96 * e, 3 <= k < 6)
        for k, (v, e) in enumerate(zip(values, ERROR, strict=True))
    ]  # fmt: skip


@cache
def one():
    """A calibration of the town, whose truth is known."""
    truth = np.random.default_rng(3).random((1, WIDTH))
    plan = Plan(points=90, waves=2, walkers=160, sweeps=5, members=40, ignored=1, discrepancy=0.2)
    return truth[0], matched(goals_at(town(truth)[0]), WIDTH, plan, asked)


def test_what_matters_is_found_and_what_does_not_stays_open():
    truth, result = one()
    low, high = np.quantile(result.places, [0.05, 0.95], axis=0)
    assert ((low <= truth) & (truth <= high)).mean() >= 0.8
    assert (high - low)[:MATTER].mean() < 0.35
    assert (high - low)[MATTER:].mean() > 0.75, "nothing was learnt of what moves nothing"


def test_waves_rule_out_nearly_all_of_a_space_of_many_dimensions_and_the_next_points_lie_in_what_is_left():
    _, result = one()
    shares = [row["share_left"] for row in result.history]
    assert shares[-1] < shares[0] < 0.05, "a box around the same places would hardly shrink"
    assert result.history[0]["within_cut"] < 5
    assert result.history[1]["within_cut"] > 25


def test_members_are_checked_with_runs_and_weighted_by_them():
    _, result = one()
    assert result.checked.values.shape == (40, GOALS)
    assert result.weights.sum() == pytest.approx(1)
    assert 40 / 3 <= result.effective <= 40
    off = [g.scaled(result.checked.values[:, k]) @ result.weights - g.centre for k, g in enumerate(result.goals)]
    assert np.abs(np.array(off) / [min(g.below, g.above) for g in result.goals]).max() < 2


def test_a_place_stands_where_it_is_among_what_is_left():
    truth, result = one()
    plan = Plan(ignored=1, discrepancy=0.2)
    there, corner = standing(result, plan, result.places.mean(axis=0)), standing(result, plan, np.zeros(WIDTH))
    assert there.farther == 1 > standing(result, plan, truth).farther > corner.farther == 0
    assert there.less_likely > corner.less_likely == 0
    assert there.implausibility < plan.cut < corner.implausibility


@cache
def whole():
    """A wave over all the town, with goals in its middle."""
    design = designs.unit("lhs", WIDTH, 150, 3)
    goals = goals_at(town(np.full((1, WIDTH), 0.5))[0])
    with one_thread():
        return goals, learnt(goals, design, asked("wave", design), 150, Plan())


def test_twenty_truths_are_found_again_with_intervals_that_are_honest():
    truths = np.random.default_rng(8).random((20, WIDTH))
    goals, wave = whole()
    with one_thread():
        found = recovered(goals, wave, truths, asked("truths", truths).values, walkers=140, sweeps=4)
    assert 0.80 <= coverage(found) <= 0.97
    assert 0.75 <= coverage(found, range(MATTER)) <= 0.99
    assert np.mean([(each.high - each.low)[:MATTER] for each in found]) < 0.5


@pytest.mark.parametrize("distribution", ["uniform", "loguniform"])
def test_a_value_lies_where_it_would_be_drawn(distribution):
    factor = Factor(path="demand.rate_spread", low=0.2, high=3.0, distribution=distribution)
    for share in (0.0, 0.3, 1.0):
        assert factor.share(factor.at(share)) == pytest.approx(share)
    assert factor.share(9.0) == 1
    assert factor.share(0.1) == 0


def test_a_target_that_no_place_comes_near_is_named_and_rules_nothing_out():
    goals, wave = whole()
    far = [*goals[:-1], goals[-1].moved(goals[-1].centre + 40)]
    plan = Plan(ignored=0)
    places = np.full((1, WIDTH), 0.5)
    with one_thread():
        assert hopeless(goals, wave, WIDTH, plan) == ()
        assert hopeless(far, wave, WIDTH, plan) == (GOALS - 1,)
        assert worst(far, [wave], places, plan)[0] > plan.cut
        told = replace(wave, hopeless=(GOALS - 1,))
        assert worst(far, [told], places, plan)[0] < plan.cut
    assert within(far, told, town(places), plan).all()


def test_luck_that_moves_targets_together_is_no_evidence_twice():
    """The likelihood is that of a normal distribution: errors of the world's targets apart, what emulators get wrong together."""
    goals = [goal(name, 0.0, -1.96, 1.96) for name in ("a", "b", "c")]
    at, variance = np.array([[0.5, 0.4, -1.0], [2.0, 1.5, 0.3]]), np.array([4.0, 9.0, 1.0])
    emulators = {k: lambda places, k=k: (at[: len(places), k], np.full(len(places), variance[k])) for k in range(3)}
    together = np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1.0]])
    for known in (np.eye(3), together):
        wave = Wave(emulators, {}, np.zeros(3), np.zeros(3), known)  # pyright: ignore[reportArgumentType]
        spread = np.sqrt(variance)
        density = multivariate_normal(np.zeros(3), np.eye(3) + known * np.outer(spread, spread))
        assert costs(goals, wave, at, 0.0) == pytest.approx(-density.logpdf(at) - 1.5 * np.log(2 * np.pi))
        alone = costs(goals, wave, at, 0.0, left_out=[0, 1])
        assert alone == pytest.approx(at[:, 2] ** 2 / 4 + np.log(2) / 2), "what is left out does not count"
    open_above = [goals[0], goals[1], goal("c", None, 0.2, None)]
    assert costs(open_above, wave, at[1:], 0.0) == costs(goals, wave, at[1:], 0.0, left_out=[2])


def test_what_targets_share_is_seen_in_many_points_and_not_trusted_in_few():
    rng = np.random.default_rng(3)
    both = rng.normal(size=(2000, 1))
    missed = np.hstack([0.9 * both + 0.436 * rng.normal(size=(2000, 2)), rng.normal(size=(2000, 1))])
    with one_thread():
        many, few = correlation(missed), correlation(missed[:8])
        gaps = correlation(np.where(rng.random(missed.shape) < 0.1, np.nan, missed))
    assert many[0, 1] == pytest.approx(0.81, abs=0.04)
    assert abs(many[2, :2]).max() < 0.1
    assert abs(few[0, 1]) < many[0, 1]
    assert 0.6 < gaps[0, 1] < many[0, 1]


def test_the_mean_of_fewer_replicates_has_more_luck():
    each = np.random.default_rng(4).normal(0, 2, size=(4000, 4))
    plain = goal("a", 0.0, -1.0, 1.0)
    assert luck(plain, each)[0] == pytest.approx(1, rel=0.05)
    each[::2, 1:3] = np.nan
    whole, shared = luck(plain, each)
    assert whole == pytest.approx(np.nanmean(each, axis=1).var(), rel=0.05)
    assert shared < 0.01
    each[1::2, 1] = np.nan
    assert luck(plain, each)[0] == pytest.approx(np.nanmean(each, axis=1).var(), rel=0.05)


# Emulators ------------------------------------------------------------------------------------------------------------
def test_an_emulator_is_as_sure_as_it_may_be():
    rng = np.random.default_rng(1)
    x, new = rng.random((120, 12)), rng.random((400, 12))

    def truth(u):
        return np.sin(5 * u[:, 0]) + 2 * u[:, 1] * u[:, 2] + u[:, 3] + 0.05 * u[:, 4:].sum(axis=1)

    emulator = emulate(x, truth(x) + rng.normal(0, 0.1, 120), 0.01)
    mean, variance = emulator(new)
    off = (mean - truth(new)) / np.sqrt(variance)
    assert np.corrcoef(mean, truth(new))[0, 1] > 0.97
    assert 0.85 < (np.abs(off) < 1.645).mean() < 0.98
    assert emulator.check.explained > 0.9


def test_errors_of_leaving_a_point_out_are_those_of_leaving_it_out():
    rng = np.random.default_rng(2)
    x = rng.random((60, 3))
    y = 2 * x[:, 0] + np.sin(4 * x[:, 1]) + rng.normal(0, 0.1, 60)
    emulator = emulate(x, y, 0.01)
    inverse, weights = emulator._inverse, emulator._weights
    k = 7
    whole = np.linalg.inv(inverse)
    rest = np.delete(np.arange(60), k)
    scaled = (y - y.mean()) / y.std()
    without = whole[k, rest] @ np.linalg.solve(whole[np.ix_(rest, rest)], scaled[rest])
    assert scaled[k] - without == pytest.approx(weights[k] / inverse[k, k], rel=1e-4)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (lambda rng, x: np.where(x[:, 0] < 0.7, np.nan, x[:, 1]), "measured at"),
        (lambda rng, x: np.full(len(x), 3.0), "the same at every point"),
        (lambda rng, x: rng.normal(size=len(x)), "no parameter moves it"),
    ],
)
def test_a_target_that_cannot_be_emulated_is_set_aside_with_the_reason(values, said):
    rng = np.random.default_rng(4)
    x = rng.random((100, 5))
    assert said in emulate(x, values(rng, x), 1.0)


# Goals and regions ----------------------------------------------------------------------------------------------------
def test_the_range_of_a_target_is_read_as_its_error_on_either_side():
    zero = np.zeros(1)
    price = goal("price", 100.0, 50.0, 400.0)
    ends = price.scaled(np.array([50.0, 100.0, 400.0]))
    assert [float(price.distance(ends[k : k + 1], zero, 0.0)[0]) for k in range(3)] == pytest.approx([-1.96, 0, 1.96])
    assert abs(price.distance(ends[2:], zero, 1.0)[0]) == pytest.approx(1.96 / np.sqrt(2)), "with a discrepancy"
    assert np.isfinite(goal("share", 0.1, 0.0, 0.3, share=True).scaled(np.array([0.0, 1.0]))).all()
    most = goal("at most", None, None, 0.2)
    at = most.scaled(np.array([0.05, 0.2, 0.4]))
    z = most.distance(at, np.zeros(3), 0.0)
    assert z[0] == z[1] == 0
    assert z[2] > 3


def test_a_place_is_judged_by_the_third_largest_distance():
    z = np.array([[9.0, -8.0, 2.5, 1.0], [1.0, 9.0, -8.0, -4.0]])
    assert ranked(z, 2).tolist() == [2.5, 4.0]
    assert ranked(z, 4).tolist() == [0.0, 0.0]


def test_a_thin_region_is_found_and_filled_evenly():
    """A tilted sheet in ten dimensions that holds a millionth of the space: a box or a million draws would not find it."""

    def height(u, _most):
        return np.maximum(np.abs(u[:, 0] + u[:, 1] - 1) / 0.001, np.abs(u[:, 2] - u[:, 3]) / 0.001)

    region = sampling.below(height, 10, 1.0, 600, np.random.default_rng(1), sweeps=15)
    assert region.level == 1.0
    assert (height(region.places, 0) <= 1).all()
    assert region.share == pytest.approx(4e-6, rel=0.6)
    for k in range(10):
        quarters = np.histogram(region.places[:, k], bins=4, range=(0, 1))[0]
        assert quarters.min() > 60


def test_likelihood_draws_what_it_should():
    rng = np.random.default_rng(2)
    places = sampling.likely(lambda u: ((u - [0.3, 0.6]) ** 2).sum(axis=1) / (2 * 0.05**2), rng.random((1500, 2)), rng)
    assert places.mean(axis=0) == pytest.approx([0.3, 0.6], abs=0.006)
    assert places.std(axis=0) == pytest.approx([0.05, 0.05], rel=0.12)


def test_screening_picks_what_moves_targets_straight_or_bent():
    rng = np.random.default_rng(3)
    u = rng.random((500, 60))
    values = np.column_stack(
        [u[:, 4] + rng.normal(0, 1, 500), (u[:, 9] - 0.5) ** 2 + rng.normal(0, 0.1, 500), np.full(500, np.nan)]
    )
    rows = screened(u, values)
    assert {row.axis for row in rows[:2]} == {4, 9}
    assert [row.targets for row in rows[:3]] == [1, 1, 0]
    assert sorted(picked(rows, 1, 10)) == [4, 9]
    assert len(picked(rows, 5, 10)) == 5


# The whole of it, on a market of made-up numbers ----------------------------------------------------------------------
ROOT = Path(__file__).parents[1]
PATHS = ("choice.price_weight", "choice.trust_weight", "demand.recreational_rate", "demand.own_substance")
COUNTS = {"runs": 0}
SEEDS = []


class Shop(FakeMarket):
    """Twenty orders whose prices and channels are those of a few parameters and luck."""

    def table(self, name):
        frame = super().table(name)
        if name != "orders":
            return frame
        at = [self._place(path) for path in PATHS]
        rng = np.random.default_rng(self.seed)
        frame = frame.loc[np.zeros(20, dtype=int)].reset_index(drop=True)
        frame["price_usd"] = 50 * np.exp(at[0] - at[1] / 2 + rng.normal(0, 0.1, 20))
        frame["quantity"] = 1 + 3 * at[2] + at[0] + rng.normal(0, 0.2, 20)
        return frame

    def _place(self, path):
        spec = load_parameters().specs[path]
        group, _, name = path.partition(".")
        return (self.scenario.parameters[group][name] - spec.low) / (spec.high - spec.low)

    def outcomes(self):
        if self.scenario.consumers == 250:  # not the world with which workers get ready
            COUNTS["runs"] += 1
            SEEDS.append(self.seed)
        return super().outcomes()


def fact(sql, value, low, high, **more):
    return {
        "level": "market", "use": "calibration", "world": "calm", "statistic": "a number of orders", "sql": sql, "value": value, "low": low,
        "high": high, "band": "assumed", "reason": "a width for tests", **more,
    }  # fmt: skip


SIZE = {"scenario": "baseline", "consumers": 250, "days": 6, "burn_in": 1}
FACTS = {
    "worlds": {"calm": SIZE, "unseen": {**SIZE, "days": 7}},
    "targets": {
        "price": fact("SELECT avg(price_usd) AS value FROM orders", 60, 54, 66),
        "quantity": fact("SELECT avg(quantity) AS value FROM orders", 3, 2.7, 3.3),
        "dear": fact("SELECT count(*) FILTER (price_usd > 70) AS part, count(*) AS whole FROM orders", 0.2, 0.05, 0.4, unit="share of orders"),
        "none": fact("SELECT avg(price_usd) AS value FROM orders", 60, 54, 66, fewest=1000),
        "held_out": fact("SELECT error('a target for validation was read')::DOUBLE AS value FROM world", 1, 0, 2, use="validation"),
        "held_out_too": fact("SELECT 1 AS value", 1, 0, 2, use="validation", world="unseen"),
    },
}  # fmt: skip
FILE = {
    "targets": FACTS, "parameters": list(PATHS), "screen": None, "points": 24, "waves": 2, "replicates": 1, "walkers": 150, "sweeps": 5, "members": 10,
    "ignored": 0,
}  # fmt: skip


@pytest.fixture
def shop(monkeypatch):
    monkeypatch.setattr("sim.studies.execution.conduct.default_model", lambda: Shop)
    monkeypatch.setattr(
        "sim.report.calibration_page.save_figure", lambda figure, stem: stem.with_suffix(".png").touch()
    )
    COUNTS["runs"] = 0
    SEEDS.clear()


def test_points_of_a_wave_share_no_seed_and_members_have_others_than_any_wave(tmp_path, shop):
    calibrate({**FILE, "replicates": 2}, tmp_path / "out", workers=1)
    waves, members = dict.fromkeys(range(1, 49), 2), dict.fromkeys(range(49, 69), 1)
    assert Counter(SEEDS) == {**waves, **members, 49: 2, 50: 2}, "the defaults have those of the first member"


def test_a_calibration_that_is_cut_off_goes_on_where_it_was_and_reads_no_target_for_validation(tmp_path, shop):
    out = tmp_path / "out"

    def stop(event):
        if event["event"] == "progress" and event["done"] >= 35:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calibrate(FILE, out, workers=1, on_event=stop)
    before = COUNTS["runs"]
    points = (out / "calibration/wave-2.npy").read_bytes()
    result = calibrate(FILE, out, workers=1, resume=True)
    planned = sum(load_calibration(FILE).stages(1).values())
    assert 35 <= before < planned
    assert COUNTS["runs"] == planned == 1 + 48 + 10, "nothing was done twice"
    assert (out / "calibration/wave-2.npy").read_bytes() == points
    assert [target.id for target in result.targets] == ["price", "quantity", "dear", "none"]
    assert not list((out / "tables").glob("*/*/*.parquet")), "tables that were read are dropped"
    # what it leaves
    ensemble = load_ensemble(out / "answer/ensemble.json")
    assert len(ensemble) == 10
    assert set(ensemble.points[0]) == set(PATHS)
    told = json.loads((out / "answer/calibration.json").read_text())
    assert {row["target"]: row["after_verdict"] for row in told["targets"]}["quantity"] == "in range"
    assert told["waves"][-1]["share_left"] < 0.6
    narrower = {row["parameter"]: row["narrower"] for row in told["parameters"]}
    assert narrower["demand.recreational_rate"] > 0.3 > narrower["demand.own_substance"]
    page = (out / "answer/report.md").read_text()
    assert "none: measured at 0 of" in page
    assert "held_out" not in page
    # and it is there to be asked again without a run
    again = calibrate(FILE, out, workers=1, resume=True)
    assert COUNTS["runs"] == planned
    assert again.last_line == result.last_line
    with pytest.raises(RequestError, match="another study"):
        calibrate({**FILE, "points": 31}, out, workers=1, resume=True)


def test_a_folder_whose_readings_were_of_other_questions_is_another_calibration(tmp_path):
    facts = json.loads(json.dumps(FACTS))
    facts["views"] = {"dear_orders": "SELECT * FROM orders WHERE price_usd > 70", "unread": "SELECT 1 AS one"}
    facts["targets"]["dear"]["sql"] = "SELECT count(*) AS part, 20 AS whole FROM dear_orders"

    def told(change):
        other = json.loads(json.dumps(facts))
        change(other)
        return load_calibration({**FILE, "targets": other}).describe()

    before = told(lambda other: None)
    assert before == told(lambda other: other["views"].update(unread="SELECT 2 AS two"))
    assert before != told(lambda other: other["views"].update(dear_orders="SELECT * FROM orders WHERE price_usd > 80"))
    assert before != told(lambda other: other["targets"]["dear"].update(unit="orders")), (
        "it decides the scale of a goal"
    )


def test_a_run_is_held_against_the_run_without_policies_of_its_own_seed(tmp_path):
    """In the pairs of seeds 1 to 3 policies add one; seed 2 failed with them, and seed 3 without."""
    compared = fact("SELECT 1 AS value", 1, 0, 2, compare="difference")
    facts = {"worlds": {"calm": {**SIZE, "scenario": "takedown", "paired": True}}, "targets": {"gain": compared}}
    good = [(1, "with"), (3, "with"), (1, "without"), (2, "without")]
    rows = pd.DataFrame(
        [{"point": s - 1, "scenario": arm, "seed": s, "run": f"{arm}{s}", "status": "ok"} for s, arm in good]
    )
    driver = SimpleNamespace(
        task=SimpleNamespace(folder=tmp_path), evaluate=lambda *asked, **how: rows,
        order={r.run: SimpleNamespace(label=r.scenario, seed=r.seed, run=r.run, changes={}) for r in rows.itertuples()},
    )  # fmt: skip
    asking = Asking(load(facts), {"calm": Arms("with", "without")}, None, driver)  # pyright: ignore[reportArgumentType]
    asking.readings |= {
        f"{arm}{s}": {"gain": Reading(10.0 * s + (arm == "with"), np.nan, np.nan, 1.0)} for s, arm in good
    }
    assert asking.estimates([{}], 1, 3)[0][0].mean == 1


@pytest.mark.slow
def test_truths_run_through_the_whole_machinery_are_found_again(tmp_path, shop):
    file = {**FILE, "points": 60, "replicates": 2, "walkers": 300}
    how = How(resume=True, executor="inline", model_class=Shop)
    proof = run_proof(load_calibration(file), tmp_path, how, truths=20)
    assert COUNTS["runs"] == (60 + 20) * 2
    assert HONEST[0] <= proof.held <= HONEST[1]
    narrower = dict(zip([factor.path for factor in proof.factors], proof.narrower, strict=True))
    assert narrower["demand.recreational_rate"] > 0.3 > narrower["demand.own_substance"]
    assert (tmp_path / "answer/report.md").read_text().count(proof.last_line) == 1
    assert run_proof(load_calibration(file), tmp_path, how, truths=20).last_line == proof.last_line
    assert COUNTS["runs"] == (60 + 20) * 2, "nothing was done twice"


def test_what_a_calibration_costs_is_said_before(shop):
    said = cost(load_calibration({**FILE, "screen": {"points": 40}}), workers=2, model_class=Shop)
    assert said.stages == {"defaults": 1, "screening": 40, "wave 1": 24, "wave 2": 24, "members": 10}
    assert str(said).startswith("99 runs at most (defaults 1, screening 40, wave 1 24, wave 2 24, members 10)")


def test_a_calibration_around_the_defaults_looks_in_a_share_of_each_plausible_range(shop):
    whole, half = (load_calibration({**FILE, "span": span}).factors for span in (1.0, 0.5))
    for wide, near in zip(whole, half, strict=True):
        value = load_parameters().specs[wide.path].value
        assert wide.bounds[0] <= near.bounds[0] <= value <= near.bounds[1] <= wide.bounds[1]
        if wide.distribution == "uniform":
            assert np.diff(near.bounds) == pytest.approx(0.5 * np.diff(wide.bounds))
        else:
            assert near.bounds[1] / near.bounds[0] == pytest.approx((wide.bounds[1] / wide.bounds[0]) ** 0.5)


def test_the_defaults_lie_near_the_centre_of_the_ensemble_that_ships():
    """Distances in standard deviations of each parameter; most sets are farther from the centre, and no default is far out alone."""
    ensemble, specs = load_ensemble("default"), load_parameters().specs

    def place(point):
        return [np.log(value) if specs[path].distribution == "loguniform" else value for path, value in point.items()]

    paths = list(ensemble.points[0])
    sets, usual = np.array([place(p) for p in ensemble.points]), np.array(place({k: specs[k].value for k in paths}))
    weights = np.array(ensemble.weights) / np.sum(ensemble.weights)
    centre = weights @ sets
    spread = np.sqrt(weights @ (sets - centre) ** 2)
    away = (((sets - centre) / spread) ** 2).sum(axis=1)
    off = (usual - centre) / spread
    assert weights[away > (off**2).sum()].sum() > 0.5
    assert np.abs(off).max() < 2.5


def test_the_calibration_that_ships_costs_what_twenty_thousand_runs_of_5000_people_do():
    whole = load_calibration(ROOT / "experiments/calibration.yaml")
    study, _, targets = study_of(whole)
    assert len(study.scenarios) == 1, "each further world costs as many runs again"
    people = {scenario.consumers for scenario in study.scenarios.values()}
    assert people == {50_000}
    assert 19_000 <= sum(whole.stages(len(study.scenarios)).values()) * 50_000 / 5_000 <= 20_100
    assert len(targets) > 50
    assert set(whole.left_out) == {t.id for t in load_targets().calibration} - {t.id for t in whole.targets.all}
    assert {target.use for target in whole.targets.all} == {"calibration"}
    assert len(whole.factors) > 400


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"points": 3}, CalibrationError, "points"),
        ({"span": 0}, CalibrationError, "span"),
        ({"waves": "many"}, CalibrationError, "waves"),
        ({"point": 30}, CalibrationError, "did you mean 'points'"),
        ({"parameters": ["choice.price_wait", "demand"]}, CalibrationError, "did you mean 'choice.price_weight'"),
        ({"parameters": ["choice.price_weight"]}, CalibrationError, "2 or more"),
        ({"screen": {"fewest": 9, "most": 3}}, CalibrationError, "at most screen.most, 3"),
        ({"targets": {**FACTS, "targets": {"a": FACTS["targets"]["held_out"]}}}, TargetsError, "use: calibration"),
        ({"worlds": ["calmer"]}, CalibrationError, "did you mean 'calm'"),
        ({"targets": "nowhere.yaml"}, TargetsError, "nowhere.yaml"),
    ],
)
def test_what_cannot_be_done_is_said(change, error, said):
    with pytest.raises(error, match=said):
        load_calibration({**FILE, **change})
