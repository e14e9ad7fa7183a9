"""The Scrapy item pipelines, and the only place where pipelines meet the archive and the catalogue.

Refine turns a Capture into a Page or an Article; Keep places it, makes it durable and settles it. `place` and `keep`
are plain functions, so that re-feeding and re-extraction go the same way as the crawl.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from typing import Any, Self

from pipelines.chain import RELEASED, refine
from pipelines.dedupe import Arrival, place_arrival
from pipelines.endings import Settling, failure_of, opened, placed, unkept
from pipelines.fingerprint import fingerprint
from pipelines.memory import Memory, passages_of, recall, without
from pipelines.workers import WorkerLost, Workers
from storage.archive.clean import clean_copy
from storage.archive.keys import article_id, clean_key
from storage.catalogue import captures, lessons
from storage.catalogue.placements import Placements
from storage.catalogue.quarantine import same_body
from storage.catalogue.schema import writing
from storage.records import (
    Article,
    Capture,
    Ending,
    Evidence,
    Failure,
    Fetched,
    Kind,
    Neighbour,
    Outcome,
    Outlet,
    Page,
    Recurrence,
    Relation,
)
from storage.run import Run
from storage.software import SOFTWARE

logger = logging.getLogger(__name__)

# What made a clean copy: the block model's trees are its greatest part, so their digest tells one from another.
EXTRACTOR = f"{SOFTWARE} block-model/{sha256(files('pipelines').joinpath('block_model.json').read_bytes()).hexdigest()[:12]}"

Refined = Page | Article | Failure

SHRUNKEN = 0.4  # a share of its length below which a known story is taken for a stump

OUTCOMES = {
    Relation.NEW: Outcome.KEPT,
    Relation.NEAR_DUPLICATE: Outcome.KEPT,
    Relation.EXCERPT: Outcome.KEPT,
    Relation.EXACT_DUPLICATE: Outcome.DUPLICATE,
    Relation.REVISION: Outcome.REVISION,
    Relation.UNCHANGED: Outcome.UNCHANGED,
}


class Refine:
    """Fetched -> Page | Article | Failure, in as many worker processes as NEWS_WORKERS says."""

    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler
        count: int = crawler.settings.getint("NEWS_WORKERS")
        self.agent: str = crawler.settings.get("USER_AGENT") or ""
        self.workers = Workers(count, judged) if count else None

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        return cls(crawler)

    async def process_item(self, item: Fetched | Failure) -> Refined:
        """A Failure goes through as it is."""
        if isinstance(item, Failure):
            return item
        outlet: Outlet = self.crawler.spider.profile
        digest = item.address.payload_digest if item.address else None
        copies = same_body(self.crawler.spider.run.catalogue, outlet.name, digest, item.lead.url) if digest else 0
        if self.workers is None:
            return judged(item, outlet, self.agent, copies)
        try:
            found: Refined = await self.workers.run(item, outlet, self.agent, copies)
        except WorkerLost as error:
            return failure_of(item, f"refine: {error}")
        return found

    def close_spider(self) -> None:
        """End the worker processes."""
        if self.workers is not None:
            self.workers.close()


PATIENCE = 3.0
"""Seconds in which another run must have made a text durable, for a copy of it to be entered as its duplicate."""
_GLANCE = 0.02


class NotYetDurable(Exception):
    """The text is being kept by another run at this moment, and may yet be taken back: ask again a little later."""


class Keep:
    """Page | Article | Failure -> its Ending, durable in the archive and settled in the catalogue."""

    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler
        self.memory: Memory | None = None
        self._settling = Settling(lambda endings: crawler.spider.run.settled(*endings))

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        return cls(crawler)

    async def process_item(self, item: Refined) -> Ending:
        """Placing and entering happen in one go on the reactor, so endings of one catalogue have one order."""
        run: Run = self.crawler.spider.run
        self.memory = self.memory or memory_of(run, self.crawler.settings.getint("NEWS_MEMORY"))
        ending, clean = await self._entered(run, item)
        await asyncio.wrap_future(run.keep(ending, clean))
        await self._settling.settled(ending)
        return ending

    async def _entered(self, run: Run, item: Refined) -> tuple[Ending, bytes | None]:
        """`enter`, when the first copy of the item's text is durable, or after PATIENCE."""
        title, waited = self.crawler.spider.title or None, 0.0
        while True:
            try:
                return enter(run, item, title, memory=self.memory, patient=waited < PATIENCE)
            except NotYetDurable:
                await asyncio.sleep(_GLANCE)
                waited += _GLANCE


def memory_of(run: Run, most: int) -> Memory | None:
    """A run -> what the last `most` stories of its outlet taught; None where nothing is to be remembered."""
    return Memory(lessons.newest(run.catalogue.conn, run.outlet, most), most=most) if most else None


def refined(
    capture: Capture, outlet: Outlet, memory: Memory | None = None, copies: int = 0, *, release: bool = False
) -> Refined:
    """`refine`, with an error in the program turned into a Failure: one page must not cost the run the others."""
    try:
        return refine(capture, outlet, memory, copies, release=release)
    except Exception as error:
        logger.exception("refine failed on %s", capture.url)
        return Failure(
            error=f"refine: {type(error).__name__}: {error}"[:500],
            **{name: getattr(capture, name) for name in ("lead", "url", "fetched_at", "address", "status")},
        )


