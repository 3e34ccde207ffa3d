"""What is said to have been found: nothing from chance, every clear effect with its size, and no ranks without a difference."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from sim.measures.dictionary import outcome, outcomes
from sim.studies.findings import effects, groups, many, numbers, ranks, ratios
from sim.studies.findings.effects import sentences, tell
from sim.studies.methods.bootstrap import Resamples
from sim.studies.runs.compare_tables import effects_table
from sim.studies.runs.effects import paired_effects

NAMES = [spec.name for spec in outcomes().values() if not spec.detail and not spec.paired]
LABELS = ("baseline", "one", "two")


def runs(seed=0, pairs=8, names=NAMES, spread=1.0, **planted):
    """Runs of three scenarios without any effect but those planted: outcome = {scenario: change}."""
    rng = np.random.default_rng(seed)
    luck = rng.normal(0, 5, (pairs, len(names)))
    parts = []
    for label in LABELS:
        values = 100 + luck + rng.normal(0, spread, (pairs, len(names)))
        frame = pd.DataFrame(values, columns=names)
        for name, changes in planted.items():
            frame[name] += changes.get(label, 0.0)
        parts.append(frame.assign(scenario=label, seed=range(pairs)))
    return pd.concat(parts, ignore_index=True)


def rows_of(frame, label="one"):
    return frame[frame["scenario"] == label].to_dict("records")


def told(frame, label="one"):
    return tell(rows_of(paired_effects(frame, "baseline"), label))


class TestPerCent:
    def row(self, name, baseline=2.0, mean=-1.5, low=-4.5, high=-0.5):
        return {
            "outcome": name, "baseline": baseline, "mean": mean, "low": low, "high": high, "percent": 100 * mean / abs(baseline),
            "chance_low": -3.0, "chance_high": 1.0,
        }  # fmt: skip

    def test_nothing_that_is_counted_falls_by_more_than_all_of_it(self):
        row = self.row("deaths_expected")
        assert effects.per_cent_ends(row) == (-100.0, -25.0)
        assert effects.per_cent_ends(row, "chance_") == (-100.0, 50.0)
        assert effects.change(row).endswith("-75.0 % (-100 % to -25.0 %)")
        assert numbers.interval(row["low"], row["high"], "deaths") == "-4.50 to -0.500", "as it was computed"

    def test_what_per_cent_cannot_show_is_written_in_its_unit(self):
        row = self.row("net_social_cost_usd", baseline=1e10, mean=5e4, low=4e4, high=6e4)
        assert effects.change(row) == "net social cost +$50,000 (+$40,000 to +$60,000)"

    def test_a_balance_that_may_be_below_zero_may_fall_by_more_than_all_of_it(self):
        assert effects.per_cent_ends(self.row("net_social_cost_usd")) == (-225.0, -25.0)
        assert effects.per_cent_ends(self.row("net_social_cost_usd", baseline=-2.0)) == (-225.0, -25.0)

    def test_where_there_is_no_interval_there_is_none_in_per_cent(self):
        assert np.isnan(effects.per_cent_ends(self.row("deaths_expected", low=np.nan, high=np.nan))).all()

    def test_what_may_be_below_zero_is_an_outcome(self):
        assert set(outcomes()) >= effects.BELOW_ZERO


class TestNothing:
    def test_chance_gives_no_claim(self):
        """Of 100 worlds without any effect, about 5 in 100 may give a finding; stars alone would give one in 8 of 10."""
        worlds = [told(runs(seed)) for seed in range(100)]
        assert np.mean([bool(world.found) for world in worlds]) < 0.1
        assert np.mean([bool(world.found or world.chance) for world in worlds]) > 0.7

    def test_no_clear_effect_is_said_and_what_chance_gave_is_named_as_such(self):
        one = next(world for world in map(told, map(runs, range(50))) if world.chance and not world.found)
        (line,) = [text for text in sentences(one) if "no clear effect" in text]
        assert re.search("far enough to be told from chance among [0-9]+ outcomes", line)
        assert all(effects.lowered(outcome(row["outcome"])) in line for row in one.chance)
        assert not any(text.startswith(("Health:", "Market:", "People:")) for text in sentences(one))

    def test_identical_runs_are_no_effect_and_no_rank(self):
        frame = runs(spread=0.0)
        assert not told(frame).found
        (said,) = sentences(told(frame))
        assert (
            said
            == f"no clear effect: identical to the baseline in every run, {told(frame).tested} outcomes in 8 paired runs."
        )
        (line,) = ranks.ranked(frame, ["stigma", "deaths_expected"], told(frame).names)
        assert line == "Not ranked, since no order of the scenarios is told from chance: 2 of 2 outcomes."

    @pytest.mark.parametrize("pairs", [0, 1])
    def test_too_few_pairs_are_said_to_give_no_interval(self, pairs):
        frame = runs(pairs=1)
        if not pairs:
            frame[NAMES] = np.nan
        (line,) = sentences(told(frame))
        assert "no interval; ask for more runs" in line

    @pytest.mark.parametrize("pairs", [4, 5, 7, 8])
    def test_a_few_pairs_without_an_effect_tell_one_as_seldom_as_is_stated(self, pairs):
        rng, resamples = np.random.default_rng(1), Resamples(pairs)
        found = 0
        for _ in range(1000):
            mean, low, high = resamples.interval(rng.normal(size=pairs))
            found += bool(tell([{"outcome": "orders", "mean": mean, "low": low, "high": high, "n": pairs}]).found)
        assert 0.03 < found / 1000 < 0.075

    @pytest.mark.parametrize(("pairs", "kind"), [(7, "Student's t"), (8, "expanded percentile bootstrap")])
    def test_the_kind_of_an_interval_is_stated(self, pairs, kind):
        table = effects_table(runs(pairs=pairs, names=["orders"]), "baseline", ["orders"])
        assert set(table["interval"]) == {f"{kind} over pairs, 95 %"}

    def test_an_outcome_without_value_is_not_among_those_looked_at(self):
        frame = runs()
        frame["nps_detection_lag_days"] = np.nan
        assert told(frame).tested == told(runs()).tested - 1


class TestSomething:
    def test_an_effect_is_found_with_its_size_in_comparison_and_study_alike(self):
        frame = runs(2, stigma={"one": -0.5}, deaths_expected={"one": -30}, spread=0.1)
        paired, resampled = paired_effects(frame, "baseline"), effects_table(frame, "baseline", NAMES)
        for table in (paired, resampled):
            found = tell(rows_of(table))
            assert found.names == {"stigma", "deaths_expected"}
            lines = sentences(found)
            assert f"2 of {found.tested} outcomes are distinguishable from zero" in lines[0]
            assert lines[1].startswith("Health: deaths (expected) -")
            assert lines[1].endswith("%).")
            assert lines[2].startswith("People: stigma -")

    def test_no_finding_has_zero_in_its_interval(self):
        for seed in range(10):
            found = told(runs(seed, stigma={"one": -0.7}, orders={"one": 2.0}))
            assert all(row["low"] > 0 or row["high"] < 0 for row in found.found)

    def test_a_price_is_said_and_is_no_finding(self):
        frame = runs(policy_cost_usd={"one": 5010})
        rows = rows_of(paired_effects(frame, "baseline"))
        assert "policy_cost_usd" not in tell(rows).names
        assert effects.prices(rows)[0].startswith("Cost of the interventions: +$5,0")

    def test_the_price_of_an_intervention_is_no_harm_done(self):
        """Net social cost holds what is paid: where it rises by that and no more, nobody is worse off."""

        def names(left):
            rest = {"one": 40.0 + left}
            found = told(runs(2, policy_cost_usd={"one": 40.0}, net_social_cost_usd=rest, orders={"one": 9.0}))
            return found.names, found.verdict("net_social_cost_usd")

        assert names(0.0) == ({"orders"}, "price")
        assert names(30.0) == ({"orders", "net_social_cost_usd"}, "found")
        assert names(-70.0) == ({"orders", "net_social_cost_usd"}, "found")

    @pytest.mark.parametrize(("pairs", "is_finding"), [(2, False), (5, False), (6, True), (20, True)])
    def test_a_few_pairs_that_differ_by_the_same_may_agree_by_chance(self, pairs, is_finding):
        row = {"outcome": "deaths", "mean": -3.0, "low": -3.0, "high": -3.0, "runs": pairs}
        told = tell([row])
        assert bool(told.found) == is_finding
        assert bool(told.chance) != is_finding

    def test_the_p_value_of_an_interval_is_that_of_students_t(self):
        from scipy.stats import ttest_1samp

        frame = runs(3, names=["orders"], orders={"one": 1.0})
        wide = frame.pivot(index="seed", columns="scenario", values="orders")
        (row,) = rows_of(paired_effects(frame, "baseline"))
        assert many.p_values([row])[0] == pytest.approx(ttest_1samp(wide["one"] - wide["baseline"], 0).pvalue)


class TestCountedAndExpected:
    def test_they_are_one_quantity_and_the_expected_one_speaks(self):
        found = told(runs(deaths={"one": -20}, deaths_expected={"one": -20}, spread=0.5))
        assert "deaths_expected" in found.names
        assert "deaths" not in found.names
        assert not found.apart

    @pytest.mark.parametrize(
        "planted", [{"deaths": {"one": -20}}, {"deaths": {"one": 20}, "deaths_expected": {"one": -20}}]
    )
    def test_they_do_not_contradict_each_other_without_a_word(self, planted):
        found = told(runs(spread=0.5, **planted))
        assert "deaths" not in found.names
        (line,) = [text for text in sentences(found) if "same quantity" in text]
        assert "Deaths (counted)" in line
        assert "go by the expected one" in line

    def test_a_count_alone_speaks_for_itself(self):
        names = [name for name in NAMES if name != "deaths_expected"]
        assert "deaths" in told(runs(names=names, deaths={"one": -20})).names

    def test_the_dictionary_pairs_like_with_like(self):
        for spec in outcomes().values():
            if spec.counted:
                other = outcome(spec.counted)
                assert (other.unit, other.group, other.better) == (spec.unit, spec.group, spec.better)


class TestRanks:
    def test_the_first_is_named_with_how_far_it_is_ahead(self):
        frame = runs(deaths_expected={"one": -30, "two": -10}, spread=0.5)
        line = ranks.ranked(frame, ["deaths_expected"], {"deaths_expected"})[0]
        assert re.match(
            r"Ranking by deaths \(expected\) \(lower is better\): one first; ahead of two by (19|20)\.\d", line
        )

    def test_ranks_are_shown_only_by_what_scenarios_differ_on(self):
        frame = runs(2, stigma={"one": -0.5}, spread=0.1)
        table = pd.DataFrame({"outcome": ["stigma", "orders"], "scenario": "one", "rank": 1.0})
        assert list(ranks.told_ranks(table, paired_effects(frame, "baseline"))["outcome"]) == ["stigma"]

    def test_scenarios_that_are_not_told_apart_share_the_first_place(self):
        frame = runs(harm_reduction_share={"one": 10, "two": 10}, spread=0.5)
        line = ranks.ranked(frame, ["harm_reduction_share"], {"harm_reduction_share"})[0]
        assert "(higher is better)" in line
        assert "one and two first, not told apart" in line or "two and one first, not told apart" in line
        assert "ahead of baseline by " in line

    def test_what_is_counted_is_not_ranked_beside_what_is_expected(self):
        frame = runs(deaths={"one": -30}, deaths_expected={"one": -30})
        lines = ranks.ranked(frame, ["deaths", "deaths_expected"], {"deaths_expected"})
        assert len(lines) == 1

    def test_equal_scenarios_are_seldom_put_in_order(self):
        """Nine packages that do the same, all better than nothing: in 5 of 100 tries at most one is said to be ahead of another."""
        ordered = 0
        for seed in range(60):
            rng = np.random.default_rng(seed)
            luck = rng.normal(0, 30, 16)
            values = {f"p{k}": 100 + luck + rng.normal(0, 5, 16) for k in range(9)}
            values["nothing"] = 150 + luck + rng.normal(0, 5, 16)
            wide = pd.DataFrame(values).rename_axis("seed")
            frame = wide.melt(var_name="scenario", value_name="dalys", ignore_index=False).reset_index()
            (line,) = ranks.ranked(frame, ["dalys"], {"dalys"})
            ordered += "ahead of nothing" not in line
        assert ordered <= 60 * 0.1

    def test_an_order_that_would_do_for_one_outcome_may_not_do_for_many(self):
        names = [name for name in NAMES if outcome(name).better != "none" and not outcome(name).price]
        frame = runs(5, names=names, spread=0.5, dalys={"one": -1.0})
        (alone,) = ranks.ranked(frame, ["dalys"], {"dalys"})
        (among,) = ranks.ranked(frame, names, {"dalys"})
        assert alone.startswith("Ranking by")
        assert among.startswith("Not ranked")

    @pytest.mark.slow
    def test_a_place_is_sure_as_often_as_it_is_said_to_be(self):
        """Between two equal scenarios a first is named in about 5 of 100 cases, not in half of them."""
        named = 0
        for seed in range(200):
            frame = runs(seed, names=["stigma"], stigma={"one": -20, "two": -20})
            named += " and " not in ranks.ranked(frame, ["stigma"], {"stigma"})[0]
        assert named / 200 < 0.12


class TestRatios:
    """What a death averted costs, and where no such number can be given."""

    @staticmethod
    def verdicts(**planted):
        names = ["policy_cost_usd", "deaths_expected", "dalys", "orders"]
        frame = runs(names=names, spread=1.0, **planted)
        table = ratios.cost_per(frame, paired_effects(frame, "baseline"), "baseline")
        return table[table["scenario"] == "one"].set_index("outcome"), ratios.sentences(table)["one"]

    def test_fieller_ends_are_the_ratios_that_a_t_test_just_does_not_reject(self):
        rng = np.random.default_rng(4)
        cost, gain = rng.normal(1000, 50, 8), rng.normal(10, 3, 8)
        cost += 20 * (gain - 10)
        ratio, low, high = ratios.fieller(cost, gain)
        assert low < ratio < high
        for end in (low, high):
            left = cost - end * gain
            assert abs(left.mean()) / (left.std(ddof=1) / np.sqrt(8)) == pytest.approx(student.ppf(0.975, 7), rel=1e-9)

    def test_fieller_holds_the_truth_as_often_as_it_says(self):
        rng = np.random.default_rng(1)
        held = 0
        for _ in range(400):
            gain = rng.normal(10, 6, 8)
            _, low, high = ratios.fieller(3 * gain + rng.normal(70, 20, 8), gain)  # 100 for 10
            held += not low > 10 and not high < 10
        assert 0.91 < held / 400 < 0.99

    def test_where_the_denominator_may_be_zero_there_is_no_end(self):
        gain = np.array([3.0, -2.0, 1.0, -1.0, 2.0])
        ratio, low, high = ratios.fieller(np.full(5, 100.0), gain)
        assert np.isfinite(ratio)
        assert np.isnan([low, high]).all()

    def test_a_price_is_given_in_words_of_the_dictionary(self):
        table, words = self.verdicts(policy_cost_usd={"one": 30_000}, deaths_expected={"one": -30}, dalys={"one": -60})
        row = table.loc["deaths_expected"]
        assert row["ratio_low"] < row["ratio"] < row["ratio_high"]
        assert row["ratio"] == pytest.approx(1000, rel=0.05)
        assert row["unit"] == "USD per death averted"
        assert words.startswith("Cost-effectiveness: $")
        assert " per death averted; $" in words
        assert words.endswith(" per DALY averted.")

    @pytest.mark.parametrize(
        ("planted", "verdict", "words"),
        [
            (
                {"policy_cost_usd": {"one": 30_000}},
                "not told from zero",
                "no cost per death or DALY averted can be given, since no effect",
            ),
            (
                {"policy_cost_usd": {"one": 30_000}, "deaths_expected": {"one": 30}},
                "worse",
                "deaths become more, not fewer",
            ),
            ({"policy_cost_usd": {"one": -3_000}, "deaths_expected": {"one": -30}}, "saves", "money is saved"),
        ],
    )
    def test_where_no_ratio_can_be_given_it_says_why(self, planted, verdict, words):
        table, said = self.verdicts(**planted)
        assert table.loc["deaths_expected", "verdict"] == verdict
        assert np.isnan(table.loc["deaths_expected", ["ratio", "ratio_low", "ratio_high"]].astype(float)).all()
        assert words in said

    def test_what_costs_nothing_has_no_price(self):
        frame = runs(names=["deaths_expected", "dalys"], deaths_expected={"one": -30}).assign(policy_cost_usd=0.0)
        table = ratios.cost_per(frame, paired_effects(frame, "baseline"), "baseline")
        assert set(table["verdict"]) == {"no cost counted"}

    @pytest.mark.parametrize(
        ("low", "why"), [(-3.0, "is not told from zero"), (3.0, "may be chance among so many outcomes")]
    )
    def test_it_says_why_there_is_no_ratio_as_the_interval_beside_it_does(self, low, why):
        ends = {"averted_low": low, "averted_high": 9.0, "ratio": np.nan, "ratio_low": np.nan, "ratio_high": np.nan}
        row = {"outcome": "deaths_expected", "verdict": ratios.UNCLEAR, **ends}
        assert ratios.said(row) == f"no cost per death averted can be given, since the effect on deaths {why}"

    def test_json_has_no_number_where_there_is_none(self):
        frame = runs(names=["policy_cost_usd", "deaths_expected"])
        found = ratios.as_json(ratios.cost_per(frame, paired_effects(frame, "baseline"), "baseline"))
        assert found["one"]["deaths_expected"]["ratio"] is None
        assert "not told from zero" in found["one"]["deaths_expected"]["words"]
        json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (-640474.2, "", "-640,000"), (1854321.0, "", "+1.85 m"), (-56.98e6, "USD", "-$57.0 m"), (163.7e6, "USD", "+$164 m"), (999_999.4, "", "+1.00 m"),
        (1622.4, "", "+1,620"), (1622.0, "", "+1,622"), (12.34, "", "+12.3"), (-0.00743, "share", "-0.743 pp"), (1234.5, "days", "+1,230 days"),
    ],
)  # fmt: skip
def test_no_more_digits_of_a_finding_are_written_than_are_known(value, unit, said):
    assert numbers.effect(value, unit) == said
    assert numbers.level(abs(value), unit) == said[1:].replace(" pp", " %")


def test_chance_gives_nothing_where_a_group_is_the_same_in_every_run():
    row = {
        "scenario": "one",
        "key": "segment",
        "member": "patient",
        "size": 50,
        "too_small": False,
        "excludes_zero": False,
    }
    moves = [{**row, "outcome": "orders", "low": -1.0, "high": 1.0}] * 20
    still = [{**row, "outcome": "orders", "low": 0.0, "high": 0.0}] * 400
    (line,) = groups.notes(pd.DataFrame(moves + still))
    assert line.startswith("By group: 0 of 20 intervals leave zero out, where chance alone gives about 1 (")


def test_a_group_has_the_name_that_people_give_it():
    assert groups.member_name("united_kingdom_europe:social_supplier") == "United Kingdom and Europe, social supplier"
