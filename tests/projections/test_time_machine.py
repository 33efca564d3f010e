"""Who knew what and when: five states of each fact, each with its own time and evidence."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.access import Acknowledged, Outcome, Received, Sent
from domain.actor import Actor
from domain.lanes import Category
from domain.record import CareRecord
from domain.restriction import (
    RestrictionAcknowledged,
    RestrictionCorrected,
    RestrictionRetracted,
)
from projections.asking import Ask
from projections.sheet import NothingToShow
from projections.time_machine import (
    accounted,
    differences,
    knew,
    knowers,
    knowledge_view,
    moment,
    reader_of,
)
from tests.domain.given import AUDITOR, CLIENT, COORDINATOR, KNEE, MASSAGE, PHYSIO, TRAINER, uid
from tests.projections.clinic import MARKERS, Clinic, body, imposed, marked_terms, now, reader

pytestmark = pytest.mark.anyio
READS = (Category.IDENTITY, Category.RESTRICTIONS)
STATES = ("available", "released", "sent", "received", "acknowledged")


async def knowledge(clinic: Clinic, who: Actor, at: datetime | int | None = None) -> Any:
    cut = await moment(clinic.ledger, at, now())
    return knowledge_view(await knew(clinic.ledger, clinic.client, reader(who), cut))


async def states(clinic: Clinic, position: int, at: datetime | int | None = None) -> Any:
    found = await knowledge(clinic, TRAINER, at)
    return next(
        fact["states"]
        for fact in (*found["known"], *found["true_and_not_shown"])
        if fact["position"] == position
    )


async def time_of(clinic: Clinic, position: int) -> str:
    (row,) = await clinic.ledger.log.after(position - 1, until=position, limit=1)
    return row.recorded_at.isoformat()


async def acknowledges(clinic: Clinic, disclosure: int) -> int:
    """The trainer acknowledges the knee as it is now; the position of that."""
    record = await clinic.ledger.refresh(CareRecord, clinic.client)
    seen = record.restrictions.items[KNEE].version
    await clinic.told(TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=seen))
    fact = Acknowledged(disclosure=disclosure, item=KNEE, version=seen)
    (position,) = await clinic.noted(TRAINER, fact)
    return position


async def test_five_states_each_with_its_own_time_and_evidence(clinic: Clinic) -> None:
    item = await clinic.restricts()
    granted = await clinic.grants("to-sam", TRAINER, *READS)
    released = (await clinic.sees(TRAINER)).position
    (sent,) = await clinic.noted(TRAINER, Sent(disclosure=released, outcome=Outcome.COMPLETED))
    (received,) = await clinic.noted(TRAINER, Received(disclosure=released))
    again = (await clinic.sees(TRAINER)).position
    acknowledged = await acknowledges(clinic, released)

    expected = dict.fromkeys(STATES)
    steps = [item, granted, released, sent, received, acknowledged]
    filled = {
        item: {"available"},
        released: {"available", "released", "sent"},
        received: {"available", "released", "sent", "received"},
        acknowledged: set(STATES),
    }
    for position in steps:
        found = await states(clinic, item, position)
        if position in filled:
            assert {name for name in expected if found[name]} == filled[position]
    assert (await states(clinic, item, released))["sent"]["outcome"] == "unknown"

    found = await states(clinic, item)
    spans = found["available"]["spans"]
    assert [span["rule"] for span in spans] == ["safety_minimum", "consent"]
    assert spans[1]["since"] == await time_of(clinic, granted)
    assert spans[1]["reference"] == str(uid("to-sam"))
    assert found["available"]["now"]
    assert found["released"] == {
        "at": await time_of(clinic, released),
        "disclosure": released,
        "basis": {
            "rule": "consent",
            "reference": str(uid("to-sam")),
            "consent": str(uid("to-sam")),
        },
        "last_at": await time_of(clinic, again),
        "last_disclosure": again,
        "times": 2,
    }
    at = await time_of(clinic, sent)
    assert found["sent"] == {"outcome": "completed", "at": at, "disclosure": released}
    assert found["received"] == {"at": await time_of(clinic, received), "disclosure": released}
    assert found["acknowledged"] == {
        "at": await time_of(clinic, acknowledged),
        "position": acknowledged,
        "version": 7,
        "disclosure": released,
        "void": False,
    }


async def test_beside_what_was_known_what_was_true_and_not_shown(clinic: Clinic) -> None:
    shown = await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *READS)
    await clinic.sees(TRAINER)
    later = await clinic.restricts(uid("hip"))
    found = await knowledge(clinic, TRAINER)
    known = {fact["position"] for fact in found["known"]}
    unseen = {fact["position"] for fact in found["true_and_not_shown"]}
    assert shown in known
    assert later in unseen
    assert known | unseen == {entry.position for entry in await clinic.entries()}
    assert not known & unseen


async def test_whoever_wrote_it_had_it(clinic: Clinic) -> None:
    position = await clinic.restricts()
    found = await knowledge(clinic, PHYSIO)
    (fact,) = [fact for fact in found["known"] if fact["position"] == position]
    assert fact["authored_by_reader"]
    assert fact["states"]["released"] is None


async def test_an_account_says_nothing_of_what_the_facts_said(clinic: Clinic) -> None:
    await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *READS)
    await clinic.sees(TRAINER)
    text = str(await knowledge(clinic, TRAINER))
    assert not [mark for mark in MARKERS.values() if mark in text]


@pytest.mark.parametrize("how", ["corrected", "retracted"])
async def test_a_correction_or_retraction_voids_what_was_acknowledged(
    clinic: Clinic, how: str
) -> None:
    item = await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *READS)
    acknowledged = await acknowledges(clinic, (await clinic.sees(TRAINER)).position)
    fact = (
        RestrictionCorrected(restriction=KNEE, terms=marked_terms(), reason="The other knee.")
        if how == "corrected"
        else RestrictionRetracted(restriction=KNEE, reason="Another client's.")
    )
    (ended,) = await clinic.told(PHYSIO, fact)
    assert (await states(clinic, item, ended - 1))["acknowledged"]["void"] is False
    found = (await states(clinic, item))["acknowledged"]
    assert (found["void"], found["position"]) == (True, acknowledged)


async def test_what_is_acknowledged_anew_stands(clinic: Clinic) -> None:
    await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *READS)
    await acknowledges(clinic, (await clinic.sees(TRAINER)).position)
    corrected = RestrictionCorrected(restriction=KNEE, terms=marked_terms(), reason="Wrong.")
    (position,) = await clinic.told(PHYSIO, corrected)
    assert (await states(clinic, position))["acknowledged"] is None
    again = await acknowledges(clinic, (await clinic.sees(TRAINER)).position)
    found = (await states(clinic, position))["acknowledged"]
    assert (found["void"], found["position"]) == (False, again)


async def test_a_moment_is_a_position_a_time_or_now(clinic: Clinic) -> None:
    item = await clinic.restricts()
    head = await clinic.ledger.log.head()
    time = datetime.fromisoformat(await time_of(clinic, item))
    later = now() + timedelta(days=1)
    cuts = [
        await moment(clinic.ledger, at, later)
        for at in (item, time, time - timedelta(microseconds=1), None, head + 9, 0)
    ]
    assert [cut.position for cut in cuts] == [item, item, item - 1, head, head, 0]
    assert [cut.time for cut in cuts[:2]] == [time, time]
    assert [cut.time for cut in cuts[3:5]] == [later, later]
    present = now()
    ahead = await moment(clinic.ledger, present + timedelta(days=1), present)
    assert (ahead.position, ahead.time) == (head, present), "what is to come is not known"
    assert await knowledge(clinic, TRAINER, item) == await knowledge(clinic, TRAINER, time)


async def test_who_has_known_one_fact(clinic: Clinic) -> None:
    item = await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *READS)
    released = await clinic.sees(TRAINER)
    cut = await moment(clinic.ledger, None, now())
    everybody = [reader(who) for who in (PHYSIO, TRAINER, MASSAGE, COORDINATOR, CLIENT)]
    found = await knowers(clinic.ledger, clinic.client, item, everybody, cut)
    by = {line["reader"]: line for line in found["knowers"]}
    assert by.keys() == {str(PHYSIO.id), str(TRAINER.id), str(CLIENT.id)}
    assert by[str(PHYSIO.id)]["authored"]
    assert by[str(TRAINER.id)]["states"]["released"]["disclosure"] == released.position
    assert by[str(CLIENT.id)]["states"]["released"] is None
    with pytest.raises(NothingToShow):
        await knowers(clinic.ledger, clinic.client, released.position, everybody, cut)


async def test_two_instants_and_two_readers_side_by_side(clinic: Clinic) -> None:
    item = await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *READS)
    released = await clinic.sees(TRAINER)
    before = await moment(clinic.ledger, released.position - 1, now())
    after = await moment(clinic.ledger, None, now())
    one, other = [
        await knew(clinic.ledger, clinic.client, reader(TRAINER), cut) for cut in (before, after)
    ]
    found = differences(one, other)
    differing = {line["position"]: line for line in found["differences"]}
    assert differing.keys() == {(await clinic.entries())[0].position, item}
    assert differing[item]["one"]["released"] is None
    assert differing[item]["other"]["released"]["disclosure"] == released.position
    assert differences(other, other)["differences"] == []
    physio = await knew(clinic.ledger, clinic.client, reader(PHYSIO), after)
    sides = differences(other, physio)
    assert [sides[side]["reader"] for side in ("one", "other")] == [str(TRAINER.id), str(PHYSIO.id)]
    assert item in {line["position"] for line in sides["differences"]}


async def test_in_which_discipline_a_reader_is_asked_about(clinic: Clinic) -> None:
    found = await reader_of(clinic.ledger, clinic.client, TRAINER.id, None)
    assert found == reader(TRAINER)
    assert (await reader_of(clinic.ledger, clinic.client, clinic.client, None)) == reader(CLIENT)
    with pytest.raises(NothingToShow):
        await reader_of(clinic.ledger, clinic.client, uid("nobody"), None)


async def test_an_account_leaves_through_the_door_and_names_who_is_in_it(clinic: Clinic) -> None:
    found = await knowledge(clinic, TRAINER)
    ask = Ask("knowledge", lambda *given: accounted(found, *given), accounting=True)
    released = await clinic.door.disclose(reader(AUDITOR), clinic.client, ask)
    assert body(released)["people"][str(TRAINER.id)]["name"] == "Sam Osei"
    assert len(await clinic.disclosed(AUDITOR)) == 1


async def test_of_an_erased_client_it_still_answers_and_the_content_is_gone(
    clinic: Clinic,
) -> None:
    item = await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *READS)
    released = await clinic.sees(TRAINER)
    acknowledged = await acknowledges(clinic, released.position)
    clinic.keys.destroy(clinic.client)
    clinic.ledger.forget(clinic.client)
    found = await states(clinic, item)
    assert found["released"]["disclosure"] == released.position
    assert found["acknowledged"]["position"] == acknowledged
    assert found["acknowledged"]["void"] is None, "that cannot be told any more"
    whole = await knowledge(clinic, TRAINER)
    assert {fact["category"] for fact in whole["known"]} == {None}
    ask = Ask("knowledge", lambda *given: accounted(whole, *given), accounting=True)
    assert (await clinic.door.disclose(reader(AUDITOR), clinic.client, ask)).body


async def rows_read(clinic: Clinic) -> int:
    """Lines of the log that are read to answer what the trainer knew."""
    total = 0
    stream = clinic.ledger.log.stream

    async def counted(*given: Any, **how: Any) -> Any:
        nonlocal total
        rows = await stream(*given, **how)
        total += len(rows)
        return rows

    with pytest.MonkeyPatch.context() as counting:
        counting.setattr(clinic.ledger.log, "stream", counted)
        await knowledge(clinic, TRAINER)
    return total


async def test_what_it_reads_does_not_grow_with_the_log(clinic: Clinic) -> None:
    await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *READS)
    await clinic.sees(TRAINER)
    before = await rows_read(clinic)
    other = Clinic(clinic.ledger, clinic.keys, client=uid("another"))
    for number in range(50):
        await other.told(COORDINATOR, *[imposed(uid(f"item {number} {n}")) for n in range(20)])
    assert await rows_read(clinic) == before
