"""A WACZ file: what the specification asks for, with the records of the archive byte for byte."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator

from storage.archive import ArchiveError, open_archive
from storage.archive.warc import WarcWriter
from storage.archive.warcread import parse
from storage.records import Earlier, Exchange
from storage.views.wacz import Packed, PageEntry, write_wacz
from tests.conftest import Scrapy
from tests.test_run import NOW, begin, fetched, keep, story

DAY = dt.timedelta(days=1)
BODY = b"<p>" + b"the same body, long enough to be worth a revisit record. " * 20


def record(folder: Path, outlet: str, pages: dict[str, tuple[bytes, dt.datetime]], known: dict[str, Earlier]) -> None:
    """Write a WARC file of an outlet and publish it. `known`: answers by payload digest, to be referred to."""
    writer = WarcWriter(
        open_archive(str(folder)),
        outlet,
        f"20260301T120000Z-{len(known):08x}",
        clock=lambda: NOW,
        about={"software": "test"},
        earlier=known.get,
    )
    for path, (body, at) in pages.items():
        url = f"https://{outlet}.example{path}"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        address = writer.record(
            Exchange(url=url, request=b"GET / HTTP/1.1\r\n\r\n", response=head + body, started_at=at, ended_at=at)
        )
        writer.note(address, {"kind": "ARTICLE"})
        known.setdefault(address.payload_digest, Earlier(url=url, fetched_at=at, address=address))
    writer.close()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two outlets over two days; one body of `first` is sent again, by itself and by `second`."""
    folder, known = tmp_path / "archive", dict[str, Earlier]()
    record(folder, "first", {"/old": (BODY, NOW), "/1": (b"<p>one</p>", NOW), "/2": (b"<p>two</p>", NOW + DAY)}, known)
    record(folder, "first", {"/again": (BODY, NOW + DAY)}, known)
    record(folder, "second", {"/copy": (BODY, NOW + DAY), "/3": (b"<p>three</p>", NOW)}, known)
    return folder


def pack(folder: Path, *pages: PageEntry, **chosen: Any) -> tuple[Packed, zipfile.ZipFile]:
    path = folder.parent / "file.wacz"
    path.unlink(missing_ok=True)
    packed = write_wacz(open_archive(str(folder)), path, pages, title="News", software="test", created=NOW, **chosen)
    return packed, zipfile.ZipFile(io.BytesIO(path.read_bytes()))


def index(wacz: zipfile.ZipFile) -> list[dict[str, Any]]:
    lines = gzip.decompress(wacz.read("indexes/index.cdx.gz")).decode().splitlines()
    assert lines == sorted(lines)
    return [json.loads(line.split(" ", 2)[2]) for line in lines]


def urls(wacz: zipfile.ZipFile) -> list[str]:
    return sorted(line["url"] for line in index(wacz))


