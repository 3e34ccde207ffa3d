"""Is this installation fit for work: versions, processors, compiled kernels, and equal numbers from equal seeds."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from sim._version import __version__
from sim.studies.runs.machine import cpu_limit, usable_cores
from sim.studies.runs.simulate import ModelClass, default_model, load_scenario, simulate, warm_up
from sim.studies.store.record import PACKAGE, library_versions

CHECK = {"consumers": 2_000, "days": 60, "burn_in": 30}
"""Size of the world of the self-check."""


RARE = [
    {"kind": "network_attack", "mode": "weak_link", "start": 0},
    {"kind": "network_attack", "by": "betweenness", "start": 0},
]
"""Policies that need kernels which no other run does."""


def prepare() -> dict[str, Any]:
    """Compile all that runs can need, so that none has to.

    Returns
    -------
    dict
        folder in which compiled kernels are kept, kernels (how many are there), and the seconds that it took.
    """
    begun = perf_counter()
    warm_up(load_scenario("baseline").with_(policies=RARE), default_model())
    folder, seconds = _cache_folder(), round(perf_counter() - begun, 1)
    return {"folder": str(folder), "kernels": _compiled_files(folder), "seconds": seconds}


def examine(model_class: ModelClass | None = None, scenario: Any = "baseline") -> dict[str, Any]:
    """Look at the environment and run the self-check.

    Parameters
    ----------
    model_class
        Model to check instead of `MarketModel`.
    scenario
        Scenario to check it with.

    Returns
    -------
    dict
        version, libraries, processors, kernel_cache, self_check, and ok: whether runs can be trusted here.
    """
    warm = _compiled_files(_cache_folder())
    check = self_check(scenario, model_class)
    cache = {
        "folder": str(_cache_folder()),
        "writable": _writable(_cache_folder()),
        "kernels_before": warm,
        "kernels_now": _compiled_files(_cache_folder()),
    }
    return {
        "version": __version__,
        "libraries": library_versions(),
        "processors": {
            "cores": os.cpu_count(),
            "usable": usable_cores(),
            "limit": cpu_limit(),
        },
        "kernel_cache": cache,
        "self_check": check,
        "ok": check["identical"],
    }


def self_check(scenario: Any = "baseline", model_class: ModelClass | None = None) -> dict[str, Any]:
    """Run a small world twice, the second time with two threads where there are two, and compare every number.

    Returns
    -------
    dict
        identical, differing (names of outcomes that differ), threads of the two runs, compile_s, run_s.
    """
    model_class = model_class or default_model()
    ready = load_scenario(scenario, overrides=[f"{name}={value}" for name, value in CHECK.items()])
    threads = (1, min(2, usable_cores()))
    compile_s = sum(warm_up(ready, model_class, count) for count in dict.fromkeys(threads))
    begun = perf_counter()
    first, second = (simulate(ready, 1, model_class, threads=count).model.daily() for count in threads)
    run_s = perf_counter() - begun
    differing = sorted({str(name) for name in first.columns} ^ {str(name) for name in second.columns})
    differing += [str(name) for name in first.columns if name in second and not first[name].equals(second[name])]
    return {
        "identical": not differing,
        "differing": differing,
        "threads": list(threads),
        "compile_s": round(compile_s, 2),
        "run_s": round(run_s, 2),
        **CHECK,
    }


def _cache_folder() -> Path:
    """Folder in which Numba keeps this package's compiled kernels."""
    kernel = import_module("sim.streams").philox
    return Path(kernel.stats.cache_path)


def _compiled_files(folder: Path) -> int:
    """Count the compiled kernels in a cache folder, or in the whole package where the cache lies beside the sources."""
    places = PACKAGE.rglob("*.nbi") if folder.is_relative_to(PACKAGE) else folder.parent.rglob("*.nbi")
    return sum(1 for _ in places)


def _writable(folder: Path) -> bool:
    """Whether new kernels can be kept."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def in_words(report: dict[str, Any]) -> list[str]:
    """Say what was found, a line each."""
    libraries, processors = report["libraries"], report["processors"]
    cache, check = report["kernel_cache"], report["self_check"]
    limit = "" if processors["limit"] is None else f", limited to {processors['limit']:g}"
    kept = "writable" if cache["writable"] else "NOT WRITABLE: kernels are compiled again in every process"
    warm = (
        f"{cache['kernels_before']} kernels were there"
        if cache["kernels_before"]
        else "empty until now: first run compiles"
    )
    verdict = (
        "bit-identical"
        if check["identical"]
        else f"DIFFERENT in {', '.join(check['differing'][:5])}: do not trust results from this installation"
    )
    threads = " and ".join(f"{count} thread{'s' if count > 1 else ''}" for count in dict.fromkeys(check["threads"]))
    cores = f"{processors['cores']} cores, {processors['usable']} usable{limit}"
    worlds = f"two runs of {check['consumers']:,} consumers over {check['days']} days with equal seeds ({threads})"
    return [
        f"online-drug-markets {report['version']}, Python {libraries['python']}",
        "libraries      " + ", ".join(f"{name} {version}" for name, version in libraries.items() if name != "python"),
        f"processors     {cores}; a large run takes {processors['usable']} threads",
        f"kernel cache   {cache['folder']}: {kept}; {warm}",
        f"self-check     {worlds}: {verdict}",
        f"               {check['compile_s']:.1f} s to get ready, {check['run_s']:.1f} s for the runs",
        "All is well." if report["ok"] else "Something is wrong.",
    ]
