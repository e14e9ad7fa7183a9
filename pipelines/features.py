"""Units of a page -> one row of numbers each: what the block model looks at.

Names say what is measured; sizes are characters, scaled up for scripts that say more with each (Chinese, Japanese,
Korean, Thai). No feature is the name of a site, a language, or a word of the text, and none is the size of the page.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.blocks import ABOVE, Box, Unit
from pipelines.classwords import BIT, GROUPS
from pipelines.said import Likeness, Said, tokens

Column = NDArray[Any]
Index = NDArray[np.int64]
Columns = dict[str, Column]

RUNNING = 80  # size from which an unlinked unit counts as running text
_NEAR = 3  # boxes above the own one whose names count as near

_WORD = re.compile(r"\w+")
_DENSE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ENDS = frozenset(".!?…。！？؟।۔\"”»’')]」』")
_NO_DIGITS = str.maketrans("", "", "0123456789")
_DATE = re.compile(r"\d(?:\d{0,3}[./-]\d{1,2}[./-]\d\d|\d?:\d\d|年)|(?:19|20)\d\d(?!\d)")
_MARKS = re.compile(r"[|•›»©→▶►✓·]")
_STOPS = re.compile(r"[.!?؟।۔](?=\s|$|[\"”»])|[。！？]")
_TAGS = {
    tag: index
    for index, row in enumerate((
        "p", "h1", "h2", "h3", "h4 h5 h6", "li", "td th caption", "div", "figcaption", "pre", "dd dt", "section",
        "article main", "a span b strong label button summary", "body html center",
    ))
    for tag in row.split()
}  # fmt: skip
_INLINE = {"a": 1, "b": 2, "strong": 2, "em": 3, "i": 3, "span": 4, "font": 5, "small": 6}
_TEXT = (
    "words", "word_size", "ends_sentence", "ends_colon", "ends_ellipsis", "uppers", "digits", "commas", "sentences",
    "questions", "has_date", "has_address", "marks", "first_lower", "first_bullet", "first_quote", "title_in",
    "in_title", "in_description", "description_in", "in_body", "wrapped",
)  # fmt: skip


def features(units: list[Unit], boxes: list[Box], said: Said) -> Columns:
    """Units, boxes and what is said elsewhere -> name of each feature -> its value for every unit."""
    columns: Columns = {}
    box = np.array([unit.box for unit in units], dtype=np.int64)
    _texts(units, boxes, said, columns)
    apart = _names(boxes, box, columns)
    _places(boxes, box, apart, columns)
    _paths(boxes, box, columns)
    _neighbours(columns)
    return columns


def _texts(units: list[Unit], boxes: list[Box], said: Said, columns: Columns) -> None:
    page = "".join([unit.text for unit in units])
    factor = 1 + 1.5 * len(_DENSE.findall(page)) / max(len(page), 1)
    length = np.array([len(unit.text) for unit in units], dtype=float)
    density = np.minimum(np.array([unit.linked for unit in units]) / length, 1.0)
    hidden = np.array([unit.hidden for unit in units], dtype=float)
    size = length * factor
    running = (size >= RUNNING) & (density < 0.35) & (hidden == 0)
    # Most units are short links; their words are not looked at.
    plain = (density > 0.8) & (size < 100)
    like = Likeness(said)
    rows, words_of, keys = [], list[set[str]](), []
    for unit, skip in zip(units, plain.tolist(), strict=True):
        if skip:
            words_of.append(_NO_WORDS)
            keys.append(unit.text)
            continue
        words = tokens(unit.text)
        distinct = set(words)
        rows.append((*_shape(unit.text, len(words)), *like.row(words, distinct), _wrap(boxes[unit.box].element)))
        words_of.append({word for word in distinct if len(word) > 3})
        keys.append(" ".join(words))
    columns |= {"size": size, "link_density": density, "hidden": hidden}
    table = np.full((len(units), len(_TEXT)), _PLAIN)
    if rows:
        table[~plain] = rows
    columns |= dict(zip(_TEXT, table.T, strict=True))
    columns["running"] = np.where(running, size, 0.0)
    columns["topic"] = _topic(words_of, running.tolist())
    _copies(keys, columns)


def _shape(text: str, words: int) -> tuple[float, ...]:
    size, count, head = len(text), max(words, 1), text[:60]
    return (
        words, size / count, text[-1] in _ENDS, text[-1] in ":：", text.endswith(("...", "…")),
        sum(map(str.isupper, head)) / len(head), sum(map(str.isdigit, head)) / len(head),
        (text.count(",") + text.count("，") + text.count("、") + text.count("،")) / count,
        len(_STOPS.findall(text)), text.count("?") + text.count("？"), _DATE.search(text, 0, 120) is not None,
        "@" in text or "http" in text or "www." in text, len(_MARKS.findall(text)), text[0].islower(),
        text[0] in "-–—•*·>»", text[0] in "\"“„«‘'「『»",
    )  # fmt: skip


_NO_WORDS: set[str] = set()
_OF_STORY = BIT["body"] | BIT["article"] | BIT["content"] | BIT["title"] | BIT["lead"] | BIT["live"]
_NEVER_STORY = BIT["comment"] | BIT["consent"] | BIT["overlay"] | BIT["nav"] | BIT["footer"] | BIT["newsletter"]
_NEVER_UNDER = sum(1 << ABOVE.index(tag) for tag in ("nav", "footer", "button"))
_PLAIN = (2.0, 6.0, *(0.0,) * (len(_TEXT) - 4), -1.0, 1.0)


def _wrap(element: object) -> float:
    """Block element -> which inline element its text starts in, as a number."""
    if len(element) and not (element.text or "").strip():  # type: ignore[arg-type, attr-defined]
        return _INLINE.get(element[0].tag, 0)  # type: ignore[index]
    return 0


def _topic(words_of: list[set[str]], running: list[bool]) -> Column:
    """How much of a unit's vocabulary the other running text of the page shares; -1 when it has none."""
    heard: Counter[str] = Counter()
    for words, runs in zip(words_of, running, strict=True):
        if runs:
            heard.update(words)
    both = zip(words_of, running, strict=True)
    return np.array([sum([heard[word] > runs for word in words]) / len(words) if words else -1.0 for words, runs in both])


