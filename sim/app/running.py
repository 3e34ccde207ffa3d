"""Studies at work: each is a process of its own that runs the driver, goes on whoever looks, and is found again by what it leaves in its folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from sim.app import say
from sim.app.home import EVENTS, FILE, LOG, Home
from sim.app.plan import Plan
from sim.studies.errors import RequestError
from sim.studies.runs.machine import usable_cores
from sim.studies.store import lock
from sim.studies.store.own import RECORD, UNREADABLE

HOLDER = "process.json"
TAIL = 65_536
"""Bytes at the end of the events that are looked at."""
WAITING = "waiting.json"
"""In the folder of a study that waits until others have ended; holds since when."""
State = Literal["none", "waiting", "working", "stopped", "failed", "done"]


@dataclass(frozen=True)
class Progress:
    """How far a study is.

    Attributes
    ----------
    state
        Whether there is one, it waits for others, is at work, was stopped, failed, or is done.
    done, runs, failed
        Runs that are there, that there will be, and that failed.
    seconds_left
        As the driver expects, or until it begins where it waits; None before that is known.
    note
        What it last said, or what stopped it.
    place
        The how-manieth it is of those that wait; 0 where it does not.
    """

    state: State
    done: int = 0
    runs: int = 0
    failed: int = 0
    seconds_left: float | None = None
    note: str = ""
    place: int = 0


class Runner:
    """Starts, stops and looks after the studies of a server.

    Parameters
    ----------
    home
        Where they are.
    workers
        Processes that do the runs of one study; None for one a core.
    """

    def __init__(self, home: Home, workers: int | None = None) -> None:
        self.home, self.workers = home, workers
        self.expected = False
        """Whether somebody looks at the page, so that a study may be asked for."""
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ready: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    @property
    def processes(self) -> int:
        """How many processes do the runs of one study."""
        return self.workers or usable_cores()

    def start(self, identity: str) -> None:
        """Begin with a study, or go on with it, as soon as there is room; one that waits, is at work or done stays as it is.

        Raises
        ------
        RequestError
            If as many wait as may, or the process cannot be started.
        """
        if self.progress(identity).state in ("waiting", "working", "done"):
            return
        if len(self.at_work()) >= self.home.limits.at_once and len(self.waiting()) >= self.home.limits.waiting:
            raise RequestError(say("limits.busy", waiting=self.home.limits.waiting))
        try:
            (self.home.place(identity) / WAITING).write_text(json.dumps(time.time()), encoding="utf-8", newline="\n")
        except OSError as error:
            raise RequestError(say("error.write", why=error.strerror or error)) from error
        self.advance()

    def advance(self) -> None:
        """Begin with those that wait, who came first first, as far as there is room.

        Raises
        ------
        RequestError
            If a process cannot be started; its study waits no more.
        """
        with self._lock:
            room = self.home.limits.at_once - len(self.at_work())
            for identity in self.waiting()[: max(0, room)]:
                (self.home.place(identity) / WAITING).unlink(missing_ok=True)
                self._begin(identity)

    def _begin(self, identity: str) -> None:
        place = self.home.place(identity)
        words = ["study", str(place / FILE), "--out", str(self.home.run_folder(identity)), "--json"]
        words += ["--resume"] if self.home.begun(identity) else []
        words += [] if self.workers is None else ["--workers", str(self.workers)]
        try:
            with (place / EVENTS).open("wb") as events, (place / LOG).open("wb") as messages:
                child = self._handed_over(words, [events.name, messages.name])
                if child is None:
                    command = [sys.executable, "-m", "sim.cli", *words]
                    child = subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=events, stderr=messages, start_new_session=True
                    )
            self._children[identity] = child
            (place / HOLDER).write_text(json.dumps(lock.holder(child.pid)), encoding="utf-8", newline="\n")
        except OSError as error:
            raise RequestError(say("error.write", why=error.strerror or error)) from error

    def get_ready(self) -> None:
        """Keep a process that has loaded the model for the study that comes next, while somebody looks; not beside one at work, whose cores it would take.

        Most questions keep the size that the page proposes: the days before day 0 of its first pair are done by then.
        """
        with self._lock:
            if self.expected and self._ready is None and not self.at_work():  # one that ended by itself would again
                nowhere = subprocess.DEVNULL
                command = [sys.executable, "-m", "sim.cli.waiting", str(self.processes), json.dumps(Plan().begins_with)]
                self._ready = subprocess.Popen(
                    command, bufsize=0, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True
                )

    def _handed_over(self, words: list[str], files: list[str]) -> subprocess.Popen[bytes] | None:
        """The process that was ready, which does a command from now on; None where there is none."""
        ready, self._ready = self._ready, None
        if ready is None or ready.stdin is None:
            return None
        try:
            with ready.stdin as line:
                line.write(json.dumps({"words": words, "files": files}).encode() + b"\n")
        except OSError:  # it has ended
            return None
        return ready

    def close(self) -> None:
        """Let the process go that was ready; studies at work go on."""
        with self._lock:
            if self._ready is not None and self._ready.stdin is not None:
                self._ready.stdin.close()
                self._ready = None

    def waiting(self) -> list[str]:
        """The studies that wait, who came first first."""
        found: list[tuple[float, str]] = []
        for path in self.home.folder.glob(f"*/{WAITING}"):
            try:
                found.append((float(path.read_text(encoding="utf-8")), path.parent.name))
            except (*UNREADABLE, TypeError):
                continue
        return [identity for _, identity in sorted(found) if self.home.has(identity)]

    def seconds_until(self, place: int) -> float | None:
        """Seconds until the one that waits in a place (1 for the first) may begin; None where how long the others take is not known."""
        free: list[float] = []
        for identity in self.at_work():
            seconds = self.progress(identity).seconds_left
            if seconds is None:
                seconds = self._takes(identity)
            if seconds is None:
                return None
            free.append(seconds)
        free += [0.0] * max(0, self.home.limits.at_once - len(free))
        for identity in self.waiting()[: place - 1]:
            seconds = self._takes(identity)
            if seconds is None:
                return None
            free.remove(first := min(free))
            free.append(first + seconds)
        return min(free)

    def _takes(self, identity: str) -> float | None:
        try:
            return self.home.seconds_for(self.home.plan(identity), self.processes)
        except RequestError:
            return None

    def stop(self, identity: str) -> None:
        """Ask a study to end, or to wait no more; the runs that are done are kept."""
        (self.home.place(identity) / WAITING).unlink(missing_ok=True)
        holder = self._holder(identity)
        if holder is not None and self._alive(identity):
            os.kill(holder["pid"], signal.SIGTERM)

    def at_work(self) -> list[str]:
        """The studies that are at work now."""
        return [path.parent.name for path in self.home.folder.glob(f"*/{HOLDER}") if self._alive(path.parent.name)]

    def progress(self, identity: str) -> Progress:
        """How far a study is."""
        if not self.home.has(identity):
            return Progress("none")
        events = _last_events(self.home.place(identity) / EVENTS)
        last = events.get("progress", {})
        numbers: dict[str, Any] = {name: int(last.get(name) or 0) for name in ("done", "runs", "failed")}
        if self._alive(identity):
            return Progress(
                "working", **numbers, seconds_left=last.get("seconds_left"), note=events.get("note", {}).get("text", "")
            )
        waiting = self.waiting()
        if identity in waiting:
            place = waiting.index(identity) + 1
            return Progress("waiting", **numbers, seconds_left=self.seconds_until(place), place=place)
        if (self.home.run_folder(identity) / RECORD).is_file():
            return Progress("done", **numbers)
        said = _last_line(self.home.place(identity) / LOG)
        interrupted = not said or said.startswith("Interrupted")
        return Progress("stopped" if interrupted else "failed", **numbers, note="" if interrupted else said)

    def _holder(self, identity: str) -> dict[str, Any] | None:
        try:
            found = json.loads((self.home.place(identity) / HOLDER).read_text(encoding="utf-8"))
        except UNREADABLE:
            return None
        return found if isinstance(found, dict) and isinstance(found.get("pid"), int) else None

    def _alive(self, identity: str) -> bool:
        """Whether the process of a study is there, whoever started it."""
        child = self._children.get(identity)
        if child is not None:
            if child.poll() is None:
                return True
            del self._children[identity]
            return False
        holder = self._holder(identity)
        return holder is not None and lock.at_work(holder)


def _last_events(path: Path) -> dict[str, dict[str, Any]]:
    """The last event of each kind."""
    found: dict[str, dict[str, Any]] = {}
    for line in _tail(path).splitlines():
        try:
            event = json.loads(line)
            found[event["event"]] = event
        except (ValueError, KeyError, TypeError):  # the first line of the tail may be cut, the last unfinished
            continue
    return found


def _last_line(path: Path) -> str:
    lines = [line for line in _tail(path).splitlines() if line.strip()]
    return lines[-1][:500] if lines else ""


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - TAIL))
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
