"""The package under its full name, for folders that have a `sim` of their own.

`import sim` takes the first `sim` that Python finds, and a folder or file of that name beside the script or notebook comes first. After

    import online_drug_markets

`import sim` is this package, in this process and in the workers that it starts. All public names are here too: `from online_drug_markets import run`.
"""

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent


def _is_ours(file: str | None) -> bool:
    return file is not None and Path(file).resolve() == _HERE / "sim" / "__init__.py"


if "sim" in sys.modules and not _is_ours(getattr(sys.modules["sim"], "__file__", None)):
    raise ImportError(
        f"`sim` was imported from {getattr(sys.modules['sim'], '__file__', None) or 'a folder of that name'}, and is not the one of "
        "online-drug-markets. Import online_drug_markets before it, or give that file or folder another name"
    )
_found = PathFinder.find_spec("sim")
if _found is None or not _is_ours(_found.origin):
    sys.path.insert(0, str(_HERE))

import sim  # noqa: E402

__all__ = list(sim.__all__)
__version__ = sim.__version__


def __getattr__(name: str) -> Any:
    """The public names of `sim`."""
    return getattr(sim, name)
