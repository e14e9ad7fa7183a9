"""A page and a request -> the response: HTML by its template, or JSON. Faults become pages that say what to do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from datasette.app import Datasette
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Request, Response

from storage.views.browse.pages import Page
from storage.views.browse.site import Asked, AskedWrongly, Data, NotThere, Site

PATIENCE_MS = 5_000
"""Milliseconds that a page may take to be read."""


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
