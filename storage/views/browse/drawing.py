"""What templates use: filters, and a last look at every text of strangers that they put out. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment
from markupsafe import Markup

from storage.catalogue.runs import WELL
from storage.views.export import language_tag

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
