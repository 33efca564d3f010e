"""A withdrawal has effect from its very place in the log, in every process at once."""

import asyncio

import pytest

from tests.faults import log, unguarded
from tests.faults.checker import (
    received_without_disclosure,
    released_after_withdrawal,
    withdrawals,
)
from tests.faults.installation import Installation
from tests.faults.race import Lane, lanes

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ROUNDS = 2_016
LANES = 48


async def run(lane: Lane, rounds: int) -> None:
    for _ in range(rounds):
        await lane.round()


async def test_nothing_is_released_on_a_withdrawn_consent(installation: Installation) -> None:
    apis = await installation.start(2)
    async with lanes(installation, apis, LANES, readers=2) as made:
        await asyncio.gather(*(run(lane, ROUNDS // LANES) for lane in made))
        seen = made[0].seen
    assert seen.rounds == ROUNDS
    assert len(seen.received) > ROUNDS
    assert seen.late == []
    assert seen.early == []
    assert seen.missing == []
    installation.close()  # what became of the last transfers has been noted once they have ended
    entries = log.read(installation)
    assert withdrawals(entries) == ROUNDS
    assert released_after_withdrawal(entries) == []
    bodies = log.kept_bodies(installation)
    assert list(received_without_disclosure(entries, bodies, seen.received)) == []
    log.require_whole(installation)


async def test_the_check_would_notice_a_door_that_is_not_guarded(
    installation: Installation,
) -> None:
    apis = await installation.start(2, unguarded.FACTORY)
    async with lanes(installation, apis, 8, readers=3) as made:
        for _ in range(20):
            await asyncio.gather(*(lane.round() for lane in made))
            if found := released_after_withdrawal(log.read(installation)):
                break
    assert found
