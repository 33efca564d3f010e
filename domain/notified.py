"""What became of a notification: a pointer to a fact, sent to one reader; never what the fact says.

Facts of the access stream of client and reader, in clear: references and codes outlive an erasure.
A reader's sequence number is the ordinal of their `Notified` in log order, and stored nowhere: no
number can ever come to mean two things.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum, auto
from typing import Self
from uuid import UUID

from pydantic import PositiveInt

from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import Category, Discipline
from domain.scope import Rule
from domain.source import Source


class Urgency(StrEnum):
    """How soon somebody should look."""

    ROUTINE = auto()
    URGENT = auto()
    """Before they next train or treat the client."""
    EMERGENCY = auto()


class Notified(
    Fact, type="access.notified.v1", part="access", category=Category.CONSENTS, sealed=False
):
    """A pointer to a fact of the client's record is sent to the reader.

    `fact` is its position, `record_version` its version, `item` what it is about. `occasion` is the
    position of what occasioned it: the fact itself, or what let the reader know of it. `rule` and
    `reference` are the basis on which they may know of it now; none of a recall: then `recalls` is
    the disclosure by which they were shown what has turned out wrong.
    """

    notification: UUID
    client: UUID
    reader: UUID
    acting_as: Discipline
    fact: PositiveInt
    record_version: PositiveInt
    item: UUID | None = None
    occasion: PositiveInt
    rule: Rule | None = None
    reference: UUID | None = None
    recalls: PositiveInt | None = None
    urgency: Urgency
    must_acknowledge: bool = False


class NotificationReceived(
    Fact,
    type="access.notification-received.v1",
    part="access",
    category=Category.CONSENTS,
    sealed=False,
):
    """A device of the reader's confirmed that it has the notification, sent at `notified`."""

    notification: UUID
    notified: PositiveInt
    device: UUID | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One pointer sent at `source`, and the first confirmation that it arrived."""

    fact: Notified
    source: Source
    received: Source | None = None

    @property
    def position(self) -> int:
        """Of its `Notified` in the log."""
        return self.source.position


@dataclass(frozen=True, slots=True)
class Notifications:
    """Every pointer sent to one reader about one client, by id, oldest first."""

    by_id: Mapping[UUID, Notification] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Notification]:
        return iter(self.by_id.values())

    def evolve(self, entry: Entry) -> Self:
        """With one more entry. Total: what refers to nothing known changes nothing."""
        match entry.fact:
            case Notified(notification=id) as fact if id not in self.by_id:
                return self._with(id, Notification(fact, Source.of(entry)))
            case NotificationReceived(notification=id) if known := self.by_id.get(id):
                first = known.received or Source.of(entry)
                return self._with(id, replace(known, received=first))
        return self

    def of(self, fact: int) -> list[Notification]:
        """Those that point to the fact at this position."""
        return [sent for sent in self if sent.fact.fact == fact]

    def _with(self, id: UUID, sent: Notification) -> Self:
        return replace(self, by_id={**self.by_id, id: sent})
