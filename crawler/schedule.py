"""Outlets -> lines for cron or units for systemd that run each of them every hour, spread over the hour. Pure.

The minute is made from an outlet's name alone, so that it stays when other outlets come and go.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from shlex import quote

from crawler.arguments import ArgumentError

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
