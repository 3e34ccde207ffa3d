"""What few agents have stands in rows of their own, and is an attribute of every agent like any other."""

import copy
import pickle

import mesa
import numpy as np
import pytest

from sim.agents.codes import NO_SLOT
from sim.market.people.who import blank
from sim.population import Column, Population, RowAgent, columns_type, make_room, register
from tests.worlds import model_of, ran, world

ANGLER = {
    "age": Column("i2", "years", 0, 120, "Age", default=30),
    "licence": Column("u4", "row", 0, 2**32 - 1, "Where is kept what anglers have, 0 for none"),
    "rods": Column("u1", "rods", 0, 9, "Rods owned", few="licence"),
    "lakes": Column("i4", "lake", -1, None, "Two lakes, -1 for none", default=-1, shape=(2,), few="licence"),
}
AnglerColumns = columns_type("AnglerColumns", ANGLER, module=__name__)


class Angler(RowAgent, schema=ANGLER):
    """Somebody who may fish."""


class Shore(mesa.Model):
    """A place with people, of whom few fish."""

    def __init__(self, n):
        super().__init__(rng=1)
        self.people = Population(self, Angler, ANGLER, AnglerColumns, n)
        register(self, self.people)


@pytest.fixture
def people():
    return Shore(100).people


def kept(people):
    """Rows of what few have, the one of all others apart."""
    return len(people.columns.rods) - 1


def test_nobody_has_a_row_at_first(people):
    assert kept(people) == 0
    assert people.get("rods").tolist() == [0] * 100
    assert people.get("lakes").tolist() == [[-1, -1]] * 100


def test_who_is_given_something_has_a_row_and_nobody_else_notices(people):
    people[7].rods, people[3].lakes = 2, [4, 5]
    people.at([7, 8]).set("lakes", [[1, 2], [-1, -1]])
    assert people.get("rods")[[6, 7, 8]].tolist() == [0, 2, 0]
    assert people.get("lakes")[[3, 7, 8]].tolist() == [[4, 5], [1, 2], [-1, -1]]
    assert (people.columns.licence > 0).nonzero()[0].tolist() == [3, 7]
    assert people.problems() == []


def test_an_agents_own_row_can_be_changed_in_place_and_that_of_the_others_cannot(people):
    people[3].lakes = [4, 5]
    people[3].lakes[0] = 6
    assert people.get("lakes")[3].tolist() == [6, 5]
    with pytest.raises(ValueError, match="read-only"):
        people[4].lakes[0] = 6


def test_what_is_out_of_range_is_not_written(people):
    with pytest.raises(ValueError, match="rods is 0 to 9"):
        people[7].rods = 10
    with pytest.raises(ValueError, match="rods is 0 to 9"):
        people.set("rods", 10)
    assert kept(people) == 0


def test_new_agents_come_with_what_they_have(people):
    rows = people.add({"age": [20, 21, 22], "rods": [0, 3, 0]})
    assert people.get("rods")[rows].tolist() == [0, 3, 0]
    assert (people.columns.licence[rows] > 0).tolist() == [False, True, False]


def test_rows_at_their_defaults_go_to_others(people):
    for turn in range(200):
        who = [turn % 90, turn % 90 + 1]
        people.at(who).set("rods", 1)
        assert people.get("rods").sum() == 2
        people.at(who).set("rods", 0)
    assert kept(people) < 10


def test_there_is_room_for_as_many_as_are_asked_for(people):
    people.at(np.arange(5)).set("rods", 1)
    make_room(people, "licence", np.arange(60))
    assert people.spare["licence"][0] >= 55
    assert len({*people.columns.licence[:5].tolist()} | {0}) == 6


def test_everybody_may_have_some(people):
    people.set("rods", np.arange(100) % 9 + 1)
    assert people.get("rods").tolist() == (np.arange(100) % 9 + 1).tolist()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda shore: pickle.loads(pickle.dumps(shore))])
def test_a_copy_has_rows_of_its_own(again):
    shore = Shore(10)
    shore.people.set("rods", 1)
    other = again(shore).people
    other.set("rods", 2)
    assert shore.people.get("rods").tolist() == [1] * 10


def test_a_row_of_nobody_that_was_written_to_is_a_problem(people):
    people.columns.rods[0] = 1
    assert people.problems() == ["rods: somebody without a row of licence has 1"]


# The market -----------------------------------------------------------------------------------------------------------
def test_who_knows_a_cryptomarket_has_a_memory_and_no_two_have_the_same():
    model = ran(world(consumers=3000, days=60))
    c, n = model.consumers.columns, model.consumers.n
    knows = (model.consumers.get("known") != NO_SLOT).any(axis=1)
    theirs = c.memory[:n][knows]
    assert 0.02 < knows.mean() < 0.5
    assert len(np.unique(theirs)) == len(theirs)
    assert theirs.min() > 0
    assert (c.home[:n][~knows] == NO_SLOT).all()
    assert model.consumers.problems() == []


def test_who_comes_knows_no_market_though_the_one_before_did():
    model = model_of(world(consumers=3000))
    users = np.flatnonzero((model.consumers.get("known") != NO_SLOT).any(axis=1))
    assert len(users)
    blank(model, users)
    assert (model.consumers.get("known") == NO_SLOT).all()
    assert not model.consumers.get("good").any()
