"""What became of the hostile server's pages in an archive, and whether that is right."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.server import Hostile, after_path
from tests.hostile.visit import Behaviour

# For a crawl of everything at once: many hosts side by side, limits that are reached in seconds. A row of refusals
# would end it, and here the refusals come from forty servers.
SETTINGS = {
    "SPIDER_MODULES": "crawler.spiders,tests.spiders",
    "CONCURRENT_REQUESTS": "32",
    "DOWNLOAD_TIMEOUT": "4",
    "DOWNLOAD_MAXSIZE": str(2 << 20),
    "NEWS_BLOCKS_IN_A_ROW": "1000",
}
WORDS = tuple(word for name, value in SETTINGS.items() for word in ("-s", f"{name}={value}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a lead ended: a word of Outcome, "refused" or "waiting"; `told` is the kind or the error."""

    word: str
    told: str = ""


def endings(archive: Path) -> dict[str, list[Ended]]:
    """URL of a lead -> every ending it had, the oldest first; one of "refused" or "waiting" where nothing was captured."""
    found: dict[str, list[Ended]] = {}
    with closing(sqlite3.connect(archive / "catalogue.sqlite")) as catalogue:
        for lead, outcome, kind, error in catalogue.execute("select lead, outcome, kind, error from captures order by id"):
            found.setdefault(lead, []).append(Ended(word=outcome, told=error or kind or ""))
        for lead, state in catalogue.execute("select url, state from leads"):
            found.setdefault(lead, [Ended(word="refused" if state == "refused" else "waiting")])
    return found


def wrong(hostile: Hostile, behaviour: Behaviour, ended: dict[str, list[Ended]]) -> Iterator[str]:
    """A behaviour after the first crawl -> what is not as it must be, in words; nothing when all is well."""
    here = ended.get(hostile.url(behaviour), [])
    if len(here) != 1:
        yield f"{len(here)} outcomes"
    elif here[0].word not in behaviour.ends:
        yield f"{here[0].word} ({here[0].told}), not {' or '.join(behaviour.ends)}"
    asked, most = len(hostile.asked(behaviour)), behaviour.requests
    if most is not None and not most[0] <= asked <= most[1]:
        yield f"{asked} requests, not {most[0]} to {most[1]}"
    if not behaviour.after:
        return
    for target in (*behaviour.leads, after_path(behaviour)):
        good = ended.get(hostile.origin(behaviour) + target, [])
        if [each.word for each in good] != ["kept"]:
            yield f"the good story {target} ended as {[each.word for each in good]}"
