"""A capture in, an article or a page out: what the whole order gives on pages whose faults are known."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from pipelines.chain import refine
from storage.records import Article, Capture, Kind, Lead, Outlet, Page

PAGES = Path(__file__).parent / "pages"
SEED = Path(__file__).parents[2] / "shared" / "seed"
FETCHED = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)


def capture(body: bytes, url: str = "https://portline.test/2204481907/story", **more: object) -> Capture:
    """A capture of this body, fetched on 10 January 2026."""
    lead = Lead(url=url, outlet="portline", source="by hand")
    given = {"status": 200, "headers": (("Content-Type", "text/html"),), "fetched_at": FETCHED} | more
    return Capture(lead=lead, url=url, body=body, **given)  # type: ignore[arg-type]


def refined(body: bytes, **more: object) -> Page | Article:
    """The body through the chain, for an outlet of which nothing is known."""
    return refine(capture(body, **more), Outlet(name="portline"))  # type: ignore[arg-type]


def check_story(page: Path, expected: Path) -> Article:
    """The page gives exactly the headline and paragraphs of the expected JSON."""
    said = json.loads(expected.read_text("utf-8"))
    article = refined(page.read_bytes())
    assert isinstance(article, Article)
    assert article.headline == said["headline"]
    assert [block.text for block in article.blocks] == said["paragraphs"]
    return article


@pytest.mark.parametrize("name", ["error_block_hidden.html", "error_block_shown.html"])
def test_error_block_around_a_good_story_leaves_exactly_the_story(name: str) -> None:
    article = check_story(PAGES / name, PAGES / "error_block_expected.json")
    said = {removed.rule for removed in article.removed}
    assert "repeated" in said
    assert any("PORTLINE03112025000091004417ID2204481907" in removed.words for removed in article.removed)
    assert any("answers neither for its accuracy" in removed.words for removed in article.removed)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["seed_page.html", "seed_page_flat.html"])
def test_seed_pages_give_exactly_the_expected_story(name: str) -> None:
    if not SEED.exists():
        pytest.skip("the folder ../shared is not beside the project")
    check_story(SEED / name, SEED / "seed_expected.json")


@pytest.mark.shared
def test_seed_page_without_its_story_is_no_article() -> None:
    if not SEED.exists():
        pytest.skip("the folder ../shared is not beside the project")
    page = refined((SEED / "missing_page.html").read_bytes())
    assert isinstance(page, Page)
    assert page.kind != Kind.ARTICLE
