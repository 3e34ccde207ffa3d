"""From dose to harm: published and fitted forms, one function each, called by the kernels and checked by the tests."""

from __future__ import annotations

import math

from sim.agents.codes import Overdose
from sim.evidence.groups import ConsumptionParameters
from sim.kernels import inner, kernel
from sim.streams import Draw, uniform

SETTING, LOGISTIC = int(Draw.SETTING), int(Overdose.LOGISTIC)


@kernel
def hill_overdose(ratio: float, r50: float, g: float) -> float:
    """P(attended overdose per dose) = 1 / (1 + (r50/r)^g), r the dose relative to tolerance; default form, fitted to Notta et al. 2019."""
    if ratio <= 0.0:
        return 0.0
    return 1.0 / (1.0 + (r50 / ratio) ** g)


@kernel
def rti_logistic(mme: float) -> float:
    """Logistic of the RTI Virtual Opioid User: k = 0.01437 a MME, x0 = 1243.7 MME."""
    return 1.0 / (1.0 + math.exp(-0.01437 * (mme - 1243.7)))


@kernel
def rti_overdose(dose_mme: float, tolerance_mme: float) -> float:
    """Rival rule: logistic(dose) x (max(0, dose/tolerance - 1))^2, at most 1 (RTI Virtual Opioid User, from its code)."""
    return min(1.0, rti_logistic(dose_mme) * max(0.0, dose_mme / tolerance_mme - 1.0) ** 2)


@inner
def overdose_per_dose(rule: int, dose: float, ratio: float, tolerance: float, p: ConsumptionParameters) -> float:
    """P(overdose that counts | dose) by the `Overdose` rule in force, of a ``dose`` in usual ones and its ``ratio`` to tolerance."""
    if rule == LOGISTIC:
        return rti_overdose(dose * p.mme_per_dose, max(tolerance, p.tolerance_floor) * p.mme_per_dose)
    return hill_overdose(ratio, p.r50, p.hill) * p.severity_share


@kernel
def at_least_one(p: float, n: float) -> float:
    """1 - (1 - p)^n."""
    return 1.0 - (1.0 - p if n == 1.0 else (1.0 - p) ** n)  # most often once, and a power is dear


@kernel
def fatality(company: float, trust: float, own: float, around: float, p: ConsumptionParameters) -> float:
    """P(death | overdose): p0 (1 - H), H from company, ambulance, lay rescue and naloxone at hand.

    H = C [1 - (1 - A)(1 - L)(1 - N e_n)], N = 1 - (1 - own)(1 - around)^k: the kit of who overdosed, which others have to use, and those of k people
    around, who each have one with chance ``around`` (prototype fitted to Walley et al. 2013 and Shealey et al.).
    """
    ambulance = min(1.0, p.ambulance + p.ambulance_trust * trust)
    at_hand = 1.0 - (1.0 - own) * (1.0 - around) ** p.company_size
    rescue = company * (1.0 - (1.0 - ambulance) * (1.0 - p.lay_rescue) * (1.0 - at_hand * p.naloxone_works))
    return p.fatal_alone * (1.0 - rescue)


@kernel
def treatment_hazard(days_in: float, a: float, b: float, c: float) -> float:
    """Drop-out hazard a month, b + a c exp(-c d), d in months of 30.4 days; the source's unit is unverified."""
    return b + a * c * math.exp(-c * days_in / 30.4)


@kernel
def use_left(days_in: float, maintained: bool, p: ConsumptionParameters) -> float:
    """Use in treatment relative to before: its lasting share at once where it is drug-free, else falling linearly to it.

    It is fitted so that with all that follows (fewer needs, kept tolerance, less dependence) as many die as were observed.
    """
    if not maintained:
        return p.use_in_treatment
    return 1.0 - (1.0 - p.use_in_treatment) * min(float(days_in), p.treatment_full_days) / p.treatment_full_days


@kernel
def is_maintained(seed: int, c: int, treatment_day: int, opioid: float, p: ConsumptionParameters) -> bool:
    """Whether the treatment that ``c`` began on that day is one with a substitute and not drug-free; there is none for what has no strength as an ``opioid``."""
    return opioid > 0.0 and uniform(seed, SETTING, c, treatment_day, 0) < p.agonist_share


@kernel
def checking_reduction(
    reach: float, uptake: float, share_checked: float, discard: float, reduce: float, odds_ratio: float
) -> float:
    """Expected fall of overdoses: reach x uptake x share of doses checked x [P(discard) + P(reduce)(1 - OR)]."""
    return reach * uptake * share_checked * (discard + reduce * (1.0 - odds_ratio))


@inner
def trusting(trust: float, p: ConsumptionParameters) -> float:
    """How far services are taken up by who has this trust in police and services, relative to somebody with half of it."""
    return p.check_trust_base + 2.0 * (1.0 - p.check_trust_base) * trust
