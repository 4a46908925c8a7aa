"""Where the archive lies: a folder, a bucket of S3 or of Google Cloud Storage.

Credentials are where each service's own library looks for them in the environment
(AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS and the like), and nowhere else.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from ingestion.store.archive.columns import REPEATED
from ingestion.store.archive.encryption import Cipher
from ingestion.store.archive.errors import ArchiveError
from ingestion.store.errors import one_line

# The extra of the project that brings the library, by scheme.
_EXTRAS = {"s3": "s3", "gs": "gcs", "gcs": "gcs"}


@dataclass(frozen=True)
class Stored:
    """A file as it was written: its size and the SHA-256 of its bytes, in hexadecimal digits."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Target:
    """A place for files, by paths below its root; `url` may be shown, it holds no credentials.

    Every method raises ArchiveError where the place does not do it.
    """

    url: str
    root: str
    filesystem: fsspec.AbstractFileSystem
    cipher: Cipher | None = None

    @property
    def key_name(self) -> str | None:
        """The master key new files are encrypted by; None: by none of ours."""
        return self.cipher.key_name if self.cipher else None

    def write(self, path: str, events: pa.Table) -> Stored:
        """Write a file that is not there yet; it is there whole, on disk, or not at all."""
        properties = self.cipher.encryption() if self.cipher else None
        with self._explained("written", path):
            sink = pa.BufferOutputStream()
            pq.write_table(
                events,
                sink,
                compression="zstd",
                use_dictionary=REPEATED,
                encryption_properties=properties,
            )
            content = sink.getvalue().to_pybytes()
            if isinstance(self.filesystem, LocalFileSystem):
                _write_durably(Path(self._place(path)), content)
            else:
                self.filesystem.pipe_file(self._place(path), content, mode="create")
        return Stored(len(content), hashlib.sha256(content).hexdigest())

    def read(self, path: str) -> tuple[pa.Table, Stored]:
        """The events of a file as the place gives it back, and the file as it is there."""
        properties = self.cipher.decryption() if self.cipher else None
        with self._explained("read", path):
            content = self.filesystem.cat_file(self._place(path))
            events = pq.read_table(
                pa.BufferReader(content), decryption_properties=properties, partitioning=None
            )
        return events, Stored(len(content), hashlib.sha256(content).hexdigest())

    def list(self, folder: str) -> list[str]:
        """Paths of the files in a folder; [] where there is no such folder."""
        with self._explained("listed", folder):
            place = self._place(folder)
            # what others wrote meanwhile is not in what was listed before
            self.filesystem.invalidate_cache()
            if not self.filesystem.exists(place):
                return []
            found = self.filesystem.find(place)
        names = [str(name).rpartition("/")[2] for name in found]
        return [f"{folder}/{name}" for name in names if name]

    def delete(self, path: str) -> None:
        """Delete a file; one that is gone already is no error."""
        with self._explained("deleted", path):
            try:
                self.filesystem.rm_file(self._place(path))
            except FileNotFoundError:
                return

    def _place(self, path: str) -> str:
        return f"{self.root}/{path}"

    @contextmanager
    def _explained(self, done: str, path: str) -> Iterator[None]:
        try:
            yield
        except ArchiveError:
            raise
        # Every library has errors of its own, and what they have in common is to be no bug here.
        except Exception as error:
            why = one_line(f"{type(error).__name__}: {error}")
            raise ArchiveError(
                f"{path} cannot be {done} in the archive {self.url}: {why}; see that it is there, "
                "that its credentials are in the environment, and its keys in STUDY_ARCHIVE_KEYS"
            ) from error


def open_target(
    url: str, *, cipher: Cipher | None = None, server_encryption: str | None = "AES256"
) -> Target:
    """The place of a URL: a folder's path, `file://`, `s3://BUCKET/...` or `gs://BUCKET/...`.

    `server_encryption` is what S3 is asked to encrypt by: AES256, `aws:kms`, or
    `aws:kms:KEY`; None asks for nothing. Google encrypts whatever it keeps, by the bucket's key
    where it has one. Raises ArchiveError where the place is none of these, or its library missing.
    """
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ArchiveError(
            "the archive's URL holds credentials: take them out, and give them by the "
            "environment, as AWS_ACCESS_KEY_ID or GOOGLE_APPLICATION_CREDENTIALS"
        )
    if parts.scheme in ("", "file"):
        folder = Path(parts.path).expanduser().absolute()
        return Target(str(folder), str(folder), LocalFileSystem(), cipher)
    if parts.scheme not in _EXTRAS or not parts.netloc:
        raise ArchiveError(
            f"there is no archive at {parts.scheme}://: STUDY_ARCHIVE_URL is a folder, "
            "s3://BUCKET/FOLDER or gs://BUCKET/FOLDER"
        )
    options: dict[str, Any] = {"use_listings_cache": False}
    if parts.scheme == "s3":
        options["s3_additional_kwargs"] = _ask_of_s3(server_encryption)
    try:
        filesystem = fsspec.filesystem(parts.scheme, **options)
    except ImportError as error:
        extra = _EXTRAS[parts.scheme]
        raise ArchiveError(
            f"the library for {parts.scheme}:// is not installed ({one_line(str(error))}): "
            f"install study-analytics[{extra}]"
        ) from error
    root = (parts.netloc + parts.path).rstrip("/")
    return Target(f"{parts.scheme}://{root}", root, filesystem, cipher)


def _ask_of_s3(server_encryption: str | None) -> dict[str, str]:
    if server_encryption is None:
        return {}
    if server_encryption.startswith("aws:kms:"):
        key = server_encryption.removeprefix("aws:kms:")
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    return {"ServerSideEncryption": server_encryption}


def _write_durably(path: Path, content: bytes) -> None:
    # The table is dropped on the strength of this file: it has to outlive a power cut.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    with draft.open("xb") as sink:
        sink.write(content)
        sink.flush()
        os.fsync(sink.fileno())
    try:
        path.hardlink_to(draft)  # and not renamed: that would take the place of another
    finally:
        draft.unlink()
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
