"""The one place through which commands write to the terminal.

Text from pages may hold control characters and ANSI escapes; on a terminal they are shown as symbols.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Text of strangers -> text that cannot steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def write(text: str = "") -> None:
    """A line (or several) on standard output."""
    with _reader_may_go():
        sys.stdout.write(clean(text) + "\n")


def write_json_line(line: str) -> None:
    """A line of JSON, at once, so that a program at the other end of a pipe need not wait."""
    with _reader_may_go():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


@contextlib.contextmanager
def _reader_may_go() -> Iterator[None]:
    """Who reads the other end of a pipe may have enough, as `head` has: what we do goes on, what we say goes nowhere."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def complain(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(clean(text) + "\n")


def draw(drawing: RenderableType) -> None:
    """A table or text of rich on standard output, as wide as the terminal; its cells have been through `clean`."""
    from rich.console import Console  # not at the top: every command loads this module, few draw

    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 140, highlight=False).print(drawing)


def table(rows: Iterable[Sequence[object]], indent: str = "  ") -> str:
    """Rows -> aligned columns; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        return ""
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return "\n".join(
        indent
        + "  ".join(
            cell.rjust(width) if cell.replace(",", "").replace(".", "").isdigit() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    )


@contextlib.contextmanager
def counting(total: int | None, what: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for so many things (None: nobody knows how many), told how many more are done; nothing where
    that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda more: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)