def _copies(keys: list[str], columns: Columns) -> None:
    counts, seen = Counter(keys), Counter[str]()
    earlier = []
    for key in keys:
        earlier.append(seen[key])
        seen[key] += 1
    columns["copies"] = np.array([counts[key] for key in keys], dtype=float)
    columns["earlier_copies"] = np.array(earlier, dtype=float)


def _names(boxes: list[Box], box: Index, columns: Columns) -> NDArray[np.bool_]:
    """What the elements around a unit are called; -> whether each unit stands in what is never the story."""
    columns["tag"] = np.array([_TAGS.get(one.tag, 15) for one in boxes], dtype=float)[box]
    above = np.array([one.above for one in boxes])[box]
    for index, tag in enumerate(ABOVE):
        columns[f"under_{tag}"] = above >> index & 1
    # What holds the headline is no comment thread, banner or sidebar, whatever it is called.
    own = np.array([one.own for one in boxes])
    held = _headline_box(box, columns)
    while held >= 0:
        own[held] &= _OF_STORY
        held = boxes[held].parent
    every: list[int] = []
    for one, mask in zip(boxes, own.tolist(), strict=True):
        every.append(mask | (every[one.parent] if one.parent >= 0 else 0))
    up = np.array([max(one.parent, 0) for one in boxes])
    near, at = own, up
    for _ in range(_NEAR):
        near = near | own[at]
        at = up[at]
    bits = np.arange(len(GROUPS))
    for level, mask in (("own", own), ("near", near), ("any", np.array(every))):
        flags = (mask[box][:, None] >> bits & 1).astype(np.int8)
        for index, group in enumerate(GROUPS):
            columns[f"{level}_{group}"] = flags[:, index]
    return np.asarray((np.array(every)[box] & _NEVER_STORY != 0) | (above & _NEVER_UNDER != 0))


