"""Payment processors: card acquirers, ordinary cards, coins and exchanges."""

from mesa import Model

from sim.agents.institutions import Institution

CARDS, COIN, FIRST_ACQUIRER = 0, 1, 2


class PaymentProcessor(Institution):
    """Somebody who moves money between buyers and merchants.

    Parameters
    ----------
    model
        The model.
    row
        Row in ``model.processors``; 0 is ordinary cards, 1 the coin with its exchanges, acquirers of illicit merchants follow.
    kind
        ``cards``, ``coin`` or ``acquirer``.
    fee
        Share of the payment.
    laxity
        Readiness to take illicit merchants; shares of merchants are in proportion to laxity x (1 + accounts held).
    traceability
        Evidence per payment relative to cash.
    """

    def __init__(
        self, model: Model, row: int, kind: str, fee: float, laxity: float = 1.0, traceability: float = 1.0
    ) -> None:
        super().__init__(model)
        self.row, self.kind, self.fee, self.laxity, self.traceability = row, kind, fee, laxity, traceability
        self.accounts = 0
        self.terminations = 0
        self.volume = 0
