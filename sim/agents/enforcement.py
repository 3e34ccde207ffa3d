"""Enforcement agencies: one or more per jurisdiction, with a budget of officer-days and a memory of where it paid."""

import numpy as np
from mesa import Model

from sim.agents.institutions import Institution

TARGETS = ("platforms", "vendors", "suppliers", "payments", "post", "users", "referrals")
PLATFORMS, VENDORS, SUPPLIERS, PAYMENTS, POST, USERS, REFERRALS = range(len(TARGETS))


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
        Cyber capability: multiplies evidence on platforms and suppliers.
    """

    def __init__(
        self,
        model: Model,
        jurisdiction: int,
        officer_days: float,
        usual_days: float,
        allocation: np.ndarray,
        capability: float,
    ) -> None:
        super().__init__(model)
        self.jurisdiction, self.officer_days, self.usual_days = jurisdiction, officer_days, usual_days
        self.capability = capability
        self.allocation = np.asarray(allocation, float) / np.sum(allocation)
        self.start_allocation = self.allocation.copy()
        self.credit = np.zeros(len(TARGETS))
        self.spent = 0.0
        self.takedowns = self.arrests = self.charges = self.referrals = 0

    def effort(self) -> np.ndarray:
        """Officer-days of today by target."""
        return self.officer_days * self.allocation

    def learn(self, speed: float, floor: float) -> None:
        """Move ``speed`` of the effort to where a month's credit per officer-day was earned, with a ``floor`` for every target."""
        if self.credit.sum() > 0:
            paid = self.credit / np.maximum(self.allocation, 1e-9)
            aim = self.allocation * paid / np.sum(self.allocation * paid)
            mixed = np.maximum((1.0 - speed) * self.allocation + speed * aim, floor)
            self.allocation = mixed / mixed.sum()
        self.credit[:] = 0.0
