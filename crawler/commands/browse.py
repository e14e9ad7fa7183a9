"""scrapy browse: the archive as a read-only web site on this machine.

Exit status: 0 after Ctrl-C; 2 wrong use; 5 there is no catalogue, or the port is taken.
"""

from __future__ import annotations

import argparse
import errno
import socket

from crawler.arguments import whole_number
from crawler.command import Add, CheckedCommand
from crawler.console import flush, write
from crawler.readers import catalogue_to_read

LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Command(CheckedCommand):
    """Serves; nothing is fetched and nothing is written."""

    usage = "[options]"
    short = "Show the archive as a web site on this machine: search, stories, quarantine, outlets, runs"
    long = (
        "Read-only, on localhost, until Ctrl-C. Every page also as JSON: add .json to its path. A crawl may go meanwhile. "
        "Example: scrapy browse --port 8001"
    )
    takes_words = False

    def options(self, add: Add) -> None:
        add("--port", type=whole_number(0, 65535), default=8001, help="0 for any free one (default: 8001)")
        add("--host", default="127.0.0.1", help="another address to listen on: then everybody there can read")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        with catalogue_to_read(self.settings):  # brought to the newest schema, once
            pass
        try:
            listening = socket.create_server((opts.host, opts.port))
        except (OSError, UnicodeError) as error:  # the second: what cannot be a name of a host
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "it is taken; name another with --port" if taken else f"{error}; --host and --port name another"
            self.fail(5, f"Port {opts.port} of {opts.host} cannot be opened: {why}.")
            return
        # Scrapy loads the module of every command at each call of any: datasette is loaded where it is needed.
        from crawler.browsing import serve

        write(f"http://{opts.host}:{listening.getsockname()[1]}/ shows {self.settings['NEWS_ARCHIVE_URI']}; Ctrl-C ends it.")
        flush()  # a program that waits for the address at the other end of a pipe gets it
        serve(self.settings, listening, LOCAL if opts.host in LOCAL else None)
