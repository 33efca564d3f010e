"""One at a time for each stream, in order of arrival, and nobody waits for ever."""

import asyncio
import time
from contextlib import suppress
from uuid import uuid4

import pytest

from domain.ledger.command import LedgerUnavailable
from domain.ledger.states import Turns

pytestmark = pytest.mark.anyio


async def test_whoever_waits_too_long_is_told_to_come_again() -> None:
    turns, stream = Turns(patience=0.01), uuid4()
    async with turns.of(stream):
        with pytest.raises(LedgerUnavailable):
            async with turns.of(stream):
                pytest.fail("the turn was somebody else's")
    async with turns.of(stream):
        assert len(turns) == 1
    assert len(turns) == 0


async def test_who_gave_up_does_not_keep_the_next_one_waiting() -> None:
    turns, stream, came = Turns(patience=0.05), uuid4(), asyncio.Event()

    async def late() -> None:
        async with turns.of(stream):
            came.set()

    async with turns.of(stream):
        with pytest.raises(LedgerUnavailable):
            await turns.of(stream).__aenter__()
        waiting = asyncio.create_task(late())
        await asyncio.sleep(0)
    await asyncio.wait_for(came.wait(), 5)
    await waiting
    assert len(turns) == 0


async def test_a_turn_that_comes_in_the_instant_of_giving_up_is_handed_on() -> None:
    turns, stream = Turns(patience=0.02), uuid4()
    holding = turns.of(stream)
    await holding.__aenter__()
    waiting = asyncio.create_task(turns.of(stream).__aenter__())
    await asyncio.sleep(0)

    def hand_over() -> None:
        with suppress(StopIteration):
            holding.__aexit__().send(None)

    def hold_up() -> None:
        """Until both are due in one round of the loop."""
        time.sleep(0.05)

    asyncio.get_running_loop().call_later(0.01, hand_over)
    asyncio.get_running_loop().call_soon(hold_up)
    with pytest.raises(LedgerUnavailable):
        await waiting
    assert len(turns) == 0
