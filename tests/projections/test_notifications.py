"""A reader's notifications in their sequence: exact however far the list is behind, and the same
after every rebuild."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.migrate import Urls
from domain.access import Acknowledged
from domain.notified import NotificationReceived
from projections.notifications import Notifications, Pointer, counts, unreceived
from projections.querying import STANDS
from tests.domain.given import KNEE, MASSAGE, PHYSIO, TRAINER, uid
from tests.projections.clinic import Clinic, marked
from tests.projections.relayed import Relayed, relaying

pytestmark = pytest.mark.anyio


@pytest.fixture
async def relayed(clinic: Clinic, database: Urls) -> AsyncIterator[Relayed]:
    """Two clients whose restrictions the trainer and the massage therapist may know of."""
    async with relaying(clinic, database) as made:
        await made.listed.enrols("other", "Ove Berg", PHYSIO, TRAINER, MASSAGE)
        await made.listed.shares("there", MASSAGE)
        made.listed.of("client")
        await made.listed.shares("here", MASSAGE)
        yield made


async def restricts(relayed: Relayed, *names: str) -> None:
    """One restriction of each of these clients, in this order."""
    for number, name in enumerate(names):
        relayed.listed.of(name)
        await relayed.clinic.restricts(uid(f"{name} {number} {names}"))
    await relayed.relays()


def whole(relayed: Relayed) -> list[tuple[Any, ...]]:
    return relayed.listed.rows("SELECT * FROM lists.notifications ORDER BY reader, sequence")


async def test_numbers_count_from_one_without_a_gap_across_clients(relayed: Relayed) -> None:
    await restricts(relayed, "client", "other", "client", "other", "other")
    found = await relayed.pointers(TRAINER)
    assert [one.sequence for one in found] == [1, 2, 3, 4, 5]
    assert [one.position for one in found] == sorted(one.position for one in found)
    assert [one.sequence for one in await relayed.pointers(MASSAGE)] == [1, 2, 3, 4, 5]
    assert await relayed.pointers(PHYSIO) == []


async def test_they_are_the_same_whatever_the_list_has_got_to(relayed: Relayed) -> None:
    await restricts(relayed, "client", "other")
    not_at_all = await relayed.pointers(TRAINER)
    relayed.project()
    await restricts(relayed, "other", "client")
    half = await relayed.pointers(TRAINER)
    relayed.project()
    all_of_it = await relayed.pointers(TRAINER)
    assert len(all_of_it) == 4
    assert half == all_of_it
    assert not_at_all == all_of_it[:2]
    assert await relayed.pointers(TRAINER, after=1, limit=2) == all_of_it[1:3]
    assert await relayed.pointers(TRAINER, after=3) == all_of_it[3:]
    assert await relayed.pointers(TRAINER, after=99) == []


async def test_a_rebuild_gives_every_number_again_as_it_was(relayed: Relayed) -> None:
    await restricts(relayed, "client", "other", "client")
    relayed.project()
    await restricts(relayed, "other", "other", "client")
    await noted(relayed)
    relayed.project()
    before = whole(relayed)
    assert len(before) == 12
    relayed.listed.rebuild(Notifications())
    assert whole(relayed) == before


async def noted(relayed: Relayed) -> Pointer:
    """The trainer's first notification about the client was received, twice."""
    relayed.listed.of("client")
    id = (await relayed.notified(TRAINER))[0].notification
    (first,) = [one for one in await relayed.pointers(TRAINER) if one.notification == id]
    received = NotificationReceived(notification=id, notified=first.position)
    await relayed.clinic.noted(TRAINER, received, received)
    return first


async def test_what_was_received_and_acknowledged_is_noted_once(relayed: Relayed) -> None:
    await restricts(relayed, "client")
    relayed.listed.of("client")
    await relayed.clinic.restricts(KNEE)
    await relayed.relays()
    version = (await relayed.clinic.entries())[-1].version
    await noted(relayed)
    (received, _) = await relayed.clinic.noted(
        TRAINER,
        Acknowledged(item=KNEE, version=version),
        Acknowledged(item=KNEE, version=version),
    )
    relayed.project()
    first, second = await relayed.pointers(TRAINER)
    assert (first.received, first.acknowledged) == (received - 2, None)
    assert (second.received, second.acknowledged) == (None, received)
    assert [one.acknowledged for one in await relayed.pointers(MASSAGE)] == [None, None]


async def test_an_acknowledgement_of_an_earlier_version_is_none_of_a_later(
    relayed: Relayed,
) -> None:
    relayed.listed.of("client")
    await relayed.clinic.restricts(KNEE)
    await relayed.relays()
    await relayed.clinic.noted(TRAINER, Acknowledged(item=KNEE, version=1))
    relayed.project()
    (only,) = await relayed.pointers(TRAINER)
    assert only.acknowledged is None


async def test_what_nobody_confirmed_is_found_for_everybody_in_log_order(
    relayed: Relayed,
) -> None:
    await restricts(relayed, "client", "other")
    first = await noted(relayed)
    relayed.project()
    head = await relayed.clinic.ledger.log.head()
    lists = relayed.listed.lists
    found = await unreceived(lists, after=0, upto=head, limit=10)
    assert {(one.reader, one.sequence) for one in found} == {
        *((TRAINER.id, 3 - first.sequence), (MASSAGE.id, 1), (MASSAGE.id, 2))
    }
    positions = [one.position for one in found]
    assert positions == sorted(positions)
    assert await unreceived(lists, after=positions[0], upto=positions[1], limit=10) == found[1:2]
    assert await unreceived(lists, after=0, upto=head, limit=1) == found[:1]


async def test_counts_are_those_of_a_position(relayed: Relayed) -> None:
    lists = relayed.listed.lists
    assert await counts(lists, 10**6) == (await stands(relayed), {})
    await restricts(relayed, "client", "other")
    relayed.project()
    at, found = await counts(lists, 10**6)
    assert at == await relayed.clinic.ledger.log.head()
    assert found == {TRAINER.id: 2, MASSAGE.id: 2}
    second = (await relayed.pointers(TRAINER))[1].position
    at, found = await counts(lists, second - 1)
    assert (at, found[TRAINER.id]) == (second - 1, 1)


async def stands(relayed: Relayed) -> int:
    ((position,),) = relayed.listed.rows(STANDS.format("notifications"))
    return int(position)


async def test_nothing_but_ids_and_codes_is_in_it(relayed: Relayed) -> None:
    await restricts(relayed, "client")
    relayed.project()
    assert whole(relayed)
    assert marked(repr(whole(relayed)).encode()) == set()
