"""More requests than may wait: the surplus is told at once to come again, the others are served."""

import asyncio

import pytest

from tests.api.clinic import Person, scene
from tests.faults import log
from tests.faults.installation import Installation
from tests.faults.race import terms_for
from tests.faults.test_killed_api import disclosures, outcomes
from tests.faults.test_killed_postgres import require_unavailable
from tests.faults.waiting import eventually
from tests.faults.wire import Answer, Connection

pytestmark = pytest.mark.anyio

QUEUE_LIMIT = 4
READS = 24
COMMANDS = 8


async def test_the_surplus_is_refused_and_the_others_are_served(
    installation: Installation,
) -> None:
    installation.settings = installation.settings.model_copy(update={"queue_limit": QUEUE_LIMIT})
    (api,) = await installation.start()
    s = await scene(installation)
    clients = [await installation.client_of(s.physio) for _ in range(COMMANDS)]
    connections = [await Connection.open(api.port) for _ in range(READS + COMMANDS)]
    chart = f"/clients/{s.client.id}"
    (first, *_) = connections
    before = (await first.ask(s.trainer, "GET", chart)).disclosure
    await eventually(lambda: before in outcomes(installation, s))

    with log.appends_held(installation):
        asking = [asyncio.create_task(first.ask(s.trainer, "GET", chart))]
        await eventually(lambda: log.appends_waiting(installation) == 1)
        asking += [
            asyncio.create_task(connection.ask(s.trainer, "GET", chart))
            for connection in connections[1:READS]
        ]
        asking += [
            asyncio.create_task(_grant(connection, client, s.trainer))
            for connection, client in zip(connections[READS:], clients, strict=True)
        ]
        # One is under way and the queue is full; whoever is not among them has an answer.
        surplus = len(asking) - 1 - QUEUE_LIMIT
        await eventually(lambda: sum(task.done() for task in asking) >= surplus)
        refused = [task.result() for task in asking if task.done()]
        require_unavailable(*refused)
    answers = await asyncio.gather(*asking)
    served = [answer for answer in answers if answer.status != 503]
    assert len(served) == 1 + QUEUE_LIMIT
    assert {answer.status for answer in served} <= {200, 201}
    released = [answer.disclosure for answer in served if answer.status == 200]
    assert sorted(disclosures(installation, s)) == sorted([before, *released])
    log.require_whole(installation)

    # Whoever comes again is served.
    again = await asyncio.gather(*(_come_again(each, s.trainer, chart) for each in connections))
    assert {answer.status for answer in again} == {200}
    for connection in connections:
        connection.close()


async def _grant(connection: Connection, client: Person, trainer: Person) -> Answer:
    path = f"/clients/{client.id}/consents"
    return await connection.ask(client, "POST", path, terms_for(trainer))


async def _come_again(connection: Connection, who: Person, path: str) -> Answer:
    while (answer := await connection.ask(who, "GET", path)).status == 503:
        require_unavailable(answer)
    return answer
