"""The clean copy: one JSON document an article, in the words of schema.org where it has one, and the way
back.

`text` is the story, one string a passage, so `jq -r '.text[]'` prints it. Everything that says where it came
from lies under `provenance`; everything that was on the page and is not in `text` lies under `removed`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.archive.keys import article_id
from storage.archive.packed import laid_out, packed, plain
from storage.endings import evidence_fields, lead_of, read_rights, rights_fields
from storage.records import (
    Article,
    Block,
    BlockKind,
    Capture,
    Evidence,
    Fingerprint,
    Kind,
    Page,
    Picture,
    Placement,
    Relation,
    Removed,
    Stamp,
    WarcAddress,
)

FORMAT = 1
_SEAL = b',\n "sha256": "'
# Fields of records by their names in the document.
_WARC = {
    "file": "file", "offset": "offset", "length": "length", "recordId": "record_id", "payloadDigest": "payload_digest",
}  # fmt: skip
_SHARES = {"shareOfMatch": "share_of_match", "shareOfSelf": "share_of_self", "score": "score"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanCopy:
    """What a clean copy holds, as records; the capture's body is empty. `extractor`: name and version."""

    article: Article
    digest: str
    placement: Placement
    extractor: str


def clean_copy(
    article: Article, fingerprint: Fingerprint, placement: Placement, *, extractor: str, publisher: str | None = None
) -> bytes:
    """An article and its placement -> the bytes of its clean copy, packed; the same records give the same bytes.

    `extractor`: name and version of what made it. `publisher`: title of the outlet, its name when None.
    """
    ident = article_id(article.canonical)
    document: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "identifier": ident,
        "url": article.canonical,
        **_story(article, publisher),
        "isBasedOn": placement.canonical if placement.canonical != ident else None,
        "contentDigest": fingerprint.digest,
        "placement": _placement(placement),
        "provenance": _provenance(article, extractor),
        "sources": dict(sorted(article.sources.items())),
        "removed": [{"rule": each.rule, "words": each.words} for each in article.removed],
        "format": FORMAT,
    }
    return packed(_sealed(laid_out(_full(document)).encode("utf-8", "replace")))  # a lone surrogate of a page becomes "?"


def read_clean_copy(data: bytes) -> CleanCopy:
    """The bytes of a clean copy, packed or not -> its records. ValueError when they are none, changed, or of a newer format."""
    found = _checked(plain(data))
    try:
        provenance = found["provenance"]
        return CleanCopy(
            article=_article(found, _page(provenance)),
            digest=found["contentDigest"],
            placement=_read_placement(found),
            extractor=provenance["extractor"],
        )
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError(f"no clean copy ({type(error).__name__}: {error})") from error


def read_text(data: bytes) -> str:
    """The bytes of a clean copy, packed or not -> its text alone, as `Article.text` gives it. ValueError as of `read_clean_copy`;
    the rest of its fields is not looked at."""
    found = _checked(plain(data))
    try:
        return "\n".join(found.get("text", ()))
    except TypeError as error:
        raise ValueError(f"no clean copy (TypeError: {error})") from error


def _checked(data: bytes) -> Any:
    """A clean copy as it is laid out -> what it holds, when it is of this format and as it was written."""
    try:
        found = json.loads(data)
        if found["format"] != FORMAT:
            raise ValueError(f"clean copy of format {found['format']}, this version reads {FORMAT}: upgrade Cleancopy")
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"no clean copy ({type(error).__name__}: {error})") from error
    if data != _sealed(data[: data.rfind(_SEAL)] + b"\n}"):
        raise ValueError("its sha256 is of another content: this clean copy was changed or damaged")
    return found


def _sealed(document: bytes) -> bytes:
    """A JSON object that ends in a line of its own -> the same with the SHA-256 of that as its last field."""
    return document[:-2] + _SEAL + hashlib.sha256(document).hexdigest().encode() + b'"\n}\n'


def _story(article: Article, publisher: str | None) -> dict[str, object]:
    """What a reader sees, in schema.org's names."""
    picture, outlet = article.picture, article.page.capture.lead.outlet
    return {
        "headline": article.headline,
        "description": article.description,
        "author": [{"@type": "Person", "name": name} for name in article.authors],
        "datePublished": article.published.value if article.published else None,
        "dateModified": article.modified.value if article.modified else None,
        "inLanguage": article.language,
        "publisher": {"@type": "Organization", "identifier": outlet, "name": publisher or outlet},
        "provider": {"@type": "Organization", "name": article.provider} if article.provider else None,
        "articleSection": article.section,
        "keywords": list(article.tags),
        "image": {"@type": "ImageObject", "url": picture.url, "caption": picture.caption} if picture else None,
        "text": [block.text for block in article.blocks],
        # Passages that are no paragraphs, by their place in `text`.
        "textKinds": {
            str(place): block.kind.value for place, block in enumerate(article.blocks) if block.kind is not BlockKind.PARAGRAPH
        },
    }


