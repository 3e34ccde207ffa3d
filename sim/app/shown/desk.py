"""What somebody has before them: the plan of a session, what the buttons do to it, and what keeps it from being compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import yaml
from shiny import reactive

from sim.app import say
from sim.app.cards import cards, read_value
from sim.app.home import Home
from sim.app.plan import MOST_PACKAGES, Package, Plan, checked, from_scenario, shipped
from sim.app.reading import Reader
from sim.app.running import Runner
from sim.app.shown.timeline import title
from sim.evidence import yaml_files
from sim.scenario import Problem, ScenarioError
from sim.studies.errors import RequestError, names_in_words

MOST_FILE = 200_000
"""Letters of a file that is taken."""


@dataclass(frozen=True)
class Service:
    """What all sessions of a server share."""

    home: Home
    runner: Runner
    reader: Reader
    example: str = ""


def faults_of(plan: Plan, service: Service) -> list[str]:
    """What keeps a plan from being compared, in words; the words are those of the checks themselves."""
    found = service.home.limits.broken(plan)
    if found:
        return found
    try:
        plan.ready()
    except ScenarioError as error:
        return [_where(problem, plan) for problem in names_in_words(error).problems[:8]]
    return []


def _where(problem: Problem, plan: Plan) -> str:
    """A problem in words: which package, which intervention, which setting; without what is for the command line."""
    found = re.fullmatch(r"scenarios\.(\d+)\.policies\.(\d+)\.?(.*)", problem.path)
    words = re.sub(r" ?\(--[^)]*\)", "", str(problem))
    if found is None:
        return words
    package, place = int(found[1]) - 1, int(found[2]) - len(plan.happens)
    if not (0 <= package < len(plan.packages) and 0 <= place < len(plan.packages[package].policies)):
        return words
    whole = plan.packages[package]
    path = f"{whole.name}, {title(whole.policies[place])}"
    return words.replace(problem.path, f"{path}, {found[3].replace('_', ' ')}" if found[3] else path, 1)


class Desk:
    """The plan of a session, and what the buttons do to it."""

    def __init__(self, plan: Plan) -> None:
        self.plan: reactive.Value[Plan] = reactive.Value(plan)
        self.panel: reactive.Value[tuple[Any, ...] | None] = reactive.Value(None)
        self.loaded: reactive.Value[str] = reactive.Value("")
        self.renewed: reactive.Value[int] = reactive.Value(0)
        """How often another plan took the place of the one before; boxes are drawn anew then, and not while somebody types."""

    def renew(self, plan: Plan) -> None:
        """Put another plan in the place of the one that is there."""
        self.panel.set(None)
        self.plan.set(plan)
        with reactive.isolate():
            self.renewed.set(self.renewed() + 1)

    def do(self, words: list[str]) -> None:
        """What a button says, such as ``add:0:takedown``."""
        plan = self.plan()
        match words:
            case ["package"] if len(plan.packages) < MOST_PACKAGES:
                self.plan.set(plan.with_package(len(plan.packages), Package(say("package.unnamed"))))
            case ["copy", number] if len(plan.packages) < MOST_PACKAGES:
                self.plan.set(plan.with_package(len(plan.packages), plan.packages[int(number)]))
            case ["drop", number]:
                self.panel.set(None)
                self.plan.set(plan.with_package(int(number), None))
            case ["choose", number]:
                self.panel.set(("choose", int(number)))
            case ["edit", number, place]:
                self.panel.set(("edit", int(number), int(place)))
            case ["add", number, kind] if kind in cards():
                self.plan.set(plan.adding(int(number), kind))
                self.panel.set(("edit", int(number), len(self.plan().packages[int(number)].policies) - 1))
            case ["remove", number, place]:
                self.panel.set(None)
                self.plan.set(plan.without(int(number), int(place)))
            case ["close"]:
                self.panel.set(None)

    def put(self, where: str, value: Any) -> None:
        """What a widget says of a place in the plan, such as ``policy:0:1:start``."""
        plan, (what, *steps) = self.plan(), where.split(":")
        match what, steps:
            case "name", [number]:
                place = int(number)
                self.plan.set(plan.with_package(place, replace(plan.packages[place], name=str(value)[:80])))
            case "question", _:
                self.plan.set(replace(plan, question=" ".join(str(value).split())[:2000]))
            case "size", [name] if name in ("consumers", "days", "pairs"):
                self.plan.set(replace(plan, size=replace(plan.size, **{name: _whole(value)})))
            case "policy", [number, place, path]:
                entry = plan.packages[int(number)].policies[int(place)]
                setting = cards()[entry["kind"]].setting(path)
                self.plan.set(plan.setting(int(number), int(place), path, read_value(setting, value)))
            case "start", _ if value:
                self.loaded.set("")
                whole = from_scenario(shipped(str(value)))
                self.renew(replace(whole, size=replace(plan.size, days=whole.size.days)))

    def load(self, name: str, text: str) -> None:
        """Take a scenario file as one more package, and its world, with what happens in it anyway, for all packages.

        Raises
        ------
        RequestError
            If the file is too large, or there is no room for one more package.
        ScenarioError
            If it holds no scenario that the page takes.
        """
        if len(text) > MOST_FILE:
            raise RequestError(say("error.large", most=MOST_FILE // 1000))
        try:
            content = checked(yaml_files.parse(text))
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            if isinstance(error, ScenarioError):
                raise
            why = " ".join(str(error).split())[:200]
            raise ScenarioError([Problem(name, f"unreadable YAML: {why}", "a mapping in YAML")]) from None
        plan, brought = self.plan(), from_scenario({"name": name, **content})
        packages = (*plan.packages, *brought.packages)
        if len(packages) > MOST_PACKAGES:
            raise RequestError(say("package.most", most=MOST_PACKAGES))
        title = brought.packages[0].name if brought.packages else name
        other = (brought.world, brought.happens) != (plan.world, plan.happens)
        question = plan.question if plan.packages else brought.question
        self.renew(
            replace(
                plan,
                question=question,
                packages=packages,
                world=brought.world,
                happens=brought.happens,
            )
        )
        told = "plain" if not brought.packages else "world" if other and plan.packages else "loaded"
        self.loaded.set(say(f"start.{told}", name=title))


def _whole(value: Any) -> int:
    """A whole number that somebody typed; 0, which no check lets pass, where it is none."""
    try:
        return max(0, min(int(float(value)), 10**9))
    except (TypeError, ValueError, OverflowError):
        return 0
