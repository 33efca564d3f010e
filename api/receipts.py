"""What a command answers: its place in the log and the ids that it made; nothing of the record."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from api.json_response import Json
from api.moments import rfc3339
from domain.ledger.command import Appended


class Receipt(BaseModel):
    """What a command answers. `version` is that of the stream after it: what If-Match names next
    for an item that the command was about. Without positions there was nothing to record."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ids": {"restriction": "0c6f4ab2-6f0e-5d0a-9b0a-5b0f4a3f6f10"},
                    "positions": [417],
                    "version": 9,
                    "recorded_at": "2026-03-14T14:00:00.000001Z",
                }
            ]
        }
    )

    ids: dict[str, UUID]
    positions: list[int]
    version: int
    recorded_at: datetime | None


def receipt(
    appended: Appended | None,
    version: int,
    *,
    ids: Mapping[str, UUID] | None = None,
    also: Mapping[str, object] | None = None,
    status: int = HTTPStatus.CREATED,
) -> Json:
    """The receipt of a command; 200 if it recorded nothing new. `also`: what else the caller has to
    be told of their own command."""
    headers = {"Idempotency-Replayed": "true"} if appended and appended.replayed else {}
    if appended is not None:
        headers["Tandem-Position"] = str(appended.positions[-1])
    return Json(
        {
            "ids": {name: str(id) for name, id in (ids or {}).items()},
            "positions": list(appended.positions) if appended else [],
            "version": version,
            "recorded_at": rfc3339(appended.recorded_at) if appended else None,
            **(also or {}),
        },
        status_code=status if appended else HTTPStatus.OK,
        headers=headers,
    )
