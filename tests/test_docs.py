"""What the documentation says is so: generated parts are in step, links lead somewhere, examples and commands run."""

import ast
import importlib
import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import mesa
import pytest
import typer.main

import sim.policies
from sim import Study, registry
from sim.cli import app
from sim.measures.observer import Observer, read_settings
from sim.model import MarketModel
from sim.registry import policy_kinds
from sim.scenario import SCENARIO_KEYS, Scenario, ScenarioError, read_yaml
from sim.studies.validation.files import load as read_targets
from sim.studies.validation.measuring import check_questions
from sim.studies.validation.targets import Targets
from tests.mesas_page import of_mesas_page
from tests.preloaded import can_fork, odm, python
from tests.worlds import KINDS, branched, example, lever_values, neutral_levers, ran, world

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "notebooks" / "README.md",
        ROOT / "results" / "README.md",
    ]
)
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
MODEL_PAGE = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")


class Block(NamedTuple):
    """A block of code in a page: its language, the words behind it, and its text."""

    language: str
    marks: tuple[str, ...]
    text: str

    @property
    def title(self) -> str | None:
        """The file that the reader is to write it into."""
        return next((mark.removeprefix("title=") for mark in self.marks if mark.startswith("title=")), None)

    @property
    def lacks(self) -> list[str]:
        """The packages that it says it needs and that are not installed."""
        needed = [mark.removeprefix("needs=") for mark in self.marks if mark.startswith("needs=")]
        return [name for names in needed for name in names.split(",") if importlib.util.find_spec(name) is None]


