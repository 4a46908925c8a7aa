"""Nesting is measured before anything recurses, and strings cannot cheat."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.api.depth import is_too_deep

text = st.text(st.sampled_from('[]{}"\\a é'), max_size=8)
documents = st.recursive(
    text | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=30,
)


def depth_of(document: object) -> int:
    match document:
        case dict():
            return 1 + max(map(depth_of, document.values()), default=0)
        case list():
            return 1 + max(map(depth_of, document), default=0)
        case _:
            return 0


@given(document=documents, most=st.integers(0, 6), ascii_only=st.booleans())
def test_depth_is_that_of_the_document(document: object, most: int, ascii_only: bool) -> None:
    body = json.dumps(document, ensure_ascii=ascii_only).encode()
    assert is_too_deep(body, most) == (depth_of(document) > most)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'["]",' * 100_000,
        b'["\\"]",' * 100_000,
        b"[" * 65 + b"]" * 65,
    ],
)
def test_deep_text_is_found_however_it_hides(body: bytes) -> None:
    assert is_too_deep(body)


@pytest.mark.parametrize(
    "body", [b"", b"[" * 64 + b"]" * 64, b"[]" * 1000, b'"' + b"[" * 99 + b'"']
)
def test_flat_text_passes(body: bytes) -> None:
    assert not is_too_deep(body)
