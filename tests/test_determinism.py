"""A run is a function of its scenario and its seed: nothing else moves a single bit of it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.kernels import source_hash
from sim.market.blocks import BLOCK, WORTH_SHARING
from sim.model import MarketModel
from sim.studies.execution.identity import Order
from sim.studies.execution.line import Line, is_one_comparison
from tests.worlds import ALL_TABLES, KINDS, example, fingerprint, model_of, ran, run, same_frames, world

EVERYTHING = world(policies=[example(kind, start=5) for kind in KINDS])
EVENTFUL = EVERYTHING.with_(
    parameters={"platforms": {"closure_days": 30.0, "cryptomarket_entry": 0.2}, "vendors": {"own_scam": 0.005}}
)
"""Markets open and close all the time, so that what happens seldom happens here."""

CROWDED = world(
    consumers=2 * BLOCK + 600,
    days=8,
    burn_in=4,
    parameters={
        "demand": {"recreational_rate": 0.9, "patient_rate": 0.9, "stocked_up": 100.0},
        "consumption": {"kept": 1000.0},
    },
    policies=[example("takedown", start=2, count=1), example("education_campaign")],
)
"""So many consumers, and so many needs a day, that the work of every phase is split between threads."""


def equal(one: MarketModel, other: MarketModel) -> bool:
    return fingerprint(one) == fingerprint(other) and same_frames(one.daily(), other.daily())


@pytest.mark.parametrize("scenario", [world(), EVERYTHING, EVENTFUL], ids=["baseline", "policies", "closures"])
def test_the_same_seed_gives_the_same_run(scenario):
    one, two = run(scenario, seed=7, tables=ALL_TABLES), run(scenario, seed=7, tables=ALL_TABLES)
    assert equal(one, two)
    for table in ALL_TABLES:
        assert same_frames(one.table(table), two.table(table)), table


def test_another_seed_gives_another_run():
    assert not equal(ran(world(), 1), ran(world(), 2))


@pytest.mark.parametrize("seed", [0, 2**32, 2**64 - 1])
def test_any_seed_of_64_bits_will_do(seed):
    assert fingerprint(run(world(), seed, until=-15)) != fingerprint(run(world(), 1, until=-15))


def test_the_scenario_brings_its_own_seed_where_it_is_asked_for():
    model = MarketModel(world(seed=5), rng="scenario")
    model.run_for(5)
    assert fingerprint(model) == fingerprint(run(world(seed=5), 5, until=-15))


def test_without_a_seed_every_run_is_another_one_and_can_be_repeated():
    one, two = MarketModel(world()), MarketModel(world())
    assert one.seed != two.seed
    assert fingerprint(MarketModel(world(), rng=one.seed)) == fingerprint(one) != fingerprint(two)


@pytest.mark.parametrize(
    "make",
    [np.random.SeedSequence, np.random.default_rng, np.random.PCG64, lambda n: [n, 7], lambda n: (7, np.int64(n))],
)
def test_what_seeds_a_model_of_mesa_seeds_this_one(make):
    assert MarketModel(world(), rng=make(3)).seed == MarketModel(world(), rng=make(3)).seed
    assert MarketModel(world(), rng=make(3)).seed != MarketModel(world(), rng=make(4)).seed


def test_a_generator_seeds_replicates_that_differ():
    generator = np.random.default_rng(3)
    assert MarketModel(world(), rng=generator).seed != MarketModel(world(), rng=generator).seed


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        *((wrong, TypeError) for wrong in (1.5, True, "five", [], [1.5], [1, True], [-1])),
        (-1, ValueError),
        (2**64, ValueError),
    ],
)
def test_what_is_no_seed_is_refused(wrong, error):
    with pytest.raises(error, match="rng: given"):
        MarketModel(world(), rng=wrong)


@pytest.fixture(scope="module")
def crowd():
    return run(CROWDED)


def test_the_crowd_is_large_enough_to_be_split(crowd):
    assert crowd.consumers.n > 2 * BLOCK
    assert (crowd.daily()["orders"] > WORTH_SHARING).all()


@pytest.mark.parametrize("threads", [2, 3])
def test_the_number_of_threads_moves_nothing(crowd, threads):
    assert equal(run(CROWDED, threads=threads), crowd)


@pytest.mark.parametrize("tables", [("orders",), ("events",), ("platforms", "accounts"), ALL_TABLES])
def test_keeping_tables_moves_nothing(tables):
    assert equal(run(EVENTFUL, tables=tables), ran(EVENTFUL))


def test_the_audit_moves_nothing():
    assert equal(run(EVENTFUL, audit=True), ran(EVENTFUL))


def test_looking_at_outcomes_and_tables_on_the_way_moves_nothing():
    model = run(EVENTFUL, until=10, tables=ALL_TABLES)
    for table in ALL_TABLES:
        model.table(table)
    model.outcomes()
    model.consumers.select(lambda c: c.alive == 1).agg("spent", sum)
    model.run_for(EVENTFUL.days - 10)
    assert equal(model, ran(EVENTFUL))


COPIED = {"pickle": lambda model: pickle.loads(pickle.dumps(model)), "deepcopy": copy.deepcopy}
COPIED_ON = (-20, -3, 6, 30)


@pytest.fixture(scope="module")
def copied_on_the_way():
    """A market of which copies of both kinds were made on some days, which has gone on to its end, and the copies, which have not."""
    original, copies = model_of(EVENTFUL, seed=1, tables=ALL_TABLES), {}
    for day in COPIED_ON:
        if day > original.day:
            original.run_for(day - original.day)
        copies |= {(way, day): make(original) for way, make in COPIED.items()}
    original.run_for(EVENTFUL.days - COPIED_ON[-1])
    return original, copies


@pytest.mark.parametrize("way", COPIED)
@pytest.mark.parametrize("day", COPIED_ON)
def test_a_copy_made_on_the_way_goes_on_alike(copied_on_the_way, way, day):
    original, copies = copied_on_the_way
    twin = copies.pop((way, day))
    assert twin.day == day
    twin.run_for(EVENTFUL.days - day)
    assert equal(twin, ran(EVENTFUL))
    assert equal(original, ran(EVENTFUL)), "making the copy moved the original"
    for table in ALL_TABLES:
        assert same_frames(original.table(table), twin.table(table)), table


def test_a_worker_stays_with_its_seed_where_as_many_seeds_as_workers_are_under_way():
    orders = [Order(f"{seed} {label}", label, (), seed) for seed in range(5) for label in ("baseline", "takedown")]
    line, batches = Line(orders), []
    while line:
        batches.append(line.take(1, 2, ()))
    assert [order.seed for (order,) in batches] == [0, 1, 0, 1, 2, 3, 2, 3, 4, 4]
    assert sorted(order.run for (order,) in batches) == sorted(order.run for order in orders)


def test_the_first_comparison_is_whole_before_another_is_begun():
    orders = [Order(f"{seed} {label}", label, (), seed) for seed in range(4) for label in ("baseline", "a", "b")]
    line, out = Line(orders, first_ahead=is_one_comparison(orders)), []
    while line:
        out += line.take(1, 2, ())
    assert [order.label for order in out[:3]] == ["baseline", "a", "b"]
    assert [order.seed for order in out] == [0, 0, 0, 1, 2, 1, 2, 1, 2, 3, 3, 3]
    assert sorted(order.run for order in out) == sorted(order.run for order in orders)


def test_no_point_of_a_sweep_is_waited_for_more_than_others():
    points = [Order(f"{seed} {days}", "baseline", (("days", days),), seed) for seed in range(2) for days in (5, 9)]
    assert not is_one_comparison(points)


def test_a_batch_is_of_one_seed_and_a_run_that_killed_workers_is_alone_in_its():
    line = Line([Order(f"{seed} {k}", "baseline", (), seed) for seed in range(2) for k in range(4)])
    assert [[order.run for order in line.take(3, 2, {"1 1"})] for _ in range(5)] == [
        ["0 0", "0 1", "0 2"],
        ["1 0"],
        ["0 3"],
        ["1 1"],
        ["1 2", "1 3"],
    ]
    assert (len(line), line.take(3, 2, ())) == (0, [])
    line.put_back([Order("1 1", "baseline", (), 1)])
    assert [order.run for order in line.take(3, 2, ())] == ["1 1"]


def test_a_copy_is_independent_of_its_original():
    original = ran(world(), until=10)
    before = fingerprint(original)
    copy.deepcopy(original).run_for(5)
    assert fingerprint(original) == before


def test_a_copy_can_go_on_with_other_threads(crowd):
    half = run(CROWDED, until=3, threads=2)
    twin = pickle.loads(pickle.dumps(half))
    twin.threads = 1
    twin.run_for(CROWDED.days - 3)
    assert equal(twin, crowd)


ELSEWHERE = """
from tests.worlds import fingerprint, run, world
import numba, sim.market.choice.choice
print(numba.config.DISABLE_INTEL_SVML, sim.market.choice.choice.choose._cache.cache_path, fingerprint(run(world(days=10))))
"""


@pytest.mark.parametrize(
    "before",
    ["", pytest.param("import numba", marks=pytest.mark.slow), "from numba import njit; import scipy.special, pandas"],
)
def test_another_process_gives_the_same_run_whatever_it_imported_first(before):
    """Numba reads its settings when it is imported: one of them decides the last bit of exponentials and logarithms."""
    command = [sys.executable, "-W", "ignore", "-c", before + ELSEWHERE]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    exact, cache, hash_ = found.stdout.split()
    assert (exact, hash_) == ("1", fingerprint(run(world(days=10))))
    assert source_hash() in Path(cache).parts, "kernels of other sources would be taken for these"


def test_days_may_be_run_one_by_one_or_together():
    model = run(world(), until=-20)
    for _ in range(world().burn_in + world().days):
        model.run_for(1)
    assert fingerprint(model) == fingerprint(ran(world()))


def test_a_policy_moves_no_draw_of_those_it_does_not_touch():
    """Paired runs: a campaign does not change who needs what when, before anybody acts on it."""
    quiet = world(policies=[example("education_campaign", lesson=0.0, effect_smd=0.0)])
    assert same_frames(
        ran(quiet).daily().drop(columns=["policy_cost_usd", "net_social_cost_usd"]),
        ran(world()).daily().drop(columns=["policy_cost_usd", "net_social_cost_usd"]),
    )
