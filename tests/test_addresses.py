"""Addresses that no outlet lives on, in every spelling a URL can have, and what stands behind a name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.task import Clock

from crawler.network.addresses import CheckingResolver, networks, refused, refused_address, refused_peer, refused_url


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "127.255.255.255",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7F.0.0.1",
        "0177.0.0.1",
        "0x7f.1",
        "127.0.0.1.",
        "１２７.0.0.1",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "127.0.0.1:80",
        "%31%32%37.0.0.1",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "10.1",
        "167772161",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "192.168.257",
        "100.64.0.1",
        "100.127.255.255",
        "100.100.100.200",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "192.88.99.1",
        "010.8.8.8",
        "::1",
        "[::1]",
        "[::1]:443",
        "[0:0:0:0:0:0:0:1]",
        "::",
        "[::ffff:127.0.0.1]",
        "::ffff:7f00:1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "fe80::1",
        "fe80::1%eth0",
        "[fe80::1%25eth0]",
        "febf::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "100::1",
        "2001:db8::1",
        "3fff::1",
        "2001:2::1",
        "5f00::1",
        "4000::1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "localhost.localdomain",
        "printer.local",
        "metadata.google.internal",
        "router.lan",
        "x.home.arpa",
        "intranet",
        "x.onion",
        "ｌocalhost",
        "",
        " ",
        "a b",
        "256.1.1.1",
        "1.2.3.4.5",
        "0x100000000",
        "user@gazette.example",
        "gazette.example/x",
        "gazette.example\\x",
        "127.0.0.1%00.gazette.example",
        "[::1",
        "::g",
        "gazette.example#",
        "a..b:c",
    ],
)
def test_refused(host: str) -> None:
    assert refused(host)


@pytest.mark.parametrize(
    "host",
    [
        "gazette.example",
        "www.gazette.example.",
        "bücher.example",
        "xn--bcher-kva.example",
        "8.8.8.8",
        "134744072",
        "1.1.1.1:8080",
        "172.15.0.1",
        "172.32.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "192.0.0.9",
        "198.20.0.1",
        "223.255.255.255",
        "169.253.1.1",
        "2606:4700::1111",
        "[2606:4700::1111]:443",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2001:4860:4860::8888",
        "2001:20::1",
        "localhost.gazette.example",
        "local.example",
        "127.0.0.1.gazette.example",
    ],
)
def test_let_through(host: str) -> None:
    assert refused(host) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1/", True),
        ("http://010.8.8.8/x", True),
        ("http://8.8.8.8@127.0.0.1/", True),
        ("http://127.0.0.1@8.8.8.8/", False),
        ("http:\\\\127.0.0.1/", True),
        ("http://127.0.0\n.1/", True),
        ("http:127.1", True),
        ("https://gazette.example/127.0.0.1", False),
        ("ftp://gazette.example/", True),
        ("file:///etc/passwd", True),
        ("https://[::ffff:a9fe:a9fe]/", True),
    ],
)
def test_urls(url: str, why: bool) -> None:
    assert bool(refused_url(url)) is why


def test_a_setting_lets_networks_through() -> None:
    loopback = networks(["127.0.0.0/8", " ::1 ", ""])
    assert refused("127.1", loopback) is None
    assert refused("[::1]", loopback) is None
    assert refused("::ffff:127.0.0.1", loopback) is None
    assert refused("localhost", loopback) is None
    assert refused("10.0.0.1", loopback)
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        networks(["10.0.0.0/99"])


def test_the_peer_that_was_reached() -> None:
    assert refused_peer(IPv4Address("TCP", "10.0.0.1", 80))
    assert refused_peer(IPv6Address("TCP", "::1", 80))
    assert refused_peer(IPv4Address("TCP", "8.8.8.8", 80)) is None
    assert refused_peer(None)


@given(st.ip_addresses())
def test_a_mapped_address_is_judged_as_the_one_inside(address: Any) -> None:
    if address.version == 4:
        assert bool(refused_address(f"::ffff:{address}")) == bool(refused_address(str(address)))
        assert bool(refused(str(int(address)))) == bool(refused_address(address))
        assert (
            refused_address(address) or not (address.is_private or address.is_loopback) or str(address).startswith("192.0.0.")
        )
    else:
        judged_otherwise = any(address in network for network in networks(["::ffff:0:0/96", "64:ff9b::/96", "2001::/23"]))
        assert refused_address(address) or address.is_global or judged_otherwise


@given(st.text(max_size=40))
def test_any_host_is_answered(host: str) -> None:
    assert refused(host) is None or isinstance(refused(host), str)


class Names:
    """The system's resolver, with answers that stand in a table."""

    def __init__(self, table: dict[str, list[Any]]) -> None:
        self.table = table
        self.receiver: Any = None

    def resolveHostName(self, receiver: Any, name: str, port: int = 0, types: Any = None, semantics: str = "TCP") -> None:
        self.receiver = receiver
        receiver.resolutionBegan(None)
        for address in self.table.get(name, []):
            receiver.addressResolved(address)
        if name != "never.example":
            receiver.resolutionComplete()


