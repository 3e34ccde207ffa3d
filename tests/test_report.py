"""Numbers, words, tables and figures."""

import io
import re
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from sim import compare
from sim.evidence.parameters import load_parameters
from sim.measures.dictionary import outcomes
from sim.report import comparison_page, figures
from sim.report.figures.catalogue import FIGURES
from sim.report.figures.style import Picture, style
from sim.report.text import caveats, numbers, tables, words
from sim.studies import kinds
from sim.studies.runs.one_run import run
from tests.fake_market import FakeMarket, world


@pytest.fixture(scope="module")
def comparison():
    others = [world("closure"), world("advice"), world("idle")]
    return compare(world(), others, runs=4, workers=1, model_class=FakeMarket)


PRINTED = [spec for spec in outcomes().values() if not spec.detail]
COUNTED = {spec.counted for spec in PRINTED}
TESTED = [spec for spec in PRINTED if spec.signed and not spec.price and spec.name not in COUNTED]
"""What is counted and expected is one quantity."""


def printed(table, width=140):
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return console.file.getvalue()


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "unit", "text"),
        [
            (0.1234, "share", "12.3 %"),
            (4_210_000, "USD", "$4.21 m"),
            (-3.5, "USD", "-$3.50"),
            (1234.4, "orders", "1,230"),
            (0.61234, "index", "0.612"),
            (0.00012, "index", "0.00012"),
            (0.0000037, "index", "0.0000037"),
            (0.0000099999, "index", "0.00001"),
            (12.34, "days", "12.3 days"),
            (2.5e9, "USD", "$2.50 bn"),
            (float("nan"), "days", "-"),
            (0, "deaths", "0"),
            (69.0, "deaths", "69"),
        ],
    )
    def test_a_level_is_written_in_its_unit(self, value, unit, text):
        assert numbers.level(value, unit) == text

    @pytest.mark.parametrize(
        ("value", "unit", "text"),
        [
            (-0.012, "share", "-1.20 pp"),
            (1500, "USD", "+$1,500"),
            (-1500, "USD", "-$1,500"),
            (0, "orders", "0"),
            (float("nan"), "orders", "-"),
        ],
    )
    def test_an_effect_carries_its_sign_and_shares_differ_by_points(self, value, unit, text):
        assert numbers.effect(value, unit) == text

    @pytest.mark.parametrize(
        ("value", "text"), [(12.34, "+12.3 %"), (-0.256, "-0.26 %"), (0, "0 %"), (340, "+340 %"), (np.nan, "-")]
    )
    def test_a_percentage_has_as_many_digits_as_mean_something(self, value, text):
        assert numbers.percent(value) == text


class TestWords:
    def test_effects_that_are_asked_for_are_told_or_said_to_be_unclear(self, comparison):
        told = words.in_words(comparison, "overdoses_expected", "share_street")
        assert [line.partition(": ")[0] for line in told] == ["closure"] * 2 + ["advice"] * 2 + ["idle"] * 2
        by_name = {tuple(line.partition(" (")[0].split(" ")[:2]): line for line in told}
        assert by_name["advice:", "overdoses"].startswith("advice: overdoses (expected) -4")
        assert "share: street +4.9" in told[1]
        assert all(line.startswith("idle: no clear effect on ") for line in told[4:])
        with pytest.raises(KeyError, match="overdose_expected"):
            words.in_words(comparison, "overdose_expected")

    def test_clear_effects_are_named_with_their_size(self, comparison):
        found = words.findings(comparison)
        assert f"3 of {len(TESTED)} outcomes are distinguishable" in found["advice"][0]
        assert found["advice"][1].startswith("Health: overdoses (expected) -4")
        assert "share: street +4.9" in found["closure"][1]

    def test_what_an_intervention_costs_is_said_beside_its_effects(self, comparison):
        said = re.fullmatch(
            r"Cost of the interventions: \+\$([\d,]+) over the run\.", words.findings(comparison)["closure"][-2]
        )
        assert said is not None
        assert float(said[1].replace(",", "")) == pytest.approx(50_000, rel=0.1)
        assert words.findings(comparison)["closure"][0].startswith("4 of")

    def test_no_clear_effect_is_said_as_such(self, comparison):
        assert words.findings(comparison)["idle"] == [
            f"no clear effect: identical to the baseline in every run, {len(TESTED)} outcomes in 4 paired runs."
        ]

    def test_that_many_outcomes_were_looked_at_is_said_and_allowed_for(self, comparison):
        assert "allowing for how many were looked at" in words.findings(comparison)["closure"][0]

    def test_one_pair_of_runs_is_said_to_give_no_interval(self):
        single = compare(world(), [world("closure")], runs=1, workers=1, model_class=FakeMarket)
        assert "no interval" in words.findings(single)["closure"][0]

    def test_the_number_and_kind_of_the_intervals_is_stated(self, comparison):
        text = words.how(comparison)
        assert "paired t, 95 %, n = 4 pairs" in text
        assert "stands for 20,000 real people" in text

    def test_concentration_in_a_small_world_carries_a_warning(self, comparison):
        assert any("below 20,000 simulated consumers" in note for note in words.notes(comparison))
        names = list(outcomes())
        assert words.size_notes(names, 20_000) == []
        assert len(words.size_notes(names, 19_999)) == 1

    def test_displacement_is_explained_as_a_distance(self, comparison):
        assert any("Displacement between channels" in note and "distance" in note for note in words.notes(comparison))


