"""The page without a browser: what is asked, the studies of a server, and what their stores say."""

import json
import os
import re
import subprocess
import sys
from collections import OrderedDict
from dataclasses import replace
from datetime import date
from importlib.util import find_spec

import numpy as np
import pytest
import yaml

from sim import run_study
from sim._version import __version__
from sim.app import name_of, say, stamps, texts
from sim.app.beside import Side, beside
from sim.app.cards import cards, range_in, read_value
from sim.app.home import EVENTS, FILE, LOG, Home, Limits, as_yaml
from sim.app.plan import BY, NOTHING, Package, Plan, Size, checked, default, from_scenario, from_study, shipped
from sim.app.reading import Reader
from sim.app.running import HOLDER, Progress, Runner
from sim.app.stored import FILE as ANSWERS
from sim.app.stored import everything, key_of, stored, summary, write
from sim.evidence.tables import load_jurisdictions
from sim.measures.scale import REAL
from sim.registry import policy_kinds
from sim.report.comparison import compare
from sim.report.parts.validation import shipped_validation
from sim.scenario import Scenario, ScenarioError, list_scenarios
from sim.studies.errors import RequestError
from sim.studies.execution.batches import be_ahead
from sim.studies.findings.groups import member_name
from sim.studies.runs import common_days
from sim.studies.runs.common_days import worlds_of
from sim.studies.runs.simulate import default_model, simulate
from sim.studies.store import lock
from sim.studies.store.names import SO_FAR
from sim.studies.store.store import Store
from tests.app_server import ROOT, end_studies, small
from tests.study_market import not_drawn

needs_page = pytest.mark.skipif(find_spec("shiny") is None and not os.environ.get("CI"), reason="the extra app is not installed")  # fmt: skip


def _at_work(folder, run, label, orders):
    """Write down a run of twenty days as far as it has come: orders a day on the street."""
    (folder / SO_FAR).mkdir(parents=True, exist_ok=True)
    values = np.array(orders, dtype=np.float32)
    np.savez(folder / SO_FAR / f"{run}.npz", scenario=np.array(label), days=np.array(20), orders_street=values)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A server's folder with one comparison that has ended; its figures, which take longer than all else, are two small ones."""
    home = Home(tmp_path_factory.mktemp("app"))
    identity = home.write(small())
    with pytest.MonkeyPatch.context() as patched:
        for page in ("study_page", "comparison_page.figures"):
            patched.setattr(f"sim.report.{page}.save_figure", not_drawn)
        patched.setattr("sim.report.study_page.html_page", lambda _: "<!doctype html><title>not drawn</title>")
        run_study(home.plan(identity).ready(), home.run_folder(identity), workers=1, executor="inline")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3))
    axes.plot([1, 2])
    place = home.run_folder(identity) / "answer" / "figures"
    place.mkdir(exist_ok=True)
    for kind in ("svg", "png"):
        figure.savefig(place / f"line.{kind}")
    plt.close(figure)
    assert Runner(home).progress(identity).state == "done"
    return home, identity


