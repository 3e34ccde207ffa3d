"""The plain twin: the core of the day as ordinary Mesa objects, one per consumer, vendor and platform.

Written from the description of the market and independent of the kernels in `sim`: from there it takes parameter
values and tables, and nothing that acts.
"""

from benchmarks.plain_mesa.model import PlainMarket

__all__ = ["PlainMarket"]
