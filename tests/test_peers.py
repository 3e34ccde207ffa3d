"""The reduced market for other libraries: that its peers play the same market, and that a difference would be noticed."""

import json

import numpy as np
import pytest

from benchmarks.peers import __main__ as peers
from benchmarks.peers.market import Market, Statistics

MARKET = Market.of(1_000)
DAYS, FEW, MANY = 100, range(1, 6), range(1, 13)
LIMIT = 4.0
"""Standard errors that a difference of means may have."""


def sample(peer, market=MARKET, days=DAYS, seeds=MANY):
    """(seeds, statistics) of a peer."""
    found = []
    for seed in seeds:
        run = peers.make(peer, market, seed)
        run.run_for(days)
        found.append(run.statistics())
    return np.array(found)


def apart(a, b):
    """The statistics whose means lie further apart than chance explains."""
    error = np.sqrt(a.var(axis=0, ddof=1) / len(a) + b.var(axis=0, ddof=1) / len(b))
    distance = np.abs(a.mean(axis=0) - b.mean(axis=0)) / error
    return {name: round(d, 1) for name, d in zip(Statistics._fields, distance, strict=True) if not d < LIMIT}


@pytest.fixture(scope="module")
def plain():
    return sample("Mesa", seeds=FEW)


@pytest.fixture(scope="module")
def columns():
    return sample("NumPy")


def test_objects_and_columns_play_the_same_market(plain, columns):
    assert apart(plain, columns) == {}


def test_so_do_kernels(plain, columns):
    kernels = sample("Numba, one thread")
    assert apart(plain, kernels) == {}
    assert apart(columns, kernels) == {}


def test_so_does_agentpy(plain, columns):
    pytest.importorskip("agentpy", reason="only `make peers` installs it")
    other = sample("agentpy", seeds=FEW)
    assert apart(plain, other) == {}
    assert apart(columns, other) == {}


def test_in_this_market_vendors_are_full_fail_and_go(plain):
    mean = Statistics(*plain.mean(axis=0))
    assert 0.05 < mean.orders < 0.15, "a need a week, not always served"
    assert mean.turned_away > 0.03
    assert mean.churn > 0.005
    assert mean.top_decile > 0.15, "more than an equal share"
    assert mean.arrived > np.mean(MARKET.qualities) + 0.05, "memory and ratings lead to those who deliver"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"waits": (0.9, 1.1)}, "orders"),
        ({"stay": 2.5}, "orders"),
        ({"qualities": (0.4, 0.9)}, "arrived"),
        ({"capacities": (3, 11)}, "turned_away"),
        ({"rent": 0.12}, "churn"),
        ({"capital": 2.0}, "churn"),
        ({"remembered": 1}, "repeated"),
        ({"looked_at": 4}, "repeated"),
        ({"teach": 0.9}, "repeated"),
        ({"heed": 2.0}, "own_rating"),
        ({"fade": 0.8}, "rating"),
        ({"reprice": 0.0}, "price"),
    ],
)
def test_a_market_with_another_rule_is_noticed(columns, change, where):
    assert where in apart(columns, sample("Numba, one thread", MARKET._replace(**change)))


def test_threads_change_nothing_in_kernels():
    market = Market.of(4_000)
    one, two = (sample(f"Numba, {threads}", market, 10, [1]) for threads in ("one thread", "two threads"))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("peer", ["Mesa", "NumPy", "Numba, one thread"])
def test_a_seed_gives_the_same_market_again_and_another_a_different_one(peer):
    market = Market.of(100)
    first, again, other = (sample(peer, market, 30, [seed]) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_sizes_that_take_a_peer_too_long_are_left_out(monkeypatch, tmp_path):
    seconds = {"Mesa": 1e-3, "NumPy": 1e-5}

    class Done:
        def __init__(self, command, **_):
            name, size = command[-2], int(command[-1])
            row = {"peer": name, "consumers": size, "days": 5, "consumer_days_per_s": 1 / seconds[name], "build_s": 0.0}
            self.stdout = json.dumps(row | {"bytes_per_consumer": 1.0})

    monkeypatch.setattr(peers.subprocess, "run", Done)
    monkeypatch.setattr(peers, "crowding", lambda: 1.0)
    rows = peers.best(peers.measured(seconds, (100, 1_000, 10_000, 100_000)))
    assert [(row["peer"], row["consumers"]) for row in rows] == [
        *(("Mesa", size) for size in (100, 1_000)),
        *(("NumPy", size) for size in (100, 1_000, 10_000, 100_000)),
    ]
    peers.write(rows, tmp_path / "peers.csv")
    assert (tmp_path / "peers.csv").read_text(encoding="utf-8").count("\n") == 1 + len(rows)
    peers.draw(rows, tmp_path / "peers.svg")
    assert "consumer-days a second" in (tmp_path / "peers.svg").read_text(encoding="utf-8")


def test_a_measurement_says_how_fast_and_how_large(monkeypatch):
    monkeypatch.setattr(peers, "SECONDS", 0.0)
    row = peers.measure("NumPy", 1_000)
    assert row["days"] == peers.DAYS
    assert row["consumer_days_per_s"] > 0.0
    assert row["bytes_per_consumer"] is None, "too few to weigh"


def test_every_peer_has_its_row_in_the_definition():
    text = (peers.ROOT / "benchmarks" / "peers" / "market.md").read_text(encoding="utf-8")
    assert all(f"[{module}.py]({module}.py)" in text for module, _, _ in peers.PEERS.values())
