"""Doses: who took how much of what on a day, and the overdoses from it, for the table of doses; nothing is counted where nobody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import Content, Segment
from sim.kernels import kernel

if TYPE_CHECKING:
    from sim.market.state import MarketState


def at_hand(state: MarketState) -> np.ndarray:
    """(consumers, STASHES) doses at hand before anything is used today; no rows where no table of doses is kept."""
    return state.consumers.columns.stash[: state.consumers.n if state.books.doses.kept else 0].copy()


@kernel
def add_doses(
    before: np.ndarray,
    after: np.ndarray,
    segment: np.ndarray,
    substance: np.ndarray,
    content: np.ndarray,
    doses: np.ndarray,
) -> None:
    """Add what was used of each place of the stash to ``doses`` (segments, substances, contents)."""
    for c in range(len(before)):
        for k in range(before.shape[1]):
            used = before[c, k] - after[c, k]
            if used > 0.0:
                doses[segment[c], substance[c, k], content[c, k]] += used


def count_doses(
    state: MarketState, before: np.ndarray, overdosed: np.ndarray, places: np.ndarray, died: np.ndarray
) -> None:
    """Count what was used today, by segment, substance and content, from what was at hand ``before``.

    Parameters
    ----------
    before
        As `at_hand` gives it.
    overdosed, places
        Consumers with an overdose today, and the places of the stash that it came from, as bits; the last counts where there are several.
    died
        Which of them died of it.
    """
    c, substances, contents = state.consumers.columns, len(state.substances.dose_usd), len(Content)
    kinds = len(Segment) * substances * contents
    doses, place = np.zeros((len(Segment), substances, contents)), np.frexp(places)[1] - 1
    add_doses(before, c.stash, c.segment, c.stash_substance, c.stash_content, doses)
    what = c.segment[overdosed].astype(np.int64) * substances + c.stash_substance[overdosed, place]
    hurt = what * contents + c.stash_content[overdosed, place]
    doses = doses.ravel()
    rows = np.flatnonzero(doses)
    state.books.doses.parts.append(
        {
            "day": np.full(len(rows), state.day, np.int32),
            "kind": rows,
            "doses": doses[rows],
            "overdoses": np.bincount(hurt, minlength=kinds)[rows],
            "deaths": np.bincount(hurt[died], minlength=kinds)[rows],
        }
    )
