"""Orders under way, or whose money is still in escrow, one row each; closed ones go to the orders table."""

from typing import TYPE_CHECKING

from sim.agents.codes import NEVER, Channel, Check, Content, OrderOutcome, Settlement
from sim.population import Column, RowAgent, columns_type

NO_RATING, GOOD_RATING = 255, 4
"""The code of no rating, and the stars from which on one is good."""

ORDER = {
    "number": Column("i8", "number", 0, 2**62, "Order number"),
    "day": Column("i2", "day", -NEVER, NEVER, "Day of the order"),
    "due": Column("i2", "day", -NEVER, NEVER, "Day on which its fate is known"),
    "consumer": Column("i4", "row", 0, 2**31 - 1, "Buyer"),
    "vendor": Column("i4", "row", 0, 2**31 - 1, "Seller"),
    "identity": Column("u2", "number", 0, 65535, "Identity of the seller under which it was placed"),
    "platform": Column("u2", "slot", 0, 65535, "Slot of the platform"),
    "channel": Column("u1", "code", 0, 5, "Channel", codes=Channel),
    "substance": Column("u1", "code", 0, 31, "Substance"),
    "quantity": Column("f4", "doses", 0, 1e6, "Doses"),
    "price": Column("i4", "cents", 0, 2**31 - 1, "Price paid"),
    "held": Column("i4", "cents", 0, 2**31 - 1, "Part of the price still in escrow"),
    "escrow": Column("u1", "flag", 0, 1, "1 where the market took the price into escrow"),
    "processor": Column("i1", "row", -1, 127, "Payment processor, -1 for cash", default=-1),
    "parcels": Column("u1", "parcels", 0, 255, "Parcels that it was posted in, 0 when nothing was"),
    "seized": Column("u1", "parcels", 0, 255, "Parcels of it that were seized"),
    "first": Column("u1", "flag", 0, 1, "1 for the first order of this pair"),
    "dispatched": Column("u1", "flag", 0, 1, "1 when the vendor sent it"),
    "outcome": Column("u1", "code", 0, 4, "What became of the goods", codes=OrderOutcome),
    "settlement": Column("u1", "code", 0, 5, "What became of the money", codes=Settlement),
    "content": Column("u1", "code", 0, 2, "True content", codes=Content),
    "purity": Column("f4", "share", 0, 1, "Strength of the goods relative to pure ones", default=1),
    "potency": Column("f4", "ratio", 0, 1e3, "Strength of a dose relative to a normal heroin dose, 0 for non-opioids"),
    "share": Column("f4", "share", 0, 1, "Share of the goods that arrived"),
    "late": Column("u1", "flag", 0, 1, "1 when its buyer gave it up before it came"),
    "noticed": Column("u1", "flag", 0, 1, "1 when the buyer noticed that the goods are not what was sold"),
    "check": Column("u1", "code", 0, 2, "What a drug check found of it", codes=Check),
    "discarded": Column("u1", "flag", 0, 1, "1 when its buyer threw it away after a check"),
    "rating": Column("u1", "stars", 0, 255, "Rating given, 255 for none", default=NO_RATING),
}

if TYPE_CHECKING:
    from sim.agents.column_types import OrderColumns  # pyright: ignore[reportMissingModuleSource]
else:
    OrderColumns = columns_type("OrderColumns", ORDER, module=__name__)


class Order(RowAgent, schema=ORDER):
    """One order under way."""
