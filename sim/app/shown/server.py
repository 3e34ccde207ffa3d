"""What happens in a session: what the browser says changes the plan, what the store says changes the answer. No rule of the model stands here."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from htmltools import TagList, tags
from shiny import Inputs, Outputs, Session, reactive, render

from sim.app import say
from sim.app.beside import Side, beside
from sim.app.home import as_yaml
from sim.app.plan import default
from sim.app.shown import asking, page, sheets, side
from sim.app.shown.desk import Desk, Service, faults_of
from sim.app.shown.looking import IDLE_SECONDS, Looking
from sim.app.shown.sheet import AT_ONCE, Choice, as_good, at_once, sheet
from sim.app.stored import Stored, stored
from sim.scenario import ScenarioError
from sim.studies.errors import RequestError, names_in_words


def make(service: Service) -> Callable[[Inputs, Outputs, Session], None]:
    """The function that Shiny calls for each session."""

    def server(input: Inputs, output: Outputs, session: Session) -> None:
        Talk(service, input, session).begin()

    return server


class Talk:
    """One session."""

    def __init__(self, service: Service, input: Inputs, session: Session) -> None:
        self.service, self.input, self.session = service, input, session
        service.runner.expected = True
        self.main, self.other = Looking(service), Looking(service)
        self.study, self.progress, self.reading = self.main.study, self.main.progress, self.main.reading
        self.said: reactive.Value[str] = reactive.Value("")
        self.desk = Desk(default())

    def begin(self) -> None:
        """Set up everything that reacts."""
        self._open()
        self._listen()
        self.main.begin()
        self.other.begin()
        self._ask()
        self._answer()

    def guarded(self, call: Callable[[], None]) -> None:
        """Do what somebody asked; what cannot be done is said, and what nobody thought of does not end the session."""
        self.said.set("")
        try:
            call()
        except ScenarioError as error:
            self.said.set(say("error.file", why=str(names_in_words(error).problems[0])))
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
            given = {name: value for name, _, value in (part.partition("=") for part in search.lstrip("?").split("&"))}
            named, second = given.get("study", ""), given.get("beside", "")
            with reactive.isolate():
                if not named and not self.study() and self.service.example:
                    self.study.set(self.service.example)
                self.guarded(lambda: self._open_named(named, second))

    def _open_named(self, named: str, second: str) -> None:
        if named and named != self.study():
            self._show(named)
        if second and second != self.other.study():
            self._put_beside(second)

    def _show(self, identity: str) -> None:
        self.desk.renew(self.service.home.plan(identity))
        self.main.turn(identity)

    def _put_beside(self, link: str) -> None:
        """Put the answer behind a link, or an identity, beside the one that is shown; nothing where there is none."""
        named = re.search(r"(?:study=|^\s*)([0-9a-f]{20})", link)
        if link.strip():
            self.service.home.plan(named[1] if named else "")
        self.other.turn(named[1] if named else "")

    def _listen(self) -> None:
        @reactive.effect
        @reactive.event(self.input.do)
        async def _() -> None:
            words = str(self.input.do().get("do", "")).split(":")
            if words[0] in ("compare", "again"):
                self.guarded(self._compare)
                await self._tell_address()
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
        async def _() -> None:
            where, value = str(self.input.set()["where"]), self.input.set()["value"]
            self.guarded(lambda: self._put_beside(str(value)) if where == "beside:" else self.desk.put(where, value))
            if where == "start:" and value and not self.said():
                asked = self.desk.plan().identity
                self.main.turn(asked if self.service.home.has(asked) else "")
            if where in ("start:", "beside:"):
                await self._tell_address()

        @reactive.effect
        @reactive.event(self.input.file)
        def _() -> None:
            given = self.input.file()
            self.desk.loaded.set("")
            self.guarded(lambda: self.desk.load(str(given["name"])[:80], str(given["text"])))

    async def _tell_address(self) -> None:
        """Have the address name what is shown."""
        named = {"study": self.study(), "beside": self.other.study()}
        search = "&".join(f"{name}={identity}" for name, identity in named.items() if identity)
        await self.session.send_custom_message("address", {"search": f"?{search}" if search else ""})

    def _compare(self) -> None:
        identity = self.service.home.write(self.desk.plan())
        self.main.turn(identity)
        self.service.runner.start(identity)
        self.main.tell(self.service.runner.progress(identity))

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
                home = self.service.home
                return asking.size(desk.plan(), home.limits.in_words(len(home.studies())))

        @render.ui
        def estimate() -> Any:
            reactive.invalidate_later(IDLE_SECONDS)
            return page.estimate(desk.plan(), self.service.runner)

        @render.ui
        def problems() -> Any:
            return page.problems([line for line in (self.said(), *faults()) if line])

        @render.ui
        def start() -> Any:
            wrong = bool(faults())
            return asking.button(say("run.start"), "compare", "primary", disabled="" if wrong else None, id="compare")

        self._keep(question, loaded, packages, panel, size, estimate, problems, start)

    def _answer(self) -> None:
        @reactive.calc
        def kept() -> Stored | None:
            return stored(self.service.home.plan(self.study()) if self.study() else self.desk.plan())

        @render.ui
        def status() -> Any:
            return self._status(kept())

        @render.ui
        def tab() -> Any:
            reading, name = self.reading(), self._tab()
            if name == "take":
                plan = self.service.home.plan(self.study()) if self.study() else None
                return (
                    page.take(self.study(), [each.name for each in plan.packages], self.main.state() == "done")
                    if plan
                    else None
                )
            if name == "beside":
                return self._beside()
            known = kept()
            if known is not None and name in AT_ONCE and not as_good(reading, known):
                return TagList(page.stored(known), at_once(known, name, self._choice().scale))
            if reading is None:
                working = self.main.state() in ("working", "waiting")
                early = self.main.early()
                if working and early is not None and name in sheets.EARLY:
                    return sheets.so_far(early, self._choice().scale, self.service.home.plan(early.identity))
                return page.waiting(say("run.first" if working else "run.own" if known else self._nothing()), working)
            first = reading.pairs == 1 and self.main.state() in ("working", "waiting")
            coming = reading.asked - 1 if first else 0
            return sheet(reading, name, self._choice(), self.service.home.plan(reading.identity), coming)

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

    def _beside(self) -> Any:
        """Two answers side by side."""
        parts: list[Any] = [side.ask(self.other.study())]
        readings = [self.reading(), self.other.reading()]
        there = [each for each in readings if each is not None]
        if self.other.study() and len(there) < 2:
            parts.append(page.waiting(say("beside.wait"), True))
        elif len(there) == 2:
            chosen = []
            for name, each in zip(side.SIDES, there, strict=True):
                given = self._given(f"beside_{name}", "")
                chosen.append(given if given in each.others else each.others[0])
            titles = [{label: each.titles[label] for label in each.others} for each in there]
            sides = [
                Side(self.service.home.plan(each.identity), each, label)
                for each, label in zip(there, chosen, strict=True)
            ]
            scale = self._choice().scale
            parts += [side.choices(titles, chosen), side.sheet(sides, beside(sides[0], sides[1], scale), scale)]
        return TagList(*parts)

    def _nothing(self) -> str:
        """Which text says that there is no answer: to a question that is set up, or that none is."""
        return "run.fresh" if any(package.policies for package in self.desk.plan().packages) else "run.none"

    def _choice(self) -> Choice:
        return Choice.of(self._given("scale", ""), self._given("group_key", ""), self._given("group_outcome", ""))

    def _status(self, known: Stored | None) -> Any:
        now, reading, identity = self.progress(), self.reading(), self.study()
        if not identity:
            return page.status("none", [say("run.more" if known else self._nothing())], None, [])
        pairs = None if reading is None else (reading.pairs, reading.asked)
        words, share, actions = page.progress(now, pairs, identity == self.service.example)
        changed = self.desk.plan().identity != identity
        parts = [page.status(now.state, [*words, say("run.changed") if changed else ""], share, actions)]
        address = f"{self.session.clientdata.url_protocol()}//{self.session.clientdata.url_hostname()}"
        port = self.session.clientdata.url_port()
        address += (f":{port}" if port else "") + self.session.clientdata.url_pathname()
        return TagList(*parts, page.link(f"{address}?study={identity}"))
