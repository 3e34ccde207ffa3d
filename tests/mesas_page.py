"""What Mesa's page in the browser does with a model, where solara is not installed."""

import ast
import inspect
from pathlib import Path
from typing import Any

import mesa
from mesa.experimental.scenarios import Scenario as MesaScenario


def of_mesas_page(*names: str) -> dict[str, Any]:
    """Functions of Mesa's page in the browser, which cannot be imported without solara."""
    tree = ast.parse((Path(mesa.__file__).parent / "visualization" / "solara_viz.py").read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if getattr(node, "name", "") in names]
    space = {
        "inspect": inspect,
        "Any": Any,
        "Model": mesa.Model,
        "Scenario": MesaScenario,
        "Slider": type("Slider", (), {}),
    }
    exec(compile(tree, "solara_viz.py", "exec"), space)
    return {name: space[name] for name in names}
