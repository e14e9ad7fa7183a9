"""An article and what its outlet's other stories taught -> the article without the passages that recur in them.

What stands word for word in stories that have nothing else in common is the outlet's, not the story's: newsletter boxes,
disclaimers, standing notes. A paragraph of background recurs in follow-ups, a standing sentence now and then: neither is
taken out. docs/extraction.md says how it is decided.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

from pipelines.authors import provider_of
from pipelines.boilerplate import words
from pipelines.dates import settled
from storage.records import Article, Block, BlockKind, Lesson, Recurrence, Removed

RULE = "recurs in {stories} of {of} stories of this outlet"
MOST = 500
"""Stories of an outlet that are remembered, the newest."""
LEAST = 3
"""Stories in which a passage must stand, this one among them."""
DOUBTED = 0.8
"""How sure the block model must be of a passage for it to be in doubt no more."""
# Share of the stories in which a passage must stand: in doubt, at an end of the text, anywhere.
SHARE_IN_DOUBT, SHARE_AT_AN_END, SHARE = 0.1, 0.25, 0.5
_TAUGHT = 64  # passages of a story that are remembered: half of them from its start, half from its end
_TOPICAL = 4  # letters of a word that can say what a text is about
_LONG = 16  # letters of a passage, of each word at most four; shorter ones are subheads, datelines, standing sentences
_KNOWN_HEADLINES = 10  # from here on, words that stand in many headlines are told from those that say something
_MANY = 0.2
_SAME = 2  # passages that two stories have in common and no third one has: they are one story
_GONE = 2000  # characters of a passage that are quoted; words of most are far fewer


class _Story(NamedTuple):
    """One lesson, and the words of its headline that can name a topic."""

    url: str
    topic: frozenset[str]
    passages: tuple[str, ...]
    day_first: bool | None


class Memory:
    """The newest lessons of one outlet, and where each passage stands. Grows by `learn`, never beyond `most` stories."""

    def __init__(self, lessons: Iterable[Lesson] = (), *, most: int = MOST) -> None:
        self._most = most
        self._stories: deque[_Story] = deque()
        self._holders: dict[str, list[_Story]] = {}
        self._headlines: Counter[str] = Counter()
        self._orders: Counter[bool | None] = Counter()
        for lesson in lessons:
            self.learn(lesson)

    def learn(self, lesson: Lesson) -> None:
        """One more story of the outlet; the oldest goes when there are too many."""
        story = _Story(lesson.url, _topic(lesson.headline), tuple(dict.fromkeys(lesson.passages)), lesson.day_first)
        self._stories.append(story)
        self._headlines.update(story.topic)
        self._orders[story.day_first] += 1
        for passage in story.passages:
            self._holders.setdefault(passage, []).append(story)
        if len(self._stories) > self._most:
            self._unlearn(self._stories.popleft())

    def _unlearn(self, story: _Story) -> None:
        self._headlines -= Counter(story.topic)
        self._orders[story.day_first] -= 1
        for passage in story.passages:
            held = self._holders[passage]
            held.remove(story)
            if not held:
                del self._holders[passage]

    def others(self, url: str) -> int:
        """How many stories are known beside the one at this canonical URL."""
        return sum(story.url != url for story in self._stories)

    def holders(self, passage: str, beside: str) -> list[_Story]:
        """The stories in which a passage stands, oldest first, but the one at the canonical URL `beside`."""
        return [story for story in self._holders.get(passage, ()) if story.url != beside]

    @property
    def day_first(self) -> bool | None:
        """Whether dates in figures name the day first on this outlet's pages; None where they do not say, or disagree."""
        first, second = self._orders[True], self._orders[False]
        return None if first == second or min(first, second) * 10 > max(first, second) else first > second

    def said_often(self, word: str) -> bool:
        """Whether a word stands in so many of the outlet's headlines that it names no topic."""
        known = len(self._stories)
        return known >= _KNOWN_HEADLINES and self._headlines[word] > _MANY * known


def recall(article: Article, memory: Memory) -> Article:
    """Article as it came out of its page -> the article without what recurs in other stories of its outlet, and with
    dates in figures read as its other pages show. Pure."""
    return without(_dated(article, memory), recurring(article, memory))


def _dated(article: Article, memory: Memory) -> Article:
    """Where it was a guess whether the day or the month stands first, the outlet's other pages settle it."""
    if article.published is None or memory.day_first is None:
        return article
    stamp = settled(article.published, memory.day_first, article.page.capture.fetched_at + dt.timedelta(hours=36))
    if stamp is article.published:
        return article
    return replace(article, published=stamp, sources={**article.sources, "published": stamp.source})


def without(article: Article, recurrences: Sequence[Recurrence]) -> Article:
    """Article and passages that recur -> the article without them; each stands in `removed` with its counts.

    The article comes back as it is when no story would be left.
    """
    counts = {each.passage: each for each in recurrences}
    found = [counts.get(digest(block.text)) for block in article.blocks]
    rules = [RULE.format(stories=each.stories, of=each.of) if each else None for each in found]
    _headings(article.blocks, rules)
    left = [block for block, rule in zip(article.blocks, rules, strict=True) if rule is None]
    if len(left) == len(article.blocks) or not _is_story(left):
        return article
    gone = [Removed(rule=rule, words=block.text[:_GONE]) for block, rule in zip(article.blocks, rules, strict=True) if rule]
    paragraphs = [block.text for block in left if block.kind is BlockKind.PARAGRAPH]
    sure = zip(article.sure, rules, strict=True) if article.sure else ()
    return replace(
        article,
        blocks=tuple(left),
        removed=(*article.removed, *gone),
        sure=tuple(one for one, rule in sure if rule is None),
        provider=provider_of(paragraphs, article.authors) or article.provider,
        recurring=tuple(dict.fromkeys(each for each in found if each)),
    )


