"""Every figure, with what is hard to draw: no text is cut, none meets another, none is struck through."""

from __future__ import annotations

import dataclasses
import itertools
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox, BboxBase

from sim import compare
from sim.measures.dictionary import outcomes
from sim.report import calibration_figures, figures
from sim.report.figures import effects, layout, targets, trade
from sim.report.figures.catalogue import FIGURES
from sim.report.figures.flows import flow_figure
from sim.report.figures.style import BETTER, SERIES, WORSE, look, style
from sim.report.parts.flows import Flow
from sim.report.text.names import factor_name, outcome_name
from sim.studies.methods.factors import Factor
from sim.studies.validation.estimates import Estimate
from sim.studies.validation.targets import Target
from tests.fake_market import FakeMarket, world

pytestmark = pytest.mark.slow  # together two minutes of the quick tests' fifteen: `make test-slow`

LONG = "A-name-of-eighty-letters-that-nobody-would-give_but-that-the-rules-of-names-allow"[:80]
PRINTED = [spec.name for spec in outcomes().values() if not spec.detail]
PATHS = [
    "choice.legal_risk_weight", "choice.trust_weight", "policies.takedown.publicity", "policies.vendor_arrests.count", "pricing.arrest_cost",
    "platforms.cryptomarkets", "x" * 70, "demand.recreational_rate", "a group of factors", "consumption.fatal_alone", "policies.3.strength",
]  # fmt: skip


class Seen:
    """What a figure shows once it is drawn: texts and their boxes, in pixels."""

    def __init__(self, figure, monkeypatch):
        self.figure, self.texts = figure, []
        draw = Text.draw

        def noted(text, renderer):
            if text.get_visible() and text.get_text().strip():
                self.texts.append((text.get_text(), text.get_window_extent(renderer)))
            draw(text, renderer)

        with monkeypatch.context() as patch, style():
            patch.setattr(Text, "draw", noted)
            figure.draw(figure.canvas.get_renderer())

    def cut(self):
        """Texts that reach over the edge."""
        edge = self.figure.bbox
        return [
            text for text, box in self.texts if box.x0 < edge.x0 or box.y0 < edge.y0 or box.x1 > edge.x1 or box.y1 > edge.y1
        ]  # fmt: skip

    def meeting(self):
        """Pairs of texts that overlap by more than a pixel."""
        boxes = [(text, _shrunk(box)) for text, box in self.texts]
        boxes.sort(key=lambda item: item[1].y0)
        found = []
        for i, (text, box) in enumerate(boxes):
            for other, there in itertools.takewhile(lambda item, top=box.y1: item[1].y0 < top, boxes[i + 1 :]):
                if box.overlaps(there):
                    found.append((text, other))
        return found

    def struck(self):
        """Texts that an interval or a line of data crosses."""
        found = []
        for axes in self.figure.axes:
            for path in _drawn(axes):
                box = path.get_extents()
                found += [
                    text
                    for text, there in self.texts
                    if box.overlaps(there) and path.intersects_bbox(_shrunk(there), filled=False)
                ]
        return found

    def outside(self):
        """Marks of data whose middle lies beyond the figure or its axes."""
        found = []
        for axes in self.figure.axes:
            room = axes.bbox.padded(0.5)
            for line in axes.lines:
                if line.get_marker() in ("None", None, "") or line.get_transform() != axes.transData:
                    continue
                points = line.get_transform().transform(line.get_xydata())
                found += [tuple(p) for p in points if np.isfinite(p).all() and not room.contains(*p)]
        return found


def _shrunk(box: BboxBase) -> Bbox:
    return Bbox.from_extents(box.x0 + 1, box.y0 + 1, box.x1 - 1, box.y1 - 1)


