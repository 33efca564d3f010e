from dataclasses import replace
from datetime import datetime

import pytest
from pydantic import ValidationError

from domain.actor import Actor
from domain.contact import Contact
from domain.directory import (
    correct_contact,
    leave,
    note_equipment,
    register,
    reinstate,
    suspend,
    verify_credential,
    withdraw_credential,
)
from domain.entry import Entry, Erased
from domain.fact import Fact
from domain.lanes import Discipline
from domain.practitioner import PractitionerRecord, PractitionerRegistered, Profile, Standing
from domain.refused import Refused, Unprocessable
from tests.domain.given import ADMINISTRATOR, CLINIC, DAY, NOW, PHYSIO, TRAINER, uid

PRIYA = Profile(
    name="Priya Nair",
    disciplines=(Discipline.PHYSIOTHERAPIST, Discipline.TRAINER),
    organisation=CLINIC,
    languages=("en", "fr-CA"),
    contact=Contact(phone="555 0134"),
    populations=("older adults",),
)


def happened(
    record: PractitionerRecord, *facts: Fact | Erased, at: datetime = NOW
) -> PractitionerRecord:
    for fact in facts:
        by = ADMINISTRATOR.authorship(at)
        record = record.evolve(
            Entry(record.id, record.version + 1, fact, by, at, record.position + 2)
        )
    return record


def registered() -> PractitionerRecord:
    record = PractitionerRecord(PHYSIO.id)
    return happened(record, *register(record, ADMINISTRATOR, PRIYA, now=NOW))


def licensed(until: datetime = NOW + 30 * DAY) -> PractitionerRecord:
    record = registered()
    facts = verify_credential(
        record,
        ADMINISTRATOR,
        Discipline.PHYSIOTHERAPIST,
        body="College",
        number="P-1",
        valid_until=until,
        now=NOW,
    )
    return happened(record, *facts)


def test_a_regulated_discipline_stands_only_on_a_valid_credential() -> None:
    assert not registered().acting(Discipline.PHYSIOTHERAPIST, NOW).good_standing
    assert registered().acting(Discipline.TRAINER, NOW).good_standing

    priya = licensed().acting(Discipline.PHYSIOTHERAPIST, NOW)

    assert priya == Actor(
        id=PHYSIO.id,
        acting_as=Discipline.PHYSIOTHERAPIST,
        version=2,
        good_standing=True,
        organisation=CLINIC,
        not_after=NOW + 30 * DAY,
    )


def test_an_expired_credential_ends_standing_at_its_instant() -> None:
    record = licensed(until=NOW + DAY)

    before = record.acting(Discipline.PHYSIOTHERAPIST, NOW + DAY - (DAY / 1000))
    at = record.acting(Discipline.PHYSIOTHERAPIST, NOW + DAY)

    assert before.good_standing
    assert not at.good_standing


def test_the_latest_valid_credential_counts_and_a_withdrawn_one_does_not() -> None:
    record = licensed(until=NOW + DAY)
    renewed = happened(
        record,
        *verify_credential(
            record,
            ADMINISTRATOR,
            Discipline.PHYSIOTHERAPIST,
            body="College",
            number="P-1",
            valid_until=NOW + 9 * DAY,
            now=NOW,
        ),
    )
    assert renewed.acting(Discipline.PHYSIOTHERAPIST, NOW).not_after == NOW + 9 * DAY

    gone = happened(
        renewed,
        *withdraw_credential(
            renewed,
            ADMINISTRATOR,
            Discipline.PHYSIOTHERAPIST,
            body="College",
            number="P-1",
            now=NOW,
        ),
    )
    assert not gone.acting(Discipline.PHYSIOTHERAPIST, NOW).good_standing


def test_suspension_ends_standing_at_once_and_reinstatement_restores_it() -> None:
    record = licensed()
    suspended = happened(record, *suspend(record, ADMINISTRATOR, Standing.COMPLAINT, now=NOW))
    assert not suspended.acting(Discipline.TRAINER, NOW).good_standing

    back = happened(suspended, *reinstate(suspended, ADMINISTRATOR, now=NOW))
    assert back.acting(Discipline.PHYSIOTHERAPIST, NOW).good_standing


