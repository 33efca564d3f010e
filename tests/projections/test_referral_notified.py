"""Who is notified of what follows on a referral: its parties, while it is theirs to know."""

from collections.abc import AsyncIterator

import pytest

from deploy.migrate import Urls
from domain.lanes import Category
from domain.notified import Urgency
from domain.referral import (
    ReferralAccepted,
    ReferralAgreed,
    ReferralCompleted,
    ReferralDeclined,
    ReferralInterimNoted,
    ReferralReassigned,
)
from domain.referral_terms import Priority
from domain.scope import Rule
from tests.domain.given import CLIENT, COORDINATOR, KNEE, MASSAGE, PHYSIO, STRANGER, TRAINER
from tests.domain.given_referral import REFERRAL, SAID, requested
from tests.projections.clinic import Clinic
from tests.projections.relayed import Relayed, relaying

pytestmark = pytest.mark.anyio


@pytest.fixture
async def relayed(clinic: Clinic, database: Urls) -> AsyncIterator[Relayed]:
    async with relaying(clinic, database) as made:
        yield made


async def test_the_recipient_is_told_once_the_client_agrees_and_of_what_is_enclosed(
    relayed: Relayed,
) -> None:
    clinic = relayed.clinic
    imposed = await clinic.restricts()
    await clinic.told(TRAINER, requested())
    await relayed.relays()
    assert await relayed.notified(STRANGER) == []
    (agreed,) = await clinic.told(CLIENT, SAID[ReferralAgreed])
    await relayed.relays()
    told = {one.fact: one for one in await relayed.notified(STRANGER)}
    assert told.keys() == {imposed, agreed}
    assert (told[agreed].item, told[imposed].item) == (REFERRAL, KNEE)
    for one in told.values():
        assert (one.rule, one.reference) == (Rule.REFERRAL, REFERRAL)
        assert not one.must_acknowledge


async def test_the_initiator_is_told_of_each_reply_and_of_the_outcome(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await clinic.told(TRAINER, requested())
    await clinic.told(CLIENT, SAID[ReferralAgreed])
    replies = await clinic.told(
        STRANGER, SAID[ReferralAccepted], SAID[ReferralInterimNoted], SAID[ReferralCompleted]
    )
    await relayed.relays()
    told = [one.fact for one in await relayed.notified(TRAINER)]
    assert set(replies) <= set(told)
    assert await relayed.notified(PHYSIO) == await relayed.notified(MASSAGE) == []


async def test_whoever_coordinates_is_told_if_referrals_are_open_to_them(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await clinic.told(TRAINER, requested())
    await clinic.told(CLIENT, SAID[ReferralAgreed])
    await relayed.relays()
    assert await relayed.notified(COORDINATOR) == []
    await clinic.grants("cleo", COORDINATOR, Category.REFERRALS)
    (declined,) = await clinic.told(STRANGER, SAID[ReferralDeclined])
    await relayed.relays()
    assert [one.fact for one in await relayed.notified(COORDINATOR)] == [declined]


async def test_of_what_comes_after_it_went_elsewhere_the_recipient_is_not_told(
    relayed: Relayed,
) -> None:
    clinic = relayed.clinic
    await clinic.told(TRAINER, requested())
    await clinic.told(CLIENT, SAID[ReferralAgreed])
    await clinic.told(COORDINATOR, SAID[ReferralReassigned])
    await clinic.restricts()
    await relayed.relays()
    assert await relayed.notified(STRANGER) == []


@pytest.mark.parametrize(
    ("priority", "urgency"),
    [(Priority.ROUTINE, Urgency.ROUTINE), (Priority.URGENT, Urgency.URGENT)],
)
async def test_what_follows_on_an_urgent_referral_is_told_as_urgent(
    relayed: Relayed, priority: Priority, urgency: Urgency
) -> None:
    clinic = relayed.clinic
    await clinic.told(TRAINER, requested(priority=priority))
    await clinic.told(CLIENT, SAID[ReferralAgreed])
    await relayed.relays()
    assert {one.urgency for one in await relayed.notified(STRANGER)} == {urgency}
