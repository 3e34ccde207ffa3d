"""The market is a Mesa model like any other: its agents, sets, collectors and clock work as Mesa's users know them."""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import pickle
import warnings

import mesa
import numpy as np
import pandas as pd
import pytest
from mesa.agentset import AbstractAgentSet, AgentSet

from sim import MarketModel as FromPackage
from sim.agents.codes import Channel, PlatformStatus, Segment, VendorKind
from sim.agents.consumers import Consumer
from sim.agents.enforcement import Agency
from sim.agents.payments import PaymentProcessor
from sim.agents.platforms import Platform
from sim.agents.services import TreatmentService
from sim.agents.suppliers import Supplier
from sim.agents.vendors import Vendor
from sim.model import MarketModel
from sim.population import Column
from tests.worlds import fingerprint, model_of, ran, world


@pytest.fixture
def model():
    return ran(world(), until=5)


def test_the_market_is_a_mesa_model():
    assert issubclass(MarketModel, mesa.Model)
    assert FromPackage is MarketModel


def test_mesas_own_clock_and_counter_go_on(model):
    burn_in = model.scenario.burn_in
    assert (model.steps, model.time, model.day) == (burn_in + 5, burn_in + 5, 5)


# Agents ---------------------------------------------------------------------------------------------------------------
def test_the_row_of_a_consumer_is_read_and_written_through_its_agent(model):
    someone = model.consumers[42]
    assert isinstance(someone, Consumer)
    assert someone.skill == pytest.approx(float(model.consumers.columns.skill[42]))
    someone.skill = 1.5
    assert model.consumers.columns.skill[42] == 1.5
    model.consumers.columns.trust_police[42] = 0.25
    assert someone.trust_police == 0.25
    assert someone.vendor.shape == (4,)


def test_a_value_out_of_range_is_refused(model):
    with pytest.raises(ValueError, match=r"trust_police is 0 to 1 \(share\), not 2"):
        model.consumers[42].trust_police = 2.0


def test_what_is_written_to_an_agent_acts_the_next_day(model):
    model.consumers[42].alive = 0
    due = model.consumers[42].next_day
    model.books.dead += 1
    model.run_for(10)
    assert model.consumers[42].next_day == due, "the dead need nothing"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("consumers", Consumer),
        ("vendors", Vendor),
        ("platforms", Platform),
        ("processors", PaymentProcessor),
        ("agencies", Agency),
        ("suppliers", Supplier),
        ("treatment", TreatmentService),
    ],
)
def test_every_kind_of_actor_is_an_agent_set(model, name, kind):
    agents = getattr(model, name)
    assert isinstance(agents, AbstractAgentSet)
    assert agents is model.agents_by_type[kind]
    assert len(agents) > 2
    assert all(isinstance(agent, mesa.Agent) and isinstance(agent, kind) for agent in list(agents)[:20])
    assert next(iter(agents)).model is model


def test_agents_are_numbered_once_each(model):
    numbers = [agent.unique_id for agent in model.agents]
    assert len(set(numbers)) == len(numbers) == len(model.agents)
    assert len(model.agents) == sum(len(agents) for agents in model.agents_by_type.values())


def test_sets_are_selected_from_aggregated_grouped_and_iterated(model):
    dependent = model.consumers.select(lambda c: c.segment == Segment.DEPENDENT)
    assert 0 < len(dependent) < len(model.consumers)
    assert dependent.agg("dependence", np.mean) > model.consumers.agg("dependence", np.mean)
    assert {c.segment for c in dependent} == {int(Segment.DEPENDENT)}
    sizes = model.consumers.groupby("segment").count()
    assert sum(sizes.values()) == len(model.consumers)
    assert sizes[int(Segment.DEPENDENT)] == len(dependent)
    assert len(list(model.vendors)) == len(model.vendors)
    pharmacies = model.vendors.select(lambda v: v.kind == VendorKind.LICENSED_PHARMACY)
    assert len(pharmacies) == model.world.n_jurisdictions


def test_consumers_and_vendors_are_agent_sets_of_mesa(model):
    assert isinstance(model.consumers, AgentSet)
    assert isinstance(model.vendors.select(at_most=3), AgentSet)


