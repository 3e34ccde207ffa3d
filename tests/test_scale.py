"""Totals are those of the simulated consumers and, times `weight`, of real people; what happens once costs the same however many consumers are simulated."""

from __future__ import annotations

import pytest

from sim import Results, compare, run, run_study
from sim.measures.dictionary import families, outcomes
from sim.measures.scale import REAL, SIMULATED, real_frame, real_values
from sim.model import MarketModel
from sim.registry import policy_kinds
from sim.report.text import words
from tests.fake_market import FakeMarket
from tests.fake_market import world as made_up
from tests.study_market import PATH, StudyMarket, compare_study, not_drawn, undrawn
from tests.worlds import EXAMPLES, world

SPECS = [*outcomes().values(), *families().values()]
INTENSIVE = {"share", "index", "ratio", "days", "years", "routes"}
"""Units of what is the same of a sample and of all: shares, means, indices."""

ONCE = {
    "takedown": {},
    "operator_exit": {"mode": "voluntary"},
    "international_operation": {"days": 5, "sites": 0.0, "arrests": 0.0},
    "payment_block": {"purchases": 20.0},
    "supplier_interdiction": {"effort": 1.0, "arrested": 1.0},
}
"""Policies whose objects a small world has as many of as a large one."""
A_HEAD = {
    "education_campaign": {},
    "isp_block": {},
    "verification_scheme": {},
    "cyber_capability": {"years": 0.0},
    "vendor_arrests": {"count": 1000},
}


@pytest.fixture(scope="module", autouse=True)
def _undrawn():
    """Figures take most of the time, and what they look like does not matter here."""
    with undrawn(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.report.figures.save_figure", not_drawn)
        yield


def cost(kind: str, consumers: int, **fields) -> float:
    """Real cost of ten days of a policy (USD), simulated with so many consumers."""
    policy = {"kind": kind, "start": 1, **fields}
    result = run(world(consumers=consumers, days=11, burn_in=3, policies=[policy]))
    return result.real().outcomes["policy_cost_usd"]


def real_and_simulated(tmp_path, **fields):
    """The same study with totals of real people (100 for each consumer) and of the simulated consumers."""
    study = compare_study(**{"replications": 6, **fields})
    study["scenarios"] = [{**each, "people": 30_000} for each in study["scenarios"]]
    asked = ({}, {"totals": "simulated"})
    return [
        run_study({**study, **more}, tmp_path / str(k), executor="inline", model_class=StudyMarket)
        for k, more in enumerate(asked)
    ]


# What the dictionary says ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_share_a_mean_or_an_index_does_not_scale_and_every_count_of_people_orders_and_money_does(spec):
    if spec.unit in INTENSIVE:
        assert not spec.scales
    elif spec.name == "alerts":
        assert not spec.scales, "as many are given out in a small world as in a large one"
    else:
        assert spec.scales


def test_real_totals_are_those_of_the_simulated_consumers_times_the_weight():
    result = run(world(days=20, burn_in=5, policies=[{"kind": "education_campaign"}]))
    real = result.real()
    assert (result.scale, real.scale) == (SIMULATED, REAL)
    for name, value in result.outcomes.items():
        factor = result.weight if outcomes().get(name) and outcomes()[name].scales else 1.0
        assert real.outcomes[name] == pytest.approx(value * factor, nan_ok=True), name
    assert real.outcomes["orders"] > result.outcomes["orders"] > 0
    assert (real.daily["orders"] == result.daily["orders"] * result.weight).all()
    assert (real.daily["share_street"] == result.daily["share_street"]).all()
    assert real.real() is real


def test_what_is_promised_under_todays_names_stays_that_of_the_simulated_consumers():
    scenario = world(days=10, burn_in=3)
    model = MarketModel(scenario, rng=1)
    model.run_for(13)
    result = run(scenario)
    printed = result.to_json()
    assert printed["outcomes"]["orders"] == model.outcomes()["orders"] == model.daily()["orders"].sum()
    assert printed["outcomes_real"]["orders"] == model.outcomes()["orders"] * scenario.weight


def test_a_column_that_is_no_outcome_is_left_alone():
    assert real_values({"seed": 3.0, "orders": 2.0, "stigma": 0.5}, 10.0) == {
        "seed": 3.0,
        "orders": 20.0,
        "stigma": 0.5,
    }
    frame = run(world(days=5, burn_in=1)).daily.assign(seed=7)
    assert (real_frame(frame, 10.0)["seed"] == 7).all()


# What happens once, and what is a person's ----------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ONCE)
def test_what_happens_once_has_the_same_real_cost_however_many_consumers_are_simulated(kind):
    few, many = (cost(kind, consumers, **ONCE[kind]) for consumers in (2000, 4000))
    assert few == pytest.approx(many, rel=1e-9)
    assert few > 0


@pytest.mark.parametrize("kind", A_HEAD)
def test_what_is_spent_on_people_and_sellers_grows_with_the_real_ones_and_not_with_the_simulated(kind):
    few, many = (cost(kind, consumers, **A_HEAD[kind]) for consumers in (2000, 4000))
    assert few == pytest.approx(many, rel=0.1)
    half = run(world(consumers=2000, people=3e6, days=11, burn_in=3, policies=[{"kind": kind, "start": 1, **A_HEAD[kind]}]))  # fmt: skip
    assert half.real().outcomes["policy_cost_usd"] == pytest.approx(few / 2, rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "fields"), [("takedown", {}), ("supplier_interdiction", {"effort": 1.0, "arrested": 1.0})]
)
def test_a_case_by_policy_costs_its_own_officer_days_whatever_work_police_need_for_one(kind, fields):
    def cost(police=1e6, **changes):
        parameters = {"enforcement": {"platform_case": police, "supplier_case": police}}
        policy = {"kind": kind, "start": 1, **fields, **changes}
        return (
            run(world(days=5, burn_in=3, parameters=parameters, policies=[policy])).real().outcomes["policy_cost_usd"]
        )

    price = world().parameters["costs"]["officer_day"]
    assert cost() == cost(police=1e5) > 0
    assert cost(case_days=200.0) == pytest.approx(2.0 * cost(case_days=100.0))
    assert cost(case_days=100.0) % (100.0 * price) == 0.0


