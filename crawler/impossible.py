"""Once a day an outlet is asked for one page that cannot exist, so that an error page it serves with status 200 is known.

The address is made after that of a story that waits to be fetched, with letters and figures drawn at random. It is one
request like any other: robots.txt and the outlet's delay hold for it, and the exchange goes to the WARC.
"""

from __future__ import annotations

import datetime as dt
import re
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from scrapy.http import Request

from crawler.network.manners import FINAL, UNREACHABLE
from storage.archive.exchange import NotHttp, capture_of
from storage.catalogue.sources import Probe, keep_probe, probe_of
from storage.records import Lead

if TYPE_CHECKING:
    from crawler.outlet import OutletSpider

EVERY = dt.timedelta(days=1)
_LETTERS = "bcdfghjkmnpqrstvwxz"  # no vowels: it spells nothing


async def impossible_answer(spider: OutletSpider, now: dt.datetime) -> tuple[int, ...]:
    """A spider whose leads are announced -> the fingerprint of what its outlet answers for a URL that cannot exist.

    Empty when NEWS_PROBE is off, when nothing waits to be fetched, or when no answer could be had.
    """
    if not spider.settings.getbool("NEWS_PROBE"):
        return ()
    catalogue = spider.run.catalogue
    known = probe_of(catalogue, spider.name)
    if known is not None and now - known.asked_at < EVERY:
        return known.fingerprint
    waiting = catalogue.conn.execute(
        "select url from leads where outlet = ? and state = 'announced' order by announced_at desc limit 1", (spider.name,)
    ).fetchone()
    if waiting is None:
        return known.fingerprint if known else ()
    url = impossible(waiting[0], Random())
    request = Request(url, meta={"source": url})
    try:
        await spider.crawler.engine.download_async(request)
        lead = Lead(url=url, outlet=spider.name, source="probe")
        capture = capture_of(request.meta["exchange"], lead, request.meta["address"])
    except (*UNREACHABLE, *FINAL, NotHttp):
        return known.fingerprint if known else ()
    # Not at the top: they bring numpy, for which most commands that know the outlets have no use.
    from pipelines.document import read
    from pipelines.probe import fingerprint

    document = read(capture)
    print_ = fingerprint(document) if document is not None and capture.status not in (429, 503) else ()
    keep_probe(catalogue, Probe(outlet=spider.name, url=url, asked_at=now, status=capture.status, fingerprint=print_))
    return print_


def impossible(like: str, chance: Random) -> str:
    """URL of a story -> one of the same form that cannot exist: its last figures, or the last part of its path, are others."""
    parts = urlsplit(like)
    if re.search(r"\d", parts.query):
        query = re.sub(r"\d+", lambda found: "9" * len(found[0]) + str(chance.randrange(10**8, 10**9)), parts.query)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    above, _, last = parts.path.rstrip("/").rpartition("/")
    ending = found[0] if (found := re.search(r"\.[a-z]{2,5}$", last)) else ""
    slash = "/" if parts.path.endswith("/") and above else ""
    word = "".join(chance.choices(_LETTERS, k=20))
    return urlunsplit((parts.scheme, parts.netloc, f"{above}/{word}{ending}{slash}", "", ""))
