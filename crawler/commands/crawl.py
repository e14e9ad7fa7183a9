"""scrapy crawl OUTLET: the run, its receipt, and an exit status that cron can use.

Scrapy exits 0 when every page was a 403 and when every callback raised; here the status says what happened
(docs/operations.md): 0 the run did its work, 1 an error in the program, 2 wrong use, 3 the outlet could not be read,
4 it blocked us, 5 archive or catalogue cannot be used, 6 another run of the outlet is going, 130 interrupted.
"""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any, ClassVar

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from crawler.arguments import no_outlet
from crawler.command import Add, CheckedCommand
from crawler.console import complain, write, write_json
from crawler.opening import check_addresses, open_run
from crawler.progress import Progress
from crawler.revisit import ages
from pipelines.workers import seldom
from storage.run import Run
from storage.views.report import receipt_text

STATUS = {"finished": 0, "unreadable": 3, "blocked": 4, "archive": 5, "shutdown": 130}


class Command(CheckedCommand, ScrapyCrawl):
    """The crawl command of Scrapy with a meaning for its exit status."""

    usage = "[options] OUTLET   (an outlet of `scrapy list`; -a url=…, -a limit=N, -a since=YYYY-MM-DD)"
    short = "Fetch what is new at an outlet and archive it"
    requires_crawler_process = True
    interrupted = "Interrupted before anything was fetched."
    meant: ClassVar = {f"--{name}": f"-a {name}=…" for name in ("url", "limit", "since", "origin")}

    def options(self, add: Add) -> None:
        add("--json", action="store_true", help="print the receipt as JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("Name one outlet, as in: scrapy crawl menafn")
        run = self._open(args[0], opts.spargs)
        if run is None:
            return
        crawler = self._create_crawler(args[0])
        seldom()
        self.crawler_process.crawl(crawler, run=run, **opts.spargs)  # type: ignore[union-attr]
        self.crawler_process.start()  # type: ignore[union-attr]
        progress = crawler.get_extension(Progress) if crawler.extensions else None
        receipt = progress.receipt if progress else None
        if receipt is None and crawler.stats and crawler.stats.get_value("start_time"):
            self.fail(130, "Interrupted at once: what was fetched waits in the spool, and the next run takes it up.")
            return
        if receipt is None:
            run.finish("failed", dt.datetime.now(dt.UTC))
            complain(f"The crawl of {args[0]} did not start; the log above says why.")
            self.exitcode = 1
            return
        if opts.json:
            write_json(receipt)
        else:
            write(receipt_text(receipt, run.archive.uri, str(run.catalogue_path)))
        errors = crawler.stats.get_value("spider_exceptions/count", 0) if crawler.stats else 0
        self.exitcode = self._status(receipt, errors)

    def _status(self, receipt: dict[str, Any], errors: int) -> int:
        reason = receipt["reason"]
        if reason != "finished":
            last = receipt["notes"][-1] if receipt["notes"] else f"The run ended early: {reason}."
            complain(str(last))
        elif errors:
            complain(f"{errors} errors in the program; the log has them. Please report them.")
            return 1
        return STATUS.get(reason, 1)

    def _open(self, outlet: str, spargs: dict[str, str]) -> Run | None:
        try:
            spider = self.crawler_process.spider_loader.load(outlet)  # type: ignore[union-attr]
            spider(**spargs)
            check_addresses(self.settings)
            ages(self.settings["NEWS_REVISITS"])
            return open_run(outlet, self.settings)
        except KeyError:
            self.fail(2, no_outlet(outlet, self.crawler_process.spider_loader.list()))  # type: ignore[union-attr]
        except ValueError as error:  # ArgumentError, or a setting
            self.fail(2, str(error))
        return None
