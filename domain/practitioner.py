"""Practitioners and other staff: who they are, what they may act as, and whether they still may.

A stream of its own for each person, sealed with their own key. Coordinators, auditors, analysts
and administrators are registered the same way. Nothing about a client is here. Decisions are in
`directory.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, field_validator

from domain.actor import Actor
from domain.capacity import CapacityNoted
from domain.contact import Contact, Languages, PersonName
from domain.entry import Entry, Erased
from domain.fact import Fact, Value
from domain.lanes import HELD_BY_NOBODY, REGULATED, Category, Discipline
from domain.refused import Refused
from domain.source import Source

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class Standing(StrEnum):
    """Why somebody was suspended."""

    CREDENTIAL_IN_DOUBT = auto()
    COMPLAINT = auto()
    INVESTIGATION = auto()
    SECURITY = auto()
    OWN_REQUEST = auto()


class Profile(Value):
    """What a practitioner says of themselves when they are registered."""

    name: PersonName
    disciplines: Annotated[tuple[Discipline, ...], Field(min_length=1)]
    organisation: UUID | None = None
    languages: Languages = ()
    contact: Contact | None = None
    home_visits: bool = False
    populations: Annotated[tuple[ShortText, ...], Field(max_length=50)] = ()

    @field_validator("disciplines")
    @classmethod
    def _held_by_staff(cls, disciplines: tuple[Discipline, ...]) -> tuple[Discipline, ...]:
        if Discipline.CLIENT in disciplines:
            raise ValueError("a client is enrolled, not registered: leave `client` out")
        if held_by_nobody := sorted(HELD_BY_NOBODY.intersection(disciplines)):
            raise ValueError(f"nobody is registered as {' or '.join(held_by_nobody)}")
        if len(set(disciplines)) != len(disciplines):
            raise ValueError("name each discipline only once")
        return disciplines


class PractitionerRegistered(
    Fact,
    type="practitioner.registered.v1",
    part="practitioner",
    category=Category.IDENTITY,
    policy=True,
):
    """An administrator takes somebody into the directory."""

    profile: Profile


class CredentialVerified(
    Fact,
    type="practitioner.credential-verified.v1",
    part="practitioner",
    category=Category.IDENTITY,
    policy=True,
):
    """An administrator has checked a licence with the body that issued it.

    It holds until `valid_until`, an instant that is itself no longer covered.
    """

    discipline: Discipline
    body: ShortText
    number: ShortText
    valid_until: AwareDatetime


class CredentialWithdrawn(
    Fact,
    type="practitioner.credential-withdrawn.v1",
    part="practitioner",
    category=Category.IDENTITY,
    policy=True,
):
    """The issuing body took a licence back, or it turned out not to hold."""

    discipline: Discipline
    body: ShortText
    number: ShortText


class PractitionerContactCorrected(
    Fact,
    type="practitioner.contact-corrected.v1",
    part="practitioner",
    category=Category.CONTACT,
):
    """A practitioner is reached in another way: all of it anew; None if there is none any more."""

    contact: Contact | None


class EquipmentNoted(
    Fact, type="practitioner.equipment-noted.v1", part="practitioner", category=Category.IDENTITY
):
    """What a practitioner has at hand, all of it: exercises are chosen to fit."""

    equipment: Annotated[tuple[ShortText, ...], Field(max_length=200)]


class PractitionerSuspended(
    Fact,
    type="practitioner.suspended.v1",
    part="practitioner",
    category=Category.IDENTITY,
    policy=True,
):
    """An administrator ends somebody's standing for the time being: reading ends at once."""

    reason: Standing


class PractitionerReinstated(
    Fact,
    type="practitioner.reinstated.v1",
    part="practitioner",
    category=Category.IDENTITY,
    policy=True,
):
    """A suspension is over."""


