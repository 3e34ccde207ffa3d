"""Suppliers: manufacturers and organised-crime groups upstream of vendors."""

from typing import TYPE_CHECKING

from sim.agents.codes import CLEAN, NEVER, NOBODY
from sim.population import Column, SlotAgent, columns_type
from sim.registry import register_columns

SOURCES = 2

SUPPLIER = {
    "jurisdiction": Column("u1", "code", 0, 31, "Where the group works"),
    "alive": Column("u1", "flag", 0, 1, "1 while in business", default=1),
    "organised": Column("u1", "flag", 0, 1, "1 for an organised-crime group, 0 for a manufacturer"),
    "size": Column(
        "f4", "ratio", 0, 1e3, "What it can supply, and how easily it is found, relative to others", default=1
    ),
    "serves": Column("u4", "bits", 0, 2**32 - 1, "Substances supplied, one bit each"),
    "reach": Column("u4", "bits", 0, 2**32 - 1, "Jurisdictions whose vendors are supplied, one bit each"),
    "source": Column(
        "i2", "slot", -1, 32767, "Manufacturers bought from, -1 for none: own production", default=-1, shape=(SOURCES,)
    ),
    "reliability": Column("f4", "share", 0, 1, "Share of restocking that arrives in time", default=1),
    "belief": Column("f4", "probability", 0, 1, "Interdiction risk reckoned with"),
    "seized": Column("f4", "share", 0, 1, "Share of the last month's consignments that were seized"),
    "concentration": Column(
        "f4", "ratio", 1, 1e3, "Strength of the product to its weight, relative to heroin", default=1
    ),
    "mixes": Column(
        "i4", "number", -2, 2**31 - 1, "Novel opioid in its goods, -1 for older synthetics, -2 for none", default=CLEAN
    ),
    "added": Column(
        "i4", "number", -1, 2**31 - 1, "Opioid from outside in its goods besides, -1 for none", default=NOBODY
    ),
    "cost": Column("f4", "ratio", 0, 100, "Cost to vendors relative to the usual cost", default=1),
    "removed_day": Column(
        "i2", "day", -NEVER, NEVER, "Day on which it was removed; it does not come back", default=NEVER
    ),
    "evidence": Column("f4", "officer-days", 0, 1e9, "Evidence gathered against the group"),
    "routes": Column("f4", "routes", 1, 1e4, "Routes in use: more where more is seized", default=1),
    "branches": Column("i4", "vendors", 0, 2**31 - 1, "Vendors in business who are branches of the group"),
    "clients": Column("i4", "vendors", 0, 2**31 - 1, "Vendors in business who buy from it, branches included"),
    "takings": Column("f4", "USD/day", 0, 1e12, "Money received a day, 30-day mean"),
    "drive": Column("f4", "ratio", 0, 100, "Recruitment for its size", default=1),
    "revenue": Column("i8", "cents", 0, 2**62, "Money that reached the group"),
    "paid": Column("i8", "cents", 0, 2**62, "Money that it passed on to manufacturers"),
}

if TYPE_CHECKING:
    from sim.agents.column_types import SupplierColumns  # pyright: ignore[reportMissingModuleSource]
else:
    SupplierColumns = columns_type("SupplierColumns", SUPPLIER, module=__name__)


class Supplier(SlotAgent, schema=SUPPLIER):
    """A manufacturer or an organised-crime group."""


register_columns("suppliers", Supplier)
