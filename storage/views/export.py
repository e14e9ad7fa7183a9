"""Articles -> the files that people take home: JSON lines, CSV, Markdown, an Atom feed, Apache Parquet; piece by piece, in flat
memory.

pyarrow is large and only needed here, so it is an extra of the installation ("parquet") and loaded when it is asked for.
"""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from storage.views.selection import Row

FIELDS = tuple(field.name for field in fields(Row))
"""Columns of a row, in their order."""
_FORMULA = re.compile(r"^\s*[=+\-@\uff0b\uff0d\uff1d\uff20|%]|^[\t\r\n]")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>&~|$])")
_LINE_START = re.compile(r"^(\s*)(?:([#+=-])|(\d{1,9})(?=[.)]))", re.M)


def jsonl(rows: Iterable[Row], now: dt.datetime) -> Iterator[str]:
    """One JSON object a line, all fields; authors are a list, what is not known is null."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for row in rows:
        yield encode({name: getattr(row, name) for name in FIELDS}) + "\n"


def as_csv(rows: Iterable[Row], now: dt.datetime) -> Iterator[str]:
    """RFC 4180 with a header; authors are joined by "; ". No cell begins like a formula: see `safe_cell`."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(FIELDS)
    for row in rows:
        values = (getattr(row, name) for name in FIELDS)
        writer.writerow([safe_cell("; ".join(value) if isinstance(value, tuple) else value or "") for value in values])
        if buffer.tell() > 65_536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def safe_cell(text: str) -> str:
    """Text of strangers -> a cell that no spreadsheet runs: what begins like a formula gets an apostrophe before it.

    Source: OWASP, "CSV Injection". Null characters, which csv readers refuse, are dropped.
    """
    text = text.replace("\0", "")
    return "'" + text if _FORMULA.match(text) else text


def markdown(rows: Iterable[Row], now: dt.datetime) -> Iterator[str]:
    """One document: a heading an article, a line with its origin, its passages. Nothing in it is read as markup."""
    for row in rows:
        headline = _inert(" ".join((row.headline or "(no headline)").split()))
        origin = " · ".join(_inert(" ".join(part.split())) for part in origin_of(row))
        passages = "\n\n".join(_inert(line) for line in row.text.split("\n") if line.strip())
        yield f"# {headline}\n\n{origin}  \n<{safe_link(row.canonical)}>\n\n{passages}\n\n"


def atom(rows: Iterable[Row], now: dt.datetime) -> Iterator[str]:
    """An Atom feed (RFC 4287) with the whole text of every article."""
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f" <id>urn:cleancopy:export</id>\n <title>Archived news</title>\n <updated>{_rfc3339(now.isoformat())}</updated>\n"
        " <generator>Cleancopy</generator>\n <author><name>the outlets named in each entry</name></author>\n"
    )
    for row in rows:
        yield _entry(row)
    yield "</feed>\n"


def _entry(row: Row) -> str:
    authors = row.authors or (row.provider or row.outlet,)
    passages = "".join(f"<p>{html.escape(line)}</p>" for line in row.text.split("\n") if line.strip())
    lines = [
        f"<id>urn:cleancopy:article:{row.article}</id>",
        f"<title>{xml_text(row.headline or '(no headline)')}</title>",
        f'<link rel="alternate" href="{xml_text(safe_link(row.canonical))}"/>',
        *(f"<author><name>{xml_text(name)}</name></author>" for name in authors),
        f"<published>{_rfc3339(row.published)}</published>" if _rfc3339(row.published) else "",
        f"<updated>{_rfc3339(row.modified) or _rfc3339(row.published) or _rfc3339(row.fetched_at)}</updated>",
        *(f'<category term="{xml_text(term)}"/>' for term in (row.outlet, row.section) if term),
        f'<content type="html"{_lang(row.language)}>{xml_text(passages)}</content>',
    ]
    return " <entry>\n" + "".join(f"  {line}\n" for line in lines if line) + " </entry>\n"


