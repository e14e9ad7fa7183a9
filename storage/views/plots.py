"""Numbers -> small pictures as SVG text: no script, no style attribute, nothing from elsewhere. Pure.

Colours come from the page's style sheet by class; every bar says its value to whoever points at it, and the picture as a
whole says in words what it shows. And what templates use: filters, and a last look at every text of strangers that they put out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment
from markupsafe import Markup

from storage.catalogue.runs import WELL
from storage.views.export import language_tag

_ROW = 26
_LEFT = 150
_WIDE = 720


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point of a timeline: its row, its time (ISO 8601), what it is in words, and whether it stands out."""

    row: str
    at: str
    says: str
    chosen: bool = False


def bars(values: Mapping[str, float], says: str, *, percent: bool = False, width: int = 240, height: int = 40) -> str:
    """Name -> value, in order -> bars from the ground, the highest as high as the picture; in per cent, 1 is the top."""
    top = 1.0 if percent else max(values.values(), default=0) or 1
    step = width / max(1, len(values))
    drawn = []
    for place, (name, value) in enumerate(values.items()):
        tall = round((height - 2) * min(value, top) / top, 1)
        shown = f"{value:.0%}" if percent else f"{value:g}"
        drawn.append(
            f'<rect class="{"bar" if value else "none"}" x="{place * step + 0.5:.1f}" y="{height - max(tall, 1)}" '
            f'width="{max(1, step - 1):.1f}" height="{max(tall, 1)}"><title>{escape(name)}: {shown}</title></rect>'
        )
    return _svg("bars", says + _ends(values, percent), width, height, "".join(drawn))


def _ends(values: Mapping[str, float], percent: bool) -> str:
    """What a picture of bars says in words: the last value and the highest."""
    if not values:
        return ": nothing"
    last, most = list(values)[-1], max(values, key=lambda name: values[name])
    return ": " + ", ".join(
        f"{name} {values[name]:.0%}" if percent else f"{name} {values[name]:g}" for name in dict.fromkeys((most, last))
    )


def timeline(dots: Sequence[Dot], says: str) -> str:
    """Points -> one line a row, first seen on top, time to the right; '' for none."""
    placed = [(dot, at) for dot in dots if (at := _time(dot.at)) is not None]
    if not placed:
        return ""
    first, last = min(at for _, at in placed), max(at for _, at in placed)
    span = (last - first).total_seconds() or 1
    rows = list(dict.fromkeys(dot.row for dot, _ in sorted(placed, key=lambda each: each[1])))
    height = _ROW * len(rows) + 22
    drawn = []
    for place, row in enumerate(rows):
        y = _ROW * place + _ROW / 2
        drawn.append(f'<line class="rule" x1="{_LEFT}" x2="{_WIDE - 10}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<text class="label" x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(row[:22])}</text>')
    for dot, at in placed:
        x = _LEFT + 8 + (_WIDE - _LEFT - 26) * (at - first).total_seconds() / span
        y = _ROW * rows.index(dot.row) + _ROW / 2
        drawn.append(
            f'<circle class="{"dot chosen" if dot.chosen else "dot"}" cx="{x:.1f}" cy="{y}" r="{7 if dot.chosen else 5}">'
            f"<title>{escape(dot.says)}</title></circle>"
        )
    form = "%H:%M" if first.date() == last.date() else "%Y-%m-%d %H:%M"
    drawn.append(f'<text class="label" x="{_LEFT}" y="{height - 5}">{first:{form}}</text>')
    drawn.append(f'<text class="label" x="{_WIDE - 10}" y="{height - 5}" text-anchor="end">{last:{form}} UTC</text>')
    return _svg("timeline", says, _WIDE, height, "".join(drawn))


def _time(stamp: str) -> dt.datetime | None:
    try:
        time = dt.datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def _svg(kind: str, says: str, width: int, height: int, inside: str) -> str:
    said = escape(says, quote=True)
    fill = ' preserveAspectRatio="none"' if kind == "bars" else ""
    return f'<svg class="{kind}" viewBox="0 0 {width} {height}"{fill} role="img" aria-label="{said}">{inside}</svg>'


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def drawing(env: Environment) -> None:
    """What templates use: filters, and `plain` on everything that is put out."""
    env.finalize = plain
    env.filters |= {
        "link": link,
        "language": lambda value: language_tag(value) or "",
        "percent": lambda share: "–" if share is None else f"{share:.0%}",
        "when": lambda stamp: (stamp or "")[:16].replace("T", " "),
        "picture": Markup,
        "size": size,
        "lines": lambda text: [line for line in text.split("\n") if line.strip()],
    }
    env.globals |= {"with_args": with_args, "well": WELL}


def plain(value: Any) -> Any:
    """What a template puts out -> the same; in text, characters that steer what is shown become visible ones."""
    if value is None:
        return ""
    if isinstance(value, str) and _CONTROL.search(value):
        shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value)
        return Markup(shown) if isinstance(value, Markup) else shown
    return value


def link(url: str | None) -> str:
    """A stranger's address -> it when it is a page's, else ''."""
    try:
        return url if url and urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def size(count: float) -> str:
    """Bytes -> as a person says it."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            break
        count, unit = count / 1000, "TB" if unit == "GB" else unit
    return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"


def with_args(args: dict[str, str], **changed: object) -> str:
    """The query of a page and what is to be other in it -> the query; None takes a word out."""
    found = {**args, **changed}
    return urlencode({key: str(value) for key, value in found.items() if value is not None})
