"""Vendors: everybody who sells, on whatever channel, one row each, those who left included."""

from typing import TYPE_CHECKING

from sim.agents.codes import NEVER, NO_SLOT, Channel, ExitCause, VendorKind
from sim.population import Column, RowAgent, columns_type
from sim.registry import register_columns

ACCOUNTS = 4

VENDOR = {
    "key": Column(
        "i8", "number", -1, 2**62, "What random draws about the vendor are keyed by: channel, day of entry, place"
    ),
    "kind": Column("u1", "code", 0, 4, "Vendor kind", codes=VendorKind),
    "channel": Column("u1", "code", 0, 5, "Channel in which the vendor entered", codes=Channel),
    "jurisdiction": Column("u1", "code", 0, 31, "Jurisdiction from which the vendor ships"),
    "supplier": Column("i2", "row", -1, 32767, "Supplier: index in model.suppliers, -1 for none", default=-1),
    "alive": Column("u1", "flag", 0, 1, "1 while in business"),
    "entry_day": Column("i2", "day", -NEVER, NEVER, "Day of entry"),
    "exit_day": Column("i2", "day", -NEVER, NEVER, "Day of exit", default=NEVER),
    "exit_cause": Column("u1", "code", 0, 4, "Cause of exit", codes=ExitCause),
    "person": Column("i4", "row", -1, 2**31 - 1, "Consumer behind a social supplier, -1 for none", default=-1),
    # character
    "breadth": Column("f4", "listings", 1, 230, "Number of listings the vendor can run", default=1),
    "main": Column("u1", "code", 0, 31, "Main substance"),
    "carries": Column("u4", "bits", 0, 2**32 - 1, "Substances carried, one bit each"),
    "dropped": Column(
        "u4", "bits", 0, 2**32 - 1, "Substances given up because a platform in use bans them, one bit each"
    ),
    "covered": Column("u1", "flag", 0, 1, "1 while goods that a platform in use bans are sold under other names"),
    "ships": Column("f4", "probability", 0, 1, "Chance that an order is dispatched"),
    "quality": Column("f4", "share", 0, 1, "Care about content, 1 best"),
    "pack": Column("f4", "log", -5, 5, "Deviation of log pack size from the median"),
    "wholesale": Column("u1", "flag", 0, 1, "1 when also selling wholesale"),
    "opsec": Column("f4", "ratio", 0.05, 20, "Operational security: divides the chance of detection", default=1),
    "asks": Column("f4", "ratio", 0, 100, "What the vendor wants for time and risk, relative to the usual", default=1),
    # state
    "log_price": Column("f4", "log", -5, 5, "Log price relative to the substance's typical price"),
    "unit_cost": Column("f4", "ratio", 0, 100, "Cost relative to the usual cost", default=1),
    "purity": Column(
        "f4", "share", 0, 1, "Strength of the goods relative to their label, the vendor's choice", default=1
    ),
    "stock": Column("f4", "orders", 0, 1e9, "Orders that stock at hand can serve"),
    "sales": Column("f4", "orders", 0, 1e9, "Orders, fading with the reputation half-life"),
    "recent": Column("f4", "orders/day", 0, 1e9, "Orders a day, 7-day mean"),
    "last_sale": Column("i2", "day", -NEVER, NEVER, "Day of the last sale", default=-NEVER),
    "leaving": Column("i2", "day", -NEVER, NEVER, "Last day of a vendor's own exit scam", default=NEVER),
    "evidence": Column("f4", "officer-days", 0, 1e9, "Evidence gathered against the vendor"),
    "buyers": Column("i4", "consumers", 0, 2**31 - 1, "Orders of buyers who did not remember the vendor"),
    "orders": Column("i4", "orders", 0, 2**31 - 1, "Orders received"),
    "income": Column("i8", "cents", -(2**62), 2**62, "Money received, less what was charged back"),
    "reckoned": Column("i8", "cents", -(2**62), 2**62, "Money received of which the supplier has had its share"),
    "passed": Column("i8", "cents", 0, 2**62, "Money paid to suppliers"),
    "withheld": Column(
        "i8", "cents", 0, 2**62, "Money due that a market about to close in an exit scam did not pay out"
    ),
    "relist_day": Column(
        "i2", "day", -NEVER, NEVER, "Day from which a vendor who lost the last market lists again", default=-NEVER
    ),
    "identity": Column("u2", "number", 0, 65535, "Identity in use: grows by one when name and key are given up"),
    "platforms_used": Column("u2", "platforms", 0, 65535, "Platforms on which an account was ever opened"),
    # accounts on platforms
    "account": Column(
        "u2", "slot", 0, NO_SLOT, "Platforms on which an account is open", default=NO_SLOT, shape=(ACCOUNTS,)
    ),
    "account_day": Column("i2", "day", -NEVER, NEVER, "Day on which it was opened", shape=(ACCOUNTS,)),
    "account_sales": Column("f4", "orders", 0, 1e9, "Orders received on it", shape=(ACCOUNTS,)),
    "positive": Column("f4", "ratings", 0, 1e9, "Positive ratings on it, fading", shape=(ACCOUNTS,)),
    "negative": Column("f4", "ratings", 0, 1e9, "Negative ratings on it, fading", shape=(ACCOUNTS,)),
    "kept": Column(
        "u1", "flag", 0, 1, "1 when the account carries an identity known from elsewhere", shape=(ACCOUNTS,)
    ),
}

if TYPE_CHECKING:
    from sim.agents.column_types import VendorColumns  # pyright: ignore[reportMissingModuleSource]
else:
    VendorColumns = columns_type("VendorColumns", VENDOR, module=__name__)


class Vendor(RowAgent, schema=VENDOR):
    """One vendor: a view of one row of the vendor columns."""


register_columns("vendors", Vendor, "vendor", "revenue_usd")
