"""Laws of the guard: deterministic, once is enough, ordinary text untouched, no text slow."""

import time
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingestion.privacy.finding import Kind
from ingestion.privacy.guard import find, holds_private_id, might_hold_pii, redact
from ingestion.privacy.masking import mask_payload
from tests.ingestion.privacy.measure import HALVES, read_corpus

CORPUS = [line.text for half in HALVES for lines in read_corpus(half) for line in lines]
# Texts nobody has written, from pieces of texts somebody might.
mixtures = st.lists(
    st.one_of(
        st.sampled_from(CORPUS), st.text(max_size=8), st.sampled_from([" ", ", ", "[email]"])
    ),
    max_size=6,
).map("".join)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), mixtures),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(mixtures, inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(text=mixtures)
@example("Dr. Jane Doe 078-05-1120a@b.org")
def test_redaction_is_deterministic_and_once_is_enough(text: str) -> None:
    redacted, counts = redact(text)

    assert redact(text) == (redacted, counts)
    assert redact(redacted) == (redacted, Counter())
    assert bool(counts) == (redacted != text)


@settings(deadline=None)
@given(text=mixtures)
def test_what_the_first_look_lets_pass_is_not_changed(text: str) -> None:
    if not might_hold_pii(text):
        assert redact(text) == (text, Counter())


@settings(deadline=None)
@given(text=mixtures)
def test_finds_lie_in_the_text_and_apart(text: str) -> None:
    end = 0
    for finding in find(text):
        assert end <= finding.start < finding.end <= len(text)
        end = finding.end


@settings(deadline=None, max_examples=60)
@given(payload=json_values)
def test_masking_a_payload_once_is_enough(payload: object) -> None:
    masked = mask_payload(payload)
    assert mask_payload(masked) == masked


def test_redaction_says_what_was_there_and_leaves_the_rest() -> None:
    text = "ask jane@example.org or b@c.org, MRN 00482913, about 5 mg of I21.4"

    redacted, counts = redact(text)

    assert redacted == "ask [email] or [email], MRN [mrn], about 5 mg of I21.4"
    assert counts == {Kind.EMAIL: 2, Kind.MRN: 1}


@pytest.mark.parametrize("text", ["a@b.org", "u-a%40b.org", "[email]", "x-[mrn]", "a＠b.org"])  # noqa: RUF001
def test_id_that_is_or_was_an_address_is_private(text: str) -> None:
    assert holds_private_id(text)


@pytest.mark.parametrize("text", ["q5012", "078-05-1120", "2026-11-23/4", "@me", "a@b", "[x]"])
def test_other_ids_are_the_senders_own(text: str) -> None:
    assert not holds_private_id(text)


def test_nested_payloads_are_bounded_and_long_texts_cut() -> None:
    deep: object = "jane@example.org"
    for _ in range(500):
        deep = [deep]
    assert "jane" not in str(mask_payload(deep))
    assert len(str(mask_payload("a " * 100_000))) < 4_000


HOSTILE = {
    "letters": "a",
    "mailboxes": "a@",
    "ats": "@",
    "dots": "a.",
    "digits": "1",
    "numbers": "1 ",
    "dashes": "1-",
    "octets": "1.",
    "colons": "f:",
    "titles": "Dr ",
    "names": "Dr Ab ",
    "initials": "Dr A. ",
    "patients": "patient ",
    "streets": "12 ab ab ",
    "capitals": "1 Ab ",
    "ids": "ssn 123",
    "records": "mrn : ",
    "accounts": "DE12 ",
    "cards": "4111 1111 1111 1111 ",
    "phones": "+49 151 23456789 ",
    "births": "born 1 jan ",
    "credentials": "://a:",
    "spelt": "a at b dot ",
    "spaces": " ",
    "thanks": "regards, ",
    "papers": "10.1234/",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_takes_more_than_its_length(piece: str) -> None:
    text = (piece * (100_000 // len(piece))) + " street @ 12345 regards"
    before = time.process_time()
    redact(text)
    # A second or two at most; what goes by the square of the length takes minutes.
    assert time.process_time() - before < 20