class TestTables:
    def test_every_outcome_but_details_is_printed_once_a_scenario(self, comparison):
        text = printed(tables.effect_table(comparison))
        assert text.count(" closure ") == text.count(" idle ") == len(PRINTED)
        assert "Orders: street" not in text

    def test_a_star_marks_the_intervals_that_leave_zero_out(self, comparison):
        lines = printed(tables.effect_table(comparison, ["advice"])).splitlines()
        starred = [line for line in lines if " * " in line]
        assert len(starred) == 3
        assert any("Trust in police" in line and "4/4" in line and "+2.0" in line for line in starred)

    def test_a_scenario_without_effect_is_identical_in_all_runs(self, comparison):
        assert printed(tables.effect_table(comparison, ["idle"])).count("identical in all runs") == len(PRINTED)

    def test_a_run_is_printed_by_group_with_units(self):
        text = printed(tables.outcome_table([run(world(), model_class=FakeMarket).outcomes]))
        assert [line for line in text.splitlines() if line and not line.startswith(" ")][1:] != []
        assert "Trade volume" in text
        assert "$" in text
        assert "Displacement" not in text

    def test_several_runs_are_printed_with_their_range(self):
        found = [run(world(), seed=seed, model_class=FakeMarket).outcomes for seed in (1, 2)]
        found[0]["nps_detection_lag_days"] = found[1]["nps_detection_lag_days"] = float("nan")
        text = printed(tables.outcome_table(found))
        assert "Mean of 2 runs" in text
        assert " to " in text

    def test_the_markdown_table_has_a_row_for_every_effect(self, comparison):
        lines = tables.effect_markdown(comparison).splitlines()
        assert len(lines) == 2 + 5 + len(PRINTED) * 3
        assert {line.count("|") for line in lines} == {9}


@pytest.fixture(scope="module", params=[figures.effects_figure, figures.trade_figure])
def drawn(request, comparison, tmp_path_factory):
    """How a figure is drawn, and where it was written once."""
    place = tmp_path_factory.mktemp("figure") / "one"
    figures.save_figure(request.param(comparison), place)
    return request.param, place


