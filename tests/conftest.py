"""What holds for all tests."""

import os

import pytest

from tests.deadlines import FAST, SLOW, deadline

STDERR = pytest.StashKey[int]()


def pytest_configure(config):
    """Keep the true standard error for what ends the process; during a test another stands in its place."""
    config.stash[STDERR] = os.dup(2)


def pytest_unconfigure(config):
    os.close(config.stash[STDERR])


def _in_time(item):
    slow = item.get_closest_marker("slow") is not None
    return deadline(SLOW if slow else FAST, item.config.stash[STDERR])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    with _in_time(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    with _in_time(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    with _in_time(item):
        return (yield)


@pytest.fixture(autouse=True)
def no_width(monkeypatch):
    """Output is as wide as in a pipe, whatever runs the tests says of its own window."""
    monkeypatch.delenv("COLUMNS", raising=False)


def pytest_collection_modifyitems(items):
    """No limit of time for what is marked slow."""
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.timeout(0))
