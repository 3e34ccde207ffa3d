"""Payments: card acquirers, ordinary cards, coins and the exchanges that sell them, and merchants' accounts with acquirers."""

from __future__ import annotations

import numpy as np
from mesa import Model

from sim.agents.institutions import Institution

CASH, CARDS, COIN, FIRST_ACQUIRER = -1, 0, 1, 2
MAIN_COIN, PRIVACY_COIN, OTHER_COIN = 0, 1, 2
MOST_ACCOUNTS = 6


class PaymentProcessor(Institution):
    """Somebody who moves money between buyers and merchants.

    Parameters
    ----------
    model
        The model.
    row
        Row in ``model.processors``; 0 is ordinary cards, 1 the coins with their exchanges, acquirers of illicit merchants follow.
    kind
        ``cards``, ``coin`` or ``acquirer``.
    fee
        Share of the payment.
    laxity
        Readiness to take illicit merchants; shares of merchants are in proportion to laxity x (1 + accounts held). Fines lower it for a while.
    traceability
        Evidence per payment relative to cash; of coins, the mean over those in use.
    """

    def __init__(
        self, model: Model, row: int, kind: str, fee: float, laxity: float = 1.0, traceability: float = 1.0
    ) -> None:
        super().__init__(model)
        self.row, self.kind, self.fee, self.laxity, self.traceability = row, kind, fee, laxity, traceability
        self.usual_laxity = laxity
        self.accounts = 0
        self.terminations = 0
        self.fines = 0

    def fine(self, size: float) -> None:
        """Pay a card network's fine: readiness to take illicit merchants falls by the share ``size``."""
        self.fines += 1
        self.laxity *= 1.0 - size

    def forget(self, days: float) -> None:
        """A day on which fines are a little forgotten."""
        self.laxity += (self.usual_laxity - self.laxity) / days


class Merchant(Institution):
    """The accounts of a pharmacy programme with acquirers: those in force and those applied for; ``recent`` terminations fade.

    Who lost accounts lately keeps several: 1 + floor(eta x recent), as programmes did after 2011 (25 banks for 40 programmes, McCoy et al. 2012).
    """

    def __init__(self, model: Model, slot: int, row: int) -> None:
        super().__init__(model)
        self.slot = slot
        self.accounts: list[tuple[int, int]] = [(row, -32767)]  # acquirer, first day
        self.recent = 0.0

    def wanted(self, per_termination: float) -> int:
        """Number of accounts kept or applied for."""
        return min(MOST_ACCOUNTS, 1 + int(per_termination * self.recent))

    def lose(self, row: int) -> None:
        """Lose the account with the acquirer in ``row`` that was in force longest."""
        held = sorted((day, bank) for bank, day in self.accounts if bank == row)
        if held:
            self.accounts.remove((row, held[0][0]))
        self.recent += 1.0

    def next_account(self) -> tuple[int, int]:
        """The account in force first: acquirer and first day."""
        return min(self.accounts, key=lambda account: (account[1], account[0]))


class Coin(Institution):
    """A cryptocurrency as buyers and sellers use it.

    ``share`` holds its share of payments by coin by jurisdiction, ``usual`` that at the start, ``traceability`` is relative as in `PaymentProcessor`.
    """

    def __init__(self, model: Model, name: str, share: float, traceability: float, jurisdictions: int) -> None:
        super().__init__(model)
        self.name, self.usual, self.traceability = name, share, traceability
        self.share = np.full(jurisdictions, share)


class Exchange(Institution):
    """Sells coins to the public: where it closes or delists a coin, its customers are without until they have moved elsewhere.

    ``reluctance`` in 0-1 is the pressure that it withstands: large exchanges, which have most to lose, give way first. Each stands for those of its
    size: beyond its reluctance the more of them give way the stronger the pressure, all of them when it is complete.
    """

    def __init__(self, model: Model, share: float, reluctance: float, jurisdictions: int) -> None:
        super().__init__(model)
        self.usual, self.reluctance = share, reluctance
        self.customers = np.full(jurisdictions, share)
        self.open = np.ones(jurisdictions)

    def obey(self, closure: np.ndarray) -> None:
        """Close as far as the pressure to close (by jurisdiction, 0-1) is above its reluctance, and lose those customers; open again where it is not."""
        was, self.open = self.open, self.withstands(closure)
        closed = self.open < was
        if np.logical_or.reduce(closed):
            self.customers = np.where(closed, self.customers * self.open / np.maximum(was, 1e-12), self.customers)

    def sells(self, delisting: np.ndarray) -> np.ndarray:
        """Share of its customers to whom it sells a coin in spite of the pressure to delist it: for each coin and jurisdiction, or for whichever are given."""
        return self.withstands(delisting)

    def withstands(self, pressure: np.ndarray) -> np.ndarray:
        """Share of it that does not give way to a pressure in 0-1, whatever the shape of that."""
        if not np.logical_or.reduce(pressure, axis=None):
            return np.ones(pressure.shape)
        given_way = (pressure - self.reluctance) / (1.0 - self.reluctance)
        return 1.0 - np.minimum(np.maximum(given_way, 0.0), 1.0)
