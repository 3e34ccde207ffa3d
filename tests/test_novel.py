"""Novel substances: many from the start, each with a place, a strength and a fate of its own; suppliers who mix them in; alerts that one place tells another."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from numba import njit

from sim.agents.codes import CLEAN, NOBODY, OLDER, Channel
from sim.market import views
from sim.market.groups import Moment
from sim.market.trade.content import Goods, batch
from sim.market.views import narrow
from sim.model import MarketModel
from tests.worlds import branched, model_of, ran, run, same_frames, world

PLACES = ["north_america", "united_kingdom_europe", "oceania", "rest_of_world"]
HERE, THERE = 1, 2
DEPENDENTS: dict[str, Any] = {"patients": 0.05, "dependents": 0.7}
QUICK: dict[str, Any] = {"world": DEPENDENTS, "supply": {"copy_rate": 0.3}, "services": {"novel_per_year": 0.0}}
"""Many who use opioids, suppliers who soon look at what to mix in, and no novel substance but those that are brought in."""
SEEN = {"alert_base": 0.0, "alert_days": 2.0, "alert_reported": 0.005}


def start(**parameters: Any) -> MarketModel:
    return ran(
        world(consumers=1500, days=90, burn_in=20, parameters={**QUICK, **parameters}),
        until=0,
        tables=("events", "orders"),
    )


def shock(**fields: Any) -> dict[str, Any]:
    return {"kind": "novel_opioid", "share": 0.6, **fields}


def after(model: MarketModel, *policies: dict[str, Any], days: int = 40) -> MarketModel:
    return branched(model, days, policies=list(policies))


def mixes(model: MarketModel) -> np.ndarray:
    return model.supplier_table.columns.mixes[: model.supplier_table.n]


def added(model: MarketModel) -> np.ndarray:
    return model.supplier_table.columns.added[: model.supplier_table.n]


def expected(model: MarketModel, outcome: str) -> float:
    return float(model.daily()[f"{outcome}_expected"].sum())


@functools.cache
def appeared(**services: float) -> MarketModel:
    many = {"novel_per_year": 600.0, "novel_opioids": 0.3, "alert_base": 0.02, **services}
    return ran(world(days=45, parameters={"services": many}), tables=("events",))


# What is there at the start ------------------------------------------------------------------------------------------
@functools.cache
def settled(days: int) -> MarketModel:
    """A world of many novel substances so many days after it was made."""
    many = world(consumers=300, parameters={"services": {"novel_per_year": 600.0}})
    return run(many, until=days - many.burn_in, tables=("events",))


def test_as_many_novel_substances_circulate_at_the_start_as_later():
    """600 a year appear and 0.135 of those there vanish in a year: 4,444 circulate, 7.4 years old on average, on any day."""
    start, later = settled(0).early_warning, settled(90).early_warning
    assert len(start.live) == pytest.approx(600.0 / 0.135, abs=4 * 67)
    assert len(later.live) == pytest.approx(len(start.live), abs=4 * np.sqrt(2 * 600.0 * 90 / 365))
    for model in (settled(0), settled(90)):
        ews = model.early_warning
        assert (model.day - ews.born[ews.live]).mean() == pytest.approx(365 / 0.135, rel=0.06)
        assert ews.opioid[ews.live].mean() == pytest.approx(0.1, abs=0.02)


def test_the_share_of_novel_substances_that_nobody_knows_has_no_trend():
    """As many get an alert as appear, from the first days on."""
    unknown = [
        1.0
        - settled(days).early_warning.alerted(settled(days).day)[settled(days).early_warning.live].any(axis=1).mean()
        for days in (0, 90)
    ]
    assert 0.02 < unknown[0] < 0.1
    assert unknown[1] == pytest.approx(unknown[0], abs=0.025)


def test_what_was_known_before_the_start_gives_no_alert_in_the_run():
    model = settled(90)
    ews, events = model.early_warning, model.table("events")
    before = np.flatnonzero((ews.known == ews.KNOWN_BEFORE).all(axis=1))
    alerts = events[events["kind"].isin(["alert", "alert_heard"])]
    first = -model.scenario.burn_in
    assert len(before) > 4000
    assert set(alerts.loc[alerts["day"] < first, "subject"]) == set(before.tolist())
    assert not alerts.loc[alerts["day"] >= first, "subject"].isin(before).any()
    assert len(ews.lags(model.day - 1)) == (alerts["day"] >= first)[alerts["kind"] == "alert"].sum() > 0


def test_the_lag_of_a_day_is_the_mean_over_first_alerts_given_from_day_0_on():
    """Those of burn-in, when there was no policy, are not among them; the last day speaks for the run."""
    many = world(consumers=300, burn_in=60, parameters={"services": {"novel_per_year": 600.0}})
    model = run(many, until=40, tables=("events",))
    events, lags = model.table("events"), model.daily()["nps_detection_lag_days"]
    born = events[events["kind"] == "novel_substance"].set_index("subject")["day"]
    first = events[(events["kind"] == "alert") & events["subject"].isin(born.index)].groupby("subject")["day"].min()
    for day in range(40):
        given = first[first.between(0, day)]
        if len(given):
            assert lags[day] == pytest.approx((given - born[given.index]).mean())
        else:
            assert np.isnan(lags[day])
    assert first.between(-60, -1).any()
    assert lags.nunique() > 5
    assert model.outcomes()["nps_detection_lag_days"] == lags.iloc[-1]


def test_what_circulates_at_the_start_does_the_harm_that_the_table_of_substances_says():
    model = settled(0)
    row, usual = model.substances.novel, model.usual.adverse
    assert np.array_equal(model.substances.adverse, usual)
    assert settled(90).substances.adverse[:, row] == pytest.approx(usual[:, row], rel=0.05)


def test_goods_of_the_start_hold_novel_opioids_and_older_ones():
    held = np.concatenate(
        [
            mixes(model_of(world(consumers=200, parameters={"shipping": {"synthetic_supply": 0.9}}), seed))
            for seed in range(1, 6)
        ]
    )
    assert 0.3 < (held > OLDER).sum() / (held > CLEAN).sum() < 0.7
    model = model_of(world(consumers=200, parameters={"shipping": {"synthetic_supply": 0.9}}))
    ews = model.early_warning
    assert ews.opioid[mixes(model)[mixes(model) > OLDER]].all()
    assert np.average(ews.toxicity[ews.opioid], weights=ews.popularity[ews.opioid]) == pytest.approx(1.0), (
        "as strong as older ones on average"
    )


def test_a_world_without_novel_substances_has_none_at_the_start():
    model = start()
    assert len(model.early_warning.born) == 0
    assert (mixes(model) <= OLDER).all()
    assert np.array_equal(model.substances.adverse, model.usual.adverse)


# What appears ---------------------------------------------------------------------------------------------------------
def test_each_novel_substance_has_a_place_a_popularity_and_a_strength_of_its_own():
    ews = appeared().early_warning
    assert len(ews.born) > 60
    assert set(ews.home.tolist()) == set(range(len(PLACES)))
    for drawn in (ews.popularity, ews.toxicity):
        assert len(np.unique(drawn)) == len(drawn)
    assert 0.15 < ews.opioid.mean() < 0.45
    again = appeared(alert_base=0.0).early_warning
    assert np.array_equal(again.toxicity, ews.toxicity), "drawn when it appears, whatever is found later"


def test_a_substance_spreads_first_where_it_appeared_and_in_the_end_everywhere():
    model = start()
    ews = model.early_warning
    rows = np.array([ews.appear(model.day, 2.0, 1.0, home=HERE)])
    early, late = (ews.spread(rows, model.day + days, 120.0)[0] for days in (30, 3000))
    assert early[HERE] > 3 * early[THERE] > 0
    assert late == pytest.approx(np.full(len(PLACES), 2.0))


def test_what_does_not_appear_changes_nothing():
    """A run in which nothing novel appears is the same, bit for bit, as one in which nothing can, whatever novel substances would have been like."""
    common = {"world": DEPENDENTS}
    never, rarely = (
        ran(world(consumers=400, days=20, parameters={**common, "services": services}), tables=("orders", "events")).daily()
        for services in ({"novel_per_year": 0.0}, {"novel_per_year": 1e-9, "novel_toxicity": 1.2, "novel_opioids": 0.27, "novel_spread_days": 30.0})
    )  # fmt: skip
    assert same_frames(never, rarely)


def test_a_toxic_substance_harms_more_where_it_has_spread():
    model = start(services={"novel_per_year": 50.0})
    row, ews = model.substances.novel, model.early_warning
    ews.appear(model.day - 40, 200.0, 20.0, home=HERE)
    model.run_for(1)
    grown = model.substances.adverse[:, row] / model.usual.adverse[:, row]
    assert grown[HERE] > 1.5 > np.delete(grown, HERE).max() > 1.0


def test_a_novel_opioid_from_outside_changes_nothing_of_how_long_others_stay():
    many = {"novel_per_year": 2000.0, "novel_exit": 5.0}
    calm, shaken = (
        run(world(consumers=200, days=40, burn_in=5, parameters={"services": many}, policies=policies)).early_warning
        for policies in ([], [shock(start=0)])
    )
    new = [(ews.home >= 0) & (ews.born > 0) for ews in (calm, shaken)]
    assert len(shaken.born) == len(calm.born) + 1
    assert np.array_equal(calm.popularity[new[0]], shaken.popularity[new[1]])
    assert np.array_equal(calm.gone[new[0]], shaken.gone[new[1]])
    assert calm.gone[new[0]].any()


# What suppliers mix in ------------------------------------------------------------------------------------------------
def test_suppliers_where_a_novel_opioid_is_at_hand_take_it_up_one_after_another_and_drop_it_when_it_is_gone():
    base = start(supply={"copy_rate": 0.05})
    s, held = base.supplier_table.columns, []
    for days in (1, 10, 40):
        model = after(base, shock(jurisdictions=[PLACES[HERE]]), days=days)
        has = added(model) != NOBODY
        s, n = model.supplier_table.columns, model.supplier_table.n
        sources = [s.source[i][s.source[i] >= 0] for i in range(n)]
        through = np.array([bool(len(a)) for a in sources])
        assert (has <= ((s.jurisdiction[:n] == HERE) | through)).all(), "at hand, or from a manufacturer"
        held.append(int(has.sum()))
    assert held[0] <= held[1] < held[2]
    gone = after(base, shock(end=20), days=25)
    assert (added(gone) == NOBODY).all()
    assert gone.early_warning.gone.all()


def test_goods_are_contaminated_by_the_suppliers_who_mix_and_no_others():
    """Heroin that was heroin holds a synthetic where its vendor's supplier mixes one in; a medicine that a factory made never does."""
    base = start(supply={"copy_rate": 1e-9})
    odd = np.arange(base.supplier_table.n) % 2 == 1
    mixes(base)[:] = CLEAN
    mixed = branched(base, 0)
    mixes(mixed)[:] = np.where(odd, OLDER, CLEAN)
    for model in (base, mixed):
        model.run_for(1)
    first = base.books.open_orders.n
    orders, others = (model.books.open_orders.columns for model in (base, mixed))
    assert np.array_equal(orders.consumer[:first], others.consumer[:first])
    changed = np.flatnonzero(orders.content[:first] != others.content[:first])
    assert len(changed)
    assert set(orders.substance[changed].tolist()) == {list(base.scenario.substances).index("heroin")}
    assert odd[base.vendors.columns.supplier[orders.vendor[changed]]].all()


