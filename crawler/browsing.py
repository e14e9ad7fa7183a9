"""Settings -> the web view of their archive, served until somebody ends it. Here the view meets the rules of the other rooms."""

from __future__ import annotations

import datetime as dt
import socket
from dataclasses import asdict

import uvicorn
from scrapy.settings import BaseSettings

from crawler.health import broken
from crawler.opening import archive_to_read, catalogue_path
from pipelines.chain import refine
from pipelines.compare import word_diff
from pipelines.dedupe import canonical
from storage.archive.reading import read_capture
from storage.catalogue.quarantine import Kept
from storage.records import Outlet, Page
from storage.views.browse.server import Server
from storage.views.browse.site import Site


def serve(settings: BaseSettings, listening: socket.socket, hosts: frozenset[str] | None) -> None:
    """Settings, a socket that listens, the names under which the site answers (None: any). Returns after Ctrl-C."""
    server = Server(site_of(settings), hosts)
    try:
        uvicorn.Server(uvicorn.Config(server.app, log_level="warning", lifespan="off")).run(sockets=[listening])
    except KeyboardInterrupt:
        return
    finally:
        server.close()


def site_of(settings: BaseSettings) -> Site:
    """Settings -> the site of their archive."""

    def shown(kept: Kept) -> str:
        assert kept.address is not None
        capture = read_capture(archive_to_read(settings), kept.address, kept.lead)
        found = refine(capture, Outlet(name=kept.lead.outlet))
        return found.text if isinstance(found, Page) else found.page.text

    return Site(
        catalogue=catalogue_path(settings),
        archive=settings["NEWS_ARCHIVE_URI"],
        choose=canonical,
        compare=lambda old, new: asdict(word_diff(old, new)),
        broken=lambda status, now: [each.line for each in broken(status, now)],
        shown=shown,
        clock=lambda: dt.datetime.now(dt.UTC),
    )
