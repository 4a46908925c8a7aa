"""Encrypting files before they leave: Parquet's modular encryption, its keys wrapped by ours.

Each file has a key of its own, drawn at random. It lies in the file, wrapped by a master key that
never does: one of the operator's, from the environment, or one a key service keeps.
"""

import base64
import binascii
import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet.encryption as pe
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ingestion.store.archive.errors import ArchiveError

_KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Cipher:
    """How files are encrypted: `make_client` gives the service that wraps keys, `key_name` is
    the master key new files are written under. Files say themselves which one theirs is.
    """

    key_name: str
    make_client: Callable[[Any], Any]

    def encryption(self) -> Any:
        """For one file to be written."""
        configuration = pe.EncryptionConfiguration(
            footer_key=self.key_name,
            uniform_encryption=True,
            double_wrapping=False,
            data_key_length_bits=256,
        )
        return self._factory().file_encryption_properties(pe.KmsConnectionConfig(), configuration)

    def decryption(self) -> Any:
        """For one file to be read."""
        return self._factory().file_decryption_properties(pe.KmsConnectionConfig())

    def _factory(self) -> Any:
        return pe.CryptoFactory(self.make_client)


class _OwnKeys(pe.KmsClient):  # type: ignore[misc] # pyarrow has no types
    """Wraps keys by AES-256-GCM under master keys held in memory."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        super().__init__()
        self._keys = keys

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        master = AESGCM(self._keys[master_key_identifier])
        sealed = master.encrypt(nonce, key_bytes, master_key_identifier.encode())
        return base64.b64encode(nonce + sealed)

    def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
        key = self._keys.get(master_key_identifier)
        if key is None:
            raise ArchiveError(
                f"a file of the archive is encrypted by the key {master_key_identifier!r}, which "
                "STUDY_ARCHIVE_KEYS does not have: add it behind the others"
            )
        sealed = base64.b64decode(wrapped_key)
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, content, master_key_identifier.encode())
        except InvalidTag as error:
            raise ArchiveError(
                f"the key {master_key_identifier!r} of STUDY_ARCHIVE_KEYS is not the one a file of "
                "the archive was encrypted by: set the right one"
            ) from error


def read_keys(text: str) -> Cipher:
    """The cipher of keys given as `NAME:KEY[,NAME:KEY...]`, each 32 bytes in base64.

    The first writes; all of them read, so that a key is changed by putting another before it.
    Raises ArchiveError where one is none, without showing it.
    """
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        name, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not name or len(key) != _KEY_BYTES:
            raise ArchiveError(
                "STUDY_ARCHIVE_KEYS is not NAME:KEY, with KEY 32 bytes in base64: make one with "
                "`head -c 32 /dev/urandom | base64`"
            )
        keys[name] = key
    return Cipher(next(iter(keys)), lambda _: _OwnKeys(keys))


def load_service(plug: str) -> Cipher:
    """The cipher of a key service: `MODULE:NAME/KEY`, where NAME makes a pyarrow KmsClient.

    MODULE is the operator's own, and has its credentials from its own place; KEY is what the
    service calls the master key. Raises ArchiveError where it cannot be loaded.
    """
    path, _, key_name = plug.partition("/")
    module, _, name = path.partition(":")
    try:
        make_client: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ArchiveError(
            f"STUDY_ARCHIVE_KMS names {path!r}, which cannot be loaded ({error}): it is "
            "MODULE:NAME/KEY, with NAME a subclass of pyarrow.parquet.encryption.KmsClient"
        ) from error
    if not key_name:
        raise ArchiveError("STUDY_ARCHIVE_KMS names no key: it is MODULE:NAME/KEY")
    return Cipher(key_name, make_client)