def check(wacz: zipfile.ZipFile) -> None:
    """What must hold of every WACZ: the manifest names each file with its digest, the index leads to records."""
    manifest = json.loads(wacz.read("datapackage.json"))
    assert (manifest["profile"], manifest["wacz_version"]) == ("data-package", "1.1.1")
    digest = json.loads(wacz.read("datapackage-digest.json"))
    assert digest == {
        "path": "datapackage.json",
        "hash": "sha256:" + hashlib.sha256(wacz.read("datapackage.json")).hexdigest(),
    }
    listed = {each["path"]: each for each in manifest["resources"]}
    assert sorted(listed) == sorted(name for name in wacz.namelist() if not name.startswith("datapackage"))
    for path, each in listed.items():
        data = wacz.read(path)
        assert (each["bytes"], each["hash"]) == (len(data), "sha256:" + hashlib.sha256(data).hexdigest())
        stored = path.endswith(".gz")
        assert wacz.getinfo(path).compress_type == (zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
    for line in index(wacz):
        data = wacz.read(f"archive/{line['filename']}")
        found = parse(data[int(line["offset"]) : int(line["offset"]) + int(line["length"])])
        assert found.field("WARC-Target-URI") == line["url"]
    _check_blocks(wacz)


def _check_blocks(wacz: zipfile.ZipFile) -> None:
    first, *places = wacz.read("indexes/index.idx").decode().splitlines()
    assert json.loads(first.split(" ", 2)[2])["filename"] == "index.cdx.gz"
    data = wacz.read("indexes/index.cdx.gz")
    for place in places:
        key, where = place[: place.index("{") - 1], json.loads(place[place.index("{") :])
        block = data[where["offset"] : where["offset"] + where["length"]]
        assert "sha256:" + hashlib.sha256(block).hexdigest() == where["digest"]
        assert gzip.decompress(block).decode().startswith(key)


def kinds(wacz: zipfile.ZipFile, path: str) -> list[str]:
    return [record.headers["WARC-Type"] for record in ArchiveIterator(io.BytesIO(wacz.read(path)), parse_http=False)]


def test_local_heads_are_as_long_as_the_directory_says(archive: Path) -> None:
    """A reader that asks for ranges takes the place of a file's bytes from the directory at the end (replayweb.page does)."""
    _, wacz = pack(archive)
    assert wacz.fp is not None
    for entry in wacz.infolist():
        wacz.fp.seek(entry.header_offset + 28)
        assert int.from_bytes(wacz.fp.read(2), "little") == len(entry.extra) == 0


def test_the_whole_archive_is_copied_byte_for_byte(archive: Path) -> None:
    packed, wacz = pack(archive)
    check(wacz)
    assert packed.captures == 6 and packed.files == 3
    for path in archive.rglob("*.warc.gz"):
        assert wacz.read(f"archive/{path.name}") == path.read_bytes()
    assert len(urls(wacz)) == 6


def test_one_outlet_takes_along_the_body_that_another_sent_first(archive: Path) -> None:
    packed, wacz = pack(archive, outlet="second")
    check(wacz)
    assert urls(wacz) == ["https://first.example/old", "https://second.example/3", "https://second.example/copy"]
    assert kinds(wacz, "archive/earlier.warc.gz") == ["response"]
    assert packed.captures == 3


def test_since_a_day_takes_along_older_bodies_and_drops_the_rest(archive: Path) -> None:
    _, wacz = pack(archive, outlet="first", since=(NOW + DAY).date())
    check(wacz)
    assert urls(wacz) == ["https://first.example/2", "https://first.example/again", "https://first.example/old"]
    paths = [name for name in wacz.namelist() if name.startswith("archive/first")]
    assert [kinds(wacz, path) for path in paths] == [
        ["warcinfo", "request", "response", "metadata"],
        ["warcinfo", "request", "revisit", "metadata"],
    ]


def test_pages_are_listed_in_the_form_that_is_asked_for(archive: Path) -> None:
    page = PageEntry(url="https://first.example/1", fetched_at=NOW, title="Line\nbreak “quoted”", article="a" * 32)
    packed, wacz = pack(archive, page)
    first, second = [json.loads(line) for line in wacz.read("pages/pages.jsonl").splitlines()]
    assert first["format"] == "json-pages-1.0"
    assert second == {"id": "a" * 32, "url": page.url, "ts": "2026-03-01T12:00:00Z", "title": page.title}
    assert packed.pages == 1


def test_nothing_chosen_is_a_valid_file_all_the_same(archive: Path) -> None:
    packed, wacz = pack(archive, outlet="nobody")
    check(wacz)
    assert (packed.captures, urls(wacz)) == (0, [])
    assert any(name.startswith("archive/") for name in wacz.namelist())


def test_more_lines_than_a_block_of_the_index_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.views.wacz._A_BLOCK", 7)
    record(tmp_path / "archive", "first", {f"/{number}": (b"<p>%d" % number, NOW) for number in range(30)}, {})
    _, wacz = pack(tmp_path / "archive")
    check(wacz)
    assert len(wacz.read("indexes/index.idx").splitlines()) == 6
    assert len(index(wacz)) == 30


def test_a_damaged_file_is_named(archive: Path) -> None:
    path = next(archive.rglob("first*.warc.gz"))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 20])
    with pytest.raises(ArchiveError, match=path.name):
        pack(archive)


@pytest.mark.slow
def test_the_command_writes_a_file_once(archive: Path, tmp_path: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    keep(run, fetched(run, 1, story(1)))
    run.finish("finished", NOW)
    target = tmp_path / "out.wacz"
    done = scrapy_command("export", "wacz", "--outlet", "outlet", "--to", str(target))
    assert (done.status, done.err) == (0, "")
    assert "1 answer, 1 article," in done.out
    with zipfile.ZipFile(target) as wacz:
        check(wacz)
        assert b"Bridge 1 is voted" in wacz.read("pages/pages.jsonl")
    again = scrapy_command("export", "wacz", "--to", str(target))
    assert again.status == 2 and "not overwritten" in again.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "out.wacz"]
