"""One story, one address: URLs as written anywhere -> the form under which they are fetched, and a key to compare by.

`canonical` gives a URL that can be asked for and that any server is bound to answer like the one it came from; `key`
goes further (host and path variants that only usually mean the same page) and is never asked for. Parsing is the
WHATWG URL standard (ada), the normalisation on top is RFC 3986 section 6.2.2. Pure; imports no other room.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from ada_url import URL

LONGEST = 16_384
"""Characters; a longer URL is no address of a story and would only cost memory."""

_TRACKING_PREFIXES = (
    "utm_", "at_", "pk_", "mtm_", "piwik_", "matomo_", "hmb_", "ga_", "__hs", "_hs", "hsa_", "fb_action_", "ns_",
    "wt_", "amp_", "guce_", "__twitter_", "vero_", "oly_", "sc_c", "trk_", "stm_", "itm_", "asc_", "elq",
)  # fmt: skip
_TRACKING = frozenset(
    """fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid li_fat_id igshid igsh irclickid
    mc_cid mc_eid mkt_tok xtor xtcr xtmc ito ocid cmpid cmp icid int_cid s_cid smid smtyp emc ncid mbid wtmc wtrid
    _ga _gl _openstat __s epik srsltid dicbo rb_clickid wickedid s_kwcid ef_id mibextid sfnsn fb_ref fb_source
    action_object_map action_type_map action_ref_map _branch_match_id _branch_referrer traffic_source tpcc trkcampaign
    soc_src soc_trk guccounter ref_src ref_url referrer_access_token hsctatracking usqp spm ceneo_spm intcmp intcid
    ftag rss_source feature_source zanpid wprov sr_share_id taid echobox nr_email_referer
    adgroupid campaignid piano_t gaa_at gaa_n gaa_ts gaa_sig""".split()  # noqa: SIM905
)
_SESSIONS = frozenset(
    {"phpsessid", "jsessionid", "sessionid", "session_id", "sessid", "aspsessionid", "cfid", "cftoken", "oscsid", "zenid"}
)
_SESSION_BY_VALUE = frozenset({"sid", "s", "session", "ssid"})
_LONG_TOKEN = re.compile(r"(?=[^=]*[0-9])[0-9A-Za-z]{20,}")
_VARIANTS = {
    "amp": {"", "1", "true", "yes", "amp"},
    "isamp": {"", "1", "true"},
    "outputtype": {"amp"},
    "output": {"amp", "print"},
    "noamp": {"mobile", "available", "1", ""},
    "print": {"", "1", "true", "yes", "y", "print"},
    "printable": {"", "1", "true", "yes"},
    "printview": {"", "1", "true", "yes"},
    "view": {"amp", "print"},
    "mode": {"print"},
}
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sessionid|sid|cfid|cftoken)=[^/;]*|\(S\([0-9a-z]{24}\)\)/", re.I)
# A last segment that names the edition of a page, when the one before it is a slug or a number.
_EDITION = re.compile(r"/(?:amp|print)(?=/?$)", re.I)
_STORY = re.compile(r"[^/]-[^/]|[0-9]{4}")
_AMP_SUFFIX = re.compile(r"\.amp(\.html?)?$", re.I)
_CACHES = re.compile(
    r"^https://(?:[a-z0-9-]+\.cdn\.ampproject\.org/(?:c|v|wp)|(?:www\.)?(?:google|bing)\.[a-z.]+/amp)/(?P<tls>s/)?(?P<rest>.+)",
    re.I,
)
# Not after a stray "%": "%%341" must not become "%41", which would mean something else when read again.
_OCTET = re.compile(r"(?<!%)(?<!%[0-9A-Fa-f])%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def canonical(url: str, base: str | None = None) -> str | None:
    """A URL as written, and the absolute URL it stands in -> the one form to fetch; None where nothing can be fetched.

    Kept: path and its case, trailing slash (servers may answer differently), order and case of the query. Dropped:
    fragment, user name and password, default port, final dot of the host, parameters that only track or name a
    session, an empty query, and the marks of an AMP or print edition. canonical(canonical(x)) == canonical(x).
    """
    parsed = _parse(url, base)
    if parsed is None:
        return None
    current = _rebuilt(parsed)
    # Each round shortens the URL; taking a session out of "/a/..;sid=1/b" leaves something to resolve again.
    while (settled := _settled(_uncached(current))) != current:
        parsed = _parse(settled, None)
        if parsed is None:
            return None
        current = _rebuilt(parsed)
    return current


def key(url: str) -> str | None:
    """A URL -> what it shares with the other addresses of the same page, to compare by; None as for `canonical`.

    On top of `canonical`: without scheme, leading www., m., mobile. or amp. of the host, /amp/ or /mobile/ before the
    path, index page, repeated and trailing slashes; query sorted and without `ref` and `source`.
    """
    found = canonical(url)
    if found is None:
        return None
    address, _, query = found.partition("://")[2].partition("?")
    host, _, path = address.partition("/")
    name, colon, port = host.partition(":")
    shorter = re.sub(r"^(?:(?:www\d?|m|mobile|amp|wap)\.)+", "", name) if not name.startswith("[") else name
    name = shorter if "." in shorter else name
    path = re.sub(r"/{2,}", "/", "/" + path)
    path = re.sub(r"^/(?:amp|mobile|m)(?=/.)", "", path, flags=re.I)
    path = re.sub(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", "/", path, flags=re.I).rstrip("/")
    wanted = sorted(part for part in query.split("&") if part and part.partition("=")[0].lower() not in {"ref", "source"})
    return name + colon + port + path + ("?" + "&".join(wanted) if wanted else "")


def absolute(url: str, base: str | None = None) -> str | None:
    """A URL as written -> absolute as a browser resolves it (WHATWG), fragment kept; None unless http or https."""
    parsed = _parse(url, base)
    return parsed.href if parsed is not None else None


def host_of(url: str) -> str | None:
    """A URL -> its host in ASCII lower case without a final dot, brackets kept on IPv6; None unless http or https."""
    parsed = _parse(url, None)
    return parsed.hostname.rstrip(".") if parsed is not None else None


def _parse(url: str, base: str | None) -> URL | None:
    """None for everything but http and https with a host, and for a base that is no URL."""
    if not isinstance(url, str) or len(url) > LONGEST or (base is not None and len(base) > LONGEST):
        return None
    try:
        parsed = URL(_scalar(url), _scalar(base)) if base else URL(_scalar(url))
    except ValueError:
        return None
    if parsed.protocol not in {"http:", "https:"} or not parsed.hostname.strip("."):
        return None
    return parsed


def _scalar(text: str) -> str:
    """Lone surrogates replaced: they have no UTF-8 form."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