def test_the_strength_of_goods_with_a_synthetic_decides_how_many_die():
    base = start()
    mixes(base)[:] = OLDER
    weak, strong = (
        expected(branched(base, 30, parameters={"supply": {"copy_rate": 1e-9}, "shipping": {"synthetic_strength": x}}), "deaths")
        for x in (0.5, 2.0)
    )  # fmt: skip
    assert strong > 1.5 * weak


def test_an_opioid_that_hardly_any_goods_hold_is_added_to_what_suppliers_mixed_before():
    """It is not taken for an opioid that appeared here, which goods hold as often as the table of substances says, and takes the place of none."""
    calm, few = after(start(), days=60), after(start(), shock(share=0.001), days=60)
    took = (added(few) != NOBODY) & (few.supplier_table.columns.alive[: len(added(few))] == 1)
    assert took.any()
    assert np.array_equal(mixes(few), mixes(calm))
    assert (mixes(few)[took] == OLDER).any()
    held, usual = few.upstream.mixes[1:][: len(took)][took], calm.upstream.mixes[1:][: len(took)][took]
    assert (held[:, 1] == 0.001).all()
    assert np.array_equal(held[:, 0], usual[:, 0])


def test_an_opioid_that_no_goods_hold_moves_nothing():
    """It appears, unknown to all, and is billed for; nobody takes it up, nobody warns of it, and whoever mixed in something goes on."""
    base = start(services={**QUICK["services"], **SEEN, "alert_base": 0.5})
    calm, none = after(base, days=60), after(base, shock(share=0.0, potency=20.0), days=60)
    billed = ["policy_cost_usd", "net_social_cost_usd", "novel_known_share"]
    assert len(none.early_warning.born) == len(calm.early_warning.born) + 1
    assert same_frames(calm.daily().drop(columns=billed), none.daily().drop(columns=billed))
    assert np.array_equal(mixes(calm), mixes(none))


