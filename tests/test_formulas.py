"""Rules with a published form give the published numbers."""

from __future__ import annotations

import math
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from numpy.polynomial.hermite_e import hermegauss

from sim.agents.codes import NO_SLOT, Channel, VendorKind
from sim.agents.intermediaries import SearchEngine
from sim.evidence.parameters import load_parameters
from sim.market import beliefs
from sim.market.choice.offers import build_offers, draw_offer
from sim.market.choice.scene import IMPOSSIBLE
from sim.market.choice.vendor import draw_logit, known_vendor
from sim.market.enforcement.arrests import exposure_of, hazards_today
from sim.market.enforcement.cases import Cases, evidence_gained
from sim.market.entry_exit.exit import scam_hazard
from sim.market.entry_exit.vendor_exit import retirement
from sim.market.groups import handed_over
from sim.market.health import harm
from sim.market.learning.learning import fade, fade_vendors
from sim.market.supply.routes import best_loads
from sim.market.supply.supply import best_concentration
from sim.market.trade.checkout import ration
from sim.market.trade.content import as_sold_probability, potency_sd2
from sim.market.views import LearningConsumers, LearningVendors, OfferVendors
from sim.measures.structure import gini, herfindahl, top_share
from sim.policies.education_campaign import LOGIT_PER_SMD
from sim.streams import Draw, uniforms
from tests.worlds import model_of, world

BOOK = load_parameters()
CHOICE, CONSUMPTION, SHIPPING = (BOOK.defaults(group) for group in ("choice", "consumption", "shipping"))
MONTH = 30.4


def near(value: float, rel: float = 0.01, within: float | None = None):
    return pytest.approx(value, rel=rel, abs=within)


# Legal risk and interdiction: NarcoLogic (Magliocca et al. 2019) -----------------------------------------------------
def events(*months_ago: int) -> np.ndarray:
    happened = np.zeros(13)
    happened[list(months_ago)] = 1.0
    return happened


@pytest.mark.parametrize(("happened", "risk"), [(events(), 0.00012), (events(0), 0.120), (events(6), 0.068)])
def test_an_event_is_felt_and_fades_as_published(happened, risk):
    assert beliefs.narcologic_risk(happened, 0.91, 0.001, 0.5) == near(risk)


def test_an_event_every_month_leaves_little_doubt():
    assert beliefs.narcologic_risk(np.ones(13), 0.91, 0.001, 0.5) == near(0.94)


def test_the_published_constants_of_perceived_risk_are_the_defaults():
    assert (CHOICE.risk_a, CHOICE.risk_b, BOOK.defaults("learning").forgetting) == (0.001, 0.5, 0.91)


@settings(deadline=None)
@given(st.lists(st.integers(0, 12), unique=True, max_size=13))
def test_counting_with_forgetting_is_the_published_mean(months):
    happened, weights = events(*months), 0.91 ** np.arange(13)
    hits = float(happened @ weights)
    counted = beliefs.event_risk(hits, float(weights.sum()) - hits, 0.001, 0.5)
    assert counted == near(beliefs.narcologic_risk(happened, 0.91, 0.001, 0.5), rel=1e-9)


def test_uneventful_orders_are_counter_evidence():
    assert beliefs.event_risk(1.0, 20.0, 0.001, 0.5) < 0.1 * beliefs.event_risk(1.0, 0.0, 0.001, 0.5)


