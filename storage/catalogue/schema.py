"""The catalogue's tables, as numbered migrations. It is a view: everything in it comes from the archive again.

Write through `writing()`: sqlite-utils 4 commits every insert by itself, and its `atomic()` is a plain BEGIN, under
which a read followed by a write fails at once with SQLITE_BUSY when another process writes.

Who may write: one run an outlet at a time, and nobody while it is made again. All are flock(2) locks on files beside the catalogue:
they end with the process that holds them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import sqlite_utils

from storage.catalogue.lessons import LESSON_TABLES
from storage.catalogue.moves import JOIN_TABLES, MOVE_TABLES
from storage.catalogue.placements import PLACEMENT_STANDING, PLACEMENT_TABLES
from storage.catalogue.rows import PACKED_TEXTS, digested, packed
from storage.catalogue.rulings import RULING_TABLES
from storage.catalogue.search import FILTER_INDEXES, READING_INDEXES


class CatalogueError(Exception):
    """The catalogue cannot be used; the message says what to do."""


MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """create table runs (
            run text primary key, outlet text not null, started_at text not null, ended_at text,
            reason text, receipt text) without rowid""",
        """create table leads (
            url text primary key, key text not null unique, outlet text not null, source text not null, title text,
            published text,
            announced_at text not null, state text not null, run text, attempts integer not null default 0,
            not_before text not null default '', outcome text) without rowid""",
        "create index leads_waiting on leads (outlet, state, not_before, announced_at)",
        """create table captures (
            id integer primary key, run text not null, lead text not null, outlet text not null, url text not null,
            status integer, fetched_at text not null, outcome text not null, kind text, evidence text not null,
            error text, warc_file text, warc_offset integer, warc_length integer, record_id text, payload_digest text,
            article text, content_digest text, clean_key text, settled integer not null default 0,
            superseded_by integer)""",
        "create index captures_run on captures (run, settled)",
        "create index captures_lead on captures (lead)",
        "create index captures_article on captures (article) where article is not null",
        """create index captures_kind on captures (kind, outlet, fetched_at)
           where outcome = 'quarantined' and superseded_by is null""",
        "create index captures_payload on captures (payload_digest) where payload_digest is not null",
        """create table articles (
            id integer primary key, article text not null, content_digest text not null, capture integer not null,
            outlet text not null, url text not null, canonical text not null, headline text, published text,
            modified text, language text, provider text, authors text not null, section text, text text not null,
            clean_key text not null, relation text not null, cluster text not null, match text,
            share_of_match real not null default 0, share_of_self real not null default 0,
            fetched_at text not null, current integer not null default 1)""",
        "create index articles_article on articles (article, current)",
        "create index articles_digest on articles (content_digest)",
        "create index articles_cluster on articles (cluster)",
        "create index articles_outlet on articles (outlet, fetched_at)",
        "create virtual table articles_fts using fts5 (headline, text, content='', tokenize='unicode61')",
        """create table sources (
            url text primary key, outlet text not null, etag text, last_modified text, digest text,
            unchanged integer not null default 0, lies integer not null default 0, fetched_at text not null) without rowid""",
    ),
    PLACEMENT_TABLES,
    LESSON_TABLES,
    PLACEMENT_STANDING,
    READING_INDEXES,
    MOVE_TABLES,
    FILTER_INDEXES,
    (
        """create table probes (
            outlet text primary key, url text not null, asked_at text not null, status integer not null,
            fingerprint blob not null) without rowid""",
    ),
    JOIN_TABLES,
    PACKED_TEXTS,
    RULING_TABLES,
)


_LEAST = 65_536  # bytes that SQLite needs beside a catalogue to read it
PATIENCE = 10
"""Seconds that another process may hold the catalogue."""
PAGE = 16_384
"""Bytes of a page: rows of 1-3 KB leave a sixth of the 4 KB pages empty, and a tenth of those of 16 KB."""


def open_catalogue(path: Path) -> sqlite_utils.Database:
    """Path of the catalogue -> its database, made or brought to the newest schema.

    Raises CatalogueError when it cannot be opened, is no catalogue, or was written by a newer version.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise CatalogueError(f"The catalogue {path} cannot be opened ({error}). Name another with NEWS_CATALOGUE.") from error
    database = sqlite_utils.Database(connection)
    with _usable(database, path):
        version = _must_be_ours(connection, path)
        _set_up(connection)
        if version < len(MIGRATIONS):
            _migrate(database)
    return database


def read_catalogue(path: Path) -> sqlite_utils.Database:
    """Path of a catalogue -> its database, for reading: as `open_catalogue`, and also from a disk that cannot be written, where
    nothing can bring it to the newest schema. CatalogueError."""
    if _writable(path):
        return open_catalogue(path)
    try:
        database = sqlite_utils.Database(connect_to_read(path))
    except sqlite3.Error as error:
        raise CatalogueError(f"The catalogue {path} cannot be opened ({error}). Name another with NEWS_CATALOGUE.") from error
    with _usable(database, path):
        version = _must_be_ours(database.conn, path)
        if version < len(MIGRATIONS):
            raise CatalogueError(
                f"The catalogue {path} has schema {version}, this version of Cleancopy reads {len(MIGRATIONS)}, and it lies where "
                "nothing can be written. Copy it to another place and name that with NEWS_CATALOGUE."
            )
    return database


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Path of a catalogue -> a connection that changes nothing. sqlite3.Error."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?{_how(path)}", uri=True, timeout=PATIENCE)


