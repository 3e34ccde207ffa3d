"""The plain settings of a scenario: name, seed, length and size."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sim.scenario.errors import Problem, quote
from sim.scenario.sections import Problems, check, mapping

LONGEST = 32_000
"""Days that a run can have, burn-in included: days are kept in two bytes, and some lie a year before or after the run."""

PEOPLE = 6_000_000.0
"""Real people whom the consumers of a default scenario stand for.

Assumed, from: drugs for about 400,000 USD a day on cryptomarkets [daily-volume-2013-15] at 143 USD an order [dnm2017-order-price] are a million orders
a year; a buyer makes two of them [duxbury-orders-per-user], so half a million buyers; they are 8 % of those for whom it is thinkable [eu-survey-source]. Plausible
range 3 to 20 million. It scales totals and changes no behaviour.
"""


class Settings(BaseModel):
    """The plain settings of a scenario."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    name: str = Field(
        default="scenario",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=80,
        description="name: letters, digits, dots, dashes and underscores; results are filed under it",
    )
    title: str = Field(default="", max_length=200, description="title for figures and tables")
    question: str = Field(default="", max_length=5000, description="the question it asks, a paragraph")
    seed: int = Field(default=1, ge=0, lt=2**64, description="random seed of the first run")
    days: int = Field(
        default=730,
        ge=1,
        le=LONGEST,
        description="days after burn-in (days); with day0 also a date, the first that is not run any more",
    )
    day0: date | None = Field(
        default=None,
        ge=date(1900, 1, 1),
        le=date(2200, 1, 1),
        description="date of day 0, such as 2027-01-01: with it, dates may stand for days (empty: days are numbers)",
    )
    burn_in: int = Field(default=180, ge=0, le=3_650, description="days before day 0, not reported (days)")
    consumers: int = Field(default=20_000, ge=200, le=50_000_000, description="simulated consumers (agents)")
    people: float = Field(
        default=PEOPLE,
        ge=1,
        le=1e10,
        description="real people whom the consumers stand for (people; totals scale with it)",
    )


class Submodels(BaseModel):
    """The rule of each part of the model on which ideas contest; the first is the usual one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    vendor_choice: Literal["memory", "logit", "random"] = Field(
        default="memory",
        description="how buyers find a vendor: those they bought from, and new ones by past sales, reputation and price [buyer-memory]; "
        "a logit of reputation and price alone; at random",
    )
    migration: Literal["size", "overlap", "vendors"] = Field(
        default="size",
        description="where those go who lost their market: to markets with many users, and where others went [migration-top-destination]; "
        "to those with which it had users in common [migration-rule]; to where their own vendors are",
    )
    overdose: Literal["hill", "logistic"] = Field(
        default="hill",
        description="overdoses by dose: a Hill form, fitted [insite-od-per-visit]; the logistic rule of the RTI Virtual Opioid User",
    )
    prices: Literal["cost", "anchored"] = Field(
        default="cost",
        description="what prices follow: all that an order costs its vendor, risk and losses included (Reuter and Kleiman 1986); "
        "the usual level, with part of what goods cost",
    )
    fear: Literal["seen", "share"] = Field(
        default="seen",
        description="what a closure frightens by: what people see happen to friends, and are told; the market's share of trade",
    )


def submodels(document: Mapping[str, Any], problems: Problems) -> Submodels:
    """The rules that a scenario chooses."""
    given = mapping(document, "submodels", "a mapping, for example {vendor_choice: random}", problems)
    return check(Submodels, given, "submodels", problems) or Submodels()


def length(settings: Settings | None, problems: Problems) -> None:
    """Whether burn-in and days together are no more than columns of days hold."""
    if settings is not None and settings.burn_in + settings.days > LONGEST:
        allowed = f"at most {LONGEST - settings.burn_in:,} with a burn_in of {settings.burn_in:,}: {LONGEST:,} days in all, which is what columns of days hold"
        problems.append(Problem("days", f"{settings.days:,}", allowed))


def people(weight: Any, base: Settings, document: Mapping[str, Any], problems: Problems) -> float:
    """Real people behind a scenario that gives the weight of a consumer instead."""
    if "people" in document:
        problems.append(Problem("weight", quote(weight), "either weight or people, not both"))
    elif isinstance(weight, bool) or not isinstance(weight, int | float) or not 1 <= weight * base.consumers <= 1e10:
        problems.append(Problem("weight", quote(weight), "a number; consumers times it from 1 to 10 billion people"))
    else:
        return float(weight * base.consumers)
    return PEOPLE


def widest(given: Mapping[str, Any]) -> Settings:
    """Settings to check the rest against when they are wrong themselves: the longest run where the dates are wrong."""
    dates = {"days": LONGEST - 3_650, "burn_in": 3_650, "day0": None}
    right = {key: given[key] for key in dates if key in given and check(Settings, {key: given[key]}, "", [])}
    return Settings.model_validate({**dates, **right})


def as_day(value: Any, day0: date | None, path: str, problems: Problems) -> Any:
    """The day that a date written as text is, counted from ``day0``; None with a problem where it is none; what is no text stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        given = date.fromisoformat(value)
    except ValueError:
        problems.append(Problem(path, quote(value), "a whole number of days, or a date such as 2027-03-01"))
        return None
    if day0 is None:
        allowed = "a whole number of days; or a date, where the scenario has the date of day 0 (day0: 2027-01-01, or --set day0=2027-01-01)"
        problems.append(Problem(path, quote(value), allowed))
        return None
    return (given - day0).days


def days_as_number(plain: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """Settings with a number in the place of a date of ``days``: the run ends before that date, as a policy does before its ``end``."""
    given = plain.get("days")
    if not isinstance(given, str) or not _is_date(given):
        return plain
    rest = {name: value for name, value in plain.items() if name != "days"}
    day0 = plain.get("day0")
    if day0 is not None and not (isinstance(day0, str) and _is_date(day0)):
        return rest  # what is wrong with day 0 is said of it
    days = as_day(given, None if day0 is None else date.fromisoformat(day0), "days", problems)
    if days is not None and days < 1:
        problems.append(Problem("days", quote(given), f"a date after day 0, which is {day0}"))
    return rest if days is None or days < 1 else {**rest, "days": days}


def _is_date(text: str) -> bool:
    """Whether text is a date."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def told(day: int, day0: date | None) -> str:
    """A day with its date, where there is a calendar."""
    return str(day) if day0 is None or abs(day) > 2 * LONGEST else f"{day} ({day0 + timedelta(days=day)})"
