"""A reliability plot as SVG: what was foretold against what came."""

from base64 import b64encode
from collections.abc import Sequence

from orchestration.mastery.figures import Bin

_SIZE, _EDGE = 320, 40


def draw_reliability(bins: Sequence[Bin]) -> str:
    """Draw a point for each bin, larger for more answers; on the line, chances are right."""
    most = max((each.answers for each in bins), default=1)
    points = "".join(
        f'<circle cx="{_place(each.chance):.1f}" cy="{_size() - _place(each.right):.1f}"'
        f' r="{3 + 9 * (each.answers / most) ** 0.5:.1f}" fill="#2b6cb0" fill-opacity="0.7">'
        f"<title>{each.chance:.3f} foretold, {each.right:.3f} right, {each.answers} answers</title>"
        "</circle>"
        for each in bins
    )
    low, high, beside = _place(0), _place(1), _size() - _place(0.25)
    marks = "".join(
        f'<text x="{_place(each):.0f}" y="{high + 15:.0f}" text-anchor="middle">{each:.0%}</text>'
        f'<text x="{low - 4:.0f}" y="{_size() - _place(each) + 4:.0f}"'
        f' text-anchor="end">{each:.0%}</text>'
        for each in (0, 0.5, 1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_size()} {_size()}"'
        f' width="{_size()}" height="{_size()}" font-family="sans-serif" font-size="12">'
        # White below: on a dark page black words would not be seen.
        f'<rect width="{_size()}" height="{_size()}" fill="#fff"/>'
        f'<rect x="{low}" y="{low}" width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#888"/>'
        f'<line x1="{low}" y1="{high}" x2="{high}" y2="{low}" stroke="#888" stroke-dasharray="4"/>'
        f"{marks}{points}"
        f'<text x="{_size() / 2}" y="{_size() - 10}" text-anchor="middle">foretold</text>'
        f'<text x="12" y="{beside}" text-anchor="middle"'
        f' transform="rotate(-90 12 {beside})">right</text></svg>'
    )


def as_markdown(svg: str) -> str:
    """An image that stands in the text itself, for where no file can be referred to."""
    return f"![reliability](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})"


def _place(share: float) -> float:
    return _EDGE + share * _SIZE


def _size() -> int:
    return _SIZE + 2 * _EDGE
