"""The page in a real browser: a person's whole path, what goes wrong, two people at once, a narrow screen and a keyboard."""

import os
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from sim.app.home import Home
from sim.app.running import Runner
from tests.app_server import browser_path, serving

if browser_path() is None and not os.environ.get("CI"):
    pytest.skip("no browser here (Debian: apt-get install chromium)", allow_module_level=True)
if os.environ.get("CI"):
    import playwright.sync_api as sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pytest.importorskip("shiny", reason="the extra app is not installed")
expect = sync_api.expect

SECONDS = float(os.environ.get("ODM_BROWSER_SECONDS", "120"))
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SHEETS = {
    "effects": "tr:has-text('Deaths (expected)')",
    "whom": ".effects tbody tr",
    "time": "svg.days",
    "moves": ".share",
    "cost": "svg.plane",
    "sure": "li",
}
"""What stands on each sheet of the answer."""
TINY = "name: tiny\ntitle: Close a market\nextends: baseline\nburn_in: 5\npolicies:\n  - {kind: takedown, start: 5}\n"


@pytest.fixture(scope="module")
def chromium():
    """A browser without a window."""
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the server of this module keeps its studies."""
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def address(folder):
    """A server."""
    with serving(folder, "--no-example", "--workers", "1", "--at-once", "1") as (found, _):
        yield found


class Person:
    """Somebody at a browser; what the page asks of the world outside, and what its scripts complain of, is noted."""

    def __init__(self, chromium, address, width=1280, search=""):
        self.context = chromium.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        self.context.set_default_timeout(SECONDS * 1000)
        expect.set_options(timeout=SECONDS * 1000)
        self.page, self.strange, self.complaints, self.address = self.context.new_page(), [], [], address
        self.page.on("request", lambda asked: self._note(asked.url))
        self.page.on("websocket", lambda socket: self._note(socket.url.replace("ws:", "http:")))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.goto(address + search)
        expect(self.page.locator("#compare")).to_be_visible()

    def _note(self, url):
        if not url.startswith((self.address, "data:", "blob:")):
            self.strange.append(url)

    def load(self, text, name="tiny.yaml"):
        self.page.set_input_files("[data-upload]", {"name": name, "mimeType": "text/yaml", "buffer": text.encode()})

    def empty(self):
        """Take out the packages that the page starts with."""
        for left in (1, 0):
            self.page.click("[data-do='drop:0']")
            expect(self.page.locator(".package")).to_have_count(left)

    def size(self, **numbers):
        for name, number in numbers.items():
            self.page.fill(f"#size-{name}", str(number))
            self.page.press(f"#size-{name}", "Tab")

    def small(self, pairs=2, consumers=300, days=20):
        self.empty()
        self.load(TINY)
        expect(self.page.locator(".package")).to_have_count(1)
        self.size(consumers=consumers, days=days, pairs=pairs)
        expect(self.page.locator(".estimate")).to_contain_text(f"{2 * pairs} runs")

    def leave(self):
        self.context.close()
        assert self.strange == [], "the page asked something of another machine"
        assert self.complaints == []


def keep(page, name):
    """Keep a picture as an artefact, where somebody asks for it."""
    place = os.environ.get("ODM_SCREENSHOTS")
    if place:
        Path(place).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(place) / f"{name}.png", full_page=True)


def test_from_a_question_to_an_answer_that_is_taken_away_and_reopened(chromium, address):
    person = Person(chromium, address)
    page = person.page
    page.select_option("#start-from", "education")
    expect(page.locator(".question")).to_contain_text("campaign")
    person.load(TINY)
    expect(page.locator(".package")).to_have_count(2)
    page.click("[data-do='drop:0']")
    person.size(consumers=300, days=20, pairs=2)
    # an intervention is added from its card and set
    page.click("#add-0")
    page.fill(".search", "naloxone")
    expect(page.locator(".offer:visible")).to_have_count(1)
    page.click(".offer:visible >> text=Add")
    expect(page.locator(".panel h3").first).to_have_text("Naloxone")
    page.fill("#set-0-1-start", "8")
    page.press("#set-0-1-start", "Tab")
    expect(page.locator(".intervention.open .when")).to_have_text("from day 8")
    page.locator("#set-0-1-strength").locator("xpath=preceding::input[@type='range'][1]").press("Home")
    expect(page.locator("#set-0-1-strength")).to_have_value("0")
    keep(page, "card")
    page.fill("#set-0-1-strength", "1")
    page.press("#set-0-1-strength", "Escape")
    expect(page.locator(".panel")).to_have_count(0)
    page.fill("#name-0", "Close, and reverse")
    page.press("#name-0", "Enter")
    # compared in a process of its own, with progress and a link
    page.click("#compare")
    expect(page.locator(".status.working")).to_be_visible()
    expect(page.locator("#stop")).to_be_visible()
    expect(page.locator(".verdict h3")).to_contain_text("Close, and reverse")
    expect(page.locator(".status.done")).to_contain_text("2 pairs")
    keep(page, "short-1280")
    for name, inside in SHEETS.items():
        page.click(f"#tab-{name}")
        expect(page.locator(f"#tab-panel {inside}").first).to_be_visible()
        keep(page, f"{name}-1280")
    # taken away
    page.click("#tab-take")
    with page.expect_download() as got:
        page.click("#tab-panel a >> text=study file")
    assert "Close, and reverse" in Path(got.value.path()).read_text(encoding="utf-8")
    with page.expect_download() as got:
        page.click("#tab-panel a >> text=The data")
    assert Path(got.value.path()).read_bytes().startswith(b"PK")
    with page.expect_download() as got:
        page.click("#tab-panel a >> text=The report")
    assert "Close, and reverse" in Path(got.value.path()).read_text(encoding="utf-8")
    # reopened by somebody else, from the link alone, on a narrow screen
    link = page.locator("#link").input_value()
    assert page.url == link
    person.leave()
    other = Person(chromium, address, width=400, search=link.removeprefix(address))
    expect(other.page.locator("#name-0")).to_have_value("Close, and reverse")
    expect(other.page.locator(".verdict")).to_have_count(1)
    for name in ("short", "effects", "whom", "time", "moves", "cost", "sure", "take"):
        other.page.click(f"#tab-{name}")
        expect(other.page.locator(f"#tab-panel[aria-labelledby=tab-{name}]")).to_have_count(1)
        expect(other.page.locator("html.shiny-busy")).to_have_count(0)
        assert other.page.evaluate("document.documentElement.scrollWidth") <= 400, name
        keep(other.page, f"{name}-400")
    other.leave()


def test_what_is_wrong_is_said_where_it_is_and_nothing_is_lost(chromium, address):
    person = Person(chromium, address)
    page = person.page
    alert = page.locator(".run .alert")
    person.load("kind: [broken")
    expect(alert).to_contain_text("cannot be taken")
    person.load("name: mine\nuses: mine.py\n")
    expect(alert).to_contain_text("no code")
    person.load("name: mine\npolicies: [{kind: takedwon, start: 3}]\n")
    expect(alert).to_contain_text("did you mean 'takedown'")
    person.load("x" * 400_000, "large.yaml")
    expect(alert).to_contain_text("larger than")
    expect(page.locator(".package")).to_have_count(2)
    person.size(consumers=10**8)
    expect(alert).to_contain_text("more than this server takes")
    expect(page.locator("#compare")).to_be_disabled()
    person.size(consumers=5000)
    page.click("[data-do='edit:0:0']")
    page.fill("#set-0-0-strength", "7")
    page.press("#set-0-0-strength", "Tab")
    expect(alert).to_contain_text("strength: given 7")
    page.fill("#set-0-0-strength", "0.5")
    page.press("#set-0-0-strength", "Tab")
    expect(page.locator("#compare")).to_be_enabled()
    person.page.goto(f"{address}?study={'0' * 20}")
    expect(alert).to_contain_text("no comparison behind this link")
    person.leave()


def test_two_people_do_not_meet_and_a_busy_server_says_so(chromium, address, folder):
    one, two = Person(chromium, address), Person(chromium, address)
    one.small(pairs=40, consumers=1000)
    one.page.click("#compare")
    expect(one.page.locator(".status.working")).to_be_visible()
    expect(two.page.locator(".package")).to_have_count(2)
    two.small(pairs=3)
    two.page.click("#compare")
    expect(two.page.locator(".run .alert")).to_contain_text("at work on this server")
    one.page.click("#stop")
    expect(one.page.locator(".status.stopped")).to_contain_text("They are kept")
    two.page.click("#compare")
    expect(two.page.locator(".status.working")).to_be_visible()
    two.page.click("#stop")
    expect(two.page.locator(".status.stopped")).to_be_visible()
    one.leave()
    two.leave()


def test_a_server_that_starts_again_finds_what_is_at_work(chromium, tmp_path):
    with serving(tmp_path, "--no-example", "--workers", "1") as (address, process):
        person = Person(chromium, address)
        person.small(pairs=30, consumers=1000)
        person.page.click("#compare")
        expect(person.page.locator(".status.working")).to_contain_text(re.compile("of 60 runs"))
        search = "?" + person.page.url.partition("?")[2]
        process.kill()
        expect(person.page.locator(".lost")).to_be_visible()
        person.context.close()
        with serving(tmp_path, "--no-example", "--workers", "1") as (again, _):
            person = Person(chromium, again, search=search)
            expect(person.page.locator(".status.working")).to_be_visible()
            person.page.click("#stop")
            expect(person.page.locator(".status.stopped")).to_be_visible()
            person.page.click("#go-on")
            expect(person.page.locator(".status.working")).to_be_visible()
            person.page.click("#stop")
            expect(person.page.locator(".status.stopped")).to_be_visible()
            assert Runner(Home(tmp_path)).at_work() == []
            person.leave()


@pytest.mark.parametrize(
    ("header", "value", "code"), [("Host", "elsewhere.example", 400), ("Origin", "http://elsewhere.example", 403)]
)
def test_what_pages_of_other_sites_ask_is_refused(address, header, value, code):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(address, headers={header: value}), timeout=60)
    refused.value.close()
    assert refused.value.code == code


def test_everything_can_be_done_from_the_keyboard(chromium, address):
    person = Person(chromium, address)
    page = person.page
    page.focus("[data-do='edit:0:0']")
    page.keyboard.press("Enter")
    expect(page.locator(".panel")).to_be_visible()
    page.wait_for_function("document.querySelector('.panel').contains(document.activeElement)")
    for _ in range(60):  # the focus stays in the card
        page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('.panel').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(0)
    page.wait_for_function("document.activeElement.dataset.do === 'edit:0:0'")
    page.focus("#tab-short")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-effects")).to_be_focused()
    expect(page.locator("#tab-effects")).to_have_attribute("aria-selected", "true")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a")].filter((each) => each.offsetParent &&
             !(each.textContent.trim() || each.getAttribute("aria-label") || each.labels?.length)).map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    person.leave()
