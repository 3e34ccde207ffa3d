"""Keyed random numbers: known answers, equal in kernels and arrays, well distributed, independent of all else."""

import subprocess
import sys

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit, prange
from scipy import special, stats

from sim import streams
from sim.streams import Draw, philox, philox_numpy, uniform, uniform4

# Philox 4x32-10 in Random123's file of known answers: counter, key, words.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
SEED, DECISION = 20_131_002, int(Draw.NEED)
N = 200_000
ENTITIES = np.arange(N)

seeds = st.integers(0, 2**64 - 1)
entities = st.integers(0, 2**63 - 1)
days = st.integers(-(2**31), 2**31 - 1)
decisions = draws = st.integers(0, 65_535)


def words(seed, decision, entity, day, draw):
    """The four words of a key, from the layout in the documentation and the reference generator."""
    counter = [entity % 2**32, entity >> 32, day % 2**32, decision << 16 | draw]
    return [int(word) for word in philox_numpy([counter], (seed % 2**32, seed >> 32))[0]]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(counter, key, answer):
    assert philox(*counter, *key) == answer
    assert tuple(philox_numpy([counter], key)[0]) == answer


def test_compiled_philox_equals_the_reference_on_many_counters():
    rng = np.random.default_rng(1)
    counters = rng.integers(0, 2**32, (2_000, 4))
    key = rng.integers(0, 2**32, 2)
    assert np.array_equal(philox_numpy(counters, key), [philox(*map(int, (*c, *key))) for c in counters])


@settings(max_examples=200, deadline=None)
@given(seeds, decisions, entities, days, draws)
def test_a_draw_is_made_of_the_words_of_its_key(seed, decision, entity, day, draw):
    w = words(seed, decision, entity, day, draw)
    assert uniform(seed, decision, entity, day, draw) == ((w[0] << 20 | w[1] >> 12) + 0.5) / 2**52
    assert uniform4(seed, decision, entity, day, draw) == tuple((word + 0.5) / 2**32 for word in w)


@settings(max_examples=200, deadline=None)
@given(
    seeds, decisions, entities, days, draws, st.sampled_from(["seed", "decision", "entity", "day", "draw"]), st.data()
)
def test_every_part_of_the_key_matters(seed, decision, entity, day, draw, part, data):
    key = {"seed": seed, "decision": decision, "entity": entity, "day": day, "draw": draw}
    values = {"seed": seeds, "decision": decisions, "entity": entities, "day": days, "draw": draws}
    other = key | {part: data.draw(values[part].filter(lambda value: value != key[part]))}
    assert uniform(*key.values()) != uniform(*other.values())


def test_uniform_numbers_lie_strictly_inside_the_unit_interval():
    scaled = streams.uniforms(SEED, DECISION, ENTITIES, 0) * 2.0**53
    assert np.array_equal(scaled, np.trunc(scaled))
    assert np.all(scaled % 2 == 1), "an odd multiple of 2**-53 is neither 0 nor 1"


@pytest.mark.parametrize(
    ("array", "scalar"),
    [
        (streams.uniforms, streams.uniform),
        (streams.normals, streams.normal),
        (streams.exponentials, streams.exponential),
    ],
)
@pytest.mark.parametrize("day", [-180, 0, 729])
def test_arrays_equal_single_draws_bit_for_bit(array, scalar, day):
    ids = np.concatenate([np.arange(3_001), 2**40 + np.arange(100), [2**63 - 1]])
    expected = [scalar(SEED, DECISION, int(i), day, 3) for i in ids]
    assert np.array_equal(array(SEED, DECISION, ids, day, 3), expected)


def test_arrays_keep_the_shape_and_take_any_integers():
    grid = ENTITIES[:12].reshape(3, 4)
    flat = streams.uniforms(SEED, Draw.NEED, ENTITIES[:12], 5)
    assert np.array_equal(streams.uniforms(SEED, DECISION, grid, 5), flat.reshape(3, 4))
    assert np.array_equal(streams.uniforms(SEED, DECISION, grid.astype("u1")[:, ::2], 5), flat.reshape(3, 4)[:, ::2])
    assert streams.uniforms(SEED, DECISION, 7, 5) == flat[7]
    assert streams.normals(SEED, DECISION, [], 5).shape == (0,)


def test_an_entity_is_an_integer():
    with pytest.raises(TypeError, match="entities are integers"):
        streams.uniforms(SEED, DECISION, [0.5], 0)


def test_the_order_of_entities_does_not_matter():
    order = np.argsort(streams.uniforms(1, Draw.FRIENDS, ENTITIES[:1_000], 0))
    assert np.array_equal(
        streams.normals(SEED, DECISION, ENTITIES[:1_000][order], 0),
        streams.normals(SEED, DECISION, ENTITIES[:1_000], 0)[order],
    )


