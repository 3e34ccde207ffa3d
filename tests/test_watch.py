"""One world to watch in Mesa's page: what is shown is the run itself, and nothing leaves the machine for it."""

import re
import socket
import sys
import threading
from importlib.util import find_spec

import numpy as np
import pytest
from typer.testing import CliRunner

from sim.agents.codes import Channel
from sim.app.watch import pictures, serving
from sim.app.watch.world import CONSUMERS, Watched, shown
from sim.cli.main import app
from sim.model import MarketModel
from sim.scenario import Scenario
from sim.studies.errors import RequestError
from tests.app_server import begun, browser_path
from tests.mesas_page import of_mesas_page

CLOSURE = {
    "name": "closure",
    "consumers": 400,
    "burn_in": 8,
    "days": 6,
    "policies": [{"kind": "takedown", "start": 2, "channel": "cryptomarket", "count": 2}],
}


def odm(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def what():
    return shown(Scenario.load(CLOSURE), seed=3, sliders=["choice.habit"])


@pytest.fixture(scope="module")
def world(what):
    """The world that the page opens with, stepped to its end."""
    found = what.world()
    while found.running:
        found.step()
    return found


# What is shown --------------------------------------------------------------------------------------------------------
def test_the_world_on_the_page_is_the_run_of_that_seed(world):
    alone = MarketModel(Scenario.load(CLOSURE), rng=3)
    alone.run_for(8 + 6)
    assert world.time == 6
    assert world.datacollector.get_model_vars_dataframe()["day"].tolist() == list(range(6))
    assert world.market.daily().equals(alone.daily())


def test_the_closed_markets_are_marked_and_counted(world):
    closed = (world.market.platform_table.columns.close_day[: world.market.platform_table.n] == 2).nonzero()[0]
    net = pictures.network(world.market)
    assert len(closed) == 2
    assert set(closed) <= set(net.slots[net.gone])
    assert not set(net.place) & set(net.gone.nonzero()[0]), "nobody sells where it is closed"
    counts = [day[Channel.CRYPTOMARKET] for day in world.open_platforms]
    assert len(counts) == 6
    assert counts[2] < counts[1]


def test_each_platform_has_its_largest_vendors_around_it(world):
    net, most = pictures.network(world.market), 3
    v, n = world.market.vendors.columns, world.market.vendors.n
    few = pictures.network(world.market, most)
    for place, slot in enumerate(net.slots):
        here = set(net.vendor[net.place == place])
        if not net.gone[place]:
            there = ((v.account[:n] == slot).any(axis=1) & (v.alive[:n] == 1)).nonzero()[0]
            assert len(here) == min(len(there), pictures.MOST_VENDORS)
        shown_few = few.vendor[few.place == place]
        left_out = list(here - set(shown_few))
        assert len(shown_few) == min(len(here), most)
        assert not left_out or v.recent[left_out].max() <= v.recent[shown_few].min()
    assert len(net.vendor) > len(few.vendor) > 0


@pytest.mark.parametrize("draw", ["trade_picture", "orders_picture", "deaths_picture", "platforms_picture"])
def test_a_world_can_be_drawn_before_its_first_day_and_after_its_last(draw, world, what):
    for each in (what.world(), world):
        (axes,) = getattr(pictures, draw)(each).axes
        assert axes.get_title(loc="left")
    if draw == "orders_picture":
        drawn = {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}
        daily = world.market.daily()["orders_street"].to_numpy()
        assert drawn["Street"] == pytest.approx(
            [daily[: k + 1].mean() for k in range(6)]
        )  # fewer days than it smooths over


# What can be moved ----------------------------------------------------------------------------------------------------
def test_mesas_page_begins_anew_where_the_scenario_has_it_and_inside_plausible_ranges(what, world):
    controls = what.controls()
    moved = {name: control for name, control in controls.items() if isinstance(control, dict)}
    assert set(moved) == {"consumers", "rng", "policies.0.strength", "choice.habit"}
    assert all(control["min"] <= control["value"] <= control["max"] for control in moved.values())
    values = {name: control["value"] if name in moved else control for name, control in controls.items()}
    mesas = of_mesas_page("_get_scenario_defaults", "_check_model_params", "_build_model_init_kwargs")
    mesas["_check_model_params"](world, controls)
    asked = mesas["_build_model_init_kwargs"](world, values, add_scenario_when_empty=True, require_model_accepts_scenario=True)  # fmt: skip
    again = Watched(**asked)
    assert again.market.scenario == what.scenario
    assert again.market.seed == 3


def test_a_reset_takes_the_values_that_were_moved(what):
    moved = Watched(of=what.scenario, consumers=300, rng=9, **{"choice.habit": 0.4, "policies.0.strength": 0.0})
    assert len(moved.market.consumers) == 300
    assert moved.market.seed == 9
    assert moved.market.p.choice.habit == 0.4
    assert moved.market.scenario.policies[0].strength == 0.0


def test_a_world_is_small_unless_asked_for_otherwise():
    assert shown("baseline").consumers == CONSUMERS < Scenario.load("baseline").consumers
    assert shown("baseline", consumers=12_000).controls()["consumers"]["max"] == 12_000
    assert shown(Scenario.load(CLOSURE)).consumers == 400
    assert shown("baseline", seed=2_017).controls()["rng"]["value"] == 2_017
    assert shown("baseline", seed=2_017).controls()["rng"]["min"] <= 2_017


# What is refused ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["watch", "evolution-exit-2051"], "did you mean 'evolution-exit-2015'?"),
        (["watch", "baseline", "--sliders", "choice.habbit"], "nearest: choice.habit"),
        (["watch", "baseline", "--consumers", "3"], "consumers"),
        (["watch", "baseline", "--set", "choice.habit=high"], "choice.habit"),
    ],
)
def test_what_cannot_be_watched_is_said_in_words(words, said):
    answer = odm(*words, "--no-browser")
    assert answer.exit_code == 2
    assert said in answer.stderr


