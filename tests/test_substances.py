"""Substances: what stricter status does to prices, prescriptions and wants; what people take instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.evidence.tables import load_substances
from sim.market.demand.law import law_of_the_day
from sim.model import MarketModel
from sim.registry import policy_kinds
from sim.scenario import ScenarioError
from tests.worlds import KINDS, branched, example, ran, world

NAMES = list(load_substances())
USERS = {"world": {"considering": 0.9, "market_users": 0.9, "patients": 0.1}, "demand": {"recreational_rate": 0.07}}


def start(parameters: dict, consumers: int = 3000, seed: int = 1) -> MarketModel:
    return ran(
        world(consumers=consumers, days=90, burn_in=20, parameters=parameters), seed, 0, tables=("orders", "events")
    )


def after(model: MarketModel, *policies: dict, days: int = 60) -> MarketModel:
    return branched(model, days, policies=list(policies))


def orders(model: MarketModel, substance: str, **match: str) -> pd.DataFrame:
    """Orders of a substance from day 0 on, by channel or by the buyer's jurisdiction."""
    table = model.table("orders")
    places = np.array(list(model.scenario.jurisdictions))[model.consumers.columns.jurisdiction[table["consumer"]]]
    keep = (table["substance"] == substance) & (table["day"] >= 0)
    if "channel" in match:
        keep &= table["channel"] == match["channel"]
    if "place" in match:
        keep &= places == match["place"]
    return table[keep]


def ban(substance: str = "nps", **fields) -> dict:
    return {"kind": "scheduling", "substance": substance, **fields}


# The table ------------------------------------------------------------------------------------------------------------
def test_substitutes_are_substances_of_the_table_and_other_ones():
    for name, row in load_substances().items():
        assert set(row.substitutes) <= set(NAMES) - {name}


@pytest.mark.parametrize("name", ["mdma", "amphetamine", "cocaine", "heroin", "psychedelic", "cannabis"])
def test_most_of_those_who_turn_away_take_older_drugs(name):
    weights = load_substances()[name].substitutes
    assert weights["nps"] / sum(weights.values()) == pytest.approx(0.2, abs=0.65 if name == "cannabis" else 0.07)


def test_regulated_supply_of_heroin_is_a_prescribed_opioid_and_nothing_stands_in_for_cannabis():
    medical = start(USERS).substances.medical
    assert medical[NAMES.index("heroin")] == NAMES.index("opioid_analgesic")
    assert medical[NAMES.index("cannabis")] == medical[NAMES.index("opioid_analgesic")] == -1


# Scheduling -----------------------------------------------------------------------------------------------------------
def test_a_ban_moves_buyers_to_substitutes_and_the_more_the_stricter_it_is():
    base = start(USERS)
    found = [after(base, ban(strength=s)) for s in (0.0, 0.6, 1.0)]
    bought = [len(orders(m, "nps")) for m in found]
    others = [sum(len(orders(m, t)) for t in load_substances()["nps"].substitutes) for m in (found[0], found[2])]
    assert bought[0] > bought[1] > bought[2] > 0
    assert others[1] > others[0]


def test_half_a_step_changes_prices_alone_and_more_than_half_the_status_stricter_or_laxer():
    base, row = branched(start(USERS), 0), NAMES.index("cocaine")
    usual = base.usual.status[:, row].astype(int)
    for steps, moves in ((0.5, 0), (-0.5, 0), (0.51, 1), (-0.51, -1), (-1.0, -1), (-1.5, -1), (-1.6, -2)):
        base.levers.scheduling[:, row] = steps
        law_of_the_day(base)
        assert np.array_equal(base.substances.status[:, row], np.minimum(usual + moves, 3)), steps
        assert (base.substances.premium[:, row] != 1.0).all()


def test_about_half_goes_on_where_people_are_not_dependent_and_nobody_turns_away_without_substitutes():
    left = []
    for persist in (0.7, 0.25):
        worlds = [
            start({**USERS, "demand": {"banned_persist": persist, "scheduled_price": 1.0}}, seed=k) for k in (1, 2, 3)
        ]
        with_, without = (sum(len(orders(after(m, *how), "nps")) for m in worlds) for how in ([ban()], []))
        left.append(with_ / without)
    assert 0.5 < left[0] < 0.98
    assert left[1] < left[0] - 0.1


def test_a_ban_makes_the_substance_dearer_where_it_holds():
    base = start(USERS)
    with_, without = after(base, ban(jurisdictions=["north_america"])), after(base)

    def price(model: MarketModel, place: str) -> float:
        rows = orders(model, "nps", place=place)
        return float((rows["price_usd"] / rows["quantity"]).median())

    assert price(with_, "north_america") > 1.15 * price(without, "north_america")
    assert price(with_, "united_kingdom_europe") < 1.15 * price(without, "united_kingdom_europe")


