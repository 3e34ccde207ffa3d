"""Friendship: people are friends with people like themselves, and some friends are lost and found every year."""

from __future__ import annotations

import numpy as np
import pytest

from sim import MarketModel, Scenario
from sim.market.learning.friends import SEASON, friendship

YEARS = 7


def town(**world: float) -> MarketModel:
    return MarketModel(Scenario.load("baseline").with_(consumers=4000, parameters={"world": world}), rng=3, threads=1)


def pairs(model: MarketModel) -> tuple[np.ndarray, np.ndarray]:
    friends = model.world.friends
    return np.repeat(np.arange(model.consumers.n), np.diff(friends.start)), friends.who


def named(model: MarketModel) -> np.ndarray:
    friends = model.world.friends
    return friends.who[friends.start[:-1, None] + np.arange(friends.named)].copy()


def seasons(model: MarketModel, many: int) -> None:
    model.day -= model.day % SEASON
    for _ in range(many):
        model.day += SEASON
        friendship(model)


def test_friendship_has_two_ends():
    model = town()
    seasons(model, 1)
    who, friend = pairs(model)
    count = model.consumers.n
    assert not np.any(who == friend)
    assert np.array_equal(np.sort(who * count + friend), np.sort(friend * count + who))


@pytest.mark.parametrize(("homophily", "more"), [(0.8, 1.5), (0.0, 0.9)])
def test_friends_are_alike_in_place_and_use_as_far_as_homophily_goes(homophily, more):
    model = town(homophily=homophily)
    c = model.consumers.columns
    who, friend = pairs(model)
    for trait in (c.jurisdiction, c.substance):
        share = np.bincount(trait) / len(trait)
        by_chance = float(share @ share)
        alike = float(np.mean(trait[who] == trait[friend])) / by_chance
        assert alike > more if homophily else alike == pytest.approx(1.0, abs=0.06)


def test_half_of_friends_are_others_seven_years_later():
    model = town()
    before = named(model)
    seasons(model, round(YEARS * 365 / SEASON))
    kept = float(np.mean(named(model) == before))
    assert kept == pytest.approx(0.5, abs=0.03)


def test_friendships_last_when_none_is_replaced_except_with_the_dead():
    model = town(friends_replaced=0.0)
    before = named(model)
    dead = np.arange(0, 4000, 10)
    model.consumers.columns.alive[dead] = 0
    seasons(model, 1)
    living = np.setdiff1d(np.arange(4000), dead)
    lost = np.isin(before, dead)
    assert np.array_equal((named(model) != before)[living], lost[living])
    assert not np.isin(named(model)[living], dead).any()