class TestFigures:
    def test_a_figure_is_written_as_picture_and_drawing(self, drawn):
        _, written = drawn
        pixels = imread(written.with_suffix(".png"))
        assert pixels.shape[1] > 900
        assert pixels.std() > 0.05
        assert written.with_suffix(".svg").read_text().lstrip().startswith("<?xml")

    def test_equal_comparisons_give_equal_files(self, drawn, comparison, tmp_path):
        draw, written = drawn
        figures.save_figure(draw(comparison), tmp_path / "two")
        for ending in (".png", ".svg"):
            assert written.with_suffix(ending).read_bytes() == (tmp_path / "two").with_suffix(ending).read_bytes()

    def test_drawing_changes_no_setting_of_the_reader(self, comparison):
        before = dict(mpl.rcParams)
        with style():
            assert mpl.rcParams["svg.hashsalt"] == "online-drug-markets"
        comparison.plot()
        assert dict(mpl.rcParams) == before

    def test_a_dot_is_hollow_where_the_interval_covers_zero(self, comparison):
        axes = comparison.plot().axes[1]
        faces = {line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "o"}
        assert "white" in faces
        assert len(faces) > 1
        assert sum(line.get_marker() == "o" and line.get_markerfacecolor() != "white" for line in axes.lines) == 3

    def test_a_notebook_shows_a_figure(self, comparison):
        assert comparison.plot()._repr_png_().startswith(b"\x89PNG")

    def test_trade_has_a_panel_for_every_channel_and_scenario(self, comparison):
        assert len(comparison.plot_trade().axes) == 6 * 3

    def test_more_scenarios_than_fit_beside_each_other_get_a_second_row(self):
        many = compare(world(), [world(f"s{i}") for i in range(5)], runs=1, workers=1, model_class=FakeMarket)
        rows = {round(axes.get_position().y0, 3) for axes in many.plot().axes}
        assert len(rows) == 2

    def test_kinds_of_study_ask_for_the_figures_that_there_are(self):
        sources = [path.read_text(encoding="utf-8") for path in Path(kinds.__file__).parent.glob("*.py")]
        assert {name for text in sources for name in re.findall(r'Drawing\("(\w+)"', text)} == set(FIGURES)

    def test_a_kind_of_ones_own_may_draw_by_itself(self):
        figure = Picture()
        assert figures.draw(lambda: figure) is figure


def test_the_report_names_scenarios_findings_and_figures(comparison):
    text = comparison_page.page(comparison)
    assert text.startswith("# closure and advice and idle against baseline")
    assert f"identical to the baseline in every run, {len(TESTED)} outcomes" in text
    assert "figures/effects.png" in text
    assert "| Orders |" in text


class TestBeforeAndAfter:
    """What an adviser must know stands before the numbers, and is computed."""

    def test_nothing_is_forecast_and_what_is_assumed_is_counted(self, comparison):
        text = comparison_page.page(comparison)
        before = text[: text.index("## What was compared")]
        specs = load_parameters().specs
        assumed = sum(spec.status == "assumed" for spec in specs.values())
        assert "**It forecasts nothing**" in before, "bold, not asterisks to be read"
        assert f"Of the {len(specs)} numbers behind the model, {assumed} are assumed" in before
        assert "They do not show that assumed numbers may be wrong" in before
        assert "300 consumers who stand for 6,000,000 people" in before
        assert 200 < len(before.split()) < 450, "half a page"
        assert text.index("## Limits") > text.index("## Notes")

    def test_what_the_scenarios_change_is_named(self):
        changed = world("changed", parameters={"choice": {"price_weight": 1.234}}, policies=[{"kind": "takedown"}])
        _, assumed, _ = caveats.preface({"baseline": world(), "changed": changed}, 8, "baseline")
        assert "The scenarios change 1 of them: `choice.price_weight`." in assumed
        assert "(takedown) is what the scenarios say" in assumed

    @pytest.mark.parametrize(("runs", "warned"), [(1, True), (5, True), (6, False), (40, False)])
    def test_fewer_than_six_pairs_are_warned_of(self, runs, warned):
        assert bool(caveats.few_pairs(runs)) == warned

    def test_the_warning_comes_first(self, comparison):
        second = comparison_page.page(comparison).split("\n\n")[1]
        assert second.startswith("**Warning**: only 4 pairs of runs")

    def test_the_price_of_a_death_averted_stands_in_report_table_and_json(self, comparison, tmp_path):
        costs = comparison.cost_effectiveness.set_index(["scenario", "outcome"])
        assert costs.loc[("closure", "deaths_expected"), "verdict"] == "not told from zero"
        assert costs.loc[("advice", "deaths_expected"), "verdict"] == "no cost counted"
        assert "No cost per death averted can be given" in comparison_page.page(comparison)
        assert "No cost per death averted can be given" in printed(
            tables.cost_table(comparison.cost_effectiveness), 200
        )
        assert comparison.to_json()["cost_effectiveness"]["closure"]["dalys"]["ratio"] is None

    def test_an_outcome_without_value_is_said(self, comparison):
        lost = comparison.outcomes.copy()
        lost.loc[lost["seed"] == lost["seed"].iloc[0], "nps_detection_lag_days"] = np.nan
        said = " ".join(words.notes(replace(comparison, outcomes=lost)))
        assert "Detection lag of new substances has no value in 4 of 16 runs" in said
