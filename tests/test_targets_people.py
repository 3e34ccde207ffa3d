"""Targets about people, as worked out by hand: who is there how long, in treatment or out of it, and what police, friends and markets have to do with it."""

import pandas as pd
import pytest

from sim.studies.validation.database import About, empty_frames
from sim.studies.validation.estimates import Member, estimate
from sim.studies.validation.files import load_targets
from sim.studies.validation.measuring import readings

ABOUT = About("small", 100.0, 4, 400.0, 730, {"mdma": "stimulant", "heroin": "opioid", "opioid_analgesic": "opioid"})


def told(name, **tables):
    """A shipped target of a run of two years that has these rows."""
    frames = empty_frames()
    for table, rows in tables.items():
        frames[table] = pd.concat([frames[table], pd.DataFrame(rows)], ignore_index=True)
    target = load_targets()[name].model_copy(update={"observed": False})
    return readings(frames, ABOUT, [target], load_targets().views)[name]


def happened(*rows):
    return [dict(zip(("day", "kind", "subject", "cause"), row, strict=False)) for row in rows]


# Person 1 is there for two years, in treatment on days 100 to 199; 2 dies on day 364; 3 leaves the number to another on day 365; 4 uses no opioids.
PEOPLE = [
    {"consumer": 1, "came_day": None, "gone_day": None, "segment": "dependent", "age": 30.0},
    {"consumer": 2, "came_day": None, "gone_day": None, "segment": "dependent", "age": 30.0},
    {"consumer": 3, "came_day": None, "gone_day": 365, "segment": "dependent", "age": 20.0},
    {"consumer": 3, "came_day": 365, "gone_day": None, "segment": "recreational", "age": 20.0},
    {"consumer": 4, "came_day": None, "gone_day": None, "segment": "dependent", "age": 30.0},
]
BOUGHT = [
    {"order": k, "day": day, "consumer": who, "substance": goods, "channel": "street"}
    for k, (who, day, goods) in enumerate([
        (1, 5, "heroin"), (1, 9, "heroin"), (1, 12, "mdma"), (2, 3, "heroin"), (3, 20, "heroin"), (3, 400, "mdma"), (4, 8, "mdma"),
    ])
]  # fmt: skip
HARM = happened(
    (50, "overdose", 1), (150, "overdose", 1), (364, "overdose", 2), (364, "death", 2), (500, "overdose", 3), (60, "overdose", 4),
    (100, "treatment_entry", 1, "agonist"), (199, "treatment_exit", 1, "agonist"),
)  # fmt: skip


def test_overdoses_are_those_of_opioid_users_while_they_are_there():
    rate = told("nonfatal_overdoses", consumers=PEOPLE, orders=BOUGHT, events=HARM)
    assert rate.whole == pytest.approx((730 + 365 + 365) / 365)
    assert rate.cases == 2, (
        "that of a newcomer in the place of a user, and that of somebody who uses other drugs, count elsewhere"
    )
    fatal = told("overdoses_fatal", consumers=PEOPLE, orders=BOUGHT, events=HARM)
    assert (fatal.part, fatal.whole) == (1, 3)


def test_time_in_treatment_with_a_substitute_is_told_from_time_out_of_it():
    inside = happened(
        (150, "death", 1),
        (150, "overdose", 1),
        (150, "treatment_exit", 1, "agonist"),
        (100, "treatment_entry", 1, "agonist"),
        (364, "death", 2),
        (90, "treatment_entry", 2, "drug_free"),
    )
    ratio = told("deaths_in_treatment", consumers=PEOPLE, orders=BOUGHT, events=inside)
    days_in, days_out = 51, 100 + 365 + 365
    assert ratio.value == pytest.approx((1 / days_in) / (1 / days_out))
    assert ratio.cases == 2