def test_beliefs_fade_once_a_month_whatever_the_day_and_the_block():
    n, p = 95, BOOK.defaults("learning")
    shapes = {"good": 4, "bad": 4, "market_hits": 4, "legal_hits": 4, "legal_calm": 4, "danger": 2}
    columns = LearningConsumers._make(
        [np.ones((n, shapes[f]) if f in shapes else n) for f in LearningConsumers._fields]
    )
    columns.jurisdiction[:] = 0
    columns = columns._replace(jurisdiction=columns.jurisdiction.astype(np.uint8), memory=np.arange(n, dtype=np.uint32))
    kept = 0.5 ** (30.0 / np.array([p.caution_days, p.support_days, p.support_days]))
    for day in range(-13, 17):
        fade(0, 41, 30, day, columns, kept, np.ones(1), handed_over(p))
        fade(41, n, 30, day, columns, kept, np.ones(1), handed_over(p))
    assert columns.legal_hits == near(p.forgetting)
    assert columns.loss_calm == near(p.forgetting)
    assert columns.good[1:] == near(p.forgetting)
    assert (columns.good[0] == 1.0).all(), "which is of those who know no market"
    assert columns.caution == near(0.5 ** (30 / p.caution_days))


def test_interdiction_belief_halves_the_way_to_what_was_seized_and_has_a_floor():
    assert beliefs.interdiction_belief(0.2, 0.6, 0.01) == near(0.4)
    assert beliefs.interdiction_belief(0.004, 0.0, 0.01) == 0.01


@pytest.mark.parametrize("pool", [1, 20])
def test_interdiction_belief_spreads_as_the_pool_of_consignments_says(pool):
    """A single draw a month gives a belief with sd sqrt(p (1 - p) / 3); a pool of n divides it by sqrt(n)."""
    p, months = 0.1, 20_000
    hits = uniforms(1, Draw.CONSIGNMENT, np.arange(months * pool), 0).reshape(months, pool) < p
    belief, path = p, []
    for share in hits.mean(axis=1):
        belief = beliefs.interdiction_belief(belief, float(share), 1e-9)
        path.append(belief)
    assert np.std(path) == near(np.sqrt(p * (1 - p) / 3 / pool), rel=0.05)


def test_more_interdiction_means_more_and_smaller_loads():
    few, many = (best_loads(20.0, p, 0.1) for p in (0.1, 0.3))
    assert few == near(20.0)
    assert many / few == near(1.5, rel=0.03)
    assert few / many == near(0.65, rel=0.02)


def test_more_interdiction_means_stronger_product():
    weak, strong = (best_concentration(p, 20.0, 0.1, 1e9) for p in (0.1, 0.3))
    assert (weak, strong) == (near(30.0), near(70.0))
    step = 1e-4
    up, down = (best_concentration(0.1 + d, 20.0, 0.1, 1e9) for d in (step, -step))
    elasticity = np.log(up / down) / np.log((0.1 + step) / (0.1 - step))
    assert elasticity == near(20.0 * 0.1 / (1.0 + 20.0 * 0.1))


@pytest.mark.parametrize(("cost", "best", "expected"), [(3.0, 30.0, 1.0), (0.1, 20.0, 20.0)])
def test_concentration_stays_between_heroin_and_the_strongest_product_at_hand(cost, best, expected):
    assert best_concentration(0.1, 20.0, cost, best) == near(expected)


# Arrest (Hoffer and Alam 2013) and the work of agencies --------------------------------------------------------------
@pytest.mark.parametrize(("degree", "days"), [(5, 400), (10, 200), (25, 80), (50, 40)])
def test_dealing_face_to_face_with_more_people_ends_sooner(degree, days):
    assert 1.0 / beliefs.arrest_hazard(degree, BOOK.defaults("enforcement").arrest_per_contact) == near(days)


def exposures(model, rows):
    v, hazards = model.vendors.columns, hazards_today(model)
    return np.array([exposure_of.py_func(row, v, hazards) for row in rows])


def test_remote_deals_weigh_a_small_fraction_of_a_face_to_face_deal():
    model = model_of(world())
    v, e, rows = model.vendors.columns, model.p.enforcement, np.arange(model.vendors.n)
    v.recent[rows], v.opsec[rows], v.kind[rows] = 10 / 30, 1.0, VendorKind.INDEPENDENT
    exposure = exposures(model, rows)
    assert exposure[v.channel[rows] == Channel.STREET] == near(10.0)
    assert exposure[v.channel[rows] == Channel.SOCIAL_APP] == near(10 * e.remote_app)
    assert exposure[v.channel[rows] == Channel.CRYPTOMARKET] == near(10 * e.remote_crypto)
    v.opsec[rows] = 4.0
    assert exposures(model, rows) == near(exposure / 4)


