"""By what each kind of policy can be limited: places, segments, a share of people. A limit binds, or the real policy cannot be limited so and it is said why."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import pytest

from sim.agents.codes import EventKind, Segment
from sim.agents.consumers import TURNS
from sim.agents.levers import Levers
from sim.model import MarketModel
from sim.policies.base import Policy
from sim.registry import policy_kinds
from sim.scenario import Scenario
from tests.worlds import KINDS, branched, example, fingerprint, lever_values, ran, world

PLACES = list(Scenario().jurisdictions)
HERE, START = 1, 10
BY = {str(lever["name"]): lever["by"] for lever in Levers.describe()}

NOT = {
    "event": "it happens to one market, whose users are everywhere; which one is said by name, rank or host",
    "law": "the law of a place is the same for all who live there; what can be for some of them is deflection",
    "officers": "it changes what officers do on cases; whoever buys there bears what follows",
    "sellers": "it hits those who sell, make or carry goods, who do not sell by whom the buyer is",
    "post": "nobody sees from outside of a parcel what the buyer uses it for; its share is one of parcels",
    "payments": "exchanges and banks do not know what their customers use, and serve all alike",
    "platform": "a platform or a search engine shows the same to all in a place; its shares are of platforms, visits or rank",
    "provider": "an access provider does not know what its customers use",
    "shock": "nobody decides whom a shock hits; its sizes are means over the people whom it may name",
}
"""Why a real policy cannot be limited by segment, share or place."""


class Limits(NamedTuple):
    """The setting by which a kind is limited, or why it is not."""

    place: str
    segment: str
    share: str


OFFERED = Limits("jurisdictions", "segments", "share_of_people")
LIMITS = {
    "cyber_capability": Limits("jurisdictions", NOT["officers"], NOT["officers"]),
    "decriminalisation": Limits("jurisdictions", NOT["law"], NOT["law"]),
    "deflection": OFFERED,
    "demand_shock": Limits("jurisdictions", "segments", NOT["shock"]),
    "drug_checking": OFFERED,
    "early_warning": OFFERED,
    "education_campaign": OFFERED,
    "enforcement_reallocation": Limits("jurisdictions", NOT["officers"], NOT["officers"]),
    "international_cooperation": Limits("members", NOT["officers"], NOT["officers"]),
    "international_operation": Limits("jurisdictions", NOT["sellers"], NOT["sellers"]),
    "isp_block": Limits("jurisdictions", NOT["provider"], "coverage"),
    "naloxone": OFFERED,
    "network_attack": Limits("jurisdictions", NOT["sellers"], NOT["sellers"]),
    "novel_opioid": Limits("jurisdictions", NOT["sellers"], NOT["sellers"]),
    "operator_exit": Limits(NOT["event"], NOT["event"], NOT["event"]),
    "payment_block": Limits("jurisdictions", NOT["payments"], NOT["payments"]),
    "platform_self_regulation": Limits("jurisdictions", NOT["platform"], NOT["platform"]),
    "postal_interdiction": Limits("destination", NOT["post"], NOT["post"]),
    "regulated_supply": OFFERED,
    "safe_purchasing_information": OFFERED,
    "scheduling": Limits("jurisdictions", NOT["law"], NOT["law"]),
    "search_demotion": Limits("jurisdictions", NOT["platform"], NOT["platform"]),
    "social_moderation": Limits("jurisdictions", NOT["platform"], NOT["platform"]),
    "supplier_interdiction": Limits("jurisdictions", NOT["sellers"], NOT["sellers"]),
    "supply_shock": Limits("jurisdictions", NOT["sellers"], NOT["shock"]),
    "support_information": OFFERED,
    "takedown": Limits("host", NOT["event"], NOT["event"]),
    "treatment_capacity": OFFERED,
    "vendor_arrests": Limits("jurisdictions", NOT["sellers"], NOT["sellers"]),
    "verification_scheme": OFFERED,
}
WIDE = {
    "international_operation": {"arrests": 1.0, "sites": 1.0},
    "network_attack": {"share": 1.0},
    "payment_block": {"target": "any", "purchases": 1000.0},
    "supplier_interdiction": {"arrested": 1.0},
    "takedown": {"count": 60},
    "vendor_arrests": {"count": 10_000},
}
"""Settings at which a policy hits all that it may."""
OTHER_SETTINGS = [
    ("network_attack", {"mode": "signal", "posts": 0.5, "share": 1.0}),
    ("payment_block", {"mode": "coins", "closure": 0.3}),
    ("supplier_interdiction", {"effort": 5.0, "recruitment_cut": 0.5}),
]
ALL_PLACES = [(kind, WIDE.get(kind, {})) for kind in KINDS] + OTHER_SETTINGS
SUBJECTS = {
    EventKind.TAKEDOWN: "platform_table",
    EventKind.ACCOUNT_TERMINATED: "platform_table",
    EventKind.ARREST: "vendors",
    EventKind.NETWORK_ATTACK: "vendors",
    EventKind.SUPPLIER_ARREST: "supplier_table",
}
"""Where those whom an act hits are kept, by kind of event."""


def made(kind: str, **fields) -> Policy:
    """A policy that begins on the day on which the markets below stand."""
    return policy_kinds()[kind](**{**example(kind, start=START), **fields})


def market() -> MarketModel:
    return ran(world(), until=START, tables=("events",))


def levers_of(policy: Policy) -> dict[str, np.ndarray]:
    """Every lever once this policy alone has moved them."""
    model = market()
    levers = Levers(len(PLACES))
    policy.move(model, levers)
    return lever_values(levers)


def hit(policy: Policy) -> dict[tuple[str, int], int]:
    """The jurisdiction of each vendor, group and platform that an act of this policy hits today."""
    model = market()
    model.books.events.n = 0
    policy.act(model)
    found = {}
    for event in model.table("events").query("day == @START and policy == @policy.kind").itertuples():
        table = SUBJECTS.get(EventKind[str(event.kind).upper()]) if event.cause != "operator" else "platform_table"
        if table is not None:
            found[table, event.subject] = int(getattr(model, table).columns.jurisdiction[event.subject])
    return found


def limited(kind: str, **fields) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Levers without a policy, with it under limits, and with it under none."""
    settings = {k: v for k, v in fields.items() if k not in LIMITS[kind]}
    return lever_values(Levers(len(PLACES))), levers_of(made(kind, **fields)), levers_of(made(kind, **settings))


