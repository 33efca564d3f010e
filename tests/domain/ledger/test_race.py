"""Several processes write while somebody reads along: nothing is missed, nothing out of order."""

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from deploy.migrate import Urls
from domain.ledger.command import Command, Conflicted, Guard, NewEvent
from domain.ledger.log import Log
from domain.ledger.stored import Stored
from domain.ledger.writer import Writer

pytestmark = pytest.mark.anyio

PROCESSES = 4
CALLERS = 8
COMMANDS = 40
EVENTS = PROCESSES * CALLERS * COMMANDS * 2
WITHIN = 60.0
WITHDRAWN = "consent.withdrawn.v1"


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        yield pool


def append_many(url: str, shared: UUID) -> list[tuple[int, ...]]:
    """Positions of what one process appended: to streams of its own, and one of everybody's."""

    async def caller(writer: Writer) -> list[tuple[int, ...]]:
        own, found = uuid4(), []
        for version in range(1, COMMANDS + 1):
            events = (NewEvent(own, version, "own", b""), NewEvent(shared, None, "shared", b""))
            found.append((await writer.append(Command(uuid4(), events))).positions)
        return found

    async def run() -> list[tuple[int, ...]]:
        writer = Writer(url)
        await writer.start()
        try:
            async with asyncio.timeout(WITHIN):
                found = await asyncio.gather(*(caller(writer) for _ in range(CALLERS)))
        finally:
            await writer.close()
        return [positions for of_one in found for positions in of_one]

    return asyncio.run(run())


async def test_a_reader_along_with_several_writing_processes_misses_nothing(
    database: Urls, log: Log, processes: ProcessPoolExecutor
) -> None:
    shared = uuid4()
    loop = asyncio.get_running_loop()
    writing = [
        loop.run_in_executor(processes, append_many, database.service_url, shared)
        for _ in range(PROCESSES)
    ]
    seen: list[Stored] = []
    async with asyncio.timeout(WITHIN), aclosing(log.tail(0, limit=50, fallback=600.0)) as tail:
        async for batch in tail:
            # Were a position ever visible before a lower one, it would be missing here for good.
            assert batch[0].position == len(seen) + 1
            seen += batch
            if len(seen) == EVENTS:
                break
    appended = [positions for found in await asyncio.gather(*writing) for positions in found]
    assert sorted(p for positions in appended for p in positions) == list(range(1, EVENTS + 1))
    assert [row.position for row in seen] == list(range(1, EVENTS + 1))
    assert [row.version for row in seen if row.stream == shared] == list(range(1, EVENTS // 2 + 1))
    assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(seen))
    assert set(Counter(row.recorded_at for row in seen).values()) == {2}, "one time a command"
    assert {row.position: row for row in seen} == {row.position: row for row in await all_of(log)}


async def all_of(log: Log) -> list[Stored]:
    return await log.after(0, limit=EVENTS)


def disclose_until_refused(url: str, record: UUID) -> list[int]:
    """Positions of disclosures that rest on the record as first read, until one is refused."""

    async def run() -> list[int]:
        writer = Writer(url)
        await writer.start()
        access = uuid4()
        found: list[int] = []
        try:
            while True:
                guards = (Guard(record, 1, (WITHDRAWN,)),)
                events = (NewEvent(access, None, "access.disclosed.v1", b""),)
                try:
                    appended = await writer.append(Command(uuid4(), events, guards))
                except Conflicted:
                    return found
                found.append(appended.positions[0])
        finally:
            await writer.close()

    return asyncio.run(run())


async def test_no_disclosure_follows_the_withdrawal_of_what_it_rests_on(
    database: Urls, log: Log, writer: Writer, processes: ProcessPoolExecutor
) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(5):
        record = uuid4()
        granted = NewEvent(record, 1, "consent.granted.v1", b"")
        began = (await writer.append(Command(uuid4(), (granted,)))).positions[0]
        disclosing = [
            loop.run_in_executor(processes, disclose_until_refused, database.service_url, record)
            for _ in range(PROCESSES - 1)
        ]
        async with asyncio.timeout(WITHIN), aclosing(log.tail(began)) as tail:
            async for batch in tail:
                if batch[-1].position > began + 30:
                    break
        withdrawal = NewEvent(record, 2, WITHDRAWN, b"")
        withdrawn = (await writer.append(Command(uuid4(), (withdrawal,)))).positions[0]
        disclosed = [p for found in await asyncio.gather(*disclosing) for p in found]
        assert len(disclosed) >= 20
        assert max(disclosed) < withdrawn
