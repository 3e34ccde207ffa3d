"""The contract of a policy: plain data with start, end and strength that moves levers while it is on, causes events on days, and costs something.

A policy is one file: a frozen class with ``kind``, its own fields, and what it does in `levers` or `on_day`. It acts on levers that agents publish, or asks an
agent to do what that agent can do (an agency raids, arrests); it never sets an outcome. At strength 0 it changes nothing, bit for bit. When it is on follows
from its dates and conditions (`sim.policies.plan`); what a policy calls `start` while it is on is the day on which it last began. What it was meant for, what it
did and what that cost goes into its account (`sim.policies.deeds`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from pydantic.config import JsonDict

from sim.agents.codes import Segment
from sim.agents.consumers import TURNS
from sim.policies.conditions import After, When
from sim.policies.deeds import Deed, Parts

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


JURISDICTION: JsonDict = {"table": "jurisdictions"}
DAY: JsonDict = {"day": True}
"""The ``json_schema_extra`` of a field that is a day: a date may be given instead."""
SUBSTANCE: JsonDict = {"table": "substances"}
"""The ``json_schema_extra`` of a field that names rows of a table of the scenario: names that are not there are refused when it is loaded."""


SegmentName = Literal["patient", "recreational", "dependent", "social_supplier"]
"""A segment of consumers, as scenarios write it."""


class Policy(BaseModel):
    """Something done about the market.

    Parameters
    ----------
    start
        First day; day 0 is the first day after burn-in. While a policy is on, the day on which it last began.
    end
        First day on which it is off again; None is never.
    strength
        0 changes nothing, 1 is the policy as described.
    label
        Name by which other policies of the list say that they follow this one.
    after, every, when
        When it begins besides on its start; not before ``start`` and not from ``end`` on.
    lasting
        Days on which it is on each time; None is until its end, and with `when` until that no longer holds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    purpose: ClassVar[str] = ""
    evidence: ClassVar[str] = ""
    can_fail: ClassVar[str] = ""
    place: ClassVar[str] = ""
    """Where it acts: what ``jurisdictions`` means for it, what says so instead, or why it has one place, the world."""
    extent: ClassVar[str] = ""
    """What its share of people (``reach``, ``coverage``, ...) is: who is meant, drawn when."""
    instead: ClassVar[Mapping[str, str]] = {}
    """Words that people may try, each with the field that is meant."""
    exogenous: ClassVar[bool] = False
    """Whether it comes from outside, as a shock does, and costs the public nothing."""
    idle: ClassVar[str] = "found nothing to act on"
    """Why it may have done nothing while it was on."""
    fewer: ClassVar[str] = "found less to act on"
    """Why it may have done less than it was meant for."""
    imposed: ClassVar[bool] = False
    """Whether it happens to the market and is not bought, so that no budget bears on it; what it costs is what follows from it."""
    counts: ClassVar[str] = "days in force"
    """What `deed` and `act` count: a unit of `WHOLE`, or what there is `weight` times as much of in reality."""

    kind: str
    start: int = Field(default=0, json_schema_extra=DAY, description="first day (day or date)")
    end: int | None = Field(
        default=None,
        json_schema_extra=DAY,
        description="first day on which it is off again (day or date; empty: never)",
    )
    strength: float = Field(default=1.0, ge=0, le=1, description="share of the full policy (0 to 1)")

    label: str | None = Field(
        default=None, pattern=r"^[a-z][a-z0-9_-]*$", max_length=40, description="name for `after` of other policies"
    )
    after: After | None = Field(default=None, description="begin some days after another policy began")
    every: int | None = Field(default=None, ge=1, le=32_000, description="begin again every so many days (days)")
    lasting: int | None = Field(default=None, ge=1, le=32_000, description="days on which it is on each time (days)")
    when: When | None = Field(default=None, description="begin when an outcome or events cross a level")

    _since: int | None = PrivateAttr(default=None)

    def active(self, day: int) -> bool:
        """Whether its dates and its strength let it be on."""
        return self.strength > 0 and day >= self.start and (self.end is None or day < self.end)

    def first_day(self, state: MarketState) -> bool:
        """Whether it began today."""
        return state.day == self.start

    def new_today(self, state: MarketState) -> bool:
        """Whether it was off yesterday: with `every` it may begin again without a gap."""
        return state.day == (self.start if self._since is None else self._since)

    def days_on(self, state: MarketState) -> int:
        """Days since it began; 0 on the first."""
        return state.day - self.start

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which `after` of others may call it."""
        return (self.kind,) if self.label in (None, self.kind) else (self.label, self.kind)

    def begun(self, day: int, before: Policy | None = None) -> Self:
        """The same policy as it is on from a day on; ``before`` as it was on the day before, if it was."""
        end = self.end
        if self.lasting is not None:
            end = day + self.lasting if end is None else min(end, day + self.lasting)
        if before is None and (day, end) == (self.start, self.end):
            return self
        policy = self.model_copy(update={"start": day, "end": end})
        if before is not None:
            policy._since = before.start if before._since is None else before._since
        return policy

    def move(self, state: MarketState, levers: Levers) -> None:
        """Move levers for today. Called on every day on which the policy is on."""

    def act(self, state: MarketState) -> Deed | None:
        """Cause today's events. Called on every day on which the policy is on, after all levers are set.

        Returns
        -------
        Deed or None
            What was to be done, what was, and what that cost where it happens once (a raid); None where `deed` says it.
        """

    def deed(self, state: MarketState) -> Deed:
        """What it was meant for today and what it bore on, unless `act` says so: a day on which it was in force."""
        return Deed(1.0, 1.0)

    def parts(self, state: MarketState) -> Parts | None:
        """To how many people it is offered, who took it up, and who stayed; None where it is not offered to people."""

    def cost(self, state: MarketState) -> float:
        """Public cost of today (USD), for the simulated consumers; of a cost that does not grow with them, the part that they bear (`borne`)."""
        if self.exogenous:
            return 0.0
        raise NotImplementedError


class LocalPolicy(Policy):
    """Something done in some jurisdictions; in all of them where none is named."""

    jurisdictions: tuple[str, ...] = Field(
        default=(),
        json_schema_extra=JURISDICTION,
        description="names of the jurisdictions in which it acts (empty: all)",
    )

    def where(self, state: MarketState) -> np.ndarray:
        """Indices of the jurisdictions in which it acts."""
        names = list(state.scenario.jurisdictions)
        return np.array(
            [k for k, name in enumerate(names) if not self.jurisdictions or name in self.jurisdictions], int
        )

    def everyone(self, state: MarketState) -> bool:
        """Whether nobody is left out."""
        return len(self.where(state)) == state.world.n_jurisdictions

    def meant(self, state: MarketState) -> np.ndarray:
        """(n,) whether it is meant for each consumer."""
        return np.isin(state.consumers.columns.jurisdiction[: state.consumers.n], self.where(state))

    def consumers(self, state: MarketState) -> float:
        """Number of consumers for whom it is meant."""
        return state.consumers.n if self.everyone(state) else float(np.count_nonzero(self.meant(state)))

    def referrals(self, state: MarketState, offer: float) -> Parts:
        """Yesterday's offers that a chance of ``offer`` at each stop led to, and those taken up; where several policies offer, each has its part of them."""
        y = state.yesterday
        who, chance = y.offered, y.offer
        if not len(who) or offer <= 0.0 or self.new_today(state):  # when it begins, all were offered by others
            return Parts(0.0, 0.0, adds=True)
        ours = slice(None) if self.everyone(state) else self.meant(state)[who]
        mine, every = (
            -np.log1p(-np.minimum(c, 1.0 - 1e-12)) for c in (offer, chance[ours])
        )  # these add up, chances do not
        part = np.minimum(mine / np.maximum(every, 1e-300), 1.0)
        return Parts(float(part.sum()), float(part[y.accepted[ours]].sum()), adds=True)

    def reached(self, state: MarketState, share: float) -> float:
        """Number of living consumers in ``share`` of those for whom it is meant."""
        alive = state.consumers.columns.alive[: state.consumers.n]
        return share * float(np.sum(alive if self.everyone(state) else alive[self.meant(state)]))


