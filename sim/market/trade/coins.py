"""Coins: who can get one today, and which one people turn to when theirs is delisted or their exchange closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.payments import COIN, MAIN_COIN, PRIVACY_COIN

if TYPE_CHECKING:
    from sim.market.state import MarketState


def coins(state: MarketState) -> None:
    """Exchanges close or delist as far as they are pressed; their customers move on; buyers and sellers turn to coins that can be had.

    Access to a coin is the share of customers whose exchange sells it, and what can be had from person to person otherwise. Each coin's share of
    payments moves towards its usual share times access.
    """
    p, levers = state.p.payment, state.levers
    for exchange in state.exchanges:
        exchange.obey(levers.exchange_closure)
    total = np.maximum(sum(e.usual * e.open for e in state.exchanges), 1e-12)
    pressure = {MAIN_COIN: levers.main_delisting, PRIVACY_COIN: levers.privacy_delisting}
    none = np.zeros(state.world.n_jurisdictions)
    access = np.array(
        [sum(e.customers * e.sells(pressure.get(k, none)) for e in state.exchanges) for k in range(len(state.coins))]
    )
    access = p.coin_access * (access + p.informal_coin * (1.0 - access))
    share = np.array([coin.share for coin in state.coins])
    state.trade.coin_access = np.minimum((share * access).sum(axis=0), 1.0)
    wish = np.array([coin.usual for coin in state.coins])[:, None] * access + 1e-12
    wish /= wish.sum(axis=0)
    share += p.coin_switch * (wish - share)
    for coin, now in zip(state.coins, share, strict=True):
        coin.share[:] = now
    for exchange in state.exchanges:
        exchange.customers += (exchange.usual * exchange.open / total - exchange.customers) / p.exchange_days
    used = (share * (state.world.consumer_weight / state.world.consumer_share[-1])).sum(axis=1).tolist()
    state.processors[COIN].traceability = sum(
        part * coin.traceability for part, coin in zip(used, state.coins, strict=True)
    )
