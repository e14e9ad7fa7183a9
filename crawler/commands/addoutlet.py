"""scrapy addoutlet NAME URL: a new outlet, proposed from its home page, for a person to look through: its
file, 8 to 15 lines of data, and a page of it, saved, with what is read from it, for a test to hold on to.

Exit status: 0 written; 2 wrong use, or the file is there already; 3 the home page could not be read; 5 it cannot be written.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy.exceptions import UsageError

import crawler.spiders
from crawler.announcing import SourceKind
from crawler.arguments import ArgumentError, shown
from crawler.arguments import path as path_of
from crawler.command import Add, CheckedCommand
from crawler.console import write
from crawler.network.addresses import refused_url
from crawler.opening import check_addresses
from crawler.survey import Answer, Probe, Survey, probe, survey
from pipelines.chain import refine
from storage.records import Article, Capture, Lead, Outlet
from storage.urls import canonical

SAMPLES = Path("tests/outlets")


class Command(CheckedCommand):
    """Fetches the home page, robots.txt, sources and a story of a site; writes new files and never over others."""

    usage = "NAME URL"
    short = "Propose a new outlet from its home page"
    long = "Example: scrapy addoutlet daily-news https://news.example/   then look through crawler/spiders/daily_news.py"
    requires_crawler_process = True

    def options(self, add: Add) -> None:
        where = "where its files go (default: crawler/spiders and tests/outlets)"
        add("--out", type=path_of, metavar="FOLDER", help=where)

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 2:
            raise UsageError("Write: scrapy addoutlet NAME URL, as in: scrapy addoutlet daily-news https://news.example/")
        name, url = args[0], canonical(args[1])
        folder: Path = opts.out or Path(crawler.spiders.__file__).parent
        path = folder / f"{module_name(name)}.py"
        if not NAME.fullmatch(name):
            raise ArgumentError(f"{shown(name)} is no name of an outlet: small letters, figures and dashes, a letter first.")
        if url is None:
            raise ArgumentError(f"{shown(args[1])} is not the address of a page; it begins with https:// or http://.")
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            self.fail(5, f"{folder} cannot be written: there is no such folder, or it may not be written to; see --out.")
            return
        if path.exists() or name in self.crawler_process.spider_loader.list():  # type: ignore[union-attr]
            raise ArgumentError(f"There is an outlet {name!r} already; it is not overwritten. Choose another name.")
        check_addresses(self.settings)
        self._add(name, url, path, opts.out or SAMPLES)

    def _add(self, name: str, url: str, path: Path, samples: Path) -> None:
        found: list[Survey] = []
        stories: list[Answer | None] = []

        async def look(spider: Probe) -> None:
            found.append(await survey(spider, url))
            stories.append(None if found[0].error else await sample(spider, found[0]))

        probe(self.crawler_process, look)
        if not found or found[0].error:
            ours = refused_url(url) and "; if it is of your own network, NEWS_ALLOW_ADDRESSES lets it through"
            self.fail(3, f"{url} could not be read: {found[0].error if found else 'the log above says why'}{ours or ''}.")
            return
        try:
            with path.open("x", encoding="utf-8") as stream:
                stream.write(outlet_file(name, found[0]))
            saved = _save(name, found[0], stories[0], samples)
        except OSError as error:
            self.fail(5, f"{path} cannot be written ({error.strerror}).")
            return
        write(path.read_text(encoding="utf-8"))
        write("\n".join(f"  look at  {line}" for line in review(found[0])))
        write(f"  look at  {saved}" if saved else "  No story could be fetched: there is no saved page to look at.")
        files = f"{path} and the two files of the sample" if saved else str(path)
        write(f"\nWritten: {files}. Next: scrapy discover {name}; then: scrapy crawl {name} -a limit=10")


def _save(name: str, found: Survey, story: Answer | None, folder: Path) -> str | None:
    """Keep a story as it came and what is read from it -> the two files, in words; None where there is no story."""
    if story is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    page, told = folder / f"{module_name(name)}.html", folder / f"{module_name(name)}.json"
    language = found.sources.language if found.sources else None
    fields = expected(Outlet(name=name, language=language), story.url, story.body, story.content_type)
    with page.open("xb") as kept, told.open("x", encoding="utf-8") as text:
        kept.write(story.body)
        text.write(sample_text(fields))
    return f"{told}: is that what {page} says? A test compares them from now on."


NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?")


def module_name(name: str) -> str:
    """Name of an outlet -> name of its module."""
    return name.replace("-", "_")


def outlet_file(name: str, found: Survey) -> str:
    """Name and survey -> the text of a Python module. Words of the site stand in it as string literals only."""
    sources, host = found.sources, urlsplit(found.home).hostname or ""
    title = " ".join((sources.title if sources and sources.title else name).split())[:80]
    language = re.match(r"[A-Za-z]{2,3}(?=$|[-_])", (sources.language or "") if sources else "")
    feeds, sitemaps = found.of(SourceKind.FEED), found.of(SourceKind.SITEMAP)
    home = urlsplit(found.home)
    lines = [
        f"name = {_text(name)}",
        f"title = {_text(title)}",
        f"home = {_text(found.home)}",
        f"hosts = ({_text(host.removeprefix('www.'))},)",
        _tuple("feeds", [_short(url, home.scheme, home.netloc) for url in feeds]),
        # A feed holds the newest; a sitemap is for outlets that have none, or hold back in it.
        _tuple("sitemaps", [_short(url, home.scheme, home.netloc) for url in sitemaps] if not feeds else []),
        _tuple("listings", ["/"] if not found.readable else []),
        f"article = {_pattern(found.pattern.expression if found.pattern else '')}",
        f"language = {_text(language[0].lower())}" if language else "",
    ]
    body = "\n".join(f"    {line}" for line in lines if line)
    words = "".join(part.capitalize() for part in name.split("-"))
    source = (
        f'"""The outlet {name}; proposed by `scrapy addoutlet`, to be looked through by a person."""\n\n'
        f"from crawler.outlet import OutletSpider\n\n\nclass {words}(OutletSpider):\n{body}\n"
    )
    compile(source, f"{module_name(name)}.py", "exec")
    return source


def review(found: Survey) -> list[str]:
    """Survey -> what a person should look at before the first crawl."""
    pattern = found.pattern
    lines = []
    if not found.readable:
        lines.append("No feed or sitemap could be read: the home page is the listing. Name better ones in `listings`.")
    if pattern is None:
        lines.append(
            "Too few stories are announced to propose a pattern: `article` is empty and lets every address in. Write one."
        )
    else:
        lines.append(f"article: the pattern finds {pattern.covered:.0%} of {len(found.announced)} announced addresses.")
        if pattern.sections:
            lines.append(f"article: it also finds {pattern.sections:.0%} of the section pages; make it narrower.")
        lines += [f"article: it misses {path}" for path in pattern.missed]
    lines += [f"not readable: {url} ({reason})" for url, reason in found.unreadable.items()]
    lines.append('zone: set it (as zone = "Asia/Dubai") when the pages print times without one.')
    return lines


def _short(url: str, scheme: str, host: str) -> str:
    """An address of the site itself -> its path."""
    return url.removeprefix(f"{scheme}://{host}") or "/"


def _tuple(name: str, values: list[str]) -> str:
    if not values:
        return ""
    inner = ", ".join(map(_text, values))
    if len(inner) < 90:
        return f"{name} = ({inner},)"
    return f"{name} = (\n" + "".join(f"        {_text(value)},\n" for value in values) + "    )"


def _text(value: str) -> str:
    """Text -> a Python string literal. JSON's escapes are Python's; what may not stand in a source file is dropped."""
    return json.dumps(re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", "", value), ensure_ascii=False)


def _pattern(expression: str) -> str:
    raw = '"' not in expression and not expression.endswith("\\") and expression.isprintable()
    return f'r"{expression}"' if raw else _text(expression)


_TRIED = 3  # stories of which one has to answer


def expected(outlet: Outlet, url: str, body: bytes, content_type: str | None) -> dict[str, Any]:
    """An outlet and a saved page -> what is read from it, in the names of the clean copy; `kind` says when it is no article."""
    headers = (("Content-Type", content_type),) if content_type else ()
    # The time of the fetch decides nothing that is told here.
    lead, then = Lead(url=url, outlet=outlet.name, source="by hand"), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    found = refine(Capture(lead=lead, url=url, status=200, headers=headers, body=body, fetched_at=then), outlet)
    told: dict[str, Any] = {"url": url, "contentType": content_type}
    if not isinstance(found, Article):
        return {**told, "kind": found.kind.value}
    return {
        **told,
        "kind": "ARTICLE",
        "headline": found.headline,
        "author": list(found.authors),
        "datePublished": found.published.value if found.published else None,
        "inLanguage": found.language,
        "text": [block.text for block in found.blocks],
    }


async def sample(probe: Probe, found: Survey) -> Answer | None:
    """A survey -> a story that its sources announce, fetched; None where none answers."""
    pattern = found.pattern.expression if found.pattern else ""
    stories = [url for url in found.announced if re.search(pattern, urlsplit(url).path)]
    for url in stories[:_TRIED]:
        answer = await probe.fetch(url)
        if answer.failure is None and answer.body:
            return answer
    return None


def sample_text(told: dict[str, Any]) -> str:
    """What is expected of a saved page -> the text of its file."""
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
