"""A process that is ready to do a study before there is one: `python -m sim.cli.waiting WORKERS [AHEAD]`, which the server of the page starts and keeps.

It loads what an `odm study` needs, wakes its workers, has them do the days that ``AHEAD`` says (JSON, for `sim.studies.execution.batches.be_ahead`), and
waits for a line on its standard input: the words of an `odm` command, and the two files for what that prints. Where none comes, as when the server ends, it
ends too.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from sim.cli import main, studies
from sim.studies.runs import lazily

NEEDED = ("pandas.core.api", "pyarrow.parquet", "sim.model", "sim.policies", "sim.report.study", "sim.cli.progress")


def wait(workers: int, ahead: Mapping[str, Any] | None = None) -> list[str]:
    """Get ready, wait, and return the words of the command that came, with the output turned to its files; none where no command came."""
    with studies.awake(workers, workers, ahead):
        for name in NEEDED:
            import_module(name)
        line = sys.stdin.readline()
        if not line:
            return []
        asked = json.loads(line)
        for file, stream in zip(asked["files"], (sys.stdout, sys.stderr), strict=True):
            opened = os.open(file, os.O_WRONLY | os.O_APPEND)
            os.dup2(opened, stream.fileno())
            os.close(opened)
        sys.argv = ["odm", *asked["words"]]
        main()
    return asked["words"]


if __name__ == "__main__":
    lazily.load_late()
    wait(int(sys.argv[1]), json.loads(sys.argv[2]) if sys.argv[2:] else None)