def test_a_supplier_goes_on_as_before_once_what_came_from_outside_is_gone():
    base = start()
    calm, shaken = after(base, days=50), after(base, shock(end=20), days=50)
    assert np.array_equal(mixes(calm), mixes(shaken))
    assert (added(shaken) == NOBODY).all()
    assert np.array_equal(calm.upstream.mixes, shaken.upstream.mixes)


@njit
def many_batches(when: Moment, s: int, channel: int, goods: Goods, made: np.ndarray) -> None:
    for key in range(len(made)):
        _, made[key, 0], _, made[key, 1] = batch(when, key, s, channel, 1.0, 1, goods)


def batches(mixed: list[float]) -> np.ndarray:
    """(400, 2) strength of batches of heroin of many vendors, and whether they hold a synthetic; ``mixed`` is what their supplier mixes in."""
    model = start()
    goods = Goods(
        np.ones(2), np.array([[0.0, 0.0, 1.0, 1.0], mixed]), np.zeros(6), np.zeros(2), narrow(model.substances, views.SentSubstances),
        model.given.shipping,
    )  # fmt: skip
    heroin, street = list(model.scenario.substances).index("heroin"), int(Channel.STREET)
    made = np.zeros((400, 2))
    many_batches(model.moment, heroin, street, goods, made)
    return made


