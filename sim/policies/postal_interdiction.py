"""Postal interdiction: more parcels inspected, better chosen, on some routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from sim.policies.base import JURISDICTION, Policy, legs
from sim.policies.deeds import Deed
from sim.registry import register_policy

if TYPE_CHECKING:
    from sim.agents.levers import Levers
    from sim.market.state import MarketState


@register_policy
class PostalInterdiction(Policy):
    """Inspect more parcels on the way in, ask for advance data, from all or some origins; with staff for it, or without.

    References
    ----------
    GAO 2017, USPS OIG 2019 (advance data); Van Buskirk et al. 2016 (12 % intercepted at a strict border).
    """

    purpose: ClassVar[str] = "Seize more of what crosses borders by post."
    evidence: ClassVar[str] = (
        "[us-aed-coverage], [us-hold-failure], [customs-intercept], [pangea-seizure-per-inspected]; added inspections and cost assumed."
    )
    can_fail: ClassVar[str] = (
        "Vendors split orders and buyers turn to domestic sellers or the street; without staff every parcel from abroad is late, buyers give some up, "
        "get their money back and lose trust in sellers abroad; inspection opens the post of people who did nothing."
    )
    place: ClassVar[str] = "`destination` and `origin` say which routes."
    extent: ClassVar[str] = "`advance_data` is one of parcels."
    instead: ClassVar[dict[str, str]] = {"jurisdictions": "destination"}

    kind: Literal["postal_interdiction"] = "postal_interdiction"
    inspections: float = Field(default=2.0, ge=1, le=50, description="parcels inspected against the usual (ratio)")
    advance_data: float = Field(
        default=0.5, ge=0, le=1, description="parcels without advance data that come to have them (share)"
    )
    staff: float = Field(default=1.0, ge=0.1, le=50, description="staff of the post against the usual (ratio)")
    destination: str | None = Field(
        default=None, json_schema_extra=JURISDICTION, description="only parcels into this jurisdiction (empty: all)"
    )
    origin: str | None = Field(
        default=None, json_schema_extra=JURISDICTION, description="only parcels from this jurisdiction (empty: all)"
    )
    cost_each: float = Field(
        default=15.0, ge=0, le=500, description="cost of an inspection beyond the usual (USD, assumed 5 to 50)"
    )
    usual: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="items inspected as a rule, for the cost alone (share, assumed 0.02 to 0.3)",
    )

    def routes(self, state: MarketState) -> np.ndarray:
        """(J, J) 1 on the routes, origin by destination, that it covers."""
        return legs(state, self.origin, self.destination)

    def move(self, state: MarketState, levers: Levers) -> None:
        """Inspect more, with more data and staff."""
        routes = self.routes(state)
        levers.inspection[:] *= 1.0 + self.strength * (self.inspections - 1.0) * routes
        levers.advance_data[:] = 1.0 - (1.0 - levers.advance_data) * (1.0 - self.strength * self.advance_data * routes)
        levers.postal_staff[:] *= 1.0 + self.strength * (self.staff - 1.0) * (routes.sum(axis=0) > 0)

    def deed(self, state: MarketState) -> Deed:
        """A day in force where it covers a route."""
        return Deed(1.0, float(self.routes(state).any()))

    def cost(self, state: MarketState) -> float:
        """Inspections beyond the usual, for the inbound post of the simulated consumers: two items a head and year [us-mail-volume]."""
        into = state.world.consumer_weight
        mail = state.world.vendor_weight[:, None] * self.routes(state)
        covered = float((mail / np.maximum(1.0 - state.world.vendor_weight, 1e-9) * into).sum())
        usual = covered * state.consumers.n * 2.0 / 365.0 * self.usual
        return (
            self.strength
            * usual
            * (self.inspections - 1.0 + self.advance_data + max(self.staff - 1.0, 0.0))
            * self.cost_each
        )
