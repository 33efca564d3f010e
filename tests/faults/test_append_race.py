"""Several processes write on the same clients at once: nothing is lost, doubled or passed over."""

import asyncio
from collections import Counter
from itertools import cycle
from uuid import UUID, uuid4

import pytest

from domain.consent import ConsentGranted
from domain.lanes import Discipline
from domain.ledger.log import Log
from domain.restriction import RestrictionImposed
from tests.api.clinic import CLINICAL, TERMS, Person
from tests.faults import log
from tests.faults.installation import Api, Installation
from tests.faults.race import terms_for
from tests.faults.waiting import eventually
from tests.faults.wire import Answer, Connection

pytestmark = pytest.mark.anyio

PROCESSES = 3
CLIENTS = 5
WRITERS = 4
"""For each client."""
COMMANDS = 75
"""Of each writer."""

Line = tuple[int, UUID, int]


async def test_several_processes_append_and_a_reader_misses_nothing(
    installation: Installation,
) -> None:
    apis = await installation.start(PROCESSES)
    physio = await installation.staff(Discipline.PHYSIOTHERAPIST)
    trainer = await installation.staff(Discipline.TRAINER, "Sam Ortiz")
    clients = [await installation.client_of(physio) for _ in range(CLIENTS)]
    places = cycle(zip(apis, (*apis[1:], apis[0]), strict=True))
    tailed: list[Line] = []
    tailing = asyncio.create_task(_tail(installation, tailed))
    written = await asyncio.gather(
        *(
            _write(*next(places), client, physio if n % 2 else client, trainer)
            for client in clients
            for n in range(WRITERS)
        )
    )
    receipts = [receipt for each in written for receipt in each]
    assert len(receipts) == CLIENTS * WRITERS * COMMANDS

    lines = _lines(installation)
    await eventually(lambda: len(tailed) >= len(lines) or tailing.done())
    tailing.cancel()
    assert tailed == lines

    made = Counter(
        entry.fact.consent if isinstance(entry.fact, ConsentGranted) else entry.fact.restriction
        for entry in log.read(installation)
        if isinstance(entry.fact, ConsentGranted | RestrictionImposed)
    )
    ids = [UUID(id) for receipt in receipts for id in receipt.json()["ids"].values()]
    assert made == Counter(ids)
    positions = [position for receipt in receipts for position in receipt.json()["positions"]]
    assert len(set(positions)) == len(positions)
    ((commands,),) = log.rows(
        installation, "SELECT count(*) FROM ledger.commands WHERE request IS NOT NULL"
    )
    assert commands == len(receipts)
    log.require_whole(installation)


async def _write(
    api: Api, other: Api, client: Person, who: Person, trainer: Person
) -> list[Answer]:
    """One receipt for each command; every fifth is sent to two processes at the same time."""
    here, there = await Connection.open(api.port), await Connection.open(other.port)
    path = f"/clients/{client.id}"
    if who is client:
        path, body = f"{path}/consents", terms_for(trainer)
    else:
        path, body = f"{path}/restrictions", {"terms": TERMS, "clinical_reason": CLINICAL}

    async def done(connection: Connection, key: str) -> Answer:
        while True:
            answer = await connection.ask(who, "POST", path, body, Idempotency_Key=key)
            if answer.status == 201:
                return answer
            assert answer.status == 503, answer
            assert "retry-after" in answer.headers

    receipts = []
    for number in range(COMMANDS):
        key = str(uuid4())
        if number % 5 == 0:
            one, two = await asyncio.gather(done(here, key), done(there, key))
            assert one.json() == two.json()
            replayed = ["idempotency-replayed" in answer.headers for answer in (one, two)]
            assert sorted(replayed) == [False, True]
            receipts.append(one)
        else:
            receipts.append(await done(here, key))
    here.close()
    there.close()
    return receipts


async def _tail(installation: Installation, tailed: list[Line]) -> None:
    """What a reader sees who follows the log from its beginning while it is being written."""
    followed = Log(installation.urls.service_url)
    async for batch in followed.tail(0, limit=50):
        tailed += [(line.position, line.stream, line.version) for line in batch]


def _lines(installation: Installation) -> list[Line]:
    """The same, once nobody writes any more."""
    found = log.rows(
        installation,
        "SELECT notification_id, originator_id, originator_version FROM ledger.log"
        " ORDER BY notification_id",
    )
    return [(position, stream, version) for position, stream, version in found]
