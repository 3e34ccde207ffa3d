"""Levers: what agents let policies move. Reset to neutral every day, so that a policy acts only while it is on.

Policies change levers; agents respond to them by their own rules. A lever at its neutral value leaves every number of a run as it was.
"""

from dataclasses import dataclass, field, fields

import numpy as np

from sim.agents.enforcement import TARGETS


def lever(neutral: float, by: str, owner: str, unit: str, text: str) -> np.ndarray:
    """Declare a lever: an array by ``jurisdiction``, by ``target`` of enforcement, or a single number in an array of one."""
    return field(default=None, metadata={"neutral": neutral, "by": by, "owner": owner, "unit": unit, "text": text})  # type: ignore[return-value]


@dataclass
class Levers:
    """All levers of a model with J jurisdictions; arrays of shape (J,), (targets,) or (1,)."""

    jurisdictions: int
    demand: np.ndarray = lever(1.0, "world", "consumers", "ratio", "Rates at which needs arise")
    initiation: np.ndarray = lever(
        1.0, "world", "consumers", "ratio", "Inflow of people who begin to consider an online source"
    )
    caution_reach: np.ndarray = lever(
        0.0, "jurisdiction", "consumers", "share/week", "Consumers reached by a message against illicit sources"
    )
    caution_message: np.ndarray = lever(
        0.0,
        "jurisdiction",
        "consumers",
        "logit/week",
        "What messages add to caution: reach times effect, summed over messages; negative backfires",
    )
    verification_reach: np.ndarray = lever(
        0.0, "jurisdiction", "consumers", "share/week", "Consumers taught to look a pharmacy up"
    )
    verification_message: np.ndarray = lever(
        0.0,
        "jurisdiction",
        "consumers",
        "probability/week",
        "What lessons add to the habit of looking up: reach times effect, summed over lessons",
    )
    lookup: np.ndarray = lever(
        0.0,
        "world",
        "intermediaries",
        "probability",
        "What a register adds to the chance that a look-up shows an illicit seller",
    )
    unsealed: np.ndarray = lever(
        1.0, "world", "intermediaries", "ratio", "Detection of sellers without a seal by those who glance at it"
    )
    glance: np.ndarray = lever(
        1.0, "world", "intermediaries", "ratio", "Detection of sellers with a forged seal by those who glance at it"
    )
    demotion: np.ndarray = lever(
        0.0, "world", "intermediaries", "share", "Rank that search engines take from illicit sites"
    )
    checking_reach: np.ndarray = lever(
        0.0, "jurisdiction", "services", "share", "Consumers whom drug checking reaches, beyond the usual"
    )
    check_uptake: np.ndarray = lever(1.0, "jurisdiction", "services", "ratio", "Uptake of checking by those reached")
    naloxone: np.ndarray = lever(
        0.0, "jurisdiction", "services", "share", "Consumers who carry naloxone, beyond the usual"
    )
    treatment_slots: np.ndarray = lever(1.0, "jurisdiction", "services", "ratio", "Places in treatment")
    referral: np.ndarray = lever(
        0.0, "jurisdiction", "agencies", "share", "Users stopped who are offered services instead of a charge"
    )
    interception: np.ndarray = lever(
        1.0, "jurisdiction", "intermediaries", "ratio", "Chance that a parcel on its way in is seized"
    )
    police_effort: np.ndarray = lever(1.0, "jurisdiction", "agencies", "ratio", "Officer-days available")
    capability: np.ndarray = lever(1.0, "jurisdiction", "agencies", "ratio", "Cyber capability relative to the usual")
    cooperation: np.ndarray = lever(
        0.0,
        "jurisdiction",
        "agencies",
        "share",
        "Part of what is missing to full cooperation that a treaty makes up, among those who joined it",
    )
    effort_kept: np.ndarray = lever(
        1.0, "target", "agencies", "ratio", "Officer-days that stay on each target of enforcement"
    )
    effort_gained: np.ndarray = lever(
        0.0,
        "target",
        "agencies",
        "weight",
        "Where officer-days that were taken off a target go; nowhere when all are 0",
    )

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set every lever to its neutral value."""
        for f in fields(self):
            if f.metadata:
                size = {"jurisdiction": self.jurisdictions, "target": len(TARGETS)}.get(f.metadata["by"], 1)
                setattr(self, f.name, np.full(size, f.metadata["neutral"]))

    @classmethod
    def describe(cls) -> list[dict[str, object]]:
        """One record a lever: name, neutral value, owner, unit, text."""
        return [{"name": f.name, **f.metadata} for f in fields(cls) if f.metadata]
