"""The data of an outlet -> what is wrong with it, before anything is fetched by it. An outlet is written by hand."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storage.archive import ArchiveError
from storage.archive.keys import check_outlet
from storage.records import Override

_TEXTS = ("home", "title", "article")
_LISTS = ("feeds", "listings", "sitemaps", "hosts")


def fault_of(outlet: Any) -> str | None:
    """An outlet (class or spider) -> the first thing that is wrong with what it says, in a line; None when nothing is."""
    return next((f"The outlet {outlet.name!r}: {fault}." for fault in _faults(outlet)), None)


def _faults(outlet: Any) -> Iterator[str]:
    try:
        check_outlet(outlet.name)
    except (ArchiveError, TypeError) as error:
        yield str(error)
    for name in _TEXTS:
        if not isinstance(getattr(outlet, name, None), str):
            yield f"{name} is {_said(outlet, name)}, and text is asked for"
            return
    for name in _LISTS:
        value = getattr(outlet, name)
        if not isinstance(value, tuple | list) or not all(isinstance(each, str) for each in value):
            yield f'{name} is {_said(outlet, name)}, and texts in brackets are asked for, as ("rss.xml",)'
    if urlsplit(outlet.home).scheme not in ("http", "https"):
        yield f"home is {_said(outlet, 'home')}, and an address that begins with https:// or http:// is asked for"
    try:
        re.compile(outlet.article)
    except re.error as error:
        yield f"article is {_said(outlet, 'article')}, which is no regular expression ({error})"
    yield from _details(outlet)


def _details(outlet: Any) -> Iterator[str]:
    if not isinstance(outlet.language, str | None):
        yield f"language is {_said(outlet, 'language')}, and a code is asked for, as en"
    try:
        if outlet.zone is not None:
            ZoneInfo(outlet.zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        yield f"zone is {_said(outlet, 'zone')}, and a name is asked for, as Asia/Amman"
    if not isinstance(outlet.founded, dt.date | None):
        yield f"founded is {_said(outlet, 'founded')}, and a day is asked for, as dt.date(2000, 1, 31)"
    if not isinstance(outlet.overrides, tuple | list) or not all(isinstance(each, Override) for each in outlet.overrides):
        yield f"overrides is {_said(outlet, 'overrides')}, and Override(…) in brackets are asked for"


def _said(outlet: Any, name: str) -> str:
    return repr(getattr(outlet, name, None))[:60]
