"""Numbers as people read them; see `sim.measures.numbers`, which studies use too."""

from sim.measures.numbers import NOTHING, effect, interval, level, percent

__all__ = ["NOTHING", "effect", "interval", "level", "percent"]
