"""Files small enough to be read whole."""

from tests.architecture.sources import ROOT, written_files

MOST_LINES = 300
MOST_README_LINES = 150
# Not written by hand: made from the tracking plan, or a list of names.
GENERATED = {"docs/events.md", "dbt_project/macros/tracking_plan.sql"}


def test_no_source_has_more_than_300_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in written_files()
        if str(path.relative_to(ROOT)) not in GENERATED
    }
    assert {name: size for name, size in sizes.items() if size >= MOST_LINES} == {}


def test_readme_has_fewer_than_150_lines() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < MOST_README_LINES
