"""scrapy doctor: what is wrong with this installation, its settings and its archive, and what to do.

Exit status: 0 all is well, maybe with notes; 1 something must be mended.
"""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import asdict
from pathlib import Path

from scrapy.utils.conf import closest_scrapy_cfg

from crawler.checks import State, checks
from crawler.command import Add, CheckedCommand
from crawler.console import table, write, write_json

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
