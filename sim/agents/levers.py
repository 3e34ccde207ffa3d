"""Levers: what agents let policies move. Reset to neutral every day, so that a policy acts only while it is on.

Policies change levers; agents respond to them by their own rules. A lever at its neutral value leaves every number of a run as it was.
"""

from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

import numpy as np

from sim.agents.codes import N_PROGRAMMES, Segment
from sim.agents.consumers import TURNS
from sim.agents.enforcement import TARGETS

MAX_SUBSTANCES = 32
"""Substances that a table can hold: as many as a vendor's bits."""


def lever(neutral: float, by: str, owner: str, unit: str, text: str) -> np.ndarray:
    """Declare a lever: an array by one of the kinds that `Levers` names."""
    return field(default=None, metadata={"neutral": neutral, "by": by, "owner": owner, "unit": unit, "text": text})  # type: ignore[return-value]


@dataclass
class Levers:
    """All levers of a model with J jurisdictions; arrays by how they are declared.

    (J,) by jurisdiction, (J, 4, 100) for people by jurisdiction, segment and turn, (J, 4, 100, 7) for these by programme, (J, 32) for
    goods by jurisdiction and substance, (J, J) by route (from, to), (J, 4, 32) for needs by jurisdiction, segment and main substance, (J, 7) by jurisdiction and
    target, (J, 7, 7) by the target that loses and the one that gains. A consumer's turn is drawn once: a share of people are those of the first turns.
    """

    jurisdictions: int
    initiation: np.ndarray = lever(
        1.0, "jurisdiction", "consumers", "ratio", "Inflow of people who begin to consider an online source"
    )
    caution_reach: np.ndarray = lever(
        0.0, "people", "consumers", "share/week", "Consumers reached by a message against illicit sources"
    )
    caution_message: np.ndarray = lever(
        0.0,
        "people",
        "consumers",
        "logit/week",
        "What messages add to caution: reach times effect, summed over messages; negative backfires",
    )
    verification_reach: np.ndarray = lever(
        0.0, "people", "consumers", "share/week", "Consumers taught to look a pharmacy up"
    )
    verification_message: np.ndarray = lever(
        0.0,
        "people",
        "consumers",
        "probability/week",
        "What lessons add to the habit of looking up: reach times effect, summed over lessons",
    )
    lookup: np.ndarray = lever(
        0.0,
        "jurisdiction",
        "intermediaries",
        "probability",
        "What a register adds to the chance that a look-up shows an illicit seller",
    )
    unsealed: np.ndarray = lever(
        1.0, "jurisdiction", "intermediaries", "ratio", "Detection of sellers without a seal by those who glance at it"
    )
    glance: np.ndarray = lever(
        1.0,
        "jurisdiction",
        "intermediaries",
        "ratio",
        "Detection of sellers with a forged seal by those who glance at it",
    )
    demotion: np.ndarray = lever(
        0.0,
        "jurisdiction",
        "intermediaries",
        "share",
        "Rank that search engines take from illicit sites in what people who live there are shown",
    )
    isp_block: np.ndarray = lever(
        0.0, "jurisdiction", "intermediaries", "share", "Customers of access providers that block listed domains"
    )
    warning: np.ndarray = lever(
        0.0,
        "jurisdiction",
        "intermediaries",
        "share",
        "Visits to illicit pharmacies and app sellers on which a warning is shown",
    )
    recognition: np.ndarray = lever(
        0.0,
        "people",
        "intermediaries",
        "probability",
        "What information at the point of search adds to the chance to recognise an illicit pharmacy",
    )
    moderation: np.ndarray = lever(
        0.0,
        "jurisdiction",
        "intermediaries",
        "share/month",
        "Sellers' accounts that apps, by seat, remove beyond the usual",
    )
    listing_ban: np.ndarray = lever(
        0.0, "goods", "platforms", "share", "Cryptomarkets and apps, by seat, that ban listings of a substance"
    )
    false_signal: np.ndarray = lever(
        0.0, "jurisdiction", "intermediaries", "share", "Ratings and posts about vendors there that are false"
    )
    main_delisting: np.ndarray = lever(
        0.0, "jurisdiction", "processors", "share", "Pressure on exchanges to delist the main coin"
    )
    privacy_delisting: np.ndarray = lever(
        0.0, "jurisdiction", "processors", "share", "Pressure on exchanges to delist the privacy coin"
    )
    exchange_closure: np.ndarray = lever(0.0, "jurisdiction", "processors", "share", "Pressure on exchanges to close")
    checking_reach: np.ndarray = lever(
        0.0, "people", "services", "share", "Consumers whom drug checking reaches, beyond the usual"
    )
    check_uptake: np.ndarray = lever(1.0, "people", "services", "ratio", "Uptake of checking by those reached")
    naloxone: np.ndarray = lever(0.0, "people", "services", "share", "Consumers who carry naloxone, beyond the usual")
    naloxone_kept: np.ndarray = lever(
        0.0, "people", "services", "share", "Consumers who have naloxone, with them or at home, beyond the usual"
    )
    treatment_slots: np.ndarray = lever(
        0.0, "people", "services", "share", "Places in treatment that are added for somebody, of those there are"
    )
    dropout: np.ndarray = lever(1.0, "people", "services", "ratio", "Rate at which people drop out of treatment")
    taken_up: np.ndarray = lever(
        0.0,
        "programme",
        "consumers",
        "share",
        "Those offered a programme who take it up, at usual stigma, trust and knowledge; where 0, nobody has to be asked",
    )
    leaving: np.ndarray = lever(
        0.0, "programme", "consumers", "share/month", "Those who take part in a programme who leave it"
    )
    offered: np.ndarray = lever(
        0.0, "programme", "consumers", "strength", "Strength with which a programme is offered so far today"
    )
    support_reach: np.ndarray = lever(
        0.0, "people", "services", "share/week", "Consumers reached by information on support"
    )
    support_message: np.ndarray = lever(
        0.0,
        "people",
        "services",
        "share/week",
        "What messages add to knowledge of services: reach times effect, summed over messages",
    )
    stigma_message: np.ndarray = lever(
        0.0,
        "people",
        "services",
        "share/week",
        "What messages take from stigma: reach times effect, summed over messages; negative adds to it",
    )
    stigma: np.ndarray = lever(1.0, "jurisdiction", "services", "ratio", "Stigma to which people return")
    warning_sight: np.ndarray = lever(
        1.0, "jurisdiction", "services", "ratio", "What early warning sees of samples, reports, seizures and forums"
    )
    warning_delay: np.ndarray = lever(
        1.0, "jurisdiction", "services", "ratio", "Days from detection, here or elsewhere, to the alert"
    )
    alert_reach: np.ndarray = lever(1.0, "people", "services", "ratio", "Users whom an alert reaches")
    false_alarms: np.ndarray = lever(1.0, "jurisdiction", "services", "ratio", "Alerts without a cause")
    legal_access: np.ndarray = lever(
        0.0, "people", "services", "probability", "Needs covered by regulated supply, of those who take part in it"
    )
    diversion: np.ndarray = lever(
        0.0, "jurisdiction", "services", "share", "Regulated supply to dependent consumers that is passed on to friends"
    )
    scheduling: np.ndarray = lever(
        0.0,
        "goods",
        "law",
        "steps",
        "Steps by which legal status is stricter than usual, by jurisdiction and substance; negative is laxer",
    )
    prescriptions: np.ndarray = lever(
        1.0, "goods", "services", "share", "Prescriptions that pharmacies can fill, by jurisdiction and substance"
    )
    charges: np.ndarray = lever(1.0, "jurisdiction", "agencies", "ratio", "Users stopped who are charged")
    referral: np.ndarray = lever(
        0.0, "people", "agencies", "share", "Users stopped who are offered services instead of a charge"
    )
    need: np.ndarray = lever(
        1.0, "need", "consumers", "ratio", "Rates at which needs arise, by jurisdiction, segment and main substance"
    )
    street_access: np.ndarray = lever(
        1.0,
        "jurisdiction",
        "consumers",
        "ratio",
        "Odds of buying on the street: below 1 where it can hardly be reached",
    )
    production: np.ndarray = lever(
        1.0, "goods", "suppliers", "share", "Production that works, by jurisdiction of the maker and substance"
    )
    recruitment: np.ndarray = lever(
        1.0, "jurisdiction", "suppliers", "ratio", "Branches that groups recruit, by where they work"
    )
    group_effort: np.ndarray = lever(
        1.0, "jurisdiction", "agencies", "ratio", "Effort against suppliers and their consignments"
    )
    searches: np.ndarray = lever(
        1.0,
        "route",
        "agencies",
        "ratio",
        "Chance that a load of a supplier is seized, by border: where it comes from and goes",
    )
    inspection: np.ndarray = lever(
        1.0, "route", "intermediaries", "ratio", "Parcels inspected, by origin and destination"
    )
    advance_data: np.ndarray = lever(
        0.0, "route", "intermediaries", "share", "Parcels without advance data that come to have them, by route"
    )
    postal_staff: np.ndarray = lever(
        1.0, "jurisdiction", "intermediaries", "ratio", "Staff who inspect and clear parcels"
    )
    police_effort: np.ndarray = lever(1.0, "jurisdiction", "agencies", "ratio", "Officer-days available")
    capability: np.ndarray = lever(1.0, "jurisdiction", "agencies", "ratio", "Cyber capability relative to the usual")
    cooperation: np.ndarray = lever(
        0.0,
        "route",
        "agencies",
        "share",
        "Part of what is missing to full cooperation that treaties make up, between two who joined the same one",
    )
    effort_kept: np.ndarray = lever(
        1.0, "target", "agencies", "ratio", "Officer-days that stay on each target of enforcement"
    )
    effort_gained: np.ndarray = lever(
        0.0,
        "transfer",
        "agencies",
        "weight",
        "Where officer-days that were taken off a target go, by that target and the new one; nowhere when all are 0",
    )

    def __post_init__(self) -> None:
        j, s = self.jurisdictions, MAX_SUBSTANCES
        shapes = {
            "jurisdiction": j,
            "people": (j, len(Segment), TURNS),
            "programme": (j, len(Segment), TURNS, N_PROGRAMMES),
            "goods": (j, s),
            "route": (j, j),
            "need": (j, len(Segment), s),
            "target": (j, len(TARGETS)),
            "transfer": (j, len(TARGETS), len(TARGETS)),
        }
        self._shapes = {f.name: shapes[f.metadata["by"]] for f in fields(self) if f.metadata}
        neutral = [np.full(self._shapes[f.name], f.metadata["neutral"]).ravel() for f in fields(self) if f.metadata]
        self._neutral = np.concatenate(neutral)
        self._divide(self._neutral.copy())

    def _divide(self, values: np.ndarray) -> None:
        """Make each lever a view of its part of ``values``, so that all are set at once."""
        self._values, at = values, 0
        for name, shape in self._shapes.items():
            first, at = at, at + int(np.prod(shape))
            vars(self)[name] = values[first:at].reshape(shape)

    def __getattr__(self, name: str) -> Any:
        """Say that there is no such lever, and which one may be meant."""
        near = get_close_matches(name, [f.name for f in fields(Levers) if f.metadata], 1)
        raise AttributeError(f"there is no lever {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def __setattr__(self, name: str, value: Any) -> None:
        """Write a lever in place, so that it goes back to neutral with the others; a name that is none is refused."""
        shapes = vars(self).get("_shapes")
        if shapes is None or name == "_values" or name == "_neutral":
            object.__setattr__(self, name, value)
        elif name in shapes:
            vars(self)[name][:] = value
        else:
            self.__getattr__(name)

    def reset(self) -> None:
        """Set every lever to its neutral value."""
        self._values[:] = self._neutral

    def __getstate__(self) -> dict[str, object]:
        """Leave the views out of a pickle or a copy: they would not be views there."""
        return {name: value for name, value in vars(self).items() if name not in self._shapes}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        self._divide(self._values)

    @classmethod
    def describe(cls) -> list[dict[str, object]]:
        """One record a lever: name, neutral value, owner, unit, text."""
        return [{"name": f.name, **f.metadata} for f in fields(cls) if f.metadata]
