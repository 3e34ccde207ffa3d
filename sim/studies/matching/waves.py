"""Waves: points are run where nothing is ruled out, emulators learn from them, and rule out more; what is left in the end is weighed by its likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.studies.matching import sampling
from sim.studies.matching.goals import Goal
from sim.studies.matching.wave import Found, Plan, Wave, corrected, costs, hopeless, learnt, out_of_reach, within, worst
from sim.studies.methods import designs
from sim.studies.methods.threads import one_thread

Floats = NDArray[np.float64]
Ask = Callable[[str, Floats], Found]
"""Measures the goals at places of the unit cube; the stage has a name of its own."""
Keep = Callable[[str, Callable[[], Floats]], Floats]
"""Places by the name of the stage that they are for: those that were kept, or else those that the function makes, which are kept then."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Matched:
    """What is left.

    Attributes
    ----------
    places, members, weights
        A sample of the posterior (rows, unit cube); the ensemble drawn from it, and what each of its members counts.
    waves, history
        The waves; and a row for each: points, goals with an emulator and set aside, the share of the cube that is not ruled out after it, the level that
        was reached where the cut could not be, and the points of the wave that were measured within the cut.
    tried, found, checked
        All points of the waves, what was measured there, and at the members.
    unreached
        Goals that no plausible place comes near, by their place; they have no say in the posterior.
    """

    goals: Sequence[Goal]
    places: Floats
    members: Floats
    weights: Floats
    waves: Sequence[Wave]
    history: Sequence[Mapping[str, float]]
    tried: Floats
    found: Found
    checked: Found
    unreached: Sequence[int]
    notes: Sequence[str] = field(default=())

    @property
    def effective(self) -> float:
        """Members that the weights are worth."""
        return float(1 / (self.weights**2).sum())


def matched(
    goals: Sequence[Goal], width: int, plan: Plan, ask: Ask, keep: Keep | None = None, tell: Tell | None = None
) -> Matched:
    """Find the places that agree with the goals.

    Parameters
    ----------
    goals, width, plan
        What was observed, the number of axes, and how it is looked for.
    ask
        Measures; luck may be that of each point, or the same at all points of a stage.
    keep
        Keeps where points lie, so that what is gone on with asks for the same, and need not look for them again.
    tell
        Told what happens, in sentences.
    """
    with one_thread():
        return _Search(goals, width, plan, ask, keep or (lambda _, make: make()), tell or (lambda _: None)).done()


