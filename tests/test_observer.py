"""What an observer sees of a run: all of it when nothing is missed, and less or bent in the ways that studies report when something is."""

from __future__ import annotations

import json
import shutil
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.measures.dictionary import observed
from sim.measures.observer import PERFECT, Observer, estimators, observe, read_settings
from sim.measures.observer.draws import Chance, Look
from sim.measures.observer.settings import Crawler, Register, SettingsError, Survey
from sim.measures.observer.survey import whose
from sim.measures.observer.truth import NEEDED
from sim.report.observed import PANELS, observed_figure
from sim.streams import uniforms
from tests.worlds import example, run, same_frames, world

LIVELY = world(
    consumers=2400, days=40, burn_in=20,
    parameters={
        "platforms": {"closure_days": 60.0, "cryptomarket_entry": 0.1}, "enforcement": {"contacts_per_day": 3.0},
        "world": {"dependents": 0.4, "suppliers": 0.1}, "demand": {"recreational_rate": 0.2},
    },
    policies=[example("takedown", start=20, count=1), example("vendor_arrests", count=40)],
)  # fmt: skip
WINDOW: dict[str, Any] = {"every": 10, "first_day": 30, "window": 30}


@pytest.fixture(scope="module")
def model():
    return run(LIVELY, tables=NEEDED)


@pytest.fixture(scope="module")
def tables(model):
    return {name: model.table(name) for name in NEEDED}


def perfect():
    """An observer who misses nothing, for a short run."""
    surveys = {"all": PERFECT.surveys["everybody"].model_copy(update=WINDOW)}
    return PERFECT.model_copy(update={"crawler": PERFECT.crawler.model_copy(update={"window": 10}), "surveys": surveys})


def clear(**crawler):
    """A crawler alone that misses nothing but what is named."""
    return Observer(crawler=PERFECT.crawler.model_copy(update=crawler), surveys={}, police={}, health={})


def value(found, what, estimator):
    rows = found["estimates"]
    return rows.loc[(rows["what"] == what) & (rows["estimator"] == estimator), "value"].mean()


# A market on paper ----------------------------------------------------------------------------------------------------
DAYS, VENDORS, PEOPLE = 120, 300, 4000


