"""Settings -> the archive, the catalogue, a run. Every command opens them here, so all mean the same place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from urllib.parse import unquote, urlsplit

import sqlite_utils
from scrapy import __version__ as scrapy_version
from scrapy.settings import BaseSettings

from crawler.network.addresses import networks
from storage.archive import Archive, open_archive
from storage.catalogue.schema import open_catalogue
from storage.run import Run, start_run


def archive_of(settings: BaseSettings) -> Archive:
    """The archive that the settings name. Raises ArchiveError."""
    spool = settings.get("NEWS_SPOOL")
    return open_archive(settings["NEWS_ARCHIVE_URI"], Path(spool) if spool else None)


def catalogue_path(settings: BaseSettings) -> Path:
    """Where the catalogue lies: NEWS_CATALOGUE, or in the archive's folder, or beside S3 in ./catalogue.sqlite."""
    if settings.get("NEWS_CATALOGUE"):
        return Path(settings["NEWS_CATALOGUE"])
    uri: str = settings["NEWS_ARCHIVE_URI"]
    if uri.startswith("s3://"):
        return Path("catalogue.sqlite")
    folder = unquote(urlsplit(uri).path) if uri.startswith("file:") else uri
    return Path(folder) / "catalogue.sqlite"


def check_addresses(settings: BaseSettings) -> None:
    """ValueError in one line when NEWS_ALLOW_ADDRESSES is no list of networks; the crawl itself would end in a traceback."""
    try:
        networks(settings.getlist("NEWS_ALLOW_ADDRESSES"))
    except ValueError as error:
        raise ValueError(f"NEWS_ALLOW_ADDRESSES: {error}. Write networks, as 127.0.0.0/8,10.0.0.0/8.") from error


def catalogue_of(settings: BaseSettings) -> sqlite_utils.Database:
    """The catalogue that the settings name. Raises CatalogueError."""
    return open_catalogue(catalogue_path(settings))


# Those that shape what is fetched and kept; never one that may hold a key or an address of ours.
_TOLD = ("DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "DOWNLOAD_MAXSIZE", "NEWS_RETRIES", "NEWS_BLOCKS_IN_A_ROW")


def open_run(outlet: str, settings: BaseSettings, *, alone: bool = False) -> Run:
    """Outlet and settings -> a run; `alone`: one that is not told first what other machines did of the outlet. Raises
    OutletBusy, ArchiveError, CatalogueError."""
    from crawler.indexing import index  # not at the top: it brings numpy, for which most commands have no use

    return start_run(
        outlet=outlet,
        archive=archive_of(settings),
        catalogue=catalogue_path(settings),
        clock=lambda: dt.datetime.now(dt.UTC),
        about={
            "software": f"cleancopy/0.1 scrapy/{scrapy_version}",
            "http-header-user-agent": settings["USER_AGENT"],
            "robots": "obey (RFC 9309)" if settings.getbool("NEWS_OBEY_ROBOTS") else "ignore",
            "settings": " ".join(f"{name}={settings.get(name)}" for name in _TOLD),
            **({"operator": str(settings["NEWS_CONTACT"])} if settings["NEWS_CONTACT"] else {}),
        },
        index=None if alone else index,
    )
