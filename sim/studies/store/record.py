"""The record of a study: all that is needed to make the same numbers again, and to see that the files are those.

`record.json` has a part ``run`` that depends on nothing but what was run and with which code, its hash, and a part
``notes`` with times and places that differ from one execution to the next.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim._version import __version__
from sim.studies.store.own import RECORD, REPORT, UNREADABLE, content_hash, file_hash, files_below, is_report
from sim.studies.store.parts import write_whole

if TYPE_CHECKING:
    from sim.scenario import Scenario

LIBRARIES = (
    "mesa",
    "numpy",
    "numba",
    "llvmlite",
    "scipy",
    "pandas",
    "pyarrow",
    "networkx",
    "pydantic",
    "matplotlib",
    "duckdb",
)
STOPPED = "stopped_after_days"
"""Setting of a record: the day after which a run was stopped."""
POINTS = "parameter_sets"
"""Setting of a record: what each parameter set changes in the scenarios, where runs were made in several."""
EXTRA = "is not in the record"
"""How a line ends that names a file which was put there since."""
OBSERVATION = "observation"
"""Kind of a record of what an observer makes of a run."""
PACKAGE = Path(__file__).resolve().parents[2]


def write_record(
    folder: Path,
    *,
    kind: str,
    scenarios: Mapping[str, Scenario],
    seeds: Sequence[int],
    settings: Mapping[str, Any] | None = None,
    timings: Mapping[str, float] | None = None,
    unbound: Sequence[str] = (),
    runs: Mapping[str, str] | str = "",
) -> None:
    """Write `record.json` over every file that is in the folder.

    Parameters
    ----------
    folder
        Folder with the finished files.
    kind
        What was done: `run`, `compare` (a comparison saved by itself), `observation`, or `study` and the kind of study.
    scenarios
        The scenarios by the name they have in the results.
    seeds
        Run seeds.
    settings
        Further settings that the numbers depend on.
    timings
        Seconds that it took; outside the hashed part.
    unbound
        Files of the folder that are no results, such as locks.
    runs
        The digest of each run's outcomes, or one hash over all of them; see `sim.studies.store.digests`.
    """
    content = {
        "kind": kind,
        "scenarios": {
            name: {"digest": scenario.digest, "resolved": _by_name(scenario.resolved())}
            for name, scenario in scenarios.items()
        },
        "own_code": {used.sha256: _source(used) for scenario in scenarios.values() for used in scenario.uses},
        "seeds": [int(seed) for seed in seeds],
        "settings": dict(settings or {}),
        "code": code_version(),
        "libraries": library_versions(),
        "lock_sha256": lock_hash(),
        "environment": {"machine": platform.machine(), "system": platform.system()},
        "files": file_hashes(folder, unbound),
    }
    if runs:
        content["runs"] = runs
    if unbound:
        content["unbound"] = list(unbound)
    record = {
        "run": content,
        "hash": content_hash(content),
        "notes": {
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "system": platform.platform(),
            "timings": dict(timings or {}),
        },
    }
    write_whole(folder / RECORD, (json.dumps(record, indent=1, default=str) + "\n").encode())


def _by_name(resolved: dict[str, Any]) -> dict[str, Any]:
    """A scenario whose author's own code is named without its folder, which differs from one machine to the next."""
    return {**resolved, "uses": [{**used, "file": Path(used["file"]).name} for used in resolved["uses"]]}


def _source(used: Any) -> dict[str, str]:
    """Name and text of a file of the author's own code; empty when it has changed since or is gone."""
    path = Path(used.file)
    same = path.is_file() and file_hash(path) == used.sha256
    return {"file": path.name, "text": path.read_text(encoding="utf-8") if same else ""}


def verify_record(folder: str | Path) -> list[str]:
    """Check the files of a folder against its record; a report that was written beside it since is no fault.

    Returns
    -------
    list of str
        What does not fit, one line each; empty if all fits.
    """
    place = Path(folder)
    try:
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))
        content, stated = record["run"], record["hash"]
        expected = {str(name): str(found) for name, found in content["files"].items()}
        unbound = [str(name) for name in content.get("unbound") or ()]
        problems = [] if content_hash(content) == stated else [f"{RECORD} was changed after it was written"]
    except UNREADABLE as error:
        return [f"{RECORD} cannot be read: {type(error).__name__}: {error}"]
    found = file_hashes(place, unbound)
    for name in sorted(expected.keys() | found.keys()):
        shown = name.encode("utf-8", "backslashreplace").decode()  # a name need not be text
        if name not in found:
            problems.append(f"{shown} is missing")
        elif name not in expected:
            problems += [] if name == REPORT and is_report(place / name) else [f"{shown} {EXTRA}"]
        elif found[name] != expected[name]:
            problems.append(f"{shown} was changed after it was written")
    return problems


def file_hashes(folder: Path, unbound: Sequence[str] = ()) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder but the record and what is no result, by path relative to it."""
    left_out = {RECORD, *unbound}
    files = {
        path.relative_to(folder).as_posix(): path
        for path in files_below(folder)
        if path.is_file() and not path.is_symlink()
    }
    return {name: file_hash(path) for name, path in files.items() if name not in left_out}


def code_version() -> dict[str, Any]:
    """Return the version, the hash of the package's source and data, and the git commit where there is one."""
    source = sorted(path for suffix in ("*.py", "*.yaml") for path in PACKAGE.rglob(suffix))
    digest = hashlib.sha256()
    for path in source:
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    commit = _git("rev-parse", "HEAD") if (PACKAGE.parent / ".git").exists() else None
    changed = _git("status", "--porcelain", "--", "sim", "experiments") if commit else None
    return {
        "version": __version__,
        "source_sha256": digest.hexdigest(),
        "commit": commit or None,
        "changed_since_commit": None if changed is None else bool(changed),
    }


def lock_hash() -> str | None:
    """Return the hash of the lock file of a source checkout; None for an installed package."""
    path = PACKAGE.parent / "requirements.lock"
    return file_hash(path) if path.is_file() else None


def _git(*arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(PACKAGE.parent), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results may depend on."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found
