"""Notifications reach JetStream at least once, numbered as the log numbers them, whatever happens
to JetStream."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.migrate import Urls
from deploy.nats_streams import STREAM, ensure_stream
from domain.lanes import Category
from domain.notified import NotificationReceived
from tests.domain.given import MASSAGE, TRAINER, uid
from tests.workers.publishing import Published, opened, publishing
from workers import publishing as module
from workers.publishing import Wiped

pytestmark = pytest.mark.anyio


@pytest.fixture
async def published(database: Urls, tmp_path: Path) -> AsyncIterator[Published]:
    """The massage therapist may read restrictions; the trainer sees the minimum anyway."""
    async with opened(database, tmp_path) as clinic:
        await clinic.grants("massage", MASSAGE, Category.RESTRICTIONS)
        async with publishing(clinic, database, tmp_path) as made:
            yield made


async def test_each_reader_gets_their_own_numbered_as_in_the_log(published: Published) -> None:
    await published.restricts(3)
    await published.publishes()
    for person in (TRAINER, MASSAGE):
        messages = await published.messages(person)
        assert [one.data.sequence for one in messages] == [1, 2, 3]
        pointers = await published.relayed.pointers(person)
        assert [one.id for one in messages] == [one.notification for one in pointers]
        assert [one.sequence for one in messages] == [f"{n:020}" for n in (1, 2, 3)]
        assert {one.type for one in messages} == {"tandem.notification.v1"}


async def test_no_message_says_of_whom_or_of_what(published: Published) -> None:
    await published.restricts(1)
    await published.publishes()
    (raw,) = await published.raw(TRAINER)
    everything = (raw.data or b"") + repr(raw.headers).encode() + (raw.subject or "").encode()
    clinic = published.relayed.clinic
    for secret in (clinic.client, uid("restriction 0"), "restriction", "knee", "Marked", "urgent"):
        assert str(secret).encode() not in everything


async def test_published_again_they_are_known_as_the_same(published: Published) -> None:
    await published.restricts(2)
    await published.publishes()
    published.forget()
    await published.publishes()
    assert [one.data.sequence for one in await published.messages(TRAINER)] == [1, 2]


async def test_it_counts_on_from_a_list_that_is_behind(published: Published) -> None:
    await published.restricts(2)
    await published.publishes()
    await published.restricts(2)
    published.relayed.project()
    await published.restricts(2)
    await published.publishes()
    assert [one.data.sequence for one in await published.messages(TRAINER)] == [*range(1, 7)]


async def test_after_a_wipe_whatever_nobody_confirmed_is_published_again(
    published: Published,
) -> None:
    await published.restricts(3)
    await published.publishes()
    first = (await published.relayed.pointers(TRAINER))[0]
    received = NotificationReceived(notification=first.notification, notified=first.position)
    await published.relayed.clinic.noted(TRAINER, received)
    published.relayed.project()
    await published.restricts(1)
    await published.js.delete_stream(STREAM)
    await published.publishes()
    assert [one.data.sequence for one in await published.messages(TRAINER)] == [2, 3, 4]
    assert [one.data.sequence for one in await published.messages(MASSAGE)] == [1, 2, 3, 4]


async def test_what_the_list_has_not_got_to_survives_a_wipe_as_well(
    published: Published,
) -> None:
    await published.restricts(2)
    await published.publishes()
    await published.js.delete_stream(STREAM)
    await ensure_stream(published.js)
    await published.publishes()
    assert [one.data.sequence for one in await published.messages(TRAINER)] == [1, 2]


async def test_a_stream_that_lost_its_end_is_noticed(published: Published, tmp_path: Path) -> None:
    """As after a restore of the server's own files."""
    await published.restricts(2)
    await published.publishes()
    await asyncio.to_thread(published.server.stop)
    store, copy = published.server.data / "store", tmp_path / "copy"
    shutil.copytree(store, copy)
    await asyncio.to_thread(published.server.start)
    await published.restricts(2)
    await published.publishes()
    await asyncio.to_thread(published.server.stop)
    shutil.rmtree(store)
    shutil.copytree(copy, store)
    for path in (store, *store.rglob("*")):
        shutil.chown(path, published.server.data.stat().st_uid, published.server.data.stat().st_gid)
    await asyncio.to_thread(published.server.start)
    await published.publishes()
    assert [one.data.sequence for one in await published.messages(TRAINER)] == [1, 2, 3, 4]


async def test_a_wipe_while_there_is_nothing_to_publish_is_noticed(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    await published.restricts(1)
    await published.publishes()
    for again in (False, True):
        publisher = published.another()
        running = asyncio.create_task(publisher.follow())
        await published.looked(publisher)
        await published.js.delete_stream(STREAM)
        if again:
            await ensure_stream(published.js)
        with pytest.raises(Wiped):
            async with asyncio.timeout(20):
                await running
        await published.publishes()


async def test_while_nats_is_away_they_wait_and_then_follow(published: Published) -> None:
    await published.restricts(1)
    await published.publishes()
    running = asyncio.create_task(published.publishing.run())
    try:
        await asyncio.to_thread(published.server.stop)
        await published.restricts(2)
        assert len(await published.relayed.notified(TRAINER)) == 3, "who is told waits for nothing"
        await asyncio.to_thread(published.server.start)
        await published.arrives(TRAINER, 3)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [one.data.sequence for one in await published.messages(TRAINER)] == [1, 2, 3]


async def test_what_the_relay_offers_is_published_once_and_never_out_of_order(
    published: Published,
) -> None:
    published.relayed.relay.offer = published.publishing.offer
    running = asyncio.create_task(published.publishing.run())
    try:
        await published.restricts(1)
        await published.arrives(TRAINER, 1)
        (raw,) = await published.relayed.clinic.ledger.log.after(
            (await published.relayed.pointers(TRAINER))[0].position - 1, limit=1
        )
        head = await published.relayed.clinic.ledger.log.head()
        for position in (raw.position, head + 7):
            published.publishing.offer(raw._replace(position=position))
        for _ in range(3):
            await published.restricts(2)
        await published.arrives(TRAINER, 7)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [one.data.sequence for one in await published.messages(TRAINER)] == [*range(1, 8)]
    pointers = await published.relayed.pointers(TRAINER)
    found = [one.id for one in await published.messages(TRAINER)]
    assert found == [one.notification for one in pointers]


async def test_two_publishers_at_once_publish_each_of_them_once(published: Published) -> None:
    other = published.another()
    running = [
        asyncio.create_task(published.publishing.run()),
        asyncio.create_task(other.run()),
    ]
    try:
        for _ in range(4):
            await published.restricts(2)
        await published.arrives(TRAINER, 8)
        running[0].cancel()
        await asyncio.gather(running[0], return_exceptions=True)
        await published.restricts(2)
        await published.arrives(TRAINER, 10)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert [one.data.sequence for one in await published.messages(TRAINER)] == [*range(1, 11)]