class Reactor(Clock):
    def __init__(self, table: dict[str, list[Any]]) -> None:
        super().__init__()
        self.nameResolver = Names(table)


class Asked:
    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.ended = 0

    def resolutionBegan(self, resolution: Any) -> None:
        pass

    def addressResolved(self, address: Any) -> None:
        self.addresses.append(address.host)

    def resolutionComplete(self) -> None:
        self.ended += 1


def test_the_resolver_passes_on_only_what_may_be_asked() -> None:
    v4, v6 = (lambda host: IPv4Address("TCP", host, 80)), (lambda host: IPv6Address("TCP", host, 80))
    reactor = Reactor(
        {
            "good.example": [v4("8.8.8.8"), v6("2606:4700::1111")],
            "mixed.example": [v4("10.0.0.1"), v4("8.8.4.4"), v6("::1")],
            "bad.example": [v4("169.254.169.254")],
            "never.example": [v4("8.8.8.8")],
        }
    )
    resolver = CheckingResolver(reactor, cache_size=10, timeout=5.0)
    answers = {}
    for name in ("good.example", "mixed.example", "bad.example", "bad.example", "never.example"):
        answers[name] = Asked()
        resolver.resolveHostName(answers[name], name)
    assert answers["good.example"].addresses == ["8.8.8.8", "2606:4700::1111"]
    assert answers["mixed.example"].addresses == ["8.8.4.4"]
    assert answers["bad.example"].addresses == []
    assert resolver.reasons["bad.example"] == "link-local (169.254.169.254)"
    assert answers["never.example"].ended == 0
    reactor.advance(5)
    assert [answer.ended for answer in answers.values()] == [1, 1, 1, 1]
    assert not reactor.getDelayedCalls()


def test_an_allowed_network_a_zone_and_what_is_no_address() -> None:
    assert refused_address("fe80::1%eth0", networks(["::1"])) == "an IPv6 zone"
    assert refused_address("fe80::1", networks(["fe80::/10"])) is None
    assert refused_address("nowhere") == "not an address"
    assert refused("fe80::1%eth0.5%") == "an IPv6 zone"


def test_what_a_name_is_after_its_time_is_over_comes_too_late() -> None:
    reactor = Reactor({"never.example": [IPv4Address("TCP", "8.8.8.8", 80)]})
    resolver, asked = CheckingResolver(reactor, cache_size=0, timeout=5.0), Asked()
    resolver.resolveHostName(asked, "never.example")
    judge = reactor.nameResolver.receiver
    reactor.advance(5)
    assert (asked.addresses, asked.ended) == (["8.8.8.8"], 1)
    judge.addressResolved(IPv4Address("TCP", "8.8.4.4", 80))
    judge.resolutionComplete()
    assert (asked.addresses, asked.ended) == (["8.8.8.8"], 1)