@njit(nogil=True)
def draws_of_many_types(seed, ids, small, day):
    out = np.empty((ids.size, 3))
    for i in range(ids.size):
        out[i, 0] = uniform(seed, Draw.NEED, ids[i], day, 0)
        out[i, 1] = uniform(seed, DECISION, small[i], day, np.uint8(1))
        out[i, 2] = uniform(seed, 7, i, -3, 2)
    return out


def test_kernels_call_with_any_integers_and_compile_the_draw_once():
    ids = np.arange(50, dtype=np.int32)
    got = draws_of_many_types(np.uint64(SEED), ids, ids.astype("u1"), np.int16(9))
    assert np.array_equal(got[:, 0], streams.uniforms(SEED, Draw.NEED, ids, 9, 0))
    assert np.array_equal(got[:, 1], streams.uniforms(SEED, Draw.NEED, ids, 9, 1))
    assert np.array_equal(got[:, 2], streams.uniforms(SEED, 7, ids, -3, 2))
    assert len(uniform.signatures) == 1, "each new combination of types would cost every kernel compile time"


@njit(parallel=True, nogil=True)
def in_parallel(seed, n, out):
    for i in prange(n):
        out[i] = streams.normal(seed, DECISION, i, 4, 0) + streams.poisson(seed, DECISION, i, 4, 1, 3.0)


def test_numbers_do_not_depend_on_the_number_of_threads():
    results = []
    available = numba.get_num_threads()
    for threads in {1, available}:
        numba.set_num_threads(threads)
        out = np.empty(10_007)
        in_parallel(np.uint64(SEED), out.size, out)
        results.append(out)
    numba.set_num_threads(available)
    alone = [
        streams.normal(SEED, DECISION, i, 4, 0) + streams.poisson(SEED, DECISION, i, 4, 1, 3.0) for i in range(out.size)
    ]
    assert all(np.array_equal(out, alone) for out in results)


KERNEL = """
import numpy as np
from numba import njit
from sim.streams import Draw, normal, uniform

@njit(cache=True, nogil=True)
def kernel(seed, n):
    total = 0.0
    for i in range(n):
        total += uniform(seed, Draw.NEED, i, 1, 0) * normal(seed, Draw.VENDOR, i, 1, 0)
    return total

print(kernel(np.uint64(5), 1000), sum(kernel.stats.cache_hits.values()), sum(uniform.stats.cache_hits.values()))
"""


def test_kernels_that_draw_are_cached_on_disk(tmp_path):
    (tmp_path / "kernels.py").write_text(KERNEL)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import kernels"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert [run[1:] for run in runs] == [["0", "1"], ["1", "1"]]
    assert runs[0][0] == runs[1][0]


def test_uniform_numbers_are_uniform():
    assert stats.kstest(streams.uniforms(SEED, DECISION, ENTITIES, 0), "uniform").pvalue > 0.01
    assert stats.kstest(streams.uniforms(SEED, DECISION, ENTITIES, -90, 9), "uniform").pvalue > 0.01


def test_each_of_four_numbers_is_uniform_and_they_are_uncorrelated():
    four = np.array([uniform4(SEED, DECISION, i, 0, 0) for i in range(50_000)])
    assert all(stats.kstest(four[:, k], "uniform").pvalue > 0.01 for k in range(4))
    assert np.abs(np.corrcoef(four.T) - np.eye(4)).max() < 4 / np.sqrt(len(four))


def test_normal_numbers_are_normal():
    z = streams.normals(SEED, DECISION, ENTITIES, 0)
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert abs(stats.skew(z)) < 4 * np.sqrt(6 / N)
    assert abs(stats.kurtosis(z)) < 4 * np.sqrt(24 / N)


def test_exponential_numbers_are_exponential():
    assert stats.kstest(streams.exponentials(SEED, DECISION, ENTITIES, 0), "expon").pvalue > 0.01


def test_gumbel_numbers_are_gumbel():
    g = [streams.gumbel(SEED, DECISION, i, 0, 0) for i in range(50_000)]
    assert stats.kstest(g, "gumbel_r").pvalue > 0.01


def test_the_largest_utility_plus_gumbel_number_is_a_logit_choice():
    utility = np.log([1.0, 2.0, 5.0])
    draws = np.array([[streams.gumbel(SEED, DECISION, i, 0, k) for k in range(3)] for i in range(40_000)])
    chosen = np.bincount(np.argmax(utility + draws, axis=1), minlength=3)
    assert stats.chisquare(chosen, 40_000 * np.array([1, 2, 5]) / 8).pvalue > 0.01


