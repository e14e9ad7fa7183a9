"""A text that is to be forgotten at one address and stands at another too -> the clean copy of the other."""

from __future__ import annotations

from storage.archive.clean import clean_copy, read_clean_copy
from storage.records import Article, Capture, Ending, Fingerprint, Kind, Page, Stamp


def heir_copy(data: bytes, ending: Ending) -> bytes:
    """A clean copy that is to be forgotten, and the ending of another article with the same text -> its own clean copy.

    Only the text is taken over, and what the ending says; what was on the other page goes.
    """
    copy = read_clean_copy(data)
    capture = Capture(
        lead=ending.lead,
        url=ending.url,
        status=ending.status or 0,
        headers=(),
        body=b"",
        fetched_at=ending.fetched_at,
        address=ending.address,
        rights=ending.rights,
    )
    article = Article(
        page=Page(capture=capture, kind=Kind.ARTICLE, evidence=ending.evidence),
        canonical=ending.canonical or ending.url,
        headline=ending.headline,
        blocks=copy.article.blocks,
        authors=ending.authors,
        published=Stamp(value=ending.published, source="ledger") if ending.published else None,
        modified=Stamp(value=ending.modified, source="ledger") if ending.modified else None,
        language=ending.language,
        provider=ending.provider,
        section=ending.section,
    )
    placement = ending.placement or copy.placement
    return clean_copy(article, Fingerprint(digest=copy.digest, length=0), placement, extractor=copy.extractor)
