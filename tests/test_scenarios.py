"""Every shipped scenario runs, asks a question, and adds up; small here, at its own size and twice in the slow tests."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from sim.model import MarketModel
from sim.registry import policy_kinds
from sim.scenario import Scenario
from tests.worlds import branched, fingerprint, ran, run

FOLDER = Path(__file__).parents[1] / "experiments" / "scenarios"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
ASKED_FOR = [
    "baseline",
    "near-monopoly",
    "serial-closures",
    "covert-takeover",
    "pandemic",
    "novel-opioid",
    "prescription-rescheduling",
    "enforcement-first",
    "consumer-protection",
    "harm-reduction-first",
    "deflection-and-early-warning",
    "coordinated",
    "silk-road-2013",
    "onymous-2014",
    "evolution-exit-2015",
    "bayonet-2017",
    "hydra-2022",
    "pangea",
]


@functools.cache
def shipped(name: str) -> Scenario:
    return Scenario.load(FOLDER / f"{name}.yaml")


def load(name: str, **fields) -> Scenario:
    return shipped(name).with_(**fields)


def before_its_policies(scenario: Scenario) -> MarketModel:
    """The audited market of a scenario on the day on which its first policy starts: scenarios of one world share it."""
    first = min([policy.start for policy in scenario.policies], default=0)
    alone = {"policies": [], "name": "alone", "title": "", "question": "", "days": 730}
    model = branched(ran(scenario.with_(**alone), until=first, audit=True), 0)
    model.scenario = scenario
    return model


@pytest.mark.parametrize("name", ASKED_FOR)
def test_the_scenario_is_shipped(name):
    assert name in NAMES


@pytest.mark.parametrize("kind", sorted(policy_kinds()))
def test_every_intervention_is_in_a_scenario(kind):
    assert any(policy.kind == kind for name in NAMES for policy in load(name).policies)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_asks_a_question(name):
    scenario = load(name)
    assert scenario.name == name
    assert scenario.title
    assert "?" in scenario.question


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_to_its_end_and_adds_up_every_day(name):
    scenario = load(name)
    last = max([policy.start for policy in scenario.policies], default=0)
    scenario = load(name, consumers=200, burn_in=20, days=min(scenario.days, last + 40))
    model = before_its_policies(scenario)
    model.run_for(scenario.days - model.day)
    assert model.day == scenario.days
    assert model.daily()["orders"].sum() > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_at_the_default_size_it_adds_up_for_two_years_and_is_the_same_twice(name):
    scenario = load(name)
    scenario = scenario.with_(days=max(scenario.days, 730))
    first = run(scenario, audit=True, tables=("events",))
    again = run(scenario)
    assert fingerprint(first) == fingerprint(again)
