"""Settings -> the archive, the catalogue, a run. Every command opens them here, so all mean the same place."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from scrapy import __version__ as scrapy_version
from scrapy.settings import BaseSettings

from crawler.arguments import ArgumentError
from crawler.network.addresses import networks
from storage.archive import Archive, folder_of, open_archive
from storage.run import Run, start_run
from storage.software import SOFTWARE


def archive_of(settings: BaseSettings, *, begin: bool = False) -> Archive:
    """The archive that the settings name, to write to; `begin`: it is made where there is none, which is for those who bring
    something. ArchiveError."""
    return open_archive(settings["NEWS_ARCHIVE_URI"], spool_of(settings), begin=begin)


def archive_to_read(settings: BaseSettings) -> Archive:
    """The archive that the settings name, for reading alone: nothing is made and nothing is mended. ArchiveError."""
    return open_archive(settings["NEWS_ARCHIVE_URI"], spool_of(settings), write=False)


def spool_of(settings: BaseSettings) -> Path | None:
    """The folder that the settings name for segments that grow; None for the usual one."""
    return Path(settings["NEWS_SPOOL"]) if settings["NEWS_SPOOL"] else None


def catalogue_path(settings: BaseSettings) -> Path:
    """Where the catalogue lies: NEWS_CATALOGUE, or in the archive's folder, or beside S3 in ./catalogue.sqlite."""
    if settings.get("NEWS_CATALOGUE"):
        return Path(settings["NEWS_CATALOGUE"])
    folder = folder_of(settings["NEWS_ARCHIVE_URI"])
    return folder / "catalogue.sqlite" if folder else Path("catalogue.sqlite")


def check_addresses(settings: BaseSettings) -> None:
    """ArgumentError in one line when NEWS_ALLOW_ADDRESSES is no list of networks; the crawl itself would end in a traceback."""
    try:
        networks(settings.getlist("NEWS_ALLOW_ADDRESSES"))
    except ValueError as error:
        raise ArgumentError(f"NEWS_ALLOW_ADDRESSES: {error}. Write networks, as 127.0.0.0/8,10.0.0.0/8.") from error


@contextlib.contextmanager
def running(outlet: str, settings: BaseSettings, reason: str) -> Iterator[Run]:
    """`open_run`, and whatever comes of it, its end for this reason."""
    run = open_run(outlet, settings)
    try:
        yield run
    finally:
        run.finish(reason, dt.datetime.now(dt.UTC))


# Those that shape what is fetched and kept; never one that may hold a key or an address of ours.
_TOLD = ("DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "DOWNLOAD_MAXSIZE", "NEWS_RETRIES", "NEWS_BLOCKS_IN_A_ROW")


def open_run(outlet: str, settings: BaseSettings, *, alone: bool = False) -> Run:
    """Outlet and settings -> a run; `alone`: one that is not told first what other machines did of the outlet. Raises
    OutletBusy, ArchiveError, CatalogueError."""
    from crawler.indexing import index  # not at the top: it brings numpy, for which most commands have no use

    return start_run(
        outlet=outlet,
        archive=archive_of(settings, begin=True),
        catalogue=catalogue_path(settings),
        clock=lambda: dt.datetime.now(dt.UTC),
        about={
            "software": f"{SOFTWARE} scrapy/{scrapy_version}",
            "http-header-user-agent": settings["USER_AGENT"],
            "robots": "obey (RFC 9309)" if settings.getbool("NEWS_OBEY_ROBOTS") else "ignore",
            "settings": " ".join(f"{name}={settings.get(name)}" for name in _TOLD),
            **({"operator": str(settings["NEWS_CONTACT"])} if settings["NEWS_CONTACT"] else {}),
        },
        index=None if alone else index,
    )
