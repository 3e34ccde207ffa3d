"""Everything that a run is made of: scenarios are read, extended, overridden, checked and identified here.

This is all that others use of it: scenarios themselves, and the words in which what is wrong with a file is said.
"""

from sim.scenario.errors import (
    NO_POINT,
    WHOLE,
    Faults,
    Problem,
    ScenarioError,
    allowed_in_words,
    bounds_in_words,
    nearest,
    no_such_name,
    one_of,
    problems_from_pydantic,
    quote,
    without_none,
)
from sim.scenario.files import scenario_files
from sim.scenario.overrides import parse_changes
from sim.scenario.own_code import is_own_code, no_own_code, own_code_refused
from sim.scenario.plain import fill, plain_data, whole
from sim.scenario.policies import Budget
from sim.scenario.reading import is_file, meant, read_yaml
from sim.scenario.scenario import SCENARIO_KEYS, Scenario, list_scenarios
from sim.scenario.sections import OwnColumn, Platforms, parameter_problem
from sim.scenario.settings import LONGEST, Settings, Submodels, as_day

__all__ = [
    "LONGEST",
    "NO_POINT",
    "SCENARIO_KEYS",
    "WHOLE",
    "Budget",
    "Faults",
    "OwnColumn",
    "Platforms",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Settings",
    "Submodels",
    "allowed_in_words",
    "as_day",
    "bounds_in_words",
    "fill",
    "is_file",
    "is_own_code",
    "list_scenarios",
    "meant",
    "nearest",
    "no_own_code",
    "no_such_name",
    "one_of",
    "own_code_refused",
    "parameter_problem",
    "parse_changes",
    "plain_data",
    "problems_from_pydantic",
    "quote",
    "read_yaml",
    "scenario_files",
    "whole",
    "without_none",
]