def _drawn(axes):
    """Paths of lines and intervals in data coordinates, in pixels."""
    for line in axes.lines:
        if isinstance(line, Line2D) and line.get_transform() == axes.transData and len(line.get_path()):
            yield line.get_path().transformed(line.get_transform()).cleaned()
    for collection in axes.collections:
        if isinstance(collection, LineCollection) and not isinstance(collection, PathCollection):
            for path in collection.get_paths():
                if np.isfinite(path.vertices).all():
                    yield path.transformed(collection.get_transform())


# What is hard --------------------------------------------------------------------------------------------------------
HARDEST = ("long", "many", "missing")
"""What the quick tests draw."""
HARD = ("plain", "long", "many", "huge", "tiny", "zero", "one pair", "missing", "negative")


def values(hard: str, count: int, seed: int = 0):
    """Middle, low and high of so many numbers."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(10, 8, count)
    half = np.abs(rng.normal(3, 2, count))
    middle, half = {
        "huge": (middle * 1e12, half * 1e12),
        "tiny": (middle * 1e-9, half * 1e-9),
        "zero": (middle * 0, half * 0),
        "negative": (-np.abs(middle) * 1e5, half * 1e5),
    }.get(hard, (middle, half))
    low, high = middle - half, middle + half
    if hard == "one pair":
        low = high = np.full(count, np.nan)
    if hard == "missing":
        middle[::2], low[::3], high[::3] = np.nan, np.nan, np.nan
    return middle, low, high


def labels(hard: str) -> list[str]:
    if hard == "long":
        return [LONG, f"{LONG[:70]} (2)", "W" * 80]
    return [f"scenario-{k}" for k in range(30 if hard == "many" else 1 if hard == "one pair" else 3)]


def names_of(hard: str) -> list[str]:
    return PRINTED if hard == "long" else PRINTED[: 14 if hard == "many" else 4]


def factors(hard: str) -> list[str]:
    return (
        [f"{path}{'_and_so_on' * 6 if hard == 'long' else ''}" for path in PATHS] if hard != "one pair" else PATHS[:1]
    )


def effects_of(hard: str):
    rows = [(label, name) for label in labels(hard) for name in names_of(hard)]
    frame = pd.DataFrame(rows, columns=["scenario", "outcome"])
    middle, low, high = values(hard, len(frame))
    base = np.where(np.arange(len(frame)) % 7 == 3, 0.0, 1e-3 if hard == "huge" else 40.0) * (hard != "zero")
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = np.where(base == 0, np.nan, 100 * middle / np.abs(base))
    clear = (low > 0) | (high < 0)
    return frame.assign(
        baseline=base, mean=middle, low=low, high=high, percent=percent, excludes_zero=clear, n=1 if hard == "one pair" else 8
    )  # fmt: skip


def groups_of(hard: str):
    members = [f"{LONG[:60]}:{k}" if hard == "long" else f"united_kingdom_europe:segment_{k}" for k in range(9)]
    every = effects_of("plain" if hard == "many" else hard)
    parts = [
        every.assign(key="jurisdiction:segment", member=each, size=10.0**k, too_small=k == 0)
        for k, each in enumerate(members)
    ]
    return pd.concat(parts)


def rivals_of(hard: str):
    frame = effects_of(hard).assign(rival_told=lambda rows: rows["excludes_zero"], usual_told=False)
    for name, from_ in {
        "usual_baseline": "baseline",
        "usual": "mean",
        "usual_low": "low",
        "usual_high": "high",
    }.items():
        frame[name] = frame[from_]
    rules = [("vendor_choice", "random"), ("overdose", "logistic"), ("fear", "share")]
    return pd.concat([frame.assign(submodel=part, rival=rule) for part, rule in rules])


def ranks_of(hard: str):
    frame = effects_of(hard)
    frame = frame.assign(rank=frame.groupby("outcome")["mean"].rank(na_option="keep"))
    return frame.assign(low=np.maximum(frame["rank"] - 1, 1), high=np.minimum(frame["rank"] + 1, len(labels(hard))))


def costs_of(hard: str):
    every = labels(hard)
    cost, gain = values(hard, len(every)), values(hard, len(every), 1)
    ends = {"cost": 0, "cost_low": 1, "cost_high": 2}
    return pd.DataFrame(
        {"scenario": every, "benefit": "deaths_expected"} | {k: cost[v] for k, v in ends.items()} | {k.replace("cost", "gain"): gain[v] for k, v in ends.items()}
    )  # fmt: skip


def sweep_of(hard: str, second: bool, words: bool = False):
    points = [
        f"value number {k} of the list {'and on ' * 9 * (hard == 'long')}" if words else 10.0**6 * k * k
        for k in range(12)
    ]
    rows = [(p, n, s) for p in points for n in names_of(hard) for s in labels(hard)[:4]]
    frame = pd.DataFrame(rows, columns=[factors(hard)[0], "outcome", "scenario"])
    middle, low, high = values(hard, len(frame))
    return frame.assign(mean=middle, low=low, high=high, **({"other": np.arange(len(frame))} if second else {}))


def indices_of(hard: str):
    rows = [(n, f) for n in names_of(hard) for f in factors(hard)]
    frame = pd.DataFrame(rows, columns=["outcome", "factor"])
    middle, low, high = values(hard, len(frame))
    return frame.assign(
        scenario=labels(hard)[0], of="effect", other="", index="mu_star", value=middle, low=low, high=high
    )


def steps_of(hard: str):
    frame = indices_of(hard)
    return pd.concat([frame.assign(samples=n, value=frame["value"] * (1 + 3 / n)) for n in (64, 128, 256, 512)])


def limits_of(hard: str):
    rows = []
    for box in range(1, 11 if hard == "many" else 3):
        for k, path in enumerate(factors(hard)[:5]):
            least, most = (0.0, 3.3e12) if hard == "huge" else (0.0, 1e-9) if hard == "tiny" else (0.0, 1.0)
            words = ", ".join(f"word{i}" for i in range(30)) if k == 2 else ""
            low = np.nan if words else least + 0.1234567 * (most - least)
            rows.append((box, path, low, np.nan if words else most, words, least, np.nan if words else most))
    return pd.DataFrame(rows, columns=["box", "factor", "low", "high", "values", "least", "most"])


def quality_of(hard: str):
    boxes = limits_of(hard)["box"].unique()
    return pd.DataFrame(
        {"box": boxes, "worlds": "held out", "coverage": np.nan if hard == "missing" else 0.7, "density": 0.6}
    )


def worlds_of(hard: str):
    frame = pd.DataFrame({path: values(hard, 60, k)[0] for k, path in enumerate(factors(hard))})
    return frame.assign(point=range(60), fails=np.arange(60) % 3 == 0)


def scores_of(hard: str):
    return pd.DataFrame({"factor": factors(hard), "of": "fails", "score": np.abs(values(hard, len(factors(hard)))[0])})


WHOSE = "real people"


def pareto_of(hard: str):
    names = names_of(hard)[: 6 if hard in ("many", "long") else 2]
    table = pd.DataFrame({f"objective.{k}": values(hard, 40, k)[0] for k in range(len(names))})
    table = table.assign(feasible=np.arange(40) % 4 > 0, undominated=np.arange(40) % 8 == 1)
    second = pd.DataFrame([(t, n, v) for t in (1, 9) for n, v in zip(names, values(hard, len(names))[0], strict=True)])
    return table, second.set_axis(["trial", "measure", "mean"], axis=1), names, WHOSE


def cases(hard: str):
    first = factors(hard)[0]
    indices, steps = indices_of(hard), steps_of(hard)
    shares = {"ST": indices.assign(index="ST"), "mu_star": indices}
    return {
        "effects": [(effects_of(hard),)],
        "effects_by_group": [(groups_of(hard), "jurisdiction:segment", labels(hard)[0])],
        "submodels": [(rivals_of(hard), labels(hard)[0])],
        "ranking": [(ranks_of(hard),)],
        "cost_effectiveness": [(costs_of(hard), WHOSE)],
        "sweep": [
            (sweep_of(hard, second=False), [first], names_of(hard), WHOSE),
            (sweep_of(hard, second=True), [first, "other"], names_of(hard)[:2], WHOSE),
            (sweep_of(hard, second=False, words=True), [first], names_of(hard)[:2], WHOSE),
        ],
        "heatmap": [(table, main, WHOSE) for main, table in shares.items()],
        "bars": [(table, main, WHOSE) for main, table in shares.items()],
        "convergence": [(steps, main, WHOSE) for main in shares],
        "boxes": [(limits_of(hard), quality_of(hard))],
        "worlds": [(worlds_of(hard), limits_of(hard))],
        "scores": [(scores_of(hard),)],
        "pareto": [pareto_of(hard)],
    }


def check(figure, monkeypatch):
    seen = Seen(figure, monkeypatch)
    assert seen.texts
    assert seen.cut() == []
    assert seen.meeting() == []
    assert seen.struck() == []
    assert seen.outside() == []
    return seen


@pytest.mark.parametrize(
    "hard", [hard if hard in HARDEST else pytest.param(hard, marks=pytest.mark.slow) for hard in HARD]
)
@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_figure_of_a_study_is_legible_whatever_it_shows(name, hard, monkeypatch):
    for given in cases(hard)[name]:
        check(FIGURES[name](*given), monkeypatch)


@pytest.mark.parametrize("name", ["effects", "ranking", "sweep"])
def test_a_figure_of_nothing_is_drawn_and_says_what_it_would_show(name, monkeypatch):
    table, *more = cases("plain")[name][0]
    check(FIGURES[name](table.head(0), *(more[:1] and [more[0], [], WHOSE])), monkeypatch)


# Targets and calibrations ---------------------------------------------------------------------------------------------
def estimates_of(hard: str) -> list[Estimate]:
    """So many targets with what runs gave."""
    middle, low, high = values(hard, 60 if hard == "many" else 7)
    found = []
    for k, (mean, least, most) in enumerate(zip(middle, low, high, strict=True)):
        ends = (None, None) if not np.isfinite(least + most) or least == most else (float(least), float(most))
        target = Target(
            id=("a_" + "name_of_" * 7 if hard == "long" else "bad_ratings_exit") + str(k), level="market", use="calibration" if k % 2 else "validation",
            world="w", statistic="share of the orders of a year " * (12 if hard == "long" else 2), unmeasurable="-",
            value=float(middle[k - 1]) if np.isfinite(middle[k - 1]) else None,
            low=None if k == 2 else ends[0], high=ends[1], unit="USD per month " * (5 if hard == "long" else 1), band="assumed", reason="because",
        )  # fmt: skip
        runs = tuple(float(mean * (1 + 0.1 * j)) for j in range(40 if k % 3 == 1 else 4) if np.isfinite(mean))
        found.append(Estimate(target, float(mean) if np.isfinite(mean) else None, least, most, values=runs))
    return found


def calibrated(hard: str) -> Any:
    """As much of a calibration as its pictures need."""
    paths = factors("plain" if hard == "one pair" else hard)
    places = np.random.default_rng(1).random((50, len(paths)))
    ends = {"low": 0.0 if hard == "zero" else -1.5e6, "high": 3.3e12 if hard == "huge" else 1e-9}
    found = [Factor(path=path, distribution="uniform", **ends) for path in paths]
    after = estimates_of(hard)
    return SimpleNamespace(
        factors=(*found, Factor(path="rule", values=("x" * 60, "y" * 60), distribution="choice"))[: len(paths)], matched=SimpleNamespace(places=places),
        before=after[::-1], after=after, last_line="in range: 3 of 7 at the defaults, 5 of 7 over the ensemble",
    )  # fmt: skip


@pytest.mark.parametrize("hard", HARD)
def test_pictures_of_targets_and_of_a_calibration_are_legible_whatever_they_show(hard, monkeypatch):
    every = estimates_of(hard)
    check(targets.all_targets(SimpleNamespace(estimates=every, last_line="in range: calibration 5 of 14")), monkeypatch)
    for each in every[:4]:
        check(targets.one_target(each, "parameter sets"), monkeypatch)
    for draw in (calibration_figures.fit, calibration_figures.parameters, calibration_figures.correlated):
        check(draw(calibrated(hard)), monkeypatch)


@pytest.mark.parametrize("hard", ["plain", "long", "many"])
def test_a_picture_of_displacement_is_legible_whatever_it_shows(hard, monkeypatch):
    middle, low, high = values("huge" if hard == "long" else "plain", 30 if hard == "many" else 5)
    names = [f"{LONG}{k}" if hard == "long" else f"united_kingdom_europe_{k}" for k in range(len(middle))]
    rows = [Flow(*row, True, 6) for row in zip(names, np.abs(middle) * 3, middle, low, high, strict=True)]
    check(flow_figure(rows, LONG if hard == "long" else "takedown", "baseline", "places", WHOSE), monkeypatch)


def policies(hard: str) -> list[dict]:
    kinds = ["takedown", "vendor_arrests", "postal_interdiction", "education_campaign", "isp_block"]
    number = {"many": 30, "one pair": 1, "zero": 0}.get(hard, 6)
    found = [
        {"kind": kinds[k % 5], "start": (k * 7) % 20 if hard == "many" else 3 * k, "label": f"number-{k}"}
        for k in range(number)
    ]
    if hard == "long":
        found.append({"kind": "naloxone", "label": "l" * 40, "after": {"policy": "takedown", "days": 3}})
    return found


@pytest.fixture(scope="module", params=["plain", "long", "many", "zero", "one pair"])
def hard_comparison(request):
    hard = request.param

    class Market(FakeMarket):
        def daily(self):
            frame = super().daily()
            return frame * 0.0 if hard == "zero" else frame * 1e9 if hard == "long" else frame

    many = labels(hard)[:6]
    title = "A title of two hundred letters " * 6 if hard == "long" else "What $1 and $2 buy"
    names = [name[:80].replace(" (2)", "") for name in many]
    others = [world(name, title=title[:200], policies=policies(hard)) for name in names]
    runs = 1 if hard == "one pair" else 3
    return compare(world(LONG[:70] if hard == "long" else "baseline"), others, runs=runs, workers=1, model_class=Market)


@pytest.mark.parametrize("draw", [figures.effects_figure, figures.trade_figure])
def test_a_figure_of_a_comparison_is_legible_whatever_it_shows(draw, hard_comparison, monkeypatch):
    check(draw(hard_comparison), monkeypatch)


def texts(figure, monkeypatch) -> str:
    return " | ".join(" ".join(text.split()) for text, _ in Seen(figure, monkeypatch).texts)


# What must not be left out -------------------------------------------------------------------------------------------
def test_the_effects_of_a_study_are_all_shown_in_the_order_of_the_dictionary(monkeypatch):
    table = effects_of("long").query(f"scenario == '{LONG}'").sample(frac=1.0, random_state=1)
    shown = [" ".join(text.split()) for text, _ in Seen(FIGURES["effects"](table), monkeypatch).texts]
    told = table[np.isfinite(table["percent"])]["outcome"]
    tested = [spec.label for spec in outcomes().values() if spec.name in set(told) and spec.signed and not spec.price]
    assert len(tested) > 30
    assert [text for text in shown if text in tested] == tested


def test_a_ranking_shows_first_of_all_what_is_told_apart(monkeypatch):
    """As findings do, which rank only what differs: the other outcomes would take the place of those."""
    sure = {"low": [1, 2, 2], "high": [1, 3, 3]}
    unsure, tied = {"low": [1, 1, 2], "high": [2, 3, 3]}, {"low": [2, 2, 2], "high": [2, 2, 2]}
    names = [spec.name for spec in outcomes().values() if spec.better != "none" and not spec.detail][:15]

    def table(ranges):
        rows = [
            {"outcome": name, "scenario": label, "rank": rank, "low": ends["low"][k], "high": ends["high"][k]}
            for name, ends in zip(names, ranges, strict=True)
            for k, (label, rank) in enumerate({"a": 1, "b": 2, "c": 3}.items())
        ]
        return pd.DataFrame(rows)

    shown = FIGURES["ranking"](table([unsure] * 7 + [tied] * 7 + [sure]))
    assert [outcomes()[names[-1]].label] == [" ".join(axes.get_title(loc="left").split()) for axes in shown.axes]
    assert "told apart" in texts(shown, monkeypatch)
    nothing = FIGURES["ranking"](table([unsure] * 15))
    assert len(nothing.axes) == 12
    assert "told apart" not in texts(nothing, monkeypatch)


@pytest.mark.parametrize("name", ["ranking", "sweep", "bars", "convergence"])
def test_a_figure_that_leaves_outcomes_out_says_so(name, monkeypatch):
    given = cases("many")[name][0]
    assert "in the order of the data dictionary; the rest is in the table" in texts(FIGURES[name](*given), monkeypatch)
    given = cases("plain")[name][0]
    assert "the rest is in the table" not in texts(FIGURES[name](*given), monkeypatch)


def test_what_is_compared_has_one_scale(monkeypatch):
    assert len({axes.get_xlim() for axes in FIGURES["ranking"](ranks_of("plain")).axes}) == 1
    shares = indices_of("plain").assign(index="ST")
    assert len({axes.get_xlim() for axes in FIGURES["bars"](shares, "ST", WHOSE).axes}) == 1
    assert len({axes.get_ylim() for axes in FIGURES["convergence"](steps_of("plain"), "ST", WHOSE).axes}) == 1
    assert FIGURES["boxes"](limits_of("plain"), quality_of("plain")).axes[0].get_xlim() == (0, 1)


def test_no_share_has_an_axis_beyond_one_and_what_is_larger_is_said(monkeypatch):
    shares = indices_of("plain").assign(index="ST", value=1.4, low=0.2, high=2.7)
    figure = FIGURES["bars"](shares, "ST", WHOSE)
    assert max(axes.get_xlim()[1] for axes in figure.axes) < 1.1
    assert ">1" in texts(figure, monkeypatch)
    drawn = FIGURES["convergence"](steps_of("plain").assign(value=1.4), "ST", WHOSE)
    assert max(axes.get_ylim()[1] for axes in drawn.axes) < 1.1
    assert "above 1" in texts(drawn, monkeypatch)


def test_a_size_has_no_interval_below_zero():
    sizes = indices_of("plain").assign(value=1.0, low=-3.0, high=5.0)
    lines = [each for axes in FIGURES["bars"](sizes, "mu_star", WHOSE).axes for each in axes.collections]
    assert min(path.vertices[:, 0].min() for each in lines for path in each.get_paths()) == 0.0


def test_numbers_in_a_table_of_indices_have_two_digits_and_no_exponent(monkeypatch):
    assert [layout.short(value) for value in (0, 164, 2870, 0.0526, -13.7, 1.64e7, 0.00047)] == [
        "0", "160", "2,900", "0.053", "\u221214", "16 m", "0.00047"
    ]  # fmt: skip
    shares = indices_of("plain").assign(index="ST", value=0.0000182)
    assert "<0.01" in texts(FIGURES["heatmap"](shares, "ST", WHOSE), monkeypatch)


def test_the_best_rank_stands_on_the_axis_and_one_axis_has_one_unit(monkeypatch):
    assert all(1 in axes.get_xticks() for axes in FIGURES["ranking"](ranks_of("plain")).axes)
    costs = costs_of("plain").assign(cost=[5e5, 1e6, 2e6], cost_low=4e5, cost_high=2.1e6)
    said = texts(FIGURES["cost_effectiveness"](costs, WHOSE), monkeypatch)
    assert "0.5 m" in said
    assert "500,000" not in said
    assert "deaths below the baseline" in said


def test_a_plane_of_cost_without_intervals_says_so(monkeypatch):
    ends = dict.fromkeys(("cost_low", "cost_high", "gain_low", "gain_high"), float("nan"))
    known, few = (
        texts(FIGURES["cost_effectiveness"](costs_of("plain").assign(**more), WHOSE), monkeypatch)
        for more in ({}, ends)
    )
    assert "Lines: 95 % intervals" in known
    assert "Lines:" not in few
    assert "Too few pairs for intervals" in few


def test_an_objective_that_is_an_effect_is_called_a_change(monkeypatch):
    table, second, names, whose = pareto_of("plain")
    said = texts(FIGURES["pareto"](table.assign(feasible=True), second.assign(of="effect"), names, whose), monkeypatch)
    assert f"change in {outcome_name(names[0])[1:]}" in said.replace(
        f"change in {outcome_name(names[0])[0].lower()}", "change in "
    )
    assert "outside the limits" not in said


def test_a_mark_at_the_end_of_the_axis_is_not_beyond_it():
    table = effects_of("plain").assign(percent=-100.0, mean=-40.0, baseline=40.0, low=-90.0, high=10.0)
    table["excludes_zero"] = table["scenario"] != "scenario-0"
    table.loc[table["excludes_zero"], ["percent", "mean", "low", "high"]] = [60.0, 24.0, 20.0, 28.0]
    marks = {line.get_marker() for axes in FIGURES["effects"](table).axes for line in axes.lines}
    assert effects.LOOKS["interval covers zero"][0] in marks


def test_channels_stand_three_beside_each_other_so_that_letters_stay_large(monkeypatch):
    drawn = compare(world(), [world("other")], runs=1, workers=1, model_class=FakeMarket).plot_trade()
    assert drawn.get_figwidth() < 11.5


def test_factors_and_outcomes_are_named_in_words_with_units():
    assert factor_name("choice.legal_risk_weight") == "choice: legal risk weight (utility)"
    assert factor_name("policies.takedown.start") == "takedown: start (day or date)"
    assert factor_name("a group") == "a group"
    assert outcome_name("volume_usd") == "Trade volume, USD"
    assert outcome_name("price_index") == "Price index"
    assert outcome_name("share_cryptomarket") == "Share: cryptomarkets"
    assert factor_name("migration.reach") == "migration: reach"
    assert outcome_name("nobody_knows") == "nobody_knows"


def test_the_effects_of_a_comparison_say_which_policy_did_nothing(monkeypatch):
    scenario = world("idle", policies=policies("many"))
    comparison = compare(world(), [scenario], runs=2, workers=1, model_class=FakeMarket)
    row = {
        "scenario": "idle", "seed": 1, "place": 0, "policy": "takedown", "label": None, "unit": "platforms",
        "asked": 1.0, "done": 0.0, "note": "found nothing to act on",
    }  # fmt: skip
    idle = pd.DataFrame([row, {**row, "seed": 2, "done": 1.0, "note": ""}])
    said = texts(figures.effects_figure(dataclasses.replace(comparison, policies=idle)), monkeypatch)
    assert "acted in 1 of 2 runs" in said
    dated = texts(figures.trade_figure(dataclasses.replace(comparison, policies=idle)), monkeypatch)
    first = trade.interventions(scenario)[0]
    assert f"1* {first.name}, {first.words} (did nothing in 1 of 2 runs); 2 " in dated
    assert "2*" not in dated


# Interventions -------------------------------------------------------------------------------------------------------
def test_interventions_are_numbered_over_the_panels_and_named_below(monkeypatch):
    scenario = world("many", policies=policies("many"))
    said = texts(compare(world(), [scenario], runs=1, workers=1, model_class=FakeMarket).plot_trade(), monkeypatch)
    for each in trade.interventions(scenario):
        assert f"{each.number} {each.name}, from day {each.start}" in said
    spans = re.findall(r"\b(\d+)–(\d+)\b", said)
    assert spans, "numbers that would meet are one span"
    assert all(int(first) < int(last) for first, last in spans)


def test_a_policy_that_waits_is_named_and_not_marked():
    found = trade.interventions(
        world(
            policies=[
                {"kind": "naloxone", "after": {"policy": "takedown", "days": 3}},
                {"kind": "takedown", "start": 5, "end": 9},
            ]
        )
    )
    assert [(each.number, each.start, each.words) for each in found] == [
        (1, 5, "from day 5 to 8"),
        (2, None, "3 days after takedown"),
    ]


# For all eyes --------------------------------------------------------------------------------------------------------
def test_a_figure_of_effects_fills_what_is_a_finding_and_nothing_else():
    """Two of 41 intervals that just leave zero out may be chance; one far from zero is none, and what is counted goes with what is expected."""
    names = [spec.name for spec in outcomes().values() if not spec.detail and not spec.paired and not spec.price][:41]
    table = pd.DataFrame(
        {
            "outcome": names,
            "scenario": "one",
            "baseline": 100.0,
            "mean": 1.0,
            "low": -1.0,
            "high": 3.0,
            "percent": 1.0,
            "n": 8,
        }
    )
    far, near = ["orders", "deaths", "deaths_expected"], ["volume_usd", "stigma"]
    table.loc[table["outcome"].isin(far), ["mean", "low", "high", "percent"]] = [9.0, 8.0, 10.0, 9.0]
    table.loc[table["outcome"].isin(near), ["mean", "low", "high", "percent"]] = [2.0, 0.05, 3.95, 2.0]
    table["excludes_zero"] = table["low"] > 0
    axes = effects.draw_effects(table, [effects.Heading("one")], "baseline", "").axes
    marks = [
        (line.get_marker(), line.get_markerfacecolor())
        for each in axes
        for line in each.lines
        if line.get_marker() not in ("", "None")
    ]
    assert sum(face != "white" for _, face in marks) == len(far)
    assert marks.count((effects.LOOKS["may be chance among so many"][0], "white")) == len(near)


def test_series_differ_by_mark_and_not_only_by_colour():
    looks = [tuple(look(k).values()) for k in range(132)]
    assert len(set(looks)) == 132
    assert len({look(k)["marker"] for k in range(11)}) == 11


def test_better_and_worse_differ_by_mark():
    assert len({(marker, face == "white") for marker, _, face in effects.LOOKS.values()}) == len(effects.LOOKS)
    assert BETTER in SERIES
    assert WORSE in SERIES


@pytest.mark.parametrize(
    "text", ["$x_1$ and $y", "tab\tand\nline", "日本語", "\ud800 alone", "\u202eturned", "{\\bad}$"]
)
def test_any_text_can_be_drawn(text, monkeypatch):
    page = layout.Page(6.0, 0.2, text, text, [layout.Mark(text, {"color": "black"})], [text])
    check(page.figure, monkeypatch)


@pytest.mark.parametrize("inches", [0.5, 1.0, 3.0])
def test_a_text_is_broken_into_lines_that_fit_and_nothing_of_it_is_lost(inches):
    text = f"{LONG} and some words, then {'W' * 40}"
    lines = layout.wrap(text, inches, 8.0).split("\n")
    assert max(layout.width_of(line, 8.0) for line in lines) <= inches
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert layout.wrap(text, inches, 8.0, most=2).endswith("…")
