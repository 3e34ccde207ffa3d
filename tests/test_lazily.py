"""Libraries that the `odm` command loads when they are first used."""

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from sim.cli import support
from sim.studies.runs import lazily
from sim.studies.runs.lazily import LATE

ROOT = Path(__file__).parents[1]


def said(script: str) -> str:
    """What a script prints in a process of its own, in which `LATE` modules are loaded late."""
    whole = f"import sys\nfrom sim.studies.runs.lazily import load_late\nload_late()\n{script}"
    done = subprocess.run([sys.executable, "-c", whole], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_model_is_imported_without_spaces_trees_and_tables():
    script = "import sim.model\nprint([m for m in ('pandas.core', 'scipy.spatial', 'networkx.algorithms') if m in sys.modules])"
    assert said(script) == "[]"


def test_what_was_put_off_is_there_when_it_is_asked_for():
    script = """
import mesa, pandas as pd
from scipy import sparse
before = "pandas.core" in sys.modules
print(before, pd.DataFrame({"a": [1]}).shape, mesa.discrete_space.OrthogonalMooreGrid.__name__, sparse.eye(2).shape)
import networkx as nx
print(type(nx) is type(sys), nx.path_graph(3).number_of_edges(), hasattr(nx, "no_such_name"), type(pd) is type(sys))
"""
    assert said(script).split("\n") == ["False (1, 1) OrthogonalMooreGrid (2, 2)", "True 2 False True"]


@pytest.mark.parametrize("statement", ["from pandas import DataFrame", "import networkx.algorithms.bipartite"])  # fmt: skip
def test_a_module_below_or_a_name_from_it_loads_it_first(statement):
    assert said(f"{statement}\nimport pandas, networkx\nprint(type(pandas) is type(sys) or type(networkx) is type(sys))") == "True"  # fmt: skip


def test_threads_that_ask_at_once_all_get_the_whole_module():
    script = """
import pandas, threading
from concurrent.futures import ThreadPoolExecutor
ready = threading.Barrier(8)
def ask(_):
    ready.wait()
    return pandas.DataFrame, pandas.concat, pandas.testing
with ThreadPoolExecutor(8) as pool:
    print(len(set(pool.map(ask, range(8)))))
"""
    assert said(script) == "1"


def test_a_module_that_cannot_be_loaded_says_so_each_time(tmp_path):
    (tmp_path / "broken.py").write_text("import no_such_module\n")
    script = f"""
from sim.studies.runs import lazily
lazily.LATE = (*lazily.LATE, "broken")
sys.path.insert(0, {str(tmp_path)!r})
import broken
for _ in range(2):
    try:
        broken.anything
    except ModuleNotFoundError as error:
        print(error.name)
"""
    assert said(script) == "no_such_module\nno_such_module"


def test_who_imports_the_package_gets_every_library_at_once():
    script = (
        "import sys, sim.measures.kept.tables, pandas; print(type(pandas) is type(sys), 'pandas.core' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True True"


def test_every_module_of_the_list_exists():
    from importlib.util import find_spec

    assert all(find_spec(name) for name in LATE)
    assert not any(isinstance(finder, lazily._LateFinder) for finder in sys.meta_path)


def test_rubbish_from_before_loading_is_found_after_it_even_if_loading_failed():
    class Loop:
        def __init__(self):
            self.me = self

    rubbish = weakref.ref(Loop())
    looked = []

    def load():
        with support.loading():
            looked.append(gc.isenabled())
            raise ImportError

    with pytest.raises(ImportError):
        load()
    assert (looked, gc.isenabled()) == ([False], True)
    gc.collect()
    assert rubbish() is None
