"""The whole archive, walked: everything that is wrong, and the command that mends it.

WARC files first (every byte: members, lengths, digests, the index beside them), then the clean copies against them,
then the ledger against both. Memory does not grow with the archive. What is made of something else in it can be made again: the
indexes from their WARC files.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from shlex import quote

from storage.archive import cdx, finding
from storage.archive.clean import CleanCopy, read_clean_copy
from storage.archive.finding import RESTORE, Finding, Tally
from storage.archive.forget_scan import forgettings
from storage.archive.keys import FORMAT, MARKER, article_id, beside, cdx_key, clean_key, is_copy, is_key, is_segment
from storage.archive.ledger import events
from storage.archive.opened import Archive
from storage.archive.packed import SUFFIX
from storage.archive.reading import address_of, index_line, index_lines, referred
from storage.archive.store import ArchiveError, Missing
from storage.archive.verify_ledger import Notes, check_segment
from storage.archive.verify_warc import Checked, check_records
from storage.archive.warcrecord import FORGOTTEN, NOT_MODIFIED
from storage.endings import read_ending
from storage.records import Ending, Outcome, WarcAddress

MEND = "scrapy verify --mend"

# A clean copy -> what is wrong with it by rules that storage does not know; None when nothing is.
Deep = Callable[[CleanCopy], str | None]


def verify(archive: Archive, tally: Tally, deep: Deep | None = None) -> Iterator[Finding]:
    """An opened archive -> its findings, in the order of the walk; `tally` counts on. Nothing is changed.

    `deep`: a further check of every clean copy. ArchiveError only where the archive cannot be reached at all.
    """
    with Notes() as notes:
        walk = _Walk(archive, tally, notes)
        yield from walk.marker()
        yield from walk.warcs()
        yield from walk.revisits()
        yield from walk.copies(deep)
        yield from walk.ledgers()
        yield from walk.promises()
        yield from walk.rest()


class _Walk:
    """One walk over one archive."""

    def __init__(self, archive: Archive, tally: Tally, notes: Notes) -> None:
        self.archive, self.store, self.tally, self.notes = archive, archive.store, tally, notes
        # Runs may go on meanwhile: what they write from now on has not been looked at when it is spoken of.
        self.growing = archive.spool.keys()
        self.walked: set[str] = set()
        self.asked: dict[str, str] = {}  # record or clean copy -> the URL as which it was forgotten
        with contextlib.suppress(ArchiveError):  # a damaged segment of the ledger, which is told when it is walked
            for each in forgettings(self.store):
                self.asked |= dict.fromkeys((*each.copies, *(record for _, record in each.records)), each.url)

    def marker(self) -> Iterator[Finding]:
        """The marker says what this is."""
        try:
            found = json.loads(self.store.read(MARKER))
        except (Missing, ValueError):
            found = None
        if found != {"archive": "cleancopy", "format": FORMAT}:
            yield finding.error(MARKER, "the marker of the archive is missing or damaged", RESTORE)

    def warcs(self) -> Iterator[Finding]:
        """Every WARC file with the index beside it, published and in the spool."""
        index: str | None = None  # an index sorts before its file
        for key in self._entries("warc/"):
            if key.endswith(".cdxj"):
                yield from self._alone(index)
                index = key
            elif key.endswith(".warc.gz") and is_key(key):
                yield from self._warc(key)
                if index != cdx_key(key):
                    yield from self._alone(index)
                    yield finding.warning(key, "the index beside this file is missing", MEND)
                index = None
            else:
                yield _strange(key)
        yield from self._alone(index)
        for key in self.growing:
            yield finding.note(key, "in the spool: a run is writing it, or the next start of a run publishes it")
            if key.endswith(".warc.gz") and key not in self.walked:
                with self.archive.open_stream(key) as stream:
                    for each in check_records(stream, key):
                        if isinstance(each, Checked):
                            self._remember(key, each)

    def revisits(self) -> Iterator[Finding]:
        """Every revisit leads to the response that has its body."""
        for file, offset, refers in self.notes.unresolved():
            yield finding.error(file, f"this revisit refers to {refers}, which is not where it says", RESTORE, offset=offset)

    def copies(self, deep: Deep | None) -> Iterator[Finding]:
        """Every clean copy: whole, under its own name, from a record that lies where it says."""
        for key in self._entries("clean/"):
            if not is_copy(key):
                yield _strange(key)
                continue
            self.tally.copies += 1
            try:
                copy = read_clean_copy(self.store.read(key))
            except Missing:
                continue  # forgotten meanwhile
            except ValueError as error:
                yield finding.error(key, str(error), MEND)
                continue
            self.notes.copy(key, copy.digest)
            yield from self._back(key, key)
            yield from self._copy(key, copy)
            fault = deep(copy) if deep else None
            if fault:
                yield finding.error(key, fault, "scrapy reextract")

    def ledgers(self) -> Iterator[Finding]:
        """Every line of the ledger, against the records that it speaks of."""
        published = []
        for key in self._entries("ledger/"):
            growing = key.removesuffix(SUFFIX)
            if is_segment(key):
                published.append(growing)
                yield from check_segment(self.archive, key, self.notes, self.tally, self.lies, live=growing in self.growing)
            else:
                yield _strange(key)
        for key in self.growing:
            if key.endswith(".jsonl") and key not in published:
                yield from check_segment(self.archive, key, self.notes, self.tally, self.lies, live=True)

    def lies(self, address: WarcAddress) -> bool | None:
        """Whether a record lies where an address says; None when it was forgotten, or written while we walked."""
        found = self.notes.lies(address)
        unseen = address.file in self.growing or (address.file not in self.walked and self.archive.holds(address.file))
        return None if found is False and unseen else found

    def promises(self) -> Iterator[Finding]:
        """Every text that the ledger speaks of lies in its clean copy, and none lies there unspoken."""
        for segment, line, key, digest in self.notes.broken_promises():
            if digest is None and self.store.size(key) is not None:
                continue  # written while we walked
            what = f"the clean copy {key} is missing" if digest is None else f"{key} holds another text"
            yield finding.error(segment, what, MEND, offset=line, subject=key)
        for key in self.notes.unspoken_copies():
            what = "the ledger does not speak of this clean copy: a run was killed before it could; its page is fetched again"
            yield finding.note(key, what)

    def rest(self) -> Iterator[Finding]:
        """Receipts, and what lies in no known place."""
        for key in self._entries("receipts/"):
            try:
                json.loads(self.store.read(key) if is_key(key) else b"")
            except ValueError as error:
                yield finding.error(key, f"no JSON ({error})", RESTORE)
        names = sorted(path.name for path in self.archive.folder.iterdir()) if self.archive.folder else []
        for name in names:
            if name not in ("warc", "clean", "ledger", "receipts", MARKER) and not beside(name):
                yield _strange(name)

    def _entries(self, prefix: str) -> Iterator[str]:
        for key, size in self.store.entries(prefix):
            self.tally.files += 1
            self.tally.bytes += size
            yield key

    def _alone(self, index: str | None) -> Iterator[Finding]:
        if index is not None:
            yield finding.error(index, "an index without its WARC file", RESTORE)

    def _warc(self, key: str) -> Iterator[Finding]:
        self.walked.add(key)
        lines: list[str] = []
        with self.store.open_stream(key) as stream:
            for each in check_records(stream, key):
                if isinstance(each, Finding):
                    yield each
                    continue
                self._remember(key, each)
                if each.record.field(FORGOTTEN) is None:
                    yield from self._back(each.record.field("WARC-Record-ID") or "", key, each.record.offset)
                if each.answer is not None:
                    with contextlib.suppress(ValueError):  # its date is told already
                        lines.append(index_line(key, each.record, each.answer))
        if self.store.size(cdx_key(key)) is not None and self.store.read(cdx_key(key)) != cdx.index(lines):
            yield finding.warning(cdx_key(key), "this index is not that of its file", MEND)

    def _back(self, thing: str, key: str, offset: int | None = None) -> Iterator[Finding]:
        if url := self.asked.get(thing):
            what = f"this was forgotten and is there again: {url}"
            mend = f"scrapy forget {quote(url)} --reason 'as before'"
            yield finding.error(key, what, mend, offset=offset)

    def _remember(self, key: str, checked: Checked) -> None:
        record = checked.record
        self.tally.records += 1
        address = address_of(key, record)
        target = referred(record)
        if record.field(FORGOTTEN) is not None:
            self.notes.forgotten(address.record_id)
            if target is not None:  # it moved; the address that was written down leads on
                self.notes.answer(address, "moved")
                self.notes.revisit(key, record.offset, record.field("WARC-Refers-To") or "", target, target.payload_digest)
        elif record.kind in ("response", "revisit", "resource"):
            self.tally.captures += 1
            self.notes.answer(address, record.kind)
            # A 304 of a feed, whose answer is not looked up, says of nothing where it lies.
            if record.kind == "revisit" and (target is not None or record.field("WARC-Profile") != NOT_MODIFIED):
                refers = record.field("WARC-Refers-To") or ""
                self.notes.revisit(key, record.offset, refers, target, address.payload_digest)

    def _copy(self, key: str, copy: CleanCopy) -> Iterator[Finding]:
        article, capture = copy.article, copy.article.page.capture
        try:
            named = clean_key(capture.lead.outlet, article_id(article.canonical), copy.digest)
        except ArchiveError as error:
            named = str(error)
        # A text that was extracted again and stayed the same has the number of its ending behind it.
        if not key.startswith(named.removesuffix("json.gz")):
            yield finding.error(key, f"this clean copy is of {article.canonical} and should be {named}", MEND)
        if capture.address is None:
            yield finding.error(key, "this clean copy does not say from which record it was made", MEND)
        elif self.lies(capture.address) is False:
            what = f"its record {capture.address.record_id} is not at {capture.address.file}:{capture.address.offset}"
            yield finding.error(key, what, RESTORE)


def _strange(key: str) -> Finding:
    return finding.warning(key, "nothing of an archive has this name", "move it out of the archive")


def index_again(archive: Archive, warc: str) -> None:
    """Key of a WARC file -> the index beside it, made again and put in the place of the old one."""
    with archive.store.open_stream(warc) as stream:
        data = cdx.index(index_lines(warc, stream))
    put_again(archive, cdx_key(warc), data)


def put_again(archive: Archive, key: str, data: bytes) -> None:
    """Put what was made again under its key, in the place of what lies there."""
    with archive.spool.scratch("mend") as folder:
        path = folder / "object"
        path.write_bytes(data)
        archive.store.replace(key, path)


def broken_indexes(findings: Iterable[Finding]) -> set[str]:
    """Findings -> keys of the WARC files whose index is to be made again."""
    wanted = (each.key for each in findings if each.mend == MEND and each.key.startswith("warc/"))
    return {f"{key.removesuffix('.cdxj').removesuffix('.warc.gz')}.warc.gz" for key in wanted}


def broken_copies(findings: Iterable[Finding]) -> set[str]:
    """Findings -> keys of the clean copies that are to be made again."""
    wanted = (each.subject or each.key for each in findings if each.mend == MEND)
    return {key for key in wanted if key.startswith("clean/")}


def endings_of(archive: Archive, copies: set[str]) -> Iterator[Ending]:
    """Keys of clean copies -> the endings that made them, each once, in the order of the ledger."""
    left = set(copies)
    for event in events(archive, damaged=lambda _key, _line, _fault: None):
        if event.event == "outcome" and event.fields.get("clean_key") in left:
            ending = read_ending(event.run, event.fields)
            # A duplicate's own page may be worded otherwise; it has a copy of its own where nobody else's was durable.
            own = f"/{ending.article}-" in (ending.clean_key or "")
            if own and ending.outcome is not Outcome.UNCHANGED and ending.address is not None:
                left.discard(ending.clean_key or "")
                yield ending
