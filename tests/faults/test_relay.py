"""kill -9 of the relay at any point, and of NATS with everything it stored, while facts are
recorded: every notification arrives, and a number never means two things."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import pytest

from deploy.database import Database
from deploy.nats import EmbeddedNats, Nats, nats_directory
from deploy.nats_accounts import RELAY, open_nats_secrets
from deploy.nats_connection import connect
from deploy.nats_streams import STREAM, ensure_consumer, subject
from domain.lanes import Discipline
from domain.notified import Notified
from projections.pointing import Message
from tests.api.clinic import Person
from tests.faults import log
from tests.faults.installation import Installation
from tests.faults.waiting import eventually
from workers.program import Program
from workers.programs import projector, relay

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KILLS = 6
BETWEEN = 12
"""Facts recorded between one kill and the next."""


class Subscriber:
    """What arrives for one reader, each message as often as it does: number → its id."""

    def __init__(self) -> None:
        self.found: dict[int, set[UUID]] = {}

    async def hear(self, raw: Any) -> None:
        message = Message.model_validate_json(raw.data)
        self.found.setdefault(message.data.sequence, set()).add(message.id)


@asynccontextmanager
async def _running(
    installation: Installation, reader: Person
) -> AsyncIterator[tuple[Program, EmbeddedNats, Subscriber]]:
    settings = installation.settings
    server = EmbeddedNats(nats_directory(settings), open_nats_secrets(settings.secrets_dir))
    await asyncio.to_thread(server.start)
    settings = settings.model_copy(update={"nats_url": server.url})
    programs = [
        projector(settings, Database(installation.urls, None)),
        relay(settings, Database(installation.urls, None), Nats(server.url, None)),
    ]
    line = await connect(settings, RELAY)
    try:
        for program in programs:
            program.start()
        subscriber = Subscriber()
        # Whatever is published, whether or not JetStream keeps it: what a consumer would be sent.
        await line.subscribe(subject(reader.id), cb=subscriber.hear)
        yield programs[1], server, subscriber
    finally:
        await line.close()
        for program in programs:
            program.stop()
        await asyncio.to_thread(server.erase)


async def _kill(program: Program) -> None:
    assert program.pid is not None
    os.kill(program.pid, signal.SIGKILL)
    await eventually(lambda: not program.alive())


async def _care(installation: Installation, physio: Person, client: Person, times: int) -> None:
    for _ in range(times):
        await installation.impose(client, physio)


async def test_killed_and_wiped_at_any_point_everything_arrives(
    installation: Installation,
) -> None:
    await installation.start()
    physio = await installation.staff(Discipline.PHYSIOTHERAPIST)
    trainer = await installation.staff(Discipline.TRAINER, "Sam Ortiz")
    client = await installation.client_of(physio)
    await installation.join(client, trainer)
    async with _running(installation, trainer) as (program, server, subscriber):
        for number in range(KILLS):
            care = asyncio.create_task(_care(installation, physio, client, BETWEEN))
            before = len(_notified(installation, trainer))
            # Somewhere in the middle of its work, each time further on.
            await eventually(
                lambda least=before + number: len(_notified(installation, trainer)) > least  # type: ignore[misc]
            )
            await _kill(program)
            if number % 2:
                await asyncio.to_thread(server.stop)
                if number % 4 == 1:
                    shutil.rmtree(server.data / "store", ignore_errors=True)
                await asyncio.to_thread(server.start)
            program.start()
            await care
        total = KILLS * BETWEEN
        await eventually(lambda: len(_notified(installation, trainer)) == total, 60)
        held = await _held(server, installation, trainer, total)
    numbered = {number: {id} for number, id in enumerate(_notified(installation, trainer), 1)}
    assert held == numbered
    assert subscriber.found.items() <= numbered.items(), "also what was wiped since"
    log.require_whole(installation)


async def _held(
    server: EmbeddedNats, installation: Installation, reader: Person, total: int
) -> dict[int, set[UUID]]:
    """What JetStream has for the reader, once it is so many: as their own consumer is sent it."""
    settings = installation.settings.model_copy(update={"nats_url": server.url})
    line = await connect(settings, RELAY)
    subscriber = Subscriber()
    try:
        await ensure_consumer(line.jetstream(), reader.id)
        own = await line.jetstream().pull_subscribe_bind(str(reader.id), STREAM)
        async with asyncio.timeout(60):
            while subscriber.found.keys() != set(range(1, total + 1)):
                with suppress(TimeoutError):
                    for raw in await own.fetch(100, timeout=1):
                        await subscriber.hear(raw)
                        await raw.ack()
    finally:
        await line.close()
    return subscriber.found


def _notified(installation: Installation, reader: Person) -> list[UUID]:
    """The reader's notifications in log order, from nothing but the log."""
    rows = log.rows(
        installation,
        f"SELECT c.id FROM ledger.log l JOIN ledger.commands c ON c.first = l.notification_id"
        f" WHERE l.topic = '{Notified.type}' AND position('{reader.id}' IN"
        " convert_from(substr(l.state, 4), 'UTF8')) > 0 ORDER BY l.notification_id",
    )
    return [id for (id,) in rows]