def test_the_same_effort_over_more_cases_gains_less_on_each():
    effort, where = np.array([10.0, 5.0]), np.array([0, 1, 1])
    reach = np.array([[1.0, 0.3], [0.3, 1.0]])
    several = [Cases(np.arange(k * 3), np.tile(where, k), np.ones(k * 3), np.ones(k * 3)) for k in (1, 2)]
    two, six = (evidence_gained(effort, reach, cases, (1.0, 1.0), np.zeros(2)).gained for cases in several)
    assert six[:, :3] == near(two / 2)
    assert two.sum() < effort.sum(), "cases abroad lose effort"


# Quality beliefs (Izquierdo and Izquierdo 2007) ----------------------------------------------------------------------
def lemons(variance: float, w_individual: float, w_social: float, sessions: int, seed: int) -> tuple[float, float]:
    """Mean price and volume of 100 buyers and 100 sellers with reservation prices 1 to 100, clearing once a session.

    A buyer bids the reservation price times the quality expected. Neighbours are the next two in a ring whose order has
    nothing to do with bids.
    """
    steps, spread = np.arange(1, 101.0), np.sqrt(3 * variance)
    belief, ring = np.ones(100), np.argsort(uniforms(seed, 1, np.arange(100), 0))
    price, volume = [], []
    for session in range(sessions):
        bids = belief * steps
        order = np.argsort(-bids, kind="stable")
        sold = int((bids[order] >= steps).sum())
        buyers = order[:sold]
        price.append((bids[buyers[-1]] + steps[sold - 1]) / 2)
        volume.append(sold)
        bought, weight = np.zeros(100), np.zeros(100)
        bought[buyers] = 1 + spread * (2 * uniforms(seed, 2, buyers, session) - 1)
        weight[buyers] = w_individual
        neighbours = np.empty(100)
        neighbours[ring] = (belief[np.roll(ring, 1)] + belief[np.roll(ring, -1)]) / 2
        belief = beliefs.quality_update.py_func(belief, bought, neighbours, weight, w_social)
    return float(np.mean(price)), float(np.mean(volume))


@pytest.mark.parametrize(
    ("variance", "individual", "social", "price", "volume"),
    [
        (0.0, 0.5, 0.0, 50.5, 50.0),
        (0.10, 0.5, 0.0, 42.1, 36.6),
        (1 / 3, 0.5, 0.0, 25.7, 19.6),
        (1 / 3, 0.1, 0.4, 48.5, 47.9),
    ],
)
def test_uncertain_quality_shrinks_a_market_and_information_restores_it(variance, individual, social, price, volume):
    runs = np.array([lemons(variance, individual, social, 1200, seed) for seed in range(4)])
    assert runs.mean(axis=0) == near([price, volume], within=1.2)


# Reputation ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("good", "bad"), [(0, 0), (3, 1), (120, 7)])
def test_reputation_is_the_mean_of_a_beta_distribution(good, bad):
    assert beliefs.beta_reputation(good, bad, 1, 1) == near((good + 1) / (good + bad + 2))


def sellers(**values: np.ndarray) -> LearningVendors:
    shapes = {"account", "positive", "negative"}
    return LearningVendors._make(
        [values.get(f, np.ones((2, 4) if f in shapes else 2)) for f in LearningVendors._fields]
    )


