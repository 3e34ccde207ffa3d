"""The account of a policy: what it was meant for, did and cost over a run, and the row that it has in the table ``policies``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.policies.deeds import WHOLE, Deed, Parts

if TYPE_CHECKING:
    from sim.policies.base import Policy


@dataclass
class Account:
    """What one policy of a run did so far.

    Attributes
    ----------
    days
        Days on which it was on.
    asked, done
        Sums of the deeds, in its unit.
    first, last
        First and last day on which it did something; None while it did nothing.
    usd
        Cost to the public, for the simulated consumers.
    short
        Days on which the budget paid for less than all of it.
    parts
        To whom it was offered, who took it up and who stayed; None where it is not offered to people.
    """

    days: int = 0
    asked: float = 0.0
    done: float = 0.0
    first: int | None = None
    last: int | None = None
    usd: float = 0.0
    short: int = 0
    parts: Parts | None = None

    def book(self, day: int, deed: Deed, usd: float, short: bool, parts: Parts | None = None) -> None:
        """Enter a day on which the policy was on: its deed, its cost, whether the budget cut it, and how many people took part."""
        if parts is not None and parts.adds and self.parts is not None:
            parts = parts._replace(offered=self.parts.offered + parts.offered, taken=self.parts.taken + parts.taken)
        self.parts = parts
        self.days += 1
        self.asked += deed.asked
        self.done += deed.done
        self.usd += usd
        self.short += short
        if deed.done > 0:
            self.first = day if self.first is None else self.first
            self.last = day

    @property
    def less(self) -> bool:
        """Whether it did nothing, or less than it was meant for."""
        return self.done <= 0 or self.done < self.asked * (1.0 - 1e-9)


def row(place: int, policy: Policy, account: Account, weight: float) -> dict[str, Any]:
    """The row of a policy in the table ``policies``.

    Parameters
    ----------
    place, policy, account
        Its place in the scenario, itself, and what it did.
    weight
        Real people for whom a simulated one stands.
    """
    scale = 1.0 if policy.counts in WHOLE else weight
    return {
        "place": place,
        "policy": policy.kind,
        "label": policy.label,
        "unit": policy.counts,
        "asked": account.asked * scale,
        "done": account.done * scale,
        **people(account.parts, weight),
        "days": account.days,
        "first_day": account.first,
        "last_day": account.last,
        "cost_real_usd": account.usd * weight,
        "note": note(policy, account),
    }


def people(parts: Parts | None, weight: float) -> dict[str, float | None]:
    """Real people to whom a policy was offered, who took it up and who stayed; None where that cannot be said."""
    counts = (None, None, None) if parts is None else (parts.offered, parts.taken, parts.kept)
    return {k: None if n is None else n * weight for k, n in zip(("offered", "taken_up", "kept"), counts, strict=True)}


def note(policy: Policy, account: Account) -> str:
    """Why a policy did nothing, or less than it was meant for; empty where it did all."""
    if policy.strength == 0:
        return "strength 0: nothing is done"
    if account.days == 0:
        if policy.when is not None:
            return "never began: its condition was not met"
        return "never began" + ("" if policy.after is None else f": {policy.after.policy} did not begin in time")
    if account.short:
        return f"the budget paid for less than all of it on {account.short} of {account.days} days"
    if account.done <= 0:
        return policy.idle
    return policy.fewer if account.less else ""
