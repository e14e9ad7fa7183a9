"""scrapy discover URL-or-outlet: what a crawl would fetch, and the first reason why it would leave each of the rest. Nothing
is archived.

Exit status: 0 done; 2 wrong use; 3 nothing could be read; 5 the catalogue cannot be used.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sqlite3
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scrapy.exceptions import UsageError

from crawler.announcing import Source, read_source
from crawler.arguments import ArgumentError, no_outlet, shown
from crawler.command import Add, CheckedCommand
from crawler.console import many, write, write_json
from crawler.network.addresses import Network, networks, refused_url
from crawler.network.robots import Robots
from crawler.opening import catalogue_path, check_addresses
from crawler.outlet import OutletSpider, belongs
from crawler.survey import Probe, probe, survey
from storage.catalogue.schema import connect_to_read
from storage.records import Lead
from storage.urls import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What decides: the outlet's hosts and pattern, our user agent, private networks let through, the catalogue's
    connection (None: there is none, nothing is known)."""

    hosts: tuple[str, ...]
    article: str
    agent: str
    allow: tuple[Network, ...]
    known: sqlite3.Connection | None


def before_asking(url: str, rules: Rules) -> str | None:
    """URL -> why it would not be fetched, as far as nobody need be asked; None when nothing speaks against it."""
    parts = urlsplit(url)
    private = refused_url(url, rules.allow)
    if private:
        return f"refused address ({private})"
    if not belongs(parts.hostname, rules.hosts):
        return f"off host (the outlet is {', '.join(rules.hosts)})"
    if not re.search(rules.article, parts.path):
        return f"no story by the pattern {rules.article}"
    if rules.known is None:
        return None
    row = rules.known.execute("select state, outcome from leads where url = ?", (url,)).fetchone()
    if row is None or row[0] in ("announced", "leased"):
        return None
    return f"known: {row[0]}" + (f" ({row[1]})" if row[1] else "")


def by_robots(url: str, robots: Robots | None, agent: str) -> str | None:
    """URL and its host's robots.txt, None where that cannot be read -> why it would not be fetched."""
    if robots is None:
        return "robots.txt cannot be read: nothing is fetched"
    return None if robots.allowed(agent, url) else "robots.txt disallows it"


@dataclass(slots=True)
class Found:
    """What the command prints: sources with what became of each, addresses with the reason against them or None."""

    sources: list[tuple[str, str]] = field(default_factory=list)
    urls: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    read: bool = False


class Command(CheckedCommand):
    """Fetches sources and robots.txt, no story."""

    usage = "[options] OUTLET-or-URL"
    short = "Show what a crawl would fetch, and why it would leave the rest"
    long = (
        "An outlet: reads its feeds, sitemaps and listings. The URL of a story of an outlet: judges that one. Another URL: "
        "shows where that site announces stories. Example: scrapy discover menafn"
    )
    requires_crawler_process = True

    def options(self, add: Add) -> None:
        add("--origin", metavar="URL", help="read the outlet at another address, as -a origin=… of a crawl")
        add("--json", action="store_true", help="print JSON lines: sources, then addresses")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("Name an outlet or a URL, as in: scrapy discover menafn")
        check_addresses(self.settings)
        loader = self.crawler_process.spider_loader  # type: ignore[union-attr]
        spiders: dict[str, type] = {name: loader.load(name) for name in loader.list()}
        outlets = {name: each for name, each in spiders.items() if issubclass(each, OutletSpider)}
        url = canonical(args[0]) if "/" in args[0] else None
        if args[0] not in outlets and url is None:
            no_address = f"{shown(args[0])} is not the address of a page; it begins with https:// or http://."
            raise ArgumentError(no_address if "/" in args[0] else no_outlet(args[0], outlets))
        host = urlsplit(url).hostname if url else None
        ours = next((each for each in outlets.values() if belongs(host, each.hosts)), None) if url else outlets[args[0]]
        spider = ours(**({"origin": opts.origin} if opts.origin else {})) if ours else None
        found = Found()
        with contextlib.ExitStack() as held:
            self._look(held, found, spider, url)
        _print(found, opts.json)
        if not found.read:
            self.fail(3, "Nothing could be read; the reasons are above.")

    def _look(self, held: contextlib.ExitStack, found: Found, spider: OutletSpider | None, url: str | None) -> None:
        settings = self.settings
        path, known = catalogue_path(settings), None
        if path.exists():
            known = held.enter_context(contextlib.closing(connect_to_read(path)))
        rules = Rules(
            hosts=(*type(spider).hosts, *spider.hosts) if spider else (),
            article=spider.article if spider else "",
            agent=settings["USER_AGENT"],
            allow=networks(settings.getlist("NEWS_ALLOW_ADDRESSES")),
            known=known,
        )

        async def look(asked: Probe) -> None:
            if spider is None:
                await _survey(asked, found, str(url))
            elif url is not None:
                found.read = True
                await _judge(asked, found, rules, [Lead(url=url, outlet=spider.name, source="by hand")])
            else:
                await _read(asked, found, rules, spider)

        probe(self.crawler_process, look)


