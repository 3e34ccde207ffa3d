"""A comparison done again under rival rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.studies.findings import rivals
from sim.studies.findings.turns import rival_sentences
from sim.studies.kinds import Answer, Drawing, Driver
from sim.studies.runs.compare_tables import effects_table

if TYPE_CHECKING:
    from sim.studies.methods.factors import Point
    from sim.studies.study import ReadyStudy


def with_rivals(
    answer: Answer, study: ReadyStudy, driver: Driver, seeds: Sequence[int], worlds: Sequence[Point] | None
) -> Answer:
    """An answer with the table ``submodels``, its sentences and its figure, where rivals were asked for: those for which the budget has room.

    Parameters
    ----------
    answer
        The answer by the usual rules.
    study, driver, seeds, worlds
        The study, and what the runs by the usual rules were made with.
    """
    asked = rivals.chosen(study.settings.submodels, study.scenarios, [])
    each = len(seeds) * len(study.scenarios)
    room = [rival for k, rival in enumerate(asked) if driver.affords((k + 1) * each)]
    notes = [f"The budget has room for {len(room)} of {len(asked)} rival rules only."] if len(room) < len(asked) else []
    under = rivals.outcomes_under(room, driver.evaluate, seeds, worlds)
    if not under:
        return replace(answer, notes=[*answer.notes, *notes])
    names = list(dict.fromkeys(answer.tables["effects"]["outcome"]))
    table = rivals.rivals_table(
        answer.tables["outcomes"],
        under,
        study.baseline,
        lambda rows: effects_table(rows, study.baseline, names),
    )
    figures = {"submodels": Drawing("submodels", (table, study.baseline))} if len(table) else {}
    return replace(
        answer,
        tables={**answer.tables, "submodels": table},
        findings=[*answer.findings, *rival_sentences(table)],
        notes=[*answer.notes, *notes],
        figures={**answer.figures, **figures},
    )
