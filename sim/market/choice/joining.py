"""Joining: how likely somebody would use a cryptomarket rather than the street, by which they join one or not."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.agents.codes import RiskGroup
from sim.agents.consumers import ON_STREETS
from sim.kernels import inner, kernel
from sim.market.beliefs import event_risk, logistic
from sim.market.choice.experience import experience
from sim.streams import Draw, normal_from, uniform4

TASTE, OFFLINE = int(Draw.TASTE), int(RiskGroup.OFFLINE)


@inner
def participation(
    seed: int, c: int, value: float, street_open: np.ndarray, consumers: Any, choice: Any, migration: Any
) -> float:
    """P(a market of this ``value``, its risk included, rather than the street as it is) for a typical order of consumer ``c``.

    ``street_open`` (J,) is what the street has lost or gained in utility.
    """
    _, _, t3, t4 = uniform4(seed, TASTE, c, 0, 0)
    loss = event_risk(consumers.loss_hits[c], consumers.loss_calm[c], choice.risk_a, choice.risk_b)
    online = (
        choice.crypto
        + choice.skill_crypto * consumers.skill[c]
        + choice.taste_sd * normal_from(t3)
        + experience(seed, c, consumers, choice)
        + value
        - consumers.caution[c]
    )
    online -= choice.loss_weight * loss
    calm = consumers.legal_calm[c, OFFLINE]
    offline = event_risk(consumers.legal_hits[c, OFFLINE], calm, choice.risk_a, choice.risk_b)
    threat = event_risk(consumers.danger[c, ON_STREETS], calm, choice.risk_a, choice.risk_b)
    street = choice.street + choice.taste_sd * normal_from(t4) + street_open[consumers.jurisdiction[c]]
    street -= choice.offline_risk_weight * (offline + threat)
    return logistic(online - street - migration.outside)


@kernel
def likings(seed: int, liking: np.ndarray) -> None:
    """Fill ``liking`` with each consumer's lasting taste for cryptomarkets less that for the street, standard normal each."""
    for c in range(len(liking)):
        _, _, t3, t4 = uniform4(seed, TASTE, c, 0, 0)
        liking[c] = normal_from(t3) - normal_from(t4)