def test_finite_memory_unmasks_a_turncoat_sooner_than_infinite():
    """A seller honest for 300 ratings who then cheats: days until reputation is below one half."""
    days = []
    for keep in (0.5 ** (1 / 30), 1.0):
        v = sellers(positive=np.zeros((2, 4)), negative=np.zeros((2, 4)))
        for day in range(1200):
            fade_vendors(2, v, keep)
            (v.positive if day < 300 else v.negative)[0, 0] += 1
            if beliefs.beta_reputation(v.positive[0, 0], v.negative[0, 0], 1, 1) < 0.5:
                break
        days.append(day - 300)
    assert days[0] < 0.2 * days[1]
    assert days[1] >= 299


def test_ratings_fade_with_their_half_life():
    v = sellers(positive=np.full((2, 4), 8.0))
    for _ in range(180):
        fade_vendors(2, v, 0.5 ** (1 / 180))
    assert v.positive == near(4.0)


# Buyer memory (after Bracci et al. 2022) -----------------------------------------------------------------------------
def test_the_chance_to_try_a_new_seller_falls_with_those_known():
    chances = [beliefs.try_new_probability(float(n), CHOICE.new_c, CHOICE.new_beta) for n in range(5)]
    assert chances[0] == 1.0
    assert all(np.diff(chances) < 0)
    assert chances[1] == near((1 + 1 / 1.8) ** -0.85)


Shopper = namedtuple("Shopper", "vendor bought")
Shop = namedtuple("Shop", "account log_price")
Selling = namedtuple("Selling", "selling")
Seen = namedtuple("Seen", "consumers vendors offers given")


@njit
def known_sellers(u_new, u_pick, scene):
    weights = np.empty(8)
    found = np.empty(len(u_pick), np.int64)
    for i in range(len(u_pick)):
        found[i] = known_vendor(0, 2, 7, u_new[i], u_pick[i], weights, scene)
    return found


def memory(selling: list[int]) -> Seen:
    """A buyer with 1, 4 and 2 good orders from vendors 0, 1 and 2 of market 7; vendor 2 costs e times as much."""
    shopper = Shopper(np.array([[0, 1, 2, -1]], np.int32), np.array([[1, 4, 2, 0]], np.uint16))
    account = np.full((3, 4), NO_SLOT, np.uint16)
    account[:, 1] = 7
    shop = Shop(account, np.array([0.0, 0.0, 1.0], np.float32))
    return Seen(shopper, shop, Selling(np.array(selling, np.uint32)), handed_over(CHOICE))


@pytest.mark.slow
def test_a_known_seller_is_chosen_in_proportion_to_own_past_purchases():
    grid = (np.arange(4000) + 0.5) / 4000
    found = known_sellers(np.full(4000, 0.9999), grid, memory([4, 4, 4]))
    weights = np.array([1.0, 4.0**CHOICE.loyalty_exponent, 2.0**CHOICE.loyalty_exponent * np.exp(-CHOICE.price_weight)])
    assert np.bincount(found, minlength=3) / 4000 == near(weights / weights.sum(), within=1e-3)


def test_a_buyer_turns_to_somebody_new_as_often_as_the_rule_says():
    grid = (np.arange(4000) + 0.5) / 4000
    found = known_sellers(grid, grid[::-1].copy(), memory([4, 4, 0]))
    assert np.mean(found < 0) == near(beliefs.try_new_probability(2.0, CHOICE.new_c, CHOICE.new_beta), within=1e-3)
    assert 2 not in found, "he cannot deliver today"


@njit
def drawn(offers, group, u):
    return np.array([draw_offer(offers, group, x) for x in u])


