"""A fetched answer, unpacked -> the capture that is judged, or the failure where there is no page in it."""

from __future__ import annotations

from dataclasses import replace

from pipelines.rights import metas_of, rights
from storage.archive.codings import LIMIT
from storage.archive.exchange import NotHttp, capture_of
from storage.records import Capture, Failure, Fetched


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
