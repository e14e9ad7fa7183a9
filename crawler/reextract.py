"""Clean copies made again from the WARC after the rules got better; nothing is fetched, nothing is overwritten.

The work goes out in portions, the articles of one WARC file (`remake`, in any process); what came out another is entered
here, in the order of arrival. So every engine ends in the same archive.
"""

from __future__ import annotations

import contextlib
import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, groupby, islice
from pathlib import Path
from typing import IO, Self

from crawler.bulk import Lost, Spread, answered, opened
from pipelines.chain import RELEASED
from pipelines.memory import Memory
from pipelines.stages import EXTRACTOR, Refined, enter, refined
from storage.archive import ArchiveError
from storage.archive.clean import CleanCopy, read_clean_copy
from storage.archive.opened import Archive
from storage.archive.reading import read_capture
from storage.catalogue import lessons
from storage.catalogue.stories import Extracted
from storage.records import Article, Lesson, Outlet, Stamp
from storage.run import Run

# What a clean copy says that a reader would miss; `removed`, `evidence` and the extractor's version may change freely.
FIELDS = ("headline", "authors", "published", "modified", "language", "provider", "section", "tags", "canonical")
_MEMORY_LASTS = 50  # articles in the order of arrival that are read with the memory of the first of them
_A_PORTION = 10  # of these, that are handed out at once: half a second of work, which is what a process may rest at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Some articles of one WARC file in the order of arrival, and all that a process needs to make them again.

    `archive`: its URI; keys are the process's own affair. `lessons` of the outlet's stories around the first of the fifty
    articles that these are of, at most `most` of them; 0: no memory.
    """

    archive: str
    outlet: Outlet
    articles: tuple[Extracted, ...]
    lessons: tuple[Lesson, ...] = ()
    most: int = 0

    @property
    def file(self) -> str:
        """Key of the WARC file."""
        return self.articles[0].address.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One article made again. `fields` names what changed ("text" among them); empty when nothing did."""

    extracted: Extracted
    url: str
    fields: tuple[str, ...] = ()
    diff: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a process made of one article; `article` only when something changed, without the body of its page."""

    change: Change
    article: Article | None = None


def extract_again(
    run: Run,
    outlet: Outlet,
    articles: Iterable[Extracted],
    spread: Spread[Portion, list[Made]],
    *,
    most: int = 0,
    dry: bool = False,
    done: Callable[[str], None] | None = None,
) -> Iterator[Change]:
    """A run, its outlet and the newest clean copies -> what changed in each; kept as a revision unless `dry`.

    `most`: stories of the outlet by which passages that recur are known, those around each capture; 0: none. `spread`:
    where the work is done; `done` hears of each WARC file when all of it is entered; not of one that holds what could not be
    made again: it is tried once more.
    """
    made_of = answered(spread, portions(run, outlet, articles, most), _singles, _lost)
    for file, of_file in groupby(made_of, key=lambda pair: pair[0].file):
        unread = 0
        for made in chain.from_iterable(made for _portion, made in of_file):
            if made.article is not None and not dry:
                _keep(run, made.article, made.change.extracted, outlet.title or None)
            unread += made.change.error is not None
            yield made.change
        if done is not None and not unread:
            done(file)


def portions(run: Run, outlet: Outlet, articles: Iterable[Extracted], most: int = 0) -> Iterator[Portion]:
    """The newest clean copies of an outlet, in the order of arrival -> portions of them."""
    uri = str(run.archive.folder.resolve()) if run.archive.folder else run.archive.uri
    for _file, of_file in groupby(articles, key=lambda each: each.address.file):
        while some := tuple(islice(of_file, _MEMORY_LASTS)):
            around = tuple(lessons.around(run.catalogue.conn, run.outlet, some[0].sequence, most)) if most else ()
            for start in range(0, len(some), _A_PORTION):
                few = some[start : start + _A_PORTION]
                yield Portion(archive=uri, outlet=outlet, articles=few, lessons=around, most=most)


def _singles(portion: Portion) -> list[Portion]:
    return [replace(portion, articles=(each,)) for each in portion.articles]


def _lost(single: Portion, lost: Lost) -> Made:
    (extracted,) = single.articles
    return Made(change=Change(extracted=extracted, url=extracted.lead.url, error=f"{lost.reason}; the clean copy stays"))


def remake(portion: Portion) -> list[Made]:
    """A portion -> what came of each of its articles. Runs in any process on any machine; writes nothing."""
    memory = _memory(portion.lessons, portion.most) if portion.most else None
    try:
        archive = opened(portion.archive)
    except ArchiveError as error:
        return [Made(change=Change(extracted=each, url=each.lead.url, error=str(error))) for each in portion.articles]
    return [_remade(archive, portion.outlet, each, memory) for each in portion.articles]


@lru_cache(maxsize=1)
def _memory(taught: tuple[Lesson, ...], most: int) -> Memory:
    """One for all portions of the same lessons: it takes as long to make as half a page. Nothing is learned here."""
    return Memory(taught, most=most)


def _remade(archive: Archive, outlet: Outlet, extracted: Extracted, memory: Memory | None) -> Made:
    try:
        before = read_clean_copy(archive.read(extracted.clean_key))
        capture = read_capture(archive, extracted.address, extracted.lead)
    except (ArchiveError, ValueError) as error:
        return Made(change=Change(extracted=extracted, url=extracted.lead.url, error=str(error)))
    # What was said beside the page, in robots.txt, stands in the copy alone.
    capture = replace(capture, rights=before.article.page.capture.rights)
    item = refined(capture, outlet, memory, release=RELEASED in before.article.page.evidence)
    if not isinstance(item, Article):
        return Made(change=Change(extracted=extracted, url=extracted.lead.url, error=_refused(item)))
    change = _compared(extracted, before, item)
    if not change.fields:
        return Made(change=change)
    light = replace(capture, body=b"")  # it lies in the WARC, and is a hundred times as large as the story
    return Made(change=change, article=replace(item, page=replace(item.page, capture=light)))


def _keep(run: Run, article: Article, extracted: Extracted, publisher: str | None) -> None:
    ending, clean = enter(run, article, publisher, extracted.sequence, again=True)
    run.settler.submit(ending, clean).result()
    run.settled(ending)


def _compared(extracted: Extracted, before: CleanCopy, after: Article) -> Change:
    # What only came from another source is said as before: that is no revision.
    old, new = ({name: _value(getattr(article, name)) for name in FIELDS} for article in (before.article, after))
    fields = [name for name in FIELDS if old[name] != new[name]]
    diff = ""
    if before.article.text != after.text:
        fields.insert(0, "text")
        diff = "\n".join(
            difflib.unified_diff(
                before.article.text.splitlines(), after.text.splitlines(), before.extractor, EXTRACTOR, lineterm="", n=1
            )
        )
    for name in fields:
        if name != "text":
            diff += f"\n-{name}: {_said(old[name])}\n+{name}: {_said(new[name])}"
    return Change(extracted=extracted, url=after.canonical, fields=tuple(fields), diff=diff.strip("\n"))


def _value(field: Stamp | tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
    return field.value if isinstance(field, Stamp) else field


def _said(value: tuple[str, ...] | str | None) -> str:
    """The value of a field as a person reads it; one of several may hold a comma."""
    return "; ".join(value) if isinstance(value, tuple) else value or ""


def _refused(item: Refined) -> str:
    kind = getattr(item, "kind", None)
    why = f"the judge now says {kind}" if kind else getattr(item, "error", "failed")
    return f"{why}; the clean copy stays"


class Resumed:
    """`with Resumed(path, asked) as before: … before.done …; before.add(name); before.finish()`.

    `asked`: what was asked for; the file of other words is begun anew. One JSON line each: the words, then what is done;
    a torn last line does not count.
    """

    def __init__(self, path: Path, asked: Mapping[str, object], *, afresh: bool = False) -> None:
        self.path = path
        self._head = json.dumps(asked, sort_keys=True)
        self.done: frozenset[str] = frozenset() if afresh else self._read()
        self._out: IO[str] | None = None

    def _read(self) -> frozenset[str]:
        try:
            head, *lines = self.path.read_text("utf-8", "replace").split("\n")
        except FileNotFoundError:
            return frozenset()
        if head != self._head:
            return frozenset()
        found = []
        for line in lines[:-1]:
            with contextlib.suppress(ValueError):
                found.append(str(json.loads(line)))
        return frozenset(found)

    def __enter__(self) -> Self:
        self._out = self.path.open("w", encoding="utf-8")
        self._out.write("".join(line + "\n" for line in (self._head, *map(json.dumps, sorted(self.done)))))
        self._out.flush()
        return self

    def __exit__(self, *_: object) -> None:
        if self._out is not None:
            self._out.close()

    def add(self, name: str) -> None:
        """This is done, and stays so when the process is killed."""
        if self._out is not None:
            self._out.write(json.dumps(name) + "\n")
            self._out.flush()

    def finish(self) -> None:
        """All is done: the next time begins anew."""
        self.path.unlink(missing_ok=True)
