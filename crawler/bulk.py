"""The same work for very many portions: in this process, on the cores of this machine, or on a Dask cluster.

Every engine is a `Spread`: portions go in, in their order; what the work made of each comes out in that order, a `Lost` for
one that took its processes down. So who reads the answers cannot tell the engines apart.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from crawler.engine import EngineError, Terms, cluster
from pipelines.workers import DEATHS, WorkerLost, Workers

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


def here(work: Callable[[T], R]) -> Spread[T, R]:
    """The work in this very process: what kills it, kills us."""

    def spread(portions: Iterable[T], *, alone: bool = False) -> Iterator[R | Lost]:
        return map(work, portions)

    return spread


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