def test_those_who_were_in_treatment_before_the_run_leave_it_when_they_do():
    old = happened(
        (199, "treatment_exit", 1, "agonist"),
        (210, "death", 1),
        (210, "overdose", 1),
        (364, "death", 2),
        (199, "treatment_exit", 3, "agonist"),
        (180, "death_other", 3),
    )
    ratio = told(
        "deaths_after_leaving",
        consumers=PEOPLE,
        orders=BOUGHT,
        events=[*old, *happened((10, "treatment_entry", 2, "agonist"))],
    )
    # within two weeks: one death in the 11 days of person 1; in treatment for long: 1 and 3 on days 0 to 199 and 180, 2 on days 45 to 364, two deaths
    assert ratio.value == pytest.approx((1 / 11) / (2 / (200 + 181 + 320)))


def test_deals_are_counted_by_buyer_and_market():
    crypto = [
        {"order": k, "day": day, "consumer": who, "vendor": vendor, "platform": 5, "channel": "cryptomarket"}
        for k, (who, day, vendor) in enumerate(
            [(1, 400 + 2 * n, 7) for n in range(13)] + [(2, 500, 7), (3, 510, 8), (3, 520, 9)]
        )
    ]
    sites = [{"day": 0, "platform": 5, "channel": "cryptomarket", "status": "open"}]
    share = told("experienced_orders", orders=crypto, platforms=sites)
    assert (share.part, share.whole) == (2, 16)
    assert told("novice_orders", orders=crypto, platforms=sites).part == 3 + 1 + 2
    assert told("one_time_buyers", orders=crypto, platforms=sites).value == pytest.approx(1 / 3)
    assert told("buyer_loyalty", orders=crypto, platforms=sites).value == pytest.approx((13 + 1) / 15)


def test_what_friends_hand_over_is_a_source_like_what_is_bought_from_them():
    """Four buyers on a market, beside whom one has bought nothing there; two of three who deal with dealers get as much or more from friends."""
    bought = [
        {"order": k, "day": 400 + k, "consumer": who, "vendor": vendor, "channel": "street" if vendor else "cryptomarket"}
        for k, (who, vendor) in enumerate([(1, 0), (2, 0), (3, 0), (4, 0), (1, 7), (2, 7), (2, 7), (3, 7), (4, 8), (5, 8)])
    ]  # fmt: skip
    sellers = [{"vendor": 7, "kind": "street_dealer"}, {"vendor": 8, "kind": "social_supplier"}]
    given = happened((500, "passed_on", 1), (501, "passed_on", 1), (502, "passed_on", 3), (503, "passed_on", 5))
    alone = told("fallback_friends", orders=bought, vendors=sellers)
    assert (alone.part, alone.whole) == (1, 4)
    friends, dealers = (
        told(f"fallback_{name}", orders=bought, vendors=sellers, events=given) for name in ("friends", "dealers")
    )
    assert (friends.part, friends.whole) == (2, 4)
    assert dealers.part == 2, "of sources with equally many, the first by name"


def test_who_got_something_from_a_friend_before_is_not_new_to_drugs():
    people = [{"consumer": who, "came_day": 10, "gone_day": None} for who in (1, 2, 3)]
    first = [
        {"order": k, "day": day, "consumer": who, "channel": channel}
        for k, (who, day, channel) in enumerate(
            [(1, 50, "cryptomarket"), (2, 50, "cryptomarket"), (3, 40, "street"), (3, 50, "cryptomarket")]
        )
    ]
    given = happened(
        (5, "passed_on", 1), (30, "passed_on", 2)
    )  # the one before came_day to somebody else of that number
    new = told("new_to_drugs", consumers=people, orders=first, events=given)
    assert (new.part, new.whole) == (1, 3)


def test_a_user_of_two_markets_counts_in_each_and_those_who_sell_are_users_too():
    """Market 5: one buyer with 13 orders, two with one and two; market 6: the second of them once. Three vendors on the first, one on the other."""
    crypto = [
        {"order": k, "day": 400, "consumer": who, "vendor": vendor, "platform": site, "channel": "cryptomarket"}
        for k, (who, vendor, site) in enumerate([(1, 7, 5)] * 13 + [(2, 7, 5), (3, 8, 5), (3, 9, 5), (2, 7, 6)])
    ]
    each = told("orders_per_user", orders=crypto)
    assert (each.part, each.whole) == (17, 3 + 1 + 3 + 1)
    top = told("buyer_top10_orders", orders=crypto)
    assert (top.part, top.whole, top.cases) == (pytest.approx(0.3 * 13 + 0.1 * 1), 17, 4)


