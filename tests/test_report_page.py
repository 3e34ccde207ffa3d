"""The report as one HTML page: what it claims, whose numbers it holds, what it escapes, and whether everybody can read it."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sim import compare, run_study
from sim.cli.main import app
from sim.measures.dictionary import outcomes
from sim.report.figures.flows import flow_figure
from sim.report.figures.inline import inline_svg
from sim.report.folder import report, write_report
from sim.report.html.render import page
from sim.report.pages import pairs_page
from sim.report.parts import change, doubt, flows, reproduce, tables, validation
from sim.report.parts.headline import BETTER, WORSE, verdicts
from sim.report.parts.material import Material, of_pairs
from sim.report.parts.validation import NOT_RUN, shipped_validation
from sim.scenario import Scenario
from sim.studies.errors import RequestError
from sim.studies.execution.several import run_several
from sim.studies.runs.effects import paired_effects
from tests import study_market
from tests.fake_market import FakeMarket, world
from tests.study_market import PATH, SIZE, StudyMarket, compare_study, not_drawn, sweep_study

EMPTY = {"meta", "link", "input", "br", "hr", "img", "path", "use", "rect"}
STRANGE = "<script>alert(1)</script>"


class Page(HTMLParser):
    """A page as a tree that can be asked: every element with its attributes, parents and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.texts: dict[int, list[str]] = {}
        self.unmatched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), [self.elements[k][0] for k in self.open]))
        if tag not in EMPTY:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), [self.elements[k][0] for k in self.open]))

    def handle_endtag(self, tag):
        if tag in EMPTY:
            return
        if not self.open or self.elements[self.open[-1]][0] != tag:
            self.unmatched.append(tag)
            return
        self.open.pop()

    def handle_data(self, data):
        for k in self.open:
            self.texts.setdefault(k, []).append(data)

    def all(self, tag):
        return [attrs for name, attrs, _ in self.elements if name == tag]

    def text_of(self, wanted):
        return [
            " ".join("".join(self.texts.get(k, [])).split())
            for k, (_, attrs, _) in enumerate(self.elements)
            if wanted(attrs)
        ]

    @property
    def claims(self):
        return self.text_of(lambda attrs: "claim" in (attrs.get("class") or "").split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A comparison with planted effects and one that does nothing, kept in a folder."""
    place = tmp_path_factory.mktemp("report") / "out"
    others = [world("closure"), world("idle")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.report.figures.save_figure", not_drawn)
        compare(world(), others, runs=4, workers=1, model_class=FakeMarket, out=place)
    return place


@pytest.fixture(scope="module")
def comparison():
    others = [world("closure"), world("advice"), world("idle")]
    return compare(world(), others, runs=6, workers=1, model_class=FakeMarket).real()


@pytest.fixture
def undrawn(monkeypatch):
    """Pages without their figures, where these do not matter."""
    monkeypatch.setattr("sim.report.html.render.inline_svg", lambda *_: "<svg></svg>")


@pytest.fixture(scope="module")
def study_of(tmp_path_factory):
    """A study of each kind that somebody asks for, with its report, run once and without its figures."""

    @functools.cache
    def made(kind):
        place = tmp_path_factory.mktemp(kind) / "out"
        with study_market.undrawn():
            return run_study(KINDS[kind][0], place, executor="inline", model_class=StudyMarket)

    return made


@pytest.fixture(scope="module")
def text(folder):
    return report(folder, "both")


@pytest.fixture(scope="module")
def parsed(text):
    return Page(text)


# What it claims -------------------------------------------------------------------------------------------------------
def test_the_headline_says_first_what_gets_better_and_what_worse(comparison):
    closure, advice, idle = verdicts(of_pairs(comparison))
    assert {change.name for change in advice.going(BETTER)} >= {"overdoses (expected)", "deaths (expected)"}
    assert "officer-days spent" in {change.name for change in closure.going(WORSE)}
    assert advice.short.startswith(f"{len(advice.going(BETTER))} outcomes get better (")
    assert idle.short.startswith("No clear effect: identical to the baseline in every run")
    assert not idle.changes


def test_a_scenario_that_changes_nothing_makes_a_report_without_a_claim(comparison, undrawn):
    labels = ["baseline", "idle"]
    frames = {name: getattr(comparison, name) for name in ("effects", "outcomes", "daily")}
    kept = {name: frame[frame["scenario"].isin(labels)] for name, frame in frames.items()}
    scenarios = {label: comparison.scenarios[label] for label in labels}
    idle = replace(comparison, scenarios=scenarios, policies=None, **kept)
    found = Page(page([pairs_page(idle)]))
    assert found.claims == []
    (short,) = found.text_of(lambda attrs: attrs.get("class") == "short")
    assert short.startswith("No clear effect: identical to the baseline in every run")


@pytest.mark.slow
def test_a_policy_at_zero_strength_is_reported_without_a_claim_and_the_python_of_the_page_does_it_again(
    tmp_path, undrawn
):
    """In the model itself."""
    nothing = [{"kind": "takedown", "start": 2, "strength": 0.0}]
    base = Scenario.load("baseline").with_(consumers=300, days=8, burn_in=2)
    pairs = compare(
        base, [base.with_(name="nothing", policies=nothing)], runs=2, workers=1, by=("segment",), out=tmp_path / "out"
    )
    assert (pairs.effects["mean"].dropna() == 0).all()
    found = Page(report(tmp_path / "out"))
    assert found.claims == []
    assert found.text_of(lambda attrs: attrs.get("class") == "short") == [
        f"No clear effect: identical to the baseline in every run, {_tested(pairs)} outcomes in 2 pairs of runs."
    ]
    code = _python(found).replace("DIR", str(tmp_path / "out")).replace("print(again", "kept = (again")
    spoken: dict = {}
    exec(code, spoken)  # the Python of the page gives the numbers of the page
    assert spoken["again"].outcomes.equals(pairs.outcomes)


def _tested(pairs):
    shown = [outcomes()[name] for name in pairs.effects["outcome"] if name in outcomes()]
    shown = [spec for spec in shown if not spec.detail and spec.signed and not spec.price]
    there = pairs.effects.set_index("outcome")["low"].notna()
    counted = {spec.counted for spec in shown}
    return sum(bool(there[spec.name]) and spec.name not in counted for spec in shown)


def _python(found):
    """The Python of a page, with its lines."""
    codes = ["".join(found.texts.get(k, [])) for k, (tag, _, _) in enumerate(found.elements) if tag == "pre"]
    return next(code for code in codes if "import json" in code)


def _noise(comparison, seed):
    """The same comparison with nothing but luck in it: every difference is drawn around zero."""
    rng = np.random.default_rng(seed)
    frame = comparison.outcomes.copy()
    names = [name for name in frame.columns if name not in ("scenario", "seed") and not name.startswith("displacement")]
    base = frame[frame["scenario"] == comparison.baseline]
    for label in comparison.others:
        rows = frame["scenario"] == label
        luck = rng.normal(0, 0.05, (int(rows.sum()), len(names)))
        frame.loc[rows, names] = base[names].to_numpy() * (1 + luck)
    return replace(comparison, outcomes=frame, effects=paired_effects(frame, comparison.baseline), policies=None)


def test_luck_around_zero_makes_no_claims_beyond_the_rate_that_is_allowed(comparison, undrawn):
    """At a false discovery rate of 5 %, of all that looks at nothing but luck about one in 20 says something."""
    spoken, looked = Counter(), 0
    noises = [_noise(comparison, seed) for seed in range(6)]
    said = [verdicts(of_pairs(noise)) for noise in noises]
    for noise, found in zip(noises, said, strict=True):
        for verdict in found:
            looked += 1
            spoken["headline"] += bool(verdict.changes)
            moved = flows.flows(noise.outcomes, noise.baseline, verdict.scenario)
            spoken["flows"] += any(flow.told for rows in moved.values() for flow in rows)
    assert looked == 18
    assert spoken["headline"] / looked <= 0.12
    assert spoken["flows"] / looked <= 0.12
    quiet = next(noise for noise, found in zip(noises, said, strict=True) if not any(v.changes for v in found))
    found = Page(page([pairs_page(quiet)]))
    assert [claim for claim in found.claims if "orders:" not in claim] == []
    assert all("No clear effect" in short for short in found.text_of(lambda attrs: attrs.get("class") == "short"))


def test_every_claim_of_the_page_is_a_finding(parsed, folder):
    shorts = parsed.text_of(lambda attrs: attrs.get("class") == "short")
    assert sum("No clear effect: identical" in short for short in shorts) == 2  # idle, in both views
    assert parsed.claims
    assert any("officer-days spent" in claim for claim in parsed.claims)


# What would change it -------------------------------------------------------------------------------------------------
def test_a_finding_that_rests_on_one_pair_is_said_to(comparison):
    frame = comparison.outcomes.copy()
    frame["orders"] = 100.0
    rows = frame["scenario"] == "closure"
    frame.loc[rows, "orders"] += [4.0, 3.5, 4.1, 3.9, 4.2, 3.6]
    steady = change.would_be_lost([{"outcome": "orders"}], frame, "baseline", "closure")
    frame.loc[rows, "orders"] = 100.0 + np.array([1.5, 2.0, 0.2, 0.6, 1.0, 0.1])
    shaky = change.would_be_lost([{"outcome": "orders"}], frame, "baseline", "closure")
    assert (steady, shaky) == ([], ["orders"])


def test_pairs_without_a_difference_are_told_from_those_that_go_the_other_way(comparison):
    outcomes = comparison.outcomes.copy()
    outcomes["orders"] = 100.0
    outcomes.loc[outcomes["scenario"] == "closure", "orders"] += [4.0, 3.5, 4.1, 0.0, 0.0, -0.1]
    (row,) = (
        paired_effects(outcomes[["scenario", "seed", "orders"]], "baseline")
        .query("scenario == 'closure'")
        .to_dict("records")
    )
    lines = list(change._mixed([row], replace(of_pairs(comparison), outcomes=outcomes), "closure"))
    assert lines == [
        "in some pairs the sign is the other one, for orders (1 of 6).",
        "in some pairs there is no difference, for orders (2 of 6).",
    ]


def test_of_few_pairs_it_is_not_said_that_other_luck_would_change_little(comparison):
    few = compare(world(), [world("closure")], runs=3, workers=1, model_class=FakeMarket).real()
    for pairs, said in ((few, False), (comparison, True)):
        material = of_pairs(pairs)
        lines = [line for line in change.would_change(material) if line.startswith("closure:")]
        assert any("other luck would change little" in line for line in lines) is said
        assert any("too few to say" in line for line in lines) is not said
        (sure,) = [verdict.sure for verdict in verdicts(material) if verdict.scenario == "closure"]
        assert any("None of them rests on a single" in line for line in sure) is said


def test_no_heading_of_the_verdict_stands_over_nothing_where_there_is_no_interval(undrawn):
    one = compare(world(), [world("closure")], runs=1, workers=1, model_class=FakeMarket).real()
    text = page([pairs_page(one)])
    assert "1 pair of runs gives no interval" in text
    assert re.search(r"</h4>\s*(<ul>\s*</ul>)?\s*<(h4|/article)", text) is None


def test_pairs_that_would_tell_grow_with_the_square_of_the_doubt():
    row = {"mean": 1.0, "low": -1.0, "high": 3.0, "n": 20}
    twice = {**row, "low": -3.0, "high": 5.0}
    assert change.pairs_wanted(row) == pytest.approx(20 * 4, rel=0.1)
    assert change.pairs_wanted(twice) == pytest.approx(4 * change.pairs_wanted(row), rel=0.1)


def test_that_only_chance_is_shown_is_said_where_no_parameter_varied(parsed):
    assert sum("all intervals show chance only" in text for text in parsed.text_of(lambda attrs: True)) > 0


# Displacement ---------------------------------------------------------------------------------------------------------
def test_what_one_channel_loses_is_split_over_those_that_gain_and_no_order_is_lost():
    def flow(name, mean, told=True):
        return flows.Flow(name, 100.0, mean, mean - 1, mean + 1, told, 8)

    moves = flows.moves([flow("a", -30.0), flow("b", -10.0), flow("c", 20.0), flow("d", 7.0, told=False)])
    assert sum(size for a, _, size in moves if a == "a") == pytest.approx(30)
    assert sum(size for _, b, size in moves if b == "c") == pytest.approx(20)
    assert sum(size for _, b, size in moves if b == "") == pytest.approx(20)
    assert {name for a, b, _ in moves for name in (a, b)} == {"a", "b", "c", ""}


def test_a_flow_picture_stands_alone_and_says_it_where_nothing_moves(comparison):
    found = flows.flows(comparison.outcomes, comparison.baseline, "closure")
    moved = inline_svg(
        flow_figure(found["channels"], STRANGE, "baseline", "channels", "real people"), "a", STRANGE, "w"
    )
    assert STRANGE not in moved
    idle = flows.flows(comparison.outcomes, comparison.baseline, "idle")["channels"]
    assert flows.said(idle, "channels").startswith("No clear effect")
    assert flow_figure(idle, "idle", "baseline", "channels", "real people").get_axes() == []


# Whose numbers --------------------------------------------------------------------------------------------------------
def test_numbers_of_real_people_and_of_simulated_consumers_stand_apart(folder, parsed, undrawn):
    real, simulated = (Page(report(folder, people)) for people in (None, "simulated"))
    for view, other in ((real, "simulated consumers, each"), (simulated, "real people for whom")):
        said = view.text_of(lambda attrs: attrs.get("class") == "whose")
        assert len(set(said)) == 1
        assert other not in said[0]
    radios = [attrs for attrs in parsed.all("input") if attrs.get("type") == "radio"]
    assert [attrs["id"] for attrs in radios] == ["whose-real", "whose-simulated"]
    assert "checked" in radios[0]
    assert not real.all("input")


def test_totals_of_other_people_are_refused_where_limits_would_mean_something_else(study_of):
    with pytest.raises(RequestError, match="only --people real can be told"):
        report(study_of("calibrate").folder, "simulated")


# Everybody can read it ------------------------------------------------------------------------------------------------
def test_the_page_needs_no_other_file_and_no_script(text, parsed):
    assert "<script" not in text.lower()
    assert not [attrs for _, attrs, _ in parsed.elements for name in attrs if name.startswith("on")]
    links = [attrs.get(name) or "" for _, attrs, _ in parsed.elements for name in ("href", "src", "xlink:href")]
    assert [link for link in links if link and not link.startswith("#")] == []
    assert "@import" not in text
    assert "url(http" not in text
    assert len(text) < 3_000_000


def test_headings_are_in_order_and_links_lead_somewhere(text, parsed):
    levels = [int(tag[1]) for tag, _, _ in parsed.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = Counter(attrs["id"] for _, attrs, _ in parsed.elements if "id" in attrs)
    assert [name for name, count in ids.items() if count > 1] == []
    inner = [attrs.get("href") or attrs.get("xlink:href") or "" for _, attrs, _ in parsed.elements]
    inner += [f"#{name}" for _, attrs, _ in parsed.elements for name in (attrs.get("aria-labelledby") or "").split()]
    inner += [f"#{attrs['for']}" for attrs in parsed.all("label")]
    inner += [f"#{name}" for name in re.findall(r"url\(#([^)]+)\)", text)]
    assert {link for link in inner if link and link[1:] not in ids} == set()
    assert parsed.unmatched == []
    assert parsed.all("html")[0]["lang"] == "en"


def test_tables_have_captions_and_heads_with_scope_and_figures_a_text(parsed):
    assert len(parsed.all("table")) == len(parsed.all("caption")) > 10
    assert [attrs for attrs in parsed.all("th") if attrs.get("scope") not in ("col", "row", "rowgroup")] == []
    pictures = parsed.all("svg")
    assert len(pictures) >= 4
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in pictures)
    inside = [tag for tag, _, above in parsed.elements if above and above[-1] == "svg" and tag in ("title", "desc")]
    assert len(inside) == 2 * len(pictures)


@pytest.mark.parametrize(
    "pair", [("#222", "#fff"), ("#555", "#fff"), ("#555", "#f4f4f1"), ("#00568a", "#fff"), ("#a34700", "#fff")]
)
def test_text_stands_out_from_what_is_behind_it(text, pair):
    def light(colour):
        full = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(full[k : k + 2], 16) / 255 for k in (0, 2, 4)]
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    assert all(colour in text for colour in pair)
    dark, bright = sorted(map(light, pair))
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


# Names from files -----------------------------------------------------------------------------------------------------
def test_titles_and_questions_from_files_are_text_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.report.study_page.save_figure", not_drawn)
    study = compare_study(title=f"Loud {STRANGE}", question=f'Why {STRANGE} & "why"?', replications=4)
    for scenario in study["scenarios"]:
        scenario |= {"title": STRANGE, "question": f"{STRANGE}?"}
    done = run_study(study, tmp_path / "out", executor="inline", model_class=StudyMarket)
    text = (done.folder / "answer" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text.lower()
    assert text.count("&lt;script&gt;alert(1)") > 5
    assert Page(text).unmatched == []


def test_names_of_scenarios_are_text_in_tables_and_figures_whatever_they_are(comparison):
    """Loading refuses such names; a page must not rest on that."""
    names = {"closure": STRANGE, "baseline": '"><img src=x onerror=alert(2)>'}
    kept = {name: getattr(comparison, name) for name in ("effects", "outcomes", "daily")}
    frames = {name: frame[frame["scenario"].isin(names)].replace({"scenario": names}) for name, frame in kept.items()}
    scenarios = {names[label]: scenario for label, scenario in comparison.scenarios.items() if label in names}
    renamed = replace(comparison, baseline=names["baseline"], scenarios=scenarios, policies=None, **frames)
    found = Page(text := page([pairs_page(renamed)]))
    assert "<script" not in text.lower()
    assert found.all("img") == []
    assert found.unmatched == []
    assert len(found.all("svg")) >= 4


def test_a_drawing_that_holds_a_script_is_refused():
    with pytest.raises(ValueError, match="no SVG of a figure"):
        inline_svg('<svg width="1pt" height="1pt"><script>alert(1)</script></svg>', "a", "t", "w")
    with pytest.raises(ValueError, match="can be no id"):
        inline_svg("<svg/>", 'a"b', "t", "w")


# Every kind of study --------------------------------------------------------------------------------------------------
def _calibration():
    return {
        **compare_study(name="fit", kind="calibrate", scenarios=[{"name": "plain", **SIZE}], replications=2),
        "uncertainties": [PATH],
        "calibrate": {
            "targets": [{"measure": "orders", "value": 2250, "sd": 8}],
            "points": 20,
            "waves": 2,
            "ensemble": 12,
        },
    }


def _two(**fields):
    study = compare_study(replications=2, **fields)
    return {**study, "scenarios": [study["scenarios"][0], study["scenarios"][2]]}


KINDS = {
    "compare": (compare_study(uncertainties=[PATH]), "Who gains and who loses", "were shared out over 4 parameter sets"),
    "sweep": (sweep_study(), "Effects at every point", "publicity"),
    "sensitivity": (
        {**_two(kind="sensitivity"), "uncertainties": [PATH, "choice.price_weight"], "sensitivity": {"method": "morris", "samples": 4, "resamples": 20}},
        "Which factor matters how much", "of the variance between points is luck",
    ),
    "discover": (
        {**_two(kind="discover"), "uncertainties": [PATH], "levers": [{"path": "policies.takedown.publicity", "low": 0, "high": 2}],
         "discover": {"fails": [{"measure": "orders", "of": "effect", "above": -80}], "points": 40}},
        "What the boxes are worth", "The policy fails in",
    ),
    "optimise": (
        {**_two(kind="optimise"), "levers": [{"path": "policies.takedown.publicity", "low": 0, "high": 2}],
         "optimise": {"objectives": [{"measure": "orders"}, {"measure": "policy_cost_usd"}], "population": 4, "generations": 2, "keep": 2}},
        "The portfolios kept", "Least orders",
    ),
    "calibrate": (_calibration(), "How well the targets are met", PATH),
}  # fmt: skip


LONG = ("sensitivity", "discover", "optimise")


@pytest.mark.parametrize("kind", [pytest.param(k, marks=pytest.mark.slow) if k in LONG else k for k in KINDS])
def test_every_kind_of_study_has_its_report(kind, study_of, undrawn):
    _, *wanted = KINDS[kind]
    done = study_of(kind)
    written = (done.folder / "answer" / "report.html").read_text(encoding="utf-8")
    again = report(done.folder)
    for text in (written, again):
        found = Page(text)
        assert found.unmatched == []
        said = " ".join(found.text_of(lambda attrs: attrs.get("lang") == "en"))
        assert [words for words in wanted if words not in said] == []
        assert "Not finished" not in said
        assert shipped_validation().summary in said
    for finding in done.answer.findings if kind != "compare" else ():
        assert " ".join(finding.replace("-", "").split())[:40] in said.replace("\u2212", "").replace("-", "")


@pytest.mark.parametrize(
    ("method", "said"), [("emulator", "2 seeds of its own."), ("morris", "2 seeds, the same at every point.")]
)
def test_the_seeds_of_an_emulator_are_said_to_be_those_of_each_point(method, said):
    scenarios = {"baseline": Scenario.load("baseline")}
    material = Material("sensitivity", "x", "", "", scenarios, "baseline", (1, 2), "real", settings={"method": method})
    assert doubt.chance(material)[0] == f"Every point was run with {said}"
    seeds = dict(reproduce.again(material).record)["Seeds"]
    assert seeds == ("1 and those after it, 2 of its own for every point" if method == "emulator" else "1 to 2")


def test_shares_differ_by_percentage_points_in_the_table_of_a_sweep():
    row = {"scenario": "closure", "outcome": "share_street", "unit": "share", "baseline": 0.2, "mean": 0.012}
    effects = pd.DataFrame([{**row, "low": 0.005, "high": 0.02}])
    (shown,) = tables.answer_tables(
        SimpleNamespace(kind="sweep", tables={"effects": effects.assign(point=0)}, settings={})
    )
    assert shown.rows[0][-4:] == ("20 %", "+1.20 pp", "+0.500 pp", "+2 pp")


def test_a_report_counts_the_facts_that_the_model_meets_by_level_and_says_where_no_validation_ships(
    folder, undrawn, monkeypatch, tmp_path
):
    ships = shipped_validation()
    assert ships.met() == tuple(sum(part) for part in zip(*ships.by_level().values(), strict=True))
    text = report(folder)
    for level, (hits, of) in ships.by_level().items():
        assert f'{level}</th><td data-head="In range">{hits}</td><td data-head="Of">{of}</td>' in text
    assert f"calibration {hits_of(ships, 'calibration')}, validation {hits_of(ships, 'validation')}" in ships.summary
    monkeypatch.setattr(validation, "SHIPPED", (tmp_path / "none.json",))
    assert NOT_RUN in report(folder)


def test_the_version_that_was_validated_is_told_from_the_one_that_gave_the_results(folder):
    found = shipped_validation()
    assert found is not None
    assert found.caution(found.model) == ""
    assert "another version" in found.caution("0.1.0 other")
    assert "not known here" in found.caution("")
    text = (folder / "answer" / "report.html").read_text()
    assert "gave these results ()" not in text
    assert "another version of the model" in text, "a comparison knows that a market of the tests gave it"


def hits_of(found, use: str) -> str:
    """How many facts of a use are in range, of how many, in the words of `odm validate`."""
    known = [one.in_range for one in found.targets if one.use == use and one.in_range is not None]
    return f"{sum(known)} of {len(known)}"


def test_a_study_that_has_not_ended_says_so_and_reports_what_is_there(tmp_path, undrawn):
    def stop(event):
        if event["event"] == "progress" and event["done"] >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(
            compare_study(replications=20), tmp_path / "out", executor="inline", model_class=StudyMarket, on_event=stop
        )
    found = Page(report(tmp_path / "out"))
    said = " ".join(found.text_of(lambda attrs: attrs.get("lang") == "en"))
    assert "Not finished" in said
    assert re.search(r"at least \d+ runs are not there yet", said)
    with pytest.raises(KeyboardInterrupt):
        run_study(
            {**KINDS["sensitivity"][0]}, tmp_path / "two", executor="inline", model_class=StudyMarket, on_event=stop
        )
    assert "No finding yet" in report(tmp_path / "two")


# The command ----------------------------------------------------------------------------------------------------------
def test_the_command_writes_beside_the_record_and_says_where(folder, undrawn):
    kept = {path.name for path in folder.iterdir()}
    done = CliRunner().invoke(app, ["report", str(folder), "--people", "simulated"])
    assert done.exit_code == 0, done.output
    file = folder / "report.html"
    assert str(file) in done.output
    assert "each of whom stands for" in file.read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == kept | {file.name}
    file.write_text("my own")
    with pytest.raises(RequestError, match="no report of this program"):
        write_report(folder)
    file.unlink()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda place: None, "there is no folder"),
        (lambda place: place.mkdir(), "is not the folder of a study"),
        (lambda place: place.write_text("x"), "is no folder"),
        (lambda place: (place.mkdir(), (place / "study.json").write_text("{}")), "cannot be read"),
    ],
)
def test_what_is_no_folder_of_a_study_is_said_without_a_traceback(make, words, tmp_path):
    make(tmp_path / "x")
    done = CliRunner().invoke(app, ["report", str(tmp_path / "x")])
    assert done.exit_code == 2
    assert words in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("runs", [1, 2])
def test_runs_of_one_scenario_are_compared_with_nothing_and_have_no_report(runs, tmp_path):
    run_several(world(), runs, out=tmp_path / "x", model_class=FakeMarket)
    done = CliRunner().invoke(app, ["report", str(tmp_path / "x")])
    assert done.exit_code == 2
    assert "runs of one scenario, which are compared with nothing" in " ".join(done.output.split())


def test_a_stored_validation_has_its_place(folder, tmp_path, undrawn):
    """As `odm validate` writes it; its numbers are those of the model, and the page says whether it is the same model."""
    rows = [
        {"statistic": "deaths", "use": "calibration", "unit": "a year", "observed": 10.0, "observed_low": 8.0, "observed_high": 12.0,
         "mean": 9.0, "low": 7.0, "high": 11.0, "in_range": True, "verdict": "in range", "unmeasured": ""},
        {"statistic": "<b>prices", "use": "validation", "unit": "", "observed": None, "observed_low": None, "observed_high": 2.0,
         "mean": 3.0, "low": None, "high": None, "in_range": False, "verdict": "too high", "unmeasured": ""},
    ]  # fmt: skip
    content = {
        "targets": rows,
        "parameter_sets": 1,
        "runs_of_each": 4,
        "in_range": "in range: calibration 1 of 1, validation 0 of 1",
    }
    (tmp_path / "answer").mkdir()
    (tmp_path / "answer" / "validation.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "study.json").write_text('{"model": "another"}', encoding="utf-8")
    found = Page(text := report(folder, validation=tmp_path))
    said = " ".join(found.text_of(lambda attrs: attrs.get("lang") == "en"))
    assert "in range: calibration 1 of 1, validation 0 of 1" in said
    assert said.index("<b>prices") < said.index("10 (8 to 12) a year")
    assert "another version of the model (another)" in said
    assert NOT_RUN not in text
    (tmp_path / "answer" / "validation.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RequestError, match="holds no validation"):
        report(folder, validation=tmp_path)
    with pytest.raises(RequestError, match="there is none"):
        report(folder, validation=tmp_path / "answer" / "x")
