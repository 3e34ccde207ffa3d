"""Treatment and tolerance: how many die in treatment, after it and without it, and who is at risk from an opioid that nobody expected."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import NEVER, Segment
from sim.evidence.parameters import load_parameters
from sim.market.health import harm
from sim.market.health.treatment import leave_treatment
from sim.model import MarketModel
from sim.studies.validation.files import load_targets
from tests.worlds import branched, ran, run, world

STAYING = {"entry_rate": 1e-9, "dropout_a": 0.0, "dropout_b": 0.0}
ALL_DEPENDENT = {"patients": 0.0, "dependents": 1.0, "suppliers": 0.0}


def dependents(consumers: int, days: int, seed: int = 1, **consumption: float) -> MarketModel:
    """A market of dependent people at day 0; nobody enters or leaves treatment of their own accord."""
    parameters = {"world": ALL_DEPENDENT, "consumption": {**STAYING, **consumption}}
    return ran(world(consumers=consumers, days=days, burn_in=60, parameters=parameters), seed, 0)


def all_treated(model: MarketModel) -> MarketModel:
    """The same people on the same day, every one of them in treatment: nobody selects themselves."""
    model = branched(model, 0)
    c = model.consumers.columns
    c.treatment_day[:] = model.day
    for service in model.treatment:
        service.used = int((c.jurisdiction == service.jurisdiction).sum())
    return model


def expected(model: MarketModel, outcome: str = "deaths_expected") -> np.ndarray:
    return model.daily()[outcome].to_numpy()


@pytest.mark.slow
def test_deaths_per_person_year_in_treatment_and_after_leaving_it_are_as_observed():
    """Of the same people, on the same days, with and without treatment; 87 % fewer deaths after half a year (published county model).

    Cohorts: 4.8 times as many overdose deaths out of treatment as in it (2.9 to 8.0); 6 to 9 times as many deaths (2.8 to 26) in the
    four weeks after leaving as in treatment. What the model leaves open: it has deaths by overdose only.
    """
    out, treated, left = np.zeros(270), np.zeros(240), np.zeros(28)
    for seed in (1, 2, 3):
        without = dependents(4000, 270, seed, agonist_share=1.0)
        with_ = all_treated(without)
        without.run_for(270)
        with_.run_for(240)
        leave_treatment(with_, np.flatnonzero(with_.consumers.columns.alive == 1))
        with_.run_for(28)
        out += expected(without)
        treated += expected(with_)[:240]
        left += expected(with_)[240:]
    late = treated[180:].sum() / out[180:240].sum()
    assert late == pytest.approx(0.13, abs=0.06)
    assert load_targets()["deaths_in_treatment"].agrees(treated[60:].sum() / out[60:240].sum())
    assert load_targets()["deaths_after_leaving"].agrees(left.mean() / treated[180:].mean())


def test_treatment_does_not_make_an_overdose_less_deadly():
    """What it saves, it saves by less use of what is known: the total is not counted a second time at each overdose."""
    without = dependents(800, 60, agonist_share=1.0)
    with_ = all_treated(without)
    for model in (without, with_):
        model.run_for(60)
    fatal = [expected(m)[40:].sum() / expected(m, "overdoses_expected")[40:].sum() for m in (without, with_)]
    assert fatal[1] == pytest.approx(fatal[0], rel=0.1)


def test_use_falls_over_months_of_treatment_and_at_once_where_it_is_drug_free():
    p = load_parameters().defaults("consumption")
    assert harm.use_left(0, True, p) == 1.0
    assert harm.use_left(p.treatment_full_days / 2, True, p) == pytest.approx(0.5 + 0.5 * p.use_in_treatment)
    assert harm.use_left(400, True, p) == pytest.approx(p.use_in_treatment)
    assert harm.use_left(0, False, p) == p.use_in_treatment


def test_what_is_at_hand_is_used_up_in_treatment_too():
    """Less is used on a day, not a share of what is left: leftovers do not last for ever, as a benzodiazepine that makes each overdose likelier would."""
    model = all_treated(dependents(800, 60, agonist_share=1.0, use_in_treatment=0.5))
    c = model.consumers.columns
    c.next_day[:] = NEVER - 1  # nobody gets anything new
    c.stash[:] = np.minimum(c.stash, 3.0)
    model.run_for(59)
    assert (c.stash[c.alive == 1] > 0).mean() < 0.2


def test_events_say_which_treatment_somebody_enters_and_leaves():
    model = run(world(consumers=2000, days=60, parameters={"world": ALL_DEPENDENT}), tables=("events",))
    events = model.table("events")
    turns = events[events.kind.isin(["treatment_entry", "treatment_exit"])]
    c, subject = model.consumers.columns, turns.subject.to_numpy()
    stayed = c.came[subject] < 0  # who is in the row is whoever was
    opioid = model.substances.opioid[c.substance[subject]] > 0
    agonist = turns.cause == "agonist"
    assert agonist[stayed & opioid].mean() == pytest.approx(model.p.consumption.agonist_share, abs=0.1)
    assert not agonist[stayed & ~opioid].any(), "there is no substitute for what is no opioid"
    assert (stayed & ~opioid).any()
    assert set(turns.cause) == {"agonist", "drug_free"}
    both = turns.groupby("subject").filter(lambda t: list(t.kind) == ["treatment_entry", "treatment_exit"])
    assert len(both)
    assert (both.groupby("subject").cause.nunique() == 1).all()


def test_who_leaves_treatment_has_the_needs_of_before_at_once():
    model = all_treated(dependents(800, 60, agonist_share=1.0))
    model.run_for(40)
    c = model.consumers.columns
    who = np.flatnonzero((c.alive == 1) & (c.treatment_day <= model.day))
    leave_treatment(model, who)
    rate = c.need_rate[who] * (1.0 + model.p.demand.dependence_rate * c.dependence[who])
    assert (c.treatment_day[who] == NEVER).all()
    assert np.mean((c.next_day[who] - model.day) * rate) == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("treated", [True, False])
def test_dependence_falls_in_treatment_as_it_does_on_a_day_without_use(treated):
    model = dependents(400, 40)
    model = all_treated(model) if treated else branched(model, 0)
    c = model.consumers.columns
    c.stash[:], c.next_day[:] = 0.0, NEVER - 1  # nobody has or gets anything
    c.treatment_day[:] = model.day if treated else NEVER
    before, there = c.dependence.copy(), c.came.copy()
    model.run_for(20)
    who = (before > 0.0) & (c.alive == 1) & (c.came == there)
    fell = c.dependence[who] / before[who]
    assert np.median(fell) == pytest.approx((1.0 - model.p.consumption.dependence_decay) ** 20, rel=1e-4)


# Tolerance ------------------------------------------------------------------------------------------------------------
def test_people_who_never_used_opioids_have_no_tolerance_for_them():
    """A contaminated pill is about three times as dangerous to them as to somebody with a quarter of full tolerance."""
    model = ran(world(consumers=2000, days=10, burn_in=60), 1, 0)
    c, p = model.consumers.columns, model.p.consumption
    never = (model.substances.opioid[c.substance] == 0) & (c.segment != Segment.DEPENDENT) & (c.orders == 0)
    assert never.sum() > 500
    assert np.median(c.tolerance[never]) == pytest.approx(p.tolerance_floor)
    risk = [harm.hill_overdose(t**-p.tolerance_exponent, p.r50, p.hill) for t in (p.tolerance_floor, 0.25)]
    assert risk[0] / risk[1] == pytest.approx(3.3, abs=0.3)


def test_tolerance_that_a_contaminated_pill_brought_is_lost_again():
    model = ran(world(consumers=2000, days=90, burn_in=60), 1, 0)
    c, p = model.consumers.columns, model.p.consumption
    other = np.flatnonzero((model.substances.opioid[c.substance] == 0) & (c.dependence < 0.1))
    c.tolerance[other], c.stash_potency[other] = 0.6, 0.0
    model.run_for(80)
    assert np.median(c.tolerance[other]) == pytest.approx(p.tolerance_floor, abs=0.02)
