"""The newsstand: three outlets on loopback, each behind a port of its own, with what must become of every page."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from storage.records import Kind, Outcome
from tests.loopback import Loopback, Request, doors, read_request
from tests.newsstand import courier, gazette, menafn
from tests.newsstand.plan import LATIN_CODEC, OUTLETS, Expected, Fault, Printing, printings
from tests.newsstand.rack import PAGED, addresses, hard_urls, key_of, shown, source
from tests.newsstand.replies import ABSENT, FORBIDDEN, GONE, HARD, Reply, faulty, hard, on_the_wire, text

TEXTS = {"menafn": menafn.furniture, "courier": courier.furniture, "gazette": gazette.furniture}


class Newsstand:
    """A real HTTP server. `port`: the first outlet's, the others follow it; 0 takes free ones.

    `outlets` maps a name to its base URL, `url` is that of the first; `requests` is the log; `expected` says for the
    URL of every page what a first crawl of its outlet makes of it.
    """

    def __init__(self, port: int = 0) -> None:
        self._server = Loopback(doors=doors(OUTLETS, port), talk=self._talk)
        self._pages = list(printings())
        self._cache: dict[tuple[str, str], Reply] = {}

    def __enter__(self) -> Newsstand:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def outlets(self) -> dict[str, str]:
        """Name of an outlet -> its base URL, without a slash at the end."""
        return {name: self._server.url(name) for name in OUTLETS}

    @property
    def url(self) -> str:
        """Base URL of the first outlet."""
        return self._server.url("menafn")

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, oldest first; `door` names the outlet."""
        return self._server.requests

    def forget(self) -> None:
        """Empty the log of requests."""
        self._server.forget()

    def article_requests(self, *names: str) -> tuple[str, ...]:
        """The URLs of pages (not of feeds, listings, robots.txt) that were asked for, in order, of these outlets or all."""
        pages = {(page.outlet, key_of(page.outlet, at)) for page in self._pages for at in addresses(page)}
        return tuple(
            self._server.url(request.door) + request.target
            for request in self.requests
            if request.door in (names or OUTLETS) and (request.door, key_of(request.door, request.target)) in pages
        )

    @property
    def hard(self) -> tuple[str, ...]:
        """URLs of pages that no feed of FEEDS names: whatever becomes of them, it is one outcome each (/rss/hard.xml)."""
        return hard_urls(self.url)

    # What must become of it

    @property
    def expected(self) -> Mapping[str, Expected]:
        """URL of a page -> what becomes of it; as things stand now, so a correction shows at once."""
        texts: dict[tuple[str, str], str] = {}
        found = {}
        for page in self._pages:
            expected = self._expected(page)
            if expected.outcome is Outcome.KEPT:
                first = texts.setdefault((page.outlet, "\n".join(expected.paragraphs)), expected.url)
                if first != expected.url:
                    expected = replace(expected, outcome=Outcome.DUPLICATE, allowed=EITHER, copy_of=first)
            found[expected.url] = expected
        return found

    def tally(self, *names: str) -> Counter[Outcome]:
        """Outcomes of a first crawl of these outlets, one after the other into one archive, from what is announced now.

        Pages with the same text count as one kept and the rest duplicates, also across outlets.
        """
        counts: Counter[Outcome] = Counter()
        seen: set[tuple[str, ...]] = set()
        for each in self.expected.values():
            if each.outlet not in (names or OUTLETS) or each.late or each.outcome is None:
                continue
            outcome = each.outcome
            if outcome in (Outcome.KEPT, Outcome.DUPLICATE):
                outcome = Outcome.DUPLICATE if each.paragraphs in seen else Outcome.KEPT
                seen.add(each.paragraphs)
            counts[outcome] += 1
        return counts

    # What happens while it runs

    def correct(self, url: str) -> Expected:
        """Change a figure on a page whose story has a correction -> what a second fetch of it becomes (a revision)."""
        page = self._page(url)
        if page.wire is None or page.wire.correction is None:
            raise ValueError(f"{url} has no correction; stories with one have a line `correct:`")
        self._change(page, replace(page, corrected=True))
        return replace(self.expected[url], outcome=Outcome.REVISION, allowed=(Outcome.REVISION,), copy_of=None)

    def withdraw(self, url: str) -> None:
        """Take a page off the stand: it answers 410 from now on, and no source names it."""
        page = self._page(url)
        self._change(page, replace(page, withdrawn=True, announced=()))

    def publish(self) -> tuple[Expected, ...]:
        """Print the late stories -> what becomes of them. Before that they are announced nowhere and answer 404."""
        late = [page for page in self._pages if page.late]
        for page in late:
            self._change(page, replace(page, late=False))
        return tuple(self.expected[self._url(page)] for page in late)

    def correctable(self, outlet: str = "menafn") -> tuple[str, ...]:
        """URLs of an outlet's kept pages that `correct` takes."""
        return tuple(
            each.url
            for each in self.expected.values()
            if each.outlet == outlet and each.outcome is Outcome.KEPT and self._changes(self._page(each.url))
        )

    @staticmethod
    def _changes(page: Printing) -> bool:
        if page.wire is None or page.wire.correction is None:
            return False
        return replace(page, corrected=True).blocks != page.blocks

    def _change(self, old: Printing, new: Printing) -> None:
        self._pages[self._pages.index(old)] = new
        self._cache.clear()

    def _page(self, url: str) -> Printing:
        return next(page for page in self._pages if self._url(page) == url)

    def _url(self, page: Printing) -> str:
        return self._server.url(page.outlet) + page.target

    def _expected(self, page: Printing) -> Expected:
        allowed, kinds = VERDICTS[page.fault]
        kept, home = Outcome.KEPT in allowed, self._server.url(page.outlet)
        return Expected(
            url=home + page.target,
            outlet=page.outlet,
            outcome=allowed[0] if allowed else None,
            allowed=allowed,
            kinds=kinds,
            fault=page.fault,
            banner=page.banner,
            headline=page.headline if kept else None,
            blocks=page.blocks if kept else (),
            story=page.story,
            excerpt=page.trim is not None,
            language=page.wire.language if page.wire else None,
            authors=(page.wire.author,) if page.wire and page.outlet != "menafn" else (),
            published=page.published,
            furniture=TEXTS[page.outlet](page) if kept else (),
            asked=tuple(home + at for at in addresses(page) if at != page.target),
            late=page.late,
        )

    # What it answers

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, door: int) -> None:
        while request := await read_request(reader, OUTLETS[door]):
            self._server.log(request)
            answer, last = on_the_wire(request, self._reply(request))
            writer.write(answer)
            await writer.drain()
            if last:
                return

    def _reply(self, request: Request) -> Reply:
        key = (request.door, key_of(request.door, request.target))
        if request.path in PAGED:
            key = (request.door, request.target)
        if key not in self._cache:
            self._cache[key] = source(*key, self._server.url(request.door), self._pages) or self._story(*key)
        return self._cache[key]

    def _story(self, outlet: str, key: str) -> Reply:
        for page in self._pages:
            if page.outlet != outlet or page.late:
                continue
            if key == key_of(outlet, page.target):
                return GONE if page.withdrawn else self._rendered(page)
            if page.moved_from == key:
                return Reply(status=301, location=page.target, kind="text/html")
        if key in HARD and outlet == "menafn":
            return hard(key)
        if key.endswith(".gif"):
            return Reply(body=b"GIF89a\x01\0\x01\0\0\0\0;", kind="image/gif")
        return FORBIDDEN if key.startswith("/includes/") else ABSENT

    def _rendered(self, page: Printing) -> Reply:
        related = [(p.headline, p.target) for p in shown(self._pages, page.outlet) if p != page][page.number % 7 :][:8]
        if page.outlet == "gazette":
            body = gazette.render(page, related).encode(LATIN_CODEC)
            kind = "text/html; charset=utf-8" if page.fault is Fault.WRONG_CHARSET else "text/html"
        elif page.outlet == "courier":
            body, kind = courier.render(page, related, self._server.url("courier")).encode(), text()
        elif page.fault is Fault.LISTING:
            everything = [(p.headline, p.target) for p in shown(self._pages, page.outlet)]
            body, kind = menafn.listing(page.headline, everything).encode(), text()
        else:
            body, kind = menafn.render(page, related).encode(), text()
        return faulty(page, Reply(body=body, kind=kind, modified=page.modified))


