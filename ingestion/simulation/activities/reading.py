"""Reading materials: heartbeats every 30 seconds, highlights, notes, bookmarks."""

from ingestion.simulation.catalogue import Material, Topic
from ingestion.simulation.dice import Weighted
from ingestion.simulation.pen import Pen

_HEARTBEAT_SECONDS = 30
_LEARNT_BY_CHUNK = 0.02
_ANNOTATIONS = Weighted({"highlight": 0.6, "note": 0.25, "bookmark": 0.15})


def read_material(pen: Pen, topic: Topic) -> None:
    """Open a material where it was left, read some chunks, perhaps to the end."""
    dice = pen.dice
    material = dice.pick(topic.materials)
    pages = {} if material.total_pages is None else {"total_pages": material.total_pages}
    properties = {"material_type": material.material_type, "material_name": material.name, **pages}
    opened_at = pen.clock
    pen.write(
        "material_open", properties, material_id=material.material_id, topic_id=topic.topic_id
    )
    chunk = pen.learner.next_chunk(material)
    for _ in range(dice.whole(1, 5)):
        _read_chunk(pen, material, chunk)
        pen.learner.finish_chunk(material, chunk)
        pen.learner.learn(topic.topic_id, pen.clock, _LEARNT_BY_CHUNK)
        chunk += 1
        if chunk == material.chunk_count:
            _complete(pen, material, opened_at)
            break
    pen.wait(dice.between(2, 20))


def annotate(pen: Pen, material: Material, chunk_id: str) -> None:
    """Highlight, note or bookmark something in a chunk."""
    dice = pen.dice
    kind = _ANNOTATIONS.draw(dice)
    length = 0 if kind == "bookmark" else min(int(dice.skewed(90, 0.8)), 1_500)
    properties = {
        "annotation_type": kind,
        "text_length": length,
        "chunk_position": dice.whole(0, 3_000),
    }
    pen.write(
        f"material_{kind}",
        properties,
        material_id=material.material_id,
        chunk_id=chunk_id,
        topic_id=material.topic_id,
    )


def _read_chunk(pen: Pen, material: Material, chunk: int) -> None:
    dice = pen.dice
    chunk_id = f"{material.material_id}-{chunk + 1}"
    seconds = min(dice.skewed(60, 0.6), 360)
    read = 0.0
    while read < seconds:
        span = round(min(_HEARTBEAT_SECONDS, max(seconds - read, 1)), 1)
        pen.wait(span)
        read += span
        depth = 100 * (chunk + min(read / seconds, 1)) / material.chunk_count
        properties = {
            "time_spent_seconds": span,
            "scroll_depth_percent": round(depth, 1),
            "chunk_index": chunk,
            "is_complete": read >= seconds,
        }
        pen.write(
            "material_read",
            properties,
            material_id=material.material_id,
            chunk_id=chunk_id,
            topic_id=material.topic_id,
        )
    if dice.chance(0.15):
        pen.wait(dice.between(3, 25))
        annotate(pen, material, chunk_id)


def _complete(pen: Pen, material: Material, opened_at: int) -> None:
    properties = {
        "total_time_seconds": (pen.clock - opened_at) / 1000,
        "completion_percentage": 100,
    }
    pen.write(
        "material_complete",
        properties,
        material_id=material.material_id,
        topic_id=material.topic_id,
    )
