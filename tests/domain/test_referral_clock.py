"""The clock of each state: what falls due, when, what follows, and only once."""

from datetime import datetime, timedelta

import pytest

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Discipline
from domain.practitioner import Profile
from domain.record import CareRecord
from domain.referral import (
    ReferralAccepted,
    ReferralCancellationTimedOut,
    ReferralEscalated,
    ReferralExpired,
    ReferralInterimNoted,
    ReferralScheduled,
)
from domain.referral_clock import CLOCK, Deadline, Kind, deadlines, due, fall_due, fallen_due
from domain.referral_terms import TERMINAL, Priority, State
from domain.refused import Refused
from tests.domain.given import CLIENT, COORDINATOR, DAY, HOUR, NOW, STRANGER, happened, uid
from tests.domain.given_referral import REFERRAL, SAID, in_state, the

INSTANT = timedelta(microseconds=1)


def keys(record: CareRecord, now: datetime) -> list[Kind]:
    return [one.kind for one in fallen_due(record.referrals, now)]


def falls(record: CareRecord, one: Deadline, now: datetime) -> CareRecord:
    """The record once the deadline has had its effect, at `now`."""
    return happened(record, CLOCK, *fall_due(record, CLOCK, *one.key, now=now), at=now)


@pytest.mark.parametrize("state", sorted(set(State) - TERMINAL))
@pytest.mark.parametrize("priority", Priority)
def test_every_state_is_due_at_an_instant_and_not_before(state: State, priority: Priority) -> None:
    record = in_state(state, priority=priority)
    at, what = due(the(record)) or (NOW, "")
    assert at > NOW
    assert what
    first = min(deadlines(the(record)), key=lambda one: one.at)
    assert first.at == at
    assert keys(record, at - INSTANT) == []
    assert keys(record, at)
    (fact,) = fall_due(record, CLOCK, *first.key, now=at)
    assert isinstance(fact, ReferralEscalated | ReferralCancellationTimedOut)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_what_has_ended_is_never_due(state: State) -> None:
    record = in_state(state)
    assert due(the(record)) is None
    assert keys(record, NOW + 9999 * DAY) == []


def test_what_is_routine_escalates_once_and_then_expires() -> None:
    record = in_state(State.REQUESTED)
    escalates, expires = sorted(deadlines(the(record)), key=lambda one: one.at)
    assert (escalates.kind, expires.kind) == (Kind.ESCALATES, Kind.EXPIRES)
    record = falls(record, escalates, escalates.at)
    assert the(record).state is State.REQUESTED
    assert [one.key for one in deadlines(the(record))] == [expires.key]
    with pytest.raises(Refused, match="not-due"):
        fall_due(record, CLOCK, *escalates.key, now=expires.at)
    record = falls(record, expires, expires.at)
    assert the(record).state is State.EXPIRED


@pytest.mark.parametrize("priority", [Priority.URGENT, Priority.EMERGENCY])
def test_what_is_urgent_never_expires_and_escalates_again_and_again(priority: Priority) -> None:
    record, now, seen = in_state(State.REQUESTED, priority=priority), NOW, set()
    for _ in range(40):
        (one,) = deadlines(the(record))
        assert one.kind is Kind.ESCALATES
        assert one.at > now
        assert one.key not in seen, "each is another deadline"
        seen.add(one.key)
        now = one.at + HOUR
        record = falls(record, one, now)
    assert the(record).state is State.REQUESTED
    assert len(the(record).escalated) == 40


def test_what_moves_starts_its_clock_anew() -> None:
    record = in_state(State.REQUESTED)
    before = {one.key for one in deadlines(the(record))}
    moved = happened(record, STRANGER, SAID[type(SAID[ReferralScheduled])], at=NOW + DAY)
    assert not before & {one.key for one in deadlines(the(moved))}
    noted = happened(moved, STRANGER, ReferralInterimNoted(referral=REFERRAL, note="x"))
    assert list(deadlines(the(noted))) == list(deadlines(the(moved)))


def test_what_was_escalated_and_then_moved_on_escalates_anew() -> None:
    record = in_state(State.REQUESTED)
    (one,) = (each for each in deadlines(the(record)) if each.kind is Kind.ESCALATES)
    record = falls(record, one, one.at)
    assert the(record).escalated
    record = happened(record, STRANGER, SAID[ReferralAccepted], at=one.at + HOUR)
    assert not the(record).escalated
    (again,) = (each for each in deadlines(the(record)) if each.kind is Kind.ESCALATES)
    assert again.version == the(record).since.version != one.version
    assert again.at > one.at


def test_a_visit_is_due_after_its_time_and_a_place_by_the_day_that_was_named() -> None:
    record = in_state(State.SCHEDULED)
    at, _ = due(the(record)) or (NOW, "")
    assert at > NOW + 3 * DAY
    at, _ = due(the(in_state(State.WAITLISTED))) or (NOW, "")
    assert at.date() == (NOW + 30 * DAY).date()
    record = in_state(State.WAITLISTED, priority=Priority.URGENT)
    at, _ = due(the(record)) or (NOW, "")
    assert at.date() == (NOW + 20 * DAY).date(), "the day that was expected"


def test_a_cancellation_times_out() -> None:
    record = in_state(State.CANCELLING)
    (one,) = deadlines(the(record))
    record = falls(record, one, one.at)
    assert the(record).state is State.CANCELLED
    assert not the(record).live


def test_only_the_clock_lets_anything_fall_due() -> None:
    record = in_state(State.REQUESTED)
    (one, *_) = deadlines(the(record))
    impostor = Actor(uid("impostor"), Discipline.CLOCK)
    for who in (STRANGER, CLIENT, COORDINATOR, impostor):
        with pytest.raises(Refused, match="clock-only"):
            fall_due(record, who, *one.key, now=one.at)
    with pytest.raises(Refused, match="not-due"):
        fall_due(record, CLOCK, *one.key, now=one.at - INSTANT)
    with pytest.raises(Refused, match="unknown-referral"):
        fall_due(record, CLOCK, uid("another"), one.version, one.kind, now=one.at)


@pytest.mark.parametrize("discipline", [Discipline.CLOCK, Discipline.EXTERNAL])
def test_nobody_is_registered_as_the_clock_or_as_somebody_outside(discipline: Discipline) -> None:
    with pytest.raises(ValueError, match="nobody is registered as"):
        Profile(name="Cleo", disciplines=(discipline,))


def test_a_fact_of_the_clock_is_the_one_that_its_kind_names() -> None:
    made: dict[Kind, Fact] = {}
    for state in (State.REQUESTED, State.CANCELLING):
        record = in_state(state)
        for one in deadlines(the(record)):
            (made[one.kind],) = fall_due(record, CLOCK, *one.key, now=one.at)
    assert made == {
        Kind.ESCALATES: ReferralEscalated(referral=REFERRAL),
        Kind.EXPIRES: ReferralExpired(referral=REFERRAL),
        Kind.TIMES_OUT: ReferralCancellationTimedOut(referral=REFERRAL),
    }