@pytest.mark.parametrize("mean", [0.05, 0.7, 4.0, 60.0, 500.0])
def test_poisson_counts_are_poisson(mean):
    counts = np.array([streams.poisson(SEED, DECISION, i, 0, 0, mean) for i in range(40_000)])
    edges = stats.poisson(mean).ppf(np.linspace(0, 1, 21)[1:-1])
    edges = np.unique(np.concatenate([[-1], edges, [np.inf]]))
    seen = np.histogram(counts, edges + 0.5)[0]
    expected = np.diff(stats.poisson(mean).cdf(edges)) * len(counts)
    assert stats.chisquare(seen, expected).pvalue > 0.01


@pytest.mark.parametrize("step", ["entity", "day", "draw", "decision", "seed"])
def test_neighbouring_keys_give_unrelated_numbers(step):
    one = streams.uniforms(SEED, DECISION, ENTITIES, 100, 4)
    two = streams.uniforms(
        SEED + (step == "seed"),
        DECISION + (step == "decision"),
        ENTITIES + (step == "entity"),
        100 + (step == "day"),
        4 + (step == "draw"),
    )
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / np.sqrt(N)
    assert abs(np.corrcoef((one - 0.5) ** 2, (two - 0.5) ** 2)[0, 1]) < 4 / np.sqrt(N)
    cells = np.histogram2d(one, two, bins=16, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(cells.ravel()).pvalue > 0.001


def test_one_entity_has_unrelated_days():
    u = np.array([uniform(SEED, DECISION, 42, day, 0) for day in range(-20_000, 20_000)])
    assert stats.kstest(u, "uniform").pvalue > 0.01
    assert all(abs(np.corrcoef(u[:-lag], u[lag:])[0, 1]) < 4 / np.sqrt(u.size) for lag in (1, 2, 7, 30, 365))


def test_every_decision_has_its_own_number():
    values = [member.value for member in Draw.__members__.values()]
    assert len(set(values)) == len(values)
    assert all(0 < value < 65_536 for value in values)


@settings(max_examples=100, deadline=None)
@given(*[st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))] * 2)
def test_a_pair_is_one_entity(first, second):
    assert (streams.pair(*first) == streams.pair(*second)) == (first == second)
    assert streams.pair(*first) >= 0


def test_normal_quantiles_are_exact_to_the_last_digits():
    u = np.concatenate([np.linspace(0.001, 0.999, 1_999), 10.0 ** -np.arange(1, 301), 1 - 10.0 ** -np.arange(1, 16)])
    ours = np.array([streams.normal_from(p) for p in u])
    exact = special.ndtri(u)
    assert np.all(np.abs(ours - exact) <= 4e-15 * np.abs(exact) + 1e-16)


def test_the_other_quantiles_are_those_of_their_distributions():
    u = streams.uniforms(SEED, DECISION, ENTITIES[:500], 0)
    assert np.allclose([streams.exponential_from(p) for p in u], stats.expon.ppf(u), rtol=1e-13)
    assert np.allclose([streams.gumbel_from(p) for p in u], stats.gumbel_r.ppf(u), rtol=1e-12)


@pytest.mark.parametrize("mean", [1e-9, 0.3, 1.0, 17.5, 80.9, 81.1, 1_000.0, 1e5])
def test_poisson_quantiles_are_those_of_the_distribution(mean):
    u = np.concatenate([streams.uniforms(SEED, DECISION, ENTITIES[:300], 0), [1e-12, 1e-6, 1 - 1e-6, 1 - 1e-12]])
    k = np.array([streams.poisson_from(p, mean) for p in u])
    near = 1e-11
    assert np.all(stats.poisson.cdf(k, mean) >= u - near)
    assert np.all((k == 0) | (stats.poisson.cdf(k - 1, mean) < u + near))


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-15, 1 - 1e-11), st.floats(1e-6, 2_000), st.floats(1.0, 1.5))
def test_a_larger_mean_never_gives_fewer(u, mean, factor):
    """As far as chances are told apart (1e-11, as above): nearer to one, a count of 102 was seen above one of 108."""
    assert streams.poisson_from(u, mean) <= streams.poisson_from(u, mean * factor)


def test_a_mean_that_is_none_gives_none_and_a_vast_one_ends():
    assert [streams.poisson_from(0.999, mean) for mean in (0.0, -1.0, float("nan"))] == [0, 0, 0]
    assert streams.poisson_from(0.5, float("inf")) == pytest.approx(1e9, rel=1e-4)
