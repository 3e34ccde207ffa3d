"""The search for a cryptomarket by those who have none, or turned away from them a while ago."""

from __future__ import annotations

from math import exp, log1p
from typing import TYPE_CHECKING

from benchmarks.plain_mesa.chance import logistic
from benchmarks.plain_mesa.choice import market_value
from benchmarks.plain_mesa.goods import CRYPTO, STREET

if TYPE_CHECKING:
    from benchmarks.plain_mesa.consumers import Consumer
    from benchmarks.plain_mesa.platforms import Platform


def look_for_market(consumer: Consumer) -> None:
    """Look for a market on the day set for it, and join the best one found when it looks worth it."""
    model, p = consumer.model, consumer.model.p.migration
    if consumer.market_state in ("none", "active") or consumer.look_day > model.day:
        return
    displaced = consumer.market_state == "searching"
    found: list[tuple[float, float, Platform]] = []
    for market in model.cryptomarkets:
        if discovers(consumer, market):
            value = market_value(consumer, market, None)
            liking = value + p.noise * model.rng.normal()
            if displaced:
                liking += p.herding * log1p(market.arrivals / (p.herd_unit * model.size))
            found.append((liking, value, market))
    if not found:
        if model.rng.random() < p.give_up:
            consumer.turn_away(p.recheck_days)
        else:
            consumer.look_day = model.day + 1 + int(p.retry_days * model.rng.exponential())
        return
    found.sort(key=lambda entry: entry[0], reverse=True)
    liking, value, market = found[0]
    worth = p.join_steepness * (participation(consumer, value) - p.join_threshold)
    if model.rng.random() >= logistic(worth):
        consumer.turn_away(p.recheck_days)
        return
    consumer.market_state = "active"
    consumer.markets.settle_on(market)
    if len(found) > 1 and found[1][0] > liking - p.second_registration:
        consumer.markets.learn_of(found[1][2])
    if displaced:
        market.arrivals += 1.0


def discovers(consumer: Consumer, market: Platform) -> bool:
    """Whether a market comes to mind: known, a remembered vendor's, or heard of from users and adverts."""
    if market in consumer.markets.known or any(market in tie.vendor.accounts for tie in consumer.vendors.good):
        return True
    model, p = consumer.model, consumer.model.p.migration
    heard = p.reach * market.users / max(model.considering, 1) + p.newcomer_adverts * market.newness
    return bool(model.rng.random() < 1.0 - exp(-heard))


def participation(consumer: Consumer, value: float) -> float:
    """Chance to use this market rather than the street for a typical order."""
    p = consumer.model.p.choice
    online = p.crypto + p.skill_crypto * consumer.skill + consumer.taste[CRYPTO] + value
    online -= p.legal_risk_weight * consumer.legal_risk["dark"].value(p.risk_a, p.risk_b)
    online -= p.loss_weight * consumer.loss_risk.value(p.risk_a, p.risk_b)
    other = p.street + consumer.taste[STREET] + consumer.model.p.migration.outside
    return logistic(online - other)
