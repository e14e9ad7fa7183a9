"""Units of a page -> a column of numbers each: what the block model looks at.

Names say what is measured; sizes are characters, scaled up for scripts that say more with each (Chinese, Japanese,
Korean, Thai). No feature is the name of a site, a language, or a word of the text, and none is the size of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines import surroundings, wording
from pipelines.blocks import ABOVE, BIT, GROUPS, Box, Unit
from pipelines.surroundings import Frame, framed, placed
from pipelines.wording import Said, worded

Column = NDArray[Any]
Table = NDArray[np.float32]

_NEAR = 3  # boxes above the own one whose names count as near
_TAGS = {
    tag: index
    for index, row in enumerate((
        "p", "h1", "h2", "h3", "h4 h5 h6", "li", "td th caption", "div", "figcaption", "pre", "dd dt", "section",
        "article main", "a span b strong label button summary", "body html center",
    ))
    for tag in row.split()
}  # fmt: skip
_OF_STORY = BIT["body"] | BIT["article"] | BIT["content"] | BIT["title"] | BIT["lead"] | BIT["live"]
_NEVER_STORY = BIT["comment"] | BIT["consent"] | BIT["overlay"] | BIT["nav"] | BIT["footer"] | BIT["newsletter"]
_NEVER_UNDER = sum(1 << ABOVE.index(tag) for tag in ("nav", "footer", "button"))
_WATCHED = ("size", "link_density", "ends_sentence", "tag", "core_up", "best_up", "running")
_SIDES = (("prev2", 0), ("prev1", 1), ("next1", 3), ("next2", 4))
_REACHES = (5, 12)

NAMES = (
    *wording.NAMES,
    "tag", *(f"under_{tag}" for tag in ABOVE), *(f"{level}_{group}" for level in ("own", "near", "any") for group in GROUPS),
    *surroundings.NAMES,
    *(f"{name}_{side}" for side, _ in _SIDES for name in _WATCHED),
    *(f"running_{side}_{reach}" for reach in _REACHES for side in ("prev", "next")),
)  # fmt: skip
PLACE = {name: index for index, name in enumerate(NAMES)}
"""Name of a feature -> its row in a table."""


class Features(NamedTuple):
    """`table`: a row for each of NAMES, a column for each unit; `words`: the folded words of a unit, where they were read."""

    table: Table
    words: Sequence[Sequence[str] | None]


def features(units: Sequence[Unit], boxes: Sequence[Box], said: Said) -> Features:
    """Units, boxes and what is said elsewhere -> Features."""
    table = np.empty((len(NAMES), len(units)), np.float32)
    frame = framed(boxes, [unit.box for unit in units])
    words = worded(units, boxes, said)
    row = len(wording.NAMES)
    table[:row] = words.rows
    size, density, hidden, running = (words.rows[PLACE[name]] for name in ("size", "link_density", "hidden", "running"))
    tags = np.array([_TAGS.get(tag, 15) for tag in frame.columns[1]])[frame.box]
    firsts = [_first((tags == _TAGS["h1"]) & (hidden == 0)), _first(words.titled)]
    headline = next((first for first in firsts if first >= 0), -1)
    table[row] = tags
    below = row + 1 + len(ABOVE) + 3 * len(GROUPS)
    apart = _named(frame, int(frame.box[headline]) if headline >= 0 else -1, table[row + 1 : below])
    row, below = below, below + len(surroundings.NAMES)
    table[row:below] = placed(frame, size, size * density, running, apart, firsts)
    _neighbours(table, running, table[below:])
    return Features(table, words.words)


def _first(found: Column) -> int:
    """Marks of units -> index of the first marked one, -1 without one."""
    return int(found.argmax()) if found.any() else -1


def _named(frame: Frame, headline: int, rows: Table) -> NDArray[np.bool_]:
    """Into rows: what the elements around a unit are, and what they are called. `headline`: the box of the headline.

    -> whether each unit stands in what is never the story.
    """
    box = frame.box
    _, _, parents, _, names, _, aboves, *_ = frame.columns
    above = np.array(aboves)[box]
    rows[: len(ABOVE)] = above >> np.arange(len(ABOVE))[:, None] & 1
    own = list(names)
    # What holds the headline is no comment thread, banner or sidebar, whatever it is called.
    while headline >= 0:
        own[headline] &= _OF_STORY
        headline = parents[headline]
    every = own[:1]
    for mask, up in zip(own[1:], parents[1:], strict=True):
        every.append(mask | every[up])
    masks = np.array((own, own, every))
    near, at = masks[1], frame.parent
    for _ in range(_NEAR):
        near |= masks[0][at]
        at = frame.parent[at]
    masks = masks[:, box]
    rows[len(ABOVE) :] = (masks[:, None] >> np.arange(len(GROUPS))[:, None] & 1).reshape(-1, len(box))
    return np.asarray((masks[2] & _NEVER_STORY != 0) | (above & _NEVER_UNDER != 0))


_WATCHED_ROWS = [PLACE[name] for name in _WATCHED]


def _neighbours(table: Table, running: Column, rows: Table) -> None:
    """Into rows: what stands before and after: the watched features of two units each way, running text farther off."""
    n, many = table.shape[1], len(_WATCHED)
    padded = np.full((many, n + 4), -1.0, np.float32)
    padded[:, 2 : n + 2] = table[_WATCHED_ROWS]
    for index, (_, start) in enumerate(_SIDES):
        rows[many * index : many * (index + 1)] = padded[:, start : start + n]
    total = np.concatenate(([0.0], np.cumsum(running)))
    at, row = np.arange(n), many * len(_SIDES)
    for reach in _REACHES:
        rows[row] = total[at] - total[np.maximum(at - reach, 0)]
        rows[row + 1] = total[np.minimum(at + 1 + reach, n)] - total[at + 1]
        row += 2
