"""The order of the house: who may import whom, where random numbers come from, how long a module and a list of arguments is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

SIM = Path(__file__).parents[1] / "sim"

# Each layer may import from the layers before it, types included. Within a layer, a room imports only from itself. A room is a folder or a module of `sim`.
LAYERS = [
    {"_version", "kernels"},
    {"registry", "streams"},
    {"population", "evidence"},
    {"agents", "scenario"},
    {"market"},
    {"measures"},
    {"policies"},
    {"world"},
    {"model"},
    {"studies"},
    {"report"},
    {"app"},
    {"cli"},
]
RANK = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}

FACES = {"scenario", "population", "streams", "cli"}
"""Folders whose `__init__` is all that others see of them."""

MAX_ROOMS, MAX_FILES, MAX_LINES, MAX_ARGUMENTS = 18, 14, 300, 10
GROW = {"sim.policies", "sim.studies.kinds"}
"""Folders that hold as many files as there are policies and kinds of study."""

# Modules that may be longer than the limit, and functions that may take more, each for a reason worth naming.
LONG_MODULES: set[str] = set()
LONG_LISTS = {
    "sim.cli.main.run": "options of a command",
    "sim.cli.main.compare": "options of a command",
    "sim.cli.studies.study": "options of a command",
    "sim.cli.validate.validate": "options of a command",
    "sim.report.validation.validate": "the one call that everybody knows; its options have names",
    "sim.studies.runs.one_run.run": "the one call that everybody knows; its options have names",
    "sim.studies.execution.several.run_several": "the options of `odm run` by name",
    "sim.report.comparison.compare": "the one call that everybody knows; its options have names",
}

# Modules that import each other for a reason.
KNOWN_CIRCLES: list[set[str]] = []

KEYED_ROOMS = ("agents", "market", "policies")


def module_name(path: Path) -> str:
    parts = path.relative_to(SIM.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(SIM.rglob("*.py"))}
PACKAGES = {name for name, path in MODULES.items() if path.name == "__init__.py"}
IN_KEYED_ROOMS = [name for name in MODULES if name.startswith(tuple(f"sim.{room}" for room in KEYED_ROOMS))]


def room(module: str) -> str:
    return "".join(module.split(".")[1:2])


def folder(module: str) -> str:
    """The folder in which a module lies; a module of `sim` or `sim.studies` itself is a room of its own."""
    if module in PACKAGES:
        return module
    home = module.rpartition(".")[0]
    return module if home in ("sim", "sim.studies") else home


def imports(source: str, module: str, package: bool = False) -> set[str]:
    """Every name that a module imports, in full: at the top, for types, inside functions, or through `import_module`."""
    home = module.split(".") if package else module.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found.update(alias.name for alias in names)
            case ast.ImportFrom(module=base, names=names, level=level):
                prefix = ".".join([*home[: len(home) - level + 1], *([base] if base else [])]) if level else base
                found.update(f"{prefix}.{alias.name}" for alias in names)
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__")):
                found.update(arg.value for arg in node.args if isinstance(arg, ast.Constant))
    return found


def imported_modules(module: str) -> set[str]:
    """The modules of `sim` that a module names."""
    found = set()
    for name in imports(MODULES[module].read_text(encoding="utf-8"), module, module in PACKAGES):
        while name and name not in MODULES:
            name = name.rpartition(".")[0]
        found.add(name)
    return found - {module, ""}


def graph_of(group: dict[str, str]) -> nx.DiGraph:
    """Who imports whom among groups of modules; ``group`` names that of each module."""
    edges = {(group[a], group[b]) for a in MODULES if a != "sim" for b in imported_modules(a)}
    return nx.DiGraph((a, b) for a, b in edges if a != b)


def circles(graph: nx.DiGraph) -> list[set[str]]:
    return [circle for circle in nx.strongly_connected_components(graph) if len(circle) > 1]


def backward_imports(source: str, module: str, package: bool = False) -> list[str]:
    """The imports of a module that run against the order."""
    home = RANK.get(room(module), -1)
    wrong = []
    for name in sorted(imports(source, module, package)):
        inside = name.split(".")[0] == "sim" and room(name) != room(module)
        if inside and RANK.get(room(name), len(LAYERS)) >= home:
            wrong.append(name)
    return wrong


def stray_random(source: str) -> list[str]:
    """The uses of a generator that is drawn from in turn: `random`, NumPy's, or the model's own."""
    names = imports(source, "sim.x.y")
    attributes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    wrong = [name for name in names if name.split(".")[0] == "random" or name.startswith("numpy.random")]
    wrong += [ast.unparse(node) for node in attributes if node.attr in ("random", "rng")]
    return sorted(wrong)


def writes_to_state(source: str) -> list[str]:
    """The assignments whose target is reached through `state` or `model`."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        for target in targets if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete) else []:
            path = ast.unparse(target).removeprefix("self.")
            if isinstance(target, ast.Attribute | ast.Subscript) and path.startswith(("state", "model")):
                wrong.append(path)
    return wrong


