"""The page in a real browser: a person's whole path, what goes wrong, two people at once, a narrow screen and a keyboard."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from sim.app.home import Home
from sim.app.running import Runner
from tests.app_server import ROOT, START_SECONDS, browser_path, serving

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


FAINT_TEXT = """() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
  const over = (top, below) => [0, 1, 2].map((k) => top[k] * top[3] + below[k] * (1 - top[3])).concat(1);
  const light = (c) => [0, 1, 2].map((k) => c[k] / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(parse(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
    if (!own || element.matches("script, style, option, :disabled") || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const ink = parse(element instanceof SVGElement ? style.fill : style.color);
    for (let each = element; each; each = each.parentElement) ink[3] *= Number(getComputedStyle(each).opacity);
    const paper = ground(element);
    const [a, b] = [light(over(ink, paper)), light(paper)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least) found.push(`${ratio.toFixed(2)} "${element.textContent.trim().slice(0, 40)}" .${element.className.baseVal ?? element.className}`);
  }
  return found;
}"""
"""Text whose colour does not stand out from what is behind it as WCAG 2 AA asks (1.4.3); computed as the browser draws it."""


def test_what_looks_for_faint_text_finds_it(chromium):
    page = chromium.new_page()
    page.set_content(
        "<p style='color:#777'>faint</p><p style='color:#767676'>just</p><div style='background:#000'><p style='opacity:.4;color:#fff'>dim</p></div>"
        "<svg><text y='9' fill='#aaa'>drawn</text></svg><b style='font-size:24px;color:#888'>large</b>"
    )
    assert [each.split('"')[1] for each in page.evaluate(FAINT_TEXT)] == ["faint", "dim", "drawn"]
    page.close()


@pytest.fixture(scope="module")
def chromium():
    """A browser without a window."""
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        yield browser
        browser.close()


def test_the_longest_verdict_of_a_report_fits_a_narrow_screen(chromium):
    style = (ROOT / "sim/report/html/templates/style.css").read_text(encoding="utf-8")
    page = chromium.new_page(viewport={"width": 400, "height": 900})
    page.set_content(
        f"<style>{style}</style><main><table class='stack'><tr><th scope='row'>Platform concentration (HHI)</th>"
        "<td data-head='What can be said'><span class='mark changes claim'>changes: a matter of judgement</span></td></tr></table></main>"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.close()


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
    # the first question has an answer at once, that says what it is of
    expect(page.locator("#tab-panel .stored")).to_contain_text("of 4 pairs, of 2,000 simulated consumers")
    expect(page.locator(".verdict")).to_have_count(2)
    assert page.evaluate(FAINT_TEXT) == []
    keep(page, "stored-1280")
    page.select_option("#start-from", "education")
    expect(page.locator(".question")).to_contain_text("campaign")
    person.load(TINY)
    expect(page.locator(".package")).to_have_count(2)
    page.click("[data-do='drop:0']")
    person.size(consumers=300, days=20, pairs=2)
    # an intervention is added from its card and set
    page.click("#add-0")
    page.fill(".search", "treatment")
    expect(page.locator(".offer:visible h4").first).to_contain_text("Treatment")  # others speak of it too
    page.fill(".search", "naloxone")
    expect(page.locator(".offer:visible")).to_have_count(1)
    page.click(".offer:visible >> text=Add")
    expect(page.locator(".panel h3").first).to_have_text("Naloxone")
    page.fill("#set-0-1-start", "8")
    page.press("#set-0-1-start", "Tab")
    expect(page.locator(".intervention.open .when")).to_have_text("from day 8")
    page.locator("#set-0-1-strength").locator("xpath=preceding::input[@type='range'][1]").press("Home")
    expect(page.locator("#set-0-1-strength")).to_have_value("0")
    assert page.evaluate(FAINT_TEXT) == []
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
    expect(page.locator(".status")).to_be_in_viewport()  # though the button stands below what fits
    expect(page.locator(".verdict h3")).to_contain_text("Close, and reverse")
    expect(page.locator(".status.done")).to_contain_text("2 pairs")
    keep(page, "short-1280")
    for name, inside in SHEETS.items():
        page.click(f"#tab-{name}")
        expect(page.locator(f"#tab-panel {inside}").first).to_be_visible()
        assert page.evaluate(FAINT_TEXT) == []
        keep(page, f"{name}-1280")
    # taken away
    page.click("#tab-take")
    with page.expect_download() as got:
        page.click("#tab-panel a >> text=study file")
    assert "Close, and reverse" in Path(got.value.path()).read_text(encoding="utf-8")
    with page.expect_download() as got:
        page.click("#tab-panel a >> text=The data")
    assert Path(got.value.path()).read_bytes().startswith(b"PK")
    # reopened by somebody else, from the link alone, on a narrow screen
    link = page.locator("#link").input_value()
    assert page.url == link
    person.leave()
    other = Person(chromium, address, width=400, search=link.removeprefix(address))
    expect(other.page.locator("#name-0")).to_have_value("Close, and reverse")
    expect(other.page.locator(".verdict")).to_have_count(1)
    for name in ("short", "effects", "whom", "time", "moves", "cost", "sure", "beside", "take"):
        other.page.click(f"#tab-{name}")
        expect(other.page.locator(f"#tab-panel[aria-labelledby=tab-{name}]")).to_have_count(1)
        if name in SHEETS:
            expect(other.page.locator(f"#tab-panel {SHEETS[name]}").first).to_be_visible()
        expect(other.page.locator("html.shiny-busy")).to_have_count(0)
        assert other.page.evaluate("document.documentElement.scrollWidth") <= 400, name
        keep(other.page, f"{name}-400")
    other.leave()
    # two answers side by side, from a link that names both
    identity = link.rpartition("=")[2]
    third = Person(chromium, address, search=f"?study={identity}&beside={identity}")
    expect(third.page.locator("#tab-beside")).to_have_attribute("aria-selected", "true")
    expect(third.page.locator("#beside-note")).to_contain_text("2 pairs in common")
    keep(third.page, "beside-1280")
    third.page.fill("#beside-link", "http://elsewhere/?study=" + "0" * 20)
    third.page.press("#beside-link", "Tab")
    expect(third.page.locator(".run .alert")).to_contain_text("no comparison behind this link")
    third.leave()


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


def test_a_package_is_saved_and_loaded_again_and_four_are_compared_at_most(chromium, address):
    person = Person(chromium, address)
    page, packages = person.page, person.page.locator(".package")
    person.empty()
    person.load(TINY)
    expect(packages).to_have_count(1)
    page.fill("#name-0", "Mine")
    page.press("#name-0", "Enter")
    with page.expect_download() as got:
        page.click("[data-do='save:0']")
    saved = Path(got.value.path()).read_text(encoding="utf-8")
    assert got.value.suggested_filename.endswith(".yaml")
    person.load(saved, "mine.yaml")
    expect(packages).to_have_count(2)
    expect(page.locator("#name-1")).to_have_value("Mine")
    for number in (3, 4):
        page.click("[data-do='copy:0']")
        expect(packages).to_have_count(number)
    expect(page.locator("[data-do='package'], [data-do^='copy:']")).to_have_count(0)
    person.leave()


def test_two_people_do_not_meet_and_on_a_busy_server_one_waits(chromium, address, folder):
    one, two = Person(chromium, address), Person(chromium, address)
    one.small(pairs=40, consumers=1000)
    one.page.click("#compare")
    expect(one.page.locator(".status.working")).to_be_visible()
    expect(two.page.locator(".package")).to_have_count(2)
    two.small(pairs=39, consumers=1000)
    expect(two.page.locator(".queue")).to_contain_text("yours would be number 1 in the queue")  # before it is met
    two.page.click("#compare")
    expect(two.page.locator(".status.waiting")).to_contain_text("number 1 in the queue")
    one.page.click("#stop")
    expect(one.page.locator(".status.stopped")).to_contain_text("They are kept")
    expect(two.page.locator(".status.working")).to_contain_text(re.compile("of 78 runs"))  # there is something to keep
    two.page.click("#stop")
    expect(two.page.locator(".status.stopped")).to_be_visible()
    one.leave()
    two.leave()


@pytest.mark.slow
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
    # bars of the timeline: with keys, and with the mouse
    grip, box, when = (
        page.locator("#grip-policy-0-0-start"),
        page.locator(".track").first,
        page.locator(".intervention .when").first,
    )
    before = int(grip.get_attribute("aria-valuenow"))
    page.focus("#grip-policy-0-0-start")
    page.keyboard.press("ArrowRight")
    expect(when).to_have_text(f"from day {before + 1}")
    expect(grip).to_be_focused()
    page.keyboard.press("Shift+ArrowLeft")
    expect(when).to_have_text(f"from day {before - 6}")
    wide, at = box.bounding_box(), grip.bounding_box()
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    page.mouse.down()
    page.mouse.move(wide["x"] + wide["width"] / 2, at["y"], steps=4)
    page.mouse.up()
    expect(grip).to_have_attribute("aria-valuenow", re.compile(r"36\d"))
    expect(when).to_have_text(re.compile(r"from day 36\d$"))
    page.focus("#grip-policy-0-0-end")
    page.keyboard.press("PageDown")
    expect(when).to_have_text(re.compile(r"from day 36\d until day 700"))
    page.focus("#grip-policy-0-0-end")
    page.keyboard.press("End")
    expect(when).to_have_text(re.compile(r"from day 36\d$"))
    keep(page, "timeline-1280")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, [role=slider]")].filter((each) => each.offsetParent &&
             !(each.textContent.trim() || each.getAttribute("aria-label") || each.labels?.length)).map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    person.leave()


@pytest.mark.parametrize("times", [1, 2])
def test_closing_the_server_while_somebody_looks_says_so_and_leaves_no_traceback(chromium, tmp_path, times):
    said = tmp_path / "said.txt"
    command = [sys.executable, "-m", "sim.cli", "app", "--out", str(tmp_path / "kept"), "--port", "0", "--no-browser", "--no-example"]  # fmt: skip
    with said.open("wb") as stream:
        process = subprocess.Popen(command, cwd=ROOT, stdout=stream, stderr=stream, start_new_session=True)
    try:
        end = time.monotonic() + START_SECONDS
        while not (found := re.search(r"http://\S+/", said.read_text(encoding="utf-8"))):
            assert time.monotonic() < end
            time.sleep(0.1)
        pages = [chromium.new_page() for _ in range(2)]
        for page in pages:
            page.goto(found[0])
            page.locator("#compare").wait_for(timeout=SECONDS * 1000)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
        assert process.wait(START_SECONDS) == 0
        for page in pages:
            page.close()
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in said.read_text(encoding="utf-8")
    assert "The page is closed." in said.read_text(encoding="utf-8")
