"""Services: treatment, drug checking, early warning."""

import numpy as np
from mesa import Model

from sim.agents.institutions import Institution


class TreatmentService(Institution):
    """Treatment of a jurisdiction: ``slots`` places, ``used`` of them taken."""

    def __init__(self, model: Model, jurisdiction: int, slots: int) -> None:
        super().__init__(model)
        self.jurisdiction, self.slots, self.used, self.waiting = jurisdiction, slots, 0, 0


class DrugChecking(Institution):
    """Drug checking: what it saw lately (samples a day, fading by 5 % a day)."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.samples = 0
        self.bad = 0
        self.novel_rate = 0.0


class EarlyWarning(Institution):
    """Early-warning system: novel substances that circulate, detected after a lag that depends on what is observed.

    Attributes
    ----------
    born, popularity, toxicity, alert_day
        One entry per substance that appeared during the run; ``alert_day`` is -1 until the alert.
    """

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.born = np.empty(0, np.int64)
        self.popularity = np.empty(0)
        self.toxicity = np.empty(0)
        self.alert_day = np.empty(0, np.int64)
        self.gone = np.empty(0, bool)
        self.reported = 0.0

    def appear(self, day: int, popularity: float, toxicity: float) -> int:
        """A substance appears; returns its number."""
        self.born = np.append(self.born, day)
        self.popularity = np.append(self.popularity, popularity)
        self.toxicity = np.append(self.toxicity, toxicity)
        self.alert_day = np.append(self.alert_day, -(10**6))
        self.gone = np.append(self.gone, False)
        return len(self.born) - 1

    @property
    def unknown(self) -> np.ndarray:
        """Numbers of the substances that circulate without an alert."""
        return np.flatnonzero(~self.gone & (self.alert_day < -(10**5)))

    def lags(self) -> np.ndarray:
        """Days from appearance to alert of those detected."""
        seen = self.alert_day > -(10**5)
        return self.alert_day[seen] - self.born[seen]