class PractitionerLeft(
    Fact, type="practitioner.left.v1", part="practitioner", category=Category.IDENTITY, policy=True
):
    """Somebody has left for good: reading ends at once."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A verified licence and until when it holds."""

    discipline: Discipline
    body: str
    number: str
    valid_until: datetime
    source: Source


CredentialKey = tuple[Discipline, str, str]


@dataclass(frozen=True, slots=True)
class PractitionerRecord:
    """State of one practitioner's stream at `version`; version 0 if nobody is registered there."""

    id: UUID
    version: int = 0
    position: int = 0
    erased: bool = False
    profile: Profile | None = None
    registered: Source | None = None
    credentials: Mapping[CredentialKey, Credential] = field(default_factory=dict)
    equipment: tuple[str, ...] = ()
    capacity: CapacityNoted | None = None
    capacity_noted: Source | None = None
    suspended: Source | None = None
    left: Source | None = None

    def evolve(self, entry: Entry) -> Self:
        """The record with one more entry. Total: no entry that was ever stored is refused."""
        moved = replace(self, version=entry.version, position=entry.position)
        source = Source.of(entry)
        match entry.fact:
            case Erased():
                return replace(moved, erased=True)
            case PractitionerRegistered(profile=profile):
                return replace(moved, profile=profile, registered=source)
            case CredentialVerified(discipline=d, body=b, number=n, valid_until=until):
                held = Credential(d, b, n, until, source)
                return replace(moved, credentials={**self.credentials, (d, b, n): held})
            case CredentialWithdrawn(discipline=d, body=b, number=n):
                kept = {key: c for key, c in self.credentials.items() if key != (d, b, n)}
                return replace(moved, credentials=kept)
            case PractitionerContactCorrected(contact=contact) if self.profile:
                return replace(moved, profile=self.profile.model_copy(update={"contact": contact}))
            case EquipmentNoted(equipment=equipment):
                return replace(moved, equipment=equipment)
            case CapacityNoted() as noted:
                return replace(moved, capacity=noted, capacity_noted=source)
            case PractitionerSuspended():
                return replace(moved, suspended=source)
            case PractitionerReinstated():
                return replace(moved, suspended=None)
            case PractitionerLeft():
                return replace(moved, left=source)
        return moved

    @classmethod
    def fold(cls, id: UUID, entries: Iterable[Entry]) -> Self:
        """The record that `entries`, in stream order, add up to."""
        record = cls(id)
        for entry in entries:
            record = record.evolve(entry)
        return record

    @property
    def name(self) -> str:
        """How they are called; empty if nobody is registered, or once erased."""
        return self.profile.name if self.profile and not self.erased else ""

    @property
    def organisation(self) -> UUID | None:
        """For which organisation they work, if for any."""
        return self.profile.organisation if self.profile else None

    @property
    def disciplines(self) -> tuple[Discipline, ...]:
        """What this person may act as, one at a time; empty if nobody is registered."""
        return self.profile.disciplines if self.profile else ()

    def covered_until(self, discipline: Discipline, now: datetime) -> datetime | None:
        """When the last valid credential for `discipline` expires; None if none is valid now."""
        ends = [
            credential.valid_until
            for credential in self.credentials.values()
            if credential.discipline is discipline and now < credential.valid_until
        ]
        return max(ends, default=None)

    def acting(self, discipline: Discipline, now: datetime) -> Actor:
        """This person in one of their disciplines, with the standing they have at `now`.

        Refuses `does-not-hold-discipline`. Regulated disciplines stand only while a verified
        credential is valid, and the actor says until when that is.
        """
        if discipline not in self.disciplines:
            raise Refused("does-not-hold-discipline", discipline=discipline)
        standing = not (self.suspended or self.left or self.erased)
        ends = self.covered_until(discipline, now) if discipline in REGULATED else None
        return Actor(
            id=self.id,
            acting_as=discipline,
            version=self.version,
            good_standing=standing and (discipline not in REGULATED or ends is not None),
            organisation=self.organisation,
            not_after=ends,
        )
