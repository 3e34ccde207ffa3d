"""Figures of comparisons and studies; importing this loads the library that draws."""

from sim.report.figures.catalogue import draw
from sim.report.figures.effects import effects_figure
from sim.report.figures.flows import flow_figure
from sim.report.figures.groups import group_figure
from sim.report.figures.inline import inline_svg
from sim.report.figures.style import save_figure
from sim.report.figures.trade import trade_figure

__all__ = ["draw", "effects_figure", "flow_figure", "group_figure", "inline_svg", "save_figure", "trade_figure"]
