"""Units of a page -> a column of numbers each: what the block model looks at.

Names say what is measured; sizes are characters, scaled up for scripts that say more with each (Chinese, Japanese,
Korean, Thai). No feature is the name of a site, a language, or a word of the text, and none is the size of the page.

Boxes come parents before children, so the boxes inside a box follow it: sums over a box are differences of running sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines import wording
from pipelines.blocks import ABOVE, BIT, GROUPS, Box, Unit
from pipelines.wording import Said, worded

Index = NDArray[np.int64]
Marks = NDArray[np.bool_]

_LEVELS = 5  # boxes of a unit, its own and those above it, whose sums are looked at
_NO_DIGITS = str.maketrans("", "", "0123456789")
_SINCE, _CORES, _LOOKS = ("h1", "title"), ("core", "best"), ("path", "sibling")
_HOLDERS = ("listed", "item", "quoted", "row")
_AROUND = (
    *(f"up{level}_{name}" for level in range(_LEVELS) for name in ("share", "links", "running", "solid", "mean")),
    *(f"{holder}_{name}" for holder in _HOLDERS for name in ("size", "links", "units")),
    "depth", "position", "before_share", "running_before_share",
    *(name for since in _SINCE for name in (f"after_{since}", f"running_since_{since}")),
    *(f"{core}_{name}" for core in _CORES for name in ("up", "down", "from_first", "from_last", "share")),
    *(f"{look}_{name}" for look in _LOOKS for name in ("count", "mean", "links", "running")),
)  # fmt: skip


class Frame(NamedTuple):
    """The boxes as columns: `box` is the index of each unit's box; `end` is the index behind the last box inside a box;
    `parent` has 0 where there is none; `held` are the indexes of the boxes of _HOLDERS. `columns`: those of Box."""

    columns: tuple[tuple[Any, ...], ...]
    box: Index
    parent: Index
    end: Index
    depth: Index
    held: Index


def framed(boxes: Sequence[Box], box: Sequence[int]) -> Frame:
    """Boxes, and the index of the box of each unit -> Frame."""
    m = len(boxes)
    columns = tuple(zip(*boxes, strict=True))
    up = (0, *columns[2][1:])  # the first box is the root, above all others
    end = list(range(1, m + 1))
    for index in range(m - 1, 0, -1):
        above = up[index]
        if end[index] > end[above]:
            end[above] = end[index]
    parent, depth, *held = (np.fromiter(column, np.int64, m) for column in (up, columns[5], *columns[7:]))
    return Frame(columns, np.array(box, dtype=np.int64), parent, np.array(end, dtype=np.int64), depth, np.stack(held))


def placed(frame: Frame, size: Column, linked: Column, running: Column, apart: Marks, firsts: Sequence[int]) -> Column:
    """Frame, the units' characters, those in links and those of running text, the units that stand in what is never the
    story, and the indexes of the first h1 and of the first unit that says the title (-1: none) -> rows of _AROUND."""
    n, m = len(size), len(frame.end)
    weights = (size, linked, running, np.ones(n))
    direct = np.stack([np.bincount(frame.box, weights=each, minlength=m) for each in weights])
    sums = _inside(direct, frame)
    whole, ran = max(float(size.sum()), 1.0), max(float(running.sum()), 1.0)
    rows = np.empty((len(_AROUND), n))
    at = np.empty((_LEVELS, n), np.int64)
    at[0] = frame.box
    for level in range(1, _LEVELS):
        at[level] = frame.parent[at[level - 1]]
    all_, links, runs, count = sums[:, at]
    levels, most = rows[: 5 * _LEVELS].reshape(_LEVELS, 5, n), np.maximum(all_, 1)
    levels[:, 0], levels[:, 1], levels[:, 2] = all_ / whole, links / most, runs / ran
    levels[:, 3], levels[:, 4] = runs / most, all_ / np.maximum(count, 1)
    row = 5 * _LEVELS
    rows[row : row + 3 * len(_HOLDERS)] = _held(frame, sums)
    row += 3 * len(_HOLDERS)
    before = np.cumsum(running) - running
    rows[row] = frame.depth[frame.box]
    rows[row + 1] = (np.arange(n) + 0.5) / n
    rows[row + 2] = (np.cumsum(size) - size) / whole
    rows[row + 3] = before / ran
    row += 4
    for first in firsts:
        rows[row], rows[row + 1] = (np.arange(n) - float(first), before - before[first]) if first >= 0 else (-999.0, -1.0)
        row += 2
    _cores(frame, np.where(apart, 0.0, running), rows[row : row + 5 * len(_CORES)])
    _looks(frame, size, linked, running, rows[row + 5 * len(_CORES) :])
    return rows


def _inside(direct: Column, frame: Frame) -> Column:
    """What each box holds itself, in its last axis -> what it holds with all boxes inside it."""
    total = np.zeros((*direct.shape[:-1], direct.shape[-1] + 1))
    np.cumsum(direct, axis=-1, out=total[..., 1:])
    return np.asarray(total[..., frame.end] - total[..., :-1])


def _held(frame: Frame, sums: Column) -> Column:
    """The list, list item, quote and table row around each unit: how long they are, how linked, how many units; -1: none."""
    n = len(frame.box)
    of = frame.held[:, frame.box]
    all_, links, _, count = sums[:, np.maximum(of, 0)]
    found = np.empty((len(_HOLDERS), 3, n))
    found[:, 0], found[:, 1], found[:, 2] = all_, links / np.maximum(all_, 1), count
    found[np.broadcast_to((of < 0)[:, None], found.shape)] = -1
    return found.reshape(3 * len(_HOLDERS), n)


def _cores(frame: Frame, running: Column, rows: Column) -> None:
    """Into rows: where the running text is densest: the chain of boxes that hold most of it, and the best parent."""
    n, m = len(running), len(frame.end)
    own = np.bincount(frame.box, weights=running, minlength=m)
    mass, up = _inside(own, frame).tolist(), frame.parent.tolist()
    score, core = [0.0] * m, 0
    for index in np.flatnonzero(own).tolist():
        score[up[index]] += own[index]
        if up[index]:
            score[up[up[index]]] += own[index] / 2
    chain = {0}
    for index in range(1, m):
        if up[index] in chain and mass[index] > 0 and mass[index] >= 0.7 * mass[up[index]]:
            chain.add(index)
            core = index
    total = max(mass[0], 1)
    at = np.arange(n)
    for first_row, top in ((0, core), (5, max(range(m), key=score.__getitem__))):
        met = _met(frame, top)[frame.box]
        rows[first_row] = above = frame.depth[top] - met
        rows[first_row + 1] = frame.depth[frame.box] - met
        where = np.flatnonzero((above == 0) & (running > 0))
        first, last = (where[0], where[-1]) if len(where) else (0, n - 1)
        rows[first_row + 2] = at - float(first)
        rows[first_row + 3] = at - float(last)
        rows[first_row + 4] = mass[top] / total


def _met(frame: Frame, top: int) -> Index:
    """Index of a box -> for each box, the depth of the innermost box that holds both."""
    met, path = np.zeros(len(frame.end), np.int64), [top]
    while path[-1]:
        path.append(int(frame.parent[path[-1]]))
    for index in reversed(path):
        met[index : frame.end[index]] = frame.depth[index]
    return met


@lru_cache(maxsize=1 << 13)
def _undigited(names: str) -> str:
    return names.translate(_NO_DIGITS)


def _looks(frame: Frame, size: Column, linked: Column, running: Column, rows: Column) -> None:
    """Into rows: units that look the same in the markup: how many, how long, how linked, their share of running text."""
    tags, names = (_numbered(frame.columns[column], fold) for column, fold in ((1, str), (3, _undigited)))
    path = (tags << 42) + (names << 21) + names[frame.parent]
    sibling = (tags << 42) + frame.parent
    total = max(running.sum(), 1)
    for row, signature in ((0, path), (4, sibling)):
        of = _numbered(signature[frame.box].tolist(), int)
        counts, sizes = np.bincount(of), np.bincount(of, weights=size)
        looks = np.stack((
            counts, sizes / counts, np.bincount(of, weights=linked) / np.maximum(sizes, 1),
            np.bincount(of, weights=running) / total,
        ))  # fmt: skip
        rows[row : row + 4] = looks[:, of]


def _numbered(values: Sequence[Any], folded: Callable[[Any], object]) -> Index:
    """Values -> numbers, the same for values that are the same when folded."""
    known: dict[object, int] = {}
    number = {value: known.setdefault(folded(value), len(known)) for value in set(values)}
    return np.array([number[value] for value in values], dtype=np.int64)


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
    *_AROUND,
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
    row, below = below, below + len(_AROUND)
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
