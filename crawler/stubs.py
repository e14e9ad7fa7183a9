"""A page that only sends its reader on (<meta http-equiv=refresh>) -> where to. A browser follows it as it does a redirect."""

from __future__ import annotations

from crawler.discovery import read_listing
from storage.archive.exchange import NotHttp, capture_of
from storage.records import Exchange, Lead
from storage.urls import canonical

MOST = 3
"""Stubs that are followed one after the other."""
_SMALL = 8 * 1024  # bytes of a stub; a page of a story that reloads itself is larger


def sends_on(exchange: Exchange, lead: Lead) -> str | None:
    """A fetched exchange and its lead -> the address that it sends its reader to; None for a page, or for itself."""
    if len(exchange.response) > 2 * _SMALL:
        return None
    try:
        capture = capture_of(exchange, lead, limit=_SMALL)
    except NotHttp:
        return None
    if capture.truncated or capture.status >= 300 or b"refresh" not in capture.body.lower():
        return None
    target = read_listing(capture.body, capture.url, capture.header("Content-Type")).refresh
    return target if target is not None and canonical(target) not in (None, canonical(capture.url)) else None
