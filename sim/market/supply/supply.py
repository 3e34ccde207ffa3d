"""Supply: suppliers fill wholesale stocks, vendors restock from them; suppliers concentrate the product where much is seized.

Concentration follows cost: more interdiction, more strength to weight. What is sent goes along `routes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import Channel, VendorKind
from sim.kernels import kernel
from sim.market import views
from sim.market.adding import added_up
from sim.market.groups import Moment
from sim.market.supply.mixing import know_suppliers, mix
from sim.market.supply.money import upstream_money
from sim.market.supply.network import capacity
from sim.market.supply.recruitment import recruit
from sim.market.supply.routes import account_for, interdict
from sim.market.supply.turnover import come_and_go, find_sources
from sim.market.views import narrow
from sim.streams import Draw, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

REWIRE, BRANCH, APP = int(Draw.REWIRE), int(VendorKind.ORGANISED_CRIME), int(Channel.SOCIAL_APP)
SETTLING = (
    15  # days in which suppliers learn at least what is wanted; until then, and before day 0, they deliver all of it
)
WEEK, MONTH = 7, 30.0
LEAST_FULL, LEAST_LEFT = 0.02, 0.05  # of stocks and of purity: lower shares are reckoned as these
STREET_TALK = (
    0.5  # of what ratings and talk in apps tell buyers, how much word of mouth does on the street (assumed; 0.2 to 0.8)
)
LEAST = 5e-5  # orders a day a consumer: what suppliers of a rarely wanted substance are made for


@kernel
def best_concentration(belief: float, lam: float, cost: float, strongest: float) -> float:
    """Cost-least strength to weight p* = (1 + lambda P) / c, between 1 and the strongest product at hand."""
    return min(max((1.0 + lam * belief) / cost, 1.0), strongest)


@kernel
def concentrate(
    n: int, belief: np.ndarray, concentration: np.ndarray, lam: float, cost: float, strongest: float, copy: float
) -> None:
    """Move the concentration of ``n`` suppliers towards the best by ``copy``."""
    for i in range(n):
        concentration[i] += copy * (best_concentration(belief[i], lam, cost, strongest) - concentration[i])


@kernel
def dilution(care: float, unit_cost: float, seen: float, custom: float) -> float:
    """Share by which a vendor cuts: the gain ``x c`` less the custom lost ``x seen custom`` less the unease ``x^2 / (2 (1 - care))``, at its best.

    Hidden quality invites cutting, most by those who care least: lower on average and more spread (moral hazard as in Galenianos and Gavazza).
    """
    return min((1.0 - care) * max(unit_cost - custom * seen, 0.0), 1.0)


class Terms(NamedTuple):
    """On what terms vendors are supplied."""

    reliability: np.ndarray  # (suppliers + 1,), place 0 for no supplier; 0 for those out of business
    reckoned: np.ndarray  # (suppliers + 1, J) share of the goods that is sent besides, since it is lost on the way
    find: np.ndarray  # (S, J, suppliers) cumulative weights by which vendors find another one
    keep: float  # weight of a day in the mean of recent sales


class Wants(NamedTuple):
    """What vendors want of suppliers today."""

    want: np.ndarray  # (vendors,) orders
    by_substance: np.ndarray  # (S,) orders to be sent, to those who have a supplier
    branches: np.ndarray  # (suppliers,)
    clients: np.ndarray  # (suppliers,)
    sales: np.ndarray  # (J, 2) recent sales a day of vendors with a supplier, and of those whose supplier is gone
    contested: np.ndarray  # (J,) the second over the first


@kernel
def wanted(
    n: int, when: Moment, vendors: Any, terms: Terms, orders_today: np.ndarray, wants: Wants, given: np.ndarray
) -> None:
    """What each vendor would take from its supplier today: towards ``stock_days`` of recent sales, as fast as it can grow.

    The vendors of suppliers out of business get nothing and look for another one.
    """
    p = given[0]
    reliability, want = terms.reliability, wants.want
    for v in range(n):
        want[v] = 0.0
        if vendors.alive[v] == 0:
            continue
        vendors.recent[v] += terms.keep * (orders_today[v] - vendors.recent[v])
        row = vendors.supplier[v] + 1
        s = vendors.main[v]
        if row > 0:
            wants.sales[vendors.jurisdiction[v], 0] += vendors.recent[v]
        if row > 0 and reliability[row] <= 0.0:
            wants.sales[vendors.jurisdiction[v], 1] += vendors.recent[v]
            u, w, _, _ = uniform4(when.seed, REWIRE, vendors.key[v], when.day, 0)
            weights = terms.find[s, vendors.jurisdiction[v]]
            if u < p.rewire_rate and weights[-1] > 0.0:
                k = 0
                while k < len(weights) - 1 and weights[k] <= w * weights[-1]:
                    k += 1
                vendors.supplier[v] = k
            continue
        if row > 0:
            wants.clients[row - 1] += 1
            wants.branches[row - 1] += 1 if vendors.kind[v] == BRANCH else 0
        aim = max(p.stock_floor, p.stock_days * vendors.recent[v])
        reach = max(p.stock_floor, vendors.stock[v]) * (1.0 + p.growth_cap) + orders_today[v]
        want[v] = reliability[row] * max(0.0, min(aim, reach) - vendors.stock[v])
        if row > 0:
            wants.by_substance[s] += want[v] / (1.0 - terms.reckoned[row, vendors.jurisdiction[v]])
    for j in range(len(wants.contested)):
        wants.contested[j] = wants.sales[j, 1] / max(wants.sales[j, 0], 1e-9)


class Wholesale(NamedTuple):
    """What wholesale stocks and the way to vendors make of what these want."""

    ration: np.ndarray  # (S,) share that stocks can serve
    dearer: np.ndarray  # (S,) cost with stocks so low, against full ones
    cost: np.ndarray  # (suppliers + 1, J) cost to vendors against the usual; likewise the next two
    reckoned: np.ndarray  # share that suppliers reckon to lose on the way
    lost: np.ndarray  # share that is lost on all legs together, from ``legs``
    legs: np.ndarray  # (suppliers + 1, J, J x J) share that is lost on each


@kernel
def deliver(
    n: int,
    vendors: Any,
    want: np.ndarray,
    wholesale: Wholesale,
    goods: np.ndarray,
    seen: np.ndarray,
    given: np.ndarray,
) -> None:
    """Send the rationed part of what vendors want, and besides what is lost on the way; vendors' costs follow, and they decide how far to cut.

    ``goods`` (2, suppliers + 1, J) adds up what is sent and what arrives; ``seen`` is how well buyers see what they get, by channel.
    """
    p = given[0]
    for row in range(len(wholesale.lost)):
        for j in range(wholesale.lost.shape[1]):
            wholesale.lost[row, j] = added_up(wholesale.legs[row, j])
    for v in range(n):
        if vendors.alive[v] == 0:
            continue
        row, s, channel = vendors.supplier[v] + 1, vendors.main[v], vendors.channel[v]
        j, cost = vendors.jurisdiction[v], 1.0
        if row > 0:
            sent = want[v] * wholesale.ration[s] / (1.0 - wholesale.reckoned[row, j])
            arrived = sent * (1.0 - wholesale.lost[row, j])
            goods[0, row, j] += sent
            goods[1, row, j] += arrived
            vendors.stock[v] += arrived
            cost = wholesale.cost[row, j] * wholesale.dearer[s]
        else:
            vendors.stock[v] += want[v]
        vendors.unit_cost[v] += p.cost_speed * (cost - vendors.unit_cost[v])
        if channel >= APP:
            cut = dilution(vendors.quality[v], vendors.unit_cost[v], seen[channel], p.custom_loss)
            vendors.purity[v] += p.cost_speed * (max(1.0 - cut, LEAST_LEFT) - vendors.purity[v])


class Stores(NamedTuple):
    """Wholesale stocks by substance (S,), in orders."""

    wholesale: np.ndarray  # that they can serve; likewise ``full``
    made_for: np.ndarray  # a day, that suppliers are made for; likewise ``flow`` that they sold lately
    flow: np.ndarray
    full: np.ndarray
    ration: np.ndarray  # share of what is wanted that is sold


@kernel
def fill_stores(
    stores: Stores, wanted: np.ndarray, works: np.ndarray, spare: float, days: float, fullness: np.ndarray
) -> None:
    """Put a day's production into stores that are full with what ``days`` sell, and ration what is ``wanted`` (S,) of them.

    A day's production is ``spare`` times what suppliers are made for, as far as it ``works`` (S,); ``fullness`` becomes the share of full stores that is there.
    """
    for s in range(len(wanted)):
        full, made = days * stores.made_for[s], spare * stores.made_for[s] * works[s]
        stores.wholesale[s] = max(stores.wholesale[s], min(stores.wholesale[s] + made, full))
        stores.full[s], stores.ration[s] = full, min(1.0, stores.wholesale[s] / max(wanted[s], 1e-9))
        fullness[s] = min(max(stores.wholesale[s] / full, LEAST_FULL), 1.0)


@kernel
def sell_from_stores(
    stores: Stores, wanted: np.ndarray, month: float, settling: bool, growth: float, least: float
) -> None:
    """Take what is sold out of the stores. Suppliers grow with what they sell; they shrink by ``growth`` where it stays there, unless they are ``settling``."""
    for s in range(len(wanted)):
        sold = wanted[s] * stores.ration[s]
        stores.wholesale[s] = max(stores.wholesale[s] - sold, 0.0)
        stores.flow[s] += (sold - stores.flow[s]) / month
        if not settling:
            unsold = growth * (stores.wholesale[s] / stores.full[s]) * (stores.made_for[s] - stores.flow[s])
            stores.made_for[s] = max(max(stores.made_for[s] - unsold, stores.flow[s]), least)


def buyers_see(state: MarketState) -> np.ndarray:
    """(C,) how well bad goods are found out: noticed by the buyer, and heard of by others through ratings and talk."""
    p, ship = state.p.supply, state.p.shipping
    heard = np.array([1.0, 1.0, p.heard_app, 1.0, 1.0, STREET_TALK * p.heard_app])
    return ship.notice_content * (1.0 + ship.rate_bad * heard)


def supply(state: MarketState) -> None:
    """Phase 4: suppliers' decisions, who comes and goes, and the search for sources; production fills wholesale stocks, from which vendors restock."""
    p = state.p.supply
    come_and_go(state)
    find_sources(state)
    mix(state)
    interdict(state)
    s, n, most = state.supplier_table.columns, state.supplier_table.n, state.p.shipping.synthetic_concentration
    concentrate(n, s.belief, s.concentration, p.concentrate_lambda, p.concentrate_cost, most, p.copy_rate)
    upstream_money(state)
    on_terms(state)
    restock(state)
    recruit(state)
    state.trade.vendor_orders[:] = 0


