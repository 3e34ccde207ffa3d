"""No test lasts for ever, nor does a process that it began."""

import os
import subprocess
import sys
import time

import pytest

from tests.app_server import begun
from tests.deadlines import Late, deadline


@pytest.fixture
def pipe():
    """A pipe into which nobody writes."""
    reading, writing = os.pipe()
    yield reading
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    "waits", [lambda pipe: os.read(pipe, 1), lambda _: time.sleep(60)], ids=["for a pipe", "in vain"]
)
def test_what_waits_for_ever_is_ended(pipe, waits):
    began = time.monotonic()
    with pytest.raises(Late, match=r"0\.1 s"), deadline(0.1):
        waits(pipe)
    assert time.monotonic() - began < 30


def test_what_ends_in_time_is_left_alone():
    with deadline(0.1):
        pass
    time.sleep(0.2)


@pytest.mark.parametrize(
    ("says", "seconds", "told"),
    [
        ("print('no address', flush=True); time.sleep(600)", 1, "no address"),
        ("print('broken')", 60, "it ended: broken"),
    ],
)
def test_a_process_that_does_not_say_what_is_waited_for_is_ended_and_what_it_said_is_told(says, seconds, told):
    with (
        pytest.raises(AssertionError, match=told),
        begun([sys.executable, "-c", f"import time; {says}"], "http", seconds),
    ):
        pass


def test_a_process_that_says_much_goes_on_though_nobody_reads_it_and_ends_with_what_it_started(tmp_path):
    done = tmp_path / "done"
    code = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"print('child', child.pid, flush=True); print('x' * 10**6, flush=True); pathlib.Path({str(done)!r}).touch(); time.sleep(600)"
    )
    with begun([sys.executable, "-c", code], r"child (\d+)\n") as (found, _):
        until = time.monotonic() + 60
        while not done.exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        child = int(found[1])
        assert _there(child)
    until = time.monotonic() + 20
    while _there(child):
        assert time.monotonic() < until
        time.sleep(0.02)


def _there(pid):
    """Whether a process is there and has not ended."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(found) and not found.startswith("Z")
