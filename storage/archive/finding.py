"""What is wrong with an archive, one thing at a time, each with what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RESTORE = "restore it from a copy of the archive: scrapy archive sync COPY THIS"


class Severity(StrEnum):
    """ERROR: something is lost or false. WARNING: nothing is lost, yet it must be mended. NOTE: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`key`: the object, or the file's name; `offset`: byte in a WARC file, line in a ledger; `mend`: the command;
    `subject`: the object to be made again, where another one tells of it."""

    severity: Severity
    key: str
    what: str
    mend: str = ""
    offset: int | None = None
    subject: str = ""

    def __str__(self) -> str:
        place = self.key if self.offset is None else f"{self.key}:{self.offset}"
        return f"{self.severity.value}: {place}: {self.what}" + (f" -> {self.mend}" if self.mend else "")


def error(key: str, what: str, mend: str, *, offset: int | None = None, subject: str = "") -> Finding:
    """Something is lost or false."""
    return Finding(severity=Severity.ERROR, key=key, what=what, mend=mend, offset=offset, subject=subject)


def warning(key: str, what: str, mend: str) -> Finding:
    """Nothing is lost, yet it must be mended."""
    return Finding(severity=Severity.WARNING, key=key, what=what, mend=mend)


def note(key: str, what: str) -> Finding:
    """Good to know."""
    return Finding(severity=Severity.NOTE, key=key, what=what)


@dataclass(slots=True)
class Tally:
    """What was looked at so far."""

    files: int = 0
    bytes: int = 0
    records: int = 0
    captures: int = 0
    copies: int = 0
    events: int = 0
    outcomes: int = 0