def language_tag(language: str | None) -> str | None:
    """What a page says of its language -> it when it is a tag, as pt-BR; else None."""
    return language if language and re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language) else None


def _lang(language: str | None) -> str:
    tag = language_tag(language)
    return f' xml:lang="{tag}"' if tag else ""


def _rfc3339(stamp: str | None) -> str | None:
    """ISO 8601, a day alone or a time -> a time with its zone; a time without one is taken for UTC."""
    try:
        time = dt.datetime.fromisoformat(stamp) if stamp else None
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).isoformat(timespec="seconds") if time else None


def xml_text(text: str) -> str:
    """Text -> it inside of XML; characters that XML has not are shown as U+FFFD."""
    return html.escape(_NO_XML.sub("\ufffd", text))


def _inert(text: str) -> str:
    return _LINE_START.sub(_escaped, _MARKDOWN.sub(r"\\\1", text))


def _escaped(start: re.Match[str]) -> str:
    """The beginning of a line that would make a heading or a list. A figure is set off by its point: "1\\."."""
    return f"{start[1]}\\{start[2]}" if start[2] else f"{start[1]}{start[3]}\\"


def origin_of(row: Row) -> list[str]:
    """An article -> its day, its authors, its agency and its outlet, those that are known."""
    return [each for each in ((row.published or row.fetched_at)[:10], ", ".join(row.authors), row.provider, row.outlet) if each]


def safe_link(url: str) -> str:
    """A URL that may stand in a document: http or https, without a character that would end it."""
    if urlsplit(url).scheme not in ("http", "https"):
        return "about:blank"
    return re.sub(r"[\s<>\"]", lambda found: f"%{ord(found[0]):02X}", url)


GROUP = 2_000
"""Articles in a row group: some eight megabytes of text."""
_REPEATED = ["outlet", "language", "provider", "section", "relation"]


class NotInstalled(RuntimeError):
    """A library is missing; the message says how to get it."""


def parquet(rows: Iterable[Row], now: dt.datetime) -> Iterator[bytes]:
    """All fields; `authors` is a list, `fetched_at` a time in UTC, everything else text. NotInstalled."""
    try:
        import pyarrow as arrow
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise NotInstalled("Parquet needs pyarrow: .venv/bin/pip install 'pyarrow>=26'") from error
    types = {"authors": arrow.list_(arrow.string()), "fetched_at": arrow.timestamp("us", tz="UTC")}
    schema = arrow.schema([(name, types.get(name, arrow.string())) for name in FIELDS])
    sink, taken = Sink(), iter(rows)
    with ParquetWriter(sink, schema, compression="zstd", use_dictionary=_REPEATED) as writer:
        while group := list(islice(taken, GROUP)):
            writer.write_table(arrow.table({name: _column(group, name) for name in FIELDS}, schema=schema))
            yield sink.take()
    yield sink.take()


def _column(group: list[Row], name: str) -> list[Any]:
    """Rows -> one field of all. Half of a surrogate pair, which UTF-8 has not, becomes "?"."""
    values = [getattr(row, name) for row in group]
    if name == "fetched_at":
        return [dt.datetime.fromisoformat(value) for value in values]
    if name == "authors":
        return [[_utf8(author) for author in value] for value in values]
    return [value if value is None else _utf8(value) for value in values]


def _utf8(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class Sink(io.RawIOBase):
    """What was written since the last `take` can be sought and written over; what was taken is gone."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._before = 0
        self._at = 0

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._held)
        self._before += len(taken)
        self._held.clear()
        return taken

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        """Bytes at the place where we are; ValueError when that was taken already."""
        piece = bytes(memoryview(data))  # type: ignore[arg-type]
        start = self._at - self._before
        if start < 0:
            raise ValueError("what was taken cannot be written over")
        self._held[start : start + len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._at

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        ends = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._before + len(self._held)}
        self._at = ends[whence] + place
        return self._at
