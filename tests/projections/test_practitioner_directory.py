"""The directory: found by what they do, in the order of whom to ask first, and only who stands."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.migrate import Urls
from domain.actor import Actor
from domain.capacity import CapacityNoted
from domain.lanes import Discipline
from domain.practitioner import (
    PractitionerLeft,
    PractitionerRegistered,
    PractitionerReinstated,
    PractitionerSuspended,
    Profile,
    Standing,
)
from projections.administrator import Administration
from projections.directory_search import START, Found, Place, Search, Sought
from projections.organisations import Organisations
from projections.practitioner_directory import Directory
from tests.domain.given import (
    CLINIC,
    COORDINATOR,
    GYM,
    MASSAGE,
    PHYSIO,
    STRANGER,
    TRAINER,
    uid,
)
from tests.projections.clinic import Clinic, licence, marked, now
from tests.projections.listed import INDEX, Listed, opened

pytestmark = pytest.mark.anyio
FRENCH = Actor(uid("zoe"), Discipline.TRAINER, 1)
WEEK = timedelta(days=7)


@dataclass
class Searched:
    """The directory of the clinic, projected before each look, at a time that can be set."""

    listed: Listed
    ahead: timedelta = timedelta()

    def project(self) -> None:
        keys = self.listed.clinic.keys
        self.listed.project(Directory(keys, INDEX), Organisations(keys))

    async def found(self, *, limit: int = 50, after: Place = START, **sought: Any) -> Found:
        self.project()
        at = now() + self.ahead
        search = Search(self.listed.clinic.ledger, self.listed.lists, INDEX, at)
        return await search.page(Sought(**sought), limit=limit, after=after, count=True)

    async def ids(self, **sought: Any) -> set[UUID]:
        found = await self.found(**sought)
        assert found.total == len(found.rows)
        return {UUID(row["practitioner"]) for row in found.rows}

    async def administration(self) -> dict[str, Any]:
        self.project()
        at = now() + self.ahead
        looking = Administration(self.listed.clinic.ledger, self.listed.lists, at)
        return await looking.body({}, within=60 * timedelta(days=1))


@pytest.fixture
async def s(clinic: Clinic, database: Urls) -> AsyncIterator[Searched]:
    """The staff of the clinic, and Zoë, who speaks French and comes home to older adults."""
    async with opened(clinic, database) as listed:
        profile = Profile(
            name="Zoë Brüggemann",
            disciplines=(Discipline.TRAINER, Discipline.MASSAGE_THERAPIST),
            organisation=GYM,
            languages=("fr-CA", "en"),
            home_visits=True,
            populations=("older adults", "after stroke"),
        )
        await clinic.staffed(FRENCH, PractitionerRegistered(profile=profile))
        yield Searched(listed)


async def test_practitioners_in_good_standing_are_in_it_and_no_other_staff(s: Searched) -> None:
    everybody = {p.id for p in (PHYSIO, MASSAGE, TRAINER, COORDINATOR, STRANGER, FRENCH)}
    assert await s.ids() == everybody


async def test_found_by_what_they_do_where_and_for_whom(s: Searched) -> None:
    for sought, expected in (
        ({"discipline": Discipline.TRAINER}, {TRAINER, FRENCH}),
        ({"discipline": Discipline.MASSAGE_THERAPIST}, {MASSAGE}),
        ({"discipline": Discipline.AUDITOR}, set()),
        ({"organisation": GYM}, {TRAINER, FRENCH}),
        ({"organisation": CLINIC, "discipline": Discipline.TRAINER}, set()),
        ({"language": "fr"}, {FRENCH}),
        ({"language": "fr-CA"}, {FRENCH}),
        ({"language": "de"}, set()),
        ({"home_visits": True}, {FRENCH}),
        ({"home_visits": True, "population": "OLDER"}, {FRENCH}),
        ({"population": "old"}, set()),
        ({"name": "bruggemann zoe"}, {FRENCH}),
        ({"accepting": True}, set()),
    ):
        assert await s.ids(**sought) == {person.id for person in expected}, sought


async def test_a_licence_that_ends_takes_a_discipline_out_and_the_person_if_it_was_all(
    s: Searched,
) -> None:
    massage = {"discipline": Discipline.MASSAGE_THERAPIST}
    held = licence(Discipline.MASSAGE_THERAPIST, now() + WEEK, "2")
    await s.listed.clinic.staffed(FRENCH, held)
    assert await s.ids(**massage) == {MASSAGE.id, FRENCH.id}
    (row,) = (await s.found(name="zoe")).rows
    assert row["disciplines"] == ["trainer", "massage_therapist"]
    s.ahead = 2 * WEEK
    assert await s.ids(**massage) == {MASSAGE.id}
    (row,) = (await s.found(name="zoe")).rows
    assert row["disciplines"] == ["trainer"]
    s.ahead = 60 * WEEK
    assert PHYSIO.id not in await s.ids()


async def test_whoever_is_suspended_is_out_until_reinstated_and_whoever_left_for_good(
    s: Searched,
) -> None:
    staffed = s.listed.clinic.staffed
    await staffed(TRAINER, PractitionerSuspended(reason=Standing.COMPLAINT))
    assert TRAINER.id not in await s.ids()
    await staffed(TRAINER, PractitionerReinstated())
    assert TRAINER.id in await s.ids()
    await staffed(TRAINER, PractitionerLeft())
    assert TRAINER.id not in await s.ids()


async def test_who_has_places_comes_first_and_each_says_why(s: Searched) -> None:
    for person, noted in (
        (PHYSIO, CapacityNoted(places=2, waiting=3)),
        (STRANGER, CapacityNoted(places=1)),
        (TRAINER, CapacityNoted(places=0, waiting=1, next_free=(now() + WEEK).date())),
    ):
        await s.listed.clinic.staffed(person, noted)
    found = await s.found()
    ids = [UUID(row["practitioner"]) for row in found.rows]
    assert ids[:2] == [STRANGER.id, PHYSIO.id]
    assert ids[-1] == TRAINER.id
    why = {row["practitioner"]: row["why"] for row in found.rows}
    assert why[str(PHYSIO.id)].startswith(
        "Physiotherapist at Riverside Clinic: 2 places free, 3 waiting, as of"
    )
    assert "no place free, the next by" in why[str(TRAINER.id)]
    assert "has not said how many clients" in why[str(FRENCH.id)]
    assert await s.ids(accepting=True) == {PHYSIO.id, STRANGER.id}
    paged: list[UUID] = []
    place: Place | None = START
    while place is not None:
        page = await s.found(limit=2, after=place)
        paged += [UUID(row["practitioner"]) for row in page.rows]
        place = Place.of_token(page.next) if page.next else None
    assert paged == ids
    await s.listed.clinic.staffed(PHYSIO, CapacityNoted(places=0))
    assert await s.ids(accepting=True) == {STRANGER.id}


async def test_its_rows_hold_no_text_and_an_empty_answer_says_what_would_be_there(
    s: Searched,
) -> None:
    body = (await s.found(name="nobody")).body()
    assert (body["practitioners"], body["total"]) == ([], 0)
    assert body["hint"]
    assert "hint" not in (await s.found()).body()
    rows = repr(
        s.listed.rows("SELECT practitioner, disciplines, names, populations FROM lists.directory")
    )
    assert "Zo" not in rows
    assert "older" not in rows


async def test_erased_or_rebuilt_it_says_what_the_records_say(s: Searched) -> None:
    before = await s.ids()
    s.listed.rebuild(Directory(s.listed.clinic.keys, INDEX))
    assert await s.ids() == before
    s.listed.clinic.keys.destroy(FRENCH.id)
    s.listed.rebuild(Directory(s.listed.clinic.keys, INDEX))
    assert s.listed.rows("SELECT 1 FROM lists.directory WHERE practitioner = %s", FRENCH.id) == []


async def test_administrators_find_everybody_with_their_standing(s: Searched) -> None:
    await s.listed.clinic.staffed(TRAINER, PractitionerSuspended(reason=Standing.COMPLAINT))
    found = await s.found(everybody=True)
    standing = {UUID(row["practitioner"]): row["standing"] for row in found.rows}
    assert len(standing) == 8
    assert standing[TRAINER.id]["suspended"] is True
    assert [one["in_good_standing"] for one in standing[PHYSIO.id]["disciplines"]] == [True]
    assert [one["in_good_standing"] for one in standing[FRENCH.id]["disciplines"]] == [True, False]


async def test_what_administrators_look_after_comes_and_goes_with_its_cause(s: Searched) -> None:
    seen = await s.administration()
    assert [(one["code"], one["practitioner"]) for one in seen["expiring"]] == [
        ("credential-missing", str(FRENCH.id))
    ]
    clinic = s.listed.clinic
    await clinic.staffed(FRENCH, licence(Discipline.MASSAGE_THERAPIST, now() + WEEK, "2"))
    await clinic.staffed(TRAINER, PractitionerSuspended(reason=Standing.COMPLAINT))
    seen = await s.administration()
    (licensed,) = seen["expiring"]
    assert licensed["code"] == "credential-expiring"
    assert licensed["why"].startswith("Zoë Brüggemann's licence as a massage therapist ends in 6")
    assert [one["practitioner"] for one in seen["suspended"]] == [str(TRAINER.id)]
    assert {one["name"]: one["people"] for one in seen["organisations"]} == {
        "Iron Gym": 1,
        "Riverside Clinic": 3,
    }
    assert {"discipline": "trainer", "standing": "suspended", "people": 1} in seen["staff"]
    s.ahead = 2 * WEEK
    assert (await s.administration())["expiring"][0]["code"] == "credential-expired"
    s.ahead = timedelta()
    await clinic.staffed(FRENCH, licence(Discipline.MASSAGE_THERAPIST, now() + 60 * WEEK, "2"))
    await clinic.staffed(TRAINER, PractitionerReinstated())
    seen = await s.administration()
    assert (seen["expiring"], seen["suspended"]) == ([], [])
    assert all(one["ok"] for one in seen["lists"])


async def test_no_client_is_in_what_administrators_see(s: Searched) -> None:
    await s.listed.clinic.restricts()
    seen = repr(await s.administration()) + repr((await s.found(everybody=True)).body())
    assert marked(seen.encode()) == set()
    assert str(s.listed.clinic.client) not in seen


@pytest.mark.parametrize("token", ["", "x", "bnVsbA", "WzFd", "Wy0xLDAsIjEiXQ"])
def test_what_is_no_cursor_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Place.of_token(token)
