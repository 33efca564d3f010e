"""The visit had happened: completion races cancellation, in two processes, on one referral."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from deploy.migrate import Urls
from domain.actor import Actor
from domain.client import ClientEnrolled
from domain.fact import Fact
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from domain.record import CareRecord
from domain.referral import (
    ReferralAccepted,
    ReferralAgreed,
    ReferralCancellationConfirmed,
    ReferralCancellationRequested,
    ReferralCompleted,
)
from domain.referral_decisions import follow_up
from domain.referral_terms import OutcomeCode, State
from domain.refused import Refused
from domain.team import MemberJoined
from tests.domain.given import COORDINATOR, IDENTITY, STRANGER, TRAINER, uid
from tests.domain.given_referral import REFERRAL, SAID, requested
from tests.projections.clinic import Clinic, now

pytestmark = pytest.mark.anyio
ROUNDS = 12
JOINED = MemberJoined(practitioner=TRAINER.id, discipline=TRAINER.acting_as, due_to_train=True)


@pytest.fixture
async def elsewhere(clinic: Clinic, database: Urls) -> AsyncIterator[Ledger]:
    """Another process's ledger, on the same database."""
    ledger = await Ledger.open(database.service_url, KeyRing(clinic.keys.store))
    yield ledger
    await ledger.close()


async def decides(
    ledger: Ledger,
    client: UUID,
    by: Actor,
    kind: type[Fact],
    seen: int | None = None,
    **said: object,
) -> str:
    """Decide on what is displayed now (or was, at `seen`): "done", or why not."""
    shown = (await ledger.refresh(CareRecord, client)).referrals.items[REFERRAL].version
    try:
        await ledger.decide(
            CareRecord,
            client,
            lambda record: follow_up(
                record, by, kind, REFERRAL, seen=seen or shown, now=now(), **said
            ),
            actor=Actor(by.id, by.acting_as),
            effective=now(),
            command_id=uuid4(),
        )
    except Refused as refused:
        return refused.code
    return "done"


async def completes(ledger: Ledger, client: UUID) -> list[str]:
    """The recipient completes; and if something came between, looks again and still does."""
    found: list[str] = []
    while not found or found[-1] == "changed-since-seen":
        found.append(
            await decides(
                ledger, client, STRANGER, ReferralCompleted, outcome=OutcomeCode.GOAL_ACHIEVED
            )
        )
    return found


async def cancels(ledger: Ledger, client: UUID) -> list[str]:
    """The initiator asks for cancellation, once."""
    return [
        await decides(ledger, client, TRAINER, ReferralCancellationRequested, reason="Too long.")
    ]


async def under_way(clinic: Clinic, client: UUID) -> Clinic:
    here = Clinic(clinic.ledger, clinic.keys, client)
    here.door = clinic.door
    await here.told(COORDINATOR, ClientEnrolled(identity=IDENTITY), JOINED)
    await here.told(TRAINER, requested())
    await here.told(Actor.client(client), SAID[ReferralAgreed])
    await here.told(STRANGER, SAID[ReferralAccepted])
    return here


async def test_completed_while_cancelling(clinic: Clinic, elsewhere: Ledger) -> None:
    """Whichever comes first, there is one end, completed; and nothing is read after it."""
    orders = set()
    for number in range(ROUNDS):
        client = uid(f"client {number}")
        here = await under_way(clinic, client)
        assert await here.tries(STRANGER) is not None
        completed, cancelled = await asyncio.gather(
            completes(clinic.ledger, client), cancels(elsewhere, client)
        )
        record = await clinic.ledger.refresh(CareRecord, client)
        referral = record.referrals.items[REFERRAL]
        assert referral.state is State.COMPLETED
        assert completed[-1] == "done"
        assert cancelled[0] in ("done", "changed-since-seen", "referral-ended")
        ends = [type(step.fact) for step in referral.steps]
        assert ends.count(ReferralCompleted) == 1
        assert ends[-1] is ReferralCompleted
        orders.add(cancelled[0])
        late = await decides(elsewhere, client, STRANGER, ReferralCancellationConfirmed)
        assert late == "referral-ended"
        seen = await here.tries(STRANGER)
        assert seen is not None, "what they wrote themselves"
        assert b"Noor" not in seen.body
    assert "done" in orders, "the cancellation was first at least once"


async def test_a_confirmation_and_a_completion_on_what_was_displayed(
    clinic: Clinic, elsewhere: Ledger
) -> None:
    """Of two decisions on the same version one is taken, the other one is told to look again."""
    here = await under_way(clinic, uid("one"))
    await here.told(TRAINER, SAID[ReferralCancellationRequested])
    record = await clinic.ledger.refresh(CareRecord, here.client)
    seen = record.referrals.items[REFERRAL].version
    found = await asyncio.gather(
        decides(clinic.ledger, here.client, STRANGER, ReferralCancellationConfirmed, seen),
        decides(
            elsewhere,
            here.client,
            STRANGER,
            ReferralCompleted,
            seen,
            outcome=OutcomeCode.GOAL_ACHIEVED,
        ),
    )
    assert sorted(found) == ["changed-since-seen", "done"]