def _headline_box(box: Index, columns: Columns) -> int:
    """Index of the box of the first shown h1, or else of the first unit that says the title; -1 without either."""
    shown = columns["hidden"] == 0
    for found in (columns["tag"] == _TAGS["h1"], (columns["title_in"] > 0.7) & (columns["in_title"] > 0.7)):
        where = np.flatnonzero(found & shown)
        if len(where):
            return int(box[where[0]])
    return -1


def _places(boxes: list[Box], box: Index, apart: NDArray[np.bool_], columns: Columns) -> None:
    size, running = columns["size"], columns["running"]
    n, m = len(size), len(boxes)
    linked = size * columns["link_density"]
    direct = np.bincount(box, weights=running, minlength=m)
    rows = np.stack((
        np.bincount(box, weights=size, minlength=m), np.bincount(box, weights=linked, minlength=m), direct,
        np.bincount(box, minlength=m),
    ), axis=1).tolist()  # fmt: skip
    for index in range(m - 1, 0, -1):
        up = boxes[index].parent
        if up >= 0:
            row, above = rows[index], rows[up]
            above[0] += row[0]
            above[1] += row[1]
            above[2] += row[2]
            above[3] += row[3]
    sums = np.array(rows)
    parents = np.array([max(one.parent, 0) for one in boxes])
    whole, ran = max(float(size.sum()), 1.0), max(float(running.sum()), 1.0)
    at = box
    for level in range(5):
        all_, links, runs, count = sums[at].T
        columns[f"up{level}_share"] = all_ / whole
        columns[f"up{level}_links"] = links / np.maximum(all_, 1)
        columns[f"up{level}_running"] = runs / ran
        columns[f"up{level}_solid"] = runs / np.maximum(all_, 1)
        columns[f"up{level}_mean"] = all_ / np.maximum(count, 1)
        at = parents[at]
    for name in ("listed", "item", "quoted", "row"):
        of = np.array([getattr(one, name) for one in boxes])[box]
        all_, links, runs, count = sums[np.maximum(of, 0)].T
        inside = of >= 0
        columns[f"{name}_size"] = np.where(inside, all_, -1)
        columns[f"{name}_links"] = np.where(inside, links / np.maximum(all_, 1), -1)
        columns[f"{name}_units"] = np.where(inside, count, -1)
    columns["depth"] = np.array([one.depth for one in boxes], dtype=float)[box]
    columns["position"] = (np.arange(n) + 0.5) / n
    columns["before_share"] = (np.cumsum(size) - size) / whole
    columns["running_before_share"] = (np.cumsum(running) - running) / ran
    _since(columns)
    _core(boxes, box, np.where(apart, 0.0, running), columns)


def _since(columns: Columns) -> None:
    """How far a unit stands behind the first h1, and behind the first unit that says the title."""
    n, running = len(columns["size"]), columns["running"]
    ran, shown = np.cumsum(running) - running, columns["hidden"] == 0
    for name, found in (
        ("h1", (columns["tag"] == _TAGS["h1"]) & shown),
        ("title", (columns["title_in"] > 0.7) & (columns["in_title"] > 0.7) & shown),
    ):
        where = np.flatnonzero(found)
        first = int(where[0]) if len(where) else -1
        columns[f"after_{name}"] = np.arange(n) - float(first) if first >= 0 else np.full(n, -999.0)
        columns[f"running_since_{name}"] = ran - ran[first] if first >= 0 else np.full(n, -1.0)


