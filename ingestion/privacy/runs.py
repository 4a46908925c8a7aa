"""Numbers as people write them: runs of digits in groups, taken apart into every stretch of them.

"on 2024-01-05 123-45-6789" is one run by its separators. What looks for a number of a certain
layout must see each stretch of groups by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_GROUP = re.compile(r"\d+")
# Each as it is written in a layout.
_SEPARATORS = {mark: mark for mark in " .-/"} | dict.fromkeys("\u00a0\u202f", " ")
_SEPARATORS |= dict.fromkeys("\u2011\u2013", "-")
_GROUPS_MAX = 8
_DIGITS_MIN, _DIGITS_MAX = 7, 21


@dataclass(slots=True)
class Stretch:
    """Some neighbouring groups of digits: `text[start:end]`. Made by the thousand, so not frozen.

    `layout` are the lengths of the groups with what separates them ("3-2-4"), every kind of dash a
    hyphen, every kind of space a space.
    """

    start: int
    end: int
    digits: str
    layout: str


def find_stretches(text: str) -> list[Stretch]:
    """List the stretches of 7 to 21 digits in at most 8 groups."""
    return [stretch for run in _find_runs(text) for stretch in _take_apart(text, run)]


def _find_runs(text: str) -> Iterator[list[re.Match[str]]]:
    run: list[re.Match[str]] = []
    for group in _GROUP.finditer(text):
        if run and not _joins(text, run[-1].end(), group.start()):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def _joins(text: str, end: int, start: int) -> bool:
    return start == end + 1 and text[end] in _SEPARATORS


def _take_apart(text: str, run: list[re.Match[str]]) -> Iterator[Stretch]:
    """Every stretch of a run, from each of its groups on, by what it adds to the one before."""
    ends = [_may_end(text, group.end()) for group in run]
    for first, group in enumerate(run):
        if not _may_start(text, group.start()):
            continue
        digits, layout = group.group(), str(len(group.group()))
        last = first
        while len(digits) <= _DIGITS_MAX:
            if len(digits) >= _DIGITS_MIN and ends[last]:
                yield Stretch(group.start(), run[last].end(), digits, layout)
            last += 1
            if last == len(run) or last - first == _GROUPS_MAX:
                break
            more = run[last].group()
            layout += f"{_SEPARATORS[text[run[last].start() - 1]]}{len(more)}"
            digits += more


def _may_start(text: str, start: int) -> bool:
    """Nothing before that the number goes on from: not the 1234567 of NCT1234567 or 0.1234567."""
    if start == 0:
        return True
    before = text[start - 1]
    if before in ".,-/":
        return start == 1 or not text[start - 2].isalnum()
    return not (before.isalnum() or before == "_")


def _may_end(text: str, end: int) -> bool:
    if end == len(text):
        return True
    after = text[end]
    if after in ".,-/":
        return end + 1 == len(text) or not text[end + 1].isalnum()
    return not (after.isalnum() or after == "_")
