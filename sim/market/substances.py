"""The substance table as arrays, which kernels of every phase read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Substances(NamedTuple):
    """The substance table as arrays; S substances, G segments, C channels, J jurisdictions."""

    needs: np.ndarray  # (G, S) cumulative shares of needs
    dose_usd: np.ndarray  # (S,) USD
    doses_per_order: np.ndarray  # (S,) doses
    doses_per_day: np.ndarray  # (S,) doses/day of use
    opioid: np.ndarray  # (S,) heroin doses per dose
    synthetic: np.ndarray  # (S,) share of misrepresented units with a strong synthetic opioid
    potency_sd: np.ndarray  # (S,) sd of log potency at the source
    adverse: np.ndarray  # (S,) adverse events per use
    dependence: np.ndarray  # (S,) increase per use
    novel: int  # row of the category in which novel substances appear, -1 for none
    disability: np.ndarray  # (S,) disability weight of dependent use
    sold: np.ndarray  # (C, S) 1 where the channel sells it
    status: np.ndarray  # (J, S) 0 over the counter, 1 prescription, 2 controlled, 3 prohibited
    premium: np.ndarray  # (J, S) what stricter status multiplies the illicit price by, 1 as usual
    prescribed: np.ndarray  # (J, S) what it leaves of prescriptions, 1 as usual
    deterred: np.ndarray  # (J, S) share of those without dependence who turn to a substitute, 0 as usual
    substitutes: np.ndarray  # (S, S) cumulative shares of what they turn to, all 0 for none
    contaminable: np.ndarray  # (S,) 1 for opioids and sedatives, whose counterfeits may hold a strong synthetic
    medical: (
        np.ndarray
    )  # (S,) licensed substance of the same class that regulated supply gives in its place, -1 for none
