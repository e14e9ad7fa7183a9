"""A home page -> where its site announces stories, which of that can be read, and what a story's address looks like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from crawler.announcing import Source, SourceKind, read_source
from crawler.discovery.links import read_listing
from crawler.discovery.proposals import Pattern, Sources, discover_outlet, propose_pattern
from crawler.discovery.sites import site_of
from crawler.probe import Probe

_FEEDS, _SITEMAPS = 8, 3


@dataclass(slots=True)
class Survey:
    """What was found: readable sources with the number of stories that each announces, the addresses themselves, and
    why other sources could not be read. `error`: why the home page itself could not."""

    home: str
    error: str | None = None
    sources: Sources | None = None
    readable: dict[Source, int] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    announced: list[str] = field(default_factory=list)
    pattern: Pattern | None = None

    def of(self, kind: SourceKind) -> list[str]:
        """The addresses of the readable sources of a kind."""
        return [source.url for source in self.readable if source.kind is kind]


async def survey(probe: Probe, url: str) -> Survey:
    """A probe and the address of a home page -> Survey. A dozen requests at most, with the crawl's manners."""
    home = await probe.fetch(url)
    if home.failure:
        return Survey(home=url, error=home.failure)
    found = Survey(home=home.url)
    robots = await probe.robots(home.url)
    found.sources = sources = discover_outlet(home.body, home.url, home.content_type, robots)
    guessed_feeds = [guess for guess in sources.guesses if "sitemap" not in guess]
    guessed_sitemaps = [guess for guess in sources.guesses if "sitemap" in guess]
    await _try(probe, found, SourceKind.FEED, sources.feeds[:_FEEDS], guessed=False)
    if not found.readable:
        await _try(probe, found, SourceKind.FEED, guessed_feeds, guessed=True)
    await _try(probe, found, SourceKind.SITEMAP, sources.sitemaps[:_SITEMAPS], guessed=False)
    if not found.readable:
        await _try(probe, found, SourceKind.SITEMAP, guessed_sitemaps, guessed=True)
    linked = [link.url for link in read_listing(home.body, home.url, home.content_type).links]
    ours = [address for address in dict.fromkeys(found.announced) if site_of(address) == site_of(home.url)]
    found.pattern = propose_pattern(ours, linked)
    return found


async def _try(probe: Probe, found: Survey, kind: SourceKind, urls: Iterable[str], *, guessed: bool) -> None:
    """Read sources of a kind; of guesses, only the first that holds."""
    for url in urls:
        source = Source(url=url, kind=kind)
        answer = await probe.fetch(url)
        if answer.failure:
            if not guessed:
                found.unreadable[url] = answer.failure
            continue
        announced = read_source(source, "probe", answer.body, answer.url, answer.content_type)
        for inner in announced.more[:1] if kind is SourceKind.SITEMAP else ():
            answer = await probe.fetch(inner.url)
            if not answer.failure:
                announced = read_source(inner, "probe", answer.body, answer.url, answer.content_type)
        if announced.readable and announced.leads:
            found.readable[source] = len(announced.leads)
            found.announced += [lead.url for lead in announced.leads]
            if guessed:
                return
        elif not guessed:
            found.unreadable[url] = "it announces no story" if announced.readable else f"what came is no {kind}"
