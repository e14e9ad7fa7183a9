"""Articles that were asked for -> those whose publisher does not reserve a use, as their clean copies say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from scrapy.settings import BaseSettings

from crawler.console import complain
from pipelines.reserved import reserved
from storage.archive import Archive, ArchiveError, open_archive
from storage.archive.clean import read_clean_copy
from storage.views.selection import Row


def permitted(settings: BaseSettings, rows: Iterable[Row], use: str) -> Iterator[Row]:
    """Settings, articles, one of `pipelines.reserved.USES` -> the articles without those that are reserved. One whose copy
    cannot be read is left out too, and one line at the end says how many those were. ArchiveError."""
    spool = settings.get("NEWS_SPOOL")
    archive = open_archive(settings["NEWS_ARCHIVE_URI"], Path(spool) if spool else None, write=False)
    unread = 0
    for row in rows:
        try:
            free = use not in _reserved(archive, row.clean_key)
        except (ArchiveError, ValueError):
            unread += 1
            continue
        if free:
            yield row
    if unread:
        complain(f"{unread} articles are left out: their clean copies cannot be read, so what is reserved is not known.")


def _reserved(archive: Archive, key: str) -> frozenset[str]:
    return reserved(read_clean_copy(archive.read(key)).article.page.capture.rights)
