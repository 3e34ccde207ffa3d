"""Results do not move unnoticed."""

from __future__ import annotations

import json

import pytest

from tests.baseline_numbers import FILE, SEEDS, SETTINGS, Numbers, numbers

ADVICE = (
    "Results of the baseline have moved. If they were meant to, run `make baseline-numbers` "
    "(python -m tests.baseline_numbers) and say in CHANGELOG.md why; if not, a rule, a parameter or a draw has changed."
)
WRITTEN = json.loads(FILE.read_text(encoding="utf-8"))


def moves(before: Numbers, now: Numbers) -> list[str]:
    """A line for each outcome that is not what it was."""
    lines = [
        f"{name}: was {before[name]}, is {now[name]}" for name in before if name in now and before[name] != now[name]
    ]
    lines += [f"{name}: is gone" for name in before if name not in now]
    return lines + [f"{name}: is new" for name in now if name not in before]


def test_the_file_is_of_these_settings():
    assert WRITTEN["settings"] == SETTINGS, ADVICE
    assert list(WRITTEN["outcomes"]) == [str(seed) for seed in SEEDS], ADVICE


@pytest.mark.parametrize("seed", SEEDS)
def test_the_baseline_is_what_it_was(seed):
    moved = moves(WRITTEN["outcomes"][str(seed)], numbers(seed))
    assert not moved, "\n".join([ADVICE, *moved])


def test_the_last_bit_of_a_number_counts():
    before: Numbers = {"orders": 100.0, "scam_rate": 0.1, "lag": None, "gone": 1.0}
    now: Numbers = {"orders": 100.0, "scam_rate": 0.1 + 2**-54, "lag": None, "fresh": 1.0}
    assert [line.split(":")[0] for line in moves(before, now)] == ["scam_rate", "gone", "fresh"]
    assert moves(before, dict(before)) == []
