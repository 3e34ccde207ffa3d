"""Paired runs: several scenarios with equal seeds, and what each changes against the first one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sim.measures.dictionary import families
from sim.measures.dictionary import outcomes as known_outcomes
from sim.measures.scale import REAL, SIMULATED, real_effects, real_frame
from sim.studies import deeds
from sim.studies.errors import problems_of_several
from sim.studies.methods.components import COLUMNS, SET
from sim.studies.methods.paths import has_path
from sim.studies.runs.by_group import effects_by_group, nested, of_runs, real_groups
from sim.studies.runs.effects import add_displacement, paired_effects
from sim.studies.runs.one_run import finite
from sim.studies.runs.simulate import load_scenario
from sim.studies.store.parts import DAILY, POLICIES

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.scenario import Scenario
    from sim.studies.methods.factors import Factor, Point
    from sim.studies.store.store import Store
    from sim.studies.study import ReadyStudy


RIVAL_AMOUNTS = ("baseline", "mean", "low", "high", "usual_baseline", "usual", "usual_low", "usual_high")
"""Columns of the table of rivals that are in the unit of the outcome."""


@dataclass(frozen=True)
class PairedRuns:
    """What paired runs gave.

    Attributes
    ----------
    baseline
        Label of the baseline.
    scenarios
        Every scenario by its label, the baseline first.
    seeds
        Run seeds; each scenario was run with each.
    weight
        Real people for whom one simulated consumer stands.
    effects
        One row for each scenario and outcome; see `sim.studies.runs.effects.paired_effects`.
    outcomes
        One row a run: scenario, seed, every outcome of the run; with an ensemble, `parameter_set` says which of `points` it was made in.
    daily
        One row a day and run: scenario, seed, day, every daily outcome.
    timings
        Seconds on the wall: `compile_s` before the runs, and `runs_s`, the sum of the runs that were done just now.
    policies
        One row a run and policy: scenario, seed, what it was meant for, did and cost; see the table `policies` of the dictionary.
    outcomes_by_group, effects_by_group
        Outcomes and effects of each group, where groups were asked for; see `sim.studies.runs.by_group`.
    submodels
        Effects under rival rules, where these were asked for; see `sim.studies.findings.rivals.rivals_table`.
    scale
        Whose the totals are: those of the ``simulated consumers``, or after `real` of ``real people``.
    points, uncertainties
        Parameter sets that the runs were made in, and what they set with its range; none where all runs were made at the scenarios' own values.
    """

    baseline: str
    scenarios: Mapping[str, Scenario]
    seeds: tuple[int, ...]
    weight: float
    effects: DataFrame
    outcomes: DataFrame
    daily: DataFrame
    timings: Mapping[str, float]
    policies: DataFrame | None = None
    outcomes_by_group: DataFrame | None = None
    effects_by_group: DataFrame | None = None
    submodels: DataFrame | None = None
    scale: str = SIMULATED
    points: tuple[Point, ...] = ()
    uncertainties: tuple[Factor, ...] = ()

    @classmethod
    def of(
        cls,
        study: ReadyStudy,
        runs: DataFrame,
        store: Store,
        timings: Mapping[str, float],
        points: Sequence[Point] = (),
    ) -> Self:
        """Put what the runs of a study gave into frames.

        Parameters
        ----------
        study
            The study: its scenarios, seed by seed.
        runs
            Scenario, seed and outcomes of each run, as the driver gives them.
        store
            Where the daily outcomes are.
        timings, points
            See the attributes.
        """
        first = study.scenarios[study.baseline]
        names = [str(name) for name in runs.columns if name not in ("point", "scenario", "seed", "run", "status", SET)]
        head = ["scenario", "seed", *([SET] if SET in runs else [])]
        outcomes = add_displacement(runs[[*head, *in_order(names, first)]], study.baseline)
        by_group = of_runs(runs, store) if study.file.by else None
        return cls(
            baseline=study.baseline,
            scenarios=study.scenarios,
            seeds=study.seeds,
            weight=first.weight,
            effects=paired_effects(outcomes, study.baseline),
            outcomes=outcomes,
            daily=daily_of(runs, store, first),
            timings=timings,
            policies=policies_of(runs, store),
            outcomes_by_group=by_group,
            effects_by_group=None if by_group is None else effects_by_group(by_group, study.baseline),
            points=tuple(points),
            uncertainties=study.uncertainties,
        )

    def real(self) -> Self:
        """The same with totals as those of the real people for whom the consumers stand; shares, means and indices stay as they are."""
        if self.scale == REAL:
            return self
        groups, changes, rivals = self.outcomes_by_group, self.effects_by_group, self.submodels
        return replace(
            self,
            effects=real_effects(self.effects, self.weight),
            outcomes=real_frame(self.outcomes, self.weight),
            daily=real_frame(self.daily, self.weight),
            outcomes_by_group=None if groups is None else real_frame(groups, self.weight),
            effects_by_group=None if changes is None else real_groups(changes, self.weight),
            submodels=None if rivals is None else real_effects(rivals, self.weight, RIVAL_AMOUNTS),
            scale=REAL,
        )

    def write_real(self, place: Path) -> None:
        """Write effects and outcomes with totals of real people, and what policies did, as CSV."""
        real = self.real()
        real.effects.to_csv(place / "effects_real.csv", index=False, lineterminator="\n")
        real.outcomes.assign(scale=REAL).to_csv(place / "outcomes_real.csv", index=False, lineterminator="\n")
        if real.effects_by_group is not None:
            real.effects_by_group.to_csv(place / "effects_by_group_real.csv", index=False, lineterminator="\n")
        if self.policies is not None:
            deeds.write(self.policies, place)

    @property
    def runs(self) -> int:
        """Runs of each scenario."""
        return len(self.seeds)

    @property
    def others(self) -> list[str]:
        """Labels of the scenarios that are compared with the baseline."""
        return [label for label in self.scenarios if label != self.baseline]

    @property
    def consumers(self) -> int:
        """Simulated consumers in the smallest of the worlds."""
        return min(scenario.consumers for scenario in self.scenarios.values())

    def to_json(self) -> dict[str, Any]:
        """Return what `odm compare --json` prints; a number that does not exist is null."""
        return {
            "baseline": self.baseline,
            "runs": self.runs,
            "weight": self.weight,
            **({"parameter_sets": len(self.points)} if self.points else {}),
            "effects": self._effects_in_json(self.effects),
            "effects_real": self._effects_in_json(self.real().effects),
            "policies": [] if self.policies is None else deeds.plain(self.policies),
            **self._groups_in_json(),
            **({} if self.submodels is None else {"submodels": _rows(self.submodels)}),
        }

    def _groups_in_json(self) -> dict[str, Any]:
        """Effects by scenario, key, member and outcome, where groups were asked for."""
        tables = {"effects_by_group": self.effects_by_group, "effects_by_group_real": self.real().effects_by_group}
        return {
            name: {label: nested(table[table["scenario"] == label], _in_json) for label in self.others}
            for name, table in tables.items()
            if table is not None
        }

    def _effects_in_json(self, table: DataFrame) -> dict[str, dict[str, Any]]:
        """Effects by scenario and outcome."""
        effects: dict[str, dict[str, Any]] = {label: {} for label in self.others}
        for row in table.to_dict("records"):
            effects[row["scenario"]][row["outcome"]] = _in_json({str(name): value for name, value in row.items()})
        return effects


def _rows(table: DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain data; a number that does not exist is null."""
    return json.loads(table.to_json(orient="records", double_precision=15))


