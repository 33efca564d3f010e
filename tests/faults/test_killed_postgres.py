"""kill -9 of PostgreSQL at every stage of a command and of a read, without a restart of the API."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import psycopg
import pytest

from deploy.postgres import EmbeddedPostgres
from tests.api.clinic import Person, Scene, scene
from tests.faults import log, stages
from tests.faults.checker import received_without_disclosure
from tests.faults.installation import Api, Installation
from tests.faults.race import Received, received
from tests.faults.test_killed_api import disclosures, grant, outcomes, read, require_once
from tests.faults.waiting import eventually
from tests.faults.wire import Answer, Connection

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@contextmanager
def killed(server: EmbeddedPostgres) -> Iterator[None]:
    """kill -9; the server is back, on the same port, when the context ends."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    try:
        assert server.wait(20)
        yield
    finally:
        server.start()


def require_unavailable(*answers: Answer) -> None:
    for answer in answers:
        assert answer.status == 503, answer
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "unavailable"


async def granted_at_last(api: Api, s: Scene, key: str) -> Answer:
    """The first answer to this grant that is not 503."""
    while (answer := await grant(api, s, key)).status == 503:
        require_unavailable(answer)
    return answer


async def test_away_means_503_and_then_it_goes_on(
    installation: Installation, postgres: EmbeddedPostgres
) -> None:
    (api,) = await installation.start()
    s = await scene(installation)
    pid = api.pid
    assert (await read(api, s)).status == 200
    before = len(disclosures(installation, s))
    with killed(postgres):
        require_unavailable(*await asyncio.gather(grant(api, s, "away"), read(api, s)))
        # Whoever comes later is not made to wait for what was not there a moment ago.
        async with asyncio.timeout(15):
            require_unavailable(await read(api, s), await grant(api, s, "away"))
        assert not api.ready()
    first = await granted_at_last(api, s, "away")
    assert "idempotency-replayed" not in first.headers
    require_once(installation, first, await grant(api, s, "away"))
    assert (await read(api, s)).status == 200
    assert len(disclosures(installation, s)) == before + 1
    await eventually(api.ready)
    assert api.pid == pid


async def test_an_append_under_way_is_done_once_or_not_at_all(
    installation: Installation, postgres: EmbeddedPostgres
) -> None:
    (api,) = await installation.start()
    s = await scene(installation)
    # The whole server; then one process of it, upon which it throws all others out.
    for kill in (_whole_server, _one_process):
        with suppress(psycopg.OperationalError), log.appends_held(installation):
            asking = asyncio.create_task(grant(api, s, kill.__name__))
            reading = asyncio.create_task(read(api, s))
            await eventually(lambda: log.appends_waiting(installation) == 1)
            await kill(installation, postgres)
        answer, shown = await asking, await reading
        if answer.status == 503:
            require_unavailable(answer)
        if shown.status != 200:
            require_unavailable(shown)
        first = await granted_at_last(api, s, kill.__name__)
        again = await grant(api, s, kill.__name__)
        require_once(installation, first, again)
        found = disclosures(installation, s)
        assert shown.status != 200 or shown.disclosure in found
        assert len(found) == len(set(found))


async def _whole_server(_: Installation, server: EmbeddedPostgres) -> None:
    with killed(server):
        pass


async def _one_process(installation: Installation, server: EmbeddedPostgres) -> None:
    ((pid,),) = log.rows(
        installation,
        "SELECT pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted",
    )
    os.kill(pid, signal.SIGKILL)

    def recovered() -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(server.url(), connect_timeout=2).close()
            return True
        return False

    await eventually(lambda: not _runs(pid))
    await eventually(recovered)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_what_was_committed_before_the_answer_survives(
    installation: Installation, postgres: EmbeddedPostgres
) -> None:
    (api,) = await installation.start(1, stages.FACTORY)
    s = await scene(installation)
    asking = asyncio.create_task(grant(api, s, "kept", Test_Stop="answered"))
    await installation.until_stopped("answered")
    with killed(postgres):
        await installation.go_on()
        first = await asking
    assert "idempotency-replayed" not in first.headers
    require_once(installation, first, await granted_at_last(api, s, "kept"))

    reading = asyncio.create_task(read(api, s, Test_Stop="answered"))
    await installation.until_stopped("answered")
    with killed(postgres):
        await installation.go_on()
        shown = await reading
        require_unavailable(await read(api, s))
    assert shown.status == 200
    assert disclosures(installation, s)[-1] == shown.disclosure
    # What could not be noted then is noted now, without anybody asking for anything.
    await eventually(lambda: outcomes(installation, s) == {shown.disclosure: "completed"})
    log.require_whole(installation)


async def test_an_answer_of_the_database_that_was_lost_is_found_again(
    installation: Installation, postgres: EmbeddedPostgres
) -> None:
    (api,) = await installation.start()
    s = await scene(installation)
    for ask in (partial(grant, api, s, "lost"), partial(read, api, s)):
        with _answers_held(postgres):
            asking = asyncio.create_task(ask())
            await eventually(partial(_answer_is_held, installation))
        with killed(postgres):
            pass
        answer = await asking
        assert answer.status in (200, 201), answer
    assert disclosures(installation, s) == [answer.disclosure]
    require_once(installation, await grant(api, s, "lost"), await grant(api, s, "lost"))

    # Away for too long, and nobody can say: so nobody says that nothing was recorded.
    with _answers_held(postgres):
        asking = asyncio.create_task(grant(api, s, "away"))
        await eventually(partial(_answer_is_held, installation))
    with killed(postgres):
        answer = await asking
        require_unavailable(answer)
        assert "Nothing was recorded" not in answer.json()["detail"]
    first = await granted_at_last(api, s, "away")
    assert first.headers["idempotency-replayed"] == "true"
    require_once(installation, first, await grant(api, s, "away"))


def _answer_is_held(installation: Installation) -> bool:
    query = (
        "SELECT 1 FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event = 'SyncRep'"
    )
    return log.rows(installation, query) != []


@contextmanager
def _answers_held(server: EmbeddedPostgres) -> Iterator[None]:
    """What is committed from now on is on the disk, and nobody is told before the server is killed:
    it waits for a replica that there is not."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield
        except BaseException:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_reload_conf()")
            raise
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")


async def test_under_load_whatever_was_received_had_been_disclosed(
    installation: Installation, postgres: EmbeddedPostgres
) -> None:
    apis = await installation.start(2)
    s = await scene(installation)
    got: list[Received] = []
    ended = asyncio.Event()
    readers = [
        asyncio.create_task(_hammer(apis[n % 2], s.trainer, s.client, got, ended)) for n in range(8)
    ]
    for _ in range(2):
        enough = len(got) + 100
        await eventually(lambda enough=enough: len(got) >= enough)  # type: ignore[misc]
        with killed(postgres):
            pass
    enough = len(got) + 100
    await eventually(lambda: len(got) >= enough)
    ended.set()
    await asyncio.gather(*readers)
    installation.close()
    entries, bodies = log.read(installation), log.kept_bodies(installation)
    assert list(received_without_disclosure(entries, bodies, got)) == []
    log.require_whole(installation)


async def _hammer(
    api: Api, who: Person, client: Person, got: list[Received], ended: asyncio.Event
) -> None:
    connection = await Connection.open(api.port)
    while not ended.is_set():
        answer = await connection.ask(who, "GET", f"/clients/{client.id}")
        if answer.status == 200:
            got.append(received(answer, client, who))
        else:
            require_unavailable(answer)
    connection.close()
