"""Payment block: merchant accounts of pharmacy programmes are ended after test purchases, or exchanges are pressed to close or to delist a coin."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.agents.codes import Channel
from sim.market.trade.payments import buy_under_cover
from sim.policies.base import LocalPolicy, borne
from sim.policies.deeds import Deed
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class PaymentBlock(LocalPolicy):
    """Make it hard to be paid: by card (test purchases, complaints, fines) or by coin (delisting, closing of exchanges).

    References
    ----------
    McCoy et al. 2012, Priceless: programmes lost accounts and spread over 25 banks. Karami, Park and McCoy 2016: 2 % of buyers pay when only coins are
    taken, against 15-23 %.
    """

    purpose: ClassVar[str] = "Cut illicit merchants off from cards, or their buyers from coins."
    evidence: ClassVar[str] = (
        "[bank-concentration-2011], [bank-concentration-2012], [rogueblock-accounts], [crypto-conversion-penalty]; intensity of test purchases and all "
        "effects on coins assumed."
    )
    can_fail: ClassVar[str] = (
        "Programmes under pressure keep several accounts, so that orders may not fall at all; more of them take coins. Who cannot get the main coin turns to "
        "coins that are harder to trace, and evidence is lost."
    )
    place: ClassVar[str] = (
        "Exchanges that serve people there, or programmes hosted there; banks and cards are the world's."
    )
    extent: ClassVar[str] = "`delisting` and `closure` are pressure on exchanges, not shares of people."

    @property
    def counts(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Test purchases, or days on which exchanges are pressed."""
        return "test purchases" if self.mode == "acquirers" else "days in force"

    kind: Literal["payment_block"] = "payment_block"
    mode: Literal["acquirers", "coins"] = Field(default="acquirers", description="what is blocked")
    purchases: float = Field(
        default=4.0,
        ge=0,
        le=1000,
        description="platforms tested: test purchases a week at programmes (number a day x 7, assumed 1 to 20)",
    )
    target: Literal["largest", "any"] = Field(
        default="largest", description="programmes with the acquirer of most accounts, or any"
    )
    coin: Literal["main", "privacy"] = Field(default="privacy", description="coin to be delisted, in mode coins")
    delisting: float = Field(default=0.6, ge=0, le=1, description="pressure to delist it (share, assumed 0 to 1)")
    closure: float = Field(
        default=0.0, ge=0, le=1, description="pressure on exchanges to close (share, assumed 0 to 1)"
    )
    usd_per_purchase: float = Field(
        default=150.0, ge=0, le=5000, description="cost of a test purchase with complaint (USD, assumed 100 to 500)"
    )
    usd_per_consumer: float = Field(
        default=0.01, ge=0, le=10, description="supervision of exchanges (USD per consumer and year, assumed)"
    )

    def move(self, state: MarketState, levers: Levers) -> None:
        """Press exchanges."""
        if self.mode != "coins":
            return
        where = self.where(state)
        listing = levers.main_delisting if self.coin == "main" else levers.privacy_delisting
        listing[where] = 1.0 - (1.0 - listing[where]) * (1.0 - self.strength * self.delisting)
        levers.exchange_closure[where] = 1.0 - (1.0 - levers.exchange_closure[where]) * (
            1.0 - self.strength * self.closure
        )

    def act(self, state: MarketState) -> None:
        """Make the day's test purchases."""
        if self.mode == "acquirers":
            buy_under_cover(
                state, self.strength * self.purchases, self.target == "largest", self.kind, self.where(state)
            )

    def deed(self, state: MarketState) -> Deed:
        """Purchases made while there is a programme there to buy from, or a day of pressure."""
        if self.mode != "acquirers":
            return Deed(1.0, 1.0)
        wanted = self.strength * self.purchases / 7.0
        hosts = state.platform_table.columns.jurisdiction[state.open_slots(Channel.ILLICIT_PHARMACY)]
        return Deed(wanted, wanted if np.isin(hosts, self.where(state)).any() else 0.0)

    def cost(self, state: MarketState) -> float:
        """Purchases and complaints, however many consumers are simulated; or supervision."""
        if self.mode == "acquirers":
            return borne(state, self.deed(state).done * self.usd_per_purchase)
        return self.strength * self.usd_per_consumer * self.consumers(state) / 365.0
