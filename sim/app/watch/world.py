"""The model that Mesa's page steps and makes anew: a market at day 0, with what can be moved about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import mesa

from sim.agents.codes import Channel
from sim.evidence.parameters import load_parameters
from sim.model import MarketModel
from sim.studies.errors import unknown_name
from sim.studies.runs.simulate import load_scenario

if TYPE_CHECKING:
    from sim.evidence.parameters import ParameterSpec
    from sim.scenario import Scenario

CONSUMERS = 2_000
"""Consumers of a world to watch, so that a day takes some hundredths of a second."""
LEAST, MOST, STEP = 500, 10_000, 500
"""Consumers that the page offers."""
SEEDS = 100
"""How far the seed can be moved."""
SLIDERS = ("demand.recreational_rate", "choice.price_sensitivity", "enforcement.share_platforms")
"""Parameters that the page offers when none are asked for."""
PARTS = 50
"""Steps of a slider from one end to the other."""


class Watched(mesa.Model):
    """A market that has its burn-in behind it, inside a model of Mesa's own; a step is a day.

    Mesa's page takes a model's `scenario` for one of Mesa's and makes a model anew from its parameters, so it is shown this one.

    Parameters
    ----------
    of
        What is watched; a value of the other parameters goes before what it says.
    consumers
        Simulated consumers.
    rng
        Seed.
    scenario
        One of Mesa's own, which its page hands to whatever takes parameters by any name; nothing is read from it.
    **values
        Values by path, such as ``choice.habit`` or ``policies.0.strength``, as `Scenario.override` takes them.

    Attributes
    ----------
    market
        The market.
    open_platforms
        For each day from day 0 on, open platforms by channel.
    """

    def __init__(
        self,
        *,
        of: Scenario | str = "baseline",
        consumers: int = CONSUMERS,
        rng: int = 0,
        scenario: Any = None,
        **values: float,
    ) -> None:
        super().__init__(rng=rng)
        changes = [f"{path}={value}" for path, value in values.items()]
        self.market = MarketModel(load_scenario(of, consumers=consumers, overrides=changes), rng=rng)
        self.market.run_for(self.market.scenario.burn_in)
        self.datacollector = self.market.datacollector
        self.open_platforms: list[list[int]] = []

    def step(self) -> None:
        """One day of the market."""
        self.market.step()
        self.open_platforms.append([len(self.market.open_slots(channel)) for channel in Channel])
        self.running = self.market.running


class Shown(NamedTuple):
    """What a page shows: a scenario, how large and with which seed it begins, and the parameters to be moved."""

    scenario: Scenario
    consumers: int
    seed: int
    sliders: tuple[ParameterSpec, ...]

    def world(self) -> Watched:
        """The world that the page begins with."""
        return Watched(of=self.scenario, consumers=self.consumers, rng=self.seed)

    def controls(self) -> dict[str, Any]:
        """What can be moved, as Mesa's page takes it: size and seed, the strength of policies, and parameters in their plausible range."""
        most, first = max(MOST, self.consumers), 0 if self.seed <= SEEDS else self.seed
        found: dict[str, Any] = {
            "of": self.scenario,
            "consumers": _slider("SliderInt", "Consumers", self.consumers, min(LEAST, self.consumers), most, STEP),
            "rng": _slider("SliderInt", "Seed", self.seed, first, first + SEEDS, 1),
        }
        for place, policy in enumerate(self.scenario.policies):
            name = policy.label or policy.kind.replace("_", " ")
            found[f"policies.{place}.strength"] = _slider(
                "SliderFloat", f"Strength: {name}", policy.strength, 0, 1, 0.05
            )
        for spec in self.sliders:
            value = self.scenario.parameters[spec.group][spec.name]
            low, high = min(spec.low, value), max(spec.high, value)
            found[spec.path] = _slider("SliderFloat", spec.path, value, low, high, (high - low) / PARTS)
        return found


def _slider(kind: str, label: str, value: float, low: float, high: float, step: float) -> dict[str, Any]:
    return {"type": kind, "label": label, "value": value, "min": low, "max": high, "step": step}


def shown(
    scenario: Scenario | str,
    consumers: int | None = None,
    seed: int | None = None,
    sliders: Sequence[str] = (),
    changes: Iterable[str] = (),
) -> Shown:
    """What a page shows, checked.

    Parameters
    ----------
    scenario
        A scenario, its name, or the path of a YAML file.
    consumers
        Simulated consumers; by default `CONSUMERS`, or the scenario's where these are fewer.
    seed
        By default the scenario's.
    sliders
        Paths of parameters; by default `SLIDERS`.
    changes
        ``path=value`` settings.

    Raises
    ------
    ScenarioError
        If there is no such scenario, or something in it is wrong.
    RequestError
        If there is no such parameter.
    """
    loaded = load_scenario(scenario, overrides=list(changes))
    sized = load_scenario(loaded, consumers=consumers if consumers is not None else min(CONSUMERS, loaded.consumers))
    specs = load_parameters().specs
    for path in sliders:
        if path not in specs:
            raise unknown_name("parameter", path, specs)
    return Shown(
        sized, sized.consumers, sized.seed if seed is None else seed, tuple(specs[path] for path in sliders or SLIDERS)
    )
