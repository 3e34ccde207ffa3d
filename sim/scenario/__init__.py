"""Everything that a run is made of: scenarios are read, extended, overridden, checked and identified here."""

from sim.registry import policy_kinds, register_policy
from sim.scenario.errors import (
    MAX_SHOWN,
    Problem,
    ScenarioError,
    allowed,
    from_pydantic,
    inner,
    interval,
    nearest,
    one_of,
    show,
    unknown,
)
from sim.scenario.files import read
from sim.scenario.overrides import parsed
from sim.scenario.own_code import refused
from sim.scenario.scenario import KNOWN, Scenario, list_scenarios
from sim.scenario.sections import Platforms
from sim.scenario.settings import PEOPLE, Settings

__all__ = [
    "KNOWN",
    "MAX_SHOWN",
    "PEOPLE",
    "Platforms",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Settings",
    "allowed",
    "from_pydantic",
    "inner",
    "interval",
    "list_scenarios",
    "nearest",
    "one_of",
    "parsed",
    "policy_kinds",
    "read",
    "refused",
    "register_policy",
    "show",
    "unknown",
]
