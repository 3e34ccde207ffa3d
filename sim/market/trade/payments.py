"""Payments: accounts of illicit merchants are ended and found anew, acquirers are fined, money is followed.

Three banks took 95 % of payments for spam-advertised drugs (Levchenko et al. 2011); when test purchases and complaints ended their accounts, programmes
spread over two dozen banks, and many gave up (McCoy et al. 2012).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import LAST_DAY, Channel, EventKind
from sim.agents.payments import CARDS, COIN, FIRST_ACQUIRER, Coin, Exchange, Merchant, PaymentProcessor
from sim.kernels import kernel
from sim.market.trade.coins import coins
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState


LARGEST_BANK, THREE_BANKS = 0.6, 0.95
"""Shares of payments for spam-advertised drugs that one bank and three banks took (Levchenko et al. 2011): how ready each is to take such merchants."""


def make_processors(state: MarketState) -> None:
    """Cards, coins with their exchanges, and acquirers of unequal laxity; merchants are added as programmes open."""
    p, j = state.p.payment, state.world.n_jurisdictions
    PaymentProcessor(state, CARDS, "cards", p.licensed_fee)
    PaymentProcessor(state, COIN, "coin", p.coin_fee, traceability=p.coin_traceability)
    banks = int(state.p.world.acquirers)
    second, others = (THREE_BANKS - LARGEST_BANK) / 2, (1.0 - THREE_BANKS) / max(banks - 3, 1)
    for k, lax in enumerate([LARGEST_BANK, second, second, *[others] * (banks - 3)]):
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


def merchants_today(state: MarketState) -> None:
    """Phase 2, payments: coins; acquirers are fined over disputes and forget fines; programmes offer coins to more visitors while they are without an account."""
    coins(state)
    p, t, day = state.p.payment, state.platform_table.columns, state.day
    fined = day % 30 == 0 and disputed(state)
    for bank in state.processors[FIRST_ACQUIRER:]:
        bank.forget(p.fine_days)
        if fined and bank.accounts:
            bank.fine(p.fine)
    kept = 1.0 - 1.0 / p.pressure_days
    for merchant in state.merchants.values():
        merchant.recent *= kept
    usual, adoption = np.float32(p.crypto_offered), np.float32(p.coin_adoption)
    offer_coins(state.open_slots(Channel.ILLICIT_PHARMACY), day, t.processor_day, usual, adoption, t.coin_offered)


@kernel
def offer_coins(
    slots: np.ndarray, day: int, first: np.ndarray, usual: float, adoption: float, offered: np.ndarray
) -> None:
    """Programmes ``slots`` whose merchant account is in force from a later day on (``first``) take coins of more visitors; the others go back to the ``usual``."""
    for m in slots:
        aim = np.float32(1.0) if first[m] > day else usual
        offered[m] += adoption * (aim - offered[m])


def disputed(state: MarketState) -> bool:
    """Whether more of a month's card payments to programmes are disputed, as far as is to be expected of what came, than the card networks allow."""
    cards, failed = state.trade.by_card.sum(axis=0)
    return bool(state.p.shipping.chargeback * failed > state.p.payment.chargeback_threshold * cards)


def taking_cards(state: MarketState) -> np.ndarray:
    """Slots of the pharmacy programmes that have a merchant account today."""
    slots = state.open_slots(Channel.ILLICIT_PHARMACY)
    return slots[state.platform_table.columns.processor_day[slots] <= state.day]


def end_accounts(state: MarketState, slots: np.ndarray, pressed: np.ndarray) -> None:
    """End accounts of the programmes in ``slots``: by compliance, by disputes, and by police, who add the hazard ``pressed`` to each."""
    p = state.p.payment
    hazard = 1.0 / p.account_life + pressed + (p.threshold_hazard if disputed(state) else 0.0)
    for m in slots[uniforms(int(state.seed), Draw.TERMINATION, slots, state.day) < hazard]:
        end_account(state, int(m), "compliance")


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
    wary = sum(bank.usual_laxity for bank in banks) / max(sum(bank.laxity for bank in banks), 1e-6)
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
    state.today.test_buyers += 1
    u = uniforms(int(state.seed), Draw.TEST_PURCHASE, slots, day, state.today.test_buyers - 1)
    for m in slots[u < ended]:
        state.processors[int(t.processor[m])].fine(p.fine)
        end_account(state, int(m), "complaint", policy)
