"""Numbers as people write them: runs of digits in groups, taken apart into every stretch of them.

"on 2024-01-05 123-45-6789" is one run by its separators. What looks for a number of a certain
layout must see each stretch of groups by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_GROUP = re.compile(r"\d+")
_SEPARATORS = " .-/\u00a0\u202f\u2011\u2013"
_GROUPS_MAX = 8
_DIGITS_MIN, _DIGITS_MAX = 7, 21


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some neighbouring groups of digits: `text[start:end]`.

    `layout` are the lengths of the groups with what separates them ("3-2-4"), every kind of dash a
    hyphen, every kind of space a space.
    """

    start: int
    end: int
    digits: str
    layout: str


def find_stretches(text: str) -> Iterator[Stretch]:
    """Yield the stretches of 7 to 21 digits in at most 8 groups, the longer ones first."""
    for run in _find_runs(text):
        for size in range(min(_GROUPS_MAX, len(run)), 0, -1):
            for first in range(len(run) - size + 1):
                stretch = _stretch(text, run[first : first + size])
                if stretch is not None:
                    yield stretch


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


def _stretch(text: str, groups: list[re.Match[str]]) -> Stretch | None:
    start, end = groups[0].start(), groups[-1].end()
    if not _DIGITS_MIN <= end - start - len(groups) + 1 <= _DIGITS_MAX:
        return None
    if not _stands_alone(text, start, end):
        return None
    parts = [str(len(groups[0].group()))]
    for left, right in zip(groups, groups[1:], strict=False):
        between = text[left.end()]
        parts.append(" " if between.isspace() else "-" if between in "\u2011\u2013" else between)
        parts.append(str(len(right.group())))
    return Stretch(start, end, "".join(group.group() for group in groups), "".join(parts))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Nothing that a number or a word goes on with: not the 1234567 of NCT1234567 or 0.1234567."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if before.isalnum() or after.isalnum() or before == "_" or after == "_":
        return False
    if before in ".,-/" and start > 1 and text[start - 2].isalnum():
        return False
    return not (after in ".,-/" and end + 1 < len(text) and text[end + 1].isalnum())
