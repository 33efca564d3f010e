"""kill -9 of the API at every stage of a command and of a read: one effect or none, never half."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from domain.access import Disclosed, Sent, access_stream
from domain.consent import ConsentGranted
from domain.lanes import Discipline
from tests.api.clinic import ANNA, Scene, scene
from tests.faults import log, stages
from tests.faults.installation import Api, Installation
from tests.faults.race import terms_for
from tests.faults.waiting import eventually
from tests.faults.wire import Answer, Connection, Cut

pytestmark = pytest.mark.anyio


async def grant(api: Api, s: Scene, key: str, **headers: str) -> Answer:
    connection = await Connection.open(api.port)
    path, terms = f"/clients/{s.client.id}/consents", terms_for(s.trainer)
    try:
        return await connection.ask(s.client, "POST", path, terms, Idempotency_Key=key, **headers)
    finally:
        connection.close()


async def read(api: Api, s: Scene, **headers: str) -> Answer:
    connection = await Connection.open(api.port)
    try:
        return await connection.ask(s.trainer, "GET", f"/clients/{s.client.id}", **headers)
    finally:
        connection.close()


async def cut(asking: "asyncio.Task[Answer]") -> bytes:
    """What had arrived before the connection ended."""
    with pytest.raises(Cut) as ended:
        await asking
    return ended.value.received


def granted(installation: Installation, consent: str) -> int:
    """How often that consent is in the log."""
    return sum(
        isinstance(entry.fact, ConsentGranted) and entry.fact.consent == UUID(consent)
        for entry in log.read(installation)
    )


def require_once(installation: Installation, first: Answer, second: Answer) -> None:
    """Both are the receipt of one effect."""
    assert (first.status, second.status) == (201, 201)
    assert second.headers["idempotency-replayed"] == "true"
    assert first.json()["positions"] == second.json()["positions"]
    assert first.json()["ids"] == second.json()["ids"]
    assert granted(installation, first.json()["ids"]["consent"]) == 1
    log.require_whole(installation)


async def test_a_command_has_one_effect_whenever_the_api_is_killed(
    installation: Installation,
) -> None:
    survivor, before, during, after = (
        *await installation.start(1),
        *await installation.start(3, stages.FACTORY),
    )
    s = await scene(installation)

    asking = asyncio.create_task(grant(before, s, "before", Test_Stop="before"))
    await installation.until_stopped("before")
    installation.kill(before)
    assert await cut(asking) == b""
    first = await grant(survivor, s, "before")
    assert "idempotency-replayed" not in first.headers
    require_once(installation, first, await grant(survivor, s, "before"))

    with log.appends_held(installation):
        asking = asyncio.create_task(grant(during, s, "during"))
        await eventually(lambda: log.appends_waiting(installation) == 1)
        installation.kill(during)
        assert await cut(asking) == b""
        # The server does not know yet that nobody waits for the first: both are under way at once.
        retried = asyncio.create_task(grant(survivor, s, "during"))
        await eventually(lambda: log.appends_waiting(installation) == 2)
    require_once(installation, await retried, await grant(survivor, s, "during"))

    asking = asyncio.create_task(grant(after, s, "after", Test_Stop="answered"))
    await installation.until_stopped("answered")
    installation.kill(after)
    assert await cut(asking) == b""
    first = await grant(survivor, s, "after")
    assert first.headers["idempotency-replayed"] == "true"
    require_once(installation, first, await grant(survivor, s, "after"))


async def test_a_client_whose_key_was_made_and_nothing_else_is_taken_in_later(
    installation: Installation,
) -> None:
    survivor, victim = await installation.start(2)
    physio = await installation.staff(Discipline.PHYSIOTHERAPIST)
    client = installation.person(Discipline.CLIENT)
    body = {"client": str(client.id), "identity": ANNA}

    async def enrol(api: Api) -> Answer:
        connection = await Connection.open(api.port)
        try:
            return await connection.ask(physio, "POST", "/clients", body, Idempotency_Key="new")
        finally:
            connection.close()

    with log.appends_held(installation):
        asking = asyncio.create_task(enrol(victim))
        await eventually(lambda: log.appends_waiting(installation) == 1)
        installation.kill(victim)
        await cut(asking)
        # Its append goes with it, before the lock is free.
        log.rows(installation, _END_APPENDS)
        await eventually(lambda: log.appends_waiting(installation) == 0)
    assert (installation.settings.key_directory / f"{client.id.hex}.key").exists()
    assert all(entry.stream != client.id for entry in log.read(installation))
    first, second = await enrol(survivor), await enrol(survivor)
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    shown = await installation.done(client, "GET", f"/clients/{client.id}")
    assert shown["identity"]["name"] == ANNA["name"]
    log.require_whole(installation)


_END_APPENDS = """
SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
 WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"""


async def test_a_read_is_disclosed_or_not_whenever_the_api_is_killed(
    installation: Installation,
) -> None:
    survivor, before, during, after, half = (
        *await installation.start(1),
        *await installation.start(4, stages.FACTORY),
    )
    s = await scene(installation)

    asking = asyncio.create_task(read(before, s, Test_Stop="before"))
    await installation.until_stopped("before")
    installation.kill(before)
    assert await cut(asking) == b""
    assert disclosures(installation, s) == []

    with log.appends_held(installation):
        asking = asyncio.create_task(read(during, s))
        await eventually(lambda: log.appends_waiting(installation) == 1)
        installation.kill(during)
        assert await cut(asking) == b""
    await eventually(lambda: len(disclosures(installation, s)) == 1)

    asking = asyncio.create_task(read(after, s, Test_Stop="answered"))
    await installation.until_stopped("answered")
    installation.kill(after)
    assert await cut(asking) == b""
    assert len(disclosures(installation, s)) == 2

    asking = asyncio.create_task(read(half, s, Test_Stop="half"))
    await installation.until_stopped("half")
    installation.kill(half)
    assert b"Tandem-Disclosure".lower() in (await cut(asking)).lower()
    assert len(disclosures(installation, s)) == 3

    # Each was released, and of none is it known that it arrived.
    assert outcomes(installation, s) == {}
    log.require_whole(installation)
    assert await states(installation, s) == {"released": True, "sent": "unknown"}

    answered = await read(survivor, s)
    assert answered.status == 200
    await eventually(lambda: outcomes(installation, s) == {answered.disclosure: "completed"})
    assert await states(installation, s) == {"released": True, "sent": "completed"}


async def test_a_reader_who_goes_away_has_not_received_it(installation: Installation) -> None:
    (api,) = await installation.start(1, stages.FACTORY)
    s = await scene(installation)
    connection = await Connection.open(api.port)
    asking = asyncio.create_task(
        connection.ask(s.trainer, "GET", f"/clients/{s.client.id}", Test_Stop="half")
    )
    await installation.until_stopped("half")
    connection.abort()
    await cut(asking)
    (gone,) = await eventually(lambda: disclosures(installation, s))
    await eventually(lambda: outcomes(installation, s) == {gone: "unknown"})
    assert await states(installation, s) == {"released": True, "sent": "unknown"}


def disclosures(installation: Installation, s: Scene) -> list[int]:
    """Positions of what was disclosed to the trainer."""
    return [
        entry.position
        for entry in log.read(installation)
        if isinstance(entry.fact, Disclosed) and entry.fact.reader == s.trainer.id
    ]


def outcomes(installation: Installation, s: Scene) -> dict[int, str]:
    """Disclosure to the trainer → what is known of its transfer."""
    theirs = access_stream(s.client.id, s.trainer.id)
    of_them = [entry.fact for entry in log.read(installation) if entry.stream == theirs]
    sent = [fact for fact in of_them if isinstance(fact, Sent)]
    return {fact.disclosure: fact.outcome for fact in sent}


async def states(installation: Installation, s: Scene) -> dict[str, Any]:
    """What the time machine says of the restriction: released, and sent."""
    auditor = await installation.staff(Discipline.AUDITOR, "Ada Quist")
    path = f"/audit/clients/{s.client.id}/knowledge?reader={s.trainer.id}"
    knowledge = await installation.done(auditor, "GET", path)
    imposed = next(f for f in knowledge["known"] if f["type"] == "restriction.imposed.v1")
    found = imposed["states"]
    return {"released": found["released"] is not None, "sent": found["sent"]["outcome"]}
