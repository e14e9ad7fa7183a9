"""Pages for readers: search, a story, two texts compared, the quarantine and one capture of it. A connection, the site and
what was asked -> what the page shows."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

import sqlite_utils

from storage.archive import ArchiveError
from storage.catalogue.quarantine import Kept, one, quarantined
from storage.catalogue.rulings import UnknownArticle
from storage.catalogue.stories import Member, find
from storage.records import Kind
from storage.views import figures, plots
from storage.views.browse.site import Asked, AskedWrongly, Data, NotThere, Site
from storage.views.search import Snippet, snippet
from storage.views.selection import KINDS, Row, Selection, select
from storage.views.stories import story, text_at

PAGE = 20
_PAGES = 50
_KEPT = 50


def search(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """Stories that have all the words, or all there are, newest first."""
    kind = asked.args.get("kind")
    if kind is not None and kind not in KINDS:
        raise AskedWrongly(f"There is no kind {kind!r}; there are {', '.join(KINDS)}.")
    page = asked.number("page", 1, _PAGES)
    wanted = Selection(
        words=asked.args.get("q"),
        **{name: asked.args.get(name) for name in ("outlet", "language", "provider")},
        since=asked.day("since"),
        until=asked.day("until"),
        kind=kind,
        every="all" in asked.args,
        best="best" in asked.args,
        newest=True,
    )
    found = list(itertools.islice(select(connection, wanted, site.choose), PAGE * (page - 1), PAGE * page + 1))
    return {
        "asked": dict(asked.args),
        "page": page,
        "more": len(found) > PAGE and page < _PAGES,
        "stories": [_found(row, wanted.words or "") for row in found[:PAGE]],
        "choices": {
            "outlet": figures.outlets(connection),
            "provider": figures.providers(connection),
            "language": figures.languages(connection),
            "kind": list(KINDS),
        },
    }


def _found(row: Row, words: str) -> Data:
    fields = asdict(row)
    del fields["text"]
    return {**fields, "snippet": _pieces(snippet(row.text, words))}


def _pieces(found: Snippet) -> Data:
    """A passage -> its pieces, each with whether it was asked for."""
    pieces, last = [], 0
    for start, end in found.marks:
        pieces += [(found.text[last:start], False), (found.text[start:end], True)]
        last = end
    pieces.append((found.text[last:], False))
    return {"pieces": [piece for piece in pieces if piece[0]], "cut": list(found.cut)}


def read(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """An article: text, provenance, versions, its story on other addresses."""
    try:
        shown = story(connection, find(connection, asked.parts["article"]), site.choose)
    except UnknownArticle as error:
        raise NotThere(str(error)) from error
    before = [None, *(version.capture for version in shown.versions)]
    return {
        **asdict(shown),
        "versions": [{**asdict(version), "before": earlier} for version, earlier in zip(shown.versions, before, strict=False)],
        "members": [
            {**asdict(member), "stands": member.article == shown.stands, "here": member.article == shown.article}
            for member in shown.members
        ],
        "_timeline": plots.timeline(_dots(shown.members, shown.stands), f"{len(shown.members)} addresses over time"),
    }


def _dots(members: Sequence[Member], stands: str) -> list[plots.Dot]:
    return [
        plots.Dot(
            row=member.outlet,
            at=member.seen,
            says=f"{member.outlet}, {member.seen[:16].replace('T', ' ')}: {member.headline or '(no headline)'}",
            chosen=member.article == stands,
        )
        for member in members
    ]


def compare(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """Two texts, each the one of an article now or of a capture, word by word."""
    try:
        old, new = (
            text_at(connection, int(word) if len(word) < 20 and word.isdigit() else _newest(connection, word))
            for word in (asked.parts["old"], asked.parts["new"])
        )
    except UnknownArticle as error:
        raise NotThere(str(error)) from error
    return {"old": asdict(old), "new": asdict(new), **site.compare(old.text, new.text)}


def _newest(connection: sqlite3.Connection, words: str) -> int:
    article = find(connection, words)
    row = connection.execute("select capture from articles where article = ? and current = 1", (article,)).fetchone()
    return int(row[0])


def quarantine(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """What was refused, newest first, with the words that decided."""
    kind = asked.args.get("kind")
    if kind is not None and kind not in set(Kind):
        raise AskedWrongly(f"There is no kind {kind!r}.")
    before = asked.number("before", 2**31, 2**31)
    found = quarantined(
        sqlite_utils.Database(connection),
        outlet=asked.args.get("outlet"),
        kind=kind,
        since=asked.day("since"),
        until=asked.day("until"),
        before=before,
        limit=_KEPT + 1,
    )
    return {
        "asked": dict(asked.args),
        "captures": [_refused(kept) for kept in found[:_KEPT]],
        "next": found[_KEPT - 1].sequence if len(found) > _KEPT else None,
        "choices": {"outlet": figures.outlets(connection), "kind": [each.value for each in Kind if each != Kind.ARTICLE]},
    }


def capture(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """One refused capture: every reason, where it lies, and the text that the page showed."""
    kept = one(sqlite_utils.Database(connection), int(asked.parts["capture"]))
    if kept is None:
        raise NotThere(f"There is no capture {asked.parts['capture']}; the quarantine lists what there is.")
    text, unread = "", None
    if kept.address is None:
        unread = "Nothing of it is in the archive."
    else:
        try:
            text = site.shown(kept)
        except (ArchiveError, OSError) as error:
            unread = f"The archive cannot be read here: {error}"
    address = asdict(kept.address) if kept.address else None
    return {**_refused(kept), "source": kept.lead.source, "address": address, "text": text, "unread": unread}


def _refused(kept: Kept) -> Data:
    decided = figures.decided(kept.evidence)
    return {
        "capture": kept.sequence,
        "outlet": kept.lead.outlet,
        "url": kept.url,
        "title": kept.lead.title,
        **{name: getattr(kept, name) for name in ("status", "fetched_at", "outcome", "kind", "error", "superseded_by")},
        "decided": asdict(decided) if decided else None,
        "evidence": [asdict(evidence) for evidence in kept.evidence],
    }
