"""Answers that tell of a learner, each written down before it is sent."""

from uuid import UUID

from fastapi import Request

from ingestion.api.context import sender_network
from ingestion.audit.requests import Read, note_read


async def note_answer(
    request: Request, *, tables: list[str], learner: UUID, row_count: int, asked: str = ""
) -> None:
    """Commit a note of what an answer was read from; what cannot be noted must not be answered.

    `asked`: what was asked for beside the route. Raises `psycopg.Error`, `PoolTimeout`.
    """
    state = request.app.state
    read = Read(
        request_id=request.scope["request_id"],
        key_name=request.scope["writer"].name,
        address=sender_network(request),
        route=f"{request.method} {request.scope['route'].path}{asked}",
        tables=tables,
        learner=learner,
        row_count=row_count,
    )
    await note_read(state.activity_pool, read, state.settings.pseudonyms)
