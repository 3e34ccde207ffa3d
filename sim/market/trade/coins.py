"""Coins: who can get one today, and which one people turn to when theirs is delisted or their exchange closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.payments import COIN, MAIN_COIN, PRIVACY_COIN

if TYPE_CHECKING:
    from sim.model import MarketModel


def coins(model: MarketModel) -> None:
    """Exchanges close or delist under pressure; their customers move on; buyers and sellers turn to coins that can be had.

    Access to a coin is the share of customers whose exchange sells it, and what can be had from person to person otherwise. Each coin's share of
    payments moves towards its usual share times access.
    """
    p, levers = model.p.payment, model.levers
    for exchange in model.exchanges:
        exchange.obey(levers.exchange_closure)
    total = np.maximum(sum(e.usual * e.open for e in model.exchanges), 1e-12)
    pressure = {MAIN_COIN: levers.main_delisting, PRIVACY_COIN: levers.privacy_delisting}
    none = np.zeros(model.n_jurisdictions)
    access = np.array(
        [sum(e.customers * e.sells(pressure.get(k, none)) for e in model.exchanges) for k in range(len(model.coins))]
    )
    access = p.coin_access * (access + p.informal_coin * (1.0 - access))
    share = np.array([coin.share for coin in model.coins])
    model.coin_access = np.minimum((share * access).sum(axis=0), 1.0)
    wish = np.array([coin.usual for coin in model.coins])[:, None] * access + 1e-12
    wish /= wish.sum(axis=0)
    share += p.coin_switch * (wish - share)
    for coin, now in zip(model.coins, share, strict=True):
        coin.share[:] = now
    for exchange in model.exchanges:
        exchange.customers += (exchange.usual * exchange.open / total - exchange.customers) / p.exchange_days
    used = (share * (model.consumer_weight / model.consumer_share[-1])).sum(axis=1).tolist()
    model.processors[COIN].traceability = sum(
        part * coin.traceability for part, coin in zip(used, model.coins, strict=True)
    )
