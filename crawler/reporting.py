"""A report -> tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from crawler.console import clean, draw, many, reason
from storage.views.period import OUTCOMES, Report

_BARS = " ▁▂▃▄▅▆▇█"


def show(told: Report) -> None:
    """A report -> what a person sees: tables as wide as the terminal, plain where there is none."""
    draw(Text(f"{told.since} to {told.last}, days of capture (UTC), {many(told.runs, 'run')}", style="bold"))
    for line in told.broken:
        draw(Text(clean(line), style="bold red"))
    rows = [
        (outlet, *(getattr(day, name) for name in OUTCOMES), day.captures)
        for outlet, day in [*told.sums.items(), ("in all", told.total)]
    ]
    draw(_table("What came in", ("outlet", *OUTCOMES, "captures"), rows))
    draw(Text(f"stories a day  {spark(list(told.stories.values()))}\n"))
    refused = [(each.count, each.outlet, each.kind, reason(each.rule, each.words), each.capture) for each in told.refusals]
    draw(_table("What was refused, and why", ("captures", "outlet", "kind", "what decided", "the newest"), refused))
    names = told.copying.outlets
    copied = [(later, *(told.copying.counts.get((first, later), "") for first in names)) for later in names]
    draw(_table("Who copies whom: the row carried it after the column", ("", *names), copied))
    failed = [(count, outlet, error) for outlet, error, count in told.errors]
    draw(_table("What broke: captures that failed", ("captures", "outlet", "error"), failed))
    ended = [
        (each.started_at[:16], each.outlet, each.reason or "going, or killed", "; ".join(each.notes)) for each in told.ended
    ]
    draw(_table("What broke: runs that ended badly, or had something to say", ("began", "outlet", "ended", "notes"), ended))


def spark(values: Sequence[int]) -> str:
    """Numbers -> a line of bars, the highest full."""
    most = max(values, default=0) or 1
    return "".join(_BARS[0 if not value else 1 + (len(_BARS) - 2) * value // most] for value in values)


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Table | Text:
    found = list(rows)
    if not found:
        return Text(f"{title}: nothing\n")
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for place, head in enumerate(heads):
        table.add_column(Text(head), justify="right" if all(isinstance(row[place], int) for row in found) else "left")
    for row in found:
        table.add_row(*(Text(clean(str(cell))) for cell in row))
    return table
