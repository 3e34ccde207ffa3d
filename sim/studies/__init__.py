"""How runs become answers: single runs, paired comparisons, run records, the self-check.

Import from the modules themselves, or from `sim`: ``from sim import run, compare``.
"""