class TestAsking:
    def test_a_plan_comes_back_from_the_study_file_that_it_writes(self):
        plan = replace(small(), happens=({"kind": "supply_shock", "start": 3},))
        assert from_study(yaml.safe_load(yaml.safe_dump(plan.study()))) == plan

    def test_the_same_question_has_the_same_identity_and_another_size_another(self):
        assert small().identity == small().identity
        assert len({small(pairs=pairs).identity for pairs in (2, 3, 4)}) == 3

    @pytest.mark.parametrize("name", [name for name, *_ in list_scenarios() if name != "baseline"])
    def test_every_question_that_ships_can_be_asked(self, name):
        plan = from_scenario(shipped(name))
        assert plan.question
        plan.ready()

    def test_what_comes_from_outside_happens_in_every_world(self):
        plan = from_scenario(shipped("novel-opioid-answered"))
        first, other = plan.study()["scenarios"]
        assert [each["kind"] for each in first["policies"]] == ["novel_opioid"]
        assert len(other["policies"]) == 4

    def test_a_shock_that_stands_alone_is_what_is_looked_at(self):
        assert [each["kind"] for each in from_scenario(shipped("supply-shock")).packages[0].policies] == [
            "supply_shock"
        ]

    def test_names_of_packages_may_be_anything_and_equal(self):
        packages = tuple(
            Package(name, small().packages[0].policies) for name in ("<b>&", "Ärger", "Ärger", "no new intervention")
        )
        ready = replace(small(), packages=packages).ready()
        assert len(ready.scenarios) == 5

    def test_a_setting_inside_a_condition_is_put_and_taken_out_again(self):
        plan = small().setting(0, 0, "when.outcome", "deaths").setting(0, 0, "when.above", 0.5)
        assert plan.packages[0].policies[0]["when"] == {"outcome": "deaths", "above": 0.5}
        plan = plan.setting(0, 0, "when.above", None).setting(0, 0, "when.outcome", None)
        assert plan == small()

    @pytest.mark.parametrize(
        ("path", "value"), [("start", 10_000), ("end", 2), ("strength", 7), ("rank", "many"), ("host", "atlantis")]
    )
    def test_absurd_values_are_refused_in_the_words_of_the_checks(self, path, value):
        with pytest.raises(ScenarioError) as refused:
            small().setting(0, 0, path, value).ready()
        assert path in str(refused.value)
        assert "allowed" in str(refused.value)

    @pytest.mark.parametrize(
        "content",
        [None, [], {"uses": "mine.py"}, {"agents": {"operator": "mine.Operator"}}, {"extends": "/etc/passwd"}, {"polices": []}, {"substances": "list.csv"}],
    )  # fmt: skip
    def test_a_file_that_a_stranger_sends_names_no_code_and_no_file(self, content):
        with pytest.raises(ScenarioError):
            checked(content)

    def test_nothing_to_compare_is_said(self):
        with pytest.raises(ScenarioError, match="intervention"):
            Plan(packages=(Package("empty"),)).ready()

    @needs_page
    def test_a_scenario_file_keeps_its_shocks_when_it_is_loaded(self):
        from shiny import reactive

        from sim.app.shown.desk import Desk

        plan = from_scenario(shipped("novel-opioid-answered"))
        with reactive.isolate():
            desk = Desk(default())
            desk.load("mine.yaml", as_yaml(plan.scenario(0)))
            assert desk.plan().happens == plan.happens
            assert "other shocks" in desk.loaded()
            desk.load("again.yaml", as_yaml(plan.scenario(0)))
            assert desk.plan().happens == plan.happens
            assert "loaded as a package" in desk.loaded()

    @needs_page
    def test_a_file_pushes_no_package_out_and_one_without_interventions_is_said_to_be_none(self):
        from shiny import reactive

        from sim.app.shown.desk import Desk

        with reactive.isolate():
            desk = Desk(default())
            desk.load("plain.yaml", "name: plain\nextends: baseline\n")
            assert desk.plan().packages == default().packages
            assert "no intervention" in desk.loaded()
            desk.do(["copy", "0"])
            desk.do(["copy", "1"])
            full = desk.plan()
            with pytest.raises(RequestError, match="4 packages at most"):
                desk.load("fifth.yaml", as_yaml(full.scenario(0)))
            assert desk.plan() == full


class TestCards:
    def test_every_kind_has_a_card_made_of_its_own_words(self):
        assert set(cards()) == set(policy_kinds())
        for kind, card in cards().items():
            model = policy_kinds()[kind]
            assert card.purpose
            assert card.can_fail
            paths = {each.path for each in (*card.times, *card.whom, *card.own)}
            assert paths == set(model.model_fields) - {"kind", "label", "after", "every", "lasting", "when"}

    @pytest.mark.parametrize("kind", sorted(policy_kinds()) or ["none"])
    def test_a_slider_holds_the_default_and_its_declared_range(self, kind):
        for each in (*cards()[kind].times, *cards()[kind].own):
            if each.widget == "slider":
                assert each.low < each.high
                assert each.default is None or each.low <= each.default <= each.high
                declared = range_in(policy_kinds()[kind].model_fields[each.path].description or "")
                assert declared is None or (each.low <= declared[0] and declared[1] <= each.high)

    def test_what_is_typed_becomes_what_a_scenario_file_has(self):
        card = cards()["takedown"]
        assert read_value(card.setting("start"), "30") == 30
        assert read_value(card.setting("end"), "") is None
        assert read_value(card.setting("strength"), "0.25") == 0.25
        assert read_value(card.setting("rank"), "many") == "many"
        assert read_value(card.setting("operators_arrested"), False) is False
        assert read_value(cards()["naloxone"].setting("segments"), ["patient", "nobody"]) == ["patient"]


