"""Scenario files: where they lie, how they are read, and how one extends another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from sim.scenario.errors import Problem, ScenarioError, nearest, one_of, quote
from sim.scenario.own_code import own_code_refused
from sim.scenario.reading import is_file, is_folder, meant, read_yaml
from sim.scenario.substances import read_table

SECTIONS = ("parameters", "substances", "jurisdictions", "platforms", "submodels", "agents", "columns")
"""Keys whose mappings are merged with those of the extended scenario; everything else, lists too, is replaced;
``uses`` adds up."""

Search = str | PathLike[str] | Iterable[str | PathLike[str]] | None


def search_path(search: Search = None) -> list[Path]:
    """The folders in which a scenario is looked up by name, first one first.

    Parameters
    ----------
    search
        folder or folders to look in before the usual ones: ``experiments/scenarios`` of the current directory,
        of the source checkout, and the scenarios that were installed with the package.
    """
    extra = [search] if isinstance(search, str | PathLike) else list(search or [])
    here = Path(__file__).resolve().parents[1]
    usual = [here.parent / "experiments" / "scenarios", here / "scenarios"]
    if not own_code_refused():  # what lies in the current folder is as strange as what a stranger sends
        usual.insert(0, Path("experiments/scenarios"))
    folders = [Path(folder) for folder in [*extra, *usual]]
    return list({folder.resolve(): folder for folder in folders if folder.is_dir()}.values())


def scenario_files(search: Search = None) -> dict[str, Path]:
    """Every scenario that can be loaded by name, sorted; the first folder of the search path wins."""
    files: dict[str, Path] = {}
    for folder in reversed(search_path(search)):
        files |= {file.stem: file for file in folder.glob("*.yaml")}
    return dict(sorted(files.items()))


def find(name: str | PathLike[str], search: Search = None, beside: Path | None = None) -> Path:
    """The file of a scenario.

    Parameters
    ----------
    name
        a name on the search path, or a path to a file (anything with a slash or ending in .yaml or .yml).
    search
        folders to look in first.
    beside
        folder that relative paths start from, when not the current directory.

    Raises
    ------
    ScenarioError
        when there is no such scenario.
    """
    text = str(name)
    if "\0" in text or not text.strip():
        raise ScenarioError([Problem("", quote(text), "the name of a scenario or the path of its file")])
    files = scenario_files(search)
    if "/" in text or "\\" in text or text.endswith((".yaml", ".yml")):
        path = meant(text, beside)
        if is_file(path):
            return path
        given = "a folder" if is_folder(path) else "no such file"
        raise ScenarioError([Problem("", f"{quote(text)} ({given})", "a YAML file", nearest(Path(text).stem, files))])
    if text not in files:
        raise ScenarioError([Problem("", f"scenario {quote(text)}", one_of(files), nearest(text, files))])
    return files[text]


def merge(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario on top of the one that it extends: sections are merged key by key, all else is replaced."""
    merged = dict(parent)
    for key, value in child.items():
        if key in SECTIONS and isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _deep(merged[key], value)
        else:
            merged[key] = value
    if isinstance(parent.get("uses"), list) and isinstance(child.get("uses"), list):
        merged["uses"] = [*parent["uses"], *child["uses"]]
    for key, other in (("people", "weight"), ("weight", "people")):
        if key in child and other not in child:
            merged.pop(other, None)
    return merged


def _deep(parent: Mapping[Any, Any], child: Mapping[Any, Any]) -> dict[Any, Any]:
    merged = dict(parent)
    for key, value in child.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _deep(merged[key], value) if both else value
    return merged


def beside_it(content: Mapping[str, Any], beside: Path | None) -> dict[str, Any]:
    """A scenario with the files that it names by paths relative to its own: own code as full paths, tables of substances read."""
    found = dict(content)
    folder = beside or Path()
    if isinstance(found.get("uses"), str):
        found["uses"] = [found["uses"]]
    if isinstance(found.get("uses"), list):
        found["uses"] = [_full(entry, folder) for entry in found["uses"]]
    if isinstance(found.get("substances"), str):
        if own_code_refused():
            raise ScenarioError([Problem("substances", quote(found["substances"]), "a mapping here: no files")])
        found["substances"] = read_table(meant(found["substances"], folder))
    return found


def _full(entry: Any, folder: Path) -> Any:
    if isinstance(entry, str) and "\0" not in entry:
        return str(meant(entry, folder).resolve())
    if isinstance(entry, dict) and isinstance(entry.get("file"), str):
        return {**entry, "file": _full(entry["file"], folder)}
    return entry


def flatten(
    content: Mapping[str, Any], search: Search, beside: Path | None, chain: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A scenario with everything that it extends, as one mapping without ``extends``.

    Parameters
    ----------
    content
        the mapping of a scenario.
    search, beside
        where the extended scenario is looked up; paths are relative to the folder `beside`.
    chain
        files already followed.

    Raises
    ------
    ScenarioError
        when an extended scenario does not exist, cannot be read, or extends itself.
    """
    content = beside_it(content, beside)
    if content.get("extends") is None:
        return {key: value for key, value in content.items() if key != "extends"}
    target = content["extends"]
    if not isinstance(target, str):
        raise ScenarioError([Problem("extends", quote(target), "the name of one scenario, or the path of its file")])
    if own_code_refused() and target not in scenario_files(search):
        raise ScenarioError([Problem("extends", quote(target), "the name of a scenario that ships: no files here")])
    try:
        path = find(target, search, beside)
    except ScenarioError as error:
        raise ScenarioError([Problem("extends", p.given, p.allowed, p.nearest) for p in error.problems]) from None
    step = str(path.resolve())
    if step in chain:
        names = [Path(file).stem for file in (*chain[chain.index(step) :], step)]
        raise ScenarioError([Problem("extends", " -> ".join(names), "a chain that does not return to itself")])
    parent = flatten(read_yaml(path), search, path.parent, (*chain, step))
    for own in ("name", "title", "question"):
        parent.pop(own, None)
    return merge(parent, {key: value for key, value in content.items() if key != "extends"})
