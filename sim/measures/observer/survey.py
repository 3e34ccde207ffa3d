"""Surveys: who answers, and what they tell of the past months."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.agents.codes import Channel
from sim.measures.kept.tables import labelled
from sim.measures.observer.abundance import Line
from sim.measures.observer.draws import Chance, Look
from sim.measures.observer.settings import Survey
from sim.measures.observer.truth import FAR, Truth, as_days

CHANNELS = tuple(channel.name.lower() for channel in Channel)
ILLICIT_ONLINE = ("illicit_pharmacy", "social_app", "cryptomarket")
YOUNG, YEAR = 25.0, 364.0
"""Age up to which people count as young, and the days of a year of age in the model (52 weeks)."""
CRYPTO, STREET = CHANNELS.index("cryptomarket"), CHANNELS.index("street")
FRIENDS = len(CHANNELS)
"""Beside the channels: what friends hand over of their own."""
FROM_FRIENDS = 255
"""Their place in a day's keys, which no threat reaches."""
ANSWERS = (
    *(f"bought_{channel}" for channel in CHANNELS),
    "bought_online",
    "from_friends",
    "threatened",
    "threatened_cryptomarket",
)


def people(truth: Truth) -> pd.DataFrame:
    """A row for each person: number, first and last day alive and there, segment, age at the end, sex, jurisdiction."""
    c = truth.consumers
    rows = pd.DataFrame({
        "consumer": c["consumer"].to_numpy(np.int64), "came": as_days(c["came_day"], -FAR), "gone": as_days(c["gone_day"]),
        "segment": c["segment"].astype(str).to_numpy(), "age": c["age"].to_numpy(float), "sex": c["sex"].astype(str).to_numpy(),
        "jurisdiction": c["jurisdiction"].astype(str).to_numpy(),
    })  # fmt: skip
    rows["aged"] = np.minimum(rows["gone"], truth.last_day)
    rows = rows.sort_values(["consumer", "came"], ignore_index=True)
    died = truth.events[truth.events["kind"].isin(["death", "death_other"])]
    dead = whose(rows, died["subject"].to_numpy(np.int64), died["day"].to_numpy(np.int64))
    rows["died"] = FAR
    rows.loc[dead[dead >= 0], "died"] = died["day"].to_numpy(np.int64)[dead >= 0]
    return rows


def whose(people: pd.DataFrame, consumer: np.ndarray, day: np.ndarray) -> np.ndarray:
    """(n,) rows of the people who had those numbers on those days; -1 where there is none, as for who left before day 0."""
    numbers = people["consumer"].to_numpy()
    key = numbers * (FAR << 2) + np.clip(people["came"].to_numpy(), -FAR, FAR)
    row = np.searchsorted(key, consumer * (FAR << 2) + day, side="right") - 1
    return np.where((row >= 0) & (numbers[row] == consumer), row, -1)


def purchases(truth: Truth, who: pd.DataFrame) -> pd.DataFrame:
    """A row for each order, and for each time that friends handed something over: key, person, day, channel."""
    o = truth.orders.sort_values("order", ignore_index=True)
    day = o["day"].to_numpy(np.int64)
    rows = pd.DataFrame({
        "key": o["order"].to_numpy(np.int64), "person": whose(who, o["consumer"].to_numpy(np.int64), day), "day": day,
        "channel": pd.Categorical(o["channel"], CHANNELS).codes.astype(np.int64),
        "ended": as_days(o["outcome_day"]), "consumer": o["consumer"].to_numpy(np.int64),
    })  # fmt: skip
    e = truth.events[truth.events["kind"] == "passed_on"]
    whom, day = e["subject"].to_numpy(np.int64), e["day"].to_numpy(np.int64)
    given = pd.DataFrame({
        "key": _key(whom, day, FROM_FRIENDS), "person": whose(who, whom, day), "day": day, "channel": FRIENDS, "ended": FAR, "consumer": whom,
    })  # fmt: skip
    rows = pd.concat([rows, given], ignore_index=True)
    return rows[rows["person"] >= 0]


def _key(consumer: np.ndarray, day: np.ndarray, turn: np.ndarray | int) -> np.ndarray:
    """What happened to consumers on days as a number of its own, ``turn`` telling apart what did on the same day."""
    return (consumer << 24) | ((day + 8192) << 8) | turn