class TestServer:
    def test_limits_are_said_before_they_are_met_and_when_they_are(self):
        limits = Limits(consumers=1000, days=365, pairs=4)
        assert "1,000" in limits.in_words(3)
        assert "3 of 500" in limits.in_words(3)
        assert limits.broken(small()) == []
        assert len(limits.broken(replace(small(), size=Size(2000, 730, 8)))) == 3
        assert len(Limits(work=1e3).broken(small())) == 1

    def test_a_server_that_is_full_says_so_and_keeps_what_it_has(self, tmp_path):
        home = Home(tmp_path, Limits(studies=1))
        first = home.write(small())
        with pytest.raises(RequestError, match="no room"):
            home.write(small(pairs=3))
        assert home.studies() == [first]
        assert home.write(small()) == first

    def test_a_full_disk_is_said_before_anything_is_begun(self, tmp_path, monkeypatch):
        monkeypatch.setattr(
            "sim.app.home.shutil.disk_usage", lambda _: os.statvfs and type("U", (), {"free": 1_000_000})
        )
        with pytest.raises(RequestError, match="nearly full"):
            Home(tmp_path).write(small())

    def test_a_folder_that_cannot_be_written_is_said(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(RequestError, match="cannot write"):
            Home(tmp_path / "file").write(small())

    @pytest.mark.parametrize("identity", ["", "..", "../../etc", "0" * 20, "x" * 20])
    def test_a_link_to_nothing_finds_nothing(self, tmp_path, identity):
        home = Home(tmp_path)
        assert not home.has(identity)
        assert Runner(home).progress(identity) == Progress("none")
        with pytest.raises(RequestError):
            home.plan(identity)

    def test_a_study_at_work_is_found_by_a_server_that_did_not_start_it(self, tmp_path):
        home = Home(tmp_path, Limits(at_once=1))
        identity = home.write(small())
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        try:
            (home.place(identity) / HOLDER).write_text(json.dumps(lock.holder(sleeper.pid)))
            event = {"event": "progress", "done": 2, "runs": 6, "failed": 0, "seconds_left": 4.0}
            (home.place(identity) / EVENTS).write_text(json.dumps(event) + '\n{"event": "progr')
            other = Runner(home)
            assert other.progress(identity) == Progress("working", 2, 6, 0, 4.0)
            other.stop(identity)
            sleeper.wait(20)
            assert other.progress(identity).state == "stopped"
        finally:
            sleeper.kill()
            sleeper.wait()

    def test_who_comes_to_a_busy_server_waits_in_turn_and_is_told_place_and_time(self, tmp_path, monkeypatch):
        home = Home(tmp_path, Limits(at_once=2, waiting=2))
        runner, begun = Runner(home), []
        left = {home.write(small(pairs=pairs)): seconds for pairs, seconds in ((10, 30.0), (11, 50.0))}
        monkeypatch.setattr(Runner, "_alive", lambda _, identity: identity in left)
        monkeypatch.setattr(Runner, "_begin", lambda _, identity: begun.append(identity))
        monkeypatch.setattr(Home, "seconds_for", lambda *_: 40.0)
        for identity, seconds in left.items():
            event = {"event": "progress", "done": 2, "runs": 6, "failed": 0, "seconds_left": seconds}
            (home.place(identity) / EVENTS).write_text(json.dumps(event))
            (home.place(identity) / HOLDER).write_text("{}")
        first, second, third = (home.write(small(pairs=pairs)) for pairs in (2, 3, 4))
        runner.start(first)
        runner.start(second)
        assert begun == []
        assert (runner.progress(first).place, runner.progress(first).seconds_left) == (1, 30.0)
        assert (runner.progress(second).place, runner.progress(second).seconds_left) == (2, 50.0)
        assert runner.seconds_until(3) == 70.0  # the first has ended by then
        with pytest.raises(RequestError, match="2 comparisons wait"):
            runner.start(third)
        again = Runner(home)  # a server that starts again knows who waits
        again.stop(first)
        assert again.progress(first).state == "stopped"
        left.popitem()
        again.advance()
        assert begun == [second]
        assert again.waiting() == []

    @needs_page
    def test_whose_comparison_is_at_work_or_waits_is_told_of_no_queue(self, tmp_path, monkeypatch):
        from sim.app.shown.page import estimate

        home = Home(tmp_path, Limits(at_once=1))
        runner, at_work = Runner(home), home.write(small(pairs=10))
        monkeypatch.setattr(Runner, "_alive", lambda _, identity: identity == at_work)
        (home.place(at_work) / HOLDER).write_text("{}")
        waits = home.write(small(pairs=11))
        assert "number 1 in the queue" in str(estimate(home.plan(waits), runner))
        runner.start(waits)
        assert "number 2 in the queue" in str(estimate(small(pairs=12), runner))
        for mine in (waits, at_work):
            assert "queue" not in str(estimate(home.plan(mine), runner))

    def test_a_study_is_done_by_the_process_that_was_ready_and_one_that_nobody_needs_ends(self, tmp_path):
        home = Home(tmp_path)
        runner, identity = Runner(home, workers=2), home.write(small(pairs=1))
        runner.get_ready()
        assert runner._ready is None, "nobody looks yet"
        runner.expected = True
        runner.get_ready()
        ready = runner._ready
        runner.get_ready()
        assert runner._ready is ready
        runner.start(identity)
        assert json.loads((home.place(identity) / HOLDER).read_text())["pid"] == ready.pid
        runner.get_ready()
        assert runner._ready is None, "one at work keeps the cores"
        assert ready.wait(120) == 0, (home.place(identity) / LOG).read_text()
        progress = runner.progress(identity)
        assert (progress.state, progress.done, progress.runs) == ("done", 3, 3)
        runner.get_ready()
        unneeded = runner._ready
        runner.close()
        assert unneeded.wait(60) == 0

    def test_the_days_before_the_first_pair_are_done_while_nobody_has_asked_yet(self, monkeypatch):
        """A question of the size that the page proposes, with whatever interventions, goes on from them, and has the numbers that it would have had without."""
        size = Size(consumers=400, days=60)
        scenario = (
            Plan(packages=(Package("Naloxone", ({"kind": "naloxone", "start": 0},)),), size=size)
            .ready()
            .scenarios["naloxone"]
        )
        monkeypatch.setattr(common_days, "_kept", OrderedDict())
        alone = simulate(scenario, 1, default_model(), by=BY).model
        be_ahead(**json.loads(json.dumps(Plan(size=size).begins_with)))
        [(world, kept)] = common_days._kept.items()
        assert world.day == 0
        assert common_days.recall({0: world}, scenario).day == 0
        assert set(worlds_of(scenario, 1, BY, False).values()) == {world}
        after = simulate(scenario, 1, default_model(), by=BY, share=()).model
        assert after.outcomes() == pytest.approx(alone.outcomes(), rel=0, abs=0, nan_ok=True)
        assert kept is common_days._kept[world]

    def test_a_process_that_was_ready_and_died_is_missed_by_nobody(self, tmp_path):
        home = Home(tmp_path)
        runner, identity = Runner(home), home.write(small())
        ended = subprocess.Popen([sys.executable, "-c", "pass"], bufsize=0, stdin=subprocess.PIPE)
        ended.wait(60)
        runner._ready = ended
        runner.start(identity)
        try:
            assert runner._ready is None
            assert json.loads((home.place(identity) / HOLDER).read_text())["pid"] != ended.pid
            assert runner.progress(identity).state == "working"
        finally:
            end_studies(tmp_path)
            runner._children[identity].wait(60)

    def test_what_stopped_a_study_is_said(self, tmp_path):
        home = Home(tmp_path)
        identity = home.write(small())
        (home.place(identity) / LOG).write_text("odm: the folder cannot be written: No space left on device\n")
        assert Runner(home).progress(identity) == Progress(
            "failed", note="odm: the folder cannot be written: No space left on device"
        )

    @needs_page
    def test_the_first_question_is_answered_when_the_server_starts_and_once(self, tmp_path, monkeypatch):
        from sim.app.shown.serving import application

        begun = []
        monkeypatch.setattr(Runner, "start", lambda runner, identity: begun.append(identity))
        application(Home(tmp_path), example=False)
        assert begun == []
        application(Home(tmp_path))
        assert begun == [default().identity] == Home(tmp_path).studies()

    def test_a_study_whose_file_was_damaged_is_no_study(self, tmp_path):
        home = Home(tmp_path)
        identity = home.write(small())
        (home.place(identity) / FILE).write_text("scenarios: 5")
        with pytest.raises(RequestError):
            home.plan(identity)


def test_places_and_money_have_the_names_that_people_use():
    assert all(f"names.{place}" in texts() for place in load_jurisdictions())
    assert name_of("united_kingdom_europe") == "United Kingdom and Europe"
    assert name_of("social_supplier") == "social supplier"
    assert "USD per consumer" in {setting.name for setting in cards()["drug_checking"].own}


class TestReading:
    def test_what_is_read_is_what_a_comparison_gives(self, done):
        home, identity = done
        reading = Reader(home).read(identity)
        assert reading is not None
        assert (reading.pairs, reading.asked) == (2, 2)
        scenarios = list(home.plan(identity).ready().scenarios.values())
        same = compare(scenarios[0], scenarios[1:], runs=2, seed=1, workers=1)
        mine, theirs = (
            each.set_index(["scenario", "outcome"])["mean"] for each in (reading.comparison.effects, same.effects)
        )
        assert (mine - theirs.reindex(mine.index)).abs().max() < 1e-9
        assert set(mine.index) == set(theirs.index)
        assert reading.real.scale == REAL

    def test_how_long_it_takes_is_told_from_what_was_done_here(self, done, tmp_path):
        home, _ = done
        short, long = (home.seconds_for(small(pairs=pairs), 2) for pairs in (2, 20))
        assert short is not None
        assert long == pytest.approx(10 * short)
        assert home.seconds_for(small(days=2000), 2) > short
        assert Home(tmp_path).seconds_for(small(), 2) is None

    def test_a_study_that_is_done_is_not_done_again(self, done):
        home, identity = done
        runner = Runner(home)
        runner.start(identity)
        assert runner.at_work() == []
        assert runner.progress(identity).state == "done"

    @needs_page
    def test_before_a_pair_is_whole_the_packages_are_read_that_were_run_beside_the_baseline(self, done, monkeypatch):
        home, identity = done
        whole = Reader(home).read(identity)
        labels = list(whole.comparison.scenarios)
        from sim.app.shown import answer

        store = Store(home.run_folder(identity))
        store.open(repair=False)
        rows = store.rows(store.runs(), ["run", "scenario", "seed"])
        first = rows[rows["seed"] == rows["seed"].min()].set_index("scenario")["run"]

        def read(*there):
            monkeypatch.setattr("sim.app.reading.Store.ok", lambda _, run: run in set(first[list(there)]))
            return Reader(home).read(identity)

        reading = read(labels[0], labels[1])
        assert (reading.pairs, reading.others, reading.pending) == (1, labels[1:2], [whole.titles[labels[2]]])
        mine, theirs = (each.comparison.outcomes.set_index(["seed", "scenario"]) for each in (reading, whole))
        assert list(mine.index) == [(1, label) for label in labels[:2]]
        names = [name for name in mine if name in theirs and not name.startswith("displacement_")]
        assert mine[names].equals(theirs.loc[mine.index, names])
        said = str(answer.headline(reading, "real", coming=7))
        assert whole.titles[labels[2]] in said
        assert "nothing can be told from chance yet" in said
        assert read(labels[0]) is None
        assert read(labels[1], labels[2]) is None

    def test_only_pairs_that_are_whole_are_read(self, done, monkeypatch):
        home, identity = done
        keep = Reader._runs
        seen = []
        monkeypatch.setattr("sim.app.reading.Store.ok", lambda store, run: run != lost)
        import sim.studies.store.store as stores

        store = stores.Store(home.run_folder(identity))
        store.open(repair=False)
        lost = store.runs()[0]
        monkeypatch.setattr(Reader, "_runs", lambda self, *what: seen.append(what[-1]) or keep(self, *what))
        reading = Reader(home).read(identity)
        assert reading is not None
        assert reading.pairs == 1
        assert len(seen[0]) == 1

    @needs_page
    def test_after_the_first_pair_the_page_says_what_comes_and_asks_for_more_only_where_no_more_come(
        self, done, monkeypatch
    ):
        from sim.app.shown import page
        from sim.app.shown.sheet import Choice, sheet

        home, identity = done
        store = Store(home.run_folder(identity))
        store.open(repair=False)
        lost = store.runs()[0]
        monkeypatch.setattr("sim.app.reading.Store.ok", lambda store, run: run != lost)
        reading = Reader(home).read(identity)
        assert reading is not None
        plan = home.plan(identity)
        working, ended = (str(sheet(reading, "short", Choice(), plan, coming)) for coming in (7, 0))
        assert "7 more are on their way" in working
        assert "ask for more" not in working
        assert "ask for more" in ended
        said = page.progress(Progress("working", 6, 24), (reading.pairs, 8), example=False)[0]
        assert "The first of 8 pairs is in; intervals come with the second." in said
        every = "".join(
            str(sheet(reading, name, Choice(), plan)) for name in ("short", "effects", "whom", "moves", "cost")
        )
        assert "1 pairs" not in every

    @needs_page
    def test_while_the_first_pair_is_at_work_its_days_are_shown_and_nothing_is_claimed(self, tmp_path):
        from sim.app.shown import sheets

        home = Home(tmp_path)
        plan = small(days=20)
        plan = replace(plan, packages=(replace(plan.packages[0], name="Close <a> market"), plan.packages[1]))
        identity = home.write(plan)
        folder = home.run_folder(identity)
        baseline, first = NOTHING, plan.labels[0]
        reader = Reader(home)
        assert reader.early(identity) is None, "nothing is at work"
        _at_work(folder, "a", first, range(1, 5))
        assert reader.early(identity) is None, "a package alone says nothing"
        _at_work(folder, "b", baseline, range(1, 8))
        early = reader.early(identity)
        assert early is not None
        assert early is reader.early(identity), "what has not changed is not read again"
        assert (early.day, early.days, list(early.titles)) == (4, 20, [baseline, first])
        assert early.daily.groupby("scenario")["orders_street"].sum().to_dict() == {first: 10.0, baseline: 10.0}
        weight = plan.ready().scenarios[baseline].weight
        assert early.of("real")["orders_street"].sum() == pytest.approx(20 * weight)
        said = str(sheets.so_far(early, "real", plan))
        assert "Day 4 of 20" in said
        assert "no interval" in said
        assert "acts before day 5" in said
        assert "<a>" not in said
        _at_work(folder, "a", first, range(1, 7))
        later = reader.early(identity)
        assert later is not None
        assert later.day == 6
        assert "acts before" not in str(sheets.so_far(later, "real", plan))

    @needs_page
    @pytest.mark.parametrize(
        ("change", "new"),
        [({"seconds_left": 96.0}, False), ({"seconds_left": 80.0}, True), ({"done": 3}, True), ({"state": "done"}, True),
         ({"seconds_left": None}, True), ({}, False)],
    )  # fmt: skip
    def test_the_page_is_not_drawn_anew_for_a_time_left_that_is_nearly_the_same(self, change, new):
        from sim.app.shown.looking import is_news

        before = Progress("working", 2, 24, seconds_left=100.0)
        assert is_news(before, replace(before, **change)) is new

    def test_nothing_is_read_where_nothing_is(self, tmp_path):
        home = Home(tmp_path)
        assert Reader(home).read(home.write(small())) is None

    @needs_page
    def test_what_is_taken_away_is_of_the_study_and_of_nothing_else(self, done):
        from sim.app.shown.serving import _Taking

        home, identity = done
        taking = _Taking(home)
        for what in ("study", "record", "scenario-0", "data", "figures"):
            name, content = taking.content(identity, what)
            assert "." in name
            assert len(content) > 100
        for wrong in ("scenario-9", "../study", "messages.txt", ""):
            with pytest.raises((KeyError, ValueError, IndexError)):
                taking.content(identity, wrong)
        with pytest.raises(RequestError):
            taking.content("0" * 20, "study")

    @pytest.mark.slow
    @needs_page
    def test_the_report_is_taken_away_in_both_scales(self, done):
        from sim.app.shown.serving import _Taking

        home, identity = done
        real, simulated = (_Taking(home).content(identity, what)[1] for what in ("report", "report-simulated"))
        assert b"Close a market" in real
        assert b"<script" not in real
        assert real != simulated

    @needs_page
    def test_a_figure_that_is_taken_away_says_what_it_is_of(self, done):
        import io
        import zipfile
        from xml.etree import ElementTree

        from PIL import Image

        from sim.app.shown.serving import _Taking

        home, identity = done
        with zipfile.ZipFile(io.BytesIO(_Taking(home).content(identity, "figures")[1])) as archive:
            svg, png = (archive.read(f"answer/figures/line.{kind}") for kind in ("svg", "png"))
        words = " ".join(
            each.text or "" for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
        )
        for told in (
            "What if a market closes?",
            "Simulated",
            __version__,
            identity,
            str(date.today().year),
            "2 pairs",
            "300",
        ):
            assert told in words
        plain = home.run_folder(identity) / "answer" / "figures" / "line.png"
        with Image.open(io.BytesIO(png)) as stamped, Image.open(plain) as before:
            assert stamped.width == before.width
            assert stamped.height > before.height
            strip = stamped.crop((0, before.height, stamped.width, stamped.height)).convert("L")
            assert strip.getextrema()[0] < 160 < strip.getextrema()[1]  # something is written there

    def test_a_stamp_escapes_what_people_wrote_and_leaves_alone_what_is_no_figure(self):
        text = stamps.lines(small(question="<script>" + "x " * 400), "0" * 20, "2026-01-01")
        assert len(text) < 6
        figure = b'<svg height="10pt" viewBox="0 0 20 10" width="20pt"></svg>'
        assert b"<script" not in stamps.stamped("a.svg", figure, text)
        assert stamps.stamped("a.svg", b"<svg>", text) == b"<svg>"
        assert stamps.stamped("a.csv", b"a,b", text) == b"a,b"

    @needs_page
    @pytest.mark.parametrize("middle", [-100.0, 0.0, 40.0, 100.0])
    def test_the_name_of_a_package_stays_inside_the_picture_of_its_cost(self, middle):
        from sim.app.shown import charts

        name = "A year-round education campaign with everything else that comes to mind"
        drawn = charts.plane(
            [charts.Spot(name, (middle, middle - 50, middle + 50), (5.0, 4.0, 6.0))], ("x", "y"), "words"
        )
        at, anchor, shown = re.search(
            r'class="name" x="([\d.]+)" y="[\d.]+" text-anchor="(\w+)">([^<]+)<', drawn
        ).groups()
        room = charts.WIDTH - float(at) if anchor == "start" else float(at)
        assert len(shown) * charts.LETTER <= room
        assert shown.endswith("\u2026")

    @needs_page
    def test_of_two_pairs_nothing_is_claimed_beyond_the_findings(self, done):
        from sim.app.shown import answer

        home, identity = done
        reading = Reader(home).read(identity)
        told = {label: told.found for label, told in reading.told("real").items()}
        html = str(answer.headline(reading, "real"))
        claims = html.count('class="side ')
        assert (claims == 0) == (not any(told.values()))
        assert html.count('<p class="none">') == sum(not found for found in told.values())

    @needs_page
    def test_every_part_of_the_answer_is_made_in_both_scales_and_escapes_names(self, done):
        from sim.app.shown import answer, sheets

        home, identity = done
        reading = Reader(home).read(identity)
        evil = "<img src=x onerror=alert(1)>"
        reading = replace(reading, titles=dict.fromkeys(reading.titles, evil))
        plan = home.plan(identity)
        for scale in ("real", "simulated"):
            parts = [
                answer.headline(reading, scale), answer.effects(reading, scale), sheets.cost(reading, scale), sheets.sure(reading, scale),
                sheets.over_time(reading, scale, plan), sheets.moves(reading, scale), answer.groups(reading, scale, "segment", "deaths_expected"),
                answer.groups(reading, scale, "jurisdiction", "deaths_expected"),
            ]  # fmt: skip
            html = "".join(map(str, parts))
            assert evil not in html
            assert "nan" not in html.lower().replace("finance", "")
        real, simulated = (str(answer.effects(reading, scale)) for scale in ("real", "simulated"))
        assert "Totals of real people" in real
        assert "Totals of simulated consumers" in simulated
        assert real != simulated

    @needs_page
    def test_every_intervention_is_marked_on_the_days_of_trade_and_harm(self, done):
        from sim.app.shown import sheets

        home, identity = done
        reading, plan = Reader(home).read(identity), home.plan(identity)
        marks = sum(len({entry["start"] for entry in package.policies}) for package in plan.packages)
        pictures = str(sheets.over_time(reading, "real", plan)).split("<svg")[1:]
        drawn = [picture for picture in pictures if "<polyline" in picture or "<path" in picture]
        assert marks
        assert {picture.count('class="start') for picture in drawn} == {marks}

    @needs_page
    def test_every_group_of_outcomes_says_how_many_published_facts_on_it_the_model_meets(self, done):
        from sim.app.shown import answer

        home, identity = done
        html = str(answer.effects(Reader(home).read(identity), "real"))
        facts = shipped_validation()
        hits, of = facts.met(["health"])
        assert 0 < hits < of
        assert say("effects.facts", hits=hits, of=of) in html
        assert say("effects.no_facts") in html
        assert {level for levels in answer.LEVELS.values() for level in levels} == set(facts.by_level())
        assert answer.evidence_on("health", None) == ""


@pytest.fixture(scope="module")
def kept(done, tmp_path_factory):
    """The answer of the comparison that has ended, as it would ship; its file, its plan and its reading."""
    home, identity = done
    plan, reading = home.plan(identity), Reader(home).read(identity)
    path = tmp_path_factory.mktemp("stored") / "stored.json.gz"
    packages = {
        key_of(plan, package): summary(reading.comparison, label)
        for label, package in zip(plan.labels, plan.packages, strict=True)
    }
    write(packages, {"pairs": 2, "consumers": 300, "made": "2026-01-01", "model": "another"}, path)
    return path, plan, reading


class TestStored:
    @needs_page
    def test_of_few_pairs_the_headline_warns_as_a_report_does(self):
        from sim.app.shown import answer

        kept = stored(default())
        assert kept.pairs == 4
        assert "only 4 pairs of runs" in str(answer.headline(kept, "real")).lower()
        assert "pairs of runs: intervals are wide" not in str(answer.headline(replace(kept, runs=8), "real"))

    def test_it_says_what_the_comparison_says_in_both_scales(self, kept):
        path, plan, reading = kept
        found = stored(plan, path)
        assert found is not None
        assert (found.pairs, found.consumers, found.current) == (2, 300, False)
        for scale in ("real", "simulated"):
            mine, theirs = (
                {(row["scenario"], row["outcome"]): row for row in each.rows(scale)} for each in (found, reading)
            )
            assert mine.keys() == theirs.keys()
            for key, row in mine.items():
                assert row["verdict"] == theirs[key]["verdict"]
                for name in ("baseline", "mean", "low", "high"):
                    assert row[name] == pytest.approx(theirs[key][name], rel=1e-3, nan_ok=True)
            assert {k: v.names for k, v in found.told(scale).items()} == {
                k: v.names for k, v in reading.told(scale).items()
            }

    def test_names_and_size_do_not_matter_and_what_is_done_does(self, kept):
        path, plan, _ = kept
        first, second = plan.packages
        other = replace(
            plan,
            question="?",
            packages=(replace(second, name="A"), replace(first, name="B")),
            size=replace(plan.size, pairs=9),
        )
        assert stored(other, path).others == ["a", "b"]
        assert list(stored(other, path).titles.values()) == ["A", "B"]
        assert stored(plan.setting(0, 0, "start", 6), path) is None
        assert stored(replace(plan, size=replace(plan.size, days=21)), path) is None
        assert stored(replace(plan, happens=({"kind": "supply_shock", "start": 3},)), path) is None
        assert stored(replace(plan, packages=()), path) is None

    @pytest.mark.parametrize("content", [None, b"", b"no archive"])
    def test_where_nothing_is_stored_nothing_is_shown(self, tmp_path, content):
        if content is not None:
            (tmp_path / "x").write_bytes(content)
        assert stored(small(), tmp_path / "x") is None

    def test_the_first_question_is_answered_at_once_and_what_is_stored_is_of_questions_that_ship(self):
        found = stored(default())
        assert found is not None
        assert (found.pairs, found.consumers) == (4, 2000)
        assert len(found.rows("real")) > 30 * len(found.others)
        plans = [default(), *(from_scenario(shipped(name)) for name, *_ in list_scenarios() if name != "baseline")]
        asked = {key_of(plan, package) for plan in plans for package in plan.packages}
        assert set(everything()["packages"]) <= asked
        assert ANSWERS.stat().st_size < 100_000


@pytest.fixture(scope="module")
def sides(done):
    """The two packages of the comparison that has ended."""
    home, identity = done
    plan, reading = home.plan(identity), Reader(home).read(identity)
    return [Side(plan, reading, label) for label in reading.others]


class TestBeside:
    @pytest.mark.parametrize("scale", ["real", "simulated"])
    def test_the_difference_is_that_of_the_effects_pair_by_pair(self, sides, scale):
        both = beside(*sides, scale)
        assert (both.why_not, both.seeds) == ("", 2)
        assert set(both.difference) == set(both.one) == set(both.other)
        for name, row in both.difference.items():
            effects = both.other[name]["mean"] - both.one[name]["mean"]
            assert row["mean"] == pytest.approx(
                effects, rel=1e-6, abs=1e-6 * abs(both.one[name]["baseline"]), nan_ok=True
            )
            assert not row["low"] > row["high"]

    def test_a_package_beside_itself_differs_in_nothing(self, sides):
        both = beside(sides[0], sides[0], "real")
        assert {row["mean"] for row in both.difference.values() if row["mean"] == row["mean"]} == {0.0}
        assert {row["verdict"] for row in both.difference.values()} == {"unclear"}

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"size": Size(301, 20, 2)}, "the number of consumers"),
            ({"size": Size(300, 21, 2)}, "the days"),
            ({"world": {"extends": "baseline"}}, "the world"),
            ({"happens": ({"kind": "supply_shock", "start": 3},)}, "what happens anyway"),
        ],
    )
    def test_what_was_not_run_in_the_same_world_is_not_subtracted(self, sides, change, why):
        one, other = sides
        both = beside(one, replace(other, plan=replace(other.plan, **change)), "real")
        assert why in both.why_not
        assert both.difference == {}
        assert len(both.one) > 30

    def test_nor_is_what_has_other_luck_or_comes_from_another_version(self, sides):
        one, other = sides
        frame = other.reading.comparison
        others = replace(frame, seeds=(7, 8), outcomes=frame.outcomes.assign(seed=frame.outcomes["seed"] + 6))
        assert (
            "0 pairs" in beside(one, replace(other, reading=replace(other.reading, comparison=others)), "real").why_not
        )
        moved = replace(frame, outcomes=frame.outcomes.assign(orders=frame.outcomes["orders"] + 1))
        assert (
            "the model changed"
            in beside(one, replace(other, reading=replace(other.reading, comparison=moved)), "real").why_not
        )

    @needs_page
    def test_names_are_escaped_and_what_is_missing_is_said(self, sides):
        from sim.app.shown import side

        evil = "<img src=x onerror=alert(1)>"
        named = [
            replace(each, reading=replace(each.reading, titles=dict.fromkeys(each.reading.titles, evil)))
            for each in sides
        ]
        assert evil not in str(side.sheet(named, beside(*named, "real"), "real"))
        apart = replace(named[1], plan=replace(named[1].plan, size=Size(301, 20, 2)))
        assert "No difference is given" in str(side.sheet([named[0], apart], beside(named[0], apart, "real"), "real"))


