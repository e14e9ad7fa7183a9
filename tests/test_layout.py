"""A document laid out by hand reads, byte for byte, as the standard library writes it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.archive.packed import laid_out

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_the_bytes_are_those_of_the_standard_library(document: object) -> None:
    assert laid_out(document) == json.dumps(document, ensure_ascii=False, indent=1)


@pytest.mark.parametrize("fault", [float("nan"), {1, 2}, object()])
def test_what_is_no_json_is_refused(fault: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        laid_out({"field": [fault]})
