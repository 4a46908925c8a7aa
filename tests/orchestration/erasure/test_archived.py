"""A learner whose events lie in the archive is forgotten there, and in the marts made of them."""

from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from ingestion.privacy.pseudonyms import Pseudonyms
from ingestion.store.archive.rewriting import count_archived
from orchestration.erasure.archives import MonthArchives
from orchestration.erasure.forgetting import Means, Receipt, forget, look_for
from orchestration.retention import open_archive, restore, retain
from orchestration.settings import Settings, read_settings
from tests.custody.boundary import AS_OF, BEFORE, differ, draw_waves
from tests.custody.conftest import Fresh
from tests.dbt_project.streams import StudyEvent, insert, named
from tests.exactness.warehouse import Warehouse


def find_learner(events: list[StudyEvent]) -> str:
    """A learner with events on both sides of the turn who shares a session with another."""
    months, visitors = defaultdict(set), defaultdict(set)
    for event in events:
        months[event.learner].add(event.at.month)
        visitors[event.session].add(event.learner)
    sharing = {each for who in visitors.values() if len(who) > 1 for each in who}
    return min(each for each in sharing if months[each] >= {2, 3})


def means(warehouse: Warehouse, settings: Settings) -> Means:
    return Means(
        settings=settings,
        url=warehouse.url,
        pseudonyms=Pseudonyms([b"k" * 32]),
        load=lambda: warehouse.load(AS_OF),
        archives=MonthArchives(settings),
        patience_seconds=0,
    )


def archive_and_forget(warehouse: Warehouse, settings: Settings, learner: UUID) -> Receipt:
    """Archive the month before the turn, forget, and look everywhere."""
    retain(
        warehouse.url,
        open_archive(settings),
        as_of=AS_OF,
        models=warehouse.project.defined.models,
        cold_tablespace=None,
    )
    assert look_for(means(warehouse, settings), learner).archived > 0
    receipt = forget(means(warehouse, settings), learner)
    assert look_for(means(warehouse, settings), learner).all == {}
    return receipt


@pytest.mark.custody
def test_learner_in_an_archived_month_is_as_if_never_been(
    fresh: Fresh, fresh_control: Fresh, clean_environment: Path
) -> None:
    settings = read_settings()
    target = open_archive(settings)
    events = [*draw_waves(2)[0]]
    name = find_learner(events)
    others = [event for event in events if event.learner != name]
    archived_of = sum(event.learner == name and event.at.month == 2 for event in events)
    with ExitStack() as stack:
        warehouse, world = (stack.enter_context(each()) for each in (fresh, fresh_control))
        insert(warehouse.url, events)
        insert(world.url, others)
        for each in (warehouse, world):
            each.load(AS_OF)
        receipt = archive_and_forget(warehouse, settings, UUID(str(named(name))))
        assert [each["events"] for each in receipt.archives] == [archived_of]
        assert receipt.archives[0]["hash_before"] != receipt.archives[0]["hash_after"]
        marts = world.read_marts()
        assert differ(warehouse.read_marts(), marts) == []
        assert differ(warehouse.read_live(AS_OF), world.read_live(AS_OF)) == []

        with psycopg.connect(warehouse.url) as owner:
            assert count_archived(owner, target, BEFORE, UUID(str(named(name)))) == 0
        restore(warehouse.url, target, BEFORE, BEFORE)
        with psycopg.connect(warehouse.url) as owner:
            rows = owner.execute("select count(*) from raw.study_events").fetchone()
        assert rows == (len({event.event_id for event in others}),)
        warehouse.load(AS_OF, full_refresh=True)
        assert differ(warehouse.read_marts(), marts) == []
