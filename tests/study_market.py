"""A market that takes no time and depends on what a scenario holds, with faults that environment variables switch on in every process.

STUDY_MARKET_SLEEP: seconds that a run takes. STUDY_MARKET_FAIL: seed that fails. STUDY_MARKET_DIE_ONCE: a file; the first run
that finds it missing makes it and is killed. STUDY_MARKET_DIE: seed at which the process is always killed, if there is a policy.
STUDY_MARKET_QUOTA: bytes that a file may have.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

PATH = "choice.legal_risk_weight"
SIZE = {"consumers": 300, "people": 300, "days": 12, "burn_in": 2}
MEASURES = ["orders", "deaths_expected", "policy_cost_usd"]


class StudyMarket:
    """Orders fall with a parameter and with the publicity of takedowns, by less in some worlds than in others."""

    def __init__(self, scenario, rng=None, threads=1, tables=(), audit=False):
        self.scenario, self.seed, self.weight = scenario, int(rng), 1.0
        time.sleep(float(os.environ.get("STUDY_MARKET_SLEEP", "0")))
        quota = os.environ.get("STUDY_MARKET_QUOTA")
        if quota:
            import resource  # Windows has none

            resource.setrlimit(resource.RLIMIT_FSIZE, (int(quota), resource.RLIM_INFINITY))
        marker = os.environ.get("STUDY_MARKET_DIE_ONCE")
        if marker and self.seed == 3 and not Path(marker).exists():
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if os.environ.get("STUDY_MARKET_DIE") == str(self.seed) and scenario.policies:
            os.kill(os.getpid(), signal.SIGKILL)

    def run_for(self, duration):
        if os.environ.get("STUDY_MARKET_FAIL") == str(self.seed):
            raise ValueError("more parcels than orders")

    def daily(self):
        days = self.scenario.days
        rng = np.random.default_rng(self.seed)
        luck, answer = rng.normal(size=(2, days)), rng.normal(1.0, 0.2)
        publicity = sum(getattr(policy, "publicity", 0.0) * policy.strength for policy in self.scenario.policies)
        x = self.scenario.parameters["choice"]["legal_risk_weight"]
        orders = np.round(200 - x + 20 * luck[0]) - 15 * answer * publicity
        deaths = 2.0 + 0.3 * luck[1] - 0.25 * answer * publicity + 0.01 * x
        frame = {"orders": orders, "deaths_expected": deaths, "policy_cost_usd": np.full(days, 50.0 * publicity)}
        return pd.DataFrame(frame, index=pd.RangeIndex(days, name="day"))

    def outcomes(self):
        return {name: float(values.sum()) for name, values in self.daily().items()}

    def table(self, name):
        raise ValueError(name)


def compare_study(**fields):
    takedown = {"kind": "takedown", "start": 3}
    scenarios = [
        {"name": "plain", **SIZE},
        {"name": "quiet", "policies": [{**takedown, "publicity": 0.2}], **SIZE},
        {"name": "loud", "policies": [{**takedown, "publicity": 2.0}], **SIZE},
    ]
    return {
        "name": "loudness",
        "kind": "compare",
        "scenarios": scenarios,
        "measures": MEASURES,
        "replications": 8,
        **fields,
    }


def sweep_study(**fields):
    study = compare_study(name="response", kind="sweep", replications=3)
    study["levers"] = [{"path": "policies.takedown.publicity", "values": [0.0, 0.5, 1.0, 2.0]}]
    return {**study, **fields}


def not_drawn(_, stem):
    """In the place of `save_figure`, where what figures look like does not matter."""
    stem.with_suffix(".txt").write_text("a figure")


@contextmanager
def undrawn():
    """No figure of a study is drawn, neither beside its report nor in it: that takes longer than all else, and `test_study_cli` looks at them."""
    with (
        patch("sim.report.study_page.draw", lambda *_: None),
        patch("sim.report.study_page.save_figure", not_drawn),
        patch("sim.report.html.render.inline_svg", lambda *_: "<svg></svg>"),
    ):
        yield
