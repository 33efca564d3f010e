"""Moments and pages in a query string: RFC 3339 times, positions, opaque cursors."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Request

from api.parameters import Parameter, reads
from api.problems import Problem, invalid_field

LARGEST_POSITION = 2**63 - 1
MOST_PER_PAGE = 100
LONGEST_CURSOR = 512

Moment = int | datetime
"""A position of the log, or a time that names one: the last recorded at or before it."""


def read_moment(value: str, path: str = "at") -> Moment:
    """A moment as a caller writes it. Raises Problem 422."""
    if value.isascii() and value.isdigit() and len(value) <= 19:
        position = int(value)
        if position <= LARGEST_POSITION:
            return position
    try:
        time = datetime.fromisoformat(value) if "T" in value or "t" in value else None
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        mend = "a position of the log, or an RFC 3339 time such as 2026-03-14T14:00:00Z"
        raise invalid_field(path, "is not a moment", mend)
    return time.astimezone(UTC)


def rfc3339(time: datetime) -> str:
    """A time as it is written in headers: UTC, microseconds, `Z`."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


AT = Parameter(
    "at",
    "An earlier moment: an RFC 3339 time or a position of the log. Default: now.",
    "2026-03-14T14:00:00Z",
    place="query",
)


@reads(AT)
async def moment_asked(request: Request) -> Moment | None:
    """The moment that is asked about; None for now. Raises Problem 422."""
    at = request.query_params.get(AT.name)
    return None if at is None else read_moment(at)


At = Annotated[Moment | None, Depends(moment_asked)]


def not_a_cursor() -> Problem:
    """The caller sends as `after` what no page gave them."""
    mend = "the `next` of the page before, as it was"
    return invalid_field("after", "is not a cursor", mend)


def read_position(after: str | None) -> int | None:
    """The cursor of a list that is ordered by position. Raises Problem 422 if it is not one."""
    if after is None:
        return None
    if after.isascii() and after.isdigit() and len(after) <= 18:
        return int(after)
    raise not_a_cursor()


After = Annotated[
    str | None,
    Query(description="Where the page before ended: its `next`.", max_length=LONGEST_CURSOR),
]
Limit = Annotated[int, Query(description="Rows per page.", ge=1, le=MOST_PER_PAGE)]
