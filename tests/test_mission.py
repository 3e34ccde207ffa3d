"""Every row of the mission has a mechanism, an intervention, an outcome and a test, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sim.policies  # noqa: F401 - registers the kinds
from sim.measures.dictionary import outcomes
from sim.registry import policy_kinds

ROOT = Path(__file__).parents[1]
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in (ROOT / "docs" / "mission.md").read_text().splitlines()
    if re.match(r"\| \d+ \|", line)
]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_no_point_is_dropped():
    assert [int(row[0]) for row in ROWS] == list(range(1, 29))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_the_row_names_is_there(row):
    _, _, places, policies, shown, proofs, missed = row
    for place in names(places):
        assert (ROOT / "sim" / place).is_file(), place
    assert set(names(policies)) <= set(policy_kinds())
    assert set(names(shown)) <= set(outcomes())
    for proof in names(proofs):
        file, _, test = proof.partition("::")
        assert f"def {test}(" in (ROOT / "tests" / f"{file}.py").read_text(), proof
    assert all(names(cell) for cell in (places, policies, shown, proofs))
    assert len(missed) > 20


def test_every_intervention_serves_a_point():
    history = {"operator_exit", "vendor_arrests", "novel_opioid"}
    assert set(policy_kinds()) - {kind for row in ROWS for kind in names(row[3])} <= history
