"""The folder of a study: whose it is, and whether it may be gone on with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.scenario import quote
from sim.studies.errors import RequestError
from sim.studies.store import lock
from sim.studies.store.lock import LOCK
from sim.studies.store.names import SO_FAR
from sim.studies.store.own import LITTER, RECORD, UNREADABLE, content_hash, refuse_links
from sim.studies.store.parts import write_whole
from sim.studies.store.store import DAMAGED, PARTS

if TYPE_CHECKING:
    from sim.studies.study import ReadyStudy

STUDY, PLAN, ANSWER = "study.json", "plan.parquet", "answer"
MOST_CHANGES = 6
_FREE = ("budget", "title", "question")
"""Keys that may differ when a study is gone on with: they change how much is run, or what it is called, and no number."""


def look_at(folder: Path) -> None:
    """See, before anything is written, that a folder may become or is that of a study.

    Raises
    ------
    RequestError
        If it holds something else, or what a study would write to is a link that leads elsewhere.
    """
    refuse_links(folder, (STUDY, RECORD, PLAN, LOCK, PARTS, DAMAGED, ANSWER, f".{ANSWER}.writing", SO_FAR))
    if not (folder / STUDY).exists():
        foreign = sorted(
            item.name
            for item in folder.iterdir()
            if item.name not in (*LITTER, PARTS) and (not item.name.startswith(".") or item.name == LOCK)
        )
        foreign = [name for name in foreign if name != LOCK or not lock.is_own(folder)]
        foreign += [f"{PARTS}/{item.name}" for item in sorted((folder / PARTS).glob("[!.]*"))]
        if foreign:
            raise RequestError(
                f"output: {folder} holds files that no study wrote ({', '.join(foreign[:3])}); give another folder"
            )
    elif not lock.is_own(folder):
        raise RequestError(f"output: {folder / LOCK} was not written by a study; move it, or give another folder")


def claim(folder: Path, study: ReadyStudy, version: str, resume: bool, may_grow: bool = False) -> bool:
    """Make a folder that of a study, or see that it is.

    Parameters
    ----------
    folder, study, version
        The folder, the study, and the version of the model.
    resume
        Whether it may be gone on with.
    may_grow
        Whether it may be for more replications.

    Returns
    -------
    bool
        Whether it is: the folder says so only when they are done, see `describe`.

    Raises
    ------
    RequestError
        If it holds another study, the same one and nobody said `--resume`, or runs of another model.
    """
    path = folder / STUDY
    if not path.exists():
        describe(folder, study, version)
        return False
    found = read_study(folder)
    now = _fixed(json.loads(json.dumps({"model": version, **study.describe()}, default=str)))
    try:
        before = _fixed(found)
        grows = may_grow and before["study"]["replications"] < study.file.replications
        if grows:
            before["study"]["replications"] = study.file.replications
    except UNREADABLE as error:
        raise RequestError(
            f"output: {path} does not describe a study ({type(error).__name__}: {error}); give another folder"
        ) from None
    changes = differences(before, now)
    if changes:
        shown = "; ".join(changes[:MOST_CHANGES]) + (
            f"; and {len(changes) - MOST_CHANGES} more" if len(changes) > MOST_CHANGES else ""
        )
        raise RequestError(
            f"output: {folder} holds another study, or an earlier form of this one: {shown}. Its runs are left as they are; "
            "give another folder with --out, or change the file back"
        )
    if not resume:
        raise RequestError(
            f"output: {folder} holds this study already; go on with it with --resume, or give another folder with --out"
        )
    return grows


def describe(folder: Path, study: ReadyStudy, version: str, mark: str | None = None) -> None:
    """Write down what the study of a folder is; of one that has grown also the mark of its parts, which stays what it was."""
    described = {"model": version, **study.describe(), **({"mark": mark} if mark else {})}
    content = json.dumps({**described, "hash": content_hash(described)}, indent=1, default=str)
    write_whole(folder / STUDY, content.encode())


def read_study(folder: Path) -> dict[str, Any]:
    """What the folder says about its study.

    Raises
    ------
    RequestError
        If it says nothing, or was tampered with.
    """
    path = folder / STUDY
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        changed = found.pop("hash") != content_hash(found)
    except FileNotFoundError:
        raise RequestError(f"{folder} is not the folder of a study: it has no {STUDY}") from None
    except UNREADABLE as error:
        raise RequestError(f"{path} cannot be read: {type(error).__name__}: {error}") from None
    if changed:
        raise RequestError(
            f"{path} was changed after it was written; its runs cannot be trusted to be those that it describes"
        )
    return found


def _fixed(described: Mapping[str, Any]) -> dict[str, Any]:
    """What must not change, without what follows from something else."""
    study = {key: value for key, value in described["study"].items() if key not in (*_FREE, "scenarios", "set")}
    scenarios = {label: entry["resolved"] for label, entry in described["scenarios"].items()}
    kept = {key: value for key, value in described.items() if key != "mark"}
    return {**kept, "study": study, "scenarios": scenarios}


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Where plain data differ, in words."""
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            words
            for key in dict.fromkeys([*old, *new])
            for words in differences(old.get(key), new.get(key), f"{path}.{key}".strip("."))
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            words for k, pair in enumerate(zip(old, new, strict=True)) for words in differences(*pair, f"{path}.{k}")
        ]
    return [f"{path} was {quote(old)}, is now {quote(new)}"]
