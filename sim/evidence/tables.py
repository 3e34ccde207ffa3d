"""The tables of substances and jurisdictions: what a row holds, in which units and ranges, and the shipped rows."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sim.evidence import yaml_files

Channel = Literal["licensed_pharmacy", "illicit_pharmacy", "social_app", "cryptomarket", "direct", "street"]
LegalStatus = Literal["over_the_counter", "prescription", "controlled", "prohibited"]
SubstanceClass = Literal[
    "cannabis", "stimulant", "cocaine", "opioid", "benzodiazepine", "psychedelic", "nps", "medicine"
]

Share = Annotated[float, Field(ge=0, le=1)]
Sources = Annotated[
    dict[str, str],
    Field(description="where the values come from, by field name; `default` covers fields not named"),
]

BY_SCENARIO = "set by the scenario"
"""Source of a value that no table ships."""

COOPERATION = 0.3
"""Cooperation with a jurisdiction that a row does not name (share of domestic effectiveness; assumed, 0.1 to 0.8)."""


class Row(BaseModel):
    """One row of a table: frozen, complete, every field with a range."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True, populate_by_name=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40, description="name of the row")
    source: Sources

    def source_of(self, field: str) -> str:
        """Where a field's value comes from."""
        return self.source.get(field, self.source.get("default", "assumed"))

    def fields(self) -> dict[str, Any]:
        """The row as YAML holds it: without the name, which is its key there."""
        return self.model_dump(mode="json", by_alias=True, exclude={"name"})


class Needs(BaseModel):
    """How often the consumers of a segment need a substance, relative to their other needs (weights, any scale)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    patient: float = Field(ge=0, le=1000, description="patients without access")
    recreational: float = Field(ge=0, le=1000, description="recreational consumers")
    dependent: float = Field(ge=0, le=1000, description="dependent consumers")
    social_supplier: float = Field(ge=0, le=1000, description="consumers who also supply friends")


class Substance(Row):
    """A substance as consumers, vendors and services meet it."""

    class_: SubstanceClass = Field(alias="class", description="class")
    needs: Needs = Field(description="relative frequency of the need by consumer segment (weights)")
    dose_usd: float = Field(ge=0.00001, le=10_000, description="typical retail price (USD per dose)")
    doses_per_order: float = Field(ge=1, le=10_000, description="median size of a retail order (doses)")
    doses_per_day: float = Field(ge=0.01, le=100, description="doses on a day of use (doses per day)")
    potency_sd: float = Field(ge=0, le=3, description="spread of content between batches (sd of log potency)")
    synthetic_share: Share = Field(
        description="share of units with a strong synthetic where the supplier mixes one in: of heroin all, of others those that are misrepresented (0 to 1)"
    )
    opioid: float = Field(ge=0, le=1.5, description="opioid content of a dose (heroin doses)")
    adverse_per_use: Share = Field(description="adverse events as sold (probability per use)")
    dependence_per_use: float = Field(ge=0, le=0.01, description="growth of dependence (units of 0 to 1 per use)")
    sold_by: tuple[Channel, ...] = Field(min_length=1, description="channels that sell it")
    status: LegalStatus = Field(description="legal status where no jurisdiction says otherwise")
    status_by_jurisdiction: dict[str, LegalStatus] = Field(
        default_factory=dict, description="legal status where it differs, by jurisdiction"
    )
    substitutes: dict[str, Annotated[float, Field(ge=0, le=1000)]] = Field(
        default_factory=dict,
        description="what those who turn away from it take instead (weights; names that the table lacks do not count)",
    )
    legal_counterpart: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9_]*)?$",
        description="what regulated supply gives in its place: a row that licensed pharmacies sell (empty: none)",
    )
    daly_unmet: Share = Field(
        default=0, description="what patients suffer who need it and have none (DALYs per year of it)"
    )
    daly_use: Share = Field(description="disability weight of dependent use (DALYs per year of it)")

    def legal_status(self, jurisdiction: str) -> str:
        """The legal status in a jurisdiction."""
        return self.status_by_jurisdiction.get(jurisdiction, self.status)


class Jurisdiction(Row):
    """A group of countries that the model treats as one legal and postal space."""

    share: Share = Field(description="share of all consumers (0 to 1; the table sums to 1)")
    border: Share = Field(description="interception of parcels that enter from abroad (probability per parcel)")
    domestic_intercept: Share = Field(description="interception of domestic parcels (probability per parcel)")
    cooperation: dict[str, Share] = Field(
        default_factory=dict,
        description="effectiveness of cross-border cases by partner, relative to domestic ones (0 to 1)",
    )
    vendor_share: Share = Field(description="share of vendors at the start and on entry (0 to 1; the table sums to 1)")
    police_days_per_100k: float = Field(
        ge=0, le=100_000, description="enforcement effort (officer-days per day per 100,000 simulated consumers)"
    )
    treatment_slots_per_dependent: float = Field(
        ge=0, le=10, description="places in treatment (per dependent consumer)"
    )
    legitimate_access: Share = Field(description="patients with a valid prescription (share)")
    price_factor: float = Field(ge=0.01, le=100, description="domestic price level (relative to North America)")


_parsed = functools.cache(yaml_files.load)


def substance_rows() -> dict[str, dict[str, Any]]:
    """The shipped substances as plain data, by name, in order. The caller owns the copy."""
    return copy.deepcopy(_parsed("substances.yaml"))


def jurisdiction_rows() -> dict[str, dict[str, Any]]:
    """The shipped jurisdictions as plain data, by name, in order. The caller owns the copy."""
    return copy.deepcopy(_parsed("jurisdictions.yaml"))


@functools.cache
def load_substances() -> Mapping[str, Substance]:
    """The shipped substances, by name, in order.

    Examples
    --------
    >>> load_substances()["cocaine"].status
    'prohibited'
    """
    return {name: Substance.model_validate({"name": name, **row}) for name, row in substance_rows().items()}


@functools.cache
def load_jurisdictions() -> Mapping[str, Jurisdiction]:
    """The shipped jurisdictions, by name, in order."""
    return {name: Jurisdiction.model_validate({"name": name, **row}) for name, row in jurisdiction_rows().items()}
