"""A population is typed columns and, at the same time, a set of Mesa agents that belongs to its model."""

import copy
import gc
import pickle
import tracemalloc

import mesa
import numpy as np
import pandas as pd
import pytest
from mesa.agentset import AbstractAgentSet, AgentSet
from mesa.experimental.mesa_signals import ModelSignals

from sim.population import Population, RowAgent, Selection, register
from tests.toy_town import RESIDENT, PlainResident, Resident, ResidentColumns, Shop, Town, ids, same

COPIES = [copy.deepcopy, lambda town: pickle.loads(pickle.dumps(town))]


@pytest.fixture
def town():
    """A town whose residents own 0, 1, 2, ... dollars, in four segments."""
    made = Town(12)
    made.residents.set("wealth", np.arange(12))
    made.residents.set("segment", np.arange(12) % 4)
    return made


@pytest.fixture
def residents(town):
    return town.residents


def test_attributes_of_an_agent_are_its_row(residents):
    agent = residents[5]
    agent.wealth = 77
    assert residents.columns.wealth[5] == 77
    residents.columns.age[5] = 41
    assert (agent.age, type(agent.age), type(agent.wealth)) == (41, int, float)
    agent.friends[1] = 8
    agent.friends = [4, agent.friends[1], 2]
    assert residents.columns.friends[5].tolist() == [4, 8, 2]


def test_a_row_keeps_nothing_that_is_not_declared(residents):
    with pytest.raises(AttributeError, match="Resident has no attribute 'welth'; did you mean 'wealth'"):
        residents[0].welth = 3
    with pytest.raises(AttributeError, match="no attribute 'pos'"):
        residents[0].pos = (1, 2)
    with pytest.raises(AttributeError):
        residents[0].rich = True


def test_indexing_is_by_row(residents):
    assert residents[7].row == 7
    assert residents[-1].row == 11
    assert residents[np.int64(3)] == residents[3]
    residents[3].remove()
    assert [agent.row for agent in residents[2:6]] == [2, 4, 5]
    assert residents[7].row == 7
    with pytest.raises(IndexError, match="the Resident of row 3 left the model"):
        residents[3]
    with pytest.raises(IndexError, match="no row 12 among 12 of Resident"):
        residents[12]
    with pytest.raises(IndexError):
        residents[-13]


def test_handles_on_one_agent_are_one_agent(town, residents):
    assert residents[4] == residents[4]
    assert len({residents[4], residents[4], residents.to_list()[4], residents[5]}) == 2
    assert residents[4] != residents[5]
    assert residents[4] != Town(12).residents[4]
    assert residents[4] != town.agents.to_list()[0]


def test_who_holds_an_agent_gets_the_same_object_again(town, residents):
    agent = residents[4]
    assert residents[4] is agent
    assert residents.to_list()[4] is agent
    assert next(a for a in town.agents if a.unique_id == agent.unique_id) is agent
    assert residents.select(lambda a: a.wealth == 4)[0] is agent
    made = Resident(town)
    assert residents[made.row] is made
    agent.remove()
    assert agent.wealth == 4
    assert set(residents._handles.refs) == {4, made.row}, "of those whom nobody holds nothing is kept"


def test_a_row_that_was_given_again_is_another_object():
    town = Town(5, reuse=True)
    old = town.residents[1]
    old.remove()
    town.residents.add(1)
    new = town.residents[1]
    assert new is not old
    assert new.unique_id != old.unique_id
    assert town.residents[1] is new


@pytest.mark.parametrize("again", COPIES)
def test_copies_keep_who_is_who(again, town):
    town.mayor, town.council = town.residents[3], [town.residents[3], town.residents[4]]
    other = again(town)
    assert other.mayor is other.council[0] is other.residents[3]
    assert other.mayor is not town.mayor


