"""The writer: one queue for everybody, and nobody harmed by a neighbour."""

import asyncio
import threading
from uuid import uuid4

import psycopg
import pytest

from deploy.migrate import Urls
from domain.ledger.command import Appended, Conflict, Conflicted, Guard, LedgerUnavailable
from domain.ledger.writer import Writer
from tests.domain.ledger.direct import Connection, command, event, rows

pytestmark = pytest.mark.anyio


async def hold_lock(admin: Connection) -> None:
    """Keep every append waiting, until `admin` ends its transaction."""
    admin.execute("BEGIN")
    admin.execute("SELECT pg_advisory_xact_lock(7230846112)")


async def until_waiting(admin: Connection) -> None:
    """Until a call of the writer waits for the lock."""

    def wait() -> None:
        while admin.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ).fetchone() == (0,):
            admin.execute("SELECT pg_sleep(0.005)")

    await asyncio.to_thread(wait)


async def gathered(admin: Connection, writer: Writer, *commands: object) -> list[object]:
    """The answers to commands that reach the database in one call."""
    await hold_lock(admin)
    first = asyncio.create_task(writer.append(command(event(uuid4(), 1))))
    await until_waiting(admin)
    tasks = [asyncio.create_task(writer.append(one)) for one in commands]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert writer.waiting == len(commands)
    admin.execute("COMMIT")
    await first
    return list(await asyncio.gather(*tasks, return_exceptions=True))


async def test_of_a_withdrawal_and_a_disclosure_in_one_batch_the_later_loses(
    admin: Connection, writer: Writer
) -> None:
    record, access = uuid4(), uuid4()
    await writer.append(command(event(record, 1, "consent.granted.v1")))
    seen = [Guard(record, 1, ("consent.withdrawn.v1",))]
    before, withdrawn, after = await gathered(
        admin,
        writer,
        command(event(access, None), guards=seen),
        command(event(record, 2, "consent.withdrawn.v1")),
        command(event(access, None), guards=seen),
    )
    assert isinstance(before, Appended)
    assert isinstance(withdrawn, Appended)
    assert isinstance(after, Conflicted)
    assert after.conflict is Conflict.GUARD


async def test_concurrent_commands_share_a_call(
    admin: Connection, service: Connection, writer: Writer
) -> None:
    service.execute("LISTEN ledger_log")
    await gathered(admin, writer, *(command(event(uuid4(), 1)) for _ in range(50)))
    heard = [notice.payload for notice in service.notifies(timeout=5, stop_after=2)]
    assert heard == ["1", "51"]


async def test_a_command_that_the_database_cannot_store_harms_only_its_caller(
    admin: Connection, writer: Writer
) -> None:
    good, bad, other = await gathered(
        admin,
        writer,
        command(event(uuid4(), 1)),
        command(event(uuid4(), 1, "nul\0")),
        command(event(uuid4(), 1)),
    )
    assert isinstance(good, Appended)
    assert isinstance(other, Appended)
    assert isinstance(bad, psycopg.Error)
    assert not isinstance(bad, psycopg.OperationalError)


async def test_a_command_that_cannot_be_encoded_is_refused_before_it_is_queued(
    writer: Writer,
) -> None:
    with pytest.raises(ValueError, match="at least one event"):
        await writer.append(command())
    with pytest.raises(UnicodeEncodeError):
        await writer.append(command(event(uuid4(), 1, "\ud800")))
    await writer.append(command(event(uuid4(), 1)))


