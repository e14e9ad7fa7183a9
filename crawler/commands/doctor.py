"""scrapy doctor: what is wrong with this installation, its settings and its archive, and what to do. Each check
returns what it found.

Exit status: 0 all is well, maybe with notes; 1 something must be mended.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.markers import Marker
from scrapy.settings import BaseSettings
from scrapy.utils.conf import closest_scrapy_cfg

from crawler.command import Add, CheckedCommand
from crawler.console import many, table, write, write_json
from crawler.network.addresses import networks
from crawler.opening import archive_to_read, catalogue_path
from storage.archive import Archive, ArchiveError, folder_of
from storage.archive.keys import MARKER
from storage.archive.s3 import S3Store
from storage.catalogue.runs import WELL
from storage.catalogue.schema import MIGRATIONS, connect_to_read
from storage.software import VERSION

_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+))?", re.M)
_LEAST_SHARE, _LEAST_BYTES = 0.05, 2 * 1024**3
_RUN_HOURS = 26
_PATIENCE = 20
"""Seconds that the catalogue is read for at most, to see whether it is damaged: one of millions takes minutes."""


class State(StrEnum):
    """What a check came to; `mend` makes the exit status 1."""

    WELL = "well"
    NOTE = "note"
    MEND = "mend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was looked at and found; `advice` says what to do."""

    name: str
    state: State
    found: str
    advice: str = ""


def checks(settings: BaseSettings, root: Path, now: dt.datetime) -> Iterator[Check]:
    """Settings, folder of the project, the time -> every check in turn. Nothing is mended and nothing is fetched."""
    yield _python()
    yield _dependencies(root / "requirements.lock")
    yield from _settings(settings)
    try:
        folder = folder_of(settings["NEWS_ARCHIVE_URI"])
    except ArchiveError as error:
        yield _mend("archive", str(error), "The line says what to do.")
        return
    try:
        archive = archive_to_read(settings)
        yield _well("archive", f"{settings['NEWS_ARCHIVE_URI']} can be read")
        yield _writable(archive)
        yield _spool(archive)
    except ArchiveError as error:
        yield _archive_missing(folder, error)
    yield from _catalogue(catalogue_path(settings), now)
    yield from _disk(folder or Path(), catalogue_path(settings).parent)


def _well(name: str, found: str) -> Check:
    return Check(name=name, state=State.WELL, found=found)


def _note(name: str, found: str, advice: str) -> Check:
    return Check(name=name, state=State.NOTE, found=found, advice=advice)


def _mend(name: str, found: str, advice: str) -> Check:
    return Check(name=name, state=State.MEND, found=found, advice=advice)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= (3, 11):  # noqa: UP036 - this is where it is said
        return _well("python", f"{found}, Cleancopy {VERSION}")
    return _mend("python", found, "Cleancopy needs Python 3.11 or newer: make PYTHON=python3.12 install")


def _dependencies(lock: Path) -> Check:
    """Installed versions against the lock; lines for other platforms are passed over."""
    try:
        locked = _LOCKED.findall(lock.read_text(encoding="utf-8"))
    except OSError as error:
        found = f"{lock} cannot be read ({error.strerror})"
        return _mend("dependencies", found, "Restore requirements.lock, then: make install")
    wrong = []
    for name, wanted, marker in locked:
        if marker and not Marker(marker.strip()).evaluate():
            continue
        try:
            installed = version(name)
        except PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if installed != wanted:
            wrong.append(f"{name} {installed} instead of {wanted}")
    if wrong:
        more = f" and {len(wrong) - 5} more" if wrong[5:] else ""
        return _mend("dependencies", ", ".join(wrong[:5]) + more, "make install")
    return _well("dependencies", f"{len(locked)} as locked")


def _settings(settings: BaseSettings) -> Iterator[Check]:
    contact = settings.get("NEWS_CONTACT")
    if contact:
        yield _well("contact", contact)
    else:
        yield _note("contact", "none", "Set NEWS_CONTACT, so that outlets can write instead of block.")
    allowed = settings.getlist("NEWS_ALLOW_ADDRESSES")
    try:
        networks(allowed)
    except ValueError as error:
        yield _mend("addresses", str(error), "Write networks, as NEWS_ALLOW_ADDRESSES=10.0.0.0/8")
    else:
        if allowed:
            found = f"private addresses may be fetched: {', '.join(allowed)}"
            yield _note("addresses", found, "Empty NEWS_ALLOW_ADDRESSES unless you need it.")
    known = {name for name in settings if name.startswith("NEWS_")} | {"NEWS_DELAY", "NEWS_LOG_LEVEL"}
    strange = sorted(name for name in os.environ if name.startswith("NEWS_") and name not in known)
    if strange:
        yield _mend("settings", f"not known: {', '.join(strange)}", "Correct the spelling: docs/settings.md lists all.")


def _archive_missing(folder: Path | None, error: ArchiveError) -> Check:
    if folder is None or folder.exists():
        return _mend("archive", str(error), "The line says what to do.")
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if os.access(above, os.W_OK):
        return _note("archive", f"{folder} is not there yet", "Begin it: scrapy crawl OUTLET")
    return _mend(
        "archive", f"{above} cannot be written", "Give this user the right to, or name another place: NEWS_ARCHIVE_URI"
    )


def _writable(archive: Archive) -> Check:
    s3 = isinstance(archive.store, S3Store)
    try:
        archive.store.check_writable()
        if s3:  # the marker again: S3 refuses who may not write before it looks whether the object is there
            archive.store.put_new(MARKER, archive.store.read(MARKER))
        next(iter(archive.store.entries("receipts/")), None)
    except ArchiveError as error:
        return _mend("S3 rights" if s3 else "writing", str(error), "The line says what to do.")
    return _well("S3 rights" if s3 else "writing", "objects can be written and listed")


