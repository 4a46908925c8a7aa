"""Great Expectations' own pages, but with styles that lie beside them and no scripts.

Its templates take styles, scripts, fonts and pictures from a dozen other hosts: behind a closed
network the pages are bare text and the list of runs, which a script fills, is empty; and on an
open one whoever reads a page tells those hosts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, select_autoescape

from quality.gx import import_gx

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

_FOLDER = Path(__file__).parent
_TEMPLATES = _FOLDER / "templates"
STYLE = _FOLDER / "style.css"
"""The one stylesheet of all pages; it lies beside the first."""


def render_page(document: ExpectationSuiteValidationResult, told: Mapping[str, Any]) -> str:
    """The page of one run of a suite, one folder below the first page; `told` sums the run up."""
    import_gx()
    from great_expectations.render.renderer.page_renderer import (  # noqa: PLC0415
        ValidationResultsPageRenderer,
    )

    content = ValidationResultsPageRenderer(run_info_at_end=True).render(document)
    # Its header links to a page of the suite, which is not written; the template has one of its
    # own.
    overview, *checks, _ = content.sections
    del overview.content_blocks[0]
    content.sections = [overview, *checks]
    page: str = _view().render(content, told=told)
    return page


def render_index(suites: Sequence[Mapping[str, Any]]) -> str:
    """The first page: each suite with its runs."""
    own = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=select_autoescape(["j2"]))
    return own.get_template("index.j2").render(suites=suites)


@cache
def _view() -> Any:
    from great_expectations.render.view.view import DefaultJinjaPageView  # noqa: PLC0415

    view = DefaultJinjaPageView()
    theirs = view.env.loader
    view.env.loader = ChoiceLoader(
        [FileSystemLoader(_TEMPLATES), *([] if theirs is None else [theirs])]
    )
    return view
