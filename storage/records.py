"""Every noun of the project, frozen: what goes in here comes out unchanged. One long file, so that there is one place to look.

Each record contains the one before it (Article.page.capture.lead). Times are aware datetimes in UTC unless a field
says otherwise. The words are explained in docs/glossary.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What an answer of an outlet turned out to be."""

    ARTICLE = "ARTICLE"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    SOFT_ERROR = "SOFT_ERROR"
    CHALLENGE = "CHALLENGE"
    CONSENT = "CONSENT"
    PAYWALL = "PAYWALL"
    LISTING = "LISTING"
    EMPTY = "EMPTY"
    MAINTENANCE = "MAINTENANCE"


class Outcome(StrEnum):
    """How a capture ended; every capture has exactly one."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    REVISION = "revision"
    UNCHANGED = "unchanged"
    QUARANTINED = "quarantined"
    FAILED = "failed"


class Relation(StrEnum):
    """How an article stands to what the catalogue already holds."""

    NEW = "NEW"
    EXACT_DUPLICATE = "EXACT_DUPLICATE"
    NEAR_DUPLICATE = "NEAR_DUPLICATE"
    EXCERPT = "EXCERPT"
    REVISION = "REVISION"
    UNCHANGED = "UNCHANGED"


class BlockKind(StrEnum):
    """The four forms that text has in a clean copy."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST = "list"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A dated, per-outlet correction of the general rules, as data.

    `select` and `remove` are CSS selectors: the elements that hold the story, and elements that are never text.
    """

    select: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    valid_until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A site that we read. `zone` is an IANA name for times printed without one; `since` the first day it existed;
    `impossible` the fingerprint of what it answers for a URL that cannot exist (`pipelines.probe`), empty: not known."""

    name: str
    title: str = ""
    hosts: tuple[str, ...] = ()
    language: str | None = None
    zone: str | None = None
    since: dt.date | None = None
    overrides: tuple[Override, ...] = ()
    impossible: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A URL that we heard of: where, and what the source said of it. `source` is a feed's URL, or "by hand"."""

    url: str
    outlet: str
    source: str
    title: str | None = None
    published: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP exchange as its bytes crossed the wire: `request` and `response` with head and framed body.

    `truncated` is the WARC-Truncated reason ("length", "time", "disconnect") of a body that did not come whole.
    """

    url: str
    request: bytes
    response: bytes
    started_at: dt.datetime
    ended_at: dt.datetime
    peer: str | None = None
    truncated: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcAddress:
    """Where a response lies: key of the WARC file in the archive, offset and length of its gzip member in bytes."""

    file: str
    offset: int
    length: int
    record_id: str
    payload_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A response of which the archive holds the body already: its URL, when it was fetched, where it lies."""

    url: str
    fetched_at: dt.datetime
    address: WarcAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer to a lead as it lies in the WARC, its body not unpacked yet. `rights`: what is said of them beside the page."""

    lead: Lead
    exchange: Exchange
    address: WarcAddress | None = None
    rights: Rights | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One answer to a lead: `body` has its content coding undone, `headers` are in wire order, repeats kept.

    `url` is the address that answered, after redirects. `address` is None only where nothing is archived. `rights`: what the
    publisher said of its use when it was fetched.
    """

    lead: Lead
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: dt.datetime
    truncated: str | None = None
    address: WarcAddress | None = None
    rights: Rights | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header, by name in any case; None when it was not sent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A fetch that ended without a whole answer: `error` says why; `address` is set when part of an answer came."""

    lead: Lead
    url: str
    fetched_at: dt.datetime
    error: str
    address: WarcAddress | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One reason of a verdict: the rule's name, the words quoted, and the weight; above 0 speaks against an article."""

    rule: str
    words: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A passage that was on the page and is not in the clean copy, with the rule that took it out."""

    rule: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What one story teaches about its outlet: the digests of its passages, its headline, and whether figures of dates on
    its page name the day first (None: they do not show it). `url` is the canonical URL."""

    url: str
    headline: str = ""
    passages: tuple[str, ...] = ()
    day_first: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """A passage that was taken out because it recurs: its digest, in how many stories of the outlet it stands, of how
    many that were known, this one counted in both."""

    passage: str
    stories: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A classified capture. `text` is the shown text, one block a line; `flags` name what is odd about an article."""

    capture: Capture
    kind: Kind
    evidence: tuple[Evidence, ...]
    title: str | None = None
    text: str = ""
    language: str | None = None
    encoding: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A passage of a clean copy. Items of a list are lines of `text`."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time of publication as ISO 8601 (a day alone, or a time with its zone) and the source that gave it."""

    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The lead picture: its URL, and its caption apart from the text."""

    url: str
    caption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The text at a canonical URL. `sources` says for each field where it came from (json-ld, meta, feed, visible).

    Not part of the clean copy: `sure`, how likely the block model finds each of the blocks, 0 to 1; `day_first`, as in
    Lesson; `recurring`, what the outlet's memory took out.
    """

    page: Page
    canonical: str
    headline: str | None
    blocks: tuple[Block, ...]
    removed: tuple[Removed, ...] = ()
    authors: tuple[str, ...] = ()
    published: Stamp | None = None
    modified: Stamp | None = None
    language: str | None = None
    provider: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    description: str | None = None
    picture: Picture | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    sure: tuple[float, ...] = ()
    day_first: bool | None = None
    recurring: tuple[Recurrence, ...] = ()

    @property
    def text(self) -> str:
        """The plain text: blocks in reading order, joined by a newline."""
        return "\n".join(block.text for block in self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What finds copies. `digest`: sha256 hex of the normalised text; `length`: its characters; `numbers`: the figures
    that it states. `shingles`: 64-bit hashes of runs of words to ask the index for, in the order of the text, each
    starting at the word `positions` says; `anchors`: those of them that the index keeps. `words`: one byte a word,
    the lowest bit set for figures. `unspaced`: words are characters, the script has no spaces."""

    digest: str
    length: int
    shingles: tuple[int, ...] = ()
    numbers: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    anchors: tuple[int, ...] = ()
    words: bytes = b""
    unspaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A document that the index holds, as far as placing needs it: a revision of an article, and where it stands.

    `document` numbers the revisions in order of arrival; `cluster` is the id of its cluster, `seen` the ISO time (UTC)
    at which it was published or else fetched; `words`, `length`, `digest`, `unspaced` are its fingerprint's.
    """

    document: int
    article: str
    cluster: str
    digest: str
    length: int
    seen: str
    words: bytes = b""
    unspaced: bool = False
    outlet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A document of a cluster, without its words: how many they are, its characters, whether a person put it there."""

    article: str
    digest: str
    words: int
    length: int
    ruled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What the index knows of a fingerprint: neighbours with shared anchors, likeliest first, and for each word
    position at which a shingle was found the number of clusters that have it."""

    neighbours: tuple[Neighbour, ...] = ()
    spread: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an article stands: its relation, its cluster, the member that stands for it, and what it was compared to.

    `match` is the article id that decided; `share_of_match` is the share (0 to 1) of the match's text that stands in
    this article, `share_of_self` the share of this article's text that stands in the match. `adopted` are articles that
    came before and went to this cluster with it.
    """

    relation: Relation
    cluster: str
    canonical: str
    match: str | None = None
    share_of_match: float = 0.0
    share_of_self: float = 0.0
    score: float = 0.0
    adopted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one capture ended: the line that the ledger keeps of it, enough to make the catalogue again.

    `sequence` orders the endings of one catalogue. `article` and `content_digest` name the revision that the capture
    is, or is a copy of; `clean_key` is where the text lies (for a duplicate: the first one's clean copy). The fields
    from `canonical` on describe the page itself, also where its text is kept elsewhere. `supersedes` is the sequence of
    an earlier ending of the same capture, when it was judged or extracted again. `passages` and `day_first` are what the
    story teaches about its outlet (see Lesson), `recurring` what the outlet's memory took out of it.
    """

    sequence: int
    run: str
    lead: Lead
    url: str
    fetched_at: dt.datetime
    outcome: Outcome
    status: int | None = None
    kind: Kind | None = None
    evidence: tuple[Evidence, ...] = ()
    error: str | None = None
    address: WarcAddress | None = None
    article: str | None = None
    content_digest: str | None = None
    clean_key: str | None = None
    placement: Placement | None = None
    canonical: str | None = None
    headline: str | None = None
    published: str | None = None
    modified: str | None = None
    language: str | None = None
    provider: str | None = None
    authors: tuple[str, ...] = ()
    section: str | None = None
    supersedes: int | None = None
    rights: Rights | None = None
    passages: tuple[str, ...] = ()
    day_first: bool | None = None
    recurring: tuple[Recurrence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a publisher says of the use of one capture, as found beside it; nothing is inferred.

    `directives`: robots directives for us ("noarchive", "noai"), lower case. `tdm_reserved`: TDMRep's reservation, None
    where nothing is said; `tdm_policy`: URL of its policy. `licenses`: URLs of RSL documents, the page's own where one stands
    in it; `terms`: what the latter say of a use, "no", "yes", or "terms" where something is asked for it ("ai-train=terms").
    `signals`: preferences of Content-Signal and Content-Usage ("ai-train=no"). `robots`: sha256 hex of the robots.txt that was
    obeyed.
    """

    directives: tuple[str, ...] = ()
    tdm_reserved: bool | None = None
    tdm_policy: str | None = None
    licenses: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    robots: str | None = None
