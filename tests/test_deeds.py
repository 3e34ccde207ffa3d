"""A policy that did nothing, or less than it was meant for, is said to have; it costs what it did; a budget buys what it pays for."""

from __future__ import annotations

import pytest

from sim import compare, run, run_study
from sim.model import MarketModel
from sim.policies.purse import Purse
from sim.registry import policy_kinds
from sim.report.comparison_page import page
from sim.report.text import deeds as said
from sim.scenario import Budget, Scenario, ScenarioError
from sim.studies.deeds import from_plain, joined, plain
from sim.studies.store.results import Results
from tests.study_market import not_drawn, undrawn
from tests.worlds import KINDS, example, fingerprint, world

TINY = {"consumers": 400, "days": 25, "burn_in": 5}


@pytest.fixture(scope="module", autouse=True)
def _undrawn():
    """Figures take most of the time, and what they look like does not matter here."""
    with undrawn(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.report.figures.save_figure", not_drawn)
        yield


def did(*policies, seed=1, **fields):
    """The table of policies of a small world, and its real cost."""
    result = run(world(**{**TINY, "policies": list(policies), **fields}), seed=seed)
    return result.policies, result.real().outcomes["policy_cost_usd"]


def row(*policies, **fields):
    table, cost = did(*policies, **fields)
    return table.iloc[0], cost


# What was meant and what was done -------------------------------------------------------------------------------------
def test_a_takedown_says_how_many_of_the_platforms_it_asked_for_it_closed():
    found, cost = row({"kind": "takedown", "start": 4, "count": 3})
    assert (found["unit"], found["asked"], found["done"]) == ("platforms", 3, 3)
    assert (found["first_day"], found["last_day"], found["note"]) == (4, 4, "")
    assert cost == found["cost_real_usd"] > 0


def test_a_takedown_that_finds_fewer_platforms_costs_less_and_says_so():
    found, cost = row({"kind": "takedown", "start": 4, "count": 60})
    assert 0 < found["done"] < found["asked"] == 60
    _, one = row({"kind": "takedown", "start": 4, "count": 1})
    assert cost == pytest.approx(found["done"] * one)
    assert found["note"] == "found less to act on"


@pytest.mark.parametrize(
    "nothing",
    [
        {"kind": "takedown", "name": "cryptomarket-59"},
        {"kind": "takedown", "mode": "moderators", "channel": "illicit_pharmacy"},
        {"kind": "operator_exit", "rank": 60},
    ],
)
def test_a_policy_that_hits_nothing_costs_nothing_and_says_so(nothing):
    found, cost = row({**nothing, "start": 3})
    assert (found["asked"], found["done"], cost) == (1, 0, 0)
    assert found["note"] == "found nothing to act on"
    assert found[["first_day", "last_day"]].isna().all()


def test_a_policy_that_never_began_says_why():
    table, cost = did(
        {"kind": "naloxone", "when": {"outcome": "orders", "above": 1e9, "over_days": 2}},
        {"kind": "education_campaign", "after": {"policy": "naloxone", "days": 2}},
        {"kind": "isp_block", "strength": 0.0},
    )
    assert list(table["note"]) == [
        "never began: its condition was not met",
        "never began: naloxone did not begin in time",
        "strength 0: nothing is done",
    ]
    assert (table["done"] == 0).all()
    assert cost == 0


def test_a_treaty_that_is_not_ratified_in_time_was_not_in_force():
    late, _ = row({"kind": "international_cooperation", "start": 2, "ratification_days": 100})
    assert late["done"] == 0
    assert "not in force" in late["note"]
    early, _ = row({"kind": "international_cooperation", "start": 2, "ratification_days": 3})
    assert (early["asked"], early["done"], early["first_day"]) == (20, 20, 5)


def test_a_border_control_on_no_route_bears_on_nothing():
    found, cost = row({"kind": "postal_interdiction", "start": 2, "origin": "oceania", "destination": "oceania"})
    assert found["done"] == cost == 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_was_meant_for_and_did(kind):
    found, cost = row(example(kind, start=3, end=20), consumers=4000)
    assert found["policy"] == kind
    assert found["days"] == 17
    assert 0 < found["done"] <= found["asked"]
    assert found["first_day"] >= 3
    assert found["last_day"] < 20
    assert found["cost_real_usd"] == pytest.approx(cost)
    assert (cost > 0) != policy_kinds()[kind].exogenous


def test_people_and_sellers_are_counted_as_real_ones_and_platforms_as_they_are():
    contacts = [row({"kind": "education_campaign", "start": 1}, consumers=n)[0]["done"] for n in (400, 800)]
    assert contacts[0] == pytest.approx(contacts[1], rel=0.02)
    assert contacts[0] == pytest.approx(6e6 * 0.3 / 7 * 24, rel=0.02)


# In words -------------------------------------------------------------------------------------------------------------
def runs_of(*made):
    """A frame of policies as of several runs of a scenario."""
    tables = [did(*policies)[0] for policies in made]
    return joined(("raids", seed, table) for seed, table in enumerate(tables, 1))


HIT, MISS = {"kind": "takedown", "start": 3}, {"kind": "takedown", "start": 3, "name": "cryptomarket-59"}


def test_in_how_many_runs_a_policy_acted_is_said_with_the_seeds_of_the_others():
    frame = runs_of([HIT], [MISS], [HIT])
    assert said.shortfalls(frame) == ["takedown acted in 2 of 3 runs and not with seed 2: it found nothing to act on."]


def test_what_was_done_of_what_was_asked_is_said():
    (line,) = said.shortfalls(runs_of([{**HIT, "count": 60, "label": "wave"}]))
    assert line.startswith("wave (takedown) did less than it was meant for: ")
    assert line.endswith("of 60 platforms, since it found less to act on.")


def test_nothing_is_said_of_policies_that_did_all_or_were_to_do_nothing():
    assert said.shortfalls(runs_of([HIT], [HIT])) == []
    assert said.shortfalls(runs_of([{**HIT, "strength": 0.0}])) == []
    assert said.shortfalls(None) == []


def test_a_comparison_keeps_and_reports_what_its_policies_did(tmp_path):
    scenario = world(**TINY, name="raids", policies=[MISS])
    comparison = compare(world(**TINY, name="plain"), scenario, runs=2, workers=1)
    assert list(comparison.policies["scenario"]) == ["raids", "raids"]
    assert comparison.to_json()["policies"][0]["done"] == 0
    report = page(comparison)
    assert "## What the policies did" in report
    assert "takedown acted in 0 of 2 runs: it found nothing to act on." in report
    assert "| raids | takedown | 1 | 0 | platforms | 0 of 2 | $0 |" in report


def test_the_table_survives_json():
    table, _ = did(HIT, {"kind": "naloxone", "label": "kits"}, MISS)
    assert from_plain(plain(table)).equals(table)


# A budget -------------------------------------------------------------------------------------------------------------
KITS = {"kind": "naloxone", "start": 2, "carriage": 0.4}
CAMPAIGN = {"kind": "education_campaign", "start": 2}


def test_an_ample_budget_changes_no_bit():
    free, bound = (
        MarketModel(world(**TINY, policies=[KITS, CAMPAIGN, HIT], **extra), rng=1) for extra in ({}, {"budget": {"usd": 1e14}})
    )  # fmt: skip
    for model in (free, bound):
        model.run_for(30)
    assert free.daily().equals(bound.daily())
    assert free.table("policies").equals(bound.table("policies"))


def test_a_budget_over_policies_of_no_strength_changes_no_bit():
    quiet = [{**KITS, "strength": 0.0}]
    free, bound = (MarketModel(world(**TINY, policies=quiet, **e), rng=1) for e in ({}, {"budget": {"usd": 5.0}}))
    for model in (free, bound):
        model.run_for(30)
    assert free.daily().equals(bound.daily())


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_budget_buys_its_part_of_what_was_meant_and_is_spent(part):
    full, cost = row(CAMPAIGN)
    bound, spent = row(CAMPAIGN, budget={"usd": part * cost})
    assert spent == pytest.approx(part * cost, rel=1e-6)
    assert bound["done"] == pytest.approx(part * full["done"], rel=0.01)
    assert bound["asked"] == pytest.approx(full["asked"], rel=0.01)
    assert "the budget paid for less than all" in bound["note"]


def test_the_same_budget_buys_the_same_however_many_consumers_are_simulated():
    few, many = (row(CAMPAIGN, consumers=n, budget={"usd": 1e5})[0]["done"] for n in (400, 800))
    assert few == pytest.approx(many, rel=0.02)


def test_raids_are_bought_one_by_one_in_order_while_the_money_lasts():
    _, one = row(HIT)
    raids = [{**HIT, "count": 2, "label": "first"}, {**HIT, "start": 6, "count": 2, "label": "second"}]
    table, spent = did(*raids, budget={"usd": 3.5 * one})
    assert list(table["done"]) == [2, 1]
    assert list(table["asked"]) == [2, 2]
    assert spent == pytest.approx(3 * one)
    assert table["note"][0] == ""
    assert "the budget paid for less than all" in table["note"][1]


CHECKS = {"kind": "drug_checking", "start": 1, "reach": 1.0, "uptake": 5.0}


@pytest.mark.parametrize("usd", [1e5, 1e6, 1e7])
def test_no_budget_is_overdrawn_by_what_is_billed_a_day_later(usd):
    """Checks are counted when they are made and billed the next day, many on one day and none on another."""
    bound, spent = row(CHECKS, consumers=1000, budget={"usd": usd})
    _, free = row(CHECKS, consumers=1000)
    assert free > 1e7
    assert spent <= usd + 0.01
    assert bound["done"] < bound["asked"]
    assert "the budget paid for less than all" in bound["note"]


def test_a_bill_beyond_what_is_left_is_paid_as_far_as_the_money_goes():
    purse = Purse(Budget(usd=100.0), [policy_kinds()["drug_checking"](), policy_kinds()["naloxone"]()], 10)
    assert purse.pay(0, 60.0) == 1.0
    assert purse.pay(1, 80.0) == pytest.approx(0.5)
    assert purse.left == 0.0
    assert purse.pay(0, 1.0) == 0.0


def test_without_money_nothing_is_done_and_the_world_is_as_without_policies():
    policies = [KITS, CAMPAIGN, HIT, example("vendor_arrests", start=4)]
    bound, free = (MarketModel(world(**TINY, policies=p, **e), rng=1) for p, e in ((policies, {"budget": {"usd": 0}}), ([], {})))  # fmt: skip
    for model in (bound, free):
        model.run_for(30)
    assert fingerprint(bound) == fingerprint(free)
    assert bound.daily().equals(free.daily())
    assert (bound.table("policies")["done"] == 0).all()


def test_a_budget_bears_only_on_those_it_is_over():
    kits, cost = row(KITS)
    table, _ = did(KITS, {**CAMPAIGN, "label": "ads"}, budget={"usd": 1000, "over": ["ads"]})
    assert table["done"][0] == kits["done"]
    assert table["cost_real_usd"].tolist() == pytest.approx([cost, 1000], rel=1e-6)
    assert table["done"][1] < table["asked"][1] / 100


def test_more_money_reaches_more_people_and_moves_the_market_further():
    def known(usd):
        told = {"kind": "support_information", "start": 0}
        return run(world(**TINY, policies=[told], budget={"usd": usd})).outcomes["support_knowledge"]

    assert known(0) == run(world(**TINY)).outcomes["support_knowledge"]
    assert known(0) < known(1e5) < known(1e6)


def test_no_budget_stops_what_happens_to_the_market_from_outside():
    found, cost = row({"kind": "operator_exit", "start": 3}, budget={"usd": 0})
    assert found["done"] == 1
    assert cost > 0


def test_what_became_of_a_budget_is_said():
    scenario = world(**TINY, name="bound", policies=[CAMPAIGN], budget={"usd": 1000})
    comparison = compare(world(**TINY, name="plain"), scenario, runs=2, workers=1)
    (line,) = said.budgets(comparison.policies, comparison.scenarios)
    assert line.startswith(
        "bound: budget of $1,000 in real money over all policies; $1,000 spent on average over 2 runs"
    )
    assert line.endswith("it was not enough in 2 of them.")


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ({"usd": -1}, "budget.usd: given -1"),
        ({"usd": "much"}, "budget.usd: given 'much'"),
        ({}, "budget.usd"),
        (5000, "budget: given 5000"),
        ({"usd": 5, "over": ["naloxon"]}, "did you mean 'naloxone'"),
        ({"usd": 5, "over": "naloxon"}, "did you mean 'naloxone'"),
        ({"usd": 5, "over": ["supply_shock"]}, "budget.over.0: given 'supply_shock'; allowed: naloxone"),
        ({"usd": 5, "over": []}, "budget.over"),
        ({"usd": 5, "ovr": "policies"}, "did you mean 'over'"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_in_words(budget, words):
    with pytest.raises(ScenarioError) as error:
        world(policies=[KITS, {"kind": "supply_shock"}], budget=budget)
    assert words in str(error.value)


def test_a_budget_is_part_of_the_scenario():
    plainly, bound = world(policies=[KITS]), world(policies=[KITS], budget={"usd": "5_000_000"})
    assert "budget" not in plainly.resolved()
    assert bound.budget.usd == 5e6
    assert bound.digest != plainly.digest
    assert Scenario(bound.resolved()).digest == bound.digest
    assert bound.override(["budget.usd=7e6"]).budget.usd == 7e6
    assert plainly.override(["budget.usd=7e6"]).budget.over == "policies"
    assert "budget:\n  usd: 5000000.0" in bound.to_yaml(sources=False)
    assert bound.with_(budget=None).digest == plainly.digest


# Studies --------------------------------------------------------------------------------------------------------------
def test_a_study_keeps_what_the_policies_of_each_run_did_and_reads_real_totals(tmp_path):
    study = {
        "name": "raids",
        "kind": "sweep",
        "scenarios": [world(**TINY, name="raid", policies=[{**HIT, "label": "raid"}]).resolved()],
        "levers": [{"path": "policies.raid.count", "values": [1, 60]}],
        "measures": ["orders", "policy_cost_usd"],
        "replications": 2,
    }
    done = run_study(study, tmp_path / "out", executor="inline")
    results = Results(tmp_path / "out")
    found = results.policies()
    told = done.answer.tables["policies"]
    assert list(told["done"]) == list(found.sort_values(["inputs", "seed"])["done"])
    report = (tmp_path / "out" / "answer" / "report.md").read_text(encoding="utf-8")
    assert "Warning: raid (takedown) did less than it was meant for in 2 of 4 runs" in report
    drawn = " ".join(text.get_text() for text in done.answer.figures["sweep"]().texts)
    assert "raid (takedown) did less than it was meant for in 2 of 4 runs" in " ".join(drawn.split())
    assert len(found) == 4
    assert sorted(set(found["asked"])) == [1, 60]
    assert (found["done"] <= found["asked"]).all()
    here, real = results.outcomes(), results.outcomes(real=True)
    assert (real["orders"] == here["orders"] * 15_000).all()
    assert (real["share_street"] == here["share_street"]).all()
    costs = real.set_index(["policies.raid.count", "seed"])["policy_cost_usd"]
    assert costs.loc[1].to_numpy() == pytest.approx([275_000, 275_000])
    answer = done.answer.tables["sweep"].set_index(["outcome", "policies.raid.count"])
    assert answer.loc[("policy_cost_usd", 1), "mean"] == pytest.approx(275_000)
    assert answer.loc[("orders", 1), "mean"] == pytest.approx(real[real["policies.raid.count"] == 1]["orders"].mean())


def test_a_study_without_policies_has_none_to_tell_of(tmp_path):
    study = {"name": "plain", "kind": "sweep", "scenarios": [world(**TINY).resolved()], "replications": 2}
    study["levers"] = [{"path": "choice.legal_risk_weight", "values": [5, 10]}]
    run_study(study, tmp_path / "out", executor="inline")
    results = Results(tmp_path / "out")
    assert results.policies().empty
    here, real = (results.daily("orders", real=flag)["orders"] for flag in (False, True))
    assert (real == 15_000 * here).all()
