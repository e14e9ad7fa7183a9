"""Known stories are asked for only when they changed, by the validators of their newest answer: as hints, for servers lie.

A 304 stands for the answer that lies in the archive: that is judged again, as if it had come. After ten of a host in a row the
next story is asked for whole; and one that comes whole with the validators of before and with other bytes makes its host a
liar, which is never asked conditionally again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from scrapy.http import Response

from crawler.announcing import header
from storage.archive import ArchiveError
from storage.archive.earlier import Whole, whole_answer
from storage.catalogue.answers import newest_story
from storage.catalogue.sources import remember, state_of
from storage.records import Earlier, Exchange, WarcAddress
from storage.run import Run

CODE = 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the archive holds of a story that is asked for again, and the headers by which it is asked for."""

    earlier: Earlier
    etag: str | None
    last_modified: str | None
    conditions: dict[str, str]


def known_answer(run: Run, url: str) -> Known | None:
    """URL of a known story -> what is known of it; None when there is nothing to ask by."""
    earlier = newest_story(run.catalogue, url)
    with contextlib.suppress(ArchiveError, ValueError):  # gone or damaged: it is asked for whole
        if earlier is not None:
            whole = whole_answer(run.archive, earlier.address)
            return _known(run, replace(earlier, address=whole.address), whole)
    return None


def _known(run: Run, earlier: Earlier, whole: Whole) -> Known | None:
    if not whole.conditions:
        return None
    host = state_of(run.catalogue, _host(earlier.url), run.outlet)
    asked = {} if host.lies or host.asks_whole else whole.conditions
    return Known(earlier=earlier, etag=whole.etag, last_modified=whole.last_modified, conditions=asked)


def learn(run: Run, known: Known, response: Response, address: WarcAddress | None, now: dt.datetime) -> None:
    """What came of a story that is known -> what is known of its host from now on."""
    host = state_of(run.catalogue, _host(known.earlier.url), run.outlet)
    if response.status == CODE:
        host = replace(host, unchanged=host.unchanged + 1)
    elif response.status == 200 and address is not None:
        named = (header(response, "ETag"), header(response, "Last-Modified"))
        other = address.payload_digest != known.earlier.address.payload_digest
        host = replace(host, unchanged=0, lies=host.lies or (other and named == (known.etag, known.last_modified)))
    else:
        return
    remember(run.catalogue, host, now.isoformat(timespec="seconds"))


def as_before(run: Run, exchange: Exchange, known: Known) -> Exchange:
    """The exchange of a 304 -> the one that it stands for: asked now, answered then. ArchiveError when it is gone."""
    return replace(exchange, response=whole_answer(run.archive, known.earlier.address).response, truncated=None)


def _host(url: str) -> str:
    """The row of a host among the sources: no URL, so that no feed has it."""
    return f"stories of {urlsplit(url).netloc}"
