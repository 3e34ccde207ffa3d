"""The burn-in that runs share: scenarios that differ in nothing but their policies are one world until day 0, and a process simulates that once.

What is kept is the model as it stands before day 0, pickled: a run that goes on from a pickle has the bits of one that was never stopped.
"""

from __future__ import annotations

import json
import pickle
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.model import MarketModel
    from sim.scenario import Scenario

ROOM = 64 * 2**20
"""Bytes that what a process keeps may take; the world used longest ago goes first."""

World = tuple[str, int, tuple[str, ...], bool]
"""What names a world: its scenario without policies, seed, tables and groupings, audit."""

_kept: OrderedDict[World, bytes] = OrderedDict()


def world_of(scenario: Scenario, seed: int, tables: tuple[str, ...], audit: bool) -> World | None:
    """The world of a run until day 0; None where it has no burn-in, or a policy could look into it."""
    early = any(
        policy.start < 0 or (policy.when is not None and policy.when.event is not None) for policy in scenario.policies
    )
    if early or scenario.burn_in == 0:
        return None
    content = json.loads(scenario.canonical())
    del content["policies"]
    content.pop("budget", None)  # a policy that starts before day 0 is a world of its own
    return json.dumps(content, sort_keys=True), seed, tables, audit


def recall(world: World, scenario: Scenario) -> MarketModel | None:
    """The model of a world as it stands before day 0, about to go on with ``scenario``; None where it is not kept."""
    if world not in _kept:
        return None
    _kept.move_to_end(world)
    model: MarketModel = pickle.loads(_kept[world])
    model.scenario = scenario
    return model


def keep(world: World, model: MarketModel) -> None:
    """Keep a model that stands before day 0; one that cannot be pickled, as with an author's own agents, is not shared."""
    try:
        _kept[world] = pickle.dumps(model, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError):
        return
    while sum(map(len, _kept.values())) > ROOM:
        _kept.popitem(last=False)
