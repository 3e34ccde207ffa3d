"""A population does what a list of objects does: random operations, against the same model in plain Mesa."""

import copy
import pickle

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.toy_town import Resident, Town, ids, same

names = st.sampled_from(["segment", "wealth", "age"])
money = st.integers(0, 40).map(float)
limits = st.one_of(st.just(float("inf")), st.integers(0, 12), st.floats(0, 1))
picks = st.integers(0, 10_000)


class Twin(RuleBasedStateMachine):
    """Every rule is done to both towns; what comes back must be equal, and all state must be after it."""

    @initialize(n=st.integers(1, 8))
    def build(self, n):
        self.rows, self.plain = Town(n), Town(n, plain=True)
        self.chosen = None

    @property
    def both(self):
        return self.rows, self.plain

    @property
    def size(self):
        return len(self.plain.residents)

    def pick(self, town, index):
        return town.residents.to_list()[index % self.size]

    def equal(self, question):
        """The answers of both towns are equal, whether they are values, agents, or groups of either."""
        one, other = (question(town) for town in self.both)
        assert one == other

    @rule(values=st.lists(st.tuples(st.integers(0, 3), money, st.integers(0, 120)), min_size=1, max_size=5))
    def add_many(self, values):
        segment, wealth, age = zip(*values, strict=True)
        self.rows.residents.add({"segment": segment, "wealth": wealth, "age": age})
        for value in values:
            self.plain.kind(self.plain, *value)

    @rule(segment=st.integers(0, 3))
    def add_one(self, segment):
        for town in self.both:
            town.kind(town, segment=segment)

    @rule(n=st.integers(1, 4), wealth=money)
    def create(self, n, wealth):
        self.equal(lambda town: ids(town.kind.create_agents(town, n, wealth=wealth, age=list(range(n)))))

    @precondition(lambda self: self.size)
    @rule(index=picks)
    def remove_one(self, index):
        for town in self.both:
            agent = self.pick(town, index)
            agent.remove()
            agent.remove()

    @rule(least=money)
    def remove_many(self, least):
        residents = self.rows.residents
        residents.remove(residents.select(residents.get("wealth") < least).rows)
        self.plain.residents.do("leave_if_poor", least)

    @rule(least=money)
    def leave_while_acting(self, least):
        for town in self.both:
            town.residents.shuffle_do("leave_if_poor", least)

    @precondition(lambda self: self.size)
    @rule(index=picks, wealth=money)
    def write_one(self, index, wealth):
        for town in self.both:
            self.pick(town, index).wealth = wealth

    @rule(name=names, value=st.integers(0, 3))
    def set_all(self, name, value):
        for town in self.both:
            town.residents.set(name, value)

    @rule(name=names, value=st.integers(0, 3), least=money)
    def set_some(self, name, value, least):
        for town in self.both:
            town.residents.select(lambda agent: agent.wealth >= least).set(name, value)

    @rule(at_most=limits, segment=st.integers(0, 3))
    def select(self, at_most, segment):
        self.equal(lambda town: ids(town.residents.select(lambda a: a.segment == segment, at_most)))
        self.equal(lambda town: ids(town.residents.select(at_most=at_most)))
        self.equal(lambda town: ids(town.agents.select(lambda a: a.unique_id % 3 > 0, at_most, agent_type=town.kind)))
        of_segment = self.rows.residents.get("segment") == segment
        assert self.rows.residents.select(of_segment, at_most) == self.rows.residents.select(
            lambda a: a.segment == segment, at_most
        )

    @rule(segment=st.integers(0, 3))
    def hold_a_selection(self, segment):
        self.chosen = [town.residents.select(lambda a: a.segment != segment) for town in self.both]

    @rule(name=names)
    def aggregate(self, name):
        if self.size:
            self.equal(lambda town: town.residents.agg(name, [sum, min, max, np.mean, len]))
            self.equal(lambda town: town.residents.agg(name, lambda values: sorted(values)[0]))

    @rule(by=st.sampled_from(["segment", "age", "rich"]), name=names)
    def group(self, by, name):
        self.equal(lambda town: list(town.residents.groupby(by).count().items()))
        self.equal(lambda town: list(town.residents.groupby(by).agg(name, sum).items()))
        self.equal(lambda town: {k: ids(v) for k, v in town.residents.groupby(by, result_type="list")})
        self.equal(lambda town: town.residents.groupby(lambda a: a.age // 10).map(ids))

    @rule(key=st.sampled_from(["wealth", "age", "unique_id", "rich"]), ascending=st.booleans(), inplace=st.booleans())
    def sort(self, key, ascending, inplace):
        self.equal(lambda town: ids(town.residents.sort(lambda a: (a.segment, a.wealth), ascending)))
        self.equal(lambda town: ids(town.residents.sort(key, ascending, inplace)))

    @rule(inplace=st.booleans())
    def shuffle(self, inplace):
        self.equal(lambda town: ids(town.residents.shuffle(inplace)))

    @rule(inplace=st.booleans())
    def shuffle_everybody(self, inplace):
        self.equal(lambda town: ids(town.agents.shuffle(inplace)))

    @rule(amount=money)
    def act(self, amount):
        self.equal(lambda town: town.residents.map("earn", amount / 64))
        self.equal(lambda town: town.residents.map(lambda agent, more: agent.wealth + more, amount))
        for town in self.both:
            town.residents.shuffle_do("swap")
            town.residents.do(lambda agent: setattr(agent, "age", min(120, agent.age + 1)))

    @rule(days=st.integers(1, 3))
    def run(self, days):
        for town in self.both:
            town.run_for(days)

    @rule(how=st.sampled_from(["pickle", "deepcopy"]))
    def copy_in_mid_run(self, how):
        again = copy.deepcopy if how == "deepcopy" else lambda model: pickle.loads(pickle.dumps(model))
        self.rows, self.plain = again(self.rows), again(self.plain)
        self.chosen = None

    @invariant()
    def equal_in_every_respect(self):
        self.equal(lambda town: ids(town.residents))
        self.equal(lambda town: ids(town.agents))
        self.equal(lambda town: (len(town.residents), len(town.agents), town.agent_id_counter, town.purse))
        for name in ("segment", "wealth", "age", "rich", "unique_id"):
            assert same(self.rows.residents.get(name), self.plain.residents.get(name))
        assert same(
            self.rows.residents.get(["wealth", "age"]), np.reshape(self.plain.residents.get(["wealth", "age"]), (-1, 2))
        )
        if self.chosen is not None:
            rows, plain = self.chosen
            assert ids(rows) == [agent.unique_id for agent in plain if agent in self.plain.agents]
        assert all(type(agent) is Resident and agent in self.rows.agents for agent in self.rows.residents)


Twin.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestTwin = Twin.TestCase
