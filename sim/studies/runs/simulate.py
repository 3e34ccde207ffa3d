"""Running one world from start to end; what single runs and worker processes share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from sim.measures.by_group import KEYS, groups_of
from sim.measures.dictionary import GROWING
from sim.measures.dictionary import tables as known_tables
from sim.studies.errors import RequestError, unknown_name
from sim.studies.runs.common_days import keep, recall, worlds_of
from sim.studies.store.output import write_frame

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame

    from sim.scenario import Scenario

BY_GROUP = "daily_by_group"
"""The table that is there only where groups are asked for."""
OnDay = Callable[[int, int], bool | None]
"""Called with the days done and the days in all, burn-in included; where it says True, the run ends there."""
Watch = Callable[[int, int, Any], bool | None]
"""The same, called with the model too, which it leaves as it is."""

WARM_CONSUMERS = 1_500
WARM_DAYS = 9
"""So many, and more than a week, that newcomers come, treatment has a queue and friends hear of violence: a run would load the kernels of these on its way."""
_warm: set[tuple[Any, ...]] = set()


class Market(Protocol):
    """What a study needs of a model."""

    weight: float

    def run_for(self, duration: float) -> None:
        """Run for so many days."""

    def daily(self) -> DataFrame:
        """One row a day from day 0 on, every outcome."""
        ...

    def table(self, name: str) -> DataFrame:
        """A table of the run."""
        ...

    def outcomes(self) -> dict[str, float]:
        """Every outcome as one number for the run."""
        ...


ModelClass = Callable[..., Any]
"""Builds a `Market`: ``MarketModel`` or anything with its signature."""


@dataclass(frozen=True)
class Finished:
    """A world at the end of its run, the seconds on the wall that building and running it took, and the days from day 0 on that were run."""

    model: Market
    elapsed_s: float
    days: int


def default_model() -> ModelClass:
    """Return `sim.model.MarketModel`, imported when first needed."""
    return import_module("sim.model").MarketModel


def load_scenario(
    scenario: Scenario | str | Mapping[str, Any],
    *,
    days: int | str | None = None,
    burn_in: int | None = None,
    consumers: int | None = None,
    overrides: Sequence[str] = (),
) -> Scenario:
    """Load a scenario by name or path and apply what was asked for on top of it.

    Parameters
    ----------
    scenario
        A scenario, its name, the path of a YAML file, or the mapping that one holds.
    days, burn_in, consumers
        Length of the run, days before day 0, and number of simulated consumers, where they differ from the file.
    overrides
        ``path=value`` settings.

    Raises
    ------
    ScenarioError
        With every problem at once.
    """
    import_module("sim.policies")
    from sim.scenario import Scenario

    ready = Scenario.load(scenario)
    fields = {"days": days, "burn_in": burn_in, "consumers": consumers}
    changes = [f"{name}={value}" for name, value in fields.items() if value is not None]
    changes += overrides
    return ready.override(changes) if changes else ready


def check_tables(names: Sequence[str], by: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the tables asked for, with `all` spelled out and each name once; ``by`` are the groupings asked for.

    Raises
    ------
    RequestError
        For a table that does not exist, or one by group where no groups are asked for.
    """
    known = list(known_tables())
    if "all" in names:
        return tuple(name for name in known if by or name != BY_GROUP)
    if BY_GROUP in names and not by:
        raise RequestError(f"tables: {BY_GROUP} has a row for each group, so name what to group by (by, --by)")
    for name in names:
        if name not in known:
            raise unknown_name("tables", name, known)
    return tuple(dict.fromkeys(names))


def one_or_several(names: Sequence[str] | str) -> tuple[str, ...]:
    """The names asked for, of which one may be given as it is."""
    return (names,) if isinstance(names, str) else tuple(names)


def check_by(by: Sequence[str], scenarios: Iterable[Scenario]) -> tuple[str, ...]:
    """Return the groupings asked for, each once.

    Raises
    ------
    RequestError
        For a key that does not exist, or a grouping that no scenario allows.
    """
    try:
        for scenario in scenarios:
            groups_of(scenario, by)
    except KeyError as error:
        raise unknown_name("by", error.args[0], KEYS) from None
    except ValueError as error:
        raise RequestError(f"by: {error}") from None
    return tuple(dict.fromkeys(by))


