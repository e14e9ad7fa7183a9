"""The same street crawled by one process and by a fleet that is killed at: what the two archives hold."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.commands.catalogue import synced
from crawler.indexing import index
from storage.archive import open_archive
from storage.archive.clean import read_clean_copy
from storage.catalogue.compare import differences
from storage.catalogue.rebuild import build
from storage.catalogue.schema import open_catalogue
from storage.catalogue.sync import Synced
from tests.conftest import ROOT
from tests.machines import Machines, plain_environment, run_with_kills
from tests.street import Street


@dataclass(frozen=True, kw_only=True)
class Driven:
    """What a fleet did. `asked`: stories asked for at the server, each once, and `repeats` beyond that; `repeats_in_a_run`
    those that one run asked for twice."""

    status: int
    crawled: dict[str, Any]
    killed: int
    asked: int
    repeats: int
    repeats_in_a_run: int
    closest: float
    synced: Synced
    said: str


def by_one(street: Street, folder: Path) -> None:
    """Every outlet crawled in turn, with one catalogue."""
    environment = plain_environment(NEWS_ARCHIVE_URI=str(folder), **street.environment)
    for name in street.names:
        command = [sys.executable, "-m", "scrapy", "crawl", name]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def by_a_fleet(
    street: Street, folder: Path, archive: Path, *, workers: int, kills: int, every: tuple[float, float], seed: int = 1
) -> Driven:
    """Every outlet crawled by workers on machines of their own, into one archive, which is then synced."""
    environment = plain_environment(NEWS_ARCHIVE_URI=str(archive), **street.environment)
    street.forget()
    with Machines(folder, workers, environment) as fleet:
        command = ["fleet", *street.names, "--scheduler", fleet.address, "--json"]
        status, out, err = run_with_kills(command, fleet, kills, every, seed)
    for number in range(workers):  # what a killed crawl left in the spool of its machine
        open_archive(str(archive), fleet.machine(number) / "spool")
    done = synced(open_archive(str(archive), folder / "spool"), folder / "catalogue.sqlite")
    counts = street.stories_asked()
    return Driven(
        status=status,
        crawled=json.loads(out.strip().splitlines()[-1]) if out.strip() else {},
        killed=fleet.killed,
        asked=len(counts),
        repeats=sum(counts.values()) - len(counts),
        repeats_in_a_run=repeats_in_a_run(folder / "catalogue.sqlite"),
        closest=street.closest(),
        synced=done,
        said=err,
    )


def repeats_in_a_run(catalogue: Path) -> int:
    """Pages that one run asked for twice."""
    database = open_catalogue(catalogue)
    try:
        query = "select coalesce(sum(n - 1), 0) from (select count(*) as n from captures group by run, url)"
        return int(database.conn.execute(query).fetchone()[0])
    finally:
        database.close()


def held(catalogue: Path, archive: Path | str) -> dict[str, tuple[str, str, frozenset[str]]]:
    """URL of a story -> its text, headline, and the URLs of its cluster."""
    database = open_catalogue(catalogue)
    try:
        rows = database.conn.execute("select canonical, cluster, clean_key from articles where current = 1").fetchall()
    finally:
        database.close()
    store = open_archive(str(archive), write=False).store
    clusters: dict[str, set[str]] = {}
    for url, cluster, _ in rows:
        clusters.setdefault(cluster, set()).add(url)
    found = {}
    for url, cluster, key in rows:
        article = read_clean_copy(store.read(key)).article
        found[url] = (article.text, article.headline or "", frozenset(clusters[cluster]))
    return found


def unlike_a_rebuild(catalogue: Path, archive: Path | str, fresh: Path) -> int:
    """How many rows of a catalogue differ from one that is made again."""
    build(open_archive(str(archive), fresh.with_suffix(".spool")), fresh, index)
    one, other = open_catalogue(catalogue), open_catalogue(fresh)
    try:
        return sum(1 for _ in differences(one.conn, other.conn))
    finally:
        one.close()
        other.close()