def test_a_new_seller_is_found_in_proportion_to_listings_and_sales():
    """Vendors 0 to 3 sell substance 1 on market 1, vendor 4 on market 0; for vendor 3 it is a side substance."""
    p = BOOK.defaults("supply")
    breadth, sales, main = np.array([1, 8, 1, 1, 5]), np.array([0, 0, 99, 0, 7]), np.array([1, 1, 1, 0, 1])
    account = np.full((5, 4), NO_SLOT, np.uint16)
    account[:, 2] = [1, 1, 1, 1, 0]
    given = {"account": account, "alive": np.ones(5), "breadth": breadth, "sales": sales, "main": main}
    given |= {"stock": np.ones(5), "carries": np.array([2, 2, 2, 3, 2], np.uint32)}
    zeros = {"positive": np.zeros((5, 4)), "negative": np.zeros((5, 4))}
    vendors = OfferVendors._make([given.get(f, zeros.get(f, np.zeros(5))) for f in OfferVendors._fields])
    offers, listings, accounts = build_offers(
        None, vendors, 5, np.ones(2, np.uint8), 2, handed_over(p), handed_over(CHOICE)
    )
    grid = (np.arange(20_000) + 0.5) / 20_000
    found = offers.vendor[drawn(offers, 1 * 2 + 1, grid)]
    weights = (
        breadth**p.breadth_exponent
        * (sales + p.initial_attractiveness) ** p.popularity_exponent
        * np.array([1, 1, 1, p.side_weight, 0])
    )
    assert np.bincount(found, minlength=5) / len(grid) == near(weights / weights.sum(), within=1e-3)
    assert set(drawn(offers, 0 * 2 + 0, grid[:5])) == {-1}, "nobody sells it there"
    assert (listings.tolist(), accounts.tolist()) == ([5, 11], [1, 4])


@settings(deadline=None)
@given(st.lists(st.floats(-30, 30), min_size=1, max_size=7))
def test_a_logit_choice_has_the_shares_of_its_utilities(utilities):
    values = np.array([*utilities, IMPOSSIBLE])
    grid = (np.arange(2000) + 0.5) / 2000
    shares = (
        np.bincount(
            [draw_logit.py_func(values, len(values), np.empty(len(values)), u) for u in grid], minlength=len(values)
        )
        / 2000
    )
    expected = np.exp(values - values.max())
    assert shares == near(expected / expected.sum(), within=1.5e-3)
    assert shares[-1] == 0


# Stock ---------------------------------------------------------------------------------------------------------------
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_stock_goes_to_the_orders_with_the_lowest_priority_numbers(data):
    vendors = data.draw(st.integers(1, 5))
    orders = data.draw(st.lists(st.integers(0, vendors - 1), max_size=30))
    stock = np.array(data.draw(st.lists(st.floats(0, 8), min_size=vendors, max_size=vendors)))
    priority = np.array(data.draw(st.permutations(range(len(orders))))) / 31
    vendor = np.array(orders, np.int64)
    served = {
        k
        for v in range(vendors)
        for k in sorted(np.flatnonzero(vendor == v), key=lambda k: priority[k])[: int(stock[v])]
    }
    assert set(np.flatnonzero(ration(vendor, stock, priority))) == served


def test_who_gets_the_last_parcel_does_not_depend_on_the_order_of_rows():
    vendor, stock, priority = np.zeros(6, int), np.array([2.0]), np.array([0.5, 0.1, 0.9, 0.3, 0.8, 0.2])
    other = np.array([3, 5, 0, 1, 4, 2])
    assert (ration(vendor, stock, priority)[other] == ration(vendor, stock, priority[other])).all()


# Content and potency -------------------------------------------------------------------------------------------------
def test_content_as_sold_falls_with_hands_and_carelessness():
    assert as_sold_probability(1.0, 2.4, 0.052, 0.38) == near(0.948**2.4)
    assert as_sold_probability(0.0, 0.0, 0.052, 0.38) == near(0.62)
    chances = [as_sold_probability(2 / 3, hands, 0.052, 0.38) for hands in (2.4, 4.0, 5.0)]
    assert all(np.diff(chances) < 0)


def test_a_short_path_makes_cryptomarket_goods_truer_than_street_goods():
    """With the same care, the odds of content as advertised are 2.1 to 3.65 times those offline [crypto-vs-offline-2024]."""
    online, street = (
        as_sold_probability(1.0, hands, SHIPPING.per_hand, SHIPPING.carelessness)
        for hands in (SHIPPING.hands_crypto, SHIPPING.hands_street)
    )
    assert 2.1 <= (online / (1 - online)) / (street / (1 - street)) <= 3.65


