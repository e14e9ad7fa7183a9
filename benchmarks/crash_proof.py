"""An archive and its catalogue -> what is wrong with them. Read by benchmarks.crash."""

from __future__ import annotations

import io
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from fastwarc.warc import ArchiveIterator
from warcio.checker import Checker

from crawler.indexing import index
from pipelines.fingerprint import fingerprint
from storage.archive import Archive, ArchiveError, cdx
from storage.archive.clean import read_clean_copy
from storage.archive.keys import cdx_key
from storage.archive.ledger import events, read_line
from storage.archive.packed import plain
from storage.archive.reading import index_lines, read_capture
from storage.archive.warcread import records
from storage.catalogue.compare import differences
from storage.catalogue.rebuild import build
from storage.catalogue.schema import open_catalogue
from storage.endings import read_ending
from storage.records import Ending, Outcome

# Which of two pages with the same text or the same canonical address comes first is a matter of order.
GROUP = dict.fromkeys((Outcome.DUPLICATE, Outcome.UNCHANGED, Outcome.REVISION), Outcome.KEPT)

Outcomes = dict[str, tuple[str, str | None, str | None]]


@dataclass(slots=True)
class Proof:
    """What was found wrong, a line each. All lists should be empty."""

    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    warc: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def outcomes(archive: Archive) -> Outcomes:
    """URL of a lead -> how its capture ended: outcome, kind, content digest. By the ledger."""
    return {ending.lead.url: _ended(ending) for ending in _endings(archive)}


def prove(archive: Archive, catalogue: Path, wanted: Outcomes) -> Proof:
    """A finished archive, its catalogue, and how every lead ends when nothing is killed -> the proof."""
    proof = Proof()
    endings = list(_endings(archive))
    _lost(archive, endings, wanted, proof)
    _doubled(archive, endings, proof)
    for key in archive.store.keys(""):
        _torn(archive, key, proof)
        if key.endswith(".warc.gz"):
            proof.warc += [f"{key}: {fault}" for fault in _warc_faults(archive.store.read(key))]
    _differing(archive, catalogue, proof)
    proof.left += [f"{key} is still in the spool" for key in archive.spool.keys("")]
    return proof


def _endings(archive: Archive) -> Iterator[Ending]:
    for event in events(archive):
        if event.event == "outcome":
            yield read_ending(event.run, event.fields)


def _ended(ending: Ending) -> tuple[str, str | None, str | None]:
    return GROUP.get(ending.outcome, ending.outcome), ending.kind, ending.content_digest


def _lost(archive: Archive, endings: list[Ending], wanted: Outcomes, proof: Proof) -> None:
    found = {ending.lead.url: _ended(ending) for ending in endings}
    proof.lost += [f"{url} is not {end} but {found.get(url)}" for url, end in wanted.items() if found.get(url) != end]
    for ending in endings:
        if ending.address is not None:
            try:
                read_capture(archive, ending.address, ending.lead)
            except ArchiveError as error:
                proof.lost.append(f"{ending.url}: {error}")
        if ending.clean_key is not None and archive.store.size(ending.clean_key) is None:
            proof.lost.append(f"{ending.url}: {ending.clean_key} is not there")


def _doubled(archive: Archive, endings: list[Ending], proof: Proof) -> None:
    for name, count in Counter(f"sequence {ending.sequence}" for ending in endings).items():
        if count > 1:
            proof.doubled.append(f"{name} stands {count} times in the ledger")
    for url, count in Counter(ending.lead.url for ending in endings).items():
        if count > 1:
            proof.doubled.append(f"{url} was captured {count} times")
    kept = {ending.clean_key for ending in endings if ending.clean_key}
    texts: Counter[str] = Counter()
    for key in archive.store.keys("clean/"):
        texts[read_clean_copy(archive.store.read(key)).digest] += 1
        if key not in kept:
            proof.doubled.append(f"{key} belongs to no ending")
    proof.doubled += [f"text {digest} is kept {count} times" for digest, count in texts.items() if count > 1]


def _torn(archive: Archive, key: str, proof: Proof) -> None:
    data = archive.store.read(key)
    try:
        if key.startswith("clean/"):
            copy = read_clean_copy(data)
            if fingerprint(copy.article.text).digest != copy.digest:
                raise ValueError("text and digest differ")
        elif key.startswith("ledger/"):
            for line in plain(data).splitlines(keepends=True):
                read_line(line)
            if not plain(data).endswith(b"\n"):
                raise ValueError("the last line has no end")
        elif key.endswith(".warc.gz"):
            for _ in records(io.BytesIO(data)):
                pass
            index = archive.store.read(cdx_key(key))
            if index != cdx.index(index_lines(key, io.BytesIO(data))):
                raise ValueError("its index says something else")
    except (ValueError, ArchiveError) as error:
        proof.torn.append(f"{key}: {error}")


def _warc_faults(data: bytes) -> Iterator[str]:
    with tempfile.NamedTemporaryFile(suffix=".warc.gz") as file, redirect_stdout(io.StringIO()) as said:
        file.write(data)
        file.flush()
        if Checker(SimpleNamespace(inputs=[file.name], verbose=False)).process_all():
            yield f"warcio check: {said.getvalue()}"
    for record in ArchiveIterator(io.BytesIO(data), parse_http=False):
        if not record.verify_block_digest(not record.is_http):
            yield f"fastwarc check: block of {record.record_id}"
        if record.is_http:
            record.parse_http()
            if record.headers["WARC-Type"] == "response" and not record.verify_payload_digest(True):
                yield f"fastwarc check: payload of {record.record_id}"


def _differing(archive: Archive, catalogue: Path, proof: Proof) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "catalogue.sqlite"
        build(archive, fresh, index)
        live, again = open_catalogue(catalogue), open_catalogue(fresh)
        proof.differing += [str(each) for each in differences(live.conn, again.conn)]
        proof.left += _open_rows(live.conn)
        live.close()
        again.close()


def _open_rows(connection: sqlite3.Connection) -> Iterator[str]:
    for query in (
        "select count(*) || ' captures are not settled' from captures where settled = 0 having count(*) > 0",
        "select count(*) || ' leads are leased' from leads where state = 'leased' having count(*) > 0",
        "select count(*) || ' runs are open' from runs where reason is null having count(*) > 0",
    ):
        for (line,) in connection.execute(query):
            yield line
