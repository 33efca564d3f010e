"""The restriction board: what its rows hold, how they keep up with records, and their order."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.migrate import Urls
from domain.break_glass import BreakGlassDeclared, Emergency
from domain.client import IdentityCorrected
from domain.lanes import Category
from domain.restriction import (
    RestrictionAcknowledged,
    RestrictionLifted,
    RestrictionModified,
)
from domain.terms import ReviewRule, Severity
from projections import projecting
from projections.board import Board
from projections.board_queries import Candidate, Order, Place, candidates
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    IDENTITY,
    KNEE,
    MASSAGE,
    PHYSIO,
    STRANGER,
    TRAINER,
    uid,
)
from tests.projections.clinic import Clinic, marked, marked_terms, now
from tests.projections.listed import INDEX, Listed, opened

pytestmark = pytest.mark.anyio
ROWS = "SELECT * FROM lists.board r ORDER BY client, restriction"
YESTERDAY = now().date() - timedelta(days=1)


@pytest.fixture
async def listed(clinic: Clinic, database: Urls) -> AsyncIterator[Listed]:
    async with opened(clinic, database) as made:
        yield made


async def found(listed: Listed, person: UUID, order: Order, **how: Any) -> list[Candidate]:
    start = Place.start(now().date())
    return await candidates(listed.lists, person, order, how.pop("after", start), **how)


def shown(rows: list[Candidate]) -> list[UUID]:
    return [row.restriction for row in rows]


async def test_a_row_holds_codes_ids_and_dates_and_no_text(listed: Listed) -> None:
    await listed.clinic.restricts()
    listed.project(listed.board)
    (row,) = listed.rows(
        "SELECT severity, provisional, author, review_by, review_rule, ended, terms_version,"
        " acknowledge_version, waiting, record_version FROM lists.board"
    )
    by = marked_terms().review_by
    assert row == ("modify", False, PHYSIO.id, by, "stays", None, 7, 7, [TRAINER.id], 7)
    assert marked(repr(listed.rows(ROWS)).encode()) == set()


async def test_it_follows_acknowledgement_tightening_and_lifting(listed: Listed) -> None:
    await listed.clinic.restricts()
    waiting = "SELECT waiting, terms_version, ended FROM lists.board"
    await listed.clinic.told(TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=7))
    listed.project(listed.board)
    assert listed.rows(waiting) == [([], 7, None)]
    tighter = marked_terms(severity=Severity.STOP)
    await listed.clinic.told(PHYSIO, RestrictionModified(restriction=KNEE, terms=tighter))
    listed.project(listed.board)
    assert listed.rows(waiting) == [([TRAINER.id], 9, None)]
    await listed.clinic.told(PHYSIO, RestrictionLifted(restriction=KNEE, rationale="Healed."))
    listed.project(listed.board)
    assert listed.rows(waiting) == [([], 9, "lifted")]
    assert await found(listed, PHYSIO.id, Order.ANYBODY_WAITING) == []


async def test_a_row_whose_record_has_moved_is_marked_and_not_dropped(listed: Listed) -> None:
    await listed.clinic.restricts()
    other = await listed.enrols("other", "Ove Berg")
    await listed.clinic.restricts(uid("hip"))
    listed.project(listed.board)
    await listed.clinic.told(PHYSIO, RestrictionLifted(restriction=uid("hip"), rationale="Healed."))
    rows = await found(listed, PHYSIO.id, Order.NONE)
    assert {(row.client, row.moved) for row in rows} == {(CLIENT.id, False), (other, True)}
    listed.project(listed.board)
    rows = await found(listed, PHYSIO.id, Order.NONE)
    assert {(row.client, row.moved) for row in rows} == {(CLIENT.id, False)}


async def test_rows_of_an_erased_client_go(listed: Listed) -> None:
    await listed.clinic.restricts()
    await listed.enrols("other", "Ove Berg")
    await listed.clinic.restricts(uid("hip"))
    listed.project(listed.board)
    # Somebody notes something just before the key is destroyed: the board has yet to get there.
    await listed.clinic.told(COORDINATOR, IdentityCorrected(identity=IDENTITY))
    listed.clinic.keys.destroy(uid("other"))
    listed.project(listed.board)
    clients = "SELECT client FROM lists.board"
    assert listed.rows(clients) == [(CLIENT.id,)]
    listed.rebuild(listed.board)
    assert listed.rows(clients) == [(CLIENT.id,)]


async def test_rebuilt_it_is_what_it_was_however_little_is_remembered(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a batch ends within a record, and the record was forgotten meanwhile."""
    monkeypatch.setattr(projecting, "BATCH", 3)
    forgetful = Board(listed.clinic.keys, INDEX, remembered=1)
    for name in ("one", "two", "three"):
        await listed.enrols(name, f"Client {name}")
        await listed.clinic.restricts(uid(f"{name}-knee"))
        listed.project(forgetful)
    for name in ("one", "two", "three"):
        listed.of(name)
        await listed.clinic.restricts(uid(f"{name}-hip"), severity=Severity.STOP)
        seen = RestrictionAcknowledged(restriction=uid(f"{name}-knee"), seen=5)
        await listed.clinic.told(TRAINER, seen)
    listed.project(forgetful)
    live = listed.rows(ROWS)
    assert len(live) == 6
    for board in (forgetful, Board(listed.clinic.keys, INDEX)):
        listed.rebuild(board)
        assert listed.rows(ROWS) == live