@pytest.mark.parametrize(("concentration", "sd"), [(1.0, 0.45), (30.0, 1.28)])
def test_strong_product_is_harder_to_dilute_evenly(concentration, sd):
    assert np.sqrt(potency_sd2(0.25, 5.0, 0.17, 0.41, concentration)) == near(sd, rel=0.02)


# From dose to death --------------------------------------------------------------------------------------------------
NODES, WEIGHTS = hermegauss(81)


def attended(dose: float, concentration: float) -> float:
    """Mean chance of an attended overdose over batches of a product of this concentration, after five hands."""
    s2 = potency_sd2(0.25, 5.0, 0.17, 0.41, concentration)
    chance = [
        harm.hill_overdose(dose * np.exp(-s2 / 2 + np.sqrt(s2) * z), CONSUMPTION.r50, CONSUMPTION.hill) for z in NODES
    ]
    return float(np.average(chance, weights=WEIGHTS))


@pytest.mark.parametrize(
    ("concentration", "per_1000", "elasticity", "relative_risk"), [(1.0, 2.7, 3.1, 0.25), (30.0, 13.0, 1.8, 0.41)]
)
def test_one_hill_form_serves_heroin_and_fentanyl(concentration, per_1000, elasticity, relative_risk):
    """Attended overdoses per 1,000 doses, local elasticity, and relative risk of 0.63 of the dose [insite-check]."""
    usual = attended(1.0, concentration)
    local = np.log(attended(1.01, concentration) / attended(0.99, concentration)) / np.log(1.01 / 0.99)
    assert 1000 * usual == near(per_1000, rel=0.25)
    assert local == near(elasticity, within=0.15)
    assert attended(0.63, concentration) / usual == near(relative_risk, within=0.02)


def test_half_overdose_at_the_named_dose_and_nobody_without():
    assert harm.hill_overdose(CONSUMPTION.r50, CONSUMPTION.r50, CONSUMPTION.hill) == near(0.5)
    assert harm.hill_overdose(0.0, CONSUMPTION.r50, CONSUMPTION.hill) == 0.0


def test_lost_tolerance_multiplies_the_risk_of_a_dose():
    p = CONSUMPTION
    kept, lost = (harm.hill_overdose(t**-p.tolerance_exponent, p.r50, p.hill) for t in (1.0, 0.1))
    assert lost / kept == near(5.6, rel=0.03)


def test_using_less_often_does_not_kill_more():
    """Tolerance follows use; only with exponent x steepness below one does less use mean less risk in total."""
    assert CONSUMPTION.hill * CONSUMPTION.tolerance_exponent < 1


def test_both_forms_agree_on_usual_doses_of_heroin_and_differ_beyond_them():
    """Overdoses counted per dose over batches of heroin, at full tolerance: alike at the usual dose; less kills far less by the logistic form, more far more."""
    s2, batches = potency_sd2(0.25, 5.0, 0.17, 0.41, 1.0), np.linspace(-6.0, 6.0, 2001)
    weights = np.exp(-(batches**2) / 2)

    def counted(dose: float) -> tuple[float, float]:
        ratios = dose * np.exp(-s2 / 2 + np.sqrt(s2) * batches)
        mme = CONSUMPTION.mme_per_dose
        hill = [harm.hill_overdose(r, CONSUMPTION.r50, CONSUMPTION.hill) * CONSUMPTION.severity_share for r in ratios]
        logistic = [harm.rti_overdose(r * mme, mme) for r in ratios]
        return float(np.average(hill, weights=weights)), float(np.average(logistic, weights=weights))

    (hill, logistic), (less_hill, less), (more_hill, more) = (counted(dose) for dose in (1.0, 0.63, 2.0))
    assert logistic == near(hill, rel=0.05)
    assert less / logistic < 0.2 * less_hill / hill
    assert more / logistic > 4.0 * more_hill / hill


