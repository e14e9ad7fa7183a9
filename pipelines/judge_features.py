"""A Document -> what the judge looks at: figures of shown text and structure, each with the words that show it.

Figures are about 0 to 1 (logarithms of counts are scaled), so that a weight says how much a sign speaks. Nothing here
knows what is an article: `judge_weights.json` holds the weights, and `benchmarks/train_judge.py` makes them.
"""

from __future__ import annotations

from typing import NamedTuple

from pipelines.document import Document
from pipelines.judge_body import Body, count_passages, places, scaled, story_signs, width
from pipelines.judge_head import Head, read_head
from pipelines.judge_said import Speech, listen
from pipelines.shown import HEADING, Passage


class Signs(NamedTuple):
    """What the judge looks at: `figures` by name, `words` that show a figure, what the page says, its head."""

    figures: dict[str, float]
    words: dict[str, str]
    speech: Speech
    head: Head
    body: Body


def signs(document: Document) -> Signs:
    """Document -> Signs. Pure; one pass over the shown passages and one over a few elements of the tree."""
    shown = [passage for passage in document.passages if not passage.hidden]
    head = read_head(document)
    speech = listen(document.title or "", shown)
    body = count_passages(shown, speech.speaking)
    words = _words(body, speech)
    figures = _figures(body, speech, words)
    figures |= _of_story(document, head, shown, body, words)
    figures |= _of_head(document, head, shown, (body, speech), words)
    figures |= _together(figures, words)
    return Signs(figures, words, speech, head, body)


def _together(figures: dict[str, float], words: dict[str, str]) -> dict[str, float]:
    """What several figures say together: a page that talks to its reader and has nothing of what stories have, and the like."""
    told = max(figures[name] for name in ("date-above", "dated", "says-article", "described", "placed"))
    talk = min(figures["to-the-reader"] + figures["of-the-page"], 1.0)
    bare = float(figures["links"] < 0.35) * (1 - figures["headlines"])
    speaks = max(figures["title-speaks"], figures["heading-speaks"])
    heard = words.get("to-the-reader", "")
    words |= dict.fromkeys(("talk", "talk-undated", "talk-bare"), heard)
    words["speaks-undated"] = words.get("title-speaks") or words.get("heading-speaks", "")
    return {
        "talk": talk,
        "talk-undated": talk * (1 - told),
        "talk-bare": talk * bare,
        "speaks-undated": speaks * (1 - told),
        "undated": 1 - told,
        "core-undated": figures["core"] * (1 - told),
        "bare-undated": bare * (1 - told),
        "declared": figures["headline-shown"] * min(figures["says-article"] + figures["dated"] + figures["byline"], 2) / 2,
    }


def _figures(body: Body, speech: Speech, words: dict[str, str]) -> dict[str, float]:
    """What passages and speech give."""
    running = sum(length for _, length, _ in body.running)
    story = max(running - speech.spoken, 0)
    near, far, containers = places(body.running, max(running, 1))
    # A box of links may stand within a story: most of what one container holds is as good as one stretch.
    parted = body.parted / max(running, 1)
    core = max(
        body.core, int(0.7 * near * running) - speech.spoken, int(0.8 * far * running * (1 - parted) ** 2) - speech.spoken, 0
    )
    longest = max((length for _, length, _ in body.running), default=0)
    thin = max(0.0, 1 - core / 1200)
    scattered = min(body.stretches / 6, 1.0) * (1 - min(core / max(running, 1), 1.0))
    return {
        "core": scaled(core, 6000),
        "core-in-little": float(core > 400) * float(body.headlines < 15),
        "silent-core": min(core / 600, 1.0) * (1 - speech.spoken_share) * (1 - speech.early),
        "core-over-150": float(core > 150),
        "core-over-400": float(core > 400),
        "core-over-800": float(core > 800),
        "core-over-1600": float(core > 1600),
        "core-over-3000": float(core > 3000),
        "core-share": min(core / max(running, 1), 1.0),
        "core-sentences": scaled(body.core_passages, 25),
        "longest-passage": scaled(longest, 800) * thin,
        "sentences": scaled(body.sentences, 60),
        "one-container": near if story else 0.0,
        "one-container-above": far if story else 0.0,
        "containers": scaled(containers, 30),
        "parted": parted,
        "parted-thin": parted * thin,
        "containers-thin": scaled(containers, 30) * thin,
        "stretches": scaled(max(body.stretches - 1, 0), 20),
        "scattered": scattered,
        "scattered-teasers": scattered * min(body.teasers / 6, 1.0),
        "scattered-headings": scattered * min(body.linked_headings / 6, 1.0),
        "box": scaled(near * running, 4000),
        "box-of-shown": near * running / max(body.total, 1),
        "thin": thin,
    } | _of_links(body, story, thin) | _of_speech(speech, thin, words)


def _of_story(document: Document, head: Head, shown: list[Passage], body: Body, words: dict[str, str]) -> dict[str, float]:
    """What shows that the core is somebody's story."""
    running = [passage for _, _, passage in body.running]
    story = story_signs(shown, body.core_at, running, document.title or "", head.description)
    words |= story.words
    return {
        "date-above": story.dated,
        "placed": story.placed,
        "quoting": story.quoting,
        "described": story.described,
        "headline-told": story.headline,
    }


