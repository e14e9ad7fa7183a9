"""A report -> one page that needs nothing beside it. Apart from the report, because templates take a while to load."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from storage.views import plots
from storage.views.figures import Day
from storage.views.period import OUTCOMES, Report
from storage.views.plots import drawing

_FOLDER = Path(__file__).parent / "browse"


def as_html(told: Report, archive: str, now: dt.datetime) -> str:
    """A report -> one page that needs nothing beside it: opens from a file, without script and without network."""
    environment = Environment(loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, trim_blocks=True)
    drawing(environment)
    counts = told.copying.counts
    most = max(counts.values(), default=1)
    return environment.get_template("report.html").render(
        report=told,
        archive=archive,
        now=now,
        style=(_FOLDER / "static" / "site.css").read_text(encoding="utf-8"),
        outcomes=OUTCOMES,
        heat={pair: 1 + 3 * (count - 1) // max(1, most - 1) if most > 1 else 1 for pair, count in counts.items()},
        chart=plots.bars({day: float(count) for day, count in told.stories.items()}, "Stories a day", width=720, height=120),
        charts={outlet: _outcomes(day) for outlet, day in told.sums.items()},
    )


def _outcomes(day: Day) -> str:
    values = {name: float(getattr(day, name)) for name in OUTCOMES}
    return plots.bars(values, f"{day.outlet}, captures by outcome", width=120, height=30)
