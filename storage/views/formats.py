"""The forms in which articles go out, by name; and what was exported -> its description, a data package
(https://datapackage.org/standard/data-package/, version 2)."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from storage.views.epub import epub
from storage.views.export import FIELDS, as_csv, atom, jsonl, markdown, parquet
from storage.views.selection import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A form of export: the suffix of its files, its media type, and rows and the time -> the pieces of the file.
    `tabular`: every article is a row with FIELDS; `binary`: the pieces are bytes, nothing for a terminal."""

    suffix: str
    media_type: str
    pieces: Callable[[Iterable[Row], dt.datetime], Iterator[str] | Iterator[bytes]]
    tabular: bool = False
    newest: bool = False
    binary: bool = False


FORMATS = {
    "jsonl": Format(suffix=".jsonl", media_type="application/jsonl", pieces=jsonl, tabular=True),
    "csv": Format(suffix=".csv", media_type="text/csv", pieces=as_csv, tabular=True),
    "parquet": Format(
        suffix=".parquet", media_type="application/vnd.apache.parquet", pieces=parquet, tabular=True, binary=True
    ),
    "markdown": Format(suffix=".md", media_type="text/markdown", pieces=markdown),
    "epub": Format(suffix=".epub", media_type="application/epub+zip", pieces=epub, binary=True),
    "atom": Format(suffix=".atom", media_type="application/atom+xml", pieces=atom, newest=True),
}


_TEXTS = {
    "article": "id of the article: from its canonical URL",
    "outlet": "the site that it was read from",
    "url": "address that answered",
    "canonical": "address that the page gives itself",
    "authors": "names, in the page's order",
    "published": "ISO 8601 as the page says, a day or a time",
    "modified": "ISO 8601 as the page says",
    "fetched_at": "when it was captured, UTC",
    "provider": "news agency that the outlet names",
    "cluster": "id of the story; the same for all its copies",
    "relation": "how it stood to what was archived before",
    "content_digest": "SHA-256 of the normalised text",
    "clean_key": "place of the clean copy in the archive",
    "text": "passages, one a line",
}


class NoPackage(ValueError):
    """What lies under the name of a data package is none; the message says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of an export: its name, how many articles and bytes are in it, its SHA-256 in hex."""

    name: str
    format: Format
    articles: int
    bytes: int
    sha256: str


def described(written: Written, selection: Mapping[str, object], now: dt.datetime, before: str | None = None) -> str:
    """A written file, what was asked for, and the datapackage.json beside it -> the new one; other files stay in it."""
    package = read_package(before) if before is not None else {}
    others = [each for each in package.get("resources", []) if each.get("path") != written.name]
    resource: dict[str, Any] = {
        "name": re.sub(r"[^a-z0-9._-]+", "-", written.name.lower()).strip("-") or "articles",
        "path": written.name,
        "format": written.format.suffix[1:],
        "mediatype": written.format.media_type,
        **({} if written.format.binary else {"encoding": "utf-8"}),
        "bytes": written.bytes,
        "hash": f"sha256:{written.sha256}",
        "description": f"{written.articles} articles. Texts belong to their publishers.",
        "selection": {name: value for name, value in selection.items() if value not in (None, False)},
    }
    if written.format.tabular:
        resource |= {"type": "table", "schema": {"fields": _fields(written.format), "primaryKey": ["article"]}}
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "cleancopy-export",
        "title": "Archived news",
        **package,
        "created": now.isoformat(timespec="seconds"),
        "resources": [*others, resource],
    }
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"


def read_package(text: str) -> dict[str, Any]:
    """The text of a datapackage.json -> it. NoPackage."""
    try:
        package = json.loads(text)
    except ValueError as error:
        raise NoPackage(f"it is no JSON ({error})") from error
    resources = package.get("resources") if isinstance(package, dict) else None
    if not isinstance(resources, list) or not all(isinstance(each, dict) for each in resources):
        raise NoPackage("it has no list of resources")
    return dict(package)


def _fields(format: Format) -> list[dict[str, str]]:
    lists = "list" if format.suffix == ".csv" else "array"
    found = []
    for name in FIELDS:
        field = {"name": name, "type": lists if name == "authors" else "string"}
        if name == "fetched_at" and format.suffix == ".parquet":
            field["type"] = "datetime"
        if lists == "list" and name == "authors":
            field["delimiter"] = "; "
        if name in _TEXTS:
            field["description"] = _TEXTS[name]
        found.append(field)
    return found
