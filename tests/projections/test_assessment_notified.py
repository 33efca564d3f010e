"""Who is notified of assessments: who may read them, and who was shown a wrong value."""

from collections.abc import AsyncIterator

import pytest

from deploy.migrate import Urls
from domain.assessment import (
    FitnessPartCompleted,
    FitnessPartRecorded,
    FitnessPartStarted,
    FitnessReadingCorrected,
)
from domain.assessment_part import Occasion
from domain.lanes import Category
from domain.notified import Urgency
from tests.domain.given import COORDINATOR, MASSAGE, PHYSIO, TRAINER
from tests.domain.given_assessment import FIRST, hop, key
from tests.projections.clinic import Clinic, now
from tests.projections.relayed import Relayed, relaying

pytestmark = pytest.mark.anyio


@pytest.fixture
async def relayed(clinic: Clinic, database: Urls) -> AsyncIterator[Relayed]:
    async with relaying(clinic, database) as made:
        yield made


async def measured(clinic: Clinic) -> int:
    """Sam has seen it hop; the record version that says so."""
    recorded = FitnessPartRecorded(assessment=FIRST, readings=(hop(80, at=now()),))
    started = FitnessPartStarted(assessment=FIRST, occasion=Occasion.BASELINE)
    await clinic.told(TRAINER, started, recorded, FitnessPartCompleted(assessment=FIRST))
    entries = await clinic.entries(clinic.client)
    return next(one.version for one in entries if one.fact == recorded)


async def test_whoever_may_read_a_part_is_told_that_it_is_complete(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await clinic.grants("physio", PHYSIO, Category.FITNESS)
    await measured(clinic)
    completed = (await clinic.entries(clinic.client))[-1].position
    await relayed.relays()
    assert await relayed.facts(PHYSIO) == [completed]
    assert await relayed.notified(MASSAGE) == await relayed.notified(COORDINATOR) == []
    assert await relayed.notified(TRAINER) == []


async def test_a_correction_reaches_whoever_was_shown_the_wrong_value(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await clinic.grants("massage", MASSAGE, Category.FITNESS)
    recorded = await measured(clinic)
    seen = await clinic.sees(MASSAGE)
    await clinic.withdraws("massage")
    await relayed.relays()
    before = await relayed.facts(MASSAGE)
    right = FitnessReadingCorrected(
        assessment=FIRST,
        reading=key(recorded),
        measured=hop(60, at=now()),
        reason="The tape was read wrongly.",
    )
    (corrected,) = await clinic.told(TRAINER, right)
    await relayed.relays()
    told = (await relayed.notified(MASSAGE))[-1]
    assert await relayed.facts(MASSAGE) == [*before, corrected]
    assert (told.recalls, told.rule, told.urgency) == (seen.position, None, Urgency.URGENT)
    assert await relayed.notified(PHYSIO) == []
