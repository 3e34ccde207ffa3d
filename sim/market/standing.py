"""Standing of platforms: their shares of trade, and public trust in them."""

from __future__ import annotations

import numpy as np

from sim.kernels import kernel
from sim.market.adding import added_up


@kernel
def share_trade(slots: np.ndarray, trade: np.ndarray, shares: np.ndarray) -> None:
    """Fill ``shares`` with those of the platforms ``slots`` in their common ``trade`` (P,)."""
    for k in range(len(slots)):
        shares[k] = np.float64(trade[slots[k]]) + 1e-6
    total = added_up(shares)
    for k in range(len(slots)):
        shares[k] /= total


@kernel
def trust_platforms(
    young: np.ndarray, trade: np.ndarray, weight: float, half: float, trust: tuple[float, float], prior: np.ndarray
) -> None:
    """Fill ``prior`` with public trust: from the first to the last of ``trust`` as a platform is less ``young`` (n,) and trades more than ``half`` real orders."""
    first, last = trust
    for m in range(len(young)):
        orders = np.float32(weight) * trade[m]
        prior[m] = first + (last - first) * (1.0 - young[m]) * orders / (orders + np.float32(half))
