"""Intermediaries: search engines, access providers, post and couriers, social-media companies, forums."""

from typing import Any

import numpy as np
from mesa import Model

from sim.agents.codes import Post, Written
from sim.agents.institutions import Institution
from sim.evidence.groups import PlatformsParameters

DAY, STATE, TRUE, GONE = int(Post.DAY), int(Post.STATE), int(Written.TRUE), int(Written.GONE)


class SearchEngine(Institution):
    """Ranks results: what share of the results of a search leads to illicit pharmacies.

    Parameters
    ----------
    model
        The model.
    licensed_weight
        (3,) weight of licensed results against the usual weight 1 of illicit ones, for ordinary, controlled and prohibited goods.
    places
        Jurisdictions, each of which has results of its own.

    Attributes
    ----------
    demoted
        (P, places) share of its rank that each platform has lost in what people who live in a jurisdiction are shown.
    """

    def __init__(self, model: Model, licensed_weight: np.ndarray, places: int = 1) -> None:
        super().__init__(model)
        self.licensed_weight = np.asarray(licensed_weight, float)
        self.demoted = np.zeros((0, places))

    def rank_lost(self, slots: np.ndarray) -> np.ndarray:
        """(slots, places) share of its rank that each platform has lost in each place."""
        more = max(slots.tolist(), default=-1) + 1 - len(self.demoted)
        if more > 0:
            self.demoted = np.pad(self.demoted, ((0, more), (0, 0)))
        return self.demoted[slots]

    def illicit_share(self, rank_weight: float, demotion: float) -> np.ndarray:
        """(3,) share of illicit results when live illicit sites have ``rank_weight`` (1 at the start) and are demoted by ``demotion`` in 0-1."""
        weight = rank_weight * (1.0 - demotion)
        return weight / (weight + self.licensed_weight)

    def rerank(self, demoted: np.ndarray, wanted: np.ndarray | float, p: PlatformsParameters) -> np.ndarray:
        """Tomorrow's ``demoted`` shares: the engine takes rank until ``wanted`` (by place) is gone, hijacked hosts and new domains win it back."""
        taken = np.maximum(wanted - demoted, 0.0) / p.demotion_days
        return demoted + taken - (p.domain_rate + p.hijack_rate) * demoted


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
    """Where those who buy on cryptomarkets write what happened to them: a board of posts, kept for a month.

    Attributes
    ----------
    posts
        (posts, 6) whole numbers, a row a post in order of writing: its `Post` fields.
    """

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.posts = np.empty((0, len(Post)), np.int32)

    def write(self, posts: np.ndarray) -> None:
        """Add the rows ``posts`` to the board."""
        if len(posts):
            self.posts = np.concatenate([self.posts, posts.astype(np.int32)])

    def forget(self, before: int) -> None:
        """Drop what was written before a day."""
        if len(self.posts) and self.posts[0, DAY] < before:
            self.posts = self.posts[np.searchsorted(self.posts[:, DAY], before) :]

    def delete(self, market: int) -> None:
        """Take down the posts of a market's users, as when the forum goes with the market that it belonged to."""
        self.posts[self.posts[:, Post.MARKET] == market, Post.STATE] = Written.GONE

    @property
    def readable(self) -> np.ndarray:
        """Posts that can be read, true or false."""
        return self.posts[self.posts[:, STATE] != GONE]

    @property
    def worth(self) -> float:
        """Share of a month's posts that can be read and are true; 0 where nobody has written."""
        return float(np.count_nonzero(self.posts[:, STATE] == TRUE)) / max(len(self.posts), 1)
