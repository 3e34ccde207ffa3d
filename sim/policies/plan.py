"""The plan of a run: which of its policies are on today, since when, and how often each began.

A policy begins on its occasions: on its start, some days after another began, and again every so many days. With a condition it begins on an occasion on which
that holds. Each time, it is a copy of itself that starts on that day, so that whatever it does on its first day it does again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.model import MarketModel
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
    """The policies of a run and their courses; part of the model's state.

    Parameters
    ----------
    policies
        The policies of the scenario.
    before
        The plan of the scenario that the model followed so far: policies that stay in their place keep their course.
    """

    def __init__(self, policies: Sequence[Policy], before: Plan | None = None) -> None:
        self.policies = tuple(policies)
        self.courses = [Course() for _ in self.policies]
        if before is not None:
            pairs = zip(self.policies, before.policies, before.courses, strict=False)
            for k, (policy, same, course) in enumerate(pairs):
                self.courses[k] = course if policy == same else Course()
        self.followed = [
            [k for k, other in enumerate(self.policies) if k != i and policy.follows(other)]
            for i, policy in enumerate(self.policies)
        ]

    def on_today(self, model: MarketModel) -> list[Policy]:
        """The policies that are on today, in their order."""
        day = model.day
        for policy, course in zip(self.policies, self.courses, strict=True):
            if course.now is not None and not self._goes_on(policy, course, model):
                course.now, course.ended = None, day
        more = True
        while more:  # a policy may begin on the day on which the one that it follows does, wherever that stands
            more = False
            for k, (policy, course) in enumerate(zip(self.policies, self.courses, strict=True)):
                since = self._begins(k, policy, course, model)
                if since is not None:
                    course.began.append(since)
                    course.now = policy.begun(since)
                    more = True
        return [course.now for course in self.courses if course.now is not None]

    def _goes_on(self, policy: Policy, course: Course, model: MarketModel) -> bool:
        """Whether a policy that was on yesterday is on today."""
        if not policy.active(model.day):
            return False
        if policy.lasting is not None:
            return model.day < course.began[-1] + policy.lasting
        return policy.when is None or policy.when.holds(model)

    def _begins(self, k: int, policy: Policy, course: Course, model: MarketModel) -> int | None:
        """The day on which a policy that is not yet on for its latest occasion begins; None when it does not."""
        day = model.day
        if not policy.active(day):
            return None
        occasion = self._occasion(k, policy, day)
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
        return day if policy.when.holds(model) else None

    def _occasion(self, k: int, policy: Policy, day: int) -> int | None:
        """The latest day up to today on which a policy was to begin, conditions aside."""
        first = [policy.start]
        if policy.after is not None:
            begun = [b for other in self.followed[k] for b in self.courses[other].began]
            first = [max(b + policy.after.days, policy.start) for b in begun]
        first = [b for b in first if b <= day]
        if policy.every is not None:
            first = [day - (day - b) % policy.every for b in first]
        return max(first, default=None)


def plan_of(model: MarketModel) -> Plan:
    """The plan of a model, made when it is first needed, and again when the model is given another scenario."""
    plan: Plan | None = getattr(model, "policy_plan", None)
    if plan is None or plan.policies != model.scenario.policies:
        plan = model.policy_plan = Plan(model.scenario.policies, plan)
        model.events.watch(policy.when.event for policy in plan.policies if policy.when is not None)
    return plan
