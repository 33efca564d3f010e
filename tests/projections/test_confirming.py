"""What readers say of a notification: durable before it is answered, recorded once."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from deploy.migrate import Urls
from domain.access import Acknowledged
from domain.lanes import Category
from domain.notified import NotificationReceived
from domain.practitioner import PractitionerSuspended, Standing
from domain.record import CareRecord
from domain.refused import Refused
from domain.restriction import RestrictionAcknowledged, RestrictionModified
from projections.confirming import Confirming
from projections.knowledge import as_body
from projections.time_machine import knew, moment
from tests.domain.given import KNEE, MASSAGE, PHYSIO, TRAINER
from tests.projections.clinic import Clinic, marked_terms, now, reader
from tests.projections.relayed import Relayed, relaying

pytestmark = pytest.mark.anyio


@pytest.fixture
async def relayed(clinic: Clinic, database: Urls) -> AsyncIterator[Relayed]:
    """The trainer was notified of a restriction that they may read."""
    async with relaying(clinic, database) as made:
        await clinic.grants("trainer", TRAINER, Category.RESTRICTIONS)
        await clinic.restricts()
        await made.relays()
        yield made


async def says(relayed: Relayed, who: UUID = TRAINER.id, **said: Any) -> dict[str, Any]:
    """One request on `ack.<who>`; by default about the trainer's first notification."""
    if "notification" not in said:
        said["notification"] = str((await relayed.notified(TRAINER))[0].notification)
    confirming = Confirming(relayed.clinic.ledger, now)
    answered = orjson.loads(await confirming.acknowledge(who, orjson.dumps(said)))
    assert answered["notification"] == said["notification"]
    return dict(answered)


async def test_a_receipt_is_durable_once_answered_and_recorded_once(relayed: Relayed) -> None:
    answered = await says(relayed, kind="received", device=str(uuid4()))
    head = await relayed.clinic.ledger.log.head()
    assert answered["positions"] == [head]
    assert await says(relayed, kind="received") == answered
    assert await relayed.clinic.ledger.log.head() == head
    access = await relayed.clinic.access(TRAINER)
    (known,) = access.notifications
    assert known.received is not None
    assert known.received.position == head
    fact = (await relayed.clinic.accessed(TRAINER))[-1].fact
    assert isinstance(fact, NotificationReceived)
    assert fact.notified == known.position


async def test_an_acknowledgement_is_in_both_streams_with_the_disclosure_that_showed_it(
    relayed: Relayed,
) -> None:
    seen = (await relayed.clinic.entries())[-1].version
    shown = await relayed.clinic.sees(TRAINER)
    answered = await says(relayed, kind="acknowledged", seen=seen)
    assert len(answered["positions"]) == 3
    record = await relayed.clinic.ledger.refresh(CareRecord, relayed.clinic.client)
    made = record.restrictions.items[KNEE].acknowledged_by(TRAINER.id)
    assert made is not None
    assert (made.seen, made.disclosed_at) == (seen, shown.position)
    access = await relayed.clinic.access(TRAINER)
    ((acknowledged, _),) = access.acknowledgements
    expected = Acknowledged(disclosure=shown.position, item=KNEE, version=seen)
    assert acknowledged == expected
    (known,) = access.notifications
    assert known.received is not None, "who has acknowledged has received"
    assert await says(relayed, kind="acknowledged", seen=seen) == answered


async def test_acknowledged_otherwise_already_there_is_nothing_to_record(
    relayed: Relayed,
) -> None:
    seen = (await relayed.clinic.entries())[-1].version
    await relayed.clinic.told(TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=seen))
    head = await relayed.clinic.ledger.log.head()
    answered = await says(relayed, kind="acknowledged", seen=seen)
    assert (answered["positions"], answered["recorded_at"]) == ([], None)
    assert await relayed.clinic.ledger.log.head() == head


async def refusal(relayed: Relayed, **said: Any) -> str:
    head = await relayed.clinic.ledger.log.head()
    with pytest.raises(Refused) as refused:
        await says(relayed, **said)
    assert await relayed.clinic.ledger.log.head() == head
    return refused.value.code


async def test_only_what_was_displayed_as_it_stands_can_be_acknowledged(
    relayed: Relayed,
) -> None:
    seen = (await relayed.clinic.entries())[-1].version
    modified = RestrictionModified(restriction=KNEE, terms=marked_terms())
    await relayed.clinic.told(PHYSIO, modified)
    assert await refusal(relayed, kind="acknowledged", seen=seen) == "changed-since-seen"
    assert (await says(relayed, kind="acknowledged", seen=seen + 1))["positions"]


async def test_somebody_else_s_notification_is_none(relayed: Relayed) -> None:
    for kind in ({"kind": "received"}, {"kind": "acknowledged", "seen": 1}):
        assert await refusal(relayed, who=MASSAGE.id, **kind) == "unknown-notification"
        unknown = {"notification": str(uuid4())}
        assert await refusal(relayed, **unknown, **kind) == "unknown-notification"


async def test_another_command_s_id_is_no_notification(relayed: Relayed) -> None:
    """The ids of commands and of notifications are of one space: only a `Notified` counts."""
    (told,) = await relayed.notified(TRAINER)
    await says(relayed, kind="received")
    row = "SELECT id FROM ledger.commands ORDER BY last DESC LIMIT 1"
    ((receipt,),) = relayed.listed.rows(row)
    assert receipt != told.notification
    code = await refusal(relayed, notification=str(receipt), kind="received")
    assert code == "unknown-notification"


async def test_whoever_is_suspended_acknowledges_nothing(relayed: Relayed) -> None:
    seen = (await relayed.clinic.entries())[-1].version
    suspended = PractitionerSuspended(reason=Standing.SECURITY)
    await relayed.clinic.staffed(TRAINER, suspended)
    assert await refusal(relayed, kind="acknowledged", seen=seen) == "not-in-good-standing"
    assert (await says(relayed, kind="received"))["positions"], "what they have, they have"


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "acknowledged"},
        {"kind": "received", "seen": 3},
        {"kind": "seen"},
        {"kind": "received", "client": "who"},
    ],
)
async def test_what_is_no_confirmation_is_a_value_error(
    relayed: Relayed, said: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="validation error"):
        await says(relayed, **said)


async def test_knowledge_tells_notified_and_received_apart_from_shown(relayed: Relayed) -> None:
    clinic = relayed.clinic
    imposed = (await clinic.entries())[-1]
    before = await clinic.ledger.log.head()
    answered = await says(relayed, kind="received")
    (notified,) = (await clinic.access(TRAINER)).notifications
    for at, received in ((before, None), (before + 1, answered["positions"][0])):
        cut = await moment(clinic.ledger, at, now())
        knowledge = await knew(clinic.ledger, clinic.client, reader(TRAINER), cut)
        facts = {known.entry.position: as_body(known) for known in knowledge.facts}
        found = facts.pop(imposed.position)
        assert found["notified"]["position"] == notified.position
        assert found["notified"]["must_acknowledge"]
        assert (found["notified"]["received"] or {}).get("position") == received
        assert found["states"]["released"] is None
        assert found["states"]["received"] is None, "a pointer that arrived is no content"
        assert {other["notified"] for other in facts.values()} == {None}