# One row a kind -------------------------------------------------------------------------------------------------------
def test_every_kind_says_by_what_it_is_limited_or_why_it_is_not():
    assert list(LIMITS) == KINDS
    used = {text for row in LIMITS.values() for text in row if text in NOT.values()}
    assert used == set(NOT.values())


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_limit_a_policy_stands_in_its_row_and_nothing_else_does(kind):
    fields, row = policy_kinds()[kind].model_fields, LIMITS[kind]
    for name, told in (("jurisdictions", row.place), ("segments", row.segment), ("share_of_people", row.share)):
        assert (name in fields) == (told == name)
        assert told in fields or told in NOT.values()


# Places ---------------------------------------------------------------------------------------------------------------
LOCAL = [
    pytest.param(*row, id=f"{row[0]}-{n}")
    for n, row in enumerate(ALL_PLACES)
    if LIMITS[row[0]].place not in (*NOT.values(), "members")  # a treaty is between two: `test_enforcement`
]


@pytest.mark.parametrize(("kind", "settings"), LOCAL)
def test_in_one_place_alone_it_bears_on_that_place_as_it_would_everywhere_and_on_no_other(kind, settings):
    by = LIMITS[kind].place
    one = PLACES[HERE] if policy_kinds()[kind].model_fields[by].annotation != tuple[str, ...] else (PLACES[HERE],)
    neutral, there, everywhere = limited(kind, **settings, **{by: one})
    moved = False
    for name, value in neutral.items():
        axis = 1 if BY[name] == "route" else 0  # a route leads to the jurisdiction that acts
        assert (np.delete(there[name], HERE, axis) == np.delete(value, HERE, axis)).all(), name
        assert (there[name].take(HERE, axis) == everywhere[name].take(HERE, axis)).all(), name
        moved |= bool((there[name] != value).any())
    acts, all_acts = hit(made(kind, **settings, **{by: one})), hit(made(kind, **settings))
    assert set(acts.values()) <= {HERE}
    assert bool(acts) == bool(all_acts)
    if kind != "payment_block":  # which programmes are tested is drawn among those that there are
        assert acts == {who: where for who, where in all_acts.items() if where == HERE}
    assert moved or acts or kind == "novel_opioid"


def test_a_novel_opioid_is_at_hand_where_it_is_said_to_be_and_nowhere_else():
    model = market()
    before = model.early_warning.at_hand.sum(axis=0)
    made("novel_opioid", jurisdictions=(PLACES[HERE],)).act(model)
    assert (model.early_warning.at_hand.sum(axis=0) - before).tolist() == [j == HERE for j in range(len(PLACES))]


def test_illicit_pharmacies_lose_rank_with_those_who_search_where_engines_demote():
    start = ran(world(), until=0)
    policy = example("search_demotion", demotion=0.9, jurisdictions=[PLACES[HERE]])
    lost = branched(start, 20, policies=[policy]).search.demoted
    assert (lost[:, HERE] > 0.2).any()
    assert not np.delete(lost, HERE, 1).any()


# Segments and shares --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [kind for kind, row in LIMITS.items() if row.segment == "segments"])
def test_it_bears_on_the_segments_that_it_names_as_it_would_on_all_and_on_no_other(kind):
    named = [Segment.DEPENDENT, Segment.PATIENT]
    settings = {"segments": tuple(segment.name.lower() for segment in named)}
    neutral, some, all_ = limited(kind, **settings)
    others = [segment for segment in Segment if segment not in named]
    moved = [n for n in neutral if BY[n] in ("people", "programme", "need") and (all_[n] != neutral[n]).any()]
    assert moved
    for name in moved:
        assert (some[name][:, others] == neutral[name][:, others]).all(), name
        assert (some[name][:, named] == all_[name][:, named]).all(), name