class _Search:
    """See `matched`."""

    def __init__(self, goals: Sequence[Goal], width: int, plan: Plan, ask: Ask, keep: Keep, tell: Tell) -> None:
        self.goals, self.width, self.plan, self.ask, self.keep, self.tell = goals, width, plan, ask, keep, tell
        self.waves: list[Wave] = []
        self.history: list[Mapping[str, float]] = []
        self.tried: list[Floats] = []
        self.found: list[Found] = []

    def done(self) -> Matched:
        """All of it."""
        plan = self.plan
        places = designs.unit("lhs", self.width, plan.points, plan.seed)
        region = sampling.Region(places, 1.0, np.inf)
        for number in range(1, plan.waves + 1):
            region = self._wave(number, region, places)
            rng = np.random.default_rng([plan.seed, number, 1])
            places = sampling.spread(region.places[: 3 * plan.points], plan.points, rng)
        return self._weighed(region)

    def _wave(self, number: int, region: sampling.Region, places: Floats) -> sampling.Region:
        """Run a wave and see what it leaves."""
        plan, goals = self.plan, self.goals
        here = self.keep(f"wave-{number}", lambda: places)
        self.tell(f"wave {number} of {plan.waves}: {len(here)} points")
        self.tried.append(here)
        self.found.append(self.ask(f"wave-{number}", here))
        before = self.waves[-1] if self.waves else None
        left_out = (*before.hopeless, *before.aside) if before else ()
        wave = learnt(goals, np.vstack(self.tried), _together(self.found), len(here), plan, left_out)
        wave = replace(wave, hopeless=hopeless(goals, wave, self.width, plan))
        inside = int(within(goals, wave, self.found[-1].values, plan).sum())
        self.waves.append(wave)
        self.tell(
            f"emulators of {len(wave.emulators)} of {len(goals)} targets, {len(wave.hopeless)} of them out of reach"
        )
        kept = self.keep(f"left-{number}", lambda: _as_matrix(self._left(number)))
        region = sampling.Region(kept[:, 2:], float(kept[0, 0]), float(kept[0, 1]))
        self.tell(f"{region.share:.2g} of the space is left")
        self.history.append(
            {
                "wave": number, "points": len(here), "emulated": len(wave.emulators), "set_aside": len(wave.aside),
                "out_of_reach": len(wave.hopeless), "share_left": region.share, "level": region.level, "within_cut": inside,
            }
        )  # fmt: skip
        return region

    def _left(self, number: int) -> sampling.Region:
        """What no wave so far rules out."""
        plan, rng = self.plan, np.random.default_rng([self.plan.seed, number])
        return sampling.below(
            lambda at, most: worst(self.goals, self.waves, at, plan, most), self.width, plan.cut, plan.walkers, rng, plan.sweeps
        )  # fmt: skip

    def _weighed(self, region: sampling.Region) -> Matched:
        """What is left by its likelihood, and the ensemble with its runs."""
        plan, goals, last = self.plan, self.goals, self.waves[-1]
        rng = np.random.default_rng([plan.seed, 0])
        unreached = sorted({*last.hopeless, *out_of_reach(goals, last, region.places, plan)})
        level = max(plan.cut, region.level)

        def cost(at: Floats) -> Floats:
            allowed = worst(goals, self.waves, at, plan, level) <= level
            return np.where(allowed, costs(goals, last, at, plan.discrepancy, unreached), np.inf)

        self.tell("sampling the posterior")
        posterior = self.keep("posterior", lambda: sampling.likely(cost, region.places, rng, plan.sweeps))
        rng = np.random.default_rng([plan.seed, 0, 1])
        chosen = rng.choice(len(posterior), plan.members, replace=plan.members > len(posterior))
        members = self.keep("members", lambda: posterior[chosen])
        self.tell(f"checking {len(members)} members with runs")
        checked = self.ask("members", members)
        tried, found = np.vstack(self.tried), _together(self.found)
        again = learnt(
            goals, np.vstack([tried, members]), _together([found, checked]), len(members), plan, last.hopeless
        )
        weights = corrected(goals, last, again, members, plan, unreached)
        return Matched(
            goals, posterior, members, weights, self.waves, self.history, tried, found, checked, unreached, self._notes()
        )  # fmt: skip

    def _notes(self) -> list[str]:
        """Where the cut could not be had."""
        return [
            f"After wave {row['wave']} no place comes within {self.plan.cut:g} standard deviations of all but {self.plan.ignored} targets; the best lie within "
            f"{row['level']:.2g}. The model or the ranges cannot meet the targets together, or the stated discrepancy is too small."
            for row in self.history
            if row["level"] > self.plan.cut
        ]


def _as_matrix(region: sampling.Region) -> Floats:
    """Share, level and places of a region, to be kept."""
    head = np.broadcast_to([region.share, region.level], (len(region.places), 2))
    return np.column_stack([head, region.places])


def _together(parts: Sequence[Found]) -> Found:
    """What was measured in several goes."""
    most = max(part.replicates.shape[2] for part in parts)
    wide = [
        np.pad(part.replicates, ((0, 0), (0, 0), (0, most - part.replicates.shape[2])), constant_values=np.nan)
        for part in parts
    ]
    return Found(np.vstack([part.values for part in parts]), np.concatenate(wide))
