"""The directory of practitioners and staff: what administrators decide about who may act."""

from datetime import date, datetime

from domain.actor import Actor
from domain.capacity import CapacityNoted
from domain.contact import Contact
from domain.fact import Fact
from domain.lanes import Discipline
from domain.practitioner import (
    CredentialVerified,
    CredentialWithdrawn,
    EquipmentNoted,
    PractitionerContactCorrected,
    PractitionerLeft,
    PractitionerRecord,
    PractitionerRegistered,
    PractitionerReinstated,
    PractitionerSuspended,
    Profile,
    Standing,
)
from domain.refused import Refused, Unprocessable


def register(
    record: PractitionerRecord,
    by: Actor,
    profile: Profile,
    *,
    now: datetime,
    bootstrap: bool = False,
) -> list[Fact]:
    """Take a person into the directory.

    `bootstrap`: the caller has made sure that the directory is empty; then, and only then, the
    first administrator registers themselves.
    """
    if not bootstrap:
        _require_administrator(by)
    elif by.id != record.id or Discipline.ADMINISTRATOR not in profile.disciplines:
        raise Refused("bootstrap-registers-an-administrator")
    if record.version:
        raise Refused("already-registered")
    return [PractitionerRegistered(profile=profile)]


def verify_credential(
    record: PractitionerRecord,
    by: Actor,
    discipline: Discipline,
    *,
    body: str,
    number: str,
    valid_until: datetime,
    now: datetime,
) -> list[Fact]:
    """Note that a licence was checked. Verifying the same one again renews it."""
    _require_administrator(by)
    _require_present(record)
    if discipline not in record.disciplines:
        raise Refused("does-not-hold-discipline", discipline=discipline)
    fact = CredentialVerified(
        discipline=discipline, body=body, number=number, valid_until=valid_until
    )
    if fact.valid_until <= now:
        raise Unprocessable("valid_until", "an instant still to come: an expired licence is none")
    return [fact]


def withdraw_credential(
    record: PractitionerRecord,
    by: Actor,
    discipline: Discipline,
    *,
    body: str,
    number: str,
    now: datetime,
) -> list[Fact]:
    """Note that a licence no longer holds. Whoever acts on it loses their standing at once."""
    _require_administrator(by)
    _require_present(record)
    fact = CredentialWithdrawn(discipline=discipline, body=body, number=number)
    if (fact.discipline, fact.body, fact.number) not in record.credentials:
        raise Refused("unknown-credential")
    return [fact]


def correct_contact(
    record: PractitionerRecord, by: Actor, contact: Contact | None, *, now: datetime
) -> list[Fact]:
    """Write down anew how a practitioner is reached. For oneself, or by an administrator."""
    _require_own_or_administrator(record, by)
    _require_present(record)
    return [PractitionerContactCorrected(contact=contact)]


def note_equipment(
    record: PractitionerRecord, by: Actor, equipment: tuple[str, ...], *, now: datetime
) -> list[Fact]:
    """Say what is at hand; replaces what was said before. For oneself, or by an administrator."""
    _require_own_or_administrator(record, by)
    _require_present(record)
    return [EquipmentNoted(equipment=equipment)]


def note_capacity(
    record: PractitionerRecord,
    by: Actor,
    places: int,
    *,
    now: datetime,
    waiting: int = 0,
    next_free: date | None = None,
) -> list[Fact]:
    """Say how many more clients one can take; replaces what was said before. For oneself, or by an
    administrator. Raises Unprocessable for a `next_free` that is past, or while places are free."""
    _require_own_or_administrator(record, by)
    _require_present(record)
    fact = CapacityNoted(places=places, waiting=waiting, next_free=next_free)
    if fact.next_free is not None and fact.places:
        raise Unprocessable("next_free", "nothing, while places are free")
    if fact.next_free is not None and fact.next_free < now.date():
        raise Unprocessable("next_free", "a day still to come")
    return [fact]


def suspend(
    record: PractitionerRecord, by: Actor, reason: Standing, *, now: datetime
) -> list[Fact]:
    """End somebody's standing for the time being."""
    _require_administrator(by)
    _require_present(record)
    if record.suspended:
        raise Refused("already-suspended")
    return [PractitionerSuspended(reason=reason)]


def reinstate(record: PractitionerRecord, by: Actor, *, now: datetime) -> list[Fact]:
    """End a suspension. Nobody reinstates themselves."""
    _require_administrator(by)
    _require_present(record)
    if by.id == record.id:
        raise Refused("not-by-oneself")
    if not record.suspended:
        raise Refused("not-suspended")
    return [PractitionerReinstated()]


def leave(record: PractitionerRecord, by: Actor, *, now: datetime) -> list[Fact]:
    """Note that somebody has left for good."""
    _require_administrator(by)
    _require_present(record)
    return [PractitionerLeft()]


def _require_administrator(by: Actor) -> None:
    if not by.good_standing:
        raise Refused("not-in-good-standing")
    if by.acting_as is not Discipline.ADMINISTRATOR:
        raise Refused("administrators-only")


def _require_own_or_administrator(record: PractitionerRecord, by: Actor) -> None:
    if by.id != record.id:
        _require_administrator(by)
    elif not by.good_standing:
        raise Refused("not-in-good-standing")


def _require_present(record: PractitionerRecord) -> None:
    if not record.disciplines or record.erased:
        raise Refused("not-registered")
    if record.left:
        raise Refused("already-left")
