"""The days that runs have in common: runs of a seed that differ in nothing but policies and length are one world until a policy can act, and a process does it once.

Burn-in is most often part of it; of two lengths without policies, the whole of the shorter one. What is kept is the model as it stands before a day,
pickled: a run that goes on from a pickle has the bits of one that was never stopped.
"""

from __future__ import annotations

import io
import json
import math
import pickle
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sim.model import MarketModel
    from sim.scenario import Scenario

ROOM = 64 * 2**20
"""Bytes that what a process keeps may take; the world used longest ago goes first."""


class World(NamedTuple):
    """What a world depends on before a day: equal ones are the same world."""

    setting: str  # see `setting_of`
    policies: str  # those that may have acted before that day, with their places in the scenario, as JSON
    seed: int
    tables: tuple[str, ...]  # and groupings
    audit: bool
    day: int


_kept: OrderedDict[World, bytes] = OrderedDict()


def first_day(policy: Any) -> float:
    """The first day on which a policy can be on: not before its start, whatever it waits for, nor before the outcome of its condition is known."""
    if policy.strength == 0:
        return math.inf
    return policy.start if policy.when is None else max(policy.start, policy.when.first_look)


def parting(scenario: Scenario, other: Scenario) -> float:
    """The first day on which policies can make two scenarios differ; infinite where none can."""
    mine, theirs = (list(enumerate(each.policies)) for each in (scenario, other))
    differ = [policy for policy in mine if policy not in theirs] + [policy for policy in theirs if policy not in mine]
    return min((first_day(policy) for _, policy in differ), default=math.inf)


def setting_of(scenario: Scenario) -> str:
    """A scenario without policies, budget and, unless an author's own code could look at it, length, as JSON."""
    setting = json.loads(scenario.canonical())
    for name in ("policies", "budget", *([] if scenario.uses else ["days"])):
        setting.pop(name, None)
    return json.dumps(setting, sort_keys=True)


def partings_of(scenarios: Mapping[str, Scenario]) -> dict[str, frozenset[float]]:
    """By name, the days on which others of these scenarios can part from it, or one of the two ends before; those of another setting have no day in common."""
    settings = {name: setting_of(scenario) for name, scenario in scenarios.items()}
    return {
        name: frozenset(_common(one, scenarios[other]) for other in scenarios if settings[other] == settings[name])
        for name, one in scenarios.items()
    }


def _common(one: Scenario, other: Scenario) -> float:
    """How many days from day 0 on two scenarios of a setting have in common; infinite where all."""
    shorter = math.inf if one.days == other.days else min(one.days, other.days)
    return min(parting(one, other), shorter)


def worlds_of(
    scenario: Scenario, seed: int, tables: tuple[str, ...], audit: bool, days: Iterable[float] = ()
) -> Mapping[int, World]:
    """The world of a run before day 0, before its first policy and before each of ``days``, as far as others may go on from there.

    Nothing is shared where a policy counts events of burn-in. Code of the author's own could look ahead, so that nothing is shared after day 0 or after a policy;
    a budget is spread over all that policies may do later, so that nothing is shared after the first.
    """
    if any(policy.when is not None and policy.when.event is not None for policy in scenario.policies):
        return {}
    starts = [first_day(policy) for policy in scenario.policies]
    text, listed = setting_of(scenario), json.loads(scenario.canonical())["policies"]
    found: dict[int, World] = {}
    for day in (int(day) for day in {0, min(starts, default=0), *days} if 0 <= day <= scenario.days):
        acted = [(k, listed[k]) for k, start in enumerate(starts) if start < day]
        looked_ahead = (scenario.uses and day > 0) or (acted and (scenario.uses or scenario.budget is not None))
        if scenario.burn_in + day > 0 and not looked_ahead:
            found[day] = World(text, json.dumps(acted, sort_keys=True), seed, tables, audit, day)
    return found


def recall(worlds: Mapping[int, World], scenario: Scenario) -> MarketModel | None:
    """The model as it stands in the latest of a run's worlds that is kept, about to go on with ``scenario``; None where none is."""
    for day in sorted(worlds, reverse=True):
        if worlds[day] in _kept:
            _kept.move_to_end(worlds[day])
            model: MarketModel = pickle.loads(_kept[worlds[day]])
            model.scenario, model.running = scenario, day < scenario.days
            return model
    return None


class _Room(io.BytesIO):
    """Takes no more than there is room for."""

    def write(self, data: Any, /) -> int:
        if self.tell() + memoryview(data).nbytes > ROOM:
            raise OverflowError
        return super().write(data)


def keep(world: World, model: MarketModel) -> None:
    """Keep a model that stands before the day of a world; one that takes too much room or cannot be pickled, as with an author's own agents, is not shared."""
    if world in _kept:
        return
    room = _Room()
    try:
        pickle.dump(model, room, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError, OverflowError):
        return
    _kept[world] = room.getvalue()
    while sum(map(len, _kept.values())) > ROOM:
        _kept.popitem(last=False)
