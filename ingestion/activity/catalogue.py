"""What the app knows of its content: put once, then taken into every event about it.

Kept under the names of the tracking plan, so that an event takes what its type has room for; put
under the app's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, Field

from ingestion.events.fields import Count, Difficulty, FreeText, Identifier, Level, Name

MOST_ITEMS = 1_000

_PUT = """
insert into content.items (kind, item_id, attributes)
select kind, item_id, attributes
from jsonb_to_recordset(%s) as items (kind text, item_id text, attributes jsonb)
order by kind, item_id
on conflict (kind, item_id)
do update set attributes = excluded.attributes, updated_at = clock_timestamp()
"""

# The question's or material's own word goes before the topic's.
_READ = """
select attributes from content.items
where
    (kind = 'question' and item_id = %(question_id)s)
    or (kind = 'material' and item_id = %(material_id)s)
    or (kind = 'topic' and item_id = %(topic_id)s)
order by kind
"""


class Item(BaseModel):
    """Base of what is put: nothing unknown, nothing converted. Putting replaces all of it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Question(Item):
    """A practice question."""

    topic_id: Identifier | None = Field(
        default=None, description="The topic it is about.", examples=["cardiology"]
    )
    correct_answer: FreeText | None = Field(
        default=None, description="The answer that is right, letter by letter.", examples=["A"]
    )
    difficulty: Difficulty | None = Field(
        default=None, description="0 (easiest) to 1, or easy, medium, hard.", examples=["medium"]
    )
    question_type: Name | None = Field(
        default=None, description="Kind of question.", examples=["multiple_choice"]
    )


class Material(Item):
    """A document to study."""

    topic_id: Identifier | None = Field(
        default=None, description="The topic it is about.", examples=["cardiology"]
    )
    material_type: Name | None = Field(
        default=None, description="Kind of material.", examples=["pdf"]
    )
    filename: FreeText | None = Field(
        default=None, description="File name or title.", examples=["cardiology-basics.pdf"]
    )
    page_count: Count | None = Field(default=None, description="Pages it has.", examples=[42])


class Topic(Item):
    """A topic."""

    name: Name | None = Field(
        default=None, description="Its name as shown.", examples=["Cardiology"]
    )
    level: Level | None = Field(
        default=None, description="Its level in the tree of topics.", examples=[2]
    )


class Catalogue(BaseModel):
    """Many items at once, each under its id; at most 1,000 together."""

    questions: dict[str, Question] = Field(default_factory=dict)
    materials: dict[str, Material] = Field(default_factory=dict)
    topics: dict[str, Topic] = Field(default_factory=dict)


_PLAN_NAMES: Mapping[str, Mapping[str, str]] = {
    "question": {},
    "material": {"filename": "material_name", "page_count": "total_pages"},
    "topic": {"name": "topic_name", "level": "topic_level"},
}
KINDS: Mapping[str, type[Item]] = {"question": Question, "material": Material, "topic": Topic}


@dataclass(frozen=True, slots=True)
class Put:
    """An item to put. `attributes` are JSON, checked and normalised."""

    kind: str
    item_id: str
    attributes: Mapping[str, Any]


async def put_items(connection: AsyncConnection, items: Sequence[Put]) -> None:
    """Put items, each whole; of two of one name the last."""
    last = {(item.kind, item.item_id): item for item in items}
    rows = [
        {
            "kind": item.kind,
            "item_id": item.item_id,
            "attributes": {
                _PLAN_NAMES[item.kind].get(name, name): value
                for name, value in item.attributes.items()
            },
        }
        for item in last.values()
    ]
    if rows:
        await connection.execute(_PUT, (Jsonb(rows),))


async def read_item(connection: AsyncConnection, ids: Mapping[str, str]) -> Mapping[str, Any]:
    """What is known of the things an event names, by the plan's names; nothing if nothing is."""
    names = ("question_id", "material_id", "topic_id")
    cursor = await connection.execute(_READ, {name: ids.get(name) for name in names})
    known: dict[str, Any] = {}
    for (attributes,) in await cursor.fetchall():
        known = {**attributes, **known}
    return known
