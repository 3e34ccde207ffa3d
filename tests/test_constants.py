"""No constant hides in a rule: numbers that decide what happens are parameters with a range, or stand here with a reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SIM = Path(__file__).parents[1] / "sim"
RULES = sorted([*SIM.glob("market/**/*.py"), SIM / "world.py"])
GUARD = 1e-6
"""What is not above this keeps a division or a logarithm from failing, and decides nothing."""
BOUNDLESS = 1e9
"""What is not below this stands for no bound at all."""

DEFINITIONS: dict[str, dict[float, str]] = {
    "market/supply/money.py": {100.0: "cents of a USD", 30.0: "days of a mean"},
    "market/supply/routes.py": {
        0.95: "a risk beyond which nobody sends",
        0.001: "a risk below which 1 / P is no guide",
    },
    "market/supply/supply.py": {0.02: "stocks are never quite empty", 0.05: "nor is purity", 30.0: "days of a mean"},
    "market/enforcement/arrests.py": {0.5: "traceability of payments is stated against 0.5, that of the usual coin"},
    "market/enforcement/attacks.py": {
        0.5: "ratings that say nothing are half good and half bad",
        0.999: "moderation that is all but whole counts as whole",
    },
    "market/enforcement/cases.py": {20_000.0: "consumers for which officer-days per case are stated"},
    "market/trade/payments.py": {
        0.5: "half the mean: each of the two stages of a Gamma(2) wait",
        0.6: "published: share of payments that one bank took [bank-concentration-2011]",
        0.95: "published: share that three banks took",
        7.0: "days of a week",
    },
}
"""Numbers of a file that are definitions, units or exact published formulas, with the reason."""


def numbers(source: str) -> list[tuple[int, float]]:
    """Line and value of every number with a point in ``source`` that could be a parameter: not 0 or 1, no guard, no bound, no base of a half-life."""
    tree = ast.parse(source)
    halving = {
        id(node.left)
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and isinstance(node.left, ast.Constant) and node.left.value == 0.5
    }  # fmt: skip
    return sorted(
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, float)
        and id(node) not in halving
        and node.value not in (0.0, 1.0)
        and GUARD < node.value < BOUNDLESS
    )


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.relative_to(SIM).as_posix())
def test_no_number_hides_in_a_rule(path):
    allowed = DEFINITIONS.get(path.relative_to(SIM).as_posix(), {})
    found = numbers(path.read_text(encoding="utf-8"))
    hidden = [f"line {line}: {value:g}" for line, value in found if value not in allowed]
    assert not hidden, f"{path.name}: {', '.join(hidden)}; make each a parameter, or say here why it is none"


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_list_of_definitions_holds_nothing_that_is_gone(name):
    found = {value for _, value in numbers((SIM / name).read_text(encoding="utf-8"))}
    assert set(DEFINITIONS[name]) <= found


def test_a_number_in_a_rule_is_found():
    assert numbers("def rule(x):\n    return 0.3 * x + 1.0 * 0.5 ** (1.0 / x) + max(x, 1e-9)") == [(2, 0.3)]