class TestTexts:
    def test_every_text_that_is_named_in_the_code_is_in_the_language_file(self):
        named = set()
        for path in (ROOT / "sim" / "app").rglob("*.py"):
            named |= set(re.findall(r'say\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8")))
        assert named
        assert named - set(texts()) == set()

    def test_no_text_is_there_that_nothing_says(self):
        code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim" / "app").rglob("*.py")).replace(
            "'", '"'
        )
        built = set(re.findall(r'say\(\s*f"([a-z_]+)\.\{', code))  # names made of a group and a word
        unsaid = [
            name
            for name in (each.removesuffix("_one") for each in texts())
            if name not in code and (name.partition(".")[0] not in built or f'"{name.partition(".")[2]}"' not in code)
        ]
        assert [name for name in unsaid if name.partition(".")[0] not in ("group", "names")] == []

    def test_what_has_a_name_of_its_own_is_a_place_of_a_scenario(self):
        named = {name.partition(".")[2] for name in texts() if name.startswith("names.")}
        assert named == set(Scenario().jurisdictions)
        assert {name_of(place) for place in named} == {member_name(place) for place in named}, "as reports call them"

    def test_values_are_filled_in(self):
        assert say("answer.n", pairs=8) == "n = 8 pairs"
        assert say("answer.n", pairs=1) == "n = 1 pair, so no intervals"


def test_the_command_says_how_to_install_what_the_page_needs(monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from sim.cli import app

    monkeypatch.setattr("sim.app.shown.serving.find_spec", lambda name: None)
    found = CliRunner().invoke(app, ["app", "--out", str(tmp_path / "x"), "--no-browser"])
    assert found.exit_code == 2
    assert "the extra `app`" in found.output


def test_the_first_question_is_one_that_can_be_asked():
    plan = default()
    assert len(plan.packages) == 2
    assert plan.size == Size(5000, 730, 8)
    plan.ready()
