"""What is asked of the door, what was looked at to answer it, and what it lets go of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

import orjson

from domain.access import AccessRecord, Channel
from domain.actor import Actor
from domain.ledger.command import NewEvent
from domain.record import CareRecord
from domain.scope import Scope
from projections.kept import Copy
from projections.rendered import Rendered
from projections.sheet import NothingToShow, View

RELEASE_WITHIN_SECONDS = 3.0
"""A response not started by then is discarded and disclosed again."""


class NotYours(Exception):
    """There is no such client, or nothing of it is this reader's to know: the two look the same."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: a view of one client by name, made by `render`.

    `item`: what it is about, if about one thing. `accounting`: it tells who was told what, and
    nothing of what it said, so that an auditor needs no case. `render` raises NothingToShow if
    there is nothing that it may show.
    """

    view: str
    render: Callable[[CareRecord, Scope, datetime], View]
    item: UUID | None = None
    accounting: bool = False
    pure: bool = False
    """`render` rests on nothing but its arguments: what it made holds while they do."""
    channel: Channel = Channel.API
    content_type: str = "application/json"
    language: str = "en"
    serialise: Callable[[object], bytes] = orjson.dumps


def nothing_asked(record: CareRecord, scope: Scope, now: datetime) -> View:
    raise NothingToShow


NO_VIEW = Ask("none", nothing_asked)


@dataclass(frozen=True, slots=True)
class Released:
    """Bytes that may be let go of now, and the fact that says so at log position `position`."""

    client: UUID
    reader: UUID
    position: int
    body: bytes
    commitment: bytes
    record_version: int
    as_of: datetime
    content_type: str
    durable_at: float = field(default_factory=monotonic)

    @property
    def etag(self) -> str:
        """An opaque tag of the reader's own view; the same bytes have the same tag for a while."""
        return self.commitment.hex()[:32]

    @property
    def stale(self) -> bool:
        """Whether it is too late after the disclosure to start letting go of the bytes."""
        return monotonic() - self.durable_at > RELEASE_WITHIN_SECONDS


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: what was read, what it permits, and what that rests on."""

    record: CareRecord
    actor: Actor
    scope: Scope
    case: AccessRecord | None
    now: datetime
    fresh: bool
    rendered: Rendered | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One client's share of a disclosure, ready to be appended; then `body` may be let go of."""

    client: UUID
    ask: Ask
    attempt: Attempt
    body: bytes
    copy: Copy
    event: NewEvent
