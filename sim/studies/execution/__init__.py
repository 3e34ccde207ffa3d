"""Execution: batches of runs on cores or a cluster, stopped and gone on with, and checked again."""
