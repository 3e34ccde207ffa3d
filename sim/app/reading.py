"""What the store of a study says so far: the pairs that are whole, as the comparison that they are, whether or not the study has ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from threading import Lock
from typing import TYPE_CHECKING, Any

from sim.app.home import Home
from sim.measures.dictionary import outcomes
from sim.measures.scale import real_frame
from sim.report.comparison import Comparison
from sim.report.text.words import findings, printed_effects, records
from sim.scenario import no_own_code
from sim.studies.errors import StudyError
from sim.studies.findings.effects import Told, is_tested, prices, sentences, tell
from sim.studies.runs import so_far
from sim.studies.store.parts import OK
from sim.studies.store.store import Store
from sim.studies.study_files import Study

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.study import ReadyStudy

MOST_KEPT = 16
"""Readings that are kept, for all who look at the same study."""


class Answer(ABC):
    """What can be said of the packages of a question: effects in rows, and what of them is a finding."""

    titles: dict[str, str]
    """What people call each scenario, by its label."""

    @property
    @abstractmethod
    def pairs(self) -> int:
        """Pairs of runs behind it."""

    @property
    @abstractmethod
    def others(self) -> list[str]:
        """Labels of the packages."""

    @property
    def pending(self) -> list[str]:
        """What people call the packages that have not been run yet."""
        return []

    @abstractmethod
    def printed(self, scale: str) -> list[dict[str, Any]]:
        """Every effect but those that the dictionary marks as detail, with totals of ``real`` people or of the ``simulated`` consumers."""

    def told(self, scale: str) -> dict[str, Told]:
        """What may be said of each package."""
        rows = self.printed(scale)
        return {label: tell([row for row in rows if row["scenario"] == label]) for label in self.others}

    def found(self, scale: str) -> dict[str, list[str]]:
        """The findings in sentences, by package."""
        rows = self.printed(scale)
        mine = {label: [row for row in rows if row["scenario"] == label] for label in self.others}
        return {label: [*sentences(tell(each)), *prices(each)] for label, each in mine.items()}

    def rows(self, scale: str) -> list[dict[str, Any]]:
        """Every effect that can be told, with `verdict`: found, chance, price, or unclear."""
        shown = self.printed(scale)
        every = self.told(scale)
        for row in shown:
            row["verdict"] = every[row["scenario"]].verdict(row["outcome"])
        return [row for row in shown if is_tested(row["outcome"])]


@dataclass(frozen=True)
class Reading(Answer):
    """What can be read of a study now.

    Attributes
    ----------
    identity
        Which study.
    titles
        What people call each scenario, by its label; those too of which no pair is whole yet.
    comparison
        The pairs that are whole, totals as the simulated consumers have them.
    asked
        Pairs that there will be.
    """

    identity: str
    titles: dict[str, str]
    comparison: Comparison
    asked: int

    @property
    def pairs(self) -> int:
        """Pairs that are whole."""
        return self.comparison.runs

    @property
    def others(self) -> list[str]:
        """Labels of the packages."""
        return self.comparison.others

    @property
    def pending(self) -> list[str]:
        """See `Answer.pending`."""
        return [title for label, title in self.titles.items() if label not in self.comparison.scenarios]

    @cached_property
    def real(self) -> Comparison:
        """The same with the totals of the real people for whom the consumers stand."""
        return self.comparison.real()

    def of(self, scale: str) -> Comparison:
        """The comparison with totals of real people, or of the simulated consumers."""
        return self.comparison if scale == "simulated" else self.real

    def printed(self, scale: str) -> list[dict[str, Any]]:
        """See `Answer.printed`."""
        return records(printed_effects(self.of(scale)))

    def found(self, scale: str) -> dict[str, list[str]]:
        """The findings in sentences, by package, with what averting harm costs."""
        return findings(self.of(scale))


@dataclass(frozen=True)
class Early:
    """The first pair of runs while it is at work: days so far, of which nothing is a finding.

    Attributes
    ----------
    identity, titles
        Which study, and what people call each scenario that is at work, the baseline first.
    day, days
        Days that all of them have, and that they will have.
    weight
        Real people for whom a simulated consumer stands.
    daily
        A row a day and scenario: scenario, seed, day and outcomes, totals as the simulated consumers have them.
    """

    identity: str
    titles: dict[str, str]
    day: int
    days: int
    weight: float
    daily: DataFrame

    def of(self, scale: str) -> DataFrame:
        """The days with totals of ``real`` people, or of the ``simulated`` consumers."""
        return self.daily if scale == "simulated" else real_frame(self.daily, self.weight)


class Reader:
    """Reads the studies of a server; what was read is kept until more pairs are there.

    Parameters
    ----------
    home
        Where they are.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._studies: dict[str, ReadyStudy] = {}
        self._kept: dict[tuple[str, int, int], Reading] = {}
        self._early: Early | None = None
        self._lock = Lock()

    def read(self, identity: str) -> Reading | None:
        """What can be read of a study: seeds with which all scenarios were run, before there is one the first packages; None where no pair is whole yet."""
        with self._lock:
            try:
                return self._read(identity)
            except (StudyError, OSError):  # parts come and go while the driver puts them together
                return max((each for key, each in self._kept.items() if key[0] == identity), key=lambda each: each.pairs, default=None)  # fmt: skip

    def early(self, identity: str) -> Early | None:
        """What the first pair has come to while it is at work; None where the baseline and a package are not both under way."""
        with self._lock:
            runs = {run.scenario: run for run in so_far.read(self.home.run_folder(identity))}
            study = self._study(identity) if len(runs) > 1 else None
            if study is None or next(iter(study.scenarios)) not in runs:
                return None
            there = {label: runs[label] for label in study.scenarios if label in runs}
            day = min(run.day for run in there.values())
            before = self._early
            titles = {label: study.scenarios[label].title or label for label in there}
            if before is None or (before.identity, before.day, before.titles) != (identity, day, titles):
                days, weight = next(iter(there.values())).days, next(iter(study.scenarios.values())).weight
                self._early = Early(identity, titles, day, days, weight, _days_of(there, day, study.seeds[0]))
            return self._early

    def _study(self, identity: str) -> ReadyStudy:
        if identity not in self._studies:
            if len(self._studies) >= MOST_KEPT:
                self._studies.pop(next(iter(self._studies)))
            with no_own_code():
                self._studies[identity] = Study.load(self.home.file(identity))
        return self._studies[identity]

    def _read(self, identity: str) -> Reading | None:
        folder = self.home.run_folder(identity)
        if not (folder / "parts").is_dir():
            return None
        store = Store(folder)
        store.open(repair=False)
        good = [run for run in store.runs() if store.ok(run)]
        if not good:
            return None
        heads = store.rows(good, ["run", "scenario", "seed"])
        study = self._study(identity)
        counts = heads.groupby("seed")["scenario"].nunique()
        seeds = [int(seed) for seed in sorted(counts.index[counts == len(study.scenarios)])]
        if not seeds:
            study, seeds = _first_pair(study, heads)
            if not seeds:
                return None
        titles = {label: scenario.title or label for label, scenario in self._study(identity).scenarios.items()}
        key = (identity, len(seeds), len(study.scenarios))
        if key not in self._kept:
            runs = self._runs(store, study, heads, seeds)
            whole = Comparison.of(study, runs, store, {})
            reading = Reading(identity, titles, replace(whole, seeds=tuple(seeds)), study.file.replications)
            if len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = reading
        return self._kept[key]

    def _runs(self, store: Store, study: ReadyStudy, heads: DataFrame, seeds: list[int]) -> DataFrame:
        """The runs of whole pairs as the driver gives them, scenario by scenario, seed by seed."""
        order = {label: place for place, label in enumerate(study.scenarios)}
        mine = heads[heads["seed"].isin(seeds) & heads["scenario"].isin(order)]
        mine = mine.assign(place=mine["scenario"].map(order)).sort_values(["place", "seed"]).drop(columns="place")
        found = store.outcomes(mine["run"]).reindex(mine["run"]).reset_index(drop=True)
        known = outcomes()
        names = [str(name) for name in found.columns if name != "status" and not (name in known and known[name].paired)]
        head = mine.reset_index(drop=True)
        head.insert(0, "point", 0)
        head["status"] = OK
        return head.join(found[names])


def _days_of(runs: Mapping[str, so_far.SoFar], days: int, seed: int) -> DataFrame:
    """The first days of runs at work, a row a day and scenario."""
    import pandas as pd

    found = [
        pd.DataFrame({name: values[:days] for name, values in run.daily.items()}).assign(
            scenario=label, seed=seed, day=range(days)
        )
        for label, run in runs.items()
    ]
    return pd.concat(found, ignore_index=True)


def _first_pair(study: ReadyStudy, heads: DataFrame) -> tuple[ReadyStudy, list[int]]:
    """The study of the packages, in their order, that were run with its first seed beside the baseline, and that seed; none where there is no such yet."""
    seed = study.seeds[0]
    there = set(heads.loc[heads["seed"] == seed, "scenario"])
    known = dict(takewhile(lambda each: each[0] in there, study.scenarios.items()))
    return replace(study, scenarios=known), [seed] if len(known) > 1 else []
