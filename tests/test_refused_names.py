"""A name that is refused is told in words what a name may hold, and the nearest one that would do."""

import pytest

from sim.cli import support
from sim.scenario import ScenarioError
from sim.studies.errors import names_in_words
from sim.studies.runs.simulate import load_scenario
from sim.studies.study_files import Study

WORDS = "letters from a to z, digits, dots, dashes and underscores, a letter or digit first"


def refused(*changes, scenario="takedown"):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(scenario, overrides=changes)
    return caught.value


@pytest.mark.parametrize(
    ("given", "nearest"),
    [("quiet closure", "quiet-closure"), ("Café", "Cafe"), ("-quiet?", "quiet"), ("what / if", "what-if"), ("数", None), ("?" * 9, None)],
)  # fmt: skip
def test_a_scenario_is_told_the_nearest_name_that_it_may_have(given, nearest):
    (problem,) = names_in_words(refused(f'name="{given}"')).problems
    assert problem.allowed == WORDS
    assert problem.nearest == nearest
    if nearest:
        assert load_scenario("takedown", overrides=[f"name={nearest}"]).name == nearest


def test_what_the_command_says_has_no_pattern_in_it():
    said = support._said(refused("name=quiet closure"))
    assert "match pattern" not in said
    assert f"allowed: {WORDS}; did you mean 'quiet-closure'?" in said


def test_a_label_of_a_policy_has_small_letters():
    (problem,) = names_in_words(refused("policies.takedown.label=My label")).problems
    assert problem.allowed.startswith("small letters")
    assert problem.nearest == "my-label"


def test_a_study_is_told_so_too():
    with pytest.raises(ScenarioError) as caught:
        Study.load({"name": "my study?", "kind": "compare", "scenarios": ["baseline", "takedown"]})
    (problem,) = names_in_words(caught.value).problems
    assert problem.nearest == "my-study"


def test_a_name_too_long_to_be_quoted_is_not_guessed_at_and_other_problems_stay_as_they_are():
    error = refused(f'name="{"a b " * 15}"', "consumers=3")
    told = {problem.path: problem for problem in names_in_words(error).problems}
    assert told["name"].nearest is None
    assert told["consumers"] == next(problem for problem in error.problems if problem.path == "consumers")
