"""The search for parameters that are one keeps what it found, goes on with it, and says what it looked at."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from experiments import collinear

WORLD = {"orders": 10.0, "deaths": 2.0}


def found(up: float, down: float, *effects: float) -> collinear.Tried:
    return [({**WORLD, "orders": up}, str(up)), ({**WORLD, "orders": down}, str(down))], list(effects)


def test_pairs_are_told_by_the_runs_and_by_the_direction_of_effects():
    tries = {
        "a": found(12.0, 8.0, 30.0, 0.0),
        "b": found(12.0, 8.0, 5.0, 30.0),
        "c": found(8.0, 12.0, -20.0, 20.0),
        "d": found(13.0, 7.0, 60.0, 1.0),
        "e": found(14.0, 6.0, 0.5, -30.0),
    }
    table = collinear.pairs(tries, np.array([1.0, 1.0]), seeds=2, confirmed=lambda *pair: True)
    assert table.to_dict("records") == [
        {"first": "a", "second": "b", "how": "product", "cosine": pytest.approx(0.164)},
        {"first": "a", "second": "c", "how": "ratio", "cosine": pytest.approx(-0.707)},
        {"first": "a", "second": "d", "how": "alike", "cosine": pytest.approx(1.0)},
        {"first": "b", "second": "c", "how": "ratio", "cosine": pytest.approx(0.581)},
        {"first": "b", "second": "e", "how": "alike", "cosine": pytest.approx(-0.984)},
    ]
    alone = collinear.pairs({"a": tries["a"], "e": tries["e"]}, np.array([1.0, 1.0]), seeds=2)
    assert alone[["first", "second", "how"]].to_numpy().tolist() == [["a", "", "alone"], ["e", "", "alone"]]


def test_parameters_that_share_one_rare_event_are_not_one_number(monkeypatch):
    """In the first run both bring about the same single event; in the next runs that either changes they differ. Runs that neither changes say nothing."""
    usual = {"orders": 10.0, "deaths": 2.0}
    rare = {"choice.habit": {2: 10.0, 3: 12.0}, "choice.explore": {2: 10.0, 3: 13.0}}
    twins = {"demand.a": {2: 10.0, 3: 12.0, 4: 11.0}, "demand.b": {2: 10.0, 3: 12.0, 4: 11.0}}
    runs = rare | twins

    def scaled(path, seed):
        orders = runs[path].get(seed, 10.0)
        return [None if orders == 10.0 else (usual | {"orders": orders}, str(orders)), None]

    monkeypatch.setattr(collinear, "scaled", scaled)
    assert not collinear.again("choice.habit", "choice.explore", "product")
    assert collinear.again("demand.a", "demand.b", "product")
    assert not collinear.again("demand.a", "demand.b", "ratio")
    tries = {
        name: found(12.0, 8.0, *effects)
        for name, effects in {"choice.habit": (30.0, 0.0), "choice.explore": (0.0, 30.0)}.items()
    }
    table = collinear.pairs(tries, np.array([1.0, 1.0]), seeds=2)
    assert list(table["how"]) == ["alone", "alone"]


def test_an_interrupted_search_goes_on_with_what_it_found(tmp_path, monkeypatch):
    """Findings are written as they come; one that was cut short is looked for again, and of other code or another world none is used."""
    asked = []

    def tried(path, seeds):
        asked.append(path)
        if path == "choice.habit" and len(asked) == 2:
            raise KeyboardInterrupt
        return found(12.0, 8.0, float("nan"), 1.0)

    monkeypatch.setattr(collinear, "tried", tried)
    paths = ["demand.own_substance", "choice.habit", "choice.explore"]
    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt):
        collinear.try_all(paths, tmp_path, 2, pool)
    assert "demand.own_substance" in collinear.kept(tmp_path)
    before = len(asked)
    (tmp_path / "choice.explore.json").write_text("[[null, nu", encoding="utf-8")
    with ThreadPoolExecutor(1) as pool:
        collinear.try_all(paths, tmp_path, 2, pool)
    assert set(asked[before:]) == {"choice.habit", "choice.explore"}
    again = collinear.kept(tmp_path)
    assert set(again) == set(paths)
    assert str(again["choice.habit"]) == str(found(12.0, 8.0, float("nan"), 1.0))
    assert collinear.state_of_things(2) != collinear.state_of_things(3)
