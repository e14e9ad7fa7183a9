"""A URL -> everything in the archive that is of it, and what else stands on that; and what was taken away before, from the
segments of the ledger that say so. Reads only."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.archive.keys import FORGOTTEN, article_id, cdx_key, warc_of
from storage.archive.ledger import Event, events, read_line
from storage.archive.opened import Archive
from storage.archive.packed import lines
from storage.archive.reading import address_of
from storage.archive.store import ArchiveError, Store
from storage.archive.warcread import Record, parse, whole_records
from storage.archive.warcrecord import FORGOTTEN as TAKEN_AWAY
from storage.archive.warcrecord import target_uri
from storage.records import WarcAddress
from storage.urls import key as page_of

_ARTICLE = ("kept", "revision", "duplicate", "unchanged")


@dataclass(slots=True)
class Found:
    """What is of a URL.

    `pages`: what its addresses have in common; `records`: ids by WARC file; `digests`: of their payloads;
    `heirs`: for a clean copy that others use too, the first outcome of those; `dependants`: revisits of other
    URLs that have no body but these; `rescued`: record ids of those whose body was recorded again already,
    when an earlier call was killed, and where.
    """

    articles: set[str]
    urls: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    copies: set[str] = field(default_factory=set)
    records: dict[str, set[str]] = field(default_factory=dict)
    digests: set[str] = field(default_factory=set)
    heirs: dict[str, Event] = field(default_factory=dict)
    dependants: list[WarcAddress] = field(default_factory=list)
    rescued: dict[str, WarcAddress] = field(default_factory=dict)
    captures: int = 0

    def meet(self, urls: Iterable[str | None]) -> None:
        """Further addresses of the page."""
        new = {url for url in urls if url} - self.urls
        self.urls |= new
        self.pages |= {page_of(url) or url for url in new}

    def is_address(self, url: str) -> bool:
        """Whether a URL is one of the page's, however it is written."""
        return url in self.urls or (page_of(url) or url) in self.pages

    def add(self, file: str, record_id: str, digest: str) -> None:
        """A record of the URL."""
        self.records.setdefault(file, set()).add(record_id)
        self.digests.add(digest)


def find(archive: Archive, url: str) -> Found:
    """An archive that no run is writing to, and a URL -> what is of it. ArchiveError when the archive is
    damaged.
    """
    found = Found(articles={article_id(url)})
    found.meet([url])
    for earlier in forgettings(archive.store):  # an unfinished one goes on
        if any(found.is_address(other) for other in earlier.urls):
            _join(found, earlier)
    for event in events(archive):
        if is_of(event, found) and event.fields.get("article"):
            found.articles.add(event.fields["article"])
    for event in events(archive):
        if event.event == "outcome":
            _outcome(event, found)
    _records(archive, found)
    _heirs(archive, found)
    _dependants(archive, found)
    return found


def is_of(event: Event, found: Found) -> bool:
    """Whether a line of the ledger is an outcome of what was found."""
    if event.event != "outcome":
        return False
    return event.fields.get("article") in found.articles or any(found.is_address(url) for url in _addresses(event) if url)


def _addresses(event: Event) -> tuple[str | None, ...]:
    fields = event.fields
    return fields.get("url"), fields.get("canonical"), _lead(fields).get("url")


