"""A process that a test began cannot hang it, and ends with what it started in turn."""

import subprocess
import sys
import time

import pytest

from tests.app_server import begun


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
