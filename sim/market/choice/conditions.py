"""What consumers meet today: the arrays that the kernels of choice, checkout and shipping read, made once a day from agents and levers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.codes import Channel
from sim.kernels import kernel
from sim.market.adding import added_up

if TYPE_CHECKING:
    from sim.market.state import MarketState


class Conditions(NamedTuple):
    """Today's channels as consumers meet them; P platform slots."""

    open: np.ndarray  # (P,) 1 where consumers can buy
    channel: np.ndarray  # (P,)
    key: np.ndarray  # (P,) what draws about a platform are keyed by
    price_level: np.ndarray  # (C,) mean log price by channel, yesterday
    price_factor: np.ndarray  # (J,) price level of a jurisdiction
    licensed_slot: np.ndarray  # (J,)
    street_slot: np.ndarray  # (J,)
    direct_slot: int
    street_open: np.ndarray  # (J,) what the street has lost or gained in utility
    market_value: np.ndarray  # (P,) listings term of a cryptomarket's utility
    prior: np.ndarray  # (P,) public trust in a cryptomarket
    pharmacy_slot: np.ndarray  # (n,) slots of open illicit pharmacies
    pharmacy_weight: np.ndarray  # (J, n) cumulative rank weight in search, by where people live; so is the next one
    illicit_share: np.ndarray  # (J, 3) share of illicit results: ordinary, controlled, prohibited
    app_slot: np.ndarray  # (m,)
    app_weight: np.ndarray  # (m,) cumulative exposure
    app_exposure: float  # log of exposure to sellers' adverts in apps, 0 when nothing is removed
    isp_block: np.ndarray  # (J,) share of people whose access provider blocks
    listed: np.ndarray  # (P,) share of a programme's domains on block lists
    warning: np.ndarray  # (J,) share of visits on which a warning is shown
    recognition: np.ndarray  # (J, 4, 100) added to the chance to recognise an illicit pharmacy
    forged: np.ndarray  # (P,) 1 where a forged seal is shown
    unsealed: np.ndarray  # (J,) factor on the detection of an illicit seller without a seal (1 without a scheme)
    glance: np.ndarray  # (J,) factor on the detection of a seller with a forged seal (1 without a scheme)
    lookup: np.ndarray  # (J,) probability that a look-up in a register shows an illicit seller
    legal: np.ndarray  # (J, 4, 100) share of needs that regulated supply covers for those who take part in it


@kernel
def rank_results(
    slots: np.ndarray,
    visibility: np.ndarray,
    attraction: np.ndarray,
    lost: np.ndarray,
    seen: np.ndarray,
    ranks: np.ndarray,
    demotion: np.ndarray,
) -> float:
    """Fill ``ranks`` (J, slots) with cumulative weights of programmes in search, and ``demotion`` (J,) with the share that they have ``lost`` (slots, J) there.

    Returns their weight against that of the start; ``seen`` (2, slots) is room for their weights now and then.
    """
    for k in range(len(slots)):
        seen[1, k] = attraction[slots[k]]
        seen[0, k] = visibility[slots[k]] * seen[1, k]
    whole, first = added_up(seen[0]), added_up(seen[1])
    for j in range(len(demotion)):
        run, gone = 0.0, 0.0
        for k in range(len(slots)):
            away = seen[0, k] * lost[k, j]
            gone += away
            run += seen[0, k] - away
            ranks[j, k] = run
        demotion[j] = gone / max(np.float64(whole), 1e-9)
    return whole / max(first, np.float32(1e-9))


@kernel
def show(slots: np.ndarray, visibility: np.ndarray, attraction: np.ndarray, shown: np.ndarray) -> None:
    """Fill ``shown`` with cumulative exposure to the apps ``slots``."""
    run = 0.0
    for k in range(len(slots)):
        run += attraction[slots[k]] * visibility[slots[k]]
        shown[k] = run


def conditions(state: MarketState, is_open: np.ndarray, listings: np.ndarray) -> Conditions:
    """Today's channels as consumers meet them."""
    t, p = state.platform_table.columns, state.p.choice
    choice = np.maximum(listings / state.usual.listings, 1e-6)
    value = p.variety_weight * np.log(choice * (1.0 + p.variety_half) / (choice + p.variety_half))
    value += np.log(np.maximum(t.attraction, 1e-6))
    pharmacies, apps = state.open_slots(Channel.ILLICIT_PHARMACY), state.open_slots(Channel.SOCIAL_APP)
    ranks, demotion = np.empty((state.world.n_jurisdictions, len(pharmacies))), np.empty(state.world.n_jurisdictions)
    seen = np.empty((2, len(pharmacies)), np.float32)
    rank = rank_results(
        pharmacies, t.visibility, t.attraction, state.search.rank_lost(pharmacies), seen, ranks, demotion
    )
    shown = np.empty(len(apps))
    show(apps, t.visibility, t.attraction, shown)
    return Conditions(
        open=is_open, channel=t.channel,
        key=t.key, price_level=state.trade.price_level, price_factor=state.world.price_factor, licensed_slot=state.world.licensed_slot,
        street_slot=state.world.street_slot, direct_slot=state.world.direct_slot,
        street_open=np.log(np.maximum(state.levers.street_access, 1e-6)), market_value=value, prior=state.trade.prior,
        pharmacy_slot=pharmacies, pharmacy_weight=ranks,
        illicit_share=np.array([state.search.illicit_share(rank, gone) for gone in demotion.tolist()]),
        app_slot=apps, app_weight=shown,
        app_exposure=float(np.log(max(state.trade.ads_seen, 1e-6))), isp_block=np.array([isp.share for isp in state.providers]),
        listed=t.listed, warning=state.levers.warning, recognition=state.levers.recognition,
        glance=state.levers.glance, unsealed=state.levers.unsealed, forged=t.forged, lookup=np.minimum(1.0, p.lookup + state.levers.lookup),
        legal=state.levers.legal_access,
    )  # fmt: skip
