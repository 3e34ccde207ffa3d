"""Mesa's page with a world on it; importing this needs the extra `watch`."""
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import solara
from mesa.visualization import SolaraViz

from sim.app import say
from sim.app.watch import pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.app.watch.world import Shown, Watched

DPI = 100
INTERVAL = 20
"""Milliseconds between two days while it plays."""
_on_show: list[Shown] = []


def show(what: Shown) -> None:
    """Say what every page of this server shows."""
    _on_show[:] = [what]


def _component(draw: Callable[[Watched], Figure]) -> Any:
    def component(world: Watched) -> Any:
        today = [id(world), world.market.day]
        figure = solara.use_memo(lambda: draw(world), today)
        return solara.FigureMatplotlib(figure, format="png", dpi=DPI, dependencies=today)

    return component


DRAWN = [
    _component(draw)
    for draw in (
        pictures.trade_picture,
        pictures.orders_picture,
        pictures.deaths_picture,
        pictures.platforms_picture,
    )
]


@solara.component
def Page() -> None:
    """One world, begun anew for whoever opens the page."""
    (what,) = _on_show
    world = solara.use_memo(what.world, [])
    solara.Style(
        ".solara-image img, img.widget-image, .widget-image { width: 100%; height: 100%; object-fit: contain; }"
    )
    with solara.Sidebar(), solara.Card(what.scenario.title or what.scenario.name):
        solara.Text(
            say(
                "watch.lead",
                consumers=f"{what.consumers:,}",
                burn_in=what.scenario.burn_in,
                days=what.scenario.days,
            )
        )
        for spec in what.sliders:
            solara.Text(f"{spec.path}: {spec.text} ({spec.unit})", style={"display": "block", "margin-top": "6px"})
    SolaraViz(
        world,
        components=[(each, 0) for each in DRAWN],
        model_params=what.controls(),
        name=say("watch.title", scenario=what.scenario.name),
        play_interval=INTERVAL,
    )