async def test_another_projector_took_over_in_between(listed: Listed) -> None:
    """What the first one remembers is then older than the next line it gets."""
    await listed.clinic.restricts()
    listed.project(listed.board)
    await listed.clinic.restricts(uid("hip"))
    listed.project(Board(listed.clinic.keys, INDEX))
    await listed.clinic.told(PHYSIO, RestrictionLifted(restriction=KNEE, rationale="Healed."))
    listed.project(listed.board)
    ended = dict(listed.rows("SELECT restriction, ended FROM lists.board"))
    assert ended == {KNEE: "lifted", uid("hip"): None}


async def test_the_worst_comes_first(listed: Listed) -> None:
    soon = now().date() + timedelta(days=3)
    for name, severity, review_by, acknowledged in (
        ("calm caution", Severity.CAUTION, soon, True),
        ("calm stop", Severity.STOP, soon, True),
        ("overdue caution", Severity.CAUTION, YESTERDAY, True),
        ("overdue stop", Severity.STOP, YESTERDAY, True),
        ("new caution", Severity.CAUTION, soon, False),
        ("new stop", Severity.STOP, soon, False),
        ("new overdue modify", Severity.MODIFY, YESTERDAY, False),
    ):
        await listed.enrols(name, "Ove Berg")
        await listed.clinic.restricts(uid(f"of {name}"), severity=severity, review_by=review_by)
        if acknowledged:
            seen = RestrictionAcknowledged(restriction=uid(f"of {name}"), seen=5)
            await listed.clinic.told(TRAINER, seen)
    await listed.enrols("lapsed", "Ove Berg")
    await listed.clinic.restricts(
        severity=Severity.CAUTION, review_by=YESTERDAY, review_rule=ReviewRule.LAPSES
    )
    listed.project(listed.board)
    expected = [
        uid(f"of {name}")
        for name in (
            *("new overdue modify", "new stop", "new caution"),
            *("overdue stop", "overdue caution", "calm stop", "calm caution"),
        )
    ]
    for person, order in ((PHYSIO, Order.ANYBODY_WAITING), (TRAINER, Order.SELF_WAITING)):
        rows = await found(listed, person.id, order)
        assert shown(rows) == expected
    paged: list[UUID] = []
    place = Place.start(now().date())
    while rows := await found(listed, PHYSIO.id, Order.ANYBODY_WAITING, after=place, limit=2):
        paged += shown(rows)
        place = Place.of_token(rows[-1].place.token())
    assert paged == expected


async def test_found_by_whole_words_of_the_name_whatever_their_case(listed: Listed) -> None:
    await listed.enrols("one", "Zoë Brüggemann-Olsen")
    await listed.clinic.restricts(uid("hip"))
    listed.project(listed.board)
    for sought in ("zoe", "OLSEN", "Brüggemann zoë", "bruggemann"):
        digests = INDEX.digests(sought)
        assert shown(await found(listed, PHYSIO.id, Order.NONE, names=digests)) == [uid("hip")]
    for sought in ("zo", "zoe haddad"):
        digests = INDEX.digests(sought)
        assert await found(listed, PHYSIO.id, Order.NONE, names=digests) == []


async def test_everybody_who_may_see_anything_is_among_the_readers(listed: Listed) -> None:
    await listed.clinic.restricts()
    listed.project(listed.board)
    readers = "SELECT unnest(readers) FROM lists.board"
    team = {CLIENT.id, COORDINATOR.id, PHYSIO.id, MASSAGE.id, TRAINER.id}
    assert {person for (person,) in listed.rows(readers)} == team
    await listed.clinic.grants("by name", STRANGER, Category.RESTRICTIONS)
    listed.project(listed.board)
    assert {person for (person,) in listed.rows(readers)} == team | {STRANGER.id}
    other = await listed.enrols("other", "Ove Berg", TRAINER)
    await listed.clinic.restricts(by=PHYSIO)
    glass = BreakGlassDeclared(
        declaration=uid("glass"), reason=Emergency.SAFETY_CHECK, until=now() + timedelta(hours=1)
    )
    await listed.clinic.told(MASSAGE, glass)
    listed.project(listed.board)
    of_other = "SELECT unnest(readers) FROM lists.board WHERE client = %s"
    expected = {other, COORDINATOR.id, TRAINER.id, PHYSIO.id, MASSAGE.id}
    assert {person for (person,) in listed.rows(of_other, other)} == expected


@pytest.mark.parametrize(
    "token", ["", "x", "bnVsbA", "WzFd", "WyIyMDI2LTAxLTAxIiwwLCIyMDI2LTAxLTAxIiwiMSIsIjIiXQ"]
)
def test_what_is_no_cursor_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Place.of_token(token)
