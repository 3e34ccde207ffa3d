"""The plan of a run: which of its policies are on today, since when, and how often each began.

A policy begins on its occasions: on its start, some days after another began, and again every so many days. With a condition it begins on an occasion on which
that holds. Each time, it is a copy of itself that starts on that day, so that whatever it does on its first day it does again.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.kept.tables import policy_table
from sim.policies.account import Account, row
from sim.policies.deeds import Deed, PolicyError
from sim.policies.purse import Purse

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.agents.levers import Levers
    from sim.market.books import Events
    from sim.market.state import MarketState
    from sim.measures.kept.recorder import Recorder
    from sim.policies.base import Policy
    from sim.scenario import Budget


@dataclass
class Course:
    """What became of one policy so far.

    Attributes
    ----------
    began
        The days on which it began.
    ended
        The day on which it was last off after it had been on.
    now
        The policy as it is on, starting on the day on which it last began; None while it is off.
    account
        What it did, and what that cost.
    """

    began: list[int] = field(default_factory=list)
    ended: int | None = None
    now: Policy | None = None
    account: Account = field(default_factory=Account)


class Plan:
    """The policies of a run and their courses."""

    def __init__(self) -> None:
        self.policies: tuple[Policy, ...] = ()
        self.courses: list[Course] = []
        self.followers: dict[str, list[int]] = {}
        self.began: dict[str, Counter[int]] = {}
        self.budget: tuple[Budget | None, int] = (None, 0)  # and the days over which it is spread
        self.purse: Purse | None = None

    def follow(self, policies: Sequence[Policy], events: Events, budget: Budget | None = None, days: int = 0) -> None:
        """Take up the policies and the budget of a scenario of so many days, at first or when it is another one.

        Policies that stay in their place keep their course, and a budget that stays what it has left.
        """
        if self.policies != policies:
            self._take_up(policies, events)
        elif self.budget == (budget, days):
            return
        self.budget = budget, days
        self.purse = None if budget is None else Purse(budget, self.policies, days)

    def _take_up(self, policies: Sequence[Policy], events: Events) -> None:
        courses = [Course() for _ in policies]
        for k, (policy, same, course) in enumerate(zip(policies, self.policies, self.courses, strict=False)):
            if policy == same:
                courses[k] = course
        self.policies, self.courses = tuple(policies), courses
        self.followers, self.began = {}, {}
        for k, policy in enumerate(policies):
            if policy.after is not None:
                self.followers.setdefault(policy.after.policy, []).append(k)
        for policy, course in zip(policies, courses, strict=True):
            for day in course.began:
                self._note(policy, day)
        events.watch(policy.when.event for policy in policies if policy.when is not None)

    def on_today(self, state: MarketState, recorder: Recorder) -> list[Policy]:
        """The policies that are on today, in their order."""
        day, before = state.day, [course.now for course in self.courses]
        for policy, course in zip(self.policies, self.courses, strict=True):
            if course.now is not None and not self._goes_on(policy, course, state, recorder):
                course.now, course.ended = None, day
        turn, later = list(range(len(self.policies))), set[int]()
        while turn:  # a policy may begin on the day on which the one that it follows does, wherever that stands
            k = heapq.heappop(turn)
            while turn and turn[0] == k:
                heapq.heappop(turn)
            since = self._begins(self.policies[k], self.courses[k], state, recorder)
            if since is not None:
                self.courses[k].began.append(since)
                self.courses[k].now = self.policies[k].begun(since, before[k])
                self._note(self.policies[k], since)
                for other in (k, *self._following(self.policies[k])):
                    if other > k:
                        heapq.heappush(turn, other)
                    else:
                        later.add(other)
            if not turn:
                turn, later = sorted(later), set()
        return [course.now for course in self.courses if course.now is not None]

    def rows(self, weight: float) -> list[dict[str, Any]]:
        """What each policy was meant for, did and cost, a mapping each; ``weight`` real people for one that is simulated."""
        courses = zip(self.policies, self.courses, strict=True)
        return [row(k, policy, course.account, weight) for k, (policy, course) in enumerate(courses)]

    def table(self, weight: float) -> DataFrame:
        """The same as the table `policies`."""
        return policy_table(self.rows(weight))

    def _note(self, policy: Policy, day: int) -> None:
        """Keep that a policy began on a day, under each of its names."""
        for name in policy.names:
            self.began.setdefault(name, Counter())[day] += 1

    def _following(self, policy: Policy) -> Iterator[int]:
        """The places of those that follow a policy."""
        for name in policy.names:
            yield from self.followers.get(name, ())

    def _goes_on(self, policy: Policy, course: Course, state: MarketState, recorder: Recorder) -> bool:
        """Whether a policy that was on yesterday is on today."""
        if not policy.active(state.day):
            return False
        if policy.lasting is not None:
            return state.day < course.began[-1] + policy.lasting
        return policy.when is None or policy.when.holds(state, recorder)

    def _begins(self, policy: Policy, course: Course, state: MarketState, recorder: Recorder) -> int | None:
        """The day on which a policy that is not yet on for its latest occasion begins; None when it does not."""
        day = state.day
        if not policy.active(day):
            return None
        occasion = self._occasion(policy, course, day)
        last = course.began[-1] if course.began else None
        if occasion is None or last == day:
            return None
        if policy.when is None:
            over = policy.lasting is not None and day >= occasion + policy.lasting
            return None if over or (last is not None and last >= occasion) else occasion
        if policy.every is None:
            if course.now is not None:
                return None
        elif occasion != day:
            return None
        if policy.when.times is not None and len(course.began) >= policy.when.times:
            return None
        if course.now is None and course.ended is not None and day < course.ended + policy.when.cooldown:
            return None
        return day if policy.when.holds(state, recorder) else None

    def _occasion(self, policy: Policy, course: Course, day: int) -> int | None:
        """The latest day up to today on which a policy was to begin, conditions aside."""
        first = [policy.start]
        if policy.after is not None:
            name = policy.after.policy
            own = Counter(course.began) if name in policy.names else Counter[int]()
            begun = [b for b, count in self.began.get(name, Counter[int]()).items() if count > own[b]]
            first = [max(b + policy.after.days, policy.start) for b in begun]
        first = [b for b in first if b <= day]
        if policy.every is not None:
            first = [day - (day - b) % policy.every for b in first]
        return max(first, default=None)


def apply_policies(state: MarketState, plan: Plan, recorder: Recorder) -> None:
    """Phase 1: set the levers of every policy that is on, then cause events, then book deeds and cost; conditions look at what was recorded."""
    scenario = state.scenario
    plan.follow(scenario.policies, state.books.events, scenario.budget, scenario.days)
    if not plan.policies:
        return
    plan.on_today(state, recorder)
    full = {k: course.now for k, course in enumerate(plan.courses) if course.now is not None}
    shares = {} if plan.purse is None else plan.purse.shares(state, full)
    on = {k: at_share(policy, shares.get(k, 1.0)) for k, policy in full.items()}
    for k, policy in on.items():
        if shares.get(k) != 0.0:
            policy.move(state, state.levers)
            if not type(policy).__module__.startswith("sim.policies."):  # an author's own may write anything
                _levers_are_numbers(state.levers, policy)
    weight = scenario.weight
    for k, policy in on.items():
        share = shares.get(k, 1.0)
        usd, deed = 0.0, None
        if share > 0.0:
            if plan.purse is not None:
                state.today.purse = plan.purse.free(k)
            deed = policy.act(state)
            usd = policy.cost(state)
            if not isinstance(usd, int | float | np.number) or not np.isfinite(usd):
                raise PolicyError(
                    f"`cost` of the policy {policy.kind!r} gives {usd!r}, not a number of USD", type(policy).cost
                )
        if not isinstance(deed, Deed):  # an author's own policy may give back anything
            deed = full[k].deed(state) if share == 1.0 else deed_in_part(full[k], policy, share, state)
            if not isinstance(deed, Deed):
                raise PolicyError(f"`deed` of the policy {policy.kind!r} gives {deed!r}, not a Deed", type(policy).deed)
        elif share < 1.0:
            deed = deed._replace(asked=max(deed.asked / share, deed.done))
        if deed.usd:
            usd += deed.usd / weight
        paid = 1.0 if plan.purse is None else plan.purse.pay(k, usd * weight)
        if paid < 1.0:
            usd, deed = usd * paid, deed._replace(done=deed.done * paid)
        state.today.policy_cost += usd
        plan.courses[k].account.book(
            state.day, deed, usd, min(share, paid) < 1.0 or deed.unpaid > 0, policy.parts(state)
        )
    state.today.purse = float("inf")


def _levers_are_numbers(levers: Levers, policy: Policy) -> None:
    """Refuse a lever that a policy has left without a number."""
    for name, values in vars(levers).items():
        if isinstance(values, np.ndarray) and not name.startswith("_") and not np.isfinite(values).all():
            said = f"`move` of the policy {policy.kind!r} leaves the lever {name!r} without a number in it"
            raise PolicyError(said, type(policy).move)


def deed_in_part(full: Policy, policy: Policy, share: float, state: MarketState) -> Deed:
    """The deed of a day of a policy that the budget pays for in part: ``policy`` is what it was at a ``share`` of its ``full`` strength."""
    asked = full.deed(state).asked
    if share == 0.0:
        return Deed(asked, 0.0)
    done = policy.deed(state).done
    if policy.counts == "days in force":
        return Deed(asked, done * share)
    return Deed(max(asked, done / share), done)


def at_share(policy: Policy, share: float) -> Policy:
    """A policy at a share of its strength."""
    return policy if share == 1.0 else policy.model_copy(update={"strength": policy.strength * share})
