"""People: who they are, and how they come, die and go, so that the population stays as it is though nobody in it does."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import NEVER, SUM_OVERDOSE, Content, ExitCause, Segment, Sex, Stage
from sim.agents.consumers import AGES, age, age_groups
from sim.market.entry_exit.roles import stop_selling
from sim.market.health.consumption import consumption
from sim.market.people.come_and_go import come_and_go
from sim.market.people.life import hazard, survival
from tests.worlds import example, model_of, run, world

TABLE = {
    Sex.MALE: {25: 0.001370, 35: 0.001631, 45: 0.003396, 55: 0.007905, 65: 0.016182, 75: 0.038217, 85: 0.101625},
    Sex.FEMALE: {25: 0.000527, 35: 0.000879, 45: 0.002161, 55: 0.004556, 65: 0.010298, 75: 0.026706, 85: 0.075729},
}
"""Chance to die within a year [us-life-table], between the ages that the rule knows."""
YEARS = 5


def people(model):
    c, n = model.consumers.columns, model.consumers.n
    return c, age(c.born[:n], model.day)


def years(model, many: float) -> None:
    """Nothing happens but that people come and go."""
    for _ in range(round(365 * many)):
        come_and_go(model)
        model.day += 1


@pytest.fixture(scope="module")
def aged():
    """A town in which nothing happens but that people come and go, for years; with how people were at the start and the risk that they ran."""
    model = model_of(world(consumers=5000, parameters={"world": {"use_years": 4.0}}))
    c, then = people(model)
    before = {"age": then.copy(), "sex": c.sex[:5000].copy(), "segment": c.segment[:5000].copy()}
    years(model, YEARS)
    return model, before


# Who they are ---------------------------------------------------------------------------------------------------------
def test_users_are_as_old_and_as_often_men_as_surveys_of_buyers_find():
    model = model_of(world(consumers=6000))
    c, old = people(model)
    users = c.segment[:6000] != Segment.PATIENT
    assert 21 < np.median(old[users]) < 32, "medians of three countries [silkroad-2012]"
    assert np.mean(c.sex[:6000][users] == Sex.MALE) == pytest.approx(0.77, abs=0.02)
    assert np.median(old[~users]) > np.median(old[users]) + 5
    assert old.min() >= AGES[0] - 0.02


def test_friends_are_near_each_other_in_age():
    model = model_of(world(consumers=3000))
    _, old = people(model)
    friends = model.world.friends
    who = np.repeat(np.arange(3000), np.diff(friends.start))
    apart = np.abs(old[who] - old[friends.who]).mean()
    assert apart < 0.75 * np.abs(old[who] - np.roll(old, 1000)[who]).mean()


def test_age_groups_begin_at_the_ages_that_they_name():
    assert age_groups() == ["18-24", "25-34", "35-44", "45-54", "55+"]


# Death ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sex", list(Sex))
def test_mortality_by_age_is_that_of_the_life_table(sex):
    for old, chance in TABLE[sex].items():
        lived = survival(float(old), old + 1.0, int(sex))
        assert 1.0 - lived == pytest.approx(chance, rel=0.15), old
        assert hazard(float(old), int(sex)) == pytest.approx(chance, rel=0.15)


def test_as_many_die_as_the_life_table_says(aged):
    model, before = aged
    expected = YEARS * sum(map(hazard, before["age"].tolist(), before["sex"].tolist()))
    assert model.books.dead == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert expected > 30, "enough to tell"


# Coming and going -----------------------------------------------------------------------------------------------------
def test_ages_sexes_and_segments_stay_as_they_are_though_most_people_are_others(aged):
    model, before = aged
    c, now = people(model)
    assert np.mean(c.came[:5000] > model.day - 365 * YEARS) > 0.6
    for segment in (Segment.PATIENT, Segment.RECREATIONAL):
        then, these = before["age"][before["segment"] == segment], now[c.segment[:5000] == segment]
        for share in (0.1, 0.5, 0.9):
            was = np.quantile(then, share)
            assert np.quantile(these, share) == pytest.approx(was, abs=0.08 * (was - 10)), (segment, share)
    assert np.mean(c.sex[:5000]) == pytest.approx(np.mean(before["sex"]), abs=0.03)
    now, then = (np.bincount(s, minlength=4) for s in (c.segment[:5000], before["segment"]))
    assert now[Segment.PATIENT] == then[Segment.PATIENT]
    assert np.abs(now - then).max() < 0.03 * 5000


def test_newcomers_are_younger_than_those_who_are_there_and_grow_old(aged):
    model, _ = aged
    c, now = people(model)
    new = c.came[:5000] > model.day - 365
    users = c.segment[:5000] == Segment.RECREATIONAL
    came_at = now[new & users].mean()
    assert 20.5 < came_at < 24, "first use of most substances is between 19 and 26 [first-use-2015]"
    assert now[~new & users].mean() > came_at + 3


def test_who_dies_of_use_leaves_a_gap_until_the_day_on_which_they_would_have_left():
    model = model_of(world(consumers=4000, parameters={"world": {"patients": 0.0, "use_years": 2.0}}))
    dead = np.arange(0, 4000, 4)
    model.consumers.columns.alive[dead] = 0
    model.books.dead += len(dead)
    years(model, 1)
    back = np.mean(model.consumers.columns.alive[dead])
    assert back == pytest.approx(1.0 - np.exp(-1.0 / 2.0), abs=0.05)


def test_somebody_new_has_nothing_of_whoever_was_there():
    model = model_of(world(consumers=400))
    model.day = 5
    c = model.consumers.columns
    row = 3 + model.day % 7
    row -= (row - model.day) % 7
    place, turn = c.jurisdiction[row], c.turn[row]
    for name, value in (
        ("record", 1),
        ("orders", 5),
        ("harms", 3),
        ("treatment_days", 9),
        ("home", 4),
        ("stage", Stage.LEAVING),
    ):
        getattr(c, name)[row] = value
    c.stash[row, 1], held = 7.0, float(c.stash[row].sum()) - float(c.stash[row, 1]) + 7.0
    thrown = model.books.goods.taken
    come_and_go(model)
    assert (c.jurisdiction[row], c.turn[row], c.came[row]) == (place, turn, model.day)
    assert not any(getattr(c, name)[row] for name in ("record", "orders", "harms", "treatment_days"))
    assert c.home[row] == 65535
    assert c.stash[row].sum() == 0
    assert model.books.goods.taken - thrown == pytest.approx(held, rel=1e-6)
    gone = model.table("consumers").iloc[0]
    assert (gone["consumer"], gone["orders"], gone["gone_day"]) == (row, 5, model.day)


def test_nobody_is_replaced_while_an_order_is_under_way():
    model = run(world(consumers=400, days=20), until=5)
    o, c = model.books.open_orders, model.consumers.columns
    waiting = np.unique(o.columns.consumer[: o.n])
    assert len(waiting)
    o.columns.due[: o.n] = model.day + 30
    c.stage[waiting] = Stage.LEAVING
    for _ in range(7):
        come_and_go(model)
        model.day += 1
    assert (c.came[waiting] < 0).all()
    assert (c.stage[waiting] == Stage.LEAVING).all()


def test_who_sold_and_left_sells_no_more():
    model = model_of(world(consumers=400))
    v, c = model.vendors.columns, model.consumers.columns
    v.person[0], c.segment[9], c.stage[9] = 9, Segment.SOCIAL_SUPPLIER, Stage.LEAVING
    stop_selling(model)
    assert v.exit_cause[0] == ExitCause.ROLE_ENDED


def test_all_is_accounted_for_while_people_come_and_go():
    """Money, doses and people are conserved daily, and the table has everybody who ever was."""
    model = run(
        world(consumers=800, days=60, parameters={"world": {"use_years": 0.3, "patient_years": 0.3}}),
        audit=True,
        tables=("orders",),
    )
    table, orders = model.table("consumers"), model.table("orders")
    assert len(table) == 800 + table["gone_day"].notna().sum()
    assert 100 < table["gone_day"].notna().sum() < model.books.came
    assert table["orders"].sum() == (orders["day"] >= 0).sum()
    found = model.outcomes()
    assert found["first_uses"] > 50
    assert found["mean_age"] < 20


# Stopping -------------------------------------------------------------------------------------------------------------
def users_of(model, substance: str) -> np.ndarray:
    c, n = model.consumers.columns, model.consumers.n
    s = list(model.scenario.substances).index(substance)
    return ((c.substance[:n] == s) & (c.segment[:n] == Segment.RECREATIONAL)).nonzero()[0]


def test_some_of_those_who_turn_away_from_a_banned_substance_stop_and_others_do_not():
    model = model_of(world(consumers=4000, parameters={"demand": {"banned_stop": 0.4}}))
    c, them, others = model.consumers.columns, users_of(model, "cannabis"), users_of(model, "cocaine")
    model.substances.deterred[:, list(model.scenario.substances).index("cannabis")] = 0.5
    years(model, 14 / 365)
    assert np.mean(c.stage[them] == Stage.STOPPED) == pytest.approx(0.5 * 0.4, abs=0.04)
    assert not (c.stage[others] == Stage.STOPPED).any()
    stopped = them[c.stage[them] == Stage.STOPPED]
    assert (c.next_day[stopped] == NEVER).all()
    assert not c.considering[stopped].any(), "they look for no source"


def test_a_ban_that_is_lifted_lets_newcomers_begin_again():
    model = model_of(
        world(consumers=3000, parameters={"world": {"patients": 0.0, "use_years": 0.5}, "demand": {"banned_stop": 1.0}})
    )
    c = model.consumers.columns
    model.substances.deterred[:] = 1.0
    years(model, 1)
    under = np.mean(c.stage[:3000] == Stage.USES)
    model.substances.deterred[:] = 0.0
    years(model, 1)
    assert under < 0.5 < 0.75 < np.mean(c.stage[:3000] == Stage.USES)


def test_the_number_of_users_follows_the_price_with_the_elasticity_of_the_literature():
    """Both ends of use count: where it is dear more stop and fewer begin. Patients need what they need."""
    settings = {"world": {"patients": 0.2, "dependents": 0.0, "use_years": 0.8, "patient_years": 0.8}}
    model = model_of(world(consumers=5000, parameters=settings))
    c = model.consumers.columns
    model.substances.premium[:] = 4.0
    years(model, 4)
    patient = c.segment[:5000] == Segment.PATIENT
    use = c.stage[:5000] != Stage.STOPPED
    assert np.mean(use[~patient]) == pytest.approx(4.0**-0.3, abs=0.04)
    assert use[patient].all()


def test_who_stopped_buys_no_more_and_is_counted():
    """A ban has those who stop, beside those who substitute; one without strength has neither and moves nothing."""
    ban = example("scheduling", substance="cannabis", start=2)
    fields = {"consumers": 700, "days": 30, "parameters": {"demand": {"recreational_rate": 0.1}}}
    plain, banned, none = (
        run(world(**fields, policies=p), audit=True) for p in ([], [ban], [{**ban, "strength": 0.0}])
    )
    found, before = banned.outcomes(), plain.outcomes()
    assert found["quitters"] > before["quitters"] + 8
    assert found["users"] < before["users"] - 8
    assert none.outcomes() == pytest.approx(before, nan_ok=True, rel=0, abs=0)
    c = banned.consumers.columns
    assert not c.considering[: banned.consumers.n][c.stage[: banned.consumers.n] == Stage.STOPPED].any()


# Opioids and benzodiazepines -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("beside", "content", "more"),
    [
        ("benzodiazepine", Content.AS_SOLD, 3.86),
        ("benzodiazepine", Content.SUBSTITUTED, 1.0),
        ("cannabis", Content.AS_SOLD, 1.0),
    ],
)
def test_opioids_with_benzodiazepines_overdose_more_and_with_other_drugs_do_not(beside, content, more):
    """The hazard is that of opioids alone times the published ratio; a false benzodiazepine is none."""
    sums = []
    for doses in (0.0, 5.0):
        model = model_of(world(consumers=300))
        c, names = model.consumers.columns, list(model.scenario.substances)
        c.stash[:], c.stash_content[:] = 0.0, Content.AS_SOLD
        c.tolerance[:300], c.practice[:300] = 0.05, 0.3
        c.dependence[:300], c.treatment_day[:300] = 0.2, NEVER
        c.stash_substance[:300, 0], c.stash[:300, 0], c.stash_potency[:300, 0] = names.index("heroin"), 1.0, 0.05
        c.stash_substance[:300, 1], c.stash[:300, 1], c.stash_content[:300, 1] = names.index(beside), doses, content
        c.stash_potency[:300, 1] = 0.0
        consumption(model)
        sums.append(float(model.today.sums[SUM_OVERDOSE]))
    assert sums[0] > 0
    assert sums[1] / sums[0] == pytest.approx(more, rel=0.02)
