"""Suppliers who are taken do not come back: successors, others who grow, and newcomers fill the gap, in other places, and fight over it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import VendorKind
from sim.market.supply.network import bits
from sim.market.supply.turnover import arrest_group, come_and_go, missing
from sim.model import MarketModel
from tests.worlds import branched, ran, world

TOWN = {"consumers": 2000, "burn_in": 40, "days": 400}


def town(**supply: float) -> MarketModel:
    """A market at day 0."""
    return branched(ran(world(**TOWN), 1, 0), 0, parameters={"supply": supply})


def live(model: MarketModel) -> np.ndarray:
    return model.supplier_table.columns.alive[: model.supplier_table.n] == 1


def busiest(model: MarketModel) -> int:
    s, n = model.supplier_table.columns, model.supplier_table.n
    return int(np.argmax(s.branches[:n] * s.organised[:n]))


def months(model: MarketModel, weeks: int) -> None:
    """Only who comes and goes, for so many weeks."""
    for week in range(weeks):
        model.day = 7 * (week + 1)
        come_and_go(model)


def test_a_removed_supplier_stays_away_and_newcomers_are_others():
    model = town(succession=0.0, replacement_rate=0.05)
    n = model.supplier_table.n
    for i in range(10):
        arrest_group(model, i)
    months(model, 40)
    s = model.supplier_table.columns
    assert not live(model)[:10].any()
    assert model.supplier_table.n > n
    entered = slice(n, model.supplier_table.n)
    assert (s.size[entered] < s.size[:n].max()).all(), "they begin small"
    assert (s.branches[entered] == 0).all()
    assert (s.source[entered][s.organised[entered] == 1, 0] >= 0).any(), "groups among them buy from manufacturers"


def test_newcomers_enter_only_where_suppliers_are_missing():
    model = town(replacement_rate=0.05)
    n = model.supplier_table.n
    months(model, 40)
    assert model.supplier_table.n == n
    assert missing(model) == pytest.approx(0.0, abs=1e-6)


def test_the_others_grow_into_the_gap_and_no_further():
    model = town(succession=0.0, replacement_rate=0.0, supplier_growth=0.03)
    before = model.supplier_table.columns.size[:20].copy()
    arrest_group(model, 0)
    arrest_group(model, 6)
    gap = missing(model)
    assert gap.max() > 0.1
    months(model, 100)
    s = model.supplier_table.columns
    grown = (s.size[:20] / before)[live(model)]
    assert (grown > 1.0).mean() > 0.7
    assert np.abs(missing(model)).mean() < 0.35 * gap[gap > 0].mean()


def test_a_successor_keeps_part_of_the_group_and_the_rest_look_elsewhere():
    model = town(succession=0.6)
    i, v = busiest(model), model.vendors.columns
    rows = np.flatnonzero((v.supplier[: model.vendors.n] == i) & (v.alive[: model.vendors.n] == 1))
    s = model.supplier_table.columns
    size, reach, serves = float(s.size[i]), int(s.reach[i]), int(s.serves[i])
    arrest_group(model, i)
    s, heir = model.supplier_table.columns, model.supplier_table.n - 1
    assert heir == 20
    assert (s.alive[i], s.alive[heir]) == (0, 1)
    assert s.size[heir] == pytest.approx(0.6 * size)
    assert (s.reach[heir], s.serves[heir]) == (reach, serves)
    stay = v.supplier[rows] == heir
    assert stay.any()
    assert (v.kind[rows[stay]] == VendorKind.ORGANISED_CRIME).all()
    model.run_for(3)
    assert (model.supplier_table.columns.clients[heir]) >= stay.sum() - 2


def test_without_successors_a_group_is_gone():
    model = town(succession=0.0)
    arrest_group(model, busiest(model))
    assert model.supplier_table.n == 20


def test_suppliers_fight_over_vendors_whose_supplier_is_gone():
    """Violence where dealers meet buyers rises with what is to be had, and fades as it is taken."""
    start = town(succession=0.0, replacement_rate=0.0)
    s = start.supplier_table.columns
    gone = np.argsort(-s.clients[:20])[:6].tolist()
    found = {}
    for rivalry in (0.0, 4.0):
        model = branched(start, 0, parameters={"supply": {"rivalry": rivalry, "rewire_rate": 0.1, "succession": 0.0}})
        for i in gone:
            arrest_group(model, i)
        model.run_for(60)
        found[rivalry] = model.daily()
    ratio = (found[4.0]["violence_expected"] + 1e-9) / (found[0.0]["violence_expected"] + 1e-9)
    assert ratio[:5].mean() > 1.3
    assert ratio[50:].mean() < 0.5 * (1 + ratio[:5].mean())


def test_arrests_in_the_middle_of_a_run_leave_all_books_in_order():
    policy = {"kind": "supplier_interdiction", "start": 3, "effort": 1.0, "arrested": 0.5}
    model = branched(ran(world(**TOWN), 1, 0), 0, policies=[policy])
    model.run_for(60)
    s, n = model.supplier_table.columns, model.supplier_table.n
    assert n > 20
    v = model.vendors.columns
    sold = (v.supplier[: model.vendors.n] >= 20) & (v.alive[: model.vendors.n] == 1)
    assert sold.any()
    assert s.revenue[20:n].sum() > 0
    served = bits(s.serves[20:n], len(model.substances.dose_usd))
    assert served.any(axis=1).all()