_APART = (Outcome.QUARANTINED,)
EITHER = (Outcome.DUPLICATE, Outcome.KEPT)  # of a group with the same text, whichever comes first is kept
VERDICTS: dict[Fault, tuple[tuple[Outcome, ...], tuple[Kind, ...]]] = {
    Fault.NONE: ((Outcome.KEPT,), (Kind.ARTICLE,)),
    Fault.WRONG_CHARSET: ((Outcome.KEPT,), (Kind.ARTICLE,)),
    # The block of the first outlet says both "403" and "doesn't exist".
    Fault.MISSING: (_APART, (Kind.NOT_FOUND, Kind.SOFT_ERROR, Kind.FORBIDDEN)),
    Fault.FORBIDDEN: (_APART, (Kind.FORBIDDEN,)),
    Fault.ABSENT: (_APART, (Kind.NOT_FOUND,)),
    Fault.BROKEN: (_APART, (Kind.SOFT_ERROR,)),
    # Never kept as whole: failed, or kept with the mark that it was cut (hostile server, behaviour 5).
    Fault.CUT_SHORT: ((Outcome.FAILED, Outcome.KEPT), (Kind.ARTICLE,)),
    Fault.NO_TEXT: (_APART, (Kind.EMPTY,)),
    Fault.NO_BYTES: (_APART, (Kind.EMPTY,)),
    Fault.LISTING: (_APART, (Kind.LISTING,)),
    Fault.BINARY: (_APART, (Kind.EMPTY, Kind.SOFT_ERROR)),
    Fault.DISALLOWED: ((), ()),
}