def test_the_law_is_as_before_when_it_is_repealed():
    base = start(USERS)
    during, later = after(base, ban(end=10), days=5), after(base, ban(end=10), days=15)
    row = NAMES.index("nps")
    assert (during.substances.status[:, row] >= during.usual.status[:, row]).all()
    assert during.substances.status[0, row] == 3
    for field in ("status", "prescribed", "deterred"):
        assert np.array_equal(getattr(later.substances, field), getattr(base.substances, field))
    assert (later.substances.premium[:, row] > 1.0).all(), "what was bought dear is sold first"
    long_after = after(base, ban(end=3), days=250).substances.premium
    assert np.array_equal(long_after, base.substances.premium)


def test_sellers_first_sell_what_they_have_when_a_substance_is_banned():
    base, row = start(USERS), NAMES.index("nps")
    prices = [float(after(base, ban(), days=days).substances.premium[0, row]) for days in (1, 15, 60)]
    assert 1.0 < prices[0] < prices[1] < prices[2]
    assert prices[0] < 1.1
    assert prices[2] == pytest.approx(base.p.demand.scheduled_price, rel=0.02)


def test_a_medicine_that_is_harder_to_prescribe_is_no_banned_drug():
    """Nobody is deterred; patients look elsewhere, where its price rises with what is missing. A ban of it is a ban."""
    base, row = start(USERS), NAMES.index("opioid_analgesic")
    stricter, banned = (after(base, ban("opioid_analgesic", steps=steps), days=60).substances for steps in (1, 2))
    assert (stricter.deterred[:, row] == 0).all()
    assert stricter.prescribed[0, row] == pytest.approx(base.p.demand.scheduled_access)
    street = base.p.demand.scheduled_access**-base.p.supply.shortage_cost
    assert stricter.premium[0, row] == pytest.approx(street, rel=0.01)
    assert (banned.status[:, row] == 3).all()
    assert (banned.deterred[:, row] > 0.5).all()
    assert (banned.prescribed[:, row] == 0).all()
    assert (banned.premium[:, row] > stricter.premium[:, row]).all()


def test_what_is_prohibited_already_cannot_be_banned_again():
    base, row = start(USERS), NAMES.index("heroin")
    table = after(base, ban("heroin"), days=5).substances
    assert (table.deterred[:, row] == 0).all()
    assert (table.premium[:, row] > 1).all(), "harder penalties make it dearer"


def test_a_laxer_status_brings_prescriptions_back_and_prices_down():
    base = start(USERS)
    table = after(base, ban("opioid_analgesic", steps=-1), days=2).substances
    row = NAMES.index("opioid_analgesic")
    assert (table.premium[:, row] < 1).all()
    assert (table.status[:, row] == 0).all()
    assert (table.deterred[:, row] == 0).all()


def test_rescheduling_a_prescription_opioid_moves_its_sales_from_pharmacies_to_illicit_sources_where_it_holds():
    """Martin et al. 2018: sales on US cryptomarkets rose, elsewhere they did not."""
    parameters = {
        "world": {"considering": 0.9, "market_users": 0.9, "patients": 0.8, "dependents": 0.05},
        "demand": {
            "patient_rate": 0.1,
            "own_substance": 0.95,
            "banned_persist": 1.0,
            "scheduled_price": 1.0,
            "scheduled_access": 0.6,
        },
    }
    shares = []
    for policies in ([], [ban("opioid_analgesic", jurisdictions=["north_america"])]):
        rows = [after(start(parameters, seed=seed), *policies) for seed in (1, 2)]
        here = pd.concat([orders(m, "opioid_analgesic", place="north_america") for m in rows])
        there = pd.concat([orders(m, "opioid_analgesic", place="united_kingdom_europe") for m in rows])
        shares.append([float((x["channel"] == "licensed_pharmacy").mean()) for x in (here, there)])
    (here_before, there_before), (here_after, there_after) = shares
    assert here_after < 0.85 * here_before
    assert there_after == pytest.approx(there_before, rel=0.15)


def test_a_name_that_the_table_lacks_is_refused():
    with pytest.raises(ScenarioError, match=r"policies\.0\.substance: .*nopium"):
        world(policies=[ban("nopium")])


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_of_a_table_that_a_policy_takes_is_checked_when_the_scenario_is_read(kind):
    for name, field in policy_kinds()[kind].model_fields.items():
        says = any(word in name for word in ("jurisdiction", "substance", "member", "origin", "destination", "host"))
        marks = field.json_schema_extra
        assert says == (isinstance(marks, dict) and "table" in marks)
        if says:
            one = "atlantis" if "tuple" not in str(field.annotation) else ["atlantis"]
            with pytest.raises(ScenarioError, match=rf"policies\.0\.{name}: .*atlantis"):
                world(policies=[example(kind, **{name: one})])