def on_paper(closes: int = DAYS, moves: bool = False) -> dict[str, pd.DataFrame]:
    """Two large cryptomarkets with 300 vendors of 1 to 12 listings, who sell every third day. The second closes; its vendors may move on under new names."""
    day, platform = (each.ravel() for each in np.meshgrid(np.arange(DAYS), [3, 7]))
    shut = (platform == 7) & (day >= closes)
    platforms = pd.DataFrame(
        {"day": day, "platform": platform, "channel": "cryptomarket", "status": np.where(shut, "seized", "open")}
    )
    who = np.arange(VENDORS)
    second = who % 2 == 1
    home = np.where(second, 7, 3)
    gone = pd.array(np.full(VENDORS, closes), "Int32")
    gone[~second | (closes >= DAYS)] = pd.NA
    accounts = pd.DataFrame(
        {"vendor": who, "platform": home, "open_day": -10, "close_day": gone, "identity": 0, "listings": 1 + who % 12}
    )
    if moves:
        away = accounts[second].assign(
            platform=3, open_day=closes, close_day=pd.NA, identity=np.where(who[second] % 4 == 1, 1, 0)
        )
        accounts = pd.concat([accounts, away.astype({"close_day": "Int32"})], ignore_index=True)
    vendor = np.repeat(who, DAYS // 3)
    placed = np.tile(np.arange(0, DAYS, 3), VENDORS)
    sold = ~((home[vendor] == 7) & (placed >= closes - 5))
    n = int(sold.sum())
    orders = pd.DataFrame({
        "order": np.arange(n), "day": placed[sold], "consumer": (np.arange(n) * 7) % PEOPLE, "vendor": vendor[sold], "platform": home[vendor][sold],
        "channel": "cryptomarket", "substance": "mdma", "price_usd": 50.0 + np.arange(n) % 90, "outcome_day": pd.array(placed[sold] + 4, "Int32"), "rating": np.nan,
    })  # fmt: skip
    orders.loc[orders["outcome_day"] >= DAYS, "outcome_day"] = pd.NA
    orders.loc[::3, "rating"] = 5.0
    few = orders["consumer"] % 10 < 3
    orders = orders[few]
    people = pd.DataFrame({
        "consumer": np.arange(PEOPLE), "came_day": pd.array([None] * PEOPLE, "Int32"), "gone_day": pd.array([None] * PEOPLE, "Int32"),
        "segment": np.where(np.arange(PEOPLE) % 5 == 0, "dependent", "recreational"), "age": 18.0 + np.arange(PEOPLE) % 40, "sex": "male",
        "jurisdiction": "oceania",
    })  # fmt: skip
    hurt = np.arange(0, PEOPLE, 2)
    events = pd.DataFrame({"day": hurt % DAYS, "kind": "violence", "subject": hurt, "cause": None, "amount": 1.0})
    return {"orders": orders, "platforms": platforms, "accounts": accounts, "consumers": people, "events": events}


PAPER = on_paper()


# The perfect observer -------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def seen_perfectly(model):
    return observe(model, perfect())


def standing(tables):
    """A row for each account on a cryptomarket that is up and each day on which it stands, as the tables of the run have it."""
    p, a = tables["platforms"], tables["accounts"]
    up = p[(p["channel"] == "cryptomarket") & p["status"].isin(["open", "covert"]) & (p["day"] >= 0)][
        ["day", "platform"]
    ]
    rows = up.merge(a, on="platform")
    rows = rows[(rows["open_day"] <= rows["day"]) & (rows["close_day"].fillna(10_000) > rows["day"])]
    return rows.assign(name=rows["vendor"] * 65536 + rows["identity"])


def test_who_misses_nothing_sees_every_name_and_listing_on_every_day(tables, seen_perfectly):
    key = ["day", "platform", "name", "listings"]
    true = standing(tables)[key].sort_values(key).to_numpy(np.int64)
    assert len(true) > 100
    assert np.array_equal(seen_perfectly["observed_pages"][key].sort_values(key).to_numpy(np.int64), true)


def test_who_misses_nothing_counts_as_many_as_there_are(seen_perfectly):
    for what in ("vendors", "listings", "vendors_at_a_time", "listings_at_a_time"):
        assert value(seen_perfectly, what, "count") == value(seen_perfectly, what, "latent") > 3
    assert value(seen_perfectly, "market_closures", "count") == value(seen_perfectly, "market_closures", "latent") > 0


def test_who_misses_nothing_finds_feedback_on_every_order_that_ended_while_its_page_stood(tables, seen_perfectly):
    o = tables["orders"]
    o = o[(o["channel"] == "cryptomarket") & (o["outcome_day"] >= 0)]
    there = o.merge(
        standing(tables), left_on=["vendor", "platform", "outcome_day"], right_on=["vendor", "platform", "day"]
    )
    sales = seen_perfectly["observed_sales"]
    sales = sales[sales["day"] >= 0]
    assert len(sales) == there["order"].nunique() > 30
    assert sales["price_usd"].sum() == pytest.approx(there.drop_duplicates("order")["price_usd"].sum())
    assert (sales["seen_day"] == sales["day"]).all()
    assert value(seen_perfectly, "sales", "feedback") <= value(seen_perfectly, "sales", "latent")


def test_a_closed_market_is_missed_on_the_day(tables, seen_perfectly):
    p = tables["platforms"]
    p = p[p["channel"].isin(["cryptomarket", "illicit_pharmacy"])]
    down = p[~p["status"].isin(["open", "covert"])].groupby("platform")["day"].min()
    gone = seen_perfectly["observed_closures"].set_index("platform")["noticed_day"]
    assert len(gone) > 0
    assert gone.to_dict() == down[down > 0].to_dict()
    assert seen_perfectly["observed_closures"]["returned_day"].isna().all()


def test_when_everybody_answers_and_nobody_forgets_a_survey_has_the_shares_of_the_run(tables, seen_perfectly):
    answers = seen_perfectly["observed_survey"]
    assert answers.groupby("day", observed=True).size().min() > 1000
    o = tables["orders"]
    for channel in ("street", "social_app", "cryptomarket"):
        true = o[(o["channel"] == channel) & o["day"].between(0, 29)]["consumer"].nunique()
        first = answers[answers["day"] == 30]
        assert 0 <= true - first[f"bought_{channel}"].sum() <= 0.05 * true + 2  # who left or died does not answer
    for what in ("bought_street", "bought_online", "threatened"):
        assert value(seen_perfectly, what, "all") == value(seen_perfectly, what, "latent") > 0


def test_who_got_something_from_friends_says_so_and_they_are_a_source_like_the_street(tables, seen_perfectly):
    first = seen_perfectly["observed_survey"].query("day == 30").set_index("respondent")
    o, e = (rows[rows["day"].between(0, 29)] for rows in (tables["orders"], tables["events"]))
    got = first.index.isin(e[e["kind"] == "passed_on"]["subject"])
    assert 0 < first["from_friends"].sum() <= got.sum()
    assert (
        got & ~first["from_friends"]
    ).sum() <= 0.05 * got.sum() + 2  # what the one before of that number got is not theirs
    only = first[first["from_friends"] & ~first.index.isin(o["consumer"])]
    assert len(only) > 0
    assert (only["other_source"] == "street").all()
    assert not only["bought_street"].any()


def test_what_is_always_recorded_at_once_is_counted_as_it_happened(tables, seen_perfectly):
    e = tables["events"]
    for name, kinds in (("recorded_crime", PERFECT.police), ("recorded_health", PERFECT.health)):
        rows = seen_perfectly[name]
        true = e[e["kind"].isin(list(kinds)) & (e["day"] >= 0)]
        assert len(rows) == len(true) > 0
        assert (rows["day"] == rows["recorded_day"]).all()
    assert value(seen_perfectly, "arrest", "recorded") == value(seen_perfectly, "arrest", "latent") > 0


# Crawlers that miss something -----------------------------------------------------------------------------------------
def test_the_fewer_pages_are_fetched_the_fewer_names_and_listings_are_seen():
    found = [observe(PAPER, clear(coverage=coverage, interval=7)) for coverage in (0.02, 0.2, 1.0)]
    for what in ("vendors", "listings"):
        counts = [value(each, what, "count") for each in found]
        assert counts == sorted(counts)
        assert counts[0] < 0.5 * counts[-1] == 0.5 * value(found[-1], what, "latent")


def test_small_vendors_are_missed_first():
    seen = observe(PAPER, clear(coverage=0.02, interval=7))["observed_vendors"]
    vendor = seen["name"] // 65536
    assert (1 + vendor % 12).mean() > 6.5 + 0.5, "the mean of all is 6.5"


def test_capture_and_recapture_corrects_most_of_what_a_thin_crawl_of_listings_misses():
    found = observe(PAPER, clear(coverage=0.3, interval=7))
    true, counted = value(found, "listings", "latent"), value(found, "listings", "count")
    assert counted < 0.85 * true
    for how in ("lincoln_petersen", "schnabel", "chao"):
        assert value(found, "listings", how) == pytest.approx(true, rel=0.08)
    assert value(found, "listings_at_a_time", "count") < 0.35 * true
    assert value(found, "listings_at_a_time", "jolly_seber") == pytest.approx(true, rel=0.08)


def test_capture_and_recapture_corrects_only_part_where_small_vendors_are_harder_to_see():
    found = observe(PAPER, clear(coverage=0.05, interval=7))
    counted, schnabel = value(found, "vendors", "count"), value(found, "vendors", "schnabel")
    assert counted < schnabel < 0.97 * value(found, "vendors", "latent")


def test_a_site_that_is_often_down_hides_what_is_on_it():
    found = observe(PAPER, clear(downtime=0.5, gone_after=100))
    assert 0.4 < found["observed_crawls"]["reached"].mean() < 0.6
    assert value(found, "listings_at_a_time", "count") == pytest.approx(
        0.5 * value(found, "listings_at_a_time", "latent"), rel=0.1
    )


def test_a_crawl_that_breaks_off_has_part_of_the_pages():
    found = observe(PAPER, clear(partial=1.0, partial_share=0.25))
    assert value(found, "listings_at_a_time", "count") == pytest.approx(
        0.25 * value(found, "listings_at_a_time", "latent"), rel=0.05
    )


def test_sales_from_feedback_are_short_by_the_share_that_leaves_none():
    found = observe(PAPER, clear(feedback_share=0.6))
    assert value(found, "sales", "feedback") == pytest.approx(0.6 * value(found, "sales", "latent"), rel=0.04)
    assert value(found, "revenue_usd", "feedback") == pytest.approx(
        0.6 * value(found, "revenue_usd", "latent"), rel=0.04
    )
    assert value(found, "sales", "feedback_scaled") == pytest.approx(value(found, "sales", "latent"), rel=0.04)


def test_without_a_share_the_feedback_is_that_of_the_run():
    found = observe(PAPER, clear(feedback_share=None))
    orders = PAPER["orders"]
    rated = orders[orders["rating"].notna() & orders["outcome_day"].notna()]
    assert len(found["observed_sales"]) == len(rated)
    assert (found["observed_sales"]["stars"] == 5).all()


def test_feedback_that_pages_show_for_a_week_is_lost_to_who_comes_once_a_month():
    short, long = (len(observe(PAPER, clear(interval=30, feedback_days=days))["observed_sales"]) for days in (7, 1000))
    assert short < 0.4 * long


def test_a_vendor_with_a_new_name_is_two_and_one_who_kept_it_is_one_on_both_markets():
    seen = observe(on_paper(closes=60, moves=True), clear())["observed_vendors"]
    names = seen.groupby(seen["name"] // 65536)["name"].nunique()
    vendor = np.arange(VENDORS)
    assert (names[vendor % 4 == 1] == 2).all()
    assert (names[vendor % 4 != 1] == 1).all()
    kept = seen[(seen["name"] // 65536 % 4 == 3)]
    assert (kept["platforms"] == 2).all()


def test_a_raid_is_noticed_when_the_site_has_failed_often_enough_and_bears_a_banner():
    gone = observe(on_paper(closes=60), clear(interval=7, gone_after=2))["observed_closures"]
    assert gone[["platform", "last_seen", "noticed_day"]].to_numpy().tolist() == [[7, 56, 70]]
    assert gone["seizure_banner"].all()


def test_a_site_that_was_only_down_comes_back():
    gone = observe(PAPER, clear(downtime=0.4, gone_after=2))["observed_closures"]
    assert len(gone) > 5
    back = gone["returned_day"].dropna()
    assert (back > gone.loc[back.index, "noticed_day"]).all()
    assert len(back) >= len(gone) - 2


def test_a_new_site_is_crawled_when_it_has_become_known():
    late = PAPER | {
        "platforms": PAPER["platforms"][(PAPER["platforms"]["platform"] == 3) | (PAPER["platforms"]["day"] >= 40)]
    }
    crawls = observe(late, clear(discovery_days=14))["observed_crawls"]
    assert crawls.groupby("platform")["day"].min().to_dict() == {3: 0, 7: 54}


# Surveys and registers ------------------------------------------------------------------------------------------------
def asked(**changes):
    everybody = PERFECT.surveys["everybody"].model_copy(update={"first_day": 110, "window": 60, **changes})
    return observe(PAPER, Observer(crawler=Crawler(interval=DAYS), surveys={"it": everybody}, police={}, health={}))


def test_who_buys_online_is_too_many_where_buyers_like_to_answer():
    found = asked(response=0.2, online=3.0)
    assert value(found, "bought_cryptomarket", "it") > 1.3 * value(found, "bought_cryptomarket", "latent")


def test_two_surveys_of_a_day_have_respondents_of_their_own():
    everybody = PERFECT.surveys["everybody"].model_copy(update={"first_day": 110, "window": 60, "response": 0.3})
    surveys = {"one": everybody, "other": everybody}
    rows = observe(PAPER, Observer(crawler=Crawler(interval=DAYS), surveys=surveys, police={}, health={}))
    answers = rows["observed_survey"]
    one, other = (set(answers.loc[answers["survey"] == name, "respondent"]) for name in surveys)
    assert len(one & other) == pytest.approx(0.3 * len(one), rel=0.5)


def test_a_survey_that_hardly_reaches_dependent_people_has_few_of_them():
    rows = asked(response=0.5, segments={"dependent": 0.2})["observed_survey"]
    assert (rows["segment"] == "dependent").mean() < 0.1, "they are a fifth"


def test_who_forgets_tells_of_less_and_who_dates_too_late_tells_of_more():
    few = asked(recall=0.3)
    assert value(few, "bought_cryptomarket", "it") < 0.9 * value(few, "bought_cryptomarket", "latent")
    told, late = (asked(telescoping=share)["observed_survey"]["orders_cryptomarket"].sum() for share in (0.0, 0.3))
    assert late > 1.05 * told


def test_who_does_not_admit_it_tells_of_nothing():
    rows = asked(admits=0.5)
    assert value(rows, "bought_cryptomarket", "it") == pytest.approx(
        0.5 * value(rows, "bought_cryptomarket", "latent"), rel=0.1
    )


def test_what_those_did_who_left_before_day_0_is_nobody_elses():
    """Their number has gone on to somebody who came later; the table of people knows them no more."""
    who = pd.DataFrame({"consumer": [0, 7], "came": [-5, 3]})
    assert whose(who, np.array([0, 0, 7, 7, 8]), np.array([-9, -5, 2, 3, 40])).tolist() == [-1, 0, -1, 1, -1]


def test_few_threats_reach_the_police_and_some_late():
    registers: dict[Any, Register] = {"violence": Register(share=0.2, delay_days=20)}
    found = observe(PAPER, Observer(crawler=Crawler(interval=DAYS), surveys={}, police=registers, health={}))
    rows = found["recorded_crime"]
    assert 0.12 < len(rows) / len(PAPER["events"]) < 0.2, "a fifth, less what is not yet recorded"
    assert 10 < (rows["recorded_day"] - rows["day"]).mean() < 20
    assert rows["recorded_day"].max() < DAYS


# Same eyes, same sight ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def usual():
    return Observer(surveys={"web": Survey(**WINDOW)}, crawler=Crawler(window=10, wait_days=5, interval=3))


def test_the_same_run_is_observed_the_same_whatever_the_order_of_rows(model, tables, usual):
    first = observe(model, usual)
    mixed = {name: frame.iloc[::-1] for name, frame in tables.items()}
    again = observe(mixed, usual, seed=model.seed)
    assert all(same_frames(first[name], again[name]) for name in first)
    other = observe(tables, usual, seed=model.seed + 1)
    assert not first["observed_listings"].equals(other["observed_listings"])


def test_the_beginning_of_a_longer_run_is_observed_the_same(tables, usual):
    short = observe(run(LIVELY, until=25, tables=NEEDED), usual)
    long = observe(tables, usual, seed=1)
    for name, day in (
        ("observed_crawls", "day"),
        ("observed_pages", "day"),
        ("observed_sales", "seen_day"),
        ("recorded_crime", "recorded_day"),
    ):
        rows = long[name][long[name][day] < 25].reset_index(drop=True)
        mine = short[name][rows.columns].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, rows, check_categorical=False)
    rows = long["estimates"]
    both = short["estimates"].merge(rows, on=["first_day", "last_day", "what", "estimator"])
    windows = both[~both["what"].astype(str).str.contains("survival|closures")]
    assert len(windows) > 50
    assert windows["value_x"].equals(windows["value_y"])


def test_looking_changes_nothing_in_the_run(tables, usual):
    before = {name: frame.copy() for name, frame in tables.items()}
    observe(tables, usual)
    assert all(same_frames(before[name], tables[name]) for name in NEEDED)


def test_an_observer_draws_nothing_that_the_run_drew():
    whom = np.arange(1000)
    for look in Look:
        mine, of_run = Chance(7).uniform(look, whom, 5), uniforms(7, int(look), whom, 5)
        assert not np.isin(mine, of_run).any()
        assert abs(np.corrcoef(mine, of_run)[0, 1]) < 0.15


def test_every_table_has_the_documented_columns_in_order(tables, usual):
    found = observe(tables, usual)
    assert {name: list(frame) for name, frame in found.items()} == {
        name: list(spec) for name, spec in observed().items()
    }
    kinds = {"category": "category", "bool": "bool"}
    for name, frame in found.items():
        for column, spec in observed()[name].items():
            assert str(frame[column].dtype).lower() == kinds.get(spec.dtype, spec.dtype), (name, column)
        assert len(frame), name


def test_the_picture_has_the_latent_number_and_every_estimate(tables, usual):
    figure = observed_figure(observe(tables, usual)["estimates"])
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(PANELS.values())
    assert [len(axes.get_lines()) for axes in figure.axes] == [5, 5, 2, 2]


# Estimators -----------------------------------------------------------------------------------------------------------
def test_the_estimators_give_what_a_hand_calculates():
    seen = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 1, 0], [1, 1, 0, 0, 1], [0, 0, 1, 1, 0]], bool)
    assert estimators.counted(seen) == 5
    assert estimators.schnabel(seen) == pytest.approx((0 + 2 * 3 + 3 * 4 + 2 * 5) / (1 + 2 + 2))
    assert estimators.lincoln_petersen(seen) == pytest.approx((4 + 1) * (5 + 1) / (4 + 1) - 1)
    assert estimators.chao(seen) == pytest.approx(5 + 0.75 * 1 * 0 / (2 * 4))
    # second occasion: 2 caught, 1 known before, of whom both are caught again; 2 known before and after are missed. third: 3, 2, 0 again
    assert estimators.jolly_seber(seen) == pytest.approx((1 + 2 * 2 / 2) * 2 / 1)


