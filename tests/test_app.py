"""The page without a browser: what is asked, the studies of a server, and what their stores say."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec

import pytest
import yaml

from sim.app import say, texts
from sim.app.cards import cards, range_in, read_value
from sim.app.home import EVENTS, FILE, LOG, Home, Limits
from sim.app.plan import Package, Plan, Size, checked, default, from_scenario, from_study, shipped
from sim.app.reading import Reader
from sim.app.running import HOLDER, Progress, Runner
from sim.measures.scale import REAL
from sim.registry import policy_kinds
from sim.report.comparison import compare
from sim.scenario import ScenarioError, list_scenarios
from sim.studies.errors import RequestError
from sim.studies.store import lock
from tests.app_server import ROOT, end_studies, small

WAIT_SECONDS = 180
needs_page = pytest.mark.skipif(find_spec("shiny") is None and not os.environ.get("CI"), reason="the extra app is not installed")  # fmt: skip


def wait_for(met, seconds=WAIT_SECONDS):
    """Wait until something holds, and give what it gave."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = met()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come about in time")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A server's folder with one comparison that has ended."""
    home = Home(tmp_path_factory.mktemp("app"))
    runner, identity = Runner(home, workers=1), home.write(small())
    runner.start(identity)
    try:
        wait_for(lambda: runner.progress(identity).state != "working")
        assert runner.progress(identity).state == "done", runner.progress(identity)
        yield home, identity
    finally:
        end_studies(home.folder)


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
        assert "1,000" in limits.in_words()
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
            with pytest.raises(RequestError, match="at work"):
                other.start(home.write(small(pairs=3)))
            other.stop(identity)
            sleeper.wait(20)
            assert other.progress(identity).state == "stopped"
        finally:
            sleeper.kill()
            sleeper.wait()

    def test_what_stopped_a_study_is_said(self, tmp_path):
        home = Home(tmp_path)
        identity = home.write(small())
        (home.place(identity) / LOG).write_text("odm: the folder cannot be written: No space left on device\n")
        assert Runner(home).progress(identity) == Progress(
            "failed", note="odm: the folder cannot be written: No space left on device"
        )

    @needs_page
    def test_the_first_question_is_answered_when_the_server_starts_and_once(self, tmp_path, monkeypatch):
        from sim.app.serving import application

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

    def test_nothing_is_read_where_nothing_is(self, tmp_path):
        home = Home(tmp_path)
        assert Reader(home).read(home.write(small())) is None

    @needs_page
    def test_what_is_taken_away_is_of_the_study_and_of_nothing_else(self, done):
        from sim.app.serving import _Taking

        home, identity = done
        taking = _Taking(home)
        for what in ("study", "record", "report", "report-simulated", "scenario-0", "data", "figures"):
            name, content = taking.content(identity, what)
            assert "." in name
            assert len(content) > 100
        assert b"<script" not in taking.content(identity, "report")[1]
        for wrong in ("scenario-9", "../study", "messages.txt", ""):
            with pytest.raises((KeyError, ValueError, IndexError)):
                taking.content(identity, wrong)
        with pytest.raises(RequestError):
            taking.content("0" * 20, "study")

    @needs_page
    def test_of_two_pairs_nothing_is_claimed_beyond_the_findings(self, done):
        from sim.app import answer

        home, identity = done
        reading = Reader(home).read(identity)
        told = {label: told.found for label, told in reading.told("real").items()}
        html = str(answer.headline(reading, "real"))
        claims = html.count('class="side ')
        assert (claims == 0) == (not any(told.values()))
        assert html.count('<p class="none">') == sum(not found for found in told.values())

    @needs_page
    def test_every_part_of_the_answer_is_made_in_both_scales_and_escapes_names(self, done):
        from sim.app import answer, sheets

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


class TestTexts:
    def test_every_text_that_is_named_in_the_code_is_in_the_language_file(self):
        named = set()
        for path in (ROOT / "sim" / "app").glob("*.py"):
            named |= set(re.findall(r'say\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8")))
        assert named
        assert named - set(texts()) == set()

    def test_no_text_is_there_that_nothing_says(self):
        code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim" / "app").glob("*.py")).replace(
            "'", '"'
        )
        built = set(re.findall(r'say\(\s*f"([a-z_]+)\.\{', code))  # names made of a group and a word
        unsaid = [
            name
            for name in texts()
            if name not in code and (name.partition(".")[0] not in built or f'"{name.partition(".")[2]}"' not in code)
        ]
        assert [name for name in unsaid if name.partition(".")[0] != "group"] == []

    def test_values_are_filled_in(self):
        assert say("answer.n", pairs=8) == "n = 8 pairs"


def test_the_command_says_how_to_install_what_the_page_needs(monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from sim.cli import app

    monkeypatch.setattr("sim.app.serving.find_spec", lambda name: None)
    found = CliRunner().invoke(app, ["app", "--out", str(tmp_path / "x"), "--no-browser"])
    assert found.exit_code == 2
    assert "the extra `app`" in found.output


def test_the_first_question_is_one_that_can_be_asked():
    plan = default()
    assert len(plan.packages) == 2
    assert plan.size == Size(5000, 730, 8)
    plan.ready()
