"""A site -> datasette with our pages, read-only.

What datasette would serve beside them (tables, files, SQL, its own tools) is not reachable: the gate lets only the
addresses of PAGES, the questions and the style sheet through, and only for reading. Its connections are taken anew when
a rebuilt catalogue has taken the place of the file. Faults become pages that say what to do.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import pm
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Request, Response

from storage.views.browse.pages import PAGES, QUESTIONS, Page
from storage.views.browse.site import Asked, AskedWrongly, Data, NotThere, Site
from storage.views.plots import drawing

NAME = "catalogue"
THREADS = 3
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_OURS = (rf"/{NAME}/(?:{'|'.join(QUESTIONS)})(?:\.json|\.csv)?", r"/static/(?:site\.css|icon\.svg)")
_LET_THROUGH = tuple(map(re.compile, (*(page.address for page in PAGES), *_OURS)))
_SETTINGS = {
    "default_allow_sql": False,
    "allow_download": False,
    "allow_facet": False,
    "suggest_facets": False,
    "allow_csv_stream": False,
    "default_cache_ttl": 0,
    "num_sql_threads": THREADS,
    "sql_time_limit_ms": 5_000,
    "truncate_cells_html": 200,
}
Scope = Mapping[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Any, Send], Awaitable[None]]


class Server:
    """A site on datasette. `app` is the ASGI application; `close` ends threads and connections."""

    __name__ = "cleancopy"  # datasette lists its plugins by it

    def __init__(self, site: Site, hosts: frozenset[str] | None) -> None:
        """`hosts`: names under which the site may be asked for (without port), so that no page of the web can reach it
        through a name that points here; None for any."""
        folder = Path(__file__).parent
        self.site, self.hosts = site, hosts
        self.inode: tuple[int, int] | None = None
        self.datasette = Datasette(
            files=[],
            settings=_SETTINGS,
            template_dir=str(folder / "templates"),
            static_mounts=[("static", str(folder / "static"))],
            memory=False,
        )
        self.datasette.remove_database("_memory")
        self._take_file()
        pm.register(self)
        self.app: App = self.datasette.app()

    def close(self) -> None:
        """End threads and connections."""
        pm.unregister(self)
        self.datasette.executor.shutdown(wait=True)
        for database in self.datasette.databases.values():
            database.close()

    def _take_file(self) -> None:
        """Read from the file that lies under the catalogue's name now."""
        found = self.site.catalogue.stat()
        if (found.st_dev, found.st_ino) == self.inode:
            return
        if self.inode is not None:
            old, executor = self.datasette.databases[NAME], self.datasette.executor
            self.datasette.executor = ThreadPoolExecutor(max_workers=THREADS)
            self.datasette.remove_database(NAME)
            threading.Thread(target=_retire, args=(executor, old)).start()
        self.inode = (found.st_dev, found.st_ino)
        self.datasette.add_database(Database(self.datasette, path=str(self.site.catalogue), is_mutable=True), name=NAME)

    @hookimpl  # type: ignore[untyped-decorator]
    def asgi_wrapper(self, datasette: Datasette) -> Callable[[App], App]:
        """The gate before everything."""
        return self._gate if datasette is self.datasette else lambda app: app

    def _gate(self, app: App) -> App:
        async def gate(scope: Scope, receive: Any, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            refused = self._refused(scope)
            if refused is not None:
                await _tell(send, *refused)
                return
            try:
                self._take_file()
            except OSError as error:
                await _tell(send, 503, f"The catalogue is not there ({error.strerror}).")
                return

            async def guarded(message: Mapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    ours = {name.lower().encode() for name in HEADERS}
                    kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
                    message = {**message, "headers": [*kept, *_headers()]}
                await send(message)

            await app(scope, receive, guarded)

        return gate

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """A request -> status and line with which it is refused; None when it is let through."""
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "This site is read-only."
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
        if self.hosts is not None and re.sub(r":\d+$", "", host) not in self.hosts:
            return 421, "This site answers on localhost only."
        if b"_timelimit" in scope["query_string"]:  # datasette's own option: not for everybody, and no number breaks it
            return 400, "How long a question may take is not yours to say."
        if not any(pattern.fullmatch(scope["path"]) for pattern in _LET_THROUGH):
            return 404, "There is no such page."
        return None

    @hookimpl  # type: ignore[untyped-decorator]
    def register_routes(self, datasette: Datasette) -> list[tuple[str, Any]]:
        """Our pages, before datasette's own."""
        if datasette is not self.datasette:
            return []
        return [(f"^{page.address}$", answer(self.site, page, datasette, NAME)) for page in PAGES]

    @hookimpl  # type: ignore[untyped-decorator]
    def canned_queries(self, datasette: Datasette, database: str) -> dict[str, Any]:
        """The questions."""
        return dict(QUESTIONS) if datasette is self.datasette and database == NAME else {}

    @hookimpl  # type: ignore[untyped-decorator]
    def prepare_jinja2_environment(self, env: Any, datasette: Datasette) -> None:
        """What our templates use; every text of strangers passes `plain`."""
        if datasette is self.datasette:
            drawing(env)

    @hookimpl  # type: ignore[untyped-decorator]
    def prepare_connection(self, conn: sqlite3.Connection, database: str, datasette: Datasette) -> None:
        """A writer at work is waited for, and nothing can be written."""
        if datasette is self.datasette and database == NAME:
            conn.execute("pragma busy_timeout = 5000")
            conn.execute("pragma query_only = on")
            conn.execute("pragma cache_size = -16384")


def _retire(executor: ThreadPoolExecutor, database: Database) -> None:
    """Let those who read finish, then let the old file go."""
    executor.shutdown(wait=True)
    database.close()


async def _tell(send: Send, status: int, line: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_headers()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": line.encode() + b"\n"})


def _headers() -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


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
            told = json.dumps(_without_pictures(data), ensure_ascii=False, indent=1)
            return Response(told, status, content_type="application/json; charset=utf-8")
        context = {**data, "site": site, "path": request.path, "args": args}
        return Response.html(await datasette.render_template(template, context, request=request), status)

    return view


def _fault(error: sqlite3.OperationalError) -> str:
    if str(error) == "interrupted":
        return f"This took longer than {PATIENCE_MS // 1000} seconds. Ask for less: rarer words, one outlet, fewer days."
    return f"The catalogue cannot be read ({error})."


def _without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_pictures(each) for key, each in value.items() if not str(key).startswith("_")}
    if isinstance(value, (list, tuple)):
        return [_without_pictures(each) for each in value]
    return value
