"""Who is asking to see something: a person, in one discipline, for one purpose."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.actor import Actor
from domain.external import holder
from domain.lanes import Discipline, Purpose
from domain.ledger.ledger import Ledger
from domain.practitioner import PractitionerRecord


@dataclass(frozen=True, slots=True)
class Reader:
    """A principal before their standing is looked up; the door looks it up at every attempt."""

    person: UUID
    acting_as: Discipline
    purpose: Purpose

    @property
    def unregistered(self) -> Actor | None:
        """The reader as an actor, if they are one of whom no practitioner stream tells: a client,
        or whoever was sent a link. What they may read rests on the care record alone."""
        if self.acting_as is Discipline.CLIENT:
            return Actor.client(self.person)
        if self.acting_as is Discipline.EXTERNAL:
            return holder(self.person)
        return None

    async def actor(self, ledger: Ledger, now: datetime, *, fresh: bool = False) -> Actor:
        """The reader with the standing they have now. Raises Refused `does-not-hold-discipline`."""
        if (known := self.unregistered) is not None:
            return known
        find = ledger.refresh if fresh else ledger.known
        record = await find(PractitionerRecord, self.person)
        return record.acting(self.acting_as, now)
