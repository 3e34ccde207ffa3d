"""The longest run there may be: it ends in words, and nothing that is kept in two bytes wraps before it does."""

import numpy as np
import pytest

from sim.agents.codes import LAST_DAY, MOST_COUNTED, NEVER, Channel, PlatformStatus
from sim.agents.consumers import CONSUMER
from sim.agents.orders import ORDER
from sim.agents.platforms import PLATFORM
from sim.agents.vendors import VENDOR
from sim.market.enforcement.raids import take_down
from sim.market.trade.payments import end_account
from sim.scenario import LONGEST, Scenario, ScenarioError
from tests.worlds import BUSY, model_of, world

DAYS = 12


def near_the_end(**fields):
    """A market that stands so many days before the end of the longest run."""
    model = model_of(world(**{"burn_in": 0, "days": LONGEST, "consumers": 400, **fields}), audit=True)
    late = LONGEST - DAYS
    model.day = late
    for population, schema in ((model.consumers, CONSUMER), (model.vendors, VENDOR)):
        for name, column in schema.items():
            if column.unit == "day":
                values = getattr(population.columns, name)[: population.n]
                values[np.abs(values) < 1_000] += late
    opened = model.platform_table.columns.open_day[: model.platform_table.n]
    opened += late
    return model


# The end --------------------------------------------------------------------------------------------------------------
def test_the_longest_run_is_one_that_two_bytes_hold():
    assert LAST_DAY == LONGEST < NEVER == np.iinfo(np.int16).max
    assert np.iinfo(np.uint16).max == MOST_COUNTED
    assert Scenario(days=LONGEST, burn_in=0).days == LONGEST
    with pytest.raises(ScenarioError, match="at most 31,980 with a burn_in of 20"):
        world(days=LONGEST - 19)


@pytest.mark.parametrize("days", [LONGEST + 1, 1e9, float("inf"), float("nan")])
def test_a_run_is_not_begun_that_would_be_longer(days):
    model = model_of(world())
    for run in (model.run_for, model.run_until):
        with pytest.raises(ValueError, match="a run has at most 32,000 days, burn-in included"):
            run(days)
    assert (model.day, model.steps) == (-20, 0)


def test_the_last_day_can_be_run_and_no_further_one():
    model = near_the_end()
    model.run_for(DAYS)
    assert (model.day, model.running) == (LONGEST, False)
    for further in (model.step, lambda: model.run_for(1), lambda: model.run_until(model.time + 1)):
        with pytest.raises(ValueError, match="0 are left, not 1"):
            further()
    assert model.day == LONGEST


def test_burn_in_counts_among_the_days():
    model = model_of(world())
    model.day = LONGEST - 20 - 1
    model.step()
    with pytest.raises(ValueError, match="burn-in included"):
        model.step()


# Days -----------------------------------------------------------------------------------------------------------------
SLOW = {
    "shipping": {"patience_days": 3_650.0, "border_days": 900.0},
    "vendors": {"own_scam": 1.0},
    "payment": {"reacquire_days": 3_650.0},
    "platforms": {"seizure_days": 3_650.0},
    "migration": {"recheck_days": 3_650.0, "retry_days": 3_650.0},
}


def test_what_is_put_off_beyond_the_last_day_is_never_before_it():
    model = near_the_end(parameters=SLOW)
    model.vendors.set("orders", 21)
    seized, other = model.open_slots(Channel.ILLICIT_PHARMACY)[:2].tolist()  # one loses its domain, one its account
    for day in range(DAYS):
        model.run_for(1)
        if day == 2:
            take_down(model, seized, publicity=0.0, agency=-1, policy="")
            end_account(model, other, "test")
    o, n = model.books.open_orders.columns, model.books.open_orders.n
    assert n > 0
    assert (o.due[:n] >= model.day).all(), "an order under way has a fate that is not known yet"
    leaving = model.vendors.get("leaving")
    assert (leaving != NEVER).any()
    assert (leaving >= LONGEST - DAYS).all()
    waits = model.policing.seized[seized], model.platform_table.columns.processor_day[other]
    assert min(waits) >= LONGEST - DAYS + 2
    assert (model.consumers.get("next_day") >= LONGEST - DAYS - 1_000).all()
    until = model.consumers.get("market_until")
    assert (until[until != NEVER] >= LONGEST - DAYS - 1_000).all()
    assert model.platform_table.columns.status[seized] == PlatformStatus.SEIZED, "until the run is over"


def test_every_column_of_days_holds_all_of_them():
    for schema in (CONSUMER, VENDOR, PLATFORM, ORDER):
        for name, column in schema.items():
            if column.unit == "day":
                assert np.iinfo(column.dtype).max >= NEVER > LAST_DAY, name


# Counters -------------------------------------------------------------------------------------------------------------
def test_counters_of_two_bytes_stop_where_they_are_full():
    model = model_of(world(**{**BUSY, "burn_in": 0, "consumers": 400}), audit=True)
    full = {"consumers": ("harms",), "vendors": ("identity", "platforms_used")}
    for kind, names in full.items():
        for name in names:
            getattr(model, kind).set(name, MOST_COUNTED)
    model.day = 1  # day 0 sets the counters of consumers to nothing
    before = model.vendors.n
    model.run_for(40)
    daily = model.daily()
    assert daily[["adverse_events", "overdoses", "violence_incidents"]].to_numpy().sum() > 0
    stayed = model.consumers.get("came") < 0
    assert stayed.mean() > 0.9
    assert (model.consumers.get("harms")[stayed] == MOST_COUNTED).all()
    assert (model.vendors.get("identity")[:before] == MOST_COUNTED).all()
    assert (model.vendors.get("platforms_used")[:before] == MOST_COUNTED).all()
    assert model.vendors.get("platforms_used")[before:].max() < 100
