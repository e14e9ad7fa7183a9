"""Every HTTP exchange of a run -> WARC 1.1 files, one writer a file, readable by every other tool.

A capture becomes a request record, then a response record (or a revisit record, when the archive holds the
same body already); a note on it becomes a metadata record. The response stands after its request, so a file
cut off after any whole record never holds a response without its request.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from storage.archive import cdx
from storage.archive import warcrecord as wr
from storage.archive.exchange import Answer, NotHttp, read_answer, truncation
from storage.archive.keys import cdx_key, warc_key
from storage.archive.opened import Archive
from storage.archive.spool import Segment
from storage.records import Earlier, Exchange, WarcAddress

MAX_SIZE = 256 * 1024 * 1024
# A revisit record costs some 150 bytes more than a response of the same head: smaller bodies are stored
# again.
_WORTH_A_REVISIT = 512
_REMEMBERED = 20_000


@dataclass(slots=True)
class _File:
    """An open WARC file: its segment, the lines of its index, the number of its records."""

    segment: Segment
    lines: list[str] = field(default_factory=list)
    records: int = 0

    def companions(self) -> Iterator[tuple[str, bytes]]:
        yield cdx_key(self.segment.key), cdx.index(self.lines)


class WarcWriter:
    """Writes the captures of one run of one outlet. Not for use by two threads at once.

    `clock` gives the time of warcinfo and metadata records. `about` goes into warcinfo (software, settings,
    robots). `earlier` finds a response with this payload digest in the archive, or None; the writer itself
    knows the run's. A file is closed at `max_size` bytes and the next one begun.
    """

    def __init__(
        self,
        archive: Archive,
        outlet: str,
        run_id: str,
        *,
        clock: Callable[[], dt.datetime],
        about: Mapping[str, str],
        earlier: Callable[[str], Earlier | None] = lambda _digest: None,
        max_size: int = MAX_SIZE,
    ) -> None:
        self._archive, self._outlet, self._run = archive, outlet, run_id
        self._clock, self._about, self._earlier = clock, dict(about), earlier
        self._max_size = max_size
        self._file: _File | None = None
        self._finished: list[tuple[_File, Future[None]]] = []
        self._publisher = ThreadPoolExecutor(1, "publish-warc")
        self._numbers = 0
        self._seen: OrderedDict[str, Earlier] = OrderedDict()
        warc_key(outlet, run_id, 0)  # refuse a bad name before the first fetch

    def record(self, exchange: Exchange, *, not_modified: Earlier | None = None) -> WarcAddress:
        """Keep an exchange; where its response lies. On disk for good after `sync`.

        `not_modified`: the earlier response that a 304 speaks of. ArchiveError when it cannot be written;
        then nothing of it stays in the file.
        """
        file = self._current()
        url, date = wr.target_uri(exchange.url), wr.warc_date(exchange.started_at)
        answer_id = wr.record_id(file.segment.key, file.records + 1)
        asked = self._request(file, exchange, url, date, answer_id)
        try:
            answer = read_answer(exchange.response, to_head=exchange.request[:5] == b"HEAD ")
        except NotHttp:
            bare = self._bare(exchange, url, date, answer_id)
            return self._write(file, asked, bare, answer_id, wr.digest(exchange.response))
        cut, payload = truncation(exchange, answer), wr.digest(answer.body)
        earlier = not_modified or self._known(answer, cut, payload)
        if earlier is not None:
            payload = earlier.address.payload_digest
        about = [
            ("WARC-Target-URI", url),
            *wr.ip_field(exchange.peer),
            *([("WARC-Truncated", cut)] if cut else []),
            *([] if earlier is None else _refers(earlier, not_modified is not None)),
            ("WARC-Payload-Digest", payload),
        ]
        block = answer.head + answer.body if earlier is None or not_modified else answer.head
        coded = len(answer.body) if len(block) > len(answer.head) and _is_coded(answer) else 0
        kind = "response" if earlier is None else "revisit"
        answered = self._member(kind, answer_id, date, about, block, wr.HTTP_RESPONSE, coded=coded)
        address = self._write(file, asked, answered, answer_id, payload)
        self._index(file, url, date, answer, address, revisit=earlier is not None)
        if earlier is None and cut is None:
            self._remember(Earlier(url=exchange.url, fetched_at=exchange.started_at, address=address))
        return address

    def note(self, address: WarcAddress, fields: Mapping[str, str]) -> None:
        """Keep a metadata record about a capture: verdict, timings. Names and values are one line each."""
        file = self._current()
        file.records += 1
        self._fields(file, "metadata", ("WARC-Refers-To", address.record_id), fields)

    def sync(self) -> None:
        """Everything recorded so far survives a power cut when this returns."""
        if self._file is not None:
            self._file.segment.sync()

    def close(self) -> None:
        """Publish all files under their final keys, each with its index. ArchiveError: they wait in the spool."""
        self._finish()
        self._publisher.shutdown()
        while self._finished:
            file, published = self._finished[0]
            if published.exception() is not None:
                self._archive.spool.publish(file.segment, file.companions())  # once more, and now it is told
            self._finished.pop(0)

    def _current(self) -> _File:
        if self._file is not None and self._file.segment.size >= self._max_size:
            self._finish()
        if self._file is None:
            self._file = _File(self._archive.spool.open(warc_key(self._outlet, self._run, self._numbers)))
            self._numbers += 1
        if self._file.segment.size == 0:
            self._warcinfo(self._file)
        return self._file

    def _finish(self) -> None:
        """End the open file. It is published in a thread: the upload of a large file must not hold up the crawl."""
        if self._file is not None:
            file = self._file
            file.segment.sync()  # `sync` will look at the next file only
            self._file = None
            publish = self._archive.spool.publish
            self._finished.append((file, self._publisher.submit(publish, file.segment, file.companions())))

    def _warcinfo(self, file: _File) -> None:
        about = {"format": "WARC File Format 1.1", "conformsTo": wr.SPECIFICATION, "isPartOf": self._outlet, **self._about}
        self._fields(file, "warcinfo", ("WARC-Filename", file.segment.key.rpartition("/")[2]), about)

    def _fields(self, file: _File, kind: str, about: tuple[str, str], told: Mapping[str, str]) -> None:
        """A record of names and values, of now."""
        record, date = wr.record_id(file.segment.key, file.records), wr.warc_date(self._clock())
        file.segment.append(self._member(kind, record, date, [about], wr.warc_fields(told), "application/warc-fields"))

    def _member(
        self, kind: str, record: str, date: str, about: list[tuple[str, str]], block: bytes, form: str, *, coded: int = 0
    ) -> bytes:
        """Type, id and date of a record, what else its head says, its block and the media type of that -> the member."""
        head = [("WARC-Type", kind), ("WARC-Record-ID", record), ("WARC-Date", date), *about]
        tail = [("WARC-Block-Digest", wr.digest(block)), ("Content-Type", form)]
        return wr.member([*head, *tail], block, coded=coded)

    def _request(self, file: _File, exchange: Exchange, url: str, date: str, answer_id: str) -> bytes:
        """The request record as a member; no bytes where none was sent."""
        if not exchange.request:
            return b""
        record = wr.record_id(file.segment.key, file.records + 2)
        about = [("WARC-Target-URI", url), ("WARC-Concurrent-To", answer_id)]
        return self._member("request", record, date, about, exchange.request, wr.HTTP_REQUEST)

    def _bare(self, exchange: Exchange, url: str, date: str, answer_id: str) -> bytes:
        """What came is no HTTP: kept as a resource, for a response record must begin with a head."""
        about = [("WARC-Target-URI", url), *wr.ip_field(exchange.peer)]
        about += [("WARC-Truncated", exchange.truncated)] if exchange.truncated else []
        return self._member("resource", answer_id, date, about, exchange.response, "application/octet-stream")

    def _write(self, file: _File, asked: bytes, answered: bytes, answer_id: str, payload: str) -> WarcAddress:
        start = file.segment.append(asked + answered)
        file.records += 2
        return WarcAddress(
            file=file.segment.key,
            offset=start + len(asked),
            length=len(answered),
            record_id=answer_id,
            payload_digest=payload,
        )

    def _known(self, answer: Answer, cut: str | None, payload: str) -> Earlier | None:
        if cut is not None or len(answer.body) < _WORTH_A_REVISIT:
            return None
        return self._seen.get(payload) or self._earlier(payload)

    def _remember(self, earlier: Earlier) -> None:
        self._seen[earlier.address.payload_digest] = earlier
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def _index(self, file: _File, url: str, date: str, answer: Answer, address: WarcAddress, *, revisit: bool) -> None:
        mime = "warc/revisit" if revisit else cdx.mime(answer.header("Content-Type"))
        file.lines.append(cdx.line(address, url=url, date=date, mime=mime, status=answer.status))


def _is_coded(answer: Answer) -> bool:
    """Whether the body is what its Content-Encoding says; some servers name one and send plain text."""
    coding = (answer.header("Content-Encoding") or "").strip().lower()
    return coding in ("br", "zstd") or (coding in ("gzip", "x-gzip") and answer.body[:2] == b"\x1f\x8b")


def _refers(earlier: Earlier, not_modified: bool) -> list[tuple[str, str]]:
    """The fields by which a revisit says where the body lies."""
    return [
        ("WARC-Profile", wr.NOT_MODIFIED if not_modified else wr.SAME_PAYLOAD),
        ("WARC-Refers-To", earlier.address.record_id),
        ("WARC-Refers-To-Target-URI", wr.target_uri(earlier.url)),
        ("WARC-Refers-To-Date", wr.warc_date(earlier.fetched_at)),
        # Heritrix's two extension fields and a third beside them: the body is found without an index.
        ("WARC-Refers-To-Filename", earlier.address.file.rpartition("/")[2]),
        ("WARC-Refers-To-File-Offset", str(earlier.address.offset)),
        ("WARC-Refers-To-File-Length", str(earlier.address.length)),
    ]
