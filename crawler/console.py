"""The one place through which commands write to the terminal.

Text from pages may hold control characters and ANSI escapes; on a terminal they are shown as symbols.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from storage.records import Evidence

_LONGEST = 1000  # characters of a line that tells what is wrong
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class NoOutput(Exception):
    """Standard output cannot be written; the message says why."""


def clean(text: str) -> str:
    """Text of strangers -> text that cannot steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """What is said in one line: without the line breaks of words that were given, and not much longer than a screen."""
    line = clean(" ".join(text.splitlines()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"


def open_streams() -> None:
    """Standard streams that are closed go nowhere; a character that one cannot encode is shown as another."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for as long as we run
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write(text: str = "") -> None:
    """A line (or several) on standard output."""
    with _reader_may_go():
        sys.stdout.write(clean(text) + "\n")


def write_json(value: object) -> None:
    """A line of JSON on standard output."""
    write(json.dumps(value, ensure_ascii=False))


def write_json_line(value: object) -> None:
    """A line of JSON, at once, so that a program at the other end of a pipe need not wait."""
    with _reader_may_go():
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def write_bytes(data: bytes) -> bool:
    """Bytes on standard output; False when its reader has had enough. NoOutput."""
    with _reader_may_go():
        sys.stdout.buffer.write(data)
        return True
    return False


def flush() -> None:
    """What was written goes out now, so that it is known whether it could."""
    with _reader_may_go():
        sys.stdout.flush()


@contextlib.contextmanager
def _reader_may_go() -> Iterator[None]:
    """Who reads the other end of a pipe may have enough, as `head` has: what we do goes on, what we say goes nowhere. NoOutput
    where a disk is full."""
    try:
        yield
    except BrokenPipeError:
        _say_no_more()
    except OSError as error:
        _say_no_more()
        raise NoOutput(f"Standard output cannot be written: {error.strerror}.") from error


def _say_no_more() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def complain(text: str) -> None:
    """A line on standard error. Where that cannot be written there is nobody to tell; the exit status says it too."""
    with contextlib.suppress(OSError):
        sys.stderr.write(one_line(text) + "\n")


def draw(drawing: RenderableType) -> None:
    """A table or text of rich on standard output, as wide as the terminal; its cells have been through `clean`."""
    from rich.console import Console  # not at the top: every command loads this module, few draw

    with _reader_may_go():
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


def many(number: int, one: str, more: str = "") -> str:
    """A number and the word for one of them -> both, in the plural where that is meant: `more`, or the word with an s."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def reason(rule: str, words: str, most: int = 160) -> str:
    """A rule and the words that it goes by -> both for a person; a figure stands without quotes."""
    said = words[:most] if not any(map(str.isalpha, words)) else f"“{words[:most]}”"
    return f"{rule}: {said}" if words else rule


def weighed(evidence: Iterable[Evidence]) -> list[str]:
    """Evidence -> lines, what speaks most against an article first."""
    heaviest = sorted(evidence, key=lambda each: -each.weight)
    lines = [f"evidence   {each.weight:+.2f} {reason(each.rule, each.words)}" for each in heaviest]
    return [*lines, "           (above 0 speaks against an article, below 0 for one)"] if lines else []


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
