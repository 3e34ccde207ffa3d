"""People come and go: the population is open. Who leaves or dies makes room for somebody new, in the same row.

People leave at a constant rate, 1 / ``use_years`` a year (patients 1 / ``patient_years``), and die by a life table. As many come as leave or die so, and
ages stay as they are. Who dies of use leaves a gap until the day on which they would have left: newcomers do not come because others
died. A row changes hands a week after it was decided at the earliest, when no order is under way, so that all that
happens on a day happened to whoever is there at its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NEVER, EventKind, ExitCause, Stage
from sim.agents.consumers import WEEK, age
from sim.market.health.treatment import give_up, leave_treatment
from sim.market.people.life import hazard
from sim.market.people.stopping import begin_using, stop_using
from sim.market.people.who import draw_people, is_patient
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

YEAR = 365.0


def come_and_go(state: MarketState) -> None:
    """A seventh of all rows: newcomers where somebody left a week ago, and who leaves or dies of other causes today."""
    c = state.consumers.columns
    rows = np.arange(state.day % WEEK, state.consumers.n, WEEK)
    gone = rows[c.stage[rows] == Stage.LEAVING]
    if len(gone):
        replace(state, gone[~busy(state)[gone]])
    rows = rows[c.stage[rows] != Stage.LEAVING]
    p, living = state.p.world, c.alive[rows] == 1
    stay = np.where(is_patient(c.segment[rows], c.origin[rows]), p.patient_years, p.use_years)
    leaves = uniforms(state.seed, Draw.LEAVING, rows, state.day) < WEEK / YEAR / stay
    risk = hazard(age(c.born[rows], state.day), c.sex[rows])
    dies = living & (uniforms(state.seed, Draw.LEAVING, rows, state.day, 1) < WEEK / YEAR * risk)
    stays = living & ~leaves & ~dies & (c.stage[rows] == Stage.USES)
    stop_using(state, rows[stays], WEEK / YEAR / stay[stays])
    go(state, rows[leaves | dies])
    state.consumer_events(EventKind.LEFT, rows[leaves & living & ~dies])
    die(state, rows[dies])


def busy(state: MarketState) -> np.ndarray:
    """(n,) whose order is under way, or who is on the way to services today."""
    found = np.zeros(state.consumers.n, np.bool_)
    orders = state.books.open_orders
    for who in (orders.columns.consumer[: orders.n], state.care.referred, state.today.offered):
        found[who] = True
    return found


def go(state: MarketState, who: np.ndarray) -> None:
    """These people are on their way out: they need and buy nothing any more, and give up treatment."""
    c = state.consumers.columns
    c.stage[who], c.next_day[who], c.unmet_until[who] = Stage.LEAVING, NEVER, -NEVER
    leave_treatment(state, who)
    give_up(state, who)


def die(state: MarketState, who: np.ndarray) -> None:
    """These people die of other causes than use."""
    state.consumers.columns.alive[who] = 0
    state.books.dead += len(who)
    state.today.deaths_other += len(who)
    state.consumer_events(EventKind.DEATH_OTHER, who)


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
    v, n = state.vendors.columns, state.vendors.n
    v.exit_cause[((v.alive[:n] == 1) & np.isin(v.person[:n], rows)).nonzero()[0]] = ExitCause.ROLE_ENDED
    draw_people(state, rows, newcomers=True)
    begin = begin_using(state, rows)
    state.today.first_uses += len(begin)
    state.consumer_events(EventKind.FIRST_USE, begin)
