"""Beliefs in published forms: legal risk, loss, trust in a market, reputation, interdiction.

Each rule stands once here, as a scalar function that the kernels of the day call and the tests check against published numbers.
"""

import math

from sim.kernels import kernel


@kernel
def event_risk(hits, calm, a, b):
    """Perceived risk from fading counts: (a + hits) / (a + b + hits + calm).

    The form of Magliocca et al. (2019, PNAS 116(16):7784) with the own uneventful orders of the prototype as counter-evidence: with one event k
    months ago and no experience otherwise, hits = w^k and calm = sum of w^j over the remembered months minus w^k.
    """
    return (a + hits) / (a + b + hits + calm)


@kernel
def narcologic_risk(events, w, a, b):
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
def interdiction_belief(belief, seized_share, floor):
    """Interdiction learning of NarcoLogic: P <- max(P / 2 + x / 2, floor), x the share of a period's consignments seized."""
    return max(0.5 * belief + 0.5 * seized_share, floor)


@kernel
def arrest_hazard(degree, per_contact):
    """Daily arrest hazard that grows with exposure (Hoffer and Alam 2013): ``per_contact`` x degree."""
    return per_contact * degree


@kernel
def beta_reputation(positive, negative, prior_good, prior_bad):
    """Reputation (r + g) / (r + s + g + b); g = b = 1 is the beta reputation of Josang and Ismail, larger g bounds it from below."""
    return (positive + prior_good) / (positive + negative + prior_good + prior_bad)


@kernel
def market_trust(prior, weight, good, bad):
    """Trust in a market: public ``prior`` worth ``weight`` orders, updated by own good and bad orders."""
    return (weight * prior + good) / (weight + good + bad)


@kernel
def try_new_probability(n_known, c, beta):
    """Chance to try a new seller when ``n_known`` are known: (1 + n/c)^-beta (form after Bracci et al. 2022, values fitted)."""
    return (1.0 + n_known / c) ** (-beta)


@kernel
def quality_update(belief, bought, neighbours, w_individual, w_social):
    """Quality belief of Izquierdo and Izquierdo (2007): q + w_ind (q_bought - q) + w_soc (mean of neighbours - q)."""
    return belief + w_individual * (bought - belief) + w_social * (neighbours - belief)


@kernel
def logistic(x):
    """1 / (1 + e^-x)."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    z = math.exp(x)
    return z / (1.0 + z)