def on_terms(state: MarketState) -> None:
    """What vendors reckon with today: reliability, concentration and what is mixed in of their suppliers; as usual for those without one."""
    table, up, ews = state.supplier_table, state.upstream, state.early_warning
    if len(up.reliability) <= table.n:
        up.concentration, up.reliability = np.ones((2, table.n + 1))
        up.mixes = np.ones((table.n + 1, 4))
    suppliers = narrow(table.columns, views.KnownSuppliers)
    know_suppliers(table.n, suppliers, ews.share, ews.toxicity, up.concentration, up.reliability, up.mixes)


def restock(state: MarketState) -> None:
    """A day's production goes into wholesale stocks, by substance; vendors take from these, dearer where they are low, rationed where they are empty."""
    p, s, n, v, up = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.vendors, state.upstream
    sellers = narrow(v.columns, views.SupplyVendors)
    s.branches[:n] = s.clients[:n] = 0
    wants = Wants(
        np.zeros(v.n),
        np.zeros(len(up.wholesale)),
        s.branches,
        s.clients,
        np.zeros((len(up.contested), 2)),
        up.contested,
    )
    wanted(
        v.n,
        state.moment,
        sellers,
        Terms(up.reliability, up.reckoned, up.find, 1.0 / WEEK),
        state.trade.vendor_orders,
        wants,
        state.given.supply,
    )
    total = wants.by_substance
    up.days += 1
    if settling := state.day < 0 or up.days < SETTLING:
        up.made_for[:] = np.maximum(up.flow, LEAST * state.consumers.n)
        up.wholesale[:] = np.maximum(p.wholesale_days * up.made_for, total)
    full, ration, fullness = np.empty((3, len(total)))
    stores = Stores(up.wholesale, up.made_for, up.flow, full, ration)
    fill_stores(stores, total, capacity(state), p.spare_capacity, p.wholesale_days, fullness)
    dearer = fullness**-p.shortage_cost
    goods = np.zeros((2, *up.cost.shape))
    legs = up.lost.reshape(*up.cost.shape, -1)
    wholesale = Wholesale(ration, dearer, up.cost, up.reckoned, np.empty(up.cost.shape), legs)
    deliver(v.n, sellers, wants.want, wholesale, goods, buyers_see(state), state.given.supply)
    account_for(state, goods[0], goods[1])
    least = LEAST * state.consumers.n
    sell_from_stores(stores, total, float(min(MONTH, up.days)), settling, p.supplier_growth, least)