def _rebuilt(parsed: URL) -> str:
    """Parsed URL -> text without credentials, fragment and final dot of the host."""
    port = ":" + parsed.port if parsed.port else ""
    return parsed.protocol + "//" + parsed.hostname.rstrip(".") + port + parsed.pathname + parsed.search


def _uncached(url: str) -> str:
    """A copy of a page in an AMP cache -> the page's own URL; any other URL as it is."""
    cached = _CACHES.match(url)
    if not cached:
        return url
    inner = _parse(("https://" if cached["tls"] else "http://") + cached["rest"], None)
    return _rebuilt(inner) if inner is not None and "." in inner.hostname else url


def _settled(url: str) -> str:
    """Everything that needs no parser: octets, sessions, editions, query."""
    address, _, query = url.partition("?")
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    path = _SESSION_IN_PATH.sub("", _octets(slash + path))
    edition = _EDITION.search(path)
    if edition and _STORY.search(path[: edition.start()].rpartition("/")[2]):
        path = path[: edition.start()] + path[edition.end() :]
    path = _AMP_SUFFIX.sub(r"\1", path) or "/"
    kept = [part for part in _octets(query).split("&") if part.strip("=") and not _noise(part)]
    return scheme + "://" + host + path + ("?" + "&".join(kept) if kept else "")


def _octets(text: str) -> str:
    """Percent-encoded unreserved characters decoded, the hex digits of the others in upper case (RFC 3986 6.2.2)."""
    if "%" not in text:
        return text

    def settle(found: re.Match[str]) -> str:
        octet = int(found[1], 16)
        return chr(octet) if octet in _UNRESERVED else "%" + found[1].upper()

    return _OCTET.sub(settle, text)


def _noise(part: str) -> bool:
    """Whether a query parameter (`name=value`) says nothing about which page is meant."""
    name, _, value = part.partition("=")
    name = unquote(name).lower()
    if name in _TRACKING or name in _SESSIONS or name.startswith(_TRACKING_PREFIXES):
        return True
    if name in _SESSION_BY_VALUE:
        return _LONG_TOKEN.fullmatch(value) is not None
    return name in _VARIANTS and unquote(value).lower() in _VARIANTS[name]