def test_groups_have_the_names_of_codes_and_compare_as_numbers(model):
    sizes = model.consumers.groupby("segment").count()
    assert all(isinstance(key, Segment) for key in sizes)
    assert "Segment.DEPENDENT" in repr(sizes)
    assert {str(key) for key in sizes} == {"patient", "recreational", "dependent", "social_supplier"}
    assert sizes[int(Segment.DEPENDENT)] == sizes[Segment.DEPENDENT] > 0
    assert model.platforms.groupby("status").count()[PlatformStatus.OPEN] > 0
    assert str(model.vendors[0].kind) in {kind.name.lower() for kind in VendorKind}
    assert f"{Segment.PATIENT}" == "patient"
    assert f"{Segment.PATIENT:d}" == "0"
    assert json.dumps({"segment": Segment.DEPENDENT}) == '{"segment": 2}'


def test_groups_by_place_and_by_substance_have_names_too(model):
    places = model.consumers.groupby("jurisdiction").count()
    assert {str(place) for place in places} == set(model.scenario.jurisdictions)
    assert sum(places[k] for k in range(len(places))) == len(model.consumers)
    assert "north_america" in repr(places)
    assert {str(s) for s in model.vendors.groupby("main").count()} <= set(model.scenario.substances)
    assert pickle.loads(pickle.dumps(places)) == places
    assert [str(place) for place in pickle.loads(pickle.dumps(places))] == [str(place) for place in places]


def test_a_code_without_a_name_stays_a_number(model):
    habits = model.consumers.groupby("habit").count()
    assert type(next(key for key in habits if key == 6)) is int
    assert isinstance(next(key for key in habits if key != 6), Channel)


def test_values_are_had_and_set_as_arrays(model):
    spent = model.consumers.get("spent")
    assert isinstance(spent, np.ndarray)
    assert spent.shape == (len(model.consumers),)
    model.consumers.set("caution", 0.5)
    assert (model.consumers.get("caution") == 0.5).all()


def test_methods_are_done_and_mapped(model):
    model.consumers.select(at_most=10).do(lambda c: setattr(c, "stigma", 0.1))
    assert np.count_nonzero(model.consumers.get("stigma") == np.float32(0.1)) >= 10
    assert model.vendors.map(lambda v: v.orders) == model.vendors.get("orders").tolist()


def test_platforms_are_agents_with_names_and_states(model):
    leader = max(model.platforms, key=lambda platform: platform.trade60 * (platform.channel == Channel.CRYPTOMARKET))
    assert leader.is_open
    assert leader.name == f"cryptomarket-{leader.slot}"
    leader.fee = 0.1
    assert model.platform_table.columns.fee[leader.slot] == np.float32(0.1)


def test_a_platform_that_opens_is_an_agent_at_once(model):
    before = len(model.platforms)
    model.p = model.p._replace(platforms=model.p.platforms._replace(cryptomarket_entry=30.0))
    model.run_for(1)
    assert len(model.platforms) == before + 1
    assert list(model.platforms)[-1].open_day == 5


def test_vendors_who_enter_are_agents_at_once(model):
    before = len(model.vendors)
    model.run_for(40)
    assert len(model.vendors) > before
    assert model.vendors[-1].entry_day > 5


# Collectors -----------------------------------------------------------------------------------------------------------
def test_mesas_data_collector_collects_from_the_market():
    model = model_of(world())
    collector = mesa.DataCollector(
        model_reporters={"day": "day", "publicity": lambda m: m.publicity, "living": lambda m: m.consumers.agg("alive", sum)},
        agenttype_reporters={
            Platform: {"trade": "trade60", "open": lambda p: p.is_open},
            Agency: {"spent": "spent"},
            Consumer: {"spent": "spent"},
        },
    )  # fmt: skip
    there = 0
    for _ in range(3):
        collector.collect(model)
        there += len(model.platforms)
        model.run_for(1)
    days = collector.get_model_vars_dataframe()
    assert days["day"].tolist() == [-20, -19, -18]
    assert (days["living"] == len(model.consumers)).all()
    platforms = collector.get_agenttype_vars_dataframe(Platform)
    assert len(platforms) == there
    assert set(platforms.index.get_level_values("AgentID")) <= {p.unique_id for p in model.platforms}
    spent = collector.get_agenttype_vars_dataframe(Agency)["spent"].groupby("Step").sum()
    assert spent.is_monotonic_increasing
    assert len(collector.get_agenttype_vars_dataframe(Consumer)) == 3 * len(model.consumers)


