"""Which addresses belong to one site: the registrable domain, by the public suffix list that ships with tldextract."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from storage.urls import host_of

_AUTHORITY = re.compile(r"https?://([a-z0-9.-]+)(?=[/?#]|$)")


def site_of(url: str) -> str | None:
    """URL -> "example.co.uk" for any host below it, an address literal or single name as it is; None for no URL."""
    plain = _AUTHORITY.match(url)
    host = plain[1] if plain else host_of(url)
    return _registrable(host.rstrip(".")) if host else None


@cache
def _suffixes() -> Any:
    """The list in the package; never fetched, so that a crawl asks nobody whom it was not told to ask."""
    from tldextract import TLDExtract  # not at the top: it loads an HTTP client that is never used

    return TLDExtract(cache_dir=None, suffix_list_urls=())


@lru_cache(maxsize=4096)
def _registrable(host: str) -> str:
    parts = _suffixes()(host)
    if parts.suffix:
        return f"{parts.domain}.{parts.suffix}" if parts.domain else host
    # A suffix that the list does not know (.test, .example, of an intranet): its last two labels.
    return host if re.fullmatch(r"[0-9.]+|\[.*", host) else ".".join(host.split(".")[-2:])
