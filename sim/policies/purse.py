"""What a budget buys. Its money is real, and what policies reach follows from what they cost; no outcome is touched.

Each day the money left is spread evenly over the days left on which a policy under the budget may be on. Policies that cost more than that day's part together
run at a strength that is scaled down to it, each by the same share. What happens once (a raid, an arrest) is bought in the order of the policies from all that
is left beside the day's part. With nothing left, nothing more is done. A bill of the day before (referrals, checks) is
paid as far as the money goes, and what it does not pay for is not done: no budget is overdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.market.state import MarketState
    from sim.policies.base import Policy
    from sim.scenario import Budget


class Purse:
    """The money of a budget as it is spent.

    Parameters
    ----------
    budget
        How much, and over which policies.
    policies
        The policies of the run.
    days
        Days of the run.

    Attributes
    ----------
    left
        What is left, in real USD.
    over
        Places of the policies that it pays for.
    last_day
        The last day on which one of them may be on.
    """

    def __init__(self, budget: Budget, policies: Sequence[Policy], days: int) -> None:
        self.left = budget.usd
        named = None if budget.over == "policies" else set(budget.over)
        self.over = {
            k
            for k, policy in enumerate(policies)
            if not (policy.exogenous or policy.imposed) and (named is None or not named.isdisjoint(policy.names))
        }
        ends = [days if policies[k].end is None else min(days, policies[k].end or 0) for k in self.over]
        self.last_day = max(ends, default=days) - 1
        self.due: dict[int, float] = {}

    def shares(self, state: MarketState, on: Mapping[int, Policy]) -> dict[int, float]:
        """The share of its strength at which each policy that it pays for can be on today; keeps what of today's part is due for each."""
        weight = state.scenario.weight
        due = {k: policy.cost(state) * weight for k, policy in on.items() if k in self.over}
        total = sum(due.values())
        part = max(self.left, 0.0) / max(self.last_day - state.day + 1, 1)
        share = 1.0 if total <= part else part / total
        self.due = {k: usd * share for k, usd in due.items()}
        return {k: share if usd > 0 else 1.0 for k, usd in due.items()}

    def free(self, k: int) -> float:
        """Real USD for what policy ``k`` does once today: what is left beside what is still due today."""
        return max(self.left - sum(self.due.values()), 0.0) if k in self.over else float("inf")

    def pay(self, k: int, usd: float) -> float:
        """Pay what policy ``k`` cost today (real USD); returns the share of it for which there is money."""
        if k not in self.over:
            return 1.0
        self.due.pop(k, None)
        paid = min(usd, self.left)
        self.left -= paid
        return paid / usd if usd > paid else 1.0
