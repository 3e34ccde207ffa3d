"""Outcomes of one day, read from the model; nothing here writes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import (
    N_CHANNELS,
    SUM_ADVERSE,
    SUM_DEATH,
    SUM_DISABILITY,
    SUM_DOSES,
    SUM_OVERDOSE,
    Channel,
    Content,
    OrderOutcome,
    Segment,
)
from sim.kernels import kernel
from sim.measures.structure import gini, herfindahl, top_share
from sim.measures.upstream import upstream

if TYPE_CHECKING:
    from sim.model import MarketModel

DEPENDENT = int(Segment.DEPENDENT)
ONLINE = (Channel.ILLICIT_PHARMACY, Channel.SOCIAL_APP, Channel.CRYPTOMARKET)


def market(model: MarketModel, new: np.ndarray) -> dict[str, float]:
    """Orders, prices, content, fraud, seizures and shares by channel of the orders placed (rows ``new``) and settled today."""
    o, due = model.open_orders.columns, model.due
    price, channel = o.price[new] / 100.0, o.channel[new]
    by = np.bincount(channel, minlength=N_CHANNELS)
    total = max(len(new), 1)
    table = model.substances
    usual = table.dose_usd[o.substance[new]] * o.quantity[new]
    factor = model.price_factor[model.consumers.columns.jurisdiction[o.consumer[new]]]
    ratio = o.quantity[new] / table.doses_per_order[o.substance[new]]
    expected = usual * factor * np.maximum(ratio, 1e-9) ** -model.p.payment.quantity_discount
    outcome = o.outcome[due]
    got = due[outcome == OrderOutcome.DELIVERED]
    goods = got[o.channel[got] != Channel.LICENSED_PHARMACY]
    purity = o.purity[goods] * np.array([1.0, 0.5, 0.0])[o.content[goods]]
    illicit = due[o.channel[due] != Channel.LICENSED_PHARMACY]
    posted = illicit[o.channel[illicit] != Channel.STREET]
    result = {
        "orders": float(len(new)),
        "volume_usd": float(price.sum()),
        "price_index": float(price.sum() / max(expected.sum(), 1e-9)) if len(new) else float("nan"),
        "purity_mean": float(purity.mean()) if len(goods) else float("nan"),
        "purity_sd": float(purity.std()) if len(goods) else float("nan"),
        "counterfeit_share": float(np.mean(o.content[goods] != Content.AS_SOLD)) if len(goods) else float("nan"),
        "scam_rate": float(np.mean(o.dispatched[illicit] == 0)) if len(illicit) else float("nan"),
        "seizure_rate": float(np.mean(o.outcome[posted] == OrderOutcome.SEIZED)) if len(posted) else float("nan"),
    }
    for c in Channel:
        result[f"share_{c.name.lower()}"] = float(by[c] / total)
        result[f"orders_{c.name.lower()}"] = float(by[c])
    return result | structure(model) | origins(model, new)


def structure(model: MarketModel) -> dict[str, float]:
    """Concentration of recent sales over cryptomarket vendors, and over open online platforms."""
    v, n = model.vendors.columns, model.vendors.n
    live = (v.alive[:n] == 1) & (v.channel[:n] == Channel.CRYPTOMARKET)
    sales = v.sales[:n][live]
    slots = np.concatenate([model.open_slots(c) for c in ONLINE])
    return {
        "vendor_gini": gini(sales),
        "top1_vendor_share": top_share(sales),
        "platform_hhi": herfindahl(model.platform_table.columns.trade7[slots]),
    }


def origins(model: MarketModel, new: np.ndarray) -> dict[str, float]:
    """Share of today's orders by the vendor's jurisdiction."""
    source = model.vendors.columns.jurisdiction[model.open_orders.columns.vendor[new]]
    count = np.bincount(source, minlength=model.n_jurisdictions) / max(len(new), 1)
    return {f"share_from_{name}": float(count[k]) for k, name in enumerate(model.scenario.jurisdictions)}


def health(model: MarketModel) -> dict[str, float]:
    """Harms as they happened and as expected, harm reduction, treatment and years of healthy life lost."""
    t, c, n, k = model.today, model.consumers.columns, model.consumers.n, model.p.costs
    sums = t.sums
    died, overdosed = float(sums[SUM_DEATH]), float(sums[SUM_OVERDOSE])
    dalys = died * k.death + (overdosed - died) * k.overdose + float(sums[SUM_ADVERSE]) * k.adverse
    dalys += t.violence_expected * k.violence + float(sums[SUM_DISABILITY]) / 365.0
    return {
        "adverse_events": float(t.adverse), "adverse_events_expected": float(sums[SUM_ADVERSE]),
        "overdoses": float(t.overdoses), "overdoses_expected": overdosed, "deaths": float(t.deaths), "deaths_expected": died,
        "dalys": dalys, "treatment_entries": float(t.treatment_entries), "in_treatment": float(np.sum(c.treatment_day[:n] <= model.day)),
        "waiting_for_treatment": float(len(model.waiting_list)),
        "doses_used": float(sums[SUM_DOSES]),
    }  # fmt: skip


@kernel
def means_of_living(
    n: int,
    alive: np.ndarray,
    practice: np.ndarray,
    trust: np.ndarray,
    stigma: np.ndarray,
    support: np.ndarray,
    segment: np.ndarray,
) -> tuple[float, float, float, float, float]:
    """Means over the living of practice, trust in police, stigma and knowledge of services; and how many are dependent."""
    a, b, c, d, living, dependent = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        if alive[i] == 1:
            living += 1.0
            a += practice[i]
            b += trust[i]
            c += stigma[i]
            d += support[i]
            dependent += 1.0 if segment[i] == DEPENDENT else 0.0
    return a / living, b / living, c / living, d / living, dependent


def people(model: MarketModel) -> dict[str, float]:
    """What happens to people besides health."""
    t, c = model.today, model.consumers.columns
    practice, trust, stigma, support, dependent = means_of_living(
        model.consumers.n, c.alive, c.practice, c.trust_police, c.stigma, c.support_knowledge, c.segment
    )
    return {
        "initiations": float(t.initiations), "violence_incidents": float(t.violence), "violence_expected": t.violence_expected,
        "consumers_criminalised": float(t.criminalised), "victims_of_fraud": float(t.fraud),
        "privacy_intrusions": float(t.privacy + t.parcels_seized), "trust_in_police": trust,
        "stigma": stigma, "harm_reduction_share": practice, "support_knowledge": support,
        "dependent_consumers": dependent,
    }  # fmt: skip


def crime_and_state(model: MarketModel, new: np.ndarray) -> dict[str, float]:
    """Money that reaches organised crime, arrests, officer-days, cost and detection of novel substances."""
    t = model.today
    lags = model.early_warning.lags(model.day)
    return upstream(model, new) | {
        "commission_usd": t.commission / 100.0, "vendor_arrests": float(t.vendor_arrests), "officer_days": t.officer_days, "policy_cost_usd": t.policy_cost,
        "alerts": float(model.early_warning.alerts), "nps_detection_lag_days": float(lags.mean()) if len(lags) else float("nan"),
    }  # fmt: skip


def net_social_cost(model: MarketModel, found: dict[str, float]) -> float:
    """Weighted sum of harms, crime and public cost; the weights are the parameters ``social_cost``."""
    w, k = model.p.social_cost, model.p.costs
    return (
        found["dalys"] * w.daly + found["consumers_criminalised"] * w.criminalised + found["violence_expected"] * w.violence
        + found["victims_of_fraud"] * w.fraud + found["organised_crime_revenue"] * w.organised
        + found["officer_days"] * k.officer_day + found["policy_cost_usd"] + found["in_treatment"] * k.treatment_day
    )  # fmt: skip


def outcomes_of_day(model: MarketModel) -> dict[str, Any]:
    """Every outcome of the day that the model has just gone through."""
    new = np.flatnonzero(model.open_orders.columns.day[: model.open_orders.n] == model.day)
    found = market(model, new) | health(model) | people(model) | crime_and_state(model, new)
    found["net_social_cost_usd"] = net_social_cost(model, found)
    return found
