"""What replications share: the worlds that are run, the runs, and what is told of them.

A replication runs scenarios as they ship, through the study machinery (stored, resumed, parallel), turns the tables of its runs into the numbers that a
publication reports, and says of each whether it is reproduced. None may touch a parameter of the model: `World` refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.replications.findings import Result, rounded, verdict_of
from sim import Scenario
from sim.evidence.parameters import load_parameters
from sim.studies import kinds
from sim.studies.errors import StudyError
from sim.studies.execution.conduct import How, conduct
from sim.studies.kinds import Answer
from sim.studies.methods.paths import assignment
from sim.studies.store.parts import DAILY, OK
from sim.studies.study import ReadyStudy, StudyFile
from sim.studies.validation.validate import place_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.studies.execution.driver import Driver

DATA = Path(__file__).parent / "data"
QUICK = {"consumers": 1000, "runs": 2}
"""Size of a quick look, which is no result."""


@dataclass(frozen=True)
class World:
    """A scenario that is run: its size, its length, and what is changed in it (never a parameter of the model).

    Attributes
    ----------
    scenario
        Name of a scenario that ships.
    consumers, days, burn_in
        Simulated consumers, days from day 0 on, and days before; the burn-in is the scenario's where none is given.
    set
        Settings and policies by path, such as `policies.takedown.start`.
    policies
        The policies in the place of the scenario's, where given.
    """

    scenario: str
    consumers: int
    days: int
    burn_in: int | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    policies: tuple[Mapping[str, Any], ...] | None = None

    def load(self, consumers: int | None = None) -> Scenario:
        """The scenario, with ``consumers`` in the place of its own.

        Raises
        ------
        ValueError
            If a parameter of the model would be changed: a result got by that is none.
        """
        behaviour = {*load_parameters().groups, "parameters", "submodels"}
        if wrong := [path for path in self.set if path.partition(".")[0] in behaviour]:
            raise ValueError(f"a replication changes no parameter of the model, given {', '.join(wrong)}")
        size = {"consumers": consumers or self.consumers, "days": self.days, "burn_in": self.burn_in}
        changes = [f"{key}={value}" for key, value in size.items() if value is not None]
        scenario = Scenario.load(self.scenario)
        if self.policies is not None:
            scenario = scenario.with_(policies=[dict(policy) for policy in self.policies])
        return scenario.override(changes + [assignment(path, value) for path, value in self.set.items()])


@dataclass(frozen=True)
class Run:
    """A run that was done: its world, seed and scenario, outcomes, daily outcomes, and its tables.

    Attributes
    ----------
    tables
        Gives a table by its name.
    """

    world: str
    seed: int
    scenario: Scenario
    outcomes: Mapping[str, float]
    daily: pd.DataFrame
    tables: Callable[[str], pd.DataFrame]


Runs = Mapping[str, Sequence[Run]]
"""Runs of each world, in the order of their seeds; worlds of a replication have the same seeds."""


@dataclass(frozen=True)
class Replication:
    """A published result, and how it is looked for in the model.

    Attributes
    ----------
    name, title
        How it is called on the command line, and on the page.
    paper
        The publication, as cited.
    published
        What it reports, as far as it was read, and what was not read.
    worlds, runs, tables
        What is run, with how many seeds, and the tables that are kept.
    study
        Name of the study that does the runs; replications of one name share theirs.
    measure, picture
        From runs to findings, and from what these drew to a figure.
    differs
        How the comparison differs from what the publication did.
    misses
        What is known of each number that the model misses, by its id.
    minutes
        What the runs take on one core of a laptop, as measured; 0 where they are those of another replication.
    """

    name: str
    title: str
    paper: str
    published: str
    worlds: Mapping[str, World]
    measure: Callable[[Runs], Result]
    picture: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], Figure]
    tables: tuple[str, ...] = ("orders", "platforms", "vendors", "accounts", "events")
    runs: int = 8
    study: str = ""
    differs: str = ""
    misses: Mapping[str, str] = field(default_factory=dict)
    minutes: int = 0

    @property
    def runs_in(self) -> str:
        """Name of the study, and of the folder of its runs."""
        return self.study or self.name


# --- runs ------------------------------------------------------------------------------------------------------------
def study_of(replication: Replication, quick: bool = False) -> ReadyStudy:
    """The study that does the runs of a replication."""
    scenarios = {label: world.load(QUICK["consumers"] if quick else None) for label, world in replication.worlds.items()}  # fmt: skip
    kind = kinds.get("sweep")
    file = StudyFile(
        name=replication.runs_in, title=replication.title, kind=kind.name, scenarios=tuple(scenarios),
        replications=QUICK["runs"] if quick else replication.runs, seed=1, daily="all", exact_daily=True,
        tables=replication.tables, totals="simulated",
    )  # fmt: skip
    return ReadyStudy(file, scenarios, (), (), kind.Settings())


def replicate(replication: Replication, folder: Path, how: How, quick: bool = False) -> dict[str, Any]:
    """Do the runs that are not there yet, and say what they come to, as plain data.

    Parameters
    ----------
    folder, how
        Where runs are kept, and how they are done.
    quick
        Small worlds and few runs: to see that it works.
    """
    found: dict[str, Any] = {}

    def asked(study: ReadyStudy, driver: Driver) -> Answer:
        result = replication.measure(runs_of(study, driver))
        found.update(told(replication, study, result, driver.task.version))
        return Answer({"findings": pd.DataFrame(found["findings"])}, [found["verdict"]])

    conduct(study_of(replication, quick), folder, how, None, asked)
    return found


def runs_of(study: ReadyStudy, driver: Driver) -> Runs:
    """Every run of a study that went well, by world."""
    rows = driver.evaluate([{}])
    good = rows[rows["status"] == OK]
    stored = driver.store.rows(list(good["run"])).set_index("run")
    names = [str(name) for name in stored.columns if str(name).startswith(DAILY)]
    found: dict[str, list[Run]] = {label: [] for label in study.scenarios}
    whole = {seed for seed, part in good.groupby("seed") if len(part) == len(study.scenarios)}
    if not whole:
        raise StudyError(
            "no seed went well in every world, so that nothing can be measured; the runs that failed say why"
        )
    for row in good.to_dict("records"):
        if row["seed"] not in whole:  # worlds are compared seed by seed
            continue
        label, run = str(row["scenario"]), str(row["run"])
        place = place_of(driver, driver.order[run])
        daily = pd.DataFrame({name.removeprefix(DAILY): np.asarray(stored[name][run]) for name in names})
        outcomes = {str(name): float(value) for name, value in row.items() if isinstance(value, float)}
        found[label].append(
            Run(label, int(row["seed"]), study.scenarios[label], outcomes, daily, lambda name, place=place: pd.read_parquet(place / f"{name}.parquet"))
        )  # fmt: skip
    return found


def told(replication: Replication, study: ReadyStudy, result: Result, model: str) -> dict[str, Any]:
    """A replication that was done as plain data."""
    verdicts = [finding.verdict for finding in result.findings]
    return {
        "name": replication.name,
        "title": replication.title,
        "paper": replication.paper,
        "published": replication.published,
        "differs": replication.differs,
        "misses": dict(replication.misses),
        "model": model,
        "runs": study.file.replications,
        "minutes": replication.minutes,
        "worlds": {
            label: {"scenario": s.name, "consumers": s.consumers, "days": s.days, "burn_in": s.burn_in}
            for label, s in study.scenarios.items()
        },
        "findings": [finding.row() for finding in result.findings],
        "verdict": verdict_of(verdicts),
        "drawn": rounded(result.drawn),
    }
