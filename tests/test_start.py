"""The start: who has done what before burn-in follows from the same values as what they do later."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import NO_SLOT, Channel, Considering, Membership, RiskGroup, Segment, Stage
from tests.worlds import model_of, ran, world


@pytest.fixture(scope="module")
def start():
    """A town at its first day of burn-in."""
    return model_of(world(consumers=8000))


@pytest.mark.parametrize("share", [0.1, 0.42, 0.9])
def test_as_many_used_a_cryptomarket_before_the_start_as_is_stated(share):
    model = model_of(world(consumers=8000, parameters={"world": {"market_users": share}}))
    c, n = model.consumers.columns, model.consumers.n
    user, thinks = c.considering[:n] == Considering.EXPERIENCED, c.considering[:n] > Considering.NOT_YET
    assert user[thinks].mean() == pytest.approx(share, abs=0.02)
    assert c.skill[:n][user].mean() > c.skill[:n][thinks].mean()


def test_markets_of_the_start_have_traded_what_their_vendors_have_sold(start):
    v, n, t = start.vendors.columns, start.vendors.n, start.platform_table.columns
    sold = v.recent[:n][v.channel[:n] == Channel.CRYPTOMARKET].sum()
    assert t.trade60[start.usual.market_slots].sum() == pytest.approx(sold, rel=1e-4)


def test_sales_of_the_start_neither_grow_nor_fall_with_what_vendors_sell(start):
    v, n = start.vendors.columns, start.vendors.n
    sellers = v.channel[:n] != Channel.LICENSED_PHARMACY
    forgotten = v.sales[:n] * (1.0 - 0.5 ** (1.0 / start.p.learning.reputation_days))
    assert np.allclose(forgotten[sellers], v.recent[:n][sellers], rtol=0.01)


def test_dependent_people_of_the_start_are_beyond_the_threshold_and_others_are_not(start):
    c, n = start.consumers.columns, start.consumers.n
    dependent, threshold = c.segment[:n] == Segment.DEPENDENT, start.p.consumption.dependent_from
    assert (c.dependence[:n][dependent] >= threshold).all()
    assert (c.dependence[:n][~dependent] < threshold).all()


def test_who_needs_something_more_often_has_heard_of_more_markets(start):
    c, n = start.consumers.columns, start.consumers.n
    user = (c.considering[:n] == Considering.EXPERIENCED).nonzero()[0]
    second, often = c.known[c.memory[user], 1] != NO_SLOT, c.need_rate[user] > np.median(c.need_rate[user])
    assert second[often].mean() > 1.5 * second[~often].mean()


def test_people_at_the_start_know_of_services_what_they_know_without_information(start):
    c, n = start.consumers.columns, start.consumers.n
    assert c.support_knowledge[:n].mean() == pytest.approx(start.p.learning.support_floor, abs=0.01)
    without = model_of(world(consumers=8000, parameters={"learning": {"support_floor": 0.1}}))
    assert without.consumers.columns.support_knowledge.mean() == pytest.approx(0.1, abs=0.01)


def test_people_remember_at_first_what_they_bought_and_nothing_of_where_they_did_not(start):
    c, n = start.consumers.columns, start.consumers.n
    thinks, user = c.considering[:n] > Considering.NOT_YET, c.considering[:n] == Considering.EXPERIENCED
    calm = c.legal_calm[:n]
    assert (calm[:, RiskGroup.OFFLINE] > 0.0).all()
    assert (calm[~user, RiskGroup.CRYPTO] == 0.0).all()
    assert (calm[~thinks, RiskGroup.OPEN_WEB] == 0.0).all()
    assert (calm[user, RiskGroup.CRYPTO] > 0.0).all()
    assert np.array_equal(c.loss_calm[:n], calm[:, RiskGroup.CRYPTO])


def test_who_used_a_cryptomarket_before_the_start_decides_on_the_first_day_whether_to_go_on():
    model = ran(world(consumers=8000, burn_in=5, days=5), 1, -4)
    c, n = model.consumers.columns, model.consumers.n
    user, active = c.considering[:n] == Considering.EXPERIENCED, c.market_state[:n] == Membership.ACTIVE
    assert 0.05 < active[user].mean() < 0.8
    assert active[~user].mean() < 0.1 * active[user].mean()


def test_dependence_and_what_is_remembered_of_the_street_are_at_the_start_what_they_are_later():
    """So that a world in which nothing is done does not drift: the means of three worlds, on the first day and after two years."""
    found = []
    for seed in (1, 2, 3):
        model = model_of(world(consumers=3000, burn_in=5, days=900), seed)
        for days in (1, 735):
            model.run_for(days)
            c, n = model.consumers.columns, model.consumers.n
            there = (c.alive[:n] == 1) & (c.stage[:n] == Stage.USES)
            others = there & (c.segment[:n] != Segment.DEPENDENT)
            means = (
                c.dependence[:n][others].mean(),
                c.legal_calm[:n][there, RiskGroup.OFFLINE].mean(),
                (there & ~others).sum() / there.sum(),
            )
            found.append(means)
    first, later = np.mean(found[::2], axis=0), np.mean(found[1::2], axis=0)
    assert later == pytest.approx(first, rel=0.35)
