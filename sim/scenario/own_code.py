"""An author's own code: Python files that a scenario names under ``uses``, with policies and agents of their own.

Such a file is executed when a scenario that names it is loaded, and in no other case. What it registers is known to scenarios that name it and to no others.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from sim import registry
from sim.scenario.errors import Problem, ScenarioError, nearest, no_such_name, one_of, quote

PREFIX = "odm_own_"
MAX_FILES = 100
RUNS = "Python that runs"
ROW_KINDS: dict[str, str] = dict.fromkeys(
    ("consumer", "vendor", "platform", "supplier"),
    "those who are rows of a table have no class to replace; change their parameters, their columns by a policy, or the rule of their phase",
)
"""Kinds of agents that are rows, and why no class takes their place."""
_LOADED: dict[str, dict[str, type[BaseModel]]] = {}
_REFUSED: ContextVar[bool] = ContextVar("refused", default=False)


@dataclass(frozen=True)
class OwnFile:
    """A file of an author's own code, and the hash of what was in it when it was first read."""

    file: str
    sha256: str

    @property
    def stem(self) -> str:
        """Name by which the scenario calls what is in it."""
        return Path(self.file).stem

    @property
    def module(self) -> str:
        """Name of its module; another content is another module."""
        key = hashlib.sha256(f"{self.file}\0{self.sha256}".encode()).hexdigest()[:16]
        return f"{PREFIX}{re.sub(r'[^0-9A-Za-z]', '_', self.stem)}_{key}"


