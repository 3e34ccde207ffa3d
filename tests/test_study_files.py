"""Study files: what may stand in them, what is said about mistakes, and which points they lead to."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from experiments.reference import SMALLER
from sim import Results, Scenario, Study, run_study
from sim.evidence.parameters import load_parameters
from sim.studies import kinds
from sim.studies.errors import RequestError
from sim.studies.execution.identity import Planner, run_id
from sim.studies.execution.verify import verify
from sim.studies.methods import designs
from sim.studies.methods.factors import Factor
from sim.studies.methods.paths import resolve
from sim.studies.study_files import StudyFileError, study_files
from tests.study_market import PATH, SIZE, StudyMarket, compare_study, sweep_study


def problems(**fields):
    with pytest.raises(StudyFileError) as caught:
        Study.load(compare_study(**fields))
    return {problem.path: problem for problem in caught.value.problems}


class TestMistakes:
    def test_everything_wrong_is_said_at_once_with_the_nearest_valid_name(self):
        found = problems(
            replicatons=3,
            seed=-1,
            measures=["orders", "deaths_expectd"],
            uncertainties=["choice.legal_risk_wieght"],
            scenarios=["baselin", {"name": "x", **SIZE}],
            compare={"steps": 2},
            set={"choice.nothing": 1},
        )
        assert found["replicatons"].nearest == "replications"
        assert found["scenarios.0"].nearest == "baseline"
        assert found["compare.steps"].nearest == "step"
        assert "at least 0" in found["seed"].allowed

    def test_names_of_outcomes_paths_and_policies_are_checked(self):
        found = problems(measures=["deaths_expectd"], set={"choice.nothing": 1, "policies.takedwn.start": 4})
        assert found["measures.0"].nearest == "deaths_expected"
        assert any(path.startswith("set.") and "choice" in path for path in found)
        assert found["set.policies.takedwn.start"].nearest == "takedown"

    def test_an_unknown_kind_is_refused_with_all_kinds(self):
        found = problems(kind="compair")
        assert found["kind"].nearest == "compare"
        assert "sweep" in found["kind"].allowed

    def test_a_range_outside_what_a_parameter_allows_is_refused(self):
        low = {"path": PATH, "low": -5.0, "high": 3.0}
        assert any("legal_risk_weight" in path for path in problems(uncertainties=[low]))

    @pytest.mark.parametrize(
        ("factor", "said"),
        [
            ({"path": "policies.takedown.start"}, "low and high"),
            ({"path": "consumers", "low": 500, "high": 300}, "below high"),
            ({"path": "consumers", "low": 300.5, "high": 600, "distribution": "integer"}, "whole numbers"),
            (
                {"path": "policies.takedown.start", "low": 0, "high": 8},
                "all numbers from 0 to 8; allowed: a whole number.*integer",
            ),
            (
                {"path": "policies.takedown.start", "values": [1.5, 2]},
                "given 1.5; allowed: a whole number",
            ),
            ({"path": PATH, "low": 0, "high": 3, "distribution": "loguniform"}, "above 0"),
            ({"path": PATH, "low": 1, "values": [1, 2]}, "not both"),
        ],
    )
    def test_a_range_that_makes_no_sense_is_refused(self, factor, said):
        with pytest.raises(StudyFileError, match=said):
            Study.load(sweep_study(levers=[factor]))

    def test_a_comparison_needs_two_scenarios_and_a_sweep_something_that_varies(self):
        assert "two or more" in problems(scenarios=["baseline"])["scenarios"].allowed
        with pytest.raises(StudyFileError, match="varies something"):
            Study.load(sweep_study(levers=[]))

    @pytest.mark.parametrize(
        ("fields", "path"),
        [
            ({"set": {"days": date(2020, 1, 1)}}, "set.days"),
            ({"set": {"days": "2020-01-01"}}, "set.days"),
            ({"set": {3: 1}}, "set"),
            ({"replications": "3"}, "replications"),
            ({"replications": True}, "replications"),
            ({"exact_daily": "yes"}, "exact_daily"),
            ({"compare": {"step": "2"}}, "compare.step"),
            ({"compare": []}, "compare"),
            ({"seed": 2**70}, "seed"),
        ],
    )
    def test_a_value_of_another_kind_is_refused_as_in_a_scenario(self, fields, path):
        assert list(problems(**fields)) == [path]

    @pytest.mark.parametrize(
        ("fields", "path", "allowed"),
        [
            ({"kind": "sweep", "sweep": {"points": 10**9}}, "sweep.points", "at most 1,000,000"),
            ({"kind": "sweep", "sweep": {"levels": 5_000}}, "sweep", "at most 1,000,000: fewer levels or factors"),
            ({"kind": "sensitivity", "sensitivity": {"samples": 2**30}}, "sensitivity.samples", "at most 1,000,000"),
            (
                {"kind": "sensitivity", "sensitivity": {"samples": 2**19}},
                "sensitivity.samples",
                "fewer: 3,145,728 points",
            ),
            ({"kind": "optimise", "optimise": {"population": 10**6}}, "optimise.population", "at most 10,000"),
            ({"kind": "discover", "discover": {"points": 10**9}}, "discover.points", "at most 1,000,000"),
            ({"kind": "calibrate", "calibrate": {"waves": 10**4}}, "calibrate.waves", "at most 100"),
        ],
    )
    def test_a_design_of_more_points_than_a_machine_has_room_for_is_refused(self, fields, path, allowed):
        factors = [{"path": PATH, "low": 1, "high": 9}, {"path": "choice.price_weight", "low": 1, "high": 2}]
        found = problems(uncertainties=factors, **fields)
        assert allowed in found[path].allowed

    def test_every_number_of_every_kind_has_both_ends(self):
        for name in kinds.names():
            for field, spec in kinds.get(name).Settings.model_fields.items():
                if spec.annotation in (int, float):
                    ends = {type(each).__name__ for each in spec.metadata}
                    assert ends & {"Ge", "Gt"}, (name, field)
                    assert ends & {"Le", "Lt"}, (name, field)

    def test_a_file_that_is_not_there_names_those_that_are(self):
        with pytest.raises(StudyFileError, match="did you mean 'policy-ranking'"):
            Study.load("policy-rankng")


class TestReading:
    def test_a_parameter_brings_its_range_and_distribution(self):
        study = Study.load(compare_study(uncertainties=[PATH]))
        spec = load_parameters().specs[PATH]
        assert study.uncertainties[0].bounds == (spec.low, spec.high)
        assert study.uncertainties[0].distribution == spec.distribution

    def test_set_changes_every_scenario_that_has_the_path(self):
        study = Study.load(compare_study(set={"consumers": 400, "policies.takedown.start": 5}))
        assert [scenario.consumers for scenario in study.scenarios.values()] == [400] * 3
        assert [policy.start for s in study.scenarios.values() for policy in s.policies] == [5, 5]

    @pytest.mark.parametrize("name", list(study_files()))
    def test_studies_that_ship_can_be_loaded_and_state_their_time(self, name):
        study = Study.load(name)
        assert study.file.expected_time
        assert study.file.question
        assert kinds.get(study.file.kind).planned(study) > 0

    def test_path_value_changes_a_key_a_section_or_what_every_scenario_gets(self):
        study = Study.load(
            "sobol-core",
            ["replications=3", "sensitivity.samples=32", "set.consumers=500", "set.policies.takedown.start=20"],
        )
        assert (study.file.replications, study.settings.samples) == (3, 32)
        assert {scenario.consumers for scenario in study.scenarios.values()} == {500}
        assert study.scenarios["takedown"].policies[0].start == 20
        with pytest.raises(StudyFileError, match="did you mean 'samples'"):
            Study.load("sobol-core", ["sensitivity.sample=3"])
        with pytest.raises(StudyFileError, match="no path below replications"):
            Study.load("sobol-core", ["replications.two=3"])

    def test_reference_answers_are_those_of_studies_that_ship(self):
        kept = [
            path
            for path in (Path(__file__).parents[1] / "results" / "reference").iterdir()
            if path.is_dir()
            and path.name not in ("validation", "replications", "calibration", "ensemble", "deciding", "proof")
        ]
        assert kept
        for folder in kept:
            study = Study.load(folder.name, SMALLER.get(folder.name, []))
            assert study.file.title in (folder / "report.md").read_text(encoding="utf-8")
            assert all(len(pd.read_csv(table)) for table in folder.glob("*.csv"))


class TestSeeds:
    def test_seeds_end_where_the_last_one_does(self):
        assert Study.load(compare_study(seed=2**64 - 4, replications=4)).seeds[-1] == 2**64 - 1
        assert "seeds end at 2^64" in problems(seed=2**64 - 3, replications=4)["seed"].allowed

    def test_seeds_that_a_kind_may_add_count(self):
        precise = {"precision": {"measure": "orders", "half_width": 0.1}, "most": 300}
        assert list(problems(seed=2**64 - 200, replications=4, compare=precise)) == ["seed"]
        found = Study.load("budget-portfolio")
        second_look = found.settings.confirm
        assert kinds.get("optimise").most_seeds(found) == (1 + second_look) * found.file.replications


class TestPaths:
    @pytest.fixture
    def place(self, tmp_path, monkeypatch):
        """A folder with a study, in another one, where files of the same names say something else."""
        for folder, days in (("here", 40), ("there", 50)):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "base.yaml").write_text(f"days: {days}\nconsumers: 300\n")
            (tmp_path / folder / "t.csv").write_text(f"name,dose_usd\ncocaine,{days}\n")
            (tmp_path / folder / "code.py").write_text(f"DAYS = {days}\n")
        monkeypatch.chdir(tmp_path / "here")
        return tmp_path / "there"

    def test_relative_paths_of_a_study_start_from_its_file(self, place):
        inside = "{name: inside, extends: ./base.yaml, substances: t.csv, uses: [code.py]}"
        (place / "s.yaml").write_text(f"kind: compare\nscenarios: [base.yaml, ./base.yaml, {inside}]\n")
        found = list(Study.load(place / "s.yaml").scenarios.values())
        assert [scenario.days for scenario in found] == [50, 50, 50]
        assert found[2].substances["cocaine"].dose_usd == 50
        assert Path(found[2].uses[0].file) == place / "code.py"

    def test_a_file_of_that_name_in_the_current_folder_is_another_file(self, place):
        (place / "s.yaml").write_text("kind: compare\nscenarios: [baseline, {extends: other.yaml}, other.yaml]\n")
        Path("other.yaml").write_text("days: 40\n")
        with pytest.raises(StudyFileError, match="no such file") as caught:
            Study.load(place / "s.yaml")
        assert [problem.path for problem in caught.value.problems] == ["scenarios.1.extends", "scenarios.2"]

    def test_an_ensemble_lies_beside_the_study_that_names_it_and_nowhere_else(self, place):
        for folder, value in (("here", 1.0), ("there", 2.0)):
            points = [{"choice.legal_risk_weight": value}, {"choice.legal_risk_weight": value + 0.5}]
            (place.parent / folder / f"{folder}.json").write_text(json.dumps({"points": points}))
        study = "kind: compare\nscenarios: [base.yaml, {name: x, extends: base.yaml, policies: [{kind: takedown, start: 3}]}]\n"
        (place / "s.yaml").write_text(f"{study}ensemble: there.json\n")
        assert [point["choice.legal_risk_weight"] for point in Study.load(place / "s.yaml").ensemble] == [2.0, 2.5]
        (place / "s.yaml").write_text(f"{study}ensemble: here.json\n")
        with pytest.raises(StudyFileError, match="No such file"):
            Study.load(place / "s.yaml")

    def test_the_home_folder_is_meant_by_its_sign_wherever_a_file_is_named(self, place, monkeypatch):
        """In Python and inside files, where no shell puts the folder in its place."""
        monkeypatch.setenv("HOME", str(place))
        monkeypatch.setenv("USERPROFILE", str(place))
        inside = {"name": "inside", "extends": "~/base.yaml", "substances": "~/t.csv", "uses": ["~/code.py"]}
        (place / "s.yaml").write_text(yaml.safe_dump({"kind": "compare", "scenarios": ["~/base.yaml", inside]}))
        first, second = Study.load("~/s.yaml").scenarios.values()
        assert (first.days, second.days, second.substances["cocaine"].dose_usd) == (50, 50, 50)
        assert Path(second.uses[0].file) == place / "code.py"
        assert Scenario.load("~/base.yaml").days == 50
        for read in (Results, verify):
            with pytest.raises(RequestError, match=str(place / "none")):
                read("~/none")
        run_study(compare_study(replications=1), "~/out", executor="inline", model_class=StudyMarket)
        assert Results("~/out").runs
        assert not Path("~").exists()

    def test_a_study_given_as_a_mapping_starts_from_the_current_folder(self, place):
        study = Study.load({"kind": "compare", "scenarios": ["base.yaml", {"name": "x", "extends": "base.yaml"}]})
        assert [scenario.days for scenario in study.scenarios.values()] == [40, 40]


class TestPoints:
    FACTORS = (
        Factor(path="a", low=1.0, high=100.0, distribution="loguniform"),
        Factor(path="b", low=0, high=3, distribution="integer"),
        Factor(path="c", values=("x", "y")),
    )

    def test_a_grid_has_every_combination(self):
        found = designs.points("grid", self.FACTORS, 0, 3, 1)
        assert len(found) == designs.count("grid", self.FACTORS, 0, 3) == 3 * 3 * 2
        assert sorted({point["a"] for point in found}) == pytest.approx([1.0, 10.0, 100.0])
        assert len({tuple(point.values()) for point in found}) == len(found)

    @pytest.mark.parametrize("design", ["random", "lhs", "sobol"])
    def test_samples_keep_to_their_ranges_and_are_repeatable(self, design):
        found = designs.points(design, self.FACTORS, 64, 0, 5)
        assert found == designs.points(design, self.FACTORS, 64, 0, 5)
        assert found != designs.points(design, self.FACTORS, 64, 0, 6)
        assert all(1 <= point["a"] <= 100 for point in found)
        assert {point["b"] for point in found} == {0, 1, 2, 3}
        assert {point["c"] for point in found} == {"x", "y"}

    def test_latin_hypercube_and_sobol_points_cover_each_factor_evenly(self):
        for design in ("lhs", "sobol"):
            share = designs.unit(design, 3, 32, 1)
            assert all(len(set(np.floor(column * 32))) == 32 for column in share.T)

    def test_the_first_sobol_points_do_not_depend_on_how_many_follow(self):
        assert np.array_equal(designs.unit("sobol", 2, 100, 1)[:20], designs.unit("sobol", 2, 20, 1))


class TestIdentity:
    def test_the_short_way_to_a_digest_gives_that_of_the_scenario(self):
        study = Study.load(compare_study(uncertainties=[PATH, "demand.rate_spread"]))
        planner = Planner(study, "v")
        for point in designs.points("lhs", study.uncertainties, 5, 0, 1):
            for label, scenario in study.scenarios.items():
                order = planner.order(point, label, 7)
                assert order.run == run_id(resolve(scenario, order.changes).digest, 7, "v", scenario.name)

    def test_a_lever_that_a_scenario_lacks_leaves_its_runs_the_same(self):
        study = Study.load(sweep_study())
        runs = [
            Planner(study, "v").order(point, "plain", 1).run for point in designs.points("grid", study.levers, 0, 4, 1)
        ]
        assert len(set(runs)) == 1

    def test_seed_scenario_and_model_each_make_another_run(self):
        study = Study.load(sweep_study())
        point = {"policies.takedown.publicity": 0.5}
        runs = [
            Planner(study, version).order(point, label, seed).run
            for version in "vw"
            for label in ("quiet", "plain")
            for seed in (1, 2)
        ]
        assert len(set(runs)) == 8

    def test_scenarios_of_equal_content_are_the_same_run_whatever_their_names(self):
        assert Scenario(name="a", **SIZE).digest == Scenario(name="b", **SIZE).digest


TAKEDOWN = {"path": "policies.takedown.publicity", "low": 0.0, "high": 2.0}
LEVERS = [
    {"path": "policies.takedown.start", "values": [2, 8]},
    {"path": "policies.takedown.end", "values": [6, 11]},
]
SCENARIOS = [
    {"name": "plain", **SIZE},
    {"name": "on", "policies": [{"kind": "takedown", "start": 3, "end": 5}], **SIZE},
]


class TestOnePlaceOneFactor:
    """A value of the world is one factor, however its path is written."""

    def sweep(self, **fields):
        with pytest.raises(StudyFileError) as caught:
            Study.load(sweep_study(**{"levers": [], **fields}))
        return {problem.path: problem for problem in caught.value.problems}

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("world.market_users", "parameters.world.market_users"),
            ("policies.takedown.publicity", "policies.0.publicity"),
            ("policies.first.publicity", "policies.takedown.publicity"),
            ("substances.cannabis.dose_usd", "substances.cannabis"),
        ],
    )
    def test_two_paths_to_one_place_are_refused(self, one, other):
        scenarios = [{"name": "a", "policies": [{"kind": "takedown", "start": 3, "label": "first"}], **SIZE}]
        factors = [{"path": path, "low": 0.5, "high": 0.9} for path in (one, other)]
        found = self.sweep(scenarios=scenarios, uncertainties=factors)
        assert f"leads where {one} does" in found["uncertainties.1"].given

    def test_what_varies_may_be_set_too_as_the_value_where_nothing_varies(self):
        study = Study.load(sweep_study(levers=[TAKEDOWN], set={"policies.0.publicity": 1.0}))
        assert study.scenarios["loud"].policies[0].publicity == 1.0

    def test_one_place_is_set_once(self):
        found = self.sweep(levers=[TAKEDOWN], set={"choice.habit": 1.0, "parameters.choice.habit": 0.5})
        assert "as choice.habit" in found["set.parameters.choice.habit"].given

    def test_places_follow_the_scenario_not_the_spelling(self):
        first = {"kind": "takedown", "start": 3, "label": "early"}
        both = Scenario(**SIZE, policies=[first, {"kind": "takedown", "start": 6, "label": "late"}])
        assert (
            both.place("policies.late.start") == both.place("policies.1.start") != both.place("policies.takedown.start")
        )
        assert both.place("platforms.trust_days") == both.place("parameters.platforms.trust_days")
        assert both.place("platforms.cryptomarkets.0") == ("platforms", "cryptomarkets", "0")
        assert both.place("weight") == both.place("people")

    @pytest.mark.parametrize(
        ("path", "values", "said"),
        [
            ("seed", [1, 2], "the `seed` of the study"),
            ("people", [1e6, 2e6], "a path that changes"),
            ("title", ["one", "two"], "a path that changes"),
            ("policies.takedown.label", ["one", "two"], "a path that changes"),
            ("substances.cannabis.source.default", ["one", "two"], "a path that changes"),
        ],
    )
    def test_a_path_that_no_run_depends_on_is_no_factor(self, path, values, said):
        assert (
            "a path that changes" in self.sweep(levers=[{"path": path, "values": values}])["levers.0"].allowed
            or path == "seed"
        )

    def test_the_seed_of_a_scenario_means_nothing_in_a_study(self):
        assert "`seed` of the study" in self.sweep(set={"seed": 3}, levers=[TAKEDOWN])["set.seed"].allowed

    @pytest.mark.parametrize(
        ("values", "said"),
        [([10, "long"], "one kind"), ([True, 1], "one kind"), ([10, 10.0], "each value once")],
    )
    def test_values_stand_together_in_a_column_and_differ(self, values, said):
        found = self.sweep(levers=[{"path": "days", "values": values}])
        assert said in found["levers.0.values"].allowed

    def test_a_group_is_not_called_as_a_factor_outside_it(self):
        found = self.sweep(
            kind="sensitivity",
            levers=[],
            uncertainties=["choice.habit", "choice.explore", "choice.crypto"],
            sensitivity={"samples": 4, "groups": {"choice.habit": ["choice.explore", "choice.crypto"]}},
        )
        assert "a name that no factor has" in found["sensitivity.groups.choice.habit"].allowed


class TestTogether:
    """Values that are allowed each and not together: a start after the end."""

    def test_a_design_that_needs_every_point_is_refused_before_the_first_run(self):
        with pytest.raises(StudyFileError, match=r"levers.0, levers.1 .*given .*start=8 with .*end=6") as caught:
            Study.load(sweep_study(kind="sensitivity", scenarios=SCENARIOS, levers=LEVERS, sensitivity={"samples": 4}))
        assert len(caught.value.problems) == 1

    def test_dates_that_never_meet_are_no_fault(self):
        apart = [{"path": "policies.takedown.start", "values": [2, 4]}, LEVERS[1]]
        study = sweep_study(kind="sensitivity", scenarios=SCENARIOS, levers=apart, sensitivity={"samples": 4})
        assert len(Study.load(study).levers) == 2

    def test_a_sweep_leaves_out_what_is_not_allowed_and_says_so(self, tmp_path):
        study = sweep_study(scenarios=SCENARIOS, levers=LEVERS, replications=2)
        result = run_study(study, tmp_path / "out", executor="inline", model_class=StudyMarket)
        table = pd.read_parquet(tmp_path / "out" / "answer" / "sweep.parquet")
        start, end = (table[lever["path"]] for lever in LEVERS)
        on = table["scenario"] == "on"
        assert table.loc[on & (end <= start), "mean"].isna().all()
        assert table.loc[on & (end > start), "mean"].notna().all()
        assert any("1 of 4 points are left out" in note for note in result.answer.notes)


class TestOutcomesThatAreNotThere:
    """Names of outcomes are looked at wherever they stand, before the first run."""

    @pytest.mark.parametrize(
        ("kind", "section", "where"),
        [
            ("compare", {"rank_by": ["deths"]}, "compare.rank_by.0"),
            ("compare", {"benefit": "deths"}, "compare.benefit"),
            ("compare", {"precision": {"measure": "deths", "half_width": 1}}, "compare.precision.measure"),
            ("discover", {"fails": [{"measure": "deths", "above": 0}]}, "discover.fails.0.measure"),
            ("calibrate", {"targets": [{"measure": "deths", "value": 1, "sd": 1}]}, "calibrate.targets.0.measure"),
            (
                "optimise",
                {"objectives": [{"measure": "orders"}, {"measure": "deths"}]},
                "optimise.objectives.1.measure",
            ),
            (
                "optimise",
                {"objectives": [{"measure": "orders"}, {"measure": "deaths"}], "at_most": {"deths": 1}},
                "optimise.at_most.deths",
            ),
        ],
    )
    def test_in_the_section_of_a_kind(self, kind, section, where):
        found = problems(kind=kind, measures=[], **{kind: section})
        assert found[where].nearest == "deaths"

    @pytest.mark.parametrize(
        ("section", "where"),
        [
            ({"rank_by": ["deaths"]}, "compare.rank_by.0"),
            ({"precision": {"measure": "deaths", "half_width": 1}}, "compare.precision.measure"),
            ({"cost": "officer_days"}, "compare.cost"),
        ],
    )
    def test_what_is_not_measured_cannot_be_compared(self, section, where):
        assert "orders" in problems(compare=section)[where].allowed

    def test_a_share_from_a_place_that_no_scenario_has(self):
        assert problems(measures=["share_from_atlantis"])["measures.0"]
        assert problems(daily=["share_from_atlantis"])["daily.0"]

    def test_displacement_belongs_to_comparisons(self):
        with pytest.raises(StudyFileError, match="only a comparison has"):
            Study.load(sweep_study(measures=["displacement_channel", "share_street"]))
        assert Study.load(compare_study(measures=["displacement_channel", "share_street"]))
        assert "without the shares" in problems(measures=["displacement_channel"])["measures.0"].given
