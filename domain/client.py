"""Who the client is and how to reach them: the first facts of a care record."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, field_validator

from domain.actor import Actor
from domain.contact import Contact, EmergencyContact, Language, PersonName
from domain.entry import Entry
from domain.fact import Fact, Narrower, Value
from domain.lanes import Category, Discipline, Lane
from domain.parties import require_client, require_member
from domain.refused import Refused, Unprocessable
from domain.source import Source
from domain.team import CoordinatorAssigned, MemberJoined, due_to_train_by_default

if TYPE_CHECKING:
    from domain.record import CareRecord

ENROLLING = frozenset({Discipline.COORDINATOR, Discipline.PHYSIOTHERAPIST, Discipline.TRAINER})
"""Who takes a client in: the coordinator, or whoever meets the client first."""

OLDEST = date(1900, 1, 1)


class Sex(StrEnum):
    """Administrative sex, by the codes of HL7 FHIR."""

    FEMALE = auto()
    MALE = auto()
    OTHER = auto()
    UNKNOWN = auto()


class Identity(Value):
    """Who somebody is."""

    name: PersonName
    birth_date: date
    sex: Sex | None = None
    language: Language = "en"

    @field_validator("birth_date")
    @classmethod
    def _plausible(cls, born: date) -> date:
        if born < OLDEST:
            raise ValueError(f"a date from {OLDEST.isoformat()} on")
        return born


class ClientEnrolled(Fact, type="client.enrolled.v1", part="client", category=Category.IDENTITY):
    """Somebody becomes a client: the care record begins."""

    identity: Identity
    contact: Annotated[Contact | None, Narrower(Category.CONTACT)] = None
    emergency_contact: Annotated[EmergencyContact | None, Narrower(Category.ALERTS)] = None
    note: Annotated[str | None, Field(max_length=2000)] = None


class IdentityCorrected(
    Fact, type="client.identity-corrected.v1", part="client", category=Category.IDENTITY
):
    """Who the client is was written down wrongly, or has changed: all of it anew."""

    identity: Identity


class ContactCorrected(
    Fact, type="client.contact-corrected.v1", part="client", category=Category.CONTACT
):
    """The client is reached in another way: all of it anew; None if there is none any more."""

    contact: Contact | None


class EmergencyContactCorrected(
    Fact, type="client.emergency-contact-corrected.v1", part="client", category=Category.ALERTS
):
    """Somebody else is to be called in an emergency; None if there is nobody any more."""

    emergency_contact: EmergencyContact | None


@dataclass(frozen=True, slots=True)
class ClientDetails:
    """Who the client is now. Each part has its own source: the entry whose content it shows."""

    identity: Identity | None = None
    identity_source: Source | None = None
    contact: Contact | None = None
    contact_source: Source | None = None
    emergency_contact: EmergencyContact | None = None
    emergency_contact_source: Source | None = None
    enrolled_by: Source | None = None

    @property
    def enrolled(self) -> bool:
        """Whether there is such a client at all."""
        return self.enrolled_by is not None

    def evolve(self, entry: Entry) -> Self:
        """The details with one more entry."""
        source = Source.of(entry)
        match entry.fact:
            case ClientEnrolled() as fact:
                return replace(
                    self,
                    identity=fact.identity,
                    identity_source=source,
                    contact=fact.contact,
                    contact_source=source if fact.contact else None,
                    emergency_contact=fact.emergency_contact,
                    emergency_contact_source=source if fact.emergency_contact else None,
                    enrolled_by=source,
                )
            case IdentityCorrected(identity=identity):
                return replace(self, identity=identity, identity_source=source)
            case ContactCorrected(contact=contact):
                return replace(self, contact=contact, contact_source=source)
            case EmergencyContactCorrected(emergency_contact=whom):
                return replace(self, emergency_contact=whom, emergency_contact_source=source)
        return self


def enrol(
    record: "CareRecord",
    by: Actor,
    identity: Identity,
    *,
    now: datetime,
    contact: Contact | None = None,
    emergency_contact: EmergencyContact | None = None,
    note: str | None = None,
) -> list[Fact]:
    """Take a client in. Whoever does so joins the care team; a coordinator also becomes theirs.

    Refuses `outside-lane`, `not-in-good-standing`, `already-enrolled`, `erased`.
    """
    if not by.good_standing:
        raise Refused("not-in-good-standing")
    if by.acting_as not in ENROLLING:
        raise Refused("outside-lane", acting_as=by.acting_as)
    if record.erased:
        raise Refused("erased")
    if record.client.enrolled:
        raise Refused("already-enrolled")
    if identity.birth_date > now.date():
        raise Unprocessable("identity.birth_date", "a date that is not in the future")
    facts: list[Fact] = [
        ClientEnrolled(
            identity=identity, contact=contact, emergency_contact=emergency_contact, note=note
        ),
        MemberJoined(
            practitioner=by.id,
            discipline=by.acting_as,
            organisation=by.organisation,
            due_to_train=due_to_train_by_default(by.acting_as),
        ),
    ]
    if by.acting_as is Discipline.COORDINATOR:
        facts.append(CoordinatorAssigned(practitioner=by.id))
    return facts


def correct_identity(
    record: "CareRecord", by: Actor, identity: Identity, *, seen: int, now: datetime
) -> list[Fact]:
    """Write down anew who the client is; `seen` is the version of what was displayed."""
    _require_writing(record, by, Category.IDENTITY)
    _require_seen(record.client.identity_source, seen)
    if identity.birth_date > now.date():
        raise Unprocessable("identity.birth_date", "a date that is not in the future")
    return [IdentityCorrected(identity=identity)]


def correct_contact(
    record: "CareRecord", by: Actor, contact: Contact | None, *, seen: int, now: datetime
) -> list[Fact]:
    """Write down anew how the client is reached; `seen` is 0 if nothing was there."""
    _require_writing(record, by, Category.CONTACT)
    _require_seen(record.client.contact_source, seen)
    return [ContactCorrected(contact=contact)]


def correct_emergency_contact(
    record: "CareRecord", by: Actor, whom: EmergencyContact | None, *, seen: int, now: datetime
) -> list[Fact]:
    """Write down anew whom to call; `seen` is 0 if nobody was there."""
    _require_writing(record, by, Category.ALERTS)
    _require_seen(record.client.emergency_contact_source, seen)
    return [EmergencyContactCorrected(emergency_contact=whom)]


def _require_writing(record: "CareRecord", by: Actor, category: Category) -> None:
    by.require_lane(category, Lane.WRITE)
    if by.acting_as is Discipline.CLIENT:
        require_client(record, by)
    else:
        require_member(record, by)


def _require_seen(source: Source | None, seen: int) -> None:
    if (source.version if source else 0) != seen:
        raise Refused("changed-since-seen")
