"""Write keys: made, found, rotated and revoked under a running service."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from ingestion.api import IngestionSettings
from ingestion.api.errors import RequestRefusedError
from ingestion.api.keys import KeyRing, Writer
from ingestion.api.logs import make_log
from ingestion.store.database import Role, role_url
from ingestion.store.errors import StoreError
from ingestion.store.write_keys import (
    PREFIX,
    KeyLimits,
    StoredKey,
    create_key,
    digest_key,
    list_keys,
    revoke_key,
)
from tests.ingestion.api.conftest import Serve

BATCH = "/api/analytics/events/batch"
LOG = make_log("error")


def status(client: httpx.Client, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    return client.post(BATCH, json={"events": []}, headers=headers).status_code


def stored(key: str, *, expires_at: datetime | None = None) -> StoredKey:
    return StoredKey(key, digest_key(key), expires_at, None, None, 10)


class Keys:
    """A database of keys that can be away."""

    def __init__(self, *keys: StoredKey) -> None:
        self.keys, self.is_away, self.asked, self.used = list(keys), False, 0, set[str]()

    async def fetch(self, used: Collection[str]) -> Sequence[StoredKey]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise psycopg.OperationalError("away")
        self.used |= set(used)
        return list(self.keys)


class HandClock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_key_is_shown_once_and_kept_as_a_digest(database_url: str) -> None:
    key = create_key(database_url, "web-2026", limits=KeyLimits(events_per_second=5))
    assert key.startswith(PREFIX)
    assert len(key) > 50
    with psycopg.connect(database_url) as database:
        rows = database.execute("select write_keys::text from ops.write_keys").fetchall()
    assert len(rows) == 1
    assert key not in rows[0][0]
    assert key.removeprefix(PREFIX) not in rows[0][0]
    (record,) = list_keys(database_url)
    assert (record.name, record.events_per_second, record.revoked_at) == ("web-2026", 5, None)


def test_names_are_one_living_key_each(database_url: str) -> None:
    first = create_key(database_url, "web", limits=KeyLimits())
    with pytest.raises(StoreError, match="keys revoke web"):
        create_key(database_url, "web", limits=KeyLimits())
    revoke_key(database_url, "web")
    with pytest.raises(StoreError, match="no living key 'web'"):
        revoke_key(database_url, "web")
    assert create_key(database_url, "web", limits=KeyLimits()) != first
    for name in ("", "Web", "a:b", "-a", "a" * 65, "a\n"):
        with pytest.raises(StoreError, match="is no name for a key"):
            create_key(database_url, name, limits=KeyLimits())


def test_service_may_read_keys_and_note_their_use_and_nothing_else(database_url: str) -> None:
    create_key(database_url, "web", limits=KeyLimits())
    with psycopg.connect(
        role_url(database_url, Role.INGEST, application_name="test"), autocommit=True
    ) as service:
        service.execute("select digest from ops.write_keys")
        service.execute("update ops.write_keys set last_used_at = now()")
        for statement in (
            "insert into ops.write_keys (name, digest) values ('x', sha256('x'))",
            "update ops.write_keys set revoked_at = null",
            "update ops.write_keys set digest = sha256('x')",
            "delete from ops.write_keys",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                service.execute(statement.encode())


@pytest.mark.parametrize("role", [Role.AUDIT, Role.TRANSFORM, Role.BI])
def test_digests_are_the_services_alone(shared_database_url: str, role: Role) -> None:
    with psycopg.connect(
        role_url(shared_database_url, role, application_name="test"), autocommit=True
    ) as other:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("select digest from ops.write_keys")
        if role is Role.AUDIT:
            other.execute("select name, last_used_at, revoked_at from ops.write_keys")


def test_keys_come_and_go_under_a_running_service(serve: Serve, database_url: str) -> None:
    client = serve(
        IngestionSettings(
            database_url=database_url, write_keys=("old:given",), keys_refresh_seconds=0.05
        )
    )
    assert status(client, "given") == 200
    key = create_key(database_url, "new", limits=KeyLimits())
    assert eventually(lambda: status(client, key) == 200)
    assert status(client, key + "x") == 401
    assert eventually(lambda: list_keys(database_url)[0].last_used_at is not None)
    used = list_keys(database_url)[0].last_used_at
    assert used is not None
    assert (used.minute, used.second) == (0, 0)
    revoke_key(database_url, "new")
    assert eventually(lambda: status(client, key) == 401)


def test_first_key_ends_what_loopback_may(serve: Serve, database_url: str) -> None:
    client = serve(IngestionSettings(database_url=database_url, keys_refresh_seconds=0.05))
    assert client.post(BATCH, json={"events": []}).status_code == 200
    key = create_key(database_url, "first", limits=KeyLimits())
    assert eventually(lambda: client.post(BATCH, json={"events": []}).status_code == 401)
    assert status(client, key) == 200


def test_database_away_keeps_the_keys_that_were_read() -> None:
    async def run() -> None:
        database, clock = Keys(stored("one")), HandClock()
        ring = KeyRing((), database.fetch, log=LOG, clock=clock)
        assert await ring.identify("one") == Writer("one")
        database.is_away = True
        clock.now += 3600
        assert await ring.identify("one") == Writer("one")
        assert await ring.identify("two") is None
        assert not await ring.is_empty()

    asyncio.run(run())


def test_keys_never_read_are_not_taken_for_none() -> None:
    async def run() -> None:
        database, clock = Keys(), HandClock()
        database.is_away = True
        ring = KeyRing((), database.fetch, log=LOG, clock=clock)
        for ask in (ring.is_empty, lambda: ring.identify("one")):
            with pytest.raises(RequestRefusedError) as refused:
                await ask()
            assert refused.value.status == 503
        configured = KeyRing(("one",), database.fetch, log=LOG, clock=clock)
        assert await configured.identify("one") == Writer("setting-1")
        database.is_away = False
        clock.now += 1
        assert await ring.is_empty()

    asyncio.run(run())


def test_crowd_of_strangers_asks_the_database_once_a_second() -> None:
    async def run() -> None:
        database, clock = Keys(stored("one")), HandClock()
        ring = KeyRing((), database.fetch, log=LOG, clock=clock)
        await ring.identify("one")
        clock.now += 1
        found = await asyncio.gather(*(ring.identify(f"stranger {i}") for i in range(50)))
        assert set(found) == {None}
        assert database.asked == 2

    asyncio.run(run())


def test_expired_key_is_out_before_the_next_refresh() -> None:
    async def run() -> None:
        moment = datetime.now(UTC)
        late, early = moment + timedelta(hours=1), moment - timedelta(seconds=1)
        database = Keys(stored("one", expires_at=late), stored("two", expires_at=early))
        ring = KeyRing((), database.fetch, log=LOG)
        assert await ring.identify("one") == Writer("one")
        assert await ring.identify("two") is None

    asyncio.run(run())


def test_use_is_noted_once_the_database_is_back() -> None:
    async def run() -> None:
        database, clock = Keys(stored("one")), HandClock()
        ring = KeyRing((), database.fetch, log=LOG, clock=clock)
        await ring.identify("one")
        for is_away in (True, False):
            database.is_away = is_away
            clock.now += 1
            await ring.identify("stranger")
        assert database.used == {"one"}

    asyncio.run(run())


def test_configured_keys_may_have_names() -> None:
    async def run() -> None:
        ring = KeyRing(("web:secret", "Not:a name", "plain"), Keys().fetch, log=LOG)
        for key, name in (("secret", "web"), ("Not:a name", "setting-2"), ("plain", "setting-3")):
            assert await ring.identify(key) == Writer(name)
        assert await ring.identify("web:secret") is None

    asyncio.run(run())


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold within ten seconds; each look is a request, so none is wasted."""
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while not (held := holds()) and datetime.now(UTC) < deadline:
        pass
    return held
