"""A person's word about clusters -> the ledger first, then the catalogue, so that a rebuild says the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import TypeVar

from scrapy.settings import BaseSettings

from crawler.opening import running
from crawler.readers import catalogue_to_read
from storage.catalogue.schema import writing
from storage.catalogue.stories import find, members

T = TypeVar("T")


def ruled(
    settings: BaseSettings, verb: str, words: Mapping[str, str], apply: Callable[[sqlite3.Connection, Mapping[str, str]], T]
) -> T:
    """Settings, the ledger's verb, the articles by their part in it (ids or URLs), and what does it -> what was done.

    The event stands in the ledger of the first article's outlet, with the number of the last ending before it. Raises
    UnknownArticle, OutletBusy, ArchiveError, CatalogueError.
    """
    with catalogue_to_read(settings) as database:
        articles = {part: find(database.conn, named) for part, named in words.items()}
        first = next(iter(articles.values()))
        outlet = next(member.outlet for member in members(database.conn, first)[1] if member.article == first)
    with running(outlet, settings, verb) as run:
        last = run.catalogue.conn.execute("select coalesce(max(id), 0) from captures").fetchone()[0]
        run.ledger.append(verb, {"sequence": last, **articles})
        run.ledger.sync()
        with writing(run.catalogue) as connection:
            return apply(connection, articles)
