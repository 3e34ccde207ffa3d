"""Enforcement agencies: local police, a cyber unit and a border agency in each jurisdiction, each with a mandate, a budget and a memory of where it paid."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from mesa import Model

from sim.agents.institutions import Institution

TARGETS = ("platforms", "vendors", "suppliers", "payments", "post", "users", "referrals")
PLATFORMS, VENDORS, SUPPLIERS, PAYMENTS, POST, USERS, REFERRALS = range(len(TARGETS))


class Unit(IntEnum):
    """Kind of agency."""

    POLICE = 0  # local: users, vendors nearby, referrals
    CYBER = 1  # national: platforms, vendors online, payments, suppliers
    BORDER = 2  # post, suppliers


def mandates(cyber_vendors: float, cyber_suppliers: float) -> np.ndarray:
    """(3, 7) who does what: the share of a jurisdiction's effort on each target that each kind of agency spends.

    Parameters
    ----------
    cyber_vendors
        Share of effort on vendors that goes to those online.
    cyber_suppliers
        Share of effort on suppliers; of the rest local police and border agencies have half each.
    """
    border = (1.0 - cyber_suppliers) / 2
    local = 1.0 - cyber_suppliers - border
    share = np.zeros((len(Unit), len(TARGETS)))
    share[Unit.POLICE, [VENDORS, SUPPLIERS, USERS, REFERRALS]] = 1.0 - cyber_vendors, local, 1.0, 1.0
    share[Unit.CYBER, [PLATFORMS, VENDORS, SUPPLIERS, PAYMENTS]] = 1.0, cyber_vendors, cyber_suppliers, 1.0
    share[Unit.BORDER, [SUPPLIERS, POST]] = border, 1.0
    return share


class Records:
    """What agencies spend and earn, a row for each: the day books it for all of them at once, an `Agency` shows its own row.

    Attributes
    ----------
    allocation, credit, days
        (agencies, 7) as in `Agency`; ``spent`` (agencies,) officer-days so far.
    """

    def __init__(self, agencies: int) -> None:
        self.allocation, self.credit, self.days = (np.zeros((agencies, len(TARGETS))) for _ in range(3))
        self.spent = np.zeros(agencies)

    @classmethod
    def of(cls, agencies: Sequence["Agency"]) -> "Records":
        """Common records of agencies, who pass what is in their own on to them."""
        common = cls(len(agencies))
        for row, agency in enumerate(agencies):
            for name, values in vars(common).items():
                values[row] = getattr(agency, name)
            agency.records, agency.row = common, row
        return common

    def work(self, efforts: np.ndarray) -> None:
        """Spend so many officer-days (agencies, 7) on each target."""
        self.days += efforts
        self.spent += efforts.sum(axis=1)


def _recorded(name: str) -> Any:
    """An attribute of an agency that stands in its row of the records."""

    def read(agency: "Agency") -> Any:
        return getattr(agency.records, name)[agency.row]

    def write(agency: "Agency", value: Any) -> None:
        getattr(agency.records, name)[agency.row] = value

    return property(read, write)


class Agency(Institution):
    """An enforcement agency.

    Parameters
    ----------
    model
        The model.
    jurisdiction
        Index of its jurisdiction.
    officer_days
        Officer-days a day.
    usual_days
        Officer-days a day at which the rates of arrests and seizures are stated.
    allocation
        (7,) shares of officer-days by target, in the order of ``TARGETS``.
    capability
        Cyber capability: multiplies evidence on platforms, suppliers and vendors online.
    unit
        Kind of agency.
    mandate
        (7,) share of the jurisdiction's effort on each target that is this agency's; by default all of it.

    Attributes
    ----------
    credit, days
        (7,) what it remembers of the credit that it earned on each target and of the officer-days that it spent there; both fade alike.
    records, row
        The records in which these, ``allocation`` and ``spent`` stand, and its row there.
    """

    allocation, credit, days, spent = (_recorded(name) for name in ("allocation", "credit", "days", "spent"))

    def __init__(
        self,
        model: Model,
        jurisdiction: int,
        officer_days: float,
        usual_days: float,
        allocation: np.ndarray,
        capability: float,
        unit: Unit = Unit.POLICE,
        mandate: np.ndarray | None = None,
    ) -> None:
        super().__init__(model)
        self.jurisdiction, self.officer_days, self.usual_days = jurisdiction, officer_days, usual_days
        self.capability, self.unit = capability, int(unit)
        self.records, self.row = Records(1), 0
        self.mandate = np.ones(len(TARGETS)) if mandate is None else np.asarray(mandate, float)
        self.allocation = np.asarray(allocation, float) / max(float(np.sum(allocation)), 1e-12)
        self.start_allocation = self.allocation.copy()
        self.takedowns = self.arrests = 0

    def effort(self) -> np.ndarray:
        """Officer-days of today by target."""
        return self.officer_days * self.allocation

    def learn(self, speed: float, floor: float) -> None:
        """Move ``speed`` of the effort to where an officer-day paid: shares follow the credit remembered per officer-day remembered.

        Memory fades by ``speed`` a month too. A target that lost effort keeps its credit per officer-day, so that effort can come back to it; every
        target of the mandate keeps at least ``floor``.
        """
        mine = self.mandate > 0
        paid = np.divide(self.credit, self.days, out=np.zeros(len(TARGETS)), where=mine & (self.days > 0))
        if paid.sum() > 0:
            mixed = np.maximum(self.allocation + speed * (paid / paid.sum() - self.allocation), floor * mine)
            self.allocation = mixed / mixed.sum()
        self.credit *= 1.0 - speed
        self.days *= 1.0 - speed


def efforts_of(agencies: Sequence[Agency], records: Records) -> np.ndarray:
    """(agencies, 7) officer-days of today by target, as each agency says; those of an author's own are asked one by one."""
    if all(type(agency).effort is Agency.effort for agency in agencies):
        return np.array([agency.officer_days for agency in agencies])[:, None] * records.allocation
    return np.array([agency.effort() for agency in agencies])
