"""Consumers: adults for whom an online source is thinkable, one row each."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NEVER, NO_SLOT, Channel, Considering, Content, Membership, Segment, Sex, Stage
from sim.population import Column, RowAgent, columns_type
from sim.registry import register_columns

KNOWN_MARKETS = 4
REMEMBERED_VENDORS = 4
RISK_GROUPS = 4
DANGERS = 2
ON_STREETS, AT_APPS = 0, 1
"""Where purchases bring people face to face."""
STASHES = 3
"""Substances that a consumer can have at hand."""
ADULT = 18
"""Years of age from which people are consumers."""
AGES = (ADULT, 25, 35, 45, 55)
"""Years at which the age groups of reports begin."""
WEEK = 7
WEEKS = 365.25 / WEEK
"""Weeks of a year."""
TURNS = 100
"""Turns in which programmes for a share of people reach them: a hundredth of consumers each, and always the same ones."""

CONSUMER = {
    # who they are
    "segment": Column("u1", "code", 0, 3, "Segment: patient, recreational, dependent, social supplier", codes=Segment),
    "origin": Column(
        "u1", "code", 0, 3, "Segment to which a dependent consumer or social supplier returns", default=1, codes=Segment
    ),
    "born": Column("i2", "week", -8000, 5000, "Week of birth; week 0 begins with day 0"),
    "sex": Column("u1", "code", 0, 1, "Sex", codes=Sex),
    "came": Column(
        "i2",
        "day",
        -NEVER,
        NEVER,
        "Day on which the consumer came; before the start for those of the start",
        default=-NEVER,
    ),
    "stage": Column("u1", "code", 0, 2, "Uses, stopped, or is leaving and makes room for somebody new", codes=Stage),
    "jurisdiction": Column("u1", "code", 0, 31, "Jurisdiction of residence"),
    "substance": Column("u1", "code", 0, 31, "Substance mostly needed"),
    "alive": Column("u1", "flag", 0, 1, "1 while alive", default=1),
    "need_rate": Column("f4", "needs/day", 0, 5, "Rate at which a need to obtain a substance arises"),
    "budget": Column("f4", "log", -5, 5, "Personal deviation of log order size from the median"),
    "price_sensitivity": Column("f4", "1", 0, 10, "Weight of log price in channel choice"),
    "skill": Column("f4", "sd", -6, 6, "Digital skill and openness, standardised; opens online channels"),
    "turn": Column(
        "u1", "hundredth", 0, TURNS - 1, "Place in the order in which programmes for a share of people reach them"
    ),
    "access": Column("f4", "probability", 0, 1, "Chance that a need is covered by a valid prescription"),
    # what they know
    "considering": Column(
        "u1",
        "code",
        0,
        3,
        "0 no illicit online source is considered, 1 considered, 2 bought from before, 3 a cryptomarket bought from before",
        codes=Considering,
    ),
    "misbelief": Column("u1", "flag", 0, 1, "1 when every online pharmacy is believed to be approved"),
    "verification": Column("f4", "probability", 0, 1, "Chance to look a pharmacy up before buying"),
    "caution": Column("f4", "logit", -3, 3, "Shift of the utility of illicit sources from education, decaying"),
    "support_knowledge": Column("f4", "share", 0, 1, "Knowledge of services that help, free of stigma"),
    # cryptomarkets that they know
    "market_state": Column("u1", "code", 0, 3, "none, active, searching after a closure, lapsed", codes=Membership),
    "market_until": Column("i2", "day", -NEVER, NEVER, "Day on which a search or a lapse is taken up again"),
    "home": Column("u2", "slot", 0, NO_SLOT, "Cryptomarket used by habit", default=NO_SLOT),
    "app_home": Column("u2", "slot", 0, NO_SLOT, "Social or messaging app used by habit", default=NO_SLOT),
    "pharmacy_home": Column("u2", "slot", 0, NO_SLOT, "Pharmacy programme used before", default=NO_SLOT),
    "memory": Column(
        "u4", "row", 0, 2**32 - 1, "Where is kept what is known of cryptomarkets, 0 for who knows nothing of them"
    ),
    "known": Column(
        "u2", "slot", 0, NO_SLOT, "Cryptomarkets known", default=NO_SLOT, shape=(KNOWN_MARKETS,), few="memory"
    ),
    "good": Column(
        "f4",
        "orders",
        0,
        1e6,
        "Good experience with each known market, fading",
        shape=(KNOWN_MARKETS,),
        few="memory",
    ),
    "bad": Column(
        "f4",
        "orders",
        0,
        1e6,
        "Bad experience with each known market, fading",
        shape=(KNOWN_MARKETS,),
        few="memory",
    ),
    "lost_day": Column(
        "i2", "day", -NEVER, NEVER, "Day on which police or thieves last took the market used by habit", default=-NEVER
    ),
    # perceived risks
    "legal_hits": Column("f4", "events", 0, 1e6, "Enforcement events in the reference group", shape=(RISK_GROUPS,)),
    "market_hits": Column(
        "f4",
        "events",
        0,
        1e6,
        "Enforcement events at each known market beyond those felt at all of them, fading",
        shape=(KNOWN_MARKETS,),
        few="memory",
    ),
    "legal_calm": Column("f4", "orders", 0, 1e6, "Uneventful orders, fading", shape=(RISK_GROUPS,)),
    "loss_hits": Column("f4", "events", 0, 1e6, "Losses to market operators, own and heard of, fading"),
    "loss_calm": Column("f4", "orders", 0, 1e6, "Orders that went well, fading"),
    # vendors they remember
    "danger": Column(
        "f4", "events", 0, 1e6, "Threats and violence met or heard of on streets and at apps, fading", shape=(DANGERS,)
    ),
    "vendor": Column("i4", "row", -1, 2**31 - 1, "Vendors remembered", default=-1, shape=(REMEMBERED_VENDORS,)),
    "bought": Column("u2", "orders", 0, 65535, "Good orders with each of them", shape=(REMEMBERED_VENDORS,)),
    "tie": Column(
        "u1", "flag", 0, 1, "1 when trade with that vendor is possible directly", shape=(REMEMBERED_VENDORS,)
    ),
    # the clock and the stash
    "next_day": Column("i2", "day", -NEVER, NEVER, "Day of the next need"),
    "habit": Column("u1", "code", 0, 6, "Channel of the last purchase", default=6, codes=Channel),
    "unmet_until": Column(
        "i2", "day", -NEVER, NEVER, "Day until which a medicine that was needed and not had would have lasted"
    ),
    "stash": Column("f4", "doses", 0, 1e6, "Doses at hand of each of some substances", shape=(STASHES,)),
    "stash_potency": Column("f4", "ratio", 0, 1e3, "Their strength relative to a normal heroin dose", shape=(STASHES,)),
    "stash_substance": Column("u1", "code", 0, 31, "Which substances these are", shape=(STASHES,)),
    "stash_content": Column("u1", "code", 0, 2, "as sold, adulterated, substituted", shape=(STASHES,), codes=Content),
    # health
    "tolerance": Column("f4", "ratio", 0.01, 1.5, "Opioid tolerance relative to a daily user", default=0.05),
    "dependence": Column("f4", "share", 0, 1, "Severity of dependence"),
    "practice": Column("f4", "share", 0, 1, "Harm-reduction practice"),
    "treatment_day": Column("i2", "day", -NEVER, NEVER, "First day of the present treatment", default=NEVER),
    "waiting_day": Column(
        "i2", "day", -NEVER, NEVER, "Day on which treatment was asked for, while waiting", default=NEVER
    ),
    "treatment_days": Column("u2", "days", 0, 65535, "Days spent in treatment"),
    # programmes, one bit each by `sim.agents.codes.Programme`
    "declined": Column("u1", "bits", 0, 255, "Programmes offered in which the consumer takes no part, now or ever"),
    "quitted": Column("u1", "bits", 0, 255, "Those of them that the consumer left, for as long as they are offered"),
    # standing
    "stigma": Column("f4", "share", 0, 1, "Stigma felt"),
    "trust_police": Column("f4", "share", 0, 1, "Trust in police and services"),
    "record": Column("u1", "flag", 0, 1, "1 with a criminal record"),
    # counters from day 0 on
    "orders": Column("u2", "orders", 0, 65535, "Orders placed"),
    "spent": Column("f4", "USD", 0, 1e9, "Money spent"),
    "from_friends": Column(
        "i4", "cents", -(2**31), 2**31 - 1, "Money got from friends for goods, less what was paid to them"
    ),
    "vendors_used": Column("u2", "vendors", 0, 65535, "Vendors bought from that were not remembered then"),
    "harms": Column("u2", "events", 0, 65535, "Adverse events, overdoses and violence suffered"),
    "criminalised": Column("u2", "times", 0, 65535, "Times charged for possession or purchase"),
}

if TYPE_CHECKING:
    from sim.agents.column_types import ConsumerColumns  # pyright: ignore[reportMissingModuleSource]
else:
    ConsumerColumns = columns_type("ConsumerColumns", CONSUMER, module=__name__)


def age(born: Any, day: int | np.ndarray) -> Any:
    """Years of age on a day, or on a day of each, of people by the week in which they were ``born``."""
    return (day / WEEK - np.asarray(born, np.float64)) / WEEKS


def age_group(born: np.ndarray, day: int) -> np.ndarray:
    """The place in `AGES` of each of them on that day."""
    return np.searchsorted(AGES[1:], age(born, day), side="right")


def age_groups() -> list[str]:
    """Names of the age groups, such as ``25-34``."""
    return [f"{first}-{after - 1}" for first, after in pairwise(AGES)] + [f"{AGES[-1]}+"]


class Consumer(RowAgent, schema=CONSUMER):
    """One consumer: a view of one row of the consumer columns."""


register_columns("consumers", Consumer, "consumer", "came_day", "gone_day", "age", "spent_usd", "from_friends_usd")