def _core(boxes: list[Box], box: Index, running: Column, columns: Columns) -> None:
    """Where the running text is densest: the chain of boxes that hold most of it, and the best parent."""
    direct = np.bincount(box, weights=running, minlength=len(boxes)).tolist()
    score, mass = [0.0] * len(boxes), list(direct)
    for index in range(len(boxes) - 1, 0, -1):
        if boxes[index].parent >= 0:
            mass[boxes[index].parent] += mass[index]
    chain, core = [False] * len(boxes), 0
    for index, (one, own) in enumerate(zip(boxes, direct, strict=True)):
        up = one.parent
        if own:
            up = max(up, 0)
            score[up] += own
            if boxes[up].parent >= 0:
                score[boxes[up].parent] += own / 2
        if one.parent < 0 or (chain[up] and mass[index] > 0 and mass[index] >= 0.7 * mass[up]):
            chain[index], core = True, index
    n, depth = len(box), np.array([one.depth for one in boxes])
    total = max(mass[0], 1) if mass else 1
    for name, top in (("core", core), ("best", max(range(len(score)), key=score.__getitem__))):
        path, up = set[int](), top
        while up >= 0:
            path.add(up)
            up = boxes[up].parent
        meet: list[int] = []
        for index, one in enumerate(boxes):
            meet.append(one.depth if index in path else meet[one.parent] if one.parent >= 0 else 0)
        met = np.array(meet)
        columns[f"{name}_up"] = (depth[top] - met)[box].astype(float)
        columns[f"{name}_down"] = (depth - met)[box].astype(float)
        where = np.flatnonzero((columns[f"{name}_up"] == 0) & (running > 0))
        first, last = (where[0], where[-1]) if len(where) else (0, n - 1)
        columns[f"{name}_from_first"] = np.arange(n) - float(first)
        columns[f"{name}_from_last"] = np.arange(n) - float(last)
        columns[f"{name}_share"] = np.full(n, mass[top] / total)


def _paths(boxes: list[Box], box: Index, columns: Columns) -> None:
    """Units that look the same in the markup: how many, how long, how linked, their share of running text."""
    names = [one.names.translate(_NO_DIGITS) for one in boxes]
    size, running, linked = columns["size"], columns["running"], columns["size"] * columns["link_density"]
    for kind, signature in (
        ("path", [f"{one.tag}.{names[i]}/{names[max(one.parent, 0)]}" for i, one in enumerate(boxes)]),
        ("sibling", [f"{one.tag}{one.parent}" for one in boxes]),
    ):
        places: dict[str, int] = {}
        of = np.array([places.setdefault(one, len(places)) for one in signature], dtype=np.int64)[box]
        counts, sizes = np.maximum(np.bincount(of), 1), np.bincount(of, weights=size)
        columns[f"{kind}_count"] = counts[of].astype(float)
        columns[f"{kind}_mean"] = (sizes / counts)[of]
        columns[f"{kind}_links"] = (np.bincount(of, weights=linked) / np.maximum(sizes, 1))[of]
        columns[f"{kind}_running"] = (np.bincount(of, weights=running) / max(running.sum(), 1))[of]


_WATCHED = ("size", "link_density", "ends_sentence", "tag", "core_up", "best_up", "running")


def _neighbours(columns: Columns) -> None:
    """What stands before and after: the watched columns of two units each way, running text farther off."""
    n = len(columns["size"])
    padded = np.full((n + 4, len(_WATCHED)), -1.0)
    for index, name in enumerate(_WATCHED):
        padded[2 : n + 2, index] = columns[name]
    for step, label in ((1, "prev2"), (2, "prev1"), (4, "next1"), (5, "next2")):
        moved = padded[step - 1 : step - 1 + n]
        for index, name in enumerate(_WATCHED):
            columns[f"{name}_{label}"] = moved[:, index]
    total = np.concatenate(([0.0], np.cumsum(columns["running"])))
    at = np.arange(n)
    for reach in (5, 12):
        columns[f"running_prev_{reach}"] = total[at] - total[np.maximum(at - reach, 0)]
        columns[f"running_next_{reach}"] = total[np.minimum(at + 1 + reach, n)] - total[at + 1]