def test_the_real_cost_of_all_policies_is_that_of_the_run():
    policies = [{"kind": kind, "start": 1, **EXAMPLES.get(kind, {})} for kind in policy_kinds()]
    result = run(world(days=12, burn_in=3, policies=policies))
    assert result.policies is not None
    assert result.policies["cost_real_usd"].sum() == pytest.approx(result.real().outcomes["policy_cost_usd"])
    shocks = result.policies["policy"].isin([kind for kind, policy in policy_kinds().items() if policy.exogenous])
    assert (result.policies.loc[shocks, "cost_real_usd"] == 0).all()
    assert (result.policies.loc[~shocks, "cost_real_usd"] > 0).sum() >= 24


# Comparisons and what is printed --------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def comparison():
    return compare(made_up(), [made_up("closure")], runs=3, workers=1, model_class=FakeMarket)


def test_effects_on_totals_are_scaled_with_their_intervals_and_no_verdict_changes(comparison):
    here, real = (c.effects.set_index("outcome") for c in (comparison, comparison.real()))
    assert (real["scale"] == REAL).all()
    for name in ("baseline", "mean", "low", "high"):
        assert real.loc["orders", name] == pytest.approx(here.loc["orders", name] * comparison.weight)
        assert real.loc["stigma", name] == here.loc["stigma", name]
    assert (real["excludes_zero"] == here["excludes_zero"]).all()
    assert real["percent"].equals(here["percent"])
    assert comparison.to_json()["effects"]["closure"]["orders"]["mean"] == here.loc["orders", "mean"]
    assert comparison.to_json()["effects_real"]["closure"]["orders"]["mean"] == real.loc["orders", "mean"]


