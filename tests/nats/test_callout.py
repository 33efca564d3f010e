"""Who gets in to NATS, and that a reader gets at what is theirs and nothing else."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import nats
import pytest

from deploy.issuer import LIFETIME, DemoIssuer
from deploy.nats_accounts import DOMAIN
from deploy.nats_callout import ASKED
from deploy.nats_streams import STREAM, ensure_stream
from domain.lanes import Discipline
from tests.api.clinic import Person
from tests.nats.desk import Desk, Line, is_refused

pytestmark = pytest.mark.anyio

API = f"$JS.{DOMAIN}.API"


def expiring(desk: Desk, who: Person, left: timedelta) -> Person:
    """The same person with a token that has so much time left."""
    issued = datetime.now(UTC) - LIFETIME + left
    token = DemoIssuer(desk.settings).issue(who.id, who.acting_as, issued)
    return Person(who.id, who.acting_as, token)


async def test_a_trainer_with_their_token_receives_what_is_theirs_and_answers(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    sams = await desk.connect(sam)
    await desk.publish(sam, b"a pointer")
    assert await sams.pull() == b"a pointer"
    answer = await sams.client.request(f"ack.{sam.id}", b"understood", timeout=5)
    assert answer.data == b'{"durable": true}'
    assert desk.said == [(sam.id, b"understood")]


async def test_what_was_published_before_the_first_connection_is_delivered(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    await ensure_stream(desk.js)
    await desk.publish(sam, b"an early pointer")
    assert await (await desk.connect(sam)).pull() == b"an early pointer"


def forbidden_to_publish(own: str, other: str) -> Iterator[str]:
    yield from (f"care.{own}", f"care.{other}", f"ack.{other}", "ack.x", "anything")
    for api in ("$JS.API", API):
        for question in ("MSG.NEXT", "INFO"):
            yield f"{api}.CONSUMER.{question}.{STREAM}.{other}"
        for question in ("CREATE", "DURABLE.CREATE"):
            yield f"{api}.CONSUMER.{question}.{STREAM}.{own}"
            yield f"{api}.CONSUMER.{question}.{STREAM}.{own}.care.{other}"
        yield f"{api}.CONSUMER.CREATE.{STREAM}"
        for question in ("DELETE", "PAUSE", "UNPIN"):
            yield f"{api}.CONSUMER.{question}.{STREAM}.{own}"
        for question in ("LIST", "NAMES"):
            yield f"{api}.CONSUMER.{question}.{STREAM}"
            yield f"{api}.STREAM.{question}"
        for question in ("INFO", "CREATE", "UPDATE", "DELETE", "PURGE", "MSG.GET", "MSG.DELETE"):
            yield f"{api}.STREAM.{question}.{STREAM}"
        yield from (f"{api}.DIRECT.GET.{STREAM}", f"{api}.DIRECT.GET.{STREAM}.care.{other}")
        yield from (f"{api}.INFO", f"{api}.SERVER.REMOVE", f"{api}.ACCOUNT.PURGE.TANDEM")
    yield f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{own}"
    yield f"$JS.ACK.{STREAM}.{other}.1.1.1.1.1"
    yield from (ASKED, "$SYS.REQ.USER.INFO", "$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.TANDEM.INFO")
    yield from (f"_INBOX_{other}.x", f"_INBOX_{own}.x", "_INBOX.x", "_R_.x")


def forbidden_to_hear(own: str, other: str) -> Iterator[str]:
    yield from (">", "*", "*.>", "care.>", "care.*", f"care.{own}", f"care.{other}")
    yield from ("ack.*", f"ack.{own}", f"ack.{other}", "$JS.>", "$JS.EVENT.>", "$SYS.>", "_R_.>")
    yield from ("_INBOX.>", f"_INBOX_{other}.>", f"_INBOX_{other}.x", "*.x", ASKED)


async def test_everything_else_is_refused(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    priya = await desk.clinic.staff(Discipline.PHYSIOTHERAPIST)
    await desk.connect(priya)
    sams, own, other = await desk.connect(sam), str(sam.id), str(priya.id)
    for to in forbidden_to_publish(own, other):
        assert await sams.refused_to_publish(to), to
    for to in forbidden_to_hear(own, other):
        assert await sams.refused_to_hear(to), to
    assert desk.said == []


async def test_an_answer_sent_astray_reaches_nobody(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    priya = await desk.clinic.staff(Discipline.PHYSIOTHERAPIST)
    priyas, sams = await desk.connect(priya), await desk.connect(sam)
    for number in range(6):
        await desk.publish(sam, b"for Sam %d" % number)
    questions = [
        (f"{API}.CONSUMER.MSG.NEXT.{STREAM}.{sam.id}", b'{"batch": 1, "no_wait": true}'),
        (f"{API}.CONSUMER.INFO.{STREAM}.{sam.id}", b""),
        (f"ack.{sam.id}", b"understood"),
    ]
    for astray in (f"care.{priya.id}", f"ack.{priya.id}", f"{API}.STREAM.PURGE.CARE"):
        for question, body in questions:
            await sams.client.publish(question, body, reply=astray)
    await _answered_everything(sams)
    assert {reader for reader, _ in desk.said} == {sam.id}
    assert (await desk.js.stream_info(STREAM)).state.messages == 6
    with pytest.raises(nats.errors.TimeoutError):
        await priyas.pull(within=0.5)


async def _answered_everything(line: Line) -> None:
    """Requests of one connection are answered in turn: once this is, those before it are."""
    await line.client.request(f"{API}.CONSUMER.INFO.{STREAM}.{line.reader.id}", b"", timeout=5)
    await line.client.request(f"ack.{line.reader.id}", b"the last one", timeout=5)


async def test_whoever_is_not_known_here_does_not_get_in(desk: Desk) -> None:
    assert await is_refused(desk, desk.clinic.person(Discipline.TRAINER))
    assert await is_refused(desk, desk.clinic.person(Discipline.CLIENT))


async def test_a_client_gets_in(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.PHYSIOTHERAPIST)
    client = await desk.clinic.client_of(sam)
    line = await desk.connect(client)
    await desk.publish(client, b"for the client")
    assert await line.pull() == b"for the client"


async def test_a_token_that_the_api_would_not_believe_is_refused(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    forged = Person(sam.id, sam.acting_as, sam.token[:-8] + "AAAAAAAA")
    expired = expiring(desk, sam, timedelta(seconds=-1))
    for token in (forged, expired, Person(sam.id, sam.acting_as, "x" * 9000)):
        assert await is_refused(desk, token)
    assert not await is_refused(desk, sam)


async def test_no_token_is_ever_logged(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    await desk.connect(sam)
    forged = sam.token[:-8] + "AAAAAAAA"
    assert await is_refused(desk, Person(sam.id, sam.acting_as, forged))
    logged = desk.server.log.read_text()
    assert "token-not-believed" in logged
    assert not any(part in logged for part in sam.token.split("."))


async def test_a_discipline_that_is_not_held_is_refused(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    assert await is_refused(desk, desk.clinic.person(Discipline.COORDINATOR, sam.id))


async def test_whoever_is_suspended_does_not_get_in(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    assert not await is_refused(desk, sam)
    await desk.clinic.done(
        desk.clinic.administrator,
        "POST",
        f"/practitioners/{sam.id}/suspension",
        {"reason": "complaint"},
        seen=1,
    )
    assert await is_refused(desk, sam)


async def test_when_the_token_expires_the_connection_ends(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    line = await desk.connect(expiring(desk, sam, timedelta(seconds=3)))
    await asyncio.wait_for(line.closed.wait(), 20)
    assert "expired" in str(line.client.last_error).lower()


async def test_without_the_callout_nobody_new_gets_in_and_others_stay(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    line = await desk.connect(sam)
    await desk.callout.close()
    assert await is_refused(desk, sam)
    await desk.publish(sam, b"still told")
    assert await line.pull() == b"still told"


async def test_a_wiped_stream_is_made_again_for_whoever_connects(desk: Desk) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    await desk.connect(sam)
    await desk.js.delete_stream(STREAM)
    line = await desk.connect(sam)
    await desk.publish(sam, b"published again")
    assert await line.pull() == b"published again"
