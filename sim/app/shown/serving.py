"""The server of the page: its address, what can be taken away, and who may talk to it."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
import webbrowser
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sim.app import closing, say, stamps
from sim.app.home import FILE, Home, as_yaml
from sim.app.running import Runner
from sim.studies.errors import RequestError, StudyError, extra

LOOPBACK = ("127.0.0.1", "localhost", "::1")
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'self'"
)
"""What a browser may load for the page: from this server, and from nowhere else."""
QUEUE_SECONDS = 1.0
"""Seconds between two looks at the queue."""
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


def check_installed() -> None:
    """See that what the page needs is there.

    Raises
    ------
    RequestError
        If not; it says how to install it.
    """
    if find_spec("shiny") is None:
        raise RequestError(f"the page needs {extra('app')}")


def application(home: Home, workers: int | None = None, example: bool = True, hosts: Iterable[str] = LOOPBACK) -> Asgi:
    """The page as an ASGI application.

    Parameters
    ----------
    home
        Where its studies are.
    workers
        Processes that do the runs of one study.
    example
        Whether the default question is answered when the server starts, if it was not before.
    hosts
        Names by which the server may be called; anything else is refused, since it comes from another page.
    """
    from shiny import App
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    import sim.policies  # noqa: F401 - the kinds enter themselves
    from sim.app.plan import default
    from sim.app.reading import Reader
    from sim.app.shown import page, server

    runner = Runner(home, workers)
    shown = default()
    service = server.Service(home, runner, Reader(home), shown.identity if example or home.has(shown.identity) else "")
    if example:
        with suppress(RequestError):  # the page says the same to whoever presses the button
            runner.start(home.write(shown))
    shiny = App(page.page(), server.make(service))
    routes = [
        Route("/take/{identity}/{what}", _Taking(home).answer),
        Mount("/static", StaticFiles(directory=page.STATIC)),
        Mount("/", shiny),
    ]

    @asynccontextmanager
    async def life(_: Any) -> AsyncIterator[None]:
        queue = asyncio.create_task(_look_after(runner))
        yield
        queue.cancel()
        runner.close()

    return Starlette(
        lifespan=life,
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts]), Middleware(Guard)],
    )


async def _look_after(runner: Runner) -> None:
    """Begin with those that wait whenever there is room, whether or not anybody looks, and be ready for the next."""
    while True:
        with suppress(RequestError, OSError):  # what is wrong with it is said to whoever asks for it again
            await asyncio.to_thread(runner.advance)
            await asyncio.to_thread(runner.get_ready)
        await asyncio.sleep(QUEUE_SECONDS)


class Guard:
    """Refuses what another page asks in the name of whoever looks at it, and says what a browser may load."""

    def __init__(self, app: Asgi, policy: str = POLICY) -> None:
        self.app, self.policy = app, policy

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuse a request, or answer it."""
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope.get("headers", ())}
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != headers.get("host"):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 4403})
            else:
                await send({"type": "http.response.start", "status": 403, "headers": []})
                await send({"type": "http.response.body", "body": b""})
            return

        async def more(message: Any) -> None:
            if message["type"] == "http.response.start":
                safe = [
                    (b"content-security-policy", self.policy.encode()),
                    (b"referrer-policy", b"same-origin"),
                    (b"x-content-type-options", b"nosniff"),
                ]
                message = {**message, "headers": [*message["headers"], *safe]}
            await send(message)

        await self.app(scope, receive, more)


class _Taking:
    """What can be taken away of a study."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._one_at_a_time = threading.Lock()

    async def answer(self, request: Any) -> Any:
        """A file of a study, or that there is none."""
        from starlette.responses import PlainTextResponse, Response

        identity, what = request.path_params["identity"], request.path_params["what"]
        try:
            name, content = await asyncio.to_thread(self.content, identity, what)
        except (StudyError, OSError, KeyError, ValueError, IndexError):
            return PlainTextResponse(say("error.no_study"), status_code=404)
        kind = {"html": "text/html", "zip": "application/zip", "json": "application/json"}.get(
            name.rpartition(".")[2], "text/plain"
        )
        return Response(
            content,
            media_type=f"{kind}; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    def content(self, identity: str, what: str) -> tuple[str, bytes]:
        """Name and content of what is taken.

        Raises
        ------
        RequestError
            If there is no such study.
        """
        if not self.home.has(identity):
            raise RequestError(say("error.no_study"))
        folder = self.home.run_folder(identity)
        if what == "study":
            return "study.yaml", (self.home.place(identity) / FILE).read_bytes()
        if what.startswith("scenario-"):
            plan, number = self.home.plan(identity), int(what.removeprefix("scenario-"))
            return f"{plan.labels[number]}.yaml", as_yaml(plan.scenario(number)).encode()
        if what == "record":
            return "record.json", (folder / "record.json").read_bytes()
        if what in ("report", "report-simulated"):
            from sim.report.folder import report  # what draws is loaded when somebody wants it

            with self._one_at_a_time:
                return f"{what}.html", report(folder, "real" if what == "report" else "simulated").encode()
        suffixes = {"data": (".csv",), "figures": (".svg", ".png")}[what]
        made = date.fromtimestamp((folder / "record.json").stat().st_mtime).isoformat()
        stamp = stamps.lines(self.home.plan(identity), identity, made)
        found = [
            path
            for path in sorted((folder / "answer").rglob("*"))
            if path.suffix in suffixes and path.is_file() and not path.is_symlink()
        ]
        with self._one_at_a_time:
            return f"{what}-{identity[:8]}.zip", _zip([*found, folder / "record.json"], folder, stamp)


def _zip(paths: Iterable[Path], folder: Path, stamp: list[str]) -> bytes:
    """Files as a ZIP archive, figures with their stamp; the record goes with them and says what they are of."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.writestr(path.relative_to(folder).as_posix(), stamps.stamped(path.name, path.read_bytes(), stamp))
    return buffer.getvalue()


def serve(
    home: Home,
    host: str,
    port: int,
    workers: int | None,
    browser: bool,
    ready: Callable[[str], None],
    example: bool = True,
) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    home, workers, example
        See `application`.
    host, port
        Where to listen; port 0 is any that is free.
    browser
        Whether to open one.
    ready
        Told the address once the server listens.

    Raises
    ------
    RequestError
        If the extra is not installed, or the address cannot be had.
    """
    check_installed()
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        home.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"app: {host}:{port}, {home.folder}: {error.strerror or error}") from None
    hosts = LOOPBACK if host in LOOPBACK else ("*",)
    app = application(home, workers, example, hosts)
    address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
    ready(address)
    if browser:
        threading.Timer(0.3, webbrowser.open, (address,)).start()
    closing.run(app, listening)
