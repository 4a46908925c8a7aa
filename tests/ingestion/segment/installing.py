"""The SDKs for Node and browsers, installed from the lock into a folder that outlives the run."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.conftest import REPOSITORY

SDKS = Path(__file__).parent / "sdks"
_FILES = ("package.json", "package-lock.json", "send.mjs")
_MOST_SECONDS = 300


def install_sdks() -> Path:
    """The folder with `node_modules`; skips the test where there is no npm or no registry."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm on the PATH, to install the SDKs")
    contents = b"\0".join((SDKS / name).read_bytes() for name in _FILES)
    cache = REPOSITORY / ".cache" / "sdks"
    folder = cache / hashlib.sha256(contents).hexdigest()[:16]
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        for name in _FILES:
            shutil.copy(SDKS / name, made)
        # Not `npm ci`: it wants native parts for every platform in the lock, and they are optional.
        command = [npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command, cwd=made, check=False, capture_output=True, text=True, timeout=_MOST_SECONDS
        )
        if done.returncode:
            pytest.skip(f"npm could not install the SDKs: {done.stderr.strip()[-300:]}")
        try:
            made.rename(folder)  # whole or not at all: two workers may both have made it
        except OSError:
            assert folder.is_dir()
    return folder
