"""What tests of the page share: small questions, a server of its own process, and where a browser is."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

from sim.app.home import Home
from sim.app.plan import Package, Plan, Size
from sim.app.running import HOLDER, Runner

ROOT = Path(__file__).parents[1]
WORLD = {"extends": "baseline", "burn_in": 5}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
START_SECONDS = 120
"""Seconds that a server may take until it says where it is, on a machine with much to do."""


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
def begun(command, pattern, seconds=START_SECONDS):
    """A process in a session of its own, once it has said something; gives what was found in it, and the process.

    What it says goes into a file: nobody has to read it for the process to go on, and waiting for it has an end.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
        try:
            until = time.monotonic() + seconds
            while not (found := re.search(pattern, _all_of(said))):
                assert process.poll() is None, f"it ended: {_all_of(said)}"
                assert time.monotonic() < until, (
                    f"it did not say in {seconds} s what was waited for: {_all_of(said)[:2000]}"
                )
                time.sleep(0.05)
            yield found, process
        finally:
            end(process.pid)
            process.wait(20)


def _all_of(stream):
    return os.pread(stream.fileno(), 1_000_000, 0).decode("utf-8", "replace")


@contextmanager
def serving(folder, *words):
    """A server of the page in a process of its own; gives its address and the process. Its studies end with it."""
    command = [sys.executable, "-m", "sim.cli", "app", "--out", str(folder), "--port", "0", "--no-browser", *words]
    try:
        with begun(command, r"http://\S+/") as (found, process):
            urllib.request.urlopen(found[0], timeout=START_SECONDS).close()
            yield found[0], process
    finally:
        end_studies(folder)


def end_studies(folder):
    """End the studies that are at work in the folder of a server, with all that they started."""
    for identity in Runner(Home(folder)).at_work():
        end(json.loads((Path(folder) / identity / HOLDER).read_text())["pid"])


def end(pid):
    """End a process that leads a session, and the session with it; they may have ended."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
