"""Deadlines of consents, broken glass and referrals: when, by whom, what closes them."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.break_glass import BreakGlassDeclared, BreakGlassReviewed, Emergency, Finding
from domain.clock import CLOCK, deadlines, fall_due
from domain.consent import ConsentConfirmed, ConsentStatus, ConsentWithdrawn, OralConsentRecorded
from domain.deadline import LADDERS, PASSES, ConsentDeadlinePassed, Deadline, Kind
from domain.fact import Fact
from domain.lanes import Category, Discipline
from domain.record import CareRecord
from domain.referral import (
    ReferralAgreed,
    ReferralCancellationTimedOut,
    ReferralCompleted,
    ReferralEscalated,
    ReferralExpired,
)
from domain.referral_clock import CLOCKS
from domain.referral_terms import OutcomeCode, Priority, State
from domain.team import CoordinatorAssigned
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    DAY,
    HOUR,
    MASSAGE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    happened,
    terms,
    uid,
    with_team,
)
from tests.domain.given_referral import (
    OUTSIDE,
    REFERRAL,
    in_state,
    proposed,
    requested,
    the,
)

CONSENT, GLASS = uid("oral"), uid("glass")


def open_of(record: CareRecord, *kinds: Kind) -> list[Deadline]:
    return [one for one in deadlines(record) if one.kind in kinds]


def passes(record: CareRecord, one: Deadline) -> tuple[CareRecord, Fact]:
    """The deadline comes: the record after it, and what it made."""
    (fact,) = fall_due(record, CLOCK, one.key, one.due, now=one.due)
    return happened(record, CLOCK, fact, at=one.due), fact


def oral(until: datetime | None = None) -> CareRecord:
    fact = OralConsentRecorded(
        consent=CONSENT,
        terms=terms(TRAINER, Category.FITNESS, until=until),
        recorder=COORDINATOR.id,
        witness=PHYSIO.id,
        confirm_by=NOW + 7 * DAY,
    )
    return happened(with_team(), COORDINATOR, fact)


def broken(by: Actor = PHYSIO) -> CareRecord:
    fact = BreakGlassDeclared(declaration=GLASS, reason=Emergency.SAFETY_CHECK, until=NOW + HOUR)
    return happened(with_team(), by, fact)


def test_an_oral_consent_is_for_the_client_to_confirm_until_it_lapses() -> None:
    record = oral()
    (one,) = deadlines(record)
    assert (one.kind, one.due, set(one.who)) == (
        Kind.CONSENT_CONFIRMATION,
        NOW + 7 * DAY,
        {CLIENT.id},
    )
    lapsed, fact = passes(record, one)
    assert isinstance(fact, ConsentDeadlinePassed)
    assert not fact.policy
    assert lapsed.consents.by_id[CONSENT].status(one.due) is ConsentStatus.LAPSED
    assert list(deadlines(lapsed)) == []
    for settled in (ConsentConfirmed(consent=CONSENT), ConsentWithdrawn(consent=CONSENT)):
        after = happened(record, CLIENT, settled)
        assert list(deadlines(after)) == []
        assert fall_due(after, CLOCK, one.key, one.due, now=one.due) == []


def test_one_that_ends_before_is_to_be_confirmed_before() -> None:
    (one,) = deadlines(oral(until=NOW + 2 * DAY))
    assert one.due == NOW + 2 * DAY


def test_a_broken_glass_is_for_others_to_review_and_then_for_an_auditor() -> None:
    record = broken()
    (one,) = deadlines(record)
    assert (one.kind, one.due) == (Kind.BREAK_GLASS_REVIEW, NOW + 3 * DAY)
    assert one.who == {COORDINATOR.id, MASSAGE.id}, "not whoever broke it"
    after, _ = passes(record, one)
    (then,) = deadlines(after)
    assert (set(then.who), set(then.roles)) == (set(one.who), {Discipline.AUDITOR})
    reviewed = BreakGlassReviewed(declaration=GLASS, outcome=Finding.JUSTIFIED)
    assert list(deadlines(happened(after, COORDINATOR, reviewed))) == []


@pytest.mark.parametrize("state", CLOCKS)
def test_every_state_of_a_referral_is_in_the_list_with_whose_turn_it_is(state: State) -> None:
    record = in_state(state)
    kinds = {one.kind for one in open_of(record, *REFERRAL_KINDS)}
    clock = CLOCKS[state]
    step = Kind.REFERRAL_CANCELLATION if clock.times_out else Kind.REFERRAL_STEP
    assert kinds == {step} | ({Kind.REFERRAL_EXPIRY} if clock.expires else set())
    turn = {State.PROPOSED: CLIENT.id, State.INFORMATION_AWAITED: TRAINER.id}
    for one in open_of(record, *REFERRAL_KINDS):
        assert one.who == {turn.get(state, STRANGER.id)}


REFERRAL_KINDS = (
    *(Kind.REFERRAL_STEP, Kind.REFERRAL_CANCELLATION),
    *(Kind.REFERRAL_EXPIRY, Kind.REFERRAL_OVERDUE),
)


def test_a_routine_one_escalates_once_stays_with_the_coordinator_and_expires() -> None:
    record = in_state(State.REQUESTED)
    (step,) = open_of(record, Kind.REFERRAL_STEP)
    record, fact = passes(record, step)
    assert isinstance(fact, ReferralEscalated)
    (standing,) = open_of(record, Kind.REFERRAL_OVERDUE)
    assert standing.who == {STRANGER.id, COORDINATOR.id}
    assert (standing.due, standing.falls) == (step.due, None)
    (expiry,) = open_of(record, *REFERRAL_KINDS[:3])
    assert expiry.who == {STRANGER.id, COORDINATOR.id}
    record, fact = passes(record, expiry)
    assert isinstance(fact, ReferralExpired)
    assert open_of(record, *REFERRAL_KINDS) == []


def test_an_urgent_one_never_expires_and_escalates_again() -> None:
    record = in_state(State.REQUESTED, priority=Priority.URGENT)
    keys = set()
    for _ in range(3):
        (step,) = open_of(record, *REFERRAL_KINDS)
        keys.add(step.key)
        record, fact = passes(record, step)
        assert isinstance(fact, ReferralEscalated)
    assert len(keys) == 3


def test_a_cancellation_that_nobody_answers_is_taken_as_agreed() -> None:
    record = in_state(State.CANCELLING)
    (one,) = open_of(record, *REFERRAL_KINDS)
    record, fact = passes(record, one)
    assert isinstance(fact, ReferralCancellationTimedOut)
    assert the(record).state is State.CANCELLED


def test_of_somebody_outside_the_initiator_asks_again() -> None:
    record = happened(
        proposed(to=OUTSIDE),
        CLIENT,
        ReferralAgreed(referral=REFERRAL, to=OUTSIDE, enclosed=(Category.IDENTITY,)),
    )
    (step,) = open_of(record, Kind.REFERRAL_STEP)
    assert step.who == {TRAINER.id}


def completed(follow_up_by: date | None) -> CareRecord:
    fact = ReferralCompleted(
        referral=REFERRAL, outcome=OutcomeCode.PARTLY_ACHIEVED, follow_up_by=follow_up_by
    )
    return happened(in_state(State.ACCEPTED), STRANGER, fact)


def test_a_follow_up_is_the_initiators_until_there_is_a_successor() -> None:
    assert open_of(completed(None), Kind.FOLLOW_UP) == []
    record = completed(date(2026, 5, 1))
    (one,) = open_of(record, Kind.FOLLOW_UP)
    assert (one.due, set(one.who)) == (datetime(2026, 5, 2, tzinfo=UTC), {TRAINER.id})
    passed, _ = passes(record, one)
    assert open_of(passed, Kind.FOLLOW_UP) == []
    successor = requested(uid("next"), successor_of=REFERRAL)
    followed = happened(record, TRAINER, successor)
    assert open_of(followed, Kind.FOLLOW_UP) == []


def test_the_coordinator_assigned_is_asked_and_not_the_others() -> None:
    assigned = CoordinatorAssigned(practitioner=COORDINATOR.id)
    record = happened(broken(), CLIENT, assigned)
    (one,) = deadlines(record)
    assert COORDINATOR.id in one.who


def test_every_kind_has_a_fact_of_its_own_or_one_that_says_that_it_passed() -> None:
    own = {*REFERRAL_KINDS}
    assert set(PASSES) | own == set(Kind)
    assert not set(PASSES) & own
    assert set(LADDERS) == set(PASSES)
    for kind, rungs in LADDERS.items():
        assert all(rung.recorded for rung in rungs[:-1]), f"{kind}: nothing follows otherwise"
        assert all(rung.within > timedelta() for rung in rungs)


def test_ids_and_codes_are_all_that_it_says() -> None:
    for fact in set(PASSES.values()):
        schema = fact.model_json_schema()["properties"]
        assert set(schema) == {"kind", "item", "set_by", "due", "who"}
    record, _ = passes(oral(), next(deadlines(oral())))
    (key,) = record.deadlines.by_key
    assert key == (Kind.CONSENT_CONFIRMATION, CONSENT, record.version - 1)
    assert isinstance(key[1], UUID)
