"""Clean copies made again from the WARC after the rules got better; nothing is fetched, nothing is overwritten."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pipelines.memory import Memory
from pipelines.stages import EXTRACTOR, Refined, enter, refined
from storage.archive import ArchiveError
from storage.archive.clean import CleanCopy, read_clean_copy
from storage.archive.reading import read_capture
from storage.catalogue import lessons
from storage.catalogue.articles import Extracted
from storage.records import Article, Outlet
from storage.run import Run

# What a clean copy says that a reader would miss; `removed`, `evidence` and the extractor's version may change freely.
FIELDS = ("headline", "authors", "published", "modified", "language", "provider", "section", "tags", "canonical")
_MEMORY_LASTS = 50  # articles in the order of arrival that are read with the memory of the first of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One article made again. `fields` names what changed ("text" among them); empty when nothing did."""

    extracted: Extracted
    url: str
    fields: tuple[str, ...] = ()
    diff: str = ""
    error: str | None = None


def extract_again(
    run: Run, outlet: Outlet, articles: Iterable[Extracted], *, most: int = 0, dry: bool = False
) -> Iterator[Change]:
    """A run, its outlet and the newest clean copies -> what changed in each; kept as a revision unless `dry`.

    `most`: stories of the outlet by which passages that recur are known, those around each capture; 0: none.
    """
    memory: Memory | None = None
    for number, extracted in enumerate(articles):
        if most and number % _MEMORY_LASTS == 0:
            memory = Memory(lessons.around(run.catalogue.conn, run.outlet, extracted.sequence, most), most=most)
        try:
            before = read_clean_copy(run.archive.read(extracted.clean_key))
            capture = read_capture(run.archive, extracted.address, extracted.lead)
            # What was said beside the page, in robots.txt, stands in the copy alone.
            capture = replace(capture, rights=before.article.page.capture.rights)
            item = refined(capture, outlet, memory)
        except (ArchiveError, ValueError) as error:
            yield Change(extracted=extracted, url=extracted.lead.url, error=str(error))
            continue
        if not isinstance(item, Article):
            yield Change(extracted=extracted, url=extracted.lead.url, error=_refused(item))
            continue
        change = _compared(extracted, before, item)
        if change.fields and not dry:
            _keep(run, item, extracted, outlet.title or None)
        yield change


def _keep(run: Run, article: Article, extracted: Extracted, publisher: str | None) -> None:
    ending, clean = enter(run, article, publisher, extracted.sequence, again=True)
    run.settler.submit(ending, clean).result()
    run.settled(ending)


def _compared(extracted: Extracted, before: CleanCopy, after: Article) -> Change:
    fields = [name for name in FIELDS if getattr(before.article, name) != getattr(after, name)]
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
            diff += f"\n-{name}: {getattr(before.article, name)}\n+{name}: {getattr(after, name)}"
    return Change(extracted=extracted, url=after.canonical, fields=tuple(fields), diff=diff.strip("\n"))


def _refused(item: Refined) -> str:
    kind = getattr(item, "kind", None)
    return (
        f"the judge now says {kind}; the clean copy stays"
        if kind
        else f"{getattr(item, 'error', 'failed')}; the clean copy stays"
    )
