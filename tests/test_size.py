"""A world is the same world however many consumers are simulated: rates per head, and where agencies learn to work, agree within chance.

What cannot agree, and why:

- Where sellers are few, some buyers find nobody who sells their substance where they live or on their market: 2,500 consumers have 11 vendors on
  cryptomarkets and 10 street vendors a jurisdiction, for a dozen substances. A vendor stands for many, who would not all lack the same, but a sample of ten
  cannot carry everything: of those who go to a seller 14 % find nobody at 2,500 consumers, 2 % at 20,000. Orders, and what hangs on them, approach their
  level from below (`THIN`): they are compared at the two largest sizes, and a small world with the sellers of a large one has its orders a head.
- Platforms and groups of suppliers are as many as in the real world however many consumers stand for its people, and a channel starts with eight vendors
  at least. Concentration among vendors, and how a single platform fares, depend on how many share it: they are left out, as are deaths, which are few.
- Closures of cryptomarkets are a few large events; they are switched off, so that what is left is what consumers, vendors and agencies do.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.agents.enforcement import TARGETS, Unit
from tests.worlds import run, world

pytestmark = pytest.mark.slow

SIZES = {2_500: 12, 5_000: 8, 10_000: 5, 20_000: 4}
"""Consumers simulated, and how many seeds of each."""
PER_HEAD = (
    "orders",
    "orders_cryptomarket",
    "orders_social_app",
    "orders_street",
    "vendor_arrests",
    "consumers_criminalised",
    "privacy_intrusions",
    "officer_days",
    "overdoses_expected",
    "organised_crime_revenue",
    "victims_of_fraud",
)
THIN = {
    "orders",
    "orders_cryptomarket",
    "orders_street",
    "organised_crime_revenue",
    "privacy_intrusions",  # what is in the post is what was ordered
    "BORDER on suppliers",
    "BORDER on post",
}
SELLERS = ("street_vendors", "app_vendors", "crypto_vendors", "pharmacy_vendors")
QUIET = {"platforms": {"closure_days": 1e6, "hack_base": 0.0}, "enforcement": {"ripe_raid": 1e-6, "learning": 0.3}}


def measured(consumers: int, seed: int) -> dict[str, float]:
    """Outcomes of half a year per head, and the share of officer-days of each kind of agency on each target at its end."""
    model = run(world(consumers=consumers, burn_in=60, days=180, parameters=QUIET), seed)
    daily = model.daily()
    found = {name: float(daily[name].sum()) / consumers for name in PER_HEAD if name in daily}
    for unit in Unit:
        mine = [agency for agency in model.agencies if agency.unit == unit]
        days = np.array([agency.officer_days for agency in mine])
        share = np.average([agency.allocation for agency in mine], axis=0, weights=days)
        found |= {f"{unit.name} on {target}": float(x) for target, x in zip(TARGETS, share, strict=True) if x > 0}
    return found


def differs(values: list[np.ndarray], sizes: list[int]) -> float:
    """How likely means so different are by chance (analysis of variance; the variance of a run falls as one over its size)."""
    weight = np.concatenate([np.full(len(v), float(n)) for v, n in zip(values, sizes, strict=True)])
    all_ = np.concatenate(values)
    grand = np.average(all_, weights=weight)
    between = sum(n * len(v) * (v.mean() - grand) ** 2 for v, n in zip(values, sizes, strict=True)) / (len(values) - 1)
    left = len(all_) - len(values)
    within = sum(n * ((v - v.mean()) ** 2).sum() for v, n in zip(values, sizes, strict=True)) / left
    return float(stats.f.sf(between / max(within, 1e-30), len(values) - 1, left)) if between > 1e-12 else 1.0


def test_rates_per_head_and_the_work_of_agencies_do_not_depend_on_how_many_consumers_are_simulated():
    found = {n: [measured(n, seed) for seed in range(seeds)] for n, seeds in SIZES.items()}
    names = found[2_500][0]
    table = {
        name: (differs([np.array([row[name] for row in rows]) for rows in found.values()], list(found)),
               [round(float(np.mean([row[name] for row in rows])), 6) for rows in found.values()])
        for name in names
    }  # fmt: skip
    apart = {name: row for name, row in table.items() if name not in THIN and row[0] < 0.01 / len(names)}
    assert not apart, apart
    for name in THIN:
        *_, half, all_ = table[name][1]
        assert half == pytest.approx(all_, rel=0.1), name


def orders_a_head(consumers: int, seed: int, sellers: float = 1.0) -> float:
    """Orders of ninety days per head where there are ``sellers`` times as many vendors as usual."""
    rates = {name: sellers * world().parameters["supply"][name] for name in SELLERS}
    model = run(world(consumers=consumers, burn_in=60, days=90, parameters={**QUIET, "supply": rates}), seed)
    return float(model.daily()["orders"].sum()) / consumers


def test_what_orders_a_head_depend_on_is_how_many_sellers_there_are_and_not_how_many_consumers():
    few, many = (np.array([orders_a_head(1_000, seed, times) for seed in range(12)]) for times in (1.0, 20.0))
    large = np.mean([orders_a_head(20_000, seed) for seed in range(2)])
    assert (many > few).sum() >= 10
    assert many.mean() == pytest.approx(large, rel=0.08)
    assert few.mean() < 0.85 * large
