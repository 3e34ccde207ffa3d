"""No test lasts for ever: what has hung fails, says where it stood, and the others go on."""

import faulthandler
import os
import signal
import threading
from contextlib import contextmanager

FAST, SLOW = (float(os.environ.get(name, seconds)) for name, seconds in (("ODM_TEST_SECONDS", 600), ("ODM_SLOW_TEST_SECONDS", 5400)))  # fmt: skip
"""Seconds that setting up, calling or taking down a test may last, each."""
GRACE = 120
"""Seconds after which a process that does not even fail is ended with a list of where its threads stood."""


class Late(Exception):
    """Something lasted longer than it may."""


@contextmanager
def deadline(seconds, where=None):
    """Raise `Late` in what lasts longer, wherever it waits.

    It is raised again every half minute until it is out: a callback may have taken the first. A process that waits where no exception
    reaches it is ended after `GRACE` more, if `where` is a file that can be told so.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_):
        raise Late(f"not done after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    if where is not None:
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=where)
    signal.setitimer(signal.ITIMER_REAL, seconds, 30.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if where is not None:
            faulthandler.cancel_dump_traceback_later()
