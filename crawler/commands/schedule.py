"""scrapy schedule: lines for cron, or units for systemd, that run each outlet every hour, spread over the hour. It prints; nothing is
installed. The minute is made from an outlet's name alone, so that it stays when other outlets come and go."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from shlex import quote

from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.conf import closest_scrapy_cfg

from crawler.arguments import ArgumentError, no_outlet, path
from crawler.command import Add, CheckedCommand
from crawler.console import write
from crawler.opening import catalogue_path
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


_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the project lies, its `scrapy` (both absolute), and the environment that its runs need."""

    folder: PurePath
    scrapy: PurePath
    environment: Mapping[str, str]


def minute(name: str) -> int:
    """Name of an outlet -> its minute of the hour, 0 to 59, the same on every machine."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 60


def crontab(outlets: Sequence[str], place: Place) -> str:
    """Lines for `crontab -`: an hourly run of each outlet, and its health once a day. ArgumentError says which name or
    value neither cron nor systemd can carry."""
    environment = "".join(f"{name}={quote(_line(name, value))} " for name, value in sorted(place.environment.items()))
    begin = f"cd {quote(_line('the folder', str(place.folder)))} && {environment}{quote(str(place.scrapy))}"
    lines = [f"{minute(_name(name)):>2} * * * *  {begin} crawl {name} >/dev/null" for name in _in_order(outlets)]
    lines.append(f"{minute('status'):>2} 6 * * *  {begin} status --quiet")
    # In a crontab an unescaped percent sign ends the command.
    return "\n".join(line.replace("%", r"\%") for line in lines) + "\n"


def units(outlets: Sequence[str], place: Place) -> dict[str, str]:
    """Name of a unit file -> its text: one service for all outlets, a timer for each, and both for the health."""
    environment = "".join(
        f"Environment={_quoted(f'{name}={_line(name, value)}')}\n" for name, value in sorted(place.environment.items())
    )
    begin = f"WorkingDirectory={_percent(_line('the folder', str(place.folder)))}\n{environment}"
    scrapy = _quoted(str(place.scrapy))
    found = {
        # A row of blocks (4) or a run that is going (6) is nothing that starting again would mend.
        "cleancopy@.service": _service(
            "Archive what is new at %i", f"{begin}ExecStart={scrapy} crawl %I\nSuccessExitStatus=6\n"
        ),
        "cleancopy-status.service": _service("Health of the news archive", f"{begin}ExecStart={scrapy} status --quiet\n"),
        "cleancopy-status.timer": _timer("Health of the news archive, once a day", f"*-*-* 06:{minute('status'):02}:00"),
    }
    for name in _in_order(outlets):
        unit = _name(name).replace("-", r"\x2d")  # systemd reads "-" of an instance as "/"
        found[f"cleancopy@{unit}.timer"] = _timer(f"{name}, every hour", f"*-*-* *:{minute(name):02}:00")
    return found


def _service(description: str, lines: str) -> str:
    return (
        f"[Unit]\nDescription={description}\nWants=network-online.target\nAfter=network-online.target\n\n"
        f"[Service]\nType=oneshot\n{lines}Nice=10\nTimeoutStartSec=6h\nKillSignal=SIGTERM\nTimeoutStopSec=2min\n"
    )


def _timer(description: str, when: str) -> str:
    return (
        f"[Unit]\nDescription={description}\n\n[Timer]\nOnCalendar={when}\nPersistent=true\nAccuracySec=1s\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _in_order(outlets: Sequence[str]) -> list[str]:
    return sorted(outlets, key=lambda name: (minute(name), name))


def _name(outlet: str) -> str:
    if not _NAME.fullmatch(outlet):
        raise ArgumentError(f"The outlet's name {outlet!r} has other characters than letters, figures, dot, dash.")
    return outlet


def _line(name: str, value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ArgumentError(f"{name} holds a line break or another control character, which a line of cron cannot carry.")
    return value


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """Text as one word of a unit file (systemd.syntax(7)); in ExecStart a dollar sign must be doubled too."""
    return '"' + _percent(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
