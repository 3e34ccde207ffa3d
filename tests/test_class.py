"""Whoever installs it without a checkout: names that collide are said in words, and extras are had from where they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import support
from sim.cli.main import app
from sim.studies.errors import extra

ROOT = Path(__file__).parents[1]
FOLDERS = [pytest.param("sim/__init__.py", id="folder"), pytest.param("sim.py", id="file")]


@pytest.fixture(params=FOLDERS)
def theirs(request, tmp_path):
    """A folder in which somebody has a `sim` of their own."""
    path = tmp_path / request.param
    path.parent.mkdir(exist_ok=True)
    path.write_text("MINE = 1\n")
    return path


def python(code, folder):
    """What a script in a folder prints, where the package is installed beside the other libraries."""
    (folder / "script.py").write_text(code)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "script.py"], cwd=folder, env=env, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_odm_says_that_a_folder_has_a_sim_of_its_own(theirs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(app, ["list", "tables"])
    assert answer.exit_code == 0
    assert f"`import sim` in Python takes {theirs} in this folder" in answer.stderr
    assert "Note" not in answer.stdout


def test_odm_says_nothing_where_there_is_none(tmp_path, monkeypatch):
    (tmp_path / "sim").mkdir()  # no package: Python goes on looking
    assert support.namesake(tmp_path) is None
    assert support.namesake(ROOT) is None
    monkeypatch.chdir(tmp_path)
    assert not CliRunner().invoke(app, ["list", "tables"]).stderr


def test_import_sim_takes_the_nearer_one_and_the_full_name_ours(theirs, tmp_path):
    assert "MINE" in python("import sim; print(dir(sim))", tmp_path)
    ours = python(
        "import online_drug_markets; import sim; print(sim.__file__, online_drug_markets.Scenario.__module__)", tmp_path
    )
    assert ours.split() == [str(ROOT / "sim" / "__init__.py"), "sim.scenario.scenario"]


def test_workers_have_the_same_sim(theirs, tmp_path):
    code = (
        "import online_drug_markets\n"
        "from sim.studies.execution.executors import Processes\n"
        "from sim.cli.support import namesake\n"
        "from pathlib import Path\n"
        "if __name__ == '__main__':\n"
        "    pool = Processes(1)\n"
        "    print(pool.submit(namesake, Path()).result(60).name)\n"
        "    pool.shutdown()\n"
    )
    assert python(code, tmp_path).strip() == theirs.name


def test_the_full_name_says_that_another_sim_was_imported_before(theirs, tmp_path):
    said = python("import sim\nimport online_drug_markets", tmp_path)
    assert f"`sim` was imported from {theirs}, and is not the one of online-drug-markets" in said


def test_nobody_is_sent_to_an_index_for_this_package():
    assert "pip install '.[studies]'" in extra("studies")
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", *(ROOT / "sim").rglob("*.py")]
    named = {page.name: page.read_text(encoding="utf-8") for page in pages}
    assert not [name for name, text in named.items() if "online-drug-markets[" in text]
