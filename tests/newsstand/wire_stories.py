"""The hand-written stories in stories/*.txt -> Story records.

A file holds stories one after the other: a line `=== key`, lines `field: value`, an empty line, then the text with an
empty line between its passages. A passage of lines with `- ` is a list, `## ` a heading, `> ` a quote.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from storage.records import Block, BlockKind

FOLDER = Path(__file__).parent / "stories"
# A Monday; every time that the newsstand prints is counted back from it.
BASE = dt.datetime(2026, 3, 2, 6, 0, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A wire story. `headlines` by outlet, the wire's own under "menafn"; `correction` is (wrong, right) words."""

    key: str
    headlines: dict[str, str] = field(hash=False)
    section: str
    place: str
    author: str
    language: str
    published: dt.datetime
    blocks: tuple[Block, ...]
    correction: tuple[str, str] | None = None

    def corrected(self) -> tuple[Block, ...]:
        """The blocks with the wrong figure replaced by the right one."""
        assert self.correction is not None, f"{self.key} has no correction"
        wrong, right = self.correction
        return tuple(Block(kind=b.kind, text=b.text.replace(wrong, right)) for b in self.blocks)


@cache
def stories() -> dict[str, Story]:
    """All stories by key, newest first; each was published 97 minutes before the one above it."""
    found: dict[str, Story] = {}
    for path in sorted(FOLDER.glob("*.txt")):
        for chunk in path.read_text(encoding="utf-8").split("=== ")[1:]:
            head, _, text = chunk.partition("\n\n")
            key, *lines = head.split("\n")
            fields = dict(line.split(": ", 1) for line in lines)
            found[key] = _story(key, fields, text, BASE - dt.timedelta(minutes=97 * (len(found) + 1)))
    return found


def _story(key: str, fields: dict[str, str], text: str, published: dt.datetime) -> Story:
    wrong, arrow, right = fields.get("correct", "").partition(" => ")
    headlines = {"menafn": fields["headline"]}
    headlines |= {name: fields.get(name, fields["headline"]) for name in ("courier", "gazette")}
    return Story(
        key=key,
        headlines=headlines,
        section=fields["section"],
        place=fields["place"],
        author=fields["author"],
        language=fields.get("language", "en"),
        published=published,
        blocks=tuple(_block(passage) for passage in text.strip().split("\n\n")),
        correction=(wrong, right) if arrow else None,
    )


def _block(passage: str) -> Block:
    for mark, kind in (("## ", BlockKind.HEADING), ("- ", BlockKind.LIST), ("> ", BlockKind.QUOTE)):
        if passage.startswith(mark):
            return Block(kind=kind, text="\n".join(line.removeprefix(mark) for line in passage.split("\n")))
    return Block(kind=BlockKind.PARAGRAPH, text=passage)
