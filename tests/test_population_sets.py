"""What Mesa's own tests ask of an AgentSet, asked of populations and of what is selected from them."""

import copy

import numpy as np
import pytest
from mesa.agentset import GroupBy

from sim.population import Population
from tests.toy_town import Resident, Shop, Town, ids


@pytest.fixture
def town():
    """A town whose residents own 0, 1, 2, ... dollars, in four segments."""
    made = Town(12)
    made.residents.set("wealth", np.arange(12))
    made.residents.set("segment", np.arange(12) % 4)
    return made


@pytest.fixture(params=["population", "selection"])
def agents(request, town):
    """All residents, as the population or as a selection of everybody."""
    return town.residents if request.param == "population" else town.residents.select()


def rows(agents):
    return [agent.row for agent in agents]


def test_values_come_in_the_type_of_their_column(agents):
    assert agents.get("segment").dtype == np.uint8
    assert agents.get("wealth").tolist() == list(range(12))
    assert agents.get("friends").shape == (12, 3)
    assert agents.get("row").tolist() == list(range(12))


def test_several_attributes_come_together(agents):
    assert agents.get(["segment", "wealth"])[5].tolist() == [1, 5]
    segment, friends = agents.get(["segment", "friends"])[5]
    assert (segment, friends.tolist()) == (1, [-1, -1, -1])
    assert agents.get([]).shape == (12, 0)


def test_what_was_read_is_not_the_state(agents):
    wealth = agents.get("wealth")
    wealth += 100
    assert agents.get("wealth").max() == 11


def test_attributes_that_are_not_columns_can_be_read(agents):
    agents[3].wealth = 1_000
    assert np.flatnonzero(agents.get("rich")).tolist() == [3]
    assert agents.get("model").tolist() == [agents.model] * 12


def test_missing_attributes_are_an_error_or_a_default(agents):
    with pytest.raises(AttributeError, match="Resident has no attribute 'welth'; did you mean 'wealth'"):
        agents.get("welth")
    with pytest.raises(AttributeError):
        agents.get(["wealth", "welth"])
    assert agents.get("welth", handle_missing="default").tolist() == [None] * 12
    assert agents.get(["wealth", "welth"], "default", -1)[4].tolist() == [4, -1]
    with pytest.raises(ValueError, match="Unknown handle_missing option"):
        agents.get("wealth", handle_missing="ignore")


def test_values_are_set_for_all_or_for_each(agents):
    assert agents.set("wealth", 3) is agents
    assert agents.get("wealth").tolist() == [3] * 12
    agents.set("friends", [1, 2, 3]).set("age", range(12))
    assert agents[11].friends.tolist() == [1, 2, 3]
    assert agents.get("age").tolist() == list(range(12))
    with pytest.raises(ValueError, match="broadcast"):
        agents.set("age", [1, 2])
    with pytest.raises(AttributeError, match="did you mean 'wealth'"):
        agents.set("welth", 1)
    with pytest.raises(AttributeError):
        agents.set("rich", True)


def test_setting_a_selection_leaves_others_alone(town):
    town.residents.at([5, 2]).set("wealth", [50, 20])
    assert town.residents.get("wealth").tolist() == [0, 1, 20, 3, 4, 50, 6, 7, 8, 9, 10, 11]


def test_aggregates(agents):
    assert agents.agg("wealth", np.mean) == 5.5
    assert agents.agg("wealth", [min, max, sum, len]) == [0, 11, 66, 12]
    assert agents.agg("segment", lambda values: values.dtype) == np.int64


def test_narrow_columns_do_not_overflow():
    town = Town(300)
    town.residents.set("segment", 3)
    assert town.residents.agg("segment", [sum, np.sum, lambda values: sum(values.tolist())]) == [900] * 3
    assert town.residents.groupby("segment").agg("segment", sum) == {3: 900}


def test_selecting_by_function_number_share_and_type(agents):
    assert rows(agents.select(lambda a: a.wealth > 8)) == [9, 10, 11]
    assert rows(agents.select(lambda a: a.segment == 1, at_most=2)) == [1, 5]
    assert rows(agents.select(at_most=2)) == [0, 1]
    assert rows(agents.select(at_most=0.5)) == [0, 1, 2, 3, 4, 5]
    assert rows(agents.select(at_most=0.99)) == list(range(11))
    assert rows(agents.select(at_most=1)) == [0]
    assert len(agents.select(at_most=1.0)) == 12
    assert len(agents.select(at_most=0)) == 0
    assert len(agents.select(agent_type=Resident)) == 12
    assert len(agents.select(agent_type=Shop)) == 0