def argument_lists(module: str) -> Iterator[tuple[str, int]]:
    """Every function of a module with the number of its arguments, `self` and those that gather the rest apart."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            yield f"{module}.{node.name}", len([name for name in names if name not in ("self", "cls")])


# The plan -------------------------------------------------------------------------------------------------------------
def test_every_room_has_a_place_in_the_order() -> None:
    rooms = {room(name) for name in MODULES if "." in name}
    assert rooms <= set(RANK), "give it a place in LAYERS"


def test_the_plan_can_be_seen_at_a_glance() -> None:
    assert len([p for p in SIM.iterdir() if p.name != "__pycache__"]) <= MAX_ROOMS
    sizes = {name: len(list(MODULES[name].parent.glob("*.py"))) for name in PACKAGES - GROW}
    assert {name: size for name, size in sizes.items() if size > MAX_FILES} == {}


def test_every_folder_says_what_is_in_it() -> None:
    assert [name for name in PACKAGES if not ast.get_docstring(ast.parse(MODULES[name].read_text("utf-8")))] == []
    without = [d for d in SIM.rglob("*/") if any(d.glob("*.py")) and not (d / "__init__.py").exists()]
    assert without == []


# Imports --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("module", [name for name in MODULES if "." in name])
def test_imports_run_one_way_types_included(module: str) -> None:
    path = MODULES[module]
    assert backward_imports(path.read_text(encoding="utf-8"), module, module in PACKAGES) == []


def test_no_modules_import_each_other() -> None:
    found = circles(graph_of({name: name for name in MODULES}))
    assert [sorted(circle) for circle in found if circle not in KNOWN_CIRCLES] == []
    assert [sorted(circle) for circle in KNOWN_CIRCLES if circle not in found] == [], "no longer a circle: take it out"


def test_no_folders_import_each_other() -> None:
    assert [sorted(circle) for circle in circles(graph_of({name: folder(name) for name in MODULES}))] == []


def test_what_all_phases_share_knows_no_phase() -> None:
    shared = [name for name in MODULES if name.rpartition(".")[0] == "sim.market" and name not in PACKAGES]
    assert {
        name for name in shared if any(m.count(".") > 2 for m in imported_modules(name) if room(m) == "market")
    } == set()


@pytest.mark.parametrize("face", sorted(FACES))
def test_a_face_is_all_that_others_see_of_a_folder(face: str) -> None:
    package = f"sim.{face}"
    past = {
        (module, name) for module in MODULES if room(module) != face for name in imported_modules(module) if name.startswith(f"{package}.")
    }  # fmt: skip
    assert past == set(), f"import these names from {package}"
    back = {module for module in MODULES if module.startswith(f"{package}.") and package in imported_modules(module)}
    assert back == set(), "inside a folder, import from its files"


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith(("sim.agents", "sim.market"))])
def test_agents_and_market_know_no_policy_and_no_model(module: str) -> None:
    assert not [name for name in imported_modules(module) if room(name) in ("policies", "model")]


# What code may do -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("module", IN_KEYED_ROOMS)
def test_behaviour_draws_keyed_random_numbers_only(module: str) -> None:
    assert stray_random(MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("sim.measures")])
def test_measures_do_not_write_model_state(module: str) -> None:
    assert writes_to_state(MODULES[module].read_text(encoding="utf-8")) == []


def test_modules_are_read_in_one_sitting() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    too_long = {name: n for name, n in lines.items() if n > MAX_LINES and name not in LONG_MODULES}
    assert too_long == {}
    assert {name for name in LONG_MODULES if lines.get(name, 0) <= MAX_LINES} == set(), "no longer long: take it out"


def test_what_belongs_together_travels_together() -> None:
    lists = {name: n for module in MODULES for name, n in argument_lists(module) if n > MAX_ARGUMENTS}
    assert {name: n for name, n in lists.items() if name not in LONG_LISTS} == {}
    assert set(LONG_LISTS) - set(lists) == set(), "no longer long: take it out"


# The checks themselves ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("sim.agents.vendors", "from sim.policies import takedown"),
        ("sim.agents.vendors", "def f():\n    from sim.model import MarketModel"),
        ("sim.agents.vendors", "def f():\n    import sim.market.demand as demand"),
        ("sim.agents.vendors", "from ..studies import run"),
        ("sim.agents.vendors", "import importlib\nimportlib.import_module('sim.cli')"),
        ("sim.market.demand.demand", "from sim import MarketModel"),
        ("sim.market.demand.demand", "from sim.policies.takedown import Takedown"),
        ("sim.market.demand.demand", "if TYPE_CHECKING:\n    from sim.model import MarketModel"),
        ("sim.streams.philox", "import sim.population"),
    ],
)
def test_an_import_against_the_order_is_found(module: str, source: str) -> None:
    assert len(backward_imports(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("sim.agents.vendors", "from sim import streams"),
        ("sim.agents.vendors", "from sim.agents.codes import NEVER"),
        ("sim.agents.vendors", "from . import codes"),
        ("sim.market.demand.demand", "from sim.market.state import MarketState"),
        ("sim.cli.main", "def f():\n    from sim.report import figures"),
    ],
)
def test_an_import_along_the_order_is_allowed(module: str, source: str) -> None:
    assert backward_imports(source, module) == []


@pytest.mark.parametrize(
    "source",
    [
        "import random",
        "from random import Random",
        "from numpy.random import default_rng",
        "import numpy as np\nx = np.random.default_rng(1)",
        "def f(model):\n    return model.rng.random()",
        "def f(self):\n    return self.model.random.choice([1])",
    ],
)
def test_a_generator_drawn_from_in_turn_is_found(source: str) -> None:
    assert stray_random(source)


@pytest.mark.parametrize(
    "source",
    [
        "state.day = 1",
        "self.model.consumers.columns.trust[:] = 0",
        "state.books.ledger.fees -= 1",
        "del model.orders[0]",
    ],
)
def test_a_write_to_model_state_is_found(source: str) -> None:
    assert len(writes_to_state(source)) == 1
