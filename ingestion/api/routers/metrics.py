"""`GET /metrics`: what all workers have counted."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CONTENT_TYPE_LATEST

from ingestion.api.auth import require_reader_of_metrics
from ingestion.api.metrics import ServiceMetrics
from ingestion.api.openapi import METRICS_RESPONSES

router = APIRouter(tags=["health"], dependencies=[Depends(require_reader_of_metrics)])


@router.get(
    "/metrics",
    operation_id="read_metrics",
    summary="Counters for Prometheus",
    response_class=Response,
    responses=METRICS_RESPONSES,
)
async def read_metrics(request: Request) -> Response:
    """All counters, in Prometheus' text format. Served to this machine, and to any write key."""
    metrics: ServiceMetrics = request.app.state.metrics
    return Response(await run_in_threadpool(metrics.render), media_type=CONTENT_TYPE_LATEST)
