"""Beliefs in published forms: legal risk, loss, trust in a market, reputation, interdiction.

Each rule stands once here, as a scalar function that the kernels of the day call and the tests check against published numbers.
"""

from __future__ import annotations

import math

import numpy as np

from sim.kernels import kernel


@kernel
def event_risk(hits: float, calm: float, a: float, b: float) -> float:
    """Perceived risk from fading counts: (a + hits) / (a + b + hits + calm).

    The form of Magliocca et al. (2019, PNAS 116(16):7784) with the own uneventful orders of the prototype as counter-evidence: with one event k
    months ago and no experience otherwise, hits = w^k and calm = sum of w^j over the remembered months minus w^k.
    """
    return (a + hits) / (a + b + hits + calm)


@kernel
def narcologic_risk(events: np.ndarray, w: float, a: float, b: float) -> float:
    """Forgetting-weighted perceived risk of Magliocca et al. (2019): ``events[k]`` is the indicator of an event k months ago."""
    weighted = 0.0
    total = 0.0
    weight = 1.0
    for k in range(len(events)):
        weighted += weight * events[k]
        total += weight
        weight *= w
    return (weighted + a) / (total + a + b)


@kernel
def interdiction_belief(belief: float, seized_share: float, floor: float) -> float:
    """Interdiction learning of NarcoLogic: P <- max(P / 2 + x / 2, floor), x the share of a period's consignments seized."""
    return max(0.5 * belief + 0.5 * seized_share, floor)


@kernel
def arrest_hazard(degree: float, per_contact: float) -> float:
    """Daily arrest hazard that grows with exposure (Hoffer and Alam 2013): ``per_contact`` x degree."""
    return per_contact * degree


@kernel
def beta_reputation(positive: float, negative: float, prior_good: float, prior_bad: float) -> float:
    """Reputation (r + g) / (r + s + g + b); g = b = 1 is the beta reputation of Josang and Ismail, larger g bounds it from below."""
    return (positive + prior_good) / (positive + negative + prior_good + prior_bad)


@kernel
def market_trust(prior: float, weight: float, good: float, bad: float) -> float:
    """Trust in a market: public ``prior`` worth ``weight`` orders, updated by own good and bad orders."""
    return (weight * prior + good) / (weight + good + bad)


@kernel
def try_new_probability(n_known: float, c: float, beta: float) -> float:
    """Chance to try a new seller when ``n_known`` are known: (1 + n/c)^-beta (form after Bracci et al. 2022, values fitted)."""
    return (1.0 + n_known / c) ** (-beta)


@kernel
def quality_update(belief: float, bought: float, neighbours: float, w_individual: float, w_social: float) -> float:
    """Quality belief of Izquierdo and Izquierdo (2007): q + w_ind (q_bought - q) + w_soc (mean of neighbours - q)."""
    return belief + w_individual * (bought - belief) + w_social * (neighbours - belief)


@kernel
def logistic(x: float) -> float:
    """1 / (1 + e^-x)."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    z = math.exp(x)
    return z / (1.0 + z)
