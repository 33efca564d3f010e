"""What live showed is shown again by the ledger at that version, and by a door that remembers."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from domain.actor import Actor
from domain.client import IdentityCorrected
from domain.lanes import Category
from domain.ledger.ledger import Version
from domain.lock import ItemLocked
from domain.policy import scope
from domain.practitioner import PractitionerRegistered, Profile
from domain.record import CareRecord
from domain.restriction import RestrictionAcknowledged, RestrictionLifted
from domain.team import Departure, MemberLeft
from projections.disclosure import Door
from projections.kept import Copies
from projections.views import CHART
from tests.domain.given import CLIENT, COORDINATOR, IDENTITY, KNEE, MASSAGE, PHYSIO, TRAINER, uid
from tests.projections.clinic import Clinic, body, imposed, now, reader

pytestmark = pytest.mark.anyio
READERS = (PHYSIO, MASSAGE, TRAINER, COORDINATOR, CLIENT)
ALL = (Category.IDENTITY, Category.CONTACT, Category.RESTRICTIONS)
RENAMED = IdentityCorrected(identity=IDENTITY.model_copy(update={"name": "Nora"}))
FACTS = (
    (PHYSIO, imposed()),
    (TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=9)),
    (COORDINATOR, RENAMED),
    (CLIENT, ItemLocked(lock=uid("lock"), item=KNEE)),
    (PHYSIO, imposed(uid("hip"))),
    (CLIENT, MemberLeft(practitioner=MASSAGE.id, reason=Departure.CLIENT_ASKED)),
    (PHYSIO, RestrictionLifted(restriction=uid("hip"), rationale="Well.")),
)


async def rendered(clinic: Clinic, record: CareRecord, person: Actor, at: Any) -> bytes:
    actor = person
    if person is not CLIENT:
        actor = Actor(person.id, person.acting_as, 1, organisation=person.organisation)
    permitted = scope(record, actor, reader(person).purpose, at)
    return orjson.dumps(CHART[person.acting_as](record, permitted, at).body)


async def test_the_ledger_at_a_version_shows_what_live_showed(clinic: Clinic) -> None:
    for person in (MASSAGE, TRAINER, COORDINATOR):
        await clinic.grants(f"to {person.id}", person, *ALL)
    live: dict[tuple[int, Actor], bytes] = {}
    time = now()
    for by, fact in FACTS:
        await clinic.told(by, fact)
        record = await clinic.ledger.refresh(CareRecord, clinic.client)
        for person in READERS:
            live[record.version, person] = await rendered(clinic, record, person, time)
    clinic.ledger.forget(clinic.client)
    for (version, person), shown in live.items():
        record = await clinic.ledger.read(CareRecord, clinic.client, Version(version))
        assert record.version == version
        assert await rendered(clinic, record, person, time) == shown
    assert len(set(live.values())) > len(READERS) + len(FACTS), "and it was not always the same"


async def test_a_door_that_remembers_shows_what_one_that_does_not_would(clinic: Clinic) -> None:
    for person in (MASSAGE, TRAINER, COORDINATOR):
        await clinic.grants(f"to {person.id}", person, *ALL)
    for by, fact in FACTS:
        await clinic.told(by, fact)
        for person in READERS:
            forgetful = Door(clinic.ledger, clinic.clock, Copies(clinic.ledger.sealing))
            fresh = await clinic.tries(person, door=forgetful)
            for _ in range(2):
                again = await clinic.tries(person, pure=True)
                assert (again and again.body) == (fresh and fresh.body)


async def test_what_is_remembered_holds_until_the_clock_says_otherwise(clinic: Clinic) -> None:
    await clinic.restricts()
    await clinic.grants("short", TRAINER, *ALL, until=now() + timedelta(days=60))

    async def status() -> Any:
        (item,) = body(await clinic.sees(TRAINER, pure=True))["restrictions"]
        return item["status"]

    assert await status() == await status() == "active"
    clinic.clock = lambda: now() + timedelta(days=50)
    assert await status() == "review_overdue"
    clinic.clock = now
    assert await status() == "active"


async def test_what_is_remembered_names_people_as_they_are_called_now(clinic: Clinic) -> None:
    await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *ALL)
    await clinic.sees(TRAINER, pure=True)
    profile = Profile(name="Priya Married", disciplines=(PHYSIO.acting_as,))
    await clinic.staffed(PHYSIO, PractitionerRegistered(profile=profile))
    people = body(await clinic.sees(TRAINER, pure=True))["people"]
    assert people[str(PHYSIO.id)]["name"] == "Priya Married"


async def test_every_time_is_disclosed(clinic: Clinic) -> None:
    await clinic.grants("to-sam", TRAINER, *ALL)
    for _ in range(3):
        await clinic.sees(TRAINER, pure=True)
    assert len(await clinic.disclosed(TRAINER)) == 3


async def test_bytes_of_one_form_are_not_given_for_another(clinic: Clinic) -> None:
    await clinic.grants("to-sam", TRAINER, *ALL)
    await clinic.sees(TRAINER, pure=True)
    page = await clinic.sees(
        TRAINER, pure=True, content_type="text/plain", serialise=lambda found: b"as a page"
    )
    assert page.body == b"as a page"
