"""What tests of the page share: small questions, a server of its own process, and where a browser is."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

from sim.app.plan import Package, Plan, Size

ROOT = Path(__file__).parents[1]
WORLD = {"extends": "baseline", "burn_in": 5}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def small(pairs=2, days=20, consumers=300, question="What if a market closes?"):
    """A comparison that takes seconds: one market closed, and drugs checked."""
    packages = (
        Package("Close a market", ({"kind": "takedown", "start": 5},)),
        Package("Check drugs", ({"kind": "drug_checking", "start": 3, "reach": 0.9},)),
    )
    return Plan(question, WORLD, (), packages, Size(consumers, days, pairs))


def browser_path():
    """The browser of this machine; None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def serving(folder, *words):
    """A server of the page in a process of its own; gives its address and the process."""
    command = [sys.executable, "-m", "sim.cli", "app", "--out", str(folder), "--port", "0", "--no-browser", *words]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        said = process.stderr.readline()
        found = re.search(r"http://\S+/", said)
        assert found, said + process.stderr.read()
        urllib.request.urlopen(found[0], timeout=60).close()
        yield found[0], process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def end(pid):
    """End a process that may have ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, 9)
