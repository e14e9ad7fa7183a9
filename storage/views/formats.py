"""The forms in which articles go out, by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from storage.views.epub import epub
from storage.views.export import as_csv, atom, jsonl, markdown
from storage.views.parquet import parquet
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
