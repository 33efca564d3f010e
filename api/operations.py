"""Whether the process lives, whether it can serve, and how it is doing. Nothing about anybody."""

import asyncio
from typing import Any

import psycopg
from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.composition import Tandem, tandem_of
from api.doors import Door, door
from api.json_response import Json
from api.route import router
from domain.ledger.command import LedgerUnavailable

READY_WITHIN_SECONDS = 2.0

routes = router("operations")


@routes.get("/livez")
@door(Door.NOTHING, "that the process answers", public=True)
async def livez() -> Json:
    """Whether the process answers."""
    return Json({"live": True})


@routes.get("/readyz", responses={503: {"description": "A part is missing"}})
@door(Door.NOTHING, "which parts work: database, log, lists", public=True)
async def readyz(request: Request) -> Json:
    """Whether the database answers, the log can be written, and how far the lists are behind."""
    parts = await _parts(tandem_of(request))
    ready = all(part["ok"] for part in parts.values())
    retry = {} if ready else {"Retry-After": "1"}
    return Json({"ready": ready, "parts": parts}, status_code=200 if ready else 503, headers=retry)


async def _parts(tandem: Tandem) -> dict[str, dict[str, Any]]:
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            return await tandem.parts()
    except (psycopg.Error, LedgerUnavailable, OSError, TimeoutError):
        return {"database": {"ok": False}}


@routes.get("/metrics", response_class=Response)
@door(Door.NOTHING, "counts and durations by route template", public=True)
async def metrics(request: Request) -> Response:
    """Counts and durations for Prometheus."""
    tandem = tandem_of(request)
    tandem.measure()
    return Response(
        generate_latest(tandem.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )
