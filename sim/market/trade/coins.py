"""Coins: who can get one today, and which one people turn to when theirs is delisted or their exchange closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.payments import COIN, MAIN_COIN, PRIVACY_COIN
from sim.kernels import inner, kernel

if TYPE_CHECKING:
    from sim.market.state import MarketState


class Exchanges(NamedTuple):
    """Exchanges of the day; E exchanges, J jurisdictions."""

    usual: np.ndarray  # (E,) share of customers at the start
    open: np.ndarray  # (E, J) share of each that is open
    customers: np.ndarray  # (E, J) share of all customers
    sells: np.ndarray  # (E, coins, J) share of its customers to whom it sells a coin


class Habits(NamedTuple):
    """What is paid with, and how fast that changes."""

    usual: np.ndarray  # (coins,) share of payments at the start
    share: np.ndarray  # (coins, J)
    coin_access: float  # parameters of payment, likewise the next three
    informal: float
    switch: float
    exchange_days: float


@kernel
def turn_to_what_can_be_had(exchanges: Exchanges, habits: Habits, access: np.ndarray) -> None:
    """Fill ``access`` (J,), the chance that who pays by coin can get one; payments turn to coins that can be had, customers to exchanges that are open."""
    usual, is_open, customers, sells = exchanges
    share = habits.share
    for j in range(len(access)):
        access[j], wished = 0.0, 0.0
        for c in range(len(share)):
            had = can_be_had(c, j, customers, sells, habits)
            access[j] += share[c, j] * had
            wished += habits.usual[c] * had + 1e-12
        access[j] = min(access[j], 1.0)
        for c in range(len(share)):
            wish = (habits.usual[c] * can_be_had(c, j, customers, sells, habits) + 1e-12) / wished
            share[c, j] += habits.switch * (wish - share[c, j])
        total = 0.0
        for e in range(len(usual)):
            total += usual[e] * is_open[e, j]
        for e in range(len(usual)):
            customers[e, j] += (usual[e] * is_open[e, j] / max(total, 1e-12) - customers[e, j]) / habits.exchange_days


@inner
def can_be_had(c: int, j: int, customers: np.ndarray, sells: np.ndarray, habits: Habits) -> float:
    """Chance to get a coin: from an exchange that sells it, or else from person to person."""
    sold = 0.0
    for e in range(len(customers)):
        sold += customers[e, j] * sells[e, c, j]
    return habits.coin_access * (sold + habits.informal * (1.0 - sold))


def coins(state: MarketState) -> None:
    """Exchanges close or delist as far as they are pressed; their customers move on; buyers and sellers turn to coins that can be had.

    Access to a coin is the share of customers whose exchange sells it, and what can be had from person to person otherwise. Each coin's share of
    payments moves towards its usual share times access.
    """
    p, levers = state.p.payment, state.levers
    delisting = np.zeros((len(state.coins), state.world.n_jurisdictions))
    delisting[MAIN_COIN], delisting[PRIVACY_COIN] = levers.main_delisting, levers.privacy_delisting
    everywhere = np.ones(state.world.n_jurisdictions)
    closing = np.logical_or.reduce(levers.exchange_closure)
    for exchange in state.exchanges:
        if closing:
            exchange.obey(levers.exchange_closure)
        else:
            exchange.open = everywhere
    if np.logical_or.reduce(delisting, axis=None):
        sells = np.array([e.sells(delisting) for e in state.exchanges])
    else:
        sells = np.ones((len(state.exchanges), *delisting.shape))
    customers, share = (
        np.array([e.customers for e in state.exchanges]),
        np.array([coin.share for coin in state.coins]),
    )
    exchanges = Exchanges(
        np.array([e.usual for e in state.exchanges]), np.array([e.open for e in state.exchanges]), customers,
        sells,
    )  # fmt: skip
    usual = np.array([coin.usual for coin in state.coins])
    habits = Habits(usual, share, p.coin_access, p.informal_coin, p.coin_switch, p.exchange_days)
    turn_to_what_can_be_had(exchanges, habits, state.trade.coin_access)
    for k, exchange in enumerate(state.exchanges):
        exchange.customers = customers[k]
    for k, coin in enumerate(state.coins):
        coin.share = share[k]
    people = state.world.consumer_weight / state.world.consumer_share[-1]
    used = np.add.reduce(share * people, axis=1).tolist()
    state.processors[COIN].traceability = sum(
        part * coin.traceability for part, coin in zip(used, state.coins, strict=True)
    )
