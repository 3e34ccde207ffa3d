"""Patterns of the supply side, in sign over 20 paired seeds: none is scripted."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.worlds import branched, ran, world

SEEDS = 20
ENOUGH = 16


@functools.cache
def daily(seed: int, days: int, changes: str, world_of: str) -> pd.DataFrame:
    """Daily outcomes of so many days under ``changes`` from the same market at day 0."""
    start = ran(world(**json.loads(world_of)), seed, 0)
    return branched(start, days, **json.loads(changes)).daily()


def paired(
    changes: dict, measure: Callable[[pd.DataFrame], float], days: int = 150, other: dict | None = None, **fields
) -> np.ndarray:
    """(20, 2) the measure under ``other`` changes (none by default) and under ``changes``, from the same markets at day 0."""
    town = json.dumps({"consumers": 1500, "burn_in": 60, "days": 400, **fields})
    sides = [json.dumps(side or {}) for side in (other, changes)]
    return np.array([[measure(daily(seed, days, side, town)) for side in sides] for seed in range(SEEDS)])


def late(outcome: str, from_day: int = 60) -> Callable[[pd.DataFrame], float]:
    return lambda frame: float(frame[outcome][from_day:].mean())


def policy(kind: str, **fields) -> dict:
    return {"policies": [{"kind": kind, **fields}]}


def rises(found: np.ndarray) -> int:
    return int((found[:, 1] > found[:, 0]).sum())


pytestmark = pytest.mark.slow
INTERDICTION = policy("supplier_interdiction", effort=4.0)


def test_more_interdiction_raises_the_number_of_routes():
    assert rises(paired(INTERDICTION, late("supply_routes"))) >= ENOUGH


def test_more_interdiction_raises_strength_to_weight():
    """The iron law of prohibition."""
    assert rises(paired(INTERDICTION, late("supply_concentration"))) >= ENOUGH


HIDDEN = {"parameters": {"shipping": {"notice_content": 0.0}}}


def test_hidden_purity_lowers_mean_purity():
    found = paired(HIDDEN, late("purity_mean"))
    assert SEEDS - rises(found) >= ENOUGH
    assert 0.1 < 1 - found[:, 1].mean() / found[:, 0].mean() < 0.35


def test_hidden_purity_raises_its_spread():
    assert rises(paired(HIDDEN, late("purity_sd"))) >= ENOUGH


def test_halving_recruitment_leaves_fewer_branches_than_doubling_arrests():
    """Arrests that do not deter, so that the difference is recruitment that makes them good."""
    usual = {"pricing": {"arrest_cost": 0.0}}
    arrests = ran(world(), 0, 0).p.enforcement.arrest_per_contact
    found = paired(
        policy("supplier_interdiction", effort=1.0, recruitment_cut=0.5),
        late("organised_branches", 180),
        240,
        other={"parameters": {"enforcement": {"arrest_per_contact": 2 * arrests}}},
        parameters=usual,
    )
    assert SEEDS - rises(found) >= ENOUGH


SHOCK = policy("supply_shock", lost=0.6)


@pytest.mark.parametrize(("outcome", "sign"), [("price_index", 1), ("purity_mean", -1), ("wholesale_stock", -1)])
def test_a_supply_shock_makes_goods_dearer_and_weaker(outcome, sign):
    found = paired(SHOCK, late(outcome))
    assert (np.sign(found[:, 1] - found[:, 0]) == sign).sum() >= ENOUGH


def test_inspection_seizes_more_and_makes_all_parcels_late():
    more = policy("postal_interdiction", inspections=3.0)
    assert rises(paired(more, late("seizure_rate"))) >= ENOUGH
    assert rises(paired(more, late("parcel_delay_days"))) == SEEDS


def test_a_closed_street_moves_buyers_online():
    def online(frame: pd.DataFrame) -> float:
        return float(frame[["share_social_app", "share_cryptomarket", "share_direct"]][60:].sum(axis=1).mean())

    assert rises(paired(policy("demand_shock", street_lost=0.7, initiation=1.0), online)) >= ENOUGH
