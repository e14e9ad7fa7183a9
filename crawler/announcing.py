"""An outlet's sources, each fetched and read once in a run: what is new in them is announced.

What a server says of a source's newest version is a hint (storage/catalogue/sources.py). A feed shows a window of its outlet's
stories; when nothing in it was heard of before, the window has moved past what was seen, and stories may have gone by unread.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from scrapy.http import Request, Response

from crawler.network.manners import FINAL, UNREACHABLE
from crawler.sources import Announced, Source, read_source
from storage.archive.codings import decode_body
from storage.catalogue import leads
from storage.catalogue.sources import CHECKED, SourceState, state_of
from storage.records import Lead
from storage.run import Run

FEWEST = 3
"""Stories in a source below which a change of all of them says nothing: a feed of one story always moves past it."""


@dataclass
class Announcing:
    """The sources of one outlet in one run. `ours` gives of the leads of a source those that are the outlet's stories, `moved`
    the address to ask instead of one (for -a origin=…). `read` counts sources, `failed` names them."""

    run: Run
    crawler: Any
    ours: Callable[[Iterable[Lead]], list[Lead]]
    moved: Callable[[str], str]
    read: int = 0
    failed: list[str] = field(default_factory=list)
    indexes: list[tuple[Response, SourceState, str]] = field(default_factory=list)

    async def all(self, sources: Iterable[Source]) -> None:
        """Read every source, and what the sources name in turn, each once."""
        waiting = list(sources)
        seen = {source.url for source in waiting}
        while waiting:
            source = waiting.pop(0)
            try:
                announced = await self._read(source)
            except (*UNREACHABLE, *FINAL) as error:
                self._failed(source, str(error) or type(error).__name__)
                continue
            new = [each for each in announced.more if self.moved(each.url) not in seen] if announced else []
            seen.update(self.moved(each.url) for each in new)
            waiting += [replace(each, url=self.moved(each.url)) for each in new]
        if not self.failed:
            # Only now: a run killed before, or a part that failed, would leave its stories behind the index's next 304.
            for index in self.indexes:
                self._changed(*index)

    async def _read(self, source: Source) -> Announced | None:
        """Fetch a source and announce what is in it; None when it could not be read or says nothing new."""
        state = state_of(self.run.catalogue, source.url, self.run.outlet)
        request = Request(source.url, headers=state.headers, meta={"source": source.url})
        response = await self.crawler.engine.download_async(request)
        if response.status == 304:
            self._unchanged(response, state)
            return None
        if response.status >= 400:
            self._failed(source, f"status {response.status}")
            return None
        most = self.crawler.settings.getint("DOWNLOAD_MAXSIZE")
        body, _ = decode_body(response.body, header(response, "Content-Encoding"), most)
        announced = read_source(source, self.run.outlet, body, response.url, header(response, "Content-Type"))
        if not announced.readable:
            self._failed(source, f"what came is no {source.kind}")
            return None
        self.read += 1
        ours = self.ours(announced.leads)
        if state.digest is not None and len(ours) >= FEWEST and not announced.more:
            self._look_for_a_gap(source, ours)
        self.run.announce(ours, now())
        newest = response, state, hashlib.sha256(body).hexdigest()
        if announced.more:
            self.indexes.append(newest)
        else:
            self._changed(*newest)
        return announced

    def _unchanged(self, response: Response, state: SourceState) -> None:
        self.read += 1
        newest = replace(
            state,
            etag=header(response, "ETag") or state.etag,  # a 304 may bring new ones (RFC 9111 3.2)
            last_modified=header(response, "Last-Modified") or state.last_modified,
            unchanged=state.unchanged + 1,
        )
        self.run.heard(newest, now())

    def _changed(self, response: Response, state: SourceState, digest: str) -> None:
        newest = replace(
            state,
            etag=header(response, "ETag"),
            last_modified=header(response, "Last-Modified"),
            digest=digest,
            unchanged=0,
            lies=state.lies or (state.unchanged >= CHECKED and digest != state.digest),
        )
        self.run.heard(newest, now())

    def _look_for_a_gap(self, source: Source, ours: list[Lead]) -> None:
        if not leads.heard_before(self.run.catalogue, (lead.url for lead in ours), self.run.started_at):
            self.run.missed.append(source.url)
            self.run.notes.append(
                f"{source.url}: none of its {len(ours)} stories was heard of before; some may have gone by since it was last "
                "read. Run the outlet more often, or add its sitemap."
            )

    def _failed(self, source: Source, reason: str) -> None:
        self.failed.append(source.url)
        self.run.notes.append(f"{source.url} could not be read: {reason}")


def header(response: Response, name: str) -> str | None:
    """The value of a header of Scrapy's response."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value is not None else None


def now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)
