"""forget: what was asked for is gone to the last byte, everything else is as it was, and verify knows."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import time
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.checker import Checker

from storage.archive import Archive, open_archive
from storage.archive.clean import clean_copy, read_clean_copy
from storage.archive.finding import Tally
from storage.archive.forget import forget
from storage.archive.forget_scan import forgettings
from storage.archive.keys import article_id, cdx_key, clean_key, run_id
from storage.archive.ledger import Ledger, events
from storage.archive.packed import plain
from storage.archive.reading import Gone, Unreadable, read_capture, whole_answer
from storage.archive.store import ArchiveError
from storage.archive.verify import verify
from storage.archive.warcread import members
from storage.archive.warcrecord import padded, tombstone
from storage.endings import write_ending
from storage.records import Earlier, Ending, Fingerprint, Outcome, Relation, WarcAddress
from tests.exchanges import RUN, START, article, captures, exchange, lead, page, placement, ticking, warcs, writer
from tests.s3_server import S3Server, s3_server

__all__ = ["s3_server"]

SECRET = "The witness is called Jane Roe."
LATER = run_id(START + dt.timedelta(days=1), b"\1\2\3\4")
URLS = {name: f"http://news.example/{name}" for name in ("secret", "copy", "other", "same-bytes", "redirect")}


def body(name: str) -> bytes:
    return page(7) + SECRET.encode() if name in ("secret", "same-bytes") else page(len(name))


def filled(archive: Archive) -> dict[str, WarcAddress]:
    """`secret` has the text, `copy` the same text at another URL, `same-bytes` the same body, `other` is another story."""
    warc, ledger = writer(archive), Ledger(archive, "daily", RUN, clock=ticking())
    ledger.append("lead", {"url": URLS["secret"], "source": "s", "title": SECRET, "published": None})
    addresses = {}
    warc.record(exchange(URLS["redirect"], b"", status=b"302 Found", headers=b"Location: /secret\r\n", packed=False))
    for number, name in enumerate(("secret", "copy", "other", "same-bytes")):
        address = addresses[name] = warc.record(exchange(URLS[name], body(name)))
        warc.note(address, {"verdict": "ARTICLE", "words": SECRET if name == "secret" else "fine"})
        text = SECRET if name in ("secret", "copy") else f"Story of {name}."
        digest = f"{len(text):064x}"
        owner = "secret" if name == "copy" else name
        key = clean_key("daily", article_id(URLS[owner]), digest)
        if owner == name:
            story = article(URLS[name], text, address=address)
            archive.store.put_new(key, clean_copy(story, Fingerprint(digest=digest, length=1), placement(), extractor="x"))
        ending = Ending(
            sequence=number + 1,
            run=RUN,
            lead=lead(URLS["redirect"] if name == "secret" else URLS[name]),
            url=URLS[name],
            fetched_at=START,
            outcome=Outcome.DUPLICATE if name == "copy" else Outcome.KEPT,
            status=200,
            address=address,
            article=article_id(URLS[name]),
            content_digest=digest,
            clean_key=key,
            placement=placement(Relation.EXACT_DUPLICATE if name == "copy" else Relation.NEW),
            canonical=URLS[name],
            headline=SECRET if owner == "secret" and name == "secret" else "Headline",
        )
        ledger.append("outcome", write_ending(ending))
    ledger.append("run-ended", {})
    warc.close()
    ledger.close()
    return addresses


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(str(tmp_path / "archive"))


def forgets(archive: Archive, url: str = URLS["secret"], run: str = LATER) -> object:
    return forget(archive, url, "court order 12/2026", run=run, clock=ticking(START + dt.timedelta(days=1)))


def test_everything_of_a_url_is_gone_and_the_rest_is_as_it_was(archive: Archive) -> None:
    addresses = filled(archive)
    before = {c.url: c.body for c in captures(archive)}
    sizes = {path: path.stat().st_size for path in warcs(archive)}
    gone = forget(archive, URLS["secret"], "court order 12/2026", run=LATER, clock=ticking())
    assert (gone.captures, gone.rescued, len(gone.records)) == (1, 1, 2), "the page, and the redirect to it"
    assert set(gone.urls) == {URLS["secret"], URLS["redirect"]}
    # The bytes of the same body at another URL stay, under that URL.
    after = {c.url: c.body for c in captures(archive)}
    assert after == {url: body for url, body in before.items() if url not in gone.urls}
    assert after[URLS["same-bytes"]] == body("same-bytes")
    assert {path: path.stat().st_size for path in sizes} == sizes, "nothing in the files moved"
    with pytest.raises(Gone, match="was forgotten on 2026-"):
        read_capture(archive, addresses["secret"])
    for name in ("copy", "other", "same-bytes"):
        assert read_capture(archive, addresses[name]).body == body(name)
    assert list(verify(archive, Tally())) == []
    for path in warcs(archive):
        assert Checker(SimpleNamespace(inputs=[str(path)], verbose=False)).process_all() == 0


def test_no_word_of_it_stays_but_where_others_have_it(archive: Archive) -> None:
    addresses = filled(archive)
    forgets(archive)
    with archive.store.open_stream(addresses["secret"].file) as stream:
        for _offset, _length, data in members(stream):
            assert b"/secret" not in data or b"302 Found" not in data
            assert SECRET.encode() not in data
    for key in list(archive.store.keys()):
        data = archive.store.read(key) if key.endswith(".warc.gz") else plain(archive.store.read(key))
        if key.startswith(("ledger/daily/", "clean/daily/")) or key.endswith(".cdxj"):
            assert json.dumps(SECRET).encode() not in data or read_clean_copy(data).article.canonical == URLS["copy"]
        if key.endswith(".cdxj"):
            assert URLS["secret"].encode() not in data
            assert URLS["redirect"].encode() not in data


def test_a_copy_inherits_the_text(archive: Archive) -> None:
    filled(archive)
    digest = f"{len(SECRET):064x}"
    old, new = (clean_key("daily", article_id(URLS[name]), digest) for name in ("secret", "copy"))
    gone = forget(archive, URLS["secret"], "x", run=LATER, clock=ticking())
    assert gone.inherited == {old: new}
    assert archive.store.size(old) is None
    heir = read_clean_copy(archive.store.read(new))
    assert (heir.article.canonical, heir.article.blocks[0].text) == (URLS["copy"], SECRET)
    assert heir.article.headline == "Headline"
    assert heir.article.removed == ()
    said = [event.fields["clean_key"] for event in events(archive) if event.fields.get("canonical") == URLS["copy"]]
    assert said == [new]


def test_the_request_stays_written_down(archive: Archive) -> None:
    filled(archive)
    forgets(archive)
    (each,) = forgettings(archive.store)
    assert (each.url, each.reason) == (URLS["secret"], "court order 12/2026")
    assert set(each.urls) == {URLS["secret"], URLS["redirect"]}
    kinds = [event.event for event in events(archive)]
    assert kinds == ["lead", "forgotten", "outcome", "outcome", "outcome", "run-ended", "forget"]


def test_a_304_of_another_url_stays_without_the_body_that_it_spoke_of(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"))
    addresses = filled(archive)
    later = writer(archive, run_id(START, b"\7\7\7\7\7\7"))
    earlier = Earlier(url=URLS["same-bytes"], fetched_at=START, address=addresses["secret"])
    answer = exchange(URLS["same-bytes"], b"", status=b"304 Not Modified", packed=False)
    address = later.record(answer, not_modified=earlier)
    later.close()
    forgets(archive)
    assert [each for each in verify(archive, Tally()) if each.severity == "error"] == []
    found = read_capture(archive, address)
    assert (found.url, found.status, found.body) == (URLS["same-bytes"], 304, b"")
    with pytest.raises(Unreadable):
        whole_answer(archive, address)


def test_again_changes_nothing(archive: Archive) -> None:
    filled(archive)
    forgets(archive)
    before = {key: archive.store.read(key) for key in list(archive.store.keys()) if not key.startswith("ledger/forgotten/")}
    forgets(archive, run=run_id(START + dt.timedelta(days=2), b"\1\2\3\4"))
    after = {key: archive.store.read(key) for key in list(archive.store.keys()) if not key.startswith("ledger/forgotten/")}
    assert after == before
    assert list(verify(archive, Tally())) == []


def test_all_that_has_the_same_body_can_go_one_after_the_other(archive: Archive) -> None:
    addresses = filled(archive)
    forgets(archive)
    forgets(archive, URLS["same-bytes"], run_id(START + dt.timedelta(days=2), b"\1\2\3\4"))
    with pytest.raises(Gone):
        read_capture(archive, addresses["same-bytes"])
    assert SECRET.encode() not in b"".join(capture.body for capture in captures(archive))
    assert list(verify(archive, Tally())) == []


def test_a_url_that_is_written_otherwise(archive: Archive) -> None:
    filled(archive)
    gone = forget(archive, "https://www.news.example/secret/", "x", run=LATER, clock=ticking())
    assert gone.captures == 1
    assert URLS["secret"] in gone.urls


def test_a_url_that_was_never_met_is_written_down(archive: Archive) -> None:
    filled(archive)
    gone = forget(archive, "http://news.example/never", "x", run=LATER, clock=ticking())
    assert (gone.urls, gone.captures, gone.copies, gone.records) == (("http://news.example/never",), 0, (), ())
    assert list(verify(archive, Tally())) == []


def test_not_while_a_run_is_going(archive: Archive) -> None:
    filled(archive)
    Ledger(archive, "daily", LATER, clock=ticking())
    with pytest.raises(ArchiveError, match="a run is going"):
        forgets(archive)


def test_in_s3(s3_server: S3Server, tmp_path: Path) -> None:
    archive = open_archive(s3_server.prefix(), tmp_path)
    addresses = filled(archive)
    forgets(archive)
    with pytest.raises(Gone):
        read_capture(archive, addresses["secret"])
    assert read_capture(archive, addresses["same-bytes"]).body == body("same-bytes")
    assert list(verify(archive, Tally())) == []
    assert archive.store.size(cdx_key(addresses["secret"].file)) is not None


@given(st.binary(max_size=300), st.integers(0, 70_000) | st.integers(65_400, 65_700))
def test_a_member_can_have_any_length(text: bytes, more: int) -> None:
    smallest = len(text) + 80
    member = padded(text, smallest + more)
    assert len(member) == smallest + more
    assert gzip.decompress(member + gzip.compress(b"next")) == text + b"next"


def test_a_tombstone_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        tombstone("<urn:uuid:1>", 60, START)
    assert asdict(placement())["cluster"] == "c1"


def test_the_same_is_forgotten_into_the_same_bytes(archive: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ledgers = []
    for number, each in enumerate((archive, open_archive(str(tmp_path / "other")))):
        filled(each)
        monkeypatch.setattr(time, "time", lambda number=number: 1_800_000_000.0 + number)
        forgets(each)
        ledgers.append({key: each.store.read(key) for key in each.store.keys("ledger/")})
    assert ledgers[0] == ledgers[1]


def test_what_came_back_by_other_hands_is_told_and_forgotten_again(archive: Archive) -> None:
    filled(archive)
    assert archive.folder is not None
    held = {key: archive.store.read(key) for key in list(archive.store.keys()) if key.startswith(("warc/", "clean/"))}
    forgets(archive)
    for key, data in held.items():  # as somebody restores a backup
        (archive.folder / key).write_bytes(data)
    back = [each for each in verify(archive, Tally()) if "was forgotten and is there again" in each.what]
    assert {each.key.partition("/")[0] for each in back} == {"warc", "clean"}
    assert back[0].mend.startswith(f"scrapy forget {URLS['secret']} --reason")
    forgets(archive, run=run_id(START + dt.timedelta(days=2), b"\1\2\3\4"))
    assert list(verify(archive, Tally())) == []
