"""What a study can do with its runs: one module a kind, found by its file.

A kind is a class derived from `Kind` and decorated with `register_kind`, in a module of this folder that has the kind's
name. It plans points, asks the driver for their outcomes, and makes tables of them::

    @register_kind
    class Sweep(Kind):
        name = "sweep"
        Settings = SweepSettings            # section `sweep:` of the study file

        def conduct(self, study, driver):
            outcomes = driver.evaluate(points)   # a row for each point, scenario and seed
            return Answer(tables={"sweep": ...}, findings=[...])

The driver keeps every run, resumes, spreads the work, and never runs anything twice; a kind knows nothing of that. What a
kind does may depend on nothing but the study and the outcomes it got, so that a study that is resumed ends with equal bits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from sim.measures.dictionary import families, outcomes
from sim.scenario import Problem, nearest, no_such_name, one_of, quote

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from sim.scenario import Scenario
    from sim.studies.methods.factors import Point
    from sim.studies.study import ReadyStudy

IMPOSSIBLE = "not allowed"
"""Status of a point at which a scenario is not allowed, such as an end before a start: it has no run, and no outcomes."""

_KINDS: dict[str, Kind] = {}
MOST_POINTS = 1_000_000
"""Points of a design, worlds and portfolios at most; a design of more would take more memory than a machine has."""
TOTALS = ("days", "burn_in", "consumers", "people")
"""Settings of a scenario that decide how large its totals are."""
WORLD = ("parameters", "substances", "jurisdictions", "platforms", "submodels", "uses", "agents")
"""What else a scenario is made of, besides its policies."""


class Settings(BaseModel):
    """Base of what a kind reads from its own section of a study file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Driver(Protocol):
    """What a kind needs of whoever runs the model."""

    def evaluate(
        self,
        points: Sequence[Point],
        *,
        seeds: Sequence[int] | None = None,
        scenarios: Sequence[str] | None = None,
        crossed: bool = True,
    ) -> DataFrame:
        """Outcomes of every point in every scenario with every seed.

        Parameters
        ----------
        points
            A value for each path; a path that a scenario lacks (a lever of a policy that it does not have) leaves it as it is.
        seeds
            By default the study's replications.
        scenarios
            Labels; by default all of the study.
        crossed
            Whether every point is run with every seed; otherwise the k-th point with the k-th seed.

        Returns
        -------
        DataFrame
            point (place in `points`), scenario, seed, run, status, and the outcomes; NaN for a run that failed, or was lost with its worker,
            and where the scenario is not allowed (`IMPOSSIBLE`).
        """
        ...

    def by_group(self, runs: DataFrame) -> DataFrame:
        """Outcomes of every group, where the study asks for groups: scenario, seed, key, member, and the outcomes; ``runs`` as `evaluate` gives them."""
        ...

    def affords(self, runs: int) -> bool:
        """Whether the budget has room for so many further runs; a run that is there already costs nothing."""
        ...


