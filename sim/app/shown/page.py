"""The page as a whole: what stands on it before anything is asked, and where the parts go."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from htmltools import HTML, Tag, TagList, head_content, tags
from shiny import ui

from sim.app import say
from sim.app.cards import cards
from sim.app.plan import Plan
from sim.app.running import Progress, Runner
from sim.app.shown.asking import button
from sim.app.stored import Stored
from sim.scenario import list_scenarios

STATIC = Path(__file__).parents[1] / "static"
TABS = ("short", "effects", "whom", "time", "moves", "cost", "sure", "beside", "take")


@cache
def questions() -> Sequence[tuple[str, str]]:
    """Name and title of every scenario that ships with something done in it."""
    return [(name, title) for name, title, _ in list_scenarios() if title and name != "baseline"]


def page() -> TagList:
    """The page before a session fills it."""
    cards()
    head = head_content(
        tags.meta(name="viewport", content="width=device-width, initial-scale=1"),
        tags.title(say("page.title")),
        tags.link(rel="icon", href="data:,"),
        tags.link(rel="stylesheet", href="static/page.css"),
        tags.script(src="static/page.js", defer=""),
    )
    return TagList(head, _top(), tags.main(_asking(), _answer(), class_="columns"), _foot())


def _top() -> Tag:
    return tags.header(
        tags.a(say("page.skip"), href="#answer", class_="skip"),
        tags.div(tags.h1(say("page.title")), tags.p(say("page.lead")), class_="inner"),
        class_="top",
    )


def _foot() -> TagList:
    return TagList(
        tags.div(ui.output_ui("panel"), id="panel-holder"),
        tags.footer(say("page.what"), class_="foot"),
        tags.div(say("page.lost"), class_="lost", role="alert", hidden=""),
    )


def _asking() -> Tag:
    options = [tags.option(say("start.own"), value="")]
    options += [tags.option(title, value=name) for name, title in questions()]
    return tags.section(
        tags.h2(say("page.asking")),
        tags.div(
            tags.label(say("start.title"), for_="start-from", class_="label"),
            tags.select(*options, id="start-from", class_="input", **{"data-set": "start:"}),
            tags.p(say("start.help"), class_="hint"),
            ui.output_ui("question"),
            tags.label(
                say("start.load"), tags.input(type="file", accept=".yaml,.yml", **{"data-upload": ""}), class_="button small file"
            ),
            tags.p(say("start.load_help"), class_="hint"),
            ui.output_ui("loaded"),
            class_="block",
        ),
        tags.div(tags.h3(say("package.title")), tags.p(say("package.help"), class_="hint"), ui.output_ui("packages"), class_="block"),
        tags.div(tags.h3(say("size.title")), ui.output_ui("size"), ui.output_ui("estimate"), class_="block"),
        tags.div(ui.output_ui("problems"), ui.output_ui("start"), class_="block run"),
        class_="asking",
        **{"aria-label": say("page.asking")},
    )  # fmt: skip


def _answer() -> Tag:
    tabs = [
        tags.button(
            say(f"answer.{name}"), type="button", role="tab", id=f"tab-{name}", tabindex="0" if k == 0 else "-1",
            **{"data-tab": name, "aria-selected": "true" if k == 0 else "false", "aria-controls": "tab-panel"},
        )
        for k, name in enumerate(TABS)
    ]  # fmt: skip
    scales = [
        tags.label(
            tags.input(
                type="radio", name="scale", value=name, checked="" if name == "real" else None, **{"data-set": "scale:"}
            ),
            say(f"answer.{name}"),
        )
        for name in ("real", "simulated")
    ]
    return tags.section(
        tags.h2(say("page.answer")),
        tags.div(ui.output_ui("status"), class_="status-holder"),
        tags.div(
            tags.div(*tabs, role="tablist", class_="tabs", **{"aria-label": say("page.answer")}),
            tags.fieldset(tags.legend(say("answer.scale")), *scales, class_="scale-choice"),
            class_="bar-top",
        ),
        tags.div(ui.output_ui("tab"), id="tab-panel", role="tabpanel", tabindex="0", **{"aria-labelledby": "tab-short"}),
        class_="answer", id="answer", tabindex="-1", **{"aria-label": say("page.answer")},
    )  # fmt: skip


def status(state: str, words: Sequence[str], share: float | None, actions: Sequence[Tag]) -> Tag:
    """Where the comparison is: a bar, words, and what can be done."""
    meter = None
    if share is not None:
        meter = tags.div(
            tags.div(style=f"width:{100 * share:.1f}%"), class_="progress", role="progressbar",
            **{"aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": f"{100 * share:.0f}", "aria-label": say("page.answer")},
        )  # fmt: skip
    lines = [tags.p(line) for line in words if line]
    return tags.div(
        meter,
        tags.div(tags.div(*lines, **{"aria-live": "polite"}), tags.div(*actions, class_="row"), class_="status-row"),
        class_=f"status {state}",
    )


def in_clock(seconds: float) -> str:
    """Seconds as people say them."""
    return say("run.seconds", n=max(1, round(seconds))) if seconds < 90 else say("run.minutes", n=round(seconds / 60))


def estimate(plan: Plan, runner: Runner) -> TagList:
    """How many runs a plan is, how long they take here, and whether it would have to wait."""
    runs = f"{plan.size.pairs * (1 + len(plan.packages)):,}"
    seconds = runner.home.seconds_for(plan, runner.processes)
    words = say("run.runs", runs=runs) if seconds is None else say("run.estimate", runs=runs, time=in_clock(seconds))
    busy, queue = len(runner.at_work()), None
    begun = runner.progress(plan.identity).state in ("waiting", "working", "done")
    if busy >= runner.home.limits.at_once and not begun:
        place = len(runner.waiting()) + 1
        until = runner.seconds_until(place)
        named = {"busy": busy, "place": place}
        queue = (
            say("limits.queue_unknown", **named)
            if until is None
            else say("limits.queue", **named, time=in_clock(until))
        )
    return TagList(
        tags.p(words, class_="estimate"), tags.p(queue, class_="note queue", role="status") if queue else None
    )


def progress(now: Progress, pairs: tuple[int, int] | None, example: bool) -> tuple[list[str], float | None, list[Tag]]:
    """What is said of a study, how far it is, and what can be done.

    Parameters
    ----------
    now
        Where it is.
    pairs
        Pairs that can be read, and that there will be.
    example
        Whether it is what the server answers by itself.
    """
    numbers = {"done": f"{now.done:,}", "runs": f"{now.runs:,}"}
    read = say("run.pairs", pairs=pairs[0], asked=pairs[1]) if pairs and pairs[1] > 1 else ""
    lost = say("run.failures", failed=now.failed) if now.failed else ""
    share = now.done / now.runs if now.runs else 0.0
    go_on = [button(say("run.go_on"), "again", "small strong", id="go-on")]
    match now.state:
        case "working":
            known = now.seconds_left is not None and now.done > 0
            left = say("run.left", time=in_clock(now.seconds_left or 0.0)) if known else say("run.measuring")
            head = f"{say('run.working', **numbers)}, {left}." if now.runs else f"{say('run.ready')} \u2026"
            more = say("run.example") if example else say("run.closing")
            return [head, read, lost, more], share, [button(say("run.stop"), "stop", "small", id="stop")]
        case "waiting":
            when = (
                say("run.begins_unknown")
                if now.seconds_left is None
                else say("run.begins", time=in_clock(now.seconds_left))
            )
            return (
                [f"{say('run.waiting', place=now.place)}: {when}", say("run.closing")],
                None,
                [button(say("run.stop"), "stop", "small", id="stop")],
            )
        case "stopped":
            return [say("run.stopped", **numbers), read, lost], share, go_on
        case "failed":
            return [say("run.failed", why=now.note), read, lost], share, go_on
        case "done":
            return [say("run.done", pairs=pairs[0] if pairs else numbers["runs"]), lost], None, []
    return [], None, go_on


def take(identity: str, names: Sequence[str], done: bool) -> TagList:
    """What can be taken away, and how to make it again."""
    base = f"take/{identity}"

    def line(word: str, href: str, help_text: str = "") -> Tag:
        return tags.li(
            tags.a(say(f"take.{word}"), href=f"{base}/{href}", download=""),
            tags.span(help_text, class_="hint") if help_text else None,
        )

    report = [line("report", "report", say("take.report_help")), line("report_simulated", "report-simulated")]
    ended = [
        line("data", "data", say("take.data_help")),
        line("figures", "figures"),
        line("record", "record"),
    ]
    waits = [tags.li(say("take.report_wait"), class_="hint")]
    scenarios = [
        tags.li(tags.a(f"{name} (YAML)", href=f"{base}/scenario-{number}", download=""))
        for number, name in enumerate(names)
    ]
    python = 'from sim import run_study\n\ndone = run_study("study.yaml", "results/comparison")\nprint(done.answer.tables["effects"])'
    return TagList(
        tags.p(say("take.lead")),
        tags.ul(*report, *(ended if done else waits), line("study", "study"), class_="take"),
        tags.h3(say("take.scenarios")), tags.ul(*scenarios, class_="take"),
        tags.h3(say("take.command")), tags.pre("odm study study.yaml --out results/comparison\nodm verify results/comparison"),
        tags.h3(say("take.python")), tags.pre(python),
    )  # fmt: skip


def link(address: str) -> Tag:
    """The link that reopens an answer."""
    box = tags.input(
        type="text", readonly="", value=address, id="link", class_="input", **{"aria-label": say("run.link")}
    )
    return tags.div(
        tags.label(say("run.link"), for_="link", class_="hint"),
        tags.div(
            box,
            tags.button(
                say("run.copy"),
                type="button",
                class_="button small",
                **{"data-copy": "link", "data-copied": say("run.copied")},
            ),
            class_="row",
        ),
        class_="link",
    )


def problems(lines: Sequence[str]) -> TagList | None:
    """What keeps a plan from being compared."""
    if not lines:
        return None
    return TagList(
        tags.div(
            tags.strong(say("error.title")), tags.ul(*[tags.li(line) for line in lines]), class_="alert", role="alert"
        )
    )


def stored(known: Stored) -> Tag:
    """What a stored answer is of."""
    words = say(
        "stored.what",
        pairs=known.pairs,
        consumers=f"{known.consumers:,}",
        made=known.made,
        model=known.model.partition(" ")[0],
    )
    return tags.p(f"{words} {say('stored.current' if known.current else 'stored.other')}", class_="note stored")


def waiting(text: str, working: bool) -> Tag:
    """The answer before there is one."""
    return tags.div(
        HTML('<div class="pulse" aria-hidden="true"></div>') if working else None, tags.p(text), class_="waiting"
    )
