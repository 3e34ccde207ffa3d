"""The `odm` command: `main` with its options, the other files with what its commands print."""

from sim.cli.main import app, main

__all__ = ["app", "main"]
