"""Clean copies that were lost or damaged, made again from the WARC as the ledger says that they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pipelines.chain import RELEASED
from pipelines.fingerprint import fingerprint
from pipelines.memory import taken_out, without
from pipelines.stages import EXTRACTOR, refined
from storage.archive import Archive, ArchiveError
from storage.archive.clean import CleanCopy, clean_copy
from storage.archive.packed import in_form_of
from storage.archive.reading import read_capture
from storage.archive.verify import endings_of, put_again
from storage.records import Article, Ending, Outlet


def copies_again(archive: Archive, keys: set[str], profile: Callable[[str], Outlet]) -> Iterator[tuple[str, str | None]]:
    """Archive, keys of clean copies and what gives an outlet by its name -> of each its key, and why it was not made again."""
    left = set(keys)
    for ending in endings_of(archive, keys):
        key = ending.clean_key or ""
        left.discard(key)
        yield key, _again(archive, ending, key, profile(ending.lead.outlet))
    for key in sorted(left):
        yield key, "no line of the ledger says how it was made; restore it: scrapy archive sync COPY THIS"


def deep_check(archive: Archive, profile: Callable[[str], Outlet]) -> Callable[[CleanCopy], str | None]:
    """What `verify --deep` asks of each clean copy: its digest is that of its text, and the text comes out again."""

    def check(copy: CleanCopy) -> str | None:
        if fingerprint(copy.article.text).digest != copy.digest:
            return "its content digest is not that of its text"
        capture = copy.article.page.capture
        if copy.extractor != EXTRACTOR or capture.address is None:
            return None  # an older version made it: another text is no fault
        try:
            again = read_capture(archive, capture.address, capture.lead)
            item = refined(again, profile(capture.lead.outlet), release=RELEASED in copy.article.page.evidence)
        except ArchiveError as error:
            return str(error)
        if not isinstance(item, Article) or fingerprint(without(item, taken_out(copy.article)).text).digest != copy.digest:
            return "another text comes out of its page now"
        return None

    return check


def _again(archive: Archive, ending: Ending, key: str, outlet: Outlet) -> str | None:
    """Make one again; None, or why that cannot be."""
    if ending.address is None or ending.placement is None:
        return "the ledger does not say from which record it was made"
    try:
        capture = read_capture(archive, ending.address, ending.lead)
    except ArchiveError as error:
        return str(error)
    item = refined(replace(capture, rights=ending.rights), outlet, release=RELEASED in ending.evidence)
    if not isinstance(item, Article):
        return "its page is no article by the rules of today; restore it: scrapy archive sync COPY THIS"
    item = without(item, ending.recurring)  # as the outlet's memory was then
    print_ = fingerprint(item.text)
    if print_.digest != ending.content_digest:
        return "another text comes out by the rules of today; restore it: scrapy archive sync COPY THIS"
    data = clean_copy(item, print_, ending.placement, extractor=EXTRACTOR, publisher=outlet.title or None)
    put_again(archive, key, in_form_of(key, data))
    return None
