"""Draw the house and the day from the code: who imports whom, and what `MarketModel.step` calls in turn.

`house()` and `day()` return SVG, the same text whenever the code is the same; `make_tables.py` writes them to ``docs/pictures``.
"""

from __future__ import annotations

import ast
import io
import textwrap
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import networkx as nx
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

ROOT = Path(__file__).resolve().parents[1]
SIM = ROOT / "sim"
INK, FAINT, PAPER, SHADE = "#222222", "#777777", "#f4f1ea", "#dfe9ef"
ACROSS = 5
LOOK = {"svg.fonttype": "none", "svg.hashsalt": "house", "font.family": "sans-serif", "font.size": 9}


def first_line(path: Path) -> str:
    """Return the first sentence of a module's docstring, without its full stop."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0].partition(". ")[0].rstrip(".")


def rooms() -> dict[str, Path]:
    """Return the folders and modules of `sim`, with the file that says what each is."""
    folders = {p.name: p / "__init__.py" for p in sorted(SIM.iterdir()) if (p / "__init__.py").exists()}
    return folders | {p.stem: p for p in sorted(SIM.glob("*.py")) if p.stem not in ("__init__", "_version")}


def storeys() -> list[list[str]]:
    """Return the rooms in storeys, the lowest first: each imports from storeys below it, types included."""
    known = rooms()
    graph = nx.DiGraph()
    graph.add_nodes_from(known)
    for path in sorted(SIM.rglob("*.py")):
        home = path.relative_to(SIM).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sim"):
                names = [node.module] if node.module != "sim" else [f"sim.{alias.name}" for alias in node.names]
                for name in names:
                    other = str(name).split(".")[1]
                    if other != home and other in known and home in known:
                        graph.add_edge(other, home)
    return [sorted(storey) for storey in nx.topological_generations(graph)]


def steps() -> list[tuple[str, str]]:
    """Return what a day calls in turn, each with the file in which it stands, relative to `sim`."""
    tree = ast.parse((SIM / "model.py").read_text(encoding="utf-8"))
    homes = {
        alias.name: str(node.module).removeprefix("sim.").replace(".", "/") + ".py"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    step = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "step")
    calls = sorted((n.lineno, ast.unparse(n.func)) for n in ast.walk(step) if isinstance(n, ast.Call))
    homes |= {"self.begin_day": "market/state.py", "self.end_day": "market/state.py"}
    homes["self.recorder.record"] = "measures/kept/recorder.py"
    return [(name.rpartition(".")[2], homes[name]) for _, name in calls]


def box(ax: Axes, x: float, y: float, width: float, height: float, colour: str) -> None:
    """Draw a box with round corners."""
    style: Any = "round,pad=0,rounding_size=0.06"
    ax.add_patch(
        FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=colour, edgecolor=FAINT, linewidth=0.8)
    )


def wrapped(text: str, width: float, size: float) -> str:
    """Return text in lines that fit into a width, in a font of a size, reckoned wide."""
    return "\n".join(textwrap.wrap(text, int(width * 72 / (0.72 * size))))


def room(ax: Axes, corner: tuple[float, float], size: tuple[float, float], path: Path) -> None:
    """Draw a room with its name and what it is: beside it where the room is wide and low, else below."""
    (x, y), (width, height) = corner, size
    is_folder = path.name == "__init__.py"
    ax.text(
        x + 0.08,
        y + height - 0.08,
        f"{path.parent.name}/" if is_folder else path.name,
        weight="bold",
        color=INK,
        va="top",
    )
    low = height < 0.5
    place, line = ((x + 1.2, y + height - 0.1), width - 1.2) if low else ((x + 0.08, y + height - 0.33), width - 0.1)
    ax.text(
        *place,
        wrapped(first_line(path).replace("`", ""), line, 7.5),
        fontsize=7.5,
        color=INK,
        va="top",
        linespacing=1.15,
    )


def folders_in(path: Path) -> list[Path]:
    """Return the folders of code inside a room, then the room itself for the files beside them; nothing where there are no folders."""
    inside = sorted(p for p in path.parent.iterdir() if (p / "__init__.py").exists())
    return [*inside, path.parent] if path.name == "__init__.py" and inside else []


def inner(ax: Axes, corner: tuple[float, float], size: tuple[float, float], folders: list[Path]) -> None:
    """Draw the folders inside a room with the names of their files."""
    (x, y), (width, height) = corner, size
    w, h = width / ACROSS, 0.72
    for k, path in enumerate(folders):
        left, bottom = x + (k % ACROSS) * w + 0.02, y + height - (1 + k // ACROSS) * h
        box(ax, left, bottom, w - 0.04, h - 0.05, "white")
        names = ", ".join(sorted(p.stem for p in path.glob("*.py") if p.stem != "__init__"))
        ax.text(
            left + 0.06,
            bottom + h - 0.11,
            "beside them" if path.parent == SIM else f"{path.name}/",
            weight="bold",
            color=INK,
            va="top",
            fontsize=8,
        )
        ax.text(
            left + 0.06,
            bottom + h - 0.29,
            wrapped(names, w - 0.1, 6.2),
            fontsize=6.2,
            color=INK,
            va="top",
            linespacing=1.1,
        )


def svg(figure: Any) -> str:
    """Return a figure as text that is the same every time."""
    out = io.StringIO()
    figure.savefig(
        out,
        format="svg",
        metadata={"Date": None, "Creator": None},
        bbox_inches="tight",
        pad_inches=0.05,
        facecolor="white",
    )
    plt.close(figure)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def canvas(height: float) -> tuple[Any, Axes]:
    """Return an empty picture, 11 wide."""
    figure, ax = plt.subplots(figsize=(11, height))
    ax.set_xlim(0, 11)
    ax.set_ylim(0, height)
    ax.set_axis_off()
    return figure, ax


def house() -> str:
    """Draw the house: the rooms of `sim` in storeys, with the folders inside them."""
    with plt.rc_context(LOOK):
        levels, known = storeys(), rooms()
        inside = {name: folders_in(path) for name, path in known.items()}
        extra = [0.72 * max(-(-len(inside[name]) // ACROSS) for name in names) for names in levels]
        heights = [(0.38 if len(names) == 1 else 0.98) + more for names, more in zip(levels, extra, strict=True)]
        figure, ax = canvas(sum(heights) + 0.08 * len(heights) + 0.25)
        y = 0.0
        for names, height, more in zip(levels, heights, extra, strict=True):
            width = 11 / len(names)
            for k, name in enumerate(names):
                box(
                    ax, k * width + 0.03, y, width - 0.06, height, SHADE if known[name].name == "__init__.py" else PAPER
                )
                if inside[name]:
                    inner(ax, (k * width + 0.08, y + 0.04), (width - 0.16, more), inside[name])
                room(ax, (k * width + 0.03, y + more), (width - 0.06, height - more), known[name])
            y += height + 0.08
        ax.text(
            0.03,
            y + 0.05,
            "Each room may import from the storeys below it, never from its own or from above.",
            color=FAINT,
        )
        return svg(figure)


def day() -> str:
    """Draw the day: what is called in turn, and where it stands."""
    with plt.rc_context(LOOK):
        calls, across = steps(), ACROSS
        rows = -(-len(calls) // across)
        figure, ax = canvas(rows * 0.95)
        width = 11 / across
        for k, (name, home) in enumerate(calls):
            x, y = (k % across) * width, (rows - 1 - k // across) * 0.95
            box(ax, x + 0.03, y + 0.1, width - 0.3, 0.72, SHADE)
            ax.text(x + 0.12, y + 0.62, f"{k + 1}  {name}", weight="bold", color=INK, va="center")
            ax.text(
                x + 0.12,
                y + 0.32,
                home if home.count("/") == 1 else home.removeprefix("market/"),
                fontsize=6.6,
                color=INK,
                va="center",
            )
            if k + 1 < len(calls):
                ax.text(
                    x + width - 0.14,
                    y + 0.46,
                    "→" if (k + 1) % across else "↵",
                    color=FAINT,
                    ha="center",
                    va="center",
                    fontsize=12,
                )
        return svg(figure)