@pytest.mark.parametrize("kind", [kind for kind, row in LIMITS.items() if row.share == "share_of_people"])
def test_it_bears_on_the_share_of_people_for_whom_it_is_meant_as_on_all_and_on_no_other(kind):
    neutral, some, all_ = limited(kind, share_of_people=0.3)
    first = round(0.3 * TURNS)
    moved = [n for n in neutral if BY[n] in ("people", "programme") and (all_[n] != neutral[n]).any()]
    assert moved
    for name in moved:
        assert (some[name][:, :, first:] == neutral[name][:, :, first:]).all(), name
        assert (some[name][:, :, :first] == all_[name][:, :, :first]).all(), name


def test_with_providers_that_block_are_as_many_people_as_the_policy_says():
    """Who they are is drawn once: `test_intermediaries` shows that they alone are held back."""
    none, some, all_ = (levers_of(made("isp_block", coverage=share))["isp_block"] for share in (0.0, 0.3, 1.0))
    assert (none == 0).all()
    assert (all_ == 1).all()
    assert some == pytest.approx(0.3)


def test_in_one_place_for_half_the_dependent_people_is_written_for_all_that_is_offered():
    where = {"jurisdictions": (PLACES[HERE],), "segments": ("dependent",), "share_of_people": 0.5}
    model = market()
    c, n = model.consumers.columns, model.consumers.n
    meant = (c.jurisdiction[:n] == HERE) & (c.segment[:n] == Segment.DEPENDENT) & (c.turn[:n] < TURNS // 2)
    assert meant.any()
    for kind in [kind for kind, row in LIMITS.items() if row == OFFERED]:
        assert (made(kind, **where).meant(model) == meant).all(), kind


# No setting is idle ---------------------------------------------------------------------------------------------------
OWN = [
    (kind, name)
    for kind in KINDS
    for name, info in policy_kinds()[kind].model_fields.items()
    if name not in Policy.model_fields and info.annotation in (int, float)
]
WITH = {
    "deflection": {"offer": 0.5},
    "network_attack.noise": {"mode": "signal"},
    "network_attack.posts": {"mode": "signal"},
    "takedown.covert_work": {"covert_days": 2},
    "payment_block.delisting": {"mode": "coins"},
    "payment_block.closure": {"mode": "coins"},
    "payment_block.usd_per_consumer": {"mode": "coins"},
}
"""Settings without which another one has no meaning, by kind or by kind and setting."""


def another(kind: str, name: str, value: float) -> float:
    """A value of a setting that is not the one given."""
    info = policy_kinds()[kind].model_fields[name]
    most = next((float(m.le) for m in info.metadata if hasattr(m, "le")), np.inf)
    new = 0.5 * (value + min(most, 3.0 * value + (10.0 if info.annotation is int else 2.0)))
    new = 0.5 * value if new == value else new
    return max(round(new), round(value) + 1) if info.annotation is int else new


@functools.cache
def busy() -> MarketModel:
    """A market in which police stop many, so that some are referred within days."""
    parameters = {"enforcement": {"contacts_per_day": 200.0}, "world": {"dependents": 0.3}}
    return ran(world(parameters=parameters), until=START, tables=("events",))


def morning(policy: dict) -> list:
    """Levers that a policy moves, and what it costs, on the day on which it begins, before it acts."""
    made_of, levers = policy_kinds()[policy["kind"]](**policy), Levers(len(PLACES))
    made_of.move(busy(), levers)
    return [made_of.cost(busy()), *(value.tobytes() for value in lever_values(levers).values())]


def traces(policy: dict, days: int = 3) -> list:
    """All that a policy did to levers, to the market and to its account within some days."""
    model = branched(busy(), days, policies=[policy])
    levers = [value.tobytes() for value in lever_values(model.levers).values()]
    return [levers, fingerprint(model), repr(model.table("policies").to_dict("records")), model.daily().to_csv()]


@pytest.mark.parametrize(("kind", "name"), [pytest.param(*own, id=".".join(own)) for own in OWN])
def test_no_number_of_a_policy_is_idle(kind, name):
    given = {**example(kind, start=START), **WITH.get(kind, {}), **WITH.get(f"{kind}.{name}", {})}
    value = getattr(policy_kinds()[kind](**given), name)
    changed = {**given, name: another(kind, name, value)}
    assert morning(given) != morning(changed) or traces(given) != traces(changed)


@pytest.mark.parametrize(("kind", "name"), [("network_attack", "noise"), ("payment_block", "closure")])
def test_a_number_without_meaning_in_a_mode_moves_nothing_there(kind, name):
    given = example(kind, start=START)
    value = getattr(policy_kinds()[kind](**given), name)
    assert traces(given) == traces({**given, name: another(kind, name, value)})
