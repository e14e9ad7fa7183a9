"""Which earlier texts each text shares shingles with, found for very many texts at once.

The index of copies answers that for one text after the other (storage.catalogue.placements). Here what it keeps of each text
(anchors) and what each asks for are dealt into buckets by their shingle, and every bucket is joined by itself, in any process,
in any order. Texts go by their numbers in the order of arrival. Pure.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from storage.records import Fingerprint

ENTRY = np.dtype([("shingle", "<u8"), ("number", "<u4")])
"""48 bits of a shingle, and the text that has it or asks for it. The highest bit of an anchor says that its text is in the
index for certain; of the others it shows only when they are placed."""
LED = np.dtype([("number", "<u4"), ("shingle", "<u8"), ("count", "<u4")])
"""A text, a shingle that it asks for, and how many earlier texts that leads to."""

Entries = NDArray[np.void]
Leading = dict[int, dict[int, list[int]]]
"""Number of a text -> by shingle the numbers of the texts before it that have the shingle, in order."""

_CERTAIN = np.uint64(1 << 63)
_HEAD = struct.Struct("<32sI?III")


def pack(fingerprint: Fingerprint) -> bytes:
    """Fingerprint -> bytes, two a word or so; without the figures, which placing does not ask for."""
    shingles, kept = fingerprint.shingles, set(fingerprint.anchors)
    marks = np.packbits(np.fromiter((shingle in kept for shingle in shingles), np.bool_, len(shingles)))
    head = _HEAD.pack(
        bytes.fromhex(fingerprint.digest), fingerprint.length, fingerprint.unspaced, len(shingles), len(marks), len(fingerprint.words)
    )  # fmt: skip
    places = np.array(fingerprint.positions, "<u4")
    return b"".join((head, np.array(shingles, "<u8").tobytes(), places.tobytes(), marks.tobytes(), fingerprint.words))


def unpack(data: bytes) -> Fingerprint:
    """What `pack` made -> the Fingerprint; its anchors in the order of the shingles."""
    digest, length, unspaced, _, _, words = _HEAD.unpack_from(data)
    shingles, places, kept = _taken_apart(data)
    return Fingerprint(
        digest=digest.hex(),
        length=length,
        shingles=tuple(shingles.tolist()),
        positions=tuple(places.tolist()),
        anchors=tuple(shingles[kept].tolist()),
        words=data[len(data) - words :],
        unspaced=unspaced,
    )


def entries(number: int, data: bytes, certain: bool) -> tuple[Entries, Entries]:
    """Number of a text, its packed fingerprint, whether it is in the index for certain -> its anchors, and what it asks for."""
    shingles, _, kept = _taken_apart(data)
    short = shingles >> np.uint64(16)
    anchors = _entered(np.unique(short[kept]), number)
    if certain:
        anchors["shingle"] |= _CERTAIN
    return anchors, _entered(np.unique(short), number)


def dealt(found: Entries, buckets: int) -> Iterator[tuple[int, bytes]]:
    """Entries -> those of each bucket, as bytes."""
    # By the low bits: the index keeps the smallest shingles, so the high ones are not spread evenly.
    bucket = (found["shingle"] & ~_CERTAIN) % np.uint64(buckets)
    order = np.argsort(bucket, kind="stable")
    ends = np.searchsorted(bucket[order], np.arange(buckets), side="right")
    start = 0
    for number, end in enumerate(ends.tolist()):
        if end > start:
            yield number, found[order[start:end]].tobytes()
        start = end


def joined(anchors: bytes, asked: bytes, most: int) -> bytes:
    """The anchors of a bucket and what is asked of it -> for each text and shingle the texts before it that lead there.

    `most` that are in the index for certain, first come first, and those between them that may be: more the index never has
    under one shingle.
    """
    left, right = np.frombuffer(anchors, ENTRY), np.frombuffer(asked, ENTRY)
    shingle = left["shingle"] & ~_CERTAIN
    order = np.lexsort((left["number"], shingle))
    numbers, certain = left["number"][order], (left["shingle"] >= _CERTAIN)[order]
    names, starts, counts = np.unique(shingle[order], return_index=True, return_counts=True)
    place = np.searchsorted(names, right["shingle"])
    there = names[np.minimum(place, len(names) - 1)] == right["shingle"] if len(names) else np.zeros(len(right), np.bool_)
    right, place = right[there], place[there].astype(np.uint64)
    keys = np.repeat(np.arange(len(names), dtype=np.uint64) << np.uint64(32), counts) | numbers
    ends = np.searchsorted(keys, place << np.uint64(32) | right["number"])
    sure = np.concatenate(([0], np.cumsum(certain)))
    full = np.searchsorted(sure, sure[starts] + most)[place]
    begins = starts[place]
    lengths = np.maximum(np.minimum(ends, full) - begins, 0)
    sorted_ = np.lexsort((right["shingle"], right["number"]))
    return _laid_out(right[sorted_], begins[sorted_], lengths[sorted_], numbers)


def in_ranges(data: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """What `joined` made -> the same for texts 0 to size - 1, size to 2 * size - 1 and so on, with the number of the range."""
    led, documents = _read(data)
    ranges = led["number"] // np.uint32(size)
    ends = np.cumsum(led["count"], dtype=np.int64)
    edges = np.flatnonzero(np.diff(ranges)) + 1
    for start, end in zip([0, *edges.tolist()], [*edges.tolist(), len(led)], strict=True):
        if end > start:
            some = documents[(ends[start - 1] if start else 0) : ends[end - 1]]
            yield int(ranges[start]), struct.pack("<I", end - start) + led[start:end].tobytes() + some.tobytes()


def leading(parts: Iterator[bytes]) -> Leading:
    """What the buckets made of one range of texts -> by text and shingle the texts before it."""
    found: Leading = defaultdict(dict)
    for data in parts:
        led, documents = _read(data)
        listed, start = documents.tolist(), 0
        for number, shingle, count in led.tolist():
            found[number][shingle] = listed[start : start + count]
            start += count
    return found


def _taken_apart(data: bytes) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.bool_]]:
    """A packed fingerprint -> its shingles, their positions, which of them are anchors."""
    _, _, _, count, marks, _ = _HEAD.unpack_from(data)
    start = _HEAD.size
    shingles = np.frombuffer(data, "<u8", count, start)
    places = np.frombuffer(data, "<u4", count, start + 8 * count)
    kept = np.unpackbits(np.frombuffer(data, np.uint8, marks, start + 12 * count), count=count).astype(np.bool_)
    return shingles, places, kept


def _entered(shingles: NDArray[np.uint64], number: int) -> Entries:
    made = np.empty(len(shingles), ENTRY)
    made["shingle"], made["number"] = shingles, number
    return made


def _laid_out(asked: Entries, begins: NDArray[np.int64], lengths: NDArray[np.int64], numbers: NDArray[np.uint32]) -> bytes:
    some = lengths > 0
    asked, begins, lengths = asked[some], begins[some], lengths[some]
    led = np.empty(len(asked), LED)
    led["number"], led["shingle"], led["count"] = asked["number"], asked["shingle"], lengths
    before = np.cumsum(lengths) - lengths
    documents = numbers[np.repeat(begins - before, lengths) + np.arange(int(lengths.sum()))]
    return struct.pack("<I", len(led)) + led.tobytes() + documents.astype("<u4").tobytes()


def _read(data: bytes) -> tuple[Entries, NDArray[np.uint32]]:
    (count,) = struct.unpack_from("<I", data)
    return np.frombuffer(data, LED, count, 4), np.frombuffer(data, "<u4", -1, 4 + count * LED.itemsize)
