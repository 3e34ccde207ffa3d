"""Serving a page until Ctrl-C, and closing it without a word: what still waits in the server is told to stop, and has nothing to say to anybody."""

from __future__ import annotations

import asyncio
import io
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from socket import socket
from typing import Any

SECONDS = 3.0
"""Seconds that what still waits has to stop."""


def run(app: Any, listening: socket) -> None:
    """Serve an ASGI application until Ctrl-C or SIGTERM.

    Left to itself, uvicorn sends the signal again once it has closed; all that waits is then cancelled, and Shiny and Starlette print a traceback for each.

    Parameters
    ----------
    app
        The application.
    listening
        Where it listens.
    """
    import uvicorn

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Close at the first signal, at once at the second."""
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for each, handler in before.items():
                    signal.signal(each, handler)

    async def serve() -> None:
        await Server(uvicorn.Config(app, log_level="warning", lifespan="on")).serve([listening])
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        if waiting:
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
            with redirect_stderr(io.StringIO()):
                for task in waiting:
                    task.cancel()
                await asyncio.wait(waiting, timeout=SECONDS)

    asyncio.run(serve())