def test_a_mesa_set_holds_agents_whom_somebody_holds(town, residents):
    everybody = residents.to_list()
    chosen = AgentSet(everybody)
    assert len(chosen) == 12
    assert chosen.select(lambda a: a.wealth > 9).agg("wealth", sum) == 21
    chosen.shuffle_do("earn", 5)
    assert residents.agg("wealth", min) == 5
    some = residents.select(residents.get("segment") == 1)
    held = some.to_list()
    assert [agent in AgentSet(held) for agent in everybody[:3]] == [False, True, False]
    del everybody, held
    assert len(chosen) == 0, "Mesa's set holds nobody: it is empty when nobody else does"


def test_populations_and_selections_are_agent_sets(town, residents):
    chosen = [residents, residents.select(at_most=3), residents.shuffle(), town.agents.select(), town.agents.copy()]
    assert all(isinstance(agents, AgentSet) for agents in chosen)
    public = {name for name in dir(AgentSet) if not name.startswith("_")} - {"count", "index"}  # a sequence: deprecated
    assert [[name for name in public if not hasattr(agents, name)] for agents in chosen] == [[]] * len(chosen)


def test_numbers_are_unique_among_all_agents(town, residents):
    Resident(town)
    Shop(town, town.shops)
    residents.add(2)
    numbers = ids(town.agents)
    assert numbers == list(range(1, 19))
    assert residents.get("unique_id").tolist() == ids(residents)
    assert PlainResident(town).unique_id == 19


def test_the_model_holds_the_population_as_any_agents(town, residents):
    assert isinstance(residents, AbstractAgentSet)
    assert town.agents_by_type[Resident] is residents
    assert town.agent_types == [Shop, Resident]
    assert len(town.agents) == 14
    assert residents[3] in town.agents
    assert Town(12).residents[3] not in town.agents
    assert [type(agent) for agent in town.agents] == [Shop] + [Resident] * 12 + [Shop]
    assert residents[3].model is town
    assert residents[3].rng is town.rng


def test_an_agent_that_leaves_is_nowhere(town, residents):
    chosen = residents.select(at_most=6)
    agent = residents[2]
    agent.remove()
    assert agent not in town.agents
    assert agent not in residents
    assert agent not in chosen
    assert (len(town.agents), len(residents), len(chosen)) == (13, 11, 5)
    agent.remove()
    assert len(residents) == 11
    with pytest.raises(KeyError):
        residents.remove(agent)
    with pytest.raises(KeyError):
        chosen.remove(agent)
    residents.discard(agent)
    assert agent.wealth == 2, "its last state can still be read"


def test_a_population_that_is_not_registered_is_a_set_too():
    alone = Population(mesa.Model(rng=1), Resident, RESIDENT, ResidentColumns, 3)
    alone[1].remove()
    assert [agent.row for agent in alone] == [0, 2]
    with pytest.raises(TypeError, match="no population of Resident is registered"):
        Resident(alone.model)


def test_many_leave_at_once_or_none(residents):
    with pytest.raises(KeyError):
        residents.remove([1, 2, 12])
    residents[5].remove()
    with pytest.raises(KeyError):
        residents.remove([4, 5])
    assert len(residents) == 11
    residents.remove(residents.select(residents.get("wealth") > 7).rows)
    assert residents.get("wealth").tolist() == [0, 1, 2, 3, 4, 6, 7]


def test_all_agents_can_be_removed(town):
    town.remove_all_agents()
    assert (len(town.agents), len(town.residents), town.agents.to_list()) == (0, 0, [])
    assert same(town.residents.get("wealth"), [])


def test_the_population_grows_by_doubling_and_keeps_what_it_holds(residents):
    agent, before = residents[3], residents.columns
    rows = residents.add({"wealth": np.arange(20.0), "age": 50})
    assert rows.tolist() == list(range(12, 32))
    assert (residents.n, residents.capacity, len(residents.columns.wealth)) == (32, 48, 48)
    assert residents.columns is not before
    assert residents.get("wealth").tolist() == [*range(12), *range(20)]
    assert residents.get("age").tolist() == [30] * 12 + [50] * 20
    agent.wealth = 99
    assert residents.columns.wealth[3] == 99


