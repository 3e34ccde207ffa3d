"""Scenarios: what a file may say, what is said back when it is wrong, and what identifies a scenario."""

import copy
import json
import pickle
import re
import subprocess
import sys
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from sim import registry
from sim.evidence import yaml_files
from sim.evidence.parameters import load_parameters
from sim.evidence.yaml_files import parse
from sim.registry import policy_kinds, register_policy
from sim.scenario import Scenario, ScenarioError, Submodels, list_scenarios

BOOK = load_parameters()
SUBMODELS = {f"submodels.{name}" for name in Submodels.model_fields}
GROUP = next(iter(BOOK.groups))
SPEC = next(spec for spec in BOOK.specs.values() if spec.unit == "probability" and spec.distribution != "fixed")


class Sweep(BaseModel):
    """Sweep the market: a policy for these tests only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sweep"] = "sweep"
    start: int = 0
    end: int | None = None
    strength: float = Field(default=1, ge=0, le=1, description="strength (0 to 1)")
    publicity: float = Field(default=1, ge=0, description="how far the news travels")
    channel: Literal["cryptomarket", "social_app"] | None = Field(default="cryptomarket", description="where")


class Visit(BaseModel):
    """Visit somebody: another policy for these tests."""

    kind: Literal["visit"] = "visit"
    start: int = 0
    end: int | None = None
    strength: float = Field(default=1, ge=0, le=1)
    count: int = Field(ge=1, description="visits a day")


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    monkeypatch.setattr(registry, "_KINDS", {})
    register_policy(Sweep)
    register_policy(Visit)


@pytest.fixture
def folder(tmp_path):
    """A folder of scenarios: call it with a name and a text to write one."""

    def write(name, text):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    write("baseline", "title: As it is\nquestion: |\n  What happens\n  without change?\ndays: 100\n")
    return write


def problems(content=None, /, **fields):
    """What is wrong with a scenario, by path."""
    with pytest.raises(ScenarioError) as caught:
        Scenario({**(content or {}), **fields})
    return {problem.path: problem for problem in caught.value.problems}


# Defaults, loading, extending


def test_an_empty_scenario_is_the_default_world():
    scenario = Scenario()
    assert (scenario.seed, scenario.days, scenario.burn_in, scenario.consumers) == (1, 730, 180, 20_000)
    assert [row.name for row in scenario.substance_table][:2] == ["cannabis", "mdma"]
    assert len(scenario.jurisdiction_table) == 4
    for group in BOOK.groups:
        assert scenario.parameters_for(group) == BOOK.defaults(group)


def test_parameters_come_as_the_named_tuple_of_their_group():
    scenario = Scenario(parameters={SPEC.group: {SPEC.name: 0.25}})
    values = scenario.parameters_for(SPEC.group)
    assert type(values) is BOOK.groups[SPEC.group]
    assert getattr(values, SPEC.name) == 0.25
    with pytest.raises(ScenarioError, match="did you mean"):
        scenario.parameters_for(GROUP[:-1])


def test_a_scenario_is_found_by_name_by_path_and_as_a_mapping(folder):
    where = folder("mine", "consumers: 500\n")
    by_name = Scenario.load("mine", search=where)
    assert by_name.name == "mine"
    assert by_name == Scenario.load(where / "mine.yaml") == Scenario.load(str(where / "mine.yaml"))
    assert by_name == Scenario.load({"name": "mine", "consumers": 500})
    assert Scenario.load(by_name) is by_name


def test_a_file_extends_another_and_says_only_what_differs(folder):
    folder(
        "base",
        f"days: 50\ntitle: Base\nparameters: {{{SPEC.group}: {{{SPEC.name}: 0.3}}}}\npolicies: [{{kind: sweep}}]\n",
    )
    where = folder("child", "extends: base\nseed: 9\nsubstances: {cocaine: {dose_usd: 9}}\n")
    child = Scenario.load("child", search=where)
    assert (child.name, child.title, child.days, child.seed) == ("child", "", 50, 9)
    assert child.parameters[SPEC.group][SPEC.name] == 0.3
    assert child.substances["cocaine"].dose_usd == 9
    assert child.policies == (Sweep(),)


def test_a_list_replaces_the_list_that_it_extends(folder):
    folder("base", "policies: [{kind: sweep}, {kind: visit, count: 2}]\n")
    where = folder("child", "extends: base\npolicies: [{kind: visit, count: 3}]\n")
    assert [policy.kind for policy in Scenario.load("child", search=where).policies] == ["visit"]


def test_an_extended_path_is_relative_to_the_file(folder, tmp_path):
    (tmp_path / "deep").mkdir()
    folder("deep/low", "extends: ../baseline.yaml\nseed: 3\n")
    low = Scenario.load(tmp_path / "deep" / "low.yaml")
    assert (low.days, low.seed) == (100, 3)


def test_a_mapping_may_extend_a_named_scenario(folder):
    where = folder("other", "days: 33\n")
    scenario = Scenario.load({"extends": "other"}, search=where)
    assert (scenario.days, scenario.name) == (33, "scenario")


def test_scenarios_are_listed_with_title_and_question(folder):
    where = folder("broken", "a: [")
    listed = {name: (title, question) for name, title, question in list_scenarios(search=where)}
    assert listed["baseline"] == ("As it is", "What happens without change?")
    assert "YAML" in listed["broken"][1]


# Tables


def test_a_scenario_changes_a_row_and_says_that_it_did():
    cocaine = Scenario(substances={"cocaine": {"dose_usd": 9, "needs": {"patient": 1}}}).substances["cocaine"]
    assert (cocaine.dose_usd, cocaine.needs.patient, cocaine.needs.recreational) == (9, 1, 12.2)
    assert cocaine.source_of("dose_usd") == "set by the scenario"
    assert "computed" in cocaine.source_of("potency_sd")


def test_a_scenario_adds_a_novel_substance_like_another():
    scenario = Scenario(substances={"novel": {"like": "nps", "adverse_per_use": 0.01}})
    assert scenario.substance_table[-1].name == "novel"
    assert scenario.substances["novel"].adverse_per_use == 0.01
    assert scenario.substances["novel"].sold_by == scenario.substances["nps"].sold_by


def test_a_scenario_adds_a_jurisdiction_when_the_shares_still_sum_to_one():
    new = {"like": "rest_of_world", "share": 0.03, "vendor_share": 0.0, "cooperation": {"oceania": 0.9}}
    scenario = Scenario(jurisdictions={"island": new, "rest_of_world": {"share": 0.10}})
    assert scenario.jurisdictions["island"].cooperation["oceania"] == 0.9
    assert scenario.jurisdictions["oceania"].cooperation["island"] == 0.3
    assert "jurisdictions.*.share" in problems(jurisdictions={"island": new})


# People and weight


def test_one_consumer_stands_for_people_over_consumers():
    scenario = Scenario(people=1_000_000, consumers=5000)
    assert scenario.weight == 200
    assert scenario.with_(consumers=1000).weight == 1000


def test_weight_may_be_given_instead_of_people():
    assert Scenario(weight=500, consumers=1000).people == 500_000
    assert Scenario().override(["weight=500", "consumers=1000"]).people == 500_000
    assert "weight" in problems(weight=500, people=1000)
    assert "weight" in problems(weight=True)
    assert "weight" in problems(weight=0)


def test_a_child_gives_weight_where_its_parent_gave_people(folder):
    folder("base", "people: 1000000\n")
    where = folder("child", "extends: base\nweight: 7\nconsumers: 1000\n")
    assert Scenario.load("child", search=where).people == 7000


# Policies


def test_policies_keep_their_order_and_their_defaults():
    scenario = Scenario(policies=[{"kind": "visit", "count": 2, "start": -180}, {"kind": "sweep", "end": 10_000}])
    assert scenario.policies == (Visit(count=2, start=-180), Sweep(end=10_000))


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ({"kind": "sweep", "start": 730}, "policies.0.start"),
        ({"kind": "sweep", "start": -181}, "policies.0.start"),
        ({"kind": "sweep", "start": 5, "end": 5}, "policies.0.end"),
        ({"kind": "sweep", "start": 5.5}, "policies.0.start"),
        ({"kind": "sweep", "strength": 1.2}, "policies.0.strength"),
        ({"kind": "sweep", "strength": True}, "policies.0.strength"),
        ({"kind": "sweep", "channel": "street"}, "policies.0.channel"),
        ({"kind": "sweep", "publicty": 2}, "policies.0.publicty"),
        ({"kind": "visit"}, "policies.0.count"),
        ({"kind": "visit", "count": 1, "coutn": 2}, "policies.0.coutn"),
        ({"kind": "sweeep"}, "policies.0.kind"),
        ({"start": 3}, "policies.0.kind"),
        ("sweep", "policies.0"),
    ],
)
def test_a_wrong_policy_is_named_by_its_place(policy, path):
    assert list(problems(policies=[policy])) == [path]


def test_dates_are_not_blamed_when_the_length_of_the_run_is_wrong():
    assert list(problems(days="long", policies=[{"kind": "sweep", "start": 900}])) == ["days"]
    assert list(problems(days=10, seed="x", policies=[{"kind": "sweep", "start": 900}])) == ["seed", "policies.0.start"]


def test_a_policy_after_the_end_of_a_shortened_run_is_an_error():
    scenario = Scenario(policies=[{"kind": "sweep", "start": 400}])
    with pytest.raises(ScenarioError, match=r"policies\.0\.start.*400.*-180 to 364") as refused:
        scenario.override(["days=365"])
    way_out = re.search(r"--set (\S+)\)", str(refused.value))
    assert way_out, "what is refused says how it can be had"
    assert scenario.override([way_out[1], "days=365"]).policies[0].start == 182


def test_a_policy_is_known_after_it_is_registered_and_only_once():
    assert list(policy_kinds()) == ["sweep", "visit"]
    assert register_policy(Sweep) is Sweep
    with pytest.raises(ValueError, match="two policies"):
        register_policy(type("Other", (Sweep,), {"__module__": __name__}))
    with pytest.raises(TypeError, match="kind"):
        register_policy(BaseModel)


# Messages


def test_every_problem_is_reported_at_once():
    found = problems(
        {
            "consumers": 0,
            "sed": 3,
            "days": "long",
            "parameters": {SPEC.group: {SPEC.name: 2, "nonsense": 1}, "nowhere": {}},
            "substances": {
                "cocane": {"dose_usd": 3},
                "mdma": {"dose_usd": -1, "status": "legal", "needs": {"patent": 1}},
            },
            "jurisdictions": {"oceania": {"border": 2, "cooperation": {"atlantis": 0.5}}},
            "platforms": {"cryptomarkets": [0.5, 0.4], "shops": [1]},
            "policies": [{"kind": "sweap"}, {"kind": "sweep", "start": 99999}],
        }
    )
    assert set(found) == {
        "consumers", "sed", "days", f"parameters.{SPEC.group}.{SPEC.name}", f"parameters.{SPEC.group}.nonsense",
        "parameters.nowhere", "substances.cocane", "substances.mdma.dose_usd", "substances.mdma.status",
        "substances.mdma.needs.patent", "jurisdictions.oceania.border", "platforms.shops", "policies.0.kind",
        "policies.1.start",
    }  # fmt: skip


def test_a_problem_says_what_was_given_what_is_allowed_and_the_nearest_name():
    found = problems(sed=3, consumers=0, policies=[{"kind": "sweap"}])
    assert found["sed"].nearest == "seed"
    assert (found["consumers"].given, found["consumers"].allowed) == (
        "0",
        "a whole number, at least 200 and at most 50,000,000",
    )
    assert (found["policies.0.kind"].allowed, found["policies.0.kind"].nearest) == ("sweep, visit", "sweep")
    assert str(found["sed"]).startswith("sed: given 'sed'; allowed: name, ")
    assert str(found["sed"]).endswith("; did you mean 'seed'?")


def test_the_message_has_a_line_for_each_problem():
    with pytest.raises(ScenarioError) as caught:
        Scenario(name="mine", consumers=1, days=0)
    assert str(caught.value).splitlines()[0] == "2 problems in scenario 'mine':"
    assert len(str(caught.value).splitlines()) == 3


def test_a_parameter_that_is_no_more_says_what_became_of_it():
    found = problems(parameters={"services": {"alert_checked": 0.02}, "platforms": {"app_fee": 0.0}})
    checked, fee = found["parameters.services.alert_checked"], found["parameters.platforms.app_fee"]
    assert str(checked).startswith(
        "parameters.services.alert_checked: given a parameter that is no more: a sample checked adds what an adverse event does;"
    )
    assert (checked.nearest, fee.nearest) == ("services.alert_reported", None)


def test_what_is_said_of_parameters_that_are_no_more_is_true():
    for path, what in yaml_files.load("gone.yaml").items():
        assert path not in BOOK.specs
        assert what.get("now", "choice.habit") in {*BOOK.specs, *SUBMODELS}, path


def test_a_parameter_out_of_its_bounds_says_bounds_and_unit():
    found = problems(parameters={SPEC.group: {SPEC.name: 1.5}})[f"parameters.{SPEC.group}.{SPEC.name}"]
    assert (found.given, found.allowed) == ("1.5", "a number from 0 to 1 (probability)")


@pytest.mark.parametrize("value", ["0.3", True, None, [0.3], {"value": 0.3}])
def test_a_parameter_is_a_number_and_nothing_else(value):
    assert list(problems(parameters={SPEC.group: {SPEC.name: value}})) == [f"parameters.{SPEC.group}.{SPEC.name}"]


def test_a_parameter_in_the_wrong_group_is_pointed_to_its_own():
    other = next(group for group in BOOK.groups if SPEC.name not in BOOK.names(group))
    found = problems(parameters={other: {SPEC.name: 0.3}})[f"parameters.{other}.{SPEC.name}"]
    assert found.nearest in [spec.path for spec in BOOK.specs.values() if spec.name == SPEC.name]


def test_an_unknown_scenario_names_the_nearest(folder):
    with pytest.raises(ScenarioError, match="did you mean 'baseline'"):
        Scenario.load("baselin", search=folder("x", ""))


def test_a_new_row_needs_every_field_or_another_row_that_it_is_like():
    rows = {"novel": {"dose_usd": 3}, "newer": {"like": "npss"}, "cocaine": {"like": "mdma"}, "odd": {"like": ["mdma"]}}
    found = problems(substances={**rows, "named": {"name": "x", "like": "nps"}, "Upper": {"like": "nps"}})
    assert set(found) == {f"substances.{path}" for path in (
        "novel", "newer.like", "cocaine.like", "odd.like", "named.name", "Upper.name",
    )}  # fmt: skip
    assert "doses_per_order" in found["substances.novel"].allowed
    assert found["substances.newer.like"].nearest == "nps"
    assert "substances.cocaine.like" in found


def test_references_between_tables_are_checked():
    found = problems(
        substances={"mdma": {"status_by_jurisdiction": {"atlantis": "controlled"}}},
        jurisdictions={"oceania": {"cooperation": {"oceana": 0.1}}},
    )
    assert set(found) == {
        "substances.mdma.status_by_jurisdiction.atlantis",
        "jurisdictions.oceania.cooperation.oceana",
    }


def test_circular_extension_shows_the_circle(folder):
    folder("a", "extends: b\n")
    folder("b", "extends: c\n")
    where = folder("c", "extends: a\n")
    with pytest.raises(ScenarioError, match="a -> b -> c -> a"):
        Scenario.load("a", search=where)
    where = folder("self", "extends: self\n")
    with pytest.raises(ScenarioError, match="self -> self"):
        Scenario.load("self", search=where)


@pytest.mark.parametrize("extends", ["nowhere", "nowhere.yaml", 3, ["a", "b"], "", "a\0b"])
def test_extending_what_is_not_there_is_a_problem_of_extends(extends):
    assert list(problems(extends=extends)) == ["extends"]


# Files that are no scenarios


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"# only a comment\n", "empty file"),
        (b"- a\n- b\n", "given a list"),
        (b"just text", "given a str"),
        (b"a: [1, 2\n", "line 2"),
        (b"a: 1\n\tb: 2\n", "line 2"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "not UTF-8"),
        (b"\x00\x01\x02", "not allowed"),
        ("days: 3\n".encode("utf-16"), "not UTF-8"),
        (b"seed: 1\nseed: 2\n", "'seed' is given twice"),
        (b"a: &a [1]\nb: [*a, *a]\n", "aliases"),
        (b"a: &a [*a]\n", "aliases"),
        (b"[" * 50_000, "nested deeper"),
        (b"a: 1\n---\nb: 2\n", "more than one document"),
        (b"a: !!python/name:os.system\n", "tags"),
        (b"days: !!bool x\n", "tags"),
        (b"days: !!timestamp x\n", "tags"),
        (b'days: !!int ""\n', "tags"),
        (b"days: " + b"9" * 5000, "unreadable YAML"),
        (b"? [1, 2]\n: 3\n", "unhashable"),
        (b"x" * 1_000_001, "larger file"),
        (b"seed: 2015-13-45\n", "given '2015-13-45'; allowed: a whole number"),
        (b"days: 1:30\n", "given '1:30'; allowed: a whole number"),
        (b"days: 1_000\n", "given '1_000'; allowed: a whole number"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused_with_a_reason(tmp_path, content, words):
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=words) as caught:
        Scenario.load(path)
    assert len(str(caught.value)) < 2000


def test_an_alias_bomb_is_refused_at_once(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    start = time.perf_counter()
    with pytest.raises(ScenarioError, match="aliases"):
        Scenario.load(tmp_path / "bomb.yaml")
    assert time.perf_counter() - start < 1


def test_data_that_holds_itself_is_refused():
    loop: dict = {}
    loop["parameters"] = loop
    bomb = ["x"]
    for _ in range(30):
        bomb = [bomb] * 9
    assert "holds itself" in str(problems(loop))
    assert "too much data" in str(problems(policies=bomb))


@pytest.mark.parametrize("name", ["missing.yaml", "no/such/place", "", " ", ".", "..", "a\0b", "x" * 5000, "~"])
def test_a_name_that_leads_nowhere_is_an_error_in_words(name):
    with pytest.raises(ScenarioError):
        Scenario.load(name)


@pytest.mark.parametrize("source", [None, 3, b"baseline", ["baseline"], object()])
def test_what_is_neither_name_nor_mapping_is_an_error_in_words(source):
    with pytest.raises(ScenarioError, match="name, path or mapping"):
        Scenario.load(source)


def test_numbers_are_read_as_a_person_means_them(tmp_path):
    (tmp_path / "s.yaml").write_text("days: 010\nconsumers: +1000\npeople: 1e6\ntitle: no\nquestion: 2020-01-01\n")
    scenario = Scenario.load(tmp_path / "s.yaml")
    assert (scenario.days, scenario.consumers, scenario.people) == (10, 1000, 1e6)
    assert (scenario.title, scenario.question) == ("no", "2020-01-01")


@pytest.mark.parametrize("section", [{"uses": ["a\0b.py"]}, {"substances": "a\0b.csv"}, {"substances": "a\0b.yaml"}])
def test_a_path_that_no_file_can_have_is_an_error_in_words(section):
    assert [path.partition(".")[0] for path in problems(section)] == list(section)


def test_windows_line_ends_and_byte_order_mark_are_read(tmp_path):
    (tmp_path / "windows.yaml").write_bytes(b"\xef\xbb\xbfdays: 30\r\nquestion: >\r\n  Why\r\n  not?\r\n")
    scenario = Scenario.load(tmp_path / "windows.yaml")
    assert (scenario.days, scenario.question) == (30, "Why not?\n")


# Overrides


@pytest.mark.parametrize(
    ("change", "read", "expected"),
    [
        ("consumers=5000", lambda s: s.consumers, 5000),
        ("people=1e6", lambda s: s.people, 1e6),
        (f"{SPEC.path}=0.25", lambda s: s.parameters[SPEC.group][SPEC.name], 0.25),
        (f"parameters.{SPEC.path}=0.25", lambda s: s.parameters[SPEC.group][SPEC.name], 0.25),
        ("substances.cocaine.dose_usd=9", lambda s: s.substances["cocaine"].dose_usd, 9),
        ("substances.cocaine.needs.patient=2", lambda s: s.substances["cocaine"].needs.patient, 2),
        (
            "jurisdictions.oceania.cooperation.rest_of_world=0",
            lambda s: s.jurisdictions["oceania"].cooperation["rest_of_world"],
            0,
        ),
        ("platforms.cryptomarkets=[0.8, 0.2]", lambda s: s.platforms.cryptomarkets, (0.8, 0.2)),
        ("policies.0.strength=0.5", lambda s: s.policies[0].strength, 0.5),
        ("policies.sweep.publicity=2", lambda s: s.policies[1].publicity, 2),
        ("policies.visit.end=null", lambda s: s.policies[0].end, None),
        ("policies=[]", lambda s: s.policies, ()),
        ('title="Why: not"', lambda s: s.title, "Why: not"),
    ],
)
def test_set_reaches_every_value(change, read, expected):
    scenario = Scenario(policies=[{"kind": "visit", "count": 1, "end": 9}, {"kind": "sweep"}, {"kind": "sweep"}])
    assert read(scenario.override([change])) == expected


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("consumers", "path=value"),
        ("=3", "path=value"),
        ("a..b=3", "path=value"),
        ("consumres=3", "did you mean 'consumers'"),
        (f"{SPEC.group}.nonsense_=3", f"parameters.{SPEC.group}.nonsense_"),
        ("substances.cocane.dose_usd=9", "did you mean 'cocaine'"),
        ("policies.1.strength=1", "allowed: 0, sweep"),
        ("policies.sweap.strength=1", "did you mean 'sweep'"),
        ("policies.0.stength=1", "did you mean 'strength'"),
        ("policies.-1.strength=1", "allowed: 0, sweep"),
        ("seed.a.b=1", "holds a single value"),
        ("seed=[", "a YAML value"),
        ("title=Why: not", "title: given .*; allowed: text"),
        ("parameters=3", "parameters"),
    ],
)
def test_a_set_that_leads_nowhere_says_where_it_could(change, words):
    scenario = Scenario(policies=[{"kind": "sweep"}])
    with pytest.raises(ScenarioError, match=words.replace("[", r"\[")):
        scenario.override([change])


def test_a_policy_that_is_set_where_there_is_none_is_answered_with_what_to_do():
    with pytest.raises(ScenarioError, match="the scenario has no policies; give it some") as caught:
        Scenario().override(["policies.takedown.start=30"])
    way_out = re.search(r"--set '(.*?)'", str(caught.value))
    assert Scenario().override([way_out[1].replace("takedown", "sweep")]).policies[0].start == 30


def test_wrong_sets_are_reported_together():
    with pytest.raises(ScenarioError) as caught:
        Scenario().override(["consumers=1", "nonsense=2", "days=0"])
    assert len(caught.value.problems) == 3


def test_changes_make_a_new_scenario_and_leave_the_old():
    scenario = Scenario(policies=[{"kind": "sweep"}])
    changed = scenario.with_(
        days=10, policies=[Sweep(start=3), *scenario.policies], parameters={SPEC.group: {SPEC.name: 0.5}}
    )
    assert (changed.days, changed.policies) == (10, (Sweep(start=3), Sweep()))
    assert scenario.days == 730
    assert changed.substances == scenario.substances


def test_a_scenario_does_not_change():
    scenario = Scenario()
    with pytest.raises(ValueError, match="frozen"):
        scenario.days = 3
    for table in (scenario.parameters, scenario.parameters[GROUP], scenario.substances, scenario.jurisdictions):
        with pytest.raises(TypeError, match="does not change"):
            table["x"] = 1
        with pytest.raises(TypeError, match="does not change"):
            table.update(x=1)


# Identity


def some_scenario(**fields):
    return Scenario(
        substances={"novel": {"like": "nps", "dose_usd": 1e-5}},
        parameters={SPEC.group: {SPEC.name: 0.123}},
        jurisdictions={"oceania": {"price_factor": 2}},
        policies=[{"kind": "sweep", "start": 3, "channel": None}],
        **fields,
    )


def test_a_resolved_scenario_is_json_and_loads_to_the_same():
    scenario = some_scenario()
    again = Scenario.load(json.loads(json.dumps(scenario.resolved())))
    assert again == scenario
    assert again.digest == scenario.digest
    assert again.resolved() == scenario.resolved()


@pytest.mark.parametrize("sources", [True, False])
def test_the_yaml_of_a_scenario_loads_to_the_same(tmp_path, sources):
    scenario = some_scenario(name="s.1", title="a: 'b' # \"c\" \\ ü \U0001f600", question="one\n\ntwo: {}\u2028\x85")
    path = tmp_path / "again.yaml"
    path.write_text(scenario.to_yaml(sources=sources), encoding="utf-8")
    again = Scenario.load(path)
    assert again == scenario
    assert again.digest == scenario.digest


def test_the_yaml_shows_unit_and_source_of_each_value_and_what_the_scenario_set():
    lines = some_scenario().to_yaml().splitlines()
    line = next(line for line in lines if line.strip().startswith(f"{SPEC.name}: 0.123"))
    assert f"set by the scenario (default {SPEC.value:g})" in line
    assert "probability" in line
    assert any("price_factor: 2.0" in line and "set by the scenario" in line for line in lines)
    assert any("border: 0.12" in line and "customs-intercept" in line for line in lines)
    assert not any("#" in line for line in some_scenario().to_yaml(sources=False).splitlines())


def test_the_yaml_warns_of_a_value_outside_its_plausible_range():
    spec = next(spec for spec in BOOK.specs.values() if spec.low > 0 and spec.minimum == 0)
    text = Scenario(parameters={spec.group: {spec.name: 0.0}}).to_yaml()
    assert text.count("OUTSIDE the plausible range") == 1
    assert "OUTSIDE" not in Scenario().to_yaml()


def test_plain_yaml_readers_see_the_same_numbers():
    scenario = some_scenario()
    assert yaml.safe_load(scenario.to_yaml()) == parse(scenario.to_yaml())


def test_the_digest_is_of_what_a_run_depends_on():
    scenario = some_scenario()
    assert some_scenario(name="other", title="t", question="q").digest == scenario.digest
    different = [["seed=2"], [f"{SPEC.path}=0.124"], ["policies.0.strength=0"], ["policies=[]"], ["people=1e6"]]
    assert len({scenario.digest, *(scenario.override(change).digest for change in different)}) == 1 + len(different)


def test_the_digest_does_not_depend_on_how_the_same_was_said():
    a = Scenario(days=10, substances={"mdma": {"dose_usd": 3}}, parameters={SPEC.group: {SPEC.name: 1}})
    b = Scenario({"parameters": {SPEC.group: {SPEC.name: 1.0}}, "substances": {"mdma": {"dose_usd": 3.0}}, "days": 10})
    c = Scenario(days=10).override(["substances.mdma.dose_usd=3", f"{SPEC.path}=1"])
    assert a.digest == b.digest == c.digest
    assert hash(a) == hash(b)


def test_the_digest_is_the_same_in_every_process():
    script = "from sim.scenario import Scenario; print(Scenario(days=10, seed=7).digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "1", "2")
    }
    assert digests == {Scenario(days=10, seed=7).digest}


def test_a_scenario_is_pickled_copied_and_compared():
    scenario = some_scenario()
    for other in (pickle.loads(pickle.dumps(scenario)), copy.deepcopy(scenario), copy.copy(scenario)):
        assert other == scenario
        assert other.digest == scenario.digest
    error = pickle.loads(pickle.dumps(ScenarioError([next(iter(problems(sed=1).values()))], "x")))
    assert "did you mean 'seed'" in str(error)


# Speed


def test_reading_scenarios_needs_no_heavy_library():
    heavy = ["numba", "pandas", "mesa", "matplotlib", "scipy", "networkx", "numpy"]
    script = f"import sys; import sim.scenario as s; s.Scenario(); print([m for m in {heavy} if m in sys.modules])"
    root = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_scenario_is_loaded_in_less_than_sixty_milliseconds(tmp_path):
    (tmp_path / "full.yaml").write_text(some_scenario().to_yaml(), encoding="utf-8")

    def seconds():
        start = time.process_time()
        Scenario.load(tmp_path / "full.yaml")
        return time.process_time() - start

    assert min(seconds() for _ in range(5)) < 0.06


# Anything at all

KEYS = st.sampled_from(
    ["weight", "extends", "kind", "sweep", "like", "nps", "cocaine", "oceania", "needs", "source", "cooperation"]
    + ["status_by_jurisdiction", "cryptomarkets", "start", "end", "share"]
    + [*Scenario.model_fields, GROUP, SPEC.group, SPEC.name]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | KEYS
    | st.binary(max_size=5)
    | st.dates()
)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=5) | st.integers(), inner, max_size=5)
    ),
    max_leaves=20,
)
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def valid_or_said(make):
    """The scenario that comes out, or None after a scenario error with something to say."""
    try:
        scenario = make()
    except ScenarioError as error:
        said = error
    else:
        said = None
    if said is not None:
        assert said.problems
        assert all(problem.given and problem.allowed for problem in said.problems)
        assert len(str(said)) < 100_000
        return None
    assert Scenario.load(scenario.resolved()).digest == scenario.digest
    return scenario


@FUZZ
@given(content=st.dictionaries(KEYS, DATA, max_size=6) | DATA)
def test_any_data_is_a_scenario_or_a_scenario_error(content):
    valid_or_said(lambda: Scenario.load(content))


def paths(content, here=()):
    yield here
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield from paths(value, (*here, key))


RESOLVED_POLICY = {"kind": "sweep", "start": 3, "end": None, "strength": 1.0, "publicity": 1.0, "channel": "social_app"}
WHERE = [path for path in paths({**Scenario().resolved(), "policies": [RESOLVED_POLICY]}) if path]


@FUZZ
@given(where=st.sampled_from(WHERE), value=DATA, drop=st.booleans())
def test_a_good_scenario_with_one_value_spoilt_is_a_scenario_or_a_scenario_error(where, value, drop):
    content = {**Scenario().resolved(), "policies": [dict(RESOLVED_POLICY)]}
    inside = content
    for step in where[:-1]:
        inside = inside[step]
    if drop:
        del inside[where[-1]]
    else:
        inside[where[-1]] = value
    valid_or_said(lambda: Scenario.load(content))


@FUZZ
@given(raw=st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | DATA.map(repr).map(str.encode))
def test_any_file_is_a_scenario_or_a_scenario_error(tmp_path, raw):
    (tmp_path / "any.yaml").write_bytes(raw)
    valid_or_said(lambda: Scenario.load(tmp_path / "any.yaml"))


@FUZZ
@given(
    change=st.text(max_size=30)
    | st.builds("{}={}".format, st.lists(KEYS, max_size=4).map(".".join), st.text(max_size=8) | DATA)
)
def test_any_set_is_a_scenario_or_a_scenario_error(change):
    scenario = Scenario(policies=[{"kind": "sweep"}])
    valid_or_said(lambda: scenario.override([change]))


@settings(max_examples=15, deadline=None)
@given(
    consumers=st.integers(200, 50_000_000),
    seed=st.integers(0, 2**64 - 1),
    people=st.floats(1, 1e10),
    share=st.floats(0, 1),
    usd=st.floats(1e-5, 10_000),
    title=st.text(max_size=50),
    start=st.integers(-180, 729),
)
def test_every_valid_scenario_survives_the_way_through_yaml(consumers, seed, people, share, usd, title, start):
    made = valid_or_said(
        lambda: Scenario(
            consumers=consumers,
            seed=seed,
            people=people,
            title=title,
            parameters={SPEC.group: {SPEC.name: share}},
            substances={"cocaine": {"dose_usd": usd}},
            policies=[{"kind": "sweep", "start": start}],
        )
    )
    assert made is not None
    assert Scenario(parse(made.to_yaml())) == made


# Numbers from elsewhere


def test_whole_and_real_numbers_of_any_library_are_taken():
    row = pd.DataFrame([{"days": 30, "people": 2.5e6, "title": "row"}]).iloc[0]
    for days in (np.int64(30), np.uint8(30)):
        assert Scenario(days=days) == Scenario(days=30)
    for people in (np.float32(2.5e6), Fraction(2_500_000), Decimal("2.5e6"), np.array(2.5e6)):
        assert Scenario(people=people) == Scenario(people=2.5e6)
    expected = Scenario(days=30, people=2.5e6, title="row")
    assert Scenario(row) == Scenario.load(row) == expected
    assert Scenario(platforms=pd.Series({"cryptomarkets": np.array([0.5, 0.5])})).platforms.cryptomarkets == (0.5, 0.5)
    assert list(problems(days=np.True_)) == list(problems(days=np.float64("nan"))) == ["days"]
