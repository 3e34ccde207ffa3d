"""Doses: who took how much of what on a day, and the overdoses from it, for the table of doses; nothing is counted where nobody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import Content, Segment

if TYPE_CHECKING:
    from sim.market.state import MarketState


def at_hand(state: MarketState) -> np.ndarray:
    """(consumers, STASHES) doses at hand before anything is used today; no rows where no table of doses is kept."""
    return state.consumers.columns.stash[: state.consumers.n if state.books.doses.kept else 0].copy()


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
    if not state.books.doses.kept:
        return
    c, substances, contents = state.consumers.columns, len(state.substances.dose_usd), len(Content)
    used = before - c.stash[: len(before)]

    def kind(who: np.ndarray, place: np.ndarray) -> np.ndarray:
        what = c.segment[who].astype(np.int64) * substances + c.stash_substance[who, place]
        return what * contents + c.stash_content[who, place]

    kinds = len(Segment) * substances * contents
    who, place = np.nonzero(used > 0.0)
    doses = np.bincount(kind(who, place), used[who, place], kinds)
    hurt = kind(overdosed, np.frexp(places)[1] - 1)
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
