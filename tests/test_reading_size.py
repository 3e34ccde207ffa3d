"""What it takes to read a file grows with its size and no faster; what would take long is refused in words."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

import sim.policies  # noqa: F401  registers them
from sim import Scenario, Study
from sim.evidence import yaml_files
from sim.policies.plan import Plan
from sim.registry import policy_kinds
from sim.scenario import ScenarioError
from tests.study_market import sweep_study


def work(make: Callable[[], object]) -> int:
    """Functions called by something, those of C included: the same on every machine."""
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        make()
    except ScenarioError:
        pass
    finally:
        sys.setprofile(None)
    return calls


def chain(size: int, days: int = 0) -> list[dict]:
    """Policies of which each follows the next one of the list; the last begins on day 0."""
    links = [{"label": f"p{k}", "after": {"policy": f"p{k + 1}", "days": days}} for k in range(size - 1)]
    return [{"kind": "takedown", **link} for link in [*links, {"label": f"p{size - 1}"}]]


def herd(size: int) -> list[dict]:
    """Policies that all follow each other."""
    return [{"kind": "takedown"}, *({"kind": "takedown", "after": {"policy": "takedown"}} for _ in range(size - 1))]


def plan(policies: list[dict]) -> Plan:
    made = Plan()
    kinds = policy_kinds()
    made.follow([kinds[policy["kind"]](**policy) for policy in policies], SimpleNamespace(watch=list))
    return made


@pytest.mark.parametrize(
    "make",
    [
        lambda n: Scenario(policies=chain(n)),
        lambda n: Scenario(policies=herd(n)),
        lambda n: Scenario(policies=[{"kind": "takedown", "lable": "x"}] * n),
        lambda n: Scenario({f"key{k}": k for k in range(20 * n)}),
        lambda n: Scenario(substances={f"x{k}": {"like": "nps"} for k in range(n)}),
        lambda n: Scenario(substances={f"x{k}": {"dose": 3} for k in range(20 * n)}),
        lambda n: Scenario(platforms={"cryptomarkets": ["x"] * 20 * n}),
        lambda n: yaml_files.parse(f"days: {':'.join(['30'] * 50 * n)}"),
        lambda n: yaml_files.parse("\n".join(f"key{k}: {k}" for k in range(20 * n))),
        lambda n: Study.load(sweep_study(measures=[f"x{k}" for k in range(20 * n)])),
        lambda n: plan(chain(n)).on_today(SimpleNamespace(day=0), None),
    ],
)
def test_twice_the_size_takes_no_more_than_twice_the_work(make):
    work(lambda: make(1))  # what is read once and kept
    once, twice = (work(lambda n=n: make(n)) for n in (100, 200))
    assert twice < 2.4 * once


def test_names_are_suggested_for_the_first_problems_only(monkeypatch):
    asked = []
    monkeypatch.setattr(difflib, "get_close_matches", lambda word, *_, **__: asked.append(word) or [])
    with pytest.raises(ScenarioError, match="more than 200 problems"):
        Scenario({f"key{k}": k for k in range(40_000)})
    assert len(asked) <= 201


def test_the_values_of_a_lever_are_tried_at_their_ends(monkeypatch):
    tried = []
    override = Scenario.override
    monkeypatch.setattr(Scenario, "override", lambda self, changes: tried.append(changes) or override(self, changes))
    levers = [{"path": "policies.takedown.publicity", "values": [k / 2_500 for k in range(5_000)]}]
    assert len(Study.load(sweep_study(levers=levers)).levers[0].values or ()) == 5_000
    assert len(tried) < 10
    levers = [{"path": "policies.takedown.start", "values": [1, 2.5, 3]}]
    with pytest.raises(ScenarioError, match=r"policies\.0\.start|policies\.takedown\.start"):
        Study.load(sweep_study(levers=levers))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"policies": chain(2_000)}, "2,000 policies; allowed: at most 500"),
        (
            {"substances": {f"x{k}": {"like": "nps"} for k in range(2_000)}},
            "2,000 rows, which makes .*allowed: at most 32 in all",
        ),
        ({"uses": ["mine.py"] * 2_000}, "2,000 files; allowed: at most 100"),
        ({"k" * 500: 1}, "at most 200 characters"),
    ],
)
def test_more_than_anybody_means_is_refused_in_words(fields, words):
    with pytest.raises(ScenarioError, match=words):
        Scenario(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"scenarios": ["baseline"] * 2_000},
        {"levers": [{"path": "consumers", "values": [300, 400]}] * 2_000},
        {"levers": [{"path": "consumers", "values": list(range(20_000))}]},
        {"levers": [{"path": "title", "values": [f"x{k}" for k in range(3_000)]}]},
        {"levers": ["*"] * 2_000},
        {"set": {f"policies.x{k}.start": 3 for k in range(2_000)}},
    ],
)
def test_more_than_a_study_can_do_is_refused_in_words(fields):
    with pytest.raises(ScenarioError, match=r"at most|more than 200"):
        Study.load(sweep_study(**fields))


def test_policies_that_follow_each_other_begin_as_before_wherever_they_stand():
    made = plan(chain(4, days=2))
    on = [len(made.on_today(SimpleNamespace(day=day), None)) for day in range(8)]
    assert on == [1, 1, 2, 2, 3, 3, 4, 4]
    assert len(plan(chain(30)).on_today(SimpleNamespace(day=0), None)) == 30
    assert len(plan(herd(30)).on_today(SimpleNamespace(day=0), None)) == 30


def test_policies_that_wait_for_each_other_are_refused_and_those_that_can_begin_are_not():
    ring = [{"kind": "takedown", "label": f"p{k}", "after": {"policy": f"p{(k + 1) % 3}"}} for k in range(3)]
    with pytest.raises(ScenarioError, match="does not itself wait for this one"):
        Scenario(policies=ring)
    with pytest.raises(ScenarioError, match="cannot be met before day 800"):
        Scenario(
            policies=[{"kind": "takedown"}, {"kind": "demand_shock", "after": {"policy": "takedown", "days": 800}}]
        )
    assert len(Scenario(policies=herd(3)).policies) == 3
