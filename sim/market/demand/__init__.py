"""Demand: who needs what today, and what the law does to it."""