def test_goods_in_which_a_supplier_mixed_something_before_are_as_strong_as_they_were():
    """What comes from outside goes into the others; it is as strong as it is, whatever was mixed in before."""
    usual, both = batches([1.0, 0.0, 1.0, 1.0]), batches([1.0, 0.5, 1.0, 30.0])
    held = usual[:, 1] == 1
    took = (both[:, 1] == 1) & ~held
    assert held.sum() > 50
    assert took.mean() == pytest.approx(0.5 * (1.0 - held.mean()), abs=0.08)
    assert np.array_equal(both[held], usual[held])
    assert both[took, 0].mean() == pytest.approx(30.0 * usual[held, 0].mean(), rel=0.3)


def test_a_novel_opioid_raises_overdoses_with_its_share_and_deaths_with_its_potency():
    base = start()
    shares = [expected(after(base, shock(strength=x), days=60), "overdoses") for x in (0.0, 0.25, 1.0)]
    assert shares[0] < shares[1] < shares[2]
    weak, strong = (expected(after(base, shock(potency=x)), "deaths") for x in (1.0, 4.0))
    assert strong > 1.3 * weak


# What is found --------------------------------------------------------------------------------------------------------
def test_two_novel_opioids_in_one_run_are_found_separately():
    """Neither alert stands for the other: the second is unknown until it has an alert of its own."""
    both = after(start(services={**QUICK["services"], **SEEN}), shock(), shock(start=15, potency=3.0), days=60)
    ews = both.early_warning
    assert ews.toxicity.tolist() == [1.0, 3.0]
    assert {0, 1} <= set(added(both).tolist()), "suppliers mix in one or the other"
    first = ews.known.min(axis=1)
    assert (first <= both.day).all()
    assert (ews.known[0] != ews.known[1]).any()
    assert first[1] >= 15
    assert len(both.table("events").query("kind == 'alert' and day >= 0")["subject"].unique()) == 2


