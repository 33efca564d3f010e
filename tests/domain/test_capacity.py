"""How many clients somebody can take: noted by themselves, and nothing of whom they treat."""

from datetime import timedelta

import pytest

from domain.capacity import CapacityNoted
from domain.directory import note_capacity, register
from domain.lanes import Discipline
from domain.practitioner import PractitionerRecord, Profile
from domain.refused import Refused, Unprocessable
from tests.domain.given import ADMINISTRATOR, NOW, PHYSIO, TRAINER
from tests.domain.test_practitioner import happened

TOMORROW = NOW.date() + timedelta(days=1)


def registered() -> PractitionerRecord:
    profile = Profile(name="Priya Nair", disciplines=(Discipline.PHYSIOTHERAPIST,))
    record = PractitionerRecord(PHYSIO.id)
    return happened(record, *register(record, ADMINISTRATOR, profile, now=NOW))


def test_oneself_or_an_administrator_says_and_the_latest_counts() -> None:
    record = registered()
    for by, places in ((PHYSIO, 3), (ADMINISTRATOR, 1)):
        (fact,) = note_capacity(record, by, places, waiting=2, now=NOW)
        assert fact == CapacityNoted(places=places, waiting=2)
        record = happened(record, fact)
        assert record.capacity == fact
        assert record.capacity_noted is not None
    with pytest.raises(Refused, match="administrators-only"):
        note_capacity(record, TRAINER, 9, now=NOW)
    with pytest.raises(Refused, match="not-registered"):
        note_capacity(PractitionerRecord(TRAINER.id), TRAINER, 9, now=NOW)


def test_the_next_free_place_is_still_to_come_and_only_if_there_is_none_now() -> None:
    record = registered()
    (fact,) = note_capacity(record, PHYSIO, 0, next_free=TOMORROW, now=NOW)
    assert fact == CapacityNoted(places=0, next_free=TOMORROW)
    for places, day in ((1, TOMORROW), (0, NOW.date() - timedelta(days=1))):
        with pytest.raises(Unprocessable):
            note_capacity(record, PHYSIO, places, next_free=day, now=NOW)
