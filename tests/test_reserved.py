"""What a publisher reserves, and an export that leaves it out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scrapy.settings import BaseSettings

from crawler.commands.export import permitted
from crawler.refeed import judge_again
from pipelines.dedupe import canonical
from pipelines.rights import USES, reserved, under_terms
from storage.catalogue.quarantine import quarantined
from storage.records import Article, Kind, Outlet, Page, Rights
from storage.views.selection import Selection, select
from tests.test_run import NOW, begin, fetched, keep, story


@pytest.mark.parametrize(
    ("rights", "uses"),
    [
        (None, ()),
        (Rights(), ()),
        (Rights(tdm_reserved=True), ("ai",)),
        (Rights(tdm_reserved=False, signals=("ai-train=no", "search=yes")), ("ai",)),
        (Rights(signals=("train-ai=n", "search=n")), ("ai", "search")),
        (Rights(signals=("ai-train=yes", "ai-train=no")), ("ai",)),
        (Rights(signals=("bots=n",)), ("ai", "search")),
        (Rights(directives=("noarchive", "max-snippet:0", "noai")), ("ai", "archive")),
        (Rights(directives=("nofollow",), licenses=("https://a.example/rsl.xml",), signals=("=no", "x")), ()),
        (Rights(terms=("ai-train=no", "search=yes")), ("ai",)),
        (Rights(terms=("ai-index=terms", "search=no")), ("ai", "search")),
        (Rights(terms=("ai-input=yes", "search=yes"), signals=("ai-train=yes",)), ()),
        (Rights(terms=("all=no", "search=yes")), ("ai", "search", "archive")),
        (Rights(terms=("", "=no", "teleport=no", "search")), ()),
    ],
)
def test_what_is_reserved(rights: Rights | None, uses: tuple[str, ...]) -> None:
    assert reserved(rights) == set(uses) <= set(USES)


@pytest.mark.parametrize(
    ("rights", "terms"),
    [
        (None, False),
        (Rights(tdm_reserved=True, directives=("noai",), signals=("ai-train=no",), robots="0" * 64), False),
        (Rights(licenses=("https://a.example/rsl.xml",)), True),
        (Rights(tdm_reserved=False, tdm_policy="https://a.example/policy.json"), True),
    ],
)
def test_terms(rights: Rights | None, terms: bool) -> None:
    assert under_terms(rights) is terms


def stated(item: Page | Article, rights: Rights) -> Page | Article:
    """What was fetched, with rights that stood beside it."""
    page = item.page if isinstance(item, Article) else item
    page = replace(page, capture=replace(page.capture, rights=rights))
    return replace(item, page=page) if isinstance(item, Article) else page


def test_an_export_leaves_out_what_is_reserved(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = begin(archive)
    for number, rights in enumerate([Rights(), Rights(signals=("ai-train=no",)), Rights(directives=("noindex",)), Rights()]):
        keep(run, stated(fetched(run, number, story(number)), rights))
    rows = list(select(run.catalogue.conn, Selection(), canonical))
    settings = BaseSettings({"NEWS_ARCHIVE_URI": str(archive)})
    assert [row.url[-1] for row in permitted(settings, rows, "ai")] == ["0", "2", "3"]
    assert [row.url[-1] for row in permitted(settings, rows, "search")] == ["0", "1", "3"]
    (archive / rows[3].clean_key).write_bytes(b"{}")
    assert [row.url[-1] for row in permitted(settings, rows, "archive")] == ["0", "1", "2"]
    assert "Left out: 1 article whose" in capsys.readouterr().err
    run.finish("finished", NOW)


def test_an_export_tells_of_terms_and_leaves_them_out_when_asked(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, linked = begin(archive), ("https://outlet.example/rsl.xml",)
    said = [
        Rights(),
        Rights(licenses=linked),
        Rights(licenses=linked, terms=("ai-train=terms",)),
        Rights(signals=("search=no",)),
    ]
    for number, rights in enumerate(said):
        keep(run, stated(fetched(run, number, story(number)), rights))
    rows = list(select(run.catalogue.conn, Selection(), canonical))
    settings = BaseSettings({"NEWS_ARCHIVE_URI": str(archive)})
    assert [row.url[-1] for row in permitted(settings, rows, "ai")] == ["0", "1", "3"]
    assert "Under terms of a publisher (RSL license, TDM policy): 1 article; " in capsys.readouterr().err
    assert [row.url[-1] for row in permitted(settings, rows, "search", terms=False)] == ["0"]
    assert [row.url[-1] for row in permitted(settings, rows, None, terms=False)] == ["0", "3"]
    assert capsys.readouterr().err == ""
    run.finish("finished", NOW)


def test_what_robots_txt_said_is_kept_when_a_capture_is_judged_again(archive: Path) -> None:
    run, then = begin(archive), Rights(signals=("ai-train=no",), robots="0" * 64)
    wrong = stated(fetched(run, 1, story(1)), then)
    assert isinstance(wrong, Article)
    keep(run, replace(wrong.page, kind=Kind.EMPTY))  # as earlier rules had judged it
    unsaid = fetched(run, 2, story(2).replace(b"<head>", b"<head><meta name=robots content=noai>"))
    assert isinstance(unsaid, Article)
    keep(run, replace(unsaid.page, kind=Kind.EMPTY))
    run.finish("finished", NOW)
    later = begin(archive)
    second, first = quarantined(later.catalogue)
    found = [each.ending for each in judge_again(later, Outlet(name="outlet"), [first, second])]
    assert [ending.rights for ending in found if ending] == [then, Rights(directives=("noai",))]
    later.finish("refed", NOW)
