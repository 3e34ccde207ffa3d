"""What whoever installs the project is promised: pinned libraries, no addresses, a command that answers at once."""

import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def lock_lines(lock: str) -> list[str]:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def pins(lock: str) -> dict[str, str]:
    requirements = [Requirement(line.split("--hash")[0]) for line in lock_lines(lock)]
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in requirements}


def requirements(*extras: str) -> list[Requirement]:
    extra = [line for name in extras for line in PYPROJECT["optional-dependencies"][name]]
    return [Requirement(line) for line in [*PYPROJECT["dependencies"], *extra]]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_download_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert " @ " not in text
    assert not [line for line in lock_lines(lock) if line.startswith("-")], "an option of pip"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_and_hashed(lock: str) -> None:
    assert lock_lines(lock)
    for line in lock_lines(lock):
        assert "==" in line.split(";")[0]
        assert "--hash=sha256:" in line


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev", "notebooks"])],
)
def test_the_lock_satisfies_what_the_project_asks_for(lock: str, extras: list[str]) -> None:
    locked = pins(lock)
    for requirement in requirements(*extras):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), str(requirement)


def test_tests_run_with_the_versions_that_users_run() -> None:
    users, developers = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: developers.get(name) for name in users} == users


def test_the_citation_and_the_changelog_name_the_version() -> None:
    from sim import __version__

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert citation["license"] == PYPROJECT["license"]
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = "import sim, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "sim" in loaded
    assert not loaded & {"numba", "numpy", "pandas", "scipy", "matplotlib", "mesa", "networkx", "pyarrow", "pydantic"}


def test_help_answers_in_under_half_a_second() -> None:
    command = [str(Path(sys.executable).with_name("odm")), "--help"]
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert "compare" in run.stdout
    assert min(seconds) < 0.5