def test_there_is_room_for_as_many_as_asked():
    alone = Population(mesa.Model(rng=1), Resident, RESIDENT, ResidentColumns, 3, capacity=100)
    before = alone.columns
    alone.add(97)
    assert alone.columns is before


def test_nothing_is_added_when_values_do_not_fit_together(residents):
    with pytest.raises(ValueError, match=r"different lengths: \[2, 3\]"):
        residents.add({"wealth": [1, 2], "age": [1, 2, 3]})
    with pytest.raises(TypeError, match="no attribute 'welth'; did you mean 'wealth'"):
        residents.add({"welth": [1, 2]})
    with pytest.raises(ValueError, match="cannot add -1"):
        residents.add(-1)
    assert (len(residents), residents.n) == (12, 12)
    assert residents.add({"friends": [[1, 2, 3], [4, 5, 6]], "wealth": 3}).size == 2
    assert residents[13].friends.tolist() == [4, 5, 6]


def test_rows_are_not_given_twice_unless_asked_for():
    town = Town(5)
    town.residents.remove([1, 3])
    assert town.residents.add(3).tolist() == [5, 6, 7]


def test_reused_rows_go_to_new_agents():
    town = Town(5, reuse=True)
    residents = town.residents
    old, chosen = residents[1], residents.select(at_most=3)
    residents[1].wealth = 500
    residents.remove([1, 3])
    assert residents.add(3).tolist() == [1, 3, 5]
    new = residents[1]
    assert (new.wealth, new.unique_id, residents.n) == (10, 8, 6)
    assert len(residents) == len(residents.to_list()) == 6
    assert old not in residents
    assert old != new
    assert ids(chosen) == [2, 4]
    assert ids(town.agents) == [1, 2, 4, 6, 7, 8, 9, 10], "in the order in which they came"
    with pytest.raises(ReferenceError, match="its row now belongs to another agent"):
        old.wealth  # noqa: B018
    old.remove()
    assert new in residents


def test_subscribers_of_the_model_hear_of_rows(town, residents):
    heard = []

    def listen(message):
        heard.append((message.signal_type, message.additional_kwargs["args"][0].row))

    town.observe("agents", ModelSignals.AGENT_ADDED, listen)
    town.observe("agents", ModelSignals.AGENT_REMOVED, listen)
    residents.add(2)
    residents.remove([0, 1])
    residents[2].remove()
    added, removed = ModelSignals.AGENT_ADDED, ModelSignals.AGENT_REMOVED
    assert heard == [(added, 12), (added, 13), (removed, 0), (removed, 1), (removed, 2)]


def test_agents_are_made_as_in_mesa(town, residents):
    made = Resident.create_agents(town, 3, wealth=[1.0, 2.0, 3.0], segment=2, friends=[7, 8, 9])
    assert made.get("wealth").tolist() == [1, 2, 3]
    assert made.get("segment").tolist() == [2, 2, 2]
    assert made.get("friends").tolist() == [[7, 8, 9]] * 3
    frame = pd.DataFrame({"wealth": [4.0, 5.0], "age": [60, 70]})
    assert [(a.wealth, a.age, a.segment) for a in Resident.from_dataframe(town, frame, segment=1)] == [
        (4, 60, 1),
        (5, 70, 1),
    ]
    assert len(Resident.create_agents(town, 2)) == 2
    assert len(residents) == 19
    with pytest.raises(ValueError, match="could not be broadcast"):
        Resident.create_agents(town, 3, wealth=[1.0, 2.0])
    with pytest.raises(TypeError, match="given by the name of their column"):
        Resident.create_agents(town, 3, 10.0)
    with pytest.raises(TypeError, match="no attribute 'welth'"):
        Resident(town, welth=1)
    assert len(residents) == 19


def test_one_class_is_one_population(town):
    with pytest.raises(ValueError, match="has agents of class Resident already"):
        register(town, Population(town, Resident, RESIDENT, ResidentColumns, 1))
    with pytest.raises(TypeError, match="make a subclass of RowAgent"):
        Population(town, RowAgent, RESIDENT, ResidentColumns, 1)