async def test_beyond_its_bound_the_queue_refuses_at_once(
    database: Urls, admin: Connection
) -> None:
    writer = Writer(database.service_url, queue_limit=3)
    await writer.start()
    await hold_lock(admin)
    under_way = asyncio.create_task(writer.append(command(event(uuid4(), 1))))
    await until_waiting(admin)
    queued = [asyncio.create_task(writer.append(command(event(uuid4(), 1)))) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(LedgerUnavailable) as refused:
        await writer.append(command(event(uuid4(), 1)))
    assert refused.value.retry_after >= 1
    admin.execute("COMMIT")
    assert len(await asyncio.gather(under_way, *queued)) == 4
    await writer.close()


async def test_a_caller_that_gives_up_leaves_the_others_their_answers(
    admin: Connection, service: Connection, writer: Writer
) -> None:
    await hold_lock(admin)
    sent = asyncio.create_task(writer.append(command(event(uuid4(), 1))))
    await until_waiting(admin)
    queued = [asyncio.create_task(writer.append(command(event(uuid4(), 1)))) for _ in range(3)]
    await asyncio.sleep(0)
    sent.cancel()
    queued[1].cancel()
    admin.execute("COMMIT")
    results = await asyncio.gather(sent, *queued, return_exceptions=True)
    assert [type(result) for result in results] == [
        asyncio.CancelledError,
        Appended,
        asyncio.CancelledError,
        Appended,
    ]
    assert len(rows(service)) == 3


async def test_after_losing_its_connection_it_finds_its_own_result(
    database: Urls, admin: Connection, service: Connection, writer: Writer
) -> None:
    stream = uuid4()
    await hold_lock(admin)
    task = asyncio.create_task(writer.append(command(event(stream, 1))))
    await until_waiting(admin)
    assert terminate_writer(admin) == 1
    admin.execute("COMMIT")
    assert (await task).positions == (1,)
    assert [row[1:3] for row in rows(service)] == [(stream, 1)]


async def test_a_result_that_was_lost_on_its_way_is_found_again(
    database: Urls, service: Connection, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = writer._connection
    assert connection is not None
    lost_once = connection._finish

    def lose() -> None:
        if connection._result is not None and connection._result.ntuples:
            connection.close()
        else:
            lost_once()

    monkeypatch.setattr(connection, "_finish", lose)
    stream = uuid4()
    appended = await writer.append(command(event(stream, 1)))
    assert appended.replayed
    assert appended.positions == (1,)
    assert len(rows(service)) == 1


async def test_many_lost_connections_lose_and_double_nothing(
    admin: Connection, service: Connection, writer: Writer
) -> None:
    done = asyncio.Event()

    async def disturb() -> None:
        while not done.is_set():
            terminate_writer(admin)
            await asyncio.sleep(0.02)

    async def one(number: int) -> None:
        stream = uuid4()
        for version in range(1, 16):
            await writer.append(command(event(stream, version)))

    disturbing = asyncio.create_task(disturb())
    await asyncio.gather(*(one(number) for number in range(10)))
    done.set()
    await disturbing
    assert len(rows(service)) == 150
    assert [row[0] for row in rows(service)] == list(range(1, 151))


async def test_a_database_that_is_away_is_said_to_be(database: Urls, admin: Connection) -> None:
    writer = Writer(database.service_url, patience=0.3)
    await writer.start()
    admin.execute("ALTER ROLE tandem_service NOLOGIN")
    try:
        terminate_writer(admin)
        with pytest.raises(LedgerUnavailable):
            await writer.append(command(event(uuid4(), 1)))
    finally:
        admin.execute("ALTER ROLE tandem_service LOGIN")
    assert (await writer.append(command(event(uuid4(), 1)))).positions == (1,)
    await writer.close()


async def test_closing_fails_whoever_waits(database: Urls, admin: Connection) -> None:
    writer = Writer(database.service_url)
    await writer.start()
    await hold_lock(admin)
    under_way = asyncio.create_task(writer.append(command(event(uuid4(), 1))))
    await until_waiting(admin)
    queued = asyncio.create_task(writer.append(command(event(uuid4(), 1))))
    await asyncio.sleep(0)
    closing = asyncio.create_task(writer.close())
    with pytest.raises(LedgerUnavailable):
        await queued
    admin.execute("COMMIT")
    await closing
    assert (await under_way).positions == (1,)
    with pytest.raises(LedgerUnavailable):
        await writer.append(command(event(uuid4(), 1)))


async def test_a_role_that_may_not_append_is_told_at_the_start(database: Urls) -> None:
    writer = Writer(database.projector_url)
    await writer.start()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await writer.append(command(event(uuid4(), 1)))
    await writer.close()


async def test_threads_share_the_queue(writer: Writer, service: Connection) -> None:
    found: list[Appended] = []

    def append() -> None:
        for _ in range(5):
            found.append(writer.append_from_thread(command(event(uuid4(), 1))))

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))
    assert sorted(appended.positions[0] for appended in found) == list(range(1, 21))


def terminate_writer(admin: Connection) -> int:
    """End the writer's connection from the server's side; how many there were."""
    row = admin.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = 'tandem_service'"
        " AND query LIKE '%append_events%'"
    ).fetchone()
    assert row is not None
    return int(row[0])
