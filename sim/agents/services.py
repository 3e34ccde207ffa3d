"""Services: treatment, drug checking, early warning."""

import numpy as np
from mesa import Model

from sim.agents.codes import Segment
from sim.agents.consumers import TURNS
from sim.agents.institutions import Institution


class TreatmentService(Institution):
    """Treatment of a jurisdiction: ``slots`` places, ``used`` of them taken, ``waiting`` people who keep their turn."""

    def __init__(self, model: Model, jurisdiction: int, slots: int) -> None:
        super().__init__(model)
        self.jurisdiction, self.slots, self.used, self.waiting = jurisdiction, slots, 0, 0


class Outreach(Institution):
    """Outreach: naloxone at hand around people who use, by jurisdiction, segment and turn, beyond what is usual; it follows what programmes hand out."""

    def __init__(self, model: Model, jurisdictions: int) -> None:
        super().__init__(model)
        self.carried = np.zeros((jurisdictions, len(Segment), TURNS))

    def supply(self, aimed: np.ndarray, days: float) -> None:
        """Kits reach people, and are used up, lost or expire: carriage moves towards ``aimed`` (share) in ``days``."""
        self.carried += (aimed - self.carried) / days


class DrugChecking(Institution):
    """Drug checking: what it saw lately (samples a day per 20,000 consumers, fading by 5 % a day)."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.samples = 0
        self.bad = 0
        self.novel_rate = 0.0
        self.strong_rate = 0.0


SIGNS = ("checked", "reported", "seized", "forum")
"""What early warning observes: samples checked, harms reported, parcels seized, what forums write."""


class EarlyWarning(Institution):
    """Early-warning system: novel substances that circulate, detected after a lag that depends on what is observed.

    Attributes
    ----------
    born, popularity, toxicity, alert_day
        One entry per substance that appeared during the run; ``alert_day`` is the day of its alert once it is detected.
    opioid
        True for a strong synthetic opioid in adulterated goods, false for a novel psychoactive substance.
    attention
        Share of attention that alerts get: each takes some away, it comes back with time.
    alerts
        Alerts, false ones included, that users hear of today.
    novel, strong
        Rates at which signs of novel substances and of strong opioids are seen (a day per 20,000 consumers), by SIGNS.
    """

    NOT_DETECTED = -(10**6)

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.born = np.empty(0, np.int64)
        self.popularity = np.empty(0)
        self.toxicity = np.empty(0)
        self.alert_day = np.empty(0, np.int64)
        self.gone = np.empty(0, bool)
        self.opioid = np.empty(0, bool)
        self.attention = 1.0
        self.alerts = 0
        self.false = 0
        self.novel = np.zeros(len(SIGNS))
        self.strong = np.zeros(len(SIGNS))

    def appear(self, day: int, popularity: float, toxicity: float, opioid: bool = False) -> int:
        """A substance appears; returns its number."""
        self.born = np.append(self.born, day)
        self.popularity = np.append(self.popularity, popularity)
        self.toxicity = np.append(self.toxicity, toxicity)
        self.alert_day = np.append(self.alert_day, self.NOT_DETECTED)
        self.gone = np.append(self.gone, False)
        self.opioid = np.append(self.opioid, opioid)
        return len(self.born) - 1

    def spread(self, rows: np.ndarray, day: int, days: float) -> np.ndarray:
        """Popularity of substances today: each spreads in ``days`` to what it will be."""
        return self.popularity[rows] * -np.expm1(-(day - self.born[rows] + 1) / days)

    @property
    def unknown(self) -> np.ndarray:
        """Numbers of the substances that circulate and have not been detected."""
        return np.flatnonzero(~self.gone & (self.alert_day == self.NOT_DETECTED))

    def alerted(self, day: int) -> np.ndarray:
        """For each substance, whether an alert is out."""
        return (self.alert_day != self.NOT_DETECTED) & (self.alert_day <= day)

    def lags(self, day: int) -> np.ndarray:
        """Days from appearance to alert of those with an alert up to ``day``."""
        seen = self.alerted(day)
        return self.alert_day[seen] - self.born[seen]
