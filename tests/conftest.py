"""What holds for all tests."""

import pytest


@pytest.fixture(autouse=True)
def no_width(monkeypatch):
    """Output is as wide as in a pipe, whatever runs the tests says of its own window."""
    monkeypatch.delenv("COLUMNS", raising=False)