def test_a_warning_of_a_strong_opioid_makes_people_take_less_as_far_as_suppliers_mix_it_in():
    base = start(services={**QUICK["services"], **SEEN, "alert_reported": 0.05, "alert_reach": 0.9})
    deaf = {"kind": "early_warning", "delay": 1.0, "sight": 1.0, "reach": 1.0, "false_alarms": 1.0}
    loud = {**deaf, "delay": 0.02, "sight": 20.0}
    quiet, warned = (expected(after(base, shock(), x), "overdoses") for x in (deaf, loud))
    assert warned < quiet


def test_checking_lets_a_strong_opioid_be_found_sooner_where_it_is_offered():
    base = start()
    offered = {"kind": "drug_checking", "reach": 0.9, "uptake": 4.0, "jurisdictions": [PLACES[HERE]]}
    without, with_ = (after(base, shock(), *more, days=30).early_warning.strong[:, 0] for more in ([], [offered]))
    assert with_[HERE] > 2 * without[HERE]
    assert np.delete(with_, HERE) == pytest.approx(np.delete(without, HERE), rel=0.25, abs=0.05)


def known_at(*policies: dict[str, Any]) -> np.ndarray:
    """(substances, J) day of each alert on what was not known before the start, no later than the end of the run."""
    model = branched(appeared(), 0).scenario
    made = ran(model.with_(days=75, policies=list(policies)), tables=("events",))
    known = made.early_warning.known
    return np.minimum(known[(known > made.early_warning.KNOWN_BEFORE).all(axis=1)], made.day)


def test_an_alert_is_heard_in_another_jurisdiction_sooner_with_cooperation():
    treaty = {"kind": "international_cooperation", "ratification_days": 0, "closed": 1.0}
    alone, together = known_at(), known_at(treaty)
    lag = [float((known.max(axis=1) - known.min(axis=1))[known.min(axis=1) < 60].mean()) for known in (alone, together)]
    assert lag[1] < 0.8 * lag[0]


def test_those_who_stay_outside_a_treaty_hear_no_sooner():
    inside = {
        "kind": "international_cooperation",
        "ratification_days": 0,
        "closed": 1.0,
        "members": [PLACES[0], PLACES[HERE]],
    }
    alone, some = known_at(), known_at(inside)
    gain = (alone - some).mean(axis=0)
    assert gain[:2].sum() > 2 * abs(gain[2:].sum())


def test_early_warning_of_one_place_finds_more_there_and_others_hear_of_it():
    local = known_at({"kind": "early_warning", "sight": 20.0, "delay": 0.1, "jurisdictions": [PLACES[HERE]]})
    gain = (known_at() - local).mean(axis=0)
    assert gain[HERE] > 2
    assert gain[HERE] > np.delete(gain, HERE).max() > 0
