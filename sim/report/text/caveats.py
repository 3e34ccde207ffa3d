"""What a report says before and after its numbers: what is assumed, that nothing is forecast, and what intervals do not show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sim.evidence.parameters import load_parameters
from sim.studies.findings.many import FEW_PAIRS

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.studies.methods.factors import Factor


def preface(scenarios: Mapping[str, Scenario], runs: int, baseline: str, uncertain: Sequence[Factor] = ()) -> list[str]:
    """Half a page to read before the numbers, computed from what was compared.

    Parameters
    ----------
    scenarios
        Scenarios by their labels.
    runs
        Runs of each scenario, with the same seeds in all.
    baseline
        Label of the one that the others are compared with.
    uncertain
        What a study varies since nobody knows it exactly.

    Returns
    -------
    list of str
        Paragraphs.
    """
    first = scenarios[baseline]
    return [_what(first, len(scenarios)), _assumed(scenarios, uncertain), _intervals(runs, uncertain)]


def _what(first: Scenario, number: int) -> str:
    people = first.consumers * first.weight
    compared = (
        "compares worlds that differ only in what is listed below" if number > 1 else "describes one simulated world"
    )
    return (
        f"**What this is.** A simulation of {first.consumers:,} consumers who stand for {people:,.0f} people, over {first.days:,} days. It {compared}. "
        "**It forecasts nothing**: it says what would follow in a world that works as the model assumes, and no number here is an estimate of what will "
        "happen in a real place. What can be used is the direction and rough size of a difference, and why it comes about."
    )


def _assumed(scenarios: Mapping[str, Scenario], uncertain: Sequence[Factor]) -> str:
    specs = load_parameters().specs
    count = Counter(spec.status for spec in specs.values())
    changed = {
        f"{group}.{name}"
        for scenario in scenarios.values()
        for group, values in scenario.parameters.items()
        for name, value in values.items()
        if f"{group}.{name}" in specs and specs[f"{group}.{name}"].value != value
    }
    policies = {policy.kind for scenario in scenarios.values() for policy in scenario.policies}
    words = (
        f"**What is assumed.** Of the {len(specs)} numbers behind the model, {count['assumed']} are assumed, {count['read']} read in publications and "
        f"{count['computed']} computed from open data; `docs/evidence.md` lists them with their ranges "
        "and sources."
    )
    if changed:
        names = sorted(changed)
        shown = ", ".join(f"`{name}`" for name in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        words += f" The scenarios change {len(names)} of them: {shown}."
    if policies:
        words += (
            f" How far a policy reaches and how well it works ({', '.join(sorted(policies)).replace('_', ' ')}) is what the scenarios say, and is not found "
            "out here."
        )
    if uncertain:
        words += f" {len(uncertain)} of what is uncertain vary here; all else is held at one value."
    return words


def _intervals(runs: int, uncertain: Sequence[Factor]) -> str:
    varied = f"and, of all that is uncertain, only the {len(uncertain)} that this study varies" if uncertain else "only"
    wrong = (
        "that other assumed numbers may be wrong"
        if uncertain
        else "that assumed numbers may be wrong, which may matter more"
    )
    again = "the run is" if runs == 1 else f"the {runs} runs are"
    return (
        f"**What the intervals show.** Luck {varied}: they say how far a result may move when {again} done again with other random "
        f"numbers{' and other such values' if uncertain else ''}. They do not show {wrong}; a study of the kind `sensitivity` shows that. Of results "
        "that are no effect at all, about one interval in 20 leaves zero out; what is said to have been found allows for how many were looked at."
    )


def few_pairs(runs: int) -> list[str]:
    """A warning, from fewer than `FEW_PAIRS` pairs on."""
    if runs >= FEW_PAIRS:
        return []
    return [
        f"only {runs} pair{'s' if runs != 1 else ''} of runs: intervals are wide and rest on the assumption that differences are normally "
        f"distributed, so that a single odd run decides. Take {FEW_PAIRS} or more, better 20, before anything is concluded."
    ]


def limits(scenarios: Mapping[str, Scenario], baseline: str) -> list[str]:
    """What the numbers cannot carry, for the end of a report.

    Returns
    -------
    list of str
        Sentences.
    """
    first = scenarios[baseline]
    places = len(first.jurisdictions)
    years = first.days / 365
    return [
        f"The world is one of {places} large regions around 2014-2017, not a country, a city or a market that exists; levels are less sure than differences.",
        f"The runs cover {first.days:,} days ({years:.1f} years). What takes longer, such as changes of law, of norms or of who begins to use, is not seen.",
        "People, vendors and agencies do what the model's rules say. What somebody would think of that no rule knows does not happen.",
        "A difference that is not told from zero is not shown to be zero: its interval says how large it could still be.",
        "Costs are those that the policies are charged for; what they cost others, and what else the money could do, is not counted.",
    ]
