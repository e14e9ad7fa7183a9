"""Section and tags of a story, without what publishers' systems write there for themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.structured import Structured, section, tags

CRUMBS = {
    "@type": "BreadcrumbList",
    "itemListElement": [
        {"@type": "ListItem", "position": 1, "name": "Home"},
        {"@type": "ListItem", "position": 2, "item": {"@id": "/ports", "name": "Ports &amp; Ships"}},
        {"@type": "ListItem", "position": 3, "name": "Quay opens"},
    ],
}


def test_the_section_by_order_of_trust() -> None:
    meta = Structured(meta={"article:section": ("Business",)}, nodes=(CRUMBS,))
    assert section(meta, {"articleSection": ["Shipping", "News"]}, None) == "Shipping"
    assert section(meta, {}, None) == "Business"
    assert section(Structured(nodes=(CRUMBS,)), {}, "Quay opens") == "Ports & Ships"
    assert section(Structured(), {}, "Quay opens") is None


@pytest.mark.parametrize(
    "crumbs", [{}, {"itemListElement": {}}, {"itemListElement": [{"name": "Home"}, {"name": "Quay opens"}, 3]}]
)
def test_breadcrumbs_that_name_no_section(crumbs: dict[str, object]) -> None:
    assert section(Structured(nodes=({"@type": "BreadcrumbList", **crumbs},)), {}, "Quay opens!") is None


def test_tags_without_the_systems_own() -> None:
    given = [
        "Ports", "NLP Category: Shipping", "Category: Ports", "8ae9ab2d-fe1b-4230-acb8-a59b52877682", "harbour.example", "2026",
        "The Harbour Post", "ports", "R&amp;D", "x",
    ]  # fmt: skip
    assert tags(Structured(), {"keywords": given}, ("The Harbour Post", "harbour.example")) == ("Ports", "Shipping", "R&D")


def test_tags_by_order_of_trust() -> None:
    meta = Structured(meta={"article:tag": ("Ports", "Ships"), "keywords": ("a1, b2, Cranes",)})
    assert tags(meta, {"keywords": "Quays, Docks"}, ()) == ("Quays", "Docks")
    assert tags(meta, {"keywords": [{"name": "Locks"}, 5, None]}, ()) == ("Locks",)
    assert tags(meta, {"keywords": "8ae9ab2d-fe1b-4230-acb8-a59b52877682"}, ()) == ("Ports", "Ships")
    assert tags(Structured(meta={"keywords": ("a1, b2, Cranes",)}), {}, ()) == ("a1", "b2", "Cranes")
    assert tags(Structured(), {}, ()) == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "item", "@type"]), inner),
    )
)
def test_whatever_json_ld_says(value: object) -> None:
    story = {"keywords": value, "articleSection": value}
    crumbs = {"@type": "BreadcrumbList", "itemListElement": value}
    found = tags(Structured(nodes=(crumbs,)), story, ())
    assert len(found) <= 40 and all(1 < len(tag) < 80 for tag in found)
    assert section(Structured(nodes=(crumbs,)), story, None) != ""
