"""What becomes of the log when nobody can take it: requests go on, and lost lines are told."""

import os
from contextlib import suppress

from ingestion.api.logs import LineWriter


def test_lines_nobody_can_take_are_counted_and_told() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    lines = LineWriter(writer)
    with suppress(BlockingIOError):  # until nothing more goes in
        while True:
            os.write(writer, b"\n" * 4096)
    lines.msg(b"lost")
    lines.msg(b"lost, too")
    os.set_blocking(reader, False)
    with suppress(BlockingIOError):
        while os.read(reader, 1 << 16):
            pass
    lines.msg(b"heard")
    heard = os.read(reader, 1 << 20).strip().splitlines()
    assert heard == [b'{"event":"log_lines_lost","count":2,"level":"warning"}', b"heard"]
    os.close(reader)
    lines.msg(b"nobody is there")  # and no request fails for it
    os.close(writer)
