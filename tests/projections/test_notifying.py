"""Who is notified: by the policy of the moment of sending, once, and never the author."""

from collections.abc import AsyncIterator

import pytest

from deploy.migrate import Urls
from domain.actor import Actor
from domain.deadline import Kind, RestrictionDeadlinePassed
from domain.grantee import ToPractitioner
from domain.lanes import Category
from domain.ledger.command import Conflicted
from domain.ledger.ledger import Ledger
from domain.lock import PartyLocked
from domain.notified import Urgency
from domain.practitioner import PractitionerReinstated, PractitionerSuspended, Standing
from domain.referral_clock import CLOCK
from domain.restriction import (
    RestrictionAcknowledged,
    RestrictionCorrected,
    RestrictionLifted,
    RestrictionModified,
    RestrictionRetracted,
)
from domain.scope import Rule
from domain.team import Departure, MemberJoined, MemberLeft
from projections.notifying import Notifying
from tests.domain.given import CLIENT, COORDINATOR, KNEE, MASSAGE, PHYSIO, STRANGER, TRAINER, uid
from tests.projections.clinic import Clinic, marked_terms, now
from tests.projections.relayed import Relayed, relaying

pytestmark = pytest.mark.anyio


@pytest.fixture
async def relayed(clinic: Clinic, database: Urls) -> AsyncIterator[Relayed]:
    async with relaying(clinic, database) as made:
        yield made


async def shares(clinic: Clinic) -> None:
    """Physiotherapist and trainer may read restrictions."""
    await clinic.grants("physio", PHYSIO, Category.RESTRICTIONS)
    await clinic.grants("trainer", TRAINER, Category.RESTRICTIONS)


async def test_whoever_may_know_is_notified_but_not_the_author(relayed: Relayed) -> None:
    await shares(relayed.clinic)
    imposed = await relayed.clinic.restricts()
    await relayed.relays()
    (told,) = await relayed.notified(TRAINER)
    assert (told.fact, told.occasion, told.item) == (imposed, imposed, KNEE)
    assert (told.rule, told.reference) == (Rule.CONSENT, uid("trainer"))
    assert (told.must_acknowledge, told.urgency) == (True, Urgency.URGENT)
    assert await relayed.notified(PHYSIO) == []
    assert await relayed.notified(MASSAGE) == []


async def test_who_trains_is_told_by_the_safety_minimum_without_any_consent(
    relayed: Relayed,
) -> None:
    imposed = await relayed.clinic.restricts()
    await relayed.relays()
    (told,) = await relayed.notified(TRAINER)
    assert (told.fact, told.rule) == (imposed, Rule.SAFETY_MINIMUM)


async def test_relayed_again_from_the_start_nobody_is_notified_twice(
    relayed: Relayed, database: Urls
) -> None:
    await shares(relayed.clinic)
    await relayed.clinic.restricts()
    await relayed.relays()
    head = await relayed.clinic.ledger.log.head()
    relayed.listed.rows("UPDATE lists.relayed SET position = 0 RETURNING 1")
    await relayed.relay.follow(upto=head)
    relayed.listed.rows("UPDATE lists.relayed SET position = 0 RETURNING 1")
    async with relaying(Clinic(relayed.clinic.ledger, relayed.clinic.keys), database) as other:
        await other.relay.follow(upto=head)
    assert await relayed.clinic.ledger.log.head() == head


