from dataclasses import replace
from datetime import date

import pytest
from pydantic import ValidationError

from domain.actor import Actor
from domain.client import (
    ClientEnrolled,
    Identity,
    correct_contact,
    correct_emergency_contact,
    correct_identity,
    enrol,
)
from domain.contact import Contact, EmergencyContact
from domain.entry import Erased
from domain.lanes import Category, Discipline
from domain.record import CareRecord
from domain.refused import Refused, Unprocessable
from domain.team import CoordinatorAssigned, MemberJoined
from tests.domain.given import (
    AUDITOR,
    CLIENT,
    CLINIC,
    COORDINATOR,
    DAY,
    GYM,
    IDENTITY,
    MASSAGE,
    NOW,
    PHYSIO,
    TRAINER,
    entry,
    happened,
    with_team,
)

PHONE = Contact(phone="+49 30 555 0101")
SISTER = EmergencyContact(name="Lina", phone="555 0199", relation="sister")


def test_enrolling_begins_the_record_and_joins_the_coordinator() -> None:
    empty = CareRecord(CLIENT.id)
    assert not empty.client.enrolled

    facts = enrol(empty, COORDINATOR, IDENTITY, contact=PHONE, now=NOW)

    assert facts == [
        ClientEnrolled(identity=IDENTITY, contact=PHONE),
        MemberJoined(
            practitioner=COORDINATOR.id, discipline=Discipline.COORDINATOR, organisation=CLINIC
        ),
        CoordinatorAssigned(practitioner=COORDINATOR.id),
    ]
    record = happened(empty, COORDINATOR, *facts)
    assert record.client.enrolled
    assert record.team.coordinator == COORDINATOR.id


def test_a_trainer_who_enrols_is_due_to_train() -> None:
    empty = CareRecord(CLIENT.id)
    record = happened(empty, TRAINER, *enrol(empty, TRAINER, IDENTITY, now=NOW))
    member = record.team.member(TRAINER.id)
    assert member is not None
    assert (member.due_to_train, member.organisation) == (True, GYM)
    assert record.team.coordinator is None


def test_only_those_who_meet_clients_first_enrol() -> None:
    for actor in (MASSAGE, AUDITOR, CLIENT):
        with pytest.raises(Refused, match="outside-lane"):
            enrol(CareRecord(CLIENT.id), actor, IDENTITY, now=NOW)
    with pytest.raises(Refused, match="already-enrolled"):
        enrol(with_team(), PHYSIO, IDENTITY, now=NOW)
    suspended = Actor(PHYSIO.id, Discipline.PHYSIOTHERAPIST, good_standing=False)
    with pytest.raises(Refused, match="not-in-good-standing"):
        enrol(CareRecord(CLIENT.id), suspended, IDENTITY, now=NOW)


def test_an_erased_client_is_not_enrolled_again() -> None:
    erased = CareRecord(CLIENT.id, version=1, erased=True)
    with pytest.raises(Refused, match="erased"):
        enrol(erased, PHYSIO, IDENTITY, now=NOW)


def test_each_part_remembers_where_it_comes_from() -> None:
    empty = CareRecord(CLIENT.id)
    facts = enrol(empty, COORDINATOR, IDENTITY, contact=PHONE, emergency_contact=SISTER, now=NOW)
    record = happened(empty, COORDINATOR, *facts)
    other = Contact(phone="555 0222")

    record = happened(
        record, CLIENT, *correct_contact(record, CLIENT, other, seen=1, now=NOW), at=NOW + DAY
    )

    details = record.client
    assert details.contact == other
    assert details.contact_source is not None
    assert details.contact_source.version == 4
    assert details.contact_source.author == CLIENT.id
    assert details.contact_source.recorded_at == NOW + DAY
    assert details.identity_source is not None
    assert details.identity_source.version == 1
    assert details.emergency_contact_source is not None
    assert details.emergency_contact_source.version == 1


def test_correcting_names_the_version_seen_and_stays_in_lane() -> None:
    record = with_team()
    married = Identity(name="Noor Haddad-Berg", birth_date=IDENTITY.birth_date)

    with pytest.raises(Refused, match="changed-since-seen"):
        correct_identity(record, CLIENT, married, seen=7, now=NOW)
    with pytest.raises(Refused, match="outside-lane"):
        correct_identity(record, TRAINER, married, seen=1, now=NOW)
    with pytest.raises(Refused, match="client-only"):
        correct_identity(record, Actor.client(PHYSIO.id), married, seen=1, now=NOW)
    other = Actor(GYM, Discipline.COORDINATOR)
    with pytest.raises(Refused, match="not-on-the-team"):
        correct_identity(record, other, married, seen=1, now=NOW)
    unborn = Identity(name="Noor", birth_date=(NOW + DAY).date())
    with pytest.raises(Unprocessable, match=r"identity\.birth_date"):
        correct_identity(record, CLIENT, unborn, seen=1, now=NOW)

    corrected = happened(
        record, CLIENT, *correct_identity(record, CLIENT, married, seen=1, now=NOW)
    )
    assert corrected.client.identity == married


def test_whom_to_call_is_written_by_clinicians_and_the_client() -> None:
    record = with_team()
    with pytest.raises(Refused, match="outside-lane"):
        correct_emergency_contact(record, COORDINATOR, SISTER, seen=0, now=NOW)
    facts = correct_emergency_contact(record, PHYSIO, SISTER, seen=0, now=NOW)
    assert happened(record, PHYSIO, *facts).client.emergency_contact == SISTER


def test_contact_and_whom_to_call_need_their_own_consent() -> None:
    assert ClientEnrolled.narrower_fields() == {
        "contact": Category.CONTACT,
        "emergency_contact": Category.ALERTS,
    }


def test_an_erased_entry_leaves_an_erased_record() -> None:
    record = with_team()
    gone = replace(
        entry(record, PHYSIO, ClientEnrolled(identity=IDENTITY)), fact=Erased("client.enrolled.v1")
    )
    assert record.evolve(gone).erased


@pytest.mark.parametrize(
    "given",
    [
        {"name": " ", "birth_date": "1988-05-17"},
        {"name": "Noor", "birth_date": "1788-05-17"},
        {"name": "Noor", "birth_date": "17.5.1988"},
        {"name": "Noor", "birth_date": "1988-05-17", "sex": "F"},
        {"name": "Noor", "birth_date": "1988-05-17", "mood": "fine"},
    ],
)
def test_an_identity_says_what_would_be_right(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Identity.model_validate(given)


def test_a_birth_date_today_is_allowed() -> None:
    assert Identity(name="N", birth_date=date(2026, 3, 4)).birth_date == NOW.date()
