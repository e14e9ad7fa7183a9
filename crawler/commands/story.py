"""scrapy story ID: one story on all its URLs: who carried it first, who cut what, and a word diff of any two."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from scrapy.exceptions import UsageError

from crawler.command import Add, CheckedCommand
from crawler.console import many, table, write, write_json
from crawler.readers import catalogue_to_read
from pipelines.compare import Change, WordDiff, word_diff
from pipelines.dedupe import canonical
from storage.catalogue.stories import Member, find, members, text_of

_SHOWN = 60  # characters of what differs, and of a headline


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A member beside the canonical text: the share of that text that it keeps, the share of its own that is from it,
    and the words that differ."""

    member: Member
    canonical: bool
    keeps: float
    of_own: float
    differs: str


class Command(CheckedCommand):
    """Shows a cluster; nothing is fetched and nothing is written."""

    usage = "[options] ID-or-URL"
    short = "Show one story on all its URLs: who carried it, who cut what"
    long = (
        "ID is the id of an article, its first six digits or more, or its URL. Printed is every article of its cluster, "
        "earliest first, with the share of the canonical text (*) that it keeps and what differs. --diff compares two."
    )

    def options(self, add: Add) -> None:
        add("--diff", action="store_true", help="with two IDs: the second text against the first, by words")
        add("--json", action="store_true", help="print JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != (2 if opts.diff else 1):
            raise UsageError("Write: scrapy story ID, or scrapy story --diff ID ID")
        with catalogue_to_read(self.settings) as database:
            if opts.diff:
                _compare(database.conn, args, opts.json)
            else:
                _show(database.conn, args[0], opts.json)


def _show(connection: sqlite3.Connection, words: str, as_json: bool) -> None:
    cluster, found = members(connection, find(connection, words))
    lines = told(connection, found)
    if as_json:
        write_json({"cluster": cluster, "members": [_fields(line) for line in lines]})
        return
    first = lines[0].member
    write(f"cluster {cluster}: {many(len(lines), 'article')}, first carried by {first.outlet} ({first.seen[:16]})\n")
    write(table([("", "article", "outlet", "time", "kept", "own", "headline", "what differs"), *map(_row, lines)]))
    if lines[1:]:
        write(f"\nTwo of them word by word: scrapy story --diff {lines[0].member.article[:10]} {lines[1].member.article[:10]}")


def told(connection: sqlite3.Connection, found: Sequence[Member]) -> list[Line]:
    """Members -> each beside the canonical text, in the same order."""
    chosen = canonical([(member.seen, member.order, member.length, member.article) for member in found])
    standard = text_of(connection, chosen)
    lines = []
    for member in found:
        diff = word_diff(standard, text_of(connection, member.article))
        keeps, of_own = round(diff.share_of_old, 4), round(diff.share_of_new, 4)
        stands = member.article == chosen
        lines.append(Line(member=member, canonical=stands, keeps=keeps, of_own=of_own, differs=summary(diff)))
    return lines


def summary(diff: WordDiff) -> str:
    """Word diff -> its changes in a line: how many words were cut and added, and the first of them."""
    cut, added = (_words(diff, op) for op in ("delete", "insert"))
    if not cut and not added:
        return ""
    changes = [change for change in diff.changes if change.op != "equal"]
    shown = " ".join(_marked(change) for change in changes)
    return f"-{cut} +{added} words: {_short(shown)}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _words(diff: WordDiff, op: str) -> int:
    return sum(len(change.words.split()) for change in diff.changes if change.op == op)


def _marked(change: Change) -> str:
    return {"delete": f"[-{change.words}-]", "insert": f"{{+{change.words}+}}"}.get(change.op, change.words)


def _compare(connection: sqlite3.Connection, args: Sequence[str], as_json: bool) -> None:
    one, other = (find(connection, words) for words in args)
    diff = word_diff(text_of(connection, one), text_of(connection, other))
    if as_json:
        write_json({"old": one, "new": other, **asdict(diff)})
        return
    write(f"[-only in {one}-] {{+only in {other}+}}")
    write(f"{diff.share_of_old:.1%} of the first stands in the second, {diff.share_of_new:.1%} of the second in the first\n")
    write(" ".join(map(_marked, diff.changes)))


def _row(line: Line) -> tuple[object, ...]:
    member = line.member
    differs = line.differs + (f" ({many(member.revisions, 'revision')})" if member.revisions > 1 else "")
    return (
        "*" if line.canonical else "",
        member.article[:10],
        member.outlet,
        member.seen[:16],
        f"{line.keeps:.0%}",
        f"{line.of_own:.0%}",
        _short(member.headline or ""),
        differs + (" (by a person)" if member.ruled else ""),
    )


def _fields(line: Line) -> dict[str, object]:
    fields = asdict(line)
    return {**fields.pop("member"), **fields}
