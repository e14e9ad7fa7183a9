"""Where work for many processes runs: a Dask cluster on this machine or elsewhere, all of whose workers are of our kind.

Dask hands tasks out, tries them again elsewhere when a worker is lost, and shows them; it is an extra (`cleancopy[fleet]`).
TLS, ports and timeouts are Dask's own configuration. Nothing secret goes through it: a worker takes its keys from its own
environment.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.settings import BaseSettings
from scrapy.utils.project import get_project_settings

from storage.archive.keys import FORMAT

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 10.0
"""Seconds in which a scheduler must answer, and in which its first worker must be there."""
LOSSES = 10
"""Workers that may be lost over one task before it is given up, in a cluster of ours; elsewhere the scheduler says, and by
itself Dask takes a task for the cause after three."""
CLOCKS = 300.0
"""Seconds by which a worker's clock may differ before it is told."""

# Of a cluster of ours: its processes need not look at themselves a hundred times a second.
_LIGHT = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "500ms"}
# Settings that shape what is kept: where these differ, two workers would make different archives of the same pages.
_SHAPING = ("NEWS_MEMORY", "NEWS_OBEY_ROBOTS", "NEWS_CONTACT", "DOWNLOAD_MAXSIZE")


class EngineError(Exception):
    """The work cannot be handed out; the message is one line and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all who work on one archive must agree on. `extractor` names what makes clean copies, `settings` those that
    shape them; an empty `archive` is not compared: the tasks name their own."""

    version: str
    archive_format: int
    extractor: str
    settings: str
    archive: str

    def refusal(self, other: Terms) -> str | None:
        """Why a worker with these other terms cannot take part; None when it can."""
        for name, said in (
            ("version", "is of version"), ("archive_format", "writes archive format"), ("extractor", "extracts by"),
            ("archive", "writes to"), ("settings", "has the settings"),
        ):  # fmt: skip
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine and mine != theirs:
                return f"it {said} {theirs}, here it is {mine}"
        return None


def terms_of(settings: BaseSettings) -> Terms:
    """Settings of this process -> its terms."""
    from pipelines.stages import EXTRACTOR  # loads the model

    uri: str = settings["NEWS_ARCHIVE_URI"]
    return Terms(
        version=EXTRACTOR.partition(" ")[0],
        archive_format=FORMAT,
        extractor=EXTRACTOR,
        settings=json.dumps({name: settings.get(name) for name in _SHAPING}),
        archive=uri if "://" in uri else str(Path(uri).resolve()),
    )


def worker_terms() -> tuple[Terms, float]:
    """Runs on a worker: its terms, and what its clock says (seconds since 1970)."""
    return terms_of(get_project_settings()), dt.datetime.now(dt.UTC).timestamp()


@contextlib.contextmanager
def cluster(
    scheduler: str | None, workers: int, terms: Terms, *, told: Callable[[str], None], losses: int = LOSSES
) -> Iterator[Client]:
    """Address of a scheduler (None: a cluster of `workers` processes on this machine, on loopback alone) and our terms ->
    a client whose workers have all agreed to them. `told` is given a line for each that is refused, or whose clock is off.
    `losses`: workers that may be lost over one task, in a cluster of ours.

    EngineError: Dask is not installed, the scheduler does not answer, no worker is left.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise EngineError("This needs Dask: pip install 'cleancopy[fleet]'") from error
    # What a person needs to know comes as errors of ours; Dask's own log, of many loggers, is tracebacks.
    for name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as held:
        held.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": losses, **_LIGHT}))
        address: Any = scheduler
        if scheduler is None:
            scratch = held.enter_context(tempfile.TemporaryDirectory(prefix="cleancopy-fleet-", ignore_cleanup_errors=True))
            address = held.enter_context(
                distributed.LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
                    local_directory=scratch, silence_logs=50,
                )
            )  # fmt: skip
        try:
            client = held.enter_context(distributed.Client(address, timeout=PATIENCE, set_as_default=False))
            client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            where = scheduler or "on this machine"
            raise EngineError(f"The scheduler {where} cannot be used ({_line(error)}): start it, and a worker") from error
        check_workers(client, terms, told, ours=scheduler is None)
        yield client


def check_workers(client: Client, terms: Terms, told: Callable[[str], None], *, ours: bool = False) -> None:
    """Retire every worker that has other terms, saying so in a line each. EngineError when none is left.

    The terms also go to those that come later (`Agreement`), which then refuse to begin; `told` hears of them as well.
    `ours`: the cluster is of this terminal.
    """
    found = _answers(client)
    here = dt.datetime.now(dt.UTC).timestamp()
    refused = {}
    for address, answer in found.items():
        if isinstance(answer, BaseException):
            refused[address] = f"it does not have this version of Cleancopy ({_line(answer)})"
        elif refusal := terms.refusal(answer[0]):
            refused[address] = refusal
        else:
            _tell_clock(address, answer[1] - here, told)
    for address, why in refused.items():
        told(f"Worker {address} is refused: {why}.")
    if len(refused) == len(found):
        raise EngineError(f"No worker can take part: {next(iter(refused.values()), 'there is none')}")
    if refused:
        client.retire_workers(list(refused), close_workers=True)
    from crawler.agreement import TOPIC, Agreement  # loads Dask

    def joined(event: tuple[float, dict[str, Any]]) -> None:
        _, said = event
        if said["address"] in found:
            return
        if said["refusal"]:
            told(f"Worker {said['address']} is refused: {said['refusal']}.")
        else:
            _tell_clock(said["address"], said["clock"] - dt.datetime.now(dt.UTC).timestamp(), told)

    client.subscribe_topic(TOPIC, joined)
    client.register_plugin(Agreement(terms, deaf=ours))


def _tell_clock(address: str, ahead: float, told: Callable[[str], None]) -> None:
    if abs(ahead) > CLOCKS:
        told(f"The clock of worker {address} differs by {ahead:+.0f} s; set it by NTP.")


def _answers(client: Client) -> dict[str, Any]:
    """Address of a worker -> its terms and its clock, or why it cannot say. One that is lost meanwhile is asked when it
    comes back."""
    last = time.monotonic() + PATIENCE
    while True:
        found: dict[str, Any] = client.run(worker_terms, on_error="return")
        there = {address: answer for address, answer in found.items() if not isinstance(answer, OSError)}
        if there or time.monotonic() > last:
            return there
        time.sleep(0.5)


def workers_usual() -> int:
    """How many workers a cluster on this machine gets: as many as cores."""
    return max(1, os.cpu_count() or 1)


def _line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
