"""Runs: one, several, a paired comparison, on the cores of this machine."""
