"""Whether what is stored is encrypted at rest, as far as can be seen, and how to have it so."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

_SYS, _MOUNTS = Path("/sys"), Path("/proc/mounts")
_ENCRYPTING = frozenset({"ecryptfs", "fuse.gocryptfs", "fuse.encfs", "fuse.securefs", "fuse.cryfs"})
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_BUCKETS = {
    "s3": "Amazon S3 encrypts every object by itself since 2023; for a key of your own ask for"
    " SSE-KMS. Another server that speaks S3 does as it was told to",
    "gs": "Google encrypts every object by itself; for a key of your own set a CMEK on the bucket",
    "gcs": "Google encrypts every object by itself; for a key of your own set a CMEK on the bucket",
}
_HOW = (
    "put it on a volume made by `cryptsetup luksFormat`, or on a cloud volume with encryption"
    " switched on"
)


class Protection(StrEnum):
    """What is known of a place."""

    ENCRYPTED = "encrypted"
    PLAIN = "not encrypted"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class AtRest:
    """A place and what is known of it; `text` says by what, or what to do."""

    place: str
    protection: Protection
    text: str


def look_at_place(place: str, *, sys: Path = _SYS, mounts: Path = _MOUNTS) -> AtRest:
    """What is known of a folder of this machine, or of a bucket by its URL.

    A device is encrypted where dm-crypt lies anywhere below it. What a cloud, a hypervisor or a
    disk does below the device a guest cannot see.
    """
    scheme = urlsplit(place).scheme
    if scheme in _BUCKETS:
        return AtRest(place, Protection.UNKNOWN, _BUCKETS[scheme])
    path = Path(urlsplit(place).path if scheme == "file" else place).absolute()
    path = next(folder for folder in (path, *path.parents) if folder.exists())
    source, kind = _find_mount(path.resolve(), mounts)
    if kind in _ENCRYPTING:
        return AtRest(place, Protection.ENCRYPTED, f"by {kind}")
    if kind in _IN_MEMORY:
        return AtRest(place, Protection.UNKNOWN, f"in memory ({kind}): see that swap is encrypted")
    return _look_at_device(place, _find_device(path, source, sys), source)


def _look_at_device(place: str, device: Path | None, source: str) -> AtRest:
    if device is None:
        words = f"{source} is no device that can be seen from here (a container?): ask its host"
        return AtRest(place, Protection.UNKNOWN, words)
    below = [*_walk_down(device)]
    crypts = [found.name for found in below if _dm_uuid(found).startswith("CRYPT-")]
    if crypts:
        return AtRest(place, Protection.ENCRYPTED, f"by dm-crypt ({', '.join(crypts)})")
    words = f"no dm-crypt below {source}. Unless its cloud or disk encrypts it, {_HOW}"
    return AtRest(place, Protection.PLAIN, words)


def _find_mount(path: Path, mounts: Path) -> tuple[str, str]:
    """Device and file system of the mount a path lies in: the last one on the longest folder."""
    best, found = -1, ("(unknown)", "(unknown)")
    for line in mounts.read_text().splitlines():
        source, folder, kind = (field.replace("\\040", " ") for field in line.split(" ")[:3])
        if path.is_relative_to(folder) and len(folder) >= best:
            best, found = len(folder), (source, kind)
    return found


def _find_device(path: Path, source: str, sys: Path) -> Path | None:
    """The device below a path, in /sys. btrfs has a number of its own: then by its source."""
    number = path.stat().st_dev
    if os.major(number) == 0 and Path(source).is_block_device():
        number = Path(source).stat().st_rdev
    device = sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
    return device.resolve() if device.exists() else None


def _walk_down(device: Path) -> Iterator[Path]:
    """A device and all that it stands on: partitions of a volume group, halves of a mirror."""
    yield device
    for slave in sorted((device / "slaves").glob("*")):
        yield from _walk_down(slave.resolve())


def _dm_uuid(device: Path) -> str:
    file = device / "dm" / "uuid"
    return file.read_text().strip() if file.exists() else ""
