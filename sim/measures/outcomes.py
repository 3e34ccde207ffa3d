"""Outcomes of one day, read from the model; nothing here writes to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import (
    SUM_ADVERSE,
    SUM_DEATH,
    SUM_DISABILITY,
    SUM_DOSES,
    SUM_OVERDOSE,
    SUM_UNMET,
    SUM_UNMET_DISABILITY,
    Channel,
    Segment,
    Stage,
)
from sim.agents.consumers import age
from sim.kernels import kernel
from sim.market import views
from sim.market.blocks import WORTH_SHARING_SCANS, over_blocks
from sim.market.views import narrow
from sim.measures.dictionary import UNOBSERVED
from sim.measures.orders import Closed, Placed, closed_orders, placed_orders, todays_orders
from sim.measures.structure import gini_of_sorted, herfindahl, top_share_of_sorted
from sim.measures.upstream import upstream

if TYPE_CHECKING:
    from sim.market.state import MarketState

DEPENDENT, CRYPTO, USES = int(Segment.DEPENDENT), int(Channel.CRYPTOMARKET), int(Stage.USES)
CHANNELS = tuple(c.name.lower() for c in Channel)
ONLINE = (Channel.ILLICIT_PHARMACY, Channel.SOCIAL_APP, Channel.CRYPTOMARKET)


class InGroups(NamedTuple):
    """Rows of people or orders, and the group of each."""

    rows: np.ndarray
    group: np.ndarray


def together(rows: np.ndarray) -> InGroups:
    """All in one group."""
    return InGroups(rows, np.zeros(len(rows), np.uint8))


def trade(
    state: MarketState, placed_orders_in: InGroups, closed_orders_in: InGroups, groups: int
) -> list[dict[str, float]]:
    """Orders, prices, content, scams, seizures and shares by channel and origin of orders placed, and of orders closed, today; of each group."""
    placed, closed = placed_orders(state, *placed_orders_in, groups), closed_orders(state, *closed_orders_in, groups)
    places = tuple(state.scenario.jurisdictions)
    by_group = zip(*(field.tolist() for field in (*placed, *closed)), strict=True)
    return [trade_of(places, Placed(*sums[: len(placed)]), Closed(*sums[len(placed) :])) for sums in by_group]


def trade_of(places: Sequence[str], placed: Placed, closed: Closed) -> dict[str, float]:
    """The same of one group, whose sums are plain numbers."""
    n, paid = placed.orders, placed.cents / 100.0
    result = {
        "orders": float(n),
        "volume_usd": paid,
        "price_index": paid / max(placed.expected, 1e-9) if n else UNOBSERVED,
        "purity_mean": closed.purity if closed.goods else UNOBSERVED,
        "purity_sd": closed.purity_sd if closed.goods else UNOBSERVED,
        "counterfeit_share": closed.counterfeit / closed.goods if closed.goods else UNOBSERVED,
        "scam_rate": closed.not_sent / closed.illicit if closed.illicit else UNOBSERVED,
        "seizure_rate": closed.seized / closed.posted if closed.posted else UNOBSERVED,
    }
    for name, count in zip(CHANNELS, placed.by_channel, strict=True):
        result[f"share_{name}"] = count / n if n else UNOBSERVED
        result[f"orders_{name}"] = count
    for name, count in zip(places, placed.by_origin, strict=True):
        result[f"share_from_{name}"] = count / n if n else UNOBSERVED
    return result


@kernel
def sales_on_markets(n: int, alive: np.ndarray, channel: np.ndarray, sales: np.ndarray, found: np.ndarray) -> int:
    """Fill ``found`` with the recent sales of the cryptomarket vendors in business among ``n``; returns how many there are."""
    many = 0
    for v in range(n):
        if alive[v] == 1 and channel[v] == CRYPTO:
            found[many] = sales[v]
            many += 1
    return many


def structure(state: MarketState) -> dict[str, float]:
    """Concentration of recent sales over cryptomarket vendors, and over open online platforms."""
    v, n = state.vendors.columns, state.vendors.n
    sales = np.empty(n)
    sales = sales[: sales_on_markets(n, v.alive, v.channel, v.sales, sales)]
    sales.sort()
    slots = np.concatenate([state.open_slots(c) for c in ONLINE])
    return {
        "vendor_gini": gini_of_sorted(sales),
        "top1_vendor_share": top_share_of_sorted(sales),
        "platform_hhi": herfindahl(state.platform_table.columns.trade7[slots]),
    }


class Harm(NamedTuple):
    """What a day brings to people: to all, or to those of a group."""

    adverse: float
    overdoses: float
    deaths: float
    violence_expected: float
    sums: np.ndarray  # (N_SUMS,)


def harms(state: MarketState, harm: Harm) -> dict[str, float]:
    """Harms as they happened and as expected, and years of healthy life lost."""
    k, sums = state.p.costs, harm.sums
    died, overdosed = float(sums[SUM_DEATH]), float(sums[SUM_OVERDOSE])
    dalys = died * k.death + (overdosed - died) * k.overdose + float(sums[SUM_ADVERSE]) * k.adverse
    dalys += harm.violence_expected * k.violence + float(sums[SUM_DISABILITY] + sums[SUM_UNMET_DISABILITY]) / 365.0
    return {
        "adverse_events": float(harm.adverse), "adverse_events_expected": float(sums[SUM_ADVERSE]),
        "overdoses": float(harm.overdoses), "overdoses_expected": overdosed, "deaths": float(harm.deaths), "deaths_expected": died,
        "dalys": dalys, "unmet_need_days": float(sums[SUM_UNMET]), "doses_used": float(sums[SUM_DOSES]),
    }  # fmt: skip


def health(state: MarketState) -> dict[str, float]:
    """Harms and treatment of all consumers."""
    t, c, n = state.today, state.consumers.columns, state.consumers.n
    return harms(state, Harm(t.adverse, t.overdoses, t.deaths, t.violence_expected, t.sums)) | {
        "deaths_other": float(t.deaths_other),
        "treatment_entries": float(t.treatment_entries), "in_treatment": float(np.count_nonzero(c.treatment_day[:n] <= state.day + 1)),
        "waiting_for_treatment": float(len(state.care.waiting_list)), "stopped_waiting": float(t.gave_up),
        "treatment_wait_days": t.waited / t.treatment_entries if t.treatment_entries else UNOBSERVED,
        "doses_from_friends": t.passed_on, "paid_to_friends_usd": t.paid_to_friends / 100.0,
    }  # fmt: skip


LIVING, DEPENDENTS, USERS, PRACTICE, TRUST, STIGMA, SUPPORT, BORN = range(8)
"""Columns of what `sum_living` adds up, the last one weeks of birth."""
N_STANDING = 8


@kernel
def sum_living(first: int, last: int, n: int, size: int, group: np.ndarray, people: Any, sums: np.ndarray) -> None:
    """Add each of the living to the ``sums`` (blocks, groups x 8) of its block and ``group``."""
    for block in range(first, last):
        found = sums[block]
        for i in range(block * size, min((block + 1) * size, n)):
            if people.alive[i] == 1:
                g = N_STANDING * int(group[i])
                found[g + LIVING] += 1.0
                found[g + PRACTICE] += people.practice[i]
                found[g + TRUST] += people.trust_police[i]
                found[g + STIGMA] += people.stigma[i]
                found[g + SUPPORT] += people.support_knowledge[i]
                found[g + BORN] += people.born[i]
                found[g + DEPENDENTS] += 1.0 if people.segment[i] == DEPENDENT else 0.0
                found[g + USERS] += 1.0 if people.stage[i] == USES else 0.0


def standing(state: MarketState, group: np.ndarray, groups: int) -> list[dict[str, float]]:
    """How the living of each group stand towards services and police, and how many they are; ``group`` (n,) is that of each person."""
    living = narrow(state.consumers.columns, views.StandingConsumers)
    sums = over_blocks(
        state.pool, sum_living, state.consumers.n, groups * N_STANDING, group, living, least=WORTH_SHARING_SCANS
    )
    return [standing_of(state.day, *found) for found in sums.reshape(groups, N_STANDING).tolist()]


def standing_of(day: int, *sums: float) -> dict[str, float]:
    """The same of one group."""
    living, dependent, users, *others, weeks = sums
    practice, trust, stigma, support = [each / living for each in others] if living else [UNOBSERVED] * 4
    mean_age = float(age(weeks / living, day)) if living else UNOBSERVED
    return {
        "trust_in_police": trust, "stigma": stigma, "harm_reduction_share": practice, "support_knowledge": support,
        "mean_age": mean_age, "users": users, "living_consumers": living, "dependent_consumers": dependent,
    }  # fmt: skip


def people(state: MarketState) -> dict[str, float]:
    """What happens to people besides health."""
    t = state.today
    return standing(state, np.zeros(state.consumers.n, np.uint8), 1)[0] | {
        "first_uses": float(t.first_uses), "quitters": float(t.quitters), "initiations": float(t.initiations),
        "violence_incidents": float(t.violence), "violence_expected": t.violence_expected,
        "consumers_criminalised": float(t.criminalised), "victims_of_fraud": float(t.fraud),
        "privacy_intrusions": float(t.privacy + t.parcels_seized + t.opened),
    }  # fmt: skip


def crime_and_state(state: MarketState) -> dict[str, float]:
    """Money that reaches organised crime, arrests, officer-days, cost and detection of novel substances."""
    t = state.today
    ews, people = state.early_warning, state.world.consumer_weight
    lags, known = ews.lags(state.day), ews.alerted(state.day)[ews.live] @ people
    return upstream(state) | {
        "commission_usd": t.commission / 100.0, "vendor_arrests": float(t.vendor_arrests), "officer_days": t.officer_days, "policy_cost_usd": t.policy_cost,
        "alerts": float(ews.alerts @ people), "nps_detection_lag_days": float(lags.sum() / len(lags)) if len(lags) else UNOBSERVED,
        "novel_known_share": float(known.sum() / len(known)) if len(known) else UNOBSERVED,
    }  # fmt: skip


def net_social_cost(state: MarketState, found: dict[str, float]) -> float:
    """Weighted sum of harms, crime and public cost; the weights are the parameters ``social_cost``.

    Treatment in places that policies add today is in what these cost, and is not paid for again.
    """
    w, k = state.p.social_cost, state.p.costs
    more = state.levers.treatment_slots.max(axis=(1, 2))
    added = sum(min(max(s.used - s.slots, 0), int(s.slots * more[s.jurisdiction])) for s in state.treatment)
    return (
        found["dalys"] * w.daly + found["consumers_criminalised"] * w.criminalised + found["violence_expected"] * w.violence
        + found["victims_of_fraud"] * w.fraud + found["organised_crime_revenue"] * w.organised
        + found["officer_days"] * k.officer_day + found["policy_cost_usd"] + max(found["in_treatment"] - added, 0.0) * k.treatment_day
    )  # fmt: skip


def outcomes_of_day(state: MarketState) -> dict[str, Any]:
    """Every outcome of the day that the model has just gone through."""
    [found] = trade(state, together(todays_orders(state)), together(state.books.due), 1)
    found |= structure(state)
    found |= health(state) | people(state) | crime_and_state(state)
    found["net_social_cost_usd"] = net_social_cost(state, found)
    return found
