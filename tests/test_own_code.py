"""Policies, agents and substances from an author's own files: they work everywhere, belong to their scenario, and fail in words."""

from __future__ import annotations

import copy
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim import compare, run, run_study
from sim.agents.institutions import Institution
from sim.agents.intermediaries import SearchEngine
from sim.agents.levers import Levers
from sim.cli import app
from sim.model import MarketModel
from sim.policies.deeds import PolicyError
from sim.registry import agent_kinds, policy_kinds
from sim.scenario import Scenario, ScenarioError, list_scenarios, no_own_code, own_code
from sim.studies.errors import RunFailedError, describe_failure
from sim.studies.store.record import verify_record
from tests.worlds import fingerprint, model_of, world

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how-to-use-your-own-policy.md"
SIZE = {"consumers": 300, "days": 12, "burn_in": 5}
POLICY = """
from typing import Literal
from pydantic import Field
from sim.policies.base import Policy
from sim.registry import register_policy

@register_policy
class Lamp(Policy):
    kind: Literal["{kind}"] = "{kind}"
    usd: float = Field(default={usd}, ge=0, le=100, description="cost (USD per day)")

    def cost(self, model):
        return self.strength * self.usd
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files of the page, in a folder that is not the current one."""
    place = tmp_path / "study"
    place.mkdir()
    for title, text in re.findall(
        r"^```\w+ title=(\S+)[^\n]*\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        (place / title).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return place


@pytest.fixture
def mine(folder):
    return Scenario.load(folder / "my-market.yaml").with_(**SIZE)


def lamp(folder: Path, name: str = "lamp", kind: str = "lamp", usd: float = 3.0) -> Path:
    file = folder / f"{name}.py"
    file.write_text(POLICY.format(kind=kind, usd=usd))
    return file


def problems(**fields) -> dict[str, str]:
    with pytest.raises(ScenarioError) as caught:
        Scenario(**fields)
    return {problem.path: str(problem) for problem in caught.value.problems}


# The page -------------------------------------------------------------------------------------------------------------
def test_the_files_of_the_page_do_what_it_says(mine):
    policy = mine.policies[0]
    assert (policy.kind, policy.lasting, mine.substances["designer_sedative"].dose_usd) == ("leaflets", 28, 0.8)
    assert mine.substances["cocaine"].dose_usd == 9
    assert mine.substances["designer_sedative"].sold_by == ("illicit_pharmacy", "cryptomarket", "street")
    model = MarketModel(mine.with_(consumers=6000), rng=1, audit=True)
    model.run_for(mine.burn_in + mine.days)
    assert type(model.search).__name__ == "CautiousSearchEngine"
    assert (model.search.illicit_share(1.0, 0.0) <= 0.1).all()
    assert model.daily()["policy_cost_usd"].sum() > 0


def test_the_page_names_every_kind_of_agent_that_can_be_replaced():
    text = PAGE.read_text(encoding="utf-8").partition("Kinds are ")[2].partition(";")[0]
    assert re.findall(r"`(\w+)`", text) == list(agent_kinds())


def test_paths_are_relative_to_the_file_that_gives_them(folder, mine):
    (folder / "deep").mkdir()
    (folder / "deep" / "child.yaml").write_text("extends: ../my-market.yaml\nuses: [more.py]\n")
    lamp(folder / "deep", "more", "more")
    child = Scenario.load(folder / "deep" / "child.yaml")
    assert [used.file for used in child.uses] == [str(folder / "my_market.py"), str(folder / "deep" / "more.py")]
    assert child.agents == mine.agents


# Run, compare, record -------------------------------------------------------------------------------------------------
def test_workers_load_the_files_by_themselves(mine):
    base = Scenario.load("baseline").with_(**SIZE)
    several, one = (compare(base, mine, runs=2, workers=workers).outcomes for workers in (2, 1))
    assert several.equals(one)


def test_the_command_runs_it_and_the_record_holds_the_code(folder):
    file = folder / "my-market.yaml"
    words = [str(file), "--consumers", "300", "--days", "12", "--burn-in", "5", "--out", str(folder / "out")]
    answer = CliRunner().invoke(app, ["run", *words])
    assert answer.exit_code == 0, answer.output
    record = json.loads((folder / "out" / "record.json").read_text())["run"]
    used = record["scenarios"]["my-market"]["resolved"]["uses"]
    assert [entry["file"] for entry in used] == ["my_market.py"]
    assert record["own_code"][used[0]["sha256"]]["text"] == (folder / "my_market.py").read_text()
    assert verify_record(folder / "out") == []


def test_a_scenario_and_a_model_are_unpickled_where_the_file_was_never_loaded(folder, mine):
    model = model_of(mine)
    model.run_for(10)
    (folder / "model.pickle").write_bytes(pickle.dumps([mine, model]))
    model.run_for(3)
    code = (
        "import pickle, sys; from tests.worlds import fingerprint; import sim.scenario.own_code\n"
        "scenario, model = pickle.load(open(sys.argv[1], 'rb')); model.run_for(3)\n"
        "print(scenario.digest, type(model.search).__name__, fingerprint(model))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(folder / "model.pickle")]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert found == [mine.digest, "CautiousSearchEngine", fingerprint(model)]


def test_copies_are_equal_and_go_on_alike(mine):
    assert pickle.loads(pickle.dumps(mine)) == copy.deepcopy(mine) == mine
    model = model_of(mine)
    twin = copy.deepcopy(model)
    for each in (model, twin):
        each.run_for(10)
    assert fingerprint(model) == fingerprint(twin)


def test_the_digest_is_of_what_the_file_holds_and_not_of_where_it_lies(folder, tmp_path):
    one = Scenario(uses=[str(lamp(folder))])
    other = Scenario(uses=[str(lamp(tmp_path))])
    changed = Scenario(uses=[str(lamp(tmp_path, usd=4.0))])
    assert one.digest == other.digest != changed.digest
    assert Scenario().digest != one.digest


def test_agents_of_their_own_change_the_digest(folder, mine):
    plain = Scenario(mine.resolved() | {"agents": {}})
    assert plain.digest != mine.digest


def test_it_survives_yaml(folder, mine):
    (folder / "again.yaml").write_text(mine.to_yaml())
    again = Scenario.load(folder / "again.yaml")
    assert (again.digest, again.uses, again.agents) == (mine.digest, mine.uses, mine.agents)


# To whom it belongs ---------------------------------------------------------------------------------------------------
def test_a_kind_is_known_to_scenarios_that_use_its_file_and_to_no_others(folder):
    given = {"policies": [{"kind": "lamp"}]}
    assert run(Scenario(uses=[str(lamp(folder))], **given, **SIZE)).outcomes["policy_cost_usd"] == 3.0 * 12
    assert "lamp" not in policy_kinds()
    assert list(problems(**given)) == ["policies.0.kind"]


def test_two_files_may_have_the_same_kind_for_two_scenarios(folder, tmp_path):
    costs = [
        run(Scenario(uses=[str(file)], policies=[{"kind": "lamp"}], **SIZE)).outcomes["policy_cost_usd"]
        for file in (lamp(folder), lamp(tmp_path, usd=5.0))
    ]
    assert costs == [36.0, 60.0]


def test_a_scenario_stays_with_what_it_read_until_it_is_loaded_anew(folder):
    def cost(scenario: Scenario) -> float:
        return run(scenario).outcomes["policy_cost_usd"]

    fields = {"uses": [str(lamp(folder))], "policies": [{"kind": "lamp"}], **SIZE}
    before = Scenario(**fields)
    lamp(folder, usd=7.0)
    assert (cost(before), cost(before.with_(seed=2)), cost(Scenario(**fields))) == (36.0, 36.0, 84.0)


def test_listing_scenarios_runs_nothing(folder):
    (folder / "loud.py").write_text("raise SystemError('I was run')")
    (folder / "loud.yaml").write_text("uses: [loud.py]\ntitle: Loud\n")
    assert ("loud", "Loud", "") in list_scenarios(folder)
    with pytest.raises(ScenarioError, match="SystemError: I was run"):
        Scenario.load(folder / "loud.yaml")


def test_code_and_files_can_be_refused(folder):
    file = lamp(folder)
    with no_own_code():
        assert list(problems(uses=[str(file)])) == ["uses.0"]
        assert list(problems(substances=str(folder / "my_substances.csv"))) == ["substances"]
    assert Scenario(uses=[str(file)]).uses


@pytest.mark.parametrize("target", ["{secret}", "none/of/that.yaml", "mine"])
def test_where_files_are_refused_nothing_is_read_through_extends(folder, target):
    secret = folder / "secret.yaml"
    secret.write_text("password hunter2: [\n")
    (folder.parent / "experiments" / "scenarios").mkdir(parents=True)
    (folder.parent / "experiments" / "scenarios" / "mine.yaml").write_text("hunter2: 1\n")
    with no_own_code():
        found = problems(extends=target.format(secret=secret))
        assert Scenario(extends="baseline").name
    assert list(found) == ["extends"]
    assert "no files here" in found["extends"]
    assert "hunter2" not in found["extends"]


@pytest.mark.parametrize("kind", ["run", "study"])
def test_checking_results_runs_no_code_unless_one_says_so(folder, kind):
    marker = folder / "was-run"
    loud = folder / "loud.py"
    loud.write_text(f"open({str(marker)!r}, 'w').close()\n")
    fields = {"uses": [str(loud)], "name": "loud", **SIZE}
    if kind == "run":
        Path("loud.yaml").write_text(json.dumps(fields))
        assert CliRunner().invoke(app, ["run", "loud.yaml", "--out", "out"]).exit_code == 0
        Path("loud.py").write_bytes(loud.read_bytes())  # a record names code without its folder
    else:
        study = {"name": "s", "kind": "compare", "scenarios": [fields, {"name": "plain", **SIZE}], "replications": 1}
        run_study({**study, "measures": ["orders"]}, "out", executor="inline")
    marker.unlink()
    monkeyed = own_code._LOADED.copy()
    own_code._LOADED.clear()  # as in a new process
    try:
        answer = CliRunner().invoke(app, ["verify", "out"])
        assert answer.exit_code == 0, answer.output
        assert not marker.exists()
        assert "it uses code of its author's own; --run-code runs that" in answer.stdout
        answer = CliRunner().invoke(app, ["verify", "out", "--run-code"])
        assert answer.exit_code == 0, answer.output
        assert marker.exists()
        assert "loud.py, since --run-code says so" in answer.stderr
    finally:
        own_code._LOADED.update(monkeyed)


# Agents ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", agent_kinds())
def test_every_institution_can_be_replaced_and_moves_nothing_when_it_does_the_same(folder, kind):
    base = agent_kinds()[kind]
    (folder / "same.py").write_text(
        f"from {base.__module__} import {base.__name__}\nclass Own({base.__name__}): pass\n"
    )
    own = model_of(world(uses=[str(folder / "same.py")], agents={kind: "same.Own"}, days=20))
    plain = model_of(world(days=20))
    for model in (own, plain):
        model.run_for(40)
    assert fingerprint(own) == fingerprint(plain)
    assert [type(agent).__name__ for agent in own.agents_of(base)] == ["Own"] * len(plain.agents_of(base))


def test_without_a_scenario_that_says_so_a_class_is_itself():
    assert type(model_of(world()).search) is SearchEngine
    assert issubclass(SearchEngine, Institution)


# Substances -----------------------------------------------------------------------------------------------------------
def test_a_table_of_substances_may_be_yaml_too(folder):
    (folder / "table.yaml").write_text("cocaine: {dose_usd: 11}\ntea: {like: cannabis, dose_usd: 2}\n")
    (folder / "s.yaml").write_text("substances: table.yaml\n")
    scenario = Scenario.load(folder / "s.yaml")
    assert (scenario.substances["cocaine"].dose_usd, scenario.substances["tea"].dose_usd) == (11, 2)
    assert list(scenario.substances)[-1] == "tea"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("name,dose_usd\ncocain,3\n", "substances.cocain"),
        ("name,dose_usd\ncocaine,-3\n", "substances.cocaine.dose_usd"),
        ("name,dose\ncocaine,3\n", "substances.cocaine.dose"),
        ("name,needs.patent\ncocaine,3\n", "substances.cocaine.needs.patent"),
        ("name,dose_usd\ncocaine,3\ncocaine,4\n", "substances"),
        ("dose_usd\n3\n", "substances"),
        ("name,dose_usd\ncocaine,3,4\n", "substances"),
        ("name,dose_usd,dose_usd\ncocaine,3,4\n", "substances"),
        ("name,needs,needs.patient\ncocaine,3,4\n", "substances"),
        ("name,,dose_usd\ncocaine,3,4\n", "substances"),
        ("name;dose_usd\ncocaine;3\n", "substances"),
        ("", "substances"),
        ("name,dose_usd\ncocaine," + "9" * 140_000 + "\n", "substances"),
        ('name,dose_usd\n"cocaine"s,3\n', "substances"),
        ("name,dose_usd\ncocaine,!!int\n", "substances.cocaine.dose_usd"),
        ("name,dose_usd\ncocaine,1:30\n", "substances.cocaine.dose_usd"),
        ("name,dose_usd\ncocaine,2020-01-01\n", "substances.cocaine.dose_usd"),
        ("name,dose_usd\ncocaine,[9]\n", "substances.cocaine.dose_usd"),
        ("name,needs\ncocaine,3\n", "substances.cocaine.needs"),
        ("name,dose_usd.low\ncocaine,3\n", "substances.cocaine.dose_usd"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(folder, text, path):
    (folder / "t.csv").write_text(text)
    assert list(problems(substances=str(folder / "t.csv"))) == [path]


def test_a_cell_is_read_as_its_field_is_declared(folder):
    head = "name,like,dose_usd,sold_by,source.default,substitutes.mdma,status_by_jurisdiction.oceania\r\n"
    text = 'tea,nps,010,street,"2019: one\u2028two\r\nthree; four",2,prescription\r\n'
    (folder / "t.csv").write_bytes((head + text).encode())
    tea = Scenario(substances=str(folder / "t.csv")).substances["tea"]
    assert (tea.dose_usd, tea.sold_by, tea.substitutes["mdma"]) == (10, ("street",), 2)
    assert tea.source["default"] == "2019: one\u2028two\r\nthree; four"
    assert tea.status_by_jurisdiction["oceania"] == "prescription"


@pytest.mark.parametrize(
    "text", ["cocaine: {1: 2}", "1: {dose_usd: 2}", "cocaine: {dose_usd: .nan}", "~: 3", "[]", "tea"]
)
def test_what_is_no_plain_data_in_a_table_is_said(folder, text):
    (folder / "t.yaml").write_text(text)
    assert problems(substances=str(folder / "t.yaml"))


def test_empty_rows_and_columns_that_spreadsheets_leave_do_not_count(folder):
    (folder / "t.csv").write_text("\ufeffname,dose_usd,,\n\n,,,\ncocaine,9,,,\n\n , \nmdma,7\n", encoding="utf-8")
    found = Scenario(substances=str(folder / "t.csv")).substances
    assert (found["cocaine"].dose_usd, found["mdma"].dose_usd) == (9, 7)


def test_a_list_is_called_a_list():
    assert "a list" in problems(substances={"cocaine": {"sold_by": "street"}})["substances.cocaine.sold_by"]


@pytest.mark.parametrize("name", ["none.csv", "none.yaml", "table.txt"])
def test_a_table_that_is_not_there_is_said(folder, name):
    assert len(problems(substances=str(folder / name))) == 1


# What is wrong --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise RuntimeError('no lamp')", "RuntimeError: no lamp"),
        ("def lamp(:", "SyntaxError"),
        ("import no_such_package", "No module named 'no_such_package'"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        (POLICY.replace("{usd}", "1").replace("{kind}", "takedown"), "a policy of kind 'takedown'"),
        (POLICY.replace("{usd}", "1").replace(': Literal["{kind}"]', ": str"), "needs a field"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(folder, text, said):
    (folder / "wrong.py").write_text(text)
    (message,) = problems(uses=[str(folder / "wrong.py")]).values()
    assert said in message


def test_a_syntax_error_is_one_problem_and_not_what_follows_from_it(folder):
    (folder / "wrong.py").write_text("class Lamp(Policy)\n    pass\n")
    found = problems(
        uses=[str(folder / "wrong.py")],
        agents={"forum": "wrong.Lamp"},
        policies=[{"kind": "lamp"}, {"kind": "takedown", "strength": 3}],
    )
    assert set(found) == {"uses.0", "policies.1.strength"}
    assert "wrong.py, line 1" in found["uses.0"]


@pytest.mark.parametrize("line", ["import not_there", "x = 1 / 0", "raise SystemExit", "Path(3)"])
def test_what_stops_a_file_as_it_is_read_is_said_with_its_line(folder, line):
    (folder / "wrong.py").write_text(f"from pathlib import Path\n\n{line}\n")
    assert "(wrong.py, line 3)" in problems(uses=[str(folder / "wrong.py")])["uses.0"]


@pytest.mark.parametrize("kind", ["consumer", "vendors", "platform", "Suppliers"])
def test_who_is_a_row_has_no_class_and_the_message_says_what_to_do_instead(folder, kind):
    found = problems(uses=[str(folder / "my_market.py")], agents={kind: "my_market.CautiousSearchEngine"})
    assert "rows of a table" in found[f"agents.{kind}"]
    assert "change their parameters" in found[f"agents.{kind}"]


def test_every_problem_is_said_at_once_with_the_nearest_name(folder):
    found = problems(
        uses=[str(folder / "my_markt.py"), str(folder / "my_market.py"), str(folder / "my-market.yaml"), 3],
        agents={
            "search_engin": "my_market.CautiousSearchEngine",
            "search_engine": "my_market.CautiosSearchEngine",
            "forum": "my_market.CautiousSearchEngine",
            "agency": "other.Agency",
        },
        policies=[{"kind": "leaflet"}],
    )
    assert "did you mean 'my_market.py'?" in found["uses.0"]
    assert "did you mean 'search_engine'?" in found["agents.search_engin"]
    assert "did you mean 'my_market.CautiousSearchEngine'?" in found["agents.search_engine"]
    assert "did you mean 'leaflets'?" in found["policies.0.kind"]
    assert set(found) == {
        "uses.0", "uses.2", "uses.3", "agents.search_engin", "agents.search_engine", "agents.forum", "agents.agency",
        "policies.0.kind",
    }  # fmt: skip


def test_the_command_ends_with_2(folder):
    (folder / "wrong.yaml").write_text("uses: [no_file.py]\nagents: {forum: no_file.Forum}\n")
    answer = CliRunner().invoke(app, ["run", str(folder / "wrong.yaml")])
    assert answer.exit_code == 2
    assert "uses.0: given" in answer.stderr
    assert "agents.forum: given" in answer.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("levers.naloxon[:] += 0.1", "there is no lever 'naloxon'; did you mean 'naloxone'?"),
        ("levers.naloxone[99] = 0.1", "IndexError"),
        ("reached(state, 'half')", "TypeError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_what_breaks_in_a_file_of_ones_own_is_said_of_that_file_and_line(folder, line, said):
    text = (
        (folder / "my_market.py")
        .read_text()
        .replace("share = self.strength * self.reach\n", f"{line}\n        share = 0.0\n", 1)
    )
    (folder / "broken.py").write_text(text)
    number = next(k for k, code in enumerate(text.splitlines(), 1) if code.strip() == line)
    (folder / "broken.yaml").write_text("extends: baseline\nuses: [broken.py]\npolicies: [{kind: leaflets}]\n")
    answer = CliRunner().invoke(
        app, ["run", str(folder / "broken.yaml"), "--consumers", "300", "--days", "3", "--burn-in", "2"]
    )
    assert answer.exit_code == 1
    assert said in answer.stderr
    assert f"broken.py, line {number}: {line}" in answer.stderr
    assert "defect of the model" not in answer.stderr


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_lever_that_a_policy_of_ones_own_leaves_without_a_number_is_said_of_its_file(folder, value):
    text = (folder / "my_market.py").read_text()
    share = "share = self.strength * self.reach\n"
    (folder / "broken.py").write_text(
        text.replace(share, f"{share}        levers.isp_block[0] = float({value!r})\n", 1)
    )
    number = next(k for k, code in enumerate(text.splitlines(), 1) if code.startswith("    def move("))
    with pytest.raises(PolicyError) as error:
        run(Scenario(uses=[str(folder / "broken.py")], policies=[{"kind": "leaflets"}], **SIZE))
    said = describe_failure(error.value)
    assert "`move` of the policy 'leaflets' leaves the lever 'isp_block' without a number in it" in said
    assert f"broken.py, line {number})" in said


@pytest.mark.parametrize("workers", [1, 2])
def test_a_policy_of_ones_own_that_leaves_the_program_is_a_run_that_failed(folder, workers):
    text = (folder / "my_market.py").read_text()
    (folder / "leaves.py").write_text(
        text.replace("    def cost(self, state):\n", "    def cost(self, state):\n        raise SystemExit\n", 1)
    )
    mine = Scenario(uses=[str(folder / "leaves.py")], policies=[{"kind": "leaflets"}], **SIZE)
    with pytest.raises(
        RunFailedError, match=r"SystemExit: +\(in a file of yours: .*leaves.py, line \d+: raise SystemExit"
    ):
        compare(Scenario.load("baseline").with_(**SIZE), mine, runs=1, workers=workers)


@pytest.mark.parametrize(
    ("method", "gives", "said"),
    [
        ("cost", "None", "`cost` of the policy 'leaflets' gives None, not a number of USD"),
        ("cost", "float('nan')", "gives nan, not a number of USD"),
        ("deed", "0.5", "`deed` of the policy 'leaflets' gives 0.5, not a Deed"),
    ],
)
def test_what_a_policy_of_ones_own_gives_back_is_a_fault_of_its_file_too(folder, method, gives, said):
    text = (folder / "my_market.py").read_text()
    head, tail = text.split("    def cost(self, state):")
    own = f"    def {method}(self, state):\n        return {gives}\n\n"
    text = (
        head
        + own
        + (
            "    def cost(self, state):" + tail
            if method != "cost"
            else tail.partition("\n\n\n")[1] + tail.partition("\n\n\n")[2]
        )
    )
    (folder / "broken.py").write_text(text)
    number = text.splitlines().index(f"    def {method}(self, state):") + 1
    (folder / "broken.yaml").write_text("extends: baseline\nuses: [broken.py]\npolicies: [{kind: leaflets}]\n")
    answer = CliRunner().invoke(
        app, ["run", str(folder / "broken.yaml"), "--consumers", "300", "--days", "3", "--burn-in", "2"]
    )
    assert answer.exit_code == 1
    assert said in answer.stderr
    assert f"broken.py, line {number})" in answer.stderr
    assert "defect of the model" not in answer.stderr


def test_a_lever_that_is_assigned_goes_back_and_a_name_that_is_none_cannot_be():
    levers = Levers(2)
    levers.naloxone = levers.naloxone + 0.2
    assert (levers.naloxone == 0.2).all()
    levers.reset()
    assert (levers.naloxone == 0.0).all()
    with pytest.raises(AttributeError, match=r"no lever 'naloxon'; did you mean 'naloxone'\?"):
        levers.naloxon = 0.1


def test_a_recorded_scenario_whose_file_has_changed_is_refused(folder):
    file = lamp(folder)
    stated = {"file": str(file), "sha256": "0" * 64}
    assert "changed since" in problems(uses=[stated])["uses.0"]


# The length of a run --------------------------------------------------------------------------------------------------
def test_a_run_is_no_longer_than_columns_of_days_hold():
    assert Scenario(days=31_820).days == 31_820
    assert "at most 31,820 with a burn_in of 180" in problems(days=31_821)["days"]
    assert list(problems(days=36_500)) == ["days"]
