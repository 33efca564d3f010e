"""What a reader says of a notification: that a device has it, or that they have acknowledged it.

Durable before it is answered; said again, it is answered as the first time and recorded once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated, Self
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PositiveInt, model_validator

from domain import acknowledgement
from domain.access import AccessRecord, Acknowledged, access_stream
from domain.actor import Actor
from domain.fact import Fact, Value
from domain.ledger.command import Appended, Command, Conflict, Conflicted, NewEvent
from domain.ledger.ledger import Ledger
from domain.notified import Notification, NotificationReceived
from domain.practitioner import PractitionerRecord
from domain.record import CareRecord
from domain.refused import Refused
from projections.notified import notification_of

ATTEMPTS = 3


class Said(StrEnum):
    """What is said of a notification."""

    RECEIVED = auto()
    """A device has it."""
    ACKNOWLEDGED = auto()
    """A person has understood what it points to, as it was displayed to them."""


class Confirmation(Value):
    """What a reader sends to `ack.<reader>`. Sent again, it is answered again, and recorded once.

    `acknowledged` names the version that was displayed (`seen`).
    """

    notification: UUID
    kind: Said
    seen: Annotated[
        PositiveInt | None,
        Field(description="The `version` of what was displayed; with `acknowledged` only."),
    ] = None
    device: UUID | None = None

    @model_validator(mode="after")
    def _names_what_was_seen(self) -> Self:
        if (self.kind is Said.ACKNOWLEDGED) != (self.seen is not None):
            raise ValueError("`seen` belongs to `acknowledged`, and to nothing else")
        return self


class Confirmed(BaseModel):
    """The answer: it is durable, at these positions of the log; none if it was so already."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notification: UUID
    kind: Said
    positions: tuple[int, ...]
    recorded_at: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class Confirming:
    """Records what readers say."""

    ledger: Ledger
    clock: Callable[[], datetime]

    async def acknowledge(self, reader: UUID, message: bytes) -> bytes:
        """A `Confirmation` as JSON, answered with a `Confirmed`, once that is durable.

        Raises ValueError for what is no confirmation, else what `confirm` does.
        """
        said = Confirmation.model_validate_json(message)
        return (await self.confirm(reader, said)).model_dump_json().encode()

    async def confirm(self, reader: UUID, said: Confirmation) -> Confirmed:
        """Record it. Raises LedgerUnavailable, and Refused: `unknown-notification` (there is none,
        or it is somebody else's), `nothing-to-acknowledge`, and what `acknowledge` refuses."""
        notified = await notification_of(self.ledger, reader, said.notification)
        if notified is None:
            raise Refused("unknown-notification")
        record = self._received if said.kind is Said.RECEIVED else self._acknowledged
        appended = await record(notified, said)
        return Confirmed(
            notification=said.notification,
            kind=said.kind,
            positions=() if appended is None else appended.positions,
            recorded_at=None if appended is None else appended.recorded_at,
        )

    async def _received(self, notified: Notification, said: Confirmation) -> Appended | None:
        event = self._event(notified, _receipt(notified, said))
        id = uuid5(said.notification, "received")
        return await self.ledger.append(Command(id=id, events=(event,)))

    async def _acknowledged(self, notified: Notification, said: Confirmation) -> Appended | None:
        """In the care record and in the reader's own access stream, in one command. Whoever has
        acknowledged has received."""
        client, item, seen = notified.fact.client, notified.fact.item, said.seen
        record = await self.ledger.known(CareRecord, client)
        if item not in record.restrictions.items:
            record = await self.ledger.refresh(CareRecord, client)
        if item is None or seen is None or item not in record.restrictions.items:
            raise Refused("nothing-to-acknowledge")
        for number in range(ATTEMPTS):
            events, disclosed_at = await self._accounted(notified, said, item, seen)
            try:
                decided = await self.ledger.decide(
                    CareRecord,
                    client,
                    self._decision(
                        actor := await self._actor(notified, number), item, seen, disclosed_at
                    ),
                    actor=actor,
                    effective=self.clock(),
                    command_id=uuid5(said.notification, f"acknowledged {seen}"),
                    extra_events=events,
                )
                return decided.appended
            except Conflicted as conflicted:
                if conflicted.conflict not in (Conflict.GUARD, Conflict.EXPIRED):
                    raise
        raise Refused("not-in-good-standing")

    def _decision(
        self, by: Actor, item: UUID, seen: int, disclosed_at: int | None
    ) -> Callable[[CareRecord], list[Fact]]:
        def decision(record: CareRecord) -> list[Fact]:
            return acknowledgement.acknowledge(
                record, by, item, seen=seen, now=self.clock(), disclosed_at=disclosed_at
            )

        return decision

    async def _actor(self, notified: Notification, number: int) -> Actor:
        find = self.ledger.refresh if number else self.ledger.known
        staff = await find(PractitionerRecord, notified.fact.reader)
        return staff.acting(notified.fact.acting_as, self.clock())

    async def _accounted(
        self, notified: Notification, said: Confirmation, item: UUID, seen: int
    ) -> tuple[tuple[NewEvent, ...], int | None]:
        """The same in the reader's access stream; and by which disclosure they were shown it."""
        stream = access_stream(notified.fact.client, notified.fact.reader)
        access = await self.ledger.refresh(AccessRecord, stream)
        shown = access.released(seen)
        disclosure = shown[-1].position if shown else None
        facts: list[Fact] = [Acknowledged(disclosure=disclosure, item=item, version=seen)]
        known = access.notifications.by_id.get(said.notification)
        if known is None or known.received is None:
            facts.append(_receipt(notified, said))
        return tuple(self._event(notified, fact) for fact in facts), disclosure

    def _event(self, notified: Notification, fact: Fact) -> NewEvent:
        about = notified.fact
        by = Actor(about.reader, about.acting_as).authorship(self.clock())
        stream = access_stream(about.client, about.reader)
        return self.ledger.sealing.event(
            fact, by, stream=stream, version=None, subject=about.client
        )


def _receipt(notified: Notification, said: Confirmation) -> NotificationReceived:
    return NotificationReceived(
        notification=said.notification, notified=notified.position, device=said.device
    )
