"""Every figure, with what is hard to draw: no text is cut, none meets another, none is struck through."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox, BboxBase

from sim import compare
from sim.measures.dictionary import outcomes
from sim.report import figures
from sim.report.figures import effects, layout, trade
from sim.report.figures.catalogue import FIGURES
from sim.report.figures.style import BETTER, SERIES, WORSE, look, style
from sim.report.text.names import factor_name, outcome_name
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


def test_factors_and_outcomes_are_named_in_words_with_units():
    assert factor_name("choice.legal_risk_weight") == "choice: legal risk weight (utility)"
    assert factor_name("policies.takedown.start") == "takedown: start (day or date)"
    assert factor_name("a group") == "a group"
    assert outcome_name("volume_usd") == "Trade volume, USD"
    assert outcome_name("price_index") == "Price index"
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
    assert "1\u20136" in said, "numbers that would meet are one span"


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
