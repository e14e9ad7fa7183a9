"""scrapy ingest: WARC files of others into the archive: judged, clean, each story once.

Exit status: 0 all files were read; 1 a file is damaged, or cannot be read (the rest of it is taken in); 2 wrong use; 5 archive
or catalogue cannot be used; 6 another run of the outlet is going; 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from scrapy.spiderloader import get_spider_loader

from crawler.arguments import ArgumentError, workers
from crawler.bulk import Spread, on_cores
from crawler.command import Add, CheckedCommand
from crawler.console import complain, counting, table, write, write_json
from crawler.engine import workers_usual
from crawler.ingest import Ingest, Portion, judge_all
from crawler.opening import catalogue_path, open_run
from crawler.readers import profile_of
from pipelines.stages import Refined, memory_of
from storage.archive import ArchiveError
from storage.archive.keys import check_outlet
from storage.views.report import receipt_text

_USUAL = "ingested"
_ZSTD = b"\x28\xb5\x2f\xfd"


class Command(CheckedCommand):
    """Takes WARC files in."""

    usage = "FILE-or-s3://bucket/key … [--outlet NAME]"
    short = "Take WARC files of others into the archive: judged, clean, each story once"
    long = (
        "Every web page in the files (Common Crawl's news files, wget's, another crawler's) is written into a WARC of this "
        "archive with its own date, judged, cleaned and placed; its metadata record says which file and record it came "
        "from. What is held already is passed over, so the same command goes on where it was interrupted. Nothing is "
        "fetched. Example: scrapy ingest CC-NEWS-*.warc.gz"
    )
    interrupted = "Interrupted; the same command goes on where it stopped."

    def options(self, add: Add) -> None:
        add("--outlet", default=_USUAL, metavar="NAME", help="the outlet that the pages are kept under (default: "
            f"{_USUAL}); with an outlet of `scrapy list` what recurs in its stories is taken out")  # fmt: skip
        add("--workers", type=workers, default=0, metavar="N", help="processes that judge (default: cores)")
        add("--json", action="store_true", help="print the receipt as JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if fault := _misuse(args, opts):
            raise ArgumentError(fault)
        names = [name for name in args if self._is_fit(name)]
        if not names:
            return  # and no run is in the archive
        with on_cores(judge_all, opts.workers or workers_usual()) as spread:
            self._take_in(names, opts, spread)

    def _take_in(self, names: list[str], opts: argparse.Namespace, spread: Spread[Portion, list[Refined]]) -> None:
        profile = profile_of(opts.outlet, self.settings)
        run = open_run(opts.outlet, self.settings)
        known = opts.outlet in get_spider_loader(self.settings).list()
        ingest = Ingest(
            run, profile, self.settings["USER_AGENT"] or "",
            memory_of(run, self.settings.getint("NEWS_MEMORY")) if known else None,
        )  # fmt: skip
        reason = "interrupted"
        try:
            with counting(None, "answers") as told:
                for name in names:
                    self._file(name, ingest, spread, told)
            reason = "ingested"
        except KeyboardInterrupt:
            self.fail(130, self.interrupted)
        finally:
            receipt = run.finish(reason, dt.datetime.now(dt.UTC))
        if ingest.faults:
            self.exitcode = self.exitcode or 1
        places = (self.settings["NEWS_ARCHIVE_URI"], str(catalogue_path(self.settings)))
        _tell(receipt, ingest, places, as_json=opts.json)

    def _is_fit(self, name: str) -> bool:
        """Whether a file can be begun with; one in S3 is asked for when its turn comes."""
        try:
            if _scheme(name) == "s3":
                if not all(name[len("s3://") :].partition("/")):
                    raise Unfit("name an object as s3://bucket/key")
                return True
            with _opened(name):
                return True
        except (OSError, Unfit) as error:
            self.fail(1, f"{name}: {getattr(error, 'strerror', None) or error}")
        return False

    def _file(self, name: str, ingest: Ingest, spread: Spread[Portion, list[Refined]], told: Any) -> None:
        try:
            with _opened(name) as stream:
                for count in ingest.take_in(stream, name, spread):
                    told(count)
        except (OSError, Unfit) as error:
            self.fail(1, f"{name}: {getattr(error, 'strerror', None) or error}")


class Unfit(Exception):
    """A file that cannot be taken in; the message says what to do."""


def _misuse(args: list[str], opts: argparse.Namespace) -> str | None:
    if not args:
        return "Name WARC files, as in: scrapy ingest CC-NEWS-20260301.warc.gz"
    for name in args:
        if not _scheme(name):
            return f"{name}: download it first; files and s3://bucket/key are read."
    try:
        check_outlet(opts.outlet)
    except ArchiveError as error:
        return f"--outlet: {error}"
    return None


def _scheme(name: str) -> str | None:
    """The name of a file -> s3, or file for one on this machine; None for one that somebody else keeps."""
    scheme = name.partition("://")[0].lower() if "://" in name else "file"
    return scheme if scheme in ("s3", "file") else None


@contextlib.contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """A path, file:///path or s3://bucket/key (fetched whole first) -> the open file, at its start. OSError, Unfit."""
    with contextlib.ExitStack() as held:
        if _scheme(name) == "s3":
            from storage.archive.s3 import download  # not at the top: boto3 takes half a second to load

            path = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="cleancopy-ingest-"))) / "file"
            try:
                download(name, path)
            except ArchiveError as error:
                raise Unfit(str(error).removeprefix(f"{name}: ")) from error
        else:
            path = Path(unquote(urlsplit(name).path) if name.lower().startswith("file://") else name)
        stream = held.enter_context(path.open("rb"))
        start = stream.read(5)
        stream.seek(0)
        if start[:4] == _ZSTD:
            raise Unfit(f"it is compressed with zstd; unpack it first: zstd -d {name}")
        if not start:
            raise Unfit("it is empty; was it downloaded whole?")
        if start != b"WARC/" and start[:2] != b"\x1f\x8b":
            raise Unfit("it is no WARC file: it begins neither with WARC/ nor as gzip")
        yield stream


def _tell(receipt: dict[str, Any], ingest: Ingest, places: tuple[str, str], *, as_json: bool) -> None:
    for fault in ingest.faults[:20]:
        complain(fault)
    if len(ingest.faults) > 20:
        complain(f"… and {len(ingest.faults) - 20} more damaged places")
    if as_json:
        write_json({**receipt, "passed_over": dict(ingest.passed), "faults": ingest.faults})
        return
    write(receipt_text(receipt, *places))
    if ingest.passed:
        write("Passed over:")
        write(table([(number, reason) for reason, number in ingest.passed.most_common()]))
