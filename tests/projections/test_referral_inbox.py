"""The referral inbox: what its rows hold, whom they are for, their order, and why each is there."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from deploy.migrate import Urls
from domain.actor import Actor
from domain.lanes import Category
from domain.referral import (
    ReferralAccepted,
    ReferralAgreed,
    ReferralDeclined,
    ReferralInformationAsked,
    ReferralReassigned,
)
from domain.referral_terms import DeclineCode, Priority, State
from projections.pages import Page
from projections.referral_inbox import ReferralInbox
from projections.referral_inbox_page import HINT, Place, inbox_page, why
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    DAY,
    HOUR,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    happened,
    uid,
)
from tests.domain.given_referral import (
    ENCLOSED,
    SAID,
    TO,
    TO_OTHER,
    in_state,
    proposed,
    requested,
    the,
)
from tests.projections.clinic import Clinic, marked, reader
from tests.projections.listed import Listed, opened

pytestmark = pytest.mark.anyio
ROWS = "SELECT * FROM lists.referral_inbox ORDER BY client, referral"


@pytest.fixture
async def listed(clinic: Clinic, database: Urls) -> AsyncIterator[Listed]:
    async with opened(clinic, database) as made:
        yield made


@pytest.fixture
def inbox(listed: Listed) -> ReferralInbox:
    return ReferralInbox(listed.clinic.keys)


async def refers(listed: Listed, name: str, priority: Priority, *, agreed: bool = True) -> UUID:
    """Sam refers the client at hand to Stef, and the client agrees."""
    asked = requested(uid(name), priority=priority)
    await listed.clinic.told(TRAINER, asked)
    if agreed:
        fact = ReferralAgreed(referral=uid(name), to=TO, enclosed=ENCLOSED)
        await listed.clinic.told(Actor.client(listed.clinic.client), fact)
    return uid(name)


async def looks(listed: Listed, person: Actor, **how: Any) -> Page:
    return await inbox_page(listed.lists, listed.clinic.door, reader(person), **how)


def shown(page: Page) -> list[UUID]:
    return [UUID(row["referral"]) for row in page.rows]


def lines(page: Page) -> dict[str, Any]:
    """What the page says of each referral."""
    found = orjson.loads(page.json())["clients"]
    return {one["referral"]: one for client in found for one in client["referrals"]}


async def test_a_row_holds_codes_ids_and_instants_and_no_text(
    listed: Listed, inbox: ReferralInbox
) -> None:
    await refers(listed, "one", Priority.URGENT)
    listed.project(inbox)
    (row,) = listed.rows(
        "SELECT referral, state, rank, due - since, parties, record_version"
        " FROM lists.referral_inbox"
    )
    parties = sorted({CLIENT.id, TRAINER.id, STRANGER.id, COORDINATOR.id})
    assert row == (uid("one"), "requested", 1, DAY, parties, 8)
    assert marked(repr(listed.rows(ROWS)).encode()) == set()
    assert requested().reason not in repr(listed.rows(ROWS))


async def test_it_is_the_recipients_once_the_client_has_agreed(
    listed: Listed, inbox: ReferralInbox
) -> None:
    one = await refers(listed, "one", Priority.ROUTINE, agreed=False)
    listed.project(inbox)
    assert shown(await looks(listed, STRANGER)) == []
    assert (await looks(listed, STRANGER)).hint == HINT
    assert shown(await looks(listed, TRAINER)) == [one]
    assert shown(await looks(listed, CLIENT)) == [one]
    assert shown(await looks(listed, COORDINATOR)) == [], "to whom referrals are not open"
    await listed.clinic.grants("cleo", COORDINATOR, Category.REFERRALS)
    agreed = ReferralAgreed(referral=one, to=TO, enclosed=ENCLOSED)
    await listed.clinic.told(CLIENT, agreed)
    listed.project(inbox)
    for person, role in (
        (STRANGER, "recipient"),
        (TRAINER, "initiator"),
        (CLIENT, "client"),
        (COORDINATOR, "coordinator"),
    ):
        assert lines(await looks(listed, person))[str(one)]["as"] == role
    assert shown(await looks(listed, PHYSIO)) == []


async def test_what_has_ended_or_gone_elsewhere_is_there_no_more_wherever_the_list_is(
    listed: Listed, inbox: ReferralInbox
) -> None:
    one = await refers(listed, "one", Priority.ROUTINE)
    two = await refers(listed, "two", Priority.ROUTINE)
    listed.project(inbox)
    assert set(shown(await looks(listed, STRANGER))) == {one, two}
    declined = ReferralDeclined(referral=one, code=DeclineCode.NO_CAPACITY)
    moved = ReferralReassigned(referral=two, to=TO_OTHER, reason="Nearer.")
    await listed.clinic.told(STRANGER, declined, moved)
    assert shown(await looks(listed, STRANGER, count=True)) == []
    assert (await looks(listed, STRANGER, count=True)).total == 0
    listed.project(inbox)
    assert [row[1] for row in listed.rows(ROWS)] == [two]
    assert shown(await looks(listed, TRAINER)) == [two]


async def test_emergencies_first_then_what_has_been_due_longest(
    listed: Listed, inbox: ReferralInbox
) -> None:
    expected: list[UUID] = []
    for priority in (Priority.ROUTINE, Priority.URGENT, Priority.EMERGENCY):
        for number in (1, 2):
            await listed.enrols(f"{priority} {number}", "Ove Berg")
            expected.append(await refers(listed, f"of {priority} {number}", priority))
    listed.project(inbox)
    order = [expected[index] for index in (4, 5, 2, 3, 0, 1)]
    assert shown(await looks(listed, STRANGER)) == order
    paged: list[UUID] = []
    after: str | None = None
    while after is not None or not paged:
        page = await looks(listed, STRANGER, limit=2, after=after, count=True)
        assert page.total == len(order)
        paged += shown(page)
        after = page.next
    assert paged == order


async def test_a_row_whose_record_has_moved_says_so(listed: Listed, inbox: ReferralInbox) -> None:
    one = await refers(listed, "one", Priority.ROUTINE)
    listed.project(inbox)
    assert [row["being_updated"] for row in (await looks(listed, STRANGER)).rows] == [False]
    await listed.clinic.told(STRANGER, ReferralAccepted(referral=one))
    page = await looks(listed, STRANGER)
    assert [row["being_updated"] for row in page.rows] == [True]
    assert lines(page)[str(one)]["state"] == "accepted", "what is shown is what is so"


async def test_rebuilt_it_is_what_it_was(listed: Listed, inbox: ReferralInbox) -> None:
    for name in ("one", "two"):
        await listed.enrols(name, "Ove Berg")
        await refers(listed, f"of {name}", Priority.URGENT)
        listed.project(inbox)
    live = listed.rows(ROWS)
    assert len(live) == 2
    listed.rebuild(ReferralInbox(listed.clinic.keys, remembered=1))
    assert listed.rows(ROWS) == live


@pytest.mark.parametrize("token", ["", "x", "bnVsbA", "WzFd", "WzEsIjIwMjYtMDEtMDEiLCIxIiwiMiJd"])
def test_what_is_no_cursor_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Place.of_token(token)


def waiting(state: State, after: timedelta, priority: Priority = Priority.ROUTINE) -> str:
    return why(the(in_state(state, priority=priority)), NOW + after)


def test_why_a_line_is_there() -> None:
    assert waiting(State.REQUESTED, 2 * DAY, Priority.URGENT) == (
        "urgent, waiting 2 days for an answer"
    )
    assert waiting(State.INFORMATION_AWAITED, 3 * DAY) == "information asked 3 days ago"
    assert waiting(State.PROPOSED, 26 * HOUR) == "waiting 26 h for the client to agree"
    assert waiting(State.SCHEDULED, DAY) == "appointment in 2 days"
    assert waiting(State.SCHEDULED, 5 * DAY) == "appointment was 2 days ago"
    assert waiting(State.CANCELLING, HOUR, Priority.EMERGENCY) == (
        "emergency, cancellation asked 1 h ago"
    )
    for state in State:
        referral = the(in_state(state))
        assert referral.ended or "{}" not in why(referral, NOW + DAY)


def test_the_sentence_of_a_state_begins_anew_with_it() -> None:
    record = happened(proposed(), CLIENT, SAID[ReferralAgreed], at=NOW)
    asked = happened(record, STRANGER, SAID[ReferralInformationAsked], at=NOW + 5 * DAY)
    later: datetime = NOW + 6 * DAY
    assert why(the(record), later) == "waiting 6 days for an answer"
    assert why(the(asked), later) == "information asked 24 h ago"