def _placement(placement: Placement) -> dict[str, object]:
    return {
        "relation": placement.relation.value,
        "cluster": placement.cluster,
        "canonical": placement.canonical,
        "match": placement.match,
        **{name: round(getattr(placement, field), 4) for name, field in _SHARES.items()},
    }


def _provenance(article: Article, extractor: str) -> dict[str, object]:
    page, capture = article.page, article.page.capture
    lead, warc = capture.lead, capture.address
    return {
        "outlet": lead.outlet,
        "url": capture.url,
        "status": capture.status,
        "fetchedAt": _time(capture.fetched_at),
        "truncated": capture.truncated,
        "warc": {name: getattr(warc, field) for name, field in _WARC.items()} if warc else None,
        "lead": {
            "url": lead.url,
            "source": lead.source,
            "title": lead.title,
            "published": _time(lead.published) if lead.published else None,
        },
        "extractor": extractor,
        "kind": page.kind.value,
        "evidence": [evidence_fields(each) for each in page.evidence],
        "flags": list(page.flags),
        "rights": rights_fields(capture.rights) if capture.rights else None,
        "pageTitle": page.title,
        "pageLanguage": page.language,
        "encoding": page.encoding,
        "datePublishedFrom": article.published.source if article.published else None,
        "dateModifiedFrom": article.modified.source if article.modified else None,
    }


def _page(found: Mapping[str, Any]) -> Page:
    lead, warc = found["lead"], found.get("warc")
    capture = Capture(
        lead=lead_of(lead["url"], found["outlet"], lead["source"], lead.get("title"), lead.get("published")),
        url=found["url"],
        status=found["status"],
        headers=(),
        body=b"",
        fetched_at=dt.datetime.fromisoformat(found["fetchedAt"]),
        truncated=found.get("truncated"),
        address=WarcAddress(**{field: warc[name] for name, field in _WARC.items()}) if warc else None,
        rights=read_rights(found.get("rights")),
    )
    return Page(
        capture=capture,
        kind=Kind(found["kind"]),
        evidence=tuple(Evidence(**each) for each in found.get("evidence", ())),
        title=found.get("pageTitle"),
        language=found.get("pageLanguage"),
        encoding=found.get("encoding"),
        flags=tuple(found.get("flags", ())),
    )


def _article(found: Mapping[str, Any], page: Page) -> Article:
    kinds, provenance, image = found.get("textKinds", {}), found["provenance"], found.get("image")
    return Article(
        page=page,
        canonical=found["url"],
        headline=found.get("headline"),
        blocks=tuple(
            Block(kind=BlockKind(kinds.get(str(place), "paragraph")), text=text)
            for place, text in enumerate(found.get("text", ()))
        ),
        removed=tuple(Removed(rule=each["rule"], words=each["words"]) for each in found.get("removed", ())),
        authors=tuple(each["name"] for each in found.get("author", ())),
        published=_stamp(found.get("datePublished"), provenance.get("datePublishedFrom")),
        modified=_stamp(found.get("dateModified"), provenance.get("dateModifiedFrom")),
        language=found.get("inLanguage"),
        provider=found["provider"]["name"] if "provider" in found else None,
        section=found.get("articleSection"),
        tags=tuple(found.get("keywords", ())),
        description=found.get("description"),
        picture=Picture(url=image["url"], caption=image.get("caption")) if image else None,
        sources=dict(found.get("sources", {})),
    )


def _read_placement(found: Mapping[str, Any]) -> Placement:
    placement = found["placement"]
    return Placement(
        relation=Relation(placement["relation"]),
        cluster=placement["cluster"],
        canonical=placement["canonical"],
        match=placement.get("match"),
        **{field: placement[name] for name, field in _SHARES.items()},
    )


def _stamp(value: str | None, source: str | None) -> Stamp | None:
    return Stamp(value=value, source=source or "") if value else None


def _time(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _full(document: Mapping[str, object]) -> dict[str, object]:
    """A document without its empty fields, one level deep and within the objects at that level."""
    kept: dict[str, object] = {}
    for name, value in document.items():
        inner = _full(value) if isinstance(value, Mapping) else value
        if inner is not None and inner != [] and inner != {}:
            kept[name] = inner
    return kept
