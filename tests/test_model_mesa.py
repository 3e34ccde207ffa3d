"""The market is a Mesa model like any other."""

import numpy as np
import pytest
from mesa import DataCollector

from sim import MarketModel, Scenario
from sim.agents.consumers import Consumer
from sim.agents.platforms import Platform
from sim.agents.vendors import Vendor


@pytest.fixture(scope="module")
def model() -> MarketModel:
    model = MarketModel(Scenario.load("baseline").with_(consumers=600, days=30, burn_in=5), rng=3)
    model.run_for(20)
    return model


def test_a_consumer_is_read_and_written_by_its_row(model: MarketModel) -> None:
    one = model.consumers[42]
    assert one.skill == pytest.approx(float(model.consumers.columns.skill[42]))
    before = one.stigma
    one.stigma = 0.25
    assert model.consumers.columns.stigma[42] == np.float32(0.25)
    one.stigma = before


def test_populations_are_found_by_type(model: MarketModel) -> None:
    assert model.agents_by_type[Consumer] is model.consumers
    assert model.agents_by_type[Vendor] is model.vendors
    assert len(model.agents_by_type[Platform]) == model.platform_table.n
    kinds = {type(agent).__name__ for agent in model.agents}
    assert {"Consumer", "Vendor", "Platform", "Agency", "PaymentProcessor", "Supplier", "TreatmentService"} <= kinds


def test_selecting_and_aggregating_work_on_columns(model: MarketModel) -> None:
    living = model.consumers.select(lambda c: c.alive == 1)
    assert len(living) == int(model.consumers.get("alive").sum())
    by_segment = model.consumers.groupby("segment").count()
    assert sum(by_segment.values()) == 600


def test_institutions_are_ordinary_agents(model: MarketModel) -> None:
    assert {agency.jurisdiction for agency in model.agencies} == {0, 1, 2, 3}
    assert sum(p.is_open for p in model.platforms) >= 15
    assert "cryptomarket-" in " ".join(p.name for p in model.platforms)
    assert model.processors[1].kind == "coin"
    assert all(0 < s.reliability <= 1 for s in model.suppliers)


def test_a_data_collector_reads_the_market() -> None:
    model = MarketModel(Scenario.load("baseline").with_(consumers=300, days=10, burn_in=0), rng=1)
    collector = DataCollector(
        model_reporters={"open markets": lambda m: len(m.crypto_slots())},
        agenttype_reporters={Platform: {"vendors": "vendors"}, Consumer: {"stash": "stash"}},
    )
    for _ in range(3):
        model.run_for(1)
        collector.collect(model)
    assert len(collector.get_model_vars_dataframe()) == 3
    assert len(collector.get_agenttype_vars_dataframe(Consumer)) == 3 * 300
    assert model.time == 3
