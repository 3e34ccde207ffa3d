"""How to do it again: the record of what was run, the commands, and the Python that gives the same numbers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim._version import __version__
from sim.report.text.values import differences
from sim.studies.store.folder import STUDY
from sim.studies.store.own import RECORD, UNREADABLE
from sim.studies.store.record import library_versions

if TYPE_CHECKING:
    from sim.report.parts.material import Material

SHORT = ("days", "burn_in", "consumers")
"""Settings that `odm compare` has options for."""


class Again(NamedTuple):
    """What to do it again with: rows of the record, commands, and Python."""

    record: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]
    python: str


def again(material: Material, folder: Path | None = None) -> Again:
    """How to get the same numbers.

    Parameters
    ----------
    material
        What was reported on.
    folder
        Its folder, where the record is read from; without it the record says what runs now.
    """
    return Again(tuple(_record(material, folder)), tuple(_commands(material)), _python(material))


def _record(material: Material, folder: Path | None) -> list[tuple[str, str]]:
    found = _read(folder)
    run: Mapping[str, Any] = found.get("run", {})
    code = run.get("code") or {"version": __version__}
    rows = [("Program", f"online-drug-markets {code.get('version', '')}")]
    if code.get("commit"):
        changed = ", changed since" if code.get("changed_since_commit") else ""
        rows.append(("Commit", f"{code['commit']}{changed}"))
    if code.get("source_sha256"):
        rows.append(("Hash of the source", str(code["source_sha256"])))
    libraries: Mapping[str, Any] = run.get("libraries") or library_versions()
    rows.append(("Libraries", ", ".join(f"{name} {version}" for name, version in libraries.items())))
    rows.append(("Seeds", _seeds(material)))
    rows += [(f"Scenario {label}", f"SHA-256 {scenario.digest}") for label, scenario in material.scenarios.items()]
    if found:
        rows.append(("Hash of the record", str(found.get("hash", ""))))
        rows.append(("Runs done", str(found.get("notes", {}).get("written", ""))))
    return rows


def _seeds(material: Material) -> str:
    seeds = list(material.seeds)
    if not seeds:
        return "none"
    if material.own_seeds:
        return f"{seeds[0]} and those after it, {len(seeds)} of its own for every point"
    return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])


def _read(folder: Path | None) -> dict[str, Any]:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8")) if folder is not None else {}
        return found if isinstance(found, dict) and isinstance(found.get("run"), dict) else {}
    except UNREADABLE:
        return {}


def _commands(material: Material) -> list[str]:
    lines = ["odm verify DIR", "odm report DIR"]
    command = _compare(material) if material.kind == "compare" and not material.settings else None
    return [command, *lines] if command else lines


def _compare(material: Material) -> str | None:
    """The command that does the same comparison from scenarios that ship, where there is one."""
    words = ["odm", "compare", *(scenario.name for scenario in material.scenarios.values())]
    overrides: dict[str, set[str]] = {}
    for label, scenario in material.scenarios.items():
        found = _changes(scenario)
        if found is None:
            return None
        overrides[label] = found
    every = set.union(*overrides.values())
    if any(found != every for found in overrides.values()):
        return None
    words += ["--runs", str(len(material.seeds)), "--seed", str(material.seeds[0])]
    words += [word for name in SHORT for word in (f"--{name.replace('_', '-')}", str(getattr(material.first, name)))]
    words += [word for change in sorted(every) for word in ("--set", change)]
    words += ["--by", ",".join(material.by)] if material.by else []
    words += ["--ensemble", "ENSEMBLE", "--members", str(len(material.points))] if material.points else []
    return f"{shlex.join(words)} --out DIR"


def _changes(scenario: Any) -> set[str] | None:
    """What was set in a scenario that ships, as `path=value`; None for one that is no such scenario."""
    from sim.scenario import Scenario, ScenarioError

    try:
        shipped = Scenario.load(scenario.name)
    except ScenarioError:
        return None
    sizes = {name: getattr(scenario, name) for name in SHORT}
    try:
        shipped = shipped.with_(**sizes)
    except ScenarioError:
        return None
    found = {path: mine for path, mine, _ in differences(scenario.resolved(), shipped.resolved()) if path not in ("seed", "name")}  # fmt: skip
    if not found and shipped.digest == scenario.digest:
        return set()
    plain = {path: value for path, value in found.items() if isinstance(value, int | float) and path.startswith(("parameters.", "people"))}  # fmt: skip
    return {f"{path.removeprefix('parameters.')}={value!r}" for path, value in plain.items()} if len(plain) == len(found) else None  # fmt: skip


def _python(material: Material) -> str:
    """Python that does the runs of the folder again, from the scenarios as they are kept in it."""
    if material.kind == "compare" and not material.settings:
        sets = len(material.points)
        within = (
            f", ensemble={{'points': kept['ensemble'], 'weights': kept.get('weights')}}, members={sets}" if sets else ""
        )
        return (
            "import json\n"
            "from pathlib import Path\n\n"
            "from sim import Scenario, compare\n\n"
            f'kept = json.loads(Path("DIR/{STUDY}").read_text(encoding="utf-8"))\n'
            'baseline, *others = (Scenario.load(entry["resolved"]) for entry in kept["scenarios"].values())\n'
            f"again = compare(baseline, others, runs={len(material.seeds)}, seed={material.seeds[0]}, by={list(material.by)!r}{within})\n"
            "print(again.real().effects)\n"
        )
    return (
        "from sim import Results\n\n"
        'results = Results("DIR")\n'
        "print(results.outcomes(real=True))        # every run\n"
        + "".join(f"print(results.answer({name!r}))\n" for name in list(material.tables)[:4])
    )