def test_a_model_can_have_several_populations(town):
    class Visitor(RowAgent, schema=RESIDENT):
        pass

    visitors = Population(town, Visitor, RESIDENT, ResidentColumns, 2)
    register(town, visitors)
    visitors[0].remove()
    assert [type(agent).__name__ for agent in town.agents][-3:] == ["Resident", "Shop", "Visitor"]
    assert visitors[1] in town.agents
    assert visitors[1] not in town.residents


@pytest.mark.parametrize("again", COPIES)
def test_a_copied_model_runs_on_as_the_first_would_have(again, town):
    town.run_for(3)
    town.residents[2].remove()
    town.residents.sort("wealth", inplace=True)
    other = again(town)
    town.run_for(4)
    assert other.residents.get("wealth").max() == 14
    other.run_for(4)
    assert other.time == town.time
    assert all(np.array_equal(*pair, equal_nan=True) for pair in zip(*both_columns(town, other), strict=True))
    assert ids(other.agents) == ids(town.agents)
    assert ids(other.residents) == ids(town.residents)
    assert Resident(other).unique_id == Resident(town).unique_id
    other.residents[5].wealth = 0
    assert town.residents[5].wealth == 12
    assert other.residents[5].model is other


def both_columns(*towns):
    return (town.residents.columns for town in towns)


@pytest.mark.parametrize("again", COPIES)
def test_copied_handles_and_selections_belong_to_the_copied_population(again, town, residents):
    town.favourites = {residents[3], residents[4]}
    town.poor = residents.select(residents.get("wealth") < 5)
    other = again(town)
    assert all(agent in other.residents for agent in other.favourites)
    assert residents[3] not in other.favourites
    assert ids(other.poor) == ids(town.poor)
    assert other.poor.population is other.residents
    alone = again(residents[3])
    assert (alone.wealth, alone.unique_id, alone.model is town) == (3, residents[3].unique_id, False)


def test_nothing_is_kept_of_a_row_but_its_values(town):
    count = 50_000
    tracemalloc.start()
    big = Town(count)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    row = sum(column.bytes for column in RESIDENT.values()) + 9
    assert used < count * row + 100_000
    before = len(gc.get_objects())
    assert sum(agent.wealth for agent in big.residents) == 10 * count
    assert sum(1 for agent in big.agents) == count + 2
    assert len(gc.get_objects()) < before + 100


def test_data_collector_reports_rows_as_it_reports_agents():
    frames = []
    for plain in (False, True):
        town = Town(6, plain=plain)
        collector = mesa.DataCollector(
            model_reporters={"total": lambda m: m.residents.agg("wealth", sum), "people": lambda m: len(m.agents)},
            agent_reporters={"kind": lambda agent: type(agent) is Shop},
            agenttype_reporters={town.kind: {"wealth": "wealth", "rich": lambda agent: agent.rich}},
        )
        for _ in range(3):
            collector.collect(town)
            town.run_for(2)
            town.residents.to_list()[-1].remove()
        frames.append(
            (
                collector.get_model_vars_dataframe(),
                collector.get_agent_vars_dataframe(),
                collector.get_agenttype_vars_dataframe(town.kind),
            )
        )
    for rows, plain in zip(*frames, strict=True):
        pd.testing.assert_frame_equal(rows, plain)


def test_a_selection_knows_its_place(residents):
    chosen = residents.at([7, 2, 7, 5])
    assert isinstance(chosen, Selection)
    assert chosen.rows.tolist() == [7, 2, 5]
    assert (chosen[0].row, chosen[-1].row, [a.row for a in chosen[1:]]) == (7, 5, [2, 5])
    assert repr(chosen) == "<Selection of 3 Resident>"
    assert repr(chosen[0]) == "<Resident row 7, id 9>"
    with pytest.raises(IndexError, match="rows are 0 to 11, not 3 to 12"):
        residents.at([3, 12])
