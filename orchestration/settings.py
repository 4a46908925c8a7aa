"""Every setting, and the only place where the environment is read or changed.

Anything else that looked at `os.environ` would be a setting nobody can list: `study doctor`
shows what is in force from here, and a test holds this list against `docs/operations.md`.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "STUDY_"

_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\s]+")
_NEXT_URL = re.compile(r"[,\s]+(?=[a-z0-9]+://)")

Port = Annotated[int, Field(ge=1, le=65535)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseSettings):
    """The settings in force. Raises pydantic's ValidationError where a value cannot be one."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        # A rejected value is echoed by pydantic, and two of these are secrets.
        hide_input_in_errors=True,
    )

    database_url: SecretStr | None = Field(
        default=None,
        description="Owner's URL of a PostgreSQL >= 15; unset, the embedded one is started.",
    )
    dagster_database_url: SecretStr | None = Field(
        default=None,
        description="URL of Dagster's own records; unset, they are in the database, too.",
    )
    home: Path = Field(
        default=Path(".study"),
        description="Folder of everything written: database, Dagster's runs, logs.",
    )
    write_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys a sender must show, comma separated; none: only loopback is served.",
    )
    server_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys that besides read learners and set the catalogue, comma separated.",
    )
    pseudonym_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys learners are hidden by in the audit, the current first; unset: a file.",
    )
    backup_recipient: str | None = Field(
        default=None,
        description="Public age key (`age1...`) that backups are encrypted for.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address the ingestion service listens on.",
    )
    ingestion_port: Port = Field(default=8000, description="Port of the ingestion service.")
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        default_factory=lambda: min(2, os.cpu_count() or 1),
        description="Processes of the ingestion service.",
    )
    requests_per_second: Rate | None = Field(
        default=None, description="What one key may send, unless it has a limit of its own."
    )
    events_per_second: Rate | None = Field(
        default=None, description="What one key may send, unless it has a limit of its own."
    )
    max_connections: Annotated[int, Field(ge=1)] = Field(
        default=1000, description="Connections to the ingestion service, over all workers."
    )
    segment_events: Path | None = Field(
        default=None,
        description="TOML file of names that Segment's SDKs send beside the plan's own.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins whose pages may send, comma separated; `*`: all.",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(),
        description="Addresses or networks of proxies that are believed about the sender.",
    )
    proxy_header: Literal["x-forwarded-for", "forwarded"] = Field(
        default="x-forwarded-for", description="The header those proxies write."
    )
    archive_url: str | None = Field(
        default=None,
        description="Where months over two years old go: a folder, s3:// or gs://; unset, in HOME.",
    )
    archive_keys: SecretStr | None = Field(
        default=None,
        description="Keys that encrypt the archive's files, NAME:BASE64[,...]; the first writes.",
    )
    archive_kms: str | None = Field(
        default=None,
        description="A key service instead: MODULE:NAME/KEY, NAME a pyarrow KmsClient.",
    )
    archive_encryption: str = Field(
        default="AES256",
        description="What S3 is asked to encrypt by: AES256, aws:kms, aws:kms:KEY, or none.",
    )
    cold_tablespace: str | None = Field(
        default=None,
        description="Tablespace of months over 90 days old; unset, they stay where they are.",
    )
    gamification: Path | None = Field(
        default=None, description="File of the rules of gamification; unset, the packaged ones."
    )
    dagster_port: Port = Field(default=3000, description="Port of the Dagster UI, loopback only.")
    code_server_port: Port = Field(
        default=4266, description="Port of Dagster's code server, loopback only."
    )
    postgres_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=5433, description="Port of the embedded PostgreSQL, loopback only; 0: any free."
    )
    postgres_bin: Path | None = Field(
        default=None,
        description="Folder of `postgres` and `initdb`; unset, the ones that come with the wheel.",
    )
    alerts: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Whom alerts are sent to: URLs of apprise, comma separated.",
    )
    runbook_url: str = Field(
        default="docs/operations.md", description="Page of the runbook that alerts lead to."
    )
    mastery_version: str | None = Field(
        default=None,
        description="Model of mastery to hold in force; unset, the last one promoted.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe message the services write."
    )

    @field_validator(
        *("write_keys", "server_keys", "pseudonym_keys", "cors_origins", "trusted_proxies"),
        mode="before",
    )
    @classmethod
    def _split_list(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("alerts", mode="before")
    @classmethod
    def _split_urls(cls, value: object) -> object:
        # A URL of apprise may hold commas: the next begins where a scheme does.
        return _NEXT_URL.split(value.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        # A browser compares text: with a path or a slash at its end it would match nothing.
        if any(not _ORIGIN.fullmatch(value) for value in values):
            raise ValueError("an origin is `https://HOST` or `https://HOST:PORT`, nothing behind")
        return values

    @field_validator("home")
    @classmethod
    def _anchor_home(cls, value: Path) -> Path:
        # Absolute at once: the services run as children that may not share this folder.
        return value.expanduser().absolute()

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's own records (DAGSTER_HOME)."""
        return self.home / "dagster"

    @property
    def data_docs(self) -> Path:
        """Where the pages are on what the checks found."""
        return self.home / "quality"

    @property
    def logs(self) -> Path:
        """Folder of the services' logs."""
        return self.home / "logs"

    @property
    def given_url(self) -> str | None:
        """The database URL that was set, in clear; None for the embedded server."""
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def given_records_url(self) -> str | None:
        """The URL of Dagster's records that was set, in clear."""
        given = self.dagster_database_url
        return given.get_secret_value() if given else None

    @property
    def archive_place(self) -> str:
        """The archive's folder or URL."""
        return self.archive_url or str(self.home / "archive")

    @property
    def clear_write_keys(self) -> tuple[str, ...]:
        """The write keys in clear."""
        return tuple(key.get_secret_value() for key in self.write_keys)

    @property
    def clear_alerts(self) -> tuple[str, ...]:
        """The receivers of alerts in clear."""
        return tuple(url.get_secret_value() for url in self.alerts)

    @property
    def clear_server_keys(self) -> tuple[str, ...]:
        """The server keys in clear."""
        return tuple(key.get_secret_value() for key in self.server_keys)


@dataclass(frozen=True)
class SettingInForce:
    """One setting as `study doctor` shows it: secrets are masked."""

    variable: str
    value: str
    source: Literal["environment", "default"]
    description: str


def read_settings() -> Settings:
    """Read the environment."""
    return Settings()


def list_settings(settings: Settings) -> list[SettingInForce]:
    """Every setting with its value, masked if secret, and where the value came from."""
    return [
        SettingInForce(
            variable=variable_name(name),
            value=_show(getattr(settings, name)),
            source="environment" if name in settings.model_fields_set else "default",
            description=field.description or "",
        )
        for name, field in type(settings).model_fields.items()
    ]


def variable_name(field: str) -> str:
    """Environment variable of a setting."""
    return PREFIX + field.upper()


RECORDS = variable_name("dagster_database_url")
"""Where `dagster.yaml` reads the URL of Dagster's records from."""


def child_environment(**additions: str) -> dict[str, str]:
    """The environment a child process is given: this process's own and the additions."""
    return {**os.environ, **additions}


@contextmanager
def exported(variables: Mapping[str, str]) -> Iterator[None]:
    """Hold variables in this process's environment, for libraries that take them nowhere else.

    The environment belongs to the process: two threads must not do this at once.
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _show(value: object) -> str:
    match value:
        case None:
            return "(unset)"
        case SecretStr():
            return str(value)
        case ():
            return "(none)"
        case (SecretStr(), *_):
            return f"{len(value)} set, masked"
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