@pytest.mark.parametrize(("mme", "chance"), [(50, 3.5e-8), (500, 2.3e-5), (1000, 0.0293)])
def test_the_rival_rule_has_the_published_logistic(mme, chance):
    assert harm.rti_logistic(mme) == near(chance, rel=0.02)


def test_the_rival_rule_needs_a_dose_above_tolerance_and_stays_a_probability():
    assert harm.rti_overdose(90.0, 100.0) == 0.0
    assert harm.rti_overdose(1000.0, 500.0) == near(0.0293, rel=0.02)
    assert harm.rti_overdose(5000.0, 10.0) == 1.0


def test_the_rival_rule_overstates_what_a_smaller_dose_saves():
    """Observed odds ratio 0.41 (0.18-0.89) [insite-check]: why it is not the default."""
    assert harm.rti_overdose(0.63 * 520.0, 50.0) / harm.rti_overdose(520.0, 50.0) < 0.18


def test_about_one_overdose_in_twenty_is_fatal():
    assert harm.fatality(CONSUMPTION.company, 0.4, 0.0, 0.0, CONSUMPTION) == near(0.05, within=0.004)


@pytest.mark.parametrize(("carriage", "relative_risk"), [(0.10, 0.87), (0.20, 0.74), (0.50, 0.54)])
def test_naloxone_in_the_network_saves_as_observed(carriage, relative_risk):
    p = CONSUMPTION
    saved = harm.fatality(p.company, 0.4, 0.0, carriage, p) / harm.fatality(p.company, 0.4, 0.0, 0.0, p)
    assert saved == near(relative_risk, within=0.015)


def test_nobody_is_rescued_alone_and_one_in_eight_and_a_half_dies():
    assert harm.fatality(0.0, 1.0, 1.0, 1.0, CONSUMPTION) == near(1 / 8.5)


def test_solo_use_sets_the_floor_of_what_naloxone_can_do():
    p = CONSUMPTION
    assert harm.fatality(p.company, 0.4, 1.0, 1.0, p) / harm.fatality(p.company, 0.4, 0.0, 0.0, p) > 0.4


@pytest.mark.parametrize(("dose", "chance"), [(1.0, 0.01), (3.0, 1 - 0.99**3)])
def test_doses_of_a_day_add_up_to_one_chance(dose, chance):
    assert harm.at_least_one(0.01, dose) == near(chance)


# Services ------------------------------------------------------------------------------------------------------------
def retained(days: float, unit: float) -> float:
    """Share still in treatment after so many days, when the source's unit of time has ``unit`` days."""
    p = CONSUMPTION
    hazard = [
        harm.treatment_hazard(d * MONTH / unit, p.dropout_a, p.dropout_b, p.dropout_c) for d in range(round(days))
    ]
    return float(np.exp(-np.sum(hazard) / unit))


@pytest.mark.parametrize(("months", "share"), [(1, 0.82), (6, 0.40), (12, 0.24)])
def test_treatment_keeps_people_as_published_when_its_clock_counts_months(months, share):
    assert retained(months * MONTH, MONTH) == near(share, within=0.01)


def test_a_clock_of_days_would_empty_treatment():
    assert retained(30, 1.0) < 0.15
    assert retained(180, 1.0) < 0.04


@pytest.mark.parametrize(("discard", "reduce", "bracket"), [(0.114, 0.363, 0.33), (0.667, 0.0, 0.67)])
def test_checking_saves_as_the_ex_ante_formula_says(discard, reduce, bracket):
    assert harm.checking_reduction(1.0, 1.0, 1.0, discard, reduce, 0.41) == near(bracket, within=0.005)
    assert harm.checking_reduction(0.2, 0.2, 0.3, discard, reduce, 0.41) == near(0.012 * bracket, rel=0.02)


