"""How well an observer sees: documented settings, each with what it rests on and a plausible range. None of them is a parameter of the market.

What is called assumed has no published value. The share of pages that fail, windows of 30 days and the estimators over them are those of the code that
Cuevas and colleagues published with "Measurement by Proxy: On the Accuracy of Online Marketplace Measurements" (USENIX Security 2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.evidence import yaml_files
from sim.scenario import Problem, ScenarioError, is_file, meant, plain_data, problems_from_pydantic, quote

SEGMENTS = Literal["patient", "recreational", "dependent", "social_supplier"]
CRIMES = Literal["arrest", "takedown", "parcel_seizure", "consignment_seizure", "criminalised", "violence"]
HEALTH = Literal["treatment_entry", "overdose", "death"]
LONG = 32_000


class SettingsError(ScenarioError):
    """Settings of an observer that cannot be used."""

    def __str__(self) -> str:
        return self.told("settings", " in the settings of the observer")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Crawler(_Part):
    """Somebody who visits cryptomarkets and illicit pharmacies on the open web and copies their pages."""

    interval: int = Field(
        default=7,
        ge=1,
        le=LONG,
        description="days between crawls; published studies have snapshots a week [onymous-vendor-drop]; range 1 to 30",
    )
    coverage: float = Field(
        default=0.95,
        ge=0,
        le=1,
        description="share of the listing pages that a crawl fetches; Cuevas' code lets 5 % fail; range 0.5 to 1",
    )
    downtime: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="chance that a site cannot be reached when it is crawled; assumed, range 0.02 to 0.3",
    )
    partial: float = Field(
        default=0.1, ge=0, le=1, description="chance that a crawl of a site breaks off; assumed, range 0 to 0.3"
    )
    partial_share: float = Field(
        default=0.5, ge=0, le=1, description="share of pages reached before it breaks off; assumed, range 0.1 to 0.9"
    )
    discovery_days: int = Field(
        default=14,
        ge=0,
        le=LONG,
        description="days from the opening of a site until it is crawled; assumed, range 0 to 60",
    )
    gone_after: int = Field(
        default=2,
        ge=1,
        le=100,
        description="crawls in a row that find no site before it is taken for gone; assumed, range 1 to 5",
    )
    feedback_share: float | None = Field(
        default=None, ge=0, le=1,
        description="share of ended orders that leave feedback; empty: those that the buyers of the run rated; assumed, range 0.5 to 1",
    )  # fmt: skip
    feedback_days: int = Field(
        default=90,
        ge=0,
        le=LONG,
        description="days for which a page shows feedback; assumed (pages of Agora show recent feedback only "
        "[agora2014-concentration]), range 30 to 1000",
    )
    window: int = Field(
        default=30,
        ge=1,
        le=LONG,
        description="days over which vendors, listings and sales are estimated, as in Cuevas' code; range 7 to 90",
    )
    wait_days: int = Field(
        default=30,
        ge=0,
        le=LONG,
        description="days after the end of a window for which feedback on it still counts; assumed, range 0 to 90",
    )


class Survey(_Part):
    """A survey that asks people what they did in the past months."""

    first_day: int = Field(
        default=185,
        ge=0,
        le=LONG,
        description="day of the first; later where the orders of the run do not reach back far enough",
    )
    every: int = Field(default=180, ge=1, le=LONG, description="days between surveys")
    window: int = Field(default=365, ge=1, le=LONG, description="days that questions are about: the past 12 months")
    response: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="chance that somebody answers; assumed, it decides little but the noise, range 0.01 to 1",
    )
    segments: dict[SEGMENTS, float] = Field(
        default_factory=lambda: {"patient": 0.3, "recreational": 1.0, "dependent": 0.3, "social_supplier": 1.0},
        description="times as likely to answer, by segment, 1 where none is given; assumed, range 0.1 to 1",
    )
    young: float = Field(
        default=1.5, ge=0, le=100, description="times as likely to answer below the age of 25; assumed, range 1 to 3"
    )
    online: float = Field(
        default=1.5,
        ge=0,
        le=100,
        description="times as likely to answer after a purchase from an illicit online source; assumed "
        "(a convenience sample [gds-darknet-prevalence]), range 1 to 4",
    )
    admits: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="chance that who answers tells of purchases at all; assumed, range 0.5 to 1",
    )
    recall: float = Field(
        default=0.9, ge=0, le=1, description="chance that a purchase or threat is remembered; assumed, range 0.6 to 1"
    )
    telescoping: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="mean share of its age by which something is dated too recent; assumed, range 0 to 0.3",
    )


class Register(_Part):
    """An authority that writes down what it learns of."""

    share: float = Field(default=1.0, ge=0, le=1, description="share that is recorded")
    delay_days: float = Field(default=0.0, ge=0, le=LONG, description="mean days until it is")


def _household() -> Survey:
    return Survey(
        response=0.5, segments={"patient": 1.0, "recreational": 0.8, "dependent": 0.2, "social_supplier": 0.5},
        young=0.8, online=1.0, admits=0.7,
    )  # fmt: skip


class Observer(_Part):
    """All settings of an observer."""

    crawler: Crawler = Field(default=Crawler(), description="crawler of cryptomarkets and illicit pharmacies")
    surveys: dict[str, Survey] = Field(
        default_factory=lambda: {"web": Survey(), "household": _household()},
        description="surveys by name: a convenience sample on the web, and one of households, which dependent people are rarely "
        "reached by and in which not everybody tells (assumed)",
    )
    police: dict[CRIMES, Register] = Field(
        default_factory=lambda: {
            "arrest": Register(delay_days=7), "takedown": Register(), "parcel_seizure": Register(share=0.9, delay_days=30),
            "consignment_seizure": Register(delay_days=14), "criminalised": Register(share=0.95, delay_days=14),
            "violence": Register(share=0.15, delay_days=3),
        },
        description="what police record: shares and delays are assumed; of threats and assaults among users few are reported (range 0.05 to 0.4)",
    )  # fmt: skip
    health: dict[HEALTH, Register] = Field(
        default_factory=lambda: {
            "treatment_entry": Register(share=0.9, delay_days=30), "overdose": Register(share=0.5),
            "death": Register(share=0.9, delay_days=120),
        },
        description="what services record: treatment entries, overdoses that an ambulance attends, deaths registered as drug-related: "
        "shares assumed (ranges 0.7 to 1, 0.3 to 0.7, 0.7 to 1)",
    )  # fmt: skip


PERFECT = Observer(
    crawler=Crawler(
        interval=1, coverage=1, downtime=0, partial=0, discovery_days=0, gone_after=1, feedback_share=1, feedback_days=LONG, wait_days=0
    ),
    surveys={"everybody": Survey(response=1, segments={}, young=1, online=1, recall=1, telescoping=0)},
    police={kind: Register() for kind in ("arrest", "takedown", "parcel_seizure", "consignment_seizure", "criminalised", "violence")},
    health={kind: Register() for kind in ("treatment_entry", "overdose", "death")},
)  # fmt: skip
"""An observer who misses nothing."""


def read_settings(given: Observer | Mapping[str, Any] | str | Path | None) -> Observer:
    """The settings of an observer.

    Parameters
    ----------
    given
        Settings, a mapping with what differs from the defaults, the path of a YAML file with one, ``"perfect"``, or None for the defaults.

    Raises
    ------
    SettingsError
        With every problem at once.

    Examples
    --------
    >>> read_settings({"crawler": {"interval": 1}}).crawler.interval
    1
    """
    if isinstance(given, Observer):
        return given
    if given is None:
        return Observer()
    if given == "perfect":
        return PERFECT
    problems: list[Problem] = []
    content = plain_data(dict(given) if isinstance(given, Mapping) else _file(meant(given)), problems)
    if problems:
        raise SettingsError(problems)
    try:
        return Observer(**content)
    except ValidationError as error:
        raise SettingsError(problems_from_pydantic(error, Observer, content, "")) from None


def _file(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file."""
    if not is_file(path):
        raise SettingsError(
            [Problem("", f"{quote(str(path))} (no such file)", "a file of settings in YAML, or `perfect`")]
        )
    try:
        content = yaml_files.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError(
            [Problem("", f"{quote(str(path))} ({str(error).strip()})", "a file of settings in YAML")]
        ) from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise SettingsError([Problem("", quote(content), "a mapping with crawler, surveys, police or health")])
    return content
