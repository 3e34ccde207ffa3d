"""Targets: what a file may say, what is computed from the tables of a run, and what counts as in range."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim import run, validate
from sim.evidence.sources import load_sources
from sim.scenario import Scenario
from sim.studies.errors import RequestError
from sim.studies.validation.database import WRITTEN, About, empty_frames, opened
from sim.studies.validation.estimates import Member, count, estimate, last_line, quantile
from sim.studies.validation.files import TargetsError, load, load_targets
from sim.studies.validation.measures import kaplan_meier
from sim.studies.validation.measuring import Reading, asked_views, check_questions, is_asked, readings
from sim.studies.validation.targets import LEVELS, Targets

ABOUT = About("small", 100.0, 10, 1000.0, 10, {"mdma": "stimulant", "heroin": "opioid"})

RANGES = {
    "vendors": "7cf3421915128155",
    "platforms": "b2a961b1c5dba040",
    "market": "73b8f1d326fa7d40",
    "consumers": "82e5acb280506a9c",
    "health": "bc56c80457bfa7d9",
    "enforcement": "0921dd805cb8cf35",
}
"""Hash of which fact is for what and of every range, by level: they were written before the model was looked at, and stay."""


def entry(**changes):
    """A target that is right, with changes; None takes a key away."""
    plain = {
        "level": "market", "use": "calibration", "world": "here", "statistic": "mean of something",
        "sql": "SELECT avg(price_usd) AS value FROM orders", "value": 5, "low": 4, "high": 6, "band": "assumed", "reason": "a fifth on either side",
    }  # fmt: skip
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def file_of(world=None, views=None, **changes):
    return {
        "worlds": {"here": world or {"scenario": "baseline", "days": 10}},
        **({"views": views} if views else {}),
        "targets": {"a_target": entry(**changes)},
    }


def target_of(**changes):
    return load(file_of({"scenario": "takedown", "days": 10, "paired": True}, **changes)).all[0]


@pytest.fixture(scope="module")
def made_up():
    """Tables of a run of ten days: six orders on a cryptomarket, two in the street."""
    frames = empty_frames()
    orders = pd.DataFrame({
        "order": range(8), "day": [-5, 0, 1, 2, 5, 6, 6, 9], "consumer": [1, 1, 2, 2, 3, 1, 4, 4], "vendor": [7, 7, 7, 8, 8, 9, 9, 9],
        "platform": [0, 0, 0, 0, 1, 1, 2, 2], "channel": pd.Categorical(["cryptomarket"] * 6 + ["street"] * 2),
        "substance": pd.Categorical(["mdma", "mdma", "heroin", "mdma", "heroin", "mdma", "heroin", "heroin"]),
        "price_usd": [1000.0, 10, 20, 30, 40, 1100, 60, 70], "quantity": [1.0] * 8,
        "outcome": pd.Categorical(["delivered"] * 4 + ["scammed", "delivered", None, "delivered"]),
    })  # fmt: skip
    frames["orders"] = pd.concat([frames["orders"], orders], ignore_index=True)
    platforms = pd.DataFrame(
        {"day": np.repeat(range(10), 2), "platform": [0, 1] * 10, "channel": "cryptomarket", "status": "open"}
    )
    frames["platforms"] = pd.concat([frames["platforms"], platforms], ignore_index=True)
    accounts = pd.DataFrame(
        {"vendor": [7, 8, 8, 9], "platform": [0, 0, 1, 1], "open_day": [-9, 2, 5, 6], "close_day": [4, 8, None, None]}
    )
    frames["accounts"] = pd.concat([frames["accounts"], accounts], ignore_index=True)
    return frames


def number(frames, sql, window=None, views=None, **changes):
    found = load(file_of(sql=sql, window=window, views=views, value=None, pattern="any", **changes))
    return readings(frames, ABOUT, found.all, found.views)["a_target"]


# What is computed


def test_a_question_is_answered_from_the_days_of_its_window_and_the_whole_run_is_there_too(made_up):
    assert number(made_up, "SELECT sum(price_usd) AS value FROM orders").value == 1330
    assert number(made_up, "SELECT sum(price_usd) AS value FROM orders", [1, 5]).value == 90
    assert number(made_up, "SELECT sum(price_usd) AS value FROM ever.orders", [1, 5]).value == 2330
    assert number(made_up, "SELECT (last_day - first_day + 1) * weight AS value FROM world", [1, 5]).value == 500


def test_a_share_has_a_part_and_a_whole_so_that_runs_can_be_added_up(made_up):
    sql = "SELECT count(*) FILTER (outcome = 'scammed') AS part, count(outcome) AS whole FROM crypto"
    assert number(made_up, sql) == Reading(0.2, 1, 5, 5)
    nothing = number(made_up, sql, [8, 8])
    assert math.isnan(nothing.value)
    assert nothing[1:] == (0, 0, 0)


def test_a_word_that_no_row_of_a_run_has_is_no_error(made_up):
    assert number(made_up, "SELECT count(*) AS value FROM orders WHERE channel = 'social_app'").value == 0


def test_vendors_are_those_with_an_account_in_the_window_with_what_they_sold_there(made_up):
    ever = number(made_up, "SELECT sum(usd) AS part, count(*) AS whole FROM vendors_ever")
    assert (ever.part, ever.whole) == (1200, 3)
    early = number(made_up, "SELECT sum(usd) AS part, count(*) AS whole FROM vendors_ever", [0, 1])
    assert (early.part, early.whole) == (30, 1)


def test_vendors_live_are_those_of_the_one_largest_market_with_what_they_sold_on_it(made_up):
    """Markets 0 and 1 take 60 and 1,140 USD; from day 8 on vendor 8, who sold for 30 on market 0, is on 1 alone."""
    live = number(made_up, "SELECT sum(usd) AS part, count(*) AS whole FROM vendors_live")
    assert (live.part, live.whole) == (1140, 2)
    early = number(made_up, "SELECT sum(usd) AS part, count(*) AS whole FROM vendors_live", [0, 3])
    assert (early.part, early.whole) == (60, 2)


def test_a_view_shows_the_window_through_others_too_and_what_no_window_changes_is_worked_out_once(made_up):
    views = {
        "dear": "SELECT * FROM ever.orders WHERE price_usd > 50", "now": "SELECT d.* FROM dear d, world w WHERE d.day >= w.first_day",
        "shops": "SELECT DISTINCT vendor FROM dear", "late": "SELECT * FROM now",
    }  # fmt: skip
    with opened(made_up, ABOUT, views) as asker:
        counted = "SELECT (SELECT count(*) FROM late) AS late, (SELECT count(*) FROM dear) AS dear, (SELECT count(*) FROM shops) AS shops"
        assert asker.rows(counted, (0, 9)).iloc[0].to_dict() == {"late": 3, "dear": 4, "shops": 2}
        assert asker.rows(counted, (7, 9)).iloc[0].to_dict() == {"late": 1, "dear": 4, "shops": 2}
        once = asker.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")["table_name"]
        assert {"dear", "shops"} <= {*once}
        assert not {"now", "late"} & {*once}


def test_the_same_run_gives_the_same_numbers_to_the_last_bit(made_up):
    """With several threads, the order of addition and which of equals comes first would be chance: no small table shows it, so what is set is looked at."""
    with opened(made_up, ABOUT, {}) as asker:
        assert asker.rows("SELECT current_setting('threads') AS n")["n"][0] == 1


def test_only_what_questions_read_is_made_for_a_run():
    views = {"a": "SELECT 1 AS x", "b": "SELECT * FROM a", "c": "SELECT * FROM a JOIN b", "d": "SELECT 2 AS y"}
    asked = load(file_of(sql="SELECT sum(x) AS value FROM b")).all
    assert list(asked_views(asked, views)) == ["a", "b"]
    assert is_asked("b", asked, {})
    assert not is_asked("d", asked, views)


def test_shipped_measures_give_what_is_worked_out_by_hand(made_up):
    targets = load_targets()
    names = (
        "vendor_revenue_below_1k", "order_value_median", "wholesale_revenue_share", "revenue_share_opioids", "volume_per_day", "shipping_vendors",
    )  # fmt: skip
    chosen = [targets[name] for name in names]
    cut = [target.model_copy(update={"window": None}) for target in chosen]
    found = readings(made_up, ABOUT, cut, targets.views)
    assert found["vendor_revenue_below_1k"].value == pytest.approx(2 / 3)  # 30 and 70 USD against 1,100
    assert found["order_value_median"].value == 30  # of 10, 20, 30, 40, 1100
    assert found["wholesale_revenue_share"].value == pytest.approx(1100 / 1200)
    assert found["revenue_share_opioids"].value == pytest.approx(60 / 1200)
    assert found["volume_per_day"].value == pytest.approx(1200 * 100 / 10)  # of real people
    assert found["shipping_vendors"].value == pytest.approx((1 + 0.5 + 1) / 3)


def test_gini_and_top_shares_are_those_of_the_textbook(made_up):
    known = {
        "gini([1, 1, 1, 1])": 0,
        "gini([0, 0, 0, 8])": 0.75,
        "top_share([1, 2, 3, 4], 0.25)": 0.4,
        "top_share([1, 2, 3, 4], 0.5)": 0.7,
        "top_share([1, 2, 3, 4], 0.1)": 0.16,  # part of the first
    }
    with opened(made_up, ABOUT, {}) as asker:
        assert {text: asker.rows(f"SELECT {text} AS v")["v"][0] for text in known} == pytest.approx(known)


def test_survival_counts_those_still_there_as_seen_so_long_and_no_longer():
    lasted, ended = np.array([10.0, 20, 30, 40]), np.array([True, False, True, False])
    assert kaplan_meier(np.zeros(4), lasted, ended, 9) == 1
    assert kaplan_meier(np.zeros(4), lasted, ended, 10) == pytest.approx(0.75)
    assert kaplan_meier(np.zeros(4), lasted, ended, 30) == pytest.approx(0.375)
    assert math.isnan(kaplan_meier(np.zeros(4), lasted, ended, 41))  # nobody was seen so long


def test_a_market_that_closes_on_the_day_it_opens_counts_as_one_that_lasted_no_day():
    lasted, ended = np.array([0.0, 40, 50, 60]), np.array([True, False, False, True])
    assert kaplan_meier(np.zeros(4), lasted, ended, 30) == pytest.approx(0.75)
    late = np.array([0.0, 45, 0, 0])
    assert kaplan_meier(late, lasted, ended, 60) == 0


# What a question may do


REFUSED = (
    "SELECT count(*) AS value FROM read_text('/etc/hostname')",
    "SELECT count(*) AS value FROM '/etc/hostname'",
    "SELECT count(*) AS value FROM glob('/*')",
    "SELECT count(*) AS value FROM read_csv('https://example.org/a.csv')",
    "COPY (SELECT 1) TO 'written.csv'",
    "SELECT 1 AS value; COPY (SELECT 1) TO 'written.csv'",
    "CREATE TABLE mine AS SELECT 1",
    "DELETE FROM ever.orders",
    "ATTACH 'written.db'",
    "SET enable_external_access = true",
    "INSTALL httpfs",
)


def test_a_question_reads_no_file_and_changes_nothing(made_up, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with opened(made_up, ABOUT, {}) as asker:
        for sql in REFUSED:
            with pytest.raises(RequestError):
                asker.rows(sql)
            with pytest.raises(RequestError):
                asker.view("mine", sql)
        assert len(asker.rows("SELECT * FROM ever.orders")) == 8
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TargetsError, match=r"views\.mine"):
        check_questions(load(file_of(views={"mine": REFUSED[5]})))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT avg(prise_usd) AS value FROM orders", "prise_usd"),
        ("SELECT avg(price_usd) FROM orders", "value, or part and whole"),
        ("SELECT 1 AS part", "value, or part and whole"),
        ("SELECT 1 AS value, 2 AS other", "value, or part and whole"),
        ("SELECT unnest([1, 2]) AS value", "2 rows"),
        ("SELECT FROM", "syntax error"),
    ],
)
def test_a_question_that_is_wrong_is_said_before_anything_is_run(sql, said):
    with pytest.raises(TargetsError, match=rf"(?s)targets\.a_target.*{said}"):
        check_questions(load(file_of(sql=sql)))


# What a file may say


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"level": "vendor"}, r"targets.a_target.level.*'vendor'.*did you mean 'vendors'"),
        ({"use": "calibrate"}, "calibration, validation"),
        ({"world": "plane"}, "did you mean 'plain'"),
        ({"sql": None}, "one of sql, measure, unmeasurable"),
        ({"unmeasurable": "no table has it"}, "one of sql, measure, unmeasurable"),
        ({"sql": None, "measure": "survivel"}, "did you mean 'survival'"),
        ({"sql": None, "measure": "survival", "arguments": {"at": 3}}, "sql: a SELECT of start_day"),
        ({"compare": "ratio"}, "paired: true"),
        ({"low": None, "high": None}, "low, high or both"),
        ({"value": None}, "the pattern in words"),
        ({"value": 9}, "a value inside 4 to 6"),
        ({"low": 7}, "at most high"),
        ({"window": [5, 2]}, "first and last day"),
        ({"reason": None}, "required"),
        ({"sources": ["dnm2017-ginni"]}, "did you mean 'dnm2017-gini'"),
        ({"hight": 3}, "did you mean 'high'"),
        ({"fewest": "many"}, "a number"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_what_is_allowed(changes, said):
    given = {key: value for key, value in {**entry(), **changes}.items() if value is not None}
    with pytest.raises(TargetsError, match=f"(?s){said}"):
        load({**file_of(), "targets": {"a_target": given}})


def test_every_mistake_is_said_at_once():
    wrong = {
        "worlds": {"here": {"scenari": "baseline"}},
        "targets": {"A": entry(), "b": entry(use="x", low=None)},
        "level": "market",
        "goals": 1,
    }
    with pytest.raises(TargetsError) as caught:
        load(wrong)
    paths = {problem.path for problem in caught.value.problems}
    assert {"goals", "targets.A", "targets.b.use", "worlds.here.scenari", "worlds.here.scenario"} <= paths


def test_a_publication_is_fitted_to_or_held_out_and_not_both():
    both = {"a": entry(sources=["dnm2017-gini"]), "b": entry(use="validation", sources=["dnm2017-hhi"])}
    with pytest.raises(TargetsError, match="what is fitted to confirms nothing"):
        load({**file_of(), "targets": both})


def test_a_file_is_read_from_disk_with_scenarios_beside_it(tmp_path):
    (tmp_path / "own.yaml").write_text("extends: baseline\nname: own\n")
    file = tmp_path / "facts.yaml"
    target = "{use: validation, world: w, statistic: some number, sql: SELECT 1 AS value, value: 1, low: 0, high: 2, band: assumed, reason: a wide one}"
    file.write_text(f"level: market\nworlds: {{w: {{scenario: own.yaml}}}}\ntargets:\n  t: {target}\n")
    found = load(file)
    assert found["t"].level == "market"
    assert Path(str(found.worlds["w"].scenario)) == tmp_path / "own.yaml"
    file.write_text("targets: [")
    with pytest.raises(TargetsError, match=r"facts\.yaml"):
        load(file)
    with pytest.raises(TargetsError, match=r"none\.yaml"):
        load(tmp_path / "none.yaml")


# What counts


def runs(*values):
    return tuple(Reading(value, math.nan, math.nan, 1.0) for value in values)


def shares(*pairs):
    return tuple(Reading(part / whole if whole else math.nan, part, whole, whole) for part, whole in pairs)


def test_a_mean_outside_the_range_is_missed_and_its_distance_said():
    target = target_of()
    hit = estimate(target, [Member(1, runs(4.5, 5.1))])
    assert (hit.verdict, hit.in_range, hit.mean) == ("in range", True, pytest.approx(4.8))
    miss = estimate(target, [Member(1, runs(7, 7.2, 6.8))])
    assert (miss.verdict, miss.in_range) == ("missed", False)
    assert miss.distance == pytest.approx(2 * 1.96)
    assert miss.low == pytest.approx(6.82)
    assert miss.high == pytest.approx(7.18)


def test_shares_of_runs_are_added_up_before_they_are_divided():
    target = target_of(low=0, high=1, value=0.5)
    found = estimate(target, [Member(1, shares((1, 2), (0, 8)))])
    assert found.mean == pytest.approx(0.1)


def test_what_rests_on_too_few_cases_is_not_measured_and_no_hit():
    target = target_of(low=0, high=1, value=0.5, fewest=20, cases="closures")
    few = estimate(target, [Member(1, shares((3, 6), (3, 6)))])
    assert (few.mean, few.in_range, few.verdict) == (None, None, "not measured")
    assert few.unmeasured == "12 closures, 20 needed"
    enough = estimate(target, [Member(1, shares((5, 10), (5, 10)))])
    assert enough.verdict == "in range"
    counted = count([few, enough])
    assert (counted.hits, counted.of, counted.unmeasured, counted.share) == (1, 1, 1, 1)


def test_a_run_too_small_for_what_depends_on_size_is_left_out():
    target = target_of(least=3)
    small, large = Reading(9, math.nan, math.nan, 2), Reading(5, math.nan, math.nan, 4)
    assert estimate(target, [Member(1, (small, large))]).mean == 5
    assert estimate(target, [Member(1, (small, small))]).unmeasured == "2 cases in a run at most, 3 needed"


def test_a_run_without_a_value_adds_no_cases_and_takes_its_pair_along():
    lost, seen = Reading(math.nan, math.nan, math.nan, 30), Reading(5, math.nan, math.nan, 15)
    few = estimate(target_of(fewest=20, cases="markets"), [Member(1, (lost, seen))])
    assert few.unmeasured == "15 markets, 20 needed"
    assert estimate(target_of(), [Member(1, (lost, lost))]).unmeasured == "the runs have no value for it"
    sets = [Member(1, (lost, *runs(4))), Member(1, runs(6, 6))]
    assert estimate(target_of(), sets).mean == 5, "each set has its weight, whatever of its runs are left"
    pair = Member(1, (lost, *runs(6)), runs(90, 4))
    assert estimate(target_of(compare="difference"), [pair]).mean == 2
    pair = Member(1, runs(90, 6), (lost, *runs(4)))
    assert estimate(target_of(compare="difference"), [pair]).mean == 2


def test_targets_count_by_their_weight_in_the_share_that_is_in_range():
    hit = estimate(target_of(weight=3), [Member(1, runs(5))])
    miss = estimate(target_of(), [Member(1, runs(9))])
    assert count([hit, miss]).share == pytest.approx(0.75)


def test_what_no_run_can_give_is_said_and_not_counted():
    target = target_of(sql=None, unmeasurable="no table has it")
    found = estimate(target, [])
    assert found.unmeasured == "no table has it"
    assert count([found]).of == 0


def test_with_policies_is_held_against_without():
    member = Member(1, shares((2, 10), (4, 10)), shares((6, 10), (6, 10)))
    assert estimate(target_of(compare="ratio", low=0, high=1, value=0.5), [member]).mean == pytest.approx(0.5)
    assert estimate(target_of(compare="difference", low=-1, high=1, value=0), [member]).mean == pytest.approx(-0.3)
    nobody = Member(1, shares((2, 10)), shares((0, 10)))
    assert estimate(target_of(compare="ratio", low=0, high=1, value=0.5), [nobody]).verdict == "not measured"


def test_parameter_sets_count_by_their_weight():
    members = [Member(3, runs(4)), Member(1, runs(6))]
    found = estimate(target_of(), members)
    assert found.mean == pytest.approx(4.5)
    assert found.values == (4, 6)


def test_a_weighted_quantile_of_equal_weights_is_the_plain_one():
    values = np.array([3.0, 1, 2, 8, 5])
    assert quantile(values, np.ones(5), 0.3) == pytest.approx(np.quantile(values, 0.3))


def test_a_weighted_quantile_counts_the_largest_value_as_it_does_the_smallest():
    values, weights = np.array([3.0, 1, 2, 8, 5, 99]), np.array([1.0, 2, 3, 9, 1, 0])
    for share in (0.0, 0.05, 0.5, 0.8, 1.0):
        assert quantile(values, weights, share) == pytest.approx(-quantile(-values, weights, 1 - share))
    assert quantile(np.array([0.0, 1, 2]), np.array([0.01, 0.01, 0.98]), 0.5) > 1.4
    assert quantile(values, weights, 1.0) == 8, "what has no weight is not there"
    assert quantile(np.array([4.0]), np.array([2.0]), 0.05) == 4
    assert quantile(np.array([4.0]), np.array([0.0]), 0.05) is None


def test_one_sided_ranges_are_directions():
    falls = target_of(value=None, low=None, high=0.95, pattern="falls")
    assert falls.agrees(0.5)
    assert not falls.agrees(1.0)
    assert falls.distance(1.0) is None


def test_the_last_line_says_both_uses():
    one = estimate(target_of(), [Member(1, runs(5))])
    other = estimate(target_of(use="validation"), [Member(1, runs(9))])
    assert last_line([one, other]) == "in range: calibration 1 of 1, validation 0 of 1"


# What ships


def test_targets_rest_on_sources_that_were_read_or_computed():
    sources = load_sources()
    for target in load_targets().all:
        assert target.sources, target.id
        assert all(sources[name].status != "memory" for name in target.sources), target.id


def test_every_level_has_facts_to_fit_and_facts_held_out():
    targets = load_targets()
    assert {target.level for target in targets.calibration} | {"enforcement"} == set(LEVELS)
    assert {target.level for target in targets.validation} == set(LEVELS)
    assert len(targets) >= 110


def test_every_question_can_be_asked_of_a_real_run():
    """What a word is called in the tables of a run, and what is null there, is not seen on tables without rows."""
    scenario = Scenario.load("takedown").override(
        ["consumers=4000", "days=30", "burn_in=10", "policies.takedown.start=12"]
    )
    result = run(scenario, seed=1, tables=WRITTEN)
    frames = {**result.tables, "daily": result.daily.reset_index(), "outcomes": pd.DataFrame([result.outcomes])}
    about = About(
        "",
        scenario.weight,
        scenario.consumers,
        scenario.people,
        30,
        {name: row.class_ for name, row in scenario.substances.items()},
    )
    targets = load_targets()
    asked = [
        target.model_copy(update={"window": target.window and (0, 29)})
        for target in targets.all
        if not target.unmeasurable
    ]
    found = readings(frames, about, asked, targets.views, seed=1)
    assert set(found) == {target.id for target in asked}
    assert found["order_value_median"].value > 1
    assert found["markets_open"].value > 1


@pytest.mark.slow
def test_every_shipped_target_is_measured_or_says_why_not():
    result = validate(consumers=1_000, runs=1, workers=1)
    assert result.failed == 0
    assert [each.target.id for each in result.estimates if each.mean is None and not each.unmeasured] == []
    assert sum(each.mean is not None for each in result.estimates) >= 20
    assert all("went well" not in each.unmeasured for each in result.estimates)


@pytest.mark.parametrize("level", RANGES)
def test_no_range_was_moved_after_a_look_at_the_model(level):
    assert load_targets().of([level]).fingerprint() == RANGES[level], "ranges are written from the evidence alone"


def test_targets_are_chosen_by_level_and_use():
    targets = load_targets()
    chosen = targets.of(["vendors"], ["validation"])
    assert {(t.level, t.use) for t in chosen.all} == {("vendors", "validation")}
    assert set(chosen.needed()) == {t.world for t in chosen.all if not t.unmeasurable}
    assert isinstance(chosen, Targets)
    assert targets["order_value_median"].agrees(59)
    with pytest.raises(KeyError):
        targets["no such target"]
