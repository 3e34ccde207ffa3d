"""Platforms: the places where vendors and consumers meet, a few dozen ordinary Mesa agents whose state stands in columns."""

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NEVER, Channel, PlatformStatus
from sim.population import Column, SlotAgent, columns_type
from sim.registry import register_columns

PLATFORM = {
    "key": Column("i4", "number", 0, 65535, "What random draws about the platform are keyed by: its day of opening"),
    "channel": Column("u1", "code", 0, 5, "Channel", codes=Channel),
    "jurisdiction": Column("u1", "code", 0, 31, "Where it is hosted"),
    "status": Column(
        "u1",
        "code",
        0,
        6,
        "unused, open, covert (run by police), seized, exit-scammed, hacked, closed",
        codes=PlatformStatus,
    ),
    "open_day": Column("i2", "day", -NEVER, NEVER, "First day", default=NEVER),
    "close_day": Column("i2", "day", -NEVER, NEVER, "Last day", default=NEVER),
    "fee": Column("f4", "share", 0, 1, "Commission on sales"),
    "escrow_share": Column("f4", "share", 0, 1, "Share of orders held in escrow where the vendor is half trusted"),
    "visibility": Column("f4", "ratio", 0, 10, "Rank in search, or exposure in feeds, 1 at the start", default=1),
    "attraction": Column("f4", "ratio", 0, 100, "Lasting attraction relative to others of the channel", default=1),
    "availability": Column("f4", "share", 0, 1, "Share of card payments that its acquirer lets through", default=1),
    "processor": Column("i2", "row", -1, 32767, "Payment processor in use", default=-1),
    "processor_day": Column("i2", "day", -NEVER, NEVER, "Day from which it can take cards again", default=-NEVER),
    "coin_offered": Column("f4", "share", 0, 1, "Share of visitors to whom a pharmacy programme offers to pay by coin"),
    "listed": Column("f4", "share", 0, 1, "Share of its domains on the block lists of access providers"),
    "forged": Column("u1", "flag", 0, 1, "1 when it shows a forged seal"),
    "security": Column("f4", "ratio", 0.01, 100, "Divides the evidence that an officer-day yields", default=1),
    "moderation": Column("f4", "share", 0, 1, "How far disputes and feedback work, 1 when undisturbed", default=1),
    "frail_quit": Column("f4", "ratio", 0, 1e3, "Proneness of the operator to give up"),
    "frail_scam": Column("f4", "ratio", 0, 1e3, "Proneness of the operator to steal the escrow"),
    "evidence": Column("f4", "officer-days", 0, 1e9, "Evidence gathered against it"),
    "covert_until": Column("i2", "day", -NEVER, NEVER, "Last day on which police run it", default=NEVER),
    "escrow": Column("i8", "cents", -(2**62), 2**62, "Money held for orders under way"),
    "payouts": Column(
        "u1", "flag", 0, 1, "0 when its operator keeps what falls due to vendors, before an exit scam", default=1
    ),
    "fees": Column("i8", "cents", 0, 2**62, "Commission earned"),
    "listings": Column("f4", "listings", 0, 1e9, "Listings live"),
    "vendors": Column("i4", "vendors", 0, 2**31 - 1, "Accounts live"),
    "trade7": Column("f4", "orders/day", 0, 1e9, "Orders a day, 7-day mean"),
    "trade60": Column("f4", "orders/day", 0, 1e9, "Orders a day, 60-day mean"),
    "trade180": Column("f4", "orders/day", 0, 1e9, "Orders a day, 180-day mean"),
    "arrivals": Column("f4", "users", 0, 1e9, "Displaced users who joined in the last days, fading"),
    "users": Column("i4", "users", 0, 2**31 - 1, "Consumers whose habit it is"),
}

if TYPE_CHECKING:
    from sim.agents.column_types import PlatformColumns  # pyright: ignore[reportMissingModuleSource]
else:
    PlatformColumns = columns_type("PlatformColumns", PLATFORM, module=__name__)


def draw_keys(columns: PlatformColumns, slots: np.ndarray) -> np.ndarray:
    """What draws about platforms of several channels are keyed by: cryptomarkets have keys of their own, the others their slots, beyond these keys."""
    return np.where(columns.channel[slots] == Channel.CRYPTOMARKET, columns.key[slots], 70_000 + slots)


class Platform(SlotAgent, schema=PLATFORM):
    """A place of trade: pharmacy programme, app, cryptomarket, the set of direct deals, or the street of a jurisdiction."""

    @property
    def is_open(self) -> bool:
        """Whether consumers can buy there today."""
        return self.status in (PlatformStatus.OPEN, PlatformStatus.COVERT)

    @property
    def name(self) -> str:
        """Channel and slot, such as ``cryptomarket-3``."""
        return f"{self.channel}-{self.slot}"

    def __repr__(self) -> str:
        """Name and status."""
        return f"<{self.name}, {self.status}>"


register_columns(
    "platforms", Platform, "day", "platform", "active_buyers", "orders", "unpaid", "unsettled", "volume_usd", "escrow_usd"
)  # fmt: skip
