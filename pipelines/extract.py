"""A page called an article and its Document -> the Article: blocks of text, what was removed, metadata.

Order: the outlet's dated overrides, the units of the page, the block model, the rules of boilerplate.py;
docs/extraction.md says why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from pipelines.authors import provider_of
from pipelines.blocks import segment
from pipelines.boilerplate import Piece, strip
from pipelines.document import Document
from pipelines.metadata import language_of, metadata, said_elsewhere
from pipelines.shown import Passage
from pipelines.story import BlockModel, block_model, pieces
from storage.records import Article, Block, BlockKind, Outlet, Override, Page, Removed

_MOST = 8000  # passages of a page that are looked at; the longest real ones have some 4,000
_QUOTED = 2000  # characters of a removed passage that are kept; the whole is in the WARC


def extract(page: Page, document: Document, outlet: Outlet, model: BlockModel | None = None) -> Article:
    """Page, its Document and its outlet -> Article. `model` is for benchmarks; None is the one that ships."""
    passages, overruled = overridden(document, in_force(outlet, page.capture.fetched_at.date()))
    units, boxes = segment(passages[:_MOST])
    found: Sequence[Piece] = ()
    scores: Sequence[float] = ()
    if units:
        found, likely = pieces(units, boxes, said_elsewhere(document), model or block_model())
        scores = likely.tolist()
    body = [boxes[unit.box].element for unit, piece in zip(units, found, strict=True) if piece.rule is None]
    article, languages, agency = metadata(document, page, outlet, body)
    found = strip(found, article.headline)
    story, sure = tuple(blocks(found)), tuple(sureness(found, scores))
    paragraphs = [block.text for block in story if block.kind is BlockKind.PARAGRAPH]
    language, by = language_of("\n".join(block.text for block in story), languages)
    return replace(
        article,
        blocks=story,
        removed=(*removed(found), *_unseen(passages[_MOST:], overruled)),
        language=language,
        provider=provider_of(paragraphs, article.authors) or agency,
        sources={**article.sources, **({"language": by} if by else {})},
        sure=sure,
    )


def _unseen(beyond: Sequence[Passage], overruled: Sequence[str]) -> Iterator[Removed]:
    """What the model was not asked about: passages that an override takes out, and those beyond the limit."""
    yield from (Removed(rule="override", words=words[:_QUOTED]) for words in overruled)
    if beyond:
        yield Removed(rule="beyond-the-limit", words=f"{len(beyond)} passages, from: {beyond[0].text[:_QUOTED]}")


def blocks(found: Sequence[Piece]) -> Iterator[Block]:
    """Pieces in reading order -> the blocks of the clean copy; pieces of one list, quote or heading are one block."""
    for kind, places in _together(found):
        lines = [found[place] for place in places]
        if kind == BlockKind.HEADING:
            yield Block(kind=kind, text=" ".join(piece.text for piece in lines))
            continue
        rows = groupby(enumerate(lines), key=lambda one: one[1].row if one[1].row >= 0 else -2 - one[0])
        yield Block(kind=kind, text="\n".join(" | ".join(piece.text for _, piece in row) for _, row in rows))


def sureness(found: Sequence[Piece], scores: Sequence[float]) -> Iterator[float]:
    """Pieces in reading order and the model's score of each -> for each block, how sure its likeliest piece is."""
    return (round(max(scores[place] for place in places), 3) for _, places in _together(found))


def _together(found: Sequence[Piece]) -> Iterator[tuple[BlockKind, list[int]]]:
    """Pieces in reading order -> for each block its kind and the indexes of its pieces."""
    kept = [place for place, piece in enumerate(found) if piece.rule is None]
    at = -1

    def block_of(place: int) -> tuple[BlockKind, int]:
        nonlocal at
        at += 1
        piece = found[place]
        return piece.kind, piece.group if piece.group >= 0 else -2 - at

    for (kind, _), together in groupby(kept, key=block_of):
        yield kind, list(together)


def removed(found: Sequence[Piece]) -> Iterator[Removed]:
    """Pieces in reading order -> what was taken out; neighbours under one rule are one passage."""
    for rule, together in groupby(found, key=lambda piece: piece.rule):
        if rule is not None:
            words = "\n".join(piece.text for piece in together)
            yield Removed(rule=rule, words=words if len(words) <= _QUOTED else words[:_QUOTED] + " …")


def in_force(outlet: Outlet, day: dt.date) -> Override | None:
    """Outlet and the day of a fetch -> the first override that holds on it; None when none does."""
    return next((each for each in outlet.overrides if each.valid_until is None or day <= each.valid_until), None)


def overridden(document: Document, override: Override | None) -> tuple[list[Passage], list[str]]:
    """Document and the override in force -> (passages to look at, texts of the shown passages that it takes out).

    ValueError names a selector that is none.
    """
    if override is None:
        return list(document.passages), []
    wanted, unwanted = _matched(document, override.select), _matched(document, override.remove)
    kept: list[Passage] = []
    out: list[str] = []
    for passage in document.passages:
        around = [passage.element, *passage.element.iterancestors()]
        if any(each in unwanted for each in around) or (override.select and not any(each in wanted for each in around)):
            if not passage.hidden:
                out.append(passage.text)
        else:
            kept.append(passage)
    return kept, out


def _matched(document: Document, selectors: Sequence[str]) -> set[HtmlElement]:
    return {element for selector in selectors for element in _compiled(selector)(document.tree)}


def _compiled(selector: str) -> CSSSelector:
    try:
        return CSSSelector(selector)
    except SelectorError as error:
        raise ValueError(f"the override {selector!r} is no CSS selector: {error}") from error