def test_a_filter_is_asked_no_more_than_needed(agents):
    asked = []
    agents.select(lambda a: asked.append(a.row) or True, at_most=2)
    assert asked == [0, 1]


def test_selecting_by_mask(agents):
    assert rows(agents.select(agents.get("wealth") > 8)) == [9, 10, 11]
    assert rows(agents.select([True, False] * 6, at_most=3)) == [0, 2, 4]
    for wrong in ([True] * 11, np.arange(12), [[True] * 12]):
        with pytest.raises(ValueError, match="a mask is one boolean for each of 12 agents"):
            agents.select(wrong)


def test_selecting_nothing_in_particular_copies(agents):
    everybody = agents.select()
    assert everybody is not agents
    assert everybody == agents
    assert copy.copy(agents) == agents
    assert agents.select(inplace=True) is agents
    everybody.remove(everybody[0])
    assert len(agents) == 12


def test_a_selection_changes_in_place_and_a_population_does_not(town):
    chosen = town.residents.select()
    assert chosen.select(lambda a: a.wealth > 8, inplace=True) is chosen
    assert rows(chosen) == [9, 10, 11]
    for everybody in (town.residents, town.agents):
        with pytest.raises(TypeError, match="select without inplace"):
            everybody.select(lambda a: a.unique_id > 8, inplace=True)
        assert len(everybody) >= 12


def test_groups(agents):
    groups = agents.groupby("segment")
    assert isinstance(groups, GroupBy)
    assert groups.count() == {0: 3, 1: 3, 2: 3, 3: 3}
    assert groups.agg("wealth", sum) == {0: 12, 1: 15, 2: 18, 3: 21}
    assert groups.map(lambda group: rows(group))[2] == [2, 6, 10]
    assert groups.map("agg", "wealth", max)[3] == 11
    groups.do("do", "earn", 100)
    assert agents.agg("wealth", min) == 100
    assert all(type(key) is int for key, _ in groups)
    assert agents.groupby(lambda a: a.wealth > 105).count() == {False: 6, True: 6}
    listed = agents.groupby("segment", result_type="list")
    assert [type(group) for _, group in listed] == [list] * 4


def test_groups_come_in_the_order_of_their_first_agents(agents):
    assert list(agents.sort("wealth").groupby("segment").groups) == [3, 2, 1, 0]
    assert len(agents.select(at_most=0).groupby("segment")) == 0


def test_sorting_is_descending_unless_told_and_keeps_ties(agents):
    assert rows(agents.sort("wealth")) == list(range(11, -1, -1))
    assert rows(agents.sort("segment")) == [3, 7, 11, 2, 6, 10, 1, 5, 9, 0, 4, 8]
    assert rows(agents.sort("segment", ascending=True)) == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
    assert rows(agents.sort(lambda a: (a.segment, -a.wealth), ascending=True))[:3] == [8, 4, 0]
    assert rows(agents) == list(range(12))
    with pytest.raises(AttributeError, match="did you mean"):
        agents.sort("welth")


def test_in_place_order_is_kept_by_the_set_and_not_by_the_columns(agents):
    assert agents.sort("wealth", inplace=True) is agents
    assert agents.get("wealth").tolist() == list(range(11, -1, -1))
    assert agents.population.columns.wealth[:12].tolist() == list(range(12))
    agents.set("age", range(12))
    assert agents.population[0].age == 11


def test_shuffling_follows_the_model(town, agents):
    shuffled = agents.shuffle()
    assert sorted(rows(shuffled)) == list(range(12))
    assert rows(shuffled) != list(range(12))
    other = Town(12)
    assert rows(other.residents.shuffle()) == rows(shuffled)
    assert agents.shuffle(inplace=True) is agents
    assert rows(agents) == rows(other.residents.shuffle())


def test_doing_by_name_and_by_function(agents):
    assert agents.do("earn", amount=2) is agents
    assert agents.get("wealth").tolist() == list(range(2, 14))
    assert agents.map("earn") == list(range(3, 15))
    assert agents.map(lambda agent, less: agent.wealth - less, less=3) == list(range(12))
    seen = []
    agents.shuffle_do(lambda agent: seen.append(agent.row))
    assert sorted(seen) == list(range(12))
    assert seen != list(range(12))


