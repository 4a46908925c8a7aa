"""The keys that pseudonyms are made by: from the settings, or from a file of the home."""

import secrets
from contextlib import suppress
from pathlib import Path

import psycopg

from ingestion.privacy.pseudonyms import KEY_BYTES, Pseudonyms
from ingestion.store.database import connect
from ingestion.store.errors import StoreError
from ingestion.store.locks import hold_exclusive
from orchestration.settings import Settings, variable_name

_VARIABLE = variable_name("pseudonym_keys")


def open_pseudonyms(settings: Settings, url: str) -> Pseudonyms:
    """The pseudonyms of a database; `url` is its owner's. The first use makes a key.

    Raises StoreError where the keys are not those that pseudonyms in the database were made by:
    with another one a forgotten learner would come back unseen.
    """
    pseudonyms = _read(settings)
    with connect(url) as connection:
        _require_known(connection, pseudonyms, keys_file(settings))
    return pseudonyms


def keys_file(settings: Settings) -> Path:
    """Where the keys lie if the settings do not give them, one a line, the current one first."""
    return settings.home / "pseudonym.keys"


def _read(settings: Settings) -> Pseudonyms:
    if settings.pseudonym_keys:
        lines = [key.get_secret_value() for key in settings.pseudonym_keys]
        place = _VARIABLE
    else:
        place = str(keys_file(settings))
        lines = _read_file(keys_file(settings))
    try:
        return Pseudonyms([bytes.fromhex(line) for line in lines])
    except ValueError as error:
        raise StoreError(
            f"{place} holds no keys of pseudonyms: write {2 * KEY_BYTES} hexadecimal digits each"
            " (`openssl rand -hex 32`), the current key first"
        ) from error


def _read_file(file: Path) -> list[str]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with hold_exclusive(file.with_suffix(".lock")):
        with suppress(FileNotFoundError):
            return [line.strip() for line in file.read_text().splitlines() if line.strip()]
        file.touch(mode=0o600)
        file.write_text(f"{secrets.token_hex(KEY_BYTES)}\n")
        return file.read_text().split()


def _require_known(connection: psycopg.Connection, pseudonyms: Pseudonyms, file: Path) -> None:
    ours = pseudonyms.fingerprints
    rows = connection.execute("select fingerprint from ops.pseudonym_keys").fetchall()
    if missing := {bytes(row[0]) for row in rows} - set(ours):
        raise StoreError(
            f"{len(missing)} of the keys that learners are hidden by in this database are not here:"
            f" copy {file} from the machine that made them, or set {_VARIABLE} to all of them"
        )
    connection.execute(
        "insert into ops.pseudonym_keys (fingerprint) values (%s) on conflict do nothing",
        (ours[0],),
    )
