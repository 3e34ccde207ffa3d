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

UNITS = {7.0, 30.0, 30.4, 365.0, 100.0, 20_000.0}
"""Days of a week, a month and a year, cents of a USD, and the consumers for which rates are stated."""

DEFINITIONS: dict[str, dict[float, str]] = {
    "world.py": {
        1e5: "people for whom officer-days are stated",
        1e6: "the column's bound: a stash",
        2.0: "twice an even draw, whose mean is 1",
    },
    "market/beliefs.py": {0.5: "published: NarcoLogic believes half of what it saw last"},
    "market/entry_exit/characters.py": {
        0.06: "the column's bounds: security",
        19.0: "likewise",
        5.0: "log pack size",
        230.0: "listings",
        99.0: "what is asked",
        0.5: "a lognormal number has mean 1 where its log has minus half its variance",
        1e8: "stock",
    },
    "market/entry_exit/entry.py": {1000.0: "the column's bounds", 0.01: "the column's bounds"},
    "market/entry_exit/roles.py": {2.0: "needs a day that the column holds"},
    "market/groups.py": {6500.0: "cents: a first guess, replaced by the mean of orders within days"},
    "market/choice/migration.py": {0.4: "fitted: the platforms prototype has 0.48 beside 1.2, and both move together"},
    "market/choice/search.py": {0.3: "the pharmacies prototype has 0.12 of the naive beside 0.40 of the knowing"},
    "market/demand/law.py": {0.5: "to the nearest whole step: half a one is none"},
    "market/health/alerts.py": {
        0.1: "as assumed before, when both had ranges, which were the same but for this",
        2.0: "practice goes from 0 to 1, and who has half of it is the measure",
    },
    "market/health/consumption.py": {1e-4: "a trace that counts as none"},
    "market/health/early_warning.py": {
        0.5: "mean of a lognormal; a delivery against a sample checked: nothing known, and the day of an alert is all it moves",
        2.5: "a seized parcel likewise",
    },
    "market/supply/mixing.py": {0.5: "mean of a lognormal"},
    "market/health/harm.py": {
        0.01437: "published: the rule of the RTI Virtual Opioid User",
        1243.7: "published: likewise",
        2.0: "trust goes from 0 to 1, and who has half of it is the measure",
    },
    "market/health/violence.py": {
        2.0: "what happens to one is shared out over two: who met it, and the friends together"
    },
    "market/learning/fear.py": {0.5: "the share of trade at which fear by share is stated"},
    "market/learning/forum.py": {
        0.99: "a board that is not false altogether",
        5.0: "what reading may cost in a country: no world of a study is larger",
    },
    "market/people/who.py": {0.5: "the middle of an even draw, and as many men as women"},
    "market/people/stopping.py": {2.0: "half of an elasticity acts at either end"},
    "market/supply/pricing.py": {
        3.0: "the column's bounds",
        0.01: "what nothing is divided by",
        0.1: "what a price is divided by at the least",
    },
    "market/trade/booking.py": {60.0: "days of a mean, as its name says", 180.0: "likewise"},
    "market/trade/checkout.py": {2.0: "twice the mean where trust is complete and none where it is nil"},
    "market/trade/content.py": {0.5: "mean of a lognormal"},
    "market/trade/post.py": {0.95: "some get through any inspection", 365e3: "a thousand people and a year"},
    "market/supply/routes.py": {
        0.95: "a risk beyond which nobody sends",
        0.001: "a risk below which 1 / P is no guide",
    },
    "market/supply/supply.py": {
        0.5: "the street against apps: nothing known, and hardly anything moves",
        5e-5: "orders a day a consumer: a substance that nobody wants",
        0.02: "stocks are never quite empty",
        0.05: "nor is purity",
    },
    "market/enforcement/contacts.py": {
        0.6: "the harm prototype's 0.15 beside 0.25: what a charge leaves moves as one",
        0.2: "likewise 0.05 beside 0.25",
    },
    "market/enforcement/enforcement.py": {0.05: "least effort on a target: nothing moves between 0.02 and 0.1"},
    "market/enforcement/arrests.py": {0.5: "traceability of payments is stated against 0.5, that of the usual coin"},
    "market/enforcement/attacks.py": {
        0.5: "ratings that say nothing are half good and half bad",
        0.999: "moderation that is all but whole counts as whole",
    },
    "market/trade/payments.py": {
        0.5: "half the mean: each of the two stages of a Gamma(2) wait",
        0.6: "published: share of payments that one bank took [bank-concentration-2011]",
        0.95: "published: share that three banks took",
    },
}
"""Numbers of a file that are definitions, bounds of a column or exact published formulas, with the reason."""

