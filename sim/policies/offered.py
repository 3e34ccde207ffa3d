"""What is offered to people: each of them takes it up or not, and stays or leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from sim.agents.codes import Programme
from sim.policies.base import AimedPolicy
from sim.policies.deeds import Parts

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


def offer(levers: Levers, at: tuple[Any, ...], strength: float, taken_up: float, leaving: float = 0.0) -> None:
    """Offer a programme to those in the cells ``at`` of a lever by programme: of several offers of one programme, the mean by strength is taken up, and left.

    Parameters
    ----------
    strength
        That of whoever offers it; at 0 nothing is offered.
    taken_up
        Those offered it who take it up (share).
    leaving
        Those who take part who leave it (share a month).
    """
    if strength <= 0.0:
        return
    so_far = levers.offered[at]
    pull = strength / (so_far + strength)
    levers.taken_up[at] += (taken_up - levers.taken_up[at]) * pull
    levers.leaving[at] += (leaving - levers.leaving[at]) * pull
    levers.offered[at] = so_far + strength


class OfferedPolicy(AimedPolicy):
    """Something that is offered to people, each of whom takes it up or not.

    Those for whom it is meant are those to whom it is offered. Whether somebody takes it up follows from a propensity of the person's own, and from stigma, trust
    in services and knowledge of them (`sim.market.health.programmes`).
    """

    programmes: ClassVar[tuple[Programme, ...]] = ()
    """What of it people take up or not; the first is the one that its table counts."""

    taken_up: float = Field(
        default=0.5,
        ge=0.01,
        le=1,
        description="those offered it who take it up, at usual stigma, trust and knowledge (share, assumed 0.2 to 0.9)",
    )

    @property
    def offering(self) -> tuple[Programme, ...]:
        """Those of its programmes that it offers as it is set."""
        return self.programmes

    def offered_to(self, state: MarketState, levers: Levers) -> tuple[np.ndarray, ...]:
        """Offer it to those for whom it is meant; returns their index into a lever by people, as `whom`."""
        whom = self.whom(state)
        for programme in self.offering:
            offer(levers, (*whom, np.intp(programme)), self.strength, self.taken_up, self.left(programme))
        return whom

    def left(self, programme: Programme) -> float:
        """Those who take part in one of its programmes who leave it (share a month): nobody, unless a policy says so."""
        return 0.0

    def inside(self, state: MarketState) -> np.ndarray:
        """(n,) whether each consumer for whom it is meant has taken it up, and has not left it."""
        c, n = state.consumers.columns, state.consumers.n
        asked = (
            state.care.offered.ndim > 1 and state.care.offered[(*self.whom(state), np.intp(self.programmes[0]))].any()
        )
        if not asked:
            return np.zeros(n, bool)
        joined = (c.declined[:n] & (1 << self.programmes[0]) == 0) & (c.alive[:n] == 1)
        return joined if self.everyone(state) else joined & self.meant(state)

    def parts(self, state: MarketState) -> Parts | None:
        """Those for whom it is meant, and those of them who listen."""
        return Parts(self.reached(state, 1.0), float(np.count_nonzero(self.inside(state))))


class LastingPolicy(OfferedPolicy):
    """Something offered in which people take part until they leave it."""

    leave: float = Field(
        default=0.05, ge=0, le=1, description="those who take part who leave in a month (share, assumed 0.01 to 0.2)"
    )

    def left(self, programme: Programme) -> float:
        """Those who take part who leave it: of its first programme. Who leaves that is not deaf to what others offer of the rest."""
        return self.leave if programme == self.programmes[0] else 0.0

    def offers(self, state: MarketState) -> float:
        """People to whom it is first offered today: all of them in the first week."""
        return self.reached(state, 1.0 / 7.0) if self.days_on(state) < 7 else 0.0

    def parts(self, state: MarketState) -> Parts | None:
        """Those for whom it is meant, those of them who took it up, and those who stayed."""
        c, n = state.consumers.columns, state.consumers.n
        left = (c.quitted[:n] & (1 << self.programmes[0]) > 0) & (c.alive[:n] == 1)
        left = left if self.everyone(state) else left & self.meant(state)
        kept = float(np.count_nonzero(self.inside(state)))
        return Parts(self.reached(state, 1.0), kept + float(np.count_nonzero(left)), kept)
