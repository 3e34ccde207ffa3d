"""Online drug markets: what an intervention would change, for whom, at what cost, and how sure that is.

An agent-based simulator on Mesa. The public names are loaded when they are first used, so that importing the package
costs nothing::

    from sim import Scenario, MarketModel, run, compare
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim._version import __version__

if TYPE_CHECKING:
    from sim.model import MarketModel
    from sim.population import Column
    from sim.report.comparison import Comparison, compare
    from sim.report.study import run_study
    from sim.report.validation import validate
    from sim.scenario import Scenario, ScenarioError
    from sim.studies.runs.one_run import RunResult, run
    from sim.studies.store.results import Results
    from sim.studies.study_files import Study

__all__ = [
    "Column",
    "Comparison",
    "MarketModel",
    "Results",
    "RunResult",
    "Scenario",
    "ScenarioError",
    "Study",
    "__version__",
    "compare",
    "run",
    "run_study",
    "validate",
]

_HOMES = {
    "Column": "sim.population",
    "Comparison": "sim.report.comparison",
    "MarketModel": "sim.model",
    "Results": "sim.studies.store.results",
    "RunResult": "sim.studies.runs.one_run",
    "Scenario": "sim.scenario",
    "ScenarioError": "sim.scenario",
    "Study": "sim.studies.study_files",
    "compare": "sim.report.comparison",
    "run": "sim.studies.runs.one_run",
    "run_study": "sim.report.study",
    "validate": "sim.report.validation",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, with every policy registered before scenarios are read."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_module("sim.policies")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
