"""Bulk work in this very process, one portion after the other: what the engines must come to as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from crawler.bulk import Lost, Spread

T = TypeVar("T")
R = TypeVar("R")


def here(work: Callable[[T], R]) -> Spread[T, R]:
    """The work in this process: what kills it, kills us."""

    def spread(portions: Iterable[T], *, alone: bool = False) -> Iterator[R | Lost]:
        return map(work, portions)

    return spread
