"""What is asked of the log in one atomic step, and what it answers."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event to append. `version` is its expected place in its stream; None: the log assigns it
    (access streams only). `state` is the stored form: header in clear, body sealed or in clear."""

    stream: UUID
    version: int | None
    topic: str
    state: bytes


@dataclass(frozen=True, slots=True)
class Guard:
    """What a command rests on: nothing of `topics` (None: nothing at all) may have been appended
    to `stream` after `version`."""

    stream: UUID
    version: int
    topics: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """Sealed bytes of something released, kept at the address (client, digest)."""

    client: UUID
    digest: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """Events that are appended all together or not at all.

    `id` makes a retry find its own result. `request` (a SHA-256 digest, or None) is what an
    Idempotency-Key was first used for: the same id with another digest is a conflict.
    `not_after` is the earliest expiry of anything that the command rests on, tested against the
    database's clock under the lock.
    """

    id: UUID
    events: tuple[NewEvent, ...]
    guards: tuple[Guard, ...] = ()
    not_after: datetime | None = None
    request: bytes | None = None
    kept: tuple[Kept, ...] = field(default=())


class Conflict(StrEnum):
    """Why a command was not appended."""

    VERSION = auto()
    """A stream is not at the expected version: somebody else wrote first."""
    GUARD = auto()
    """Something that the command rests on has changed."""
    EXPIRED = auto()
    """`not_after` has passed."""
    KEY_REUSED = auto()
    """The command id was used before for another request."""


@dataclass(frozen=True, slots=True)
class Appended:
    """The command is durable. `positions` are those of its events, in order. `replayed` if this
    very command had been appended before (then nothing was appended now)."""

    positions: tuple[int, ...]
    recorded_at: datetime
    replayed: bool = False


class Conflicted(Exception):
    """The log did not take the command, and says why. Nothing was appended."""

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(conflict.value)
        self.conflict = conflict


class LedgerUnavailable(Exception):
    """The log cannot be written now (the database is away, or the queue is full): try again after
    `retry_after` seconds. Nothing was released on the strength of this command."""

    def __init__(self, reason: str, retry_after: int = 1) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