def blocks(page: Path) -> list[Block]:
    found = re.findall(r"^```(\w+)([^\n]*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [Block(language, tuple(marks.split()), text) for language, marks, text in found]


WITH_EXAMPLES = [page for page in PAGES if blocks(page)]


@pytest.fixture(scope="module")
def make_tables():
    folder = str(ROOT / "docs")
    sys.path.insert(0, folder)
    yield importlib.import_module("make_tables")
    sys.path.remove(folder)


# Generated parts ------------------------------------------------------------------------------------------------------
def test_generated_pages_are_in_step_with_the_code(make_tables):
    old = [path.name for path, text in make_tables.pages().items() if path.read_text(encoding="utf-8") != text]
    assert old == [], "run: .venv/bin/python docs/make_tables.py"


def test_a_page_out_of_step_is_found(make_tables):
    page = "before\n<!-- generated: settings -->\nold\n<!-- end -->\nbetween\n<!-- generated: scenarios -->\n<!-- end -->\n"
    text = make_tables.filled(page)
    assert "\nold\n" not in text
    assert "`burn_in`" in text.partition("between")[0]
    assert "`takedown`" in text.partition("between")[2]


SETTINGS = {
    "payment_block": [{}, {"mode": "coins", "coin": "main", "closure": 0.2}, {"mode": "coins", "coin": "privacy"}],
    "postal_interdiction": [{"staff": 2.0}],
    "enforcement_reallocation": [{"hired": 0.5}],
    "network_attack": [{"mode": "signal", "posts": 0.5}],
    "supplier_interdiction": [{"searches": 5.0}],
}
"""Settings between which a policy moves all its levers."""


@pytest.mark.parametrize("kind", KINDS)
def test_the_levers_named_are_those_that_move(kind, make_tables):
    moved = set()
    for fields in SETTINGS.get(kind, [{}]):
        model = branched(ran(world(), until=0), 1, policies=[example(kind, **fields)])
        now, neutral = lever_values(model.levers), neutral_levers(model)
        moved |= {name for name in neutral if (now[name] != neutral[name]).any()}
    assert set(make_tables.moved(policy_kinds()[kind])) == moved


def test_the_scenario_page_names_every_key():
    text = (ROOT / "docs" / "how-to-write-a-scenario.md").read_text(encoding="utf-8")
    for key in SCENARIO_KEYS:
        assert re.search(rf"`{key}`|^### .*\b{key}\b", text, re.MULTILINE), key


# The description of the model -----------------------------------------------------------------------------------------
def test_the_day_is_described_in_its_order():
    step = next(
        node
        for node in ast.walk(ast.parse((ROOT / "sim" / "model.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name == "step"
    )
    calls = [ast.unparse(node.func).split(".")[-1] for node in ast.walk(step) if isinstance(node, ast.Call)]
    lines = [node.lineno for node in ast.walk(step) if isinstance(node, ast.Call)]
    order = [name for _, name in sorted(zip(lines, calls, strict=True)) if name != "begin_day"]
    rows = re.findall(r"^\| \d+ \|.*$", MODEL_PAGE, re.MULTILINE)
    assert len(rows) == 12
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == order


RULES = re.findall(r"^\| ([^|`]+) \| `([\w/]+\.py)` \| `(\w+)::(\w+)` \|$", MODEL_PAGE, flags=re.MULTILINE)
"""Rows of the table of rules: rule, file below `sim/market`, test file, test."""


@pytest.mark.parametrize(("rule", "place", "file", "test"), RULES, ids=[rule[0] for rule in RULES])
def test_every_rule_of_the_model_has_a_test_that_speaks_of_it(rule, place, file, test):
    assert (ROOT / "sim" / "market" / place).is_file()
    assert f"def {test}(" in (ROOT / "tests" / f"{file}.py").read_text(encoding="utf-8")
    stems = {word.lower()[:5] for word in re.findall(r"[A-Za-z]{4,}", rule)}
    assert any(stem in test for stem in stems), "found by the field's word"


def test_every_rule_file_of_the_market_has_a_rule():
    """The others hold books, views, memories and draws."""
    books = {
        "demand/needs.py",
        "trade/booking.py",
        "health/affected.py",
        "health/doses.py",
        "choice/scene.py",
        "choice/conditions.py",
        "choice/memory.py",
        "entry_exit/characters.py",
        "learning/considering.py",
    }
    market = ROOT / "sim" / "market"
    files = {str(f.relative_to(market)) for f in market.glob("*/*.py") if f.name != "__init__.py"}
    named = {place for _, place, _, _ in RULES}
    assert named - files <= {"beliefs.py", "state.py"}
    assert files - named == books


@pytest.mark.parametrize("room", ["agents", "market"])
def test_every_file_of_agents_and_market_is_described(room):
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "sim" / room).rglob("*.py")}
    described = {
        name for name in files if f"(../{name})" in MODEL_PAGE or Path(name).name in ("__init__.py", "codes.py")
    }
    assert files == described


def test_the_answers_to_a_strangers_questions_lead_to_what_they_name():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| where .*|^\| what does .*", page, re.MULTILINE)
    assert len(rows) >= 5
    for row in rows:
        path = re.findall(r"\(\.\./([^)]+)\)", row)[-1]
        name = re.findall(r"`(\w+)`", row)[-1]
        assert re.search(
            rf"^ *(def|class) {name}\b|^{name} = ", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE
        ), row


def test_somebody_has_looked_why_each_fact_is_missed():
    told = read_yaml(ROOT / "docs" / "misses.yaml")["misses"]
    kept = json.loads((ROOT / "results/reference/validation/validation.json").read_text(encoding="utf-8"))
    missed = {row["target"] for row in kept["targets"] if row["in_range"] is False}
    assert missed
    assert missed <= set(told)
    assert set(told) <= {target.id for target in read_targets(None).all}
    assert {miss["kind"] for miss in told.values()} <= {"values", "mechanism", "counting", "luck", "unknown"}
    page = (ROOT / "docs" / "validity.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in missed)


def test_a_documented_example_is_no_part_of_the_shipped_policies():
    assert "naloxone_kits" not in policy_kinds()


# Links ----------------------------------------------------------------------------------------------------------------
def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@EVERY_PAGE
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        to = (page.parent / path) if path else page
        assert to.exists(), target
        assert not anchor or anchor in anchors(to), target


# Examples -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A reader's folder beside the project: files that a page has them write land here, policies register for a while."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    monkeypatch.setattr(sim.policies, "__path__", [*sim.policies.__path__, str(tmp_path / "sim" / "policies")])
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    yield tmp_path
    for name in [name for name in sys.modules if _written(name, tmp_path)]:
        del sys.modules[name]


def _written(module: str, folder: Path) -> bool:
    return str(getattr(sys.modules[module], "__file__", "")).startswith(str(folder))


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_run(page, reader):
    """Everything that a page shows, in its order; of what is marked slow, only that it can be run."""
    names: dict[str, object] = {"__name__": "example"}
    for block in blocks(page):
        if block.title:
            (reader / block.title).parent.mkdir(parents=True, exist_ok=True)
            (reader / block.title).write_text(block.text, encoding="utf-8")
        match block.language:
            case "yaml":
                load(block, reader)
            case "csv" | "python" if block.title and "own" in block.marks:
                pass  # a file that the scenario of the page names
            case "python" if block.lacks:
                compile(block.text, str(page), "exec")
            case "python" if block.title:
                importlib.import_module(block.title.removesuffix(".py").replace("/", "."))
            case "python":
                exec(compile(block.text, str(page), "exec"), names)
            case "console":
                for command, printed in commands(block.text):
                    (check if "slow" in block.marks else execute)(command, printed, reader, "wrong" in block.marks)
            case other:
                pytest.fail(f"nobody knows how to run {other}")


def test_what_a_page_needs_besides_comes_with_the_extra_that_it_names():
    page = ROOT / "docs" / "how-to-use-it-as-a-mesa-model.md"
    (block,) = [block for block in blocks(page) if any(mark.startswith("needs=") for mark in block.marks)]
    assert 'pip install "mesa[viz]"' in page.read_text(encoding="utf-8")
    brought = [need for need in requires("mesa") or [] if "extra == 'viz'" in need]
    assert {"solara", "altair"} <= {re.split(r"[^\w-]", need)[0] for need in brought}
    source = Path(mesa.__file__).parent / "visualization" / "solara_viz.py"  # importing it would need solara
    shown = next(node for node in ast.parse(source.read_text(encoding="utf-8")).body if getattr(node, "name", "") == "SolaraViz")  # fmt: skip
    known = {argument.arg for argument in (*shown.args.args, *shown.args.kwonlyargs)}  # type: ignore[attr-defined]
    (call,) = [node for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "SolaraViz"]  # fmt: skip
    assert {keyword.arg for keyword in call.keywords} <= known


def test_mesas_page_can_show_the_market_and_begin_it_anew(tmp_path, monkeypatch):
    """What the page does with the model that it is given: it checks the settings, steps, plots what is collected, and makes another."""
    page = ROOT / "docs" / "how-to-use-it-as-a-mesa-model.md"
    (block,) = [block for block in blocks(page) if any(mark.startswith("needs=") for mark in block.marks)]
    (tmp_path / "small.yaml").write_text("name: small\nconsumers: 300\ndays: 4\nburn_in: 2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    shown: dict[str, Any] = {}
    measures: list[Any] = []
    pages = ModuleType("mesa.visualization")
    pages.SolaraViz = lambda model, **given: shown.update(model=model, **given)  # type: ignore[attr-defined]
    pages.make_plot_component = measures.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mesa.visualization", pages)
    exec(compile(block.text, "app.py", "exec"), {"MarketModel": MarketModel})
    names = ("_get_scenario_defaults", "_check_model_params", "_build_model_init_kwargs", "split_model_params", "check_param_is_fixed")  # fmt: skip
    mesas = of_mesas_page(*names)
    model, given = shown["model"], shown["model_params"]
    mesas["_check_model_params"](model, given)
    moving, fixed = mesas["split_model_params"](given)
    assert set(moving) == {"rng"}
    values = {**fixed, "rng": 7}
    kwargs = mesas["_build_model_init_kwargs"](
        model, values, add_scenario_when_empty=True, require_model_accepts_scenario=True
    )
    again = type(model)(**kwargs)
    assert again.market.seed == 7
    assert again.market.scenario.name == "small"
    while again.running:
        again.step()
    collected = again.datacollector.get_model_vars_dataframe()
    assert len(collected) == 4
    wanted = [name for each in measures for name in ([each] if isinstance(each, str) else each)]
    assert set(wanted) <= set(collected.columns)
    with pytest.raises(ValueError, match="Scenario"):  # why the market itself is not shown
        mesas["_check_model_params"](again.market, {"scenario": "small.yaml"})


def load_targets_of(path: Path) -> Targets:
    """The targets of a file; a wrong question is an error."""
    targets = read_targets(path)
    check_questions(targets)
    return targets


def load(block: Block, folder: Path) -> None:
    assert block.title, "a scenario needs a file name, so that commands can use it"
    if "observer" in block.marks:
        assert read_settings(folder / block.title) != Observer()
        return
    if "targets" in block.marks:
        assert len(load_targets_of(folder / block.title))
        return
    if "study" in block.marks:
        assert Study.load(folder / block.title).name == Path(block.title).stem
        return
    if "wrong" in block.marks:
        with pytest.raises(ScenarioError):
            Scenario.load(folder / block.title)
    else:
        assert Scenario.load(folder / block.title).name == Path(block.title).stem


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command, and what it is said to print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed.strip()


def execute(command: str, printed: str, folder: Path, wrong: bool) -> None:
    """Run a command in the reader's folder, with the programs of the environment that runs the tests."""
    words = shlex.split(command.replace(".venv/bin/", f"{Path(sys.executable).parent}/"))
    if Path(words[0]).name == "odm" and can_fork():
        done = odm(words[1:], folder, seconds=300)
    elif Path(words[0]).name == "python" and words[1].endswith(".py") and can_fork():
        done = python(words[1:], folder, seconds=300)
    else:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == (2 if wrong else 0), done.stdout + done.stderr
    shown = ".*?".join(re.escape(piece.strip("\n")) for piece in printed.split("..."))
    assert re.search(shown, done.stdout + done.stderr, re.DOTALL), done.stdout + done.stderr


def check(command: str, printed: str, folder: Path, wrong: bool) -> None:
    """Whether a command that takes long could be run: its target, its options, its scenarios, its files."""
    program, *words = shlex.split(command)
    assert not printed, "the output of a slow command is not checked: do not show it"
    assert not wrong
    if program == "make":
        targets = re.findall(r"^([\w-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert words[0] in targets
        return
    assert program.startswith(".venv/bin/"), program
    assert Path(sys.executable).with_name(Path(program).name).exists(), program
    if program.endswith("/odm"):
        command_of = typer.main.get_command(app).commands[words[0]]  # type: ignore[attr-defined]
        given = command_of.make_context(words[0], words[1:]).params
        for name in [given.get("scenario"), given.get("baseline"), *(given.get("others") or [])]:
            assert name is None or Scenario.load(name)
        if words[0] == "study":
            assert Study.load(given["file"])
    elif words[0] == "-m":
        assert importlib.util.find_spec(words[1]), words[1]
    else:
        assert [word for word in words if re.search(r"\.(py|ipynb)$", word) and "=" not in word]
        for word in words:
            assert not re.search(r"^[\w/-]+\.(py|ipynb)$", word) or (ROOT / word).exists(), word


def test_pages_have_examples():
    assert {"README.md", "how-to-add-a-policy.md", "how-to-write-a-scenario.md"} <= {
        page.name for page in WITH_EXAMPLES
    }
