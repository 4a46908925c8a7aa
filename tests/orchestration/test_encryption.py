"""Whether a place is encrypted at rest, on machines made of folders."""

import os
from pathlib import Path

import pytest

from orchestration.encryption import Protection, look_at_place


def make_machine(
    folder: Path, kind: str = "ext4", *, uuid: str | None = None, below: str | None = None
) -> dict[str, Path]:
    """A machine whose only mount is the root, on the device of `folder`.

    `uuid`: what device mapper says of it; `below`: of what it stands on.
    """
    number = folder.stat().st_dev
    sys = folder / "sys"
    device = sys / "devices" / "dm-1"
    device.mkdir(parents=True)
    (sys / "dev" / "block").mkdir(parents=True)
    (sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}").symlink_to(device)
    for path, told in ((device, uuid), (sys / "devices" / "dm-0", below)):
        if told is not None:
            (path / "dm").mkdir(parents=True)
            (path / "dm" / "uuid").write_text(f"{told}\n")
    if below is not None:
        (device / "slaves").mkdir()
        (device / "slaves" / "dm-0").symlink_to(sys / "devices" / "dm-0")
    mounts = folder / "mounts"
    mounts.write_text(f"proc /proc proc rw 0 0\n/dev/mapper/data / {kind} rw 0 0\n")
    return {"sys": sys, "mounts": mounts}


def test_luks_volume_is_encrypted(tmp_path: Path) -> None:
    found = look_at_place(
        str(tmp_path / "not" / "yet"), **make_machine(tmp_path, uuid="CRYPT-LUKS2-abc-data")
    )
    assert (found.protection, found.text) == (Protection.ENCRYPTED, "by dm-crypt (dm-1)")


def test_logical_volume_on_a_luks_volume_is_encrypted(tmp_path: Path) -> None:
    machine = make_machine(tmp_path, uuid="LVM-abc", below="CRYPT-LUKS2-abc-data")
    assert look_at_place(str(tmp_path), **machine).protection is Protection.ENCRYPTED


def test_plain_volume_is_told_with_what_to_do(tmp_path: Path) -> None:
    found = look_at_place(str(tmp_path), **make_machine(tmp_path, uuid="LVM-abc", below="LVM-def"))
    assert found.protection is Protection.PLAIN
    assert "cryptsetup luksFormat" in found.text


@pytest.mark.parametrize(
    ("kind", "protection"),
    [("fuse.gocryptfs", Protection.ENCRYPTED), ("tmpfs", Protection.UNKNOWN)],
)
def test_file_system_tells(tmp_path: Path, kind: str, protection: Protection) -> None:
    machine = make_machine(tmp_path, kind)
    assert look_at_place(tmp_path.as_uri(), **machine).protection is protection


def test_container_cannot_see_its_device(tmp_path: Path) -> None:
    machine = make_machine(tmp_path, "overlay")
    found = look_at_place(str(tmp_path), sys=tmp_path / "nothing", mounts=machine["mounts"])
    assert found.protection is Protection.UNKNOWN


@pytest.mark.parametrize("url", ["s3://bucket/archive", "gs://bucket"])
def test_bucket_is_its_clouds(url: str) -> None:
    assert look_at_place(url).protection is Protection.UNKNOWN
