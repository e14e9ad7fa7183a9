"""A capture and its Document -> a Page: the kind of answer it is, with the evidence quoted.

Shown text decides. `judge_features.signs` says what is to be seen on the page, `judge_model` how much each sign speaks
against an article (above 0) or for it; the sum decides, so the same evidence always gives the same verdict. The status is
one more sign. What kind a page is that is no article follows from its words, its walls and its status.

`judge_weights.json` holds `bias` and, by the figure's name, steps as [border, weight]: a figure above a border, and not above the
next one, has that weight; below the first border it weighs nothing. `benchmarks/train_judge.py` makes the file.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.document import Document
from pipelines.judge_features import Signs, signs
from pipelines.shown import Passage
from storage.records import Capture, Evidence, Kind, Page

WEIGHTS = Path(str(files("pipelines").joinpath("judge_weights.json")))


class Steps(NamedTuple):
    """Rising borders of a figure; `weights` has one more: what the figure weighs up to the first border, then above each."""

    borders: tuple[float, ...]
    weights: tuple[float, ...]

    def weight(self, figure: float) -> float:
        """What a figure weighs."""
        return self.weights[bisect_left(self.borders, figure)]


class Model(NamedTuple):
    """Bias and steps by the figure's name."""

    bias: float
    steps: Mapping[str, Steps]

    def weights(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Figures -> what each weighs; those that weigh nothing are left out."""
        found = {}
        for name, steps in self.steps.items():
            figure = figures.get(name, 0.0)
            if figure > steps.borders[0]:
                found[name] = steps.weight(figure)
        return found


def from_json(said: Mapping[str, Any]) -> Model:
    """The parsed weights file -> Model."""
    steps = {
        name: Steps(tuple(border for border, _ in pairs), (0.0, *(weight for _, weight in pairs)))
        for name, pairs in said["figures"].items()
    }
    return Model(float(said["bias"]), steps)


@cache
def judge_model() -> Model:
    """The model that ships with the package."""
    return from_json(json.loads(WEIGHTS.read_text("utf-8")))


_COPIES = 2  # other URLs with the very same body that are evidence
_QUOTED = 0.15  # evidence that weighs less is summed up in one piece


def classify(capture: Capture, document: Document | None, *, likeness: float | None = None, copies: int = 0) -> Page:
    """Capture and its Document (None: the body is no markup) -> Page with kind and evidence. Pure.

    `likeness` (0 to 1): how much the page is what this outlet answers for a URL that cannot exist (`pipelines.probe`).
    `copies`: other URLs of the outlet that were answered with the very same body.
    """
    if document is None:
        form = (capture.header("Content-Type") or "")[:200] if capture.body else "the answer has no body"
        return Page(capture=capture, kind=Kind.EMPTY, evidence=(Evidence(rule="no-markup", words=form, weight=10.0),))
    shown = [passage for passage in document.passages if not passage.hidden]
    seen = signs(document)
    evidence = _weigh(capture, seen)
    evidence += _outside(shown, document.title, likeness, capture.lead.title, copies)
    against = sum(one.weight for one in evidence) > 0
    kind, why = kind_of(seen, capture.status, capture.headers) if against else (Kind.ARTICLE, ())
    odd = (f"status-{capture.status}",) if kind is Kind.ARTICLE and capture.status >= 400 else ()
    return Page(
        capture=capture, kind=kind, evidence=(*evidence, *why), title=document.title, flags=odd,
        text="\n".join(passage.text for passage in shown), encoding=document.encoding,
    )  # fmt: skip


def status_figures(status: int, headers: tuple[tuple[str, str], ...], thin: float) -> dict[str, float]:
    """Status, headers, and how little the page holds that stands on its own (0 to 1) -> figures by name."""
    names = {name.lower() for name, _ in headers}
    wall, gone = float(status in (401, 402, 403, 407, 429, 451)), float(status in (404, 410))
    server = float(status >= 500)
    return {
        "status-wall": wall,
        "status-gone": gone,
        "status-server": server,
        "status-wall-thin": wall * thin,
        "status-gone-thin": gone * thin,
        "status-server-thin": server * thin,
        "header-of-wall": float(bool(names & {"cf-mitigated", "x-datadome", "x-amzn-waf-action"})),
    }


def _weigh(capture: Capture, seen: Signs) -> list[Evidence]:
    """-> evidence, heaviest first, the light one in one sum."""
    figures = seen.figures | status_figures(capture.status, capture.headers, seen.figures["thin"])
    evidence, rest = [], judge_model().bias
    for name, weight in judge_model().weights(figures).items():
        if abs(weight) < _QUOTED:
            rest += weight
            continue
        words = seen.words.get(name) or (str(capture.status) if name.startswith("status-") else f"{figures[name]:.2f}")
        evidence.append(Evidence(rule=name, words=words, weight=round(weight, 3)))
    evidence.sort(key=lambda one: -abs(one.weight))
    return [*evidence, Evidence(rule="rest", words="", weight=round(rest, 3))]


def _outside(
    shown: list[Passage], title: str | None, likeness: float | None, announced: str | None, copies: int
) -> list[Evidence]:
    """Evidence from beside the page: the outlet's answer for an impossible URL, the same body elsewhere, the feed's headline."""
    evidence = []
    if copies >= _COPIES:  # one story may well have two addresses
        weight = round(min(0.4 * copies, 2.0), 3)
        evidence.append(Evidence(rule="same-body-elsewhere", words=f"{copies} other URLs", weight=weight))
    if likeness is not None and likeness >= 0.5:
        evidence.append(Evidence(rule="like-impossible-url", words=f"{likeness:.2f}", weight=round(8 * (likeness - 0.4), 3)))
    words = " ".join((announced or "").lower().split())
    if len(words) >= 12:
        told = (title or "").lower(), *(passage.text.lower() for passage in shown if len(passage.text) < 400)
        occurs = any(words in text for text in told)
        if occurs:
            evidence.append(Evidence(rule="headline-of-the-feed", words=words[:80], weight=-0.5))
        else:
            evidence.append(Evidence(rule="no-headline-of-the-feed", words=words[:80], weight=0.5))
    return evidence


_OF_STATUS = {
    401: Kind.FORBIDDEN, 402: Kind.PAYWALL, 403: Kind.FORBIDDEN, 404: Kind.NOT_FOUND, 407: Kind.FORBIDDEN,
    410: Kind.NOT_FOUND, 429: Kind.FORBIDDEN, 451: Kind.FORBIDDEN,
}  # fmt: skip
_NOTHING = 30  # characters shown below which a page is empty


def kind_of(seen: Signs, status: int, headers: tuple[tuple[str, str], ...] = ()) -> tuple[Kind, tuple[Evidence, ...]]:
    """Signs, status and headers of a page that is no article -> its kind, and what speaks for that (weight 0: it no
    longer decides whether the page is an article)."""
    votes = dict(seen.speech.by_kind)
    if seen.head.vendor and seen.head.vendor[1] is not None:
        votes[seen.head.vendor[1]] = votes.get(seen.head.vendor[1], 0.0) + 6.0
    for name, value in headers:
        if name.lower() == "cf-mitigated" and "challenge" in value:
            votes[Kind.CHALLENGE] = votes.get(Kind.CHALLENGE, 0.0) + 6.0
    if status in _OF_STATUS:
        votes[_OF_STATUS[status]] = votes.get(_OF_STATUS[status], 0.0) + 2.0
    elif status >= 400:
        votes[Kind.SOFT_ERROR] = votes.get(Kind.SOFT_ERROR, 0.0) + 2.0
    votes[Kind.PAYWALL] = votes.get(Kind.PAYWALL, 0.0) + 2.0 * seen.head.password + 5.0 * seen.speech.cut
    votes[Kind.LISTING] = votes.get(Kind.LISTING, 0.0) + listing(seen)
    votes[Kind.SOFT_ERROR] = votes.get(Kind.SOFT_ERROR, 0.0) * 0.8 + 0.1
    if seen.body.total < _NOTHING and max(votes.values()) < 1.0:
        votes[Kind.EMPTY] = 5.0
    kind = max(votes, key=lambda one: votes[one])
    words = seen.speech.quotes.get(kind.value) or seen.words.get("vendor", "")
    return kind, (Evidence(rule=f"kind-{kind.value.lower()}", words=words, weight=0.0),)


def listing(seen: Signs) -> float:
    """How much the structure is that of a list."""
    figures = seen.figures
    return (
        4.0 * max(figures["headlines"] - 0.4, 0) + 3.0 * figures["teasers"] + 2.0 * figures["linked-headings"]
        + 2.0 * seen.head.listing
    )  # fmt: skip
