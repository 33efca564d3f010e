"""Whoever takes a decision: a person, in one discipline, with the standing they have now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.entry import Authorship
from domain.lanes import Category, Discipline, Lane, Purpose, lanes_of
from domain.refused import Refused

DEFAULT_PURPOSE = {
    Discipline.PHYSIOTHERAPIST: Purpose.TREATMENT,
    Discipline.MASSAGE_THERAPIST: Purpose.TREATMENT,
    Discipline.TRAINER: Purpose.TRAINING,
    Discipline.COORDINATOR: Purpose.COORDINATION,
    Discipline.CLIENT: Purpose.SELF,
    Discipline.AUDITOR: Purpose.AUDIT,
    Discipline.ANALYST: Purpose.QUALITY,
    Discipline.ADMINISTRATOR: Purpose.COORDINATION,
    Discipline.EXTERNAL: Purpose.TREATMENT,
    Discipline.CLOCK: Purpose.COORDINATION,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. Made by `practitioner.PractitionerRecord.acting` or, for a client, `Actor.client`.

    `version` is that of the practitioner stream on which the standing rests: whoever appends on
    the strength of it guards that stream at this version. 0 for a client, who has no such stream.
    `good_standing` is false once suspended or left, or while a required credential has expired.
    `not_after`: the instant at which that standing ends by itself (a credential's expiry), if any.
    """

    id: UUID
    acting_as: Discipline
    version: int = 0
    good_standing: bool = True
    organisation: UUID | None = None
    not_after: datetime | None = None

    @classmethod
    def client(cls, client: UUID) -> "Actor":
        """The client, acting about themselves."""
        return cls(id=client, acting_as=Discipline.CLIENT)

    def require_lane(self, category: Category, lane: Lane) -> None:
        """Refuse `not-in-good-standing` or `outside-lane` unless the actor may do this here."""
        if not self.good_standing:
            raise Refused("not-in-good-standing")
        if lane not in lanes_of(self.acting_as, category):
            raise Refused("outside-lane", category=category, lane=lane, acting_as=self.acting_as)

    def authorship(self, effective: datetime, purpose: Purpose | None = None) -> Authorship:
        """The envelope under which this actor's facts are recorded."""
        return Authorship(
            actor=self.id,
            acting_as=self.acting_as,
            purpose=purpose or DEFAULT_PURPOSE[self.acting_as],
            effective=effective,
        )
