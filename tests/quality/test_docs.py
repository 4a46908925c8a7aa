from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from quality.docs import KEPT_RUNS, docs_page, write_docs
from quality.runner import judge_suites
from quality.suites import SUITES
from tests.quality.warehouse import AS_OF, plant


def test_pages_show_what_was_found_and_nothing_private(warehouse_url: str, tmp_path: Path) -> None:
    plant(
        warehouse_url,
        [
            "update marts.topic_daily_stats set hint_rate = 0.5 where topic_id = 'lung'",
            (
                "update marts.topic_daily_stats set topic_id = 'ann@example.org'"
                " where topic_id = 'liver'"
            ),
        ],
    )
    judged = judge_suites([SUITES["topic_daily_stats"]], warehouse_url, AS_OF)

    page = write_docs(tmp_path / "docs", judged, run_id="run 1", as_of=AS_OF)

    assert page == docs_page(tmp_path / "docs")
    assert "topic_daily_stats" in page.read_text()
    (found,) = page.parent.glob("topic_daily_stats/*.html")
    text = found.read_text()
    assert "hint_rate is a whole number of attempts" in text
    assert "lung" in text
    written = [path.read_text() for path in (tmp_path / "docs").rglob("*.*ml")]
    assert not any("ann@example.org" in each for each in written)


def test_pages_of_the_newest_runs_are_kept(warehouse_url: str, tmp_path: Path) -> None:
    judged = judge_suites([SUITES["user_gamification"]], warehouse_url, AS_OF)

    for number in range(KEPT_RUNS + 2):
        page = write_docs(tmp_path, judged, run_id=f"run {number}", as_of=AS_OF)

    kept = {path.stem.partition("-")[2] for path in page.parent.glob("user_gamification/*.html")}
    assert kept == {f"run {number}" for number in range(2, KEPT_RUNS + 2)}
    assert page.read_text().count("user_gamification/") == KEPT_RUNS


def test_pages_need_nothing_from_elsewhere(warehouse_url: str, tmp_path: Path) -> None:
    plant(warehouse_url, ["update marts.topic_daily_stats set hint_rate = 0.5"])
    page = write_docs(
        tmp_path, judge_suites([SUITES["topic_daily_stats"]], warehouse_url, AS_OF), run_id="run"
    )

    pages = [page, *page.parent.glob("*/*.html")]
    assert len(pages) == 2
    for each in pages:
        asked = _Asked()
        asked.feed(each.read_text())
        assert asked.scripts == 0
        assert asked.urls
        for url in asked.urls:
            found = urlsplit(url)
            assert not found.scheme
            assert not found.netloc
            assert (each.parent / found.path).exists()
    assert "url(" not in (tmp_path / "style.css").read_text()
    assert "@import" not in (tmp_path / "style.css").read_text()


class _Asked(HTMLParser):
    """What a browser would ask for, or go to."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.urls += [str(value) for name, value in attrs if name in ("href", "src", "action")]
        assert not any("url(" in str(value) for name, value in attrs if name == "style")
