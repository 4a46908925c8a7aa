"""The guard over the corpus: enough of what is private is found, and little else."""

import pytest

from ingestion.privacy.finding import Kind
from tests.ingestion.privacy.measure import HALVES, measure, read_corpus

# Floors a little under what was measured: docs/privacy.md has the figures.
RECALL = {"tuning": 0.99, "held_out": 0.92}
PRECISION = {"tuning": 0.99, "held_out": 0.93}


def test_corpus_is_large_and_knows_every_kind() -> None:
    private, ordinary = [], []
    for half in HALVES:
        some_private, some_ordinary = read_corpus(half)
        assert {span.kind for line in some_private for span in line.private} == set(Kind)
        private += [line.text for line in some_private]
        ordinary += [line.text for line in some_ordinary]
    assert len(set(private)) >= 200
    assert len(set(ordinary)) >= 200
    assert not set(private) & set(ordinary)


@pytest.mark.parametrize("half", HALVES)
def test_guard_finds_what_is_private_and_little_else(half: str) -> None:
    private, ordinary = read_corpus(half)
    figures = measure([*private, *ordinary])
    assert figures.recall() >= RECALL[half], figures.faults
    assert figures.precision() >= PRECISION[half], figures.faults


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_found_in_the_tuning_half(kind: Kind) -> None:
    private, ordinary = read_corpus("tuning")
    figures = measure([*private, *ordinary])
    assert figures.recall(kind) >= 0.95, figures.faults
    assert figures.precision(kind) >= 0.95, figures.faults
