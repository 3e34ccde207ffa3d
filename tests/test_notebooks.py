"""The teaching notebooks: two forms of one text, with all their parts and no outputs; they run in under a minute, and what they say is so."""

import ast
import base64
import json
import os
import re
import resource
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import nbformat
import pytest
import yaml

from sim import MarketModel, Scenario
from sim.studies.runs.simulate import warm_up
from tests.notebook_claims import CLAIMS, HELPERS

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
NAMES = sorted({path.stem for path in [*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("*.py")]})
EVERY = pytest.mark.parametrize("name", NAMES)
QUICK = "08-write-your-own-intervention"
"""The one that is run among the quick tests."""
RUNS = pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n == QUICK else pytest.mark.slow) for n in NAMES])
SECONDS_EACH, SECONDS_ALL = 60, 300
SOURCES = yaml.safe_load((ROOT / "sim" / "evidence" / "sources.yaml").read_text(encoding="utf-8"))


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def cells(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source.strip()) for cell in notebook.cells]


def texts(name: str) -> list[str]:
    return [source for kind, source in cells(read(name)) if kind == "markdown"]


def plain(text: str) -> str:
    """A text of the evidence as it has to stand in Markdown, so that nothing in it is taken for a formula or a mark."""
    for letter in "\\$~*_":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("<", "&lt;").replace(">", "&gt;")


def source_line(name: str) -> str:
    """How a notebook cites an entry of sources.yaml."""
    entry = SOURCES[name]
    whom = f" ({entry['population']})" if entry.get("population") else ""
    return f"- [{name}]: {plain(f'{entry["quantity"]}: {entry["value"]}{whom}. {entry["source"]}')}"


def test_there_are_ten() -> None:
    assert [name[:2] for name in NAMES] == [f"{number:02d}" for number in range(1, 11)]
    assert set(CLAIMS) == set(NAMES)
    page = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"({name}.ipynb)" not in page] == []


@EVERY
def test_both_forms_say_the_same(name):
    """If this fails: `jupytext --sync notebooks/NAME.py`."""
    assert cells(read(name)) == cells(jupytext.read(NOTEBOOKS / f"{name}.py"))
    assert read(name).metadata["jupytext"]["formats"] == "ipynb,py:percent"


@EVERY
def test_nothing_that_was_computed_is_stored(name):
    for cell in read(name).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert not cell.metadata, "left behind by an editor"


@EVERY
def test_it_begins_with_what_is_learned_and_ends_with_sources_and_a_word_to_teachers(name):
    first, *_, sources, teachers = texts(name)
    assert first.startswith("# ")
    assert len(re.findall(r"^- ", first.partition("**You will learn**")[2], re.MULTILINE)) >= 3
    assert sources.startswith("## Sources")
    assert teachers.startswith("## For teachers")
    assert re.search(r"^\*\*Time\.\*\* \d+ minutes", teachers, re.MULTILINE)
    assert len(re.findall(r"^- ", teachers.partition("**What students get wrong.**")[2], re.MULTILINE)) >= 3


@EVERY
def test_every_question_for_the_class_has_a_folded_answer(name):
    parts = [text for text in texts(name) if "**For the class**" in text]
    assert len(parts) >= 3
    for part in parts:
        asked, fold, answers = part.partition("**For the class**")[2].partition(
            "<details><summary>Answers</summary>\n\n"
        )
        assert fold, part
        assert answers.rstrip().endswith("</details>")
        numbers = [re.findall(r"^(\d)\. ", some, re.MULTILINE) for some in (asked, answers)]
        assert numbers[0] == numbers[1], part
        assert numbers[0]


@EVERY
def test_its_sources_are_those_of_the_evidence_word_for_word(name):
    sources = next(text for text in texts(name) if text.startswith("## Sources"))
    lines = [line for line in sources.replace("\n  ", " ").splitlines() if line.startswith("- ")]
    named = [line[3:].partition("]")[0] for line in lines]
    assert named
    assert lines == [source_line(each) for each in named]
    assert {SOURCES[each]["status"] for each in named} <= {"read", "computed"}
    cited = set(re.findall(r"\[([a-z0-9]+(?:-[a-z0-9]+)+)\](?!\()", "\n".join(texts(name))))
    assert cited == set(named), "cited in the text, and listed"


@EVERY
def test_its_cells_are_short_and_use_what_others_may_use(name):
    for kind, source in cells(read(name)):
        if kind != "code":
            continue
        assert len(source.splitlines()) <= 32
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sim":
                for each in node.names:
                    assert not each.name.startswith("_")
                    assert hasattr(import_module(str(node.module)), each.name), f"{node.module}.{each.name}"


def test_the_plan_for_teachers_has_the_minutes_of_the_notebooks():
    page = (ROOT / "docs" / "how-to-teach.md").read_text(encoding="utf-8")
    plan = dict(re.findall(r"^\| (\d\d-[\w-]+) \| (\d+) \|", page, re.MULTILINE))
    assert plan == {name: re.findall(r"\*\*Time\.\*\* (\d+) minutes", texts(name)[-1])[0] for name in NAMES}


# Running them ---------------------------------------------------------------------------------------------------------
@cache
def run(name: str) -> tuple[nbformat.NotebookNode, dict[str, bool], float]:
    """A notebook run from start to end in a folder of its own: with its outputs, which of its claims hold, and the processor seconds that it took."""
    warm_up(Scenario.load("baseline"), MarketModel)  # machine code is made once, whoever comes first
    notebook = read(name)
    questions = ", ".join(f"{claim!r}: bool({test})" for claim, test in CLAIMS[name].items())
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json\n{HELPERS}\nprint(json.dumps({{{questions}}}))"))
    with TemporaryDirectory() as folder:
        place = Path(folder)
        nbformat.write(notebook, place / "notebook.ipynb")
        execute = str(Path(sys.executable).with_name("jupyter-execute"))
        command = [execute, "notebook.ipynb", "--output=done.ipynb", "--timeout=300"]
        homes = dict.fromkeys(("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "TMPDIR"), folder)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            command, cwd=place, env={**os.environ, **homes}, capture_output=True, text=True, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stderr[-3000:]
        finished = nbformat.read(place / "done.ipynb", as_version=4)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    claims = json.loads(finished.cells.pop().outputs[0].text)
    return finished, claims, seconds


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


@RUNS
def test_it_runs_in_under_a_minute(name):
    assert run(name)[2] < SECONDS_EACH


@RUNS
def test_it_prints_no_warning_and_no_stray_object(name):
    found = outputs(run(name)[0])
    assert [output.text for output in found if output.get("name") == "stderr"] == []
    shown = [str(output.get("data", {}).get("text/plain", "")) for output in found]
    assert not [text for text in shown if text.startswith("<") and not text.startswith(("<Figure", "<Picture"))]


@RUNS
def test_it_shows_pictures(name):
    pictures = [output.data["image/png"] for output in outputs(run(name)[0]) if "image/png" in output.get("data", {})]
    assert pictures
    for picture in pictures:
        assert len(base64.b64decode(picture)) > 5_000, "an empty frame"


@RUNS
def test_what_it_says_is_so(name):
    assert run(name)[1] == dict.fromkeys(CLAIMS[name], True)


@pytest.mark.slow
def test_all_of_them_cost_a_class_a_few_minutes():
    assert sum(run(name)[2] for name in NAMES) < SECONDS_ALL
