"""Keys: where things lie in an archive. Only this module makes them, from hashes, outlet names and run ids.

How much lies there, by kind and outlet, is counted by them. Nothing that a page, a feed or a server says becomes part of a
key. The layout is told in docs/archive-format.md.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from storage.archive.store import ArchiveError

MARKER = "cleancopy.json"
FORMAT = 1
# The "outlet" of the ledger's segments that say what was taken away.
FORGOTTEN = "forgotten"
# The "outlet" of those that say in which order the runs of several catalogues came together.
SYNCED = "synced"

_OUTLET = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8,32}")
_WARC = re.compile(rf"({_OUTLET.pattern})-({_RUN.pattern})-([0-9]{{5,}})\.warc\.gz")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_ID = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Names that Windows keeps for devices, with any extension: an archive may be copied there.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.I)
_LONGEST_KEY, _LONGEST_PART = 512, 200
# What lies beside the objects in the folder of a local archive, and is none.
_BESIDE = ("spool", "catalogue")


def check_key(key: str) -> str:
    """A key -> the same key; ArchiveError when it is empty, absolute, overlong, reserved or leads out of the archive."""
    if not is_key(key):
        raise ArchiveError(f"{key[:80]!r} cannot be a key of the archive; keys are made by storage.archive.keys")
    return key


def is_key(key: str) -> bool:
    """Whether something may lie under this key."""
    parts = key.split("/")
    return (
        len(key) <= _LONGEST_KEY
        and not beside(parts[0])
        and all(
            _PART.fullmatch(part) and len(part) <= _LONGEST_PART and not part.endswith(".") and not _RESERVED.fullmatch(part)
            for part in parts
        )
    )


def beside(name: str) -> bool:
    """Whether a name at the top of an archive's folder is the spool's or the catalogue's, or hidden."""
    return name.startswith(".") or name.partition(".")[0] in _BESIDE


def check_prefix(prefix: str) -> str:
    """A prefix of keys -> the same; it may be empty, end in "/" or within a name."""
    if prefix:
        check_key(prefix[:-1] if prefix.endswith("/") else prefix)
    return prefix


def check_outlet(name: str) -> str:
    """An outlet's name -> the same; small letters, digits and hyphens, at most 64, no reserved name."""
    if not _OUTLET.fullmatch(name) or _RESERVED.fullmatch(name):
        raise ArchiveError(f"{name[:80]!r} cannot be the name of an outlet: use a-z, 0-9 and hyphens, at most 64 characters")
    return name


def check_run(run: str) -> str:
    """A run id -> the same; ArchiveError when it does not have the form that `run_id` makes."""
    if not _RUN.fullmatch(run):
        raise ArchiveError(f"{run[:80]!r} is no run id; storage.archive.keys.run_id makes them")
    return run


def run_id(started_at: dt.datetime, entropy: bytes) -> str:
    """Start of a run and at least 4 random bytes -> its id, free of collisions between machines; sorts by
    time.
    """
    at = started_at.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    return check_run(f"{at}-{entropy[:16].hex()}")


def article_id(canonical: str) -> str:
    """Canonical URL -> id of the article at it: the first 32 hex digits of its SHA-256."""
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def clean_key(outlet: str, article: str, content_digest: str, again: int | None = None) -> str:
    """Outlet, article id (32 hex) and content digest (64 hex) -> key of the clean copy of that revision.

    `again`: the number of its ending, when the article was extracted again; the text may be the same, and the older copy
    keeps its key.
    """
    if not _ID.fullmatch(article) or not _DIGEST.fullmatch(content_digest):
        raise ArchiveError(f"no clean copy can be named after {article[:70]!r} and {content_digest[:70]!r}")
    number = "" if again is None else f".{again}"
    return f"clean/{check_outlet(outlet)}/{article[:2]}/{article}-{content_digest[:16]}{number}.json.gz"


def is_copy(key: str) -> bool:
    """Whether a clean copy may have this key; those of the first versions are not packed."""
    return is_key(key) and key.startswith("clean/") and key.endswith((".json", ".json.gz"))


def warc_key(outlet: str, run: str, number: int) -> str:
    """Outlet, run and number of the file within the run -> key of a WARC file."""
    return f"warc/{check_outlet(outlet)}/{check_run(run)[:4]}/{outlet}-{run}-{number:05d}.warc.gz"


def cdx_key(warc: str) -> str:
    """Key of a WARC file -> key of the index beside it."""
    return warc.removesuffix(".warc.gz") + ".cdxj"


def ledger_key(outlet: str, run: str) -> str:
    """Outlet and run -> key of the run's ledger segment while it grows."""
    return f"ledger/{check_outlet(outlet)}/{check_run(run)}.jsonl"


def published_key(key: str) -> str:
    """Key of a segment in the spool -> its key in the archive: lines of a ledger are packed when they are whole."""
    return f"{key}.gz" if key.endswith(".jsonl") else key


def is_segment(key: str) -> bool:
    """Whether a segment of the ledger may have this key; those of the first versions are not packed."""
    return is_key(key) and key.startswith("ledger/") and key.endswith((".jsonl", ".jsonl.gz"))


def receipt_key(outlet: str, run: str) -> str:
    """Outlet and run -> key of the run's receipt."""
    return f"receipts/{check_outlet(outlet)}/{check_run(run)}.json"


def run_of(key: str) -> str | None:
    """Key of a WARC, ledger segment or receipt -> the run that wrote it; None for other keys."""
    found = re.search(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8,32}", key)
    return found.group(0) if found else None


def is_warc(name: str) -> bool:
    """Whether this is the file name of a WARC file of ours."""
    return _WARC.fullmatch(name) is not None


def warc_of(name: str) -> str:
    """File name of a WARC file of ours, as it stands in an index or a revisit record -> its key."""
    found = _WARC.fullmatch(name)
    if not found:
        raise ArchiveError(f"{name[:80]!r} is no WARC file of an archive of ours")
    return warc_key(found.group(1), found.group(2), int(found.group(3)))


def outlet_of(key: str) -> str:
    """Key of a WARC, ledger segment, clean copy or receipt -> the outlet it belongs to; "" for other keys."""
    parts = key.split("/")
    return parts[1] if len(parts) > 2 and parts[0] in ("warc", "ledger", "clean", "receipts") else ""


@dataclass(slots=True)
class Usage:
    """Objects and bytes of one kind ("warc", "index", "clean", "ledger", "receipts") of one outlet."""

    kind: str
    outlet: str
    objects: int = 0
    bytes: int = 0


def usage(entries: Iterable[tuple[str, int]]) -> list[Usage]:
    """(key, bytes) of an archive's objects -> what they come to, ordered by kind and outlet."""
    found: dict[tuple[str, str], Usage] = {}
    for key, size in entries:
        kind = "index" if key.endswith(".cdxj") else key.partition("/")[0]
        outlet = outlet_of(key)
        if outlet:
            each = found.setdefault((kind, outlet), Usage(kind=kind, outlet=outlet))
            each.objects += 1
            each.bytes += size
    return [found[name] for name in sorted(found)]
