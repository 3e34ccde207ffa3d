"""What a first order on a cryptomarket is like: some people find that it suits them better than they thought, most that it does not.

Beforehand nobody knows. Who now does decides anew whether to use one, as after any other look: so most buy once, and few buy much.
"""

from __future__ import annotations

from typing import Any

from sim.agents.codes import Considering
from sim.kernels import inner
from sim.streams import Draw, normal_from, uniform

TASTE, EXPERIENCED = int(Draw.TASTE), int(Considering.EXPERIENCED)


@inner
def experience(seed: int, c: int, consumers: Any, p: Any) -> float:
    """What ordering by post was found to be worth beyond what consumer ``c`` expected of it; nothing before the first order there was settled."""
    if consumers.considering[c] != EXPERIENCED:
        return 0.0
    return p.experience_mean + p.experience_sd * normal_from(uniform(seed, TASTE, c, 0, 1))
