"""Services: treatment, drug checking, early warning."""

import numpy as np
from mesa import Model

from sim.agents.codes import Segment
from sim.agents.consumers import TURNS
from sim.agents.institutions import Institution
from sim.kernels import kernel


class TreatmentService(Institution):
    """Treatment of a jurisdiction: ``slots`` places, ``used`` of them taken, ``waiting`` people who keep their turn."""

    def __init__(self, model: Model, jurisdiction: int, slots: int) -> None:
        super().__init__(model)
        self.jurisdiction, self.slots, self.used, self.waiting = jurisdiction, slots, 0, 0


class Outreach(Institution):
    """Outreach: chance that who took kits of naloxone has one at all, and has one with them, by jurisdiction, segment and turn, as programmes hand them out."""

    def __init__(self, model: Model, jurisdictions: int) -> None:
        super().__init__(model)
        self.kept = np.zeros((jurisdictions, len(Segment), TURNS))
        self.carried = np.zeros_like(self.kept)

    def supply(self, kept: np.ndarray, carried: np.ndarray, days: float) -> None:
        """Kits reach people, and are used up, lost or expire: who has one, and has it with them, moves towards what is aimed at (shares) in ``days``."""
        self.kept += (kept - self.kept) / days
        self.carried += (carried - self.carried) / days


class DrugChecking(Institution):
    """Drug checking: what it saw so far, and how much of it was bad."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.samples = 0
        self.bad = 0


SIGNS = ("checked", "reported", "seized", "forum")
"""What early warning observes: samples checked, harms reported, parcels seized, what forums write."""


@kernel
def spread_out(home: np.ndarray, rows: np.ndarray, first: np.ndarray, behind: np.ndarray, reach: np.ndarray) -> None:
    """Fill ``reach`` (rows, J): ``first`` (rows,) where a substance is at ``home``, or where that is everywhere, and so much ``behind`` that elsewhere."""
    for i in range(len(rows)):
        at = home[rows[i]]
        for j in range(reach.shape[1]):
            reach[i, j] = first[i] if at < 0 or at == j else first[i] - behind[i]


@kernel
def first_alerts(known: np.ndarray, born: np.ndarray, before: int, day: int, lags: np.ndarray) -> int:
    """Fill ``lags`` with the days to the first alert of substances of which one was given after ``before``, up to ``day``; returns how many they are."""
    many = 0
    for k in range(len(born)):
        first = known[k, 0]
        for j in range(1, known.shape[1]):
            first = min(first, known[k, j])
        if before < first <= day:
            lags[many] = first - born[k]
            many += 1
    return many


class EarlyWarning(Institution):
    """Early warning: novel substances that circulate, found by the system of each jurisdiction after a lag that depends on what it sees, or told by another.

    Attributes
    ----------
    born, popularity, toxicity
        One entry per substance that circulates at the start or appears later. Of an opioid ``toxicity`` is the strength of goods that hold it, against others.
    home
        Jurisdiction where it appeared, from which it spreads to the others; -1 for everywhere at once.
    key
        What its draws are keyed by: those that appear of themselves and those that come from outside are numbered apart, so that neither move the others' luck.
    opioid
        True for a strong synthetic opioid that suppliers mix in, false for a novel psychoactive substance.
    share, at_hand
        Of an opioid that comes from outside: the goods of a supplier who took it up that hold it (0 to 1; -1 of all others), and where (J) suppliers get it.
    known
        (entries, J) day of the alert in each jurisdiction, once it is known there; `KNOWN_BEFORE` of those with an alert before the start.
    attention
        (J,) share of attention that alerts get: each takes some away, it comes back with time.
    alerts
        (J,) alerts, false ones included, that users hear of today.
    novel, strong
        (J, 4) rates at which signs of novel substances and of strong opioids are seen (a day per 20,000 consumers of the world), by SIGNS.
    """

    NOT_DETECTED, KNOWN_BEFORE = 10**6, -(10**6)

    def __init__(self, model: Model, jurisdictions: int) -> None:
        super().__init__(model)
        self.born, self.home, self.key = np.empty((3, 0), np.int64)
        self.popularity, self.toxicity, self.share = np.empty((3, 0))
        self.gone, self.opioid = np.empty((2, 0), bool)
        self.known = np.empty((0, jurisdictions), np.int64)
        self.at_hand = np.empty((0, jurisdictions), bool)
        self.attention = np.ones(jurisdictions)
        self.alerts = np.zeros(jurisdictions, np.int64)
        self.novel, self.strong = np.zeros((2, jurisdictions, len(SIGNS)))

    def appear(
        self,
        born: int | np.ndarray,
        popularity: float | np.ndarray,
        toxicity: float | np.ndarray,
        home: int | np.ndarray,
        opioid: bool | np.ndarray = False,
    ) -> int:
        """A substance appears, or several; returns the number of the first."""
        first, new = len(self.born), (np.size(born), len(self.attention))
        here, before = np.array(home) >= 0, self.home >= 0
        number = np.arange(new[0])
        self.key = np.append(self.key, np.where(here, before.sum() + number, -1 - (~before).sum() - number))
        self.born, self.home = np.append(self.born, born), np.append(self.home, home)
        self.popularity, self.toxicity = np.append(self.popularity, popularity), np.append(self.toxicity, toxicity)
        self.share = np.append(self.share, np.full(new[0], -1.0))
        self.gone = np.append(self.gone, np.zeros(new[0], bool))
        self.opioid = np.append(self.opioid, opioid)
        self.known = np.vstack([self.known, np.full(new, self.NOT_DETECTED)])
        self.at_hand = np.vstack([self.at_hand, np.zeros(new, bool)])
        return first

    def reached(self, rows: np.ndarray, day: int, days: float) -> np.ndarray:
        """(rows, J) how far substances have spread: at home in ``days``, elsewhere so many days behind home."""
        age, reach = (day - self.born[rows] + 1) / days, np.empty((len(rows), len(self.attention)))
        spread_out(self.home, rows, -np.expm1(-age), age * np.exp(-age), reach)
        return reach

    def spread(self, rows: np.ndarray, day: int, days: float) -> np.ndarray:
        """(rows, J) popularity of substances today."""
        return self.popularity[rows, None] * self.reached(rows, day, days)

    @property
    def live(self) -> np.ndarray:
        """Numbers of the substances that circulate."""
        return (~self.gone).nonzero()[0]

    def alerted(self, day: int) -> np.ndarray:
        """(entries, J) whether an alert is out."""
        return self.known <= day

    def told(self, day: int) -> np.ndarray:
        """(entries, J) whether an alert was given during the run, up to ``day``."""
        return (self.known > self.KNOWN_BEFORE) & (self.known <= day)

    def lags(self, day: int) -> np.ndarray:
        """Days from appearance to the first alert anywhere, of those with a first alert from day 0 on, up to ``day``; in burn-in of all with one in the run."""
        lags = np.empty(len(self.born), np.int64)
        return lags[: first_alerts(self.known, self.born, -1 if day >= 0 else self.KNOWN_BEFORE, day, lags)]