def taken_out(article: Article) -> tuple[Recurrence, ...]:
    """Article of a clean copy -> what had been taken out of it because it recurs, as its `removed` says."""
    head, middle, tail = RULE.replace("{of}", "{stories}").split("{stories}")
    found = []
    for each in article.removed:
        stories, _, of = each.rule.removeprefix(head).removesuffix(tail).partition(middle)
        if each.rule.startswith(head) and stories.isdecimal() and of.isdecimal():
            found.append(Recurrence(passage=digest(each.words), stories=int(stories), of=int(of)))
    return tuple(found)


def passages_of(article: Article) -> tuple[str, ...]:
    """Article as it came out of its page -> digests of its passages, those that its outlet's memory learns."""
    found = tuple(dict.fromkeys(digest(block.text) for block in article.blocks if len(block.text) <= _GONE))
    return found if len(found) <= _TAUGHT else found[: _TAUGHT // 2] + found[-_TAUGHT // 2 :]


@lru_cache(maxsize=1024)
def digest(text: str) -> str:
    """Text of a passage -> ten hex digits, the same for the same words whatever their case, spaces and punctuation."""
    return blake2b(" ".join(words(text)).encode("utf-8", "replace"), digest_size=5).hexdigest()


def recurring(article: Article, memory: Memory) -> tuple[Recurrence, ...]:
    """Article as it came out of its page -> the passages that are its outlet's, each once."""
    known = memory.others(article.canonical)
    digests = [digest(block.text) for block in article.blocks]
    holders = [memory.holders(each, article.canonical) for each in digests]
    if not any(len(held) >= LEAST - 1 for held in holders):
        return ()
    same, topic = _same_story(holders), _topic(article.headline or "")
    counts = [
        1 + _unrelated(topic, block.text, [story for story in held if story.url not in same], memory)
        for block, held in zip(article.blocks, holders, strict=True)
    ]
    out = _chosen(article.blocks, counts, article.sure or (1.0,) * len(counts), known + 1)
    chosen = (Recurrence(passage=digests[index], stories=counts[index], of=known + 1) for index in sorted(out))
    return tuple(dict.fromkeys(chosen))


def _same_story(holders: Sequence[Sequence[_Story]]) -> set[str]:
    """Holders of each passage -> URLs of the stories that are this one again, printed at another address."""
    alone = Counter(held[0].url for held in holders if len(held) == 1)
    return {url for url, count in alone.items() if count >= _SAME}


def _unrelated(topic: frozenset[str], passage: str, held: Sequence[_Story], memory: Memory) -> int:
    """In how many of the stories that hold a passage it stands without being about what they are about: a topic that the
    passage and two headlines name is counted once, and that of this story not at all; nor is a story with its headline."""
    if len(held) < LEAST - 1:
        return 0
    said = {word for word in _topic(passage) if not memory.said_often(word)}
    used = said & topic
    count = 0
    for story in held:
        named = said & story.topic
        count += not (named & used or 2 * len(topic & story.topic) > max(2, min(len(topic), len(story.topic))))
        used |= named
    return count


def _chosen(blocks: Sequence[Block], counts: Sequence[int], sure: Sequence[float], of: int) -> set[int]:
    """Indexes of the blocks that go. A heading never goes by itself: `without` takes it out when nothing is left below."""
    long = [block.kind is not BlockKind.HEADING and _is_long(block.text) for block in blocks]

    def recurs(index: int, share: float) -> bool:
        return counts[index] >= max(LEAST, share * of)

    out = {
        index
        for index in range(len(blocks))
        if long[index] and recurs(index, SHARE_IN_DOUBT if sure[index] < DOUBTED else SHARE)
    }
    for ends in (range(len(blocks)), range(len(blocks) - 1, -1, -1)):
        for index in ends:
            if index not in out and not (long[index] and recurs(index, SHARE_AT_AN_END)):
                break
            out.add(index)
    # A short line goes with the passage below it: "Legal disclaimer".
    out.update([index - 1 for index in out if index and not long[index - 1] and recurs(index - 1, SHARE_AT_AN_END)])
    return out


def _headings(blocks: Sequence[Block], rules: list[str | None]) -> None:
    """Takes out headings below which all went that stood there."""
    below = gone = False
    for index in range(len(blocks) - 1, -1, -1):
        if rules[index] is not None:
            gone = True
        elif blocks[index].kind is not BlockKind.HEADING:
            below = True
        elif gone and not below:
            rules[index] = "heading-of-nothing"
        else:
            below = gone = False


def _is_long(text: str) -> bool:
    return sum(min(len(word), _TOPICAL) for word in words(text)) >= _LONG


def _is_story(blocks: Sequence[Block]) -> bool:
    return any(block.kind is not BlockKind.HEADING and _is_long(block.text) for block in blocks)


def _topic(text: str) -> frozenset[str]:
    """Words that can name a topic; pairs of characters where the script has no spaces."""
    found = words(text)
    pairs = (one + other for one, other in pairwise(found) if len(one) == len(other) == 1 and not one.isascii())
    return frozenset((*(word for word in found if len(word) >= _TOPICAL), *pairs))