def _spool(archive: Archive) -> Check:
    left = archive.spool.keys() if archive.spool.folder.exists() else []
    if not left:
        return _well("spool", "empty")
    advice = "A run is going, or one was killed; the next run of its outlet mends and publishes it."
    return Check(name="spool", state=State.NOTE, found=f"{many(len(left), 'file')}, the first is {left[0]}", advice=advice)


def _catalogue(path: Path, now: dt.datetime) -> Iterator[Check]:
    if not path.exists():
        advice = "The first crawl makes it; where the archive has stories already: scrapy rebuild"
        yield _note("catalogue", f"{path} is not there", advice)
        return
    try:
        with contextlib.closing(connect_to_read(path)) as connection:
            (schema,) = connection.execute("pragma user_version").fetchone()
            if schema > len(MIGRATIONS):
                found = f"schema {schema}, this version knows {len(MIGRATIONS)}"
                yield _mend("catalogue", found, "Update Cleancopy, or move the file away and run: scrapy rebuild")
                return
            damage = damaged(connection, _PATIENCE)
            if damage:
                yield _mend("catalogue", f"damaged: {damage}", "scrapy rebuild makes it again from the archive.")
                return
            older = "" if schema == len(MIGRATIONS) else f" (schema {schema}; the next run brings it to {len(MIGRATIONS)})"
            how = "is sound" if damage is not None else f"shows no damage in {_PATIENCE} s; scrapy rebuild --check reads all of it"
            yield _well("catalogue", f"{path} {how}{older}")
            yield from (look(connection, now) for look in (_clock, _last_run))
    except sqlite3.Error as error:
        yield _mend("catalogue", f"{path} cannot be read ({error})", "Move it away and run: scrapy rebuild")


def damaged(connection: sqlite3.Connection, patience: float) -> str | None:
    """A catalogue -> what is damaged in it, '' for nothing; None when `patience` seconds were not enough to read it."""
    end = time.monotonic() + patience
    connection.set_progress_handler(lambda: time.monotonic() > end, 100)
    try:
        (found,) = connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if str(error) == "interrupted":
            return None
        raise
    finally:
        connection.set_progress_handler(None, 0)
    return "" if found == "ok" else str(found)


def _clock(connection: sqlite3.Connection, now: dt.datetime) -> Check:
    """The clock against the newest capture: what was fetched in the future shows a clock that goes wrong now or did."""
    (newest,) = connection.execute("select max(fetched_at) from captures").fetchone()
    if now.year < 2024 or (newest and dt.datetime.fromisoformat(newest) > now + dt.timedelta(minutes=5)):
        found = f"it is {now:%Y-%m-%d %H:%M} UTC here, the newest capture is of {newest or 'never'}"
        return _mend("clock", found, "Set the clock (timedatectl set-ntp true): times of capture are evidence.")
    return _well("clock", f"{now:%Y-%m-%d %H:%M} UTC, not before the newest capture")


def _last_run(connection: sqlite3.Connection, now: dt.datetime) -> Check:
    row = connection.execute("select outlet, started_at, reason from runs order by started_at desc limit 1").fetchone()
    if row is None:
        return _note("last run", "none", "Begin: scrapy crawl OUTLET; then: scrapy schedule")
    outlet, started, reason = row
    hours = (now - dt.datetime.fromisoformat(started)).total_seconds() / 3600
    found = f"{outlet}, {many(round(hours), 'hour')} ago: {reason or 'going, or killed'}"
    if hours > _RUN_HOURS:
        return _mend("last run", found, "Nothing runs: look at cron or the timers; scrapy schedule prints their lines.")
    if reason not in (None, *WELL):
        return Check(name="last run", state=State.NOTE, found=found, advice=f"It ended badly: scrapy status {outlet}")
    return _well("last run", found)


def _disk(*places: Path) -> Iterator[Check]:
    there = (next(each for each in (path, *path.parents) if each.exists()) for path in map(Path.absolute, places))
    for folder in dict.fromkeys(there):
        usage = shutil.disk_usage(folder)
        found = f"{usage.free / 1024**3:.1f} GB free at {folder} ({usage.free / usage.total:.0%})"
        if usage.free < _LEAST_BYTES or usage.free < _LEAST_SHARE * usage.total:
            yield _mend("disk", found, "Make room: below 5 % or 2 GB a run may not be able to end well.")
        else:
            yield _well("disk", found)


_SIGNS = {State.WELL: "", State.NOTE: "note", State.MEND: "MEND"}


class Command(CheckedCommand):
    """Looks; mends nothing and fetches nothing."""

    short = "Check installation, settings, archive, catalogue, clock and disk; say what to do"
    long = "Exit status 1 when something must be mended. Example: NEWS_ARCHIVE_URI=s3://bucket/news scrapy doctor"
    takes_words = False

    def options(self, add: Add) -> None:
        add("--json", action="store_true", help="print one JSON object")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        root = Path(closest_scrapy_cfg()).resolve().parent
        found = list(checks(self.settings, root, dt.datetime.now(dt.UTC)))
        states = {check.state for check in found}
        well = State.MEND not in states
        if opts.json:
            write_json({"well": well, "checks": [asdict(check) for check in found]})
        else:
            write(table(((_SIGNS[check.state], check.name, check.found) for check in found), indent=""))
            for check in found:
                if check.advice:
                    write(f"{check.name}: {check.advice}")
            noted = "Nothing must be mended; look at what is noted." if State.NOTE in states else "All is well."
            write(noted if well else "Something must be mended.")
        self.exitcode = 0 if well else 1
