"""The event-sourcing library's mapper contract, over sealed facts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, Notification, StoredEvent

from domain.entry import Entry, Erased
from domain.ledger.sealing import Sealing
from domain.ledger.stored import Stored

UNRECORDED: Final = datetime.min.replace(tzinfo=UTC)
"""`recorded_at` of an entry mapped from a stored event, which in the library does not carry it."""


class SealingMapper(Mapper[UUID]):
    """Maps entries to stored events and back. `subject` says whose key seals a stream's facts;
    a care record's and a practitioner's stream are sealed under their own id.

    An entry read back has `recorded_at` UNRECORDED, and position 0 unless it came as a
    `Notification`: the library's contract knows neither. `domain.ledger.log` gives both.
    """

    def __init__(
        self, sealing: Sealing, *, subject: Callable[[UUID], UUID] = lambda stream: stream
    ) -> None:
        super().__init__(JSONTranscoder())
        self._sealing = sealing
        self._subject = subject

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Seals an `Entry`. Raises TypeError for anything else, and for an erased entry, which can
        only be read; KeyDestroyed if its subject has no key."""
        entry = domain_event
        if not isinstance(entry, Entry):
            raise TypeError(f"not an entry: {type(entry).__name__}")
        fact = entry.fact
        if isinstance(fact, Erased):
            raise TypeError("an erased fact cannot be stored again")
        subject = self._subject(entry.stream)
        event = self._sealing.event(
            fact, entry.by, stream=entry.stream, version=entry.version, subject=subject
        )
        return StoredEvent(event.stream, entry.version, event.topic, event.state)

    def to_domain_event(self, stored_event: StoredEvent) -> Entry:
        """Opens a stored event. Raises sealing.Unreadable."""
        position = stored_event.id if isinstance(stored_event, Notification) else 0
        stream = stored_event.originator_id
        return self._sealing.entry(
            Stored(
                position,
                stream if isinstance(stream, UUID) else UUID(stream),
                stored_event.originator_version,
                stored_event.topic,
                stored_event.state,
                UNRECORDED,
            )
        )
