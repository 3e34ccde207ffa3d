"""Libraries that a command may never need are loaded when they are first used, not where they are imported.

Mesa imports pandas, SciPy's search trees and NetworkX for spaces and tables that a market does not have: half a second, for which the first day would wait.
Only the `odm` command and the worker processes do this; whoever imports `sim` gets every library at once, as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from threading import RLock
from types import ModuleType
from typing import Any

LATE = (
    "mesa.discrete_space",
    "mesa.experimental.continuous_space",
    "mesa.space",
    "networkx",
    "numpy.f2py",
    "pandas",
    "scipy.sparse",
    "scipy.sparse.csgraph",
)
"""What is loaded late. Whoever imports a name *from* one of these, or a module below it, loads it there and then."""

_LOADING = RLock()


class _Late(ModuleType):
    """A module that loads itself when something is asked of it that it has not got: anything but its name, file and the like."""

    def __getattr__(self, name: str) -> Any:
        with _LOADING:  # other threads wait for all of it
            waiting = self.__dict__.pop("_waiting", None)
            if waiting is not None:
                loader, path = waiting
                self.__dict__.update(path)
                try:
                    loader.exec_module(self)
                except BaseException:  # whoever asks again is told again
                    self.__dict__["_waiting"] = waiting
                    raise
                self.__class__ = ModuleType  # pyright: ignore[reportAttributeAccessIssue]
        return ModuleType.__getattribute__(self, name)


class _LateLoader(Loader):
    """Prepares a module for being loaded late."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as its own loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Put off what its own loader does."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        # a module below this one is looked for in its path: to ask for that loads this one first
        path = {"__path__": module.__dict__.pop("__path__")} if "__path__" in module.__dict__ else {}
        module.__dict__["_waiting"] = self.loader, path
        module.__class__ = _Late


class _LateFinder(MetaPathFinder):
    """Finds `LATE` modules and has them loaded late."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find one of them as it is found otherwise; nothing else."""
        if fullname not in LATE:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _LateLoader(spec.loader)
                return spec
        return None


def load_late() -> None:
    """Load `LATE` modules late in this process from now on; those that are loaded stay as they are."""
    if not any(isinstance(finder, _LateFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _LateFinder())
