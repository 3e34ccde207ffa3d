"""The `odm` command: `main` with its options, the other files with what its commands print.

`show_study` is for scripts that do a study and want it watched as the command's is.
"""

from sim.cli.main import app, main
from sim.cli.progress import show_study

__all__ = ["app", "main", "show_study"]
