"""Unmet need: patients without their medicine suffer; regulated supply and shortages of prescriptions change how many."""

from __future__ import annotations

import numpy as np

from sim.agents.codes import SUM_UNMET, Segment
from sim.evidence.tables import load_substances
from sim.market.health.consumption import consumption
from sim.model import MarketModel
from tests.worlds import branched, ran, world

NAMES = list(load_substances())
CHRONIC, CANNABIS = NAMES.index("chronic_medicine"), NAMES.index("cannabis")


def start(days: int = 40, **fields) -> MarketModel:
    return ran(world(consumers=1000, days=days, burn_in=10, **fields), 1, 0)


def after(model: MarketModel, **policy) -> MarketModel:
    return branched(model, 30, policies=[policy] if policy else [])


def total(model: MarketModel, outcome: str) -> float:
    return float(model.daily()[outcome].sum())


def test_patients_without_their_medicine_suffer_until_it_comes():
    model = start()
    c = model.consumers.columns
    patient = np.flatnonzero((c.segment == Segment.PATIENT) & (c.substance == CHRONIC) & (c.alive == 1))[:3]
    c.unmet_until[:] = model.day
    c.unmet_until[patient] = model.day + 10
    c.stash[patient] = 0.0
    c.stash[patient[0], 0], c.stash_substance[patient[0], 0] = 90.0, CHRONIC
    consumption(model)
    assert model.today.sums[SUM_UNMET] == 2
    assert c.unmet_until[patient[0]] == model.day
    assert (c.unmet_until[patient[1:]] == model.day + 10).all()


def test_medicine_has_a_burden_when_it_is_missing_and_a_drug_for_pleasure_has_none():
    table = load_substances()
    assert all((row.daly_unmet > 0) == ("licensed_pharmacy" in row.sold_by) for row in table.values())


def test_a_shortage_of_prescriptions_leaves_patients_without_and_costs_healthy_life():
    base = start(parameters={"world": {"patients": 0.9, "dependents": 0.0}, "demand": {"patient_rate": 0.05}})
    usual = after(base)
    short = after(base, kind="supply_shock", lost=0.0, prescriptions_lost=1.0)
    none = after(base, kind="supply_shock", strength=0.0, lost=0.0, prescriptions_lost=1.0)
    assert total(none, "unmet_need_days") == total(usual, "unmet_need_days") > 0
    assert total(short, "unmet_need_days") > 1.05 * total(usual, "unmet_need_days")
    assert total(short, "dalys") > total(usual, "dalys")
    assert total(short, "orders_licensed_pharmacy") < 0.8 * total(usual, "orders_licensed_pharmacy")


def test_regulated_supply_meets_needs_of_patients():
    base = start(parameters={"world": {"patients": 0.8, "dependents": 0.05}, "demand": {"patient_rate": 0.05}})
    supplied = after(base, kind="regulated_supply", patients=1.0, dependent=0.0)
    assert total(supplied, "unmet_need_days") < 0.9 * total(after(base), "unmet_need_days")


def test_where_there_is_no_legal_counterpart_regulated_supply_gives_and_costs_nothing(monkeypatch):
    """Cannabis users have none in this table; heroin users do. Nobody comes, who might use something else."""
    monkeypatch.setattr("sim.model.come_and_go", lambda state: None)
    model = start(parameters={"demand": {"own_substance": 1.0}})
    policy = {"kind": "regulated_supply", "patients": 0.0, "recreational": 0.8, "dependent": 0.8}
    costs = {}
    for name in ("cannabis", "heroin"):
        users = branched(model, 0, policies=[policy])
        c = users.consumers.columns
        c.substance[:] = NAMES.index(name)
        c.segment[c.segment != Segment.DEPENDENT] = Segment.RECREATIONAL
        users.run_for(20)
        costs[name] = total(users, "policy_cost_usd")
        deeds = users.table("policies").iloc[0]
        assert deeds["asked"] > 0
        assert (deeds["done"] > 0) == (name == "heroin")
        if name == "cannabis":
            bare = branched(model, 0)
            bare.consumers.columns.substance[:], bare.consumers.columns.segment[:] = c.substance, c.segment
            bare.run_for(20)
            assert total(bare, "orders_licensed_pharmacy") == total(users, "orders_licensed_pharmacy")
    assert costs["cannabis"] == 0.0 < costs["heroin"]
