"""Enforcement: what agencies do with their officer-days, and attacks on how markets work."""
