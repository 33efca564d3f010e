"""The list of deadlines: what its rows hold, how they keep up with records, and what is asked."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from deploy.migrate import Urls
from domain.break_glass import BreakGlassDeclared, Emergency
from domain.client import ClientEnrolled, IdentityCorrected
from domain.clock import CLOCK, deadlines, fall_due
from domain.deadline import Kind
from domain.lanes import Discipline
from domain.ledger.ledger import Ledger
from domain.record import CareRecord
from domain.restriction import RestrictionAcknowledged, RestrictionLifted, RestrictionModified
from projections import projecting
from projections.availability import item_of
from projections.deadlines import CHANNEL, Deadlines, Due, due_before, next_due, owed_by
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    IDENTITY,
    KNEE,
    MASSAGE,
    PHYSIO,
    TRAINER,
    uid,
)
from tests.projections.clinic import Clinic, marked, marked_terms, now
from tests.projections.listed import Listed, opened

pytestmark = pytest.mark.anyio
ROWS = "SELECT * FROM lists.deadlines r ORDER BY client, kind, item, set_by"
YEAR = timedelta(days=365)


@pytest.fixture
async def listed(clinic: Clinic, database: Urls) -> AsyncIterator[Listed]:
    async with opened(clinic, database) as made:
        yield made


@pytest.fixture
def listing(clinic: Clinic) -> Deadlines:
    return Deadlines(clinic.keys)


async def passes(ledger: Ledger, client: UUID, kind: Kind) -> None:
    """The one open deadline of this kind passes, whatever the time is."""
    record = await ledger.refresh(CareRecord, client)
    (one,) = [each for each in deadlines(record) if each.kind is kind]
    facts = fall_due(record, CLOCK, one.key, one.due, now=one.due)
    await Clinic(ledger, ledger.keys, client).told(CLOCK, *facts, effective=one.due)


def kinds(rows: list[Due]) -> list[Kind]:
    return [row.kind for row in rows]


async def test_a_row_holds_codes_ids_and_instants_and_no_text(
    listed: Listed, listing: Deadlines
) -> None:
    await listed.clinic.restricts()
    listed.project(listing)
    acknowledgement, review = await due_before(listed.lists, now() + YEAR)
    assert acknowledgement.key == (Kind.ACKNOWLEDGEMENT, KNEE, 7)
    assert (acknowledgement.client, acknowledgement.who) == (CLIENT.id, (TRAINER.id,))
    assert review.key == (Kind.RESTRICTION_REVIEW, KNEE, 7)
    assert review.due.date() == marked_terms().review_by + timedelta(days=1)
    assert (review.who, review.makes, review.record_version) == ((PHYSIO.id,), True, 7)
    assert marked(repr(listed.rows(ROWS)).encode()) == set()


async def test_it_follows_what_is_done_and_what_passes(listed: Listed, listing: Deadlines) -> None:
    await listed.clinic.restricts()
    await passes(listed.clinic.ledger, CLIENT.id, Kind.ACKNOWLEDGEMENT)
    listed.project(listing)
    rows = await owed_by(listed.lists, COORDINATOR.id)
    assert kinds(rows) == [Kind.ACKNOWLEDGEMENT]
    assert rows[0].set_by == 8
    await listed.clinic.told(TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=7))
    listed.project(listing)
    assert await owed_by(listed.lists, COORDINATOR.id) == []
    later = marked_terms(review_by=now().date() + timedelta(days=90))
    await listed.clinic.told(PHYSIO, RestrictionModified(restriction=KNEE, terms=later))
    listed.project(listing)
    assert [row.set_by for row in await owed_by(listed.lists, PHYSIO.id)] == [10]
    await listed.clinic.told(PHYSIO, RestrictionLifted(restriction=KNEE, rationale="Healed."))
    listed.project(listing)
    assert listed.rows(ROWS) == []


async def test_what_has_passed_and_makes_nothing_more_is_for_worklists_alone(
    listed: Listed, listing: Deadlines
) -> None:
    await listed.clinic.restricts()
    for _ in range(2):
        await passes(listed.clinic.ledger, CLIENT.id, Kind.ACKNOWLEDGEMENT)
    listed.project(listing)
    assert kinds(await due_before(listed.lists, now() + YEAR)) == [Kind.RESTRICTION_REVIEW]
    assert Kind.ACKNOWLEDGEMENT in kinds(await owed_by(listed.lists, PHYSIO.id))


async def test_what_is_owed_by_a_person_or_in_a_role_until_an_instant(
    listed: Listed, listing: Deadlines
) -> None:
    until = now() + timedelta(hours=1)
    glass = BreakGlassDeclared(declaration=uid("glass"), reason=Emergency.SAFETY_CHECK, until=until)
    await listed.clinic.told(PHYSIO, glass)
    await passes(listed.clinic.ledger, CLIENT.id, Kind.BREAK_GLASS_REVIEW)
    await listed.clinic.restricts()
    listed.project(listing)
    reviewed = [Kind.BREAK_GLASS_REVIEW]
    assert kinds(await owed_by(listed.lists, MASSAGE.id)) == reviewed
    assert kinds(await owed_by(listed.lists, uid("nobody"), Discipline.AUDITOR)) == reviewed
    assert await owed_by(listed.lists, uid("nobody"), Discipline.COORDINATOR) == []
    assert kinds(await owed_by(listed.lists, TRAINER.id)) == [Kind.ACKNOWLEDGEMENT]
    soon = now() + timedelta(hours=1)
    assert await owed_by(listed.lists, TRAINER.id, before=soon) == []


async def test_due_is_what_has_come_page_by_page_and_next_what_comes(
    listed: Listed, listing: Deadlines
) -> None:
    names = ("one", "two", "three")
    for name in names:
        await listed.enrols(name, f"Client {name}")
        await listed.clinic.restricts(uid(f"knee of {name}"))
    listed.project(listing)
    every = await due_before(listed.lists, now() + YEAR)
    assert [row.client for row in every[:3]] == [uid(name) for name in names]
    assert [row.due for row in every] == sorted(row.due for row in every)
    paged: list[Due] = []
    last = None
    while page := await due_before(listed.lists, now() + YEAR, after=last, limit=2):
        paged += page
        last = page[-1]
    assert paged == every
    first, second = every[0].due, every[1].due
    instant = timedelta(microseconds=1)
    assert await due_before(listed.lists, first - instant) == []
    assert await due_before(listed.lists, first) == every[:1]
    assert await next_due(listed.lists, first - instant) == first
    assert await next_due(listed.lists, first) == second
    assert await next_due(listed.lists, every[-1].due) is None


async def test_rows_of_an_erased_client_go(listed: Listed, listing: Deadlines) -> None:
    await listed.clinic.restricts()
    await listed.enrols("other", "Ove Berg")
    await listed.clinic.restricts(uid("hip"))
    listed.project(listing)
    await listed.clinic.told(COORDINATOR, IdentityCorrected(identity=IDENTITY))
    listed.clinic.keys.destroy(uid("other"))
    listed.project(listing)
    clients = "SELECT DISTINCT client FROM lists.deadlines"
    assert listed.rows(clients) == [(CLIENT.id,)]
    listed.rebuild(listing)
    assert listed.rows(clients) == [(CLIENT.id,)]


async def test_rebuilt_it_is_what_it_was_however_little_is_remembered(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projecting, "BATCH", 3)
    forgetful = Deadlines(listed.clinic.keys, remembered=1)
    for name in ("one", "two", "three"):
        await listed.enrols(name, f"Client {name}")
        await listed.clinic.restricts(uid(f"{name}-knee"))
        listed.project(forgetful)
    for name in ("one", "two", "three"):
        listed.of(name)
        await passes(listed.clinic.ledger, uid(name), Kind.ACKNOWLEDGEMENT)
        await listed.clinic.restricts(uid(f"{name}-hip"))
    listed.project(forgetful)
    live = listed.rows(ROWS)
    assert len(live) == 12
    for listing in (forgetful, Deadlines(listed.clinic.keys)):
        listed.rebuild(listing)
        assert listed.rows(ROWS) == live


async def test_whoever_listens_is_told_once_rows_have_changed(
    listed: Listed, listing: Deadlines, database: Urls
) -> None:
    await listed.clinic.restricts()
    with psycopg.connect(database.service_url, autocommit=True) as ear:
        ear.execute(f"LISTEN {CHANNEL}".encode())
        listed.project(listing)
        heard: list[Any] = list(ear.notifies(timeout=20, stop_after=1))
    assert heard
    assert len(await due_before(listed.lists, now() + YEAR)) == 2


async def test_somebody_who_is_not_enrolled_has_no_rows(listed: Listed, listing: Deadlines) -> None:
    listed.of("nobody")
    await listed.clinic.restricts()
    listed.project(listing)
    assert listed.rows(ROWS) == []
    await listed.clinic.told(COORDINATOR, ClientEnrolled(identity=IDENTITY))
    listed.project(listing)
    assert {row[0] for row in listed.rows(ROWS)} == {uid("nobody")}


def test_a_place_is_in_the_order_of_the_index() -> None:
    instant = datetime.fromisoformat("2026-03-04T12:00:00Z")
    row = Due(instant, CLIENT.id, Kind.HOLD_REVIEW, KNEE, 7, (), (), True, 9)
    assert row.place == (instant, CLIENT.id, "hold_review", KNEE, 7)


async def test_that_something_passed_is_about_the_item_and_locked_with_it(clinic: Clinic) -> None:
    await clinic.restricts()
    await passes(clinic.ledger, CLIENT.id, Kind.ACKNOWLEDGEMENT)
    last = (await clinic.entries())[-1]
    assert item_of(last.fact) == KNEE
