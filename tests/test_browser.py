"""The web view in a real browser: by keyboard, on a phone, in the dark, without script; what strangers wrote stays text,
nothing is asked of another machine, and axe-core finds nothing to complain of."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from storage.archive.keys import article_id
from storage.catalogue.schema import open_catalogue
from storage.views.period import report
from storage.views.period_page import as_html
from tests.browsed import HOSTILE, NOW, browsing, fill, told

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")
FERRY_ID, HOSTILE_ID = article_id("https://gazette.example/1"), article_id("https://gazette.example/4")
TEXT = re.sub("[\u202a-\u202e]", "\ufffd", HOSTILE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    archive = tmp_path_factory.mktemp("browser") / "archive"
    fill(archive)
    with browsing(archive) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()


class Watched:
    """A context whose requests and errors are written down."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.page, self.site = context.new_page(), site
        self.page.set_default_timeout(90_000)  # the machine may be busy with other tests
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("dialog", lambda dialog: self.errors.append(f"a dialog: {dialog.message}"))

    def open(self, path: str) -> Page:
        self.page.goto(self.site + path)
        return self.page

    def quiet(self) -> bool:
        """Nothing was asked of another machine and nothing went wrong."""
        return self.errors == [] and [url for url in self.asked if not url.startswith(self.site + "/")] == []


@pytest.fixture
def desk(browser: Browser, site: str) -> Iterator[Watched]:
    """A wide light screen. Scripts of pages may run: that none does is for the policy."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    yield Watched(context, site)
    context.close()


@pytest.fixture
def phone(browser: Browser, site: str) -> Iterator[Watched]:
    """A narrow dark screen without script."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, color_scheme="dark", java_script_enabled=False, has_touch=True
    )
    yield Watched(context, site)
    context.close()


def test_a_story_is_found_and_compared_by_keyboard_alone(desk: Watched) -> None:
    page = desk.open("/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "To the content"
    page.locator("input[name=q]").focus()
    page.keyboard.type("48 boats")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=48+boats*")
    assert "boats" in page.locator("mark").all_inner_texts()
    page.get_by_role("link", name="Harbour of Lindby closes").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/story/*")
    assert "48 boats" in page.locator("article").inner_text()
    assert page.locator("svg.timeline circle").count() == 2
    page.get_by_role("link", name=re.compile("^What changed")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare/**")
    assert (page.locator("article del").inner_text(), page.locator("article ins").inner_text()) == ("40", "48")
    page.go_back()
    page.get_by_role("link", name=re.compile("^Compare with the text of courier")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare/**")
    assert "The wreck lies" in page.locator("article del").last.inner_text()
    assert desk.quiet(), (desk.errors, desk.asked)


def test_a_phone_in_the_dark_without_script(phone: Watched) -> None:
    page = phone.open("/search")
    page.locator("input[name=q]").fill("ميناء")
    page.locator("select[name=outlet]").select_option("gazette")
    page.get_by_role("button", name="Search").tap()
    page.wait_for_url("**/search?*")
    page.locator("ol.found a").first.tap()
    page.wait_for_url("**/story/*")
    heading = page.locator("h1").bounding_box()
    assert heading is not None and heading["width"] <= 360
    assert page.locator("h1").get_attribute("lang") == "ar"
    assert phone.quiet(), (phone.errors, phone.asked)


@pytest.mark.parametrize(
    "path", ["/search?all=1", f"/story/{HOSTILE_ID}", "/quarantine", "capture", "/catalogue/newest", "/runs"]
)
def test_what_strangers_wrote_stays_text(desk: Watched, path: str) -> None:
    if path == "capture":
        (refused,) = told(f"{desk.site}/quarantine.json")["captures"]
        path = f"/capture/{refused['capture']}"
    page = desk.open(path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.owned") is None
    assert (
        page.locator("main script, main iframe, main img, main link, main a[href^=javascript], main a[href^=data]").count() == 0
    )
    if path not in ("/runs", "/quarantine"):
        assert TEXT in page.locator("main").inner_text()
    assert desk.quiet(), (desk.errors, desk.asked)


def test_script_would_not_run_even_if_it_were_there(desk: Watched) -> None:
    page = desk.open("/search")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.owned=1\">')")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.owned=1'}))")
    page.evaluate("document.body.append(Object.assign(document.createElement('img'), {src: 'http://elsewhere.example/'}))")
    page.wait_for_timeout(100)
    assert page.evaluate("window.owned") is None
    assert len([error for error in desk.errors if "Content Security Policy" in error]) >= 3


def test_the_operators_page_fits_one_screen(desk: Watched) -> None:
    page = desk.open("/operator")
    assert page.evaluate("document.documentElement.scrollHeight") <= 800


PAGES = ("/search?q=boats", f"/story/{FERRY_ID}", "compare", "/quarantine", "capture", "/outlets", "/outlet/gazette", "/runs",
         "run", "/operator", "/questions", "/catalogue/outcomes?outlet=gazette")  # fmt: skip


@pytest.mark.slow
def test_every_page_can_be_used_by_everybody(browser: Browser, site: str) -> None:
    """axe-core on every page, and no page is wider than a phone."""
    versions = told(f"{site}/story/{FERRY_ID}.json")["versions"]
    (refused,) = told(f"{site}/quarantine.json")["captures"]
    named = {
        "compare": f"/compare/{versions[0]['capture']}/{versions[1]['capture']}",
        "capture": f"/capture/{refused['capture']}",
        "run": f"/run/{told(f'{site}/runs.json')['runs'][0]['run']}",
    }
    axe, found, page = Axe(), {}, browser.new_context().new_page()
    for place, name in enumerate(PAGES):
        dark = place % 2
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": 360 if dark else 1280, "height": 800})
        page.goto(site + named.get(name, name))
        found[name] = [(each["id"], each["nodes"][0]["html"]) for each in axe.run(page).response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[name].append(("wider than the screen", ""))
    page.context.close()
    assert found == {name: [] for name in PAGES}


def test_the_report_opens_from_a_file_offline(browser: Browser, archive: Path, tmp_path: Path) -> None:
    fill(archive)
    with closing(open_catalogue(archive / "catalogue.sqlite")) as catalogue:
        told = report(catalogue.conn, NOW.date() - dt.timedelta(days=6), NOW.date())
    (tmp_path / "report.html").write_text(as_html(told, "the archive", NOW), encoding="utf-8")
    context = browser.new_context(offline=True, java_script_enabled=True)
    desk = Watched(context, "file://")
    page = desk.open(f"{tmp_path}/report.html")
    assert page.locator("td.heat1").inner_text() == "1"
    assert page.locator("svg.bars").first.bounding_box() is not None
    assert Axe().run(page).response["violations"] == []
    assert desk.quiet(), (desk.errors, desk.asked)
    context.close()
