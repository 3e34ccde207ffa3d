"""The figures of a comparison."""

from sim.report.effects_figure import effects_figure
from sim.report.style import save_figure
from sim.report.trade_figure import trade_figure

__all__ = ["effects_figure", "save_figure", "trade_figure"]