def _of_links(body: Body, story: int, thin: float) -> dict[str, float]:
    """Links, headlines of other pages and how little is shown; `thin` is 1 where nothing stands on its own."""
    return {
        "link-share": body.linked / max(body.total, 1),
        "link-share-thin": body.linked / max(body.total, 1) * thin,
        "links": scaled(body.links, 300),
        "headlines": scaled(body.headlines, 150),
        "headlines-thin": scaled(body.headlines, 150) * thin,
        "linked-headings": scaled(body.linked_headings, 60),
        "linked-headings-thin": scaled(body.linked_headings, 60) * thin,
        "teasers": scaled(body.teasers, 30),
        "teasers-thin": scaled(body.teasers, 30) * thin,
        "teased-share": min(body.teased / max(story, 1), 1.0),
        "cards": scaled(body.cards, 60),
        "same-link": scaled(max(body.more - 2, 0), 20),
        "little-shown": max(0.0, 1 - body.total / 400),
        "nothing-shown": float(body.total < 30),
        "no-frame": float(body.links < 6) * thin,
    }


def _of_speech(speech: Speech, thin: float, words: dict[str, str]) -> dict[str, float]:
    """What the page says of itself; `thin` is 1 where nothing stands on its own."""
    heard = speech.addressed
    to_reader = min(6 * heard.reader / max(heard.words, 12), 1.0)
    of_page = min(6 * heard.page / max(heard.words, 12), 1.0)
    words |= dict.fromkeys(("to-the-reader", "of-the-page", "to-the-reader-thin", "of-the-page-thin"), ", ".join(heard.said))
    return {
        "title-speaks": speech.title,
        "title-speaks-thin": speech.title * thin,
        "title-speaks-alone": float(speech.title > 0.6) * thin,
        "heading-speaks": speech.heading,
        "heading-speaks-thin": speech.heading * thin,
        "passages-speak-thin": min(speech.passages, 4) / 4 * thin,
        "passages-speak-thick": min(speech.passages, 4) / 4 * (1 - thin),
        "speaks-early-thin": min(speech.early * 3, 1.0) * thin,
        "spoken-share": speech.spoken_share,
        "machine-words-thin": speech.machine * thin,
        "error-talk": max(speech.title, speech.heading) * min(of_page + to_reader, 1.0),
        "to-the-reader": to_reader,
        "of-the-page": of_page,
        "to-the-reader-thin": to_reader * thin,
        "of-the-page-thin": of_page * thin,
        "wall-thin": speech.wall * thin,
        "cut-off-thin": speech.cut * min(thin * 3, 1.0),
        "listing-says": speech.listing,
        "listing-says-thin": speech.listing * thin,
    }


def _of_head(
    document: Document, head: Head, shown: list[Passage], said: tuple[Body, Speech], words: dict[str, str]
) -> dict[str, float]:
    """What the head, the first heading and forms give."""
    body, speech = said
    h1 = [passage for passage in shown if passage.element.tag == "h1"]
    own = [passage for passage in h1 if passage.linked < 0.5 * len(passage.text)]
    heads = max((width(passage.text) for passage in own), default=0)
    title = (document.title or "").lower()
    titled = any(len(p.text) >= 15 and p.text.lower()[:30] in title for p in shown if p.inside & HEADING and p.linked == 0)
    words |= head.words
    return {
        "h1-long": float(heads >= 25) * body.story,
        "h1-many": float(len(h1) > 1),
        "h1-none": float(not own),
        "headline-shown": float(titled and heads >= 20) * (1 - speech.heading) * (1 - speech.title),
        "heading-is-title": float(titled) * body.story,
        "says-article": float(head.article),
        "says-listing": float(head.listing),
        "dated": float(head.dated),
        "byline": float(head.byline),
        "noindex": float(head.noindex),
        "refresh": float(head.refresh),
        "points-home": float(head.home),
        "times": scaled(max(head.times - 1, 0), 30),
        "pager": float(head.pager),
        "password": float(head.password),
        "vendor": float(head.vendor is not None),
        "paid": float(head.paid),
        "article-elements": scaled(max(head.articles - 1, 0), 20),
        "template-of-error": float(head.error_template),
    }


def _words(body: Body, speech: Speech) -> dict[str, str]:
    """The words to quote for figures of text."""
    first = body.running[0][2].text[:80] if body.running else ""
    longest = max(body.running, key=lambda one: one[1])[2].text[:80] if body.running else ""
    words = dict.fromkeys(
        (
            "core",
            "core-over-150",
            "core-over-400",
            "core-over-800",
            "core-over-1600",
            "core-over-3000",
            "core-share",
            "silent-core",
            "core-in-little",
        ),
        first,
    )
    words["longest-passage"] = longest
    for name in ("title-speaks", "title-speaks-thin", "title-speaks-alone"):
        words[name] = speech.quotes.get("title", "")
    for name in ("heading-speaks", "heading-speaks-thin"):
        words[name] = speech.quotes.get("heading", "")
    for name in ("passages-speak-thin", "passages-speak-thick", "spoken-share", "speaks-early-thin"):
        words[name] = speech.quotes.get("passage", "")
    words["wall-thin"] = words["cut-off-thin"] = speech.quotes.get("wall", "")
    words["listing-says"] = speech.quotes.get("listing", "")
    return words
