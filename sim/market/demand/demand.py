"""Demand: who needs something today, what, how much, and when the next need comes.

Needs arise for each consumer as a Poisson process; nobody who has no need today costs any work. Order sizes are lognormal with a wholesale tail
(Aldridge and Decary-Hetu 2016: about a quarter of revenue from listings above 1,000 USD).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NEVER, Programme, Segment
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_rows, rows_due
from sim.market.demand.law import law_of_the_day
from sim.market.demand.needs import FROM_STASH, Needs
from sim.market.demand.rates import follow_level, usual_rate, waiting_time
from sim.market.demand.sharing import ask_friends
from sim.market.groups import Moment
from sim.market.health.programmes import ask_people
from sim.market.health.stash import held
from sim.market.views import narrow
from sim.streams import Draw, normal_from, uniform, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

NEED, CHANNEL, SUBSTITUTE = int(Draw.NEED), int(Draw.CHANNEL), int(Draw.SUBSTITUTE)
PATIENT, SUPPLIER = int(Segment.PATIENT), int(Segment.SOCIAL_SUPPLIER)
SUPPLY = 1 << Programme.SUPPLY


@inner
def pick_substance(segment: int, main: int, own_share: float, u: float, v: int, needs: np.ndarray) -> int:
    """Own substance with probability ``own_share``, else by the segment's cumulative shares of needs ``needs[segment]``."""
    if u < own_share:
        return main
    row = needs[segment]
    s = 0
    while s < len(row) - 1 and v >= row[s]:
        s += 1
    return s


@inner
def turned_to(seed: int, c: int, s: int, u: float, share: float, table: Any) -> int:
    """The substance itself, or for one of the ``share`` of people who turn away from it a substitute drawn with ``u``."""
    row = table.substitutes[s]
    if row[-1] <= 0.0 or uniform(seed, SUBSTITUTE, c, s, 0) >= share:
        return s
    t = 0
    while t < len(row) - 1 and u >= row[t]:
        t += 1
    return t


@kernel
def needs(
    lo: int,
    hi: int,
    when: Moment,
    out: Needs,
    consumers: Any,
    table: Any,
    demand_level: np.ndarray,
    legal: np.ndarray,
    demand: np.ndarray,
    consumption: np.ndarray,
) -> None:
    """Fill substance, log size and the wholesale flag for the consumers ``out.due[lo:hi]`` and set the day of the next need.

    ``table`` holds the substances; ``demand_level`` multiplies the rates by jurisdiction, segment and main substance (1 in normal times);
    ``legal[j, segment, turn]`` is the share of needs that regulated supply covers for those who take part in it, by a medicine of the same class where the
    substance itself is not prescribed.
    """
    p, care = demand[0], consumption[0]
    for i in range(lo, hi):
        c = out.due[i]
        u1, u2, u3, u4 = uniform4(when.seed, NEED, c, when.day, 0)
        w1, w2, _, _ = uniform4(when.seed, NEED, c, when.day, 1)
        segment, j = consumers.segment[c], consumers.jurisdiction[c]
        s = pick_substance(segment, consumers.substance[c], p.own_substance, u1, u2, table.needs)
        if table.deterred[j, s] > 0.0:
            s = turned_to(when.seed, c, s, w2, table.deterred[j, s] * (1.0 - consumers.dependence[c]), table)
        covers = legal[j, segment, consumers.turn[c]]
        if covers > 0.0 and table.medical[s] >= 0 and not consumers.declined[c] & SUPPLY:
            _, covered, _, _ = uniform4(
                when.seed, CHANNEL, c, when.day, 0
            )  # the same number that decides on the prescription
            if covered < covers:
                s = table.medical[s]
        out.substance[i] = s
        out.wholesale[i] = 1 if segment == SUPPLIER and w1 < p.wholesale_share else 0
        out.size[i] = consumers.budget[c] + p.order_spread * normal_from(u3)
        rate = usual_rate(c, when, consumers, table.opioid, p, care) * demand_level[j, segment, consumers.substance[c]]
        consumers.next_day[c] = min(NEVER - 1, when.day + waiting_time(rate, u4))
        enough = (
            care.kept if out.wholesale[i] == 1 else p.stocked_up
        )  # who buys for others, while some is left for them
        if held(consumers, c, s) > enough * table.doses_per_order[s]:
            out.substance[i] = FROM_STASH
        elif (
            segment == PATIENT and s == consumers.substance[c] and table.unmet[s] > 0.0 and held(consumers, c, s) <= 0.0
        ):
            lasts = math.ceil(table.doses_per_order[s] / table.doses_per_day[s])
            consumers.unmet_until[c] = min(NEVER - 1, when.day + lasts)  # until it comes


def demand(state: MarketState) -> Needs:
    """Phase 6: who takes up or leaves a programme, and who needs what today."""
    ask_people(state)
    follow_level(state)
    c = state.consumers.columns
    n = state.consumers.n
    due = rows_due(n, c.next_day, c.alive, state.day)
    m = len(due)
    out = Needs(due, np.zeros(m, np.uint8), np.zeros(m, np.float64), np.zeros(m, np.uint8))
    law_of_the_day(state)
    over_rows(
        state.pool, needs, m, state.moment, out, narrow(c, views.DemandConsumers),
        narrow(state.substances, views.NeededSubstances), state.levers.need, state.levers.legal_access,
        state.given.demand, state.given.consumption,
    )  # fmt: skip
    ask_friends(state, out)
    return out
