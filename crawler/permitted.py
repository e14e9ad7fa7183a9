"""Articles that were asked for -> those whose publisher does not reserve a use, as their clean copies say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scrapy.settings import BaseSettings

from crawler.console import complain, many
from crawler.opening import archive_to_read
from pipelines.reserved import reserved, under_terms
from storage.archive import Archive, ArchiveError
from storage.archive.clean import read_clean_copy
from storage.records import Rights
from storage.views.selection import Row


def permitted(settings: BaseSettings, rows: Iterable[Row], use: str | None, *, terms: bool = True) -> Iterator[Row]:
    """Settings, articles, one of `pipelines.reserved.USES` or None -> the articles without those that are reserved for it, and
    without `terms` also without those for which conditions are named. One whose copy cannot be read is left out too. Lines at
    the end say how many those were, and how many go out under terms. ArchiveError."""
    archive = archive_to_read(settings)
    unread = under = 0
    for row in rows:
        try:
            said = _rights(archive, row.clean_key)
        except (ArchiveError, ValueError):
            unread += 1
            continue
        if use in reserved(said) or (under_terms(said) and not terms):
            continue
        under += under_terms(said)
        yield row
    if unread:
        complain(f"Left out: {many(unread, 'article')} whose clean copy cannot be read, so what is reserved is not known.")
    if under:
        complain(
            f"Under terms of a publisher (RSL license, TDM policy): {many(under, 'article')}; --no-terms leaves such out."
        )


def _rights(archive: Archive, key: str) -> Rights | None:
    return read_clean_copy(archive.read(key)).article.page.capture.rights