async def test_a_withdrawal_between_fact_and_relay_is_heeded(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await clinic.grants("massage", MASSAGE, Category.RESTRICTIONS)
    await clinic.restricts()
    await clinic.withdraws("massage")
    await relayed.relays()
    assert await relayed.notified(MASSAGE) == []
    assert len(await relayed.notified(TRAINER)) == 1


async def test_a_withdrawal_between_policy_and_append_is_refused_by_the_log(
    relayed: Relayed,
) -> None:
    clinic = relayed.clinic
    await clinic.grants("massage", MASSAGE, Category.RESTRICTIONS)
    await clinic.restricts()
    (imposed,) = (await clinic.entries())[-1:]
    asking = await notifying(relayed)
    before = {command.id: command async for command in asking.commands(imposed, fresh=False)}
    assert len(before) == 2
    await clinic.withdraws("massage")
    for command in before.values():
        with pytest.raises(Conflicted):
            await clinic.ledger.append(command)
    (left,) = [command async for command in asking.commands(imposed, fresh=True)]
    assert left.id in before
    assert await relayed.notified(MASSAGE) == []


async def notifying(relayed: Relayed) -> Notifying:
    ledger = relayed.clinic.ledger
    return Notifying(ledger, relayed.listed.lists, now, await ledger.log.epochs())


async def test_a_suspension_unknown_to_the_relay_is_refused_by_the_log(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await clinic.restricts()
    (imposed,) = (await clinic.entries())[-1:]
    asking = await notifying(relayed)
    (command,) = [command async for command in asking.commands(imposed, fresh=False)]
    await clinic.staffed(TRAINER, PractitionerSuspended(reason=Standing.SECURITY))
    with pytest.raises(Conflicted):
        await clinic.ledger.append(command)
    await relayed.relays()
    assert await relayed.notified(TRAINER) == []


async def test_a_standing_that_the_relay_knows_wrongly_is_looked_up_again(
    relayed: Relayed, database: Urls
) -> None:
    clinic = relayed.clinic
    await clinic.staffed(TRAINER, PractitionerSuspended(reason=Standing.SECURITY))
    await clinic.restricts()
    own = await Ledger.open(database.service_url, clinic.keys)
    try:
        # Another process than the one in which all of this is decided.
        relayed.relay.ledger = own
        await relayed.relays()
        await clinic.staffed(TRAINER, PractitionerReinstated())
        modified = RestrictionModified(restriction=KNEE, terms=marked_terms())
        (position,) = await clinic.told(PHYSIO, modified)
        await relayed.relays()
        assert await relayed.facts(TRAINER) == [position]
    finally:
        await own.close()


async def test_easing_notifies_and_tightening_must_be_acknowledged(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await clinic.restricts()
    eased = RestrictionModified(restriction=KNEE, terms=marked_terms(), must_be_acknowledged=False)
    await clinic.told(TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=7))
    await clinic.told(PHYSIO, eased)
    await clinic.told(PHYSIO, eased.model_copy(update={"must_be_acknowledged": True}))
    await clinic.told(PHYSIO, RestrictionLifted(restriction=KNEE, rationale="Healed."))
    await relayed.relays()
    # Ended by the time of sending: there is nothing left to acknowledge.
    assert [one.must_acknowledge for one in await relayed.notified(TRAINER)] == [False] * 4


async def test_it_is_known_who_must_acknowledge_at_the_time_of_sending(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await clinic.restricts()
    await relayed.relays()
    version = (await clinic.entries())[-1].version
    await clinic.told(TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=version))
    eased = RestrictionModified(restriction=KNEE, terms=marked_terms(), must_be_acknowledged=False)
    await clinic.told(PHYSIO, eased)
    await relayed.relays()
    tightened = RestrictionModified(restriction=KNEE, terms=marked_terms())
    await clinic.told(PHYSIO, tightened)
    await relayed.relays()
    told = await relayed.notified(TRAINER)
    assert [one.must_acknowledge for one in told] == [True, False, True]


async def test_who_is_granted_something_is_told_of_what_stands(relayed: Relayed) -> None:
    clinic = relayed.clinic
    imposed = await clinic.restricts()
    await relayed.relays()
    assert await relayed.notified(MASSAGE) == []
    granted = await clinic.grants("massage", MASSAGE, Category.RESTRICTIONS)
    await relayed.relays()
    (told,) = await relayed.notified(MASSAGE)
    assert (told.fact, told.occasion, told.must_acknowledge) == (imposed, granted, False)
    await clinic.grants("more", MASSAGE, Category.RESTRICTIONS, Category.IDENTITY)
    await relayed.relays()
    assert len(await relayed.notified(MASSAGE)) == 1, "it was theirs to know already"


async def test_who_joins_to_train_is_told_of_what_stands_and_must_acknowledge(
    relayed: Relayed,
) -> None:
    clinic = relayed.clinic
    imposed = await clinic.restricts()
    await clinic.told(COORDINATOR, left(TRAINER), joined(TRAINER))
    await relayed.relays()
    assert await relayed.facts(TRAINER) == [imposed], "once, however it came to be known"
    await clinic.told(COORDINATOR, left(TRAINER))
    await relayed.relays()
    (rejoined,) = await clinic.told(COORDINATOR, joined(TRAINER))
    await relayed.relays()
    first, again = await relayed.notified(TRAINER)
    assert (again.fact, again.occasion, again.must_acknowledge) == (imposed, rejoined, True)
    assert again.notification != first.notification


def left(person: Actor) -> MemberLeft:
    return MemberLeft(practitioner=person.id, reason=Departure.OWN_WISH)


def joined(person: Actor) -> MemberJoined:
    return MemberJoined(
        practitioner=person.id,
        discipline=person.acting_as,
        due_to_train=True,
    )


async def test_what_was_acknowledged_or_has_ended_is_no_news_to_who_joins(
    relayed: Relayed,
) -> None:
    clinic = relayed.clinic
    await clinic.restricts()
    version = (await clinic.entries())[-1].version
    await clinic.told(TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=version))
    await clinic.restricts(uid("hip"))
    await clinic.told(PHYSIO, RestrictionLifted(restriction=uid("hip"), rationale="Healed."))
    await relayed.relays()
    before = await relayed.facts(TRAINER)
    await clinic.told(COORDINATOR, left(TRAINER), joined(TRAINER))
    await relayed.relays()
    assert await relayed.facts(TRAINER) == before


async def test_a_correction_reaches_everybody_to_whom_the_wrong_fact_was_released(
    relayed: Relayed,
) -> None:
    clinic = relayed.clinic
    await clinic.grants("massage", MASSAGE, Category.RESTRICTIONS)
    await clinic.restricts()
    seen = await clinic.sees(MASSAGE)
    await clinic.withdraws("massage")
    await clinic.told(COORDINATOR, left(MASSAGE))
    wrong = RestrictionCorrected(restriction=KNEE, terms=marked_terms(), reason="Wrong knee.")
    (corrected,) = await clinic.told(PHYSIO, wrong)
    await relayed.relays()
    (told,) = await relayed.notified(MASSAGE)
    assert (told.fact, told.recalls, told.rule) == (corrected, seen.position, None)
    assert (told.must_acknowledge, told.urgency) == (False, Urgency.URGENT)
    assert [one.recalls for one in await relayed.notified(TRAINER)] == [None, None]


async def test_a_retraction_recalls_every_edition_and_not_from_who_is_suspended(
    relayed: Relayed,
) -> None:
    clinic = relayed.clinic
    await shares(clinic)
    await clinic.restricts()
    seen = await clinic.sees(TRAINER)
    modified = RestrictionModified(restriction=KNEE, terms=marked_terms())
    await clinic.told(PHYSIO, modified)
    await clinic.withdraws("trainer")
    gone = RestrictionRetracted(restriction=KNEE, reason="Another client's.")
    (retracted,) = await clinic.told(PHYSIO, gone)
    await relayed.relays()
    assert (await relayed.notified(TRAINER))[-1].recalls == seen.position
    await clinic.restricts(uid("hip"))
    await clinic.sees(TRAINER)
    await clinic.staffed(TRAINER, PractitionerSuspended(reason=Standing.SECURITY))
    await clinic.told(PHYSIO, gone.model_copy(update={"restriction": uid("hip")}))
    await relayed.relays()
    assert (await relayed.facts(TRAINER))[-1] == retracted


async def test_what_was_read_before_the_correction_before_last_is_not_recalled(
    relayed: Relayed,
) -> None:
    clinic = relayed.clinic
    await shares(clinic)
    await clinic.restricts()
    await clinic.sees(TRAINER)
    wrong = RestrictionCorrected(restriction=KNEE, terms=marked_terms(), reason="Wrong knee.")
    await clinic.told(PHYSIO, wrong)
    await clinic.told(PHYSIO, wrong)
    await relayed.relays()
    _, first, second = await relayed.notified(TRAINER)
    assert first.recalls is not None
    assert second.recalls is None


async def test_a_lock_keeps_even_that_there_is_something(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await clinic.grants("massage", MASSAGE, Category.RESTRICTIONS)
    party = ToPractitioner(practitioner=MASSAGE.id)
    await clinic.told(CLIENT, PartyLocked(lock=uid("lock"), party=party))
    await clinic.restricts()
    await relayed.relays()
    assert await relayed.notified(MASSAGE) == []


async def test_an_access_fact_notifies_nobody(relayed: Relayed) -> None:
    clinic = relayed.clinic
    await shares(clinic)
    await clinic.restricts()
    await relayed.relays()
    head = await clinic.ledger.log.head()
    await clinic.sees(TRAINER)
    await clinic.tries(STRANGER)
    await relayed.relays()
    assert await clinic.ledger.log.head() == head + 2


async def test_what_was_not_done_in_time_is_told_to_those_whose_turn_it_was(
    relayed: Relayed,
) -> None:
    clinic = relayed.clinic
    await shares(clinic)
    await clinic.grants("physio", PHYSIO, Category.RESTRICTIONS)
    await clinic.restricts()
    passed = RestrictionDeadlinePassed(
        kind=Kind.ACKNOWLEDGEMENT, item=KNEE, set_by=7, due=now(), who=(TRAINER.id,)
    )
    (position,) = await clinic.told(CLOCK, passed)
    await relayed.relays()
    assert (await relayed.facts(TRAINER))[-1] == position
    assert position not in await relayed.facts(PHYSIO)
