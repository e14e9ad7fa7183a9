"""A fetched answer, unpacked -> the capture that is judged, or the failure where there is no page in it; and how a capture ended, from
what it turned out to be: kept or not, its ending holds what the page says of itself.

Endings that are durable are said to the catalogue several at a time: a transaction costs as much as its rows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipelines.rights import metas_of, rights
from storage.archive.codings import LIMIT
from storage.archive.exchange import NotHttp, capture_of
from storage.archive.keys import article_id
from storage.records import Article, Capture, Ending, Failure, Fetched, Kind, Outcome, Page, Placement


def opened(fetched: Fetched, agent: str = "") -> Capture | Failure:
    """A fetched answer and our product token -> its capture with the rights that are stated on it, or a failure."""
    try:
        capture = capture_of(fetched.exchange, fetched.lead, fetched.address)
    except NotHttp as error:
        return failure_of(fetched, str(error))
    if capture.truncated == "length":
        return failure_of(fetched, f"unpacked it is larger than {LIMIT} bytes", capture.status)
    said = rights(capture.headers, metas_of(capture.body), beside=fetched.rights, url=capture.url, agent=agent)
    return replace(capture, rights=said)


def failure_of(fetched: Fetched, error: str, status: int | None = None) -> Failure:
    """A fetched answer and what is wrong with it -> the failure."""
    return Failure(
        lead=fetched.lead,
        url=fetched.exchange.url,
        fetched_at=fetched.exchange.started_at,
        error=error[:1000],
        address=fetched.address,
        status=status,
    )


def unkept(run: str, item: Page | Failure, sequence: int) -> Ending:
    """Id of the run, a page that is no article or a failure, and its number -> its ending: quarantined or failed."""
    source = item if isinstance(item, Failure) else item.capture
    ending = Ending(
        sequence=sequence,
        run=run,
        outcome=Outcome.FAILED,
        **{name: getattr(source, name) for name in ("lead", "url", "fetched_at", "status", "address")},
    )
    if isinstance(item, Failure):
        return replace(ending, error=item.error)
    return replace(
        ending,
        outcome=Outcome.QUARANTINED,
        kind=item.kind,
        evidence=item.evidence,
        headline=item.title,
        language=item.language,
        rights=item.capture.rights,
    )


def placed(run: str, article: Article, sequence: int, outcome: Outcome, placement: Placement, *, digest: str, key: str) -> Ending:
    """Id of the run, a placed article, its number and how it ended -> its ending. `digest` is of its text, `key` where the
    clean copy with that text lies."""
    return replace(
        unkept(run, article.page, sequence),
        outcome=outcome,
        kind=Kind.ARTICLE,
        article=article_id(article.canonical),
        content_digest=digest,
        clean_key=key,
        placement=placement,
        canonical=article.canonical,
        headline=article.headline,
        published=article.published.value if article.published else None,
        modified=article.modified.value if article.modified else None,
        **{name: getattr(article, name) for name in ("language", "provider", "authors", "section", "recurring")},
    )


_TOGETHER, _MOMENT = 8, 0.15  # endings that are enough for a transaction, and seconds in which they gather


class Settling:
    """Gathers endings for `settle`, which is called on the loop of whoever waits. Should the run be killed meanwhile, the
    ledger says it."""

    def __init__(self, settle: Callable[[Sequence[Ending]], None]) -> None:
        self._settle = settle
        self._durable: list[Ending] = []
        self._going: asyncio.Future[None] | None = None
        self._enough = asyncio.Event()

    async def settled(self, ending: Ending) -> None:
        """Returns when the ending has been settled, with others that came within a moment; raises what `settle` raised."""
        if self._going is None:
            self._going = asyncio.ensure_future(self._together())
        self._durable.append(ending)
        if len(self._durable) >= _TOGETHER:
            self._enough.set()
        await asyncio.shield(self._going)

    async def _together(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), _MOMENT)
        endings, self._durable, self._going = self._durable, [], None
        self._enough.clear()
        self._settle(endings)
