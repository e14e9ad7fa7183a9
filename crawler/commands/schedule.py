"""scrapy schedule: lines for cron, or units for systemd, that run all outlets. It prints; nothing is installed."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.conf import closest_scrapy_cfg

from crawler.arguments import ArgumentError, no_outlet, path
from crawler.command import Add, CheckedCommand
from crawler.console import write
from crawler.opening import catalogue_path
from crawler.schedule import Place, crontab, units
from storage.archive import folder_of


class Command(CheckedCommand):
    """Prints how to run every outlet each hour."""

    usage = "[--systemd [--out FOLDER]] [OUTLET ...]"
    short = "Print crontab lines or systemd timers that run all outlets"
    long = (
        "Each outlet gets a minute of the hour of its own, made from its name. The lines hold the paths of this checkout "
        "and the NEWS_ settings of the environment. Example: scrapy schedule | crontab -   (it replaces your crontab)"
    )

    def options(self, add: Add) -> None:
        add("--systemd", action="store_true", help="units for systemd instead of lines for cron")
        add("--out", type=path, metavar="FOLDER", help="with --systemd: write the unit files to this folder")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        known = get_spider_loader(self.settings).list()
        unknown = [name for name in args if name not in known]
        if unknown or (opts.out and not opts.systemd):
            raise ArgumentError(no_outlet(unknown[0], known) if unknown else "--out goes with --systemd.")
        place = place_of(self.settings)
        if not opts.systemd:
            write(crontab(args or known, place).rstrip())
            return
        found = units(args or known, place)
        if opts.out is None:
            write("\n".join(f"# {name}\n{text}" for name, text in found.items()).rstrip())
            return
        self._write(opts.out, found)

    def _write(self, folder: Path, found: dict[str, str]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in found.items():
                (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            self.fail(5, f"{folder} cannot be written ({error.strerror}); name another folder with --out.")
            return
        timers = " ".join(f"'{name}'" for name in found if name.endswith(".timer"))
        write(f"{len(found)} unit files lie in {folder}. Switch them on:\n  systemctl --user enable --now {timers}")


def place_of(settings: BaseSettings) -> Place:
    """Settings -> where the project lies and what its runs need. Secrets of S3 are boto3's to find and are left out."""
    here = Path(closest_scrapy_cfg()).resolve().parent
    environment = {name: value for name, value in os.environ.items() if name.startswith("NEWS_") and value}
    uri: str = settings["NEWS_ARCHIVE_URI"]
    in_s3 = folder_of(uri) is None
    environment["NEWS_ARCHIVE_URI"] = uri if "://" in uri else str(Path(uri).resolve())
    if settings["NEWS_CATALOGUE"] or in_s3:
        environment["NEWS_CATALOGUE"] = str(catalogue_path(settings).resolve())
    if settings["NEWS_SPOOL"] or in_s3:
        environment["NEWS_SPOOL"] = str(Path(settings["NEWS_SPOOL"] or "spool").resolve())
    if settings["NEWS_PROMETHEUS_FILE"]:
        environment["NEWS_PROMETHEUS_FILE"] = str(Path(settings["NEWS_PROMETHEUS_FILE"]).resolve())
    return Place(folder=here, scrapy=Path(sys.executable).parent / "scrapy", environment=environment)
