"""Who has seen my data: every sentence as the client reads it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.access import Channel, Exported, HeldOffline, OfflineCopyWiped
from domain.access import Copy as Form
from domain.actor import Actor
from domain.break_glass import BreakGlassDeclared, Emergency
from domain.lanes import Category
from projections.accesses import accesses_view, day, when
from projections.asking import Ask, NotYours
from projections.people import people
from projections.withdrawal import accesses_of, proof_view
from tests.domain.given import CLIENT, KNEE, PHYSIO, STRANGER, TRAINER, uid
from tests.projections.clinic import Clinic, body, now, reader

pytestmark = pytest.mark.anyio
READS = (Category.IDENTITY, Category.RESTRICTIONS)
EVERYBODY = (PHYSIO, TRAINER, STRANGER, CLIENT)


async def seen_by(clinic: Clinic, before: int | None = None, limit: int = 50) -> Any:
    ids = [person.id for person in EVERYBODY]
    found = await accesses_of(clinic.ledger, clinic.client, ids)
    names = await people(clinic.ledger, ids)
    ask = Ask("accesses", lambda *given: accesses_view(found, names, before, limit, *given))
    return body(await clinic.door.disclose(reader(CLIENT), clinic.client, ask))


async def at(clinic: Clinic, position: int) -> datetime:
    (row,) = await clinic.ledger.log.after(position - 1, until=position, limit=1)
    return row.recorded_at


def test_a_moment_as_a_person_reads_it() -> None:
    moment = datetime(2026, 11, 3, 7, 42, tzinfo=UTC)
    assert when(moment) == "Tue 3 Nov 2026 at 07:42 UTC"
    assert day(moment) == "Tue 3 Nov 2026"


async def test_who_saw_what_when_why_and_by_whose_leave(clinic: Clinic) -> None:
    await clinic.restricts()
    granted = await clinic.grants("to-sam", TRAINER, *READS)
    released = await clinic.sees(TRAINER)
    printed = await clinic.sees(TRAINER, "restriction", item=KNEE, channel=Channel.PRINT)
    first, last = (await seen_by(clinic))["accesses"][::-1]
    allowed = f"You allowed this on {day(await at(clinic, granted))}."
    assert first["sentence"] == (
        "Sam Osei, your trainer at Iron Gym, saw who you are and your restrictions on"
        f" {when(await at(clinic, released.position))}, to plan training. {allowed}"
    )
    assert last["sentence"] == (
        "Sam Osei, your trainer at Iron Gym, saw your right knee restriction on paper on"
        f" {when(await at(clinic, printed.position))}, to plan training. {allowed}"
    )
    assert first["categories"] == [*READS]
    assert (first["position"], first["sent"], first["received"]) == (
        released.position,
        "unknown",
        False,
    )


async def test_the_safety_minimum_broken_glass_and_ones_own_facts(clinic: Clinic) -> None:
    await clinic.restricts()
    await clinic.sees(TRAINER)
    await clinic.sees(PHYSIO)
    declared = BreakGlassDeclared(
        declaration=uid("glass"), reason=Emergency.SAFETY_CHECK, until=now() + timedelta(hours=1)
    )
    await clinic.told(STRANGER, declared)
    await clinic.sees(STRANGER)
    endings = [line["sentence"].split(". ")[-1] for line in (await seen_by(clinic))["accesses"]]
    assert endings == [
        "They declared an emergency; somebody else reviews it.",
        "They had written it themselves.",
        "Whoever trains you sees what keeps you safe, and nothing more.",
    ]


async def test_who_asked_and_saw_nothing_is_told_too(clinic: Clinic) -> None:
    assert await clinic.tries(STRANGER) is None
    (line,) = (await seen_by(clinic))["accesses"]
    assert line["refused"]
    assert line["sentence"] == (
        "Stef Unknown, your physiotherapist asked to see something on"
        f" {when(await at(clinic, line['position']))} and saw nothing."
    )


async def test_newest_first_a_page_at_a_time_without_ones_own(clinic: Clinic) -> None:
    await clinic.grants("to-sam", TRAINER, *READS)
    positions = [(await clinic.sees(TRAINER)).position for _ in range(5)][::-1]
    first = await seen_by(clinic, limit=2)
    second = await seen_by(clinic, before=first["next"], limit=2)
    third = await seen_by(clinic, before=second["next"], limit=2)
    pages = [[line["position"] for line in page["accesses"]] for page in (first, second, third)]
    assert pages == [positions[:2], positions[2:4], positions[4:]]
    assert third["next"] is None
    newest = (await seen_by(clinic, limit=1))["accesses"]
    assert [line["position"] for line in newest] == positions[:1]


async def test_it_is_the_clients_alone_to_see(clinic: Clinic) -> None:
    await clinic.grants("to-priya", PHYSIO, *READS)
    ask = Ask("accesses", lambda *given: accesses_view({}, {}, None, 9, *given))
    with pytest.raises(NotYours):
        await clinic.door.disclose(reader(PHYSIO), clinic.client, ask)


async def proof(clinic: Clinic, consent: UUID) -> Any:
    accesses = await accesses_of(clinic.ledger, clinic.client, [p.id for p in EVERYBODY])
    head = await clinic.ledger.log.head()
    ask = Ask("withdrawal-proof", lambda *given: proof_view(consent, accesses, head, *given))
    return body(await clinic.door.disclose(reader(CLIENT), clinic.client, ask))


async def test_after_withdrawing_the_last_disclosure_and_none_after_it(clinic: Clinic) -> None:
    await clinic.grants("to-sam", TRAINER, *READS)
    await clinic.grants("to-priya", PHYSIO, *READS)
    for person in (TRAINER, PHYSIO):
        await clinic.sees(person)
    last = (await clinic.sees(TRAINER)).position
    ended = await clinic.withdraws("to-sam")
    await clinic.sees(TRAINER)
    found = await proof(clinic, uid("to-sam"))
    assert found["withdrawn_at"] == {
        "position": ended,
        "time": (await at(clinic, ended)).isoformat(),
    }
    assert found["checked_to"] > ended
    (line,) = found["readers"]
    assert line["reader"] == str(TRAINER.id)
    assert (line["disclosures"], line["released_after_withdrawal"]) == (2, 0)
    assert line["last_disclosure"] == {
        "position": last,
        "at": (await at(clinic, last)).isoformat(),
        "view": "chart",
    }
    assert line["outstanding_copies"] == []


async def test_copies_that_may_still_be_out_are_told(clinic: Clinic) -> None:
    await clinic.grants("to-sam", TRAINER, *READS)
    printed, held, wiped, over = [(await clinic.sees(TRAINER)).position for _ in range(4)]
    later, past = now() + timedelta(hours=8), now() - timedelta(hours=1)
    await clinic.noted(
        TRAINER,
        Exported(disclosure=printed, form=Form.PRINT),
        HeldOffline(disclosure=held, until=later),
        HeldOffline(disclosure=wiped, until=later),
        HeldOffline(disclosure=over, until=past),
        OfflineCopyWiped(disclosure=wiped),
    )
    await clinic.withdraws("to-sam")
    (line,) = (await proof(clinic, uid("to-sam")))["readers"]
    assert line["outstanding_copies"] == [
        {"disclosure": printed, "held_until": None, "forms": ["print"]},
        {"disclosure": held, "held_until": later.isoformat(), "forms": []},
    ]


@pytest.mark.parametrize("person", [TRAINER, STRANGER], ids=["not the client", "a stranger"])
async def test_the_proof_is_for_the_client_and_of_a_consent_of_theirs(
    clinic: Clinic, person: Actor
) -> None:
    await clinic.grants("to-sam", TRAINER, *READS)
    ask = Ask("withdrawal-proof", lambda *given: proof_view(uid("to-sam"), {}, 1, *given))
    with pytest.raises(NotYours):
        await clinic.door.disclose(reader(person), clinic.client, ask)
    with pytest.raises(NotYours):
        await proof(clinic, uid("no such consent"))