def warm_up(scenario: Scenario, model_class: ModelClass, threads: int = 1, tables: Sequence[str] = ()) -> float:
    """Compile what a run of the scenario with these ``tables`` needs, or load it from the cache, with a tiny world of a few days.

    Returns
    -------
    float
        Seconds that it took; 0 if this process did it before.
    """
    policies = [_from_day_0(policy) for policy in scenario.policies]
    key = (model_class, threads > 1, frozenset(tables), *sorted(policy.kind for policy in policies))
    if key in _warm:
        return 0.0
    begun = perf_counter()
    # so that what a closure and arrests need is compiled too
    struck = [{"kind": "takedown", "start": 0}, {"kind": "vendor_arrests", "start": 0, "count": 200}]
    tiny = scenario.with_(consumers=WARM_CONSUMERS, days=WARM_DAYS, burn_in=1, policies=[*policies, *struck])
    model = model_class(tiny, rng=1, threads=threads, tables=tuple(tables))
    model.run_for(1 + WARM_DAYS)
    model.outcomes()
    _warm.add(key)
    return perf_counter() - begun


def _from_day_0(policy: Any) -> Any:
    """The policy without end and conditions."""
    plain = {"start": 0, "end": None, "after": None, "every": None, "lasting": None, "when": None}
    return policy.model_copy(update={name: plain[name] for name in plain if name in type(policy).model_fields})


def simulate(
    scenario: Scenario,
    seed: int,
    model_class: ModelClass,
    *,
    threads: int = 1,
    tables: Sequence[str] = (),
    audit: bool = False,
    by: Sequence[str] = (),
    on_day: Watch | None = None,
    share: Collection[float] | None = None,
    folder: Path | None = None,
) -> Finished:
    """Build the world of a scenario and run it to its last day.

    Parameters
    ----------
    scenario
        What the world is made of.
    seed
        Run seed; equal seeds share every random draw that no policy touches.
    model_class
        Builds the model.
    threads
        Threads inside the run; results do not depend on them.
    tables
        Tables to collect.
    audit
        Whether to check every conservation identity each day.
    by
        Groupings by which outcomes are kept too, such as ``segment``.
    on_day
        Told about progress some two hundred times in a run, which ends where it says True.
    share
        Whether runs of this process that differ only in policies share the days until one of these can act, and days before which others part from this
        one, beside day 0 and that of its first policy; no number depends on it. None shares nothing.
    folder
        Where rows of large tables go as they come; see `MarketModel`.
    """
    begun = perf_counter()
    sharing = share is not None and model_class is default_model()
    worlds = worlds_of(scenario, seed, (*tables, *by), audit, share or ()) if sharing else {}
    model: Any = recall(worlds, scenario)
    done = 0 if model is None else scenario.burn_in + model.day
    if model is None:
        more: dict[str, Any] = {"by": tuple(by)} if by else {}  # a model of somebody's own need not know of these
        more |= {"folder": folder} if folder is not None else {}
        model = model_class(scenario, rng=seed, threads=threads, tables=tuple(tables), audit=audit, **more)
    total = scenario.burn_in + scenario.days
    stops = [*(scenario.burn_in + day for day in sorted(worlds)), total]
    stride = max(1, total if on_day is None else total // 200)
    asked = False
    try:
        while done < total and not asked:
            end = next(stop for stop in stops if stop > done)
            chunk = min(stride, end - done)
            model.run_for(chunk)
            done += chunk
            if on_day is not None:
                asked = on_day(done, total, model) is True
            if done == end and done - scenario.burn_in in worlds:
                keep(worlds[done - scenario.burn_in], model)
    finally:
        if folder is not None:
            model.recorder.settle()  # also of a run that breaks off: what was full is kept, and nothing is written later
    return Finished(model, perf_counter() - begun, done - scenario.burn_in)


def write_table(model: Any, name: str, path: Path) -> None:
    """Write a table of a run as Parquet; of one that grows, with no more than a batch in memory."""
    if name in GROWING:
        model.recorder.write(model, name, path)
    else:
        write_frame(model.table(name), name, path)


def series_of(model: Any) -> dict[str, np.ndarray]:
    """(days,) of each outcome of a run, of a model of somebody's own from its table of days."""
    if hasattr(model, "series"):
        return model.series()
    return {str(name): days.to_numpy() for name, days in model.daily().items()}
