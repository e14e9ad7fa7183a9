"""Options of the commands that do bulk work, and the engine that they name."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from scrapy.settings import BaseSettings

from crawler.arguments import scheduler, workers
from crawler.bulk import Spread, on_cores, on_dask
from crawler.command import Add
from crawler.console import complain
from crawler.engine import terms_of, workers_usual

T = TypeVar("T")
R = TypeVar("R")


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
