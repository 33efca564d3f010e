"""What became of a transfer: completed, failed, or (nobody has said) unknown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from domain.access import Outcome, Sent
from domain.lanes import Category
from domain.ledger.command import Appended, Command, LedgerUnavailable
from projections.asking import Released
from projections.sent import AT_MOST, SentLog
from tests.domain.given import PHYSIO
from tests.projections.clinic import Clinic, now, reader

pytestmark = pytest.mark.anyio


@pytest.fixture
async def released(clinic: Clinic) -> Released:
    await clinic.grants("to-priya", PHYSIO, Category.IDENTITY)
    return await clinic.sees(PHYSIO)


@pytest.fixture
async def sent(clinic: Clinic) -> AsyncIterator[SentLog]:
    """Under way, and impatient."""
    log = SentLog(clinic.ledger, retry_seconds=0.01)
    task = asyncio.create_task(log.keep())
    yield log
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def outcome_of(clinic: Clinic, released: Released) -> Outcome | None:
    access = await clinic.access(PHYSIO)
    return access.disclosures[released.position].sent


async def until_said(clinic: Clinic, released: Released) -> Outcome:
    async with asyncio.timeout(10):
        while True:
            if (outcome := await outcome_of(clinic, released)) is not None:
                return outcome


@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.FAILED])
async def test_how_it_ended_is_appended_by_itself(
    clinic: Clinic, released: Released, sent: SentLog, outcome: Outcome
) -> None:
    sent.note(reader(PHYSIO), released, outcome, now())
    assert await until_said(clinic, released) is outcome
    last = (await clinic.accessed(PHYSIO))[-1]
    assert last.fact == Sent(disclosure=released.position, outcome=outcome)
    assert last.by.actor == PHYSIO.id


async def test_after_a_crash_nobody_knows(clinic: Clinic, released: Released) -> None:
    log = SentLog(clinic.ledger)
    log.note(reader(PHYSIO), released, Outcome.COMPLETED, now())
    del log
    assert await outcome_of(clinic, released) is None


async def test_whoever_is_stopped_appends_what_was_noted_first(
    clinic: Clinic, released: Released
) -> None:
    log = SentLog(clinic.ledger)
    task = asyncio.create_task(log.keep())
    await asyncio.sleep(0)
    log.note(reader(PHYSIO), released, Outcome.COMPLETED, now())
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert await outcome_of(clinic, released) is Outcome.COMPLETED


async def test_it_goes_on_by_itself_once_the_database_is_back(
    clinic: Clinic, released: Released, sent: SentLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, refused = clinic.ledger.append, asyncio.Event()

    async def away(command: Command) -> Appended:
        refused.set()
        raise LedgerUnavailable("away")

    monkeypatch.setattr(clinic.ledger, "append", away)
    sent.note(reader(PHYSIO), released, Outcome.COMPLETED, now())
    await asyncio.wait_for(refused.wait(), 10)
    monkeypatch.setattr(clinic.ledger, "append", append)
    assert await until_said(clinic, released) is Outcome.COMPLETED


async def test_an_append_whose_answer_was_lost_is_not_repeated(
    clinic: Clinic, released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = clinic.ledger.append

    async def lost(command: Command) -> Appended:
        await append(command)
        raise LedgerUnavailable("no answer")

    log = SentLog(clinic.ledger)
    log.note(reader(PHYSIO), released, Outcome.COMPLETED, now())
    with monkeypatch.context() as losing:
        losing.setattr(clinic.ledger, "append", lost)
        assert not await log.flush()
    assert await log.flush()
    said = [e for e in await clinic.accessed(PHYSIO) if isinstance(e.fact, Sent)]
    assert len(said) == 1


async def test_more_than_one_append_takes_is_appended_too(
    clinic: Clinic, released: Released
) -> None:
    log = SentLog(clinic.ledger)
    for _ in range(AT_MOST + 1):
        log.note(reader(PHYSIO), released, Outcome.COMPLETED, now())
    assert await log.flush()
    said = [e for e in await clinic.accessed(PHYSIO) if isinstance(e.fact, Sent)]
    assert len(said) == AT_MOST + 1