def _indexed(archive: Archive) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(key of the WARC file, fields) of each line of all indexes."""
    for key in (key for key in archive.store.keys("warc/") if key.endswith(".cdxj")):
        with archive.store.open_stream(key) as stream:
            for line in stream:
                with _damage_told(key, "scrapy verify --mend"):
                    fields = json.loads(line.split(b" ", 2)[2])
                    file = warc_of(fields["filename"])
                yield file, fields


def _join(found: Found, earlier: Forgetting) -> None:
    found.meet(earlier.urls)
    found.articles.update(earlier.articles)
    found.copies.update(earlier.copies)
    for file, record_id in earlier.records:
        found.records.setdefault(file, set()).add(record_id)


def _outcome(event: Event, found: Found) -> None:
    fields = event.fields
    if not is_of(event, found):
        return
    found.captures += 1
    if fields.get("outcome") in _ARTICLE and fields.get("article") in found.articles:
        found.meet(_addresses(event))
    copy = fields.get("clean_key") or ""
    if f"/{fields.get('article')}-" in copy:  # its own, and not that of which it is a duplicate
        found.copies.add(copy)
    if address := fields.get("address"):
        found.add(address["file"], address["record_id"], address["payload_digest"])


def _records(archive: Archive, found: Found) -> None:
    """Redirects to the URL and answers that no outcome speaks of stand only in the indexes."""
    wanted = {target_uri(url) for url in found.urls}
    for file, fields in _indexed(archive):
        if fields["url"] in wanted or found.is_address(fields["url"]):
            record = _at(archive, file, fields)
            if record.field(TAKEN_AWAY) is None:
                found.add(file, record.field("WARC-Record-ID") or "", fields["digest"])


def _heirs(archive: Archive, found: Found) -> None:
    """Others may have the same text and no clean copy of their own: the first of them inherits it."""
    for event in events(archive):
        if event.event != "outcome" or is_of(event, found):
            continue
        key = event.fields.get("clean_key")
        if key in found.copies:
            found.heirs.setdefault(key, event)


def _dependants(archive: Archive, found: Found) -> None:
    gone = {record_id for records in found.records.values() for record_id in records}
    responses: dict[tuple[str, str], list[WarcAddress]] = {}
    dates: dict[str, str | None] = {}
    urls: dict[str, str] = {}
    for file, fields in _indexed(archive):
        if fields["digest"] not in found.digests:
            continue
        record = _at(archive, file, fields)
        address = address_of(file, record)
        if address.record_id in found.records.get(file, ()):
            continue
        dates[address.record_id] = record.field("WARC-Date")
        if record.kind == "response":
            responses.setdefault((fields["url"], fields["digest"]), []).append(address)
        elif record.field("WARC-Refers-To") in gone:
            found.dependants.append(address)
            urls[address.record_id] = fields["url"]
    for each in found.dependants:
        for other in responses.get((urls[each.record_id], each.payload_digest), ()):
            if dates[other.record_id] == dates[each.record_id]:
                found.rescued[each.record_id] = other


def _at(archive: Archive, file: str, fields: Mapping[str, Any]) -> Record:
    offset, length = int(fields["offset"]), int(fields["length"])
    return parse(archive.store.read_range(file, offset, length), offset)


def _lead(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    lead = fields.get("lead")
    return lead if isinstance(lead, Mapping) else {}


# Event of the ledger: something is to be taken away; event that a line became whose content was.
FORGET, REDACTED = "forget", "forgotten"
_SEGMENTS = f"ledger/{FORGOTTEN}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """One request that something be forgotten: the URL and reason given, and what it led to.

    `urls`: all addresses of the article; `articles`: their ids; `copies`: keys of clean copies; `records`: pairs of a
    WARC file's key and a record id.
    """

    url: str
    reason: str
    urls: tuple[str, ...]
    articles: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    records: tuple[tuple[str, str], ...] = ()


def forgettings(store: Store) -> Iterator[Forgetting]:
    """Everything that was ever asked to be forgotten, in order."""
    for key in store.keys(_SEGMENTS):
        with store.open_stream(key) as stream, _damage_told(key, f"scrapy verify {key}"):
            found = [read_forgetting(event) for event in map(read_line, lines(stream)) if event.event == FORGET]
        yield from found


def read_forgetting(event: Event) -> Forgetting:
    """A `forget` event -> what it says. KeyError, TypeError or ValueError when it is none."""
    fields = event.fields
    return Forgetting(
        url=fields["url"],
        reason=fields["reason"],
        **{name: tuple(fields[name]) for name in ("urls", "articles", "copies")},
        records=tuple((file, record) for file, record in fields["records"]),
    )


class _Asked:
    """What was asked for, by all that it can be known by -> the number of the request, of several the last."""

    def __init__(self, asked: Sequence[Forgetting]) -> None:
        self.records: dict[tuple[str, str], int] = {}
        self.articles: dict[str, int] = {}
        self.addresses: dict[str, int] = {}
        for number, each in enumerate(asked):
            self.records |= dict.fromkeys(each.records, number)
            self.articles |= dict.fromkeys(each.articles, number)
            self.addresses |= dict.fromkeys((*each.urls, *(page_of(url) or url for url in each.urls)), number)

    def of(self, event: Event) -> Iterator[int]:
        """A line of the ledger -> the requests that it is an outcome of; as `is_of`, for any number of them at once."""
        if event.event == "outcome":
            named = {url for url in _addresses(event) if url}
            found = [self.articles.get(event.fields.get("article", ""))]
            found += [self.addresses.get(url, self.addresses.get(page_of(url) or url)) for url in named]
            yield from (number for number in found if number is not None)


def relapsed(store: Store, keys: Iterable[str], asked: Sequence[Forgetting]) -> list[Forgetting]:
    """Of what was asked for, each page once, what stands in these WARC files, indexes and segments of the ledger all the same,
    for they came from a copy that had not forgotten it."""
    known, looked_at = _Asked(asked), set(keys)
    back = set[int]()
    for file in sorted({file for file, _ in known.records}):
        if file in looked_at or cdx_key(file) in looked_at:
            back.update(_in_file(store, file, known))
    for key in sorted(key for key in looked_at if key.startswith("ledger/")):
        with store.open_stream(key) as stream, _damage_told(key, "scrapy verify"):
            back.update(number for event in map(read_line, lines(stream)) for number in known.of(event))
    return list({asked[number].url: asked[number] for number in sorted(back)}.values())


def _in_file(store: Store, file: str, known: _Asked) -> Iterator[int]:
    """A WARC file -> the requests of which it holds a record still, or its index a line for what is a tombstone."""
    stones: dict[int, int] = {}
    if store.size(file) is None:
        return
    with store.open_stream(file) as stream:
        for each in whole_records(stream):
            number = known.records.get((file, each.field("WARC-Record-ID") or "")) if isinstance(each, Record) else None
            if number is None or not isinstance(each, Record):
                continue
            if each.field(TAKEN_AWAY) is None:
                yield number
            else:
                stones[each.offset] = number
    if store.size(cdx_key(file)) is not None:
        with _damage_told(cdx_key(file), "scrapy verify --mend"):
            offsets = [int(json.loads(line.split(b" ", 2)[2])["offset"]) for line in store.read(cdx_key(file)).splitlines()]
        yield from (stones[offset] for offset in offsets if offset in stones)


@contextlib.contextmanager
def _damage_told(key: str, command: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise ArchiveError(f"{key}: {error}; run `{command}`") from error


def forgotten_copies(store: Store) -> frozenset[str]:
    """Keys of all clean copies that were taken away."""
    return frozenset(key for each in forgettings(store) for key in each.copies)


def redactions(store: Store, key: str) -> int:
    """How much was taken out of a WARC file, an index or a segment of the ledger: to compare two states of it."""
    with store.open_stream(key) as stream:
        if key.endswith(".warc.gz"):
            found = (each for each in whole_records(stream) if isinstance(each, Record))
            return sum(each.field(TAKEN_AWAY) is not None for each in found)
        if key.endswith(".cdxj"):
            return -sum(1 for _line in stream)
        return sum(b'"event":"%s"' % REDACTED.encode() in line[:120] for line in lines(stream))
