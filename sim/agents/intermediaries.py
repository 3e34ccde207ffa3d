"""Intermediaries: search engines, access providers, post and couriers, social-media companies, forums."""

from typing import Any

import numpy as np
from mesa import Model

from sim.agents.institutions import Institution
from sim.evidence.groups import PlatformsParameters


class SearchEngine(Institution):
    """Ranks results: what share of the results of a search leads to illicit pharmacies.

    Parameters
    ----------
    model
        The model.
    licensed_weight
        (3,) weight of licensed results against the usual weight 1 of illicit ones, for ordinary, controlled and prohibited goods.
    """

    def __init__(self, model: Model, licensed_weight: np.ndarray) -> None:
        super().__init__(model)
        self.licensed_weight = np.asarray(licensed_weight, float)

    def illicit_share(self, rank_weight: float, demotion: float) -> np.ndarray:
        """(3,) share of illicit results when live illicit sites have ``rank_weight`` (1 at the start) and are demoted by ``demotion`` in 0-1."""
        weight = rank_weight * (1.0 - demotion)
        return weight / (weight + self.licensed_weight)

    def rerank(self, demoted: np.ndarray, wanted: float, p: PlatformsParameters) -> np.ndarray:
        """Tomorrow's ``demoted`` shares: the engine takes rank until ``wanted`` is gone, hijacked hosts and new domains win it back."""
        taken = np.maximum(wanted - demoted, 0.0) / p.demotion_days
        return demoted + taken - (p.domain_rate + p.poisoned * p.hijack_rate) * demoted


class AccessProvider(Institution):
    """Internet service providers of a jurisdiction: ``share`` of their customers are with one that blocks listed domains."""

    def __init__(self, model: Model, jurisdiction: int) -> None:
        super().__init__(model)
        self.jurisdiction = jurisdiction
        self.share = 0.0

    @staticmethod
    def relist(listed: np.ndarray, p: PlatformsParameters) -> np.ndarray:
        """Tomorrow's share of domains on the lists: they are found after a while, and programmes move to new ones."""
        return listed + (1.0 - listed) / p.listing_days - p.domain_rate * listed


class PostalService(Institution):
    """Post and couriers of a jurisdiction: parcels are inspected on the way in; beyond its capacity they wait, all of them.

    Attributes
    ----------
    border, domestic
        Chance that a parcel from abroad, from home is seized at usual inspection.
    load
        Inspections today relative to the usual number.
    backlog
        Days by which parcels from abroad are late.
    """

    def __init__(self, model: Model, jurisdiction: int, border: float, domestic: float) -> None:
        super().__init__(model)
        self.jurisdiction, self.border, self.domestic = jurisdiction, border, domestic
        self.load, self.backlog = 1.0, 0.0

    def work(self, load: float, capacity: float, longest: float) -> float:
        """A day's work: what is to be inspected beyond ``capacity`` (relative to the usual number) waits, what is left over clears it.

        Returns the share of ``load`` that is inspected: less than all of it once ``longest`` days of it wait.
        """
        self.load = load
        self.backlog = min(max(self.backlog + (load - capacity) / max(capacity, 0.1), 0.0), longest)
        return min(1.0, capacity / load) if self.backlog >= longest else 1.0


class SocialMediaCompany(Institution):
    """Owner of an app: removes accounts that sell, ``moderation`` of them a month without further pressure."""

    def __init__(self, model: Model, platform: Any, moderation: float) -> None:
        super().__init__(model)
        self.platform, self.moderation = platform, moderation
        self.removed = 0


class Forum(Institution):
    """Where experience, warnings and advice are shared; ``stock`` is its knowledge, 1 when undisturbed, ``noise`` the share of posts held false."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.stock = 1.0
        self.noise = 0.0

    @property
    def worth(self) -> float:
        """Knowledge that readers can use: the stock less what false posts drown."""
        return self.stock * (1.0 - self.noise)

    def lose(self, share: float) -> None:
        """Lose a share of the knowledge, as when the market that it belonged to is taken down."""
        self.stock *= 1.0 - min(max(share, 0.0), 1.0)

    def recover(self, rate: float) -> None:
        """A day's recovery."""
        self.stock += rate * (1.0 - self.stock)