def test_jolly_and_seber_follow_a_population_that_comes_and_goes():
    rng = np.random.default_rng(3)
    begin = rng.integers(-40, 40, 3000)
    there = (begin <= np.arange(12)[:, None] * 3) & (begin + 30 > np.arange(12)[:, None] * 3)
    seen = there & (rng.random(there.shape) < 0.4)
    assert estimators.jolly_seber(seen) == pytest.approx(there[1:-1].sum(axis=1).mean(), rel=0.05)


def test_survival_counts_those_who_are_still_there():
    days, ended = np.array([3, 10, 10, 50]), np.array([True, True, False, False])
    assert estimators.survival(days, ended, 2) == 1.0
    assert estimators.survival(days, ended, 20) == pytest.approx(0.75 * 2 / 3)
    assert np.isnan(estimators.survival(days[:0], ended[:0], 20))


# Settings and the command ---------------------------------------------------------------------------------------------
def test_wrong_settings_are_all_named_with_what_is_allowed():
    with pytest.raises(SettingsError) as error:
        read_settings({"crawler": {"intervall": 3, "coverage": 2}, "police": {"arests": {}}})
    told = str(error.value)
    assert "3 problems in the settings of the observer" in told
    assert "did you mean 'interval'?" in told
    assert "crawler.coverage: given 2" in told


