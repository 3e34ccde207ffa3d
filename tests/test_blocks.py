"""Rows that are due or marked, and levers that are set back at once: what the kernels give is what plain NumPy gives."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sim.agents.levers import Levers
from sim.market.blocks import rows_due, rows_marked

DAYS = st.integers(-5, 5)
FLAGS = st.integers(0, 1)


@given(hnp.arrays(np.int16, 40, elements=DAYS), hnp.arrays(np.uint8, 40, elements=FLAGS), DAYS, st.integers(0, 40))
def test_rows_are_due_whose_day_has_come_and_who_live(when, alive, day, n):
    expected = np.flatnonzero((when[:n] <= day) & (alive[:n] == 1))
    assert rows_due(n, when, alive, day).tolist() == expected.tolist()


@given(hnp.arrays(np.uint8, st.integers(0, 50), elements=st.integers(0, 255)))
def test_rows_are_marked_whose_mark_is_not_zero(marks):
    assert rows_marked(marks).tolist() == np.flatnonzero(marks).tolist()


@pytest.mark.parametrize("other", [copy.deepcopy, lambda levers: pickle.loads(pickle.dumps(levers))])
def test_a_copy_of_the_levers_moves_on_its_own(other):
    levers = Levers(3)
    levers.postal_staff[1] = 2.0
    twin = other(levers)
    assert twin.postal_staff.tolist() == [1.0, 2.0, 1.0]
    twin.reset()
    assert (twin.postal_staff == 1.0).all()
    assert levers.postal_staff.tolist() == [1.0, 2.0, 1.0]


def test_resetting_the_levers_makes_each_neutral_again():
    levers, neutral = Levers(3), Levers(3)
    for row in Levers.describe():
        getattr(levers, str(row["name"]))[...] += 1.0
    levers.reset()
    for row in Levers.describe():
        name = str(row["name"])
        assert (getattr(levers, name) == row["neutral"]).all(), name
        assert getattr(levers, name).shape == getattr(neutral, name).shape
