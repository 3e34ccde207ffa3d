"""Who becomes dependent, and who is so no longer: as often as was observed, so that a world left alone stays as it is."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from sim.agents.codes import Segment, Stage
from sim.evidence.parameters import load_parameters
from sim.market.entry_exit.roles import change_roles
from sim.model import MarketModel
from tests.worlds import ran, world

STAY = load_parameters().defaults("world").use_years
ALL = {"world": {"patients": 0.0, "dependents": 1.0, "suppliers": 0.0}}


def dependent_after_a_year(remission: float) -> float:
    """Share of dependent people who still are after a year of weekly looks, on which nobody uses anything."""
    model = ran(
        world(consumers=4000, burn_in=0, days=3, parameters={**ALL, "consumption": {"remission": remission}}), 1, 3
    )
    c, seen = model.consumers.columns, 0
    c.dependence[:] = 0.9
    while seen < 52:
        if model.day % 7 == 3:
            change_roles(model)
            seen += 1
        model.day += 1
    return float(np.mean(c.segment[c.alive == 1] == Segment.DEPENDENT))


def test_half_of_the_dependent_are_so_no_longer_after_the_years_that_were_observed():
    rate = load_parameters().defaults("consumption").remission
    assert 5.0 <= np.log(2) / rate <= 6.0
    assert dependent_after_a_year(rate) == pytest.approx(np.exp(-rate), abs=0.02)
    assert dependent_after_a_year(0.0) == 1.0


@functools.cache
def years(seed: int) -> tuple[MarketModel, dict[str, float]]:
    """A world left alone for three years, and of a hundred users of a substance who were not dependent how many became so in a year."""
    model = ran(world(consumers=6000, days=1096, burn_in=180), seed, 0)
    c, substances = model.consumers.columns, list(model.scenario.substances)
    made, at_risk = np.zeros(len(substances)), np.zeros(len(substances))
    for _ in range(156):
        segment, came, substance = c.segment.copy(), c.came.copy(), c.substance.copy()
        uses = (c.alive == 1) & (c.stage == Stage.USES) & (segment != Segment.DEPENDENT)
        model.run_for(7)
        uses &= c.came == came
        at_risk += np.bincount(substance[uses], minlength=len(substances))
        made += np.bincount(substance[uses & (c.segment == Segment.DEPENDENT)], minlength=len(substances))
    return model, dict(zip(substances, 5200 * made / np.maximum(at_risk, 1), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("substance", "lifetime"), [("cannabis", 0.089), ("cocaine", 0.209), ("heroin", 0.24)])
def test_users_become_dependent_as_often_as_was_observed(substance, lifetime):
    """What was observed is the share who ever do; use lasts ``use_years`` on average, so a constant rate gives that share at L / (1 - L) / use_years."""
    found = np.mean([years(seed)[1][substance] for seed in (1, 2, 3)])
    assert found == pytest.approx(100 * lifetime / (1 - lifetime) / STAY, rel=0.5)


@pytest.mark.slow
def test_a_world_left_alone_stays_nearly_as_it_is():
    """Dependent people and orders of the third year against the first."""
    for outcome, most in (("dependent_consumers", 1.2), ("orders", 1.25)):
        daily = [years(seed)[0].daily()[outcome] for seed in (1, 2, 3)]
        ratio = sum(d.iloc[730:].mean() for d in daily) / sum(d.iloc[:365].mean() for d in daily)
        assert 1 / most < ratio < most, outcome
