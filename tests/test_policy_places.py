"""Where a policy acts, for whom, and for how many: in the jurisdictions, for the segments and for the share of people that it names, and nowhere else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.agents.codes import NEVER, Channel, Segment, Stage
from sim.market import views
from sim.market.health.treatment import first_served
from sim.measures.outcomes import net_social_cost, outcomes_of_day
from sim.policies.base import AimedPolicy, LocalPolicy
from sim.registry import policy_kinds
from sim.scenario import Scenario, ScenarioError
from tests.worlds import ALL_TABLES, KINDS, branched, example, ran, run, same_frames, world

START, END = 10, 30
PLACES = list(Scenario().jurisdictions)
HERE = 1
LOCAL = [kind for kind in KINDS if issubclass(policy_kinds()[kind], LocalPolicy)]
AIMED = [kind for kind in LOCAL if issubclass(policy_kinds()[kind], AimedPolicy)]
COINS = {"payment_block": {"mode": "coins", "closure": 0.3}}
"""Settings at which a policy moves levers."""


def acting(kind: str, **fields) -> Scenario:
    return world(policies=[example(kind, **COINS.get(kind, {}), start=START, end=END, **fields)])


def tables_under(kind: str, **fields) -> dict[str, pd.DataFrame]:
    """Every table of a run under a policy, from a burn-in that all share."""
    model = branched(ran(world(), until=0, tables=ALL_TABLES), world().days, policies=acting(kind, **fields).policies)
    return {name: model.table(name) for name in ALL_TABLES}


def refused(policy: dict) -> str:
    with pytest.raises(ScenarioError) as error:
        world(policies=[policy])
    return str(error.value)


# Where ----------------------------------------------------------------------------------------------------------------
def every(nth: int, kinds):
    """All kinds, of which the quick tests take every so many."""
    return [kind if k % nth == 0 else pytest.param(kind, marks=pytest.mark.slow) for k, kind in enumerate(kinds)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_names_jurisdictions_or_says_what_does_or_why_it_has_one_place(kind):
    policy = policy_kinds()[kind]
    assert len(policy.place) > 20
    if kind not in LOCAL:
        said = policy.instead.get("jurisdictions")
        assert said in policy.model_fields or policy.place.startswith("The world: ")


@pytest.mark.parametrize("kind", every(4, LOCAL))
def test_to_name_all_jurisdictions_is_to_name_none(kind):
    named, none = (tables_under(kind, **fields) for fields in ({"jurisdictions": PLACES}, {}))
    assert [table for table in none if not same_frames(named[table], none[table])] == []


def test_test_purchases_end_accounts_of_programmes_hosted_there():
    model = run(
        world(
            policies=[example("payment_block", purchases=1000.0, target="any", jurisdictions=[PLACES[HERE]])], days=5
        ),
        tables=("events",),
    )
    ended = model.table("events").query("policy == 'payment_block'")["subject"].to_numpy()
    assert len(ended)
    assert set(model.platform_table.columns.jurisdiction[ended].tolist()) == {HERE}


@pytest.mark.parametrize("kind", LOCAL)
def test_a_jurisdiction_that_does_not_exist_is_refused_with_the_nearest(kind):
    assert f"did you mean '{PLACES[HERE]}'?" in refused(example(kind, jurisdictions=[PLACES[HERE].upper() + "S"]))


@pytest.mark.parametrize(
    ("kind", "word", "said"),
    [
        ("takedown", "jurisdictions", "host"),
        ("international_cooperation", "jurisdictions", "members"),
        ("postal_interdiction", "jurisdictions", "destination"),
        ("demand_shock", "jurisdiction", "jurisdictions"),
        ("demand_shock", "segment", "segments"),
        ("supply_shock", "jurisdiction", "jurisdictions"),
    ],
)
def test_a_word_for_which_a_policy_has_another_is_refused_with_that_one(kind, word, said):
    assert f"did you mean '{said}'?" in refused({"kind": kind, word: PLACES[HERE]})


def test_a_policy_of_the_world_says_why_it_has_no_jurisdictions():
    assert policy_kinds()["operator_exit"].place in refused({"kind": "operator_exit", "jurisdictions": PLACES[:1]})


# For whom and for how many --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", every(3, AIMED))
def test_to_name_all_segments_and_all_people_is_to_name_none(kind):
    everybody = {"segments": [segment.name.lower() for segment in Segment], "share_of_people": 1.0}
    named, none = tables_under(kind, **everybody), tables_under(kind)
    assert [table for table in none if not same_frames(named[table], none[table])] == []


@pytest.mark.parametrize("kind", ["education_campaign", "support_information", "safe_purchasing_information"])
def test_what_is_told_to_half_the_dependent_people_of_a_place_is_heard_by_them_alone(kind):
    """On one day a seventh of consumers hears; nobody has passed anything on by then."""
    start = ran(world(consumers=6000), until=START)
    aimed = {
        "jurisdictions": [PLACES[0]],
        "segments": ["dependent"],
        "share_of_people": 0.5,
        "reach": 1.0,
        "taken_up": 1.0,
    }
    after, usual = branched(start, 1, policies=[example(kind, **aimed)]), branched(start, 1)
    policy = after.scenario.policies[0]
    told = np.zeros(start.consumers.n, bool)
    for name in ("caution", "verification", "support_knowledge", "stigma"):
        told |= after.consumers.get(name) != usual.consumers.get(name)
    c = start.consumers.columns
    assert told.any()
    assert policy.meant(start)[told].all()
    assert set(c.segment[: start.consumers.n][told].tolist()) == {Segment.DEPENDENT}
    assert told.sum() == pytest.approx(policy.meant(start).sum() / 7, rel=0.6)


def test_naloxone_for_half_the_people_saves_among_them_alone():
    start = ran(world(consumers=2000), until=0)
    after = branched(start, 30, policies=[example("naloxone", carriage=1.0, outreach=0.0, share_of_people=0.5)])
    carried = after.outreach.carried
    assert (carried[:, :, :50] > 0).all()
    assert (carried[:, :, 50:] == 0).all()


def test_checks_are_made_by_those_to_whom_they_are_offered():
    start = ran(world(consumers=6000, parameters={"consumption": {"checking_base": 0.0}}), until=0)
    offer = example("drug_checking", segments=["recreational"], share_of_people=0.4)
    none, some, all_ = (
        branched(start, 20, policies=[{**offer, **fields}]).checking.samples - start.checking.samples
        for fields in ({"share_of_people": 0.0}, {}, {"share_of_people": 1.0})
    )
    assert none == 0
    assert 0 < some < all_
    assert some == pytest.approx(0.4 * all_, rel=0.35)


def test_the_people_of_a_smaller_share_are_among_those_of_a_larger_and_stay_the_same():
    start = ran(world(consumers=6000), until=0)
    later = branched(start, 20)
    few, many = (policy_kinds()["naloxone"](share_of_people=share) for share in (0.25, 0.5))
    other = policy_kinds()["drug_checking"](share_of_people=0.5)
    assert few.meant(start).mean() == pytest.approx(0.25, abs=0.02)
    assert many.meant(start).mean() == pytest.approx(0.5, abs=0.02)
    assert many.meant(start)[few.meant(start)].all()
    assert (many.meant(later) == many.meant(start)).all()
    assert (other.meant(start) == many.meant(start)).all(), "strips and naloxone for half the people: the same half"


def test_who_is_reached_first_is_another_in_another_run():
    one, other = (ran(world(), seed, 0).consumers.columns.turn[:600] for seed in (1, 2))
    assert (one != other).mean() > 0.9


@pytest.mark.parametrize(
    ("meant", "others", "inside", "enter"),
    [
        ([0, 0, 0, 0], 0, 0, [0, 1]),
        ([0, 0, 0, 0], 5, 0, []),
        ([0, 1, 0, 1, 1, 1], 0, 0, [0, 1, 2, 3]),
        ([0, 1, 0, 1, 1, 1], 2, 0, [1, 3]),
        ([0, 0, 0, 1, 1], 0, 2, [0, 1]),
        ([1, 0, 1, 0], 0, 2, [0, 1]),
        ([1, 0, 1, 1], 1, 0, [0, 1, 2]),
        ([], 0, 0, []),
    ],
)
def test_places_kept_for_some_are_taken_by_them_in_their_turn_and_the_others_by_all(meant, others, inside, enter):
    """Two places for all, and two more for those for whom they are meant."""
    queue, nobody, enters = np.arange(len(meant)), np.zeros(len(meant), np.uint8), np.zeros(len(meant), bool)
    people = views.ContactConsumers(jurisdiction=nobody, record=nobody, segment=nobody, turn=queue.astype(np.uint8))
    kind, used, waiting = np.zeros((1, 4, 100), np.int64), np.array([[others, others + inside]]), np.array([0])
    kind[0, 0, : len(meant)] = meant
    assert first_served(queue, people, kind, np.array([[2, 4]]), used, waiting, enters) == len(enter)
    assert enters.nonzero()[0].tolist() == enter
    assert used[0, 1] == others + inside + len(enter)
    assert waiting[0] == len(meant) - len(enter)


CROWDED = {"world": {"dependents": 0.7}, "consumption": {"entry_rate": 0.1}}


def test_places_added_for_half_the_people_leave_the_others_those_that_they_had():
    start = ran(world(consumers=1000, days=120, parameters=CROWDED), until=0)
    more = example("treatment_capacity", places=0.3, hiring_days=1, dropout=1.0, share_of_people=0.5)
    entries = []
    for policies in ([], [more]):
        model = branched(start, 120, policies=policies)
        c = model.consumers.columns
        treated = (c.treatment_day[:1000] <= model.day) | (c.treatment_days[:1000] > 0)
        entries.append([int((treated & (c.turn[:1000] // 50 == half)).sum()) for half in (0, 1)])
    assert entries[1][0] > 1.2 * entries[0][0], "those for whom they are meant"
    assert entries[1][1] > 0.85 * entries[0][1], "the others"


# What it costs --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "kind", [kind for kind in AIMED if kind not in ("early_warning", "treatment_capacity", "deflection")]
)
def test_what_is_meant_for_half_the_people_costs_about_half(kind):
    """Not so of one system, and of places in treatment, which are as many whoever they are for."""
    half, all_, none = (
        model.daily()["policy_cost_usd"].sum()
        for model in (branched(ran(world(consumers=8000), until=0), 20, policies=[example(kind, share_of_people=share)]) for share in (0.5, 1.0, 0.0))
    )  # fmt: skip
    assert none == pytest.approx(0, abs=1e-9)
    assert 0.2 * all_ < half < 0.8 * all_


WHOLE = {"early_warning", "payment_block", "vendor_arrests", "drug_checking", "deflection", "decriminalisation"}
"""Whose cost is of what they find or of one system, and not a sum over places."""


@pytest.mark.parametrize("kind", every(3, [k for k in LOCAL if k not in WHOLE and not policy_kinds()[k].exogenous]))
def test_the_costs_of_the_places_add_up_to_that_of_all(kind):
    model = ran(world(), until=START)
    policy = policy_kinds()[kind]
    fields = {key: value for key, value in example(kind, start=START).items() if key != "kind"}
    parts = [policy(**fields, jurisdictions=(place,)).cost(model) for place in PLACES]
    assert min(parts) >= 0
    assert sum(parts) == pytest.approx(policy(**fields).cost(model), rel=1e-6)


def test_deflection_in_one_place_does_not_pay_for_referrals_in_another():
    """Two programmes side by side pay together what one for both pays."""
    busy = {"consumers": 4000, "parameters": {"enforcement": {"contacts_per_day": 20.0}}}
    programme = example("deflection", places=0.0)
    model = run(world(policies=[programme], **busy), until=5)
    state, policy = model, policy_kinds()["deflection"]
    fields = {key: value for key, value in programme.items() if key != "kind"}
    assert model.yesterday.referrals >= model.yesterday.accepted.sum() > 5
    parts = [policy(**fields, jurisdictions=(place,)).cost(state) for place in PLACES]
    assert sum(part > 0 for part in parts) > 1
    assert sum(parts) == pytest.approx(policy(**fields).cost(state))
    whole = policy(**fields).referrals(state, policy(**fields).offer)
    assert whole.offered == pytest.approx(len(model.yesterday.offered))
    assert whole.taken == pytest.approx(model.yesterday.accepted.sum())


def test_policies_that_refer_side_by_side_pay_for_each_referral_once_and_for_none_that_police_made():
    model = ran(world(policies=[]), until=START)
    kinds = policy_kinds()
    one, other = kinds["deflection"](offer=0.5), kinds["decriminalisation"](referred=0.1)
    model.yesterday.offered = np.arange(100)
    model.yesterday.offer, model.yesterday.accepted = np.full(100, 1 - 0.5 * 0.9), np.full(100, True)
    parts = [one.referrals(model, 0.5).taken, other.referrals(model, 0.1).taken]
    assert sum(parts) == pytest.approx(100)
    assert parts[0] > 6 * parts[1] > 0
    before = kinds["deflection"](offer=0.5, start=model.day, places=0.0)
    assert before.cost(model) == 0  # what was referred before it began
    model.yesterday.offered, model.yesterday.offer = np.empty(0, int), np.empty(0)
    model.yesterday.referrals = 100
    assert kinds["deflection"](offer=0.5, places=0.0).cost(model) == 0


def test_programmes_of_checking_side_by_side_pay_for_each_check_once_and_for_none_before_they_began():
    model = ran(world(policies=[]), until=START)
    checking, base = policy_kinds()["drug_checking"], model.p.consumption.checking_base
    near, easy = checking(reach=0.6), checking(reach=0.1, uptake=4.0)
    model.yesterday.checked = np.arange(100)
    model.yesterday.easier = np.full(100, 0.7 + base * np.log(4.0))
    parts = [policy.deed(model).done for policy in (near, easy)]
    assert sum(parts) == pytest.approx(100)
    assert parts[0] > parts[1] > 0
    assert checking(reach=0.6, start=model.day).deed(model).done == 0
    model.yesterday.easier = np.full(100, 0.6)
    assert near.deed(model).done == pytest.approx(100)


def test_treatment_in_added_places_is_paid_once():
    """Those in places that a policy pays for are in its cost, those in the usual ones are not, and those who stay after its end neither."""
    model = ran(world(policies=[]), until=START)
    found = outcomes_of_day(model)
    before = [service.used for service in model.treatment]
    people = found["in_treatment"] + 2.0 * sum(service.slots for service in model.treatment)
    bill = {**found, "in_treatment": people}
    usual = net_social_cost(model, bill)
    for service in model.treatment:
        service.used += service.slots
    assert net_social_cost(model, bill) == usual, "nobody pays for more places"
    model.levers.treatment_slots[:] = 5.0
    extra = sum(max(service.used - service.slots, 0) for service in model.treatment)
    spared = sum(max(used - service.slots, 0) for used, service in zip(before, model.treatment, strict=True))
    paid = (extra - spared) * model.p.costs.treatment_day
    assert usual - net_social_cost(model, bill) == pytest.approx(paid)
    assert paid > 0


def test_as_many_places_are_added_as_are_paid_for_however_many_policies_add_them():
    model, kinds = ran(world(policies=[]), until=START), policy_kinds()
    add = [kinds["treatment_capacity"](hiring_days=1, start=START), kinds["deflection"](places=0.5)]
    for policies in (add + add[:1], [add[0], add[0], add[1]]):
        model.levers.reset()
        for policy in policies:
            policy.move(model, model.levers)
        assert model.levers.treatment_slots == pytest.approx(2.5)


def test_regulated_supply_is_billed_for_the_needs_that_people_have():
    """Some have many: the mean of their rates is well above the middle one."""
    supply = {"kind": "regulated_supply", "patients": 1.0, "dependent": 0.0, "taken_up": 1.0, "leave": 0.0}
    model = run(world(consumers=2000, policies=[supply]), until=2)
    c, n, table, policy = model.consumers.columns, model.consumers.n, model.substances, model.scenario.policies[0]
    patients = (c.segment[:n] == Segment.PATIENT) & policy.inside(model)
    assert patients.sum() > 100
    licensed = (table.medical >= 0) | (table.sold[Channel.LICENSED_PHARMACY] > 0)
    assert licensed[c.substance[:n][patients]].mean() > 0.9
    billed, had = 0.0, 0
    for _ in range(40):
        billed += policy.deed(model).done
        had += int((patients & (c.next_day[:n] <= model.day)).sum())
        model.run_for(1)
    assert billed == pytest.approx(had, rel=0.15)


def test_regulated_supply_is_billed_for_no_need_that_never_arises():
    """Those in treatment need less, those who stopped nothing, all need as much as the times make them; nobody has two needs a day."""
    supply = {"kind": "regulated_supply", "patients": 0.0, "dependent": 1.0, "taken_up": 1.0, "leave": 0.0}
    shock = {"kind": "demand_shock", "needs": 0.6, "street_lost": 0.0, "initiation": 1.0}
    often = {"world": {"dependents": 0.7}, "demand": {"dependent_rate": 0.4}}
    model = run(world(consumers=2000, policies=[supply, shock], parameters=often), until=2)
    c, n, policy = model.consumers.columns, model.consumers.n, model.scenario.policies[0]
    dependent = (c.segment[:n] == Segment.DEPENDENT) & policy.inside(model)
    assert dependent.sum() > 800
    rows = np.flatnonzero(dependent)
    c.treatment_day[rows[::3]] = model.day - 100
    c.stage[rows[1::3]], c.next_day[rows[1::3]] = Stage.STOPPED, NEVER - 1
    billed, had = 0.0, 0
    for day in range(25):
        taking = (c.segment[:n] == Segment.DEPENDENT) & policy.inside(model)
        if day >= 5:  # when waits are those of treatment
            billed += policy.deed(model).asked
            had += int((taking & (c.next_day[:n] <= model.day)).sum())
        model.run_for(1)
    assert had > 2000
    assert billed == pytest.approx(had, rel=0.06)
