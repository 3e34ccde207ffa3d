"""The studies of a server: a folder for each, named by its identity, and how many and how large they may be."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sim.app import say
from sim.app.plan import Plan, from_study
from sim.scenario import ScenarioError, Settings, read_yaml
from sim.studies.errors import RequestError
from sim.studies.store.folder import STUDY
from sim.studies.store.own import RECORD, UNREADABLE
from sim.studies.store.parts import write_whole

FILE, RUN, EVENTS, LOG = "study.yaml", "study", "events.jsonl", "messages.txt"
IDENTITY = re.compile(r"[0-9a-f]{20}")
MOST_ASKED = 20
"""Studies that are looked at for how long one takes."""
DAY_CONSUMERS = 8_000
"""Consumers for whom a day takes as long as for nobody: measured, 7 ms against 0.9 ms a thousand."""
LEAST_FREE = 200_000_000
"""Bytes that must be free before a study is begun."""


@dataclass(frozen=True)
class Limits:
    """What a server lets people do.

    Attributes
    ----------
    consumers, days, pairs
        Of one comparison.
    work
        Consumers times days times runs of one comparison.
    at_once, waiting
        Comparisons at work at the same time, and those that may wait for them to end.
    studies
        Comparisons kept.
    """

    consumers: int = 50_000
    days: int = 3_650
    pairs: int = 64
    work: float = 2e9
    at_once: int = 2
    waiting: int = 20
    studies: int = 500

    def broken(self, plan: Plan) -> list[str]:
        """What of a plan is beyond the limits, in words."""
        size = plan.size
        runs = size.pairs * (1 + len(plan.packages))
        found = [
            say("limits.size", what=say(f"size.{name}"), given=f"{given:,}", most=f"{most:,}")
            for name, given, most in (
                ("consumers", size.consumers, self.consumers),
                ("days", size.days, self.days),
                ("pairs", size.pairs, self.pairs),
            )
            if given > most
        ]
        if not found and size.consumers * size.days * runs > self.work:
            found.append(say("limits.work", runs=runs))
        return found

    def in_words(self, kept: int) -> str:
        """The limits, said before they are met, and how many comparisons are kept now."""
        return say(
            "limits.all",
            consumers=f"{self.consumers:,}",
            years=self.days // 365,
            pairs=self.pairs,
            at_once=self.at_once,
            waiting=self.waiting,
            kept=f"{kept:,}",
            studies=f"{self.studies:,}",
        )


@dataclass(frozen=True)
class Home:
    """Where the studies of a server are.

    Attributes
    ----------
    folder
        Holds a folder for each study.
    limits
        See `Limits`.
    """

    folder: Path
    limits: Limits = Limits()

    def place(self, identity: str) -> Path:
        """The folder of a study.

        Raises
        ------
        RequestError
            If that is no identity.
        """
        if not IDENTITY.fullmatch(identity):
            raise RequestError(say("error.no_study"))
        return self.folder / identity

    def has(self, identity: str) -> bool:
        """Whether there is a study of that identity."""
        return bool(IDENTITY.fullmatch(identity)) and (self.place(identity) / FILE).is_file()

    def run_folder(self, identity: str) -> Path:
        """Where the driver keeps the runs of a study."""
        return self.place(identity) / RUN

    def begun(self, identity: str) -> bool:
        """Whether the driver has taken the folder."""
        return (self.run_folder(identity) / STUDY).is_file()

    def studies(self) -> list[str]:
        """Every study, the newest first."""
        places = [path for path in self.folder.glob("*") if IDENTITY.fullmatch(path.name) and (path / FILE).is_file()]
        return [path.name for path in sorted(places, key=lambda path: -(path / FILE).stat().st_mtime)]

    def plan(self, identity: str) -> Plan:
        """What a study asks.

        Raises
        ------
        RequestError
            If there is no such study, or its file was damaged.
        """
        try:
            return from_study(self.file(identity))
        except (ScenarioError, KeyError, TypeError, ValueError):
            raise RequestError(say("error.no_study")) from None

    def file(self, identity: str) -> dict[str, Any]:
        """The study file, as plain data."""
        return read_yaml(self.place(identity) / FILE)

    def seconds_for(self, plan: Plan, workers: int) -> float | None:
        """Seconds that a plan may take with so many workers, from the newest study that has ended here; None before there is one."""
        for identity in self.studies()[:MOST_ASKED]:
            try:
                done = json.loads((self.run_folder(identity) / RECORD).read_text(encoding="utf-8"))["notes"]["timings"]
                seconds, runs = float(done["runs_s"]), int(done["runs_done"])
                before = self.plan(identity)
            except (*UNREADABLE, RequestError):
                continue
            if runs > 0 and seconds > 0:
                wanted = plan.size.pairs * (1 + len(plan.packages))
                return seconds / runs * _work(plan) / _work(before) * wanted / min(workers, wanted)
        return None

    def write(self, plan: Plan) -> str:
        """Keep a plan as the file of a study, and return its identity; one that is there stays as it is.

        Raises
        ------
        RequestError
            If the server keeps as many as it may, or the disk is full or cannot be written.
        """
        identity = plan.identity
        if self.has(identity):
            return identity
        if len(self.studies()) >= self.limits.studies:
            raise RequestError(say("limits.full", studies=f"{self.limits.studies:,}"))
        place = self.place(identity)
        try:
            place.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(place).free
            if free < LEAST_FREE:
                raise RequestError(say("error.disk", free=f"{free // 1_000_000:,}"))
            write_whole(place / FILE, as_yaml(plan.study()).encode())
        except OSError as error:
            raise RequestError(say("error.write", why=error.strerror or error)) from error
        return identity


def _work(plan: Plan) -> float:
    """What a run of a plan takes, up to a factor: days, the usual ones of a burn-in too, times what a day costs."""
    return (plan.size.days + Settings.model_fields["burn_in"].default) * (DAY_CONSUMERS + plan.size.consumers)


def as_yaml(content: Any) -> str:
    """Plain data as the text of a YAML file, keys in their order."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
