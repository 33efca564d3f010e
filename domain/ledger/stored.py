"""A line of the log as it is stored."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Stored(NamedTuple):
    """One event as read from the log: sealed or not, `state` says. Times are UTC."""

    position: int
    stream: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: datetime
