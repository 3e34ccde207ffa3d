"""What holds for all tests."""

import pytest


@pytest.fixture(autouse=True)
def no_width(monkeypatch):
    """Output is as wide as in a pipe, whatever runs the tests says of its own window."""
    monkeypatch.delenv("COLUMNS", raising=False)


def pytest_collection_modifyitems(items):
    """No limit of time for what is marked slow."""
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.timeout(0))
