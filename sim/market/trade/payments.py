"""Payments: accounts of illicit merchants are ended and found anew, acquirers are fined, money is followed.

Three banks took 95 % of payments for spam-advertised drugs (Levchenko et al. 2011); when test purchases and complaints ended their accounts, programmes
spread over two dozen banks, and many gave up (McCoy et al. 2012).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import LAST_DAY, Channel, EventKind
from sim.agents.enforcement import PAYMENTS
from sim.agents.payments import CARDS, COIN, FIRST_ACQUIRER, Coin, Exchange, Merchant, PaymentProcessor
from sim.market.trade.coins import coins
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState


def make_processors(state: MarketState) -> None:
    """Cards, coins with their exchanges, and acquirers of unequal laxity; merchants are added as programmes open."""
    p, j = state.p.payment, state.world.n_jurisdictions
    PaymentProcessor(state, CARDS, "cards", p.licensed_fee)
    PaymentProcessor(state, COIN, "coin", p.coin_fee, traceability=p.coin_traceability)
    laxity = [1.0, 0.45, 0.3] + [0.05] * max(0, int(state.p.world.acquirers) - 3)
    for k, lax in enumerate(laxity[: int(state.p.world.acquirers)]):
        PaymentProcessor(state, k + FIRST_ACQUIRER, "acquirer", p.card_fee, lax)
    main = 1.0 - p.privacy_share - p.other_share
    traces = (p.coin_traceability, p.privacy_traceability, p.coin_traceability)
    names, shares = ("main", "privacy", "other"), (main, p.privacy_share, p.other_share)
    state.coins = [Coin(state, *row, j) for row in zip(names, shares, traces, strict=True)]
    top = p.largest_exchange
    shares = np.array([top, top * (1.0 - top), (1.0 - top) ** 2])
    state.exchanges = [Exchange(state, float(share), k / len(shares), j) for k, share in enumerate(shares)]
    state.merchants = {}


def open_merchant(state: MarketState, slot: int, u: float) -> PaymentProcessor:
    """A programme's first account, with an acquirer drawn by ``u``."""
    bank = pick_acquirer(state, u)
    bank.accounts += 1
    state.merchants[slot] = Merchant(state, slot, bank.row)
    return bank


def merchant_of(state: MarketState, slot: int) -> Merchant:
    """The accounts of the programme in ``slot``."""
    if slot not in state.merchants:
        state.merchants[slot] = Merchant(state, slot, int(state.platform_table.columns.processor[slot]))
    return state.merchants[slot]


def pick_acquirer(state: MarketState, u: float) -> PaymentProcessor:
    """An acquirer, drawn by laxity x (1 + accounts)."""
    banks = state.processors[FIRST_ACQUIRER:]
    weight = np.cumsum([bank.laxity * (1 + bank.accounts) for bank in banks])
    return banks[min(int(np.searchsorted(weight, u * weight[-1], side="right")), len(banks) - 1)]


def payment_cases(state: MarketState, effort: float, scale: float) -> None:
    """Phase 2, payments: coins, money followed, and accounts of pharmacy programmes ended by compliance, disputes and police."""
    coins(state)
    p, e, t, day = state.p.payment, state.p.enforcement, state.platform_table.columns, state.day
    follow_money(state, effort)
    disputed = state.trade.dispute_rate > p.chargeback_threshold
    for bank in state.processors[FIRST_ACQUIRER:]:
        bank.forget(p.fine_days)
        if disputed and bank.accounts and day % 30 == 0:
            bank.fine(p.fine)
    for merchant in state.merchants.values():
        merchant.recent *= 1.0 - 1.0 / p.pressure_days
    slots = state.open_slots(Channel.ILLICIT_PHARMACY)
    taking = t.processor_day[slots] <= day
    without = slots[~taking]
    t.coin_offered[without] += p.coin_adoption * (1.0 - t.coin_offered[without])
    slots = slots[taking]
    if not len(slots):
        return
    hazard = 1.0 / p.account_life + effort / (e.account_days * scale) / len(slots)
    if disputed:
        hazard += p.threshold_hazard
    for m in slots[uniforms(int(state.seed), Draw.TERMINATION, slots, day) < hazard]:
        end_account(state, int(m), "compliance")