def _in_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """An effect as plain data; that of a group with how large the group is."""
    names = ["baseline", "mean", "low", "high", "same_sign", *(name for name in COLUMNS if name in row)]
    found: dict[str, Any] = {name: finite(row[name]) for name in names}
    if "size" in row:
        found |= {"size": finite(row["size"]), "too_small": bool(row["too_small"])}
    return found


def load_all(sources: Sequence[Scenario | str], options: Mapping[str, Any]) -> list[Scenario]:
    """Load every scenario; what is wrong with any of them is said at once. A setting of a policy is for those that have it, and some must."""
    from sim.scenario import ScenarioError

    loaded: list[Scenario] = []
    errors: list[tuple[str, ScenarioError]] = []

    def each(given: Iterable[tuple[Scenario | str, Mapping[str, Any]]]) -> list[Scenario]:
        found = []
        for source, asked in given:
            try:
                found.append(load_scenario(source, **asked))
            except ScenarioError as error:
                errors.append((error.name or str(source), error))
        return found

    plain = each((source, {}) for source in sources)
    if not errors:
        changes = options.get("overrides", ())
        somewhere = [change for change in changes if any(_reaches(scenario, change) for scenario in plain)]
        here = ([c for c in changes if c not in somewhere or _reaches(scenario, c)] for scenario in plain)
        loaded = each((s, {**options, "overrides": mine}) for s, mine in zip(plain, here, strict=True))
    if errors:
        raise errors[0][1] if len(errors) == 1 else ScenarioError(problems_of_several(errors, len(sources)))
    return loaded