def test_settings_say_what_they_rest_on():
    when = ("first_day", "every", "window")
    for part in (Crawler, Survey):
        for name, field in part.model_fields.items():
            text = field.description or ""
            assert name in when or any(word in text for word in ("assumed", "Cuevas", "[")), name
            assert name in when or name == "segments" or "range" in text, name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("stored") / "run"
    (place.parent / "tiny.yaml").write_text("name: tiny\nconsumers: 400\ndays: 15\nburn_in: 5\n", encoding="utf-8")
    odm("run", place.parent / "tiny.yaml", "--seed", 3, "--tables", ",".join(NEEDED), "--out", place)
    return place


def odm(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_prints_what_is_seen_beside_what_is_there_and_keeps_it(folder, tmp_path):
    done = odm("observe", folder, "--settings", "perfect", "--out", tmp_path / "seen", "--json")
    told = json.loads(done.stdout)
    assert (told["scenario"], told["seed"], done.exit_code) == ("tiny", 3, 0)
    kept = {path.stem for path in (tmp_path / "seen").glob("*.parquet")}
    assert kept == set(observed()) == set(told["rows"])
    assert (tmp_path / "seen" / "observed.svg").is_file()
    assert "Written to" in odm("observe", folder, "--out", tmp_path / "seen").stdout
    checked = odm("verify", tmp_path / "seen")
    assert checked.exit_code == 0
    assert "holds no runs" in checked.stdout


def test_the_command_says_what_is_missing(folder, tmp_path):
    for words, said in (
        ((tmp_path,), "is no folder of a run that kept tables"),
        ((folder, "--settings", "nowhere.yaml"), "no such file"),
    ):
        done = odm("observe", *words)
        assert done.exit_code == 2
        assert said in done.stderr
    moved = folder / "accounts.parquet"
    text = moved.read_bytes()
    moved.unlink()
    assert "has no table accounts" in odm("observe", folder).stderr
    moved.write_bytes(b"nonsense")
    assert "cannot be read" in odm("observe", folder).stderr
    moved.write_bytes(text)


def test_a_run_of_several_is_observed_where_its_tables_are(folder, tmp_path):
    whole = tmp_path / "several"
    one = whole / "tables" / "tiny" / "seed-3"
    shutil.copytree(folder, one)
    (whole / "study.json").write_text("{}")
    assert (
        json.loads(odm("observe", one, "--json").stdout)["estimates"]
        == json.loads(odm("observe", folder, "--json").stdout)["estimates"]
    )
    said = odm("observe", whole).stderr
    assert "holds several runs" in said
    assert "seed-3" in said


def test_a_run_without_the_tables_says_which():
    with pytest.raises(ValueError, match="no table orders, platforms"):
        observe({"accounts": PAPER["accounts"]})
