"""Sensitivity: known indices of known functions are found, by name, with noise told apart."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import threadpoolctl

from sim import run_study
from sim.studies import kinds
from sim.studies.kinds.sensitivity import SensitivitySettings
from sim.studies.methods.factors import Factor
from sim.studies.methods.functions import FunctionDriver
from sim.studies.methods.noise import contrasts, differ, shares
from sim.studies.methods.sensitivity import Analysis
from sim.studies.study import StudyFile
from sim.studies.study_files import Study, StudyFileError
from tests.study_market import MEASURES, PATH, SIZE, StudyMarket, compare_study

CLOSE = 0.03
N = 4096

ISHIGAMI = {
    "S1": {"b": 0.3139, "a": 0.4424, "c": 0.0},
    "ST": {"b": 0.5576, "a": 0.4424, "c": 0.2437},
}
WEIGHTS = {"p": 0.0, "q": 1.0, "r": 4.5, "s": 9.0}


def ishigami(point, scenario="baseline", seed=1):
    """The names are not in the order of the formula, so that places and names differ."""
    x, y, z = point["b"], point["a"], point["c"]
    return {"y": math.sin(x) + 7 * math.sin(y) ** 2 + 0.1 * z**4 * math.sin(x)}


def sobol_g(point, scenario="baseline", seed=1):
    return {"y": math.prod((abs(4 * point[name] - 2) + a) / (1 + a) for name, a in WEIGHTS.items())}


def sobol_g_truth():
    parts = {name: 1 / (3 * (1 + a) ** 2) for name, a in WEIGHTS.items()}
    total = math.prod(1 + v for v in parts.values()) - 1
    rest = {name: math.prod(1 + v for other, v in parts.items() if other != name) for name in parts}
    return {
        "S1": {name: v / total for name, v in parts.items()},
        "ST": {name: v * rest[name] / total for name, v in parts.items()},
    }


def study(names="abc", low=-math.pi, high=math.pi, scenarios=("baseline",), seeds=1, **settings):
    factors = tuple(Factor(path=name, low=low, high=high, distribution="uniform") for name in names)
    file = StudyFile(kind="sensitivity", scenarios=tuple(scenarios), uncertainties=factors, replications=seeds)
    return Study(file, dict.fromkeys(scenarios), factors, (), SensitivitySettings(**{"resamples": 10, **settings}))


def answer(function, asked):
    driver = FunctionDriver(function, tuple(asked.scenarios), asked.seeds)
    return kinds.get("sensitivity").conduct(asked, driver)


def found(result, index, of="level"):
    table = result.tables["indices"]
    rows = table[(table["index"] == index) & (table["of"] == of) & (table["other"] == "")]
    return dict(zip(rows["factor"], rows["value"], strict=True))


def worst(result, truth):
    return max(abs(found(result, index)[name] - value) for index in truth for name, value in truth[index].items())


@pytest.fixture(scope="module")
def ishigami_sobol():
    return answer(ishigami, study(samples=N))


class TestKnownIndices:
    def test_sobol_on_ishigami(self, ishigami_sobol):
        assert worst(ishigami_sobol, ISHIGAMI) < CLOSE

    def test_pairs_are_found_by_name(self, ishigami_sobol):
        table = ishigami_sobol.tables["indices"]
        pairs = {frozenset((r.factor, r.other)): r.value for r in table[table["index"] == "S2"].itertuples(index=False)}
        assert pairs[frozenset("bc")] == pytest.approx(0.2437, abs=CLOSE)
        assert pairs[frozenset("ab")] == pytest.approx(0, abs=CLOSE)

    def test_sobol_on_sobol_g(self):
        assert worst(answer(sobol_g, study("srqp", 0, 1, samples=N, method="sobol_first")), sobol_g_truth()) < CLOSE

    @pytest.mark.parametrize("pair", ["ab", "bc", "ac"])
    def test_a_swapped_pair_is_noticed(self, pair):
        one, other = pair
        swapped = answer(
            lambda point, scenario, seed: ishigami({**point, one: point[other], other: point[one]}),
            study(samples=1024, method="sobol_first"),
        )
        assert worst(swapped, ISHIGAMI) > 3 * CLOSE

    def test_threads_that_would_wait_for_each_other_over_small_matrices_are_not_begun(self, monkeypatch):
        analysis, seen = Analysis("delta", ["a", "b"], 64, 1), []
        analyse = Analysis._analyse

        def watched(*words):
            seen.extend(pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas")
            return analyse(*words)

        monkeypatch.setattr(Analysis, "_analyse", watched)
        with threadpoolctl.threadpool_limits(2):
            analysis.indices(points := analysis.points(), points[:, 0], 2)
        assert set(seen) == {1}

    def test_fast_on_ishigami(self):
        assert worst(answer(ishigami, study(samples=N, method="fast")), ISHIGAMI) < CLOSE

    def test_rbd_fast_on_ishigami(self):
        assert worst(answer(ishigami, study(samples=N, method="rbd_fast")), {"S1": ISHIGAMI["S1"]}) < CLOSE

    def test_an_emulator_finds_the_indices_of_a_smooth_function_from_few_points(self):
        """Two factors act alone, two only together; of the others one does nothing."""

        def smooth(point, *_):
            together = 6 * (point["c"] - 0.5) * (point["d"] - 0.5)
            return {"y": 3 * point["a"] + 2 * point["b"] + together}

        result = answer(smooth, study("abcde", 0, 1, samples=200, method="emulator", seeds=2, resamples=40))
        parts = {"a": 9 / 12, "b": 4 / 12, "c": 0.0, "d": 0.0, "e": 0.0}
        both = 36 / 144
        whole = sum(parts.values()) + both
        truth = {
            "S1": {name: part / whole for name, part in parts.items()},
            "ST": {name: (part + both * (name in "cd")) / whole for name, part in parts.items()},
        }
        assert worst(result, truth) < CLOSE
        assert result.tables["noise"]["explained"].iloc[0] > 0.95

    @pytest.mark.parametrize(
        ("method", "samples", "index"),
        [("morris", 40, "mu_star"), ("delta", 512, "delta"), ("pawn", 1024, "median"), ("dgsm", 128, "dgsm")],
    )
    def test_other_methods_order_a_function_of_clear_order(self, method, samples, index):
        clear = study("zyx", 0, 1, samples=samples, method=method)
        result = answer(lambda point, *_: {"y": 10 * point["x"] + 6 * point["y"] + 0.1 * point["z"]}, clear)
        values = found(result, index)
        assert sorted(values, key=values.__getitem__, reverse=True) == ["x", "y", "z"]
        table = result.tables["indices"]
        rows = table[table["index"] == index]
        assert (rows["low"] <= rows["value"] + 1e-9).all()
        assert (rows["value"] <= rows["high"] + 1e-9).all()

    def test_groups_have_the_index_of_all_that_is_in_them(self):
        result = answer(ishigami, study(samples=2048, method="sobol_first", groups={"odd": ("b", "c")}))
        values = found(result, "S1")
        assert set(values) == {"odd", "a"}
        assert values["odd"] == pytest.approx(0.5576, abs=CLOSE)
        assert values["a"] == pytest.approx(0.4424, abs=CLOSE)


class TestEffectsAndNoise:
    def test_an_effect_has_indices_of_its_own(self):
        def policy(point, scenario, seed):
            return {"y": 10 * point["a"] + (point["b"] if scenario == "policy" else 0.0)}

        result = answer(policy, study("ab", 0, 1, ("baseline", "policy"), samples=256, method="sobol_first"))
        assert found(result, "ST", "effect") == pytest.approx({"a": 0, "b": 1}, abs=0.02)
        level = result.tables["indices"].query("of == 'level' and scenario == 'baseline' and index == 'ST'")
        assert dict(zip(level["factor"], level["value"], strict=True)) == pytest.approx({"a": 1, "b": 0}, abs=0.02)

    def test_noise_is_told_from_luck_that_all_points_share(self):
        rng = np.random.default_rng(1)
        signal, luck, own = rng.normal(0, 2, (4000, 1)), rng.normal(0, 5, (1, 4)), rng.normal(0, 2, (4000, 4))
        assert shares(signal + luck)[0] == pytest.approx(0, abs=1e-9)
        assert shares(signal + luck + own)[0] == pytest.approx(0.2, abs=0.02)  # 4/4 of 4 + 4/4
        assert shares(own)[0] == pytest.approx(1, abs=0.05)
        assert np.isnan(shares(signal)[0])

    @pytest.mark.parametrize(
        ("method", "index"),
        [("rbd_fast", "S1"), ("pawn", "median"), pytest.param("delta", "delta", marks=pytest.mark.slow)],
    )
    def test_intervals_of_methods_without_a_design_hold_the_luck_of_the_seeds(self, method, index):
        """A share without noise lies inside (delta is no share: luck dilutes it more); seeds that all say the same widen nothing."""
        rng = np.random.default_rng(5)
        luck = rng.normal(0, 4, (120, 4))

        def asked(seeds):
            return study("ab", 0, 1, samples=120, method=method, seeds=seeds)

        def market(size):
            place = {}
            return lambda point, scenario, seed: {
                "y": 10 * point["a"] + size * luck[place.setdefault(point["a"], len(place)), seed % 4]
            }

        def of_a(size, seeds):
            table = answer(market(size), asked(seeds)).tables["indices"]
            row = table[(table["index"] == index) & (table["factor"] == "a")].iloc[0]
            return row["low"], row["value"], row["high"]

        low, value, high = of_a(1.0, 4)
        narrow, truth, wide = of_a(0.0, 1)
        assert low <= truth <= high or method == "delta"
        assert value - low > truth - narrow
        assert of_a(0.0, 4) == pytest.approx((narrow, truth, wide))

    def test_too_few_samples_and_noise_are_warned_of(self):
        def noisy(point, scenario, seed):
            return {"y": point["a"] + 5 * math.sin(1e6 * (point["a"] + 3 * point["b"]) * seed)}

        notes = " ".join(answer(noisy, study("ab", 0, 1, samples=16, seeds=3)).notes)
        assert "N = 16 is too small" in notes
        assert "is noise: y" in notes
        quiet = " ".join(answer(ishigami, study(samples=N, method="rbd_fast", seeds=2)).notes)
        assert "WARNING" not in quiet

    def test_a_point_without_a_value_is_left_out_with_its_block(self):
        def failing(point, scenario, seed):
            return {"y": math.nan} if point["a"] > 3.12 else ishigami(point)

        result = answer(failing, study(samples=N, method="sobol_first"))
        assert result.tables["noise"]["points_without_value"].iloc[0] > 0
        assert worst(result, ISHIGAMI) < 3 * CLOSE

    def test_indices_converge_in_the_table_of_convergence(self, ishigami_sobol):
        steps = ishigami_sobol.tables["convergence"]
        assert sorted(steps["samples"].unique()) == [N // 8, N // 4, N // 2, N]
        last = steps[steps["samples"] == N].set_index("factor")["value"]
        assert last.to_dict() == pytest.approx(ISHIGAMI["ST"], abs=CLOSE)


def file(**fields):
    scenarios = [
        {"name": "plain", **SIZE},
        {"name": "loud", "policies": [{"kind": "takedown", "start": 3, "publicity": 2.0}], **SIZE},
    ]
    return {
        **compare_study(name="which", kind="sensitivity", scenarios=scenarios, replications=2),
        "uncertainties": [PATH, "choice.price_weight"],
        "sensitivity": {"method": "morris", "samples": 6, "resamples": 20},
        **fields,
    }


class TestAsAStudy:
    def test_a_study_is_written_with_figures(self, tmp_path):
        done = run_study(file(), tmp_path / "out", executor="inline", model_class=StudyMarket)
        assert 0 < done.runs <= 6 * 3 * 2 * 2  # points that come again are not run again
        drawn = {path.name for path in (tmp_path / "out/answer/figures").glob("*.png")}
        assert {"heatmap-level-plain.png", "bars-level-loud.png"} <= drawn
        assert "convergence-level-plain.png" not in drawn, "nothing converges over one number of samples"
        table = done.answer.tables["indices"].query("index == 'mu_star' and outcome == 'orders' and of == 'level'")
        values = table[table["scenario"] == "plain"].set_index("factor")["value"]
        assert values[PATH] > 0
        assert values["choice.price_weight"] == 0

    def test_all_parameters_and_patterns_are_taken_by_name(self):
        paths = [factor.path for factor in Study.load(file(uncertainties=["costs.*"])).factors]
        assert "costs.check" in paths
        assert all(path.startswith("costs.") for path in paths)
        assert len(Study.load(file(uncertainties="all", sensitivity={"method": "morris"})).factors) > 300

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"uncertainties": [PATH]}, "two or more"),
            ({"uncertainties": ["nowhere.*"]}, "nowhere"),
            ({"sensitivity": {"method": "pawn", "groups": {"g": [PATH]}}}, "groups go with morris"),
            ({"sensitivity": {"groups": {"g": ["choice.price_wait"]}}}, "choice.price_weight"),
            ({"sensitivity": {"samples": 100}}, "a power of two"),
            ({"sensitivity": {"method": "fast", "samples": 10}}, "65 or more"),
            ({"sensitivity": {"method": "emulator", "samples": 100}, "replications": 1}, "must know how loud luck is"),
        ],
    )
    def test_what_cannot_be_done_is_said(self, fields, words):
        with pytest.raises(StudyFileError, match=words):
            Study.load(file(**fields))

    def test_measures_are_those_of_the_study(self):
        assert set(MEASURES) == set(Study.load(file()).measures)


def luck_of(point, seed):
    return np.random.default_rng([seed, *(int(2**31 * share) for share in point.values())]).normal()


def nothing(point, scenario, seed):
    return {"y": 100 + luck_of(point, seed)}


def something(point, scenario, seed):
    return {"y": 100 + 3 * point["a"] + 0.5 * luck_of(point, seed)}


class TestToldFromNoise:
    @pytest.mark.parametrize(
        ("method", "samples"),
        [("morris", 20), ("sobol_first", 128), ("fast", 129), ("rbd_fast", 200), ("pawn", 200), ("dgsm", 30)],
    )
    def test_pure_noise_has_no_finding_and_every_interval_says_so(self, method, samples):
        result = answer(nothing, study("abc", 0, 1, samples=samples, method=method, seeds=3))
        table = result.tables["indices"]
        assert set(table.loc[table["low"].notna(), "told"]) == {"no"}
        assert (table.loc[table["low"].notna(), "low"] <= 0).all()
        assert (table.loc[table["index"] == "ST", "high"] >= 1).all()
        assert result.findings == [
            "No clear effect of any factor, none is told from noise: y (level, baseline).",
        ]

    def test_an_emulator_of_pure_noise_is_none_and_why_is_said(self):
        result = answer(nothing, study("abc", 0, 1, samples=200, method="emulator", seeds=3))
        assert not (result.tables["indices"]["told"] == "yes").any()
        assert len(result.findings) == 1
        assert result.findings[0].startswith(
            "No index, since there is no emulator that could be trusted: y (level, baseline): "
        )

    def test_an_emulator_learns_from_seeds_that_no_two_points_share_and_both_sides_of_a_pair_do(self):
        seen = []

        def watched(point, scenario, seed):
            seen.append((tuple(point.values()), scenario, seed))
            return {"y": point["a"] + luck_of(point, seed)}

        answer(
            watched, study("abc", 0, 1, ("baseline", "policy"), samples=40, method="emulator", seeds=2, resamples=16)
        )
        points = {}
        for point, _scenario, seed in seen:
            points.setdefault(seed, set()).add(point)
        assert {len(each) for each in points.values()} == {1}
        assert len(points) == 40 * 2
        assert {(point, seed) for point, scenario, seed in seen if scenario == "baseline"} == {
            (point, seed) for point, scenario, seed in seen if scenario == "policy"
        }

    def test_luck_that_neighbours_would_share_is_no_part_of_a_factor_to_an_emulator(self):
        """What b does differs with the seed and is nothing on average: with the same two seeds everywhere it would be half of all."""

        def smooth(point, scenario, seed):
            return {"y": 3 * point["a"] + 3 * np.random.default_rng(seed).normal() * (point["b"] - 0.5)}

        result = answer(smooth, study("abc", 0, 1, samples=150, method="emulator", seeds=2))
        table = result.tables["indices"].query("index == 'ST'").set_index("factor")
        assert table["told"].to_dict() == {"a": "yes", "b": "no", "c": "no"}

    @pytest.mark.slow
    def test_shares_of_an_emulator_are_those_without_luck_where_half_of_the_variance_is_luck(self):
        """Over forty designs and draws of luck, intervals of 95 % hold first-order indices nine times in ten or more, and idle factors are hardly ever told."""
        parts = {"a": 9.0, "b": 4.0, "c": 1.0, "d": 0.0, "e": 0.0, "f": 0.0}
        luck = math.sqrt(sum(parts.values()) / 12 * 2)  # of a run; of the mean of two half of all

        def loud(point, scenario, seed):
            return {
                "y": sum(math.sqrt(part) * point[name] for name, part in parts.items()) + luck * luck_of(point, seed)
            }

        held, told = [], []
        for seed in range(1, 41):
            asked = study("abcdef", 0, 1, samples=200, method="emulator", seeds=2, resamples=64)
            asked = replace(asked, file=asked.file.model_copy(update={"seed": seed}))
            table = answer(loud, asked).tables["indices"].query("index == 'S1'").set_index("factor")
            truth = pd.Series(parts) / sum(parts.values())
            held += [(table["low"] <= truth[table.index]) & (truth[table.index] <= table["high"])]
            told += [table["told"] == "yes"]
        held, told = pd.concat(held, axis=1).T, pd.concat(told, axis=1).T
        assert held.mean().mean() >= 0.9
        assert told[["a", "b"]].mean().mean() >= 0.9
        assert told[["d", "e", "f"]].mean().mean() <= 0.05

    @pytest.mark.parametrize(
        ("method", "samples", "index"),
        [
            ("morris", 20, "mu_star"),
            ("emulator", 100, "ST"),
            ("sobol_first", 128, "ST"),
            ("rbd_fast", 200, "S1"),
            ("pawn", 200, "median"),
        ],
    )
    def test_a_factor_is_told_from_noise_and_the_others_are_not(self, method, samples, index):
        result = answer(something, study("abc", 0, 1, samples=samples, method=method, seeds=3))
        table = result.tables["indices"].query("index == @index").set_index("factor")
        assert table["told"].to_dict() == {"a": "yes", "b": "no", "c": "no"}
        assert f"{index} a " in result.findings[0]
        assert "2 of 3 factors are not told from noise" in result.findings[0]

    def test_the_interval_of_a_screening_holds_what_is_true_without_luck(self):
        """mu* of the true slope is 3; of what luck adds in squares the lower end is free."""
        table = answer(something, study("abc", 0, 1, samples=40, method="morris", seeds=3)).tables["indices"]
        row = table.query("index == 'mu_star' and factor == 'a'").iloc[0]
        assert row["low"] < 3 < row["high"]

    def test_total_order_without_noise_lies_inside_its_interval(self):
        """Of what is not luck, all is due to one factor: its share is 1, that of the others 0."""
        table = answer(something, study("abc", 0, 1, samples=256, method="sobol_first", seeds=3)).tables["indices"]
        rows = table.query("index == 'ST'").set_index("factor")
        for name, truth in {"a": 1.0, "b": 0.0, "c": 0.0}.items():
            assert rows.loc[name, "low"] <= truth <= rows.loc[name, "high"]

    def test_luck_that_all_points_share_is_no_noise(self):
        def shared(point, scenario, seed):
            return {"y": 3 * point["a"] + 0.2 * point["b"] + 50 * seed}

        result = answer(shared, study("abc", 0, 1, samples=20, method="morris", seeds=3))
        table = result.tables["indices"].query("index == 'mu_star'").set_index("factor")
        assert table["told"].to_dict() == {"a": "yes", "b": "yes", "c": "no"}

    def test_with_one_seed_it_is_unknown_and_said(self):
        result = answer(something, study("abc", 0, 1, samples=20, method="morris"))
        assert set(result.tables["indices"]["told"]) == {"unknown"}
        assert "nobody knows how much of these indices is luck" in result.findings[0]

    def test_contrasts_lose_the_signal_and_keep_the_noise_of_a_mean(self):
        rng = np.random.default_rng(1)
        values = rng.normal(0, 5, (20_000, 1)) + rng.normal(0, 2, (20_000, 4)) + rng.normal(0, 9, (1, 4))
        for luck in contrasts(values):
            assert luck.std() == pytest.approx(2 / math.sqrt(4), rel=0.03)
            assert abs(np.corrcoef(luck, values.mean(axis=1))[0, 1]) < 0.05

    def test_whether_points_differ_is_fishers_analysis_of_variance(self):
        """The penicillin yields of Box, Hunter and Hunter, four treatments in five blends: F = 1.24, p = 0.34."""
        yields = np.array([[89, 84, 81, 87, 79], [88, 77, 87, 92, 81], [97, 92, 87, 89, 80], [94, 79, 85, 84, 88]])
        assert differ(yields.astype(float)) == pytest.approx(0.339, abs=0.001)
        assert differ(np.ones((4, 3))) == 1.0
        assert differ(np.arange(4.0)[:, None] + np.arange(3.0)) == 0.0


class TestWithoutValue:
    @pytest.mark.parametrize(
        ("method", "samples"), [("rbd_fast", 512), ("fast", 129), ("morris", 40), ("sobol_first", 64)]
    )
    def test_no_index_from_too_few_points(self, method, samples):
        def rare(point, scenario, seed):
            return {"y": point["a"] if point["b"] < 0.02 else math.nan}

        result = answer(rare, study("abc", 0, 1, samples=samples, method=method, seeds=2))
        assert result.tables["indices"].empty
        noise = result.tables["noise"].iloc[0]
        assert noise["failed_points"] == 0
        assert noise["points_without_value"] > 0.6 * noise["points"]
        assert result.findings == ["No index, since too few points have a value: y (level, baseline)."]
        (note,) = [note for note in result.notes if "no value in" in note]
        assert f"{noise['points_without_value']} of {noise['points']} points" in note
        assert not [note for note in result.notes if "failed" in note or "do not vary" in note]