def test_a_standardised_difference_is_a_difference_of_log_odds():
    assert near(np.pi / np.sqrt(3), rel=0.003) == LOGIT_PER_SMD


@pytest.mark.parametrize(("licensed", "illicit"), [(1.5, 0.40), (0.1, 0.91)])
def test_search_results_are_as_illicit_as_observed(licensed, illicit):
    engine = SearchEngine(model_of(world()), np.full(3, licensed))
    assert engine.illicit_share(1.0, 0.0) == near(illicit, within=0.005)


def test_demoting_illicit_results_works_only_when_it_is_nearly_complete():
    engine = SearchEngine(model_of(world()), np.array([0.1, 0.1, 0.1]))
    none, half, most = (engine.illicit_share(1.0, d)[0] for d in (0.0, 0.5, 0.99))
    assert none - half < 0.15 * none
    assert most < 0.15 * none


# Platforms -----------------------------------------------------------------------------------------------------------
def test_the_hazard_of_an_exit_scam_is_escrow_over_expected_income():
    p = BOOK.defaults("platforms")
    base = scam_hazard(1e6, 1e4, 1.0, 1.0, p)
    assert base == near(1e6 / (1e4 * p.scam_income_days) / p.closure_days)
    assert scam_hazard(2e6, 1e4, 1.0, 1.0, p) == near(2 * base)
    assert scam_hazard(1e6, 2e4, 1.0, 1.0, p) == near(base / 2)
    assert scam_hazard(1e6, 1e4, 1.0, 0.5, p) == near(base * 2)
    assert scam_hazard(0.0, 1e4, 5.0, 0.1, p) == 0.0


def test_vendors_retire_over_the_months_of_takings_that_a_closed_market_owed_them():
    p = BOOK.defaults("vendors")
    assert retirement.py_func(0.0, 0.0, p) == near(p.retire_closed)
    assert retirement.py_func(0.5, 0.0, p) == near(1 - (1 - p.retire_closed) * math.exp(-0.5 * p.retire_loss))
    assert retirement.py_func(9.0, 0.0, p) == near(1 - (1 - p.retire_closed) * math.exp(-9.0 * p.retire_loss))
    assert retirement.py_func(0.0, 2.0, p) == near(1 - (1 - p.retire_closed) ** 3.0)


def test_public_trust_in_a_market_grows_with_age_and_size():
    model = model_of(world())
    t, p, slots = model.platform_table.columns, model.p.platforms, model.usual.market_slots
    t.open_day[slots] = model.day - round(p.trust_days)
    t.trade180[slots] = p.trust_orders / model.weight
    t.open_day[slots[0]] = model.day
    t.trade180[slots[1]] = 1e6 * p.trust_orders / model.weight
    model.update_prior()
    gain = (p.trust_last - p.trust_first) * (1 - np.exp(-1))
    assert model.trade.prior[slots[:3]] == near(p.trust_first + np.array([0.0, gain, gain / 2]), rel=1e-4)


# Market structure ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "expected"), [([1, 1, 1, 1], 0.0), ([0, 0, 0, 1], 0.75), ([1, 2, 3, 4], 0.25), ([], 0.0), ([0, 0], 0.0)]
)
def test_gini_by_hand(values, expected):
    assert gini(np.array(values)) == near(expected, within=1e-12)


@pytest.mark.parametrize(("values", "expected"), [([5.0], 1.0), ([1, 1, 1, 1], 0.25), ([3, 1], 0.625), ([], 0.0)])
def test_herfindahl_by_hand(values, expected):
    assert herfindahl(np.array(values)) == near(expected)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [(range(1, 101), 0.01, 100 / 5050), (range(1, 101), 0.05, 490 / 5050), ([4, 6], 0.01, 0.6)],
)
def test_top_share_by_hand(values, share, expected):
    assert top_share(np.array(values), share) == near(expected)
