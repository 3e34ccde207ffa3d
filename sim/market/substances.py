"""The substance table as arrays, which kernels of every phase read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.agents.codes import Channel, LegalStatus, Segment
from sim.evidence.tables import Jurisdiction, Substance

CHANNELS = tuple(c.name.lower() for c in Channel)
STATUSES = tuple(s.name.lower() for s in LegalStatus)
SEGMENTS = tuple(s.name.lower() for s in Segment)


class Substances(NamedTuple):
    """The substance table as arrays; S substances, G segments, C channels, J jurisdictions."""

    needs: np.ndarray  # (G, S) cumulative shares of needs
    dose_usd: np.ndarray  # (S,) USD
    doses_per_order: np.ndarray  # (S,) doses
    doses_per_day: np.ndarray  # (S,) doses/day of use
    opioid: np.ndarray  # (S,) heroin doses per dose
    synthetic: np.ndarray  # (S,) share of units with a strong synthetic opioid where its supplier mixes one in
    potency_sd: np.ndarray  # (S,) sd of log potency at the source
    adverse: np.ndarray  # (J, S) adverse events per use
    dependence: np.ndarray  # (S,) increase per use
    novel: int  # row of the category in which novel substances appear, -1 for none
    disability: np.ndarray  # (S,) disability weight of dependent use
    sold: np.ndarray  # (C, S) 1 where the channel sells it
    status: np.ndarray  # (J, S) 0 over the counter, 1 prescription, 2 controlled, 3 prohibited
    premium: np.ndarray  # (J, S) what stricter status multiplies the illicit price by, 1 as usual
    prescribed: np.ndarray  # (J, S) what it leaves of prescriptions, 1 as usual
    filled: np.ndarray  # (J, S) share of prescriptions that pharmacies can fill, 1 as usual
    deterred: np.ndarray  # (J, S) share of those without dependence who turn to a substitute, 0 as usual
    substitutes: np.ndarray  # (S, S) cumulative shares of what they turn to, all 0 for none
    contaminable: np.ndarray  # (S,) 1 for opioids and sedatives, whose counterfeits may hold a strong synthetic
    sedative: np.ndarray  # (S,) whether it is a benzodiazepine
    medical: np.ndarray  # (S,) licensed substance that regulated supply gives in its place, -1 for none
    unmet: np.ndarray  # (S,) disability weight of patients who need it and have none


def cumulative_substitutes(weights: np.ndarray) -> np.ndarray:
    """(S, S) cumulative shares of what people turn to instead of the substance of a row; rows without weight stay 0."""
    total = weights.sum(axis=1, keepdims=True)
    return np.cumsum(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0), axis=1)


def counterparts(rows: list[Substance], licensed: np.ndarray) -> np.ndarray:
    """(S,) the row of the legal counterpart that licensed pharmacies sell; -1 where there is none, or where it is the substance itself."""
    names = [s.name for s in rows]
    out = np.full(len(rows), -1, np.int64)
    for s, row in enumerate(rows):
        if row.legal_counterpart in names and row.legal_counterpart != row.name:
            at = names.index(row.legal_counterpart)
            out[s] = at if licensed[at] else -1
    return out


def substance_arrays(table: list[Substance], jurisdictions: list[Jurisdiction]) -> Substances:
    """The substance table as arrays for kernels."""
    needs = np.array([[getattr(s.needs, g) for s in table] for g in SEGMENTS])
    cumulative = np.cumsum(needs / np.maximum(needs.sum(axis=1, keepdims=True), 1e-12), axis=1)

    def column(name: str) -> np.ndarray:
        return np.array([getattr(s, name) for s in table], float)

    names = [s.name for s in table]
    weights = np.array([[s.substitutes.get(t, 0.0) if t != s.name else 0.0 for t in names] for s in table])
    licensed = np.array(["licensed_pharmacy" in s.sold_by for s in table], np.uint8)
    everywhere = (len(jurisdictions), len(table))
    return Substances(
        needs=cumulative, dose_usd=column("dose_usd"), doses_per_order=column("doses_per_order"), doses_per_day=column("doses_per_day"),
        opioid=column("opioid"), synthetic=column("synthetic_share"), potency_sd=column("potency_sd"),
        adverse=np.tile(column("adverse_per_use"), (len(jurisdictions), 1)), dependence=column("dependence_per_use"), disability=column("daly_use"),
        novel=next((k for k, s in enumerate(table) if s.class_ == "nps"), -1),
        sold=np.array([[channel in s.sold_by for s in table] for channel in CHANNELS], np.uint8),
        status=np.array([[STATUSES.index(s.legal_status(j.name)) for s in table] for j in jurisdictions], np.uint8),
        premium=np.ones(everywhere), prescribed=np.ones(everywhere), filled=np.ones(everywhere), deterred=np.zeros(everywhere),
        substitutes=cumulative_substitutes(weights),
        contaminable=np.array([s.class_ in ("opioid", "benzodiazepine") for s in table]),
        sedative=np.array([s.class_ == "benzodiazepine" for s in table]),
        medical=counterparts(table, licensed), unmet=column("daly_unmet"),
    )  # fmt: skip
