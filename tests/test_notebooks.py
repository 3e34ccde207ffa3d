"""The teaching notebooks: two forms of one text, without outputs, and they run in under a minute and show what they say."""

import base64
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from sim import MarketModel, Scenario
from sim.studies.runs.simulate import warm_up

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
NAMES = sorted({path.stem for path in [*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("*.py")]})
EVERY = pytest.mark.parametrize("name", NAMES)

# What the text of a notebook claims, asked of its own variables at the end.
HELPERS = """
def early(label):
    return result.daily.query("scenario == @label and day < 40").drop(columns="scenario").reset_index(drop=True)


def drift(name):
    # mean of the last quarter of the days over that of the first, in the world without a closure
    runs = result.daily.query("scenario == 'baseline'")
    return runs.query("day >= 75")[name].mean() / runs.query("day < 25")[name].mean()
"""
CLAIMS = {
    "01-meet-the-market": {
        "most trade is on the street": "totals.idxmax() == 'street'",
        "about eighty outcomes a day": "70 <= daily.shape[1] <= 90",
        "a year has so many days": "len(daily) == 365",
        "four segments, of whom a few spend much": "len(share) == 4 and (share['of money spent'] / share['of consumers']).max() > 2",
        "the star sends what was ordered": "star.ships > 0.5 and len(sold) > 0",
        "somebody with twenty to sixty orders tried several channels and lost some": "20 <= len(year) <= 60 and len(used) >= 3 and wrong.sum() >= 1",
        "what is under way did not go wrong": "not (wrong & year['outcome'].isna()).any() and len(year) == (good | wrong | under_way).sum()",
        "the memory holds at most four": "len(memory) == 4",
        "a few vendors sell most": "gini(revenue) > 0.5",
        "before the closure the two worlds are one": "early('closure').equals(early('baseline'))",
        "the closure cuts trade on cryptomarkets": "table.loc['orders_cryptomarket', 'high'] < 0",
        "apps and street gain": "(table.loc[['orders_social_app', 'orders_street'], 'mean'] > 0).all()",
        "cryptomarkets grow in the world without a closure": "drift('orders_cryptomarket') > 1.08",
        "street trade is as good as flat": "abs(drift('orders_street') - 1) < 0.05",
        "buyers of the closed market are back within days, not all": "0 < -table.loc['orders_cryptomarket', 'mean'] < table.loc['orders_cryptomarket', 'baseline']",
        "both ways have the same mean": "abs(paired.mean() - (with_closure.mean() - without_it.mean())) < 1e-9",
        "the two intervals come from the same eight runs": "len(result.outcomes) == 8",
        "pairs narrow the interval": "(as_pairs.high - as_pairs.low) < as_two_groups.high - as_two_groups.low",
    }
}


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def cells(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source.strip()) for cell in notebook.cells]


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
def test_the_text_has_questions_for_the_class_and_short_cells(name):
    text = [source for kind, source in cells(read(name)) if kind == "markdown"]
    assert sum("**For the class**" in part for part in text) >= 3
    assert max(len(source.splitlines()) for kind, source in cells(read(name)) if kind == "code") <= 30


@pytest.fixture(scope="module", params=NAMES)
def run(request, tmp_path_factory):
    """A notebook run from start to end in a folder of its own: name, notebook with outputs, processor seconds."""
    name, place = request.param, tmp_path_factory.mktemp(request.param)
    warm_up(Scenario.load("baseline"), MarketModel)  # machine code is made once, whoever comes first
    notebook = read(name)
    questions = ", ".join(f"{claim!r}: bool({test})" for claim, test in CLAIMS[name].items())
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json\n{HELPERS}\nprint(json.dumps({{{questions}}}))"))
    nbformat.write(notebook, place / "notebook.ipynb")
    execute = str(Path(sys.executable).with_name("jupyter-execute"))
    command = [execute, "notebook.ipynb", "--output=done.ipynb", "--timeout=300"]
    homes = {home: str(place) for home in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=place, env={**os.environ, **homes}, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr[-3000:]
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return name, nbformat.read(place / "done.ipynb", as_version=4), seconds


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_it_runs_in_under_a_minute(run):
    _, _, seconds = run
    assert seconds < 60


def test_it_prints_no_warning_and_no_stray_object(run):
    _, notebook, _ = run
    assert [output.text for output in outputs(notebook) if output.get("name") == "stderr"] == []
    shown = [str(output.get("data", {}).get("text/plain", "")) for output in outputs(notebook)]
    assert not [text for text in shown if text.startswith("<") and not text.startswith("<Figure")]


def test_it_shows_pictures(run):
    _, notebook, _ = run
    pictures = [output.data["image/png"] for output in outputs(notebook) if "image/png" in output.get("data", {})]
    assert len(pictures) >= 6
    for picture in pictures:
        assert len(base64.b64decode(picture)) > 5_000, "an empty frame"


def test_it_shows_what_it_says(run):
    name, notebook, _ = run
    found = json.loads(notebook.cells[-1].outputs[0].text)
    assert found == dict.fromkeys(CLAIMS[name], True)