def test_without_the_extra_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    answer = odm("watch", "baseline")
    assert answer.exit_code == 2
    assert "pip install '.[watch]'" in answer.stderr
    assert ".whl[watch]" in answer.stderr
    assert "setup-dev" not in answer.stderr, "no lock file has it"


def test_scripts_of_another_release_are_refused_since_the_page_would_fetch_others(monkeypatch):
    monkeypatch.setattr(serving, "find_spec", lambda name: object())
    monkeypatch.setattr(serving, "version", {"solara": "1.58.2", "solara-assets": "1.40.0"}.__getitem__)
    with pytest.raises(RequestError, match=r"1\.58\.2 and 1\.40\.0"):
        serving.check_installed()


# The page -------------------------------------------------------------------------------------------------------------
class Eavesdropper:
    """A proxy that takes connections, answers none, and counts them."""

    def __enter__(self):
        self.heard, self.door = [], socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def _listen(self):
        while True:
            try:
                line, _ = self.door.accept()
            except OSError:
                return
            self.heard.append(line.recv(1000))
            line.close()

    def __exit__(self, *_):
        self.door.close()

    def environment(self):
        address = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        return dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), address)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("solara") is None, reason="the extra watch is not installed")
@pytest.mark.skipif(browser_path() is None, reason="no browser here")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_browser_plays_steps_and_resets_a_world_and_nothing_leaves_the_machine(monkeypatch):
    sync_api = pytest.importorskip("playwright.sync_api")
    command = [sys.executable, "-m", "sim.cli", "watch", "evolution-exit-2015", "--port", "0", "--no-browser"]
    with Eavesdropper() as proxy, monkeypatch.context() as patch:
        for name, value in proxy.environment().items():
            patch.setenv(name, value)
        patch.delenv("no_proxy", raising=False)
        patch.setenv("NO_PROXY", "")
        with begun([*command, "--consumers", "600"], r"http://\S+/") as (found, _), sync_api.sync_playwright() as play:
            browser = play.chromium.launch(executable_path=browser_path(), args=["--no-sandbox", "--no-proxy-server"])
            page, outside, broken = browser.new_page(), [], []

            def pass_on(route):
                if route.request.url.startswith((found[0], "data:", "blob:")):
                    route.continue_()
                else:
                    outside.append(route.request.url)
                    route.abort()

            page.route("**/*", pass_on)
            page.on("response", lambda answer: answer.status >= 400 and broken.append(answer.url))
            page.on("pageerror", lambda error: broken.append(str(error)))
            page.goto(found[0])
            page.get_by_role("button", name="Step", exact=True).click(timeout=120_000)
            sync_api.expect(page.get_by_text("Time: 1.0")).to_be_visible(timeout=60_000)
            sync_api.expect(page.locator("img")).to_have_count(4, timeout=60_000)
            page.get_by_role("button", name="▶").click()
            sync_api.expect(page.get_by_text(re.compile(r"Time: ([2-9]|\d\d)"))).to_be_visible(timeout=120_000)
            page.get_by_role("button", name="❚❚").click()
            page.get_by_role("button", name="Reset").click()
            sync_api.expect(page.get_by_text(re.compile(r"Time: 0(\.0)?$"))).to_be_visible(timeout=120_000)
            assert page.get_by_text("error in step").count() == 0
            browser.close()
        assert outside == []
        assert broken == []
        assert proxy.heard == []
