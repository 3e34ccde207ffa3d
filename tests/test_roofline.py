"""What the roofline counts and how it reckons; the measurements themselves are for `python -m benchmarks.roofline`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import roofline
from benchmarks.roofline import PARTS, SMALL, lines, shares, through

ROOT = Path(__file__).parents[1]

SCRIPT = """
import json
from benchmarks.counts import TALLY, Counted, count
import numpy as np
def touched(places, length=4096):
    column = np.zeros(length + 8)
    column = column[-column.__array_interface__["data"][0] // 8 % 8:][:length].view(Counted)  # from the beginning of a line
    TALLY.found.clear(); TALLY.begin("x")
    for i in places: column[i] = column[i] + 1.0
    return dict(TALLY.found["x"])
said = {"row": touched(range(64)), "apart": touched(range(0, 4096, 64)), "same": touched([5] * 9)}
TALLY.phase = ""
said["day"] = count(200, 2)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def counted():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_reads_in_a_row_come_by_the_line_and_others_are_waited_for(counted):
    assert counted["row"] == {"random_lines": 1, "stream_bytes": 7 * 64}
    assert counted["apart"] == {"random_lines": 64}
    assert counted["same"] == {"random_lines": 1}


def test_phases_do_what_their_rules_say(counted):
    day = counted["day"]
    assert {"demand", "choice", "checkout", "shipping", "consumption", "learning"} <= set(day)
    assert (
        day["choice"]["exponentials"] > day["choice"]["draws"] > 0
    )  # a weight for every candidate, a draw for the choice
    assert day["consumption"]["draws"] > 0.1
    assert day["apply_policies"] == dict.fromkeys(PARTS, 0.0)


@pytest.mark.parametrize(("once", "each"), [(0.0, 0.5), (300.0, 0.0), (40.0, 1.25)])
def test_counts_of_two_small_worlds_tell_those_of_any(once, each):
    small, large = (each + once / n for n in SMALL)
    assert through(small, large, 10_000) == pytest.approx(each + once / 10_000)


def test_a_phase_is_held_by_the_part_that_takes_longest_alone():
    rows = [
        {"phase": "choice", "kernel_ms": 1.0, "shell_ms": 0.5},
        {"phase": "begin_day", "kernel_ms": 0.0, "shell_ms": 0.5},
    ]
    done = {"choice": {"draws": 2.0, "exponentials": 1.0, "stream_bytes": 64.0, "random_lines": 3.0}}
    can = {"draws": 1e8, "exponentials": 1e8, "stream_bytes": 1e10, "random_lines": 1e8}
    (row,) = shares(rows, done, can, 10_000)
    assert row["kernel_ns"] == pytest.approx(100.0)
    assert (row["bound_by"], row["share"]) == ("random", pytest.approx(0.3))
    assert (row["draws_ns"], row["stream_bytes_ns"]) == (pytest.approx(20.0), pytest.approx(6.4))
    report = "\n".join(lines([row], can, 10_000, 10**6))
    assert "30 %" in report
    assert "100 million draws" in report


def test_a_draw_takes_longer_than_a_byte(monkeypatch):
    monkeypatch.setattr(roofline, "TURNS", 20_000)
    monkeypatch.setattr(roofline, "STREAM_BYTES", 2**20)
    can = roofline.limits(2**20)
    assert set(can) == set(PARTS)
    assert 0 < can["draws"] < can["stream_bytes"]
