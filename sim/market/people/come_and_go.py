"""People come and go: the population is open. Who leaves or dies makes room for somebody new, in the same row.

People leave at a constant rate, 1 / ``use_years`` a year (patients 1 / ``patient_years``), and die by a life table. As many come as leave or die so, and
ages stay as they are. Who dies of use leaves a gap until the day on which they would have left: newcomers do not come because others
died. A row changes hands a week after it was decided at the earliest, when no order is under way, so that all that
happens on a day happened to whoever is there at its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import NEVER, EventKind, ExitCause, Stage
from sim.agents.consumers import WEEK, WEEKS
from sim.kernels import kernel
from sim.market import views
from sim.market.blocks import over_rows, rows_marked
from sim.market.demand.rates import at_level
from sim.market.groups import Moment
from sim.market.health.treatment import give_up, leave_treatment
from sim.market.people.life import HIGHEST, hazard
from sim.market.people.stopping import Ban, ban_today, begin_using, stop_using, stops
from sim.market.people.who import draw_people, is_patient
from sim.market.views import narrow
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

YEAR = 365.0
LEAVING, ROLE_ENDED = int(Draw.LEAVING), int(ExitCause.ROLE_ENDED)
USES, ON_THE_WAY = int(Stage.USES), int(Stage.LEAVING)

# what becomes of somebody: bits of ``fate``
LEAVES, DIES, STOPS = 1, 2, 4


class Ways(NamedTuple):
    """How people go."""

    use_years: float
    patient_years: float
    ban: Ban


@kernel
def look_at_lives(lo: int, hi: int, first: int, when: Moment, people: Any, ways: Ways, fate: np.ndarray) -> None:
    """Mark in ``fate[lo:hi]`` (bits) what becomes today of every seventh row from the ``first`` on."""
    for i in range(lo, hi):
        c = first + WEEK * i
        if people.stage[c] == ON_THE_WAY:
            continue
        bits, living = 0, people.alive[c] == 1
        stay = ways.patient_years if is_patient(people.segment[c], people.origin[c]) else ways.use_years
        if uniform(when.seed, LEAVING, c, when.day, 0) < WEEK / YEAR / stay:
            bits |= LEAVES
        u = uniform(when.seed, LEAVING, c, when.day, 1)
        if living and u < WEEK / YEAR * HIGHEST:  # few have to be looked up
            age = (when.day / WEEK - people.born[c]) / WEEKS
            if u < WEEK / YEAR * hazard(age, people.sex[c]):
                bits |= DIES
        if living and bits == 0 and people.stage[c] == USES and stops(c, when, people, ways.ban, WEEK / YEAR / stay):
            bits |= STOPS
        fate[i] = bits


def come_and_go(state: MarketState) -> None:
    """A seventh of all rows: newcomers where somebody left a week ago, and who leaves or dies of other causes today."""
    c, n, first, p = state.consumers.columns, state.consumers.n, state.day % WEEK, state.p.world
    gone = (c.stage[first:n:WEEK] == ON_THE_WAY).nonzero()[0] * WEEK + first
    if len(gone):
        replace(state, gone[~busy(state)[gone]])
    people, fate = narrow(c, views.LivingConsumers), np.zeros(len(range(first, n, WEEK)), np.uint8)
    ways = Ways(p.use_years, p.patient_years, ban_today(state))
    over_rows(state.pool, look_at_lives, len(fate), first, state.moment, people, ways, fate)
    turned = rows_marked(fate)
    if not len(turned):
        return
    rows, fate = turned * WEEK + first, fate[turned]
    dies = (fate & DIES) > 0
    stop_using(state, rows[(fate & STOPS) > 0])
    go(state, rows[(fate & (LEAVES | DIES)) > 0])
    left = rows[(fate & (LEAVES | DIES)) == LEAVES]
    state.consumer_events(EventKind.LEFT, left[c.alive[left] == 1])
    die(state, rows[dies])


def busy(state: MarketState) -> np.ndarray:
    """(n,) whose order is under way, or who is on the way to services today."""
    found = np.zeros(state.consumers.n, np.bool_)
    orders = state.books.open_orders
    under_way = orders.columns.consumer[: orders.n][orders.columns.due[: orders.n] >= state.day]
    for who in (under_way, state.care.referred, state.today.offered):
        found[who] = True
    return found


def go(state: MarketState, who: np.ndarray) -> None:
    """These people are on their way out: they need and buy nothing any more, and give up treatment."""
    if not len(who):
        return
    c = state.consumers.columns
    c.stage[who], c.next_day[who], c.unmet_until[who] = Stage.LEAVING, NEVER, -NEVER
    leave_treatment(state, who)
    give_up(state, who)


def die(state: MarketState, who: np.ndarray) -> None:
    """These people die of other causes than use."""
    if not len(who):
        return
    state.consumers.columns.alive[who] = 0
    state.books.dead += len(who)
    state.today.deaths_other += len(who)
    state.consumer_events(EventKind.DEATH_OTHER, who)


@kernel
def end_roles(n: int, vendors: Any, gone: np.ndarray) -> None:
    """Mark the vendors among ``n`` who are the persons ``gone``, in ascending order: they no longer sell."""
    for v in range(n):
        if vendors.alive[v] == 1 and vendors.person[v] >= 0:
            k = np.searchsorted(gone, vendors.person[v])
            if k < len(gone) and gone[k] == vendors.person[v]:
                vendors.exit_cause[v] = ROLE_ENDED


def replace(state: MarketState, rows: np.ndarray) -> None:
    """Somebody new in each of these rows: what was at hand is gone, what was counted from day 0 on is kept for the table of consumers, who sold no longer sells."""
    if not len(rows):
        return
    c, books = state.consumers.columns, state.books
    books.left += int(np.count_nonzero(c.alive[rows]))
    books.came += len(rows)
    books.goods.taken += float(c.stash[rows].sum(dtype=np.float64))
    if state.day >= 0:
        books.gone.keep(state.consumers, rows, state.day)
    end_roles(state.vendors.n, narrow(state.vendors.columns, views.RetiringVendors), rows)
    draw_people(state, rows, newcomers=True)
    begin = begin_using(state, rows)
    at_level(state, rows)
    state.today.first_uses += len(begin)
    state.consumer_events(EventKind.FIRST_USE, begin)
