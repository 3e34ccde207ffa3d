"""What decides most of the effects of interventions is found by rule, by name and apart from luck, and the page says how sure it is."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import deciding
from sim import Study, run_study
from sim.evidence.parameters import load_parameters

MOVES, IDLE = "supply.crypto_vendors", "consumption.entry_rate"
SIZE = {"consumers": 300, "days": 12, "burn_in": 2}
THEMES = {MOVES: "trade", IDLE: "treatment"}


class Market:
    """What a takedown costs in orders grows with the vendors there are; the rest is luck, and treatment is never touched."""

    def __init__(self, scenario, rng=None, threads=1, tables=(), audit=False):
        self.scenario, self.seed, self.weight = scenario, int(rng), 1.0

    def run_for(self, duration):
        pass

    def daily(self):
        vendors, entry = (self.scenario.parameters[path.split(".")[0]][path.split(".")[1]] for path in (MOVES, IDLE))
        rng = np.random.default_rng([self.seed, int(vendors * 1e9), int(entry * 1e9), len(self.scenario.policies)])
        lost = 1e5 * vendors if any(policy.kind == "takedown" for policy in self.scenario.policies) else 0.0
        luck = rng.normal(size=3)
        outcomes = {
            "orders_cryptomarket": 2000 - lost + luck[0],
            "initiations": 50 + luck[1],
            "deaths_expected": 5 + 0.1 * luck[2],
            "in_treatment": 20.0,
        }
        days = pd.RangeIndex(self.scenario.days, name="day")
        return pd.DataFrame({name: np.full(len(days), value) for name, value in outcomes.items()}, index=days)

    def outcomes(self):
        return {name: float(values.mean()) for name, values in self.daily().items()}

    def table(self, name):
        raise ValueError(name)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    asked = Study.load(deciding.study(list(THEMES), 64, SIZE))
    return run_study(asked, tmp_path_factory.mktemp("runs"), executor="inline", model_class=Market)


@pytest.fixture(scope="module")
def kept(done, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    deciding.keep(done, THEMES, folder)
    return folder


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "docs"))
    yield importlib.import_module("make_deciding")
    sys.modules.pop("make_deciding")


def effect(folder, scenario, outcome):
    found = json.loads((folder / "deciding.json").read_text(encoding="utf-8"))["effects"]
    return next(each for each in found if (each["scenario"], each["outcome"]) == (scenario, outcome))


def test_the_value_that_decides_is_told_and_the_interval_of_one_that_moves_nothing_holds_zero(kept):
    moves, idle = effect(kept, "takedown", "orders_cryptomarket")["values"]
    assert (moves["parameter"], idle["parameter"]) == (MOVES, IDLE)
    assert moves["ST"][0] == pytest.approx(1.0, abs=0.1)
    assert moves["ST"][3] == moves["S1"][3] == "yes"
    assert idle["ST"][3] == idle["S1"][3] == "no"
    for value, low, high, _ in (idle["S1"], idle["ST"]):
        assert low <= 0.0 <= high
        assert abs(value) < 0.05


def test_where_all_is_luck_no_value_has_a_share_and_why_is_kept(kept):
    found = effect(kept, "takedown", "initiations")
    assert found["luck"] > 0.5
    assert not [row for row in found["values"] if row.get("ST", [0, 0, 0, "no"])[3] == "yes"]
    assert found["why_no_index"] == "no parameter moves it beyond the luck of runs"


def test_what_an_intervention_never_touches_has_no_index(kept):
    found = effect(kept, "services", "in_treatment")
    assert all(set(row) == {"parameter"} for row in found["values"])
    assert found["why_no_index"] == "does not vary"


def test_what_is_kept_says_how_it_was_done(kept, done):
    found = json.loads((kept / "deciding.json").read_text(encoding="utf-8"))
    assert found["runs"] == 64 * deciding.SEEDS * 3
    assert found["model"].startswith("Market ")
    assert {name: found[name] for name in SIZE} == SIZE
    assert found["values"][0]["high"] == load_parameters().specs[MOVES].high
    assert {path.name for path in kept.iterdir()} == {"deciding.json", "takedown.png"}


def test_the_page_says_what_decides_what_is_luck_and_with_which_model(kept, page):
    model = json.loads((kept / "deciding.json").read_text(encoding="utf-8"))["model"]
    text = page.deciding(model, kept / "deciding.json")
    told, lucky, _, _, same = (line for line in text.splitlines() if line.startswith("- **"))
    assert f"Told: {load_parameters().specs[MOVES].text} (`{MOVES}`" in told
    assert IDLE not in told
    assert "No shares: no parameter moves it beyond the luck of runs." in lucky
    assert "No shares: does not vary." in same
    assert "### The largest cryptomarket is seized: shares" in text
    assert "### Naloxone" not in text  # luck, wherever one looks
    assert "another version" not in text
    assert "**Done with another version of the code**" in page.deciding("another", kept / "deciding.json")


def test_the_page_says_when_nothing_is_kept(tmp_path, page):
    text = page.deciding("any", tmp_path / "deciding.json")
    assert text.startswith(page.HEAD)
    assert "`make deciding`" in text


def screening(*rows):
    return pd.DataFrame(rows, columns=["parameter", "most_moved", "change", "runs_with_other_events"])


def test_values_are_chosen_by_how_much_they_change_if_they_are_assumed_and_change_what_happens():
    specs = load_parameters().specs
    read = next(path for path, spec in specs.items() if spec.status == "read" and path.startswith("consumption."))
    found = deciding.chosen(
        screening(
            ("supply.entry_rate", "orders", 0.1, 4),
            ("supply.crypto_vendors", "orders", 0.5, 4),
            ("demand.recreational_rate", "deaths", 0.4, 4),
            ("choice.crypto", "orders", 0.3, 4),
            (read, "deaths", 0.9, 4),
            ("consumption.hill", "deaths", 0.2, 4),
            ("consumption.severity_share", "deaths", 0.8, 0),
            ("consumption.entry_rate", "in_treatment", 0.7, 4),
            ("migration.give_up", "deaths", 0.9, 4),
            ("migration.reach", "deaths", 0.2, 4),
        )
    )
    assert found == {
        "supply.crypto_vendors": "trade",
        "demand.recreational_rate": "trade",
        "choice.crypto": "trade",
        "consumption.hill": "deaths",
        "consumption.entry_rate": "treatment",
        "migration.reach": "closures",
    }


def test_the_rule_finds_as_many_of_each_theme_in_the_screening_that_is_kept():
    counts = pd.Series(deciding.chosen()).value_counts()
    assert counts.to_dict() == dict.fromkeys(deciding.THEMES, deciding.EACH)


def test_the_study_that_ships_can_be_done():
    asked = Study.load(deciding.study(list(deciding.chosen())))
    assert {(scenario, outcome) for scenario, outcome in deciding.EFFECTS} <= {
        (scenario, outcome) for scenario in asked.scenarios for outcome in asked.measures
    }
