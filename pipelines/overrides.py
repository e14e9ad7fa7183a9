"""An outlet's dated corrections of the general rules: which passages of a page are looked at at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from pipelines.document import Document
from pipelines.shown import Passage
from storage.records import Outlet, Override


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
