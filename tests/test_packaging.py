"""What whoever installs the project is promised: pinned libraries, no addresses, a command that answers at once."""

import resource
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PEERS = "requirements-peers.lock"
"""What `make peers` puts beside what developers have."""


def lock_lines(lock: str) -> list[str]:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def locked_requirements(lock: str) -> dict[str, Requirement]:
    requirements = [Requirement(line.split("--hash")[0]) for line in lock_lines(lock)]
    return {canonicalize_name(r.name): r for r in requirements}


def pins(lock: str) -> dict[str, str]:
    return {name: str(r.specifier).removeprefix("==") for name, r in locked_requirements(lock).items()}


def applies(requirement: Requirement, extras: Iterable[str] = ()) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ["", *extras])


def lacking(requirement: Requirement, locked: dict[str, Requirement]) -> str | None:
    """What the lock lacks of a requirement: the package, a release that will do, an extra; nothing if all is there."""
    found = locked.get(canonicalize_name(requirement.name))
    if found is None:
        return f"{requirement}: not locked"
    if not requirement.specifier.contains(str(found.specifier).removeprefix("=="), prereleases=True):
        return f"{requirement}: locked is {found}"
    return None if requirement.extras <= found.extras else f"{requirement}: the extra is not written"


@pytest.mark.parametrize("lock", [*LOCKS, PEERS])
def test_a_lock_file_names_no_download_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert " @ " not in text
    assert not [line for line in lock_lines(lock) if line.startswith("-")], "an option of pip"


@pytest.mark.parametrize("lock", [*LOCKS, PEERS])
def test_every_locked_package_is_pinned_and_hashed(lock: str) -> None:
    assert lock_lines(lock)
    for line in lock_lines(lock):
        assert "==" in line.split(";")[0]
        assert "--hash=sha256:" in line


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ["build", "app"]),
        ("requirements-dev.lock", [name for name in EXTRAS if name not in ("peers", "notebooks", "watch")]),
    ],
)
def test_the_lock_satisfies_what_the_project_and_its_build_ask_for(lock: str, extras: list[str]) -> None:
    asked = [
        *PYPROJECT["build-system"]["requires"],
        *PROJECT["dependencies"],
        *(line for name in extras for line in EXTRAS[name]),
    ]
    locked = locked_requirements(lock)
    assert [problem for line in asked if (problem := lacking(Requirement(line), locked))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_names_all_that_its_packages_ask_for_and_their_extras(lock: str) -> None:
    here = {name: r for name, r in locked_requirements(lock).items() if applies(r)}
    problems = [
        f"{name} asks for {problem}"
        for name, requirement in here.items()
        for asked in map(Requirement, metadata(name).get_all("Requires-Dist") or [])
        if applies(asked, requirement.extras) and (problem := lacking(asked, here))
    ]
    assert here
    assert problems == []


def test_the_lock_for_peers_adds_what_they_ask_for_and_moves_nothing() -> None:
    added, there = locked_requirements(PEERS), locked_requirements("requirements-dev.lock")
    assert [problem for line in EXTRAS["peers"] if (problem := lacking(Requirement(line), added))] == []
    assert not set(added) & set(there)


@pytest.mark.parametrize("file", ["make_venv.py", "experiments/cluster/Dockerfile"])
def test_nothing_that_installs_a_lock_resolves_it(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert "--require-hashes" in text
    for option in ("--no-deps", "--only-binary", "--no-build-isolation", "--no-index"):
        assert option in text


def test_an_extra_that_a_lock_forgets_is_noticed() -> None:
    coverage = {"coverage": Requirement("coverage==7.1")}
    assert lacking(Requirement("coverage[toml]>=7"), coverage)
    assert lacking(Requirement("coverage>=8"), coverage)
    assert not lacking(Requirement("coverage>=7"), coverage)


def test_what_a_browser_loads_is_of_the_release_that_asks_for_it() -> None:
    bounds = {r.name: str(r.specifier) for r in map(Requirement, EXTRAS["watch"])}
    assert bounds["solara"] == bounds["solara-assets"]
    assert bounds["solara"].startswith("==")


def test_tests_run_with_the_versions_that_users_run() -> None:
    users, developers = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: developers.get(name) for name in users} == users


def test_the_citation_and_the_changelog_name_the_version() -> None:
    from sim import __version__

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert citation["license"] == PROJECT["license"]
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
