"""The same work for very many portions: on the cores of this machine, or on a Dask cluster.

Every engine is a `Spread`: portions go in, in their order; what the work made of each comes out in that order, a `Lost` for
one that took its processes down. So who reads the answers cannot tell the engines apart.

And the options of the commands that do bulk work, which name the engine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from scrapy.settings import BaseSettings

from crawler.arguments import scheduler, workers
from crawler.command import Add
from crawler.console import complain
from crawler.engine import EngineError, Terms, cluster, terms_of, workers_usual
from pipelines.workers import DEATHS, WorkerLost, Workers
from storage.archive import Archive, open_archive

_AHEAD = 3  # portions a process that are handed out before the first answer is waited for

T = TypeVar("T")
R = TypeVar("R")
T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Lost:
    """A portion without an answer: every process that took it up died, or took too long; `reason` is one line."""

    reason: str


class Spread(Protocol[T_contra, R_co]):
    """Hands portions out; `alone`: one after the other, so that what kills a process is found among them."""

    def __call__(self, portions: Iterable[T_contra], *, alone: bool = False) -> Iterator[R_co | Lost]: ...


@lru_cache(maxsize=2)
def opened(uri: str) -> Archive:
    """The archive of a portion, in whatever process that is worked on, for reading alone. ArchiveError."""
    return open_archive(uri, write=False)


@contextlib.contextmanager
def on_cores(work: Callable[[T], R], count: int) -> Iterator[Spread[T, R]]:
    """The work in `count` processes of this machine, made by fork: begin before the first thread does."""
    pool, loop = Workers(count, work), asyncio.new_event_loop()

    def spread(portions: Iterable[T], *, alone: bool = False) -> Iterator[R | Lost]:
        def answer(going: asyncio.Task[Any]) -> R | Lost:
            try:
                made: R = loop.run_until_complete(going)
            except WorkerLost as error:
                return Lost(str(error))
            return made

        def begin(portion: T) -> asyncio.Task[Any]:
            return loop.create_task(pool.run(portion))

        return _in_order(portions, begin, answer, 1 if alone else _AHEAD * count)

    try:
        yield spread
    finally:
        left = asyncio.all_tasks(loop)
        for going in left:
            going.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        pool.close()
        loop.close()


@contextlib.contextmanager
def on_dask(
    work: Callable[[T], R], scheduler: str | None, count: int, terms: Terms, told: Callable[[str], None]
) -> Iterator[Spread[T, R]]:
    """The work on the workers of a Dask cluster; `scheduler` None: one of `count` processes here. EngineError as `cluster`."""
    with cluster(scheduler, count, terms, told=told, losses=DEATHS) as client:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        def answer(going: Any) -> R | Lost:
            try:
                made: R = going.result()
            except KilledWorker:
                return Lost(f"its worker process died ({DEATHS} of them)")
            except (FutureCancelledError, TimeoutError) as error:
                raise EngineError("The scheduler went away: start it, and the same command again; what is done stays") from error
            return made

        def spread(portions: Iterable[T], *, alone: bool = False) -> Iterator[R | Lost]:
            def begin(portion: T) -> Any:
                return client.submit(work, portion, pure=False)

            threads = sum(client.nthreads().values())
            return _in_order(portions, begin, answer, 1 if alone else _AHEAD * max(threads, 1))

        yield spread


def answered(
    spread: Spread[T, list[R]], portions: Iterable[T], split: Callable[[T], list[T]], failed: Callable[[T, Lost], R]
) -> Iterator[tuple[T, list[R]]]:
    """Portions -> each with what was made of it. One that was lost is split and its parts, of one thing each, are asked for
    alone, so that the thing which kills its process costs no other: `failed` says what becomes of that one."""
    given: deque[T] = deque()

    def noted() -> Iterator[T]:
        for portion in portions:
            given.append(portion)
            yield portion

    for answer in spread(noted()):
        portion = given.popleft()
        if isinstance(answer, Lost):
            parts = split(portion)
            alone = zip(parts, spread(parts, alone=True), strict=True)
            answer = [made for part, found in alone for made in ([failed(part, found)] if isinstance(found, Lost) else found)]
        yield portion, answer


def _in_order(portions: Iterable[T], begin: Callable[[T], Any], answer: Callable[[Any], R], ahead: int) -> Iterator[R]:
    """Begin the work on portions, at most `ahead` before the first answer is waited for -> the answers in order."""
    going: deque[Any] = deque()
    for portion in portions:
        going.append(begin(portion))
        if len(going) >= ahead:
            yield answer(going.popleft())
    while going:
        yield answer(going.popleft())


def add_options(add: Add) -> None:
    """--engine, --scheduler, --workers."""
    add("--engine", choices=("local", "dask"), default="local", help="where the work is done: processes of "
        "this machine (default), or the workers of a Dask cluster")  # fmt: skip
    add("--scheduler", type=scheduler, metavar="ADDRESS", help="with --engine dask: tcp://… or tls://… of its scheduler; "
        "without one the cluster is of this machine")  # fmt: skip
    add("--workers", type=workers, default=0, metavar="N", help="processes on this machine (default: cores)")


def misuse(opts: argparse.Namespace) -> str | None:
    """What is wrong with these options, as a line; None when nothing is."""
    if opts.scheduler and opts.engine != "dask":
        return "--scheduler is for --engine dask."
    if opts.workers and opts.scheduler:
        return "--workers is for this machine; with --scheduler the workers are those that it has."
    return None


def engine(
    opts: argparse.Namespace, settings: BaseSettings, work: Callable[[T], R]
) -> contextlib.AbstractContextManager[Spread[T, R]]:
    """Options, settings and the work -> what spreads it; begin before anything else does. EngineError as `on_dask`."""
    count = opts.workers or workers_usual()
    if opts.engine == "dask":
        # The portions name the archive; that of the workers' own settings is not asked.
        return on_dask(work, opts.scheduler, count, replace(terms_of(settings), archive=""), complain)
    return on_cores(work, count)