def _reaches(scenario: Scenario, change: str) -> bool:
    """Whether a ``path=value`` leads anywhere in a scenario."""
    return has_path(scenario, change.partition("=")[0].strip())


def in_order(names: Iterable[str], scenario: Scenario) -> list[str]:
    """Outcomes in the order in which a model gives them: that of the dictionary, then one for each jurisdiction."""
    places = {name: index for index, name in enumerate([*known_outcomes(), *scenario.jurisdictions])}
    members = {prefix + name: name for prefix in families() for name in scenario.jurisdictions}
    return sorted(names, key=lambda name: (places.get(members.get(name, name), len(places)), name))


def with_dates(daily: DataFrame, scenarios: Mapping[str, Scenario]) -> DataFrame:
    """Daily outcomes with the date of each day, where a scenario has a calendar."""
    import pandas as pd

    day0 = {label: scenario.day0 for label, scenario in scenarios.items() if scenario.day0 is not None}
    if not day0:
        return daily
    first = pd.to_datetime(daily["scenario"].map(day0))
    frame = daily.copy()
    frame.insert(list(frame.columns).index("day") + 1, "date", first + pd.to_timedelta(daily["day"], unit="D"))
    return frame


def daily_of(runs: DataFrame, store: Store, scenario: Scenario) -> DataFrame:
    """A row a day and run."""
    import numpy as np
    import pandas as pd

    rows = store.rows(runs["run"]).set_index("run").loc[runs["run"]]
    stored = {name.removeprefix(DAILY): name for name in map(str, rows.columns) if name.startswith(DAILY)}
    days = [len(values) for values in rows[next(iter(stored.values()))]]
    head = {
        "scenario": np.repeat(runs["scenario"].to_numpy(), days),
        "seed": np.repeat(rows["seed"].to_numpy(dtype=np.uint64), days),
        "day": np.concatenate([np.arange(n) for n in days]),
    }
    names = in_order(stored, scenario)
    return pd.DataFrame({**head, **{name: np.concatenate(rows[stored[name]].to_list()) for name in names}})


def policies_of(runs: DataFrame, store: Store) -> DataFrame:
    """What the policies of every run did."""
    rows = store.rows(runs["run"], ["run", POLICIES])
    told = dict(zip(rows["run"], rows[POLICIES], strict=True)) if POLICIES in rows else {}
    found = (
        (row["scenario"], row["seed"], deeds.from_plain(json.loads(told[row["run"]])))
        for row in runs[["scenario", "seed", "run"]].to_dict("records")
        if isinstance(told.get(row["run"]), str)
    )
    return deeds.joined(found)
