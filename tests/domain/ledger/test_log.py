"""Reading the log: one stream, one moment, and everything in order without missing anything."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from uuid import uuid4

import pytest

from deploy.migrate import Urls
from domain.ledger.command import Appended, Kept, LedgerUnavailable
from domain.ledger.log import Log
from domain.ledger.writer import Writer
from tests.domain.ledger.direct import Connection, call, command, event

pytestmark = pytest.mark.anyio

WITHIN = 30.0
"""Seconds after which something that never comes is given up: far more than it should take."""


async def test_an_empty_log_has_no_head_and_no_moment(log: Log, writer: Writer) -> None:
    assert await log.head() == 0
    assert await log.stream(uuid4()) == []
    assert await log.command(uuid4()) is None
    appended = await writer.append(command(event(uuid4(), 1)))
    assert await log.position_at(appended.recorded_at - timedelta(microseconds=1)) == 0


async def test_a_stream_is_cut_by_version_and_by_position(log: Log, writer: Writer) -> None:
    stream = uuid4()
    for version in range(1, 6):
        await writer.append(command(event(stream, version), event(uuid4(), 1)))

    async def versions(**bounds: int) -> list[int]:
        return [row.version for row in await log.stream(stream, **bounds)]

    assert await versions() == [1, 2, 3, 4, 5]
    assert await versions(after=3) == [4, 5]
    assert await versions(until_version=2) == [1, 2]
    assert await versions(until_position=4) == [1, 2]
    assert await versions(until_position=5) == [1, 2, 3]
    assert await versions(after=1, until_version=4, until_position=6) == [2, 3]
    (first,) = await log.stream(stream, until_version=1)
    assert (first.position, first.stream, first.topic, first.state) == (1, stream, "noted", b"{}")
    assert first.recorded_at.utcoffset() == timedelta(0)


async def test_a_time_names_a_position_and_never_cuts_a_command(log: Log, writer: Writer) -> None:
    one = await writer.append(command(event(uuid4(), 1), event(uuid4(), 1)))
    two = await writer.append(command(event(uuid4(), 1), event(uuid4(), 1)))
    just = timedelta(microseconds=1)
    assert await log.position_at(one.recorded_at) == 2
    assert await log.position_at(two.recorded_at - just) == 2
    assert await log.position_at(two.recorded_at) == 4
    assert await log.position_at(two.recorded_at + timedelta(days=1)) == 4
    with pytest.raises(ValueError, match="time zone"):
        await log.position_at(two.recorded_at.replace(tzinfo=None))


async def test_everything_is_read_in_pages(log: Log, writer: Writer) -> None:
    for _ in range(5):
        await writer.append(command(event(uuid4(), 1)))
    assert [row.position for row in await log.after(0, limit=3)] == [1, 2, 3]
    assert [row.position for row in await log.after(3, limit=3)] == [4, 5]
    assert [row.position for row in await log.after(1, until=4)] == [2, 3, 4]


async def test_a_command_and_what_is_kept_are_found_again(log: Log, writer: Writer) -> None:
    id, client = uuid4(), uuid4()
    kept = [Kept(client, b"digest", b"sealed")]
    await writer.append(command(event(uuid4(), 1)))
    await writer.append(
        command(event(uuid4(), 1), event(uuid4(), 1), id=id, request=b"r", kept=kept)
    )
    past = await log.command(id)
    assert past is not None
    assert (past.request, past.positions) == (b"r", (2, 3))
    assert await log.kept(client, b"digest") == b"sealed"
    assert await log.kept(client, b"other") is None


async def test_a_tail_begins_after_a_position_and_is_woken(log: Log, writer: Writer) -> None:
    for _ in range(3):
        await writer.append(command(event(uuid4(), 1)))
    seen: list[int] = []
    async with asyncio.timeout(WITHIN), aclosing(log.tail(1, limit=2, fallback=600.0)) as tail:
        async for batch in tail:
            assert 1 <= len(batch) <= 2
            seen += [row.position for row in batch]
            if seen[-1] == 3:
                # Nobody else is there: the next batch comes because of this, not of the fallback.
                waiting = asyncio.create_task(writer.append(command(event(uuid4(), 1))))
            if seen[-1] == 4:
                break
    assert isinstance(await waiting, Appended)
    assert seen == [2, 3, 4]


async def test_a_tail_that_hears_nothing_looks_for_itself(
    log: Log, admin: Connection, service: Connection
) -> None:
    async with asyncio.timeout(WITHIN), aclosing(log.tail(0, fallback=0.05)) as tail:
        next_batch = asyncio.ensure_future(anext(tail))
        await asyncio.sleep(0)
        # As the administrator, past the function: nothing is notified.
        admin.execute("INSERT INTO ledger.log VALUES (gen_random_uuid(), 1, 'x', '', 1, now())")
        assert [row.position for row in await next_batch] == [1]


async def test_a_tail_whose_connection_is_lost_says_so(log: Log, admin: Connection) -> None:
    async with asyncio.timeout(WITHIN), aclosing(log.tail(0)) as tail:
        next_batch = asyncio.ensure_future(anext(tail))
        await asyncio.to_thread(_terminate, admin, "notification_id")
        with pytest.raises(LedgerUnavailable):
            await next_batch


async def test_reading_goes_on_over_a_new_connection(
    log: Log, admin: Connection, service: Connection
) -> None:
    stream = uuid4()
    call(service, command(event(stream, 1)))
    assert len(await log.stream(stream)) == 1
    await asyncio.to_thread(_terminate, admin, "notification_id")
    assert len(await log.stream(stream)) == 1


async def test_a_database_that_is_away_is_said_to_be(database: Urls, admin: Connection) -> None:
    log = await Log(database.service_url, patience=0.5).open()
    admin.execute("ALTER ROLE tandem_service NOLOGIN")
    try:
        await log.head()
        _terminate(admin, "notification_id")
        with pytest.raises(LedgerUnavailable):
            await log.head()
        with pytest.raises(LedgerUnavailable):
            await Log(database.service_url, patience=0.5).open()
    finally:
        admin.execute("ALTER ROLE tandem_service LOGIN")
        await log.close()


def _terminate(admin: Connection, query: str) -> None:
    """End the service's connections whose last statement was like this, once there are some."""
    while admin.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = 'tandem_service' AND query LIKE %s",
        (f"%{query}%",),
    ).fetchone() == (0,):
        admin.execute("SELECT pg_sleep(0.005)")
