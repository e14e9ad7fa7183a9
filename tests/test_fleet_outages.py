"""A fleet whose servers go away under it, with real ones on loopback: nothing that was printed is lost, and the next run goes on."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client
from scrapy.utils.project import get_project_settings

from crawler.commands.catalogue import synced
from crawler.engine import cluster, terms_of
from storage.archive import open_archive
from tests.machines import Machines, begun, plain_environment
from tests.one_and_many import held, repeats_in_a_run, unlike_a_rebuild
from tests.s3_server import S3Server, s3_server  # noqa: F401
from tests.street import Street

_FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
_EARLY = {"LD_PRELOAD": str(_FAKETIME), "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
_DIFFERS = r"differs by \+3[56]\d\d s"


@pytest.fixture
def street() -> Iterator[Street]:
    with Street(2, 3) as street:
        yield street


def crawl(street: Street, fleet: Machines) -> subprocess.Popen[bytes]:
    """`scrapy fleet` of the whole street, which has begun."""
    return begun(["fleet", *street.names, "--scheduler", fleet.address], fleet)


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """A command that has begun -> its exit status and standard error."""
    try:
        _, err = process.communicate(timeout=100)
    except subprocess.TimeoutExpired:
        process.kill()
        _, err = process.communicate()
    return process.returncode, err.decode()


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait until it is true."""
    last = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < last, "it never came to that"
        time.sleep(0.02)


def all_is_there(street: Street, folder: Path, archive: str, machines: int) -> None:
    """What the machines left in their spools goes up; then the archive holds every story that the street printed, no run asked
    for one twice, and a rebuild says the same."""
    for number in range(machines):
        open_archive(archive, folder / f"machine-{number}" / "spool")
    catalogue = folder / "catalogue.sqlite"
    synced(open_archive(archive, folder / "spool"), catalogue)
    found = {url: text.split() for url, (text, _, _) in held(catalogue, archive).items()}
    assert found == {url: text.split() for url, (text, _) in street.printed.items()}
    assert repeats_in_a_run(catalogue) == 0
    assert unlike_a_rebuild(catalogue, archive, folder / "again.sqlite") == 0


@pytest.mark.slow
def test_an_archive_that_is_gone_for_a_while_costs_nothing(
    tmp_path: Path,
    street: Street,
    s3_server: S3Server,  # noqa: F811
) -> None:
    archive = s3_server.prefix()
    environment = plain_environment(
        NEWS_ARCHIVE_URI=archive, **street.environment, **s3_server.environment, AWS_MAX_ATTEMPTS="2"
    )
    with Machines(tmp_path, 2, environment) as fleet, crawl(street, fleet) as crawling:
        until(street.stories_asked)
        s3_server.kill()
        time.sleep(1)  # runs that end meanwhile cannot publish, and those that would begin cannot
        s3_server.start()
        status, said = ended(crawling)
    assert status == 0, said
    all_is_there(street, tmp_path, archive, 2)
    # What waited in a spool, another machine could not know of.
    assert sum(street.stories_asked().values()) <= 2 * len(street.printed)


@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_told_and_the_next_run_goes_on(tmp_path: Path, street: Street) -> None:
    archive = str(tmp_path / "archive")
    environment = plain_environment(NEWS_ARCHIVE_URI=archive, **street.environment)
    with Machines(tmp_path, 2, environment) as fleet, crawl(street, fleet) as crawling:
        until(street.stories_asked)
        fleet.scheduler.send_signal(signal.SIGKILL)
        status, said = ended(crawling)
    assert status == 1
    last = said.splitlines()[-1]
    assert last.startswith("The scheduler went away; 2 outlets not done. Start it again"), said
    assert said.count("\n") == 1, "and no more than that"
    with Machines(tmp_path, 2, environment) as fleet:
        status, said = ended(crawl(street, fleet))
    assert status == 0, said
    all_is_there(street, tmp_path, archive, 2)


@pytest.mark.slow
def test_of_two_workers_of_one_name_the_second_is_sent_away(tmp_path: Path, street: Street) -> None:
    archive = str(tmp_path / "archive")
    environment = plain_environment(NEWS_ARCHIVE_URI=archive, **street.environment)
    with Machines(tmp_path, 2, environment, names=["twin", "twin"]) as fleet:
        until(lambda: any(worker.poll() is not None for worker in fleet.workers))
        assert sum(worker.poll() is None for worker in fleet.workers) == 1
        status, said = ended(crawl(street, fleet))
    assert status == 0, said
    assert "name taken" in "".join(log.read_text() for log in tmp_path.glob("worker-*.log"))
    all_is_there(street, tmp_path, archive, 2)


@pytest.mark.slow
@pytest.mark.skipif(_FAKETIME is None, reason="libfaketime is missing: apt-get install faketime")
def test_a_worker_whose_clock_is_an_hour_off_is_told_and_works_all_the_same(tmp_path: Path, street: Street) -> None:
    archive = str(tmp_path / "archive")
    environment = plain_environment(NEWS_ARCHIVE_URI=archive, **street.environment)
    with Machines(tmp_path, 2, environment, own={1: _EARLY}) as fleet:
        with Client(fleet.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)  # the clocks are looked at of those that are there when a fleet begins
        status, said = ended(crawl(street, fleet))
    assert status == 0, said
    assert re.search(_DIFFERS, said), said
    all_is_there(street, tmp_path, archive, 2)


@pytest.mark.slow
@pytest.mark.skipif(_FAKETIME is None, reason="libfaketime is missing: apt-get install faketime")
def test_a_worker_that_comes_later_is_asked_for_its_clock_and_its_terms(tmp_path: Path) -> None:
    said: list[str] = []
    mine = replace(terms_of(get_project_settings()), archive="")
    with (
        Machines(tmp_path, 1, plain_environment(), names=["first", "early", "other"]) as fleet,
        cluster(fleet.address, 0, mine, told=said.append),
    ):
        fleet.start_worker(1, **_EARLY)
        until(lambda: said)
        fleet.start_worker(2, NEWS_CONTACT="somebody@else.example")
        until(lambda: said[1:])
    assert re.search(_DIFFERS, said[0]) and "is refused: it has the settings" in said[1], said
