"""A host or an IP address -> why it must not be asked, or None: no outlet lives on a private network.

Three places ask: `refused` for a host as written in a URL, `CheckingResolver` for every name the reactor resolves, and
`refused_peer` for the address a connection really reached (after redirects and changing DNS answers). The ranges are
the IANA special-purpose registries (RFC 6890) with what they call globally reachable let through; of IPv6 only global
unicast (2000::/3) can be asked at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Self

from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer

from storage.urls import host_of

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(block), why)
    for block, why in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by a carrier",
        "127.0.0.0/8": "loopback",
        "168.63.129.16/32": "cloud metadata",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "protocol assignments",
        "192.0.2.0/24": "documentation",
        "192.88.99.0/24": "6to4 relay",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "benchmarking",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "255.255.255.255/32": "broadcast",
        "240.0.0.0/4": "reserved",
    }.items()
)
_V4_REACHABLE = frozenset({IPv4Address("192.0.0.9"), IPv4Address("192.0.0.10")})
_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(block), why)
    for block, why in {
        "::/128": "unspecified",
        "::1/128": "loopback",
        "64:ff9b:1::/48": "local-use translation",
        "100::/64": "discard only",
        "2001::/32": "Teredo",
        "2001:2::/48": "benchmarking",
        "2001:db8::/32": "documentation",
        "2002::/16": "6to4",
        "3fff::/20": "documentation",
        "5f00::/16": "segment routing",
        "fc00::/7": "unique local",
        "fe80::/10": "link-local",
        "fec0::/10": "site-local",
        "ff00::/8": "multicast",
    }.items()
)
_V6_PROTOCOL = IPv6Network("2001::/23")
_V6_REACHABLE = tuple(
    IPv6Network(block)
    for block in (
        "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28", "2001:30::/28",
    )
)  # fmt: skip
_V6_GLOBAL = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")

_LOCAL_NAMES = re.compile(
    r"(?:^|\.)(?:localhost|localhost6?\.localdomain6?|localdomain6?|local|internal|intranet|private|corp|lan|home"
    r"|home\.arpa|onion|ip6-localhost|ip6-loopback)$"
)
_AUTHORITY = re.compile(r"https?:[\\/]+(?:[^\\/?#]*@)?([0-9.]+)(?::[0-9]*)?(?=[\\/?#]|$)", re.I)
_DOTTED = re.compile(r"[0-9]+(?:\.[0-9]+){0,3}")


def networks(blocks: Iterable[str]) -> tuple[Network, ...]:
    """The setting NEWS_ALLOW_ADDRESSES ("127.0.0.0/8", "::1") -> networks; ValueError names the one that is none."""
    return tuple(ip_network(block.strip(), strict=False) for block in blocks if block.strip())


def refused(host: str, allow: Iterable[Network] = ()) -> str | None:
    """A host in any spelling a URL can have -> why it is refused; None for a name or address that may be asked.

    Reads numbers as a browser does (decimal, octal, hexadecimal, short, full-width) and also as plain decimals, since
    resolvers differ on "010.8.8.8". A name is not resolved here, and with `allow` a local name is left to
    `CheckingResolver`, which judges what it resolves to.
    """
    allow = tuple(allow)
    written = host.strip()
    bare = written[1:-1] if written.startswith("[") and written.endswith("]") else written
    literal = _literal(bare)
    if literal is not None:
        return refused_address(literal, allow)
    if "%" in bare and ":" in bare:
        return "an IPv6 zone"
    name = host_of(f"http://{written}/") if not re.search(r"[/\\?#@]", written) else None
    if name is None or (":" in bare and not bare.rpartition(":")[2].isdecimal()):
        return "not a host"
    literal = _literal(name.strip("[]"))
    if literal is None:
        local = not allow and (_LOCAL_NAMES.search(name) or "." not in name)
        return f"a local name ({name})" if local else None
    reason = refused_address(literal, allow)
    other = _decimal_reading(written)
    return reason or (refused_address(other, allow) if other is not None else None)


def refused_url(url: str, allow: Iterable[Network] = ()) -> str | None:
    """A URL -> why its host is refused, or that it is none that is fetched; None when it may be asked."""
    allow = tuple(allow)
    host = host_of(url)
    if host is None:
        return "not an http or https URL"
    authority = _AUTHORITY.match(url.strip())
    other = _decimal_reading(authority[1]) if authority else None
    return refused(host, allow) or (refused_address(other, allow) if other is not None else None)


def refused_address(address: str | Address, allow: Iterable[Network] = ()) -> str | None:
    """An IP address -> why no connection to it is made; None when it may be asked. Embedded IPv4 is judged as such."""
    found = _literal(address) if isinstance(address, str) else address
    if found is None:
        return "not an address"
    if isinstance(found, IPv6Address):
        if any(found in block for block in allow if block.version == 6):
            return None
        if found.scope_id is not None:
            return "an IPv6 zone"
        if found in _MAPPED or found in _NAT64:
            return refused_address(IPv4Address(int(found) & 0xFFFFFFFF), allow)
        return _refused_v6(found)
    if any(found in block for block in allow if block.version == 4) or found in _V4_REACHABLE:
        return None
    return next((f"{why} ({found})" for block, why in _V4 if found in block), None)


def refused_peer(peer: object, allow: Iterable[Network] = ()) -> str | None:
    """The address a transport reached (Twisted's IPv4Address or IPv6Address) -> why to drop it before the request."""
    host = getattr(peer, "host", None)
    return refused_address(host, allow) if isinstance(host, str) else "not an address"


def _refused_v6(found: IPv6Address) -> str | None:
    reason = next((why for block, why in _V6 if found in block), None)
    if reason is None and found in _V6_PROTOCOL and not any(found in block for block in _V6_REACHABLE):
        reason = "protocol assignments"
    if reason is None and found not in _V6_GLOBAL:
        reason = "not global unicast"
    return f"{reason} ({found})" if reason else None


def _literal(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _decimal_reading(written: str) -> IPv4Address | None:
    """"010.0.0.1" read as 10.0.0.1, for systems that do not take the leading zero for octal."""
    parts = written.rstrip(".").split(".")
    if len(parts) != 4 or not all(_DOTTED.fullmatch(part) and int(part) < 256 for part in parts):
        return None
    return IPv4Address(".".join(str(int(part)) for part in parts))


@implementer(IHostnameResolver)
class CheckingResolver(CachingHostnameResolver):
    """For the setting TWISTED_DNS_RESOLVER: passes on only addresses that may be asked, IPv4 and IPv6, literals too.

    A host left without any ends as DNSLookupError; `reasons` then says why, by host name. Settings read: DNS_TIMEOUT
    (seconds; the lookup then counts as failed), NEWS_ALLOW_ADDRESSES (networks let through, for tests and intranets).
    """

    def __init__(self, reactor: Any, cache_size: int, timeout: float = 60.0, allow: tuple[Network, ...] = ()):
        super().__init__(reactor, cache_size)
        self.timeout = timeout
        self.allow = allow
        self.reasons: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        settings = crawler.settings
        cache_size = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        allow = networks(settings.getlist("NEWS_ALLOW_ADDRESSES"))
        return cls(reactor, cache_size, settings.getfloat("DNS_TIMEOUT"), allow)

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        judge: Any = _Judge(resolutionReceiver, hostName, self)
        judge.timer = self.reactor.callLater(self.timeout, judge.resolutionComplete)
        return super().resolveHostName(judge, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _Judge:
    """Stands between a resolver and who asked it, and lets no refused address by."""

    def __init__(self, receiver: Any, host: str, resolver: CheckingResolver):
        self._receiver, self._host, self._resolver = receiver, host, resolver
        self._ended = False
        self.timer: Any = None

    def resolutionBegan(self, resolution: Any) -> None:
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:
        reason = refused_peer(address, self._resolver.allow)
        if reason:
            if len(self._resolver.reasons) >= 10_000:
                self._resolver.reasons.clear()
            self._resolver.reasons[self._host] = reason
        elif not self._ended:
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:
        """All is told, or the time is over: what came so far counts."""
        if not self._ended:
            self._ended = True
            if self.timer is not None and self.timer.active():
                self.timer.cancel()
            self._receiver.resolutionComplete()
