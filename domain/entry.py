"""A fact with its place in the log and with who stands for it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.fact import Fact
from domain.lanes import Discipline, Purpose


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who stands for a fact: person, in which discipline, on whose behalf, for what, from when.

    `effective` is the clinical time (timezone-aware); the *recorded* time is the log's to assign.
    """

    actor: UUID
    acting_as: Discipline
    purpose: Purpose
    effective: datetime
    on_behalf_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What is left of a sealed fact whose subject's key has been destroyed: that it was there."""

    type: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a stream. `version` counts from 1 within it; `position` orders the whole log."""

    stream: UUID
    version: int
    fact: Fact | Erased
    by: Authorship
    recorded_at: datetime
    position: int

    @property
    def originator_id(self) -> UUID:
        """The stream, by the name that the event-sourcing library knows."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The version, by the name that the event-sourcing library knows."""
        return self.version
