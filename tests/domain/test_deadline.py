"""Deadlines: when each is due, who sees to it, what closes it, and what follows when it passes."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.acknowledgement import acknowledge
from domain.actor import Actor
from domain.body import Side
from domain.clock import CLOCK, deadlines, fall_due
from domain.deadline import Deadline, Kind, RestrictionDeadlinePassed
from domain.entry import Erased
from domain.fact import Fact
from domain.hold import place_hold, review_hold
from domain.lanes import Discipline
from domain.milestone import confirm_milestone, decline_milestone, propose_milestone
from domain.record import CareRecord
from domain.refused import Refused
from domain.restrict import correct, lift, modify, review
from domain.restriction import RestrictionAcknowledged, RestrictionImposed
from domain.team import CoordinatorAssigned, Departure, MemberJoined, MemberLeft
from domain.terms import ReviewRule, Severity, Terms
from tests.domain.given_restriction import (
    CARA,
    CLIENT,
    HOLD,
    KNEE,
    PRIYA,
    QUENTIN,
    RUTH,
    SAM,
    TEAM,
    TESS,
    Story,
    days,
    flexion,
    graduated,
    restricted,
    terms,
)

INSTANT = timedelta(microseconds=1)
REVIEW_DUE = datetime(2026, 12, 15, tzinfo=UTC)


def of(record: CareRecord, kind: Kind) -> list[Deadline]:
    return [one for one in deadlines(record) if one.kind is kind]


def the(story: Story, kind: Kind) -> Deadline:
    (one,) = of(story.record, kind)
    return one


def none(story: Story, *kinds: Kind) -> bool:
    return not any(of(story.record, kind) for kind in kinds)


def falls(story: Story, one: Deadline, *, at: datetime | None = None) -> list[Fact]:
    """What the clock decides once the deadline has come."""
    return fall_due(story.record, CLOCK, one.key, one.due, now=at or one.due)


def pass_by(story: Story, kind: Kind) -> Any:
    """The one deadline of this kind passes: its fact."""
    one = the(story, kind)
    story.now = one.due
    (fact,) = falls(story, one)
    story.append(CLOCK, fact)
    return fact


def test_a_review_is_due_when_its_day_has_passed_and_then_goes_to_the_coordinator() -> None:
    story = restricted()
    set_by = story.item().edition.review_from
    first = the(story, Kind.RESTRICTION_REVIEW)
    assert (first.due, set(first.who), first.version) == (REVIEW_DUE, {PRIYA.id}, set_by)
    fact = pass_by(story, Kind.RESTRICTION_REVIEW)
    assert fact == RestrictionDeadlinePassed(
        kind=Kind.RESTRICTION_REVIEW, item=KNEE, set_by=set_by, due=REVIEW_DUE, who=(PRIYA.id,)
    )
    then = the(story, Kind.RESTRICTION_REVIEW)
    assert (then.version, set(then.who)) == (story.record.version, {PRIYA.id, CARA.id})
    assert then.falls is None
    assert falls(story, then) == []
    story.do(review, PRIYA, KNEE, date(2027, 2, 1), seen=story.seen())
    again = the(story, Kind.RESTRICTION_REVIEW)
    assert again.due == datetime(2027, 2, 2, tzinfo=UTC)
    assert again.who == {PRIYA.id}


def test_a_review_that_was_moved_does_not_fall_due_at_the_old_date() -> None:
    story = restricted()
    old = the(story, Kind.RESTRICTION_REVIEW)
    story.do(modify, PRIYA, KNEE, terms(review_by=date(2027, 1, 14)), seen=story.seen())
    assert falls(story, old) == []
    assert falls(story, old, at=old.due + days(365)) == []
    moved = the(story, Kind.RESTRICTION_REVIEW)
    assert len(falls(story, moved)) == 1


def test_a_caution_that_lapses_says_so_once_and_asks_for_nothing_more() -> None:
    lapses = terms(severity=Severity.CAUTION, review_rule=ReviewRule.LAPSES)
    story = restricted(lapses)
    pass_by(story, Kind.ACKNOWLEDGEMENT)
    assert the(story, Kind.ACKNOWLEDGEMENT).due < REVIEW_DUE
    pass_by(story, Kind.RESTRICTION_REVIEW)
    assert none(story, Kind.RESTRICTION_REVIEW)
    pass_by(story, Kind.ACKNOWLEDGEMENT)
    assert the(story, Kind.ACKNOWLEDGEMENT).due < REVIEW_DUE


def test_tightening_goes_from_the_trainer_to_the_coordinator_to_whoever_imposed_it() -> None:
    story = restricted()
    imposed = story.now
    first = the(story, Kind.ACKNOWLEDGEMENT)
    assert (first.due, set(first.who)) == (imposed + days(1), {SAM.id})
    assert pass_by(story, Kind.ACKNOWLEDGEMENT).who == (SAM.id,)
    second = the(story, Kind.ACKNOWLEDGEMENT)
    assert second.who == {SAM.id, CARA.id}
    assert second.due == story.now + days(1)
    assert pass_by(story, Kind.ACKNOWLEDGEMENT).set_by == second.version
    third = the(story, Kind.ACKNOWLEDGEMENT)
    assert third.who == {SAM.id, CARA.id, PRIYA.id}
    assert third.falls is None
    story.do(acknowledge, SAM, KNEE, seen=story.seen())
    assert none(story, Kind.ACKNOWLEDGEMENT)


def test_acknowledged_the_instant_before_nothing_passes() -> None:
    story = restricted()
    one = the(story, Kind.ACKNOWLEDGEMENT)
    assert falls(story, one, at=one.due - INSTANT) == []
    story.append(SAM, RestrictionAcknowledged(restriction=KNEE, seen=story.seen()))
    assert falls(story, one) == []


def test_what_is_modified_again_keeps_the_clock_that_is_running() -> None:
    story = restricted()
    one = the(story, Kind.ACKNOWLEDGEMENT)
    story.wait(days(0.5))
    story.do(modify, PRIYA, KNEE, terms(severity=Severity.STOP), seen=story.seen())
    assert the(story, Kind.ACKNOWLEDGEMENT) == one


def test_whoever_joins_later_has_their_own_clock() -> None:
    story = restricted()
    story.append(CARA, joining(TESS))
    first, second = of(story.record, Kind.ACKNOWLEDGEMENT)
    assert (set(first.who), set(second.who)) == ({SAM.id}, {TESS.id})
    assert first.due < second.due == story.now + days(1)
    other = Story(*TEAM, TESS)
    other.do(place_hold, SAM, HOLD, stop())
    assert the(other, Kind.ACKNOWLEDGEMENT).who == {TESS.id}, "not who placed it"


def test_a_correction_starts_the_clock_anew_for_those_alone_who_had_acknowledged() -> None:
    story = Story(*TEAM, TESS)
    story.append(PRIYA, imposing())
    began = the(story, Kind.ACKNOWLEDGEMENT)
    assert began.who == {SAM.id, TESS.id}
    story.do(acknowledge, SAM, KNEE, seen=story.seen())
    story.wait(days(3))
    story.do(correct, PRIYA, KNEE, terms(side=Side.LEFT), "Left.", seen=story.seen())
    tess, sam = sorted(of(story.record, Kind.ACKNOWLEDGEMENT), key=lambda one: one.due)
    assert (set(tess.who), tess.key, tess.due) == ({TESS.id}, began.key, began.due)
    assert (set(sam.who), sam.due) == ({SAM.id}, story.now + days(1))


def test_a_hold_is_looked_at_within_two_days_or_by_the_day_that_the_trainer_named() -> None:
    story = Story()
    story.do(place_hold, SAM, HOLD, stop())
    one = the(story, Kind.HOLD_REVIEW)
    assert (one.due, set(one.who)) == (story.now + days(2), {PRIYA.id, QUENTIN.id})
    assert none(story, Kind.RESTRICTION_REVIEW)
    pass_by(story, Kind.HOLD_REVIEW)
    assert the(story, Kind.HOLD_REVIEW).who == {PRIYA.id, QUENTIN.id, CARA.id}
    story.do(review_hold, QUENTIN, HOLD, "Sound.", seen=story.seen(HOLD))
    assert list(deadlines(story.record)) == []
    sooner = Story()
    sooner.do(place_hold, SAM, HOLD, stop(review_by=sooner.now.date()))
    midnight = datetime.combine(sooner.now.date() + days(1), time.min, UTC)
    assert the(sooner, Kind.HOLD_REVIEW).due == midnight


def test_where_nobody_can_look_it_is_asked_of_the_discipline() -> None:
    story = Story(SAM, RUTH)
    story.do(place_hold, SAM, HOLD, stop())
    one = the(story, Kind.HOLD_REVIEW)
    assert (set(one.who), set(one.roles)) == (set(), {Discipline.PHYSIOTHERAPIST})
    pass_by(story, Kind.HOLD_REVIEW)
    both = {Discipline.PHYSIOTHERAPIST, Discipline.COORDINATOR}
    assert the(story, Kind.HOLD_REVIEW).roles == both


def test_if_the_author_has_left_it_is_for_the_other_physiotherapists() -> None:
    story = restricted()
    left = MemberLeft(practitioner=PRIYA.id, reason=Departure.LEFT_ORGANISATION)
    story.append(CARA, left)
    assert the(story, Kind.RESTRICTION_REVIEW).who == {QUENTIN.id}


def test_of_several_coordinators_the_one_assigned_is_asked() -> None:
    story = restricted()
    other = Actor(UUID(int=41), Discipline.COORDINATOR)
    story.append(CARA, joining(other))
    pass_by(story, Kind.ACKNOWLEDGEMENT)
    assert the(story, Kind.ACKNOWLEDGEMENT).who == {SAM.id, CARA.id, other.id}
    story.append(CARA, CoordinatorAssigned(practitioner=other.id))
    assert the(story, Kind.ACKNOWLEDGEMENT).who == {SAM.id, other.id}


def test_a_proposed_milestone_waits_for_its_confirmation_for_a_week() -> None:
    story = restricted(graduated())
    assert none(story, Kind.MILESTONE_CONFIRMATION)
    story.do(propose_milestone, SAM, KNEE, "bends-100", (flexion(104),), seen=story.seen())
    first = the(story, Kind.MILESTONE_CONFIRMATION)
    assert (first.due, set(first.who)) == (story.now + days(7), {PRIYA.id})
    made = {"proposal": story.record.version, "seen": story.seen()}
    story.do(decline_milestone, PRIYA, KNEE, "bends-100", "Not yet.", **made)
    assert none(story, Kind.MILESTONE_CONFIRMATION)
    story.do(propose_milestone, SAM, KNEE, "bends-100", (flexion(104),), seen=story.seen())
    assert falls(story, first) == []
    made = {"proposal": story.record.version, "seen": story.seen()}
    pass_by(story, Kind.MILESTONE_CONFIRMATION)
    assert the(story, Kind.MILESTONE_CONFIRMATION).who == {PRIYA.id, CARA.id}
    story.do(confirm_milestone, PRIYA, KNEE, "bends-100", **made)
    assert none(story, Kind.MILESTONE_CONFIRMATION)


def test_what_has_ended_owes_nothing() -> None:
    story = restricted()
    open_ones = list(deadlines(story.record))
    assert len(open_ones) == 2
    story.do(lift, PRIYA, KNEE, "Healed.", seen=story.seen())
    assert list(deadlines(story.record)) == []
    assert [falls(story, one) for one in open_ones] == [[], []]


def test_nothing_passes_twice_and_nobody_but_the_clock_lets_it_pass() -> None:
    story = restricted()
    one = the(story, Kind.RESTRICTION_REVIEW)
    for impostor in (PRIYA, Actor(UUID(int=99), Discipline.CLOCK)):
        with pytest.raises(Refused, match="clock-only"):
            fall_due(story.record, impostor, one.key, one.due, now=one.due)
    assert fall_due(story.record, CLOCK, one.key, one.due - INSTANT, now=one.due) == []
    pass_by(story, Kind.RESTRICTION_REVIEW)
    assert falls(story, one) == []
    assert falls(story, one, at=one.due + days(1000)) == []


def test_a_fact_that_is_told_twice_passed_when_it_was_first_told() -> None:
    story = restricted()
    fact = pass_by(story, Kind.ACKNOWLEDGEMENT)
    second = the(story, Kind.ACKNOWLEDGEMENT)
    story.append(CLOCK, fact)
    assert the(story, Kind.ACKNOWLEDGEMENT) == second


def test_nothing_is_owed_of_somebody_who_is_not_enrolled_or_has_been_erased() -> None:
    story = restricted()
    bare = CareRecord(CLIENT)
    for entry in story.entries[1:]:
        bare = bare.evolve(entry)
    assert bare.restrictions.items
    assert list(deadlines(bare)) == []
    last = story.entries[-1]
    gone = type(last)(CLIENT, last.version + 1, Erased("x"), last.by, last.recorded_at, 10**6)
    assert list(deadlines(story.record.evolve(gone))) == []


def test_the_last_day_of_all_overflows_nothing() -> None:
    story = Story()
    story.append(PRIYA, imposing(review_by=date.max))
    assert the(story, Kind.RESTRICTION_REVIEW).due.year == 9999


def imposing(**changes: Any) -> RestrictionImposed:
    return RestrictionImposed(restriction=KNEE, terms=terms(**changes))


def stop(**changes: Any) -> Terms:
    return terms(**{"severity": Severity.STOP, "review_by": date(2026, 11, 10), **changes})


def joining(person: Actor) -> MemberJoined:
    return MemberJoined(
        practitioner=person.id,
        discipline=person.acting_as,
        due_to_train=person.acting_as is Discipline.TRAINER,
    )