def test_who_has_left_or_was_erased_is_not_in_good_standing() -> None:
    record = licensed()
    left = happened(record, *leave(record, ADMINISTRATOR, now=NOW))
    erased = happened(record, Erased("practitioner.registered.v1"))

    assert not left.acting(Discipline.TRAINER, NOW).good_standing
    assert not erased.acting(Discipline.TRAINER, NOW).good_standing
    assert erased.name == ""
    with pytest.raises(Refused, match="already-left"):
        suspend(left, ADMINISTRATOR, Standing.SECURITY, now=NOW)


def test_nobody_acts_in_a_discipline_that_they_do_not_hold() -> None:
    with pytest.raises(Refused, match="does-not-hold-discipline"):
        licensed().acting(Discipline.AUDITOR, NOW)
    with pytest.raises(Refused, match="does-not-hold-discipline"):
        PractitionerRecord(uid("nobody")).acting(Discipline.TRAINER, NOW)


def test_only_administrators_in_good_standing_keep_the_directory() -> None:
    empty = PractitionerRecord(PHYSIO.id)
    suspended = Actor(ADMINISTRATOR.id, Discipline.ADMINISTRATOR, good_standing=False)

    with pytest.raises(Refused, match="administrators-only"):
        register(empty, TRAINER, PRIYA, now=NOW)
    with pytest.raises(Refused, match="not-in-good-standing"):
        register(empty, suspended, PRIYA, now=NOW)
    with pytest.raises(Refused, match="already-registered"):
        register(registered(), ADMINISTRATOR, PRIYA, now=NOW)
    with pytest.raises(Refused, match="not-registered"):
        suspend(empty, ADMINISTRATOR, Standing.SECURITY, now=NOW)


def test_the_first_administrator_registers_themselves() -> None:
    empty = PractitionerRecord(ADMINISTRATOR.id)
    ada = Profile(name="Ada", disciplines=(Discipline.ADMINISTRATOR,))

    facts = register(empty, ADMINISTRATOR, ada, now=NOW, bootstrap=True)

    assert facts == [PractitionerRegistered(profile=ada)]
    with pytest.raises(Refused, match="bootstrap-registers-an-administrator"):
        register(empty, PHYSIO, ada, now=NOW, bootstrap=True)
    with pytest.raises(Refused, match="bootstrap-registers-an-administrator"):
        register(PractitionerRecord(PHYSIO.id), PHYSIO, PRIYA, now=NOW, bootstrap=True)


def test_equipment_is_noted_by_oneself_or_an_administrator() -> None:
    record = registered()
    noted = happened(record, *note_equipment(record, PHYSIO, ("box", "bike"), now=NOW))
    assert noted.equipment == ("box", "bike")
    with pytest.raises(Refused, match="administrators-only"):
        note_equipment(record, TRAINER, ("box",), now=NOW)


def test_contact_is_corrected_by_oneself_or_an_administrator() -> None:
    record, phone = registered(), Contact(phone="555 0199")
    corrected = happened(record, *correct_contact(record, PHYSIO, phone, now=NOW))
    assert corrected.profile == PRIYA.model_copy(update={"contact": phone})
    gone = happened(corrected, *correct_contact(corrected, ADMINISTRATOR, None, now=NOW))
    assert gone.profile == PRIYA.model_copy(update={"contact": None})
    with pytest.raises(Refused, match="administrators-only"):
        correct_contact(record, TRAINER, phone, now=NOW)
    suspended = replace(PHYSIO, good_standing=False)
    with pytest.raises(Refused, match="not-in-good-standing"):
        correct_contact(record, suspended, phone, now=NOW)


def test_a_credential_that_has_expired_cannot_be_verified() -> None:
    with pytest.raises(Unprocessable, match="valid_until"):
        licensed(until=NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("disciplines", ()),
        ("disciplines", ("client",)),
        ("disciplines", ("trainer", "trainer")),
        ("name", ""),
        ("name", "x" * 201),
        ("languages", ("English!",)),
        ("languages", ("en", "en")),
        ("contact", {}),
        ("contact", {"phone": "call me"}),
        ("nickname", "P"),
    ],
)
def test_a_profile_says_what_would_be_right(field: str, value: object) -> None:
    given = {"name": "Priya", "disciplines": ["trainer"], field: value}
    with pytest.raises(ValidationError) as caught:
        Profile.model_validate(given)
    assert caught.value.errors()[0]["loc"][0] == field