def test_agent_reporters_see_every_agent_in_the_market():
    model = model_of(world(consumers=200))
    collector = mesa.DataCollector(agent_reporters={"kind": lambda agent: type(agent).__name__})
    collector.collect(model)
    kinds = collector.get_agent_vars_dataframe()["kind"].value_counts()
    assert kinds["Consumer"] == 200
    assert kinds["Vendor"] == len(model.vendors)
    assert kinds.sum() == len(model.agents)


def test_collecting_moves_nothing():
    model = model_of(world())
    collector = mesa.DataCollector(agenttype_reporters={Consumer: {"spent": "spent"}, Vendor: {"price": "log_price"}})
    for _ in range(10):
        collector.collect(model)
        model.run_for(1)
    assert fingerprint(model) == fingerprint(ran(world(), until=-10))


def test_a_market_has_a_collector_of_its_daily_outcomes(model):
    frame = model.datacollector.get_model_vars_dataframe()
    assert frame["day"].tolist() == [0, 1, 2, 3, 4]
    assert (frame["seed"] == model.seed).all()
    pd.testing.assert_frame_equal(frame.drop(columns=["day", "seed"]), model.daily(), check_names=False)
    held = model.datacollector
    model.run_for(2)
    assert len(held.get_model_vars_dataframe()) == 7
    assert held.model_vars["orders"][-1] == model.daily()["orders"].iloc[-1]
    model.datacollector.collect(model)
    assert len(held.get_model_vars_dataframe()) == 7, "what is recorded already is not collected twice"
    assert len(pickle.loads(pickle.dumps(model)).datacollector.get_model_vars_dataframe()) == 7


def test_nobody_makes_a_collector_before_it_is_asked_for():
    model = model_of(world())
    model.run_for(25)
    assert model._collector is None


class Watched(MarketModel):
    """A market with a collector of its author's own, as in any Mesa model."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.datacollector = mesa.DataCollector(
            model_reporters={"living": lambda m: m.consumers.agg("alive", sum)},
            agenttype_reporters={Agency: {"spent": "spent"}, Platform: {"status": "status"}},
        )

    def step(self):
        super().step()
        self.datacollector.collect(self)


def test_a_collector_of_ones_own_takes_its_place():
    market = Watched(world(), rng=1)
    market.run_for(4)
    assert market.datacollector.get_model_vars_dataframe()["living"].tolist() == [600] * 4
    assert len(market.datacollector.get_agenttype_vars_dataframe(Agency)) == 4 * len(market.agencies)
    assert market.datacollector.get_agenttype_vars_dataframe(Platform)["status"].isin([1]).all()


# Batches --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def batch_run():
    """Mesa's batch_run, which makes processes start as it wants; others get back what they had."""
    before = multiprocessing.get_start_method(allow_none=True)
    yield lambda *args, **kwargs: mesa.batch_run(*args, display_progress=False, **kwargs)
    multiprocessing.set_start_method(before, force=True)


SCENARIOS = [world(name="plain"), world(name="closed", policies=[{"kind": "takedown", "start": 2, "count": 2}])]


def test_batch_run_runs_markets(batch_run):
    rows = pd.DataFrame(
        batch_run(MarketModel, {"scenario": SCENARIOS}, rng=[3, 4], max_steps=28, data_collection_period=1)
    )
    assert len(rows) == 2 * 2 * 8
    assert rows["Step"].min() == 21
    assert rows["day"].max() == 7
    plain = rows[(rows["RunId"] == 0)]
    assert plain["orders"].tolist() == ran(world(name="plain"), 3, until=8).daily()["orders"].tolist()
    closed = rows[rows["scenario"] == SCENARIOS[1]]
    assert closed["policy_cost_usd"].sum() > 0 == plain["policy_cost_usd"].sum()


def test_batch_run_takes_every_so_many_days_or_the_last(batch_run):
    every = batch_run(MarketModel, {"scenario": SCENARIOS[:1]}, rng=[3], max_steps=30, data_collection_period=4)
    assert [row["day"] for row in every] == [0, 4, 8]
    last = batch_run(MarketModel, {"scenario": SCENARIOS[:1]}, rng=[3], max_steps=30)
    assert [row["day"] for row in last] == [9]