async def _read(asked: Probe, found: Found, rules: Rules, spider: OutletSpider) -> None:
    """The sources of an outlet, and those that they name, in turn."""
    waiting = spider._sources()
    seen = {source.url for source in waiting}
    leads: dict[str, Lead] = {}
    while waiting:
        source = waiting.pop(0)
        answer = await asked.fetch(source.url)
        if answer.failure:
            found.sources.append((source.url, f"could not be read: {answer.failure}"))
            continue
        announced = read_source(source, spider.name, answer.body, answer.url, answer.content_type)
        found.read = found.read or announced.readable
        count = many(len(announced.leads), "address", "addresses")
        said = f"{source.kind}, {count}" if announced.readable else f"what came is no {source.kind}"
        found.sources.append((source.url, said))
        for lead in announced.leads:
            leads.setdefault(spider._moved(lead.url), lead)
        new = [Source(url=spider._moved(each.url), kind=each.kind, depth=each.depth) for each in announced.more]
        waiting += [each for each in new if each.url not in seen]
        seen.update(each.url for each in new)
    moved = [Lead(url=url, outlet=lead.outlet, source=lead.source, title=lead.title) for url, lead in leads.items()]
    await _judge(asked, found, rules, moved)


async def _judge(asked: Probe, found: Found, rules: Rules, leads: list[Lead]) -> None:
    obey = asked.settings.getbool("NEWS_OBEY_ROBOTS")
    for lead in leads:
        reason = before_asking(lead.url, rules)
        if reason is None and obey:
            reason = by_robots(lead.url, await asked.robots(lead.url), rules.agent)
        found.urls.append((lead.url, lead.title, reason))


async def _survey(asked: Probe, found: Found, url: str) -> None:
    """A site that is no outlet yet."""
    seen = await survey(asked, url)
    found.read = seen.error is None
    if seen.error:
        found.sources.append((url, f"could not be read: {seen.error}"))
    found.sources += [(source.url, f"{source.kind}, {many(count, 'address', 'addresses')}") for source, count in seen.readable.items()]
    found.sources += [(source, f"could not be read: {reason}") for source, reason in seen.unreadable.items()]
    found.urls += [(address, None, "of no outlet; propose one: scrapy addoutlet NAME URL") for address in seen.announced]


def _print(found: Found, as_json: bool) -> None:
    if as_json:
        for url, said in found.sources:
            write_json({"source": url, "said": said})
        for url, title, reason in found.urls:
            write_json({"url": url, "title": title, "fetch": reason is None, "reason": reason})
        return
    for url, said in found.sources:
        write(f"source  {url}  {said}")
    for url, title, reason in found.urls:
        said = " ".join((title or "").split())[:60] if reason is None else reason
        write(f"{'fetch' if reason is None else 'leave'}   {url}  {said}".rstrip())
    fetched = sum(reason is None for _, _, reason in found.urls)
    write(f"\n{fetched} of {many(len(found.urls), 'address', 'addresses')} would be fetched.")
