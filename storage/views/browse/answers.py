"""A page and a request -> the response: HTML by its template, or JSON. Faults become pages that say what to do."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from datasette.app import Datasette
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Request, Response
from markupsafe import Markup

from storage.views.browse.pages import Page
from storage.views.browse.site import Asked, AskedWrongly, Data, NotThere, Site

PATIENCE_MS = 5_000
"""Milliseconds that a page may take to be read."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def answer(site: Site, page: Page, datasette: Datasette, name: str) -> Callable[..., Awaitable[Response]]:
    """A page of a site -> the view that datasette calls; `name` is the catalogue's in datasette."""

    async def view(request: Request) -> Response:
        parts = {key: value for key, value in request.url_vars.items() if value is not None}
        as_json = parts.pop("form", None) is not None
        args = {key: value for key in request.args if (value := (request.args.get(key) or "").strip())}
        asked = Asked(parts=parts, args=args)

        def build(connection: sqlite3.Connection) -> Data:
            with sqlite_timelimit(connection, PATIENCE_MS):
                return page.build(connection, site, asked)

        status, template = 200, page.template
        try:
            data = await datasette.get_database(name).execute_fn(build)
        except NotThere as error:
            status, template, data = 404, "fault.html", {"fault": str(error)}
        except AskedWrongly as error:
            status, template, data = 400, "fault.html", {"fault": str(error)}
        except sqlite3.OperationalError as error:
            status, template, data = 503, "fault.html", {"fault": _fault(error)}
        if as_json:
            return Response(_json(data), status, content_type="application/json; charset=utf-8")
        context = {**data, "site": site, "path": request.path, "args": args}
        return Response.html(await datasette.render_template(template, context, request=request), status)

    return view


def _fault(error: sqlite3.OperationalError) -> str:
    if str(error) == "interrupted":
        return f"This took longer than {PATIENCE_MS // 1000} seconds. Ask for less: rarer words, one outlet, fewer days."
    return f"The catalogue cannot be read ({error})."


def _json(data: Data) -> str:
    return json.dumps(_without_pictures(data), ensure_ascii=False, indent=1)


def _without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_pictures(each) for key, each in value.items() if not str(key).startswith("_")}
    if isinstance(value, (list, tuple)):
        return [_without_pictures(each) for each in value]
    return value


def drawing(env: Any) -> None:
    """What templates use: filters, and `plain` on everything that is put out."""
    env.finalize = plain
    env.filters |= {
        "link": link,
        "language": lambda value: value if value and _LANGUAGE.fullmatch(value) else "",
        "percent": lambda share: "–" if share is None else f"{share:.0%}",
        "when": lambda stamp: (stamp or "")[:16].replace("T", " "),
        "picture": Markup,
        "size": size,
        "lines": lambda text: [line for line in text.split("\n") if line.strip()],
    }
    env.globals["with_args"] = with_args


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
