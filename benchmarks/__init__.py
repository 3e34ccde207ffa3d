"""Benchmarks: the plain twin of the market, the docking test against it, and speed and memory beside it."""
