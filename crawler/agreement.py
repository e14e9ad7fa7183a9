"""A worker that joins a cluster later is asked what the first ones were asked, before it gets its first task."""

from __future__ import annotations

import logging
import signal
import threading

from distributed import Worker, WorkerPlugin

from crawler.engine import Terms, worker_terms
from crawler.fleet import let_go
from pipelines.workers import seldom

TOPIC = "cleancopy-joined"
"""Of Dask's events: each worker says here, at its start, its address, its clock (seconds since 1970) and why it is refused."""

logger = logging.getLogger(__name__)


class Agreement(WorkerPlugin):
    """Closes a worker at its start when its terms are others; its log says why in one line. `deaf`: Ctrl-C, which reaches
    all processes of a terminal, is for us alone."""

    name = "cleancopy-agreement"
    idempotent = False

    def __init__(self, terms: Terms, *, deaf: bool) -> None:
        self.terms, self.deaf = terms, deaf

    async def setup(self, worker: Worker) -> None:
        """Dask calls this on every worker, also on those that come later."""
        if self.deaf and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        seldom()
        mine, clock = worker_terms()
        refusal = self.terms.refusal(mine)
        worker.log_event(TOPIC, {"address": worker.address, "clock": clock, "refusal": refusal})
        if refusal is not None:
            logger.error("This worker is refused: %s.", refusal)
            worker.loop.add_callback(worker.close, nanny=True, reason="cleancopy-refused")

    def teardown(self, worker: Worker) -> None:
        """The worker closes, or has lost its scheduler: its crawl ends, for another worker may be given the outlet."""
        let_go()
