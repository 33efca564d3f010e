"""Reading: at any moment, and what is left to read once the key is gone."""

from uuid import uuid4

import pytest

from domain.entry import Erased
from domain.fact import Fact
from domain.ledger.keys import KeyMissing
from domain.ledger.ledger import Ledger, Version
from domain.practitioner import PractitionerRecord
from domain.refused import Refused
from tests.domain.ledger.decisions import add, decide
from tests.domain.ledger.direct import command, event
from tests.domain.ledger.facts import noted

pytestmark = pytest.mark.anyio


async def test_a_key_is_minted_with_the_first_fact_and_not_before(ledger: Ledger) -> None:
    id = uuid4()

    def refuse(_: PractitionerRecord) -> list[Fact]:
        raise Refused("no")

    with pytest.raises(Refused):
        await decide(ledger, id, refuse)
    assert (await ledger.read(PractitionerRecord, id)).version == 0
    with pytest.raises(KeyMissing):
        ledger.keys.store.unwrap(id)
    await decide(ledger, id, noted())
    ledger.keys.store.unwrap(id)


async def test_an_erased_record_is_read_as_erased_and_never_decided_on(
    ledger: Ledger, elsewhere: Ledger
) -> None:
    id = uuid4()
    await decide(ledger, id, noted("bike"))
    await elsewhere.read(PractitionerRecord, id)
    ledger.keys.destroy(id)
    elsewhere.keys.forget(id)  # its lease has ended
    for process in (ledger, elsewhere):
        for read in (process.known, process.refresh, process.read):
            record = await read(PractitionerRecord, id)
            assert record.erased
            assert record.equipment == ()
        with pytest.raises(Refused, match="erased"):
            await decide(process, id, noted())
    (entry,) = await ledger.entries(await ledger.log.stream(id))
    assert entry.fact == Erased(noted().type)
    assert await ledger.log.head() == 1


async def test_a_stream_whose_subject_was_erased_before_its_first_fact_stays_empty(
    ledger: Ledger,
) -> None:
    id = uuid4()
    ledger.keys.destroy(id)
    with pytest.raises(Refused, match="erased"):
        await decide(ledger, id, noted())
    assert await ledger.log.head() == 0


async def test_any_moment_is_read_from_what_is_known_or_from_the_start(
    ledger: Ledger, elsewhere: Ledger
) -> None:
    id = uuid4()
    states, times = [PractitionerRecord(id)], []
    for item in "abcde":
        decided = await decide(ledger, id, add(item))
        assert decided.appended is not None
        states.append(decided.state)
        times.append(decided.appended.recorded_at)
        await ledger.append(command(event(uuid4(), 1)))
    for process in (ledger, elsewhere):
        for version, state in enumerate(states):
            assert await process.read(PractitionerRecord, id, Version(version)) == state
            assert await process.read(PractitionerRecord, id, 2 * version) == state
        for time, state in zip(times, states[1:], strict=True):
            assert await process.read(PractitionerRecord, id, time) == state
        assert await process.read(PractitionerRecord, id) == states[-1]
        assert await process.read(PractitionerRecord, id, Version(3)) == states[3]
