"""scrapy export: every format can be read back, strangers' text stays text, and files are whole or not there."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from lxml import etree

from storage.archive.folders import whole
from storage.archive.keys import article_id
from storage.views.export import FIELDS, NotInstalled, Sink, safe_cell
from storage.views.formats import FORMATS, NoPackage, read_package
from storage.views.selection import Row
from tests.conftest import Scrapy
from tests.test_dedupe import FERRY, ORCHESTRA
from tests.test_run import NOW, begin, fetched, keep
from tests.test_story import page, url

ATOM = "{http://www.w3.org/2005/Atom}"
ROW = Row(
    article="a" * 64, outlet="outlet", url="https://outlet.example/1", canonical="https://outlet.example/1",
    headline="Harbour", authors=("A. Hill", "B. Dale"), published="2026-01-31", modified=None,
    fetched_at="2026-02-01T08:00:00+00:00", language="en", provider=None, section=None, cluster="a" * 64, relation="NEW",
    content_digest="d" * 64, clean_key="clean/a.json", text="First.\nSecond.",
)  # fmt: skip
STRANGE = replace(
    ROW, headline='<script>alert("1")</script>]]>\x1b[2J', text="# no heading\n- no list\n1. no number\n=HYPERLINK(1)\0"
)


def exported(name: str, *rows: Row) -> str:
    return "".join(map(str, FORMATS[name].pieces(rows, NOW)))


def written(name: str, *rows: Row) -> bytes:
    return b"".join(piece for piece in FORMATS[name].pieces(rows, NOW) if isinstance(piece, bytes))


def test_json_lines_hold_every_field() -> None:
    one, other = map(json.loads, exported("jsonl", ROW, STRANGE).splitlines())
    assert one == {name: list(value) if isinstance(value := getattr(ROW, name), tuple) else value for name in FIELDS}
    assert other["headline"] == STRANGE.headline


def test_csv_is_read_back_and_starts_no_formula() -> None:
    header, one, other = csv.reader(io.StringIO(exported("csv", ROW, STRANGE), newline=""))
    assert tuple(header) == FIELDS
    assert dict(zip(header, one, strict=True))["authors"] == "A. Hill; B. Dale"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in other)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\uff1d1+1", "|calc", "%0A"])
def test_a_formula_becomes_text(cell: str) -> None:
    assert safe_cell(cell) == "'" + cell


@given(st.text(max_size=60))
def test_any_cell_survives_a_spreadsheet(text: str) -> None:
    assert safe_cell(text) in (text.replace("\0", ""), "'" + text.replace("\0", ""))
    assert safe_cell(text)[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")


def test_markdown_of_strangers_is_no_markup() -> None:
    shown = exported("markdown", STRANGE)
    assert shown.startswith("# \\<script\\>alert")
    assert "\n\\# no heading" in shown and "\n\\- no list" in shown and "\n1\\. no number" in shown


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_feed_is_well_formed_whatever_it_says(headline: str, text: str) -> None:
    row = replace(ROW, headline=headline, text=text, section=text)
    feed = etree.fromstring(exported("atom", row).encode("utf-8", "replace"))
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"urn:cleancopy:article:{ROW.article}"
    for name in ("published", "updated"):
        assert dt.datetime.fromisoformat(entry.findtext(f"{ATOM}{name}")).tzinfo
    assert entry.find(f"{ATOM}content").get("type") == "html"


def test_a_feed_links_only_to_pages() -> None:
    feed = etree.fromstring(exported("atom", replace(ROW, canonical="javascript:alert(1)")).encode())
    assert feed.find(f"{ATOM}entry/{ATOM}link").get("href") == "about:blank"


def test_parquet_is_read_back() -> None:
    table = pq.read_table(io.BytesIO(written("parquet", ROW, STRANGE)))
    one, other = table.to_pylist()
    assert table.column_names == list(FIELDS)
    assert one["authors"] == ["A. Hill", "B. Dale"] and one["provider"] is None and one["text"] == ROW.text
    assert one["fetched_at"] == dt.datetime(2026, 2, 1, 8, tzinfo=dt.UTC)
    assert other["headline"] == STRANGE.headline
    assert pq.read_table(io.BytesIO(written("parquet"))).num_rows == 0
    many = pq.ParquetFile(io.BytesIO(written("parquet", *[ROW] * 4_001)))
    assert (many.metadata.num_rows, many.metadata.num_row_groups) == (4_001, 3)
    assert pq.read_table(io.BytesIO(written("parquet", replace(ROW, headline="half \ud800"))))["headline"][0].as_py() == "half ?"


def test_parquet_without_its_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NotInstalled, match="pip install 'pyarrow"):
        written("parquet", ROW)


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=80)), max_size=4))
def test_a_book_is_whole_and_well_formed_whatever_it_says(stories: list[tuple[str, str]]) -> None:
    rows = [replace(ROW, headline=headline, text=text, language=text, canonical=headline) for headline, text in stories]
    data = written("epub", *rows)
    assert data[30:58] == b"mimetypeapplication/epub+zip", "readers look for it there"
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        assert not any(entry.flag_bits & 8 for entry in book.infolist()), "no sizes after the data"
        package = etree.fromstring(book.read("book/package.opf"))
        named = {f"book/{item.get('href')}" for item in package.iter("{*}item")}
        assert named == set(book.namelist()) - {"mimetype", "META-INF/container.xml", "book/package.opf"}
        assert {item.get("idref") for item in package.iter("{*}itemref")} == {item.get("id") for item in package.iter("{*}item")}
        pages = [etree.fromstring(book.read(name)) for name in sorted(named)]
    assert len(pages) == len(stories) + 1
    for parsed in pages:
        assert {element.tag.partition("}")[2] for element in parsed.iter()} <= {
            "html", "head", "meta", "title", "body", "nav", "h1", "ol", "li", "a", "p", "br",
        }  # fmt: skip
        assert all(not (link.get("href") or "").startswith(("javascript", "data")) for link in parsed.iter("{*}a"))


class SinkMachine(RuleBasedStateMachine):
    """A sink against a file that holds everything."""

    def __init__(self) -> None:
        super().__init__()
        self.sink, self.whole, self.taken = Sink(), io.BytesIO(), b""

    @rule(data=st.binary(max_size=9), back=st.integers(0, 20))
    def write(self, data: bytes, back: int) -> None:
        place = max(len(self.taken), self.whole.getbuffer().nbytes - back)
        for stream in (self.sink, self.whole):
            stream.seek(place)
            stream.write(data)
        assert self.sink.tell() == self.whole.tell()

    @rule()
    def take(self) -> None:
        self.taken += self.sink.take()
        assert self.taken == self.whole.getvalue()


SinkMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=12)
test_a_sink_is_a_file_that_is_taken_away = SinkMachine.TestCase


def test_what_was_taken_from_a_sink_cannot_be_written_over() -> None:
    sink = Sink()
    sink.write(b"gone")
    sink.take()
    sink.seek(0)
    with pytest.raises(ValueError, match="taken"):
        sink.write(b"x")


@pytest.fixture
def filled(archive: Path) -> Path:
    run = begin(archive)
    keep(run, fetched(run, 1, page("Harbour of Lindby closes", FERRY)))
    keep(run, fetched(run, 2, page("No way into Lindby", FERRY[:-1])))
    keep(run, fetched(run, 4, page("Music in the depot", ORCHESTRA)))
    run.finish("finished", NOW)
    return archive


def test_stories_go_out_once_and_the_file_is_described(filled: Path, tmp_path: Path, scrapy_command: Scrapy) -> None:
    out = tmp_path / "stories.jsonl"
    done = scrapy_command("export", "jsonl", "--out", str(out))
    said = f"{out}: 2 articles, {out.stat().st_size:,} bytes; described in {tmp_path / 'datapackage.json'}\n"
    assert (done.status, done.out, done.err) == (0, said, "")
    assert [json.loads(line)["url"] for line in out.read_text().splitlines()] == [url(1), url(4)]
    assert scrapy_command("export", "csv", "--all", "--query", "boats", "--out", str(tmp_path / "boats.csv")).status == 0
    package = json.loads((tmp_path / "datapackage.json").read_text())
    first, second = package["resources"]
    assert first["hash"] == "sha256:" + hashlib.sha256(out.read_bytes()).hexdigest()
    assert first["bytes"] == out.stat().st_size
    assert (second["path"], second["selection"]) == ("boats.csv", {"query": "boats", "all": True})
    assert [field["name"] for field in second["schema"]["fields"]] == list(FIELDS)
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"boats.csv", "datapackage.json", "stories.jsonl"}
    assert len(scrapy_command("export", "jsonl", "--all").out.splitlines()) == 3


def test_what_cannot_be_written_is_one_line(filled: Path, tmp_path: Path, scrapy_command: Scrapy) -> None:
    nowhere = scrapy_command("export", "csv", "--out", str(tmp_path / "missing" / "x.csv"))
    assert (nowhere.status, len(nowhere.err.splitlines())) == (5, 1), nowhere.err
    (tmp_path / "datapackage.json").write_text("[1]")
    other = scrapy_command("export", "csv", "--out", str(tmp_path / "x.csv"))
    assert (other.status, (tmp_path / "x.csv").exists()) == (2, False)
    assert "is no data package" in other.err
    assert scrapy_command("export", "papyrus").status == 2


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), whole(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "[]", '{"resources": {}}', '{"resources": [1]}', "{" * 50])
def test_what_is_no_package_is_not_touched(text: str) -> None:
    with pytest.raises(NoPackage):
        read_package(text)


def test_an_article_whose_copy_cannot_be_read_is_left_out_of_an_export_for_a_use(filled: Path, scrapy_command: Scrapy) -> None:
    (copy,) = filled.rglob(f"clean/outlet/*/{article_id(url(4))}*")
    copy.unlink()
    for words in (("--permits", "ai"), ("--no-terms",)):
        done = scrapy_command("export", "jsonl", *words)
        assert [json.loads(line)["url"] for line in done.out.splitlines()] == [url(1)]
        assert "Left out: 1 article whose clean copy cannot be read, so what is reserved is not known." in done.err
