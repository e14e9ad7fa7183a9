"""A capture and its Document -> a Page: the kind of answer it is, with the evidence quoted."""

from __future__ import annotations

from pipelines.document import Document
from storage.records import Capture, Evidence, Kind, Page


def classify(capture: Capture, document: Document | None) -> Page:
    """Capture and its Document (None: the body is no markup) -> Page with kind and evidence."""
    if document is None:
        return Page(capture=capture, kind=Kind.EMPTY, evidence=(Evidence(rule="no-markup", words="", weight=1.0),))
    shown = [p.text for p in document.passages if not p.hidden]
    running = [t for t in shown if len(t) > 80]
    kind = Kind.ARTICLE if sum(map(len, running)) > 250 else Kind.EMPTY
    evidence = (Evidence(rule="running-text", words=" ".join(running)[:80], weight=-1.0),)
    return Page(
        capture=capture, kind=kind, evidence=evidence, title=document.title, text="\n".join(shown), encoding=document.encoding
    )
