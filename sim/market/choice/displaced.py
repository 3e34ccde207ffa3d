"""What those go by who lost their market, under the rivals of the usual rule (`submodels.migration`).

By overlap: users whom markets had in common with the closed one, which ranked the main destination first in a third of closures (ElBahrawy et al. 2020).
After vendors: where those are from whom one bought.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NO_SLOT, Migration
from sim.agents.consumers import REMEMBERED_VENDORS
from sim.agents.vendors import ACCOUNTS
from sim.kernels import inner, kernel

if TYPE_CHECKING:
    from sim.market.state import MarketState

OVERLAP = int(Migration.OVERLAP)


@inner
def share_there(consumers: Any, vendors: Any, c: int, m: int) -> float:
    """Share of own past purchases from vendors in business that was bought of those who are on slot ``m`` now; -1 for who remembers none."""
    there, total = 0.0, 0.0
    for j in range(REMEMBERED_VENDORS):
        v = consumers.vendor[c, j]
        if v >= 0 and consumers.bought[c, j] > 0 and vendors.alive[v] == 1:
            total += consumers.bought[c, j]
            for a in range(ACCOUNTS):
                if vendors.account[v, a] == m:
                    there += consumers.bought[c, j]
                    break
    return there / total if total > 0.0 else -1.0


@kernel
def count_common(
    n: int, slot: int, home: np.ndarray, known: np.ndarray, memory: np.ndarray, common: np.ndarray
) -> None:
    """Add to ``common`` (P,) the users of the market ``slot`` who know each other market."""
    for c in range(n):
        if home[c] == slot:
            for m in known[memory[c]]:
                if m != NO_SLOT and m != slot:
                    common[m] += 1.0


def in_common(state: MarketState) -> np.ndarray:
    """(P,) `Trade.common`, with room for every platform."""
    trade, capacity = state.trade, state.platform_table.capacity
    if len(trade.common) < capacity:
        trade.common = np.concatenate([trade.common, np.zeros(capacity - len(trade.common))])
    return trade.common


def note_common(state: MarketState, slot: int) -> None:
    """Note with which markets the one that closes today shares its users, where that is what migrants go by."""
    if state.rules.migration == OVERLAP:
        c = state.consumers
        count_common(c.n, slot, c.columns.home, c.columns.known, c.columns.memory, in_common(state))


def by_overlap(state: MarketState, slots: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """What ``amount`` is of all markets together, shared out by the users whom each has in common with those that closed lately; as it is without any."""
    here = in_common(state)[slots]
    return amount if not here.sum() else amount.sum() * here / here.sum()
