"""What happens in a session: what the browser says changes the plan, what the store says changes the answer. No rule of the model stands here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from htmltools import TagList, tags
from shiny import Inputs, Outputs, Session, reactive, render

from sim.app import answer, asking, page, say, sheets
from sim.app.desk import Desk, Service, faults_of
from sim.app.home import as_yaml
from sim.app.plan import default
from sim.app.reading import Reading
from sim.app.running import Progress
from sim.scenario import ScenarioError
from sim.studies.errors import RequestError

LOOK_SECONDS, IDLE_SECONDS = 0.5, 4.0
"""Seconds between two looks at a study: at work, and otherwise."""


def make(service: Service) -> Callable[[Inputs, Outputs, Session], None]:
    """The function that Shiny calls for each session."""

    def server(input: Inputs, output: Outputs, session: Session) -> None:
        Talk(service, input, session).begin()

    return server


class Talk:
    """One session."""

    def __init__(self, service: Service, input: Inputs, session: Session) -> None:
        self.service, self.input, self.session = service, input, session
        self.study: reactive.Value[str] = reactive.Value("")
        self.progress: reactive.Value[Progress] = reactive.Value(Progress("none"))
        self.reading: reactive.Value[Reading | None] = reactive.Value(None)
        self.said: reactive.Value[str] = reactive.Value("")
        self.desk = Desk(default())
        self._seen: tuple[Any, ...] = ()

    def begin(self) -> None:
        """Set up everything that reacts."""
        self._open()
        self._listen()
        self._watch()
        self._ask()
        self._answer()

    def guarded(self, call: Callable[[], None]) -> None:
        """Do what somebody asked; what cannot be done is said, and what nobody thought of does not end the session."""
        self.said.set("")
        try:
            call()
        except ScenarioError as error:
            self.said.set(say("error.file", why=str(error.problems[0])))
        except (RequestError, OSError) as error:
            self.said.set(str(error))
        except Exception:
            logging.getLogger(__name__).exception("what was asked on the page could not be done")
            self.said.set(say("error.unexpected"))

    # What the browser says -------------------------------------------------------------------------------------------
    def _open(self) -> None:
        """The study that the address names, or the example."""

        @reactive.effect
        def _() -> None:
            search = self.session.clientdata.url_search()
            named = next(
                (part.partition("=")[2] for part in search.lstrip("?").split("&") if part.startswith("study=")), ""
            )
            with reactive.isolate():
                if named and named != self.study():
                    self.guarded(lambda: self._show(named))
                elif not named and not self.study() and self.service.example:
                    self.study.set(self.service.example)

    def _show(self, identity: str) -> None:
        self.desk.renew(self.service.home.plan(identity))
        self.reading.set(None)
        self.study.set(identity)

    def _listen(self) -> None:
        @reactive.effect
        @reactive.event(self.input.do)
        async def _() -> None:
            words = str(self.input.do().get("do", "")).split(":")
            if words[0] in ("compare", "again"):
                self.guarded(self._compare)
                await self.session.send_custom_message("address", {"search": f"?study={self.study()}"})
            elif words[0] == "stop":
                self.guarded(lambda: self.service.runner.stop(self.study()))
            elif words[0] == "save":
                number = int(words[1])
                plan = self.desk.plan()
                await self.session.send_custom_message(
                    "save", {"name": f"{plan.labels[number]}.yaml", "text": as_yaml(plan.scenario(number))}
                )
            else:
                self.guarded(lambda: self.desk.do(words))

        @reactive.effect
        @reactive.event(self.input.set)
        def _() -> None:
            given = self.input.set()
            self.guarded(lambda: self.desk.put(str(given["where"]), given["value"]))

        @reactive.effect
        @reactive.event(self.input.file)
        def _() -> None:
            given = self.input.file()
            self.desk.loaded.set("")
            self.guarded(lambda: self.desk.load(str(given["name"])[:80], str(given["text"])))

    def _compare(self) -> None:
        identity = self.service.home.write(self.desk.plan())
        if identity != self.study():
            self.reading.set(None)
            self.study.set(identity)
        self.service.runner.start(identity)
        self.progress.set(self.service.runner.progress(identity))

    # What the store says ---------------------------------------------------------------------------------------------
    def _watch(self) -> None:
        @reactive.extended_task
        async def fetch(identity: str) -> Reading | None:
            return await asyncio.to_thread(self.service.reader.read, identity)

        @reactive.effect
        def _() -> None:
            identity = self.study()
            if not identity:
                return
            now = self.service.runner.progress(identity)
            reactive.invalidate_later(LOOK_SECONDS if now.state == "working" else IDLE_SECONDS)
            with reactive.isolate():
                if now != self.progress():
                    self.progress.set(now)
                seen = (identity, now.done, now.state)
                if seen != self._seen and fetch.status() != "running":
                    self._seen = seen
                    fetch(identity)

        @reactive.effect
        def _() -> None:
            found = fetch.result()
            with reactive.isolate():
                if found is not None and found.identity == self.study() and found is not self.reading():
                    self.reading.set(found)

    # What is shown ---------------------------------------------------------------------------------------------------
    def _ask(self) -> None:
        desk = self.desk

        @reactive.calc
        def faults() -> list[str]:
            return faults_of(desk.plan(), self.service)

        @render.ui
        def question() -> Any:
            desk.renewed()
            with reactive.isolate():
                return asking.question(desk.plan())

        @render.ui
        def loaded() -> Any:
            words = desk.loaded()
            return tags.p(words, class_="note", role="status") if words else None

        @render.ui
        def packages() -> Any:
            panel = desk.panel()
            return asking.packages(desk.plan(), panel[1:] if panel and panel[0] == "edit" else None)  # type: ignore[arg-type]

        @render.ui
        def panel() -> Any:
            shown = desk.panel()
            with reactive.isolate():
                if shown is None:
                    return None
                return asking.chooser(shown[1]) if shown[0] == "choose" else asking.editor(desk.plan(), *shown[1:])

        @render.ui
        def size() -> Any:
            desk.renewed()
            with reactive.isolate():
                return asking.size(desk.plan(), self.service.home.limits.in_words())

        @render.ui
        def estimate() -> Any:
            plan = desk.plan()
            runs = f"{plan.size.pairs * (1 + len(plan.packages)):,}"
            seconds = self.service.home.seconds_for(plan, self.service.runner.processes)
            words = (
                say("run.runs", runs=runs)
                if seconds is None
                else say("run.estimate", runs=runs, time=page.in_clock(seconds))
            )
            return tags.p(words, class_="estimate")

        @render.ui
        def problems() -> Any:
            return page.problems([line for line in (self.said(), *faults()) if line])

        @render.ui
        def start() -> Any:
            wrong = bool(faults())
            return asking.button(say("run.start"), "compare", "primary", disabled="" if wrong else None, id="compare")

        self._keep(question, loaded, packages, panel, size, estimate, problems, start)

    def _answer(self) -> None:
        @render.ui
        def status() -> Any:
            return self._status()

        @render.ui
        def tab() -> Any:
            reading, name = self.reading(), self._tab()
            if name == "take":
                plan = self.service.home.plan(self.study()) if self.study() else None
                return (
                    page.take(self.study(), [each.name for each in plan.packages], self.progress().state == "done")
                    if plan
                    else None
                )
            if reading is None:
                working = self.progress().state == "working"
                return page.waiting(say("run.first" if working else "run.none"), working)
            return self._panel(reading, name)

        self._keep(status, tab)

    def _keep(self, *outputs: Any) -> None:
        """Outputs stand on the page from the start; that they are empty and so without height does not put them to sleep."""
        for each in outputs:
            self.session.output(suspend_when_hidden=False)(each)

    def _tab(self) -> str:
        name = self.input.tab() if "tab" in self.input else "short"
        return name if name in page.TABS else "short"

    def _given(self, name: str, otherwise: str) -> str:
        return str(self.input[name]()) if name in self.input else otherwise

    def _panel(self, reading: Reading, name: str) -> Any:
        scale = self._given("scale", "real")
        scale = scale if scale in ("real", "simulated") else "real"
        match name:
            case "effects":
                return answer.effects(reading, scale)
            case "whom":
                return self._whom(reading, scale)
            case "time":
                return sheets.over_time(reading, scale, self.service.home.plan(reading.identity))
            case "moves":
                return sheets.moves(reading, scale)
            case "cost":
                return sheets.cost(reading, scale)
            case "sure":
                return sheets.sure(reading, scale)
        return answer.headline(reading, scale)

    def _whom(self, reading: Reading, scale: str) -> Any:
        key = self._given("group_key", "segment")
        key = key if key in ("segment", "jurisdiction") else "segment"
        names = answer.group_outcomes(reading, key)
        chosen = self._given("group_outcome", "")
        chosen = chosen if chosen in names else next(iter(names), "")
        return TagList(answer.group_choices(key, names, chosen), answer.groups(reading, scale, key, chosen))

    def _status(self) -> Any:
        now, reading, identity = self.progress(), self.reading(), self.study()
        if not identity:
            return page.status("none", [say("run.none")], None, [])
        pairs = None if reading is None else (reading.pairs, reading.asked)
        words, share, actions = page.progress(now, pairs, identity == self.service.example)
        changed = self.desk.plan().identity != identity
        parts = [page.status(now.state, [*words, say("run.changed") if changed else ""], share, actions)]
        address = f"{self.session.clientdata.url_protocol()}//{self.session.clientdata.url_hostname()}"
        port = self.session.clientdata.url_port()
        address += (f":{port}" if port else "") + self.session.clientdata.url_pathname()
        return TagList(*parts, page.link(f"{address}?study={identity}"))
