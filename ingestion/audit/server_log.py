"""Lines of PostgreSQL's log (jsonlog) as entries of the audit."""

import csv
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Any

from ingestion.audit.entry import Entry, Source
from ingestion.audit.statements import fit, read_parameters, tell
from ingestion.privacy.networks import truncate_ip
from ingestion.privacy.pseudonyms import Pseudonyms

OWN_PSQL = "study-psql"
"""Sessions of `study psql`: a person at the keyboard, whatever the login."""

# "statement: ..." and "execute NAME: ..." are of log_statement; with a duration before them they
# are of log_min_duration_statement and the like, whose first line was said already.
_STATEMENT = re.compile(r"(?:statement|execute [^:]*): (?P<text>.*)", re.DOTALL)
_PREPARED = re.compile(r"prepare: (?P<text>.*)", re.DOTALL)
_FAILED = frozenset({"ERROR", "FATAL", "PANIC"})
_PGAUDIT_FIELDS = 9


@dataclass(frozen=True)
class Reader:
    """How to read the lines of one database.

    `roles` is the role of the house by login; errors of the logins in `services` are left out.
    """

    database: str
    zone: tzinfo
    roles: Mapping[str, str]
    services: Collection[str]
    pseudonyms: Pseudonyms

    def read(self, line: bytes, place: str) -> Entry | None:
        """The entry of a line, None where it tells of no access. `place` names a broken line."""
        record = _load(line)
        if record is None:
            return self._tell_broken(line, place)
        if record.get("dbname") != self.database:
            return None
        if record.get("error_severity") in _FAILED:
            return self._read_failure(record)
        message = str(record.get("message", ""))
        if message.startswith("AUDIT: "):
            return self._read_pgaudit(record, message)
        found = _STATEMENT.fullmatch(message)
        return None if found is None else self._read_statement(record, found["text"])

    def _read_statement(self, record: Mapping[str, Any], text: str) -> Entry:
        detail = str(record.get("detail", ""))
        told = tell(text, read_parameters(detail), self.pseudonyms)
        if prepared := _PREPARED.fullmatch(detail):
            # `execute name(...)` says nothing of what was prepared under that name
            behind = tell(prepared["text"], {}, self.pseudonyms)
            return self._entry(
                Source.STATEMENT,
                record,
                told.action,
                behind.tables,
                told.learners,
                message=behind.action,
            )
        return self._entry(Source.STATEMENT, record, told.action, told.tables, told.learners)

    def _read_failure(self, record: Mapping[str, Any]) -> Entry | None:
        if record.get("user") in self.services and not _is_person(record):
            return None
        told = tell(str(record.get("statement", "(connect)")), {}, self.pseudonyms)
        return self._entry(
            Source.REFUSED,
            record,
            told.action,
            told.tables,
            told.learners,
            sqlstate=record.get("state_code"),
            message=fit(str(record.get("message", "")), self.pseudonyms),
        )

    def _read_pgaudit(self, record: Mapping[str, Any], message: str) -> Entry | None:
        # SESSION,1,1,READ,SELECT,TABLE,marts.days,select ...,parameters[,rows]
        (fields,) = csv.reader([message.removeprefix("AUDIT: ")])
        if len(fields) < _PGAUDIT_FIELDS:
            return None
        told = tell(fields[7], {}, self.pseudonyms)
        rows = fields[9] if len(fields) > _PGAUDIT_FIELDS else ""
        return self._entry(
            Source.STATEMENT,
            record,
            told.action,
            (fields[6],) if fields[6] else told.tables,
            told.learners,
            row_count=int(rows) if rows.isdigit() else None,
        )

    def _entry(
        self,
        source: Source,
        record: Mapping[str, Any],
        action: str,
        tables: tuple[str, ...] | None,
        learners: tuple[str, ...],
        **rest: Any,
    ) -> Entry:
        login = str(record.get("user", "(nobody)"))
        return Entry(
            source=source,
            occurred_at=self._instant(str(record["timestamp"])),
            login=login,
            role=self._role(login, record),
            address=truncate_ip(str(record.get("remote_host", ""))),
            application=self._clean(record.get("application_name")),
            action=action,
            tables=tables,
            learners=learners,
            place=f"{record.get('session_id', '')}/{record.get('line_num', '')}",
            **rest,
        )

    def _role(self, login: str, record: Mapping[str, Any]) -> str | None:
        # `study psql --role ROLE` works as a role that no line of the log names
        program, _, role = str(record.get("application_name", "")).partition(":")
        return role if program == OWN_PSQL and role else self.roles.get(login)

    def _clean(self, name: object) -> str | None:
        # Whoever connects chooses it, and may have written anything.
        return fit(str(name)[:64], self.pseudonyms) if name else None

    def _instant(self, text: str) -> datetime:
        moment, _, _ = text.rpartition(" ")
        return datetime.fromisoformat(moment).replace(tzinfo=self.zone)

    def _tell_broken(self, line: bytes, place: str) -> Entry:
        return Entry(
            source=Source.GAP,
            occurred_at=datetime.now(self.zone),
            login="(unknown)",
            action=f"a line of {len(line)} bytes that is no JSON",
            place=place,
            message=f"SHA-256 {sha256(line).hexdigest()}",
        )


def _load(line: bytes) -> dict[str, Any] | None:
    """The record of a line; the last one where a crash has left half of another before it."""
    for start in (0, line.rfind(b'{"timestamp"')):
        if start < 0:
            break
        try:
            record = json.loads(line[start:].decode(errors="replace"))
        except ValueError:
            continue
        if isinstance(record, dict) and "timestamp" in record:
            return record
    return None


def _is_person(record: Mapping[str, Any]) -> bool:
    return str(record.get("application_name", "")).startswith(OWN_PSQL)
