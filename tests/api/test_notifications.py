"""What I was told of, over HTTP: caught up with, live, fetched through the door, received."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
import uvicorn

from api import event_stream
from deploy.child import LOOPBACK, free_port
from deploy.issuer import LIFETIME, DemoIssuer
from domain.lanes import Discipline
from projections.pointing import Message
from tests.api.clinic import Clinic, Person, Scene, scene
from tests.faults.waiting import eventually
from workers.relay import Relay

pytestmark = pytest.mark.anyio


async def relays(clinic: Clinic) -> None:
    """Do what the relay would about everything so far."""
    tandem = clinic.tandem
    await clinic.project()
    relay = Relay(clinic.urls.service_url, tandem.ledger, tandem.lists)
    await relay.follow(upto=await tandem.ledger.log.head())


@pytest.fixture
async def told(clinic: Clinic) -> Scene:
    """The trainer has been sent one notification: of a restriction that they may read."""
    made = await scene(clinic)
    await relays(clinic)
    return made


async def lines(told: Scene, who: Person, query: str = "") -> list[dict[str, Any]]:
    found = await told.clinic.done(who, "GET", f"/me/notifications{query}")
    return list(found["notifications"])


async def test_a_line_holds_ids_and_codes_and_leads_through_the_door(told: Scene) -> None:
    (line,) = await lines(told, told.trainer)
    assert line == {
        "sequence": 1,
        "notification": line["notification"],
        "sent_at": line["sent_at"],
        "urgency": "urgent",
        "must_acknowledge": True,
        "received": False,
        "acknowledged": False,
        "href": f"/me/notifications/{line['notification']}",
    }
    answer = await told.clinic.ask(told.trainer, "GET", line["href"])
    assert answer.status_code == 200
    assert "tandem-disclosure" in answer.headers
    assert answer.json()["restriction"] == str(told.restriction)


async def test_the_author_and_strangers_have_none(told: Scene) -> None:
    (line,) = await lines(told, told.trainer)
    stranger = await told.clinic.staff(Discipline.PHYSIOTHERAPIST, "Stef Unknown")
    for other in (told.physio, stranger):
        assert await lines(told, other) == []
        assert (await told.clinic.ask(other, "GET", line["href"])).status_code == 404
        receipt = await told.clinic.ask(other, "POST", f"{line['href']}/receipt", {})
        assert receipt.status_code == 404
    unknown = await told.clinic.ask(told.trainer, "GET", f"/me/notifications/{uuid4()}")
    assert unknown.status_code == 404


async def test_after_a_withdrawal_the_pointer_leads_no_further(told: Scene) -> None:
    (line,) = await lines(told, told.trainer)
    path = f"/clients/{told.client.id}"
    consent = told.consent["ids"]["consent"]
    seen = told.consent["version"]
    withdrawal = f"{path}/consents/{consent}/withdrawal"
    await told.clinic.done(told.client, "POST", withdrawal, {}, seen=seen)
    left = f"{path}/team/{told.trainer.id}/departure"
    await told.clinic.done(told.client, "POST", left, {"reason": "client_asked"})
    assert (await told.clinic.ask(told.trainer, "GET", line["href"])).status_code == 404


async def test_pages_follow_each_other_without_a_gap(told: Scene) -> None:
    for _ in range(4):
        await told.clinic.impose(told.client, told.physio)
    await relays(told.clinic)
    first = await told.clinic.done(told.trainer, "GET", "/me/notifications?limit=2")
    assert [one["sequence"] for one in first["notifications"]] == [1, 2]
    rest = await lines(told, told.trainer, f"?after={first['next']}")
    assert [one["sequence"] for one in rest] == [3, 4, 5]
    end = await told.clinic.done(told.trainer, "GET", "/me/notifications?after=5")
    assert end == {"notifications": [], "next": 5}


async def test_a_receipt_is_recorded_once_and_answered_again(told: Scene) -> None:
    (line,) = await lines(told, told.trainer)
    path = f"{line['href']}/receipt"
    head = await told.clinic.tandem.ledger.log.head()
    first = await told.clinic.done(told.trainer, "POST", path, {"device": str(uuid4())})
    again = await told.clinic.done(told.trainer, "POST", path, {})
    assert first == again
    assert first["positions"] == [head + 1]
    assert await told.clinic.tandem.ledger.log.head() == head + 1
    await told.clinic.project()
    (line,) = await lines(told, told.trainer)
    assert (line["received"], line["acknowledged"]) == (True, False)


async def test_whoever_is_suspended_is_told_nothing(told: Scene) -> None:
    await suspend(told)
    for path in ("/me/notifications", "/me/notifications/stream"):
        answer = await told.clinic.ask(told.trainer, "GET", path)
        assert answer.status_code == 403, path
        assert answer.json()["code"] == "not-in-good-standing"


async def suspend(told: Scene) -> None:
    path = f"/practitioners/{told.trainer.id}/suspension"
    await told.clinic.done(told.clinic.administrator, "POST", path, {"reason": "security"})


@dataclass
class Event:
    """One server-sent event."""

    name: str
    id: str
    data: Any


@asynccontextmanager
async def served(clinic: Clinic) -> AsyncIterator[str]:
    """The application on a real socket: only there does an answer come in pieces."""
    port = free_port()
    config = uvicorn.Config(clinic.app, LOOPBACK, port, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())  # without taking our signals
    await eventually(lambda: server.started)
    try:
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.should_exit = server.force_exit = True
        await task


@asynccontextmanager
async def streaming(
    url: str, who: Person, query: str = "", **headers: str
) -> AsyncIterator[AsyncIterator[Event]]:
    """The events that this person is sent, as they come."""
    sent = who.headers(**{name.replace("_", "-"): value for name, value in headers.items()})
    path = f"{url}/me/notifications/stream{query}"
    async with (
        httpx.AsyncClient(timeout=20) as http,
        http.stream("GET", path, headers=sent) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[Event]:
    found: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(":")
        if line and name:
            found[name] = value.strip()
        elif not line and "event" in found:
            data = orjson.loads(found["data"])
            yield Event(found["event"], found.get("id", ""), data)
            found = {}


async def test_they_come_as_they_are_sent_and_nothing_else_is_in_them(told: Scene) -> None:
    async with (
        served(told.clinic) as url,
        streaming(url, told.trainer) as events,
        asyncio.timeout(20),
    ):
        first = await anext(events)
        assert (first.name, first.id) == ("notification", "1")
        imposed = await told.clinic.impose(told.client, told.physio)
        await relays(told.clinic)
        second = await anext(events)
        assert second.id == "2"
        message = Message.model_validate(second.data)
        assert message.data.sequence == 2
        text = orjson.dumps(second.data).decode()
        for secret in (str(told.client.id), imposed["ids"]["restriction"], "knee", "restriction"):
            assert secret not in text


async def test_broken_off_it_goes_on_where_it_was(told: Scene) -> None:
    for _ in range(2):
        await told.clinic.impose(told.client, told.physio)
    await relays(told.clinic)
    async with served(told.clinic) as url, asyncio.timeout(20):
        async with streaming(url, told.trainer, Last_Event_ID="2") as events:
            assert (await anext(events)).id == "3"
        async with streaming(url, told.trainer, "?after=1") as events:
            assert [(await anext(events)).id, (await anext(events)).id] == ["2", "3"]


async def test_it_ends_with_the_reader_s_standing(told: Scene) -> None:
    async with (
        served(told.clinic) as url,
        streaming(url, told.trainer, "?after=1") as events,
        asyncio.timeout(20),
    ):
        await suspend(told)
        ended = await anext(events)
        assert (ended.name, ended.data) == ("closed", {"code": "not-in-good-standing"})
        assert await anext(events, None) is None


async def test_it_ends_with_the_token(told: Scene) -> None:
    trainer = told.trainer
    issued = datetime.now(UTC)
    issuer = DemoIssuer(told.clinic.tandem.settings)
    ends = issued + timedelta(seconds=2)
    token = issuer.issue(trainer.id, trainer.acting_as, ends - LIFETIME)
    short = Person(trainer.id, trainer.acting_as, token)
    async with (
        served(told.clinic) as url,
        streaming(url, short, "?after=1") as events,
        asyncio.timeout(20),
    ):
        ended = await anext(events)
        assert (ended.name, ended.data) == ("closed", {"code": "token-expired"})
        assert datetime.now(UTC) >= ends.replace(microsecond=0)


async def test_silence_is_broken(told: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    path = "/me/notifications/stream?after=1"
    async with (
        served(told.clinic) as url,
        httpx.AsyncClient(timeout=20) as http,
        http.stream("GET", f"{url}{path}", headers=told.trainer.headers()) as answer,
    ):
        lines = answer.aiter_lines()
        found = [await anext(lines) for _ in range(6)]
    assert found.count(": ") >= 2


async def test_asked_for_its_head_it_ends_at_once(told: Scene) -> None:
    async with asyncio.timeout(20):
        answer = await told.clinic.ask(told.trainer, "HEAD", "/me/notifications/stream")
    assert answer.status_code == 200
    assert answer.content == b""


async def test_a_last_event_id_is_a_sequence_number(told: Scene) -> None:
    answer = await told.clinic.ask(
        told.trainer, "GET", "/me/notifications/stream", Last_Event_ID="latest"
    )
    assert answer.status_code == 422
