"""Clean copies that are made again from the WARC, and why one is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from crawler.commands.verify import copies_again, deep_check
from storage.archive import open_archive
from storage.archive.clean import read_clean_copy
from storage.records import Article, Outlet, Page
from tests.test_last_good_copy import BLOCKED
from tests.test_run import NOW, begin, fetched, keep, story


def test_a_copy_is_made_again_only_from_the_page_that_it_came_from(tmp_path: Path) -> None:
    run = begin(tmp_path)
    one, other, refused = fetched(run, 1, story(1)), fetched(run, 2, story(2)), fetched(run, 3, BLOCKED, "403 Forbidden")
    assert isinstance(one, Article) and isinstance(other, Article) and isinstance(refused, Page)

    def as_if_from(item: Article, page: Page) -> str:
        capture = replace(item.page.capture, address=page.capture.address)
        return str(keep(run, replace(item, page=replace(item.page, capture=capture))).clean_key)

    no_article, another = as_if_from(one, refused), as_if_from(other, one.page)
    run.finish("finished", NOW)
    archive = open_archive(str(tmp_path))
    told = dict(copies_again(archive, {no_article, another, "clean/outlet/none"}, lambda name: Outlet(name=name)))
    assert told["clean/outlet/none"] == "no line of the ledger says how it was made; restore it: scrapy archive sync COPY THIS"
    assert told[no_article] == "its page is no article by the rules of today; restore it: scrapy archive sync COPY THIS"
    assert told[another] == "another text comes out by the rules of today; restore it: scrapy archive sync COPY THIS"

    check = deep_check(archive, lambda name: Outlet(name=name))
    copy = read_clean_copy(archive.read(another))
    assert check(copy) == "another text comes out of its page now"
    assert check(replace(copy, extractor="older rules")) is None
    assert check(replace(copy, digest="0" * 64)) == "its content digest is not that of its text"
    for path in tmp_path.rglob("*.warc.gz"):
        path.unlink()
    assert ".warc.gz" in str(check(copy))
    assert ".warc.gz" in str(dict(copies_again(archive, {another}, lambda name: Outlet(name=name)))[another])
