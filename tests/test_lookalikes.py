"""Texts that look alike and are not one story, with real copies among them: each kind in a file of `lookalikes/`.

A file holds texts, each under a line `# story hours`: texts of the same story are one cluster. All were written for this
test; every text comes from an outlet of its own, `hours` after the first.
"""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import pytest

from tests.test_dedupe import Stand

FOLDER = Path(__file__).parent / "lookalikes"
ORDERS = 6


def texts(name: str) -> list[tuple[str, float, str]]:
    """Name of a file -> its texts as (story, hours, text)."""
    found = []
    for part in ("\n" + (FOLDER / f"{name}.txt").read_text("utf-8")).split("\n# ")[1:]:
        head, text = part.split("\n", 1)
        story, hours = head.split()
        found.append((story, float(hours), text.strip()))
    return found


def together(placed: dict[int, str], listed: list[tuple[str, float, str]]) -> set[frozenset[str]]:
    """Cluster of each text -> the sets of texts that stand together, each text named by its story and number."""
    by_cluster = defaultdict(set)
    for number, cluster in placed.items():
        by_cluster[cluster].add(f"{listed[number][0]}/{number}")
    return {frozenset(members) for members in by_cluster.values()}


def truly(listed: list[tuple[str, float, str]]) -> set[frozenset[str]]:
    return together({number: story for number, (story, _, _) in enumerate(listed)}, listed)


@pytest.mark.parametrize("order", range(ORDERS))
@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_what_looks_alike_is_told_apart_and_copies_are_found(name: str, order: int) -> None:
    listed, stand = texts(name), Stand()
    numbers = list(range(len(listed)))
    if order:
        random.Random(order).shuffle(numbers)
    for number in numbers:
        _, hours, text = listed[number]
        stand.put(text, url=f"https://outlet{number}.example/{number}", outlet=f"outlet{number}", hours=hours)
    assert together(stand.clusters(), listed) == truly(listed)
