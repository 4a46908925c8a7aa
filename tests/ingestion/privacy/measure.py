"""Precision and recall of the guard over the corpus: `python -m tests.ingestion.privacy.measure`.

Each line of `*_private.txt` marks what is private in it as `⟦kind:text⟧`; in the lines of
`*_ordinary.txt` nothing is. The guard's rules were made with the half `tuning`; `held_out` was
written before any rule was corrected, and none was corrected by it.
"""

import argparse
import re
import sys
import timeit
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.privacy.finding import Finding, Kind
from ingestion.privacy.guard import find, might_hold_pii, redact

CORPUS = Path(__file__).parent / "corpus"
HALVES = ("tuning", "held_out")
# What the events of the tracking plan mostly say.
TYPICAL = (
    *("beta blockers", "break", "pdf", "B", "multiple_choice", "question_correct", "lunch"),
    *("Cardiology", "cardiology-basics.pdf", "Clear and to the point.", "7-day streak"),
    *("how does the loop of Henle concentrate urine", "difference between Crohn and colitis"),
)
_MARK = re.compile(r"⟦(\w+):(.*?)⟧")


@dataclass(frozen=True)
class Line:
    """A text of the corpus and the spans of it that are private."""

    text: str
    private: Sequence[Finding]


@dataclass
class Figures:
    """Counts by kind: private spans and those wholly found, finds and those that were private."""

    spans: Counter[Kind] = field(default_factory=Counter)
    caught: Counter[Kind] = field(default_factory=Counter)
    finds: Counter[Kind] = field(default_factory=Counter)
    right: Counter[Kind] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def recall(self, kind: Kind | None = None) -> float:
        """Share of the private spans of which not a letter or digit was left."""
        return _ratio(self.caught, self.spans, kind)

    def precision(self, kind: Kind | None = None) -> float:
        """Share of the finds that touch something private."""
        return _ratio(self.right, self.finds, kind)


def read_corpus(half: str) -> tuple[list[Line], list[Line]]:
    """Read a half's private and ordinary lines."""
    return _read(f"{half}_private.txt"), _read(f"{half}_ordinary.txt")


def measure(lines: Sequence[Line]) -> Figures:
    """Hold what the guard finds in lines against what is marked in them."""
    figures = Figures()
    for line in lines:
        finds = find(line.text)
        for span in line.private:
            caught = _covers(line.text, span, finds)
            figures.spans[span.kind] += 1
            figures.caught[span.kind] += caught
            if not caught:
                figures.faults.append(f"missed {span.kind}: {line.text}")
        for found in finds:
            right = any(found.start < s.end and s.start < found.end for s in line.private)
            figures.finds[found.kind] += 1
            figures.right[found.kind] += right
            if not right:
                shown = line.text[found.start : found.end]
                figures.faults.append(f"wrong {found.kind} {shown!r}: {line.text}")
    return figures


def render(half: str, show_faults: bool) -> str:
    """Write one half's figures as a table of Markdown."""
    private, ordinary = read_corpus(half)
    figures = measure([*private, *ordinary])
    rows = [
        f"{half}: {len(private)} private and {len(ordinary)} ordinary texts",
        "",
        "| kind | private | recall | finds | precision |",
        "|---|---:|---:|---:|---:|",
        *(_render_row(figures, kind) for kind in (*Kind, None)),
        "",
        *(figures.faults if show_faults else ()),
    ]
    return "\n".join(rows)


def main() -> None:
    """Print both halves' tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", choices=HALVES, help="name what went wrong in this half")
    chosen = parser.parse_args().faults
    for half in HALVES:
        sys.stdout.write(render(half, half == chosen) + "\n")
    sys.stdout.write(render_speed())


def render_speed() -> str:
    """Time the first look and the whole guard, the best of five rounds over each set of texts."""
    private, ordinary = (
        [line.text for half in HALVES for line in read_corpus(half)[index]] for index in (0, 1)
    )
    passed = [text for text in ordinary if not might_hold_pii(text)]
    sets = {
        "private": private,
        "ordinary": ordinary,
        "ordinary, let pass": passed,
        "typical": TYPICAL,
    }
    rows = [
        f"| {name} | {len(texts)} | {sum(map(len, texts)) / len(texts):.0f} "
        f"| {_microseconds(might_hold_pii, texts):.2f} | {_microseconds(redact, texts):.2f} |\n"
        for name, texts in sets.items()
    ]
    head = (
        "| texts | number | characters | first look, us | guard, us |\n|---|---:|---:|---:|---:|\n"
    )
    return head + "".join(rows)


def _microseconds(work: Callable[[str], object], texts: Sequence[str]) -> float:
    best = min(timeit.repeat(lambda: [work(text) for text in texts], number=20, repeat=5))
    return best / 20 / len(texts) * 1e6


def _render_row(figures: Figures, kind: Kind | None) -> str:
    spans = figures.spans.total() if kind is None else figures.spans[kind]
    finds = figures.finds.total() if kind is None else figures.finds[kind]
    shares = f"{figures.recall(kind):.3f} | {finds} | {figures.precision(kind):.3f}"
    return f"| {kind or 'all'} | {spans} | {shares} |"


def _read(name: str) -> list[Line]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [_parse(line) for line in lines if line]


def _parse(marked: str) -> Line:
    text, private, end = "", [], 0
    for mark in _MARK.finditer(marked):
        text += marked[end : mark.start()]
        private.append(Finding(len(text), len(text) + len(mark[2]), Kind(mark[1])))
        text += mark[2]
        end = mark.end()
    return Line(text + marked[end:], private)


def _covers(text: str, span: Finding, finds: Sequence[Finding]) -> bool:
    left = set(_word_characters(text, span.start, span.end))
    for found in finds:
        left.difference_update(range(found.start, found.end))
    return not left


def _word_characters(text: str, start: int, end: int) -> Iterator[int]:
    return (place for place in range(start, end) if text[place].isalnum())


def _ratio(part: Counter[Kind], whole: Counter[Kind], kind: Kind | None) -> float:
    of = whole.total() if kind is None else whole[kind]
    return (part.total() if kind is None else part[kind]) / of if of else 1.0


if __name__ == "__main__":
    main()
