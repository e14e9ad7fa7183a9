"""WARC files of others, Common Crawl's news files included, brought into the archive: judged, clean, each story once.

Every answer is written into a WARC of ours as it stands there (the archive stays whole by itself), at the time of its own
WARC-Date, with a metadata record that says which file, offset and record it came from. What the archive holds already is
passed over, so the same command goes on where it was interrupted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import BinaryIO

from crawler.bulk import Lost, Spread, answered
from pipelines.endings import failure_of
from pipelines.memory import Memory
from pipelines.stages import Refined, enter, judged
from storage.archive.exchange import NotHttp, read_answer
from storage.archive.warcread import BadRecord, Record, whole_records
from storage.archive.warcrecord import read_warc_date
from storage.catalogue.captures import last_look
from storage.catalogue.quarantine import same_body
from storage.records import Ending, Exchange, Fetched, Lead, Outlet
from storage.run import Run
from storage.urls import canonical

_TOGETHER = 16  # answers that are handed to a process, and made durable, together
_PAGES = ("text/html", "application/xhtml+xml", "text/plain", "")  # plain: some servers call every page so
_UNREAD = ("robots.txt", "sitemap.xml", "favicon.ico")

NOT_A_PAGE = "not a page"
HELD = "held already"
OLDER = "older than what is held"
FORGOTTEN = "forgotten on request"
BAD_ADDRESS = "no web address"
DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer in a WARC file of others: the exchange, the time of it, and the record that it stands in."""

    exchange: Exchange
    file: str
    offset: int
    record: str

    @property
    def fields(self) -> dict[str, str]:
        """For the metadata record."""
        return {"ingested-from": f"{self.file}#{self.offset}", "ingested-record": self.record}


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Answers that lie in a WARC of ours now, to be judged; `copies`: of each, other URLs with the very same body."""

    outlet: Outlet
    agent: str
    fetched: tuple[Fetched, ...]
    copies: tuple[int, ...]


def judge_all(portion: Portion) -> list[Refined]:
    """A portion -> what each answer is. Runs in any process."""
    pairs = zip(portion.fetched, portion.copies, strict=True)
    return [judged(fetched, portion.outlet, portion.agent, copies) for fetched, copies in pairs]


class Ingest:
    """One run over WARC files of others. `passed` counts what is not taken in, by its reason; `faults` are damaged places."""

    def __init__(self, run: Run, outlet: Outlet, agent: str, memory: Memory | None = None) -> None:
        self.run, self.outlet, self.agent, self.memory = run, outlet, agent, memory
        self.passed: Counter[str] = Counter()
        self.faults: list[str] = []

    def take_in(self, stream: BinaryIO, name: str, spread: Spread[Portion, list[Refined]]) -> Iterator[int]:
        """An open, seekable WARC file and its name -> how many answers each step took in, made durable by then."""
        for portion, items in answered(spread, self._portions(stream, name), _singles, _lost):
            self._keep(items)
            yield len(portion.fetched)

    def _portions(self, stream: BinaryIO, name: str) -> Iterator[Portion]:
        wanted = (found for found in self.answers(stream, name) if self._is_wanted(found))
        while some := tuple(islice(wanted, _TOGETHER)):
            fetched = tuple(self._record(found) for found in some)
            copies = tuple(self._copies(each) for each in fetched)
            yield Portion(outlet=self.outlet, agent=self.agent, fetched=fetched, copies=copies)

    def answers(self, stream: BinaryIO, name: str) -> Iterator[Found]:
        """An open WARC file -> the answers to web requests in it; the rest is counted."""
        asked: Record | None = None  # the request that stands before its answer
        for record in whole_records(stream):
            if isinstance(record, BadRecord):
                self.passed[DAMAGED] += 1
                self.faults.append(f"{name}: {record}")
            elif record.kind == "request":
                asked = record
            elif record.kind == "response":
                request = asked.block if asked is not None and _belongs(asked, record) else b""
                found = self._found(record, request, name)
                if found is not None:
                    yield found
            elif record.kind in ("revisit", "resource", "conversion"):
                self.passed[f"{record.kind} record"] += 1

    def _found(self, record: Record, request: bytes, name: str) -> Found | None:
        url = (record.field("WARC-Target-URI") or "").strip("<>")
        if not url.lower().startswith(("http://", "https://")) or canonical(url) is None:
            self.passed[BAD_ADDRESS] += 1
            return None
        try:
            date = read_warc_date(record.field("WARC-Date") or "")
            answer = read_answer(record.block, to_head=True)
        except (ValueError, NotHttp) as error:
            self.passed[DAMAGED] += 1
            self.faults.append(f"{name}: offset {record.offset}: {error}")
            return None
        kind = (answer.header("Content-Type") or "").partition(";")[0].strip().lower()
        if kind not in _PAGES or PurePosixPath(url).name.lower() in _UNREAD:
            self.passed[NOT_A_PAGE] += 1
            return None
        exchange = Exchange(
            url=url, request=request, response=record.block, started_at=date, ended_at=date,
            peer=record.field("WARC-IP-Address"), truncated=record.field("WARC-Truncated"),
        )  # fmt: skip
        return Found(exchange=exchange, file=name, offset=record.offset, record=record.field("WARC-Record-ID") or "")

    def _is_wanted(self, found: Found) -> bool:
        url, when = found.exchange.url, found.exchange.started_at
        if self.run.is_forgotten(url):
            self.passed[FORGOTTEN] += 1
            return False
        last = last_look(self.run.catalogue.conn, url)
        if last is not None and last >= when:
            self.passed[HELD if last == when else OLDER] += 1
            return False
        return True

    def _record(self, found: Found) -> Fetched:
        lead = Lead(url=found.exchange.url, outlet=self.outlet.name, source=f"{found.file}#{found.offset}")
        self.run.take(lead, found.exchange.started_at)
        address = self.run.record(found.exchange)
        self.run.note(address, found.fields)
        return Fetched(lead=lead, exchange=found.exchange, address=address)

    def _copies(self, fetched: Fetched) -> int:
        digest = fetched.address.payload_digest if fetched.address else ""
        return same_body(self.run.catalogue, self.outlet.name, digest, fetched.lead.url) if digest else 0

    def _keep(self, items: Sequence[Refined]) -> None:
        kept: list[tuple[Ending, Future[None]]] = []
        for item in items:
            ending, clean = enter(self.run, item, self.outlet.title or None, memory=self.memory)
            kept.append((ending, self.run.keep(ending, clean)))
        for ending, durable in kept:
            durable.result()
            self.run.settled(ending)


def _singles(portion: Portion) -> list[Portion]:
    pairs = zip(portion.fetched, portion.copies, strict=True)
    return [replace(portion, fetched=(fetched,), copies=(copies,)) for fetched, copies in pairs]


def _lost(single: Portion, lost: Lost) -> Refined:
    return failure_of(single.fetched[0], f"refine: {lost.reason}")


def _belongs(request: Record, answer: Record) -> bool:
    """Whether a request record is of this answer: it says so, or is of the same address and moment."""
    together = (request.field("WARC-Concurrent-To"), answer.field("WARC-Concurrent-To"))
    if answer.field("WARC-Record-ID") == together[0] or request.field("WARC-Record-ID") == together[1]:
        return True
    return not any(together) and all(
        request.field(name) == answer.field(name) for name in ("WARC-Target-URI", "WARC-Date")
    )
