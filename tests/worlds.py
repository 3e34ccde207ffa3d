"""Small worlds of the real market that several test files share; equal runs are made once."""

from __future__ import annotations

import functools
import hashlib
import json
import pickle
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

import sim.policies  # registers the policies that scenarios name
from sim.agents.levers import Levers
from sim.model import MarketModel
from sim.registry import policy_kinds
from sim.scenario import Scenario

assert sim.policies.__all__

NEEDS = {
    "cocaine": {"needs": {"recreational": 13}},
    "amphetamine": {"needs": {"recreational": 7.4}},
    "psychedelic": {"needs": {"recreational": 11.1}},
}
"""Shares of needs that go with `DENSE`."""
SMALL: dict[str, Any] = {"name": "small", "consumers": 600, "days": 45, "burn_in": 20, "substances": NEEDS}
DENSE: dict[str, dict[str, float]] = {
    "demand": {"recreational_rate": 0.031, "dependent_rate": 0.11, "supplier_rate": 0.06, "rate_spread": 0.95, "order_spread": 0.6, "wholesale_share": 0.35},
    "supply": {"crypto_vendors": 0.0045, "entry_rate": 0.008, "entry_income": 0.6, "outside_wage": 40.0, "pack_spread": 0.82, "honest_b": 1.5,
        "wholesalers": 0.3, "popularity_exponent": 0.45,
        "growth_cap": 0.08, "asking_spread": 0.0, "initial_attractiveness": 1.0, "breadth_spread": 1.3, "breadth_exponent": 0.3},
    "pricing": {"labour": 0.3},
    "choice": {"home_bonus": 1.0, "favourite_bonus": 0.8, "price_sensitivity": 0.45, "app": -0.6,
        "crypto": -0.6, "street": 0.6, "skill_crypto": 1.2, "reputation_good": 10.0, "price_weight": 0.3, "reputation_weight": 8.0, "loyalty_exponent": 1.2,
        "experience_mean": -1.0, "experience_sd": 2.0, "search_medicine": -0.6, "search_controlled": 0.0},
    "payment": {"size_elasticity": 0.4, "wholesale_multiple": 30.0, "online_pack": 1.6},
    "shipping": {"chargeback": 0.4, "notice_content": 0.15},
    "learning": {"word_of_mouth": 0.0006},
    "migration": {"recheck_days": 200.0, "join_threshold": 0.15},
    "platforms": {"trust_orders": 1200.0, "cryptomarket_entry": 0.025, "frailty": 1.3, "closure_days": 600.0, "scam_income_days": 200.0, "escrow_share": 0.75,
        "operator_income": 17000.0},
    "vendors": {"idle_days": 42.0, "idle_exit": 0.0062, "young_exit": 0.0075, "young_days": 30.0, "active_exit": 0.0006, "multi_new": 0.1, "multi_size": 0.35},
    "enforcement": {"platform_case": 550.0, "ripe_raid": 0.05},
    "consumption": {"threat_crypto": 0.0056, "r50": 9.15, "use_in_treatment": 0.1},
    "world": {"dependents": 0.1, "market_users": 0.42},
}  # fmt: skip
"""Parameters of a denser market than the default one, so that a small world has cases: the defaults before they were calibrated."""

ALL_TABLES = (
    "orders",
    "platforms",
    "events",
    "accounts",
    "networks",
    "doses",
    "vendors",
    "consumers",
    "policies",
    "daily",
)
"""Tables of a run that is asked for no groups."""

EXAMPLES: dict[str, dict[str, Any]] = {
    "takedown": {"count": 2},
    "vendor_arrests": {"count": 400, "monthly": True},
    "education_campaign": {"effect_smd": -0.3, "lesson": 0.1},
    "verification_scheme": {"awareness": 0.3, "uptake": 0.5},
    "drug_checking": {"reach": 0.9, "uptake": 4.0},
    "network_attack": {"share": 0.4},
    "cyber_capability": {"years": 0.0, "gain": 3.0},
    "international_cooperation": {"ratification_days": 0},
    "deflection": {"offer": 1.0, "places": 1.0},
    "payment_block": {"purchases": 200.0},
    "social_moderation": {"removal": 15.0},
    "safe_purchasing_information": {"reach": 0.3, "lesson": 0.5},
    "international_operation": {"days": 30, "sites": 0.9, "arrests": 0.2, "inspection": 8.0},
    "supplier_interdiction": {"effort": 5.0, "arrested": 0.5, "recruitment_cut": 0.5},
    "postal_interdiction": {"inspections": 5.0, "advance_data": 1.0},
    "supply_shock": {"lost": 0.9, "staff_lost": 0.5, "prescriptions_lost": 0.5},
    "demand_shock": {"needs": 0.7, "street_lost": 0.8},
    "regulated_supply": {"patients": 0.5, "dependent": 0.5, "diversion": 0.3},
    "treatment_capacity": {"places": 2.0, "dropout": 0.5},
    "early_warning": {"sight": 10.0, "delay": 0.1, "reach": 2.0, "false_alarms": 20.0},
    "decriminalisation": {"dropped": 1.0, "referred": 0.3, "newcomers": 1.2},
    "scheduling": {"substance": "opioid_analgesic"},
    "support_information": {"reach": 0.5, "knowledge": 0.3},
    "operator_exit": {"mode": "voluntary"},
}
"""Settings at which a policy can be seen in a small world; a kind that is not named runs at its defaults."""

KINDS = sorted(policy_kinds())


def example(kind: str, **fields: Any) -> dict[str, Any]:
    """A policy of a kind, strong enough for a small world."""
    return {"kind": kind, **EXAMPLES.get(kind, {}), **fields}