SMALL = 8
"""Whole numbers up to this one count things of which there are few: columns, draws, stages."""

WHOLE: dict[str, dict[int, str]] = {
    "world.py": {
        64: "the first size of a table",
        60: "turns of a search that ends before; and days that vendors have sold at the start, which is before the burn-in",
        10: "days since their last sale, likewise",
    },
    "market/adding.py": {128: "terms that are added in a row"},
    "market/ahead.py": {32: "bits of a word"},
    "market/blocks.py": {
        5000: "rows of a block: no number depends on it",
        1500: "rows for which a thread is woken: likewise",
        40_000: "likewise, where a kernel only looks through columns",
    },
    "market/books.py": {256: "the first size of a table"},
    "market/choice/vendor.py": {40: "exp(-40) is nothing"},
    "market/demand/needs.py": {255: "a mark in a column"},
    "market/enforcement/enforcement.py": {15: "the day of a month on which police look at their yields"},
    "market/entry_exit/characters.py": {25: "bits of a key"},
    "market/entry_exit/entry.py": {
        300: "days that the first cryptomarkets have been open at the start, which is before the burn-in",
        34: "of many operators drawn, one who has lasted is found long before",
        4096: "part of a key",
        65000: "part of a key",
        40_000: "part of a key",
        1_000_000: "part of a key",
        32: "bits of a key",
    },
    "market/events.py": {1024: "the first size of a table"},
    "market/health/consumption.py": {16: "a bit", 32: "a bit", 64: "a bit"},
    "market/learning/friends.py": {91: "days of a season, in which friendships change their share of a year"},
    "market/learning/vendors.py": {65_535: "the column's bound"},
    "market/people/life.py": {
        110: "years that nobody passes",
        1_000_000: "people by whom the published table is stated",
    },
    "market/people/who.py": {
        16: "draws of a person",
        12: "tries that a refused draw has",
        9: "the number of a draw",
        10: "the number of another",
    },
    "market/state.py": {12: "the first size of a table, for so many consumers"},
    "market/supply/network.py": {64: "part of a key"},
    "market/supply/routes.py": {1000: "loads that a key tells apart", 64: "part of a key"},
    "market/supply/supply.py": {
        15: "days until suppliers know what is wanted; until then they deliver it, before the burn-in ends"
    },
    "market/trade/content.py": {
        4096: "part of a key",
        97: "days of batches differ by vendor, by what is left of its key",
    },
}
"""Likewise whole numbers."""

TABLES = {"market/people/life.py"}
"""Files with a published life table."""


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


def whole_numbers(source: str) -> list[tuple[int, int]]:
    """Line and value of every whole number in ``source`` that is above `SMALL`."""
    return sorted(
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value > SMALL
    )


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.relative_to(SIM).as_posix())
def test_no_number_hides_in_a_rule(path):
    name = path.relative_to(SIM).as_posix()
    allowed = {*UNITS, *DEFINITIONS.get(name, {})}
    found = numbers(path.read_text(encoding="utf-8"))
    hidden = [f"line {line}: {value:g}" for line, value in found if value not in allowed]
    assert not hidden, f"{path.name}: {', '.join(hidden)}; make each a parameter, or say here why it is none"


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.relative_to(SIM).as_posix())
def test_no_whole_number_hides_in_a_rule(path):
    name = path.relative_to(SIM).as_posix()
    allowed = {int(unit) for unit in UNITS if unit.is_integer()} | {*WHOLE.get(name, {})}
    source = path.read_text(encoding="utf-8")
    table = {
        line
        for line, value in whole_numbers(source)
        if name in TABLES and "(" in source.splitlines()[line - 1] and "," in source.splitlines()[line - 1]
    }
    hidden = [
        f"line {line}: {value}" for line, value in whole_numbers(source) if value not in allowed and line not in table
    ]
    assert not hidden, f"{path.name}: {', '.join(hidden)}; make each a parameter, or say here why it is none"


@pytest.mark.parametrize("name", WHOLE)
def test_the_list_of_whole_numbers_holds_nothing_that_is_gone(name):
    assert set(WHOLE[name]) <= {value for _, value in whole_numbers((SIM / name).read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_list_holds_nothing_that_is_gone(name):
    assert set(DEFINITIONS[name]) <= {value for _, value in numbers((SIM / name).read_text(encoding="utf-8"))}


def test_a_number_in_a_rule_is_found():
    assert numbers("def rule(x):\n    return 0.3 * x + 1.0 * 0.5 ** (1.0 / x) + max(x, 1e-9)") == [(2, 0.3)]


def test_a_whole_number_in_a_rule_is_found():
    assert whole_numbers("def rule(x):\n    return 2 * x + x[7] + max(x, 45)") == [(2, 45)]
