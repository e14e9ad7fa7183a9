"""Articles -> an Apache Parquet file, row group by row group.

pyarrow is large and only needed here, so it is an extra of the installation ("parquet") and loaded when it is asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from storage.views.export import FIELDS
from storage.views.selection import Row
from storage.views.sink import Sink

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