def test_it_is_said_whose_the_totals_are(comparison):
    assert "those of the simulated consumers; each stands for 20,000 real people" in words.how(comparison)
    assert "those of the 6,000,000 real people for whom they stand, 20,000 each" in words.how(comparison.real())


def test_files_hold_both_and_their_names_tell_them_apart(comparison, tmp_path):
    import pandas as pd

    comparison.save(tmp_path / "out")
    here, real = (
        pd.read_csv(tmp_path / "out" / f"{name}.csv").set_index("outcome") for name in ("effects", "effects_real")
    )
    assert real.loc["orders", "mean"] == pytest.approx(here.loc["orders", "mean"] * 20_000)
    assert set(real["scale"]) == {REAL}
    assert "real people" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


# Studies --------------------------------------------------------------------------------------------------------------
def test_the_answer_of_a_study_holds_totals_of_real_people_and_says_so(tmp_path):
    real, simulated = real_and_simulated(tmp_path)
    for name in ("effects", "outcomes", "ranking"):
        one, other = real.answer.tables[name], simulated.answer.tables[name]
        assert set(one["scale"]) == {REAL}
        assert set(other["scale"]) == {SIMULATED}
    one, other = real.answer.tables["effects"], simulated.answer.tables["effects"]
    for column in ("baseline", "mean", "low", "high"):
        assert one[column].to_numpy() == pytest.approx(100 * other[column].to_numpy(), rel=1e-12)
    assert one["percent"].to_numpy() == pytest.approx(other["percent"].to_numpy(), rel=1e-9, nan_ok=True)
    for done, whose in ((real, REAL), (simulated, SIMULATED)):
        report = (done.folder / "answer" / "report.md").read_text(encoding="utf-8")
        assert f"Totals are those of the {whose}." in report
        assert f"{whose}, one simulated consumer standing for 100 people" in report
    assert real.results.outcomes()["orders"].tolist() == simulated.results.outcomes()["orders"].tolist()


def test_days_of_a_study_have_dates_where_its_scenario_has_a_calendar(tmp_path):
    study = compare_study(replications=1)
    study["scenarios"] = [{**each, "day0": "2027-01-30"} for each in study["scenarios"]]
    run_study(study, tmp_path / "out", executor="inline", model_class=StudyMarket)
    results = Results(tmp_path / "out")
    for days in (results.daily(), results.daily("orders", real=True), results.sql("SELECT * FROM daily")):
        rows = days[days["scenario"] == "loud"].sort_values("day")
        assert [f"{day:%Y-%m-%d}" for day in rows["date"]][:4] == [
            "2027-01-30",
            "2027-01-31",
            "2027-02-01",
            "2027-02-02",
        ]
    run_study(compare_study(replications=1), tmp_path / "none", executor="inline", model_class=StudyMarket)
    assert "date" not in Results(tmp_path / "none").daily("orders")


def test_where_a_lever_changes_for_how_many_a_consumer_stands_totals_are_those_of_each_world(tmp_path):
    study = compare_study(kind="sweep", replications=1, levers=[{"path": "consumers", "values": [300, 3_000]}])
    study["scenarios"] = study["scenarios"][:1]
    done = run_study(study, tmp_path / "out", executor="inline", model_class=StudyMarket)
    rows = done.answer.tables["sweep"].query("outcome == 'orders'").set_index("consumers")["mean"]
    assert rows[300] == 10 * rows[3_000]  # of one country: a consumer stands for fewer where there are more


def test_limits_and_targets_of_a_study_are_in_the_totals_of_its_answer(tmp_path):
    asked = {"measure": "orders", "of": "effect", "below": -5_000.0}
    factors = [{"path": PATH, "low": 0, "high": 50}]
    real, simulated = real_and_simulated(
        tmp_path,
        kind="discover",
        replications=2,
        uncertainties=factors,
        discover={"fails": [asked], "points": 40, "scenario": "loud"},
    )
    assert real.answer.tables["worlds"]["fails"].any()  # about 300 fewer, each standing for 100
    assert not simulated.answer.tables["worlds"]["fails"].any()