def test_less_often_on_such_markets_is_not_stopping_and_not_fewer_doses():
    crypto = [
        {"order": k, "day": day, "consumer": who, "quantity": doses, "channel": channel}
        for k, (who, day, doses, channel) in enumerate([
            (1, 30, 1.0, "cryptomarket"), (1, 100, 1.0, "cryptomarket"), (1, 170, 9.0, "cryptomarket"),  # fewer orders of more doses
            (2, 30, 9.0, "cryptomarket"), (2, 170, 1.0, "cryptomarket"),  # fewer doses
            (3, 30, 1.0, "cryptomarket"), (3, 40, 1.0, "cryptomarket"), (3, 170, 1.0, "street"),  # stopped
            (4, 40, 1.0, "street"), (4, 170, 1.0, "cryptomarket"),  # no user before
        ])
    ]  # fmt: skip
    less, stopped = told("users_less", orders=crypto), told("users_stop", orders=crypto)
    assert (less.part, less.whole) == (1, 3)
    assert (stopped.part, stopped.whole) == (1, 3)


def test_what_a_vendor_takes_is_held_against_where_the_vendor_is():
    crypto = [
        {"order": k, "day": 1, "consumer": 1, "vendor": vendor, "platform": 5, "channel": "cryptomarket", "substance": "mdma", "quantity": 1.0, "price_usd": usd}
        for k, (vendor, usd) in enumerate([(7, 20.0), (8, 10.0), (9, 10.0)])
    ]  # fmt: skip
    sellers = [
        {"vendor": vendor, "jurisdiction": where}
        for vendor, where in ((7, "oceania"), (8, "north_america"), (9, "rest_of_world"))
    ]
    here = [{"consumer": 1, "jurisdiction": "oceania"}]
    border = told("price_border", orders=crypto, vendors=sellers, consumers=here)
    assert (border.value, border.cases) == (pytest.approx(2), 1)


def test_prescription_opioids_are_counted_by_order_and_not_by_what_they_cost():
    crypto = [
        {"order": k, "day": 200, "vendor": vendor, "channel": "cryptomarket", "substance": goods, "price_usd": usd}
        for k, (vendor, goods, usd) in enumerate([(7, "opioid_analgesic", 900.0), (7, "heroin", 10.0), (7, "mdma", 10.0), (8, "heroin", 10.0)])
    ]  # fmt: skip
    sellers = [{"vendor": 7, "jurisdiction": "north_america"}, {"vendor": 8, "jurisdiction": "oceania"}]
    share = told("rescheduled_share", orders=crypto, vendors=sellers)
    assert (share.part, share.whole) == (1, 3)


def test_ratings_are_held_against_later_sales_by_the_same_number_of_them():
    """Accounts 7 to 9 have ten ratings by day 10, the better the fewer were bad, and sell 1, 2 and 3 later; 10 has nine, 11 is gone too soon."""
    rated = [
        (vendor, 10, 1.0 if k < bad else 5.0) for vendor, bad in ((7, 2), (8, 1), (9, 0), (11, 5)) for k in range(10)
    ]
    later = [(vendor, 20, 1.0) for vendor in (7, 8, 8, 9, 9, 9)] + [(10, 10, 5.0)] * 9
    crypto = [
        {"order": k, "day": day, "consumer": 1, "vendor": vendor, "platform": 5, "channel": "cryptomarket", "outcome_day": day, "rating": rating}
        for k, (vendor, day, rating) in enumerate(rated + later)
    ]  # fmt: skip
    accounts = [
        {"vendor": vendor, "platform": 5, "open_day": 0, "close_day": 30 if vendor == 11 else None}
        for vendor in range(7, 12)
    ]
    sites = [{"day": 0, "platform": 5, "channel": "cryptomarket", "status": "open"}]
    faster = told("rated_sell_faster", orders=crypto, accounts=accounts, platforms=sites)
    assert (faster.value, faster.cases) == (pytest.approx(1), 3)


