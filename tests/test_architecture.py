"""The order of the house: who may import whom, where random numbers come from, how long a module is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SIM = Path(__file__).parents[1] / "sim"

# Each layer may import from the layers before it. Within a layer, a room imports only from itself. A room is a folder
# or a module with those that carry its name (`scenario`, `scenario_files`).
LAYERS = [
    {"_version", "compiling"},
    {"kernels"},
    {"columns", "registry", "streams"},
    {"rowsets", "slots"},
    {"roster"},
    {"population", "evidence"},
    {"agents", "scenario"},
    {"market"},
    {"measures"},
    {"policies"},
    {"world"},
    {"model"},
    {"studies"},
    {"report"},
    {"app", "cli"},
]
RANK = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}

# Modules that may be longer than the limit, each for a reason worth naming.
LONG_MODULES: set[str] = set()
MAX_LINES = 300

KEYED_ROOMS = ("agents", "market", "policies")


def module_name(path: Path) -> str:
    parts = path.relative_to(SIM.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(SIM.rglob("*.py"))}
PACKAGES = {name for name, path in MODULES.items() if path.name == "__init__.py"}
IN_KEYED_ROOMS = [name for name in MODULES if name.startswith(tuple(f"sim.{room}" for room in KEYED_ROOMS))]


def room(module: str) -> str:
    name = "".join(module.split(".")[1:2])
    return name if name in RANK or name.partition("_")[0] not in RANK else name.partition("_")[0]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def walk(node: ast.AST, typing_too: bool) -> Iterator[ast.AST]:
    """All nodes, those inside functions too; those that only a type checker reads on request."""
    yield node
    if is_type_checking(node) and not typing_too:
        assert isinstance(node, ast.If)
        for child in node.orelse:
            yield from walk(child, typing_too)
        return
    for child in ast.iter_child_nodes(node):
        yield from walk(child, typing_too)


def imports(source: str, module: str, package: bool = False, typing_too: bool = False) -> set[str]:
    """Every name that a module imports, in full: at the top, inside functions, or through `import_module`."""
    home = module.split(".") if package else module.split(".")[:-1]
    found: set[str] = set()
    for node in walk(ast.parse(source), typing_too):
        match node:
            case ast.Import(names=names):
                found.update(alias.name for alias in names)
            case ast.ImportFrom(module=base, names=names, level=level):
                prefix = ".".join([*home[: len(home) - level + 1], *([base] if base else [])]) if level else base
                found.update(f"{prefix}.{alias.name}" for alias in names)
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__")):
                found.update(arg.value for arg in node.args if isinstance(arg, ast.Constant))
    return found


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
    names = imports(source, "sim.x.y", typing_too=True)
    attributes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    wrong = [name for name in names if name.split(".")[0] == "random" or name.startswith("numpy.random")]
    wrong += [ast.unparse(node) for node in attributes if node.attr in ("random", "rng")]
    return sorted(wrong)


def writes_to_model(source: str) -> list[str]:
    """The assignments whose target is reached through `model`."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        for target in targets if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete) else []:
            path = ast.unparse(target)
            if isinstance(target, ast.Attribute | ast.Subscript) and path.removeprefix("self.").startswith("model"):
                wrong.append(path)
    return wrong


def test_every_room_has_a_place_in_the_order() -> None:
    rooms = {room(name) for name in MODULES if "." in name}
    assert rooms <= set(RANK), "give it a place in LAYERS"


@pytest.mark.parametrize("module", [name for name in MODULES if "." in name])
def test_imports_run_one_way(module: str) -> None:
    path = MODULES[module]
    assert backward_imports(path.read_text(encoding="utf-8"), module, module in PACKAGES) == []


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith(("sim.agents", "sim.market"))])
def test_agents_and_market_know_no_policy_not_even_as_a_type(module: str) -> None:
    found = imports(MODULES[module].read_text(encoding="utf-8"), module, module in PACKAGES, typing_too=True)
    assert not [name for name in found if f"{name}.".startswith("sim.policies.")]


@pytest.mark.parametrize("module", IN_KEYED_ROOMS)
def test_behaviour_draws_keyed_random_numbers_only(module: str) -> None:
    assert stray_random(MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("sim.measures")])
def test_measures_do_not_write_model_state(module: str) -> None:
    assert writes_to_model(MODULES[module].read_text(encoding="utf-8")) == []


def test_modules_are_read_in_one_sitting() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    too_long = {name: n for name, n in lines.items() if n > MAX_LINES and name not in LONG_MODULES}
    assert too_long == {}
    assert {name for name in LONG_MODULES if lines.get(name, 0) <= MAX_LINES} == set(), "no longer long: take it out"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("sim.agents.vendors", "from sim.policies import takedown"),
        ("sim.agents.vendors", "def f():\n    from sim.model import MarketModel"),
        ("sim.agents.vendors", "def f():\n    import sim.market.demand.demand as demand"),
        ("sim.agents.vendors", "from ..studies import run"),
        ("sim.agents.vendors", "import importlib\nimportlib.import_module('sim.cli')"),
        ("sim.market.demand.demand", "from sim import MarketModel"),
        ("sim.market.demand.demand", "from sim.policies.takedown import Takedown"),
        ("sim.streams", "import sim.population"),
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
        ("sim.market.demand.demand", "if TYPE_CHECKING:\n    from sim.model import MarketModel"),
        ("sim.cli", "def f():\n    from sim.report import figures"),
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
    "source", ["model.day = 1", "self.model.consumers.columns.trust[:] = 0", "model.cash -= 1", "del model.orders[0]"]
)
def test_a_write_to_model_state_is_found(source: str) -> None:
    assert len(writes_to_model(source)) == 1
