"""Proof of a calibration: parameter sets that are known take the place of the world, and must be found again from their simulated targets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.studies.execution.conduct import How, conduct
from sim.studies.execution.driver import Driver
from sim.studies.kinds import Answer
from sim.studies.matching.recovery import LEVEL, Recovered, coverage, recovered
from sim.studies.matching.wave import learnt
from sim.studies.methods import designs
from sim.studies.methods.emulators import learning
from sim.studies.methods.factors import Factor, from_unit
from sim.studies.methods.threads import one_thread
from sim.studies.validation.calibration.asking import Asking, as_found
from sim.studies.validation.calibration.calibrate import goals_of, pick, study_of
from sim.studies.validation.calibration.settings import Calibration

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.study import ReadyStudy

HONEST = (0.8, 0.97)
"""Share of intervals of 90 % that must hold their truth."""


@dataclass(frozen=True)
class Proof:
    """What was found again.

    Attributes
    ----------
    factors, found
        The parameters, and each truth with the intervals that were found.
    emulated
        Targets with an emulator.
    """

    factors: tuple[Factor, ...]
    found: Sequence[Recovered]
    emulated: int

    @property
    def held(self) -> float:
        """Share of intervals that hold their truth."""
        return coverage(self.found)

    @property
    def narrower(self) -> np.ndarray:
        """By parameter, how much narrower its intervals are than before, on the mean."""
        return 1 - np.mean([each.high - each.low for each in self.found], axis=0) / LEVEL

    @property
    def last_line(self) -> str:
        """The result in one line."""
        verdict = "honest" if HONEST[0] <= self.held <= HONEST[1] else "not honest"
        return (
            f"recovered: {self.held:.1%} of {len(self.found) * len(self.factors)} intervals of {LEVEL:.0%} hold their truth ({len(self.found)} truths, "
            f"{len(self.factors)} parameters): {verdict}"
        )

    def table(self) -> DataFrame:
        """A row for each parameter: share of its intervals that hold the truth, and how much narrower they are."""
        import pandas as pd

        held = np.mean([each.held for each in self.found], axis=0)
        return pd.DataFrame({"parameter": [f.path for f in self.factors], "held": held, "narrower": self.narrower})


def stages(calibration: Calibration, truths: int, worlds: int) -> dict[str, int]:
    """Runs of each stage of a proof."""
    each = calibration.file.replicates * worlds
    whole = calibration.stages(worlds)
    screen = {"screening": whole["screening"]} if "screening" in whole else {}
    return {**screen, "wave 1": calibration.file.points * each, "truths": truths * each}


def run_proof(calibration: Calibration, folder: Path, how: How, truths: int = 20) -> Proof:
    """Find truths again from one wave of runs, whose emulators all of them share, or go on with that in the folder.

    Parameters
    ----------
    calibration, folder, how
        As in `sim.studies.validation.calibration.calibrate.run_calibration`; only its first wave is run.
    truths
        Parameter sets that are drawn from the ranges and run on other seeds.
    """
    learning()
    study, arms, targets = study_of(calibration)

    def asked(study: ReadyStudy, driver: Driver) -> Answer:
        file = calibration.file
        driver.tally.planned = sum(stages(calibration, truths, len(study.scenarios)).values())
        asking = Asking(calibration.targets.of(ids=[t.id for t in targets]), arms, study, driver)
        each, fresh = file.replicates, file.seed + file.replicates * file.points
        _, factors = pick(calibration, asking)
        design = asking.places("wave-1", lambda: designs.unit("lhs", len(factors), file.points, file.seed))
        aims = asking.places(f"truths-{truths}", lambda: designs.unit("lhs", len(factors), truths, file.seed + 1))
        found = as_found(asking.estimates(from_unit(factors, design), file.seed, each), each)
        seen = as_found(asking.estimates(from_unit(factors, aims), fresh, each), each)
        goals = goals_of(targets)
        with one_thread():
            wave = learnt(goals, design, found, len(design), calibration.plan)
            back = recovered(goals, wave, aims, seen.values, file.walkers, file.sweeps, file.seed)
        proof = Proof(factors, back, len(wave.emulators))
        aside = "".join(f"- {targets[k].id}: {why}\n" for k, why in wave.aside.items())
        text = f"# Truths found again\n\n**{proof.last_line}**\n\n{len(wave.emulators)} of {len(goals)} targets are emulated. Set aside:\n\n{aside or 'none'}\n"
        told = {"last_line": proof.last_line, "held": proof.held}
        return Answer(
            {"recovered": proof.table()},
            [proof.last_line],
            files={"report.md": text, "proof.json": json.dumps(told, indent=1) + "\n"},
            result=proof,
        )

    return conduct(study, folder, how, lambda *_: None, asked).answer.result