def test_rivals_without_vendors_before_do_not_decide_how_much_rivals_grow():
    def first(before):
        raid = [{"day": 60, "kind": "takedown", "subject": 0, "policy": 0.0}]
        sites = [
            {"day": day, "platform": site, "channel": "cryptomarket", "status": "open", "vendors": n if day < 60 else 20}
            for day in range(40, 110) for site, n in ((0, 50), (1, before))
        ]  # fmt: skip
        return told("rivals_grow", events=raid, platforms=sites)

    few, many = first(1), first(9)
    assert (few.value, many.value) == (pytest.approx(20), pytest.approx(20 / 9))
    together = estimate(load_targets()["rivals_grow"], [Member(1.0, (few, many))])
    assert together.mean == pytest.approx(40 / 10)


def test_few_vendors_with_bad_ratings_in_a_run_do_not_decide_how_many_of_them_leave():
    def told_of(gone_bad, bad, gone_good, good):
        numbers = range(bad + good)
        crypto = [
            {"order": 10 * v + k, "day": 10, "vendor": v, "consumer": k, "channel": "cryptomarket", "rating": 1.0 if v < bad and k < 2 else 5.0}
            for v in numbers for k in range(10)
        ]  # fmt: skip
        left = {*range(gone_bad), *range(bad, bad + gone_good)}
        sellers = [{"vendor": v, "exit_day": 200 if v in left else None} for v in numbers]
        return told("bad_ratings_exit", orders=crypto, vendors=sellers)

    one = told_of(2, 4, 1, 8)
    assert (one.value, one.cases) == (pytest.approx((2 / 4) / (1 / 8)), 4)
    none = told_of(1, 1, 0, 9)  # the ratio of this run alone is infinite
    both = estimate(load_targets()["bad_ratings_exit"].model_copy(update={"fewest": 1}), [Member(1.0, (one, none))])
    assert both.mean == pytest.approx((2 * 8 / 12 + 1 * 9 / 10) / (1 * 4 / 12))


def test_surveys_and_registers_are_asked_for_what_they_have():
    answers = [
        {"day": 185, "survey": "web", "segment": "recreational", "bought_cryptomarket": k < 2, "bought_street": k > 0, "other_source": "street" if k else None,
         "from_friends": False, "threatened_cryptomarket": k == 1} for k in range(4)
    ]  # fmt: skip
    assert told("darknet_users", observed_survey=answers).value == 0.5
    assert told("also_street", observed_survey=answers).value == 0.5
    given = [{**row, "from_friends": True} for row in answers]
    assert told("also_street", observed_survey=given).value == 1
    assert told("dealer_users", observed_survey=given).value == 0.75, "a friend is no dealer"
    assert told("fallback_street", observed_survey=answers).value == 1
    assert told("threat_crypto", observed_survey=answers).value == 0.5


def test_a_second_charge_is_held_against_how_the_first_contact_ended():
    contacts = [(who, "referral" if who < 10 else "criminalised") for who in range(20)]
    rows = (
        [(100, kind, who) for who, kind in contacts]
        + [(150, "criminalised", who) for who in (0, 10, 11, 12, 13)]
        + [(400, "criminalised", 1)]
    )
    ratio = told("deflection_arrest", events=happened(*rows))
    assert ratio.value == pytest.approx((1 / 9) / (4 / 6))
    assert ratio.cases == 5
    assert told("deflection_arrest_long", events=happened(*rows)).value == pytest.approx((2 / 8) / (4 / 6))


def test_seized_sites_are_back_when_they_are_open_again():
    back = {1: 64, 2: 61, 3: 0}
    sites = [
        {"day": day, "platform": site, "channel": "illicit_pharmacy", "status": "seized" if 60 <= day < back[site] else "open"}
        for day in range(730) for site in back
    ]  # fmt: skip
    raid = happened((60, "takedown", 1, "illicit_pharmacy"), (60, "takedown", 2, "illicit_pharmacy"))
    assert told("takedown_return", platforms=sites, events=raid).value == 2.5
    assert told("takedown_pharmacies", platforms=sites, events=raid).value == pytest.approx(1.0)