def threats(truth: Truth, who: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """A row for each threat or assault: key, person, day, and the channel of the order that ended with it (of several on a day, the first)."""
    e = truth.events[truth.events["kind"] == "violence"]
    rows = pd.DataFrame({"consumer": e["subject"].to_numpy(np.int64), "day": e["day"].to_numpy(np.int64)})
    rows = rows.sort_values(["consumer", "day"], ignore_index=True)
    turn = rows.groupby(["consumer", "day"]).cumcount().to_numpy()
    orders = bought[["consumer", "ended", "channel"]].drop_duplicates(["consumer", "ended"])
    rows = rows.merge(orders.rename(columns={"ended": "day"}), on=["consumer", "day"], how="left")
    rows["channel"] = rows["channel"].fillna(-1).astype(np.int64)
    rows["person"] = whose(who, rows["consumer"].to_numpy(), rows["day"].to_numpy())
    rows["key"] = _key(rows["consumer"].to_numpy(), rows["day"].to_numpy(), turn)
    return rows[rows["person"] >= 0]


class Past(NamedTuple):
    """What surveys ask about: people, and what they bought and met."""

    who: pd.DataFrame
    bought: pd.DataFrame
    hurt: pd.DataFrame


def past(truth: Truth) -> Past:
    """The past of a run."""
    who = people(truth)
    bought = purchases(truth, who)
    return Past(who, bought, threats(truth, who, bought))


def _answers(persons: int, bought: pd.DataFrame, hurt: pd.DataFrame) -> pd.DataFrame:
    """What each person has done or met, by what is asked."""
    counts = np.zeros((len(CHANNELS) + 1, persons), np.int64)
    np.add.at(counts, (bought["channel"].to_numpy(), bought["person"].to_numpy()), 1)
    found: dict[str, np.ndarray] = {f"bought_{name}": counts[k] > 0 for k, name in enumerate(CHANNELS)}
    found["bought_online"] = counts[[CHANNELS.index(name) for name in ILLICIT_ONLINE]].sum(axis=0) > 0
    whom, channel = hurt["person"].to_numpy(), hurt["channel"].to_numpy()
    found["threatened"] = np.bincount(whom, minlength=persons)[:persons] > 0
    found["threatened_cryptomarket"] = np.bincount(whom[channel == CRYPTO], minlength=persons)[:persons] > 0
    found["orders_cryptomarket"] = counts[CRYPTO]
    found["from_friends"] = counts[FRIENDS] > 0
    others = counts[:FRIENDS].copy()
    others[STREET] += counts[FRIENDS]
    others[CRYPTO] = 0
    found["other_source"] = np.where(others.max(axis=0) > 0, others.argmax(axis=0), -1)
    return pd.DataFrame(found)


def _remembered(rows: pd.DataFrame, day: int, settings: Survey, chance: Chance) -> pd.DataFrame:
    """The purchases or threats that are told of on a day: those remembered and dated within the window."""
    rows = rows[rows["day"] < day]
    key, ago = rows["key"].to_numpy(), day - rows["day"].to_numpy()
    known = chance.uniform(Look.REMEMBERS, key, day) < settings.recall
    dated = ago * (1.0 - np.minimum(settings.telescoping * chance.exponential(Look.DATES, key, day), 1.0))
    return rows[known & (dated <= settings.window)]


def survey(
    truth: Truth, lived: Past, place: int, name: str, settings: Survey, chance: Chance
) -> tuple[pd.DataFrame, list[Line]]:
    """Every survey of a name: a row for each who answers, and shares among them beside those of all people.

    Parameters
    ----------
    truth, lived
        The tables of the run, and what they say of people.
    place, name
        Its place among the surveys, by which it has respondents of its own, and its name.
    settings, chance
        How it is done, and its random numbers.
    """
    who, bought, hurt = lived
    usual = settings.response * who["segment"].map(settings.segments).fillna(1.0).to_numpy(float)
    key = who["consumer"].to_numpy() << 20
    first = max(settings.first_day, truth.first_day + settings.window)
    parts, lines = [], []
    for day in range(first, truth.last_day + 1, settings.every):
        here = ((who["came"] <= day) & (who["gone"] > day) & (who["died"] > day)).to_numpy()
        since = day - settings.window
        fact = _answers(len(who), *(rows[rows["day"].between(since, day - 1)] for rows in (bought, hurt)))
        told = _answers(len(who), *(_remembered(rows, day, settings, chance) for rows in (bought, hurt)))
        age = who["age"].to_numpy() - (who["aged"].to_numpy() - day) / YEAR
        likely = (
            usual * np.where(age < YOUNG, settings.young, 1.0) * np.where(fact["bought_online"], settings.online, 1.0)
        )
        answers = (here & (chance.uniform(Look.ANSWERS, key, day, place) < likely)).nonzero()[0]
        open_about = chance.uniform(Look.ADMITS, key[answers], day) < settings.admits
        rows = told.iloc[answers].reset_index(drop=True)
        rows[list(ANSWERS)] = rows[list(ANSWERS)].to_numpy() & open_about[:, None]
        rows["orders_cryptomarket"] = np.where(open_about, rows["orders_cryptomarket"], 0)
        rows["other_source"] = np.where(open_about, rows["other_source"], -1)
        parts.append(_table(name, day, who.iloc[answers], age[answers], rows))
        lines += _shares(name, since, day - 1, fact[here], rows)
    if not parts:
        parts = [_table(name, 0, who[:0], np.empty(0), _answers(0, bought[:0], hurt[:0]))]
    return pd.concat(parts, ignore_index=True), lines


def _table(name: str, day: int, who: pd.DataFrame, age: np.ndarray, rows: pd.DataFrame) -> pd.DataFrame:
    """The answers of one survey with who gave them."""
    return pd.DataFrame({
        "survey": pd.Categorical([name] * len(who)), "day": np.full(len(who), day, np.int32), "respondent": who["consumer"].to_numpy(np.int64),
        "segment": pd.Categorical(who["segment"].to_numpy()), "age": np.floor(age + 1e-3).astype(np.int32), "sex": pd.Categorical(who["sex"].to_numpy()),
        "jurisdiction": pd.Categorical(who["jurisdiction"].to_numpy()), **{each: rows[each].to_numpy(bool) for each in ANSWERS},
        "orders_cryptomarket": rows["orders_cryptomarket"].to_numpy(np.int32),
        "other_source": labelled(rows["other_source"].to_numpy(), list(CHANNELS)),
    })  # fmt: skip


def _shares(name: str, first: int, last: int, fact: pd.DataFrame, told: pd.DataFrame) -> Iterator[Line]:
    """Shares of people, and of those who bought on a cryptomarket."""
    for each in ANSWERS:
        asked = "bought_cryptomarket" if each == "threatened_cryptomarket" else None
        for how, rows in (("latent", fact), (name, told)):
            rows = rows if asked is None else rows[rows[asked].to_numpy(bool)]
            yield first, last, each, how, float(rows[each].mean()) if len(rows) else float("nan")