class AimedPolicy(LocalPolicy):
    """Something done for people: in some jurisdictions, of some segments, for a share of them.

    The share is drawn once a consumer: the same people for as long as it lasts, for every policy that has such a share, and among those of a larger one.
    """

    segments: tuple[SegmentName, ...] = Field(
        default=(), description="segments of consumers for whom it is meant (empty: all)"
    )
    share_of_people: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="share of these consumers for whom it is meant: the same ones throughout (share, in hundredths)",
    )

    def whom(self, state: MarketState) -> tuple[np.ndarray, ...]:
        """Index of those for whom it is meant into a lever by jurisdiction, segment and turn."""
        named = [k for k in Segment if not self.segments or k.name.lower() in self.segments]
        return np.ix_(self.where(state), named, np.arange(round(self.share_of_people * TURNS)))

    def everyone(self, state: MarketState) -> bool:
        """Whether nobody is left out."""
        return (
            super().everyone(state)
            and self.whom(state)[1].size == len(Segment)
            and round(self.share_of_people * TURNS) == TURNS
        )

    def places_there(self, state: MarketState) -> int:
        """Places in treatment where it acts, none where it is meant for nobody."""
        where, _, turns = self.whom(state)
        return sum(service.slots for service in state.treatment if service.jurisdiction in where) if turns.size else 0

    def meant(self, state: MarketState) -> np.ndarray:
        """(n,) whether it is meant for each consumer."""
        c, n = state.consumers.columns, state.consumers.n
        _, segments, turns = self.whom(state)
        return super().meant(state) & np.isin(c.segment[:n], segments) & (c.turn[:n] < turns.size)


def legs(state: MarketState, origin: str | None, destination: str | None) -> np.ndarray:
    """(J, J) 1 on the borders from ``origin`` to ``destination``, each a jurisdiction of the scenario; None is any."""
    places = np.array(list(state.scenario.jurisdictions))
    start, end = (places == name if name is not None else np.ones(len(places), bool) for name in (origin, destination))
    return np.outer(start, end) * (1.0 - np.eye(len(places)))


def reached(state: MarketState, share: float) -> float:
    """Number of living consumers in ``share`` of all."""
    return share * float(np.sum(state.consumers.columns.alive[: state.consumers.n]))


def borne(state: MarketState, usd: float) -> float:
    """Part of a real cost (USD) that the simulated consumers bear: all of it over the real people whom one stands for."""
    return usd / state.scenario.weight


def affordable(state: MarketState, wanted: int, usd_each: float) -> int:
    """How many of ``wanted`` the budget pays for today, at a real price (USD) each; all of them where there is none."""
    purse = state.today.purse
    return wanted if wanted * usd_each <= purse else int(purse / usd_each)