def follow_money(state: MarketState, effort: float) -> None:
    """Officer-days on payments add evidence on cryptomarkets, the more the easier the coins in use are traced."""
    slots = state.crypto_slots()
    if len(slots):
        t = state.platform_table.columns
        found = effort * state.p.payment.trace_yield * state.processors[COIN].traceability
        t.evidence[slots] += found * state.trade_shares(slots) / t.security[slots]


def end_account(state: MarketState, slot: int, cause: str, policy: str = "") -> None:
    """End the merchant account in use. The programme turns to another that is in force, or applies and waits.

    The wait is Gamma(2), longer for who lost accounts lately and when acquirers are warier; the acquirer is drawn by laxity x (1 + accounts).
    """
    p, t, day = state.p.payment, state.platform_table.columns, state.day
    merchant, old = merchant_of(state, slot), state.processors[int(t.processor[slot])]
    merchant.lose(old.row)
    old.accounts -= 1
    old.terminations += 1
    longest = 0
    banks = state.processors[FIRST_ACQUIRER:]
    wary = (sum(bank.usual_laxity for bank in banks) / max(sum(bank.laxity for bank in banks), 1e-6)) ** 0.5
    mean = p.reacquire_days * wary * (1.0 + p.blacklist * (merchant.recent - 1.0))
    place = 0
    while len(merchant.accounts) < merchant.wanted(p.accounts_sought):
        u = uniforms(state.seed, Draw.REACQUIRE, np.arange(3) + 8 * slot, day, place)
        wait = 1 + int(0.5 * mean * -(np.log(u[0]) + np.log(u[1])))
        bank = pick_acquirer(state, float(u[2]))
        bank.accounts += 1
        merchant.accounts.append((bank.row, min(day + wait, LAST_DAY)))
        place, longest = place + 1, max(longest, wait)
    row, first = merchant.next_account()
    t.processor[slot], t.processor_day[slot] = row, max(int(t.processor_day[slot]), first)
    units = [agency for agency in state.agencies if agency.start_allocation[PAYMENTS] > 0.0]
    for unit in units:
        unit.credit[PAYMENTS] += state.p.enforcement.credit_account / len(units)
    state.event(EventKind.ACCOUNT_TERMINATED, slot, policy=policy, cause=cause, amount=longest)


def buy_under_cover(state: MarketState, per_week: float, largest_only: bool, policy: str, where: np.ndarray) -> None:
    """Buy from programmes hosted in the jurisdictions ``where`` under cover and complain to the card network, which ends the account and fines its acquirer.

    ``per_week`` purchases are spread over all programmes, or those with the acquirer of most accounts. A purchase must be authorised to show
    the acquirer, and not every complaint is acted on.
    """
    p, t, day = state.p.payment, state.platform_table.columns, state.day
    slots = state.open_slots(Channel.ILLICIT_PHARMACY)
    slots = slots[t.processor_day[slots] <= day]
    if largest_only and len(slots):
        top = max(state.processors[FIRST_ACQUIRER:], key=lambda bank: (bank.accounts, -bank.row)).row
        slots = slots[t.processor[slots] == top]
    slots = slots[np.isin(t.jurisdiction[slots], where)]
    if not len(slots):
        return
    shown = t.availability[slots] * (1.0 - p.issuer_decline) * p.complaint_works
    ended = 1.0 - np.exp(-per_week / 7.0 * shown / len(slots))
    for m in slots[uniforms(int(state.seed), Draw.TEST_PURCHASE, slots, day) < ended]:
        state.processors[int(t.processor[m])].fine(p.fine)
        end_account(state, int(m), "complaint", policy)
