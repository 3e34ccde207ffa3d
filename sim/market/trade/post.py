"""The post: parcels from abroad are inspected; what is seized follows, and so does how late the others are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.kernels import kernel

if TYPE_CHECKING:
    from sim.market.state import MarketState

MOST_SEIZED = 0.95
"""Chance of seizure that no inspection exceeds."""


class Routes(NamedTuple):
    """The post of the day."""

    intercept: np.ndarray  # (J, J) chance that a parcel from j to k is seized
    delay: np.ndarray  # (J,) days that parcels from abroad wait


@kernel
def inspections(mail: np.ndarray, inspection: np.ndarray, load: np.ndarray) -> None:
    """Fill ``load`` (J,) with the inspections of parcels from abroad relative to the usual number, where ``mail`` (J,) is what each jurisdiction sends."""
    for k in range(len(load)):
        inspected, sent = 0.0, 0.0
        for j in range(len(load)):
            inspected += mail[j] * inspection[j, k] if j != k else 0.0
            sent += mail[j] if j != k else 0.0
        load[k] = inspected / max(sent, 1e-9)


@kernel
def chance_of_seizure(posts: np.ndarray, levers: Any, given: np.ndarray, intercept: np.ndarray) -> None:
    """Fill ``intercept`` (J, J): ``posts`` (4, J) hold the chance at usual inspection at the border and at home, the officers' part, and the share of work done.

    ``levers`` are inspections and the share of parcels with advance data, by route: with data the right parcels are picked more often.
    """
    p = given[0]
    border, home, officers, done = posts
    inspection, advance_data = levers
    usual = 1.0 + p.data_share * (p.data_gain - 1.0)
    for j in range(len(home)):
        for k in range(len(home)):
            share = p.data_share + (1.0 - p.data_share) * advance_data[j, k]
            targeting = (1.0 + share * (p.data_gain - 1.0)) / usual
            chance = border[k] * officers[k] * inspection[j, k] * targeting * done[k]
            intercept[j, k] = home[k] if j == k else min(chance, MOST_SEIZED)


def usual_seizures(state: MarketState) -> np.ndarray:
    """(J, J) chance that a parcel from j to k would be seized at neutral levers, by what officers of k do: what earns them credit."""
    officers = state.policing.post_effort**state.p.enforcement.post_effect
    border = np.array([post.border for post in state.posts]) * officers
    chance = np.tile(np.minimum(border, MOST_SEIZED), (len(border), 1))
    np.fill_diagonal(chance, [post.domestic for post in state.posts])
    return chance


def inspect(state: MarketState) -> Routes:
    """Chance of seizure by route, and how late parcels from abroad are.

    Seizures follow inspections; with advance data the right parcels are picked more often. Inspections beyond the capacity of the post delay all parcels.
    """
    p, levers, posts = state.p.shipping, state.levers, state.posts
    load, intercept = np.empty(len(posts)), np.empty(levers.inspection.shape)
    inspections(state.world.vendor_weight, levers.inspection, load)
    done = [
        post.work(inspected, p.post_capacity * staff, p.post_longest)
        for post, inspected, staff in zip(posts, load.tolist(), levers.postal_staff.tolist(), strict=True)
    ]
    officers = state.policing.post_effort**state.p.enforcement.post_effect
    work = np.array([[post.border for post in posts], [post.domestic for post in posts], officers, done])
    chance_of_seizure(work, (levers.inspection, levers.advance_data), state.given.shipping, intercept)
    people = state.consumers.n * state.world.consumer_weight / state.world.consumer_share[-1]
    opened = float(np.add.reduce(people * officers * load * done))
    state.today.opened = opened * p.opened_in_vain / 365e3
    return Routes(intercept, np.array([post.backlog for post in posts]))
