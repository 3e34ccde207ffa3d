"""Whoever installs it without a checkout: names that collide are said in words, extras are had from where they are, and a class gets its notebooks."""

import json
import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import support
from sim.cli.main import app
from sim.studies import notebooks
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


# The notebooks -------------------------------------------------------------------------------------------------------
SHIPPED = {path.name for path in [*(ROOT / "notebooks").glob("*.ipynb"), ROOT / "notebooks" / "README.md"]}


def odm(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_notebooks_are_copied_and_what_a_student_changed_stays(tmp_path):
    folder = tmp_path / "lesson" / "one"
    first = odm("notebooks", folder, "--no-start")
    assert first.exit_code == 0, first.stderr
    assert {path.name for path in folder.iterdir()} == SHIPPED
    assert first.stdout.count(": copied\n") == len(SHIPPED)

    worked_on, lost = folder / "01-meet-the-market.ipynb", folder / "02-chance-and-pairing.ipynb"
    worked_on.write_text("mine")
    lost.unlink()
    second = odm("notebooks", folder, "--no-start")
    assert worked_on.read_text() == "mine"
    assert json.loads(lost.read_text(encoding="utf-8"))["cells"]
    states = dict(line.rsplit(": ", 1) for line in second.stdout.replace("as it is: it", "as it is, it").splitlines())
    assert states.pop(str(worked_on)).startswith("left as it is")
    assert states.pop(str(lost)) == "copied"
    assert set(states.values()) == {"there already"}
    assert {path.name for path in folder.iterdir()} == SHIPPED, "nothing half-written is left"


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    answer = odm("notebooks", tmp_path / "file" / "lesson", "--no-start")
    assert answer.exit_code == 2
    assert "the notebooks cannot be copied there" in answer.stderr


def test_without_jupyter_the_copies_are_there_and_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "find_spec", lambda name: None)
    answer = odm("notebooks", tmp_path / "lesson")
    assert answer.exit_code == 2
    assert len(list((tmp_path / "lesson").glob("*.ipynb"))) == 10
    for words in ("extra `notebooks`", ".whl[notebooks]", "pip install jupyterlab", sys.executable):
        assert words in answer.stderr


def test_jupyter_is_started_on_the_copies_and_ctrl_c_is_left_to_it(tmp_path, monkeypatch):
    asked, ends = [], iter([KeyboardInterrupt, 3])

    class Started:
        def __init__(self, command):
            asked.append(command)

        def wait(self):
            code = next(ends)
            if code is KeyboardInterrupt:
                raise KeyboardInterrupt
            return code

    monkeypatch.setattr(notebooks, "find_spec", lambda name: find_spec("json") if name == "notebook" else None)
    monkeypatch.setattr(notebooks.subprocess, "Popen", Started)
    assert odm("notebooks", tmp_path / "lesson").exit_code == 3
    assert asked == [[sys.executable, "-m", "notebook", str(tmp_path / "lesson")]]


def test_the_wheel_carries_the_notebooks_and_a_student_gets_them_from_it(tmp_path):
    from hatchling.builders.wheel import WheelBuilder

    wheel = next(iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if name.startswith("sim/notebooks/")}
        packed.extractall(place)
    assert names == {f"sim/notebooks/{name}" for name in SHIPPED}, "what a class opens, and nothing for reviewers"
    env = {**os.environ, "PYTHONPATH": str(place)}
    command = [sys.executable, "-m", "sim.cli", "notebooks", "lesson", "--no-start"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "lesson").iterdir()} == SHIPPED