def world(**fields: Any) -> Scenario:
    """A small scenario of a dense market; fields replace those of `SMALL`, parameters those of `DENSE`."""
    given = fields.pop("parameters", {})
    parameters = {group: {**DENSE.get(group, {}), **given.get(group, {})} for group in {**DENSE, **given}}
    return Scenario(**{**SMALL, **fields, "parameters": parameters})


def model_of(scenario: Scenario, seed: int = 1, **options: Any) -> MarketModel:
    """A market at its first day of burn-in."""
    return MarketModel(scenario, rng=seed, **options)


def run(scenario: Scenario, seed: int = 1, until: int | None = None, **options: Any) -> MarketModel:
    """A market that has run to the beginning of day ``until``; by default through its last day."""
    model = model_of(scenario, seed, **options)
    days = scenario.burn_in + (scenario.days if until is None else until)
    if days:
        model.run_for(days)
    return model


@functools.cache
def _shared(content: str, seed: int, until: int | None, options: tuple[tuple[str, Any], ...]) -> bytes:
    return pickle.dumps(run(Scenario(json.loads(content)), seed, until, **dict(options)))


def ran(scenario: Scenario, seed: int = 1, until: int | None = None, **options: Any) -> MarketModel:
    """The same as `run`; a run is made once and everyone gets a copy of it to do with as they please."""
    content = json.dumps(scenario.resolved(), sort_keys=True)
    return pickle.loads(_shared(content, seed, until, tuple(sorted(options.items()))))


@functools.cache
def _frames(content: str, seed: int) -> dict[str, pd.DataFrame]:
    model = run(Scenario(json.loads(content)), seed, tables=ALL_TABLES)
    return {name: model.table(name) for name in ALL_TABLES}


def frames(scenario: Scenario, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Every table of a run, made once: to look at, not to change."""
    return _frames(json.dumps(scenario.resolved(), sort_keys=True), seed)


def branched(model: MarketModel, days: int, **changes: Any) -> MarketModel:
    """A copy of a market that goes on for so many days under a scenario with these changes."""
    copy = pickle.loads(pickle.dumps(model))
    if changes:
        copy.scenario = copy.scenario.with_(**changes)
    if days:
        copy.run_for(days)
    return copy


def lever_values(levers: Levers) -> dict[str, np.ndarray]:
    """Every lever by name."""
    return {f.name: getattr(levers, f.name).copy() for f in fields(levers) if f.metadata}


def neutral_levers(model: MarketModel) -> dict[str, np.ndarray]:
    """Every lever as it stands without a policy."""
    return lever_values(Levers(model.world.n_jurisdictions))


def same_frames(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    """Whether two tables are equal to the last bit, names, types and missing values included."""
    return left.dtypes.equals(right.dtypes) and left.equals(right)


def fingerprint(model: MarketModel) -> str:
    """A hash of all that the market acts on: populations, platforms, orders under way, institutions, money, tallies."""
    digest = hashlib.sha256()
    _absorb(digest, {"day": model.day, **_state(model)})
    return digest.hexdigest()


def _state(model: MarketModel) -> dict[str, Any]:
    tables = {"consumers": model.consumers, "vendors": model.vendors, "platforms": model.platform_table}
    tables |= {"suppliers": model.supplier_table, "orders": model.books.open_orders}
    state: dict[str, Any] = {
        name: {field: getattr(table.columns, field)[: table.n] for field in table.columns._fields}
        for name, table in tables.items()
    }
    state["friends"] = (model.world.friends.start, model.world.friends.who)
    state["substances"] = model.substances._asdict()
    institutions = [*model.agencies, *model.processors, *model.treatment, *model.posts, *model.media]
    institutions += [*model.coins, *model.exchanges, *model.merchants.values(), *model.providers]
    institutions += [model.search, model.forum, model.checking, model.early_warning, model.outreach]
    plain = (int, float, bool, np.ndarray, np.generic)
    state["institutions"] = [
        {key: value for key, value in vars(agent).items() if isinstance(value, plain)} for agent in institutions
    ]
    groups = (model.world, model.usual, model.upstream, model.policing, model.trade, model.care, model.books)
    state["market"] = [
        {
            key: value
            for key, value in vars(group).items()
            if isinstance(value, plain) and key not in ("threads", "audit")
        }
        for group in (model, *groups)
    ]
    state["money"] = vars(model.books.ledger)
    state["today"] = {
        **{key: value for key, value in vars(type(model.today)).items() if isinstance(value, plain)},
        **vars(model.today),
    }
    return state


def _absorb(digest: Any, value: Any) -> None:
    if isinstance(value, Mapping):
        for key in sorted(value):
            digest.update(str(key).encode())
            _absorb(digest, value[key])
    elif isinstance(value, list | tuple):
        digest.update(str(len(value)).encode())
        for item in value:
            _absorb(digest, item)
    elif isinstance(value, np.ndarray):
        digest.update(str(value.shape).encode() + value.tobytes())
    elif isinstance(value, float | np.floating):
        digest.update(np.float64(value).tobytes())
    else:
        digest.update(repr(int(value) if isinstance(value, int | np.integer | bool) else value).encode())


BUSY: dict[str, Any] = {
    field: value
    for field, value in yaml.safe_load(
        (Path(__file__).parents[1] / "experiments" / "screening.yaml").read_text(encoding="utf-8")
    ).items()
    if field not in ("name", "title", "question", "extends")
}
"""A world in which what seldom happens happens often: for showing that something acts, not for what it does."""