def _how(path: Path) -> str:
    """SQLite writes beside a catalogue that it reads. Where it cannot, and nobody else is writing, the file is all there is."""
    log = path.with_name(f"{path.name}-wal")
    alone = not _writable(path) and not (log.exists() and log.stat().st_size)
    return "mode=ro&immutable=1" if alone else "mode=ro"


def _writable(path: Path) -> bool:
    return os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)


@contextmanager
def _usable(database: sqlite_utils.Database, path: Path) -> Iterator[None]:
    """What SQLite says of a catalogue becomes a line; the database is closed then."""
    try:
        yield
    except sqlite3.Error as error:
        database.close()
        if shutil.disk_usage(path.parent).free < _LEAST:
            raise CatalogueError(f"The catalogue {path} cannot be used, the disk is full: free some space.") from error
        raise CatalogueError(
            f"The catalogue {path} cannot be used ({error}). If it is damaged, move it away and run `scrapy rebuild`."
        ) from error
    except CatalogueError:
        database.close()
        raise


def _must_be_ours(connection: sqlite3.Connection, path: Path) -> int:
    """The schema of a catalogue, 0 for a new file. CatalogueError for somebody else's database, in which nothing is changed,
    and for one of a newer version."""
    connection.execute("begin")  # both as of one moment: another may be making it
    version: int = connection.execute("pragma user_version").fetchone()[0]
    tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
    connection.execute("commit")
    if "captures" not in tables if version else tables:
        raise CatalogueError(f"{path} is a database of something else, and was left alone. Name another with NEWS_CATALOGUE.")
    if version > len(MIGRATIONS):
        raise CatalogueError(
            f"The catalogue {path} has schema {version}, this version of Cleancopy knows {len(MIGRATIONS)}. Update "
            "Cleancopy, or move the file away and run `scrapy rebuild`."
        )
    return version


def _set_up(connection: sqlite3.Connection) -> None:
    connection.execute(f"pragma page_size = {PAGE}")  # of a new file only; another keeps its own
    _log_ahead(connection)
    connection.execute("pragma synchronous = normal")  # a lost tail is made again from the ledger
    connection.execute("pragma foreign_keys = on")
    connection.execute(f"pragma wal_autocheckpoint = {80_000_000 // PAGE}")  # 33 -> 2 ms at p95 with a million documents
    connection.execute("pragma journal_size_limit = 67108864")


def _log_ahead(connection: sqlite3.Connection) -> None:
    """The write-ahead log is on. To begin it SQLite wants a new file for itself and, other than for a transaction, does not wait:
    runs that make a catalogue together would turn each other away."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
        time.sleep(0.01)


def _migrate(database: sqlite_utils.Database) -> None:
    database.conn.create_function("packed", 1, packed, deterministic=True)
    database.conn.create_function("digested", 1, digested, deterministic=True)
    with writing(database):
        version = database.conn.execute("pragma user_version").fetchone()[0]  # another process may have been faster
        for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
            for statement in statements:
                database.conn.execute(statement)
            database.conn.execute(f"pragma user_version = {number}")


@contextmanager
def writing(database: sqlite_utils.Database) -> Iterator[sqlite3.Connection]:
    """One write transaction, taken at its start (BEGIN IMMEDIATE); rolled back whole when the body raises."""
    connection: sqlite3.Connection = database.conn
    connection.execute("begin immediate")
    try:
        yield connection
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


_WHOLE = ".catalogue.lock"  # no outlet's name begins with a dot


class OutletBusy(Exception):
    """Another run of the same outlet is going, or the catalogue is being made again; the message says what to do."""


def locks_folder(catalogue: Path) -> Path:
    """Path of a catalogue -> the folder of its locks."""
    return catalogue.parent / ".locks"


def lock_outlet(folder: Path, outlet: str) -> IO[str]:
    """Take the outlet's lock, held until the file is closed or the process dies. Raises OutletBusy."""
    return _locked(
        folder, f"{outlet}.lock", fcntl.LOCK_EX, f"A run of {outlet} is already going ({{holder}}); this one ends at once."
    )


def share_catalogue(folder: Path) -> IO[str]:
    """Say that a run works on the catalogue, until the file is closed. Raises OutletBusy while it is made again."""
    return _locked(
        folder, _WHOLE, fcntl.LOCK_SH, "The catalogue is being made again ({holder}); start the run when that is done."
    )


def claim_catalogue(folder: Path) -> IO[str]:
    """Keep all runs away from the catalogue, until the file is closed. Raises OutletBusy while one is going."""
    return _locked(
        folder, _WHOLE, fcntl.LOCK_EX, "A run or another rebuild is at work on this catalogue; start again when it has ended."
    )


def _locked(folder: Path, name: str, kind: int, refusal: str) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / name).open("a+")
    except OSError as error:
        raise CatalogueError(
            f"The folder {folder} beside the catalogue cannot be written ({error.strerror}). Name another with NEWS_CATALOGUE."
        ) from error
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        handle.seek(0)
        holder = handle.read().strip() or "another process"
        handle.close()
        raise OutletBusy(refusal.format(holder=holder)) from error
    if kind == fcntl.LOCK_EX:
        handle.truncate(0)
        handle.write(f"pid {os.getpid()} on {socket.gethostname()}")
        handle.flush()
    return handle