class Drawing(NamedTuple):
    """A figure to be drawn: its name, and what it is drawn of. `sim.report`, which stands above, knows how."""

    figure: str
    of: tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """What a kind makes of its runs.

    Attributes
    ----------
    tables
        Written as CSV and Parquet under their names.
    findings
        Sentences for the report, the most important first.
    notes
        What a reader must know to judge them.
    figures
        What is drawn when the tables are written, by the name of the file; a kind of one's own may give functions that draw.
    files
        Further text files by name, such as scenarios that an optimisation found.
    result
        What the tables were made of, for whoever asked and for the report: a comparison, a validation. No file holds it.
    """

    tables: Mapping[str, DataFrame]
    findings: Sequence[str] = ()
    notes: Sequence[str] = ()
    figures: Mapping[str, Drawing | Callable[[], Figure]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    result: Any = None


class Kind(ABC):
    """A kind of study."""

    name: ClassVar[str]
    Settings: ClassVar[type[BaseModel]] = Settings
    no_ensemble: ClassVar[str] = ""
    """Why its worlds cannot be drawn from the ensemble of a calibration; empty where they can."""

    varies_beside: ClassVar[bool] = False
    """Whether a design varies what an ensemble does not set, at every member; otherwise members stand for all that is uncertain."""

    before: ClassVar[Mapping[str, Any]] = {}
    """What settings meant that folders of earlier versions do not name."""

    leaves_out: ClassVar[bool] = False
    """Whether it can do without points that are not allowed, such as an end before a start; otherwise a study that has some is refused."""

    def check(self, study: ReadyStudy, problems: list[Problem]) -> None:  # noqa: B027 - most have nothing to add
        """Add what this kind cannot do with the study to the problems."""

    def pairs(self, study: ReadyStudy) -> Sequence[str]:
        """Scenarios that are compared with the first of them seed by seed, so that their totals must be of the same size."""
        return ()

    def most_seeds(self, study: ReadyStudy) -> int:
        """Seeds that the study takes at most, from its first one on."""
        return study.file.replications

    def may_grow(self, study: ReadyStudy) -> bool:
        """Whether more replications add runs to those that are there, and replace none, so that a study may be gone on with for more."""
        return False

    @abstractmethod
    def planned(self, study: ReadyStudy) -> int:
        """Runs that the study takes, at most."""

    @abstractmethod
    def conduct(self, study: ReadyStudy, driver: Driver) -> Answer:
        """Do the study."""


def in_worlds(study: ReadyStudy, driver: Driver, points: Sequence[Point]) -> DataFrame:
    """Outcomes of every point with every seed, as `Driver.evaluate` gives them; with an ensemble, each seed is run in a member that all points share."""
    if not study.ensemble:
        return driver.evaluate(points)
    sets, seeds = study.worlds("lhs", len(study.seeds)), study.seeds
    runs = driver.evaluate(
        [{**own, **point} for point in points for own in sets], seeds=seeds * len(points), crossed=False
    )
    return runs.assign(point=runs["point"] // len(seeds))


def in_own_worlds(study: ReadyStudy, driver: Driver, points: Sequence[Point]) -> DataFrame:
    """As `in_worlds`, but each point with seeds of its own, as many as the study has; the column ``seed`` numbers them at a point.

    Worlds of neighbouring points with the same seed have much of their luck in common, so that what is learnt from many points with few seeds is of these seeds.
    """
    first, each = study.seeds[0], len(study.seeds)
    sets = study.worlds("lhs", each) if study.ensemble else [{}] * each
    worlds = [{**own, **point} for point in points for own in sets]
    runs = driver.evaluate(worlds, seeds=range(first, first + len(worlds)), crossed=False)
    return runs.assign(seed=runs["point"] % each, point=runs["point"] // each)


def in_members(study: ReadyStudy) -> str:
    """In which members of an ensemble the seeds of a study are run, for a note; nothing without one."""
    return ", each in a parameter set of the ensemble that all points share" if study.ensemble else ""


def check_pairs(study: ReadyStudy, labels: Sequence[str], problems: list[Problem]) -> None:
    """Whether runs of these scenarios are pairs: an effect is no effect where one world is longer or larger than the other."""
    for label in (label for label in labels[1:] if label in study.scenarios):
        first, scenario = study.scenarios[labels[0]], study.scenarios[label]
        for name in TOTALS:
            here, there = (_plain(getattr(which, name)) for which in (scenario, first))
            if here != there:
                allowed = (
                    f"{there}, as in {labels[0]}: what is paired must agree in it, or totals differ for that reason; give it for all, "
                    f"with --set {name}={there}, or in a study file with `set: {{{name}: {there}}}`"
                )
                problems.append(Problem(f"{label}: {name}", here, allowed))


def other_differences(scenarios: Mapping[str, Scenario]) -> list[str]:
    """In what besides policies scenarios differ from the first, in words: an effect is that of all of it."""
    (first, baseline), *others = ((label, scenario.resolved()) for label, scenario in scenarios.items())
    differing = {label: [name for name in WORLD if other[name] != baseline[name]] for label, other in others}
    return [
        f"{label} differs from {first} in more than policies ({', '.join(names)}): effects are those of all of it together"
        for label, names in differing.items()
        if names
    ]


def _plain(value: float) -> str:
    return f"{value:.12g}"


def measurable(scenarios: Iterable[Scenario]) -> list[str]:
    """The outcomes that runs of all these scenarios have."""
    tables = [scenario.jurisdictions for scenario in scenarios]
    everywhere = [name for name in (tables[0] if tables else ()) if all(name in table for table in tables)]
    members = [f"{prefix}{name}" for prefix in families() for name in everywhere]
    return [*(name for name, spec in outcomes().items() if not spec.paired), *members]


def check_measured(study: ReadyStudy, where: str, name: str, problems: list[Problem]) -> None:
    """Whether an outcome that a section names is there, and one of those that the study measures."""
    known = measurable(study.scenarios.values())
    if name not in known:
        problems.append(no_such_name(where, name, study.measures or known))
    elif study.measures and name not in study.measures:
        problems.append(Problem(where, quote(name), one_of(study.measures), nearest(name, study.measures)))


def register_kind[KindType: type[Kind]](kind: KindType) -> KindType:
    """Make a kind of study known under its name; used as a class decorator."""
    _KINDS[kind.name] = kind()  # pyright: ignore - a type parameter hides that this is a Kind
    return kind


def names() -> list[str]:
    """Every kind, in the order of the alphabet."""
    return sorted({module.name for module in iter_modules(__path__) if not module.name.startswith("_")} | set(_KINDS))


def find(given: Any, problems: list[Problem]) -> Kind | None:
    """The kind of that name; None and a problem when there is none."""
    known = names()
    if given is None:
        problems.append(Problem("kind", "nothing", f"required: {one_of(known)}"))
        return None
    if given not in known:
        problems.append(
            no_such_name("kind", given, known)
            if isinstance(given, str)
            else Problem("kind", quote(given), one_of(known), nearest(given, known))
        )
        return None
    return get(given)


def get(name: str) -> Kind:
    """A kind by its name."""
    if name not in _KINDS:
        import_module(f"{__name__}.{name}")
    return _KINDS[name]