def judged(fetched: Fetched, outlet: Outlet, agent: str, copies: int = 0) -> Refined:
    """`refined` of what was fetched. The body does not come with it: it lies in the WARC, and is a hundred times as large."""
    capture = opened(fetched, agent)
    if isinstance(capture, Failure):
        return capture
    item, light = refined(capture, outlet, copies=copies), replace(capture, body=b"")
    if isinstance(item, Article):
        return replace(item, page=replace(item.page, capture=light))
    return replace(item, capture=light) if isinstance(item, Page) else item


def enter(
    run: Run,
    item: Refined,
    publisher: str | None = None,
    supersedes: int | None = None,
    *,
    again: bool = False,
    memory: Memory | None = None,
    patient: bool = False,
) -> tuple[Ending, bytes | None]:
    """Place an item and enter it in the run's catalogue -> its ending, and the clean copy when one is to be kept.

    `supersedes`: the sequence of the ending that this one takes the place of, when a capture is judged again.
    `again`: the capture is extracted again, so that the article is a revision even where its text stayed the same.
    `memory`: what the outlet's stories taught so far; it learns from this one.
    `patient`: raises NotYetDurable, with nothing entered, where another run is about to keep the same text; otherwise
    the text is kept once more.
    """
    taught: tuple[str, ...] = ()
    with writing(run.catalogue) as connection:
        sequence = captures.next_sequence(connection)
        if isinstance(item, Article) and not again:
            taught = passages_of(item)
            item = _remembered(run, item, memory)
        if isinstance(item, Article):
            ending, clean = _article_ending(run, item, sequence, publisher, again)
            if taught and ending.outcome is Outcome.KEPT and _teaches(run, ending):
                ending = replace(ending, passages=taught, day_first=item.day_first)
            if patient and clean is not None and ending.outcome is Outcome.DUPLICATE:
                raise NotYetDurable(ending.url)
        else:
            ending, clean = unkept(run.id, item, sequence), None
        ending = replace(ending, supersedes=supersedes)
        text = item.text if isinstance(item, Article) else ""
        captures.enter(connection, ending, captures.kept_text(connection, ending) or text)
    if memory is not None and ending.passages:
        memory.learn(lessons.lesson(ending))
    return ending, clean


def _teaches(run: Run, ending: Ending) -> bool:
    """Whether a story that is kept is the outlet's first of its cluster: copies of one story teach once."""
    placement = ending.placement
    return placement is not None and lessons.teaches(run.catalogue.conn, placement.cluster, ending.lead.outlet)


def _remembered(run: Run, article: Article, memory: Memory | None) -> Page | Article:
    """Article as it came out of its page -> the article without what recurs in its outlet; a Page when it has shrunk.

    Where the text is that of the newest revision but for what was taken out then, it stays so: that the memory has
    learned something since is no revision by the outlet.
    """
    identity = article_id(article.canonical)
    earlier = Placements(run.catalogue.conn).newest(identity)
    judged = shrunken(article, earlier)
    if not isinstance(judged, Article) or memory is None:
        return judged
    recalled = recall(article, memory)
    if earlier is None or fingerprint(recalled.text).digest == earlier.digest:
        return recalled
    then = lessons.taken_out_before(run.catalogue.conn, identity)
    as_then = without(article, [Recurrence(passage=passage, stories=0, of=0) for passage in then])
    return as_then if fingerprint(as_then.text).digest == earlier.digest else recalled


def shrunken(article: Article, earlier: Neighbour | None) -> Page | Article:
    """An article and its newest revision -> a Page when most of the story is gone: a story's last good copy stays.

    A correction cuts a sentence; a body cut short by the network, a paywall or a block leaves a stump. What a person
    released is none.
    """
    if earlier is None or RELEASED in article.page.evidence:
        return article
    length = fingerprint(article.text).length
    cut = article.page.capture.truncated and length < earlier.length
    if not cut and length >= SHRUNKEN * earlier.length:
        return article
    evidence = Evidence(rule="shrunken", words=f"{length} characters where the story had {earlier.length}", weight=2.0)
    return replace(article.page, kind=Kind.EMPTY, evidence=(*article.page.evidence, evidence))


def _article_ending(
    run: Run, article: Article, sequence: int, publisher: str | None, again: bool
) -> tuple[Ending, bytes | None]:
    identity, print_ = article_id(article.canonical), fingerprint(article.text)
    arrival = Arrival(
        article=identity,
        outlet=run.outlet,
        url=article.canonical,
        fingerprint=print_,
        headline=article.headline,
        published=article.published.value if article.published else None,
        fetched=article.page.capture.fetched_at.isoformat(),
    )
    placement = place_arrival(arrival, Placements(run.catalogue.conn))
    outcome = Outcome.REVISION if again else OUTCOMES[placement.relation]
    first = captures.first_copy(run.catalogue.conn, print_.digest, run.id) if outcome is Outcome.DUPLICATE else None
    key = first or clean_key(run.outlet, identity, print_.digest, sequence if again else None)
    ending = placed(run.id, article, sequence, outcome, placement, digest=print_.digest, key=key)
    if outcome is Outcome.UNCHANGED or first is not None:
        return ending, None
    return ending, clean_copy(article, print_, placement, extractor=EXTRACTOR, publisher=publisher)
