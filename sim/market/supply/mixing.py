"""Mixing: which strong synthetic each supplier puts into opioids and sedatives, if any; novel ones come up, are taken up by suppliers, and pass.

A supplier looks now and then at what to mix in. Groups take what their manufacturers do; of the others a share mixes, and takes what is offered where it works:
a novel one by its popularity there, or one of those that were there long before, such as fentanyl. What comes from outside (a policy) is at hand in places, and
taken there by all who look, besides what they mix in as usual. So contamination differs by supplier, and with that by place and time, and several substances
circulate at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import CLEAN, NOBODY, OLDER, EventKind
from sim.kernels import kernel
from sim.market import views
from sim.market.groups import Moment
from sim.market.views import narrow
from sim.streams import Draw, pick, uniform

if TYPE_CHECKING:
    from sim.evidence.groups import ServicesParameters
    from sim.market.state import MarketState

MIXING = int(Draw.MIXING)
EVERYWHERE = -1


def older_stock(p: ServicesParameters) -> float:
    """Popularity of strong synthetics that are no longer novel and do not vanish: together that of novel ones, as many as appear and vanish in balance."""
    return p.novel_opioids * p.novel_per_year / p.novel_exit * float(np.exp(0.5 * p.novel_popularity**2))


def mix_at_start(state: MarketState) -> None:
    """Suppliers who mix in a strong synthetic when the world is made hold a novel one or an older one, as those do who look later."""
    ews, s, n = state.early_warning, state.supplier_table.columns, state.supplier_table.n
    there = (ews.opioid & ~ews.gone).nonzero()[0]
    for i in (s.mixes[:n] == OLDER).nonzero()[0]:
        s.mixes[i] = by_popularity(state, int(i), there, uniform(state.seed, int(Draw.SUPPLIER_TRAITS), int(i), 0, 5))


def offer(state: MarketState, what: str, where: np.ndarray, potency: float, share: float, policy: str) -> None:
    """Put a novel opioid at hand of suppliers in the jurisdictions ``where`` today; it vanishes on the first day on which ``what`` does not offer it.

    Parameters
    ----------
    what
        Who offers it; the second offer by the same on one day is another substance.
    potency
        Strength of goods that hold it, against other strong synthetics (ratio).
    share
        Opioids, sedatives only where they are counterfeit, of a supplier who takes it up that hold it (0 to 1); at 0 nobody takes it up.
    policy
        In whose name it is written down.
    """
    ews, up = state.early_warning, state.upstream
    key = (what, up.offered.count(what))
    up.offered.append(what)
    if key not in up.offers:
        number = up.offers[key] = ews.appear(state.day, 0.0, potency, EVERYWHERE, opioid=True)
        state.event(EventKind.NOVEL_SUBSTANCE, number, policy=policy, cause="strong opioid at hand", amount=potency)
    ews.share[up.offers[key]] = share
    ews.at_hand[up.offers[key], where] = True


def mix(state: MarketState) -> None:
    """Some suppliers look at what they mix in; what is no longer made is no longer mixed in."""
    ews, up, s, n = state.early_warning, state.upstream, state.supplier_table.columns, state.supplier_table.n
    for what, k in [key for key in up.offers if up.offered.count(key[0]) <= key[1]]:
        number = up.offers.pop((what, k))
        ews.gone[number] = True
        state.event(EventKind.NOVEL_GONE, number, cause="strong opioid no longer at hand")
    up.offered.clear()
    looks = np.empty(n, np.int64)
    many = look_around(n, state.moment, s.alive, s.mixes, s.added, ews.gone, state.p.supply.copy_rate, looks)
    if many:
        there = (ews.opioid & ~ews.gone).nonzero()[0]
        for i in looks[:many].tolist():
            s.mixes[i], s.added[i] = choose(state, i, there)


@kernel
def look_around(
    n: int,
    when: Moment,
    alive: np.ndarray,
    mixes: np.ndarray,
    added: np.ndarray,
    gone: np.ndarray,
    rate: float,
    looks: np.ndarray,
) -> int:
    """Let ``n`` suppliers mix in no more what is ``gone``; fill ``looks`` with those in business who look around today. Returns how many do."""
    many = 0
    for i in range(n):
        if mixes[i] > OLDER and gone[mixes[i]]:
            mixes[i] = CLEAN
        if added[i] != NOBODY and gone[added[i]]:
            added[i] = NOBODY
        if alive[i] == 1 and uniform(when.seed, MIXING, i, when.day, 0) < rate:
            looks[many] = i
            many += 1
    return many


def choose(state: MarketState, i: int, there: np.ndarray) -> tuple[int, int]:
    """What supplier ``i`` mixes in from today on: as usual, and besides of what comes from outside.

    Numbers of novel opioids of those that are ``there``; as usual also `OLDER` for older synthetics and `CLEAN` for none; from outside `NOBODY` for none.
    """
    ews, s = state.early_warning, state.supplier_table.columns
    j = s.jurisdiction[i]
    u, w = (uniform(state.seed, int(Draw.MIXING), i, state.day, a) for a in (1, 2))
    at_hand = there[ews.at_hand[there, j] & (ews.share[there] > 0.0)]
    added = int(at_hand[int(u * len(at_hand))]) if len(at_hand) else NOBODY
    makers = s.source[i][s.source[i] >= 0]
    makers = makers[s.alive[makers] == 1]
    if len(makers):
        maker = makers[int(u * len(makers))]
        return int(s.mixes[maker]), added if len(at_hand) else int(s.added[maker])
    if w >= state.p.shipping.synthetic_supply:
        return CLEAN, added
    return by_popularity(state, i, there, u), added


def by_popularity(state: MarketState, i: int, there: np.ndarray, u: float) -> int:
    """Number of one of the novel opioids that are ``there``, or `OLDER`, by popularity where supplier ``i`` works; ``u`` in (0, 1)."""
    p, j = state.p.services, state.supplier_table.columns.jurisdiction[i]
    offered = state.early_warning.spread(there, state.day, p.novel_spread_days)[:, j]
    weights = np.cumsum(np.append(older_stock(p), offered))
    return int(np.append(OLDER, there)[pick(weights, np.array([u]))[0]]) if weights[-1] > 0.0 else OLDER


@kernel
def know_suppliers(
    n: int,
    suppliers: Any,
    share: np.ndarray,
    strength: np.ndarray,
    concentration: np.ndarray,
    reliability: np.ndarray,
    mixes: np.ndarray,
) -> None:
    """Fill ``concentration`` and ``reliability`` (K + 1,) and ``mixes`` (K + 1, 4) with those of ``n`` suppliers; place 0 is for no supplier, who mixes nothing.

    ``mixes`` becomes 1 where goods hold a strong synthetic as often as the table of substances says, else 0; the share that hold one which came from outside; and
    the strength of goods that hold the one and the other against the usual. ``share`` and ``strength`` are those of novel substances. Who is out of business is
    not reliable.
    """
    mixes[0, 0], mixes[0, 1], mixes[0, 2], mixes[0, 3] = 0.0, 0.0, 1.0, 1.0
    for i in range(n):
        k = suppliers.mixes[i]
        concentration[i + 1] = suppliers.concentration[i]
        reliability[i + 1] = suppliers.reliability[i] if suppliers.alive[i] == 1 else 0.0
        mixes[i + 1, 0], mixes[i + 1, 2] = k != CLEAN, strength[k] if k > OLDER else 1.0
        k = suppliers.added[i]
        mixes[i + 1, 1], mixes[i + 1, 3] = share[k] if k != NOBODY else 0.0, strength[k] if k != NOBODY else 1.0


@kernel
def who_sells(
    n: int,
    suppliers: Any,
    suspect: np.ndarray,
    numbers: np.ndarray,
    mixed: np.ndarray,
    there: np.ndarray,
    whole: np.ndarray,
) -> None:
    """Fill ``there`` (n, J) with the size of each supplier in business of what may hold strong opioids (``suspect``, (S,)) where it sells; ``whole`` (J,) of all.

    ``mixed`` (numbers, n) becomes 1 where a supplier mixes in one of the novel opioids ``numbers``, else 0.
    """
    for i in range(len(numbers)):
        for k in range(n):
            mixed[i, k] = suppliers.mixes[k] == numbers[i] or suppliers.added[k] == numbers[i]
    whole[:] = 0.0
    for i in range(n):
        sells = False
        for s in range(len(suspect)):
            sells |= suspect[s] and (suppliers.serves[i] >> s) & 1 == 1
        for j in range(len(whole)):
            here = sells and suppliers.alive[i] == 1 and (suppliers.reach[i] >> j) & 1 == 1
            there[i, j] = suppliers.size[i] if here else 0.0
            whole[j] += there[i, j]
    for j in range(len(whole)):
        whole[j] = max(whole[j], np.float32(1e-9))


def presence(state: MarketState, numbers: np.ndarray) -> np.ndarray:
    """(numbers, J) share of the suppliers of opioids and sedatives in each jurisdiction, by size, who mix in each of these novel opioids."""
    s, n = state.supplier_table.columns, state.supplier_table.n
    places, one = state.world.n_jurisdictions, np.float32
    mixed, there, whole = np.empty((len(numbers), n), one), np.empty((n, places), one), np.empty(places, one)
    who_sells(n, narrow(s, views.SellingSuppliers), state.substances.contaminable, numbers, mixed, there, whole)
    return mixed @ there / whole
