"""What a first order on a cryptomarket is like decides who goes on: most buy once, few buy much [abraxas-buyer-concentration]."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from sim.agents.codes import NO_SLOT, Considering, Membership
from sim.kernels import kernel
from sim.market.choice.experience import experience
from tests.worlds import frames, ran, world


class Given(NamedTuple):
    experience_mean: float = -2.0
    experience_sd: float = 3.0


class People(NamedTuple):
    considering: np.ndarray


def orders_of(seed: int, **choice: float) -> tuple[np.ndarray, np.ndarray]:
    """Buyers on cryptomarkets and their orders, where many look for one who have bought on none."""
    scenario = world(
        consumers=5000, days=200, parameters={"choice": choice, "world": {"market_users": 0.05, "considering": 0.6}}
    )
    orders = frames(scenario, seed)["orders"]
    count = orders[orders["channel"] == "cryptomarket"].groupby("consumer", observed=True).size()
    return count.index.to_numpy(), count.to_numpy()


@kernel
def ask(liked: np.ndarray, seed: int, people: People, given: Given) -> None:
    for c in range(len(liked)):
        liked[c] = experience(seed, c, people, given)


def asked(seed: int, stage: Considering, people: int, given: Given) -> np.ndarray:
    """What people at a stage have found ordering by post to be like."""
    liked = np.empty(people)
    ask(liked, seed, People(np.full(people, int(stage))), given)
    return liked


@pytest.mark.parametrize("stage", [Considering.NOT_YET, Considering.CONSIDERS, Considering.BOUGHT])
def test_before_the_first_order_there_nobody_knows_what_it_is_like(stage):
    assert not asked(1, stage, 100, Given()).any()


def test_what_it_is_like_differs_between_people_and_lasts():
    liked = asked(1, Considering.EXPERIENCED, 20_000, Given())
    assert np.array_equal(liked, asked(1, Considering.EXPERIENCED, 20_000, Given()))
    assert abs(liked.mean() - Given().experience_mean) < 4 * Given().experience_sd / np.sqrt(len(liked))
    assert liked.std() == pytest.approx(Given().experience_sd, rel=0.03)


def test_who_turned_away_from_markets_is_no_user_of_the_one_they_left():
    """But on the evening of a first order, after which everybody decides anew tomorrow."""
    model = ran(world(consumers=4000, days=60, parameters={"world": {"market_users": 0.3, "considering": 0.6}}), 1)
    c = model.consumers.columns
    away = (c.market_state == Membership.LAPSED) & (c.considering == Considering.EXPERIENCED)
    tomorrow = c.market_until <= model.day + 1
    assert (away & ~tomorrow).sum() > 100
    assert (c.home[away & ~tomorrow] == NO_SLOT).all()
    assert (c.home[c.market_state == Membership.NONE] == NO_SLOT).all()


def test_whom_the_first_order_disappoints_buys_seldom_again():
    """Of 100 buyers, when it is as expected and when it is far worse."""
    fine, worse = (
        np.concatenate([orders_of(seed, experience_mean=mean, experience_sd=0.0)[1] for seed in range(2)])
        for mean in (0.0, -6.0)
    )
    assert min(len(fine), len(worse)) > 100
    assert np.mean(worse == 1) > np.mean(fine == 1) + 0.2
    assert worse.mean() < 0.5 * fine.mean()


def test_few_find_it_to_suit_them_and_they_buy_most():
    spread = Given(experience_mean=-4.0, experience_sd=4.0)
    suited, others = [], []
    for seed in range(2):
        buyers, orders = orders_of(seed, **spread._asdict())
        suits = asked(seed, Considering.EXPERIENCED, buyers.max() + 1, spread)[buyers] > 0.0
        suited.extend(orders[suits])
        others.extend(orders[~suits])
    assert len(others) > 2 * len(suited) > 100
    assert np.mean(suited) > 1.5 * np.mean(others)


def test_who_has_bought_on_a_cryptomarket_knows_what_it_is_like():
    model = ran(world(consumers=3000, days=60))
    c, n = model.consumers.columns, model.consumers.n
    orders = frames(world(consumers=3000, days=60))["orders"]
    settled = orders[(orders["channel"] == "cryptomarket") & orders["outcome"].notna() & (orders["day"] < 30)]
    assert len(settled) > 100
    stays = (c.alive[:n] == 1) & (c.market_state[:n] == Membership.ACTIVE)
    there = np.intersect1d(settled["consumer"].unique(), stays.nonzero()[0])
    assert (c.considering[there] == Considering.EXPERIENCED).mean() > 0.95