@dataclass(frozen=True)
class Code:
    """Files of own code that load themselves wherever they are unpickled; pickled before what is of their classes."""

    files: tuple[OwnFile, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        return _loaded, (self.files,)


def _loaded(files: tuple[OwnFile, ...]) -> Code:
    for own in files:
        kinds_of(own)
    return Code(files)


@contextmanager
def no_own_code() -> Iterator[None]:
    """Let no scenario bring code or name files of its own: for scenarios that strangers send, as to a web page.

    What it extends must be a scenario that ships, by its name.
    """
    token = _REFUSED.set(True)
    try:
        yield
    finally:
        _REFUSED.reset(token)


def own_code_refused() -> bool:
    """Whether scenarios may not bring code or name files now."""
    return _REFUSED.get()


def files(document: Mapping[str, Any], problems: list[Problem]) -> tuple[OwnFile, ...]:
    """The files under ``uses``, executed unless they were before."""
    given = document.get("uses") or []
    what = "a list of Python files, relative to the scenario's, for example [my_policies.py]"
    if not isinstance(given, list):
        problems.append(Problem("uses", quote(given), what))
        return ()
    if len(given) > MAX_FILES:
        problems.append(Problem("uses", f"{len(given):,} files", f"at most {MAX_FILES}"))
        return ()
    found: dict[str, OwnFile] = {}
    for i, entry in enumerate(given):
        path, stated = (entry.get("file"), entry.get("sha256")) if isinstance(entry, dict) else (entry, None)
        if not isinstance(path, str) or (isinstance(entry, dict) and set(entry) - {"file", "sha256"}):
            problems.append(Problem(f"uses.{i}", quote(entry), "the path of a Python file"))
        elif own_code_refused():
            problems.append(
                Problem(f"uses.{i}", quote(path), "no code of one's own here: run the scenario from the command line")
            )
        else:
            own = _read(path, stated, f"uses.{i}", problems)
            if own is not None and _runs(own, f"uses.{i}", problems):
                found.setdefault(own.file, own)
    stems = [own.stem for own in found.values()]
    for stem in sorted({stem for stem in stems if stems.count(stem) > 1}):
        problems.append(Problem("uses", f"two files called {stem}.py", "files of different names"))
    return tuple(found.values())


def _read(given: str, stated: Any, path: str, problems: list[Problem]) -> OwnFile | None:
    """A file with its hash; one that was loaded before as stated need not be there any more."""
    if "\0" in given:
        problems.append(Problem(path, quote(given), "the path of a Python file"))
        return None
    file = str(Path(given).resolve())
    if isinstance(stated, str) and OwnFile(file, stated).module in _LOADED:
        return OwnFile(file, stated)
    if not given.endswith(".py"):
        problems.append(Problem(path, quote(given), "a Python file, ending in .py"))
        return None
    try:
        found = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError as error:
        beside = [other.name for other in sorted(Path(file).parent.glob("*.py"))]
        name = nearest(Path(given).name, beside)
        problems.append(
            Problem(path, f"{quote(given)} ({(error.strerror or 'not readable').lower()})", "a Python file", name)
        )
        return None
    if stated is not None and stated != found:
        allowed = (
            "the file that the scenario was made with (its sha256 differs); load the scenario anew to take this one"
        )
        problems.append(Problem(path, f"{quote(given)}, changed since", allowed))
        return None
    return OwnFile(file, found)


def _runs(own: OwnFile, path: str, problems: list[Problem]) -> bool:
    """Whether the file can be executed; if not, what it said."""
    try:
        kinds_of(own)
    except ScenarioError as error:
        problems += [Problem(path, problem.given, problem.allowed) for problem in error.problems]
        return False
    return True


def kinds_of(own: OwnFile) -> dict[str, type[BaseModel]]:
    """The policies that a file registers, by kind; the file is executed once.

    Raises
    ------
    ScenarioError
        when it cannot be, or is not what it was.
    """
    name = own.module
    if name in _LOADED:
        return _LOADED[name]
    try:
        source = Path(own.file).read_bytes()
        if hashlib.sha256(source).hexdigest() != own.sha256:
            raise ValueError("the file has changed since the scenario was loaded")
        module = ModuleType(name)
        module.__file__ = own.file
        module.__spec__ = importlib.util.spec_from_file_location(name, own.file)
        sys.modules[name] = module
        with registry.apart(name) as kinds:
            exec(compile(source, own.file, "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own.file]
        where = f" ({Path(own.file).name}, line {lines[-1]})" if lines else ""
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}{where}"
        raise ScenarioError([Problem("uses", f"{quote(own.file)}, which stops with {said}", RUNS)]) from error
    return _LOADED.setdefault(name, kinds)


def causes(problems: list[Problem]) -> list[Problem]:
    """The problems without those that follow from a file of own code that does not run: kinds of policies and agents that are not known for want of it."""
    if not any(problem.allowed == RUNS for problem in problems):
        return problems
    return [problem for problem in problems if not re.match(r"policies\.\d+\.kind$|agents\.", problem.path)]


def is_own_code(file: str) -> bool:
    """Whether a scenario brought a file of code."""
    return any(getattr(sys.modules.get(name), "__file__", None) == file for name in _LOADED)


def policy_kinds(uses: tuple[OwnFile, ...], problems: list[Problem]) -> dict[str, type[BaseModel]]:
    """Every kind of policy that a scenario may list: the registered ones and its own."""
    kinds = registry.policy_kinds()
    for own in uses:
        for kind, policy in kinds_of(own).items():
            other = kinds.get(kind)
            if other is not None and getattr(sys.modules.get(other.__module__), "__file__", None) != own.file:
                given = f"a policy of kind {quote(kind)} in {own.stem}.py"
                problems.append(Problem("uses", given, "a kind that no other policy has"))
            kinds[kind] = policy
    return kinds


def agents(document: Mapping[str, Any], uses: tuple[OwnFile, ...], problems: list[Problem]) -> dict[str, str]:
    """The agents that the scenario replaces: name of the kind, and file and class in the place of it."""
    given = document.get("agents") or {}
    if not isinstance(given, dict):
        problems.append(
            Problem("agents", quote(given), "a mapping, for example {search_engine: my_agents.MySearchEngine}")
        )
        return {}
    for kind, name in given.items():
        problem = _agent_problem(kind, name, uses)
        if problem is not None:
            problems.append(problem)
    return dict(given)


def _agent_problem(kind: str, name: Any, uses: tuple[OwnFile, ...]) -> Problem | None:
    """Why a class cannot take the place of a kind of agent."""
    path, kinds = f"agents.{kind}", registry.agent_kinds()
    row = ROW_KINDS.get(kind.lower().removesuffix("s"))
    if row is not None:
        return Problem(path, quote(kind), f"{one_of(kinds)}: {row}")
    if kind not in kinds:
        return no_such_name(path, kind, kinds)
    stem, _, word = name.partition(".") if isinstance(name, str) else ("", "", "")
    own = next((own for own in uses if own.stem == stem), None)
    if own is None or not word:
        allowed = f"file.Class, the file one of those under `uses`: {one_of(own.stem for own in uses)}"
        return Problem(path, quote(name), allowed, nearest(stem, [own.stem for own in uses]))
    base = kinds[kind]
    found = vars(sys.modules[own.module])
    fit = [
        f"{stem}.{key}"
        for key, value in found.items()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    ]
    return (
        None
        if name in fit
        else Problem(
            path,
            quote(name),
            f"a subclass of {base.__name__}: {', '.join(fit) or f'{own.stem}.py has none'}",
            nearest(name, fit),
        )
    )


def agent_classes(uses: tuple[OwnFile, ...], named: Mapping[str, str]) -> dict[type, type]:
    """The classes to put in the place of others."""
    modules = {own.stem: sys.modules[own.module] for own in uses}
    kinds = registry.agent_kinds()
    return {
        kinds[kind]: getattr(modules[name.partition(".")[0]], name.partition(".")[2]) for kind, name in named.items()
    }
