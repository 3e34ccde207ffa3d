"""Numbers as people read them; see `sim.studies.findings.numbers`, which studies use too."""

from sim.studies.findings.numbers import NOTHING, effect, interval, level, percent

__all__ = ["NOTHING", "effect", "interval", "level", "percent"]
