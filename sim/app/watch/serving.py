"""The server of the page to watch: from this machine alone, with nothing fetched from elsewhere and nothing told to anybody."""

from __future__ import annotations

import os
import socket
import threading
import webbrowser
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sim.app import closing, say
from sim.app.shown.serving import LOOPBACK, POLICY, Guard
from sim.studies.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from sim.app.watch.world import Shown

ASSETS = "_solara/cdn"
"""Where the page asks for its scripts and fonts."""
EXTRA = "the extra `watch`: `pip install '.[watch]'` in a checkout, or `pip install 'FILE.whl[watch]'` with the wheel that this was installed from"
"""Where the packages come from: no lock file has them."""
SETTINGS = {
    "SOLARA_APP": "sim.app.watch.page",
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_ASSETS_PROXY": "true",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_LOADER": "plain",
}
"""What solara reads from the environment; whatever stood there before does not count."""


def check_installed() -> None:
    """See that what the page needs is there, and that its scripts are those that this solara asks for.

    Raises
    ------
    RequestError
        If not; it says how to install it.
    """
    if any(find_spec(name) is None for name in ("solara", "altair")):
        raise RequestError(f"the page to watch a world needs {EXTRA}")
    try:
        assets = version("solara-assets")
    except PackageNotFoundError:
        assets = "none"
    if assets != version("solara"):
        raise RequestError(
            f"the page to watch a world works without a network only where solara and solara-assets are of one release, and here are "
            f"{version('solara')} and {assets}: install {EXTRA}"
        )


def application(what: Shown, host: str = "127.0.0.1") -> Any:
    """The page as an ASGI application.

    Parameters
    ----------
    what
        What it shows.
    host
        Where it listens; on this machine alone, it may be called by no other name.

    Raises
    ------
    RequestError
        If the extra is not installed.
    """
    check_installed()
    os.environ.update(SETTINGS)
    os.environ["SOLARA_THEME_TITLE"] = say("watch.title", scenario=what.scenario.name)
    from solara.server import settings  # pyright: ignore[reportMissingImports]
    from solara.server.starlette import app  # pyright: ignore[reportMissingImports]
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    from sim.app.watch import page

    page.show(what)
    folder: Path = settings.assets.proxy_cache_dir
    app.router.routes.insert(
        0, Mount(f"/{ASSETS}", StaticFiles(directory=folder))
    )  # solara's own fetches what it lacks
    app.add_middleware(
        Guard, policy=POLICY.replace("script-src 'self'", "script-src 'self' blob:")
    )  # its parts are such scripts
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK] if host in LOOPBACK else ["*"])
    return app


def serve(what: Shown, host: str, port: int, browser: bool, ready: Callable[[str], None]) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    what
        What it shows.
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
    app = application(what, host)
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise RequestError(f"watch: {host}:{port}: {error.strerror or error}") from None
    address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
    ready(address)
    if browser:
        threading.Timer(0.3, webbrowser.open, (address,)).start()
    closing.run(app, listening)
