"""Figures that `sim.report` draws for a study, loaded only when they are drawn: it stands above this package."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def figure(name: str, *what: Any, module: str = "study_figures") -> Callable[[], Any]:
    """A function that draws; `name` is a function of a module of `sim.report`."""
    return lambda: getattr(import_module(f"sim.report.{module}"), name)(*what)
