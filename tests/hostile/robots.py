"""robots.txt that fails, wanders, hides its rule or is no robots.txt (34-37)."""

from __future__ import annotations

from tests.hostile.visit import Behaviour, Play, Visit, behaviour, markup, page_path

RULES = b"User-agent: *\nDisallow: /10\n"
RULE_AT = 490 * 1024
SIZE = 600 * 1024


def says(body: bytes, status: str = "200 OK", kind: str = "text/plain") -> dict[str, Play]:
    """A robots.txt."""

    async def play(visit: Visit) -> bool:
        return await visit.reply(body, status=status, kind=kind)

    return {"/robots.txt": play}


async def silent(visit: Visit) -> None:
    """No answer."""
    await visit.hold()


def wandering(hops: int) -> dict[str, Play]:
    """robots.txt behind so many redirects, back and forth between this host and another (`Hostile` sends them back)."""

    async def play(visit: Visit) -> bool:
        at = int(visit.request.target.rpartition("/")[2]) if "/hop/" in visit.request.target else 0
        if at == hops:
            return await visit.reply(RULES, kind="text/plain")
        if at + 1 == hops:
            return await visit.redirect(f"{visit.elsewhere}/rules")
        return await visit.redirect(f"{visit.elsewhere}/hop-to/{visit.here.removeprefix('http://')}/hop/{at + 2}")

    plays: dict[str, Play] = {"/robots.txt": play}
    return plays | {f"/hop/{n}": play for n in range(2, hops + 1, 2)}


def _long() -> bytes:
    filler = b"# a line of a very long robots.txt that somebody's program wrote, of no use to anybody\n"
    before = filler * (RULE_AT // len(filler)) + b"\n" + RULES
    return before + filler * ((SIZE - len(before)) // len(filler))


_WAITS = "fetches nothing from that host, asks again later"
_HTML = markup("Welcome", ["User-agent: * Disallow: / is not what this page is about."]).encode()


def _case(number: int, name: str, does: str, good: str, ends: str, plays: dict[str, Play]) -> Behaviour:
    kept = ends == "kept"
    return behaviour(
        number, name, does, good, ends, None, also=plays, requests=(1, 1) if kept else (0, 1 if "kept" in ends else 0),
        after=False,
        path=page_path(number, name),
    )  # fmt: skip


BEHAVIOURS: tuple[Behaviour, ...] = (
    _case(34, "robots-503", "robots.txt 503", _WAITS, "waiting", says(b"busy", "503 Service Unavailable")),
    _case(34, "robots-silent", "robots.txt is never answered", _WAITS, "waiting", {"/robots.txt": silent}),
    _case(35, "robots-404", "robots.txt 404", "may fetch", "kept", says(b"none", "404 Not Found")),
    _case(
        35, "robots-429", "robots.txt 429", "takes it as unreachable", "waiting kept",
        says(b"slow down", "429 Too Many Requests"),
    ),
    _case(36, "robots-five-hops", "robots.txt behind 5 redirects", "obeys it for the first host", "refused", wandering(5)),
    _case(36, "robots-six-hops", "behind 6", "may count as absent", "kept refused waiting", wandering(6)),
    _case(37, "robots-long", "600 KiB, the rule at 490 KiB", "obeys the rule", "refused", says(_long())),
    _case(37, "robots-html", "an HTML page", "finds no rules", "kept", says(_HTML, kind="text/html")),
    _case(37, "robots-cr", "lines end in CR alone", "reads the lines", "refused", says(RULES.replace(b"\n", b"\r"))),
)  # fmt: skip