def test_batch_run_ends_with_the_scenario(batch_run):
    rows = batch_run(MarketModel, {"scenario": [world(days=3, burn_in=2)]}, rng=[1], max_steps=1000)
    assert [row["day"] for row in rows] == [2]


def test_a_batch_without_seeds_is_of_runs_that_differ_and_each_can_be_repeated(batch_run):
    short = [world(days=3, burn_in=2)]
    rows = pd.DataFrame(batch_run(MarketModel, {"scenario": short}, rng=[None] * 4))
    assert rows["seed"].nunique() == 4
    again = pd.DataFrame(batch_run(MarketModel, {"scenario": short}, rng=rows["seed"].tolist()))
    pd.testing.assert_frame_equal(rows.drop(columns="rng"), again.drop(columns="rng"))
    assert rows["orders_street"].nunique() > 1


def test_batch_run_spreads_over_processes(batch_run):
    def runs(processes):
        rows = batch_run(
            MarketModel, {"scenario": SCENARIOS, "columns": [None, {"consumers": {"mood": Column("f4", "share", 0, 1, "Mood")}}]},
            rng=[3], max_steps=24, data_collection_period=1, number_processes=processes,
        )  # fmt: skip
        return (
            pd.DataFrame(rows).drop(columns=["scenario", "columns"]).sort_values(["RunId", "Step"], ignore_index=True)
        )

    alone, spread = runs(1), runs(2)
    assert len(alone) == 4 * 4
    pd.testing.assert_frame_equal(alone, spread)


def test_batch_run_takes_ones_own_collector(batch_run):
    rows = pd.DataFrame(batch_run(Watched, {"scenario": SCENARIOS[:1]}, rng=[1], max_steps=3))
    assert (rows["living"] == 600).all()
    assert rows["spent"].notna().sum() == rows["status"].isna().sum() > 0


def test_a_batch_that_ends_in_the_burn_in_says_so(batch_run):
    with pytest.warns(UserWarning, match="the first 20 steps are burn-in; run more"):
        assert batch_run(MarketModel, {"scenario": SCENARIOS[:1]}, rng=[1], max_steps=5) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model_of(world()).datacollector.get_model_vars_dataframe().empty


# The clock ------------------------------------------------------------------------------------------------------------
def test_the_market_runs_for_days():
    model = model_of(world())
    assert (model.day, model.time) == (-20, 0)
    model.run_for(25)
    assert (model.day, model.time) == (5, 25)
    assert len(model.daily()) == 5


def test_it_may_run_beyond_the_days_of_its_scenario():
    model = ran(world())
    model.run_for(5)
    assert model.daily().index.tolist() == list(range(50))


def test_a_market_stops_running_when_its_scenario_is_over():
    model = model_of(world(days=3, burn_in=2))
    model.run_model()
    assert (model.running, model.day) == (False, 3)


def test_methods_can_be_scheduled_as_in_any_mesa_model():
    class Diary(MarketModel):
        def note(self) -> None:
            self.noted = self.time

    model = Diary(world(), rng=1)
    model.schedule_event(model.note, at=3.5)
    model.run_for(5)
    assert model.noted == 3.5


def test_the_rules_of_a_day_can_be_extended_by_a_subclass():
    class Holiday(MarketModel):
        """Nobody needs anything on Sundays."""

        def step(self) -> None:
            if self.day % 7 == 6:
                due = self.consumers.get("next_day")
                self.consumers.set("next_day", np.maximum(due, self.day + 1))
            super().step()

    model = Holiday(world(), rng=1)
    model.run_for(45)
    daily = model.daily()
    assert (daily["orders"][daily.index % 7 == 6] == 0).all()
    assert (daily["orders"][daily.index % 7 != 6] > 0).all()


def test_a_model_can_be_made_from_the_name_of_a_scenario():
    model = MarketModel("baseline", rng=3)
    assert model.scenario.name == "baseline"
    assert len(model.consumers) == 20_000
    assert model.weight == model.scenario.people / 20_000
    assert isinstance(model.daily(), pd.DataFrame)


@pytest.mark.skipif(importlib.util.find_spec("solara") is None, reason="solara is not installed")
def test_the_market_can_be_shown_by_mesas_visualisation():
    from mesa.visualization import SolaraViz, make_plot_component

    model = model_of(world(consumers=200))
    assert SolaraViz(model, components=[make_plot_component("publicity")])
