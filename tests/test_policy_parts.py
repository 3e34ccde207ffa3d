"""Policies with parts: who is offered something, who takes it up, who stays. Each part can be set, is seen in the table of policies and moves what happens."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from sim.agents.codes import Programme, Segment
from sim.agents.levers import Levers
from sim.market.learning.messages import messages_of_week
from sim.model import MarketModel
from sim.policies.base import Policy
from sim.policies.offered import LastingPolicy, OfferedPolicy
from sim.registry import policy_kinds
from tests.worlds import KINDS, branched, example, ran, run, world

OFFERED = [kind for kind in KINDS if issubclass(policy_kinds()[kind], OfferedPolicy)]
JOINED = [kind for kind in OFFERED if Programme.SERVICES not in policy_kinds()[kind].programmes]
LASTING = [kind for kind in OFFERED if issubclass(policy_kinds()[kind], LastingPolicy)]


@functools.cache
def _start(dependents: float = 0.3) -> MarketModel:
    parameters = {"world": {"dependents": dependents, "patients": 0.2}, "enforcement": {"contacts_per_day": 10.0}}
    return ran(world(consumers=3000, days=120, burn_in=20, parameters=parameters), 1, 0, tables=("orders",))


@functools.cache
def _after(kind: str, days: int, fields: tuple[tuple[str, object], ...]) -> MarketModel:
    return branched(_start(), days, policies=[example(kind, **dict(fields))])


def after(kind: str, days: int, **fields: object) -> MarketModel:
    """The market some days on, with a policy of a kind since day 0."""
    return _after(kind, days, tuple(fields.items()))


def inside(model: MarketModel, kind: str) -> np.ndarray:
    """(n,) who takes part in the programme of a kind."""
    bit = 1 << policy_kinds()[kind].programmes[0]
    return (model.consumers.columns.declined[: model.consumers.n] & bit) == 0


def living(model: MarketModel) -> np.ndarray:
    return model.consumers.columns.alive[: model.consumers.n] == 1


# Who is offered it, and takes it --------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", JOINED)
def test_in_one_place_for_half_the_people_half_of_those_take_it_and_nobody_else(kind):
    where = "united_kingdom_europe"
    model = after(kind, 7, jurisdictions=(where,), share_of_people=0.5, taken_up=0.5)
    policy, joined = model.scenario.policies[0], inside(model, kind)
    meant = policy.meant(model) & living(model)
    assert meant.mean() == pytest.approx(0.21, abs=0.05)
    there = model.consumers.columns.jurisdiction[: model.consumers.n] == list(model.scenario.jurisdictions).index(where)
    assert joined[~there].all(), "nobody elsewhere has been asked"
    assert joined[there & ~meant].all() or not joined[there & ~meant & living(model)].any()
    assert joined[meant].mean() == pytest.approx(0.5, abs=0.08)


def test_at_usual_stigma_trust_and_knowledge_as_many_take_it_as_stated():
    model = branched(_start(), 0)
    c, p = model.consumers.columns, model.p.learning
    c.stigma[:], c.trust_police[:], c.support_knowledge[:] = p.stigma_normal, p.trust_normal, p.support_floor
    for share in (0.2, 0.7):
        later = branched(model, 7, policies=[example("drug_checking", taken_up=share)])
        assert inside(later, "drug_checking")[living(later)].mean() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize(("column", "more"), [("trust_police", 1), ("support_knowledge", 1), ("stigma", -1)])
def test_those_who_trust_services_know_them_and_feel_less_stigma_take_up_more(column, more):
    model = branched(_start(), 0)
    half = np.arange(model.consumers.n) % 2 == 0
    getattr(model.consumers.columns, column)[: model.consumers.n] = np.where(half, 0.9, 0.1)
    later = branched(model, 7, policies=[example("drug_checking", taken_up=0.4)])
    joined, alive = inside(later, "drug_checking"), living(later)
    assert more * joined[half & alive].mean() > more * joined[~half & alive].mean() + 0.05


def test_who_takes_up_an_offer_that_few_take_up_does_so_when_more_do():
    few, many = (inside(after("naloxone", 7, taken_up=share), "naloxone") for share in (0.3, 0.6))
    assert many[few].all()
    assert many.sum() > 1.7 * few.sum()


# What taking up changes -----------------------------------------------------------------------------------------------
def caution(model: MarketModel) -> float:
    return float(np.abs(model.consumers.columns.caution[: model.consumers.n]).mean())


def verification(model: MarketModel) -> float:
    return float(model.consumers.columns.verification[: model.consumers.n].mean())


def survival(model: MarketModel) -> float:
    daily = model.daily()
    return float(daily["overdoses_expected"].sum() / daily["deaths_expected"].sum())


def knowledge(model: MarketModel) -> float:
    return float(model.consumers.columns.support_knowledge[: model.consumers.n].mean())


def licensed(model: MarketModel) -> float:
    return float(model.daily()["orders_licensed_pharmacy"].sum())


def uncharged(model: MarketModel) -> float:
    return -float(model.daily()["consumers_criminalised"].sum())


MOVES = {
    "drug_checking": lambda model: float(model.checking.samples),
    "naloxone": survival,
    "regulated_supply": licensed,
    "deflection": uncharged,
}
"""What more of in the world follows from more who take something up. Of messages the means over those reached are given, whoever listens."""


@pytest.mark.parametrize("kind", MOVES)
def test_the_more_take_it_up_the_more_it_does(kind):
    none, few, many = (
        MOVES[kind](model)
        for model in (branched(_start(), 40), after(kind, 40, taken_up=0.2), after(kind, 40, taken_up=0.9))
    )
    assert none < few < many


@pytest.mark.parametrize(
    ("kind", "column"),
    [("education_campaign", "caution"), ("verification_scheme", "verification"), ("support_information", "stigma")],
)
def test_a_message_changes_those_who_listen_alone_and_on_average_as_stated(kind, column):
    usual, some, all_ = branched(_start(), 7), after(kind, 7, taken_up=0.5), after(kind, 7, taken_up=1.0)
    before, now, full = (
        getattr(m.consumers.columns, column)[: m.consumers.n].astype(float) for m in (usual, some, all_)
    )
    moved = now != before
    assert moved.any()
    assert inside(some, kind)[moved].mean() > 0.97, "friends of one who was charged hear of that, too"
    assert np.abs(now - before).mean() == pytest.approx(np.abs(full - before).mean(), rel=0.3)


@pytest.mark.parametrize("beside", [{"outreach": 0.0}, {"outreach": 0.1, "knowledge": 0.0}])
def test_a_message_does_not_grow_with_how_many_take_up_another_offer(beside):
    """What people learn on average is what the message gives; kits beside it may let more of them listen, each of whom then learns less."""
    model = _start()
    kinds, learnt = policy_kinds(), []
    told, kits = kinds["support_information"](taken_up=0.3), kinds["naloxone"](taken_up=0.9, **beside)
    for policies in ([told], [told, kits], [kits, told]):
        levers = Levers(model.world.n_jurisdictions)
        for policy in policies:
            policy.move(model, levers)
        said = messages_of_week(levers)
        learnt.append((said.support_reach * said.support * levers.taken_up[..., Programme.SUPPORT]).max())
    assert learnt == pytest.approx([told.reach * told.knowledge] * 3)


def test_kits_without_outreach_leave_it_to_others_who_listens():
    model = _start()
    levers = Levers(model.world.n_jurisdictions)
    policy_kinds()["naloxone"](outreach=0.0).move(model, levers)
    assert not levers.taken_up[..., Programme.SUPPORT].any()
    assert levers.taken_up[..., Programme.NALOXONE].all()


def test_regulated_supply_covers_needs_of_those_who_take_part():
    model = after("regulated_supply", 40, taken_up=0.8, share_of_people=0.5, dependent=1.0, patients=1.0)
    orders = model.table("orders").query("day >= 8 and channel == 'licensed_pharmacy'")
    segment = model.consumers.columns.segment[orders["consumer"].to_numpy()]
    dependent = segment == Segment.DEPENDENT
    policy = model.scenario.policies[0]
    within = (inside(model, "regulated_supply") & policy.meant(model))[orders["consumer"].to_numpy()]
    assert within[dependent].mean() > 0.8
    assert policy.inside(model)[model.consumers.columns.segment[: model.consumers.n] == Segment.DEPENDENT].mean() < 0.5


def test_who_refuses_services_is_charged():
    """Police offer services to everybody whom they stop; nobody can be made to take them."""
    without, willing, unwilling = (
        -uncharged(model)
        for model in (
            branched(_start(), 40), after("deflection", 40, offer=1.0, taken_up=1.0), after("deflection", 40, offer=1.0, taken_up=0.1),
        )
    )  # fmt: skip
    assert willing < 0.5 * without
    assert unwilling > 0.75 * without


# Several that offer the same -------------------------------------------------------------------------------------------
SUPPLY = (..., Programme.SUPPLY)


def offered_by(*policies: Policy) -> Levers:
    """The levers of a day on which these policies are on, in this order."""
    model = _start()
    levers = Levers(model.world.n_jurisdictions)
    for policy in policies:
        policy.move(model, levers)
    return levers


def test_a_policy_alone_has_its_own_take_up_whatever_its_strength():
    for strength in (0.001, 0.3, 1.0):
        levers = offered_by(policy_kinds()["regulated_supply"](strength=strength, taken_up=0.37, leave=0.11))
        assert (levers.taken_up[SUPPLY] == 0.37).all()
        assert (levers.leaving[SUPPLY] == 0.11).all()


def test_a_policy_that_is_hardly_there_leaves_take_up_as_others_make_it():
    supply = policy_kinds()["regulated_supply"]
    strong, weak = supply(taken_up=0.2, leave=0.05), supply(taken_up=0.9, leave=0.8, strength=0.001)
    for both in ((strong, weak), (weak, strong)):
        levers = offered_by(*both)
        assert levers.taken_up[SUPPLY] == pytest.approx(0.2, abs=0.001)
        assert levers.leaving[SUPPLY] == pytest.approx(0.05, abs=0.001)


def test_of_three_offers_the_mean_by_strength_is_taken_up_and_left_in_any_order():
    supply = policy_kinds()["regulated_supply"]
    three = [
        supply(taken_up=t, leave=m, strength=s) for t, m, s in ((0.2, 0.1, 1.0), (0.8, 0.5, 0.5), (0.6, 0.0, 0.25))
    ]
    for order in itertools.permutations(three):
        levers = offered_by(*order)
        assert levers.taken_up[SUPPLY] == pytest.approx((0.2 + 0.4 + 0.15) / 1.75)
        assert levers.leaving[SUPPLY] == pytest.approx((0.1 + 0.25) / 1.75)


def test_what_is_offered_elsewhere_bears_on_nobody_here():
    supply, there = policy_kinds()["regulated_supply"], ("united_kingdom_europe",)
    levers = offered_by(supply(taken_up=0.2), supply(taken_up=0.8, jurisdictions=there, segments=("patient",)))
    at = list(_start().scenario.jurisdictions).index(there[0])
    both = np.zeros(levers.taken_up.shape[:3], bool)
    both[at, Segment.PATIENT] = True
    assert levers.taken_up[SUPPLY][both] == pytest.approx(0.5)
    assert (levers.taken_up[SUPPLY][~both] == 0.2).all()


def test_services_of_a_law_and_of_police_are_taken_up_between_the_two():
    kinds, services = policy_kinds(), (..., Programme.SERVICES)
    police, law = kinds["deflection"](taken_up=0.9), kinds["decriminalisation"](taken_up=0.3, strength=0.5)
    silent = kinds["decriminalisation"](taken_up=0.3, referred=0.0)
    assert offered_by(police, law).taken_up[services] == pytest.approx(0.7)
    assert offered_by(law, police).taken_up[services] == pytest.approx(0.7)
    assert (offered_by(police, silent).taken_up[services] == 0.9).all(), "who refers nobody offers nothing"
    assert not offered_by(silent).taken_up.any()


# Who stays ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", LASTING)
def test_who_leaves_does_not_come_back_while_it_is_offered_and_what_they_had_is_gone(kind):
    stay, leave = (after(kind, 60, taken_up=0.9, leave=share) for share in (0.0, 0.8))
    c, n, bit = leave.consumers.columns, leave.consumers.n, 1 << policy_kinds()[kind].programmes[0]
    gone = (c.quitted[:n] & bit) > 0
    assert gone.sum() > 0.7 * inside(stay, kind).sum()
    assert not inside(leave, kind)[gone].any()
    assert MOVES[kind](leave) < MOVES[kind](stay)


def test_who_leaves_kits_is_not_deaf_to_what_others_say_of_services():
    model = after("naloxone", 60, taken_up=0.9, leave=0.8, outreach=0.1)
    quitted = model.consumers.columns.quitted[: model.consumers.n]
    assert (quitted & (1 << Programme.NALOXONE) > 0).mean() > 0.3
    assert not (quitted & (1 << Programme.SUPPORT)).any()


@pytest.mark.parametrize("kind", JOINED)
def test_when_it_is_over_nobody_has_declined_or_left_it(kind):
    """Whoever offers it again asks everybody anew."""
    model = after(kind, 12, end=10)
    assert not model.consumers.columns.declined.any()
    assert not model.consumers.columns.quitted.any()


# What is seen of it ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", OFFERED)
def test_the_table_of_policies_says_to_how_many_real_people_it_was_offered_and_how_many_took_it(kind):
    model = after(kind, 40, taken_up=0.5, **({"leave": 0.3} if kind in LASTING else {}))
    row = model.table("policies").iloc[0]
    assert 0 < row["taken_up"] < row["offered"]
    if kind in LASTING:
        assert 0 < row["kept"] < row["taken_up"]
        assert row["kept"] == pytest.approx((inside(model, kind) & living(model)).sum() * model.weight, rel=0.05)
    else:
        assert np.isnan(row["kept"])
    if kind in JOINED:
        assert row["offered"] == pytest.approx(living(model).sum() * model.weight, rel=0.01)


def test_a_policy_that_is_offered_to_nobody_has_no_such_numbers():
    row = run(world(policies=[example("takedown")]), until=2).table("policies").iloc[0]
    assert row[["offered", "taken_up", "kept"]].isna().all()
