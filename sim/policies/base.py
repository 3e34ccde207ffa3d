"""The contract of a policy: plain data with start, end and strength that moves levers while it is on, causes events on days, and costs something.

A policy is one file: a frozen class with ``kind``, its own fields, and what it does in `levers` or `on_day`. It acts on levers that agents publish, or asks an
agent to do what that agent can do (an agency raids, arrests); it never sets an outcome. At strength 0 it changes nothing, bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.model import MarketModel


class Policy(BaseModel):
    """Something done about the market.

    Parameters
    ----------
    start
        First day; day 0 is the first day after burn-in.
    end
        First day on which it is off again; None is never.
    strength
        0 changes nothing, 1 is the policy as described.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    purpose: ClassVar[str] = ""
    evidence: ClassVar[str] = ""
    can_fail: ClassVar[str] = ""
    exogenous: ClassVar[bool] = False
    """Whether it comes from outside, as a shock does, and costs the public nothing."""

    kind: str
    start: int = Field(default=0, description="first day (day)")
    end: int | None = Field(default=None, description="first day on which it is off again (day; empty: never)")
    strength: float = Field(default=1.0, ge=0, le=1, description="share of the full policy (0 to 1)")

    def active(self, day: int) -> bool:
        """Whether it is on."""
        return self.strength > 0 and day >= self.start and (self.end is None or day < self.end)

    def move(self, model: MarketModel, levers: Levers) -> None:
        """Move levers for today. Called on every day on which the policy is on."""

    def act(self, model: MarketModel) -> None:
        """Cause today's events. Called on every day on which the policy is on, after all levers are set."""

    def cost(self, model: MarketModel) -> float:
        """Public cost of today (USD), for the simulated consumers."""
        if self.exogenous:
            return 0.0
        raise NotImplementedError


def reached(model: MarketModel, share: float) -> float:
    """Number of living consumers in ``share`` of all."""
    return share * float(np.sum(model.consumers.columns.alive[: model.consumers.n]))


def apply_policies(model: MarketModel) -> None:
    """Phase 1: set the levers of every policy that is on, then cause events, then book the cost."""
    on = [p for p in model.scenario.policies if p.active(model.day)]
    for policy in on:
        policy.move(model, model.levers)
    for policy in on:
        policy.act(model)
        model.today.policy_cost += policy.cost(model)
