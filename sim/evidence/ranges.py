"""What a scenario may set: the legal range of a parameter, from its unit where its entry gives no `minimum` and `maximum` of its own.

These are limits of the model, not of the world: at both ends a run works and every outcome that is observed is a number. What is plausible is far narrower, and
stands in the entry. A time is at least a day, the step of the model, and at most ten years; a rate is a chance in its period, and at most 1.
"""

from __future__ import annotations

LEGAL: dict[str, tuple[float, float]] = {
    "1": (0, 100),
    "1/day": (0, 1),
    "1/event": (0, 1),
    "1/log": (0, 100),
    "1/month": (0, 1),
    "1/week": (0, 1),
    "1/year": (0, 365),
    "DALY": (0, 100),
    "MME/dose": (1, 100_000),
    "USD": (0, 1_000_000),
    "USD/DALY": (0, 10_000_000),
    "USD/USD": (0, 100),
    "USD/dose": (0.01, 10_000),
    "accounts/termination": (0, 100),
    "acquirers": (1, 100),
    "alerts/year": (0, 10_000),
    "apps": (1, 50),
    "consignments/month": (0, 1_000),
    "contacts/officer-day": (0, 1_000),
    "days": (1, 3_650),
    "elasticity": (0, 5),
    "events": (0, 100),
    "exponent": (0, 10),
    "friends": (0, 100),
    "hands": (0, 100),
    "heroin doses": (0, 100),
    "listings": (1, 1_000),
    "logit": (-20, 20),
    "logit/sd": (0, 10),
    "needs/day": (0.0001, 2),
    "officer-days": (1, 1_000_000),
    "officer-days/20,000 consumers": (1, 1_000_000),
    "officer-days/(order/day)": (0, 1_000),
    "officer-days/day/100,000": (1, 100_000),
    "orders": (0, 10_000),
    "points": (0, 100_000),
    "programmes": (1, 200),
    "ratings": (0.01, 10_000),
    "ratio": (0, 1_000),
    "sd of log": (0, 3),
    "shape": (0.01, 10_000),
    "substances/listing": (0, 10),
    "substances/year": (0, 10_000),
    "suppliers": (1, 1_000),
    "usual orders": (0, 1_000),
    "utility": (-100, 100),
    "utility/log": (0, 5),
    "utility/sd": (0, 100),
    "vendors": (0.01, 1_000),
    "vendors/consumer": (0, 1),
}
"""Lowest and highest value that a scenario may give a parameter, by unit."""

BOUNDED = ("probability", "share", "fraction")
"""Units that hold one of these words go from 0 to 1."""


def legal(unit: str, low: float) -> tuple[float, float]:
    """The legal range of a parameter.

    Parameters
    ----------
    unit
        what it is measured in.
    low
        lowest plausible value: where it is not negative, nothing negative is legal.

    Raises
    ------
    ValueError
        when no range is known for the unit.
    """
    if any(word in unit for word in BOUNDED):
        return 0.0, 1.0
    if unit not in LEGAL:
        raise ValueError(f"no legal range is known for the unit {unit!r}: give minimum and maximum")
    minimum, maximum = LEGAL[unit]
    return (max(minimum, 0.0) if low >= 0 else minimum), maximum
