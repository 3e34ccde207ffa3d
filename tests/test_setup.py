"""What `make setup` promises: the releases that the lock names, whatever else is published, and plain words where it cannot."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from virtualenv import cli_run

import make_venv

ROOT = Path(__file__).parents[1]
PROJECT = """\
[build-system]
requires = ["builder>=1.0"]
build-backend = "builder"

[project]
name = "project"
version = "1.0"
requires-python = ">=3.12"
dependencies = ["wants>=1.0"]
"""
BUILDER = """\
import zipfile
from pathlib import Path

INFO = "project-1.0.dist-info"

def build_editable(folder, settings=None, metadata=None):
    with zipfile.ZipFile(Path(folder) / "project-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\\nName: project\\nVersion: 1.0\\nRequires-Dist: wants>=1.0\\n")
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\\nGenerator: builder\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{INFO}/RECORD", "")
    return "project-1.0-py3-none-any.whl"
"""
NEWER_BUILDER = "raise SystemExit('a builder that the lock does not name')\n"


def publish(index: Path, name: str, version: str, metadata: str = "", code: str = "") -> str:
    """Put a wheel into the index, and return the line by which a lock names it."""
    info, file = f"{name}-{version}.dist-info", index / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr(f"{name}.py", code)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with this one's set-up, whose lock names a package with an extra, and an index that has newer releases of everything."""
    folder, index = tmp_path / "project", tmp_path / "index"
    folder.mkdir()
    index.mkdir()
    for name in ("Makefile", "make_venv.py"):
        shutil.copy(ROOT / name, folder)
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    extra = "Provides-Extra: extra\nRequires-Dist: added>=1.0; extra == 'extra'\n"
    lock = [
        publish(index, "added", "1.0"),
        publish(index, "builder", "1.0", code=BUILDER),
        publish(index, "common", "1.0", extra),
        publish(index, "wants", "1.0", "Requires-Dist: common[extra]>=1.0\n"),
    ]
    for name, metadata, code in [
        ("added", "", ""),
        ("builder", "", NEWER_BUILDER),
        ("common", extra, ""),
        ("wants", "", ""),
    ]:
        publish(index, name, "1.1", metadata, code)
    (folder / "requirements.lock").write_text("".join(lock), encoding="utf-8")
    return folder


def make_setup(project: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `make setup` with an empty home and no index but the folder beside the project."""
    bare = {
        "PATH": os.environ["PATH"],
        "HOME": str(project.parent),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(project.parent / "index"),
        **variables,
    }
    command = ["make", "setup", f"PYTHON={sys.executable}"]
    return subprocess.run(command, cwd=project, env=bare, capture_output=True, text=True, timeout=120)


def installed(project: Path) -> set[str]:
    found = project.glob(".venv/lib/python3*/site-packages/*.dist-info")
    return {folder.name.removesuffix(".dist-info") for folder in found if not folder.name.startswith("pip-")}


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the newest pip is unpacked, once for all environments."""
    return tmp_path_factory.mktemp("seed")


@pytest.mark.parametrize("pip", ["the pip that Python brings", "the newest pip"])
def test_a_set_up_installs_what_the_lock_names_and_nothing_that_was_published_later(
    project: Path, seed: Path, pip: str
) -> None:
    if pip == "the newest pip":
        cli_run([str(project / ".venv"), "--no-download", "--app-data", str(seed)])
    run = make_setup(project)
    assert run.returncode == 0, run.stdout + run.stderr
    assert installed(project) == {"added-1.0", "builder-1.0", "common-1.0", "wants-1.0", "project-1.0"}


def test_a_set_up_says_which_package_a_lock_lacks(project: Path, seed: Path) -> None:
    lock = project / "requirements.lock"
    lines = lock.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith("common=="))
    lock.write_text("".join(lines[:at] + lines[at + 2 :]), encoding="utf-8")
    cli_run([str(project / ".venv"), "--no-download", "--app-data", str(seed)])
    run = make_setup(project)
    assert run.returncode != 0
    assert "wants 1.0 requires common, which is not installed" in run.stderr
    assert not (project / ".venv" / ".runtime").exists()


def test_a_set_up_refuses_a_package_that_is_not_the_one_that_was_locked(project: Path, seed: Path) -> None:
    publish(project.parent / "index", "common", "1.0", code="changed = True\n")
    cli_run([str(project / ".venv"), "--no-download", "--app-data", str(seed)])
    run = make_setup(project)
    assert run.returncode != 0
    assert "DO NOT MATCH THE HASHES" in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert installed(project) == set()


def test_a_set_up_without_a_network_says_that_it_reached_nobody(project: Path, seed: Path) -> None:
    cli_run([str(project / ".venv"), "--no-download", "--app-data", str(seed)])
    closed = {
        "PIP_NO_INDEX": "0",
        "PIP_FIND_LINKS": "",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1",
    }
    run = make_setup(project, **closed)
    assert run.returncode != 0
    assert "Connection refused" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("version", [(3, 11, 9), (3, 15, 0)])
def test_a_set_up_is_refused_for_a_python_that_the_locks_are_not_for(
    version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    assert "Python 3.12 to 3.14" in str(make_venv.unsupported())


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "x86_64"), ("Linux", "riscv64")])
def test_a_set_up_for_which_there_are_no_packages_is_refused_in_words(project: Path, system: str, machine: str) -> None:
    (project / "sitecustomize.py").write_text(
        f"import platform\nplatform.system = lambda: {system!r}\nplatform.machine = lambda: {machine!r}\n",
        encoding="utf-8",
    )
    run = make_setup(project, PYTHONPATH=str(project))
    assert run.returncode != 0
    assert f"{system} {machine}" in run.stderr
    assert "Intel Macs" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (project / ".venv").exists()
