"""Deciding: on the state as known, again when it has moved, and once only for each command."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.migrate import Urls
from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Discipline
from domain.ledger.command import (
    Appended,
    Command,
    Conflict,
    Conflicted,
    Guard,
    LedgerUnavailable,
    NewEvent,
)
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from domain.ledger.log import Log
from domain.practitioner import PractitionerRecord, PractitionerSuspended, Standing
from domain.refused import Refused
from tests.domain.ledger.decisions import add, decide, nothing
from tests.domain.ledger.direct import command, event
from tests.domain.ledger.facts import noted

pytestmark = pytest.mark.anyio


class Counted(Log):
    """Counts round trips for reading."""

    reads = 0

    async def _rows(self, query: str, arguments: Sequence[object]) -> list[tuple[object, ...]]:
        self.reads += 1
        return await super()._rows(query, arguments)


@pytest.fixture
async def counted(database: Urls, ledger: Ledger) -> Counted:
    await ledger.log.close()
    ledger.log = await Counted(database.service_url).open()
    return ledger.log


async def test_a_decision_becomes_facts_of_its_stream(ledger: Ledger) -> None:
    id = uuid4()
    decided = await decide(ledger, id, lambda _: [noted("bike"), noted("bike", "mat")])
    assert decided.appended is not None
    assert decided.appended.positions == (1, 2)
    assert decided.facts == (noted("bike"), noted("bike", "mat"))
    assert (decided.state.version, decided.state.position) == (2, 2)
    assert decided.state.equipment == ("bike", "mat")


async def test_what_is_folded_after_deciding_is_what_reading_back_gives(
    ledger: Ledger, elsewhere: Ledger
) -> None:
    id = uuid4()
    suspension = PractitionerSuspended(reason=Standing.COMPLAINT)
    for fact in (noted("bike"), suspension, noted("mat")):
        decided = await decide(ledger, id, fact)
        assert await elsewhere.read(PractitionerRecord, id) == decided.state
        assert await ledger.known(PractitionerRecord, id) == decided.state


async def test_a_hot_stream_is_decided_in_one_round_trip(ledger: Ledger, counted: Counted) -> None:
    id = uuid4()
    await decide(ledger, id, add("bike"))
    counted.reads = 0
    for item in "abc":
        await decide(ledger, id, add(item))
    assert counted.reads == 0
    await ledger.known(PractitionerRecord, id)
    assert counted.reads == 0
    await ledger.refresh(PractitionerRecord, id)
    assert counted.reads == 1


async def test_whoever_was_overtaken_decides_again(ledger: Ledger, elsewhere: Ledger) -> None:
    id = uuid4()
    await decide(ledger, id, add("bike"))
    await decide(elsewhere, id, add("mat"))
    decided = await decide(ledger, id, add("band"))
    assert decided.state.equipment == ("bike", "mat", "band")


async def test_a_refusal_by_a_state_that_is_behind_is_looked_at_again(
    ledger: Ledger, elsewhere: Ledger
) -> None:
    id = uuid4()
    await decide(ledger, id, add("bike"))
    await decide(elsewhere, id, noted())
    assert (await decide(ledger, id, add("bike"))).state.equipment == ("bike",)
    with pytest.raises(Refused, match="already-noted"):
        await decide(ledger, id, add("bike"))


async def test_no_facts_from_a_state_that_is_behind_are_looked_at_again(
    ledger: Ledger, elsewhere: Ledger
) -> None:
    def clear(record: PractitionerRecord) -> list[Fact]:
        return [noted()] if record.equipment else []

    id = uuid4()
    await decide(ledger, id, noted())
    await decide(elsewhere, id, add("bike"))
    assert (await decide(ledger, id, clear)).facts == (noted(),)
    idle = await decide(ledger, id, clear)
    assert (idle.appended, idle.facts, idle.state.version) == (None, (), 3)


async def test_a_record_that_never_stops_moving_is_given_up(
    ledger: Ledger, elsewhere: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = uuid4()
    await decide(ledger, id, noted())
    seen: list[int] = []
    append = ledger.writer.append

    async def append_too_late(late: Command) -> Appended:
        await decide(elsewhere, id, noted("theirs"))
        return await append(late)

    def decision(record: PractitionerRecord) -> list[Fact]:
        seen.append(record.version)
        return [noted("ours")]

    monkeypatch.setattr(ledger.writer, "append", append_too_late)
    with pytest.raises(Conflicted) as conflicted:
        await decide(ledger, id, decision)
    assert conflicted.value.conflict is Conflict.VERSION
    assert seen == [1, 2, 3, 4, 5]


async def test_a_repeated_command_gives_its_first_result(ledger: Ledger, elsewhere: Ledger) -> None:
    id, command_id = uuid4(), uuid4()
    first = await decide(ledger, id, add("bike"), command_id=command_id)
    later = await decide(ledger, id, add("mat"))
    # By the process that appended it, by one that knows nothing, and by a decision that would
    # give something else, refuse, or give nothing now.
    for process in (ledger, elsewhere):
        for decision in (add("bike"), add("else"), nothing):
            again = await decide(process, id, decision, command_id=command_id)
            assert again.appended is not None
            assert first.appended is not None
            assert again.appended.replayed
            assert again.appended.positions == first.appended.positions
            assert again.appended.recorded_at == first.appended.recorded_at
            assert again.facts == first.facts
            assert again.state == later.state
    assert await ledger.log.head() == 2


async def test_a_command_id_is_for_one_request(ledger: Ledger) -> None:
    id, command_id = uuid4(), uuid4()
    await decide(ledger, id, add("bike"), command_id=command_id, request=b"one")
    for decision in (add("mat"), add("bike")):
        with pytest.raises(Conflicted) as conflicted:
            await decide(ledger, id, decision, command_id=command_id, request=b"two")
        assert conflicted.value.conflict is Conflict.KEY_REUSED


async def test_the_actors_standing_is_guarded(ledger: Ledger, elsewhere: Ledger) -> None:
    me, other = uuid4(), uuid4()
    await decide(ledger, me, noted())
    actor = Actor(me, Discipline.PHYSIOTHERAPIST, version=1)
    await decide(ledger, other, noted("a"), actor=actor)
    await decide(elsewhere, me, PractitionerSuspended(reason=Standing.COMPLAINT))
    with pytest.raises(Conflicted) as conflicted:
        await decide(ledger, other, noted("b"), actor=actor)
    assert conflicted.value.conflict is Conflict.GUARD


async def test_nothing_is_decided_on_a_standing_that_has_ended(ledger: Ledger) -> None:
    ended = Actor(uuid4(), Discipline.ADMINISTRATOR, not_after=datetime.now(UTC))
    later = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(Conflicted) as conflicted:
        await decide(ledger, uuid4(), noted(), actor=ended, not_after=later)
    assert conflicted.value.conflict is Conflict.EXPIRED


async def test_guards_and_events_of_other_streams_go_with_the_facts(ledger: Ledger) -> None:
    id, access, consulted = uuid4(), uuid4(), uuid4()
    extra = NewEvent(access, None, "x", b"")
    more: dict[str, Any] = {"extra_events": [extra], "extra_guards": [Guard(consulted, 0)]}
    decided = await decide(ledger, id, noted(), **more)
    assert decided.appended is not None
    assert len(decided.appended.positions) == 2
    assert decided.state.version == 1
    assert [row.topic for row in await ledger.log.stream(access)] == ["x"]
    await ledger.append(command(event(consulted, 1)))
    with pytest.raises(Conflicted):
        await decide(ledger, id, noted(), **more)


async def test_concurrent_decisions_in_one_process_take_turns(
    ledger: Ledger, counted: Counted
) -> None:
    id = uuid4()
    await decide(ledger, id, noted())
    counted.reads = 0
    items = [str(n) for n in range(30)]
    await asyncio.gather(*(decide(ledger, id, add(item)) for item in items))
    record = await ledger.known(PractitionerRecord, id)
    assert sorted(record.equipment) == sorted(items)
    assert counted.reads == 0, "nobody had to look again"
    assert len(ledger._turns) == 0


async def test_a_caller_that_gives_up_passes_its_turn_on(ledger: Ledger) -> None:
    id = uuid4()
    tasks = [asyncio.create_task(decide(ledger, id, add(str(n)))) for n in range(5)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    record = await ledger.refresh(PractitionerRecord, id)
    assert {"1", "3", "4"} <= set(record.equipment)
    assert len(ledger._turns) == 0


async def test_a_decision_race_between_processes_loses_nothing(
    ledger: Ledger, elsewhere: Ledger
) -> None:
    id = uuid4()
    await decide(ledger, id, noted())

    async def one(process: Ledger, item: str) -> None:
        overtaken = True
        while overtaken:
            try:
                await decide(process, id, add(item))
                overtaken = False
            except Conflicted as conflicted:
                overtaken = conflicted.conflict is Conflict.VERSION

    items = [str(n) for n in range(60)]
    await asyncio.gather(*(one((ledger, elsewhere)[int(item) % 2], item) for item in items))
    record = await ledger.refresh(PractitionerRecord, id)
    assert sorted(record.equipment) == sorted(items)
    assert record.version == 61
    assert record == await elsewhere.refresh(PractitionerRecord, id)


async def test_after_closing_nothing_is_decided(database: Urls, keys: KeyRing) -> None:
    ledger = await Ledger.open(database.service_url, keys)
    await ledger.close()
    with pytest.raises(LedgerUnavailable):
        await decide(ledger, uuid4(), noted())
