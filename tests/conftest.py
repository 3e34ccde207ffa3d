"""What holds for all tests."""

import functools
import gc

import pytest
import typer.testing

typer.testing._get_command = functools.cache(typer.testing._get_command)
"""The commands of `odm` are made once, as in a process that runs one of them, and not for every call of a test."""


@pytest.fixture(autouse=True)
def no_width(monkeypatch):
    """Output is as wide as in a pipe, whatever runs the tests says of its own window."""
    monkeypatch.delenv("COLUMNS", raising=False)


def pytest_collection_modifyitems(items):
    """No limit of time for what is marked slow."""
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.timeout(0))


def pytest_collection_finish():
    """Modules and tests stay to the end: whoever looks for rubbish while they run need not look through them."""
    gc.collect()
    gc.freeze()
