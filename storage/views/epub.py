"""Articles -> one EPUB 3 book, a chapter each, chapter by chapter.

Written here: the one library for it that is alive (ebooklib) is AGPL and keeps the whole book in memory. Source of the
form: EPUB 3.3 (https://www.w3.org/TR/epub-33/): `mimetype` first and not compressed, a package document, a navigation
document, chapters as XHTML. Kept until the end are only the chapters' headlines.
"""

from __future__ import annotations

import datetime as dt
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from storage.views.export import Sink, language_tag, origin_of, safe_link, xml_text
from storage.views.selection import Row

_CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
 <rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"{language}>
<head><meta charset="utf-8"/><title>{title}</title></head>
<body>
"""
_END = "</body>\n</html>\n"


def epub(rows: Iterable[Row], now: dt.datetime) -> Iterator[bytes]:
    """The book's bytes. A book without a chapter says so on its only page."""
    sink = Sink()
    headlines: list[str] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as book:
        stored = _entry("mimetype", now)
        stored.compress_type = zipfile.ZIP_STORED
        book.writestr(stored, "application/epub+zip")
        book.writestr(_entry("META-INF/container.xml", now), _CONTAINER)
        for number, row in enumerate(rows, start=1):
            headlines.append(" ".join((row.headline or "(no headline)").split()))
            book.writestr(_entry(f"book/{_name(number)}", now), _utf8(_chapter(row, headlines[-1])))
            yield sink.take()
        book.writestr(_entry("book/nav.xhtml", now), _utf8(_navigation(headlines)))
        book.writestr(_entry("book/package.opf", now), _utf8(_package(len(headlines), now)))
    yield sink.take()


def _entry(name: str, now: dt.datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _name(number: int) -> str:
    return f"{number:06d}.xhtml"


def _chapter(row: Row, headline: str) -> str:
    tag = language_tag(row.language)
    language = f' xml:lang="{tag}" lang="{tag}"' if tag else ""
    origin = " · ".join(map(xml_text, origin_of(row)))
    passages = "".join(f'<p dir="auto">{xml_text(line)}</p>\n' for line in row.text.split("\n") if line.strip())
    link = xml_text(safe_link(row.canonical))
    source = f'<p dir="auto">{origin}<br/><a href="{link}">{xml_text(row.canonical)}</a></p>\n'
    heading = f'<h1 dir="auto">{xml_text(headline)}</h1>\n'
    return _HEAD.format(language=language, title=xml_text(headline)) + heading + source + passages + _END


def _navigation(headlines: Sequence[str]) -> str:
    """The table of contents."""
    items = "".join(
        f'<li dir="auto"><a href="{_name(number)}">{xml_text(headline)}</a></li>\n'
        for number, headline in enumerate(headlines, start=1)
    )
    items = items or '<li><a href="nav.xhtml">No article answers what was asked for.</a></li>\n'
    head = _HEAD.format(language=' xml:lang="en" lang="en"', title="Archived news")
    return f'{head}<nav epub:type="toc"><h1>Archived news</h1>\n<ol>\n{items}</ol></nav>\n{_END}'


def _package(chapters: int, now: dt.datetime) -> str:
    names = [_name(number) for number in range(1, chapters + 1)]
    manifest = "".join(f'<item id="c{name[:6]}" href="{name}" media-type="application/xhtml+xml"/>\n' for name in names)
    spine = "".join(f'<itemref idref="c{name[:6]}"/>\n' for name in names)
    stamp = now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{uuid.uuid5(uuid.NAMESPACE_URL, f"cleancopy:{stamp}:{chapters}").urn}</dc:identifier>
<dc:title>Archived news</dc:title><dc:language>mul</dc:language><dc:publisher>Cleancopy</dc:publisher>
<dc:rights>Texts belong to their publishers.</dc:rights>
<meta property="dcterms:modified">{stamp}</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
{manifest}</manifest>
<spine><itemref idref="nav"/>
{spine}</spine>
</package>
"""


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
