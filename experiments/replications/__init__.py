"""Published results looked for in the model: each module holds one, `python -m experiments.replications` does them.

A module has what a publication reports (with its source), the scenarios that are run as they ship, a function from the tables of
runs to the numbers that the publication gives, and a picture. `common` says what counts as reproduced.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.replications.common import Replication

NAMES = (
    "market-survival", "vendor-sizes", "order-values", "buyer-memory", "migration", "attack-modes", "virtual-markets", "opioid-arms",
    "interdiction", "hidden-quality",
)  # fmt: skip
"""Replications in the order of the page."""


def load(name: str) -> Replication:
    """A replication by its name.

    Raises
    ------
    KeyError
        If there is none.
    """
    if name not in NAMES:
        raise KeyError(f"no replication is called {name!r}; there are {', '.join(NAMES)}")
    return import_module(f"experiments.replications.{name.replace('-', '_')}").REPLICATION