def test_who_leaves_meanwhile_is_passed_over_and_who_comes_waits(town, agents):
    acted = []

    def act(agent):
        acted.append(agent.row)
        if agent.row < 11:
            town.residents[agent.row + 1].remove()
        Resident(town)

    agents.do(act)
    assert acted == [0, 2, 4, 6, 8, 10]


def test_sets_combine(town):
    residents = town.residents
    low, even = residents.select(residents.get("wealth") < 6), residents.select(residents.get("wealth") % 2 == 0)
    assert rows(low & even) == [0, 2, 4]
    assert sorted(rows(low | even)) == [0, 1, 2, 3, 4, 5, 6, 8, 10]
    assert rows(low - even) == [1, 3, 5]
    assert sorted(rows(low ^ even)) == [1, 3, 5, 6, 8, 10]
    assert low < residents
    assert not low.isdisjoint(even)
    assert len(low & low.select(at_most=0)) == 0
    mixed = town.residents | town.agents_by_type[Shop]
    assert len(mixed) == 14, "agents of other kinds make an ordinary set"


def test_selections_take_and_give_agents(town):
    chosen = town.residents.at([1, 2])
    chosen.add(town.residents[9])
    chosen.add(town.residents[1])
    chosen.discard(town.residents[2])
    chosen.discard(town.residents[5])
    assert rows(chosen) == [1, 9]
    assert town.residents[9] in chosen
    assert town.residents[2] not in chosen
    assert len(town.residents) == 12
    with pytest.raises(KeyError):
        chosen.remove(town.residents[2])
    for foreign in (Town().residents[0], town.agents.to_list()[0]):
        with pytest.raises(ValueError, match="not an agent of this population"):
            chosen.add(foreign)
        with pytest.raises((ValueError, TypeError)):
            town.residents.add(foreign)
        assert foreign not in chosen


def test_adding_an_agent_that_is_there_changes_nothing(town):
    town.residents.add(town.residents[3])
    town.agents.add(town.residents[3])
    assert (len(town.residents), len(town.agents)) == (12, 14)
    with pytest.raises(ValueError, match="not in a population of this model"):
        town.agents.add(Town().residents[3])


def test_an_in_place_order_holds_when_agents_come_and_go(town):
    residents = town.residents
    residents.sort("wealth", inplace=True)
    Resident(town)
    residents[11].remove()
    assert rows(residents) == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 12]


def test_all_agents_of_the_model_are_a_set_too(town):
    assert ids(town.agents.select(lambda a: a.unique_id > 12)) == [13, 14]
    assert len(town.agents.select(agent_type=Resident)) == 12
    assert town.agents.groupby(type).count() == {Shop: 2, Resident: 12}
    assert town.agents.get("unique_id") == list(range(1, 15))
    assert ids(town.agents.sort("unique_id"))[:2] == [14, 13]
    assert town.agents.copy() == town.agents
    some = town.agents.shuffle().select(at_most=5).sort("unique_id").select()
    assert len(some) == 5, "rows of a set made from a set made from all agents are still there"
    assert town.agents.map(lambda agent: agent.unique_id) == list(range(1, 15))
    town.agents.select(agent_type=Resident).set("wealth", 1)
    assert town.residents.agg("wealth", sum) == 12
    with pytest.raises(AttributeError):
        town.agents.get("wealth")
    town.agents.discard(town.residents[0])
    town.agents.discard(town.agents.to_list()[0])
    assert ids(town.agents) == list(range(3, 15))
    seen = []
    town.agents.shuffle_do(lambda agent: seen.append(agent.unique_id))
    assert sorted(seen) == list(range(3, 15))


def test_the_order_of_all_agents_can_be_changed_in_place(town):
    town.agents.sort("unique_id", inplace=True)
    Resident(town)
    assert ids(town.agents) == [*range(14, 0, -1), 15]
    town.residents.remove([5])
    assert ids(town.agents) == [*range(14, 7, -1), *range(6, 0, -1), 15]


def test_a_population_can_be_emptied_and_filled(town):
    residents = town.residents
    residents.clear()
    assert isinstance(residents, Population)
    assert (len(residents), list(residents), len(town.agents)) == (0, [], 2)
    residents.add(2)
    assert rows(residents) == [12, 13]
