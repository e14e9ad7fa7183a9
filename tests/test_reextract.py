"""scrapy reextract: what it says of articles that come out another, of those that cannot be made, and of what was done before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from crawler.reextract import Resumed
from pipelines.stages import EXTRACTOR
from storage.records import Article, Page
from tests.conftest import Scrapy
from tests.test_last_good_copy import BLOCKED
from tests.test_run import NOW, begin, fetched, keep, story


def test_the_command_says_what_comes_out_another_and_what_cannot_be_made(archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    keep(run, fetched(run, 1, story(1)))
    shorter, astray, refused = fetched(run, 2, story(2)), fetched(run, 3, story(3)), fetched(run, 4, BLOCKED, "403 Forbidden")
    assert isinstance(shorter, Article) and isinstance(astray, Article) and isinstance(refused, Page)
    keep(run, replace(shorter, blocks=shorter.blocks[:-1]))  # as earlier rules had it
    elsewhere = replace(astray.page.capture, address=refused.capture.address)
    keep(run, replace(astray, page=replace(astray.page, capture=elsewhere)))
    run.finish("finished", NOW)
    tried = scrapy_command("reextract", "--dry-run", "--diff")
    assert tried.status == 1 and "https://outlet.example/2\n" in tried.out and "\n+Paragraph 6 of story 2: " in tried.out
    assert "https://outlet.example/3: " in tried.err and "recluster" not in tried.out
    assert "3 articles extracted again, 1 came out another.\n" in tried.out and "  1  not extracted" in tried.out
    asked = {"extractor": EXTRACTOR, "outlet": None, "since": None}
    with Resumed(archive / "catalogue.sqlite.reextracting", asked) as before:
        before.add("warc/none.warc.gz")
    done = scrapy_command("reextract")
    assert "Before the interruption 1 WARC file came to an end; --afresh does all again." in done.err
    assert "`scrapy catalogue recluster` says whether stories with other texts belong elsewhere now." in done.out
    assert scrapy_command("reextract", "--outlet", "outlet").out.startswith("3 articles extracted again, 0 came out another.")
