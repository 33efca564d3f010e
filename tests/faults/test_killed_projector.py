"""kill -9 of the projector, and of PostgreSQL under it, while the API writes: each line once."""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from deploy.database import Database
from deploy.postgres import EmbeddedPostgres
from domain.lanes import Discipline
from projections.projecting import rebuild
from tests.api.clinic import CLINICAL, TERMS, Person
from tests.faults import log
from tests.faults.installation import Api, Installation
from tests.faults.race import terms_for
from tests.faults.test_killed_postgres import killed
from tests.faults.waiting import eventually
from tests.faults.wire import Answer, Connection
from workers.lag import lags
from workers.lists import NAMES, make_lists, open_lists
from workers.program import Program
from workers.programs import projector

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CLIENTS = 4
KILLS = 4
OF_EVERY_CLIENT = {"board", "concerns", "register", "deadlines"}
"""Lists that say something of each. Nobody here is referred, and nobody relays notifications."""
BETWEEN = 200
"""Facts appended between one kill and the next."""


async def test_lists_are_exactly_what_a_rebuild_makes_of_the_log(
    installation: Installation, postgres: EmbeddedPostgres
) -> None:
    (api,) = await installation.start()
    physio = await installation.staff(Discipline.PHYSIOTHERAPIST)
    trainer = await installation.staff(Discipline.TRAINER, "Sam Ortiz")
    program = projector(installation.settings, Database(installation.urls, None))
    program.start()
    ended = asyncio.Event()
    load = [
        asyncio.create_task(_care(installation, api, physio, trainer, ended))
        for _ in range(CLIENTS)
    ]
    try:
        for _ in range(KILLS):
            await _projecting(installation)
            await _kill(program)
            await _grown(installation)
            program.start()
        pid = program.pid
        await _projecting(installation)
        with killed(postgres):
            pass
        await _grown(installation)
        ended.set()
        await asyncio.gather(*load)
        installation.close()
        await eventually(lambda: _caught_up(installation), 30)
        assert program.pid == pid
    finally:
        program.stop()
    kept = {name: _rows(installation, name) for name in NAMES}
    with open_lists(installation.urls.projector_url) as (recorder, reader):
        for listing in make_lists(installation.settings):
            rebuild(listing, recorder, reader)
    for name in NAMES:
        assert len(kept[name]) >= (CLIENTS if name in OF_EVERY_CLIENT else 0)
        assert kept[name] == _rows(installation, name)
    log.require_whole(installation)


async def _care(
    installation: Installation, api: Api, physio: Person, trainer: Person, ended: asyncio.Event
) -> None:
    """A client who is restricted, read and acknowledged, over and over again."""
    client = await installation.client_of(physio)
    await installation.join(client, trainer)
    connection = await Connection.open(api.port)

    async def done(who: Person, path: str, body: Any, **headers: str) -> Answer:
        """Asks until it is done; 503 says to come again."""
        key = os.urandom(8).hex()
        while True:
            answer = await connection.ask(
                who, "POST", f"{base}{path}", body, Idempotency_Key=key, **headers
            )
            assert answer.status in (201, 503), answer
            if answer.status == 201:
                return answer

    base = f"/clients/{client.id}"
    await done(client, "/consents", terms_for(trainer))
    while not ended.is_set():
        body = {"terms": TERMS, "clinical_reason": CLINICAL}
        imposed = (await done(physio, "/restrictions", body)).json()
        await connection.ask(trainer, "GET", base)
        restriction, version = imposed["ids"]["restriction"], imposed["version"]
        path = f"/restrictions/{restriction}"
        await done(trainer, f"{path}/acknowledgements", {}, If_Match=f'"{version}"')
        await done(
            physio, f"{path}/retraction", {"reason": "Noted twice."}, If_Match=f'"{version}"'
        )
    # One that stands, so that something is owed at the end.
    await done(physio, "/restrictions", {"terms": TERMS, "clinical_reason": CLINICAL})
    connection.close()


async def _grown(installation: Installation) -> None:
    """Wait until so many facts more are in the log."""
    enough = _head(installation) + BETWEEN
    await eventually(lambda: _head(installation) >= enough, 30)


async def _projecting(installation: Installation) -> None:
    """Wait until every list has come past where the log ends now: in the middle of its work."""
    head = _head(installation)

    def past() -> bool:
        found = {lag.name: lag.position for lag in lags(installation.urls.projector_url)}
        return set(found) == set(NAMES) and min(found.values()) > head

    await eventually(past, 30)


async def _kill(program: Program) -> None:
    assert program.pid is not None
    os.kill(program.pid, signal.SIGKILL)
    await eventually(lambda: not program.alive())


def _head(installation: Installation) -> int:
    with suppress(psycopg.OperationalError):
        return int(log.rows(installation, "SELECT max(notification_id) FROM ledger.log")[0][0])
    return 0


def _caught_up(installation: Installation) -> bool:
    """Whether every list stands at the head."""
    found = lags(installation.urls.projector_url)
    return {lag.name for lag in found if lag.position == lag.head} == set(NAMES)


def _rows(installation: Installation, name: str) -> list[tuple[Any, ...]]:
    """What is in a list; of what is sealed, anew each time, only how long it is."""
    found = log.rows(installation, f"SELECT * FROM lists.{name}")
    plain = [
        tuple(len(value) if isinstance(value, bytes) else value for value in row) for row in found
    ]
    return sorted(plain, key=repr)
