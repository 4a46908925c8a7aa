"""Lines of JSON: bad ones are named, the others read; files are whole or absent."""

import gzip
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.errors import ReaderError
from ingestion.readers.ndjson import LINE_BYTES_MAX, BadLine, read_lines, write_events

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", ["events.ndjson", "events.ndjson.gz"])
def test_written_events_are_read_back(tmp_path: Path, name: str) -> None:
    events = [{"n": 1, "text": "naïve\n\u2028"}, {"n": 2, "lone": "\ud800"}]
    assert write_events(tmp_path / name, events) == 2
    assert list(read_lines(tmp_path / name)) == [(1, events[0]), (2, events[1])]
    assert [file.name for file in tmp_path.iterdir()] == [name]


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text(), json_values, max_size=3), max_size=5))
def test_any_event_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, events: list[dict[str, object]]
) -> None:
    file = tmp_path_factory.mktemp("ndjson") / "events.gz"
    write_events(file, events)
    assert [event for _, event in read_lines(file)] == events


def test_gzip_of_the_same_events_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write_events(tmp_path / name, [{"n": 1}])
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_gzip_is_told_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    file = tmp_path / "events.txt"
    file.write_bytes(gzip.compress(b'{"n":1}\n'))
    assert list(read_lines(file)) == [(1, {"n": 1})]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b'{"n": NaN}',
        b'{"n": Infinity}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"n":' + b"9" * 5_000 + b"}",
        b"x" * (LINE_BYTES_MAX + 10),
        b"x" * (2 * LINE_BYTES_MAX + 3),
    ],
    ids=["cut", "nan", "infinity", "bytes", "deep", "digits", "long", "very long"],
)
def test_bad_line_is_named_and_hides_nothing(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b'\xef\xbb\xbf{"n":1}\r\n\n' + line + b'\n  \n{"n":2}')
    first, bad, last = read_lines(file)
    assert first == (1, {"n": 1})
    assert bad[0] == 3
    assert isinstance(bad[1], BadLine)
    assert "\n" not in bad[1].reason
    assert last == (5, {"n": 2})


def test_line_of_the_greatest_length_is_read(tmp_path: Path) -> None:
    text = "x" * (LINE_BYTES_MAX - 2)
    file = tmp_path / "events.ndjson"
    file.write_text(f'"{text}"\n', encoding="utf-8")
    assert list(read_lines(file)) == [(1, text)]


def test_gzip_cut_off_is_said_after_what_was_read(tmp_path: Path) -> None:
    file = tmp_path / "events.gz"
    file.write_bytes(gzip.compress(b"".join(b'{"n":%d}\n' % (n * n) for n in range(9_999)))[:-40])
    lines = read_lines(file)
    assert next(lines) == (1, {"n": 0})
    with pytest.raises(ReaderError, match=r"breaks off after line \d{3,}"):
        list(lines)


def test_missing_file_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match="No such file"):
        read_lines(tmp_path / "nowhere")
    with pytest.raises(ReaderError, match="directory"):
        read_lines(tmp_path)


def test_standard_streams_serve_as_files(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    raw = io.BufferedReader(io.BytesIO(gzip.compress(b'{"n":1}\n')))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    assert list(read_lines("-")) == [(1, {"n": 1})]
    assert write_events("-", [{"n": 1}]) == 1
    assert capfdbinary.readouterr().out == b'{"n":1}\n'


def test_writing_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def break_off() -> Iterator[dict[str, object]]:
        yield {"n": 1}
        raise LookupError

    with pytest.raises(LookupError):
        write_events(tmp_path / "events.gz", break_off())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ReaderError, match="cannot be written"):
        write_events(tmp_path / "no" / "events", [])
