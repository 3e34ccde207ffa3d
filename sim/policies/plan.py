"""The plan of a run: which of its policies are on today, since when, and how often each began.

A policy begins on its occasions: on its start, some days after another began, and again every so many days. With a condition it begins on an occasion on which
that holds. Each time, it is a copy of itself that starts on that day, so that whatever it does on its first day it does again.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.market.books import Events
    from sim.market.state import MarketState
    from sim.measures.recorder import Recorder
    from sim.policies.base import Policy


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
    """

    began: list[int] = field(default_factory=list)
    ended: int | None = None
    now: Policy | None = None


class Plan:
    """The policies of a run and their courses."""

    def __init__(self) -> None:
        self.policies: tuple[Policy, ...] = ()
        self.courses: list[Course] = []
        self.followers: dict[str, list[int]] = {}
        self.began: dict[str, Counter[int]] = {}

    def follow(self, policies: Sequence[Policy], events: Events) -> None:
        """Take up the ``policies`` of the scenario, at first or when it is another one: those that stay in their place keep their course."""
        if self.policies == policies:
            return
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
        day = state.day
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
                self.courses[k].now = self.policies[k].begun(since)
                self._note(self.policies[k], since)
                for other in (k, *self._following(self.policies[k])):
                    if other > k:
                        heapq.heappush(turn, other)
                    else:
                        later.add(other)
            if not turn:
                turn, later = sorted(later), set()
        return [course.now for course in self.courses if course.now is not None]

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
    """Phase 1: set the levers of every policy that is on, then cause events, then book the cost; conditions look at what was recorded."""
    plan.follow(state.scenario.policies, state.books.events)
    on = plan.on_today(state, recorder)
    for policy in on:
        policy.move(state, state.levers)
    for policy in on:
        policy.act(state)
        state.today.policy_cost += policy.cost(state)
