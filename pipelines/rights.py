"""Headers and metas of one capture, and what lies beside it -> Rights: what the publisher says of its use.

Read are X-Robots-Tag and <meta name=robots> (their directives for everybody and for us), TDMRep (headers, metas), RSL 1.0 (Link
header, <link rel=license>; a document in a <script> by rsl.py), and the preferences of Content-Signal and Content-Usage.
robots.txt and tdmrep.json, which hold for a host, are read by crawler/network/robots.py. Where TDMRep is stated more than once,
what stands nearest to the document counts: metas, then headers, then the file.

And Rights -> the uses that the publisher reserves. A use is reserved where anything that was found beside the capture says so,
whatever else allows it: a file that is given away cannot be taken back. Nothing said is nothing reserved. An RSL document in
the page reserves what it prohibits, what its list of permitted uses leaves out, and what it permits for a price or to some:
nobody here has paid. Of an RSL license or a TDM policy elsewhere only the address is known, and no use can be told from it:
such a capture stands under terms (`under_terms`). Pure.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from pipelines.rsl import MOST_DOCUMENTS, terms
from storage.records import Rights
from storage.urls import absolute

Pairs = Iterable[tuple[str, str]]

MOST_METAS = 200
"""Metas and links of a page that are read."""

MOST_LICENSES = 20
"""URLs of licenses that are kept."""

_WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_LINK = re.compile(r"<([^<>]{1,2000})>([^<>]{0,500})")
_PARAMETER = re.compile(r""";\s*([\w*-]{1,40})\s*=\s*(?:"([^"]*)"|([^\s";,]+))""")
_PREFERENCE = re.compile(r"([A-Za-z][\w.-]{0,40})\s*=\s*([A-Za-z0-9.-]{1,20})")
_HEAD = 512 * 1024  # bytes of a page in which its metas are looked for
_TAG = re.compile(rb"<(meta|link)\b([^<>]{1,4000})>", re.I)
_SCRIPT = re.compile(rb"<script\b([^<>]{1,4000})>", re.I)
_SCRIPT_END = re.compile(rb"</script", re.I)
_ATTRIBUTE = re.compile(r"""([a-z-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)


def rights(headers: Pairs, metas: Pairs = (), *, beside: Rights | None = None, url: str = "", agent: str = "") -> Rights:
    """Response headers, metas (`metas_of`), what lies beside the page, its URL, our product token -> Rights. Never fails."""
    beside = beside or Rights()
    fields = [(name.lower(), value) for name, value in headers]
    said = [(name.lower(), value) for name, value in metas]
    ours = agent.partition("/")[0].strip().lower()
    directives = [directive for name, value in fields if name == "x-robots-tag" for directive in _directives(value, ours)]
    directives += [one for name, value in said if name in {"robots", ours} for one in _directives(value, ours)]
    reserved, policy = tdm([said, fields], url)
    if reserved is None:
        reserved, policy = beside.tdm_reserved, beside.tdm_policy
    licenses, said_there = _rsl(fields, said, url)
    stated = [value for name, value in fields if name in {"content-usage", "content-signal"}]
    signals = [signal for value in stated for signal in preferences(value)]
    return Rights(
        directives=tuple(dict.fromkeys(directives)),
        tdm_reserved=reserved,
        tdm_policy=policy,
        licenses=tuple(dict.fromkeys([*licenses, *beside.licenses]))[:MOST_LICENSES],
        terms=said_there,
        signals=tuple(dict.fromkeys([*signals, *beside.signals])),
        robots=beside.robots,
    )


def metas_of(body: bytes) -> tuple[tuple[str, str], ...]:
    """Decoded page -> (name, content) of its metas, ("link:license", href) of its RSL links, and ("script:license", text) of
    the RSL documents in it. Looks at the tags alone, in time that grows with the page and no faster: no tree is needed for
    what stands within one tag, and what stands in a script ends at the first "</script"."""
    found = []
    for tag, inner in _TAG.findall(body[:_HEAD])[: 10 * MOST_METAS]:
        about = _attributes(inner)
        if tag.lower() == b"meta" and about.get("name", "").strip():
            found.append((about["name"].strip().lower(), about.get("content", "")))
        elif (
            tag.lower() == b"link"
            and "license" in about.get("rel", "").lower().split()
            and "rsl" in about.get("type", "").lower()
        ):
            found.append(("link:license", about.get("href", "")))
    return (*found[:MOST_METAS], *_documents(body[:_HEAD]))


def _attributes(inner: bytes) -> dict[str, str]:
    """What stands in a tag after its name -> attributes."""
    return {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(inner.decode("utf-8", "replace"))}


def _documents(body: bytes) -> Iterator[tuple[str, str]]:
    """Start of a page -> the RSL documents in its scripts (RSL 1.0 4.6), as pairs; one whose end is missing goes to the end."""
    tags = (found for found in _SCRIPT.finditer(body) if b"rsl" in found[1].lower())
    ours = (found for found in tags if "rsl" in _attributes(found[1]).get("type", "").lower())
    for found in islice(ours, MOST_DOCUMENTS):
        end = _SCRIPT_END.search(body, found.end())
        yield "script:license", body[found.end() : end.start() if end else None].decode("utf-8", "replace")


def _rsl(fields: Pairs, said: Pairs, url: str) -> tuple[list[str], tuple[str, ...]]:
    """Headers, metas, URL of the page -> URLs of its RSL documents, the page's own where one stands in it, and what those in
    the page say of each use."""
    inline = [value for name, value in said if name == "script:license"]
    links = [value for name, value in said if name == "link:license"]
    links += [link for name, value in fields if name == "link" for link in _license_links(value)]
    links += [url] if inline else []
    found = [address for link in links if (address := absolute(link, url or None))]
    return found, tuple(dict.fromkeys(each for document in inline for each in terms(document, url)))


def _directives(value: str, ours: str) -> Iterator[str]:
    """Value of X-Robots-Tag or a robots meta -> directives that hold for us; "name:" before them limits to an agent."""
    for_us = True
    for part in value[:4000].split(","):
        name, colon, rest = part.strip().lower().partition(":")
        name = name.strip()
        if colon and name not in _WITH_VALUE:
            for_us = name in {ours, "*"}
            name, colon, rest = rest.strip().partition(":")
            name = name.strip()
        if name and for_us:
            yield f"{name}:{rest.strip()}" if colon else name


def tdm(places: list[list[tuple[str, str]]], url: str) -> tuple[bool | None, str | None]:
    """Name and value pairs of each place, the nearest first -> (reserved or not or nothing said, URL of the policy)."""
    for pairs in places:
        said = dict(reversed([(name, value.strip()) for name, value in pairs if name in {"tdm-reservation", "tdm-policy"}]))
        if said.get("tdm-reservation") in {"0", "1"}:
            policy = said.get("tdm-policy")
            return said["tdm-reservation"] == "1", absolute(policy, url or None) if policy else None
    return None, None


def _license_links(value: str) -> Iterator[str]:
    """Link header -> URLs with rel=license and the type of RSL (RFC 8288; RSL 1.0 4.5)."""
    for target, written in _LINK.findall(value):
        found = reversed(_PARAMETER.findall(written))  # of a name that comes twice the first counts
        parameters = {name.lower(): (quoted or plain).lower() for name, quoted, plain in found}
        if "license" in parameters.get("rel", "").split() and "rsl" in parameters.get("type", ""):
            yield target


def preferences(value: str) -> list[str]:
    """Value of Content-Signal or Content-Usage -> its preferences, as \"ai-train=no\"."""
    return [f"{name}={said}".lower() for name, said in _PREFERENCE.findall(value)]


USES = ("ai", "search", "archive")
"""Text and data mining and the training of models; an index that others search; a copy that is shown to others."""

_DIRECTIVES: Mapping[str, frozenset[str]] = {
    "noai": frozenset({"ai"}),
    "noindex": frozenset({"search"}),
    "none": frozenset({"search"}),  # noindex and nofollow, as robots directives define it
    "noarchive": frozenset({"archive"}),
    "nocache": frozenset({"archive"}),
}
# Names of Content-Signal (ai-train=no) and of Content-Usage in its drafts (train-ai=n).
_SIGNALS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("ai-train", "ai-input", "train-ai", "train-genai", "ai", "genai", "tdm"), frozenset({"ai"})),
    "search": frozenset({"search"}),
    "bots": frozenset({"ai", "search"}),
}
_NO = frozenset({"n", "no"})
# What RSL documents say (rsl.py). A copy that is shown to others has no word there; "all" means it too.
_TERMS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("ai-train", "ai-input", "ai-index"), frozenset({"ai"})),
    "search": frozenset({"search"}),
    "all": frozenset(USES),
}
_NOT_FREELY = frozenset({"no", "terms"})


def reserved(said: Rights | None) -> frozenset[str]:
    """Rights of a capture -> which of USES its publisher reserves. None, a capture of which nothing is known: none."""
    if said is None:
        return frozenset()
    found = set[str]({"ai"} if said.tdm_reserved else ())
    for directive in said.directives:
        found |= _DIRECTIVES.get(directive, frozenset())
    for stated, names, refusing in ((said.signals, _SIGNALS, _NO), (said.terms, _TERMS, _NOT_FREELY)):
        for each in stated:
            name, _, value = each.partition("=")
            if value in refusing:
                found |= names.get(name, frozenset())
    return frozenset(found)


def under_terms(said: Rights | None) -> bool:
    """Rights of a capture -> whether its publisher names conditions, in an RSL license or a TDM policy, whatever they are."""
    return said is not None and bool(said.licenses or said.tdm_policy)
