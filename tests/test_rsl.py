"""RSL documents that stand in a page, and what they say of its use."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rights import metas_of, rights
from pipelines.rsl import LONGEST, MOST_CONTENTS, MOST_DOCUMENTS, terms

URL = "https://www.gazette.example/news/1?page=2"


def document(inner: str, url: str = "/", server: str = "") -> str:
    """Licenses -> an RSL document with one content."""
    at = f' server="{server}"' if server else ""
    return f'<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}"{at}>{inner}</content></rsl>'


def usage(permits: str | None = None, prohibits: str | None = None, more: str = "") -> str:
    """Uses -> a license."""
    parts = "" if permits is None else f'<permits type="usage">{permits}</permits>'
    parts += "" if prohibits is None else f'<prohibits type="usage">{prohibits}</prohibits>'
    return f"<license>{parts}{more}</license>"


PAID = '<payment type="crawl"><amount currency="USD">0.015</amount></payment>'


@pytest.mark.parametrize(
    ("licenses", "said"),
    [
        (usage(prohibits="ai-train"), "ai-train=no"),
        (usage(prohibits="ai-all"), "ai-train=no ai-input=no ai-index=no"),
        (usage(prohibits="all"), "ai-train=no ai-input=no ai-index=no search=no all=no"),
        (usage(permits="search ai-input"), "ai-train=no ai-input=yes ai-index=no search=yes"),
        (usage(permits="AI-Train,search\n", prohibits=""), "ai-train=yes ai-input=no ai-index=no search=yes"),
        (usage(permits=""), "ai-train=no ai-input=no ai-index=no search=no"),
        # Within a license what is more specific counts; as specific, the prohibition (RSL 1.0 3.1.1).
        (usage(permits="search", prohibits="all"), "ai-train=no ai-input=no ai-index=no search=yes all=no"),
        (usage(permits="all", prohibits="ai-train"), "ai-train=no ai-input=yes ai-index=yes search=yes"),
        (usage(permits="ai-train", prohibits="ai-train"), "ai-train=no ai-input=no ai-index=no search=no"),
        # Each license is an offer; what one of them prohibits no other permits.
        (
            usage(permits="search") + usage(permits="ai-all", more=PAID),
            "ai-train=terms ai-input=terms ai-index=terms search=yes",
        ),
        (usage(permits="all") + usage(prohibits="search"), "ai-train=yes ai-input=yes ai-index=yes search=no"),
        # No list of uses is every use, at the price that is asked.
        (usage(more=PAID), "ai-train=terms ai-input=terms ai-index=terms search=terms"),
        (usage(), ""),
        (usage(more='<payment type="free"/>'), ""),
        (usage(permits="search", more='<payment type="attribution"/>'), "ai-train=no ai-input=no ai-index=no search=yes"),
        (
            usage(permits="all", more='<permits type="user">education</permits>'),
            "ai-train=terms ai-input=terms ai-index=terms search=terms",
        ),
        (usage(permits="x:mine teleport", prohibits="x:yours"), "ai-train=no ai-input=no ai-index=no search=no"),
        ('<license xmlns="https://other.example/"><prohibits type="usage">all</prohibits></license>', ""),
        ("", ""),
    ],
)
def test_what_licenses_say(licenses: str, said: str) -> None:
    assert " ".join(terms(document(licenses), URL)) == said


def test_a_license_server_is_asked_first() -> None:
    assert terms(document(usage(permits="search"), server="https://olp.example/"), URL)[-1] == "search=terms"


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("", True),
        ("/", True),
        ("/news/*", True),
        ("/news/*$", True),
        ("/news/1$", False),
        ("/sport/", False),
        ("https://www.gazette.example/news/", True),
        ("http://gazette.example", True),
        ("https://www.gazette.example/sport/", False),
        ("https://other.example/", False),
        ("https://www.gazette.example/" + "*a" * 20_000, False),
        ("mailto:desk", False),
    ],
)
def test_only_content_that_covers_the_page_counts(where: str, holds: bool) -> None:
    assert bool(terms(document(usage(prohibits="search"), where), URL)) is holds


def test_the_content_that_is_most_specific_counts() -> None:
    general = document(usage(prohibits="all"))
    special = document(usage(permits="search"), "https://gazette.example/news/")
    both = general.replace("</rsl>", special.partition(">")[2])
    assert terms(both, URL)[-1] == "search=yes"
    assert terms(both, "https://gazette.example/sport/1")[-1] == "all=no"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", ()),
        ("no markup", ()),
        ("<html><p>404</p></html>", ()),
        ("<rsl>", ()),
        ("<rsl", ()),
        ('<?xml version="1.0" encoding="UTF-16"?>\n' + document(usage(prohibits="search")), ("search=no",)),
        ("//<![CDATA[\n" + document(usage(prohibits="search")) + "\n//]]>", ("search=no",)),
        (document(usage(prohibits="sea\x00rch\x1b")), ("search=no",)),
        (document(usage(prohibits="search", more="<legal>A & B</p>")), ("search=no",)),
        (document(usage(prohibits="search")).removesuffix("</license></content></rsl>"), ("search=no",)),
        (document(usage(prohibits="search")).replace(' url="/"', ""), ("search=no",)),
        (document(usage(prohibits="search")).replace(' xmlns="https://rslstandard.org/rsl"', ""), ("search=no",)),
        (
            '<r:rsl xmlns:r="https://rslstandard.org/rsl"><r:content url="/"><r:license><r:prohibits type="usage">search'
            "</r:prohibits></r:license></r:content></r:rsl>",
            ("search=no",),
        ),
        (
            '<!DOCTYPE rsl [<!ENTITY e SYSTEM "file:///etc/hostname"><!ENTITY u "search">]>'
            + document(usage(prohibits="ai-train &e; &u;")),
            ("ai-train=no",),
        ),
        (document("<license>" * 5_000 + usage(prohibits="search")), ()),
        (document(usage(prohibits="search") + " " * LONGEST), ()),
        (document(usage(prohibits="search")).replace("</rsl>", "<content url='/a*a'/>" * MOST_CONTENTS), ()),
        ("<rsl " * 5_000, ()),
        (document(usage(prohibits="search", more="<legal>\ud800</legal>")), ("search=no",)),
    ],
)
def test_bad_documents(written: str, said: tuple[str, ...]) -> None:
    assert terms(written, URL) == said


@given(
    st.text(max_size=200), st.sampled_from(["%s", "<rsl>%s", document("%s"), document(usage("%s", "%s"))]), st.text(max_size=30)
)
def test_anything_is_read(text: str, frame: str, url: str) -> None:
    for said in terms(frame.replace("%s", text), url):
        use, _, value = said.partition("=")
        assert use in {"ai-train", "ai-input", "ai-index", "search", "all"} and value in {"yes", "no", "terms"}


@given(st.lists(st.sampled_from(["ai-train", "ai-input", "ai-index", "search", "ai-all", "all"])))
def test_a_use_that_is_prohibited_is_permitted_by_nothing_beside_it(permits: list[str]) -> None:
    other = usage(permits=" ".join(permits))
    assert "ai-train=no" in terms(document(other + usage(prohibits="ai-train")), URL)
    assert "ai-train=no" in terms(document(usage(permits=" ".join(permits), prohibits="ai-train")), URL)


def test_documents_in_a_page() -> None:
    inline = document(usage(permits="search"))
    page = f"<head><SCRIPT Type='application/rsl+xml'>{inline}</SCRIPT >" + "<script type=text/javascript>x</script>"
    found = rights([], metas_of(page.encode()), url=URL)
    assert found.terms == ("ai-train=no", "ai-input=no", "ai-index=no", "search=yes")
    assert found.licenses == (URL,), "where the document stands"
    assert rights([], metas_of(f"<script>{inline}</script>".encode()), url=URL).licenses == ()


def test_a_document_that_cannot_be_read_is_named_all_the_same() -> None:
    for page in (b"<script type=application/rsl+xml>\xff\x00", b"<script type=application/rsl+xml></script>"):
        found = rights([], metas_of(page), url=URL)
        assert (found.licenses, found.terms) == ((URL,), ())


def test_pages_of_documents_are_read_in_no_time() -> None:
    begun = time.perf_counter()
    assert len(metas_of(b"<script type=rsl>" * 30_000)) == MOST_DOCUMENTS
    assert len(metas_of((b"<script type=rsl>" + b"<rsl " * 1_000 + b"</script>") * 100)) == MOST_DOCUMENTS
    rights([], metas_of(b"<script type=rsl>" + document(usage("ai " * 15_000)).encode()), url=URL)
    assert time.perf_counter() - begun < 5
